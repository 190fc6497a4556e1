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
  traps: ['A Redis of LiveKit’s own is accepted with an information.'],
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
      if (db.exists ? db.number === undefined || db.number === 1 : false) continue;
      const own = hostName(redis.at('address').text);
      const synapse = synapseRedis(workspace);
      const isShared = own === undefined || synapse === undefined || own === synapse;
      yield {
        at: db.exists ? db : redis.key,
        ...(isShared ? {} : { severity: 'info' as const }),
        message: `LiveKit uses the Redis database ${db.number ?? 0}${isShared ? ', which is Synapse’s' : ', in a Redis of its own'} — set db: 1.`,
        fixes: () => setDatabase(redis, db),
      };
    }
  },
} satisfies Rule;

function setDatabase(redis: Value, db: Value): readonly Fix[] {
  const edit = db.exists ? replaceValue(db, '1') : insertEntry(redis, 'db: 1');
  return edit ? [{ title: 'Set db: 1', safe: true, edits: [edit] }] : [];
}

function synapseRedis(workspace: Workspace): string | undefined {
  const main = synapseMains(workspace).find(one => !isLi(workspace, one));
  return main && hostName(homeserverOf(workspace, main)?.at('redis', 'host').text);
}

/** The first label of a host, without its port. */
function hostName(address: string | undefined): string | undefined {
  return address?.split(':', 1)[0]?.split('.', 1)[0];
}
