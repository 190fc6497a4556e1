import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import { containersOf, podTemplate } from './pods';

/** A place where one object names another, or a key of it. */
export interface Reference {
  readonly kind: ReferencedKind;
  readonly namespace: string | undefined;
  readonly name: Value;
  /** The key that has to be in the Secret or ConfigMap; missing when the whole object is meant. */
  readonly key: Value | undefined;
  readonly isOptional: boolean;
  /** Who needs it, for messages: `container synapse`, `volume config`. */
  readonly consumer: string;
}

export type ReferencedKind =
  | 'Secret'
  | 'ConfigMap'
  | 'PersistentVolumeClaim'
  | 'ServiceAccount'
  | 'Issuer'
  | 'ClusterIssuer';

/** Every reference from a resource to Secrets, ConfigMaps, claims, ServiceAccounts and issuers. */
export function referencesOf(resource: Resource): readonly Reference[] {
  return [...podReferences(resource), ...(kindReferences[resource.qualifiedKind]?.(resource) ?? [])];
}

function podReferences(resource: Resource): readonly Reference[] {
  const template = podTemplate(resource);
  if (!template) return [];
  const spec = template.at('spec');
  const found: Reference[] = [];
  const add = (
    kind: ReferencedKind,
    name: Value,
    consumer: string,
    options: { key?: Value; optional?: boolean } = {},
  ): void => {
    if (name.string !== undefined) {
      found.push({
        kind,
        namespace: resource.namespace,
        name,
        key: options.key,
        isOptional: options.optional === true,
        consumer,
      });
    }
  };
  for (const container of containersOf(resource)) {
    const consumer = `${container.isInit ? 'init container' : 'container'} ${container.name}`;
    for (const variable of container.value.at('env').items()) {
      for (const [field, kind] of keyRefs) {
        const reference = variable.at('valueFrom', field);
        if (reference.exists)
          add(kind, reference.at('name'), consumer, { key: reference.at('key'), optional: isOptional(reference) });
      }
    }
    for (const source of container.value.at('envFrom').items()) {
      for (const [field, kind] of wholeRefs) {
        const reference = source.at(field);
        if (reference.exists) add(kind, reference.at('name'), consumer, { optional: isOptional(reference) });
      }
    }
  }
  for (const volume of spec.at('volumes').items()) addVolume(volume, add);
  for (const secret of spec.at('imagePullSecrets').items()) add('Secret', secret.at('name'), 'imagePullSecrets');
  add('ServiceAccount', spec.at('serviceAccountName'), 'the pod');
  return found;
}

type Add = (kind: ReferencedKind, name: Value, consumer: string, options?: { key?: Value; optional?: boolean }) => void;

function addVolume(volume: Value, add: Add): void {
  const consumer = `volume ${volume.at('name').text ?? ''}`;
  const withItems = (kind: ReferencedKind, name: Value, source: Value): void => {
    const optional = isOptional(source);
    const items = source.at('items').items();
    if (items.length === 0) add(kind, name, consumer, { optional });
    for (const item of items) add(kind, name, consumer, { key: item.at('key'), optional });
  };
  if (volume.at('secret').exists) withItems('Secret', volume.at('secret', 'secretName'), volume.at('secret'));
  if (volume.at('configMap').exists) withItems('ConfigMap', volume.at('configMap', 'name'), volume.at('configMap'));
  for (const source of volume.at('projected', 'sources').items()) {
    if (source.at('secret').exists) withItems('Secret', source.at('secret', 'name'), source.at('secret'));
    if (source.at('configMap').exists) withItems('ConfigMap', source.at('configMap', 'name'), source.at('configMap'));
  }
  if (volume.at('persistentVolumeClaim').exists)
    add('PersistentVolumeClaim', volume.at('persistentVolumeClaim', 'claimName'), consumer);
}

const keyRefs = [
  ['secretKeyRef', 'Secret'],
  ['configMapKeyRef', 'ConfigMap'],
] as const;
const wholeRefs = [
  ['secretRef', 'Secret'],
  ['configMapRef', 'ConfigMap'],
] as const;

function isOptional(reference: Value): boolean {
  return reference.at('optional').boolean === true;
}

const kindReferences: Readonly<Record<string, (resource: Resource) => readonly Reference[]>> = {
  Ingress: ingress => {
    const annotations = ingress.root.at('metadata', 'annotations');
    const auth = annotations.at('nginx.ingress.kubernetes.io/auth-secret');
    return [
      ...ingress.root
        .at('spec', 'tls')
        .items()
        .flatMap(tls => reference(ingress, 'Secret', tls.at('secretName'), undefined, 'TLS')),
      ...(auth.string?.includes('/') ? [] : reference(ingress, 'Secret', auth, undefined, 'basic authentication')),
      ...reference(
        ingress,
        'ClusterIssuer',
        annotations.at('cert-manager.io/cluster-issuer'),
        undefined,
        'the Ingress',
      ),
      ...reference(ingress, 'Issuer', annotations.at('cert-manager.io/issuer'), undefined, 'the Ingress'),
    ];
  },
  'Certificate.cert-manager.io': certificate => {
    const issuer = certificate.root.at('spec', 'issuerRef');
    const group = issuer.at('group').string ?? 'cert-manager.io';
    if (group !== 'cert-manager.io') return [];
    return reference(
      certificate,
      issuer.at('kind').string === 'ClusterIssuer' ? 'ClusterIssuer' : 'Issuer',
      issuer.at('name'),
      undefined,
      'the Certificate',
    );
  },
  'Cluster.postgresql.cnpg.io': cluster => {
    const spec = cluster.root.at('spec');
    const stores = [
      spec.at('backup', 'barmanObjectStore'),
      ...spec
        .at('externalClusters')
        .items()
        .map(external => external.at('barmanObjectStore')),
    ];
    return [
      ...reference(cluster, 'Secret', spec.at('superuserSecret', 'name'), undefined, 'superuserSecret'),
      ...reference(cluster, 'Secret', spec.at('bootstrap', 'initdb', 'secret', 'name'), undefined, 'initdb'),
      ...stores.flatMap(store =>
        ['accessKeyId', 'secretAccessKey', 'region', 'sessionToken'].flatMap(field => {
          const credential = store.at('s3Credentials', field);
          return reference(cluster, 'Secret', credential.at('name'), credential.at('key'), 's3Credentials');
        }),
      ),
      ...spec
        .at('managed', 'roles')
        .items()
        .flatMap(role =>
          reference(
            cluster,
            'Secret',
            role.at('passwordSecret', 'name'),
            undefined,
            `role ${role.at('name').text ?? ''}`,
          ),
        ),
    ];
  },
  'Tenant.minio.min.io': tenant => {
    const spec = tenant.root.at('spec');
    return [
      ...reference(tenant, 'Secret', spec.at('configuration', 'name'), undefined, 'configuration'),
      ...spec
        .at('users')
        .items()
        .flatMap(user => reference(tenant, 'Secret', user.at('name'), undefined, 'users')),
      ...spec
        .at('externalCertSecret')
        .items()
        .flatMap(secret => reference(tenant, 'Secret', secret.at('name'), undefined, 'externalCertSecret')),
    ];
  },
  'ServiceMonitor.monitoring.coreos.com': monitorSecrets,
  'PodMonitor.monitoring.coreos.com': monitorSecrets,
};

function monitorSecrets(monitor: Resource): readonly Reference[] {
  const endpoints = [
    ...monitor.root.at('spec', 'endpoints').items(),
    ...monitor.root.at('spec', 'podMetricsEndpoints').items(),
  ];
  return endpoints.flatMap(endpoint =>
    [
      endpoint.at('basicAuth', 'username'),
      endpoint.at('basicAuth', 'password'),
      endpoint.at('bearerTokenSecret'),
      endpoint.at('authorization', 'credentials'),
    ].flatMap(secret => reference(monitor, 'Secret', secret.at('name'), secret.at('key'), 'the scrape endpoint')),
  );
}

function reference(
  resource: Resource,
  kind: ReferencedKind,
  name: Value,
  key: Value | undefined,
  consumer: string,
): readonly Reference[] {
  return name.string ? [{ kind, namespace: resource.namespace, name, key, isOptional: false, consumer }] : [];
}
