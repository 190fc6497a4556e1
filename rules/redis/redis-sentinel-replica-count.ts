import { isAboutMatrix } from '../../analysis/anchor';
import { askedByChecklist } from '../../analysis/checklist-signs';
import { replicasOf, workloadKinds } from '../../analysis/pods';
import { redisMains } from '../../analysis/roles';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Fix, Rule } from '../rule';
import { isCluster, sentinelCount, sentinels } from './conf';

export default {
  id: 'redis-sentinel-replica-count',
  items: ['1.2.b.3'],
  severity: 'error',
  summary: 'There are not three Sentinels.',
  why: 'Sentinels decide by majority. With one or two, the loss of a node takes the majority away, and there is no failover.',
  remedy: 'Run three replicas of the workload that holds Sentinel.',
  traps: [
    'Only the checklist asks for it: this is an error in a tree that follows it, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning.',
    'More than three are fine, best an odd number; an even one is a warning.',
    'A single Redis without any Sentinel is a warning: nobody has meant it to be replaced.',
    'The Redis of the lawful-intercept instance is not held to this.',
    'With `cluster-enabled yes` the nodes replace a master themselves, without Sentinel.',
    'A Redis in a tree in which nothing is called after Matrix or its programs is somebody else’s.',
  ],
  sources: ['Redis documentation, High availability with Redis Sentinel: at least three Sentinel instances'],
  examples: {
    bad: `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis
        namespace: matrix
      data:
        redis.conf: |
          port 6379
          replicaof 192.0.2.1 6379
        sentinel.conf: |
          sentinel resolve-hostnames yes
          sentinel monitor main 192.0.2.1 6379 2
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        replicas: 1
      #           ^ 💡 warning: 1 Sentinel runs
        serviceName: redis
        selector:
          matchLabels: {app: redis}
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /conf/redis.conf]
                volumeMounts:
                  - {name: config, mountPath: /conf}
              - name: sentinel
                image: redis:7.4
                command: [redis-sentinel, /conf/sentinel.conf]
                volumeMounts:
                  - {name: config, mountPath: /conf}
            volumes:
              - name: config
                configMap: {name: redis}
    `,
    good: `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis
        namespace: matrix
      data:
        redis.conf: |
          port 6379
          replicaof 192.0.2.1 6379
        sentinel.conf: |
          sentinel resolve-hostnames yes
          sentinel monitor main 192.0.2.1 6379 2
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        replicas: 3
        serviceName: redis
        selector:
          matchLabels: {app: redis}
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /conf/redis.conf]
                volumeMounts:
                  - {name: config, mountPath: /conf}
              - name: sentinel
                image: redis:7.4
                command: [redis-sentinel, /conf/sentinel.conf]
                volumeMounts:
                  - {name: config, mountPath: /conf}
            volumes:
              - name: config
                configMap: {name: redis}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const all = sentinels(workspace);
    if (all.length === 0) {
      if (redisMains(workspace)[0] !== resource || resource.kind === 'Job' || resource.kind === 'CronJob') return;
      if (!isAboutMatrix(workspace) || isCluster(workspace, resource)) return;
      yield {
        at: resource.root.at('metadata', 'name'),
        // Who runs a single one has not meant it to be replaced.
        ...(replicasOf(resource) <= 1 ? { severity: 'warning' as const } : askedByChecklist(workspace)),
        message: `No Sentinel watches ${resource.title}, so nobody replaces a master that fails — run three, for example beside Redis in its pods.`,
      };
      return;
    }
    const count = sentinelCount(workspace, resource);
    if (count === undefined || !all.includes(resource) || (count >= 3 && count % 2 === 1)) return;
    const replicas = resource.root.at('spec', 'replicas');
    yield {
      at: replicas.exists ? replicas : resource.root.at('metadata', 'name'),
      ...(count > 3 ? { severity: 'warning' as const } : askedByChecklist(workspace)),
      message: `${count} Sentinel${count === 1 ? ' runs' : 's run'}, ${count > 3 ? 'an even number, which adds no safety over one less' : 'too few for a majority when a node fails'} — run three.`,
      fixes: () => (all.length === 1 && count < 3 ? setThree(resource) : []),
    };
  },
} satisfies Rule;

function setThree(resource: Resource): readonly Fix[] {
  const spec = resource.root.at('spec');
  if (resource.kind === 'Pod' || replicasOf(resource) >= 3) return [];
  const edit = spec.at('replicas').exists ? replaceValue(spec.at('replicas'), '3') : insertEntry(spec, 'replicas: 3');
  return edit ? [{ title: 'Set replicas: 3', safe: true, edits: [edit] }] : [];
}
