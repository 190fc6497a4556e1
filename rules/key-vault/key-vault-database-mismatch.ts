import { databases } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import {
  type CreatedDatabase,
  creatingKinds,
  databasesCreatedBy,
  firstVaultDatabase,
  type VaultDatabase,
} from './database';

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
      #                                             ^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: This creates the database keyvault, but key_vault uses key_vault
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
        related: [{ at: used.at, message: 'key_vault takes the name from here' }],
      };
    }
    for (const created of databasesCreatedBy(workspace, resource)) {
      const { name, at } = created;
      if (name === undefined || name === used.name || !/^key[-_]?vault/i.test(name)) continue;
      yield {
        at,
        message: `This creates the database ${name}, but key_vault uses ${used.name} — use one name.`,
        related: [{ at: used.at, message: 'key_vault takes the name from here' }],
        fixes: () => useOne(workspace, created, used),
      };
    }
  },
} satisfies Rule;

/** Creates the database that key_vault uses, if nothing else in the document names it; or lets key_vault use it. */
function useOne(workspace: Workspace, { name, nameAt, by }: CreatedDatabase, used: VaultDatabase): readonly Fix[] {
  if (name === undefined) return [];
  const { start, end } = nameAt.span;
  const isWritten = workspace.file(nameAt.uri)?.text.slice(start, end) === name;
  const named =
    by.document.text.split(new RegExp(`(?<![\\w-])${name.replace(/[^\w-]/g, '\\$&')}(?![\\w-])`)).length - 1;
  const edit = used.value?.text === used.name ? replaceScalar(used.value, name) : undefined;
  const fixes: Fix[] = [];
  // In SQL a name of other characters would need quotes.
  if (isWritten && named === 1 && /^[a-z_]\w*$/.test(used.name))
    fixes.push({ title: `Create ${used.name}`, safe: false, edits: [{ at: nameAt, newText: used.name }] });
  if (edit) fixes.push({ title: `Let key_vault use ${name}`, safe: false, edits: [edit] });
  return fixes;
}
