import assert from 'node:assert/strict';
import mismatch from '../../../rules/key-vault/key-vault-database-mismatch';
import notCreated from '../../../rules/key-vault/key-vault-database-not-created';
import privilege from '../../../rules/key-vault/key-vault-schema-privilege';
import { applyFix, fixTitles, messages } from '../expect';

function vault(user = 'vault'): string {
  return `
  #- /vault.yaml
  apiVersion: apps/v1
  kind: Deployment
  metadata: {name: key-vault, namespace: matrix}
  spec:
    selector:
      matchLabels: {app: key-vault}
    template:
      metadata:
        labels: {app: key-vault}
      spec:
        containers:
          - name: key-vault
            image: registry.example.org/key-vault:1.0
            env:
              - {name: DB_NAME, value: key_vault}
              - {name: DB_USER, value: ${user}}
`;
}

function cluster(more: string): string {
  return `
  #- /main.yaml
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata: {name: main, namespace: matrix}
  spec:
    bootstrap:
      initdb: {database: matrix, owner: synapse${more}}
`;
}

describe('the owner of the database of key_vault', () => {
  const job = (...sql: readonly string[]): string => `
  #- /job.yaml
  apiVersion: batch/v1
  kind: Job
  metadata: {name: key-vault-init-db, namespace: matrix}
  spec:
    template:
      spec:
        containers:
          - name: init
            image: postgres:16
            command:
              - sh
              - -c
              - |
                psql -h main-rw -U postgres <<'SQL'
                ${sql.join('\n                ')}
                SQL
`;
  const found = (...sql: readonly string[]): readonly string[] =>
    messages(privilege, vault() + cluster('') + job(...sql)).map(one => one.replace(/,.*/, ''));
  const role = "CREATE ROLE vault LOGIN PASSWORD 'a';";

  it('is who signs in', () => {
    assert.deepEqual(found(role, 'CREATE DATABASE key_vault OWNER vault;'), []);
    assert.deepEqual(found(role, 'CREATE DATABASE key_vault OWNER synapse;'), ['warning: synapse owns key_vault']);
    assert.deepEqual(found(role, 'CREATE DATABASE key_vault;', 'ALTER DATABASE key_vault OWNER TO synapse;'), [
      'warning: synapse owns key_vault',
    ]);
    assert.deepEqual(
      found(role, 'CREATE DATABASE key_vault OWNER synapse;', 'ALTER DATABASE key_vault OWNER TO vault;'),
      [],
    );
    assert.deepEqual(
      found(role, 'CREATE DATABASE key_vault OWNER synapse;', '\\c key_vault', 'GRANT ALL ON SCHEMA public TO vault;'),
      [],
    );
    assert.deepEqual(found('CREATE DATABASE key_vault OWNER synapse;'), [], 'nothing makes the user');
    assert.deepEqual(messages(privilege, job('CREATE DATABASE key_vault OWNER synapse;')), [], 'the Job alone');
  });
});

describe('a Database object for key_vault', () => {
  const two = (name: string): string =>
    vault() +
    cluster('') +
    `  ---
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata: {name: main-li, namespace: matrix}
  spec:
    bootstrap:
      initdb: {database: matrix_li, owner: synapse_li}
  ---
  apiVersion: postgresql.cnpg.io/v1
  kind: Database
  metadata: {name: key-vault, namespace: matrix}
  spec: {name: key_vault, owner: vault, cluster: {name: ${name}}}
`;

  it('belongs to the main cluster', () => {
    assert.deepEqual(messages(notCreated, two('main')), []);
    assert.deepEqual(messages(notCreated, two('main-li')), [
      'error: The database key_vault is created in Cluster/main-li, which is the LI instance’s — create it in main.',
    ]);
  });
});

describe('fixes of the database of key_vault', () => {
  it('add a Database for a role that the Cluster makes, and no other', () => {
    assert.deepEqual(fixTitles(notCreated, cluster('') + vault('vault')), []);
    const files = applyFix(notCreated, cluster('') + vault('synapse'), 'Add Database key-vault to Cluster main');
    assert.match(files['main.yaml'] ?? '', / {2}name: key_vault\n {2}owner: synapse\n {2}cluster:\n {4}name: main\n$/);
  });

  it('rename a database that nothing else names', () => {
    const source = cluster(', postInitSQL: ["CREATE DATABASE keyvault"]') + vault();
    assert.deepEqual(fixTitles(mismatch, source), ['Create key_vault', 'Let key_vault use keyvault']);
    assert.match(applyFix(mismatch, source, 'Create key_vault')['main.yaml'] ?? '', /\["CREATE DATABASE key_vault"\]/);
  });

  it('let key_vault use a database that is named again', () => {
    const source =
      cluster(', postInitSQL: ["CREATE DATABASE keyvault", "GRANT ALL ON DATABASE keyvault TO vault"]') + vault();
    assert.deepEqual(fixTitles(mismatch, source), ['Let key_vault use keyvault']);
    assert.match(
      applyFix(mismatch, source, 'Let key_vault use keyvault')['vault.yaml'] ?? '',
      /name: DB_NAME, value: keyvault/,
    );
  });
});
