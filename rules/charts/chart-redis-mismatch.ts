import { textOf } from '../../analysis/helm/chart-objects';
import { type ChartClient, chartClients } from '../../analysis/helm/clients';
import { releaseKinds } from '../../analysis/helm/releases';
import { workloadKinds } from '../../analysis/pods';
import { replaceScalar } from '../../manifests/edit';
import type { Problem, Rule } from '../rule';

export default {
  id: 'chart-redis-mismatch',
  items: [],
  severity: 'error',
  kinds: [...workloadKinds, ...releaseKinds],
  summary: 'A program does not fit the Redis that a chart installs: its password, or the name of the master.',
  why: 'A Redis with a password answers `NOAUTH` to those who have none, and one without refuses `AUTH`. Sentinel knows no master but its own: whoever asks for another gets no address.',
  remedy:
    'Give both sides the same: `auth` of the chart and the password of the program, `sentinel.masterSet` and the name that the program asks for.',
  traps: [
    'Judged for Bitnami’s chart in the versions whose values are known, and only where nothing that the tree does not show may say otherwise.',
    'Whether the password is the right one is not asked here.',
  ],
  sources: [
    'bitnami/charts, bitnami/redis/values.yaml: `auth.enabled` and `auth.sentinel` are true, `sentinel.masterSet` is mymaster by default',
    'redis.io, AUTH; livekit/livekit config-sample.yaml, `redis`',
  ],
  examples: { bad: example('matrix', true), good: example('mymaster', false) },
  *check(resource, workspace) {
    for (const client of chartClients(workspace, resource))
      if (client.server.facts.chart === 'redis') yield* problemsOf(client);
  },
} satisfies Rule;

function* problemsOf(client: ChartClient): Iterable<Problem> {
  const { server, program, at } = client;
  const title = `the chart redis (${server.release.name})`;
  const related = [{ at: server.release.at, message: server.release.title }];
  const auth = textOf(server, 'auth.enabled');
  if (auth === 'false' && client.password === true)
    yield {
      at: client.passwordAt.exists ? client.passwordAt : at,
      message: `${program} gives Redis a password, but ${title} has auth.enabled: false, and a Redis without a password refuses AUTH — use one on both sides.`,
      related,
    };
  if (auth === 'true' && client.password === false)
    yield {
      at,
      message: `${program} has no password for Redis, but ${title} asks for one — give it the same.`,
      related,
    };
  if (!client.master) return;
  if (auth === 'true' && textOf(server, 'auth.sentinel') === 'true' && client.sentinelPassword === false)
    yield {
      at,
      message: `${program} has no password for Sentinel, but ${title} asks for one there, too — set sentinel_password, or auth.sentinel: false.`,
      related,
    };
  const set = textOf(server, 'sentinel.masterSet');
  const name = client.master.string;
  if (set === undefined || name === undefined || name === set || /[$%{<]/.test(name)) return;
  yield {
    at: client.master,
    message: `No Sentinel of ${title} watches a master ${name}, only ${set} — write that name, or set sentinel.masterSet.`,
    related,
    fixes: () => {
      const edit = client.master && replaceScalar(client.master, set);
      return edit ? [{ title: `Write ${set}`, safe: false, edits: [edit] }] : [];
    },
  };
}

function example(master: string, isBad: boolean): string {
  const mark = isBad
    ? `
      #                           ^^^^^^ 💡 error: No Sentinel of the chart redis (redis) watches a master matrix, only mymaster — write that name, or set sentinel.masterSet.`
    : '';
  return `
      #- /redis.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata:
        name: redis
        namespace: kube-system
      spec:
        repo: https://charts.bitnami.com/bitnami
        chart: redis
        version: 20.6.1
        targetNamespace: matrix
        valuesContent: |-
          auth:
            sentinel: false
          sentinel:
            enabled: true
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          redis:
            sentinel_master_name: ${master}${mark}
            sentinel_addresses:
              - redis:26379
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yaml]
                env:
                  - name: REDIS_PASSWORD
                    valueFrom:
                      secretKeyRef: {name: redis, key: redis-password}
                volumeMounts: [{name: config, mountPath: /etc/livekit}]
            volumes: [{name: config, configMap: {name: livekit}}]
    `;
}
