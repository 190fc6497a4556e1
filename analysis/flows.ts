import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { addressesOf } from './flows/addresses';
import { podPorts, resolveHost } from './flows/destinations';
import { type FlowEnd, isExternal, type RequiredFlow } from './flows/flow';
import { flowsOfClusterMonitor, flowsOfMonitor, flowsOfRoutes, flowsOfService } from './flows/from-entrances';
import { impliedByCluster, impliedByTenant, impliedByWorkload } from './flows/implied';
import { podMonitorKind, serviceMonitorKind } from './monitors';
import { evaluate, type Verdict } from './network/evaluate';
import { explain } from './network/explain';
import type { Endpoint, Policy, Protocol } from './network/model';
import { isolation, type PolicyIndex } from './network/policy-index';
import { type Pods, podsOf, workloadKinds } from './pods';
import { anyNamespace, endpointOf, indexOf, policiesOf } from './policies';
import { clusterKind, tenantKind } from './roles';
import { routeSourceKinds } from './routes';

export type { Importance } from './flows/address';
export { type FlowEnd, isExternal, type RequiredFlow } from './flows/flow';

/*
 * Who has to connect to whom. The flows are read from what the programs are configured with, so an edit of one
 * configuration has only the flows of the workloads that read it worked out again.
 */

/** Kinds whose objects need connections. */
export const flowSourceKinds: readonly string[] = [
  ...workloadKinds,
  clusterKind,
  'Pooler.postgresql.cnpg.io',
  tenantKind,
  ...routeSourceKinds,
  'Service',
  serviceMonitorKind,
  podMonitorKind,
];

/** Every connection that the deployment needs, by the objects that need them. */
export function flowsOf(workspace: Workspace): readonly RequiredFlow[] {
  return flowSourceKinds.flatMap(kind => workspace.resources(kind).flatMap(resource => flowsFrom(workspace, resource)));
}

/** The connections that one object needs: those its pods open, or for an Ingress, another route or a monitor those opened on its behalf. */
export function flowsFrom(workspace: Workspace, resource: Resource): readonly RequiredFlow[] {
  return workspace.derive(readFlows, resource);
}

/** A side of a flow as the NetworkPolicy engine sees it. */
export function endpointOfEnd(end: FlowEnd): Endpoint {
  return isExternal(end) ? end : endpointOf(end);
}

/**
 * What the NetworkPolicies of the tree say about a connection. `unknown` also where the two sides' namespaces are not
 * known alike, and where it hangs on labels that controllers put on single pods.
 */
export function judgeFlow(
  workspace: Workspace,
  from: FlowEnd,
  to: FlowEnd,
  port: number,
  protocol: Protocol = 'TCP',
): Verdict<Value> {
  const policies = decidingPolicies(workspace, from, to);
  const flow = { from: endpointOfEnd(from), to: endpointOfEnd(to), port, protocol };
  const verdict = evaluate(flow, policies);
  if (verdict.result !== 'denied') return verdict;
  const isOpen =
    isNamespaceOpen(from, to) ||
    variants(workspace, from, policies).some(one => evaluate({ ...flow, from: one }, policies).result !== 'denied') ||
    variants(workspace, to, policies).some(one => evaluate({ ...flow, to: one }, policies).result !== 'denied');
  return isOpen ? { ...verdict, result: 'unknown' } : verdict;
}

/** As {@link judgeFlow} for a flow that is needed; if one of several ports would do, the best answer. */
export function verdictOf(workspace: Workspace, flow: RequiredFlow): Verdict<Value> {
  return workspace.derive(judgeRequired, flow);
}

/** All policies of the namespaces of two sides. */
export function policiesFor(workspace: Workspace, from: FlowEnd, to: FlowEnd): PolicyIndex<Value> {
  return policiesOf(workspace, ...[from, to].flatMap(end => namespaceOf(end) ?? []));
}

/**
 * The policies that may select one of two sides: these alone decide, and an edit of another has nothing about the two
 * worked out again.
 */
function decidingPolicies(workspace: Workspace, from: FlowEnd, to: FlowEnd): PolicyIndex<Value> {
  const selecting = [from, to].flatMap(end => {
    if (!isExternal(end)) return workspace.derive(policiesSelecting, end);
    // Policies of the tree may also select what charts have installed.
    return end.namespace === undefined ? [] : policiesOf(workspace, end.namespace).policies;
  });
  return indexOf(workspace, [...new Set(selecting)].sort(inTreeOrder));
}

/** The policies that select pods, or single ones of them by labels that controllers put there. */
function policiesSelecting(pods: Pods, workspace: Workspace): readonly Policy<Value>[] {
  const policies = policiesOf(workspace, pods.namespace ?? anyNamespace);
  const found = [endpointOf(pods), ...variants(workspace, pods, policies)].flatMap(endpoint =>
    (['Ingress', 'Egress'] as const).flatMap(direction => isolation(endpoint, direction, policies).policies),
  );
  return [...new Set(found.map(({ policy }) => policy))];
}

function inTreeOrder(a: Policy<Value>, b: Policy<Value>): number {
  if (a.source.uri !== b.source.uri) return a.source.uri < b.source.uri ? -1 : 1;
  return a.source.span.start - b.source.span.start;
}

/** Whether a connection may be opened and why, in plain sentences; lines that explain the one above are indented. */
export function explainFlow(
  workspace: Workspace,
  from: FlowEnd,
  to: FlowEnd,
  port: number,
  protocol: Protocol = 'TCP',
): readonly string[] {
  return explain(judgeFlow(workspace, from, to, port, protocol));
}

function judgeRequired(flow: RequiredFlow, workspace: Workspace): Verdict<Value> {
  const verdicts = [flow.to, ...(flow.alternativeEnds ?? [])].flatMap(to =>
    [flow.port, ...flow.alternativePorts].map(port => judgeFlow(workspace, flow.from, to, port, flow.protocol)),
  );
  const [first] = verdicts;
  if (!first) throw new RangeError('a flow has a port');
  return verdicts.find(one => one.result !== 'denied') ?? first;
}

function readFlows(resource: Resource, workspace: Workspace): readonly RequiredFlow[] {
  if (routeSourceKinds.includes(resource.qualifiedKind)) return flowsOfRoutes(workspace, resource);
  switch (resource.qualifiedKind) {
    case 'Service':
      return flowsOfService(workspace, resource);
    case serviceMonitorKind:
    case podMonitorKind:
      return flowsOfMonitor(workspace, resource);
    case clusterKind:
      return [
        ...configured(workspace, resource),
        ...impliedByCluster(workspace, resource),
        ...flowsOfClusterMonitor(workspace, resource),
      ];
    case tenantKind:
      return impliedByTenant(workspace, resource);
    case 'Pooler.postgresql.cnpg.io':
      return ofPooler(workspace, resource);
    default:
      return [...configured(workspace, resource), ...impliedByWorkload(workspace, resource)];
  }
}

/** The flows to the hosts that a resource's configuration names, as far as their pods are in the tree. */
function configured(workspace: Workspace, resource: Resource): readonly RequiredFlow[] {
  const [from] = podsOf(resource);
  if (!from) return [];
  const said = new Set<string>();
  return addressesOf(workspace, resource).flatMap(address => {
    if (!address.connects || address.port === undefined) return [];
    const ends = podPorts(resolveHost(workspace, resource.namespace, address.host), address.port);
    return ends.flatMap(({ pods, port }): readonly RequiredFlow[] => {
      // A workload of one pod reaches itself without the network, and a second mention of a target says nothing new.
      const key = `${endpointOf(pods).id} ${port} ${address.protocol}`;
      if ((pods === from && pods.replicas < 2) || said.has(key)) return [];
      said.add(key);
      return [
        {
          from,
          to: pods,
          port,
          alternativePorts: [],
          protocol: address.protocol,
          why: address.name,
          at: address.at,
          importance: servesMetrics(pods, port) ? 'metrics' : address.importance,
          source: resource,
        },
      ];
    });
  });
}

/** Whether a container port is there for metrics only, by its name. */
function servesMetrics(pods: Pods, port: number): boolean {
  return pods.ports.some(one => one.port === port && /metrics|prometheus|exporter/.test(one.name ?? ''));
}

/** A Pooler forwards to the instances of its cluster (cloudnative-pg docs/src/connection_pooling.md). */
function ofPooler(workspace: Workspace, pooler: Resource): readonly RequiredFlow[] {
  const name = pooler.root.at('spec', 'cluster', 'name');
  const cluster = name.text === undefined ? undefined : workspace.find(clusterKind, pooler.namespace, name.text);
  if (!cluster) return [];
  return podsOf(pooler).flatMap(from =>
    podsOf(cluster).map(to => ({
      from,
      to,
      port: 5432,
      alternativePorts: [],
      protocol: 'TCP' as const,
      why: `Pooler ${pooler.name} forwards to ${cluster.name}`,
      at: name,
      importance: 'required' as const,
      source: pooler,
    })),
  );
}

function namespaceOf(end: FlowEnd): string | undefined {
  return isExternal(end) ? end.namespace : (end.namespace ?? anyNamespace);
}

/** Objects without a namespace go where the tree is applied to, which may be where the others are. */
function isNamespaceOpen(from: FlowEnd, to: FlowEnd): boolean {
  if (isExternal(from) || isExternal(to)) return false;
  return (from.namespace === undefined) !== (to.namespace === undefined);
}

/**
 * The pods of an end with labels that controllers put on single pods, for every value that a policy asks for: the role
 * of a database instance, the name of a StatefulSet's pod.
 */
function variants(workspace: Workspace, end: FlowEnd, policies: PolicyIndex<Value>): readonly Endpoint[] {
  if (isExternal(end)) return [];
  const keys = keysOfSinglePods(end);
  if (keys.length === 0) return [];
  const wanted = workspace
    .derive(labelsOfSinglePods, policies)
    .filter(({ key }) => keys.includes(key) && end.labels.get(key) === undefined);
  const endpoint = endpointOf(end);
  return wanted.map(({ key, value }) => ({ ...endpoint, labels: new Map([...endpoint.labels, [key, value]]) }));
}

function keysOfSinglePods({ owner }: Pods): readonly string[] {
  if (owner.kind === 'StatefulSet') return setKeys;
  return owner.qualifiedKind === clusterKind ? instanceKeys : [];
}

const setKeys = ['statefulset.kubernetes.io/pod-name', 'apps.kubernetes.io/pod-index'];
/** cloudnative-pg docs/src/labels_annotations.md; `role` is the older name of the first. */
const instanceKeys = ['cnpg.io/instanceRole', 'cnpg.io/instanceName', 'role'];

interface Label {
  readonly key: string;
  readonly value: string;
}

/** The labels of single pods that some policy asks for, each once. */
function labelsOfSinglePods({ policies }: PolicyIndex<Value>): readonly Label[] {
  const keys = new Set([...setKeys, ...instanceKeys]);
  const found = new Map<string, Label>();
  for (const policy of policies)
    for (const label of labelsAskedFor(policy))
      if (keys.has(label.key)) found.set(`${label.key}=${label.value}`, label);
  return [...found.values()];
}

function* labelsAskedFor(policy: Policy<Value>): Iterable<Label> {
  const rules = [...(policy.ingress ?? []), ...(policy.egress ?? [])];
  const peers = rules.flatMap(rule => rule.peers ?? []);
  for (const selector of [policy.podSelector, ...peers.map(peer => peer.podSelector)]) {
    yield* selector?.matchLabels ?? [];
    for (const { key, values } of selector?.matchExpressions ?? []) for (const value of values) yield { key, value };
  }
}
