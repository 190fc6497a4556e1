import { differenceOf } from '../../analysis/instances';
import type { Pods } from '../../analysis/pods';
import { isLi } from '../../analysis/roles';
import { ownersOf, selectPods } from '../../analysis/selection';
import { type Service, servicesOf, targetOf } from '../../analysis/services';
import { few } from '../../analysis/wording';
import { insertEntry, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'service-selects-several-workloads',
  items: [],
  severity: 'error',
  summary: 'A Service sends traffic to the pods of more than one workload.',
  why: 'Connections are spread over all selected pods. If they belong to different instances, users of one see the data of the other, passwords do not fit, and nothing fails reliably: every second request does.',
  remedy: 'Add the label to the selector that only the intended pods have, usually the instance or the component.',
  traps: [
    'Pods of different instances or different programs are an error; further workloads of the same program, such as a canary, are a warning.',
    'Services that serve metrics only are meant to select many workloads and are left alone.',
    'A headless Service that several StatefulSets of one instance name as their `serviceName` only gives their pods names.',
    'A port whose `targetPort` is a name reaches only the pods that have a port of that name.',
    'The fix is safe where it is clear which workload is meant and one label tells it apart.',
  ],
  sources: [
    'Kubernetes documentation, Service, "Defining a Service": the EndpointSlices of a Service hold all pods that its selector matches.',
  ],
  examples: {
    bad: `
      #- /element.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: element-web
        namespace: matrix
      spec:
        selector:
      # ^^^^^^^^ 💡 error: Service element-web sends traffic to Deployment/element-web and Deployment/element-web-li
          app.kubernetes.io/name: element-web
        ports:
          - port: 80
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app.kubernetes.io/name: element-web
            app.kubernetes.io/instance: main
        template:
          metadata:
            labels:
              app.kubernetes.io/name: element-web
              app.kubernetes.io/instance: main
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web-li
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app.kubernetes.io/name: element-web
            app.kubernetes.io/instance: li
        template:
          metadata:
            labels:
              app.kubernetes.io/name: element-web
              app.kubernetes.io/instance: li
    `,
    good: `
      #- /element.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: element-web
        namespace: matrix
      spec:
        selector:
          app.kubernetes.io/name: element-web
          app.kubernetes.io/instance: main
        ports:
          - port: 80
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app.kubernetes.io/name: element-web
            app.kubernetes.io/instance: main
        template:
          metadata:
            labels:
              app.kubernetes.io/name: element-web
              app.kubernetes.io/instance: main
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web-li
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app.kubernetes.io/name: element-web
            app.kubernetes.io/instance: li
        template:
          metadata:
            labels:
              app.kubernetes.io/name: element-web
              app.kubernetes.io/instance: li
    `,
  },
  kinds: ['Service'],
  *check(resource, workspace) {
    const [service] = servicesOf(resource);
    if (!service?.selector || isForMetrics(service)) return;
    const reached = selectPods(workspace, resource.namespace, service.selector).pods.filter(pods =>
      isReached(service, pods),
    );
    const owners = ownersOf(reached);
    if (owners.length < 2 || namesPodsOnly(workspace, service, owners) || areOne(owners)) return;
    const differences = owners.slice(1).map(other => differenceOf(workspace, owners[0] as Pods, other));
    const isSevere = owners.every(one => !isJob(one)) && differences.some(one => one !== undefined);
    const names = owners.map(({ owner }) => owner.title);
    yield {
      at: resource.root.at('spec', 'selector').key,
      severity: isSevere ? 'error' : 'warning',
      message: `Service ${resource.name} sends traffic to ${few(names, 4)} — add the label to its selector that only the intended pods have.`,
      related: owners.map(({ owner }) => ({
        at: owner.root.at('metadata', 'name'),
        message: `${owner.title} is selected`,
      })),
      fixes: () => fixesFor(workspace, service, owners),
    };
  },
} satisfies Rule;

/** Whether they are one workload, which two files declare for two places: once with its namespace, and once without. */
function areOne(owners: readonly Pods[]): boolean {
  const [first] = owners;
  return owners.every(
    ({ owner }) => owner.qualifiedKind === first?.owner.qualifiedKind && owner.name === first.owner.name,
  );
}

/** Whether every port serves metrics, by the names that ports and Service have. */
function isForMetrics(service: Service): boolean {
  if (/(?:^|-)(?:metrics|exporter|monitoring)(?:-|$)/.test(service.name)) return true;
  return (
    service.ports.length > 0 &&
    service.ports.every(({ name, targetPort }) => /metrics|exporter|prom/.test(`${name ?? ''} ${targetPort}`))
  );
}

/** Whether at least one port of the Service leads to the pods: a named target port only to pods that have the name. */
function isReached(service: Service, pods: Pods): boolean {
  return service.ports.length === 0 || service.ports.some(port => targetOf(port, pods) !== undefined);
}

/** Whether a headless Service is there to give the pods of several StatefulSets of one instance their names. */
function namesPodsOnly(workspace: Workspace, service: Service, owners: readonly Pods[]): boolean {
  return (
    service.isHeadless &&
    owners.every(
      pods =>
        pods.owner.kind === 'StatefulSet' &&
        pods.owner.root.at('spec', 'serviceName').text === service.name &&
        isLi(workspace, pods.owner) === isLi(workspace, (owners[0] as Pods).owner),
    )
  );
}

function isJob({ owner }: Pods): boolean {
  return owner.kind === 'Job' || owner.kind === 'CronJob';
}

function fixesFor(workspace: Workspace, service: Service, owners: readonly Pods[]): readonly Fix[] {
  const meant = intended(workspace, service, owners);
  const candidates = meant ? [meant] : owners.map(one => [one]);
  return candidates.slice(0, 5).flatMap(targets => {
    const others = owners.filter(one => !targets.includes(one));
    const label = distinguishing(service, targets, others);
    const edit =
      label &&
      insertEntry(
        service.resource.root.at('spec', 'selector'),
        `${quoted(label[0], 'plain')}: ${quoted(label[1], 'plain')}`,
      );
    return edit
      ? [
          {
            title: `Select ${label[0]}=${label[1]} too, so that only ${listedTitles(targets)} gets traffic`,
            safe: meant !== undefined,
            edits: [edit],
          },
        ]
      : [];
  });
}

function listedTitles(targets: readonly Pods[]): string {
  return few(
    targets.map(({ owner }) => owner.name),
    4,
  );
}

/**
 * The workloads that the Service is meant for, if that is clear: the one of its name, those of its instance, or the one
 * whose labels the Service itself carries.
 */
function intended(workspace: Workspace, service: Service, owners: readonly Pods[]): readonly Pods[] | undefined {
  const running = owners.filter(one => !isJob(one));
  const same = running.filter(({ owner }) => owner.name === service.name);
  if (same.length === 1) return same;
  const instance = running.filter(({ owner }) => isLi(workspace, owner) === isLiName(service.resource));
  if (instance.length > 0 && instance.length < running.length && instance.length === 1) return instance;
  const alike = running.filter(({ labels }) => [...service.labels].every(([key, value]) => labels.get(key) === value));
  return service.labels.size > 0 && alike.length === 1 ? alike : undefined;
}

function isLiName(service: Resource): boolean {
  const instance = service.labels.get('matrix.instance') ?? service.labels.get('app.kubernetes.io/instance');
  return instance === 'li' || /(?:^|-)li(?:-|$)/.test(service.name);
}

/** A label that all targets have and none of the others; labels that say what a pod is come first. */
function distinguishing(
  service: Service,
  targets: readonly Pods[],
  others: readonly Pods[],
): readonly [string, string] | undefined {
  const [first] = targets;
  if (!first) return undefined;
  const fitting = [...first.labels].filter(
    ([key, value]) =>
      !service.selectorLabels.has(key) &&
      !unstable.has(key) &&
      targets.every(one => one.labels.get(key) === value) &&
      others.every(one => one.labels.get(key) !== value),
  );
  return fitting.sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))[0];
}

const order = [
  'matrix.instance',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/component',
  'app.kubernetes.io/name',
  'app',
];

function rank(key: string): number {
  const at = order.indexOf(key);
  return at === -1 ? order.length : at;
}

/** Labels that change with a release or between replicas, which a selector must not depend on. */
const unstable: ReadonlySet<string> = new Set([
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
  'helm.sh/chart',
  'statefulset.kubernetes.io/pod-name',
  'job-name',
  'batch.kubernetes.io/job-name',
]);
