import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import {
  checklistSteps,
  type DeployStepDefinition,
  deployPhases,
  type OrderProposal,
  orderProposals,
  proposedSteps,
} from '../../checklist/steps';
import { compareTexts } from '../../manifests/order';
import { applyArguments, commandText } from './commands';
import { byKind, isClusterScoped } from './order';
import { byHandCommand, ownSteps, withSettings } from './own-steps';
import { directoryOf, liesIn, type Resolution, type ResolvedStep, resolveStep } from './resolve';
import { hasRole, isWorkload } from './roles';
import type { PlanSettings, StepSettings, WaitSettings } from './settings';
import { groupOf, type Json, type PlanBlocker, type PlanDocument, type PlanSource } from './source';
import { ownWait, waitRule } from './waits';

/** The resolved plan. It carries names and places only, never contents, so it may be shown, sent and stored. */
export interface DeployPlan {
  readonly version: 1;
  /**
   * SHA-256 over the mapping and the contents, so that two equal hashes mean the same objects in the same order.
   * Values of Secrets do not enter it (their keys do), because weak ones could be guessed from a published hash.
   */
  readonly hash: string;
  /** Where objects without a namespace of their own go. */
  readonly namespace: string;
  readonly phases: readonly PlannedPhase[];
  /** Directories, or files of partly used directories, whose objects no step applies. */
  readonly unclaimed: readonly string[];
  /** How the order differs from the checklist's, and why. */
  readonly changes: readonly OrderProposal[];
}

export interface PlannedPhase {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly PlannedStep[];
}

export interface PlannedStep {
  readonly id: string;
  readonly title: string;
  readonly phase: string;
  readonly checklistPath: string;
  readonly paths: readonly string[];
  readonly resolution: Resolution;
  readonly reason: string;
  /** What a person may choose from; only for an ambiguous step. */
  readonly alternatives: readonly string[];
  /** In the order in which they are applied. */
  readonly objects: readonly PlannedObject[];
  /** What is executed, one line an object, for people to read. */
  readonly commands: readonly string[];
  /** True if the step has Jobs, which a second run would start again. */
  readonly runOnce: boolean;
  readonly waits: readonly PlannedWait[];
  readonly blockedBy: readonly PlanBlocker[];
  /** Ids of steps of this plan that must be done and healthy before. */
  readonly after: readonly string[];
  /** Ids of the post-deployment checks that run when the step is ready. */
  readonly checks: readonly string[];
  readonly hints: readonly string[];
  readonly items: readonly string[];
  /** Why the step exists although the checklist has no such step. */
  readonly proposed?: string;
  /** The command that a person runs; the runner only waits for what comes of it. Such a step has no objects. */
  readonly byHand?: string;
}

export interface PlannedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  readonly file: string;
  /** One-based. */
  readonly line: number;
  /** True for a Job and what the settings name: it is never applied a second time without asking. */
  readonly runOnce?: true;
}

export interface PlannedWait {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly until: string;
  readonly timeoutSeconds: number;
}

export interface PlanOptions {
  /** Where objects without a namespace go; by default the namespace that most objects name, else `matrix`. */
  readonly namespace?: string;
  /** Only these phases; all when absent or empty. */
  readonly phases?: readonly string[];
  /** Only these steps; all when absent or empty. */
  readonly steps?: readonly string[];
  /** Paths a person chose, by step id. */
  readonly choices?: { readonly [step: string]: readonly string[] };
  /** Ids of order proposals that were refused. */
  readonly refused?: readonly string[];
  /** Unclaimed paths that a person wants deployed too, each as a step of its own. */
  readonly extras?: readonly string[];
  /** API groups the cluster serves, once it is known; monitors wait for the monitoring phase if theirs is missing. */
  readonly servedGroups?: ReadonlySet<string>;
  /** What the tree says of its own deployment; the options above win over it. */
  readonly settings?: PlanSettings;
}

/**
 * Works out what would be applied, in which order, from which files. Pure: the same sources, findings and options
 * give the same plan, in Node and in the browser.
 */
export function planDeployment(
  sources: readonly PlanSource[],
  blockers: readonly PlanBlocker[] = [],
  options: PlanOptions = {},
): DeployPlan {
  const { settings } = options;
  const all = sources
    .map(source => ({ ...source, documents: source.documents.filter(isApplicable) }))
    .filter(source => source.documents.length > 0)
    .sort((a, b) => compareTexts(a.path, b.path));
  const own = ownSteps(settings);
  // What another program builds from is no manifest of its own, and what a step of the tree's own has is nobody else's.
  const applicable = all.filter(source => !own.some(step => step.builtFrom.some(path => isBelow(source.path, path))));
  const shared = applicable.filter(source => !own.some(step => step.paths.some(path => liesIn(source.path, path))));
  const namespace = options.namespace ?? settings?.namespace ?? commonNamespace(applicable);
  const declined = [...(options.refused ?? []), ...(settings?.refused ?? [])];
  const changes = orderProposals.filter(proposal => !declined.includes(proposal.id));
  const refused = (id: string) => !changes.some(change => change.id === id);

  const definitions: Definition[] = withSettings(
    [...orderedSteps(applicable, refused), ...extraSteps(options.extras ?? [])],
    own.map(step => step.definition),
    settings,
  );
  const resolved = new Map(
    definitions.map(step => {
      const chosen = step.extraPath ?? options.choices?.[step.id] ?? settings?.steps.get(step.id)?.paths;
      const from = step.extraPath === undefined ? shared : applicable;
      return [step.id, step.id === 'namespaces' ? resolveNamespaces(applicable) : resolveStep(step, from, chosen)];
    }),
  );
  const claims = claim(applicable, definitions, resolved, refused);
  if (!refused('monitors-last') && options.servedGroups?.has('monitoring.coreos.com') === false) deferMonitors(claims);

  const duplicates = findDuplicates(claims, namespace);
  const steps = definitions.map(definition =>
    planStep(definition, resolved.get(definition.id)!, claims.get(definition.id) ?? [], {
      namespace,
      blockers,
      duplicates,
      jobsFirst: definition.role === 'key-vault' && !refused('init-job-before-workload'),
      planned: definitions,
      settings: settings?.steps.get(definition.id) ?? settings?.own.find(step => step.id === definition.id),
      byHand: byHandCommand(
        settings?.own.find(step => step.id === definition.id),
        namespace,
      ),
    }),
  );
  const phases = orderedPhases(settings, definitions);
  const inOrder = phases.flatMap(phase => steps.filter(step => step.phase === phase.id));
  const wanted = inOrder.map(step => outOfOrder(step, inOrder)).filter(step => isWanted(step, options));
  return {
    version: 1,
    hash: planHash(wanted, claims, namespace),
    namespace,
    phases: phases
      .map(phase => ({ ...phase, steps: wanted.filter(step => step.phase === phase.id) }))
      .filter(phase => phase.steps.length > 0),
    unclaimed: unclaimed(applicable, claims),
    changes,
  };
}

/** All steps of a plan in the order in which they run. */
export function plannedSteps(plan: DeployPlan): readonly PlannedStep[] {
  return plan.phases.flatMap(phase => phase.steps);
}

/** A text that names an object within a plan: `apiVersion Kind namespace/name`. */
export function objectReference(object: Pick<PlannedObject, 'apiVersion' | 'kind' | 'name' | 'namespace'>): string {
  return `${object.apiVersion} ${object.kind} ${object.namespace === undefined ? '' : `${object.namespace}/`}${object.name}`;
}

/**
 * The object a plan means, as written; undefined if the file has changed so that it is no longer there. Objects
 * without a namespace are given the plan's, so that what is applied never depends on a context's default.
 */
export function objectContent(object: PlannedObject, sources: readonly PlanSource[]): Json | undefined {
  const source = sources.find(candidate => candidate.path === object.file);
  const document = source?.documents.find(
    candidate => candidate.line === object.line && candidate.kind === object.kind && candidate.name === object.name,
  );
  if (document === undefined || document.broken) return undefined;
  if (object.namespace === undefined || document.namespace !== undefined) return document.raw;
  const raw = document.raw as { readonly [key: string]: Json };
  return { ...raw, metadata: { ...(raw.metadata as { readonly [key: string]: Json }), namespace: object.namespace } };
}

/** The phases that the settings name, those of the checklist, and any that only a step names: none may be lost. */
function orderedPhases(
  settings: PlanSettings | undefined,
  steps: readonly Definition[],
): readonly { readonly id: string; readonly title: string }[] {
  const titles = new Map(deployPhases.map(({ id, title }) => [id, title]));
  const ids = [...(settings?.phases ?? []), ...deployPhases].map(({ id }) => id);
  return [...new Set([...ids, ...steps.map(step => step.phase)])].map(id => ({
    id,
    title: settings?.phases.find(phase => phase.id === id)?.title ?? titles.get(id) ?? id,
  }));
}

/** A step that comes before one it builds on can never pass its gate, so the plan says so at once. */
function outOfOrder(step: PlannedStep, steps: readonly PlannedStep[]): PlannedStep {
  const late = step.after.filter(id => steps.findIndex(one => one.id === id) > steps.indexOf(step));
  if (late.length === 0) return step;
  const message = `${step.title} comes before ${late.join(', ')}, which it builds on.`;
  return { ...step, blockedBy: [...step.blockedBy, { rule: 'plan-order', file: settingsFile, line: 1, message }] };
}

/** Where the order of a plan is written; `analysis/settings` names it too, but reads it from a workspace. */
const settingsFile = 'matrix-preflight.yaml';

function isBelow(file: string, directory: string): boolean {
  return file === directory || file.startsWith(`${directory}/`);
}

interface Claimed {
  readonly file: string;
  readonly document: PlanDocument;
}
type Claims = Map<string, Claimed[]>;
/** A step with the paths that were named for it, if it has any. */
export type Definition = DeployStepDefinition & { readonly extraPath?: readonly string[] };

/** Objects of kustomize and Helm describe builds; the API server knows nothing of them. */
function isApplicable(document: PlanDocument): boolean {
  return !groupOf(document).startsWith('kustomize.') && !groupOf(document).startsWith('helm.sh');
}

function commonNamespace(sources: readonly PlanSource[]): string {
  const counts = new Map<string, number>();
  for (const { documents } of sources)
    for (const { namespace } of documents)
      if (namespace !== undefined) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return most?.[0] ?? 'matrix';
}

function orderedSteps(sources: readonly PlanSource[], refused: (id: string) => boolean): Definition[] {
  const steps: Definition[] = [...checklistSteps];
  if (!refused('workers-before-haproxy')) moveBefore(steps, 'synapse-workers', 'haproxy');
  if (!refused('sync-before-li-synapse')) moveBefore(steps, 'sync-system', 'synapse-li');
  const hasNamespaces = sources.some(source => source.documents.some(document => hasRole(document, 'namespace')));
  if (!refused('namespaces-first') && hasNamespaces) steps.unshift(...proposedSteps);
  return steps;
}

function moveBefore(steps: Definition[], id: string, before: string): void {
  const from = steps.findIndex(step => step.id === id);
  const [moved] = steps.splice(from, 1);
  if (moved !== undefined)
    steps.splice(
      steps.findIndex(step => step.id === before),
      0,
      moved,
    );
}

function extraSteps(paths: readonly string[]): Definition[] {
  return paths.map(path => {
    const slug = path
      .toLowerCase()
      .replace(/\.[a-z]+$/, '')
      .replace(/[^a-z]+/g, '-')
      .replace(/^-+|-+$/g, '');
    return {
      id: `extra-${slug}`,
      title: path,
      phase: phaseOfPath(path),
      items: [],
      checklistPath: path,
      role: 'namespace',
      runOnceJobs: [],
      after: [],
      checks: [],
      hints: ['T.1', 'T.2'],
      extraPath: [path],
      proposed: 'No step of the checklist applies this path; it was added by choice.',
    };
  });
}

function phaseOfPath(path: string): string {
  if (path.startsWith('infrastructure')) return 'infrastructure';
  if (path.startsWith('li-instance')) return 'li';
  return path.startsWith('monitoring') ? 'monitoring' : 'auxiliary';
}

function resolveNamespaces(sources: readonly PlanSource[]): ResolvedStep {
  const paths = sources
    .filter(source => source.documents.some(document => hasRole(document, 'namespace')))
    .map(source => source.path);
  const broken = sources.some(source => paths.includes(source.path) && source.documents.some(d => d.broken));
  const reason = `Declared in ${paths.join(', ')}.`;
  return { resolution: broken ? 'broken' : 'exact', paths, reason, alternatives: [] };
}

/** Gives every object to at most one step, also where several steps share a directory. */
function claim(
  sources: readonly PlanSource[],
  steps: readonly Definition[],
  resolved: ReadonlyMap<string, ResolvedStep>,
  refused: (id: string) => boolean,
): Claims {
  const claims: Claims = new Map(steps.map(step => [step.id, []]));
  const namespaces = refused('namespaces-first') ? undefined : claims.get('namespaces');
  for (const source of sources) {
    const takers = steps.filter(
      step => step.id !== 'namespaces' && resolved.get(step.id)!.paths.some(path => liesIn(source.path, path)),
    );
    // A path that was named for a step belongs to that step alone.
    const named = takers.filter(step => step.extraPath !== undefined);
    const sharing = named.length > 0 ? named : takers;
    for (const document of source.documents) {
      const claimed = { file: source.path, document };
      if (namespaces !== undefined && hasRole(document, 'namespace')) namespaces.push(claimed);
      else if (sharing.length > 0) claims.get(ownerAmong(sharing, document, sources).id)!.push(claimed);
    }
  }
  return claims;
}

/**
 * Which of the steps that share a directory an object belongs to: the one whose role it has, else the one with a
 * workload of the same app label or name, else the first.
 */
function ownerAmong(
  sharing: readonly Definition[],
  document: PlanDocument,
  sources: readonly PlanSource[],
): Definition {
  if (sharing.length === 1) return sharing[0]!;
  const byRole = sharing.find(step => hasRole(document, step.role));
  if (byRole !== undefined) return byRole;
  const app = document.labels.get('app.kubernetes.io/name') ?? document.labels.get('app');
  const component = document.labels.get('app.kubernetes.io/component');
  let best: { step: Definition; likeness: number } | undefined;
  for (const step of sharing) {
    for (const other of sources.flatMap(source => source.documents).filter(other => hasRole(other, step.role))) {
      const sameApp =
        app !== undefined && app === (other.labels.get('app.kubernetes.io/name') ?? other.labels.get('app'));
      const sameComponent = component !== undefined && component === other.labels.get('app.kubernetes.io/component');
      const sameName = document.name.startsWith(other.name) || other.name.startsWith(document.name);
      const likeness = (sameApp ? 2 : 0) + (sameApp && sameComponent ? 1 : 0) + (sameName ? 2 : 0);
      if (likeness > (best?.likeness ?? 0)) best = { step, likeness };
    }
  }
  return best?.step ?? sharing[0]!;
}

/** Moves the monitors that lie beside their component to the monitoring phase. */
function deferMonitors(claims: Claims): void {
  const monitoring = claims.get('prometheus');
  if (monitoring === undefined) return;
  for (const [step, claimed] of claims) {
    if (step === 'prometheus') continue;
    const isMonitor = (entry: Claimed) => hasRole(entry.document, 'monitors');
    monitoring.push(...claimed.filter(isMonitor));
    claims.set(
      step,
      claimed.filter(entry => !isMonitor(entry)),
    );
  }
}

interface StepContext {
  readonly namespace: string;
  readonly blockers: readonly PlanBlocker[];
  readonly duplicates: ReadonlyMap<Claimed, 'same' | PlanBlocker>;
  readonly jobsFirst: boolean;
  readonly planned: readonly Definition[];
  readonly settings: StepSettings | undefined;
  readonly byHand: string | undefined;
}

function planStep(
  definition: Definition,
  resolved: ResolvedStep,
  claimedInTree: readonly Claimed[],
  context: StepContext,
): PlannedStep {
  const { settings, byHand } = context;
  const claimed = settings?.skip === undefined ? claimedInTree : [];
  const readable = claimed.filter(entry => !entry.document.broken && context.duplicates.get(entry) !== 'same');
  const ordered = byKind(readable.map(entry => ({ ...entry, kind: entry.document.kind, entry })));
  const inOrder = context.jobsFirst ? jobsBeforeWorkloads(ordered) : ordered;
  const objects = inOrder.map(({ file, document }) => {
    const object = plannedObject(file, document, context.namespace);
    return settings?.runOnce.includes(`${object.kind}/${object.name}`) ? { ...object, runOnce: true as const } : object;
  });
  const files = new Set(claimed.map(entry => entry.file));
  const fromFindings = context.blockers.filter(blocker => files.has(blocker.file));
  const own = [...unreadable(claimed), ...conflicts(claimed, context.duplicates)].filter(
    blocker => !fromFindings.some(finding => finding.rule === blocker.rule && finding.file === blocker.file),
  );
  return {
    id: definition.id,
    title: definition.title,
    phase: definition.phase,
    checklistPath: definition.checklistPath,
    paths: resolved.paths,
    ...(settings?.skip !== undefined
      ? { resolution: 'absent' as const, reason: settings.skip }
      : byHand !== undefined
        ? { resolution: 'exact' as const, reason: `A person runs: ${byHand}` }
        : { resolution: resolved.resolution, reason: resolved.reason }),
    alternatives: resolved.alternatives,
    objects,
    commands: objects.map(object => {
      const command = commandText('kubectl', applyArguments(object.namespace ?? context.namespace));
      return `${command}  # ${object.kind}/${object.name} of ${object.file}:${object.line}`;
    }),
    runOnce: objects.some(object => object.runOnce),
    waits: withOwnWaits(
      inOrder.flatMap(({ document }, index) => {
        const rule = waitRule(document);
        const object = objects[index]!;
        if (rule === undefined) return [];
        const { apiVersion, kind, name, namespace } = object;
        return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }), ...rule };
      }),
      settings,
      context.namespace,
    ),
    blockedBy: [...fromFindings, ...own],
    after: definition.after.filter(id => context.planned.some(step => step.id === id)),
    checks: definition.checks,
    hints: definition.hints,
    items: definition.items,
    ...(definition.proposed === undefined ? {} : { proposed: definition.proposed }),
    ...(byHand === undefined || settings?.skip !== undefined ? {} : { byHand }),
  };
}

/** The waits of the manifests with the deadlines of the settings, and what the settings wait for besides. */
function withOwnWaits(
  waits: readonly PlannedWait[],
  settings: StepSettings | undefined,
  namespace: string,
): readonly PlannedWait[] {
  if (settings === undefined || settings.skip !== undefined) return waits;
  const isOf = (wait: PlannedWait) => (own: WaitSettings) =>
    own.kind === wait.kind && own.name === wait.name && (own.namespace ?? wait.namespace) === wait.namespace;
  const known = waits.map(wait => ({
    ...wait,
    timeoutSeconds: settings.waits.find(isOf(wait))?.timeoutSeconds ?? wait.timeoutSeconds,
  }));
  const more = settings.waits.filter(own => !waits.some(wait => isOf(wait)(own)));
  return [...known, ...more.map(own => ownWait(own, namespace))];
}

function plannedObject(file: string, document: PlanDocument, namespace: string): PlannedObject {
  const { apiVersion, kind, name, line } = document;
  return {
    apiVersion,
    kind,
    name,
    ...(isClusterScoped(kind) ? {} : { namespace: document.namespace ?? namespace }),
    file,
    line,
    ...(kind === 'Job' ? { runOnce: true as const } : {}),
  };
}

function jobsBeforeWorkloads<T extends { readonly kind: string }>(objects: readonly T[]): T[] {
  const jobs = objects.filter(object => object.kind === 'Job');
  const first = objects.findIndex(object => isWorkload(object.kind));
  const others = objects.filter(object => object.kind !== 'Job');
  return [
    ...others.slice(0, first === -1 ? others.length : first),
    ...jobs,
    ...others.slice(first === -1 ? others.length : first),
  ];
}

function unreadable(claimed: readonly Claimed[]): PlanBlocker[] {
  // A document that cannot be read may hold several objects; it is still one problem.
  const broken = claimed.filter(
    (entry, index) =>
      entry.document.broken &&
      claimed.findIndex(other => other.file === entry.file && other.document.line === entry.document.line) === index,
  );
  const nameless = claimed.filter(entry => !entry.document.broken && entry.document.name === '');
  return [
    ...broken.map(({ file, document }) => ({
      rule: 'yaml-syntax',
      file,
      line: document.line,
      message: 'This document cannot be read, so nothing of it can be applied.',
    })),
    ...nameless.map(({ file, document }) => ({
      rule: 'object-without-name',
      file,
      line: document.line,
      message: `This ${document.kind} has no metadata.name, and server-side apply needs one.`,
    })),
  ];
}

function conflicts(claimed: readonly Claimed[], duplicates: ReadonlyMap<Claimed, 'same' | PlanBlocker>): PlanBlocker[] {
  return claimed.flatMap(entry => {
    const duplicate = duplicates.get(entry);
    return duplicate === undefined || duplicate === 'same' ? [] : duplicate;
  });
}

/** The second and later appearances of an object: harmless if the same, else nobody can say which one is meant. */
function findDuplicates(claims: Claims, namespace: string): ReadonlyMap<Claimed, 'same' | PlanBlocker> {
  const first = new Map<string, Claimed>();
  const duplicates = new Map<Claimed, 'same' | PlanBlocker>();
  for (const entry of [...claims.values()].flat()) {
    if (entry.document.broken || entry.document.name === '') continue;
    const object = plannedObject(entry.file, entry.document, namespace);
    const key = `${groupOf(entry.document)} ${object.kind} ${object.namespace ?? ''} ${object.name}`;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, entry);
    else if (canonical(earlier.document.raw) === canonical(entry.document.raw)) duplicates.set(entry, 'same');
    else
      duplicates.set(entry, {
        rule: 'duplicate-resource',
        file: entry.file,
        line: entry.document.line,
        message: `${object.kind}/${object.name} is also at ${earlier.file}:${earlier.document.line}, and the two differ.`,
      });
  }
  return duplicates;
}

function isWanted(step: PlannedStep, options: PlanOptions): boolean {
  const { phases = [], steps = [] } = options;
  if (phases.length === 0 && steps.length === 0) return true;
  return phases.includes(step.phase) || steps.includes(step.id);
}

function unclaimed(sources: readonly PlanSource[], claims: Claims): string[] {
  const claimed = new Set([...claims.values()].flat().map(entry => entry.document));
  const isRest = (source: PlanSource) => source.documents.some(document => !claimed.has(document));
  const used = new Set(
    sources.filter(source => source.documents.some(d => claimed.has(d))).map(s => directoryOf(s.path)),
  );
  const rest = sources.filter(isRest).map(source => {
    const directory = directoryOf(source.path);
    return directory === '' || used.has(directory) ? source.path : directory;
  });
  return [...new Set(rest)];
}

function planHash(steps: readonly PlannedStep[], claims: Claims, namespace: string): string {
  const contents = new Map(
    [...claims.values()]
      .flat()
      .map(({ file, document }) => [`${file}:${document.line} ${document.kind} ${document.name}`, document]),
  );
  const described = steps.map(step => [
    step.id,
    step.resolution,
    step.paths,
    step.objects.map(object => {
      const document = contents.get(`${object.file}:${object.line} ${object.kind} ${object.name}`);
      return [
        objectReference(object),
        object.file,
        document === undefined ? '' : canonical(withoutSecrets(document.raw)),
        object.runOnce === true,
      ];
    }),
    step.waits.map(({ kind, namespace: where, name, timeoutSeconds }) => [kind, where, name, timeoutSeconds]),
    step.byHand ?? '',
  ]);
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([2, namespace, described]))));
}

function withoutSecrets(raw: Json): Json {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) return raw;
  const object = raw as { readonly [key: string]: Json };
  if (object.kind !== 'Secret') return object;
  const keys = (value: Json | undefined): Json =>
    value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.keys(value).sort() : [];
  return { ...object, data: keys(object.data), stringData: keys(object.stringData) };
}

/** JSON with sorted keys, so that the order of keys in a file does not matter. */
function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const pairs = Object.entries(value).sort(([a], [b]) => compareTexts(a, b));
  return `{${pairs.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
}
