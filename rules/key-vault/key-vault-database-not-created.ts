import { workloadKinds } from '../../analysis/pods';
import { clusterKind, familiesOf } from '../../analysis/roles';
import type { Rule } from '../rule';
import { databasesCreated, vaultDatabase } from './database';

export default {
  id: 'key-vault-database-not-created',
  items: ['2.3.b.1'],
  severity: 'error',
  summary: 'Nothing creates the database that key_vault uses.',
  why: 'key_vault ends at start, because its database does not exist. CloudNativePG creates one database for each Cluster, which is Synapse’s.',
  remedy:
    'Create the database in a Job with the superuser, or in `postInitSQL` of the Cluster, or as a `Database` object.',
  traps: [
    'Names that come from variables are followed as far as the tree shows them; one that it does not show may be the right one.',
  ],
  sources: ['cloudnative-pg documentation, Bootstrap and Database management'],
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
      #                    ^^^^^^^^^ error: Nothing creates the database key_vault
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
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const database = familiesOf(resource).has('key_vault') ? vaultDatabase(workspace, resource) : undefined;
    if (!database) return;
    const created = databasesCreated(workspace);
    if (created.some(({ name }) => name === undefined || name === database.name)) return;
    // Under a name that only looks the same, it is key-vault-database-mismatch.
    if (created.some(({ name }) => /^key[-_]?vault/.test(name ?? ''))) return;
    const value = database.at.at('value');
    const clusters = workspace.resources(clusterKind);
    yield {
      at: value.exists ? value : database.at.at('name'),
      message: `Nothing creates the database ${database.name}${clusters.length > 0 ? ` in ${clusters.map(one => one.name).join(' or ')}` : ''} — create it in a Job with the superuser.`,
    };
  },
} satisfies Rule;
