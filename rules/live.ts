import { computed, effect, signal } from 'alien-signals';
import { type BuiltTree, builtTrees } from '../analysis/kustomization/built-trees';
import { settingsOf } from '../analysis/settings';
import { signOffsPath } from '../checklist/sign-offs';
import { untracked } from '../manifests/derived';
import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import type { DocumentsChanged, Workspace } from '../manifests/workspace';
import {
  activeRules,
  type CheckOptions,
  type Finding,
  fileFindings,
  handCrashesOn,
  ownFindings,
  publish,
  type RawFinding,
  resourceFindings,
  run,
  withFindingsChecks,
} from './findings';
import type { Rule } from './rule';
import type { RuleSet } from './rule-set';
import { signOffsOf } from './sign-offs';
import { inFiles } from './views';

/** The findings of a deployment that kustomizations build. */
interface Built {
  readonly live: LiveFindings;
  stop(): void;
}

/** What the checks of a document, a file or the whole workspace have found. */
interface Watched {
  /** By the number of the check; those that have found nothing are not there. */
  readonly found: Map<number, readonly RawFinding[]>;
  readonly stops: (() => void)[];
}

/** The findings of one file: those of its rules, and with them what the rules about findings say. */
interface Shown {
  own(): readonly Finding[];
  all(): readonly Finding[];
  change(): void;
}

/**
 * The findings of a workspace, kept up to date at the cost of what changed.
 *
 * Every pair of rule and resource is an effect of its own: it runs again only when an answer that the rule got from the
 * workspace has changed, and its neighbours are not even asked.
 */
export class LiveFindings {
  /** Counts of work done, for tests that prove how little an edit costs. */
  readonly counters = { checks: 0 };
  readonly #workspace: Workspace;
  readonly #rules: RuleSet;
  readonly #options: CheckOptions;
  readonly #changed: (uri: string) => void;
  readonly #owners = new Map<object, Watched>();
  readonly #byUri = new Map<string, Set<object>>();
  readonly #shown = new Map<string, Shown>();
  /** The files of which something else may be shown than when somebody last asked. */
  readonly #stale = new Set<string>();
  /** The findings of each deployment that kustomizations build; none for a tree of plain manifests. */
  readonly #built = new Map<BuiltTree, Built>();
  /** What is found in those, by the files in which it is shown. */
  #builtRaw: ReadonlyMap<string, readonly RawFinding[]> = new Map();
  #isStarted = false;
  /** Waivers expire with the day. */
  readonly #day = signal<string | undefined>(undefined);

  /** What the kustomizations change and take in, see {@link #touchKustomizations}. */
  #partsKey = '';

  /** `changed` is called with the uri of each file whose findings may have changed. */
  constructor(workspace: Workspace, rules: readonly Rule[], options: CheckOptions, changed: (uri: string) => void) {
    this.#workspace = workspace;
    this.#options = options;
    this.#changed = changed;
    this.#rules = activeRules(rules, workspace, options);
  }

  /** Starts watching what has been added and forgets what is gone. */
  apply({ file, removed, added, others = [] }: DocumentsChanged): void {
    for (const other of others) this.apply(other);
    if (this.#followBuilt(file)) return;
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
    this.#isStarted = true;
    for (const { live } of this.#built.values()) live.start();
    if (this.#built.size > 0) {
      this.#collectBuilt();
      return;
    }
    for (const rule of this.#rules.ofWorkspace) {
      this.#watch(rule, [() => run(rule, this.#workspace, undefined, () => rule.checkWorkspace(this.#workspace))]);
    }
  }

  /** The findings whose place is in a file, sorted. */
  of(uri: string): readonly Finding[] {
    this.#day(this.#options.today?.());
    return this.#shownOf(uri).all();
  }

  /** All findings of the workspace, sorted. */
  all(): readonly Finding[] {
    const known = new Set(this.#workspace.files.map(file => file.uri));
    const elsewhere = [...this.#byUri.keys()].filter(uri => !known.has(uri)).sort();
    this.#day(this.#options.today?.());
    return [...known, ...elsewhere].flatMap(uri => this.#shownOf(uri).all());
  }

  /** What is shown of a file, worked out when somebody asks after a change. */
  #shownOf(uri: string): Shown {
    const isStale = this.#stale.delete(uri);
    const known = this.#shown.get(uri);
    if (known) {
      if (isStale) known.change();
      return known;
    }
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
    const shown = { own, all, change: () => version(++changes) };
    this.#shown.set(uri, shown);
    return shown;
  }

  #touch(uri: string): void {
    this.#stale.add(uri);
    this.#changed(uri);
  }

  #rawOf(uri: string): readonly RawFinding[] {
    const raw: RawFinding[] = [...(this.#builtRaw.get(uri) ?? [])];
    const file = this.#built.size > 0 ? this.#workspace.file(uri) : undefined;
    if (file) raw.push(...ownFindings(file, [...this.#built.keys()], this.#rules, this.#workspace));
    for (const owner of this.#byUri.get(uri) ?? []) {
      for (const finding of findingsOf(this.#owners.get(owner))) if (finding.problem.at.uri === uri) raw.push(finding);
    }
    return raw;
  }

  dispose(): void {
    for (const owner of [...this.#owners.keys()]) this.#forget(owner);
    for (const tree of [...this.#built.keys()]) this.#forgetBuilt(tree);
  }

  /**
   * Where kustomizations build what is deployed, it is that which is checked, and not what it is built from. Says whether
   * it is so.
   */
  #followBuilt(file: SourceFile): boolean {
    const trees = builtTrees(this.#workspace);
    const wasBuilt = this.#built.size > 0;
    for (const tree of [...this.#built.keys()]) if (!trees.includes(tree)) this.#forgetBuilt(tree);
    for (const tree of trees) if (!this.#built.has(tree)) this.#watchBuilt(tree);
    if (trees.length > 0) {
      if (!wasBuilt) for (const owner of [...this.#owners.keys()]) this.#forget(owner);
      this.#collectBuilt();
      this.#touch(file.uri);
      this.#touchKustomizations(trees);
      return true;
    }
    if (!wasBuilt) return false;
    this.#collectBuilt();
    for (const other of this.#workspace.files) {
      for (const document of other.documents) this.#watchDocument(document);
      this.#watchFile(other);
    }
    if (this.#isStarted) this.start();
    this.#touch(file.uri);
    return true;
  }

  /** What a kustomization changes and takes in is told of in its own file, and hangs on the files that it names. */
  #touchKustomizations(trees: readonly BuiltTree[]): void {
    const key = trees
      .flatMap(({ view }) => [...view.idle.map(({ uri, path }) => `${uri} ${path.join('/')}`), view.used.size])
      .join('\n');
    if (key === this.#partsKey) return;
    this.#partsKey = key;
    for (const { uri, isKustomization } of this.#workspace.files) if (isKustomization) this.#touch(uri);
  }

  #watchBuilt(tree: BuiltTree): void {
    const live = new LiveFindings(tree.workspace, this.#rules.all, this.#options, () => {});
    const listener = (change: DocumentsChanged): void => live.apply(change);
    for (const file of tree.workspace.files) live.apply({ file, removed: [], added: file.documents });
    if (this.#isStarted) live.start();
    tree.listeners.add(listener);
    this.#built.set(tree, { live, stop: () => tree.listeners.delete(listener) });
  }

  #forgetBuilt(tree: BuiltTree): void {
    const built = this.#built.get(tree);
    built?.stop();
    built?.live.dispose();
    this.#built.delete(tree);
  }

  /** Sorts the findings of what is built by files, and tells of those files in which they are others than before. */
  #collectBuilt(): void {
    const before = this.#builtRaw;
    const raw = new Map<string, RawFinding[]>();
    for (const [tree, { live }] of this.#built) {
      this.counters.checks += live.counters.checks;
      live.counters.checks = 0;
      handCrashesOn(tree.workspace, this.#workspace);
      for (const finding of inFiles(live.raw, tree, this.#workspace)) {
        const known = raw.get(finding.problem.at.uri);
        if (known) known.push(finding);
        else raw.set(finding.problem.at.uri, [finding]);
      }
    }
    this.#builtRaw = raw;
    for (const uri of new Set([...before.keys(), ...raw.keys()])) {
      const [old, now] = [before.get(uri) ?? [], raw.get(uri) ?? []];
      if (old.length !== now.length || old.some((one, at) => one !== now[at])) this.#touch(uri);
    }
  }

  /** All that has been found, as the rules said it. */
  get raw(): readonly RawFinding[] {
    return [...this.#owners.values()].flatMap(findingsOf);
  }

  #watchDocument(document: ManifestDocument): void {
    this.#watch(document, [
      ...this.#rules.ofDocuments.map(
        rule => () => run(rule, this.#workspace, undefined, () => rule.checkDocument(document, this.#workspace)),
      ),
      ...document.resources.flatMap(resource =>
        this.#rules.ofResource(resource).map(rule => () => resourceFindings(rule, resource, this.#workspace)),
      ),
    ]);
  }

  /** Rules on files read the text directly, so they run at every change of the file. */
  #watchFile(file: SourceFile): void {
    if (this.#rules.ofFiles.length === 0) return;
    this.#forget(file);
    this.#watch(file, [() => fileFindings(file, this.#rules, this.#workspace)]);
  }

  #watch(owner: object, checks: readonly (() => readonly RawFinding[])[]): void {
    const watched: Watched = { found: new Map(), stops: [] };
    this.#owners.set(owner, watched);
    for (const [number, check] of checks.entries()) {
      const stop = effect(() => {
        this.counters.checks++;
        const findings = check();
        untracked(() => this.#take(owner, watched, number, findings));
      });
      watched.stops.push(stop);
    }
  }

  /** Keeps what a check has found, and tells of the files in which it is something else than before. */
  #take(owner: object, watched: Watched, number: number, findings: readonly RawFinding[]): void {
    const { found } = watched;
    const before = found.get(number) ?? [];
    if (before.length === 0 && findings.length === 0) return;
    if (findings.length > 0) found.set(number, findings);
    else found.delete(number);
    // A check that runs again makes its findings anew.
    for (const uri of urisOf([...before, ...findings])) this.#touch(uri);
    const uris = urisOf(findingsOf(watched));
    for (const uri of urisOf(before)) if (!uris.has(uri)) this.#byUri.get(uri)?.delete(owner);
    for (const uri of urisOf(findings)) {
      const owners = this.#byUri.get(uri);
      if (owners) owners.add(owner);
      else this.#byUri.set(uri, new Set([owner]));
    }
  }

  #forget(owner: object): void {
    const watched = this.#owners.get(owner);
    if (!watched) return;
    for (const stop of watched.stops) stop();
    for (const uri of urisOf(findingsOf(watched))) {
      this.#byUri.get(uri)?.delete(owner);
      this.#touch(uri);
    }
    this.#owners.delete(owner);
  }
}

/** All that the checks of one owner have found, in the order of the checks. */
function findingsOf(watched: Watched | undefined): readonly RawFinding[] {
  if (!watched || watched.found.size === 0) return [];
  return [...watched.found].sort(([a], [b]) => a - b).flatMap(([, findings]) => findings);
}

function urisOf(findings: readonly RawFinding[]): ReadonlySet<string> {
  return new Set(findings.map(({ problem }) => problem.at.uri));
}
