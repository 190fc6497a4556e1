import { workloadKinds } from '../../analysis/pods';
import { databases, isSyncSystem } from '../../analysis/roles';
import { type SqlRun, sqlRunsOf } from '../../analysis/sql-runs';
import type { Rule } from '../rule';
import { signInAsSuperuser } from '../sync/superuser';
import { isKnownRole, mayHave, mayRun } from './replication';

export default {
  id: 'sync-publication-not-superuser',
  items: ['3.1.a.2'],
  severity: 'error',
  summary: 'The publication is not created by the superuser.',
  why: 'PostgreSQL lets only a superuser create a publication FOR ALL TABLES. The statement fails, the subscription finds no publication, and the LI database stays empty.',
  remedy: 'Run the statement as `postgres` with the password from the Secret `<cluster>-superuser`.',
  traps: [
    'A publication of named tables needs no superuser and is accepted.',
    'Where the script does not tell who signs in, nothing is reported.',
  ],
  sources: ['PostgreSQL documentation, CREATE PUBLICATION, "Notes": FOR ALL TABLES requires a superuser'],
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
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U synapse -c "CREATE PUBLICATION matrix FOR ALL TABLES;"
      #                                ^^^^^^^ 💡 error: The publication matrix is created by synapse
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
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    PGPASSWORD=$SUPERUSER_PASSWORD psql -h main-rw -U postgres -c "CREATE PUBLICATION matrix FOR ALL TABLES;"
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
  *check(resource, workspace) {
    if (!isSyncSystem(workspace, resource)) return;
    const { main } = databases(workspace);
    const own =
      main?.root.at('spec', 'superuserSecret', 'name').string ?? (main ? `${main.name}-superuser` : undefined);
    for (const run of sqlRunsOf(workspace, resource)) {
      if (run.statement.kind === 'create-subscription' && !mayRun(workspace, 'PUBLICATION')) {
        const [publication] = run.statement.publications;
        yield {
          at: publication ? run.part(publication.span) : run.at,
          message: `Nothing creates the publication ${publication?.text ?? ''} that the subscription ${run.statement.name.text} asks for — run CREATE PUBLICATION … FOR ALL TABLES on ${main?.title ?? 'the main cluster'} as postgres.`,
        };
      }
      if (run.statement.kind !== 'create-publication' || !run.statement.allTables) continue;
      const name = run.statement.name.text;
      // A pod of another namespace cannot read the superuser's Secret: it has a copy, whatever that is called.
      if (run.user?.text !== undefined && run.user.text !== 'postgres') {
        // Elsewhere than in a cluster of the tree anybody may be a superuser.
        if (!main || mayHave(workspace, main, run.user.text, 'SUPERUSER')) continue;
        yield {
          at: run.user.at,
          ...(!isKnownRole(workspace, main, run.user.text) && { severity: 'warning' as const }),
          message: `The publication ${name} is created by ${run.user.text}, but FOR ALL TABLES needs the superuser — sign in as postgres.`,
          fixes: () => signInAsSuperuser(workspace, resource, run, own),
          related: [{ at: run.at, message: 'CREATE PUBLICATION' }],
        };
      } else if (main?.namespace === resource.namespace && isWrongSecret(run, own)) {
        yield {
          at: run.at,
          message: `The publication ${name} is created with the password of the Secret ${run.password?.name}, which is not the superuser's — take it from ${own}.`,
          fixes: () => signInAsSuperuser(workspace, resource, run, own),
        };
      }
    }
  },
} satisfies Rule;

function isWrongSecret({ user, password }: SqlRun, own: string | undefined): boolean {
  return user?.text === 'postgres' && password !== undefined && own !== undefined && password.name !== own;
}
