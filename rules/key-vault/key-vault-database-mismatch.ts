import { databases } from '../../analysis/roles';
import type { Rule } from '../rule';
import { creatingKinds, databasesCreatedBy, firstVaultDatabase } from './database';

export default {
  id: 'key-vault-database-mismatch',
  items: ['2.3.b.1'],
  severity: 'error',
  summary: 'The database that is created for key_vault is not the one that it uses.',
  why: 'key_vault looks for its database under another name and ends at start, or it shares Synapse’s and each can damage the other’s tables.',
  remedy: 'Use one name in `DB_NAME`, in the Job and in `postInitSQL`.',
  traps: ['Only names that begin with `key_vault`, `key-vault` or `keyvault` are compared.'],
  examples: {
    bad: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
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
                  - name: DB_NAME
                    value: key_vault
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: key-vault-init-db
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: init
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U postgres -c "CREATE DATABASE keyvault"
      #                                             ^^^^^^^^^^^^^^^^^^^^^^^^ error: This creates the database keyvault, but key_vault uses key_vault
    `,
    good: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
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
                  - name: DB_NAME
                    value: key_vault
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: key-vault-init-db
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: init
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U postgres -c "CREATE DATABASE key_vault"
    `,
  },
  kinds: [...creatingKinds],
  *check(resource, workspace) {
    const used = firstVaultDatabase(workspace);
    if (!used) return;
    const isMain = resource === databases(workspace).main;
    const synapse = isMain ? resource.root.at('spec', 'bootstrap', 'initdb', 'database') : undefined;
    if (synapse?.text === used.name) {
      yield {
        at: synapse,
        message: `key_vault uses ${used.name}, which is Synapse's database — give it a database of its own.`,
        related: [{ at: used.at.at('name'), message: 'key_vault takes the name from here' }],
      };
    }
    for (const { name, at } of databasesCreatedBy(workspace, resource)) {
      if (name === undefined || name === used.name || !/^key[-_]?vault/i.test(name)) continue;
      yield {
        at,
        message: `This creates the database ${name}, but key_vault uses ${used.name} — use one name.`,
        related: [{ at: used.at.at('name'), message: 'key_vault takes the name from here' }],
      };
    }
  },
} satisfies Rule;
