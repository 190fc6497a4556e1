import assert from 'node:assert/strict';
import namedWorkers from '../../../rules/availability/hpa-on-named-workers';
import probes from '../../../rules/availability/probe-port-missing';
import remotes from '../../../rules/minio/rclone-remote-undefined';
import objectUndefined from '../../../rules/postgresql/pg-object-undefined';
import priorityClass from '../../../rules/references/reference-missing-priorityclass';
import notListened from '../../../rules/services/port-not-listened-on';
import missingTool from '../../../rules/synapse/init-tool-missing-in-image';
import { messages } from '../expect';

const pod = (container: string, more = ''): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: matrix}, spec: {${more}containers: [{name: a, ${container}}]}}\n`;

describe('probes', () => {
  const web = (probe: string): string =>
    `image: b, ports: [{name: http, containerPort: 80}, {name: rtc, containerPort: 90, protocol: UDP}], readinessProbe: {${probe}}`;

  it('ask the pod and not its node', () => {
    const local = 'httpGet: {port: http, host: localhost}';
    assert.match(messages(probes, pod(web(local))).join(), /asks the node’s own localhost/);
    assert.deepEqual(messages(probes, pod(web(local), 'hostNetwork: true, ')), []);
    assert.deepEqual(messages(probes, pod(web('httpGet: {port: http, host: example.test}'))), []);
  });

  it('ask by the protocol of the port, and for a port that is there', () => {
    assert.match(messages(probes, pod(web('tcpSocket: {port: rtc}'))).join(), /its port rtc is for UDP/);
    assert.deepEqual(messages(probes, pod(web('tcpSocket: {port: 80}'))), []);
    const redis = (port: number): string =>
      `image: redis:7.4, ports: [{containerPort: 6379}], livenessProbe: {exec: {command: [redis-cli, -p, "${port}", ping]}}`;
    assert.match(messages(probes, pod(redis(6380))).join(), /^warning: .* the port 6380/);
    assert.deepEqual(messages(probes, pod(redis(6379))), []);
  });

  it('may ask for a port that nobody else asks for, unless it is one letter away from a declared one', () => {
    const severity = (port: number): string | undefined =>
      messages(probes, pod(web(`httpGet: {port: ${port}}`)))[0]?.replace(/:.*/, '');
    assert.equal(severity(10254), 'info');
    for (const slip of [81, 8, 800]) assert.equal(severity(slip), 'warning', `${slip}`);
    assert.equal(severity(80), undefined);
  });

  it('run programs that the image has', () => {
    const probe = (program: string): string =>
      pod(`image: "redis:7.4-alpine", livenessProbe: {exec: {command: [${program}, a]}}`);
    assert.match(messages(missingTool, probe('curl')).join(), /has no curl, so the livenessProbe .* always fails/);
    assert.deepEqual(messages(missingTool, probe('redis-cli')), []);
  });

  it('find Redis where its file says', () => {
    const redis = (port: number): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: matrix}
data:
  redis.conf: |
    port ${port}
---
${pod(
  'image: redis:7.4, command: [redis-server, /conf/redis.conf], livenessProbe: {tcpSocket: {port: 6379}}, volumeMounts: [{name: c, mountPath: /conf}]',
  'volumes: [{name: c, configMap: {name: redis}}], ',
)}`;
    assert.match(messages(notListened, redis(6380)).join(), /Redis does not listen on port 6379/);
    assert.deepEqual(messages(notListened, redis(6379)), []);
  });
});

describe('other things that are not there', () => {
  it('are aliases of mc', () => {
    const job = (alias: string): string =>
      pod(`image: minio/mc, command: [sh, -c, 'mc alias set store http://minio:9000 a b && mc mb -p ${alias}/media']`);
    assert.match(messages(remotes, job('minio')).join(), /mc has no alias minio .* name store/);
    assert.deepEqual(messages(remotes, job('store')), []);
  });

  it('are remotes of rclone, in the file that --config names', () => {
    const job = (remote: string, file = '/config/rclone.conf'): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: rclone, namespace: matrix}
data:
  rclone.conf: |
    [main]
    type = s3
---
${pod(
  `image: "rclone/rclone:1.65", command: [sh, -c, 'rclone sync ${remote}:media /backup --config ${file}'], volumeMounts: [{name: c, mountPath: /config}]`,
  'volumes: [{name: c, configMap: {name: rclone}}], ',
)}`;
    assert.match(messages(remotes, job('source')).join(), /rclone has no remote source/);
    assert.deepEqual(messages(remotes, job('main')), []);
    assert.match(
      messages(remotes, job('source', '/etc/rclone.conf')).join(),
      /reads \/etc\/rclone\.conf, and the tree mounts/,
    );
  });

  it('are PriorityClasses', () => {
    const named = (name: string): string => pod('image: b', `priorityClassName: ${name}, `);
    const known = '---\n{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 1}\n';
    assert.match(messages(priorityClass, named('low')).join(), /^info: Nothing creates the PriorityClass low/);
    assert.match(messages(priorityClass, named('low') + known).join(), /^warning:/);
    assert.deepEqual(messages(priorityClass, named('high') + known), []);
    assert.deepEqual(messages(priorityClass, named('system-cluster-critical')), []);
  });

  it('are ways to back up, and owners of databases', () => {
    const object = (kind: string, spec: string): string =>
      `{apiVersion: postgresql.cnpg.io/v1, kind: ${kind}, metadata: {name: pg, namespace: matrix}, spec: {${spec}}}\n`;
    const cluster = (spec: string): string => `---\n${object('Cluster', spec)}`;
    const backup = (spec: string): string => object('ScheduledBackup', `cluster: {name: pg}${spec}`);
    const plugin = 'plugins: [{name: own.example.test}]';
    assert.match(
      messages(objectUndefined, backup(', method: volumeSnapshot') + cluster('backup: {}')).join(),
      /has no backup\.volumeSnapshot/,
    );
    assert.match(messages(objectUndefined, backup('') + cluster(plugin)).join(), /write method: plugin/);
    assert.deepEqual(messages(objectUndefined, backup(', method: plugin') + cluster(plugin)), []);
    assert.deepEqual(messages(objectUndefined, backup('') + cluster('instances: 1')), []);
    const database = object('Database', 'name: b, owner: bridges, cluster: {name: pg}').replace(
      'name: pg,',
      'name: b,',
    );
    assert.match(
      messages(objectUndefined, database + cluster('instances: 1')).join(),
      /Nothing makes the role bridges/,
    );
    assert.deepEqual(messages(objectUndefined, database + cluster('managed: {roles: [{name: bridges}]}')), []);
  });

  it('is work for a further Redis', () => {
    const scaler =
      '---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: matrix}, spec: {minReplicas: 3, maxReplicas: 5, scaleTargetRef: {kind: StatefulSet, name: redis}}}\n';
    const set =
      '{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: redis, namespace: matrix}, spec: {template: {spec: {containers: [{name: redis, image: "redis:7.4"}]}}}}\n';
    assert.match(messages(namedWorkers, set + scaler).join(), /only one pod is the master/);
  });
});
