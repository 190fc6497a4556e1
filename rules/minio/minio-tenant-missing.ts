import { anchorFor, nameOf } from '../../analysis/anchor';
import { chartReleases } from '../../analysis/charts';
import { declaredNames } from '../../analysis/declarations';
import { homeserverOf } from '../../analysis/homeserver';
import { synapseMains, tenantKind, workloads } from '../../analysis/roles';
import { settingsOf } from '../../analysis/settings';
import { type ClusterHost, parseClusterHost } from '../../analysis/text/hosts';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { newTenant } from './new-tenant';
import { backupsIn, consoleKeys, hasConsoleKey } from './s3-credentials';

export default {
  id: 'minio-tenant-missing',
  items: ['1.3.a.1', '1.3.a.2', '1.3.a.3'],
  severity: 'error',
  summary: 'There is no MinIO that keeps media and backups.',
  why: 'Media uploads and the backups of the databases go to an S3 store inside the cluster; without it the media of all rooms are on one disk and nothing is backed up.',
  remedy: 'Add a Tenant of the MinIO Operator with four servers and two drives each.',
  traps: [
    'Where Synapse and the backups use a store outside of the cluster, none is asked for.',
    'Where nothing of the tree uses such a store, it is a warning.',
    'A plain workload with the image of MinIO, a Helm chart for it, and a Tenant in a document that cannot be read count as being there.',
  ],
  sources: ['MinIO Operator documentation, Deploy a MinIO Tenant'],
  examples: {
    bad: `
      #- /matrix-preflight.yaml
      components:
        monitoring: off
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            endpointURL: http://matrix-minio-hl.matrix.svc.cluster.local:9000
      #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: There is no MinIO Tenant
            s3Credentials:
              accessKeyId:
                name: minio-credentials
                key: access-key
              secretAccessKey:
                name: minio-credentials
                key: secret-key
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-secrets
        namespace: matrix
      stringData:
        macaroon: CHANGEME_MACAROON_SECRET_KEY
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.119.0
    `,
    good: `
      #- /matrix-preflight.yaml
      components:
        monitoring: off
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            endpointURL: http://matrix-minio-hl.matrix.svc.cluster.local:9000
            s3Credentials:
              accessKeyId:
                name: minio-credentials
                key: access-key
              secretAccessKey:
                name: minio-credentials
                key: secret-key
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-secrets
        namespace: matrix
      stringData:
        macaroon: CHANGEME_MACAROON_SECRET_KEY
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.119.0
      #- /minio-tenant.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
        labels:
          app.kubernetes.io/name: minio
      spec:
        configuration:
          name: matrix-minio-config
        requestAutoCert: false
        pools:
          - name: pool-0
            servers: 4
            volumesPerServer: 2
            volumeClaimTemplate:
              metadata:
                name: data
              spec:
                accessModes:
                  - ReadWriteOnce
                resources:
                  requests:
                    storage: 100Gi
            affinity:
              podAntiAffinity:
                requiredDuringSchedulingIgnoredDuringExecution:
                  - topologyKey: kubernetes.io/hostname
                    labelSelector:
                      matchLabels:
                        v1.min.io/tenant: matrix-minio
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: matrix-minio-config
        namespace: matrix
      type: Opaque
      stringData:
        config.env: |
          export MINIO_ROOT_USER="CHANGEME_ROOT_USER"
          export MINIO_ROOT_PASSWORD="CHANGEME_ROOT_PASSWORD"
          export MINIO_STORAGE_CLASS_STANDARD="EC:4"
    `,
  },
  *checkWorkspace(workspace) {
    if (settingsOf(workspace).components.main !== 'required' || isThere(workspace)) return;
    const [main] = synapseMains(workspace);
    if (!main) return;
    const consumers = consumersOf(workspace);
    const inside = consumers.find(value => isInside(value));
    // A store outside of the cluster was chosen.
    if (consumers.length > 0 && !inside) return;
    const credentials = workspace.resources('Secret').find(hasConsoleKey);
    const at = anchorFor(workspace, inside, credentials && nameOf(credentials), nameOf(main));
    if (!at) return;
    yield {
      at,
      ...(!inside && !credentials && { severity: 'warning' as const }),
      message: `There is no MinIO Tenant${
        inside
          ? `, so ${inside.text} will not answer`
          : credentials
            ? ` that ${consoleKeys.join(' and ')} would be for`
            : ' for media and backups'
      } — add one with 4 servers and 2 drives each.`,
      fixes: () => tenantFor(workspace, inside, credentials, main),
    };
  },
} satisfies Rule;

/**
 * The Tenant that answers at the address which the tree has already: the operator makes the Services `minio` and
 * `NAME-hl`, and another name is nobody's. Without an address it is the one that most manuals use.
 */
function tenantFor(
  workspace: Workspace,
  inside: Value | undefined,
  credentials: Resource | undefined,
  main: Resource,
): readonly Fix[] {
  const host = inside && clusterHostOf(inside);
  if (host && host.service !== 'minio' && !host.service.endsWith('-hl')) return [];
  const namespace = host?.namespace ?? main.namespace;
  const file = workspace.files.find(({ path }) => /(?:^|\/)[^/]*minio[^/]*\//.test(path));
  return newTenant(workspace, {
    name: host?.service.replace(/-hl$/, '') ?? 'minio',
    namespace,
    hasTls: inside?.text?.startsWith('https:') === true,
    user: credentials?.namespace === namespace ? credentials?.name : undefined,
    buckets: bucketsOf(workspace),
    directory: (file ?? (inside && workspace.file(inside.uri)) ?? main.document.file).directory,
  });
}

/** The buckets that the backups and Synapse use, as far as they are known. */
function bucketsOf(workspace: Workspace): readonly string[] {
  const media = synapseMains(workspace).flatMap(synapse =>
    (homeserverOf(workspace, synapse)?.at('media_storage_providers').items() ?? []).map(
      provider => provider.at('config', 'bucket').text,
    ),
  );
  const backups = backupsIn(workspace, undefined).map(
    ({ cluster }) =>
      /^s3:\/\/([^/]+)/.exec(cluster.root.at('spec', 'backup', 'barmanObjectStore', 'destinationPath').text ?? '')?.[1],
  );
  const isBucket = (name: string | undefined): name is string => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name ?? '');
  return [...new Set([...media, ...backups].filter(isBucket))];
}

function isThere(workspace: Workspace): boolean {
  return (
    workspace.resources(tenantKind).length > 0 ||
    workloads(workspace, 'minio.plain').length > 0 ||
    declaredNames(workspace, 'Tenant', undefined).length > 0 ||
    workspace.lookup(templatedTenants, '').length > 0 ||
    chartReleases(workspace).some(
      ({ name, chart }) =>
        /^(?:minio|tenant)$/.test(chart ?? '') || (chart === undefined && /minio(?!-operator)/.test(name)),
    )
  );
}

const templatedTenants: Index<true> = {
  name: 'templates of Tenants',
  *document(document) {
    if (document.isTemplate && /minio\.min\.io/.test(document.text)) yield ['', true];
  },
};

/** Where Synapse and the backups are told which store to use. */
function consumersOf(workspace: Workspace): readonly Value[] {
  const backups = backupsIn(workspace, undefined).map(({ cluster }) =>
    cluster.root.at('spec', 'backup', 'barmanObjectStore', 'endpointURL'),
  );
  const media = synapseMains(workspace).flatMap(synapse =>
    (homeserverOf(workspace, synapse)?.at('media_storage_providers').items() ?? []).map(provider =>
      provider.at('config', 'endpoint_url'),
    ),
  );
  return [...media, ...backups].filter(value => value.text !== undefined);
}

function isInside(value: Value): boolean {
  return clusterHostOf(value) !== undefined;
}

function clusterHostOf(value: Value): ClusterHost | undefined {
  const host = /^https?:\/\/([^:/]+)/.exec(value.text ?? '')?.[1];
  return host === undefined ? undefined : parseClusterHost(host, undefined);
}
