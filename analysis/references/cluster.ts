import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { type Reference, reference, withKey } from './reference';

/** What a Cluster of CloudNativePG refers to (cloudnative-pg docs/src/cloudnative-pg.v1.md, ClusterSpec). */
export function ofCluster(cluster: Resource): readonly Reference[] {
  const spec = cluster.root.at('spec');
  return [
    ...reference(cluster, 'Secret', spec.at('superuserSecret', 'name'), undefined, 'superuserSecret'),
    ...ofBootstrap(cluster, spec.at('bootstrap')),
    ...['serverCASecret', 'serverTLSSecret', 'clientCASecret', 'replicationTLSSecret'].flatMap(field =>
      reference(cluster, 'Secret', spec.at('certificates', field), undefined, field),
    ),
    ...ofOtherClusters(cluster, spec),
    ...['storage', 'walStorage'].flatMap(field =>
      reference(cluster, 'StorageClass', spec.at(field, 'storageClass'), undefined, field),
    ),
    ...spec
      .at('imagePullSecrets')
      .items()
      .flatMap(secret => reference(cluster, 'Secret', secret.at('name'), undefined, 'the Cluster'))
      .map(one => ({ ...one, isPullSecret: true })),
    ...spec
      .at('monitoring', 'customQueriesConfigMap')
      .items()
      // The operator itself copies this one into the namespace (cloudnative-pg docs/src/monitoring.md).
      .filter(queries => queries.at('name').string !== 'cnpg-default-monitoring')
      .flatMap(queries => withKey(cluster, 'ConfigMap', queries, 'customQueriesConfigMap')),
    ...spec
      .at('managed', 'roles')
      .items()
      .flatMap(role => {
        const consumer = `role ${role.at('name').text ?? ''}`;
        return reference(cluster, 'Secret', role.at('passwordSecret', 'name'), undefined, consumer);
      }),
  ];
}

/** The login of the database that is made or copied first, and the SQL that is run in it. */
function ofBootstrap(cluster: Resource, bootstrap: Value): readonly Reference[] {
  const scripts = ['postInitSQLRefs', 'postInitApplicationSQLRefs', 'postInitTemplateSQLRefs'].flatMap(field => {
    const refs = bootstrap.at('initdb', field);
    return [
      ...refs
        .at('secretRefs')
        .items()
        .flatMap(ref => withKey(cluster, 'Secret', ref, field)),
      ...refs
        .at('configMapRefs')
        .items()
        .flatMap(ref => withKey(cluster, 'ConfigMap', ref, field)),
    ];
  });
  const logins = ['initdb', 'recovery', 'pg_basebackup'].flatMap(method =>
    reference(cluster, 'Secret', bootstrap.at(method, 'secret', 'name'), undefined, method),
  );
  return [...logins, ...scripts];
}

/** Credentials of the stores of backups, and of the clusters that are copied or followed. */
function ofOtherClusters(cluster: Resource, spec: Value): readonly Reference[] {
  const others = spec.at('externalClusters').items();
  const stores = [spec.at('backup', 'barmanObjectStore'), ...others.map(other => other.at('barmanObjectStore'))];
  return [
    ...stores.flatMap(store => withKey(cluster, 'Secret', store.at('endpointCA'), 'endpointCA')),
    ...others.flatMap(other =>
      ['password', 'sslCert', 'sslKey', 'sslRootCert'].flatMap(field =>
        withKey(cluster, 'Secret', other.at(field), 'externalClusters'),
      ),
    ),
    ...stores.flatMap(store =>
      ['accessKeyId', 'secretAccessKey', 'region', 'sessionToken'].flatMap(field =>
        withKey(cluster, 'Secret', store.at('s3Credentials', field), 's3Credentials'),
      ),
    ),
  ];
}
