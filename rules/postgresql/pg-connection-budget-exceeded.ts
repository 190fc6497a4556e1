import { clusterKind } from '../../analysis/roles';
import { mostReplicas, processes, type SynapseProcess } from '../../analysis/synapse';
import { replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { clusterOfHost } from './clusters';

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
    'Connections through a Pooler are not counted.',
  ],
  sources: [
    'Synapse documentation, Configuration Manual, database: cp_max is passed to twisted.enterprise.adbapi.ConnectionPool for each process.',
    'PostgreSQL documentation, Connections and Authentication: max_connections is 100 by default, superuser_reserved_connections 3.',
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
  kinds: [clusterKind],
  *check(cluster, workspace) {
    const pools = poolsOf(workspace, cluster);
    const total = pools.reduce((sum, pool) => sum + pool.pods * pool.size, 0);
    const parameters = cluster.root.at('spec', 'postgresql', 'parameters');
    const most = parameters.at('max_connections');
    const reserved = Number(parameters.at('superuser_reserved_connections').text ?? 3);
    const budget = Math.floor(0.85 * Number(most.text ?? 100) - reserved);
    // NaN, from a number that cannot be read, is neither.
    if (!(total >= budget)) return;
    const written = pools.find(pool => pool.value.exists)?.value;
    const pods = pools.reduce((sum, pool) => sum + pool.pods, 0);
    const sizes = new Set(pools.map(pool => pool.size));
    const [size = 0] = sizes;
    yield {
      at: written ?? (most.exists ? most : cluster.root.at('metadata', 'name')),
      message: `The Synapse processes may open ${total} connections to Cluster ${cluster.name} (${
        sizes.size === 1 ? `${pods} × ${size}` : pools.map(pool => `${pool.pods} × ${pool.size}`).join(' + ')
      }), which has room for ${Math.max(0, budget)} — lower cp_max${budget >= pods ? ` to ${fitting(budget, pods)}` : ''} or raise max_connections.`,
      related: [
        ...(most.exists ? [{ at: most, message: `max_connections of ${cluster.title}` }] : []),
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

interface Pool {
  readonly process: SynapseProcess;
  /** The value of `cp_max`; missing where the default counts. */
  readonly value: Value;
  readonly size: number;
  readonly pods: number;
}

/** The connection pools of the Synapse processes that use a cluster. */
function poolsOf(workspace: Workspace, cluster: Resource): readonly Pool[] {
  return processes(workspace).flatMap(process => {
    const args = process.homeserver?.at('database', 'args');
    const host = args?.at('host').text;
    const found = host ? clusterOfHost(workspace, process.resource.namespace, host) : undefined;
    if (!args || found?.cluster !== cluster || found.pooler) return [];
    const value = args.at('cp_max');
    return [{ process, value, size: value.number ?? 5, pods: mostReplicas(workspace, process.resource) }];
  });
}

/** The largest pool with which the sum stays below the budget. */
function fitting(budget: number, pods: number): number {
  return Math.max(1, Math.ceil(budget / pods) - 1);
}
