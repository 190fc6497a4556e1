import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ManifestPath } from '../../../analysis/text/cluster-commands';
import { kubectlCommands } from '../../../analysis/text/kubectl-commands';
import { readShell } from '../../../analysis/text/shell';
import { shellText } from './generate';

describe('kubectlCommands', () => {
  it('reads what is created, and never its values', () => {
    const script = [
      'kubectl create secret generic pw -n matrix --from-literal=password=hunter2 --from-literal user="$U" --from-file=k=./f.pem --from-file=x.conf',
      'kubectl create secret tls cert --cert=a.crt --key=a.key',
      'kubectl create secret docker-registry pull --docker-server=r.example',
      'kubectl -n other create configmap files --from-file=dir/',
      'kubectl create ns a; kubectl create job b --from=cronjob/c',
    ].join('\n');
    const found = kubectlCommands(readShell(script));
    assert.deepEqual(
      found.map(
        one =>
          one.kind === 'create' && [
            one.resource,
            one.type,
            one.name.value,
            one.namespace?.value,
            one.keys.map(key => key.key),
            one.hasAllKeys,
          ],
      ),
      [
        ['Secret', 'generic', 'pw', 'matrix', ['password', 'user', 'k', 'x.conf'], true],
        ['Secret', 'tls', 'cert', undefined, ['tls.crt', 'tls.key'], true],
        ['Secret', 'docker-registry', 'pull', undefined, ['.dockerconfigjson'], true],
        ['ConfigMap', undefined, 'files', 'other', [], false],
        ['Namespace', undefined, 'a', undefined, [], true],
        ['Job', undefined, 'b', undefined, [], true],
      ],
    );
    const [secret] = found;
    assert.ok(secret?.kind === 'create');
    assert.deepEqual(
      secret.keys.map(key => at(script, key.span)),
      ['password', 'user', 'k', 'x.conf'],
    );
    assert.equal(at(script, secret.name.span), 'pw');
    assert.doesNotMatch(JSON.stringify(secret.keys), /hunter2/);
    const job = found.at(-1);
    assert.ok(job?.kind === 'create');
    assert.equal(`${job.from?.resource} ${job.from?.name?.value}`, 'cronjob c');
  });

  it('tells a dry run from one whose output is applied', () => {
    const happens = (script: string): unknown => {
      const [first] = kubectlCommands(readShell(script));
      return first?.kind === 'create' && first.happens;
    };
    assert.equal(happens('kubectl create ns a --dry-run=client -o yaml'), false);
    assert.equal(happens('kubectl create ns a --dry-run=client -o yaml | kubectl apply -f -'), true);
    assert.equal(happens('kubectl create ns a'), true);
  });

  it('enters wrapper functions and resolves the folder of the script', () => {
    const script = `
      DIR="$(cd "$(dirname "\${BASH_SOURCE[0]}")" && pwd)"
      ROOT="$DIR/.."
      apply_manifest() { local file="$1"; echo "$file"; kubectl apply -f "$file"; }
      apply_manifest "$ROOT/a/b.yaml"
      for name in c d; do apply_manifest "$DIR/$name.yaml"; done
      apply_manifest "$ELSEWHERE/e.yaml"
      cd f && apply_manifest ./g.yaml
      kubectl apply -f /h.yaml,https://i/j.yaml -R
      kubectl apply -k k
      envsubst < l.yaml | kubectl apply -f -
    `;
    const paths = kubectlCommands(readShell(script)).flatMap(one =>
      one.kind === 'apply' ? [...one.files, ...one.kustomizations] : [],
    );
    assert.deepEqual(paths.map(shown), [
      'script: ../a/b.yaml',
      'script: c.yaml',
      'script: d.yaml',
      'unknown: e.yaml',
      'working-directory: f/g.yaml',
      'absolute: /h.yaml',
      'url: https://i/j.yaml',
      'working-directory: f/k',
      'working-directory: f/l.yaml',
    ]);
    assert.equal(at(script, paths[0]?.span), '"$ROOT/a/b.yaml"');
  });

  it('reads waits, queries, labels and patches', () => {
    const script = `
      kubectl wait --for=condition=complete --timeout=300s job/init -n matrix
      kubectl wait --for condition=ready pod -l a=b,c=d --timeout 10s
      kubectl rollout status sts/x
      kubectl logs -n m -f deploy/x -c y
      kubectl exec -it pod-0 -- ls -l app=no
      kubectl get pods -A
      kubectl delete pvc,pod -l e=f
      kubectl label ns kube-system name=kube-system old- --overwrite
      kubectl patch cluster c --type merge -p '{"spec":{}}'
      kubectl delete -f g.yaml
      kubectl apply --dry-run=client -f h.yaml
    `;
    const lines = kubectlCommands(readShell(script)).map(one => {
      const targets =
        'targets' in one
          ? one.targets.map(({ resource, name }) => (name ? `${resource}/${name.value}` : resource)).join(' ')
          : '';
      switch (one.kind) {
        case 'wait':
          return `${one.verb} ${targets} ${one.selector?.value} ${one.for?.value} ${one.timeout?.value} ${one.namespace?.value}`;
        case 'query':
          return `${one.verb} ${targets} ${one.selector?.value} ${one.allNamespaces}`;
        case 'label':
          return `label ${targets} ${one.labels.map(({ key, value }) => `${key}=${value}`).join(' ')}`;
        case 'patch':
          return `patch ${targets} ${one.type} ${one.patch?.value}`;
        case 'apply':
          return `${one.verb} ${one.files.map(file => file.path).join(' ')} ${one.isDryRun}`;
        default:
          return one.kind;
      }
    });
    assert.deepEqual(lines, [
      'wait job/init undefined condition=complete 300s matrix',
      'wait pod a=b,c=d condition=ready 10s undefined',
      'rollout sts/x undefined undefined undefined undefined',
      'logs deploy/x undefined false',
      'exec pod/pod-0 undefined false',
      'get pods undefined true',
      'delete pvc pod e=f false',
      'label ns/kube-system name=kube-system old=undefined',
      'patch cluster/c merge {"spec":{}}',
      'delete g.yaml false',
      'apply h.yaml true',
    ]);
  });

  it('reads helm and htpasswd', () => {
    const script = `
      helm repo add x https://charts.example
      helm upgrade --install ingress x/ingress-nginx -n ingress-nginx --create-namespace -f v.yaml --set a.b=c,d=e --version 4.8.0
      helm install x/chart --generate-name
      htpasswd -bc auth user "$PW"
      htpasswd -nb user pw
    `;
    const [repository, release, unnamed, passwords, ...others] = kubectlCommands(readShell(script));
    assert.ok(
      repository?.kind === 'helm-repository' &&
        release?.kind === 'helm' &&
        unnamed?.kind === 'helm' &&
        passwords?.kind === 'htpasswd',
    );
    assert.deepEqual(others, []);
    assert.equal(repository.url?.value, 'https://charts.example');
    assert.deepEqual(
      [
        release.release?.value,
        release.chart.value,
        release.namespace?.value,
        release.createNamespace,
        release.version?.value,
      ],
      ['ingress', 'x/ingress-nginx', 'ingress-nginx', true, '4.8.0'],
    );
    assert.deepEqual(release.values.map(shown), ['working-directory: v.yaml']);
    assert.deepEqual(
      release.sets.map(({ key, value, span }) => [key, value, at(script, span)]),
      [
        ['a.b', 'c', 'a.b=c'],
        ['d', 'e', 'd=e'],
      ],
    );
    assert.deepEqual([unnamed.release, unnamed.chart.value], [undefined, 'x/chart']);
    assert.deepEqual([passwords.file.path, passwords.user?.value, passwords.creates], ['auth', 'user', true]);
  });

  it('never throws', () => {
    const commands = fc.array(
      fc.constantFrom(
        ...'kubectl create secret apply -f - -n wait --for= -l a=b helm install --set x= -- logs delete "$X" $(y) | job/ ='.split(
          ' ',
        ),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          shellText,
          commands.map(words => words.join(' ')),
        ),
        text => {
          for (const { span } of kubectlCommands(readShell(text)))
            assert.ok(span.start <= span.end && span.end <= text.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function shown({ base, path }: ManifestPath): string {
  return `${base}: ${path}`;
}

function at(text: string, span: { start: number; end: number } | undefined): string {
  return span ? text.slice(span.start, span.end) : 'no place';
}
