import { commandLine } from '../../analysis/configs';
import { effectiveFile } from '../../analysis/effective';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { replicasIn } from '../../analysis/replicas';
import { redisMains } from '../../analysis/roles';
import { type ContainerScript, scriptOf } from '../../analysis/scripts';
import { maskComments } from '../../analysis/text/comments';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { type RedisConf, redisConf } from './conf';

export default {
  id: 'redis-replication-uninitialised',
  items: [],
  severity: 'warning',
  summary: 'Several Redis pods run, but nothing makes them followers of one.',
  why: 'Each pod is a master of its own. Synapse’s workers and LiveKit talk past each other, depending on which pod they reach, and Sentinel has nothing to fail over to.',
  remedy: 'Let an init container write `replicaof` into the configuration of every pod but the first.',
  traps: [
    '`replicaof`, `slaveof` and `--replicaof` count wherever a script or the configuration has them; so does Redis Cluster.',
    'A line that a script writes into another file than the one that Redis is started with makes no followers, unless that file is included.',
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
    const elsewhere = isArranged ? writtenElsewhere(workspace, resource, conf) : undefined;
    if (elsewhere) {
      yield {
        at: elsewhere.at,
        message: `Redis is started with ${conf.file.path}, so a replicaof in ${elsewhere.path} makes no follower, and each of the ${replicasIn(workspace, resource)} pods is a master — write it into ${conf.file.path}.`,
      };
      return;
    }
    if (isArranged) return;
    yield {
      at: resource.root.at('spec', 'replicas'),
      message: `${replicasIn(workspace, resource)} Redis pods run, but nothing makes them followers of one — write replicaof in an init container.`,
    };
  },
} satisfies Rule;

/** The file that all lines with `replicaof` go to, where Redis does not read it. */
function writtenElsewhere(
  workspace: Workspace,
  resource: Resource,
  { directives }: RedisConf,
): { readonly path: string; readonly at: Place } | undefined {
  // What is included is not followed, and a whole file that is read in place of the named one neither.
  if (directives.some(({ name }) => name === 'include')) return undefined;
  let found: { readonly path: string; readonly at: Place } | undefined;
  for (const container of containersOf(resource)) {
    const words = commandLine(container);
    const script = scriptOf(workspace, resource, container);
    const text = script ? maskComments(script.text.text, 'shell') : '';
    if (words.some(word => !/\n/.test(word.text ?? '') && !isIn(script, word) && follows.test(word.text ?? '')))
      return undefined;
    for (const line of text.matchAll(/^.*(?:replicaof|slaveof|cluster-enabled|--cluster).*$/gim)) {
      const echo =
        /^\s*(?:echo|printf)\s[^|;&>]*\b(?:replicaof|slaveof)\b[^|;&>]*>>?\s*["']?(\/[\w./-]+)["']?\s*$/i.exec(line[0]);
      // Words that are only said to whoever reads the log.
      if (!echo && /^\s*echo\s[^|;&>]*$/.test(line[0])) continue;
      const path = echo?.[1];
      if (!script || path === undefined) return undefined;
      const file = effectiveFile(workspace, resource, container, path);
      if (!file || file.isOpaque || !follows.test(file.content.text)) return undefined;
      const end = line.index + line[0].lastIndexOf(path) + path.length;
      found ??= { path, at: script.text.place(end - path.length, end) };
    }
  }
  return found;
}

function isIn(script: ContainerScript | undefined, word: Value): boolean {
  return script !== undefined && script.value.span.start === word.span.start;
}

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
