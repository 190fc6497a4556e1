import { imageName } from '../../analysis/images';
import { clusterKind } from '../../analysis/roles';
import type { Rule } from '../rule';

export default {
  id: 'pg-cluster-image-unfit',
  items: [],
  severity: 'error',
  summary: 'A Cluster of CloudNativePG runs an image of PostgreSQL that is not made for it.',
  why: 'CloudNativePG starts PostgreSQL as user 26, which the official image of PostgreSQL does not know, so initdb ends with "could not look up effective user ID 26". Its entrypoint and variables are not used either, and it lacks the programs that write backups to S3.',
  remedy: 'Use an image of `ghcr.io/cloudnative-pg/postgresql`, or one that is built for the operator.',
  traps: [
    'Judged are the official image and that of Bitnami. With `postgresUID` the image may have been thought about, so nothing is said.',
    'Other images may be built for the operator.',
  ],
  sources: [
    'CloudNativePG documentation, "Container Image Requirements"; API reference, ClusterSpec: postgresUID, 26 by default',
    'github.com/supervc-stack/VectorChord issue 239: an image on top of the official one under CloudNativePG',
  ],
  examples: {
    bad: example('postgres:16-alpine', true),
    good: example('ghcr.io/cloudnative-pg/postgresql:16.4', false),
  },
  kinds: [clusterKind],
  *check(cluster) {
    const image = cluster.root.at('spec', 'imageName');
    const name = imageName(image.text ?? '');
    if (!/^(?:(?:docker\.io\/)?(?:library\/)?postgres|(?:docker\.io\/)?bitnami(?:legacy)?\/postgresql)$/.test(name))
      return;
    if (cluster.root.at('spec', 'postgresUID').exists) return;
    yield {
      at: image,
      message: `${name} has no user 26, as whom CloudNativePG runs PostgreSQL, so Cluster ${cluster.name} is never bootstrapped — use an image of ghcr.io/cloudnative-pg/postgresql.`,
    };
  },
} satisfies Rule;

function example(image: string, isMarked: boolean): string {
  return `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 1
        imageName: ${image}
${isMarked ? `      #            ${'^'.repeat(image.length)} error: postgres has no user 26, as whom CloudNativePG runs PostgreSQL\n` : ''}        storage:
          size: 10Gi
    `;
}
