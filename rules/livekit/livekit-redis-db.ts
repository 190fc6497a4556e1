import { isAboutMatrix } from '../../analysis/anchor';
import { configurationOf, parsed } from '../../analysis/configs';
import { homeserverOf } from '../../analysis/homeserver';
import { workloadKinds } from '../../analysis/pods';
import { isLi, synapseMains } from '../../analysis/roles';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'livekit-redis-db',
  items: ['2.4.b.2'],
  severity: 'warning',
  summary: 'LiveKit does not use the Redis database 1.',
  why: 'LiveKit and Synapse share one Redis. In the same database a flush or an eviction of one takes the other’s keys along.',
  remedy: 'Set `redis.db: 1` in LiveKit’s configuration; Synapse stays at 0.',
  traps: [
    'A Redis of LiveKit’s own is accepted with an information.',
    'So is any in a tree in which nothing is about Matrix: LiveKit keeps to the database it is told, 0 by default.',
  ],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          redis:
            address: redis:6379
            db: 0
      #         ^ 💡 warning: LiveKit uses the Redis database 0
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: livekit
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
            args: ["--config", "/etc/livekit/livekit.yaml"]
            volumeMounts:
              - {name: config, mountPath: /etc/livekit}
        volumes:
          - name: config
            configMap: {name: livekit}
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          redis:
            address: redis:6379
            db: 1
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: livekit
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
            args: ["--config", "/etc/livekit/livekit.yaml"]
            volumeMounts:
              - {name: config, mountPath: /etc/livekit}
        volumes:
          - name: config
            configMap: {name: livekit}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const file of configurationOf(workspace, resource, 'livekit')?.files ?? []) {
      const redis = parsed(file).root.at('redis');
      if (file.isOpaque || redis.kind !== 'mapping' || redis.at('cluster_addresses').exists) continue;
      const db = redis.at('db');
      if (db.exists && db.number === undefined) continue;
      const number = db.number ?? 0;
      const own = hostName(redis.at('address').text);
      const synapse = synapseRedis(workspace);
      const isShared = own === undefined || synapse?.host === undefined || own === synapse.host;
      const isSynapses = isShared && synapseMains(workspace).length > 0 && number === (synapse?.database ?? 0);
      if (number === 1) {
        if (isSynapses)
          yield {
            at: db,
            message: 'LiveKit uses the Redis database 1, which is Synapse’s by its redis.dbid — take dbid away there.',
          };
        continue;
      }
      const where = isSynapses ? ', which is Synapse’s' : isShared ? '' : ', in a Redis of its own';
      yield {
        at: db.exists ? db : redis.key,
        // Without Matrix nothing else is known to use the first database.
        ...(isShared && isAboutMatrix(workspace) ? {} : { severity: 'info' as const }),
        message: `LiveKit uses the Redis database ${number}${where} — set db: 1.`,
        fixes: () => setDatabase(redis, db),
      };
    }
  },
} satisfies Rule;

function setDatabase(redis: Value, db: Value): readonly Fix[] {
  const edit = db.exists ? replaceValue(db, '1') : insertEntry(redis, 'db: 1');
  return edit ? [{ title: 'Set db: 1', safe: true, edits: [edit] }] : [];
}

function synapseRedis(
  workspace: Workspace,
): { readonly host: string | undefined; readonly database: number } | undefined {
  const main = synapseMains(workspace).find(one => !isLi(workspace, one));
  const redis = main && homeserverOf(workspace, main)?.at('redis');
  return redis && { host: hostName(redis.at('host').text), database: redis.at('dbid').number ?? 0 };
}

/** The first label of a host, without its port. */
function hostName(address: string | undefined): string | undefined {
  return address?.split(':', 1)[0]?.split('.', 1)[0];
}
