import { table } from '../../manifests/table';
import { hasLabels, isPodHealthy, type PodProblem, podProblem, podSelector } from '../cluster/pods';
import { byTypeAndNamespace, readJson, readObjects, readText } from '../cluster/read';
import { statusOf } from '../cluster/status';
import { isClusterScoped } from '../plan/order';
import type { PlannedObject } from '../plan/plan';
import { at, items, type Json, number, stringMap, text } from '../plan/source';
import {
  type Check,
  type CheckContext,
  fail,
  judge,
  pass,
  plannedDocuments,
  plannedObjects,
  skipped,
  unknown,
  warn,
} from './check';

const podKind = { apiVersion: 'v1', kind: 'Pod' };
const claimKind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };

/** Checks that look at objects only: pods, workloads, services, policies, certificates. */
export const clusterChecks = table<Check>({
  'pods-running': async context => {
    const workloads = plannedDocuments(context).filter(document => podSelector(document.raw) !== undefined);
    if (workloads.length === 0) return skipped('The plan has no workloads.');
    const pods = await podsOf(context);
    if (typeof pods === 'string') return unknown(pods);
    const complaints = workloads.flatMap(workload => {
      const own = pods.filter(
        pod => namespaceOf(pod) === workload.namespace && hasLabels(pod, podSelector(workload.raw)!),
      );
      const healthy = own.filter(isPodHealthy).length;
      const wanted = wantedPods(workload.raw);
      const sick = own.filter(pod => !isPodHealthy(pod)).map(pod => text(at(pod, 'metadata', 'name')));
      if (workload.kind === 'Job' && healthy > 0) return [];
      if (healthy >= wanted && sick.length === 0) return [];
      return `${workload.kind}/${workload.name}: ${healthy} of ${wanted} pods ready${sick.length > 0 ? `, not ready: ${sick.join(', ')}` : ''}`;
    });
    return judge(complaints, `The pods of ${workloads.length} workloads are ready.`, 'Not all pods are ready.');
  },

  'no-crash-loop': async context => {
    const first = await podsOf(context);
    if (typeof first === 'string') return unknown(first);
    if (first.length === 0) return unknown('There are no pods to look at.');
    const now = context.now();
    const patience = { now, graceMilliseconds: 0, restarts: 1 };
    const problems = first.flatMap(pod => podProblem(pod, patience) ?? []);
    const killed = first.flatMap(pod => recentlyOutOfMemory(pod, now) ?? []);
    const complaints = [...problems.map(describeProblem), ...killed];
    if (complaints.length > 0) return fail('Containers fail.', complaints);
    if (context.sampleMilliseconds === 0) return pass('No container waits in an error state.');
    await context.sleep(context.sampleMilliseconds);
    const second = await podsOf(context);
    if (typeof second === 'string') return unknown(second);
    const before = restartsByContainer(first);
    const rising = [...restartsByContainer(second)].filter(([key, count]) => count > (before.get(key) ?? count));
    return judge(
      rising.map(([key, count]) => `${key} has restarted, now ${count} times`),
      'No container waits in an error state or restarts.',
      'Containers restart.',
    );
  },

  workloads: async context => {
    const objects = plannedObjects(context);
    if (objects.length === 0) return skipped('The plan has no objects.');
    const complaints: string[] = [];
    const found = await inCluster(context, objects);
    if (typeof found === 'string') return unknown(found);
    for (const { planned, live } of found) {
      const status = live === true ? undefined : statusOf(live);
      if (status !== undefined && status.status !== 'current')
        complaints.push(`${planned.kind}/${planned.name}: ${status.text}`);
    }
    // StatefulSets and operators make claims of their own, which no manifest names.
    for (const namespace of new Set(objects.flatMap(object => object.namespace ?? []))) {
      const claims = await readObjects(context.kubectl, claimKind, namespace);
      if (!claims.ok) return unknown(claims.message);
      for (const claim of claims.value)
        if (statusOf(claim).status !== 'current') {
          const complaint = `PersistentVolumeClaim/${text(at(claim, 'metadata', 'name'))}: ${statusOf(claim).text}`;
          if (!complaints.includes(complaint)) complaints.push(complaint);
        }
    }
    return judge(complaints, `All ${objects.length} planned objects are as wanted.`, 'Not everything is as wanted.');
  },

  services: async context => {
    const planned = plannedDocuments(context).filter(document => document.kind === 'Service');
    if (planned.length === 0) return skipped('The plan has no Services.');
    const complaints: string[] = [];
    for (const namespace of new Set(planned.map(service => service.namespace))) {
      const services = await readObjects(context.kubectl, { apiVersion: 'v1', kind: 'Service' }, namespace);
      if (!services.ok) return unknown(services.message);
      const slices = await readObjects(
        context.kubectl,
        { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
        namespace,
      );
      if (!slices.ok) return unknown(slices.message);
      for (const { name } of planned.filter(service => service.namespace === namespace)) {
        const live = services.value.find(service => at(service, 'metadata', 'name') === name);
        if (live === undefined) complaints.push(`Service/${name} does not exist`);
        else if (statusOf(live).status !== 'current') complaints.push(`Service/${name} ${statusOf(live).text}`);
        else if (at(live, 'spec', 'selector') !== undefined && !hasReadyEndpoint(name, slices.value))
          complaints.push(`Service/${name} has no ready endpoint`);
      }
    }
    return judge(
      complaints,
      `All ${planned.length} Services have endpoints.`,
      'Services are missing or have no endpoints.',
    );
  },

  'network-policies': async context => {
    const planned = plannedObjects(context).filter(object => object.kind === 'NetworkPolicy');
    if (planned.length === 0) return skipped('The plan has no NetworkPolicies.');
    const complaints: string[] = [];
    const found = await inCluster(context, planned);
    if (typeof found === 'string') return unknown(found);
    complaints.push(...missing(found));
    const namespaces = await readObjects(context.kubectl, { apiVersion: 'v1', kind: 'Namespace' }, undefined);
    if (!namespaces.ok) return unknown(namespaces.message);
    for (const namespace of namespaces.value)
      if (!stringMap(at(namespace, 'metadata', 'labels')).has('kubernetes.io/metadata.name'))
        complaints.push(
          `Namespace/${text(at(namespace, 'metadata', 'name'))} has no label kubernetes.io/metadata.name`,
        );
    return judge(complaints, `All ${planned.length} policies are there.`, 'Policies or namespace labels are missing.');
  },

  certificates: async context => {
    const planned = plannedObjects(context).filter(object => object.kind === 'Certificate');
    if (planned.length === 0) return skipped('The plan has no Certificates.');
    const complaints: string[] = [];
    const found = await inCluster(context, planned);
    if (typeof found === 'string') return unknown(found);
    for (const { planned: object, live } of found) {
      const certificate = live === true ? undefined : live;
      const status = statusOf(certificate);
      const end = Date.parse(text(at(certificate, 'status', 'notAfter')) ?? '');
      if (status.status !== 'current') complaints.push(`Certificate/${object.name} ${status.text}`);
      else if (!(end - context.now() > 14 * day)) complaints.push(`Certificate/${object.name} ends within 14 days`);
    }
    return judge(complaints, `All ${planned.length} Certificates are valid.`, 'Certificates are not valid.');
  },

  monitoring: async context => {
    const planned = plannedDocuments(context).filter(
      d => d.kind === 'ServiceMonitor' || d.kind === 'PodMonitor' || d.kind === 'PrometheusRule',
    );
    if (planned.length === 0) return skipped('The plan has no monitors.');
    const complaints: string[] = [];
    const names = planned.map(({ apiVersion, kind, name, namespace }) => ({ apiVersion, kind, name, namespace }));
    const found = await inCluster(context, names);
    if (typeof found === 'string') return unknown(found);
    complaints.push(...missing(found));
    for (const monitor of planned.filter(document => document.kind === 'ServiceMonitor')) {
      const complaint = await monitorWithoutService(context, monitor.raw, monitor.namespace);
      if (complaint !== undefined) complaints.push(`ServiceMonitor/${monitor.name} ${complaint}`);
    }
    for (const monitor of planned.filter(document => document.kind === 'PodMonitor')) {
      const complaint = await monitorWithoutPod(context, monitor.raw, monitor.namespace);
      if (complaint !== undefined) complaints.push(`PodMonitor/${monitor.name} ${complaint}`);
    }
    return complaints.length === 0
      ? pass(`All ${planned.length} monitors and rules are there.`)
      : warn('Monitors are missing or select nothing.', complaints);
  },

  'pod-logs': async context => {
    const pods = await podsOf(context);
    if (typeof pods === 'string') return unknown(pods);
    const noisy: string[] = [];
    let read = 0;
    for (const pod of pods.filter(isPodHealthy).slice(0, 60)) {
      const name = text(at(pod, 'metadata', 'name')) ?? '';
      const logs = await readText(context.kubectl, [
        'logs',
        name,
        `--namespace=${namespaceOf(pod)}`,
        '--all-containers',
        '--since=10m',
        '--tail=200',
      ]);
      if (!logs.ok) continue;
      read++;
      const errors = logs.value.split('\n').filter(line => errorLine.test(line));
      if (errors.length > 0) noisy.push(`${name}: ${errors.length} lines with errors`);
    }
    if (read === 0) return unknown('No log could be read.');
    return noisy.length === 0 ? pass(`The logs of ${read} pods show no errors.`) : warn('Logs show errors.', noisy);
  },
});

const errorLine = /\b(ERROR|FATAL|CRITICAL|PANIC)\b|level=(error|fatal)|"level":\s*"(error|fatal)"/;
const day = 24 * 60 * 60 * 1000;

/** All pods of the namespaces the plan uses, or why they cannot be had. */
async function podsOf(context: CheckContext): Promise<readonly Json[] | string> {
  const namespaces = new Set(plannedObjects(context).flatMap(object => object.namespace ?? []));
  const pods: Json[] = [];
  for (const namespace of namespaces) {
    const answer = await readObjects(context.kubectl, podKind, namespace);
    if (!answer.ok) return answer.message;
    pods.push(...answer.value);
  }
  return pods;
}

type Named = Pick<PlannedObject, 'apiVersion' | 'kind' | 'name'> & { readonly namespace?: string };

interface InCluster {
  readonly planned: Named;
  /** `true` for a Secret, of which nothing else is read; undefined where there is none. */
  readonly live: Json | true | undefined;
}

/** What the cluster has of planned objects, or why that cannot be told. */
async function inCluster(context: CheckContext, objects: readonly Named[]): Promise<readonly InCluster[] | string> {
  const all: InCluster[] = [];
  for (const group of byTypeAndNamespace(objects)) {
    const names = group.map(({ name }) => name);
    const found = await existing(context, group[0], names);
    if (typeof found === 'string') return found;
    all.push(...group.map(planned => ({ planned, live: found.get(planned.name) })));
  }
  return all;
}

function missing(found: readonly InCluster[]): readonly string[] {
  return found.flatMap(({ planned, live }) =>
    live === undefined ? `${planned.kind}/${planned.name} does not exist` : [],
  );
}

/** What exists of some names of one type; of Secrets only that they exist. */
async function existing(
  context: CheckContext,
  type: Pick<PlannedObject, 'apiVersion' | 'kind' | 'namespace'>,
  names: readonly string[],
): Promise<ReadonlyMap<string, Json | true> | string> {
  if (type.kind === 'Secret') {
    const answer = await readText(context.kubectl, [
      'get',
      'Secret',
      ...names,
      `--namespace=${type.namespace}`,
      '--ignore-not-found',
      '--output=name',
    ]);
    if (!answer.ok) return answer.message;
    return new Map(answer.value.split('\n').map(line => [line.replace(/^secret\//, '').trim(), true as const]));
  }
  const answer = await readObjects(
    context.kubectl,
    type,
    isClusterScoped(type.kind) ? undefined : type.namespace,
    names,
  );
  if (!answer.ok) return answer.class === 'kind-missing' ? new Map() : answer.message;
  return new Map(answer.value.map(object => [text(at(object, 'metadata', 'name')) ?? '', object]));
}

function wantedPods(workload: Json): number {
  switch (text(at(workload, 'kind'))) {
    case 'Deployment':
    case 'StatefulSet':
      return number(at(workload, 'spec', 'replicas')) ?? 1;
    case 'Cluster':
      return number(at(workload, 'spec', 'instances')) ?? 1;
    default:
      return 1;
  }
}

function hasReadyEndpoint(service: string, slices: readonly Json[]): boolean {
  return slices
    .filter(slice => stringMap(at(slice, 'metadata', 'labels')).get('kubernetes.io/service-name') === service)
    .flatMap(slice => items(at(slice, 'endpoints')))
    .some(endpoint => at(endpoint, 'conditions', 'ready') === true);
}

/** Says how a monitor misses its Services; undefined if at least one Service has its labels and one of its ports. */
async function monitorWithoutService(
  context: CheckContext,
  monitor: Json,
  namespace: string,
): Promise<string | undefined> {
  const services = await selectedBy(context, monitor, namespace, 'Service');
  if (typeof services === 'string') return services;
  const ports = items(at(monitor, 'spec', 'endpoints')).flatMap(endpoint => text(at(endpoint, 'port')) ?? []);
  const names = services.flatMap(service => items(at(service, 'spec', 'ports')).map(port => text(at(port, 'name'))));
  const missing = ports.filter(port => !names.includes(port));
  return missing.length > 0 ? `names the port ${missing.join(', ')}, which no selected Service has` : undefined;
}

/** Says how a monitor misses its pods; undefined if at least one pod has its labels and its ports. */
async function monitorWithoutPod(context: CheckContext, monitor: Json, namespace: string): Promise<string | undefined> {
  const pods = await selectedBy(context, monitor, namespace, 'Pod');
  if (typeof pods === 'string') return pods;
  const endpoints = items(at(monitor, 'spec', 'podMetricsEndpoints'));
  const ports = endpoints.flatMap(endpoint => text(at(endpoint, 'port')) ?? []);
  const containers = pods.flatMap(pod =>
    ['containers', 'initContainers'].flatMap(list => items(at(pod, 'spec', list))),
  );
  const names = containers.flatMap(container => items(at(container, 'ports')).map(port => text(at(port, 'name'))));
  const missing = ports.filter(port => !names.includes(port));
  return missing.length > 0 ? `names the port ${missing.join(', ')}, which no selected pod has` : undefined;
}

/** What a monitor selects, at least one object; else a clause that says why not. */
async function selectedBy(
  context: CheckContext,
  monitor: Json,
  namespace: string,
  kind: 'Service' | 'Pod',
): Promise<readonly Json[] | string> {
  const chosen = items(at(monitor, 'spec', 'namespaceSelector', 'matchNames')).flatMap(name => text(name) ?? []);
  const any = at(monitor, 'spec', 'namespaceSelector', 'any') === true;
  const where = any ? ['--all-namespaces'] : (chosen.length > 0 ? chosen : [namespace]).map(n => `--namespace=${n}`);
  const labels = stringMap(at(monitor, 'spec', 'selector', 'matchLabels'));
  const found: Json[] = [];
  for (const argument of where) {
    const answer = await readJson(context.kubectl, ['get', kind, argument, '--output=json']);
    if (!answer.ok) return `could not be compared: ${answer.message}`;
    found.push(...items(at(answer.value, 'items')));
  }
  const matching = found.filter(object => labels.size === 0 || hasLabels(object, labels));
  return matching.length > 0 ? matching : `selects no ${kind === 'Pod' ? 'pod' : kind}`;
}

function describeProblem(problem: PodProblem): string {
  const where = problem.container === undefined ? problem.pod : `${problem.pod}/${problem.container}`;
  return `${where}: ${problem.reason}${problem.message === '' ? '' : ` (${problem.message})`}`;
}

function recentlyOutOfMemory(pod: Json, now: number): string | undefined {
  for (const status of items(at(pod, 'status', 'containerStatuses'))) {
    const last = at(status, 'lastState', 'terminated');
    const ended = Date.parse(text(at(last, 'finishedAt')) ?? '');
    if (text(at(last, 'reason')) === 'OOMKilled' && now - ended < 10 * 60 * 1000)
      return `${text(at(pod, 'metadata', 'name'))}/${text(at(status, 'name'))}: ran out of memory`;
  }
  return undefined;
}

function restartsByContainer(pods: readonly Json[]): Map<string, number> {
  const restarts = new Map<string, number>();
  for (const pod of pods)
    for (const status of items(at(pod, 'status', 'containerStatuses')))
      restarts.set(
        `${text(at(pod, 'metadata', 'name'))}/${text(at(status, 'name'))}`,
        number(at(status, 'restartCount')) ?? 0,
      );
  return restarts;
}

function namespaceOf(pod: Json): string {
  return text(at(pod, 'metadata', 'namespace')) ?? '';
}
