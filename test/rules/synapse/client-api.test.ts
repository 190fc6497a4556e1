import assert from 'node:assert/strict';
import rule from '../../../rules/synapse/client-api-unrouted';
import { messages } from '../expect';

const { bad } = rule.examples;

describe('client-api-unrouted', () => {
  const found = (source: string): readonly string[] => messages(rule, source).map(one => one.replace(/, where.*/, ''));
  const withPath = (path: string): string => bad.replace('path: /_matrix/federation', `path: ${path}`);
  const another = (path: string): string => `${bad}
      ---
      ${bad
        .slice(bad.lastIndexOf('apiVersion: networking'))
        .replace('name: matrix\n', 'name: more\n')
        .replace('path: /_matrix/federation', `path: ${path}`)
        .replace(/#.*\n/, '\n')}`;

  it('asks for the paths of clients and of media', () => {
    assert.deepEqual(found(bad), ['error: No path of matrix.tessera.test takes /_matrix/client']);
    assert.deepEqual(found(withPath('/_matrix/client')), [
      'error: No path of matrix.tessera.test takes /_matrix/media',
    ]);
    assert.deepEqual(found(another('/_matrix/key')).length, 1);
    assert.equal(found(withPath('/').replace('pathType: Prefix', 'pathType: Exact')).length, 1);
    for (const path of ['/', '/_matrix', '/_matrix/']) assert.deepEqual(found(withPath(path)), []);
    assert.deepEqual(found(another('/')), []);
  });

  it('follows regular expressions where they are such', () => {
    const annotated = (path: string): string =>
      withPath(path).replace(
        '        name: matrix\n        namespace: matrix\n      spec:\n        ingressClassName',
        '        name: matrix\n        namespace: matrix\n        annotations: {nginx.ingress.kubernetes.io/use-regex: "true"}\n      spec:\n        ingressClassName',
      );
    assert.ok(annotated('/').includes('use-regex'));
    assert.deepEqual(found(annotated('/(_matrix|_synapse/client)')), []);
    assert.equal(found(annotated('/_matrix/(federation|key)')).length, 1);
    assert.deepEqual(found(withPath('/_matrix/(federation|key)')), []);
  });

  it('leaves hosts alone that clients are not sent to, and routes that it does not read', () => {
    assert.deepEqual(found(bad.replace('https://matrix.tessera.test/', 'https://client.tessera.test/')), []);
    assert.deepEqual(found(bad.replace('https://matrix.tessera.test/', 'https://matrix.tessera.test:8448/')), []);
    const other =
      '\n      ---\n      apiVersion: gateway.networking.k8s.io/v1\n      kind: HTTPRoute\n      metadata: {name: a, namespace: matrix}\n';
    assert.deepEqual(found(bad + other), []);
  });
});
