import { checklistSteps, deployPhases, orderProposals, proposedSteps } from '../../checklist/steps';
import { compareTexts } from '../../manifests/order';
import {
  type Claimed,
  claim,
  conflicts,
  type Definition,
  deferMonitors,
  findDuplicates,
  plannedObject,
  unclaimed,
  unreadable,
} from './claims';
import { applyArguments, commandText } from './commands';
import type { DeployPlan, PlannedObject, PlannedStep, PlannedWait, PlanOptions } from './deploy-plan';
import { byKind } from './order';
import { byHandCommand, ownSteps, withSettings } from './own-steps';
import { planHash } from './plan-hash';
import { liesIn, type ResolvedStep, resolveStep } from './resolve';
import { hasRole, isWorkload } from './roles';
import type { PlanSettings, StepSettings, WaitSettings } from './settings';
import { groupOf, type Json, type PlanBlocker, type PlanDocument, type PlanSource } from './source';
import { ownWait, waitRule } from './waits';

export {
  type DeployPlan,
  objectReference,
  type PlannedObject,
  type PlannedPhase,
  type PlannedStep,
  type PlannedWait,
  type PlanOptions,
} from './deploy-plan';

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

function isWanted(step: PlannedStep, options: PlanOptions): boolean {
  const { phases = [], steps = [] } = options;
  if (phases.length === 0 && steps.length === 0) return true;
  return phases.includes(step.phase) || steps.includes(step.id);
}
