import type { ResolvedVariable } from '../../analysis/effective';
import { textOfVariable } from '../../analysis/environment';
import { workloadKinds } from '../../analysis/pods';
import { classifyHost } from '../../analysis/text/hosts';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { sentinelMonitors, sentinelSettings } from '../../analysis/text/redis-conf';
import type { Word } from '../../analysis/text/words';
import { startOfLine } from '../../manifests/lines';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { insertLinesBefore } from '../config/append-line';
import type { Rule } from '../rule';
import { placeIn, type RedisConf, redisConf } from './conf';

export default {
  id: 'redis-sentinel-hostname',
  items: [],
  severity: 'error',
  summary: 'Sentinel is given a name but may not resolve names.',
  why: 'Since Redis 6.2 Sentinel takes names only with `resolve-hostnames`, which is off. It ends at start with "Can’t resolve instance hostname".',
  remedy: 'Put `sentinel resolve-hostnames yes` and `sentinel announce-hostnames yes` above `sentinel monitor`.',
  traps: [
    'An IP address needs neither.',
    'A variable or a token that a script fills in is followed to its value. What the tree does not show may be an address.',
  ],
  sources: ['Redis documentation, High availability with Redis Sentinel, "IP addresses and DNS names"'],
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
          sentinel monitor main redis-0.redis 6379 2
      #                         ^^^^^^^^^^^^^ 💡 error: redis-0.redis is a name
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
          sentinel announce-hostnames yes
          sentinel monitor main redis-0.redis 6379 2
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
    const conf = redisConf(workspace, resource, 'sentinel');
    if (!conf) return;
    const resolves = sentinelSettings(conf.directives, 'resolve-hostnames').at(-1);
    for (const { host, directive } of sentinelMonitors(conf.directives)) {
      const name = host && nameIn(workspace, resource, conf, host);
      if (!name) continue;
      const isOn = resolves?.values[0]?.value.toLowerCase() === 'yes';
      const isAbove = resolves && conf.directives.indexOf(resolves.directive) < conf.directives.indexOf(directive);
      if (isOn && isAbove) continue;
      yield {
        at: placeIn(conf, host.span),
        message: `${host.value} ${name.variables.length > 0 ? 'stands for' : 'is'} a name, and Sentinel resolves none — put sentinel resolve-hostnames yes above this line.`,
        related: name.variables.map(at => ({ at, message: 'Where its value comes from' })),
        fixes: () => {
          if (resolves) return [];
          const lines = ['sentinel resolve-hostnames yes', 'sentinel announce-hostnames yes'];
          const edit = insertLinesBefore(conf.file.content, directive.span.start, lines);
          const { text } = workspace.file(edit?.at.uri ?? '') ?? { text: '' };
          // A line of another origin, such as a script, may be indented otherwise.
          const start = edit?.at.span.start ?? 0;
          const before = text.slice(startOfLine(text, start), start);
          return edit && before === conf.file.content.linePrefix
            ? [{ title: 'Let Sentinel resolve names', safe: true, edits: [edit] }]
            : [];
        },
      };
    }
  },
} satisfies Rule;

/** A host that is a name, with the variables that it is put together from. */
interface HostName {
  readonly variables: readonly (Place | Value)[];
}

/** Whether Sentinel reads a name there; undefined also where the tree does not show what it reads. */
function nameIn(workspace: Workspace, resource: Resource, { file }: RedisConf, host: Word): HostName | undefined {
  const whole = file.resolve(host.span);
  if (whole.kind === 'left' && !host.value.includes('$')) {
    return isName(host.value) ? { variables: [] } : undefined;
  }
  if (host.span.end - host.span.start !== host.value.length) return undefined;
  const pieces: (string | ResolvedVariable)[] = [];
  if (whole.kind === 'replaced' && whole.replacement) pieces.push(...whole.replacement);
  else {
    let from = 0;
    for (const token of host.value.matchAll(/\$(?:\{\w+\}|\w+)/g)) {
      const to = token.index + token[0].length;
      const found = file.resolve({ start: host.span.start + token.index, end: host.span.start + to });
      const [variable, ...others] = found.kind === 'replaced' ? found.variables : [];
      if (!variable || others.length > 0) return undefined;
      pieces.push(host.value.slice(from, token.index), variable);
      from = to;
    }
    const rest = host.value.slice(from);
    if (from === 0 || rest.includes('$')) return undefined;
    pieces.push(rest);
  }
  const variables = pieces.filter(piece => typeof piece !== 'string');
  const texts = pieces.map(piece => (typeof piece === 'string' ? piece : filledIn(workspace, resource, piece)));
  return texts.every(text => text !== undefined) && isName(texts.join(''))
    ? { variables: variables.flatMap(({ definition }) => definition?.at ?? []) }
    : undefined;
}

/** What a script puts in for a variable; undefined where it may be something else than the container is given. */
function filledIn(
  workspace: Workspace,
  resource: Resource,
  { definition, mayBeDefined, transformed }: ResolvedVariable,
): string | undefined {
  if (transformed || mayBeDefined) return undefined;
  const text = textOfVariable(workspace, resource, definition);
  return text === '' ? undefined : text;
}

function isName(host: string): boolean {
  if (!/^[\w.-]+$/.test(host) || host.startsWith('127.') || findPlaceholders(host, 'value').length > 0) return false;
  return classifyHost(host) !== 'ip';
}
