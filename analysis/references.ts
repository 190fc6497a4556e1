import { decodedValue } from '../manifests/decoded-value';
import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { containersOf, podTemplate, workloadKinds } from './pods';

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
  /** Whether the kubelet uses it to pull images; a pod starts without it if the image is public. */
  readonly isPullSecret?: boolean;
}

export type ReferencedKind =
  | 'Secret'
  | 'ConfigMap'
  | 'PersistentVolumeClaim'
  | 'ServiceAccount'
  | 'Issuer'
  | 'ClusterIssuer'
  | 'StorageClass';

/** The consumer of a Secret with the logins that an Ingress asks for. */
export const basicAuthentication = 'basic authentication';

/** {@link referencesOf}, read once for all rules that ask. */
export function referencesIn(workspace: Workspace, resource: Resource): readonly Reference[] {
  return workspace.derive(referencesOf, resource);
}

/** Every reference from a resource to Secrets, ConfigMaps, claims, ServiceAccounts, issuers and storage classes. */
export function referencesOf(resource: Resource): readonly Reference[] {
  return [...podReferences(resource), ...(kindReferences[resource.qualifiedKind]?.(resource) ?? [])];
}

/** Kinds that refer to other objects in places that {@link referencesOf} knows. */
export const referringKinds: readonly string[] = [
  ...workloadKinds,
  'PersistentVolumeClaim',
  'ServiceAccount',
  'Ingress',
  'Gateway',
  ...traefikKinds(),
  'Certificate.cert-manager.io',
  'Issuer.cert-manager.io',
  'ClusterIssuer.cert-manager.io',
  'Cluster.postgresql.cnpg.io',
  'Tenant.minio.min.io',
  'ServiceMonitor.monitoring.coreos.com',
  'PodMonitor.monitoring.coreos.com',
];

/** A reference with the resource that holds it. */
export interface Referrer {
  readonly resource: Resource;
  readonly reference: Reference;
}

/** Who refers to an object. A reference from an object without a namespace may mean any. */
export function referrersOf(
  workspace: Workspace,
  kind: ReferencedKind,
  namespace: string | undefined,
  name: string,
): readonly Referrer[] {
  if (namespace === undefined) return workspace.lookup(referrers, referrerKey(kind, '*', name));
  return [
    ...workspace.lookup(referrers, referrerKey(kind, namespace, name)),
    ...workspace.lookup(referrers, referrerKey(kind, '', name)),
  ];
}

const referrers: Index<Referrer> = {
  name: 'referrers',
  *resource(resource) {
    for (const reference of referencesOf(resource)) {
      const { kind, namespace, name } = reference;
      const referrer = { resource, reference };
      yield [referrerKey(kind, namespace ?? '', name.text ?? ''), referrer];
      yield [referrerKey(kind, '*', name.text ?? ''), referrer];
    }
  },
};

function referrerKey(kind: ReferencedKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
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
    options: { key?: Value; optional?: boolean; pull?: boolean } = {},
  ): void => {
    if (name.string) {
      found.push({
        kind,
        namespace: resource.namespace,
        name,
        key: options.key,
        isOptional: options.optional === true,
        consumer,
        ...(options.pull ? { isPullSecret: true } : {}),
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
    for (const mount of container.value.at('volumeMounts').items()) {
      const file = mount.at('subPath');
      const volume = file.string
        ? spec
            .at('volumes')
            .items()
            .find(one => one.at('name').text === mount.at('name').text)
        : undefined;
      if (volume) addFile(volume, file, consumer, add);
    }
    for (const source of container.value.at('envFrom').items()) {
      for (const [field, kind] of wholeRefs) {
        const reference = source.at(field);
        if (reference.exists) add(kind, reference.at('name'), consumer, { optional: isOptional(reference) });
      }
    }
  }
  for (const volume of spec.at('volumes').items()) addVolume(volume, add);
  for (const secret of spec.at('imagePullSecrets').items()) add('Secret', secret.at('name'), 'the pod', { pull: true });
  for (const claim of resource.root.at('spec', 'volumeClaimTemplates').items())
    add('StorageClass', claim.at('spec', 'storageClassName'), `claim ${claim.at('metadata', 'name').text ?? ''}`);
  add('ServiceAccount', spec.at('serviceAccountName'), 'the pod');
  return found;
}

type Add = (
  kind: ReferencedKind,
  name: Value,
  consumer: string,
  options?: { key?: Value; optional?: boolean; pull?: boolean },
) => void;

/** A single file of a volume: without `items` it is a key. */
function addFile(volume: Value, file: Value, consumer: string, add: Add): void {
  for (const [field, kind, name] of [
    ['secret', 'Secret', 'secretName'],
    ['configMap', 'ConfigMap', 'name'],
  ] as const) {
    const source = volume.at(field);
    if (source.exists && !source.at('items').exists)
      add(kind, source.at(name), consumer, { key: file, optional: isOptional(source) });
  }
}

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
  add('StorageClass', volume.at('ephemeral', 'volumeClaimTemplate', 'spec', 'storageClassName'), consumer);
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
  PersistentVolumeClaim: claim =>
    reference(claim, 'StorageClass', claim.root.at('spec', 'storageClassName'), undefined, 'the claim'),
  ServiceAccount: account => [
    ...account.root
      .at('imagePullSecrets')
      .items()
      .flatMap(secret => reference(account, 'Secret', secret.at('name'), undefined, 'the ServiceAccount'))
      .map(one => ({ ...one, isPullSecret: true })),
  ],
  Ingress: ingress => {
    return [
      ...ingress.root
        .at('spec', 'tls')
        .items()
        .flatMap(tls => reference(ingress, 'Secret', tls.at('secretName'), undefined, 'TLS')),
      ...ingressSecret(ingress, 'auth-secret', basicAuthentication),
      ...ingressSecret(ingress, 'auth-tls-secret', 'client authentication'),
      ...ingressSecret(ingress, 'proxy-ssl-secret', 'TLS to the backend'),
      ...annotatedIssuer(ingress),
    ];
  },
  // gateway-api.sigs.k8s.io reference, SecretObjectReference: a Secret of the core group by default.
  Gateway: gateway => [
    ...annotatedIssuer(gateway),
    ...gateway.root
      .at('spec', 'listeners')
      .items()
      .flatMap(listener => listener.at('tls', 'certificateRefs').items())
      .filter(one => (one.at('kind').text ?? 'Secret') === 'Secret' && !one.at('group').string)
      .flatMap(one =>
        reference(gateway, 'Secret', one.at('name'), undefined, 'TLS').map(found => ({
          ...found,
          namespace: one.at('namespace').string ?? found.namespace,
        })),
      ),
  ],
  ...traefikReferences(),
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
  // cert-manager documentation, CA: the Secret of a ClusterIssuer is in the namespace of cert-manager itself.
  'Issuer.cert-manager.io': issuerSecrets,
  'ClusterIssuer.cert-manager.io': issuerSecrets,
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
      ...['initdb', 'recovery', 'pg_basebackup'].flatMap(method =>
        reference(cluster, 'Secret', spec.at('bootstrap', method, 'secret', 'name'), undefined, method),
      ),
      ...['postInitSQLRefs', 'postInitApplicationSQLRefs', 'postInitTemplateSQLRefs'].flatMap(field => {
        const refs = spec.at('bootstrap', 'initdb', field);
        return [
          ...refs
            .at('secretRefs')
            .items()
            .map(ref => ({ kind: 'Secret' as const, ref })),
          ...refs
            .at('configMapRefs')
            .items()
            .map(ref => ({ kind: 'ConfigMap' as const, ref })),
        ].flatMap(({ kind, ref }) => reference(cluster, kind, ref.at('name'), ref.at('key'), field));
      }),
      ...['serverCASecret', 'serverTLSSecret', 'clientCASecret', 'replicationTLSSecret'].flatMap(field =>
        reference(cluster, 'Secret', spec.at('certificates', field), undefined, field),
      ),
      ...stores.flatMap(store =>
        reference(cluster, 'Secret', store.at('endpointCA', 'name'), store.at('endpointCA', 'key'), 'endpointCA'),
      ),
      ...spec
        .at('externalClusters')
        .items()
        .flatMap(external =>
          ['password', 'sslCert', 'sslKey', 'sslRootCert'].flatMap(field =>
            reference(cluster, 'Secret', external.at(field, 'name'), external.at(field, 'key'), 'externalClusters'),
          ),
        ),
      ...stores.flatMap(store =>
        ['accessKeyId', 'secretAccessKey', 'region', 'sessionToken'].flatMap(field => {
          const credential = store.at('s3Credentials', field);
          return reference(cluster, 'Secret', credential.at('name'), credential.at('key'), 's3Credentials');
        }),
      ),
      ...['storage', 'walStorage'].flatMap(field =>
        reference(cluster, 'StorageClass', spec.at(field, 'storageClass'), undefined, field),
      ),
      ...spec
        .at('imagePullSecrets')
        .items()
        .flatMap(secret => reference(cluster, 'Secret', secret.at('name'), undefined, 'the Cluster'))
        .map(one => ({ ...one, isPullSecret: true })),
      ...spec
        .at('externalClusters')
        .items()
        .flatMap(external =>
          ['password', 'sslKey', 'sslCert', 'sslRootCert'].flatMap(field => {
            const secret = external.at(field);
            return reference(
              cluster,
              'Secret',
              secret.at('name'),
              secret.at('key'),
              `external cluster ${external.at('name').text ?? ''}`,
            );
          }),
        ),
      ...spec
        .at('monitoring', 'customQueriesConfigMap')
        .items()
        // The operator itself copies this one into the namespace (cloudnative-pg docs/src/monitoring.md).
        .filter(queries => queries.at('name').string !== 'cnpg-default-monitoring')
        .flatMap(queries =>
          reference(cluster, 'ConfigMap', queries.at('name'), queries.at('key'), 'customQueriesConfigMap'),
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
      ...['externalCertSecret', 'externalCaCertSecret'].flatMap(field =>
        spec
          .at(field)
          .items()
          .flatMap(secret => reference(tenant, 'Secret', secret.at('name'), undefined, field)),
      ),
      ...spec
        .at('env')
        .items()
        .flatMap(variable =>
          keyRefs.flatMap(([field, kind]) => {
            const source = variable.at('valueFrom', field);
            return isOptional(source) ? [] : reference(tenant, kind, source.at('name'), source.at('key'), 'the Tenant');
          }),
        ),
      ...reference(tenant, 'Secret', spec.at('imagePullSecret', 'name'), undefined, 'the Tenant').map(one => ({
        ...one,
        isPullSecret: true,
      })),
      ...spec
        .at('pools')
        .items()
        .flatMap(pool =>
          reference(
            tenant,
            'StorageClass',
            pool.at('volumeClaimTemplate', 'spec', 'storageClassName'),
            undefined,
            `pool ${pool.at('name').text ?? ''}`,
          ),
        ),
    ];
  },
  'ServiceMonitor.monitoring.coreos.com': monitorSecrets,
  'PodMonitor.monitoring.coreos.com': monitorSecrets,
};

/**
 * A Secret that an annotation of ingress-nginx names, by itself or as `namespace/name` (kubernetes.github.io/ingress-nginx,
 * Annotations: Authentication, Client Certificate Authentication, Backend Certificate Authentication).
 */
function ingressSecret(ingress: Resource, annotation: string, consumer: string): readonly Reference[] {
  const written = ingress.root.at('metadata', 'annotations', `nginx.ingress.kubernetes.io/${annotation}`);
  const [namespace, name] = written.string?.split('/') ?? [];
  if (name === undefined) return reference(ingress, 'Secret', written, undefined, consumer);
  // What other namespaces hold, the tree need not show.
  if (namespace !== ingress.namespace) return [];
  return reference(ingress, 'Secret', decodedValue(written, afterSlash), undefined, consumer);
}

const afterSlash = (text: string): string => text.slice(text.indexOf('/') + 1);

/**
 * The issuer that cert-manager is told by annotations. Those of other groups are made by other controllers (cert-manager
 * documentation, Annotated Ingress resource and Annotated Gateway resource).
 */
function annotatedIssuer(resource: Resource): readonly Reference[] {
  const annotations = resource.root.at('metadata', 'annotations');
  const consumer = `the ${resource.kind}`;
  const kind = annotations.at('cert-manager.io/issuer-kind').text === 'ClusterIssuer' ? 'ClusterIssuer' : 'Issuer';
  return [
    ...reference(resource, 'ClusterIssuer', annotations.at('cert-manager.io/cluster-issuer'), undefined, consumer),
    ...((annotations.at('cert-manager.io/issuer-group').text ?? 'cert-manager.io') === 'cert-manager.io'
      ? reference(resource, kind, annotations.at('cert-manager.io/issuer'), undefined, consumer)
      : []),
  ];
}

/** Traefik's own kinds; the second group is that of Traefik 2 (doc.traefik.io, migration from v2 to v3). */
function traefikKinds(): readonly string[] {
  const kinds = ['IngressRoute', 'IngressRouteTCP', 'TLSStore', 'TLSOption', 'Middleware', 'ServersTransport'];
  return ['traefik.io', 'traefik.containo.us'].flatMap(group => kinds.map(kind => `${kind}.${group}`));
}

function traefikReferences(): Readonly<Record<string, (resource: Resource) => readonly Reference[]>> {
  return Object.fromEntries(traefikKinds().map(kind => [kind, secretsOfTraefik]));
}

/** The Secrets of the kinds that doc.traefik.io lists under "Kubernetes CRD"; each kind has some of these fields. */
function secretsOfTraefik(resource: Resource): readonly Reference[] {
  const spec = resource.root.at('spec');
  const tls = [
    spec.at('tls', 'secretName'),
    spec.at('defaultCertificate', 'secretName'),
    ...spec
      .at('certificates')
      .items()
      .map(one => one.at('secretName')),
    ...spec.at('clientAuth', 'secretNames').items(),
    ...spec.at('certificatesSecrets').items(),
    ...spec.at('rootCAsSecrets').items(),
    ...spec
      .at('rootCAs')
      .items()
      .map(one => one.at('secret')),
    spec.at('forwardAuth', 'tls', 'caSecret'),
    spec.at('forwardAuth', 'tls', 'certSecret'),
  ];
  const logins = [spec.at('basicAuth', 'secret'), spec.at('digestAuth', 'secret')];
  return [
    ...tls.flatMap(name => reference(resource, 'Secret', name, undefined, 'TLS')),
    ...logins.flatMap(name => reference(resource, 'Secret', name, undefined, 'authentication')),
  ];
}

/** The CA of an issuer, and the credentials of its DNS providers (cert-manager documentation, DNS01). */
function issuerSecrets(issuer: Resource): readonly Reference[] {
  const spec = issuer.root.at('spec');
  const providers = spec
    .at('acme', 'solvers')
    .items()
    .flatMap(solver => solver.at('dns01').entries())
    .flatMap(([, provider]) => provider.entries())
    .filter(([field]) => /SecretRef$/.test(field));
  return [
    ...reference(issuer, 'Secret', spec.at('ca', 'secretName'), undefined, `the ${issuer.kind}`),
    ...providers.flatMap(([, secret]) =>
      reference(issuer, 'Secret', secret.at('name'), secret.at('key'), 'the DNS01 solver'),
    ),
  ];
}

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
