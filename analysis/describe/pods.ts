import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { isolation } from '../network/policy-index';
import { mainContainersOf, type Pods } from '../pods';
import { anyNamespace, endpointOf, policiesOf, policyResource } from '../policies';
import { ownersOf } from '../selection';
import { servicesFor } from '../services';
import { count, few } from '../wording';
import { code, headline, paragraphs, titleOf } from './markdown';

/** Workloads with the number of their pods: ``StatefulSet `redis` (3 pods)``. */
export function workloadNames(pods: readonly Pods[]): readonly string[] {
  return ownersOf(pods).map(({ owner, replicas }) => `${titleOf(owner)} (${podsText(owner, replicas)})`);
}

/** Workloads by their names alone. */
export function workloadTitles(pods: readonly Pods[]): readonly string[] {
  return ownersOf(pods).map(({ owner }) => titleOf(owner));
}

/** What makes a pod ready to be sent traffic: the readiness probes of its containers. */
export function readinessOf(pods: Pods): string {
  if (pods.template === undefined) return 'ready when the operator says so';
  const probes = mainContainersOf(pods.owner).flatMap(({ value, name }) => {
    const probe = value.at('readinessProbe');
    return probe.exists ? [`${code(name)} ${probeText(probe)}`] : [];
  });
  return probes.length > 0 ? `ready when ${few(probes)}` : 'ready as soon as started, without a readiness probe';
}

/** A workload: its pods, the Services in front of them, and the policies that isolate them. */
export function describeWorkload(workspace: Workspace, resource: Resource, pods: readonly Pods[]): string {
  const [first] = pods;
  if (!first) return headline(resource.kind, resource.name, resource.namespace);
  const services = servicesFor(workspace, first).map(({ name }) => code(name));
  const policies = namesOf(isolatingPolicies(workspace, pods)).map(code);
  const isTask = resource.kind === 'Job' || resource.kind === 'CronJob';
  return paragraphs(
    headline(resource.kind, resource.name, resource.namespace),
    `${podsText(
      resource,
      pods.reduce((sum, { replicas }) => sum + replicas, 0),
    )}, ${isTask ? 'which runs to its end' : readinessOf(first)}.`,
    services.length > 0
      ? `Behind ${services.length === 1 ? 'Service' : 'Services'} ${few(services)}.`
      : isTask
        ? undefined
        : 'No Service leads to it.',
    policies.length > 0
      ? `Isolated by ${count(policies.length, 'NetworkPolicy', 'NetworkPolicies')}: ${few(policies, 8)}.`
      : 'No NetworkPolicy of the tree isolates it.',
  );
}

/** How many pods a workload has; a DaemonSet has one on each node. */
function podsText({ kind }: Resource, replicas: number): string {
  return kind === 'DaemonSet' ? '1 pod on each node' : count(replicas, 'pod');
}

/** The NetworkPolicies that select some pods, in the order of the tree. */
export function isolatingPolicies(workspace: Workspace, pods: readonly Pods[]): readonly Resource[] {
  const found = new Set<Resource>();
  for (const one of pods) {
    const policies = policiesOf(workspace, one.namespace ?? anyNamespace);
    for (const direction of ['Ingress', 'Egress'] as const) {
      for (const { policy } of isolation(endpointOf(one), direction, policies).policies) {
        const resource = policyResource(workspace, policy);
        if (resource) found.add(resource);
      }
    }
  }
  return [...found];
}

/** The names of policies, each once: one that is declared twice is one in the cluster. */
export function namesOf(policies: readonly Resource[]): readonly string[] {
  return [...new Set(policies.map(({ name }) => name))];
}

function probeText(probe: Value): string {
  const http = probe.at('httpGet');
  if (http.exists) return `answers GET ${code(`:${http.at('port').text ?? '?'}${http.at('path').text ?? '/'}`)}`;
  const tcp = probe.at('tcpSocket', 'port');
  if (tcp.exists) return `answers on port ${code(tcp.text ?? '?')}`;
  if (probe.at('grpc').exists) return `answers gRPC on port ${code(probe.at('grpc', 'port').text ?? '?')}`;
  return 'passes the command of its probe';
}
