import { postgresImageOf } from '../../analysis/postgres-image';
import { clusterKind } from '../../analysis/roles';
import { replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { poolsOf } from './pools';
import { statementsFor } from './server-sql';

export default {
  id: 'pg-connection-budget-exceeded',
  items: ['1.1.c.2'],
  severity: 'warning',
  summary: 'The Synapse processes together may open more connections than PostgreSQL accepts.',
  why: 'Every Synapse process has a pool of its own of up to `cp_max` connections. Under load the last processes get `too many clients already`, and requests fail at random, first of all after a failover when all reconnect.',
  remedy:
    'Lower `cp_max`, or raise `max_connections` together with the memory that the connections need, or put a Pooler in between.',
  traps: [
    'Counted are the pods that a HorizontalPodAutoscaler may start, not those that run at first.',
    'The budget is 85 % of `max_connections` less `superuser_reserved_connections`; the rest is for operators, backups and replication.',
    'Where `cp_max` is not written, a pool has up to 5 connections, the default of Twisted.',
    'Connections through a Pooler are not counted, but what the Pooler itself may open is held against the limit.',
    'A server with the official image counts as its arguments say; with a configuration file of its own nothing is said.',
  ],
  sources: [
    'Synapse documentation, Configuration Manual, database: cp_max is passed to twisted.enterprise.adbapi.ConnectionPool for each process.',
    'PostgreSQL documentation, Connections and Authentication: max_connections is 100 by default, superuser_reserved_connections 3.',
    'PgBouncer documentation, default_pool_size: 20 for each user and database',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        postgresql:
          parameters:
            max_connections: "200"
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
              cp_max: 100
      #               ^^^ 💡 warning: may open 400 connections to Cluster matrix-postgresql (4 × 100), which has room for 167
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        replicas: 4
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
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        postgresql:
          parameters:
            max_connections: "200"
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
              cp_max: 41
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        replicas: 4
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
    `,
  },
  kinds: [clusterKind, 'StatefulSet', 'Deployment'],
  *check(server, workspace) {
    const limits = limitsOf(server, workspace);
    if (!limits) return;
    const { most, reserved, maximum } = limits;
    if (server.qualifiedKind === clusterKind) yield* poolers(server, workspace, maximum - reserved);
    const pools = poolsOf(workspace, server);
    const total = pools.reduce((sum, pool) => sum + pool.pods * pool.size, 0);
    const budget = Math.floor(0.85 * maximum - reserved);
    // NaN, from a number that cannot be read, is neither.
    if (!(total >= budget)) return;
    const written = pools.find(pool => pool.value.exists)?.value;
    const pods = pools.reduce((sum, pool) => sum + pool.pods, 0);
    const sizes = new Set(pools.map(pool => pool.size));
    const [size = 0] = sizes;
    yield {
      at: written ?? most ?? server.root.at('metadata', 'name'),
      message: `The Synapse processes may open ${total} connections to ${server.kind} ${server.name} (${
        sizes.size === 1 ? `${pods} × ${size}` : pools.map(pool => `${pool.pods} × ${pool.size}`).join(' + ')
      }), which has room for ${Math.max(0, budget)} — lower cp_max${budget >= pods ? ` to ${fitting(budget, pods)}` : ''} or raise max_connections.`,
      related: [
        ...(most ? [{ at: most, message: `max_connections of ${server.title}` }] : []),
        ...pools
          .filter(pool => pool.pods > 1)
          .map(pool => ({
            at: pool.process.resource.root.at('metadata', 'name'),
            message: `${pool.process.resource.title}: up to ${pool.pods} pods`,
          })),
      ],
      fixes: () => {
        const edit =
          written && sizes.size === 1 && budget > pods
            ? replaceValue(written, String(fitting(budget, pods)))
            : undefined;
        return edit ? [{ title: `Set cp_max to ${fitting(budget, pods)}`, safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

interface Limits {
  /** Where `max_connections` stands; undefined where the default counts. */
  readonly most: Value | undefined;
  readonly maximum: number;
  readonly reserved: number;
}

/** How many connections a server takes; undefined for what is none, and where something else may say it. */
function limitsOf(server: Resource, workspace: Workspace): Limits | undefined {
  if (server.qualifiedKind === clusterKind) {
    const parameters = server.root.at('spec', 'postgresql', 'parameters');
    const most = parameters.at('max_connections');
    const reserved = Number(parameters.at('superuser_reserved_connections').text ?? 3);
    return { most: most.exists ? most : undefined, maximum: Number(most.text ?? 100), reserved };
  }
  const image = postgresImageOf(workspace, server);
  if (!image) return undefined;
  const words = image.container.value.at('args').items();
  const texts = words.map(word => word.text ?? '$');
  if (texts.some(text => /config[_-]file|\$/.test(text))) return undefined;
  // The data folder may hold a configuration of its own, which a script of the entrypoint has changed.
  if (
    statementsFor(workspace, server).some(
      ({ statement }) => statement.kind === 'other' && /^ALTER SYSTEM/.test(statement.keywords),
    )
  )
    return undefined;
  const number = (name: string): { readonly value: number; readonly at: Value } | undefined => {
    const found = words.flatMap(word => {
      const text = new RegExp(`^(?:-c|--)?${name.replaceAll('_', '[_-]')}=(\\d+)$`).exec(word.text ?? '')?.[1];
      return text === undefined ? [] : [{ value: Number(text), at: word }];
    });
    return found.at(-1);
  };
  const most = number('max_connections');
  const reserved = number('superuser_reserved_connections')?.value ?? 3;
  return { most: most?.at, maximum: most?.value ?? 100, reserved };
}

/** What the Poolers of a cluster may open: each of their pods `default_pool_size` for each user and database, 20 by default. */
function* poolers(cluster: Resource, workspace: Workspace, room: number): Iterable<Problem> {
  for (const pooler of workspace.resources('Pooler.postgresql.cnpg.io')) {
    const spec = pooler.root.at('spec');
    if (spec.at('cluster', 'name').text !== cluster.name || pooler.namespace !== cluster.namespace) continue;
    const size = spec.at('pgbouncer', 'parameters', 'default_pool_size');
    const pods = spec.at('instances').number ?? 1;
    const open = pods * Number(size.text ?? 20);
    if (!(open > room)) continue;
    yield {
      at: size.exists ? size : spec.at('instances'),
      message: `Pooler ${pooler.name} may open ${open} connections to Cluster ${cluster.name} (${pods} × ${size.text ?? 20}), which takes ${Math.max(0, room)} — lower default_pool_size or raise max_connections.`,
    };
  }
}

/** The largest pool with which the sum stays below the budget. */
function fitting(budget: number, pods: number): number {
  return Math.max(1, Math.ceil(budget / pods) - 1);
}
