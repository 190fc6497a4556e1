import { declarationsOf } from '../../analysis/declarations';
import { workloadKinds } from '../../analysis/pods';
import { databases } from '../../analysis/roles';
import { postgresRunsOf, type SqlRun, sqlRunsOf } from '../../analysis/sql-runs';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { isKnownRole, mayHave } from '../sync/replication';
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
  kinds: [...workloadKinds],
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
    const run = creation(workspace, job);
    if (!run) return;
    if (run.user?.text !== undefined && run.user.text !== 'postgres') {
      // Elsewhere than in a cluster of the tree anybody may be the one who creates databases.
      if (!main || mayHave(workspace, main, run.user.text, 'CREATEDB')) return;
      yield {
        at: run.user.at,
        ...(!isKnownRole(workspace, main, run.user.text) && { severity: 'warning' as const }),
        message: `key_vault's database is created by ${run.user.text}, which may not create databases — sign in as postgres.`,
        fixes: () => signInAsSuperuser(workspace, job, run, own),
        related: [{ at: run.at, message: 'CREATE DATABASE' }],
      };
      return;
    }
    const problem = own && passwordProblem(run, own);
    if (
      !problem ||
      (run.password && declarationsOf(workspace, 'Secret', job.namespace, run.password.name).length === 0)
    )
      return;
    yield {
      at: run.at,
      message: `key_vault's database is created ${problem}.`,
      fixes: () => signInAsSuperuser(workspace, job, run, own),
    };
  },
} satisfies Rule;

interface Creation extends Pick<SqlRun, 'call' | 'container' | 'user' | 'host' | 'password' | 'passwordVariable'> {
  readonly at: Place;
}

/** The first command that creates a database: a statement, or the program createdb. */
function creation(workspace: Workspace, job: Resource): Creation | undefined {
  const statement = sqlRunsOf(workspace, job).find(
    one => one.statement.kind === 'database' && one.statement.action === 'create',
  );
  if (statement) return statement;
  const run = postgresRunsOf(workspace, job).find(({ call }) => call.program === 'createdb');
  return run && { ...run, at: run.place(run.call.span) };
}

/** What is wrong with the password, said after `is created`; undefined if it is the superuser's, or not known. */
function passwordProblem({ password, passwordVariable, host }: Creation, own: string): string | undefined {
  if (password && password.name !== own)
    return `with the password of the Secret ${password.name}, which is not the superuser's — take it from ${own}`;
  if (password && password.key !== 'password')
    return `with the key ${password.key} of the Secret ${own}, which is no password — take the key password`;
  if (!host) return undefined;
  if (passwordVariable === 'missing') return `without a password — set PGPASSWORD from the Secret ${own}`;
  return passwordVariable?.value?.text !== undefined && !passwordVariable.value.text.includes('$(')
    ? `with a password that is written out, which cannot be the generated one — take it from ${own}`
    : undefined;
}
