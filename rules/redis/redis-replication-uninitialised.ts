import { commandLine } from '../../analysis/configs';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { replicasIn } from '../../analysis/replicas';
import { redisMains } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { maskComments } from '../../analysis/text/comments';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { redisConf } from './conf';

export default {
  id: 'redis-replication-uninitialised',
  items: [],
  severity: 'warning',
  summary: 'Several Redis pods run, but nothing makes them followers of one.',
  why: 'Each pod is a master of its own. Synapse’s workers and LiveKit talk past each other, depending on which pod they reach, and Sentinel has nothing to fail over to.',
  remedy: 'Let an init container write `replicaof` into the configuration of every pod but the first.',
  traps: [
    '`replicaof`, `slaveof` and `--replicaof` count wherever a script or the configuration has them; so does Redis Cluster.',
    'A script that compares the name of the pod with one that no pod has makes either all pods followers or none.',
  ],
  sources: ['Redis documentation, Replication: replicaof'],
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
      #           ^ warning: 3 Redis pods run
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
    if (!redisMains(workspace).includes(resource) || replicasIn(workspace, resource) < 2) return;
    const conf = redisConf(workspace, resource, 'redis');
    yield* comparedAmiss(workspace, resource);
    if (!conf || conf.directives.some(({ name }) => follows.test(name))) return;
    const isArranged = containersOf(resource).some(container => {
      const script = scriptOf(workspace, resource, container);
      const texts = [
        script ? maskComments(script.text.text, 'shell') : '',
        ...commandLine(container).map(word => (/\n/.test(word.text ?? '') ? '' : (word.text ?? ''))),
      ];
      return texts.some(text => follows.test(text));
    });
    if (isArranged) return;
    yield {
      at: resource.root.at('spec', 'replicas'),
      message: `${replicasIn(workspace, resource)} Redis pods run, but nothing makes them followers of one — write replicaof in an init container.`,
    };
  },
} satisfies Rule;

/** A name with which the script that makes followers compares that of its pod, and that none of the pods has. */
function* comparedAmiss(workspace: Workspace, resource: Resource): Iterable<Problem> {
  if (resource.kind !== 'StatefulSet') return;
  for (const container of containersOf(resource)) {
    const script = scriptOf(workspace, resource, container);
    const text = script ? maskComments(script.text.text, 'shell') : '';
    if (!script || !/replicaof|slaveof/i.test(text)) continue;
    const compared =
      /(?:\$\{?(?:HOSTNAME|POD_NAME)\}?|\$\(hostname(?: -s)?\)|`hostname`)"?\s*(?:!=|==?)\s*["']?([a-z][\w-]*-\d+)\b/g;
    for (const { 0: whole, 1: name = '', index } of text.matchAll(compared)) {
      const ordinal = /^-(\d+)$/.exec(name.startsWith(resource.name) ? name.slice(resource.name.length) : '')?.[1];
      if (ordinal !== undefined && Number(ordinal) < replicasIn(workspace, resource)) continue;
      const end = index + whole.length;
      yield {
        at: script.text.place(end - name.length, end),
        severity: 'error',
        message: `No pod of ${resource.title} is called ${name}, so this is the same for each of them, and no pod stays a master with followers — write ${resource.name}-0.`,
      };
    }
  }
}

const follows = /replicaof|slaveof|cluster-enabled|--cluster/i;
