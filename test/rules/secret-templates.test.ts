import assert from 'node:assert/strict';
import configPlaceholderUnsubstituted from '../../rules/config/config-placeholder-unsubstituted';
import synapseDatabaseMismatch from '../../rules/postgresql/synapse-database-mismatch';
import referenceMissingSecretKey from '../../rules/references/reference-missing-secret-key';
import synapseSigningKeyMissing from '../../rules/synapse/synapse-signing-key-missing';
import { messages } from './expect';

const made = {
  external: (keys: string) => `
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: synapse, namespace: matrix}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target:
    name: synapse
    template:
      data:
${keys}
  data:
    - secretKey: databasePassword
      remoteRef: {key: postgresql, property: password}
    - secretKey: signingKey
      remoteRef: {key: synapse, property: signing-key}`,
  sealed: (keys: string) => `
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: synapse, namespace: matrix}
spec:
  encryptedData: {databasePassword: AgBy, signingKey: AgBz}
  template:
    data:
${keys.replaceAll(/\{\{ \.(\w+) \}\}/g, '{{ index . `$1` }}')}`,
};

function keys({ database = 'matrix', password = '"{{ .databasePassword }}"', key = '"{{ .signingKey }}"' }): string {
  return `        signing.key: ${key}
        homeserver.yaml: |
          server_name: tessera.test
          signing_key_path: /secrets/signing.key
          database:
            name: psycopg2
            args:
              host: matrix-postgresql-rw
              dbname: ${database}
              user: synapse
              password: ${password}`;
}

function tree(secret: string, args = '[-c, /secrets/homeserver.yaml]'): string {
  return `
#- /tree.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql, namespace: matrix}
spec: {bootstrap: {initdb: {database: matrix, owner: synapse}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: worker, namespace: matrix}
data:
  worker.yaml: |
    server_name: tessera.test
---${secret}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: synapse, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: synapse}}
    spec:
      containers:
        - name: synapse
          image: ghcr.io/element-hq/synapse:v1.118.0
          command: [python, -m, synapse.app.homeserver]
          args: ${args}
          volumeMounts: [{name: secrets, mountPath: /secrets}, {name: worker, mountPath: /worker}]
      volumes:
        - {name: secrets, secret: {secretName: synapse}}
        - {name: worker, configMap: {name: worker}}
`;
}

describe('templates of Secrets', () => {
  for (const [by, secret] of Object.entries(made)) {
    it(`are read as the configuration that they become: ${by}`, () => {
      assert.deepEqual(messages(synapseDatabaseMismatch, tree(secret(keys({})))), []);
      assert.deepEqual(messages(synapseDatabaseMismatch, tree(secret(keys({ database: 'synapse' })))), [
        'error: Cluster matrix-postgresql has no database synapse; it is bootstrapped with matrix — use that, or create the other.',
      ]);
    });

    it(`may say values without quotes: ${by}`, () => {
      const unquoted = keys({ database: 'synapse', password: '{{ .databasePassword }}' });
      assert.equal(messages(synapseDatabaseMismatch, tree(secret(unquoted))).length, 1);
    });

    it(`are filled in, so nothing of them is a placeholder: ${by}`, () => {
      assert.deepEqual(messages(configPlaceholderUnsubstituted, tree(secret(keys({})))), []);
    });

    it(`make the keys that they say and no others: ${by}`, () => {
      assert.deepEqual(messages(synapseSigningKeyMissing, tree(secret(keys({})))), []);
      const without = keys({}).replace(/^.*signing\.key: .*\n/, '');
      assert.equal(messages(synapseSigningKeyMissing, tree(made.external(without))).length, 1);
    });
  }

  it('prove nothing where they decide about lines', () => {
    const conditional = keys({ database: '{{ if .staging }}staging{{ else }}matrix{{ end }}' });
    assert.deepEqual(messages(synapseDatabaseMismatch, tree(made.external(conditional))), []);
  });

  it('take only what is fetched', () => {
    assert.deepEqual(messages(referenceMissingSecretKey, tree(made.external(keys({})))), []);
    assert.deepEqual(messages(referenceMissingSecretKey, tree(made.external(keys({ key: '"{{ .signingkey }}"' })))), [
      'error: The template takes signingkey, which nothing under data fetches, so no Secret is made — did you mean signingKey?',
    ]);
    const all = made
      .external(keys({ key: '"{{ .other }}"' }))
      .replace('  data:\n    - secret', '  dataFrom:\n    - extract: {key: synapse}\n  data:\n    - secret');
    assert.deepEqual(messages(referenceMissingSecretKey, tree(all)), []);
  });
});

describe('a Synapse that reads no database', () => {
  it('is reported where its cluster is there', () => {
    assert.deepEqual(messages(synapseDatabaseMismatch, tree(made.external(keys({})), '[-c, /worker/worker.yaml]')), [
      'error: No configuration that Deployment/synapse reads says which database is its own — give it the file with the database of Cluster matrix-postgresql.',
    ]);
  });

  it('may read one that the tree does not show', () => {
    const source = tree(made.external(keys({})), '[-c, /worker/worker.yaml, -c, /elsewhere/database.yaml]');
    assert.deepEqual(messages(synapseDatabaseMismatch, source), []);
  });
});
