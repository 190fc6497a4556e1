import { clusterKind } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Rule } from '../rule';
import { archiveOf } from './clusters';

export default {
  id: 'pg-backup-path-shared',
  items: [],
  severity: 'error',
  summary: 'Two PostgreSQL clusters archive to the same place.',
  why: 'CloudNativePG refuses to archive to a place that holds the write-ahead log of another server: "Expected empty archive". The second cluster does not get ready, or the logs of both are mixed and nothing can be restored.',
  remedy:
    'Give each cluster a `destinationPath` or a `serverName` of its own. Without `serverName` it is the name of the cluster.',
  traps: ['Clusters that share a `destinationPath` are kept apart by their names, which is fine.'],
  sources: [
    'cloudnative-pg documentation, Appendix A, Backup on object stores; Recovery, "Restoring into a cluster with a backup section"',
  ],
  examples: { bad: example(true), good: example(false) },
  kinds: [clusterKind],
  *check(cluster, workspace) {
    const place = archiveOf(cluster);
    if (!place) return;
    const store = cluster.root.at('spec', 'backup', 'barmanObjectStore');
    const clusters = workspace.resources(clusterKind);
    const others = clusters.filter(one => {
      const other = one === cluster ? undefined : archiveOf(one);
      return other !== undefined && other.path === place.path && other.server === place.server;
    });
    // The one that takes the name of the other is wrong; of two that do so, or of namesakes, the second one.
    const isNamed = (one: Resource): boolean =>
      one.root.at('spec', 'backup', 'barmanObjectStore', 'serverName').exists && archiveOf(one)?.server !== one.name;
    const first = others.find(
      one =>
        isNamed(cluster) > isNamed(one) ||
        (isNamed(cluster) === isNamed(one) && clusters.indexOf(one) < clusters.indexOf(cluster)),
    );
    if (!first) return;
    yield {
      at: store.at(store.at('serverName').exists ? 'serverName' : 'destinationPath'),
      message: `Cluster ${cluster.name} archives to ${place.path} as ${place.server}, and so does Cluster ${first.name} — give each a place of its own.`,
      related: [{ at: first.root.at('spec', 'backup', 'barmanObjectStore', 'destinationPath'), message: first.title }],
    };
  },
} satisfies Rule;

function example(isShared: boolean): string {
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
            destinationPath: s3://backups/
      #- /main-li.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql-li
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            destinationPath: s3://backups
${isShared ? '            serverName: matrix-postgresql\n      #                 ^^^^^^^^^^^^^^^^^ error: Cluster matrix-postgresql-li archives to s3://backups as matrix-postgresql, and so does Cluster matrix-postgresql\n' : ''}    `;
}
