import { workloadKinds } from '../../analysis/pods';
import { sentinelMonitors } from '../../analysis/text/redis-conf';
import type { Rule } from '../rule';
import { placeIn, redisConf, replacePart, sentinelCount, sentinels } from './conf';

export default {
  id: 'redis-sentinel-quorum',
  items: ['1.2.b.3'],
  severity: 'warning',
  summary: 'The quorum does not fit the number of Sentinels.',
  why: 'A quorum of half or less lets a minority that is cut off declare the master dead. One above the number of Sentinels is never reached, so there is no failover at all; one that needs all of them is not reached when a node with a Sentinel and the master fails.',
  remedy: 'Set the quorum to a majority: 2 of 3.',
  traps: [
    'A quorum above the number of Sentinels is an error, and so is 0.',
    'Any number from a majority to one less than all is right. Less than three Sentinels are reported by redis-sentinel-replica-count.',
  ],
  sources: ['Redis documentation, High availability with Redis Sentinel, "Configuring Sentinel": quorum'],
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
          sentinel monitor main 192.0.2.1 6379 1
      #                                        ^ 💡 warning: 1 of 3 Sentinels
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
    const conf = sentinels(workspace).includes(resource) ? redisConf(workspace, resource, 'sentinel') : undefined;
    const count = sentinelCount(workspace, resource);
    if (!conf || !count || count < 2) return;
    for (const { quorum, master } of sentinelMonitors(conf.directives)) {
      const number = /^\d+$/.test(quorum?.value ?? '') ? Number(quorum?.value) : undefined;
      if (!quorum || number === undefined || isRight(number, count)) continue;
      const right = Math.floor(count / 2) + 1;
      yield {
        at: placeIn(conf, quorum.span),
        ...(number > count || number === 0 ? { severity: 'error' as const } : {}),
        message:
          number === 0
            ? `The quorum of ${master.value} is 0, and Sentinel does not start with less than 1 — set it to ${right}.`
            : `${number} of ${count} Sentinels have to agree that ${master.value} is down, which is ${number > count ? 'never the case' : number === count ? 'not the case when one of them fails with it' : 'no majority'} — set the quorum to ${right}.`,
        fixes: () => {
          const edit = replacePart(workspace, conf, quorum.span, String(right));
          return edit ? [{ title: `Set the quorum to ${right}`, safe: true, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

/** A majority, and of three or more Sentinels not all. */
function isRight(quorum: number, count: number): boolean {
  return quorum > count / 2 && (quorum < count || (quorum === count && count < 3));
}
