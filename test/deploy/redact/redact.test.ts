import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createRedactor, mask, stripControl } from '../../../deploy/redact/redact';
import { secretValues } from '../../../deploy/redact/secrets';
import { encodeBase64 } from '../../../manifests/base64';
import { sourcesOf } from '../sources';
import { tree } from '../tree';

describe('the redactor', () => {
  it('hides a secret in every form in which programs print it', () => {
    const secret = 'pa"ss/wörd+\nline';
    const redact = createRedactor([secret]);
    const forms = [
      secret,
      JSON.stringify(secret),
      JSON.stringify(JSON.stringify(secret)),
      encodeBase64(secret),
      encodeBase64(`${secret}\n`),
      encodeURIComponent(secret),
      encodeBase64(secret).replaceAll('+', '-').replaceAll('/', '_'),
    ];
    for (const form of forms) {
      const shown = redact(`before ${form} after`);
      assert.match(shown, /redacted/, form);
      assert.doesNotMatch(shown, /wörd|line/, form);
    }
  });

  it('hides any secret whole, also one that is part of another', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 6, unit: 'grapheme' }), { minLength: 1, maxLength: 5 }), values => {
        const secrets = values
          .map(value => stripControl(value))
          .filter(value => value.length >= 6 && !mask.includes(value));
        const redact = createRedactor(secrets);
        for (const secret of secrets) {
          const shown = redact(`x ${secret} y ${encodeBase64(secret)} z`).replaceAll(mask, '');
          assert.ok(!shown.includes(secret) && !shown.includes(encodeBase64(secret)));
        }
      }),
    );
  });

  it('hides by their form what the manifests do not know', () => {
    const redact = createRedactor([]);
    assert.equal(redact('postgres://synapse:s3cr3t@db:5432/x'), `postgres://synapse:${mask}@db:5432/x`);
    assert.equal(
      redact("CONNECTION 'host=db user=postgres password=hunter2 dbname=x'"),
      `CONNECTION 'host=db user=postgres password=${mask} dbname=x'`,
    );
    assert.equal(redact('redis-password: hunter2'), `redis-password: ${mask}`);
    for (const [open, secret] of [
      ['redis-cli -h redis -a ', 'hunter2'],
      ['mc alias set minio http://minio:9000 admin ', 'hunter2'],
      ['curl -fs -u admin:', 'hunter2'],
      ['ALTER USER synapse PASSWORD ', "'hunter2'"],
      ['sentinel auth-pass main ', 'hunter2'],
      ['turn_shared_secret: ', '"hunter2"'],
      ['stats auth admin:', 'hunter2'],
    ] as const)
      assert.equal(redact(`${open}${secret} rest`), `${open}${mask} rest`);
    assert.equal(redact('Secret/redis-password: does not exist'), 'Secret/redis-password: does not exist');
    assert.equal(redact('Authorization: Bearer abc.def-ghi'), `Authorization: Bearer ${mask}`);
    assert.equal(
      redact('-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----\nrest'),
      `${mask}\nrest`,
    );
    assert.equal(redact('-----BEGIN PRIVATE KEY-----\nMIIabc'), mask, 'also one whose end was cut off');
  });

  it('leaves other text alone', () => {
    const text = 'Deployment/haproxy: 1 of 2 ready\n\tsee https://kubernetes.io/docs/';
    assert.equal(createRedactor(['a-secret-value'])(text), text);
  });

  it('removes what would drive a terminal', () => {
    assert.equal(
      stripControl('\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b]8;;http://evil\x1b\\link\r\ny\x00\x9bz'),
      'red xlink\nyz',
    );
  });
});

describe('the secret values of a tree', () => {
  const values = secretValues(sourcesOf(tree));

  it('are all values of Secrets with their parts, and credentials in other objects', () => {
    for (const value of [
      'canary-redis-password',
      'export MINIO_ROOT_PASSWORD="canary-minio-root"',
      'canary-minio-root',
      'canary/macaroon+key=',
      'canary-in-configmap',
      'canary-li-password',
    ])
      assert.ok(values.has(value), value);
  });

  it('are decoded from base64 too', () => {
    const found = secretValues(
      sourcesOf({
        'a.yaml':
          'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\ndata: { p: Y2FuYXJ5LWRlY29kZWQ=, q: "not base64!" }\n',
      }),
    );
    assert.ok(found.has('canary-decoded'));
    assert.ok(found.has('not base64!'));
  });

  it('include values in the environment of containers and in addresses', () => {
    const found = secretValues(
      sourcesOf({
        'a.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: a }
spec: { template: { spec: { containers: [{ name: a, image: a, env: [{ name: API_KEY, value: canary-env }, { name: URL, value: plain }] }] } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: b }
data:
  x.conf: |
    requirepass canary-line
    url: redis://:canary-address@redis:6379
`,
      }),
    );
    assert.ok(
      ['canary-env', 'canary-line', 'canary-address'].every(value => found.has(value)),
      [...found].join(),
    );
    assert.ok(!found.has('plain'));
  });

  it('leave out what the manifests also use as a name', () => {
    const found = secretValues(
      sourcesOf({
        'a.yaml':
          'apiVersion: v1\nkind: Secret\nmetadata: { name: key-vault, namespace: matrix }\nstringData: { DB_NAME: key-vault, NS: matrix, PORT: "5432", DB_PASSWORD: canary-x }\n',
      }),
    );
    assert.deepEqual([...found], ['canary-x']);
  });

  it('leave out the name of a database that a cluster shows openly, but no password', () => {
    const manifests = `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: pg }
spec: { bootstrap: { initdb: { database: matrix_li } }, extra: { password: canary-y } }
---
apiVersion: v1
kind: Secret
metadata: { name: s }
stringData: { DB: matrix_li, PASS: canary-x, SAME: canary-y }
`;
    assert.deepEqual([...secretValues(sourcesOf({ 'a.yaml': manifests }))].sort(), ['canary-x', 'canary-y']);
  });
});
