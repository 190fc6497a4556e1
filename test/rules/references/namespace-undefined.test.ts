import assert from 'node:assert/strict';
import namespaceUndefined from '../../../rules/references/namespace-undefined';
import { expectMarks, fixed, fixTitles, messages } from '../expect';

const configMap = (name: string, namespace?: string): string =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${namespace ? `  namespace: ${namespace}\n` : ''}`;
const namespace = (name: string): string => `---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`;

describe('namespace-undefined', () => {
  it('accepts namespaces that clusters have, that charts are installed into and that are provided', () => {
    expectMarks(namespaceUndefined, configMap('a', 'kube-system'));
    expectMarks(
      namespaceUndefined,
      `#- /a.yaml\n${configMap('a', 'logs')}#- /i.sh\nhelm install loki grafana/loki -n logs --create-namespace\n`,
    );
    expectMarks(
      namespaceUndefined,
      `#- /a.yaml\n${configMap('a', 'other')}#- /matrix-preflight.yaml\nprovided: [{ kind: Namespace, name: other }]\n`,
    );
  });

  it('accepts objects that a script applies to a namespace', () => {
    const tree = `#- /a.yaml\n${configMap('a')}#- /b.yaml\n${configMap('b', 'matrix')}${configMap('c', 'matrix')}${configMap('d', 'matrix')}${namespace('matrix')}`;
    expectMarks(namespaceUndefined, `${tree}#- /deploy.sh\nkubectl apply -n matrix -f a.yaml\n`);
    assert.equal(messages(namespaceUndefined, `${tree}#- /deploy.sh\nkubectl apply -f a.yaml\n`).length, 1);
  });

  it('takes a namespace default that is written out for where kubectl points anyhow', () => {
    const [one, two] = [configMap('a'), configMap('b')];
    expectMarks(namespaceUndefined, one + two + configMap('c', 'default') + configMap('d', 'default'));
    assert.equal(
      messages(namespaceUndefined, one + configMap('c', 'matrix') + configMap('d', 'matrix') + namespace('matrix'))
        .length,
      1,
    );
  });

  it('takes a file of which half names no namespace for what most of the tree is', () => {
    const [half, named] = [`#- /a.yaml\n${configMap('a')}${configMap('b', 'matrix')}`, namespace('matrix')];
    const of = (...others: readonly string[]): number =>
      messages(namespaceUndefined, `${half}#- /b.yaml\n${others.join('')}${named}`).length;
    assert.equal(of(), 1);
    assert.equal(of(configMap('c', 'matrix')), 1);
    assert.equal(of(configMap('c'), configMap('d'), configMap('e', 'matrix')), 0);
  });

  it('is only mentioned for what Helm has rendered', () => {
    const rendered = configMap('a', 'chat').replace(
      '  name: a',
      '  name: a\n  labels: {app.kubernetes.io/managed-by: Helm}',
    );
    assert.match(messages(namespaceUndefined, rendered)[0] ?? '', /^info: Nothing creates the namespace chat/);
  });

  it('does not take a command in a comment for one that makes the namespace which half a renaming left', () => {
    const shown = '# helm install livekit livekit/livekit-server --namespace chat\n';
    const tree = (declared: string): string =>
      `#- /a.yaml\n${shown}${configMap('a', 'chat')}#- /ns.yaml\n${namespace(declared)}`;
    assert.match(messages(namespaceUndefined, tree('chat-prod')).join(), /Nothing creates the namespace chat/);
    assert.deepEqual(messages(namespaceUndefined, `${tree('other')}${configMap('b', 'other')}`), []);
  });

  it('is said once per namespace', () => {
    assert.equal(messages(namespaceUndefined, configMap('a', 'lost') + configMap('b', 'lost')).length, 1);
  });

  it('moves all objects of a misspelt namespace at once', () => {
    assert.deepEqual(
      fixed(namespaceUndefined, configMap('a', 'matrx') + configMap('b', 'matrx') + namespace('matrix')),
      {
        'main.yaml': configMap('a', 'matrix') + configMap('b', 'matrix') + namespace('matrix'),
      },
    );
  });

  it('declares the namespace', () => {
    const source = configMap('a', 'lost');
    assert.deepEqual(fixTitles(namespaceUndefined, source), ['Declare the Namespace lost']);
    assert.deepEqual(fixed(namespaceUndefined, source), { 'main.yaml': source + namespace('lost') });
  });

  it('says nothing of trees without namespaces, of kustomizations that set one, and of cluster-scoped objects', () => {
    expectMarks(namespaceUndefined, configMap('a') + configMap('b'));
    expectMarks(
      namespaceUndefined,
      `#- /kustomization.yaml\nnamespace: matrix\n#- /a.yaml\n${configMap('a')}#- /b/b.yaml\n${configMap('b', 'matrix')}${namespace('matrix')}`,
    );
    expectMarks(
      namespaceUndefined,
      `${configMap('a', 'matrix')}${namespace('matrix')}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: a\n`,
    );
  });

  it('is safe to mend where the tree knows one namespace, and a choice where it knows several', () => {
    const one = configMap('a', 'matrix') + configMap('b') + namespace('matrix');
    assert.deepEqual(fixTitles(namespaceUndefined, one), ['safe: Put it into the namespace matrix']);
    assert.deepEqual(fixTitles(namespaceUndefined, one + configMap('c', 'monitoring')), [
      'Put it into the namespace matrix',
      'Put it into the namespace monitoring',
    ]);
  });
});
