import { anchorFor, nameOf } from '../../analysis/anchor';
import { chartReleases } from '../../analysis/charts';
import { declaredNames } from '../../analysis/declarations';
import { homeserverOf } from '../../analysis/homeserver';
import { synapseMains, tenantKind, workloads } from '../../analysis/roles';
import { settingsOf } from '../../analysis/settings';
import { parseClusterHost } from '../../analysis/text/hosts';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
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
    'A plain workload with the image of MinIO, a Helm chart for it, and a Tenant in a document that cannot be read count as being there.',
  ],
  sources: ['MinIO Operator documentation, Deploy a MinIO Tenant'],
  examples: {
    bad: `
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
      #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: There is no MinIO Tenant
            s3Credentials:
              accessKeyId:
                name: minio-credentials
                key: access-key
              secretAccessKey:
                name: minio-credentials
                key: secret-key
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
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            endpointURL: https://s3.storage.test
            s3Credentials:
              accessKeyId:
                name: minio-credentials
                key: access-key
              secretAccessKey:
                name: minio-credentials
                key: secret-key
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
      message: `There is no MinIO Tenant${
        inside
          ? `, so ${inside.text} will not answer`
          : credentials
            ? ` that ${consoleKeys.join(' and ')} would be for`
            : ' for media and backups'
      } — add one with 4 servers and 2 drives each.`,
    };
  },
} satisfies Rule;

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
  const host = /^https?:\/\/([^:/]+)/.exec(value.text ?? '')?.[1];
  return host !== undefined && parseClusterHost(host, undefined) !== undefined;
}
