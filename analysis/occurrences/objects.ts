import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { PathKey, Value } from '../../manifests/value';
import { podTemplate } from '../pods';
import { referencesOf } from '../references';
import { routesOfIngress } from '../routes/ingress';
import { keySubject, type Occurrence, objectSubject, ofKey, ofScalar } from './occurrence';

/** The names of objects and of their keys that a resource itself says: its own, and those of what it refers to. */
export function* objectsIn(resource: Resource): Iterable<Occurrence> {
  const { namespace, root } = resource;
  const name = root.at('metadata', 'name');
  yield* ofScalar(objectSubject(resource.qualifiedKind, namespace, resource.name), name, 'definition');
  const own = root.at('metadata', 'namespace');
  if (own.text) yield* ofScalar(objectSubject('Namespace', undefined, own.text), own, 'reference');
  if (resource.qualifiedKind === 'Secret' || resource.qualifiedKind === 'ConfigMap') yield* keysOf(resource);
  const seen = new Set<string>();
  for (const { kind, name: referred, key } of referencesOf(resource)) {
    if (referred.parent?.name === 'annotations' && kind === 'Secret') continue;
    const target = qualified[kind] ?? kind;
    // A volume with several items refers to its object once for each of them.
    if (!seen.has(placeKey(referred))) {
      seen.add(placeKey(referred));
      yield* ofScalar(objectSubject(target, namespace, referred.text ?? ''), referred, 'reference');
    }
    if (key?.text) yield* ofScalar(keySubject(kind, namespace, referred.text ?? '', key.text), key, 'reference');
  }
  yield* backendsOf(resource);
  yield* annotatedIn(resource);
  for (const value of generatedNames[resource.qualifiedKind]?.(resource) ?? [])
    yield* ofScalar(objectSubject('Secret', namespace, value.text ?? ''), value, 'definition');
  for (const { at, kind, from } of fields) {
    const start = from(resource);
    if (!start) continue;
    for (const value of valuesAt(start, at)) {
      const target = typeof kind === 'string' ? kind : kind(value);
      if (target && value.text)
        yield* ofScalar(objectSubject(target, namespaceBeside(value, namespace), value.text), value, 'reference');
    }
  }
}

function* keysOf(resource: Resource): Iterable<Occurrence> {
  for (const field of ['data', 'stringData', 'binaryData']) {
    for (const [key, entry] of resource.root.at(field).entries())
      yield ofKey(keySubject(resource.qualifiedKind, resource.namespace, resource.name, key), entry, 'definition');
  }
}

function* backendsOf(resource: Resource): Iterable<Occurrence> {
  if (resource.qualifiedKind !== 'Ingress') return;
  for (const { service } of routesOfIngress(resource))
    if (service.text) yield* ofScalar(objectSubject('Service', resource.namespace, service.text), service, 'reference');
}

/** Annotations of ingress-nginx that name Services and Secrets (its documentation, "Annotations"). */
function* annotatedIn(resource: Resource): Iterable<Occurrence> {
  if (resource.qualifiedKind !== 'Ingress') return;
  const annotations = resource.root.at('metadata', 'annotations');
  for (const [annotation, kind] of namingAnnotations) {
    const value = annotations.at(`nginx.ingress.kubernetes.io/${annotation}`);
    for (const match of (value.text ?? '').matchAll(/(?:([\w.-]+)\/)?([\w.-]+)/g)) {
      const [whole, namespace, name = ''] = match;
      const end = match.index + whole.length;
      yield {
        subject: objectSubject(kind, namespace ?? resource.namespace, name),
        at: value.part(end - name.length, end),
        role: 'reference',
      };
    }
  }
}

const namingAnnotations = [
  ['websocket-services', 'Service'],
  ['default-backend', 'Service'],
  ['auth-secret', 'Secret'],
  ['auth-tls-secret', 'Secret'],
  ['proxy-ssl-secret', 'Secret'],
] as const;

/** Secrets that a controller makes under a name that the object states. */
const generatedNames = table<(resource: Resource) => readonly Value[]>({
  'Certificate.cert-manager.io': one => [one.root.at('spec', 'secretName')],
  'Issuer.cert-manager.io': one => [one.root.at('spec', 'acme', 'privateKeySecretRef', 'name')],
  'ClusterIssuer.cert-manager.io': one => [one.root.at('spec', 'acme', 'privateKeySecretRef', 'name')],
  'ExternalSecret.external-secrets.io': one => [one.root.at('spec', 'target', 'name')],
  'VaultStaticSecret.secrets.hashicorp.com': one => [one.root.at('spec', 'destination', 'name')],
});

interface Field {
  /** The way from where `from` begins; `*` stands for every item. */
  readonly at: readonly PathKey[];
  /** The kind that the name is of, or how to tell from the value. */
  readonly kind: string | ((value: Value) => string | undefined);
  from(resource: Resource): Value | undefined;
}

const inPod = (resource: Resource): Value | undefined => podTemplate(resource)?.at('spec');
const inSpec =
  (...kinds: readonly string[]) =>
  (resource: Resource): Value | undefined =>
    kinds.includes(resource.qualifiedKind) ? resource.root.at('spec') : undefined;
const inRoot =
  (...kinds: readonly string[]) =>
  (resource: Resource): Value | undefined =>
    kinds.includes(resource.qualifiedKind) ? resource.root : undefined;
/** The kind beside the name, with the group of its API: `scaleTargetRef`, `subjects`, `roleRef`. */
const kindBeside = (value: Value): string | undefined => {
  const kind = value.parent?.at('kind').text;
  const group = value.parent?.at('apiGroup').text ?? value.parent?.at('apiVersion').text?.split('/')[0] ?? '';
  return kind && (group.includes('.') && !group.endsWith('.k8s.io') ? `${kind}.${group}` : kind);
};
const cluster = 'Cluster.postgresql.cnpg.io';

/** Names of objects that no rule needs to find, so that the table of references does not have them. */
const fields: readonly Field[] = [
  { from: inPod, at: ['priorityClassName'], kind: 'PriorityClass' },
  { from: inPod, at: ['runtimeClassName'], kind: 'RuntimeClass' },
  { from: inSpec('StatefulSet'), at: ['serviceName'], kind: 'Service' },
  { from: inSpec('Ingress'), at: ['ingressClassName'], kind: 'IngressClass' },
  { from: inSpec('PersistentVolumeClaim'), at: ['volumeName'], kind: 'PersistentVolume' },
  { from: inSpec('PersistentVolume'), at: ['claimRef', 'name'], kind: 'PersistentVolumeClaim' },
  { from: inSpec('PersistentVolume'), at: ['storageClassName'], kind: 'StorageClass' },
  { from: inSpec('HorizontalPodAutoscaler'), at: ['scaleTargetRef', 'name'], kind: kindBeside },
  { from: inSpec('VerticalPodAutoscaler'), at: ['targetRef', 'name'], kind: kindBeside },
  { from: inRoot('RoleBinding', 'ClusterRoleBinding'), at: ['roleRef', 'name'], kind: kindBeside },
  {
    from: inRoot('RoleBinding', 'ClusterRoleBinding'),
    at: ['subjects', '*', 'name'],
    kind: value => (value.parent?.at('kind').text === 'ServiceAccount' ? 'ServiceAccount' : undefined),
  },
  { from: inRoot('RoleBinding', 'ClusterRoleBinding'), at: ['subjects', '*', 'namespace'], kind: 'Namespace' },
  { from: inSpec('Pooler.postgresql.cnpg.io'), at: ['cluster', 'name'], kind: cluster },
  {
    from: inSpec('ScheduledBackup.postgresql.cnpg.io', 'Backup.postgresql.cnpg.io'),
    at: ['cluster', 'name'],
    kind: cluster,
  },
  { from: inSpec('Database.postgresql.cnpg.io'), at: ['cluster', 'name'], kind: cluster },
  {
    from: inSpec('ServiceMonitor.monitoring.coreos.com', 'PodMonitor.monitoring.coreos.com'),
    at: ['namespaceSelector', 'matchNames', '*'],
    kind: 'Namespace',
  },
  {
    from: inSpec('ExternalSecret.external-secrets.io'),
    at: ['secretStoreRef', 'name'],
    kind: value => `${value.parent?.at('kind').text ?? 'SecretStore'}.external-secrets.io`,
  },
  {
    from: inSpec('HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'),
    at: ['rules', '*', 'backendRefs', '*', 'name'],
    kind: value => value.parent?.at('kind').text ?? 'Service',
  },
  {
    from: inSpec('HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'),
    at: ['parentRefs', '*', 'name'],
    kind: value => value.parent?.at('kind').text ?? 'Gateway',
  },
  {
    from: inRoot('ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'),
    at: ['webhooks', '*', 'clientConfig', 'service', 'name'],
    kind: 'Service',
  },
];

/** The kinds of references that need their group, to be told from others of that name. */
const qualified = table<string>({
  Issuer: 'Issuer.cert-manager.io',
  ClusterIssuer: 'ClusterIssuer.cert-manager.io',
});

/** A reference may name a namespace beside the name; else it means its own. */
function namespaceBeside(value: Value, own: string | undefined): string | undefined {
  return value.parent?.at('namespace').text ?? own;
}

function* valuesAt(from: Value, path: readonly PathKey[]): Iterable<Value> {
  const [step, ...rest] = path;
  if (step === undefined) yield from;
  else if (step === '*') for (const item of from.items()) yield* valuesAt(item, rest);
  else yield* valuesAt(from.at(step), rest);
}

function placeKey(value: Value): string {
  return value.path.join('\n');
}
