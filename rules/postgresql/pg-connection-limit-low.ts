import { clusterKind } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { type Pool, poolsOf } from './pools';
import { statementsFor } from './server-sql';

export default {
  id: 'pg-connection-limit-low',
  items: [],
  severity: 'warning',
  summary: 'A role or a database takes fewer connections than the Synapse processes may open.',
  why: 'The first processes take all that there are; the others get `too many connections for role`, and requests fail at random, first of all when everything starts at the same time.',
  remedy: 'Raise the limit above the sum of all pools, remove it, or lower `cp_max`.',
  traps: [
    'A limit of -1 is none. A limit of 0 lets nobody in but superusers, which is an error.',
    'Counted are the pods that a HorizontalPodAutoscaler may start; where `cp_max` is not written, a pool has up to 5 connections.',
    'Connections through a Pooler are not counted.',
  ],
  sources: [
    'PostgreSQL documentation, CREATE ROLE and CREATE DATABASE, "CONNECTION LIMIT"; CloudNativePG API reference, RoleConfiguration: connectionLimit, -1 by default',
    'Synapse documentation, Configuration Manual, database: cp_max',
  ],
  examples: { bad: example(2, true), good: example(20, false) },
  kinds: [clusterKind, 'StatefulSet', 'Deployment'],
  *check(server, workspace) {
    const pools = poolsOf(workspace, server);
    if (pools.length === 0) return;
    for (const { of, name, limit, at } of limitsOf(server, workspace)) {
      const own = pools.filter(pool => pool[of] === name);
      const total = own.reduce((sum, pool) => sum + pool.pods * pool.size, 0);
      if (total > limit && limit >= 0) yield problem(of, name, limit, at, own, total);
    }
  },
} satisfies Rule;

interface Limit {
  readonly of: 'user' | 'database';
  readonly name: string;
  readonly limit: number;
  readonly at: Place;
}

/** The limits that a Cluster and SQL set; of several statements about the same the last counts. */
function limitsOf(server: Resource, workspace: Workspace): readonly Limit[] {
  const found = new Map<string, Limit>();
  const add = (of: Limit['of'], name: string | undefined, limit: number, at: Place): void => {
    if (name !== undefined && !Number.isNaN(limit)) found.set(`${of} ${name}`, { of, name, limit, at });
  };
  for (const { statement, part } of statementsFor(workspace, server)) {
    if (statement.kind !== 'role' && statement.kind !== 'database') continue;
    if (!statement.connectionLimit) continue;
    const { text, at } = part(statement.connectionLimit);
    const of = statement.kind === 'role' ? 'user' : 'database';
    add(of, part(statement.name).text, Number(text ?? Number.NaN), at);
  }
  if (server.qualifiedKind !== clusterKind) return [...found.values()];
  for (const role of server.root.at('spec', 'managed', 'roles').items()) {
    const limit = role.at('connectionLimit');
    // The operator sets it again and again.
    if (role.at('name').exists) found.delete(`user ${role.at('name').text}`);
    if (limit.exists) add('user', role.at('name').text, limit.number ?? Number.NaN, limit);
  }
  for (const database of workspace.resources('Database.postgresql.cnpg.io')) {
    const spec = database.root.at('spec');
    const limit = spec.at('connectionLimit');
    if (limit.exists && spec.at('cluster', 'name').text === server.name && database.namespace === server.namespace)
      add('database', spec.at('name').text, limit.number ?? Number.NaN, limit);
  }
  return [...found.values()];
}

function problem(
  of: Limit['of'],
  name: string,
  limit: number,
  at: Place,
  pools: readonly Pool[],
  total: number,
): Problem {
  const what = `The ${of === 'user' ? 'role' : of} ${name}`;
  return {
    at,
    ...(limit === 0 && { severity: 'error' as const }),
    message:
      limit === 0
        ? `${what} takes no connection at all, and Synapse uses it — remove the limit.`
        : `${what} takes ${limit} connections, and the Synapse processes may open ${total} (${pools.map(pool => `${pool.pods} × ${pool.size}`).join(' + ')}) — raise the limit, or lower cp_max.`,
    related: pools.flatMap(pool =>
      pool.value.exists ? [{ at: pool.value, message: `cp_max of ${pool.process.resource.title}` }] : [],
    ),
  };
}

function example(limit: number, isBad: boolean): string {
  return `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        managed:
          roles:
            - name: synapse
              login: true
              connectionLimit: ${limit}${isBad ? '\n      #                        ^ warning: The role synapse takes 2 connections, and the Synapse processes may open 10 (1 × 10)' : ''}
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          database:
            name: psycopg2
            args:
              host: matrix-postgresql-rw
              user: synapse
              cp_max: 10
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
                env:
                  - name: SYNAPSE_CONFIG_PATH
                    value: /config/homeserver.yaml
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse
    `;
}
