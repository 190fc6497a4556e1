import { podTemplate } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { insertEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { removedApi } from '../kubernetes/removed-apis';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'crd-required-field-missing',
  items: [],
  severity: 'error',
  summary: 'An object lacks a field that its kind asks for.',
  why: 'The API server refuses the object, so it does not come to be, and neither does what depends on it.',
  remedy: 'Add the field.',
  traps: [
    'Patches of a kustomization have only what they change, and are not looked at.',
    'Only fields are asked for that nothing fills in by default. Versions that are gone filled in the selector of a workload and the `pathType` of an Ingress; there only the version is told.',
  ],
  sources: [
    'Kubernetes API reference: fields marked as required, and pkg/apis/*/validation for pod templates and Jobs',
    'CloudNativePG API reference; MinIO Operator docs/tenant_crd.adoc; cert-manager and Prometheus Operator API references',
  ],
  examples: {
    bad: `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: init-db
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: init-db}
          spec:
      #   ^^^^ 💡 error: Job init-db lacks spec.template.spec.restartPolicy
            containers:
              - name: psql
                image: postgres:16
    `,
    good: `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: init-db
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: init-db}
          spec:
            containers:
              - name: psql
                image: postgres:16
            restartPolicy: OnFailure
    `,
  },
  kinds: ['*'],
  *check(resource, workspace) {
    const isOld = removedApi(resource.apiVersion, resource.kind) !== undefined;
    for (const path of requiredOf[resource.qualifiedKind] ?? [])
      if (!isOld || !filledInBefore.has(path)) yield* missingIn(resource, path.split('.'), workspace);
    const template = podTemplate(resource);
    if (template) {
      const to = template.path.slice(resource.root.path.length).map(String);
      for (const path of requiredOfPods) yield* missingIn(resource, [...to, ...path.split('.')], workspace);
    }
    if (resource.kind === 'Job' || resource.kind === 'CronJob') yield* restartPolicy(resource);
    if (resource.qualifiedKind === 'Cluster.postgresql.cnpg.io') yield* storage(resource);
  },
} satisfies Rule;

/** Qualified kind → paths; a star stands for each item of a list. A path counts where all but its last step is there. */
const requiredOf = table<readonly string[]>({
  Deployment: ['spec', 'spec.selector', 'spec.template'],
  StatefulSet: [
    'spec',
    'spec.selector',
    'spec.template',
    'spec.volumeClaimTemplates.*.metadata.name',
    'spec.volumeClaimTemplates.*.spec.accessModes',
    'spec.volumeClaimTemplates.*.spec.resources',
    'spec.volumeClaimTemplates.*.spec.resources.requests',
    'spec.volumeClaimTemplates.*.spec.resources.requests.storage',
  ],
  DaemonSet: ['spec', 'spec.selector', 'spec.template'],
  Job: ['spec', 'spec.template', 'spec.template.spec'],
  CronJob: ['spec', 'spec.schedule', 'spec.jobTemplate', 'spec.jobTemplate.spec.template'],
  Service: ['spec.ports.*.port'],
  PersistentVolumeClaim: [
    'spec',
    'spec.accessModes',
    'spec.resources',
    'spec.resources.requests',
    'spec.resources.requests.storage',
  ],
  Ingress: [
    'spec.rules.*.http.paths',
    'spec.rules.*.http.paths.*.pathType',
    'spec.rules.*.http.paths.*.backend',
    'spec.rules.*.http.paths.*.backend.service.name',
    'spec.rules.*.http.paths.*.backend.service.port',
  ],
  HorizontalPodAutoscaler: [
    'spec',
    'spec.maxReplicas',
    'spec.scaleTargetRef',
    'spec.scaleTargetRef.kind',
    'spec.scaleTargetRef.name',
  ],
  RoleBinding: ['roleRef', 'roleRef.kind', 'roleRef.name', 'subjects.*.kind', 'subjects.*.name'],
  ClusterRoleBinding: ['roleRef', 'roleRef.kind', 'roleRef.name', 'subjects.*.kind', 'subjects.*.name'],
  Role: ['rules.*.verbs'],
  ClusterRole: ['rules.*.verbs'],
  'Cluster.postgresql.cnpg.io': ['spec'],
  'ScheduledBackup.postgresql.cnpg.io': ['spec', 'spec.schedule', 'spec.cluster', 'spec.cluster.name'],
  'Pooler.postgresql.cnpg.io': ['spec', 'spec.cluster', 'spec.cluster.name', 'spec.pgbouncer'],
  'Database.postgresql.cnpg.io': ['spec', 'spec.name', 'spec.owner', 'spec.cluster', 'spec.cluster.name'],
  'Tenant.minio.min.io': [
    'spec',
    'spec.pools',
    'spec.pools.*.servers',
    'spec.pools.*.volumesPerServer',
    'spec.pools.*.volumeClaimTemplate',
    'spec.pools.*.volumeClaimTemplate.spec.accessModes',
  ],
  'ServiceMonitor.monitoring.coreos.com': ['spec', 'spec.selector', 'spec.endpoints'],
  'PodMonitor.monitoring.coreos.com': ['spec', 'spec.selector'],
  'PrometheusRule.monitoring.coreos.com': ['spec.groups.*.name', 'spec.groups.*.rules.*.expr'],
  'Certificate.cert-manager.io': ['spec', 'spec.secretName', 'spec.issuerRef', 'spec.issuerRef.name'],
  'Issuer.cert-manager.io': ['spec.acme.server', 'spec.acme.privateKeySecretRef', 'spec.ca.secretName'],
  'ClusterIssuer.cert-manager.io': ['spec.acme.server', 'spec.acme.privateKeySecretRef', 'spec.ca.secretName'],
});

/** What the versions before apps/v1 and networking.k8s.io/v1 defaulted (pkg/apis/extensions/v1beta1/defaults.go). */
const filledInBefore: ReadonlySet<string> = new Set(['spec.selector', 'spec.rules.*.http.paths.*.pathType']);

const requiredOfContainers = [
  'name',
  'image',
  'env.*.name',
  'env.*.valueFrom.secretKeyRef.key',
  'env.*.valueFrom.configMapKeyRef.key',
  'env.*.valueFrom.fieldRef.fieldPath',
  'ports.*.containerPort',
  'volumeMounts.*.name',
  'volumeMounts.*.mountPath',
] as const;

/** What the validation of pod templates asks for (pkg/apis/core/validation). */
const requiredOfPods = [
  'spec',
  'spec.containers',
  'spec.volumes.*.name',
  ...['containers', 'initContainers'].flatMap(list => requiredOfContainers.map(field => `spec.${list}.*.${field}`)),
];

function* missingIn(resource: Resource, path: readonly string[], workspace: Workspace): Iterable<Problem> {
  for (const { parent, trail } of parentsOf(resource.root, path.slice(0, -1), [])) {
    const field = path.at(-1) ?? '';
    const value = parent.at(field);
    if (parent.kind !== 'mapping' || (value.exists && !value.isNull) || parent.at('$patch').exists) continue;
    yield missing(resource, parent, [...trail, field], () => {
      const meant = value.exists ? undefined : valueFor(resource, trail, field, workspace);
      const edit = meant && insertEntry(parent, `${field}: ${meant}`);
      return edit ? [{ title: `Write ${field}: ${meant}`, safe: false, edits: [edit] }] : [];
    });
  }
}

/** What most objects have in a field; for the name of a cluster, the only one of the namespace. */
function valueFor(
  resource: Resource,
  trail: readonly PathKey[],
  field: string,
  workspace: Workspace,
): string | undefined {
  if (field === 'pathType') return 'Prefix';
  if (field === 'accessModes') return '[ReadWriteOnce]';
  if (field === 'name' && dotted(trail) === 'spec.cluster') {
    const clusters = workspace.resources(clusterKind).filter(one => one.namespace === resource.namespace);
    return clusters.length === 1 ? clusters[0]?.name : undefined;
  }
  return undefined;
}

function* parentsOf(
  value: Value,
  path: readonly string[],
  trail: readonly PathKey[],
): Iterable<{ readonly parent: Value; readonly trail: readonly PathKey[] }> {
  const [step, ...rest] = path;
  if (step === undefined) {
    yield { parent: value, trail };
  } else if (step === '*') {
    for (const [index, item] of value.items().entries()) yield* parentsOf(item, rest, [...trail, index]);
  } else if (value.at(step).exists) {
    yield* parentsOf(value.at(step), rest, [...trail, step]);
  }
}

/** The default, Always, is what pods of a Job must not have. */
function* restartPolicy(resource: Resource): Iterable<Problem> {
  const spec = podTemplate(resource)?.at('spec');
  if (spec?.kind !== 'mapping') return;
  if (spec.at('restartPolicy').exists) return;
  const trail = [...spec.path.slice(resource.root.path.length), 'restartPolicy'];
  yield missing(resource, spec, trail, () => {
    const edit = insertEntry(spec, 'restartPolicy: OnFailure');
    return edit ? [{ title: 'Set restartPolicy to OnFailure', safe: true, edits: [edit] }] : [];
  });
}

function* storage(cluster: Resource): Iterable<Problem> {
  const spec = cluster.root.at('spec');
  const size = spec.at('storage', 'size');
  const template = spec.at('storage', 'pvcTemplate', 'resources', 'requests', 'storage');
  if (spec.kind !== 'mapping' || size.exists || template.exists) return;
  const parent = spec.at('storage').kind === 'mapping' ? spec.at('storage') : spec;
  yield missing(cluster, parent, ['spec', 'storage', 'size'], () => []);
}

function missing(resource: Resource, parent: Value, trail: readonly PathKey[], fixes: () => readonly Fix[]): Problem {
  const hasKey = parent.key.span.end > parent.key.span.start && typeof parent.name === 'string';
  return {
    at: hasKey
      ? parent.key
      : parent.at('name').exists
        ? parent.at('name')
        : parent === resource.root
          ? resource.root.at('metadata', 'name')
          : firstKey(parent),
    message: `${resource.kind} ${resource.name} lacks ${dotted(trail)}, so the API server refuses it — add it.`,
    fixes,
  };
}

/** An item of a list has no key of its own; its first one stands for it. */
function firstKey(item: Value): Value | Value['key'] {
  const [first] = item.entries();
  return first ? first[1].key : item;
}

function dotted(path: readonly PathKey[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`))
    .join('');
}
