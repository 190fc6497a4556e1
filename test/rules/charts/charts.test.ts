import assert from 'node:assert/strict';
import refused from '../../../rules/charts/chart-client-refused';
import database from '../../../rules/charts/chart-database-mismatch';
import redis from '../../../rules/charts/chart-redis-mismatch';
import unfit from '../../../rules/charts/chart-value-unfit';
import type { Rule } from '../../../rules/rule';
import { check } from '../../fixture';

const bitnami = 'https://charts.bitnami.com/bitnami';
const ananace = 'https://ananace.gitlab.io/charts';

function chart(name: string, of: string, repo: string, version: string, values: string): string {
  return `---
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: { name: ${name}, namespace: kube-system }
      spec:
        repo: ${repo}
        chart: ${of}
        version: ${version}
        targetNamespace: matrix
        valuesContent: |-
          ${values}
      `;
}

function found(source: string, rule: Rule): readonly string[] {
  const { findings } = check(
    `
      #- /charts.yaml
      ${source}`,
    [rule],
  );
  return findings.map(({ problem }) => problem.message.replace(/ — .*/, ''));
}

const synapse = (values: string): string => chart('synapse', 'matrix-synapse', ananace, '3.12.0', values);

describe('the Redis of a chart and its clients', () => {
  const tree = (values: string, client: string, version = '20.6.1'): string =>
    chart('cache', 'redis', bitnami, version, values) +
    synapse(`{ redis: { enabled: false }, externalRedis: { host: cache-redis-master${client} } }`);

  it('have a password both or neither', () => {
    assert.deepEqual(found(tree('{}', ', existingSecret: redis'), redis), []);
    assert.deepEqual(found(tree('auth: { enabled: false }', ''), redis), []);
    assert.deepEqual(found(tree('auth: { enabled: false }', ', password: x'), redis), [
      'Synapse gives Redis a password, but the chart redis (cache) has auth.enabled: false, and a Redis without a password refuses AUTH',
    ]);
    assert.deepEqual(found(tree('{}', ''), redis), [
      'Synapse has no password for Redis, but the chart redis (cache) asks for one',
    ]);
  });

  it('are not compared in versions that are not known, or where a template decides', () => {
    assert.deepEqual(found(tree('{}', '', '10.9.0'), redis), []);
    assert.deepEqual(found(tree('auth: { enabled: "${AUTH}" }', ''), redis), []);
  });

  it('need the label of a client where the chart admits nobody else', () => {
    const closed = 'networkPolicy: { enabled: true, allowExternal: false';
    assert.deepEqual(found(tree(`${closed} }`, ''), refused), [
      'The chart redis (cache) admits only pods with the label cache-redis-client, which those of Synapse do not have',
    ]);
    assert.deepEqual(found(tree(`${closed}, ingressNSMatchLabels: { a: b } }`, ''), refused), []);
    assert.deepEqual(found(tree('{}', ''), refused), []);
    assert.deepEqual(found(tree(`${closed} }`, ', x: { cache-redis-client: "true" }'), refused), []);
  });
});

describe('the database of a chart and its clients', () => {
  const tree = (values: string, name: string, user = 'synapse'): string =>
    chart('db', 'postgresql', bitnami, '16.4.1', values) +
    synapse(
      `{ postgresql: { enabled: false }, externalPostgresql: { host: db-postgresql, username: ${user}, database: ${name} } }`,
    );

  it('have the same names, unless a script or somebody else may make others', () => {
    const own = 'auth: { username: synapse, database: synapse }';
    assert.deepEqual(found(tree(own, 'synapse'), database), []);
    assert.deepEqual(found(tree(own, 'matrix', 'matrix'), database), [
      'Synapse asks for the role matrix, but the chart postgresql (db) makes synapse',
      'Synapse asks for the database matrix, but the chart postgresql (db) makes synapse',
    ]);
    assert.deepEqual(found(tree('{}', 'matrix'), database), []);
    const declared = `${tree(own, 'matrix')}---
      apiVersion: postgresql.cnpg.io/v1
      kind: Database
      metadata: { name: matrix, namespace: matrix }
      spec: { name: matrix, owner: synapse, cluster: { name: db } }`;
    assert.deepEqual(found(declared, database), []);
    const scripted = '{ auth: { username: synapse, database: synapse }, primary: { initdb: { scriptsSecret: init } } }';
    assert.deepEqual(found(tree(scripted, 'matrix'), database), []);
    assert.deepEqual(found(tree(scripted.replace('scriptsSecret', 'scriptsConfigMap'), 'matrix'), database), []);
  });

  it('have a locale that Synapse takes, where it is written', () => {
    const args = (locale: string): string =>
      `primary: { initdb: { args: "--lc-collate=${locale} --lc-ctype=${locale}" } }`;
    assert.deepEqual(found(tree(args('C'), 'synapse'), database), []);
    assert.deepEqual(found(tree(args('en_US.UTF-8'), 'synapse'), database), [
      'Synapse refuses a database with the locale en_US.UTF-8',
    ]);
  });
});

describe('the values of a chart', () => {
  const values = (of: string, text: string, version = '20.6.1', repo = bitnami): readonly string[] =>
    found(chart('a', of, repo, version, text), unfit);

  it('fit each other', () => {
    assert.equal(values('redis', '{ architecture: standalone, sentinel: { enabled: true } }').length, 1);
    assert.equal(values('redis', '{ sentinel: { enabled: true }, replica: { replicaCount: 1 } }').length, 1);
    assert.equal(values('redis', '{ metrics: { serviceMonitor: { enabled: true } } }').length, 1);
    assert.deepEqual(values('redis', '{ sentinel: { enabled: true }, replica: { replicaCount: 3 } }'), []);
    assert.deepEqual(values('redis', '{ architecture: standalone, sentinel: { enabled: false } }'), []);
    assert.deepEqual(values('redis', '{ master: { persistence: { enabled: false } } }'), []);
  });

  it('keep what a database and a store are given, and do not give it away', () => {
    assert.equal(values('postgresql', '{ primary: { persistence: { enabled: false } } }', '16.4.1').length, 1);
    const minio = (text: string): readonly string[] => values('minio', text, '5.3.0', 'https://charts.min.io/');
    assert.equal(minio('{ persistence: { enabled: false } }').length, 1);
    assert.equal(minio('{ buckets: [{ name: media, policy: public }, { name: b, policy: none }] }').length, 1);
    assert.deepEqual(minio('{ buckets: [{ name: media, policy: none }] }'), []);
  });

  it('have schedules of six fields for CloudNativePG', () => {
    const cluster = (schedule: string): readonly string[] =>
      values(
        'cluster',
        `backups: { enabled: true, scheduledBackups: [{ name: a, schedule: "${schedule}" }] }`,
        '0.2.1',
        'https://cloudnative-pg.github.io/charts',
      );
    assert.equal(cluster('0 3 * * *').length, 1);
    assert.deepEqual([...cluster('0 0 3 * * *'), ...cluster('@daily')], []);
  });

  it('are not judged in charts of others, or in versions that are not known', () => {
    const alone = '{ architecture: standalone, sentinel: { enabled: true } }';
    assert.deepEqual(values('redis', alone, '20.6.1', 'https://charts.tessera.test'), []);
    assert.deepEqual(values('redis', alone, '10.0.0'), []);
  });
});
