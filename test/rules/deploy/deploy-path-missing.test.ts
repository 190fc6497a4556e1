import rule from '../../../rules/deploy/deploy-path-missing';
import { expectMarks } from '../expect';

describe('deploy-path-missing', () => {
  it('finds the manifest of a workload that has become of another kind, if it is the only one', () => {
    const manifest = (path: string) => `
      #- /${path}
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: a
    `;
    const script = (message: string) => `
      #- /deploy.sh
      kubectl apply -f workers/media-deployment.yaml
      #                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ ${message}
    `;
    const found = '💡 error: did you mean workers/media-statefulset.yaml?';
    expectMarks(
      rule,
      script(found) + manifest('workers/media-statefulset.yaml') + manifest('workers/push-deployment.yaml'),
    );
    expectMarks(
      rule,
      script('error: correct the path.') +
        manifest('workers/media-statefulset.yaml') +
        manifest('workers/media-daemonset.yaml'),
    );
  });

  it('knows kustomizations of repositories, with and without a scheme', () => {
    const apply = (target: string): string => `
      #- /deploy.sh
      kubectl apply -k ${target}
      #- /app.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: a}
    `;
    for (const target of [
      '"github.com/minio/operator?ref=v6.0.4"',
      'https://github.com/minio/operator/resources',
      'git@host.test:team/repo.git',
      'host.test/team/repo.git//base',
    ])
      expectMarks(rule, apply(target));
    expectMarks(
      rule,
      `${apply('base/none').replace('base/none', 'base/none\n      #                ^^^^^^^^^ error: correct the path.')}`,
    );
  });
});

describe('deploy-path-missing, files that are handed on', () => {
  const tree = `
      #- /app/theme.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: a}
      #- /sql/roles.sql
      CREATE ROLE reader;
  `;

  it('finds what psql is to read', () => {
    expectMarks(
      rule,
      `
      #- /deploy.sh
      kubectl exec -i pg-1 -- psql -U postgres < sql/role.sql
      #                                          ^^^^^^^^^^^^ error: sql/role.sql is not in the tree, so psql gets no SQL
      psql -h pg-rw -f sql/grants.sql
      #                ^^^^^^^^^^^^^^ error: correct the path.
      #- /README.md
      ~~~bash
      cat sql/grants.sql | kubectl exec -i pg-1 -- psql
      #   ^^^^^^^^^^^^^^ info: correct the path.
      ~~~
      #- /tools/grants.sh
      DIR="$(dirname "\${BASH_SOURCE[0]}")"
      psql -f "$DIR/extra/more.sql"
      #       ^^^^^^^^^^^^^^^^^^^^^ warning: extra/more.sql is not in the tree
      ${tree}`,
    );
  });

  it('finds the files of a ConfigMap', () => {
    expectMarks(
      rule,
      `
      #- /deploy.sh
      kubectl create configmap b --from-file=app/theme.json
      #                                      ^^^^^^^^^^^^^^ error: app/theme.json is not in the tree, so kubectl does not create the ConfigMap b
      kubectl create configmap c --from-file=d.json=app/other.json --dry-run=client -o yaml | kubectl apply -f -
      #                                             ^^^^^^^^^^^^^^ error: correct the path.
      ${tree}`,
    );
  });

  it('says nothing of files that may be made, are of another day or elsewhere', () => {
    expectMarks(
      rule,
      `
      #- /deploy.sh
      envsubst < sql/roles.sql > sql/filled.sql
      psql -f sql/filled.sql
      psql -f sql/matrix-backup.sql
      psql -f "$SQL/what.sql"
      psql -f /tmp/what.sql
      psql -f generated/what.sql
      kubectl exec pg-1 -- psql -f sql/in-pod.sql
      psql -f sql/perhaps.sql || true
      render > app/made.json
      kubectl create configmap b --from-file=made.json=app/made.json
      kubectl create configmap c --from-file=rendered/x.json --from-file=app/logo.png
      kubectl create secret generic d --from-file=app/key.json
      #- /README.md
      ~~~bash
      kubectl exec -i pg-1 -- psql < upgrade.sql
      ~~~
      ${tree}`,
    );
  });
});
