import { commandLine } from '../../analysis/configs';
import { mountedTexts } from '../../analysis/mounts';
import { containersOf, workloadKinds } from '../../analysis/pods';
import type { Rule } from '../rule';
import { databasesCreatedBy, firstVaultDatabase } from './database';

export default {
  id: 'key-vault-schema-privilege',
  items: [],
  severity: 'warning',
  summary: 'The user of key_vault may not create tables in its database.',
  why: 'Since PostgreSQL 15 only the owner of a database may create in its schema `public`. `GRANT ALL ON DATABASE` does not change that, so the migrations of key_vault fail.',
  remedy:
    'Create the database with `OWNER`, or run `ALTER DATABASE … OWNER TO` or `GRANT ALL ON SCHEMA public` in that database.',
  traps: [
    'Nothing is reported without a user of its own, or if any statement of the Job names an owner or the schema.',
  ],
  sources: ['PostgreSQL 15 release notes: CREATE on schema public is no longer granted to everyone'],
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
                  - name: DB_USER
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
      #                                             ^^^^^^^^^^^^^^^^^^^^^^^^^ warning: The user key_vault does not own
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
                  - name: DB_USER
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
                    psql -h main-rw -U postgres -c "CREATE DATABASE key_vault OWNER key_vault"
    `,
  },
  kinds: [...workloadKinds],
  *check(job, workspace) {
    const used = firstVaultDatabase(workspace);
    if (!used?.user || used.user === 'postgres') return;
    const created = databasesCreatedBy(workspace, job).find(({ name }) => name === used.name);
    if (!created) return;
    const texts = [
      ...containersOf(job).flatMap(commandLine),
      ...mountedTexts(workspace, job).map(({ value }) => value),
    ];
    if (texts.some(text => /\bOWNER\b|\bON\s+SCHEMA\b|\bSUPERUSER\b|-O\s|^-O|--owner\b/i.test(text.text ?? ''))) return;
    yield {
      at: created.at,
      message: `The user ${used.user} does not own ${used.name}, so since PostgreSQL 15 it may not create tables there — create the database with OWNER ${used.user}.`,
    };
  },
} satisfies Rule;
