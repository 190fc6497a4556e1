import type { Resource } from '../../manifests/resource';
import { ofCluster } from './cluster';
import { isOptional, keyRefs, type Reference, type References, reference, withKey } from './reference';

/** What the objects of operators refer to. */
export const operatorReferences: References = {
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
  'Cluster.postgresql.cnpg.io': ofCluster,
  'Tenant.minio.min.io': ofTenant,
  'ServiceMonitor.monitoring.coreos.com': monitorSecrets,
  'PodMonitor.monitoring.coreos.com': monitorSecrets,
};

function ofTenant(tenant: Resource): readonly Reference[] {
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
          return isOptional(source) ? [] : withKey(tenant, kind, source, 'the Tenant');
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
    ...providers.flatMap(([, secret]) => withKey(issuer, 'Secret', secret, 'the DNS01 solver')),
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
    ].flatMap(secret => withKey(monitor, 'Secret', secret, 'the scrape endpoint')),
  );
}
