import { podsOf, workloadKinds } from '../../analysis/pods';
import { servicesFor, targetOf } from '../../analysis/services';
import { redisSetting } from '../../analysis/text/redis-conf';
import type { Rule } from '../rule';
import { placeIn, redisConf } from './conf';

export default {
  id: 'redis-bind-loopback',
  items: [],
  severity: 'error',
  summary: 'Redis or Sentinel listens for its own pod only, although a Service leads to it.',
  why: '`127.0.0.1` in a pod is the pod itself: other pods, replicas and Sentinels are refused, while probes with `redis-cli` inside the pod succeed.',
  remedy: 'Leave `bind` out, or write `bind * -::*`; a NetworkPolicy and the password decide who may connect.',
  traps: [
    'Without a Service in front of that port nothing is said: a cache for its own pod may listen so, and one behind a proxy in the pod.',
  ],
  sources: ['redis.conf of Redis 7, `bind`: by default Redis listens on all addresses'],
  examples: {
    bad: example(
      'bind 127.0.0.1\n      #   ^^^^^^^^^^^^^^ error: Redis listens on 127.0.0.1 only, so nobody gets an answer through Service redis',
    ),
    good: example('bind * -::*'),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const program of ['redis', 'sentinel'] as const) {
      const conf = redisConf(workspace, resource, program);
      const bind = conf && redisSetting(conf.directives, 'bind');
      const addresses = bind?.args.map(({ value }) => value) ?? [];
      if (!conf || !bind || addresses.length === 0 || !addresses.every(one => loopback.test(one))) continue;
      const port = Number(redisSetting(conf.directives, 'port')?.args[0]?.value ?? defaults[program]);
      const service = podsOf(resource)
        .flatMap(pods => servicesFor(workspace, pods).map(one => ({ one, pods })))
        .find(({ one, pods }) => one.ports.some(own => targetOf(own, pods)?.port === port))?.one;
      if (!service) continue;
      yield {
        at: placeIn(conf, bind.span),
        message: `${program === 'redis' ? 'Redis' : 'Sentinel'} listens on ${addresses.join(' and ')} only, so nobody gets an answer through Service ${service.name} — leave bind out.`,
      };
    }
  },
} satisfies Rule;

const defaults = { redis: '6379', sentinel: '26379' } as const;
const loopback = /^-?(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;

function example(line: string): string {
  return `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis
        namespace: matrix
      data:
        redis.conf: |
          ${line}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: redis
        namespace: matrix
      spec:
        selector: {app: redis}
        ports: [{port: 6379}]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /conf/redis.conf]
                ports: [{containerPort: 6379}]
                volumeMounts: [{name: conf, mountPath: /conf}]
            volumes: [{name: conf, configMap: {name: redis}}]
    `;
}
