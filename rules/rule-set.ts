import { grouped } from '../manifests/grouped';
import type { Resource } from '../manifests/resource';
import type { DocumentCheck, FileCheck, FindingsCheck, ResourceCheck, Rule, WorkspaceCheck } from './rule';

/** Rules, sorted once by what they look at: whoever follows edits asks for them at every letter. */
export class RuleSet {
  readonly all: readonly Rule[];
  readonly ofWorkspace: readonly (Rule & WorkspaceCheck)[];
  readonly ofFiles: readonly (Rule & FileCheck)[];
  readonly ofDocuments: readonly (Rule & DocumentCheck)[];
  readonly ofFindings: readonly (Rule & FindingsCheck)[];
  readonly #byKind: ReadonlyMap<string, readonly (Rule & ResourceCheck)[]>;
  readonly #ids: ReadonlySet<string>;

  constructor(rules: readonly Rule[]) {
    this.all = rules;
    this.ofWorkspace = rules.filter(rule => 'checkWorkspace' in rule);
    this.ofFiles = rules.filter(rule => 'checkFile' in rule);
    this.ofDocuments = rules.filter(rule => 'checkDocument' in rule);
    this.ofFindings = rules.filter(rule => 'checkFindings' in rule);
    this.#ids = new Set(rules.map(rule => rule.id));
    this.#byKind = grouped(
      rules.filter(rule => 'check' in rule).flatMap(rule => rule.kinds.map(kind => [kind, rule] as const)),
    );
  }

  /** Those that look at resources of this kind. */
  ofResource({ qualifiedKind }: Resource): readonly (Rule & ResourceCheck)[] {
    return [...(this.#byKind.get(qualifiedKind) ?? []), ...(this.#byKind.get('*') ?? [])];
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}
