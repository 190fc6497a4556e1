import { declarationsOf } from '../../analysis/declarations';
import { databases } from '../../analysis/roles';
import { sqlRunsOf } from '../../analysis/sql-runs';
import type { Rule } from '../rule';
import { signInAsSuperuser } from '../sync/superuser';

export default {
  id: 'key-vault-initdb-not-superuser',
  items: ['2.3.b.2'],
  severity: 'error',
  summary: 'The Job that creates key_vault’s database does not sign in as the superuser.',
  why: 'Only a superuser or a role with CREATEDB may create a database and its role. CloudNativePG’s application owner has neither, so the Job changes nothing, and psql ends without an error.',
  remedy: 'Sign in as `postgres` with the password from the Secret `<cluster>-superuser`.',
  traps: ['Where the script does not tell who signs in, nothing is reported.'],
  sources: ['PostgreSQL documentation, CREATE DATABASE, "Notes"'],
  examples: {
    bad: `
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        enableSuperuserAccess: true
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: key-vault-init-db
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: key-vault}
          spec:
            restartPolicy: Never
            containers:
              - name: init
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U synapse -c "CREATE DATABASE key_vault"
      #                                ^^^^^^^ 💡 error: key_vault's database is created by synapse
                env:
                  - name: PGPASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: main-app
                        key: password
    `,
    good: `
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        enableSuperuserAccess: true
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: key-vault-init-db
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: key-vault}
          spec:
            restartPolicy: Never
            containers:
              - name: init
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    PGPASSWORD=$SUPERUSER_PASSWORD psql -h main-rw -U postgres -c "CREATE DATABASE key_vault"
                env:
                  - name: PGPASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: main-app
                        key: password
                  - name: SUPERUSER_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: main-superuser
                        key: password
    `,
  },
  kinds: ['Job'],
  *check(job, workspace) {
    if (
      !/key[-_]?vault/.test(
        `${job.name} ${job.root.at('spec', 'template', 'metadata', 'labels', 'app.kubernetes.io/name').text ?? ''}`,
      )
    )
      return;
    const { main } = databases(workspace);
    const own =
      main?.root.at('spec', 'superuserSecret', 'name').string ?? (main ? `${main.name}-superuser` : undefined);
    const run = sqlRunsOf(workspace, job).find(
      ({ statement }) => statement.kind === 'database' && statement.action === 'create',
    );
    if (!run) return;
    if (run.user?.text !== undefined && run.user.text !== 'postgres') {
      yield {
        at: run.user.at,
        message: `key_vault's database is created by ${run.user.text}, which may not create databases — sign in as postgres.`,
        fixes: () => signInAsSuperuser(workspace, job, run, own),
        related: [{ at: run.at, message: 'CREATE DATABASE' }],
      };
    } else if (
      run.password &&
      own &&
      run.password.name !== own &&
      declarationsOf(workspace, 'Secret', job.namespace, run.password.name).length > 0
    ) {
      yield {
        at: run.at,
        message: `key_vault's database is created with the password of the Secret ${run.password.name}, which is not the superuser's — take it from ${own}.`,
        fixes: () => signInAsSuperuser(workspace, job, run, own),
      };
    }
  },
} satisfies Rule;
