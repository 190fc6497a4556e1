import { workloadKinds } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { postgresRunsOf } from '../../analysis/sql-runs';
import type { Resource } from '../../manifests/resource';
import type { Rule } from '../rule';
import { clusterOfHost, majorOf } from './clusters';

export default {
  id: 'pg-dump-older-than-server',
  items: [],
  severity: 'error',
  summary: 'pg_dump is older than the PostgreSQL that it is to dump.',
  why: 'pg_dump refuses servers of a later major version: "aborting because of server version mismatch". The backup or the copy for the LI instance is empty.',
  remedy: 'Run pg_dump from an image of the same major version as the Cluster, or a later one.',
  traps: [
    'psql and pg_restore take a later server, and are left alone.',
    'Judged are the official images of PostgreSQL and those of CloudNativePG, by the major version in the tag; a Cluster without `imageName` has the version of its operator.',
  ],
  sources: [
    'postgresql.org, pg_dump, Notes: "pg_dump cannot dump from PostgreSQL servers newer than its own major version"',
  ],
  examples: { bad: example('postgres:15-alpine', true), good: example('postgres:16-alpine', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const said = new Set<string>();
    for (const { call, container, host } of postgresRunsOf(workspace, resource)) {
      if (!/^pg_dump(?:all)?$/.test(call.program) || host?.text === undefined || said.has(container.name)) continue;
      const cluster = clusterOfHost(workspace, resource.namespace, host.text)?.cluster;
      const own = majorOf(container.image);
      const server = cluster && serverMajor(cluster);
      if (!cluster || own === undefined || server === undefined || own >= server) continue;
      said.add(container.name);
      yield {
        at: container.value.at('image'),
        message: `pg_dump ${own} refuses Cluster ${cluster.name}, which runs PostgreSQL ${server} — use an image of PostgreSQL ${server}.`,
        related: [{ at: cluster.root.at('spec', 'imageName'), message: cluster.title }],
      };
    }
  },
} satisfies Rule;

function serverMajor(cluster: Resource): number | undefined {
  return cluster.qualifiedKind === clusterKind ? majorOf(cluster.root.at('spec', 'imageName').text ?? '') : undefined;
}

function example(image: string, isMarked: boolean): string {
  return `
      #- /tree.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        imageName: ghcr.io/cloudnative-pg/postgresql:16.4
      ---
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: dump
        namespace: matrix
      spec:
        jobTemplate:
          spec:
            template:
              spec:
                containers:
                  - name: dump
                    image: ${image}
${isMarked ? '      #                    ^^^^^^^^^^^^^^^^^^ error: pg_dump 15 refuses Cluster matrix-postgresql, which runs PostgreSQL 16\n' : ''}                    command: [pg_dump, -h, matrix-postgresql-rw, -U, synapse, -f, /dump/matrix.sql, matrix]
    `;
}
