import { computed, effect, setActiveSub, signal } from 'alien-signals';
import { settingsOf } from '../analysis/settings';
import { signOffsPath } from '../checklist/sign-offs';
import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import type { DocumentsChanged, Workspace } from '../manifests/workspace';
import {
  type CheckOptions,
  type Finding,
  fileFindings,
  isActive,
  publish,
  type RawFinding,
  resourceFindings,
  rulesByKind,
  rulesFor,
  run,
  withFindingsChecks,
} from './findings';
import type { Rule } from './rule';
import { signOffsOf } from './sign-offs';

/** The findings of one file: those of its rules, and with them what the rules about findings say. */
interface Shown {
  own(): readonly Finding[];
  all(): readonly Finding[];
  change(): void;
}

/**
 * The findings of a workspace, kept up to date at the cost of what changed.
 *
 * Every pair of rule and resource is a computation of its own: it runs again only when an answer that the rule got
 * from the workspace has changed. One effect per document collects the pairs' results.
 */
export class LiveFindings {
  /** Counts of work done, for tests that prove how little an edit costs. */
  readonly counters = { checks: 0 };
  readonly #workspace: Workspace;
  readonly #rules: readonly Rule[];
  readonly #options: CheckOptions;
  readonly #changed: (uri: string) => void;
  readonly #owners = new Map<object, { dispose: () => void; findings: readonly RawFinding[] }>();
  readonly #byUri = new Map<string, Set<object>>();
  readonly #shown = new Map<string, Shown>();
  /** Waivers expire with the day. */
  readonly #day = signal<string | undefined>(undefined);

  /** `changed` is called with the uri of each file whose findings may have changed. */
  constructor(workspace: Workspace, rules: readonly Rule[], options: CheckOptions, changed: (uri: string) => void) {
    this.#workspace = workspace;
    this.#options = options;
    this.#changed = changed;
    this.#rules = rules.filter(rule => isActive(rule, workspace, options));
  }

  /** Starts watching what has been added and forgets what is gone. */
  apply({ file, removed, added, others = [] }: DocumentsChanged): void {
    for (const other of others) this.apply(other);
    for (const document of removed) this.#forget(document);
    if (this.#workspace.file(file.uri) !== file) {
      this.#forget(file);
      return;
    }
    for (const document of added) this.#watchDocument(document);
    this.#watchFile(file);
    this.#touch(file.uri);
  }

  /** Starts the rules that look at the whole workspace; call once, when all files are there. */
  start(): void {
    for (const rule of this.#rules) {
      if (!('checkWorkspace' in rule)) continue;
      this.#watch(rule, () => [
        this.#pair(() => run(rule, this.#workspace, undefined, () => rule.checkWorkspace(this.#workspace))),
      ]);
    }
  }

  /** The findings whose place is in a file, sorted. */
  of(uri: string): readonly Finding[] {
    this.#day(this.#options.today?.());
    return this.#shownOf(uri).all();
  }

  /** All findings of the workspace, sorted. */
  all(): readonly Finding[] {
    const paths = new Map(this.#workspace.files.map(file => [file.uri, file.path]));
    const elsewhere = [...this.#byUri.keys()].filter(uri => !paths.has(uri)).sort();
    return [...paths.keys(), ...elsewhere].flatMap(uri => this.of(uri));
  }

  /** What is shown of a file, worked out when somebody asks after a change. */
  #shownOf(uri: string): Shown {
    let shown = this.#shown.get(uri);
    if (shown) return shown;
    const version = signal(0);
    const own = computed<readonly Finding[]>(() => {
      version();
      this.#day();
      settingsOf(this.#workspace);
      signOffsOf(this.#workspace);
      return untracked(() => publish(this.#rawOf(uri), this.#workspace, this.#options));
    });
    const judge = (found: readonly Finding[]): readonly Finding[] => {
      const file = this.#workspace.file(uri);
      const files = file ? [file] : [];
      return withFindingsChecks(this.#rawOf(uri), found, files, this.#rules, this.#workspace, this.#options, other =>
        this.#shownOf(other).own(),
      );
    };
    const judged = computed<readonly Finding[]>(() => {
      const found = own();
      return untracked(() => judge(found));
    });
    // Whether a waiver is used depends on what is found in all other files.
    const all = (): readonly Finding[] => (this.#workspace.file(uri)?.path === signOffsPath ? judge(own()) : judged());
    let changes = 0;
    shown = { own, all, change: () => version(++changes) };
    this.#shown.set(uri, shown);
    return shown;
  }

  #touch(uri: string): void {
    this.#shown.get(uri)?.change();
    this.#changed(uri);
  }

  #rawOf(uri: string): readonly RawFinding[] {
    const raw: RawFinding[] = [];
    for (const owner of this.#byUri.get(uri) ?? []) {
      for (const finding of this.#owners.get(owner)?.findings ?? [])
        if (finding.problem.at.uri === uri) raw.push(finding);
    }
    return raw;
  }

  dispose(): void {
    for (const owner of [...this.#owners.keys()]) this.#forget(owner);
  }

  #watchDocument(document: ManifestDocument): void {
    this.#watch(document, () => {
      const byKind = rulesByKind(this.#rules);
      const pairs: (() => readonly RawFinding[])[] = [];
      for (const rule of this.#rules) {
        if ('checkDocument' in rule)
          pairs.push(
            this.#pair(() =>
              run(rule, this.#workspace, undefined, () => rule.checkDocument(document, this.#workspace)),
            ),
          );
      }
      for (const resource of document.resources) {
        for (const rule of rulesFor(resource, byKind))
          pairs.push(this.#pair(() => resourceFindings(rule, resource, this.#workspace)));
      }
      return pairs;
    });
  }

  /** Rules on files read the text directly, so they run at every change of the file. */
  #watchFile(file: SourceFile): void {
    if (!this.#rules.some(rule => 'checkFile' in rule)) return;
    this.#forget(file);
    this.#watch(file, () => [this.#pair(() => fileFindings(file, this.#rules, this.#workspace))]);
  }

  #pair(check: () => readonly RawFinding[]): () => readonly RawFinding[] {
    return computed<readonly RawFinding[]>(() => {
      this.counters.checks++;
      return check();
    });
  }

  #watch(owner: object, pairsOf: () => readonly (() => readonly RawFinding[])[]): void {
    const pairs = pairsOf();
    const entry = { dispose: () => {}, findings: [] as readonly RawFinding[] };
    this.#owners.set(owner, entry);
    entry.dispose = effect(() => {
      const findings: RawFinding[] = [];
      for (const pair of pairs) findings.push(...pair());
      untracked(() => this.#replace(owner, entry, findings));
    });
  }

  #replace(owner: object, entry: { findings: readonly RawFinding[] }, findings: readonly RawFinding[]): void {
    const before = entry.findings;
    entry.findings = findings;
    const uris = urisOf(findings);
    for (const uri of urisOf(before)) if (!uris.has(uri)) this.#byUri.get(uri)?.delete(owner);
    for (const uri of uris) {
      const owners = this.#byUri.get(uri);
      if (owners) owners.add(owner);
      else this.#byUri.set(uri, new Set([owner]));
    }
    // What no check has found anew stands as it was.
    const [known, present] = [new Set(before), new Set(findings)];
    const changed = [...before.filter(one => !present.has(one)), ...findings.filter(one => !known.has(one))];
    for (const uri of urisOf(changed)) this.#touch(uri);
  }

  #forget(owner: object): void {
    const entry = this.#owners.get(owner);
    if (!entry) return;
    entry.dispose();
    this.#replace(owner, entry, []);
    this.#owners.delete(owner);
  }
}

function urisOf(findings: readonly RawFinding[]): ReadonlySet<string> {
  return new Set(findings.map(({ problem }) => problem.at.uri));
}

/** Whatever moves or changes a finding has its file worked out again, so what is read for showing it is not recorded. */
function untracked<T>(compute: () => T): T {
  const reader = setActiveSub(undefined);
  try {
    return compute();
  } finally {
    setActiveSub(reader);
  }
}
