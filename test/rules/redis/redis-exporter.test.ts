import assert from 'node:assert/strict';
import rule from '../../../rules/redis/redis-exporter-unauthenticated';
import { messages } from '../expect';

const { bad } = rule.examples;
const found = (text: string): readonly string[] => messages(rule, text);

describe('redis-exporter-unauthenticated', () => {
  it('accepts passwords in other places, and a Redis without one', () => {
    assert.equal(found(bad).length, 1);
    for (const [from, to] of [
      ['redis://localhost:6379', 'redis://:secret@localhost:6379'],
      ['redis://localhost:6379', 'redis://localhost:26379'],
      ['REDIS_AUTH', 'REDIS_PASSWORD_FILE'],
      ['--requirepass', '--port'],
      ['v1.62.0\n', 'v1.62.0\n                args: [--redis.password=$(REDIS_AUTH)]\n'],
      ['v1.62.0\n', 'v1.62.0\n                envFrom: [{secretRef: {name: exporter}}]\n'],
      ['oliver006/redis_exporter', 'registry.test/metrics'],
    ] as const)
      assert.deepEqual(found(bad.replace(from, to)), [], to);
  });

  it('follows the Service to Redis, and knows nothing of another', () => {
    const beside = (host: string): string => `
      apiVersion: v1
      kind: Service
      metadata: {name: redis, namespace: matrix}
      spec: {selector: {app: redis}, ports: [{port: 6379}]}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: redis, namespace: matrix}
      spec:
        template:
          metadata: {labels: {app: redis}}
          spec: {containers: [{name: redis, image: "redis:7.4", args: [--requirepass, secret]}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: exporter, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: exporter
                image: quay.io/oliver006/redis_exporter:v1.62.0
                env: [{name: REDIS_ADDR, value: "${host}"}]
`;
    assert.equal(found(beside('redis.matrix.svc.cluster.local:6379')).length, 1);
    assert.equal(found(beside('rediss://redis')).length, 1);
    assert.deepEqual(found(beside('redis.other.example:6379')), []);
  });
});
