import type { FoundCommand } from '../../analysis/commands';
import { clusterKind, databases, familiesOf, isLi, isSynapseWorker, isSyncSystem } from '../../analysis/roles';
import type { ChecklistItemId } from '../../checklist/types';
import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { type Applied, runbooks, type Sequence, sequences } from './sequence';

export default {
  id: 'deploy-order',
  items: ['B.1', 'B.5', 'B.7', 'B.8', 'B.8w', 'B.9', 'B.10', 'B.14', 'B.15', 'B.15w', 'B.16'],
  severity: 'warning',
  summary: 'A script applies something before what it needs.',
  why: 'Objects of a namespace or of a kind that does not exist yet are refused, and so is a wait for an object that is not applied yet: the script stops. Pods that come before their database or their scanner restart until it answers, and a Job may have given up by then.',
  remedy: 'Apply namespaces and CustomResourceDefinitions first, then databases, then what uses them.',
  traps: [
    'Only what must come first is judged: namespaces, definitions of kinds, operators by Helm, databases, ClamAV before its scanner, both Synapse instances before their replication, and an object before the wait for it.',
    'Secrets, ConfigMaps and Services may come later: pods wait for them.',
    'The order within one path is that of file names and is not judged; neither are commands in one branch of a script.',
    'A Markdown file is judged if it numbers at least three steps that apply something: as a warning, where the API server would refuse an object or a wait would fail.',
    'What another script applies is taken to be there.',
  ],
  sources: [
    'The pre-deployment checklist, "Deployment Order".',
    'Kubernetes documentation, Namespaces and CustomResourceDefinitions: an object is refused while its namespace or its kind does not exist.',
  ],
  examples: {
    bad: `
      #- /deploy.sh
      kubectl apply -f scanner/
      #                ^^^^^^^^ warning: scanner is applied before clamav, but Deployment scanner needs Deployment clamav
      kubectl apply -f clamav/
      #- /scanner/scanner.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: scanner
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: scanner
                image: vectorim/matrix-content-scanner:v1.1.0
      #- /clamav/clamav.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: clamav
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: clamav
                image: clamav/clamav:1.4
    `,
    good: `
      #- /deploy.sh
      kubectl apply -f clamav/
      kubectl apply -f scanner/
      #- /scanner/scanner.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: scanner
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: scanner
                image: vectorim/matrix-content-scanner:v1.1.0
      #- /clamav/clamav.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: clamav
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: clamav
                image: clamav/clamav:1.4
    `,
  },
  *checkWorkspace(workspace) {
    for (const sequence of sequences(workspace)) {
      const first = firstApplied(sequence);
      yield* lateNeeds(workspace, sequence, first);
      yield* lateOperators(sequence);
      yield* earlyWaits(sequence, first);
    }
    // A person who follows a runbook sees the refusal and goes on; pods that restart meanwhile are no harm.
    for (const sequence of runbooks(workspace)) {
      const first = firstApplied(sequence);
      for (const problem of [
        ...lateNeeds(workspace, sequence, first),
        ...lateOperators(sequence),
        ...earlyWaits(sequence, first),
      ])
        if (problem.severity === 'error') yield { ...problem, severity: 'warning' };
    }
  },
} satisfies Rule;

/** Where each object is applied for the first time. */
function firstApplied(sequence: Sequence): ReadonlyMap<Resource, Applied> {
  const first = new Map<Resource, Applied>();
  for (const applied of sequence.applied)
    for (const resource of applied.resources) if (!first.has(resource)) first.set(resource, applied);
  return first;
}

/** Per path the first object that comes before what it needs, because the others are mended by the same move. */
function* lateNeeds(
  workspace: Workspace,
  { applied, commands }: Sequence,
  first: ReadonlyMap<Resource, Applied>,
): Iterable<Problem> {
  const all = [...first.keys()];
  const definitions = all.filter(({ kind }) => kind === 'Namespace' || kind === 'CustomResourceDefinition');
  const said = new Set<string>();
  for (const step of applied) {
    for (const resource of step.resources) {
      if (first.get(resource) !== step) continue;
      for (const { needed, isRefused } of needsOf(workspace, resource, all, definitions)) {
        const later = first.get(needed);
        const pair = `${step.order} ${later?.order}`;
        if (!later || later.order <= step.order || said.has(pair)) continue;
        if (needed.qualifiedKind === 'Namespace' && isMadeBefore(commands.slice(0, step.order), needed.name)) continue;
        said.add(pair);
        yield {
          at: step.at,
          ...(isRefused ? { severity: 'error' as const } : {}),
          message: `${step.path} is applied before ${later.path}, but ${named(resource)} needs ${named(needed)} — apply ${later.path} first.`,
          items: itemsOf(workspace, resource),
          related: [{ at: later.at, message: `${named(needed)} is applied here` }],
        };
      }
    }
  }
}

/** Whether `kubectl create namespace` or Helm made a namespace already. */
function isMadeBefore(commands: readonly FoundCommand[], namespace: string): boolean {
  return commands.some(
    ({ command }) =>
      (command.kind === 'create' && command.resource === 'Namespace' && command.name.value === namespace) ||
      (command.kind === 'helm' && command.createNamespace && command.namespace?.value === namespace),
  );
}

interface Need {
  readonly needed: Resource;
  /** Whether the API server refuses the object without it, rather than its pods waiting or restarting. */
  readonly isRefused: boolean;
}

function needsOf(
  workspace: Workspace,
  resource: Resource,
  all: readonly Resource[],
  definitions: readonly Resource[],
): readonly Need[] {
  const needs: Need[] = [];
  for (const other of definitions) {
    const isItsNamespace = other.qualifiedKind === 'Namespace' && other.name === resource.namespace;
    const isItsKind =
      other.kind === 'CustomResourceDefinition' &&
      other.root.at('spec', 'group').text === resource.group &&
      other.root.at('spec', 'names', 'kind').text === resource.kind;
    if (isItsNamespace || isItsKind) needs.push({ needed: other, isRefused: true });
  }
  const families = familiesOf(resource);
  const { main, li } = databases(workspace);
  const need = (needed: Resource | undefined): void => {
    if (needed && needed !== resource) needs.push({ needed, isRefused: false });
  };
  if (isSyncSystem(workspace, resource)) {
    need(main);
    need(li);
    for (const other of all) if (isMainProcess(workspace, other)) need(other);
  } else if (families.has('synapse') || families.has('key_vault')) {
    need(isLi(workspace, resource) ? li : main);
    // A worker has its configuration and its replication stream from the main process.
    if (families.has('synapse') && isSynapseWorker(workspace, resource))
      for (const other of all)
        if (isMainProcess(workspace, other) && isLi(workspace, other) === isLi(workspace, resource)) need(other);
  }
  if (families.has('scanner')) for (const other of all) if (familiesOf(other).has('clamav')) need(other);
  return needs;
}

function isMainProcess(workspace: Workspace, resource: Resource): boolean {
  return familiesOf(resource).has('synapse') && !isSynapseWorker(workspace, resource) && !/Job$/.test(resource.kind);
}

/** Objects of an operator's kinds that are applied before its chart is installed. */
function* lateOperators({ commands, applied }: Sequence): Iterable<Problem> {
  for (const [order, { command, place }] of commands.entries()) {
    if (command.kind !== 'helm' || command.verb === 'template' || command.conditional) continue;
    const chart = command.chart.value.replace(/^.*\//, '');
    const group = groupsOfCharts.find(([pattern]) => pattern.test(command.chart.value))?.[1];
    if (!group) continue;
    for (const step of applied) {
      const early = step.order < order ? step.resources.find(resource => resource.group === group) : undefined;
      if (!early) continue;
      yield {
        at: step.at,
        severity: 'error',
        message: `${step.path} is applied before the chart ${chart} is installed, but the kind of ${named(early)} comes with it — install the chart first.`,
        items: early.qualifiedKind === clusterKind ? ['B.1'] : [],
        related: [{ at: place(command.span), message: `The chart ${chart} is installed here` }],
      };
    }
  }
}

const groupsOfCharts: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\/)cloudnative-pg$/, 'postgresql.cnpg.io'],
  [/(?:^|\/)cert-manager$/, 'cert-manager.io'],
  [/(?:^|\/)(?:kube-prometheus-stack|prometheus-operator-crds)$/, 'monitoring.coreos.com'],
  [/minio[\w-]*\/operator$/, 'minio.min.io'],
];

/** Waits for an object that only a later command of the script applies. */
function* earlyWaits({ commands }: Sequence, first: ReadonlyMap<Resource, Applied>): Iterable<Problem> {
  for (const [order, { command, place }] of commands.entries()) {
    if (command.kind !== 'wait' || command.conditional || command.errorsIgnored) continue;
    for (const { resource: kind, name, span } of command.targets) {
      if (name?.certainty !== 'known') continue;
      const awaited = [...first].filter(
        ([resource]) => resource.name === name.value && isCalled(kind, resource.kind) && inNamespace(resource),
      );
      const [found] = awaited;
      if (!found || awaited.some(([, step]) => step.order < order)) continue;
      const [resource, later] = found;
      yield {
        at: place(span),
        severity: 'error',
        message: `${named(resource)} is waited for before ${later.path} is applied, so it is not found — apply ${later.path} first.`,
        items: waitItems(name.value),
        related: [{ at: later.at, message: `${named(resource)} is applied here` }],
      };
    }
    function inNamespace(resource: Resource): boolean {
      const wanted = command.kind === 'wait' ? command.namespace : undefined;
      return wanted?.certainty !== 'known' || resource.namespace === undefined || resource.namespace === wanted.value;
    }
  }
}

/** Whether `kind` is how kubectl may call a kind: singular, plural, short name, with or without the group. */
function isCalled(kind: string, actual: string): boolean {
  const plain = kind.replace(/\..*$/, '');
  const name = actual.toLowerCase();
  return plain === name || plain === `${name}s` || shortNames[plain] === name;
}

const shortNames = table<string>({ deploy: 'deployment', sts: 'statefulset', ds: 'daemonset' });

function itemsOf(workspace: Workspace, resource: Resource): readonly ChecklistItemId[] {
  if (resource.qualifiedKind === clusterKind) return ['B.1'];
  const families = familiesOf(resource);
  if (isSyncSystem(workspace, resource)) return ['B.15'];
  if (families.has('scanner')) return ['B.10'];
  if (families.has('clamav')) return ['B.9'];
  if (families.has('key_vault')) return ['B.8'];
  if (!families.has('synapse')) return [];
  if (isLi(workspace, resource)) return [isSynapseWorker(workspace, resource) ? 'B.16' : 'B.14'];
  return [isSynapseWorker(workspace, resource) ? 'B.7' : 'B.5'];
}

function waitItems(name: string): readonly ChecklistItemId[] {
  return /key[-_]?vault/.test(name) ? ['B.8w'] : /sync|replication/.test(name) ? ['B.15w'] : [];
}

function named(resource: Resource): string {
  return `${resource.kind} ${resource.name}`;
}
