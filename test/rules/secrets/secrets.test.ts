import assert from 'node:assert/strict';
import type { Rule } from '../../../rules/rule';
import secretDoubleEncoded from '../../../rules/secrets/secret-double-encoded';
import secretGroupMismatch from '../../../rules/secrets/secret-group-mismatch';
import secretInPlainConfig from '../../../rules/secrets/secret-in-plain-config';
import secretKeyMixedUp from '../../../rules/secrets/secret-key-mixed-up';
import secretWeakValue from '../../../rules/secrets/secret-weak-value';
import substitutionUnsafeSecret from '../../../rules/secrets/substitution-unsafe-secret';
import { expectMarks as expect, messages } from '../expect';
import { configMap, synapse } from '../synapse/tree';

function expectMarks(source: string, [rule]: readonly [Rule]): void {
  expect(rule, source);
}

describe('secret-key-mixed-up', () => {
  const found = (variable: string, key: string, keys: readonly string[]): readonly string[] =>
    messages(
      secretKeyMixedUp,
      `apiVersion: v1
kind: Secret
metadata: {name: app, namespace: matrix}
stringData: {${keys.map(one => `${one}: x`).join(', ')}}
---
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: matrix}
spec:
  containers:
    - name: app
      env: [{name: ${variable}, valueFrom: {secretKeyRef: {name: app, key: ${key}}}}]
`,
    );

  it('minds the case and the dashes of a key not', () => {
    assert.match(
      found('REDIS_PASSWORD', 'db-password', ['db-password', 'redis-password'])[0] ?? '',
      /has redis-password/,
    );
  });

  it('leaves alone what has no key of its own, or another of the same name', () => {
    assert.deepEqual(found('PGPASSWORD', 'DB_PASSWORD', ['DB_PASSWORD', 'REDIS_PASSWORD']), []);
    assert.deepEqual(found('S3_SECRET', 'S3_SECRET_READONLY', ['S3_SECRET', 'S3_SECRET_READONLY']), []);
    assert.deepEqual(found('API_KEY', 'api-key', ['api-key', 'secret']), []);
    assert.deepEqual(found('API_KEY', 'api-token', ['API_KEY', 'secret']), [], 'a key that is missing');
    assert.deepEqual(found('PG_PASS', 'password', ['pg_pass', 'password']), []);
  });
});

describe('rules about the values of Secrets', () => {
  it('follow the signing key through the init container that copies it', () => {
    const secret = (name: string, key: string): string =>
      `---\napiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: matrix}\nstringData:\n  signing.key: ${key}\n`;
    const process = (name: string, labels: string): string =>
      synapse(name, {
        labels,
        init: `- name: copy\n  image: busybox:1.36\n  command: [sh, -c, "cp /secret/signing.key /keys/signing.key"]\n  volumeMounts: [{name: secret, mountPath: /secret}, {name: keys, mountPath: /keys}]`,
        mounts: '- {name: keys, mountPath: /keys}',
        volumes: `- {name: keys, emptyDir: {}}\n- {name: secret, secret: {secretName: ${name}}}`,
      });
    const tree = (li: string): string =>
      configMap('synapse-config', {
        'homeserver.yaml': 'server_name: tessera.test\nsigning_key_path: /keys/signing.key',
      }) +
      secret('synapse-main', 'ed25519 a_AbCd 8fJq0Zr2mVt6Xy1LkPq3Sd5Gh7Bn9Cw4Ea0Ui2Ro6Tm') +
      secret('synapse-li', li) +
      process('synapse-main', '') +
      process('synapse-li', 'matrix.instance: li');
    const said = (li: string): readonly string[] => messages(secretGroupMismatch, tree(li));
    assert.match(
      said('ed25519 a_AbCd 1gKr0As3nWu7Yz2MlQr4Te6Hi8Co0Dx5Fb1Vj3Sp7Un').join(),
      /though both are the signing key of the server name/,
    );
    assert.deepEqual(said('ed25519 a_AbCd 8fJq0Zr2mVt6Xy1LkPq3Sd5Gh7Bn9Cw4Ea0Ui2Ro6Tm'), []);
  });
  it('take several access keys of a store that the tree does not make for several users', () => {
    const tree = (access: string, secret: string, mark = ''): string => `
      apiVersion: v1
      kind: Secret
      metadata: {name: main, namespace: matrix}
      stringData: {id: backup-main, key: 5f1c0c8d27b94e6aa3d9}
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: other, namespace: matrix}
      stringData:
        id: ${access}
        key: ${secret}
${mark}
      ---
${['main', 'other']
  .map(
    name => `      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: pg-${name}, namespace: matrix}
      spec:
        instances: 1
        backup:
          barmanObjectStore:
            destinationPath: s3://backup/${name}
            endpointURL: https://s3.tessera.test
            s3Credentials:
              accessKeyId: {name: ${name}, key: id}
              secretAccessKey: {name: ${name}, key: key}
`,
  )
  .join('      ---\n')}`;
    expectMarks(tree('backup-other', '9ab1f20c44d0437e8c5e'), [secretGroupMismatch]);
    const mark = '      #      ^^^^^^^^^^^^^^^^^^^^ 💡 error: though both are the secret key of the S3 user';
    expectMarks(tree('backup-main', '9ab1f20c44d0437e8c5e', mark), [secretGroupMismatch]);
  });

  it('compare the password that a Cluster gives its owner with the one that Synapse signs in with', () => {
    const tree = (password: string, mark = ''): string => `
      apiVersion: v1
      kind: Secret
      metadata: {name: owner, namespace: matrix}
      stringData: {username: synapse, password: 5f1c0c8d27b94e6aa3d9}
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: synapse, namespace: matrix}
      stringData:
        DB_PASSWORD: ${password}
${mark}
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: main, namespace: matrix}
      spec:
        instances: 1
        bootstrap: {initdb: {database: matrix, owner: synapse, secret: {name: owner}}}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse, namespace: matrix}
      data:
        homeserver.yaml: |
          database: {name: psycopg2, args: {user: synapse, password: __DB_PASSWORD__, host: main-rw, dbname: matrix}}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse-main, namespace: matrix}
      spec:
        template:
          spec:
            initContainers:
              - name: render
                image: busybox:1.36
                command: [sh, -c, 'sed "s|__DB_PASSWORD__|$DB_PASSWORD|" /in/homeserver.yaml > /data/homeserver.yaml']
                envFrom: [{secretRef: {name: synapse}}]
                volumeMounts: [{name: in, mountPath: /in}, {name: data, mountPath: /data}]
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                volumeMounts: [{name: data, mountPath: /data}]
            volumes:
              - {name: in, configMap: {name: synapse}}
              - {name: data, emptyDir: {}}
    `;
    const mark =
      '      #              ^^^^^^^^^^^^^^^^^^^^ 💡 error: DB_PASSWORD of Secret synapse is not what password of Secret owner holds, though both are the password of synapse on Cluster main';
    expectMarks(tree('9ab1f20c44d0437e8c5e', mark), [secretGroupMismatch]);
    expectMarks(tree('5f1c0c8d27b94e6aa3d9'), [secretGroupMismatch]);
  });

  it("judge LiveKit's secret and not the key that names it", () => {
    expectMarks(
      `
      apiVersion: v1
      kind: Secret
      metadata: {name: livekit, namespace: matrix}
      stringData:
        API_KEY: APIx7Qm2ZkP9vT4
        API_SECRET: Zk3v9Qm2Lx7Tr5Wb
      #             ^^^^^^^^^^^^^^^^ warning: only 16 characters long, of 32
    `,
      [secretWeakValue],
    );
  });

  it('takes random base64, hex and encoded keys for what they are', () => {
    expectMarks(
      `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: mixed
        namespace: matrix
      stringData:
        random: 3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=
        hex: 5e8325323756d9d5789076b869577513971d311cea7e181c3950cae454463bbf
        word: synapsematrixuser
        license_base64: YjJKazdzWXRxMFZnWHc0bg==
      data:
        once: YjJKazdzWXRxMFZnWHc0bg==
        twice: WWpKS2F6ZHpXWFJ4TUZablduYzBiZz09
      #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 warning: under data it is encoded twice
      `,
      [secretDoubleEncoded],
    );
  });

  it('finds the passwords of users among the arguments of coturn', () => {
    expectMarks(
      `
      #- /turn.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: turn
        namespace: matrix
      spec:
        containers:
          - name: turn
            image: coturn/coturn:4.6.2
            args: ["--realm=tessera.test", "--user=ada:swordfish-of-the-sea", -u, "bob:$(PASSWORD)"]
      #                                                ^^^^^^^^^^^^^^^^^^^^ warning: The password of ada stands in Pod turn
          - name: tool
            image: tool:1
            args: ["--user=ada:swordfish-of-the-sea"]
      `,
      [secretInPlainConfig],
    );
  });

  it('finds passwords in variables and flat keys, and no paths, switches, references and tokens', () => {
    expectMarks(
      `
      #- /app.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: app
        namespace: matrix
      data:
        DB_PASSWORD: hunter2hunter2
      #              ^^^^^^^^^^^^^^ warning: DB_PASSWORD stands in ConfigMap app
        DB_PASSWORD_FILE: /run/secrets/db
        redis.conf: |
          # requirepass not-this-one
          requirepass swordfish-of-the-sea
      #               ^^^^^^^^^^^^^^^^^^^^ warning: requirepass stands in ConfigMap app
          masterauth \${REDIS_PASSWORD}
        turnserver.conf: |
          user=ada:swordfish-of-the-sea
      #            ^^^^^^^^^^^^^^^^^^^^ warning: The password of ada stands in ConfigMap app
          user=bob:USER_PASSWORD_PLACEHOLDER
          userdb=/var/lib/turn/db
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: app
                image: app:1
                env:
                  - {name: ADMIN_TOKEN, value: "$(OTHER)"}
                  - {name: TOKEN_LIFETIME, value: "3600"}
                  - {name: SECRET_NAME, value: app-secret}
                  - {name: TOKEN_ENDPOINT_AUTH_METHOD, value: client_secret_post}
                  - {name: PASSWORD_ALGORITHM, value: argon2id}
                  - {name: USE_PASSWORD, value: "true"}
                  - {name: PGPASSWORD, value: hunter2hunter2}
      #                                       ^^^^^^^^^^^^^^ warning: PGPASSWORD stands in Deployment app
      `,
      [secretInPlainConfig],
    );
  });

  it('knows what sed takes literally, and what it does not', () => {
    const tree = (value: string, command: string, mark: string): string => `
      #- /app.yaml
      apiVersion: v1
      kind: Secret
      metadata: {name: app, namespace: matrix}
      stringData:
        X: '${value}'
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: app, namespace: matrix}
      spec:
        template:
          spec:
            initContainers:
              - name: fill
                image: busybox:1.36
                command: [sh, -c]
                args:
                  - |
                    sed ${command} /in/a.conf > /out/a.conf
${mark}
                env:
                  - {name: X, valueFrom: {secretKeyRef: {name: app, key: X}}}
            containers:
              - {name: app, image: app:1}
    `;
    expectMarks(tree('plain1234', '"s|A|${X}|g"', ''), [substitutionUnsafeSecret]);
    expectMarks(tree('with/slash', '"s|A|${X}|g"', ''), [substitutionUnsafeSecret]);
    expectMarks(tree('CHANGEME', '"s|A|${X}|g"', ''), [substitutionUnsafeSecret]);
    expectMarks(tree('a&b', '"s|A|${X}|g"', '      #                      ^^^^ error: an ampersand'), [
      substitutionUnsafeSecret,
    ]);
    expectMarks(tree('CHANGEME', '"s/A/${X}/g"', '      #                      ^^^^ 💡 info: put between slashes'), [
      substitutionUnsafeSecret,
    ]);
  });

  it('keeps the users of different stores, and several users of one, apart', () => {
    expectMarks(
      `
      #- /stores.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata: {name: media, namespace: matrix}
      spec:
        users: [{name: user-a}, {name: user-b}]
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: user-a, namespace: matrix}
      stringData: {CONSOLE_ACCESS_KEY: alpha, CONSOLE_SECRET_KEY: pT4vNq8ZsYx1LcWb6RmJ}
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: user-b, namespace: matrix}
      stringData: {CONSOLE_ACCESS_KEY: beta, CONSOLE_SECRET_KEY: Kd3KgHf7EuAo0XiVtQy2}
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: backup, namespace: matrix}
      stringData:
        id: beta
        key: pT4vNq8ZsYx1LcWb6RmJ
      #      ^^^^^^^^^^^^^^^^^^^^ 💡 error: key of Secret backup is not what CONSOLE_SECRET_KEY of Secret user-b holds
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: elsewhere, namespace: matrix}
      stringData: {id: beta, key: of-another-store-altogether}
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: main, namespace: matrix}
      spec:
        backup:
          barmanObjectStore:
            endpointURL: http://media-hl.matrix.svc:9000
            s3Credentials:
              accessKeyId: {name: backup, key: id}
              secretAccessKey: {name: backup, key: key}
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: other, namespace: matrix}
      spec:
        backup:
          barmanObjectStore:
            endpointURL: https://s3.provider.test
            s3Credentials:
              accessKeyId: {name: elsewhere, key: id}
              secretAccessKey: {name: elsewhere, key: key}
      `,
      [secretGroupMismatch],
    );
  });
});
