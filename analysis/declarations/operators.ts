import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import { type Declaration, declaration } from './declaration';

type Maker = (resource: Resource) => Iterable<Declaration>;

/** What controllers make from an object, by its qualified kind. */
export const madeBy = table<Maker>({
  // cloudnative-pg docs/src/applications.md and docs/src/security.md; key names: pkg/specs/secrets.go.
  *'Cluster.postgresql.cnpg.io'(cluster) {
    const spec = cluster.root.at('spec');
    const secret = (suffix: string, keys: readonly string[]): Declaration =>
      declaration({
        kind: 'Secret',
        namespace: cluster.namespace,
        name: `${cluster.name}-${suffix}`,
        origin: 'operator',
        at: cluster.root.at('metadata', 'name'),
        keys,
        resource: cluster,
        by: 'CloudNativePG',
      });
    if (!spec.at('bootstrap', 'initdb', 'secret', 'name').exists) yield secret('app', userKeys);
    if (spec.at('enableSuperuserAccess').boolean === true && !spec.at('superuserSecret', 'name').exists)
      yield secret('superuser', userKeys);
    yield secret('ca', ['ca.crt', 'ca.key']);
    yield secret('server', ['tls.crt', 'tls.key']);
    yield secret('replication', ['tls.crt', 'tls.key']);
    // The operator makes a ServiceAccount for the instances (cloudnative-pg docs/src/security.md).
    yield declaration({
      kind: 'ServiceAccount',
      namespace: cluster.namespace,
      name: cluster.name,
      origin: 'operator',
      at: cluster.root.at('metadata', 'name'),
      resource: cluster,
      by: 'CloudNativePG',
    });
  },
  // minio/operator docs/tls.md: the operator stores the certificate it requested as <tenant>-tls.
  *'Tenant.minio.min.io'(tenant) {
    if (tenant.root.at('spec', 'requestAutoCert').boolean !== false) {
      yield declaration({
        kind: 'Secret',
        namespace: tenant.namespace,
        name: `${tenant.name}-tls`,
        origin: 'operator',
        at: tenant.root.at('metadata', 'name'),
        keys: ['public.crt', 'private.key'],
        resource: tenant,
        by: 'the MinIO Operator',
      });
    }
  },
  *'Application.argoproj.io'(application) {
    yield* ofArgo(application, application.root.at('spec'));
  },
  *'ApplicationSet.argoproj.io'(set) {
    yield* ofArgo(set, set.root.at('spec', 'template', 'spec'));
  },
  *'AppProject.argoproj.io'(project) {
    yield* ofArgo(project, undefined);
  },
  // cert-manager.io/docs: Certificate, Issuer, and the ingress-shim annotations.
  *'Certificate.cert-manager.io'(certificate) {
    const name = certificate.root.at('spec', 'secretName');
    if (name.string)
      yield declaration({
        kind: 'Secret',
        namespace: certificate.namespace,
        name: name.string,
        origin: 'operator',
        at: name,
        keys: certificateKeys(certificate.root.at('spec')),
        resource: certificate,
        by: 'cert-manager',
      });
  },
  *'Issuer.cert-manager.io'(issuer) {
    yield* accountKey(issuer);
  },
  *'ClusterIssuer.cert-manager.io'(issuer) {
    yield* accountKey(issuer);
  },
  *Ingress(ingress) {
    if (!asksForCertificate(ingress)) return;
    for (const tls of ingress.root.at('spec', 'tls').items()) {
      const name = tls.at('secretName');
      if (name.string)
        yield declaration({
          kind: 'Secret',
          namespace: ingress.namespace,
          name: name.string,
          origin: 'operator',
          at: name,
          keys: tlsKeys,
          resource: ingress,
          by: 'cert-manager',
        });
    }
  },
  *Gateway(gateway) {
    if (!asksForCertificate(gateway)) return;
    for (const listener of gateway.root.at('spec', 'listeners').items()) {
      // cert-manager leaves out listeners without a host (pkg/controller/certificate-shim, validateGatewayListenerBlock).
      if (!listener.at('hostname').text) continue;
      for (const reference of listener.at('tls', 'certificateRefs').items()) {
        const name = reference.at('name');
        if (name.string)
          yield declaration({
            kind: 'Secret',
            namespace: gateway.namespace,
            name: name.string,
            origin: 'operator',
            at: name,
            keys: tlsKeys,
            resource: gateway,
            by: 'cert-manager',
          });
      }
    }
  },
  // bitnami-labs/sealed-secrets README: the Secret has the name of the SealedSecret and the keys of encryptedData.
  *'SealedSecret.bitnami.com'(sealed) {
    const spec = sealed.root.at('spec');
    const keys = [...spec.at('encryptedData').keys(), ...spec.at('template', 'data').keys()];
    yield declaration({
      kind: 'Secret',
      namespace: sealed.namespace,
      name: spec.at('template', 'metadata', 'name').string ?? sealed.name,
      origin: 'operator',
      at: sealed.root.at('metadata', 'name'),
      keys,
      resource: sealed,
      by: 'Sealed Secrets',
    });
  },
  // external-secrets.io/latest/api/externalsecret.
  *'ExternalSecret.external-secrets.io'(external) {
    const spec = external.root.at('spec');
    const fromData = spec
      .at('data')
      .items()
      .flatMap(item => item.at('secretKey').text ?? []);
    const template = spec.at('target', 'template');
    const fromTemplate = template.at('data').keys();
    // With a template, only what it writes is kept, unless it is merged with what was fetched.
    const isReplaced = fromTemplate.length > 0 && template.at('mergePolicy').text !== 'Merge';
    const keys =
      spec.at('dataFrom').items().length > 0 || template.at('templateFrom').exists
        ? 'any'
        : isReplaced
          ? fromTemplate
          : [...fromData, ...fromTemplate];
    yield declaration({
      kind: 'Secret',
      namespace: external.namespace,
      name: spec.at('target', 'name').string ?? external.name,
      origin: 'operator',
      at: external.root.at('metadata', 'name'),
      keys,
      resource: external,
      by: 'External Secrets',
    });
  },
  *'VaultStaticSecret.secrets.hashicorp.com'(vault) {
    const name = vault.root.at('spec', 'destination', 'name').string ?? vault.name;
    yield declaration({
      kind: 'Secret',
      namespace: vault.namespace,
      name,
      origin: 'operator',
      at: vault.root.at('metadata', 'name'),
      resource: vault,
      by: 'the Vault Secrets Operator',
    });
  },
  *'OnePasswordItem.onepassword.com'(item) {
    yield declaration({
      kind: 'Secret',
      namespace: item.namespace,
      name: item.name,
      origin: 'operator',
      at: item.root.at('metadata', 'name'),
      resource: item,
      by: 'the 1Password operator',
    });
  },
});

/**
 * Argo CD reads its own objects in the namespace that it is installed in, and makes the one that an Application leads to
 * where the sync option says so (argo-cd docs/user-guide/sync-options.md, "Create Namespace").
 */
function* ofArgo(resource: Resource, spec: Value | undefined): Iterable<Declaration> {
  const namespace = (name: string | undefined, at: Place): readonly Declaration[] =>
    name
      ? [
          declaration({
            kind: 'Namespace',
            namespace: undefined,
            name,
            origin: 'operator',
            at,
            resource,
            by: 'Argo CD',
          }),
        ]
      : [];
  yield* namespace(resource.namespace, resource.root.at('metadata', 'name'));
  const options = spec?.at('syncPolicy', 'syncOptions').items() ?? [];
  const target = spec?.at('destination', 'namespace');
  if (target && options.some(option => option.text === 'CreateNamespace=true')) yield* namespace(target.text, target);
}

const userKeys = [
  'username',
  'user',
  'password',
  'dbname',
  'host',
  'port',
  'pgpass',
  'uri',
  'jdbc-uri',
  'fqdn-uri',
  'fqdn-jdbc-uri',
];

const tlsKeys = ['tls.crt', 'tls.key', 'ca.crt'];

/** cert-manager.io/docs/usage/certificate: additional output formats and keystores. */
function certificateKeys(spec: Value): readonly string[] {
  const formats = spec
    .at('additionalOutputFormats')
    .items()
    .map(item => (item.at('type').text === 'DER' ? 'key.der' : 'tls-combined.pem'));
  const stores = [
    ['jks', 'jks'],
    ['pkcs12', 'p12'],
  ].flatMap(([field = '', ending]) =>
    spec.at('keystores', field).exists ? [`keystore.${ending}`, `truststore.${ending}`] : [],
  );
  return [...tlsKeys, ...formats, ...stores];
}

function* accountKey(issuer: Resource): Iterable<Declaration> {
  const name = issuer.root.at('spec', 'acme', 'privateKeySecretRef', 'name');
  if (name.string)
    yield declaration({
      kind: 'Secret',
      namespace: issuer.namespace,
      name: name.string,
      origin: 'operator',
      at: name,
      keys: ['tls.key'],
      resource: issuer,
      by: 'cert-manager',
    });
}

function asksForCertificate(resource: Resource): boolean {
  const annotations = resource.root.at('metadata', 'annotations');
  return ['cert-manager.io/cluster-issuer', 'cert-manager.io/issuer', 'kubernetes.io/tls-acme'].some(
    name => annotations.at(name).exists,
  );
}
