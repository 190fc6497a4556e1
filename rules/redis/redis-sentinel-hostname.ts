import { workloadKinds } from '../../analysis/pods';
import { classifyHost } from '../../analysis/text/hosts';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { sentinelMonitors, sentinelSettings } from '../../analysis/text/redis-conf';
import { insertLinesBefore } from '../config/append-line';
import type { Rule } from '../rule';
import { placeIn, redisConf } from './conf';

export default {
  id: 'redis-sentinel-hostname',
  items: [],
  severity: 'error',
  summary: 'Sentinel is given a name but may not resolve names.',
  why: 'Since Redis 6.2 Sentinel takes names only with `resolve-hostnames`, which is off. It ends at start with "Can’t resolve instance hostname".',
  remedy: 'Put `sentinel resolve-hostnames yes` and `sentinel announce-hostnames yes` above `sentinel monitor`.',
  traps: ['An IP address needs neither.'],
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
      if (!host || classifyHost(host.value) === 'ip' || findPlaceholders(host.value, 'value').length > 0) continue;
      // What a script puts together may well be an address.
      if (/^127\.|[$]/.test(host.value) || conf.file.resolve(host.span).kind !== 'left') continue;
      const isOn = resolves?.values[0]?.value.toLowerCase() === 'yes';
      const isAbove = resolves && conf.directives.indexOf(resolves.directive) < conf.directives.indexOf(directive);
      if (isOn && isAbove) continue;
      yield {
        at: placeIn(conf, host.span),
        message: `${host.value} is a name, and Sentinel resolves none — put sentinel resolve-hostnames yes above this line.`,
        fixes: () => {
          if (resolves) return [];
          const lines = ['sentinel resolve-hostnames yes', 'sentinel announce-hostnames yes'];
          const edit = insertLinesBefore(conf.file.content, directive.span.start, lines);
          const { text } = workspace.file(edit?.at.uri ?? '') ?? { text: '' };
          // A line of another origin, such as a script, may be indented otherwise.
          const start = edit?.at.span.start ?? 0;
          const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
          return edit && before === conf.file.content.linePrefix
            ? [{ title: 'Let Sentinel resolve names', safe: true, edits: [edit] }]
            : [];
        },
      };
    }
  },
} satisfies Rule;
