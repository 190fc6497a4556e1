import assert from 'node:assert/strict';
import rule from '../../../rules/references/values-secret-missing';
import { check } from '../../fixture';

const secrets = `
  apiVersion: v1
  kind: Secret
  metadata: { name: redis-auth, namespace: matrix }
  stringData: { password: b2Jk7sYtq0VgXw4nLr9cHfUzEaMd5PiT }
`;

function found(values: string, { chart = 'redis', repo = 'https://charts.bitnami.com/bitnami', more = secrets } = {}) {
  const { findings } = check(
    `
      #- /chart.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: { name: ${chart}, namespace: kube-system }
      spec:
        repo: ${repo}
        chart: ${chart}
        targetNamespace: matrix
        valuesContent: |-
          ${values}
      #- /more.yaml${more.replaceAll('\n', '\n    ')}
    `,
    [rule],
  );
  return findings.map(({ problem }) => problem.message.replace(/ — .*/, ''));
}

describe('objects that releases of charts are told to use', () => {
  it('have to be there, with the keys that the values name or the chart reads', () => {
    const with_ = (key: string) => `auth: { existingSecret: redis-auth, existingSecretPasswordKey: ${key} }`;
    assert.deepEqual(found(with_('password')), []);
    assert.deepEqual(found(with_('pass')), [
      'Secret redis-auth has no key pass, which the chart is told to use; it has password',
    ]);
    assert.deepEqual(found('auth: { existingSecret: redis-auth }'), [
      'Secret redis-auth has no key redis-password, which the chart reads; it has password',
    ]);
    assert.deepEqual(found('auth: { existingSecret: cache }'), [
      'Nothing creates the Secret cache in namespace matrix, which the chart is told to use',
    ]);
  });

  it('are not judged where they are switched off, templates, made beside the chart, or of a part of a deployment', () => {
    assert.deepEqual(found('auth: { enabled: false, existingSecret: cache }'), []);
    assert.deepEqual(found('auth: { existingSecret: "{{ .Release.Name }}-auth" }'), []);
    assert.deepEqual(found('auth: { existingSecret: "${REDIS_SECRET}" }'), []);
    assert.deepEqual(found('{ auth: { existingSecret: cache }, extraDeploy: [{ metadata: { name: cache } }] }'), []);
    const elsewhere = secrets.replace('namespace: matrix', 'namespace: other');
    assert.deepEqual(found('auth: { existingSecret: cache }', { more: elsewhere }), []);
  });

  it('are not taken for what another chart may make under a name of its own', () => {
    const more = `${secrets}  ---
  apiVersion: helm.cattle.io/v1
  kind: HelmChart
  metadata: { name: db, namespace: kube-system }
  spec: { repo: https://charts.bitnami.com/bitnami, chart: postgresql, targetNamespace: matrix }
`;
    assert.equal(found('auth: { existingSecret: redis-new-secret }', { more }).length, 1);
    assert.deepEqual(found('auth: { existingSecret: db-postgresql-new-secret }', { more }), []);
  });

  it('are looked for by the names of values in charts that are not known, but not their keys', () => {
    const unknown = { chart: 'bridge', repo: 'https://charts.tessera.test' };
    assert.deepEqual(found('db: { existingSecret: redis-auth, existingSecretPasswordKey: x }', unknown), []);
    assert.deepEqual(found('db: { existingSecret: bridge-db }', unknown), [
      'Nothing creates the Secret bridge-db in namespace matrix, which the chart is told to use',
    ]);
  });

  it('are found in the items of lists', () => {
    const users = (key: string) =>
      `users: [{ accessKey: synapse, existingSecret: redis-auth, existingSecretKey: ${key} }]`;
    const minio = { chart: 'minio', repo: 'https://charts.min.io/' };
    assert.deepEqual(found(users('password'), minio), []);
    assert.deepEqual(found(users('secret'), minio), [
      'Secret redis-auth has no key secret, which the chart is told to use; it has password',
    ]);
  });
});
