import assert from 'node:assert/strict';
import rule from '../../../rules/synapse/client-api-unrouted';
import { messages } from '../expect';

const { bad } = rule.examples;

describe('client-api-unrouted', () => {
  const found = (source: string): readonly string[] =>
    messages(rule, source).map(one => one.replace(/, wh(?:ere|ich it).*/, ''));
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

  it('finds requests for media at a process without the media repository', () => {
    const off = withPath('/').replace(
      'server_name: tessera.test\n',
      'server_name: tessera.test\n          enable_media_repo: false\n',
    );
    assert.deepEqual(
      messages(rule, off).map(one => one.replace(/, which.*/, '')),
      ['error: Requests for /_matrix/media and /_matrix/client/v1/media go to StatefulSet/synapse'],
    );
    assert.deepEqual(
      messages(rule, off.replace('v1.139.2', 'v1.100.0')).map(one => one.replace(/ go to.*/, '')),
      ['error: Requests for /_matrix/media'],
    );
    // A media server of another kind, which the tree need not show.
    const elsewhere = (path: string): string => `
                - path: ${path}
                  pathType: Prefix
                  backend: {service: {name: media-repo, port: {number: 8000}}}
`;
    const all = off.trimEnd() + elsewhere('/_matrix/media') + elsewhere('/_matrix/client/v1/media').slice(1);
    assert.deepEqual(messages(rule, all), []);
    assert.deepEqual(messages(rule, off.replace('enable_media_repo: false', 'enable_media_repo: "false"')), []);
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

  describe('behind other kinds of routes', () => {
    const upTo = bad.slice(0, bad.lastIndexOf('apiVersion: networking'));
    const through = (route: string): readonly string[] => found(`${upTo}${route}`);
    const httpRoute = (match: string, more = ''): string => `apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: matrix, namespace: matrix}
      spec:
        hostnames: [matrix.tessera.test]
        rules:
          - matches: [${match}]${more}
            backendRefs: [{name: synapse, port: 8008}]
`;
    const traefik = (match: string): string => `apiVersion: traefik.io/v1alpha1
      kind: IngressRoute
      metadata: {name: matrix, namespace: matrix}
      spec:
        routes:
          - match: ${match}
            services: [{name: synapse, port: 8008}]
`;

    it('asks for the same paths, and for the methods of clients', () => {
      for (const match of ['{path: {value: /}}', '{path: {value: /_matrix}}', '{headers: [{name: x, value: y}]}'])
        assert.deepEqual(through(httpRoute(match)), [], match);
      for (const match of ['{path: {value: /_matrix/federation}}', '{path: {value: /, type: Exact}}', '{method: GET}'])
        assert.deepEqual(
          through(httpRoute(match)),
          ['error: No path of matrix.tessera.test takes /_matrix/client'],
          match,
        );
      const isFor = 'Host(`matrix.tessera.test`)';
      for (const match of [isFor, `${isFor} && PathPrefix(\`/_matrix\`)`, `${isFor} && ClientIP(\`10.0.0.0/8\`)`])
        assert.deepEqual(through(traefik(match)), [], match);
      assert.equal(through(traefik(`${isFor} && PathPrefix(\`/_matrix/client\`)`)).length, 1);
    });

    it('finds what Element Web takes before Synapse', () => {
      const element = `---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: element, namespace: matrix}
      spec:
        template:
          metadata: {labels: {app: element}}
          spec: {containers: [{name: element, image: vectorim/element-web:v1.11.96, ports: [{containerPort: 80}]}]}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: element, namespace: matrix}
      spec: {selector: {app: element}, ports: [{port: 80}]}
      ---
`;
      const both = (synapse: string): string =>
        `      ${element}      ${httpRoute('{path: {value: /}}').replace('name: synapse, port: 8008', 'name: element, port: 80')}      ---\n      ${httpRoute(`{path: {value: ${synapse}}}`).replace('name: matrix,', 'name: more,')}`;
      const upToRoutes = upTo.slice(0, upTo.lastIndexOf('---'));
      assert.deepEqual(found(`${upToRoutes}${both('/_matrix/federation').trimStart()}`), [
        'error: Requests for /_matrix/client of matrix.tessera.test go to Deployment/element, which is no homeserver — send /_matrix to Synapse, before this path.',
      ]);
      assert.deepEqual(found(`${upToRoutes}${both('/_matrix').trimStart()}`), []);
    });

    it('finds paths that are taken away on the way', () => {
      const rewrite = (to: string): string =>
        httpRoute(
          '{path: {value: /_matrix}}',
          `\n            filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: ${to}}}}]`,
        );
      assert.deepEqual(through(rewrite('/')), [
        'error: Requests for /_matrix/client/v3/login arrive at Synapse as /client/v3/login',
      ]);
      assert.deepEqual(through(rewrite('/_matrix')), []);
    });
  });
});
