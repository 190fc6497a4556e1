import { isReplacedByScript } from '../../analysis/filled-in';
import { workloadKinds } from '../../analysis/pods';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { type SentinelMonitor, sentinelMonitors, sentinelSettings } from '../../analysis/text/redis-conf';
import type { Word } from '../../analysis/text/words';
import type { Resource } from '../../manifests/resource';
import type { Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { defineVariable, useDoubleQuotes } from './apply-password';
import { asksForPassword, placeIn, type RedisConf, redisConf, replacePart, sentinels } from './conf';

export default {
  id: 'redis-sentinel-auth-missing',
  items: ['1.2.b.2'],
  severity: 'error',
  summary: 'Sentinel has no password for the Redis that it watches.',
  why: 'Redis refuses Sentinel, which then takes a healthy master for dead, or never notices that it fails. There is no failover.',
  remedy:
    'Append `sentinel auth-pass MASTER` with the password from the Secret below the line `sentinel monitor`, in the init container that writes the configuration. A line that is there and wrong is mended by quick fixes; a missing one goes where that container’s script has the password.',
  traps: [
    'Nothing is reported where Redis asks for no password.',
    '`sentinel auth-pass` has to come after `sentinel monitor` of the same name.',
    'The password itself must not stand in a ConfigMap.',
  ],
  sources: ['Redis documentation, sentinel.conf: sentinel auth-pass <master-name> <password>'],
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
          requirepass from-elsewhere
        sentinel.conf: |
          sentinel monitor main 192.0.2.1 6379 2
      #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: Sentinel has no password for main
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
          requirepass PASSWORD_PLACEHOLDER
        sentinel.conf: |
          sentinel resolve-hostnames yes
          sentinel monitor main 192.0.2.1 6379 2
          sentinel auth-pass main PASSWORD_PLACEHOLDER
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
            initContainers:
              - name: set-password
                image: redis:7.4
                command:
                  - sh
                  - -c
                  - |
                    sed "s/PASSWORD_PLACEHOLDER/\${REDIS_PASSWORD}/" /template/redis.conf > /conf/redis.conf
                    sed "s/PASSWORD_PLACEHOLDER/\${REDIS_PASSWORD}/" /template/sentinel.conf > /conf/sentinel.conf
                env:
                  - name: REDIS_PASSWORD
                    valueFrom:
                      secretKeyRef: {name: redis-password, key: password}
                volumeMounts:
                  - {name: template, mountPath: /template}
                  - {name: config, mountPath: /conf}
            volumes:
              - name: template
                configMap: {name: redis}
              - name: config
                emptyDir: {}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const conf = sentinels(workspace).includes(resource) ? redisConf(workspace, resource, 'sentinel') : undefined;
    if (!conf || !asksForPassword(workspace, resource)) return;
    for (const monitor of sentinelMonitors(conf.directives)) {
      const problem = problemWith(workspace, resource, conf, monitor);
      if (problem) yield problem;
    }
  },
} satisfies Rule;

function problemWith(
  workspace: Workspace,
  resource: Resource,
  conf: RedisConf,
  { directive, master }: SentinelMonitor,
): Problem | undefined {
  const settings = sentinelSettings(conf.directives, 'auth-pass');
  const setting = settings.findLast(one => one.master?.value === master.value);
  const [password] = setting?.values ?? [];
  if (!setting || !password) {
    const other = settings[0]?.master;
    return {
      at: other ? placeIn(conf, other.span) : placeIn(conf, directive.span),
      message: `Sentinel has no password for ${master.value}${other ? `, only for ${other.value}` : ', though Redis asks for one'} — add sentinel auth-pass ${master.value} with the password from the Secret.`,
      fixes: () => (other ? nameMaster(workspace, conf, other, master.value) : []),
    };
  }
  if (conf.directives.indexOf(setting.directive) < conf.directives.indexOf(directive)) {
    return {
      at: placeIn(conf, setting.directive.span),
      message: `sentinel auth-pass ${master.value} stands above its sentinel monitor, where Sentinel does not know the name yet — move it below.`,
      fixes: () => moveBelow(conf, setting.directive.span, directive.span),
    };
  }
  const resolution = conf.file.resolve(password.span);
  if (resolution.kind === 'unexpanded') {
    return {
      at: resolution.by,
      message: 'This does not expand its variable, because the shell leaves single quotes alone — use double quotes.',
      fixes: () => useDoubleQuotes(workspace, resource, resolution.by),
    };
  }
  if (resolution.kind === 'replaced') {
    const missing = resolution.variables.find(({ definition, mayBeDefined }) => !definition && !mayBeDefined);
    return (
      missing && {
        at: missing.at,
        message: `The container does not have the variable ${missing.name}, so Sentinel’s password is empty — define it under env.`,
        fixes: () => defineVariable(workspace, resource, missing.container, missing.name),
      }
    );
  }
  if (resolution.kind !== 'left') return undefined;
  const at = placeIn(conf, password.span);
  const [placeholder] = findPlaceholders(password.value, 'value');
  if (placeholder) {
    if (isReplacedByScript(workspace, at, placeholder.text)) return undefined;
    return {
      at,
      message: `${password.value} is still there when Sentinel reads ${conf.file.path} — let an init container put the Secret’s value in.`,
    };
  }
  const inConfigMap = workspace
    .file(at.uri)
    ?.documents.some(({ resources }) =>
      resources.some(
        one =>
          one.kind === 'ConfigMap' &&
          conf.file.sources.some(source => source.path[0] === 'data' && source.uri === one.uri),
      ),
    );
  return inConfigMap
    ? { at, message: 'Sentinel’s password stands in a ConfigMap — take it from the Secret in an init container.' }
    : undefined;
}

/** Gives the password to the master that is watched, instead of to one that is not. */
function nameMaster(workspace: Workspace, conf: RedisConf, other: Word, master: string): readonly Fix[] {
  if (sentinelMonitors(conf.directives).some(one => one.master.value === other.value)) return [];
  const edit = replacePart(workspace, conf, other.span, master);
  return edit ? [{ title: `Write auth-pass ${master}`, safe: false, edits: [edit] }] : [];
}

/** Moves a line below another one that follows it. */
function moveBelow({ file: { content } }: RedisConf, line: Span, target: Span): readonly Fix[] {
  const { text, linePrefix, eol = '\n' } = content;
  const start = text.lastIndexOf('\n', line.start - 1);
  if (linePrefix === undefined || start === -1) return [];
  const endOf = ({ end }: Span): number => (text.indexOf('\n', end) === -1 ? text.length : text.indexOf('\n', end));
  const end = endOf(line);
  const at = endOf(target);
  const edits = [
    { at: content.place(start, end), newText: '' },
    { at: content.place(at, at), newText: `${eol}${linePrefix}${text.slice(start + 1, end)}` },
  ];
  return [{ title: 'Move it below sentinel monitor', safe: true, edits }];
}
