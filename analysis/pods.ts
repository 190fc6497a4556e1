import { perResource } from '../manifests/derived';
import { labelsOf, type Resource } from '../manifests/resource';
import { table } from '../manifests/table';
import type { TreeSource, Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { type ImageProgram, programOf } from './images';
import { type Labels, matches, type Selector } from './labels';

/** Kinds whose objects make pods from a template in the manifest. */
export const workloadKinds = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'] as const;

/** Whether the value of a pod's label is known only as a pattern, which nobody can select by. */
export function isPattern(value: string): boolean {
  return value.includes('*');
}

/** The pods that one object makes; they are alike, so they are described once. */
export interface Pods {
  readonly owner: Resource;
  readonly namespace: string | undefined;
  /** Those that controllers add included; a value that each run makes anew stands as a pattern, see {@link isPattern}. */
  readonly labels: Labels;
  /** The pod template, with `metadata` and `spec`; undefined where an operator makes the pods. */
  readonly template: Value | undefined;
  readonly ports: readonly ContainerPort[];
  /** How many pods run at most, as the manifest says; a HorizontalPodAutoscaler may raise it. */
  readonly replicas: number;
  readonly hostNetwork: boolean;
}

export interface ContainerPort {
  readonly name: string | undefined;
  readonly port: number;
  readonly protocol: string;
}

/** One container of a pod template. */
export interface Container {
  readonly value: Value;
  readonly name: string;
  readonly image: string;
  readonly isInit: boolean;
  /** The pod template that holds it. */
  readonly template: Value;
}

/** The pod template of a workload; a Pod is its own. Missing for other kinds. */
export function podTemplate(resource: Resource): Value | undefined {
  switch (resource.qualifiedKind) {
    case 'Pod':
      return resource.root;
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'ReplicaSet':
    case 'Job':
      return resource.root.at('spec', 'template');
    case 'CronJob':
      return resource.root.at('spec', 'jobTemplate', 'spec', 'template');
    default:
      return undefined;
  }
}

/** Whether a webhook adds containers or volumes to the pods when they are made, as those of Vault and of meshes do. */
export function isInjected(resource: Resource): boolean {
  const metadata = podTemplate(resource)?.at('metadata');
  return ['annotations', 'labels'].some(field =>
    metadata
      ?.at(field)
      .entries()
      .some(([key, { text }]) => /inject|^dapr\.io\/enabled$/.test(key) && !/^(?:false|disabled)$/.test(text ?? '')),
  );
}

/** The containers of a workload, init containers first, in the order in which the kubelet starts them. */
export const containersOf: (resource: Resource) => readonly Container[] = perResource(resource => {
  const template = podTemplate(resource);
  return template ? [...containersIn(template, 'initContainers'), ...containersIn(template, 'containers')] : [];
});

/** Whether a container turns into metrics what another program says of itself, which its image is called after. */
export function isExporter({ image }: Container): boolean {
  return /exporter[^/:@]*(?:[:@]|$)/.test(image);
}

export const mainContainersOf: (resource: Resource) => readonly Container[] = perResource(resource =>
  containersOf(resource).filter(container => !container.isInit),
);

/** The first main container of a workload whose image is called after a program. */
export function containerRunning(resource: Resource, program: ImageProgram): Container | undefined {
  return mainContainersOf(resource).find(({ image }) => programOf(image) === program);
}

/** All pods that objects of a namespace make and a selector matches. Without a namespace, of every namespace. */
export function podsSelectedBy(
  workspace: Workspace,
  namespace: string | undefined,
  selector: Selector,
): readonly Pods[] {
  return selectedAt(workspace, namespace ?? everywhere, selector);
}

/** The pods that a selector matches and that name no namespace, so that they go where the tree is applied to. */
export function unplacedPodsSelectedBy(workspace: Workspace, selector: Selector): readonly Pods[] {
  return selectedAt(workspace, nowhere, selector);
}

function selectedAt(workspace: Workspace, place: string, selector: Selector): readonly Pods[] {
  const first = selector.requirements.find(({ operator, values }) => operator === 'In' && values.length === 1);
  const key = first ? labelKey(place, first.key, first.values[0] ?? '') : place;
  return workspace.lookup(podsByLabel, key).filter(pods => matches(selector, pods.labels));
}

/** All pods that are made in a namespace; without one, all of the tree. */
export function podsIn(workspace: Workspace, namespace?: string): readonly Pods[] {
  return workspace.lookup(podsByLabel, namespace ?? everywhere);
}

/** All pods that name no namespace. */
export function unplacedPods(workspace: Workspace): readonly Pods[] {
  return workspace.lookup(podsByLabel, nowhere);
}

/**
 * The pods a resource makes, from its template or, for known operators' kinds, as the operator makes them. As long as
 * they are the same, they are the same objects, so that pods can be told apart by identity.
 */
export const podsOf: (resource: Resource) => readonly Pods[] = perResource(resource => {
  const template = podTemplate(resource);
  return template ? [fromTemplate(resource, template)] : (operatorPods[resource.qualifiedKind]?.(resource) ?? []);
});

const podsByLabel: Index<Pods> = {
  name: 'pods by label',
  *resource(resource) {
    for (const pods of podsOf(resource)) {
      for (const place of [pods.namespace ?? nowhere, everywhere]) {
        yield [place, pods];
        for (const [key, value] of pods.labels) yield [labelKey(place, key, value), pods];
      }
    }
  },
};

/** Where pods are in the index, beside the namespace that they name; no namespace is called like these. */
const everywhere = '*';
const nowhere = '';

function labelKey(place: string, key: string, value: string): string {
  return `${place}\n${key}=${value}`;
}

function fromTemplate(resource: Resource, template: Value): Pods {
  const labels = new Map(labelsOf(template.at('metadata', 'labels')));
  // The Job controller labels its pods even when the template has no labels (Kubernetes: Job, "Pod template").
  if (resource.kind === 'Job') {
    labels.set('job-name', resource.name);
    labels.set('batch.kubernetes.io/job-name', resource.name);
  }
  // The Jobs of a CronJob are named after it and the time of the run, which no selector can know beforehand.
  if (resource.kind === 'CronJob') {
    labels.set('job-name', `${resource.name}-*`);
    labels.set('batch.kubernetes.io/job-name', `${resource.name}-*`);
  }
  if (resource.kind === 'StatefulSet' && replicasOf(resource) === 1)
    labels.set('statefulset.kubernetes.io/pod-name', `${resource.name}-0`);
  return {
    owner: resource,
    namespace: resource.namespace,
    labels,
    template,
    ports: containersOf(resource).flatMap(container => portsIn(container.value)),
    // Read when asked for, so that scaling concerns only those who count pods.
    get replicas() {
      return replicasOf(resource);
    },
    hostNetwork: template.at('spec', 'hostNetwork').boolean === true,
  };
}

/** `spec.replicas`, one where it is not written; one for kinds that have none. */
export function replicasOf(resource: Resource): number {
  return resource.root.at('spec', 'replicas').number ?? 1;
}

/** The ports that a container declares. */
export function portsIn(container: Value): readonly ContainerPort[] {
  return container
    .at('ports')
    .items()
    .map(port => ({
      name: port.at('name').text,
      port: port.at('containerPort').number ?? 0,
      protocol: port.at('protocol').text ?? 'TCP',
    }));
}

function containersIn(template: Value, list: 'containers' | 'initContainers'): readonly Container[] {
  return template
    .at('spec', list)
    .items()
    .map(value => containerAt(value, template, list === 'initContainers'));
}

/** The same object for as long as the container is there: what does not ask for its image need not know of another. */
function containerAt(value: Value, template: Value, isInit: boolean): Container {
  const known = containers.get(value.source) ?? [];
  const same = known.find(one => one.value.isAt(value));
  if (same) return same;
  const container: Container = {
    value,
    get name() {
      return value.at('name').text ?? '';
    },
    get image() {
      return value.at('image').text ?? '';
    },
    isInit,
    template,
  };
  containers.set(value.source, [...known, container]);
  return container;
}

const containers = new WeakMap<TreeSource, readonly Container[]>();

const operatorPods = table<(resource: Resource) => readonly Pods[]>({
  // Labels and ports: cloudnative-pg docs/src/labels_annotations.md and pkg/specs/pods.go.
  'Cluster.postgresql.cnpg.io': resource => [
    {
      owner: resource,
      namespace: resource.namespace,
      labels: new Map([
        ...labelsOf(resource.root.at('spec', 'inheritedMetadata', 'labels')),
        ['cnpg.io/cluster', resource.name],
        ['cnpg.io/podRole', 'instance'],
      ]),
      template: undefined,
      ports: [
        { name: 'postgresql', port: 5432, protocol: 'TCP' },
        { name: 'metrics', port: 9187, protocol: 'TCP' },
        { name: 'status', port: 8000, protocol: 'TCP' },
      ],
      replicas: resource.root.at('spec', 'instances').number ?? 1,
      hostNetwork: false,
    },
  ],
  'Pooler.postgresql.cnpg.io': resource => [
    {
      owner: resource,
      namespace: resource.namespace,
      labels: new Map([
        ...labelsOf(resource.root.at('spec', 'template', 'metadata', 'labels')),
        ['cnpg.io/poolerName', resource.name],
        ['cnpg.io/podRole', 'pooler'],
      ]),
      template: undefined,
      ports: [
        { name: 'pgbouncer', port: 5432, protocol: 'TCP' },
        { name: 'metrics', port: 9127, protocol: 'TCP' },
      ],
      replicas: resource.root.at('spec', 'instances').number ?? 1,
      hostNetwork: false,
    },
  ],
  // Labels: minio/operator pkg/apis/minio.min.io/v2/labels.go and helper.go.
  'Tenant.minio.min.io': resource =>
    resource.root
      .at('spec', 'pools')
      .items()
      .map((pool, index) => ({
        owner: resource,
        namespace: resource.namespace,
        labels: new Map([
          ...labelsOf(pool.at('labels')),
          ['v1.min.io/tenant', resource.name],
          ['v1.min.io/pool', pool.at('name').text ?? `pool-${index}`],
        ]),
        template: undefined,
        ports: [
          { name: 'minio-port', port: 9000, protocol: 'TCP' },
          { name: 'console', port: 9090, protocol: 'TCP' },
        ],
        replicas: pool.at('servers').number ?? 1,
        hostNetwork: false,
      })),
});
