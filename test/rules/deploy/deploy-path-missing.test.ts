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
