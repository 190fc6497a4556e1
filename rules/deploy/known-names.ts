import { isChartObject } from '../../analysis/charts';
import { declarationsOf, declaredNames, mayBeMade } from '../../analysis/declarations';
import { podsIn, replicasOf, unplacedPods } from '../../analysis/pods';
import { clusterKind, databases } from '../../analysis/roles';
import { findService, servicesIn } from '../../analysis/services';
import type { ClusterCommand } from '../../analysis/text/cluster-commands';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import { meantName } from './replacements';

/** A kind that commands name and of which the tree tells what there is. */
export interface NamedKind {
  /** As manifests spell it. */
  readonly kind: string;
  /** Empty for the kinds of Kubernetes itself, whatever their group. */
  readonly group: string;
}

/** Why the tree makes no object of a name. */
export interface UnknownName {
  /** What to do, as the end of a sentence. */
  readonly help: string;
  /** The name, or `kind/name`, to write in its place. */
  readonly instead?: string;
}

/**
 * The kind that a word of a command means: `sts`, `jobs`, `cluster`, `cluster.postgresql.cnpg.io`, `deployment.v1.apps`
 * (kubectl reference, "TYPE[.VERSION][.GROUP]"). Undefined for kinds that are not judged.
 */
export function kindNamed(word: string): NamedKind | undefined {
  const [name = '', ...rest] = word.split('.');
  const group = rest.filter((part, index) => index > 0 || !/^v\d+(?:(?:alpha|beta)\d+)?$/.test(part)).join('.');
  const kind = kinds.get(name);
  return kind && (group === '' || kind.group === '' || kind.group === group) ? kind : undefined;
}

/**
 * Why no object of a name can be there; undefined if one may well be: the tree, a chart, an operator or a script makes
 * it, or the tree knows too little of that namespace.
 */
export function whyUnknown(
  workspace: Workspace,
  named: NamedKind,
  namespace: string | undefined,
  name: string,
): UnknownName | undefined {
  const { kind } = named;
  if (isChartObject(workspace, namespace, name) !== 'no') return undefined;
  const elsewhere = namespaceOf(workspace, named, namespace, name);
  if (elsewhere !== undefined) return { help: `it is in namespace ${elsewhere}.` };
  if (podsIn(workspace, namespace).length === 0) return undefined;
  if (named.group !== '') return whyNoCustomResource(workspace, named, namespace, name);
  if (isOperated(workspace, name)) return undefined;
  if (kind === 'Pod') return whyNoPod(workspace, namespace, name);
  if (kind === 'Service') {
    if (findService(workspace, namespace, name) || /^(?:kubernetes|kube-dns)$|-operated$/.test(name)) return undefined;
    return instead(
      name,
      servicesIn(workspace, namespace).map(service => service.name),
    );
  }
  if (isDeclared(workspace, kind, namespace, name)) return undefined;
  if (!workloadKinds.has(kind)) return whyNotDeclared(workspace, kind, namespace, name);
  const makers = makersIn(workspace, namespace);
  // A CronJob names its Jobs after itself and the time.
  const isMade = makers.some(
    one => (one.kind === kind && one.name === name) || (one.kind === 'CronJob' && name.startsWith(`${one.name}-`)),
  );
  if (isMade) return undefined;
  const other = makers.find(one => one.name === name && workloadKinds.has(one.kind));
  if (other) return { help: `it is a ${other.kind}.`, instead: `${other.kind.toLowerCase()}/${name}` };
  return instead(
    name,
    makers.filter(one => one.kind === kind).map(one => one.name),
  );
}

/** Names that a command may give to something new. The first word behind `kubectl run` is a name, not a kind. */
export function startedBy(command: ClusterCommand): readonly string[] {
  if (command.kind === 'create') return [command.name.value];
  if (command.kind !== 'query' || askingVerbs.has(command.verb) || command.verb === 'delete') return [];
  return command.targets.flatMap(({ resource, name }) => [resource, ...(name ? [name.value] : [])]);
}

/** The commands that ask for what is there already, or change it. */
export const askingVerbs: ReadonlySet<string> = new Set([
  ...['get', 'describe', 'logs', 'exec', 'port-forward', 'attach', 'cp'],
  ...['scale', 'edit', 'set', 'rollout restart', 'rollout undo', 'rollout history', 'rollout pause', 'rollout resume'],
]);

/** A name that is meant as it stands: no variable, no pattern, no `<pod-name>`. */
export function isPlainName({ value, certainty }: { readonly value: string; readonly certainty: string }): boolean {
  return (
    certainty === 'known' && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(value) && !/xxx|your-|example|^my-/.test(value)
  );
}

const workloadKinds: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob']);

const kinds: ReadonlyMap<string, NamedKind> = new Map(
  [
    ['', 'Pod', 'po'],
    ['', 'Service', 'svc'],
    ['', 'Deployment', 'deploy'],
    ['', 'StatefulSet', 'sts'],
    ['', 'DaemonSet', 'ds'],
    ['', 'Job'],
    ['', 'CronJob', 'cj'],
    ['', 'Secret'],
    ['', 'ConfigMap', 'cm'],
    ['', 'PersistentVolumeClaim', 'pvc'],
    ['', 'Ingress', 'ing'],
    ['', 'NetworkPolicy', 'netpol'],
    ['', 'PodDisruptionBudget', 'pdb'],
    ['', 'HorizontalPodAutoscaler', 'hpa'],
    ['postgresql.cnpg.io', 'Cluster'],
    ['postgresql.cnpg.io', 'ScheduledBackup'],
    ['postgresql.cnpg.io', 'Pooler'],
    ['postgresql.cnpg.io', 'Database'],
    ['minio.min.io', 'Tenant'],
    ['cert-manager.io', 'Certificate', 'cert'],
    ['cert-manager.io', 'Issuer'],
    ['cert-manager.io', 'ClusterIssuer'],
    ['monitoring.coreos.com', 'ServiceMonitor', 'smon'],
    ['monitoring.coreos.com', 'PodMonitor', 'pmon'],
    ['monitoring.coreos.com', 'PrometheusRule', 'promrule'],
  ].flatMap(([group = '', kind = '', short]) => {
    const name = kind.toLowerCase();
    const plural = name.endsWith('s') ? `${name}es` : name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`;
    return [name, plural, ...(short ? [short, `${short}s`] : [])].map(word => [word, { group, kind }] as const);
  }),
);

function isDeclared(workspace: Workspace, kind: string, namespace: string | undefined, name: string): boolean {
  return declarationsOf(workspace, kind, namespace, name).length > 0;
}

/** The namespace that an object of the name is in, if the tree says that it is in another one. */
function namespaceOf(
  workspace: Workspace,
  { kind, group }: NamedKind,
  namespace: string | undefined,
  name: string,
): string | undefined {
  if (namespace === undefined) return undefined;
  const found = workspace.resources(group === '' ? kind : `${kind}.${group}`).filter(one => one.name === name);
  if (found.some(one => one.namespace === undefined || one.namespace === namespace)) return undefined;
  return isDeclared(workspace, kind, namespace, name) ? undefined : found[0]?.namespace;
}

function whyNoCustomResource(
  workspace: Workspace,
  { kind, group }: NamedKind,
  namespace: string | undefined,
  name: string,
): UnknownName | undefined {
  const known = workspace
    .resources(`${kind}.${group}`)
    .filter(one => namespace === undefined || one.namespace === undefined || one.namespace === namespace)
    .map(one => one.name);
  if (known.length === 0 || known.includes(name)) return undefined;
  // A cluster that is missing as a whole is told by a rule of its own.
  if (kind === 'Cluster' && !databases(workspace)[/(?:^|-)li(?:-|$)/.test(name) ? 'li' : 'main']) return undefined;
  // cert-manager names the Certificates that it makes for an Ingress or a Gateway after their Secrets.
  if (kind === 'Certificate' && isDeclared(workspace, 'Secret', namespace, name)) return undefined;
  return instead(name, known);
}

/** Claims have many makers, so only a name close to one of the tree is taken for a mistake; of the rest the tree has all. */
function whyNotDeclared(
  workspace: Workspace,
  kind: string,
  namespace: string | undefined,
  name: string,
): UnknownName | undefined {
  const known = declaredNames(workspace, kind, namespace);
  const unknown = instead(name, known);
  const isWhole = kind !== 'PersistentVolumeClaim' && known.length > 0 && !mayBeMade(workspace, namespace, name);
  return unknown.instead === undefined && !isWhole ? undefined : unknown;
}

function whyNoPod(workspace: Workspace, namespace: string | undefined, name: string): UnknownName | undefined {
  const makers = makersIn(workspace, namespace);
  if (makers.some(maker => mayName(maker, name))) return undefined;
  const [, base = name, ordinal] = /^(.*?)-(\d+)$/.exec(name) ?? [];
  const maker = makers.find(one => one.name === base);
  if (maker && ordinal !== undefined) {
    if (maker.qualifiedKind === clusterKind) return { help: `its pods are ${base}-1 and up.`, instead: `${base}-1` };
    if (maker.kind === 'StatefulSet') {
      const first = firstOrdinal(maker);
      const last = first + replicasOf(maker) - 1;
      return {
        help:
          last === first ? `its only pod is ${base}-${first}.` : `its pods are ${base}-${first} to ${base}-${last}.`,
        instead: `${base}-${Number(ordinal) < first ? first : last}`,
      };
    }
    const workload = `${maker.kind.toLowerCase()}/${base}`;
    return { help: `the pods of ${maker.kind} ${base} have generated names; ask for ${workload}.`, instead: workload };
  }
  const whole = makers.find(one => one.name === name);
  if (whole) {
    const workload = `${whole.kind.toLowerCase()}/${name}`;
    const help = `ask for ${workload}, or for one of its pods by its full name.`;
    return whole.qualifiedKind === clusterKind ? { help } : { help, instead: workload };
  }
  return instead(
    base,
    makers.map(one => one.name),
    ordinal === undefined ? '' : `-${ordinal}`,
  );
}

/** The workloads that may have a pod of this name. */
export function podMakers(workspace: Workspace, name: string): readonly Resource[] {
  return makersIn(workspace, undefined).filter(maker => mayName(maker, name));
}

/** Whether a workload may have a pod of this name. */
function mayName(maker: Resource, name: string): boolean {
  if (maker.kind === 'Pod') return maker.name === name;
  if (!name.startsWith(`${maker.name}-`)) return false;
  const rest = name.slice(maker.name.length + 1);
  if (maker.kind === 'StatefulSet') {
    if (!/^\d+$/.test(rest)) return false;
    const isScaledElsewhere = !maker.root.at('spec', 'replicas').exists;
    const first = firstOrdinal(maker);
    return Number(rest) >= first && (isScaledElsewhere || Number(rest) < first + replicasOf(maker));
  }
  if (maker.qualifiedKind === clusterKind) return /^[1-9]\d*(?:-|$)/.test(rest);
  // Generated names end in letters and digits; an ordinal alone belongs to a StatefulSet.
  return !/^\d+$/.test(rest);
}

/** Whether an operator may make an object of this name, because its own object has a name that is part of it. */
function isOperated(workspace: Workspace, name: string): boolean {
  return workspace.lookup(operated, '').some(one => name.includes(one));
}

/** Names of objects whose operators make pods, Services or workloads after them in ways that are not known here. */
const operated: Index<string> = {
  name: 'names of operated objects',
  *resource({ group, name, kind, qualifiedKind }) {
    const isCustom = group.includes('.') && !makesNoPods.test(group);
    if (isCustom && qualifiedKind !== clusterKind && !/^(?:ServiceMonitor|PodMonitor|PrometheusRule)$/.test(kind))
      yield ['', name];
  },
};

/** The groups of operators that make Secrets, rules and addresses out of their objects, but nothing that runs. */
const makesNoPods =
  /(?:^|\.)(?:k8s\.io|cert-manager\.io|external-secrets\.io|bitnami\.com|secrets\.hashicorp\.com|cilium\.io|projectcalico\.org|metallb\.io|kyverno\.io|traefik\.io)$/;

function firstOrdinal(statefulSet: Resource): number {
  return statefulSet.root.at('spec', 'ordinals', 'start').number ?? 0;
}

function makersIn(workspace: Workspace, namespace: string | undefined): readonly Resource[] {
  const inAny = namespace === undefined ? [] : unplacedPods(workspace);
  return [...new Set([...podsIn(workspace, namespace), ...inAny].map(pods => pods.owner))];
}

function instead(name: string, known: readonly string[], suffix = ''): UnknownName {
  const close = meantName(name, known);
  return close
    ? { help: `did you mean ${close}${suffix}?`, instead: `${close}${suffix}` }
    : { help: 'correct the name.' };
}
