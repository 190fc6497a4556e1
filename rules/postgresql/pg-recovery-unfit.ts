import { clusterKind } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Rule } from '../rule';
import { archiveAt, archiveOf, majorOf } from './clusters';

export default {
  id: 'pg-recovery-unfit',
  items: [],
  severity: 'error',
  summary: 'A Cluster is to be restored from backups that it cannot use, or that are not kept there.',
  why: 'What is read is found out on the day when it is needed: the new Cluster looks into an empty folder, or PostgreSQL refuses files of another major version, and nothing is restored.',
  remedy:
    'Let the external cluster have the `destinationPath`, the endpoint and the `serverName` with which the Cluster archives, and restore into the same major version.',
  traps: [
    'Compared with a Cluster of the tree that archives under that server name. Without `serverName` it is the name of the external cluster.',
    'Another place is a warning, because backups may have been moved there.',
  ],
  sources: [
    'CloudNativePG documentation, Recovery, "Recovery from an object store"',
    'PostgreSQL documentation, Upgrading: the internal data format differs between major versions',
  ],
  examples: { bad: example('primary', true), good: example('main', false) },
  kinds: [clusterKind],
  *check(cluster, workspace) {
    const source = cluster.root.at('spec', 'bootstrap', 'recovery', 'source');
    const external = cluster.root
      .at('spec', 'externalClusters')
      .items()
      .find(one => source.text !== undefined && one.at('name').text === source.text);
    const store = external?.at('barmanObjectStore');
    const wanted = store && archiveAt(store, source.text ?? '');
    if (!store || !wanted) return;
    const archivers = workspace
      .resources(clusterKind)
      .filter(one => one !== cluster && archiveOf(one)?.server === wanted.server);
    const [only, ...others] = archivers;
    const kept = only && archiveOf(only);
    if (!kept || others.length > 0) return;
    if (kept.path !== wanted.path)
      yield {
        at: store.at('destinationPath'),
        severity: 'warning',
        message: `Cluster ${only.name} archives to ${kept.path}, and this looks for its backups in ${wanted.path} — name the place where they are.`,
        related: [{ at: only.root.at('spec', 'backup', 'barmanObjectStore', 'destinationPath'), message: only.title }],
      };
    const [own, theirs] = [versionOf(cluster), versionOf(only)];
    if (own !== undefined && theirs !== undefined && own !== theirs)
      yield {
        at: cluster.root.at('spec', 'imageName'),
        message: `PostgreSQL ${own} cannot read the files of Cluster ${only.name}, which runs PostgreSQL ${theirs} — restore with an image of PostgreSQL ${theirs}.`,
        related: [{ at: only.root.at('spec', 'imageName'), message: only.title }],
      };
  },
} satisfies Rule;

function versionOf(cluster: Resource): number | undefined {
  return majorOf(cluster.root.at('spec', 'imageName').text ?? '');
}

function example(folder: string, isMarked: boolean): string {
  return `
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            destinationPath: s3://backups/main/
      #- /restore.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: restored
        namespace: matrix
      spec:
        bootstrap:
          recovery:
            source: matrix-postgresql
        externalClusters:
          - name: matrix-postgresql
            barmanObjectStore:
              destinationPath: s3://backups/${folder}/
${isMarked ? '      #                        ^^^^^^^^^^^^^^^^^^^^^ warning: Cluster matrix-postgresql archives to s3://backups/main, and this looks for its backups in s3://backups/primary\n' : ''}    `;
}
