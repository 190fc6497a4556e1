import assert from 'node:assert/strict';
import { allRoutes, arrivingPath, routeFor } from '../../analysis/routes';
import { readMatch } from '../../analysis/routes/traefik';
import { Workspace } from '../../manifests/workspace';
import { uriOf } from '../fixture';

const host = 'chat.example.test';

describe('routes', () => {
  describe('of Ingresses', () => {
    it('compare prefixes part by part, and exact paths first', () => {
      const tree = ingress('{path: /a, pathType: Prefix, B: one}', '{path: /a/b, pathType: Exact, B: two}');
      assert.deepEqual(
        ['/a', '/a/c', '/ab', '/a/b', '/a/b/c'].map(path => taker(tree, path)),
        ['one', 'one', undefined, 'two', 'one'],
      );
    });

    it('are read in removed API versions', () => {
      const tree = ingress('{path: /a, backend: {serviceName: old, servicePort: 80}}').replace(
        'networking.k8s.io/v1',
        'extensions/v1beta1',
      );
      assert.equal(taker(tree, '/a'), 'old');
      assert.equal(allRoutes(workspaceOf(tree))[0]?.port.text, '80');
    });

    it('leave what a default backend may take open', () => {
      const tree = ingress('{path: /a, pathType: Prefix, B: one}').replace(
        'spec: {',
        'spec: {defaultBackend: {service: {name: all, port: {number: 80}}}, ',
      );
      assert.equal(taker(tree, '/a'), 'one');
      assert.equal(taker(tree, '/b'), 'unknown');
    });
  });

  describe('of the Gateway API', () => {
    it('take the longest prefix, and methods before none', () => {
      const tree = httpRoute(
        '{matches: [{path: {value: /a}}], B: one}',
        '{matches: [{path: {value: /a/b}}, {path: {value: /c, type: Exact}}], B: two}',
        '{matches: [{path: {value: /a}, method: PUT}], B: three}',
      );
      assert.deepEqual(
        ['/a/x', '/a/b', '/ab', '/c', '/c/d'].map(path => taker(tree, path)),
        ['one', 'two', undefined, 'two', undefined],
      );
      assert.equal(taker(tree, '/a', 'PUT'), 'three');
    });

    it('take every path without matches, and nothing is known while there are no rules', () => {
      assert.equal(taker(httpRoute('{B: one}'), '/any'), 'one');
      assert.equal(taker(httpRoute(), '/any'), 'unknown');
    });

    it('are unknown where headers decide between two Services, or expressions', () => {
      const canary = '{matches: [{headers: [{name: x, value: y}]}], B: two}';
      assert.equal(taker(httpRoute('{B: one}', canary), '/'), 'unknown');
      assert.equal(taker(httpRoute('{B: two}', canary), '/'), 'two');
      const expression = '{matches: [{path: {type: RegularExpression, value: "/a/.*"}}], B: two}';
      assert.equal(taker(httpRoute('{B: one}', expression), '/a/b'), 'unknown');
      assert.equal(taker(httpRoute('{B: one}', expression), '/b'), 'one');
    });

    it('have the hosts of their listeners, and those without TLS do not count beside others', () => {
      const gateway = (...listeners: readonly string[]): string =>
        `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: matrix}\nspec: {listeners: [${listeners.join(', ')}]}\n---\n`;
      const https = `{name: s, port: 443, protocol: HTTPS, hostname: ${host}}`;
      const to = (section: string, route: string): string =>
        route.replace('spec: {', `spec: {parentRefs: [{name: g, sectionName: ${section}}], `);
      const any = httpRoute('{B: one}').replace(`hostnames: [${host}], `, '');
      assert.equal(taker(gateway(https) + to('s', any), '/'), 'one');
      assert.equal(taker(gateway(https.replace('chat', 'other')) + to('s', any), '/'), undefined);
      const redirect = httpRoute('{filters: [{type: RequestRedirect}]}').replace('name: route', 'name: redirect');
      const both = gateway(https, '{name: p, port: 80, protocol: HTTP}');
      assert.equal(taker(`${both}${to('s', any)}---\n${to('p', redirect)}`, '/'), 'one');
    });

    it('tell how the path arrives', () => {
      const rewritten = (path: string): string =>
        httpRoute(
          `{matches: [{path: {value: /a}}], filters: [{type: URLRewrite, urlRewrite: {path: ${path}}}], B: one}`,
        );
      assert.equal(arriving(rewritten('{type: ReplacePrefixMatch, replacePrefixMatch: /}'), '/a/b'), '/b');
      assert.equal(arriving(rewritten('{type: ReplacePrefixMatch, replacePrefixMatch: /c}'), '/a'), '/c');
      assert.equal(arriving(rewritten('{type: ReplaceFullPath, replaceFullPath: /d}'), '/a/b'), '/d');
    });
  });

  describe('of Traefik', () => {
    it('are what expressions say', () => {
      const both = `Host(\`${host}\`) && (PathPrefix(\`/a\`) || Path(\`/b\`)) && !PathPrefix(\`/a/x\`)`;
      assert.deepEqual(
        ['/a/1', '/ab', '/b', '/b/c', '/a/x', '/c'].map(path => taker(traefik(both), path)),
        ['one', 'one', 'one', undefined, undefined, undefined],
      );
      const get = `Host(\`${host}\`) && Method(\`GET\`, \`HEAD\`)`;
      assert.equal(taker(traefik(get), '/', 'GET'), 'one');
      assert.equal(taker(traefik(get), '/', 'POST'), undefined);
      assert.equal(taker(traefik(`Host("${host}") && PathRegexp("^/a/(b|c)")`), '/a/c/d'), 'one');
    });

    it('are unknown where addresses, headers or expressions for hosts decide', () => {
      for (const more of ['ClientIP(`10.0.0.0/8`)', '!Header(`X`, `y`)', 'PathPrefix(`/{id:[a-z]+}`)'])
        assert.equal(taker(traefik(`Host(\`${host}\`) && ${more}`), '/a'), 'unknown', more);
      assert.equal(taker(traefik('HostRegexp(`^chat`)'), '/'), 'unknown');
      assert.equal(taker(traefik('Host(`'), '/'), 'unknown');
    });

    it('come in the order of the length of their rules, or as priority says', () => {
      const rule = (path: string, service: string, more = ''): string =>
        `{match: 'Host(\`${host}\`) && PathPrefix(\`${path}\`)', services: [{name: ${service}, port: 80}]${more}}`;
      assert.equal(taker(ingressRoute(rule('/a', 'short'), rule('/a/b', 'long')), '/a/b'), 'long');
      assert.equal(taker(ingressRoute(rule('/a', 'short', ', priority: 999'), rule('/a/b', 'long')), '/a/b'), 'short');
      assert.equal(taker(ingressRoute(rule('/a', 'one'), rule('/a', 'two')), '/a'), 'unknown');
    });

    it('are read by De Morgan, and not where they are half typed', () => {
      assert.deepEqual(
        readMatch('!(PathPrefix(`/a`) || Path(`/b`))')?.map(one => one.except.map(({ path }) => path)),
        [['/a', '/b']],
      );
      assert.equal(readMatch('!(PathPrefix(`/a`) && Path(`/b`))')?.length, 2);
      assert.deepEqual(readMatch('Host(`a`) && Host(`b`)'), []);
      for (const text of ['', 'Host', 'Host(`a`', 'Host(`a`) &&', '(Host(`a`)', 'Host(`a`) Path(`/`)'])
        assert.equal(readMatch(text), undefined, text);
    });

    it('tell how the path arrives', () => {
      const strip = (spec: string): string =>
        `${ingressRoute(`{match: 'Host(\`${host}\`)', middlewares: [{name: m}], services: [{name: one, port: 80}]}`)}---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m, namespace: matrix}\nspec: ${spec}\n`;
      assert.equal(arriving(strip('{stripPrefix: {prefixes: [/a]}}'), '/a/b'), '/b');
      assert.equal(arriving(strip('{addPrefix: {prefix: /x}}'), '/a'), '/x/a');
      assert.equal(arriving(strip('{compress: {}}'), '/a'), '/a');
      assert.equal(arriving(strip('{plugin: {some: {}}}'), '/a'), undefined);
      assert.equal(arriving(strip('{compress: {}}').replace('name: m,', 'name: other,'), '/a'), undefined);
    });
  });

  it('of an HTTPProxy compare letters, and includes may take anything', () => {
    const proxy = (rest: string): string =>
      `apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: p, namespace: matrix}\nspec: {virtualhost: {fqdn: ${host}}, routes: [{conditions: [{prefix: /a}], pathRewritePolicy: {replacePrefix: [{replacement: /}]}, services: [{name: one, port: 80}]}]${rest}}\n`;
    assert.equal(taker(proxy(''), '/ab'), 'one');
    assert.equal(taker(proxy(''), '/b'), undefined);
    assert.equal(taker(proxy(', includes: [{name: other}]'), '/b'), 'unknown');
    assert.equal(arriving(proxy(''), '/a/b'), '/b');
  });

  it('of a VirtualService are tried in order, and those of the mesh are none', () => {
    const service = (gateways: string): string =>
      `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v, namespace: matrix}\nspec: {hosts: [${host}], ${gateways}http: [{match: [{uri: {prefix: /a/}}], rewrite: {uri: /}, route: [{destination: {host: one}}]}, {route: [{destination: {host: two.other.svc.cluster.local}}]}]}\n`;
    const tree = service('gateways: [public], ');
    assert.deepEqual(
      ['/a/b', '/a', '/'].map(path => taker(tree, path)),
      ['one', 'two', 'two'],
    );
    assert.equal(arriving(tree, '/a/b'), '/b');
    assert.equal(taker(service(''), '/a/b'), undefined);
  });

  it('of two kinds for one host are unknown, and so are those of kinds that are not read', () => {
    assert.equal(taker(`${ingress('{path: /, B: one}')}---\n${traefik(`Host(\`${host}\`)`)}`, '/'), 'unknown');
    const other = '---\napiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r, namespace: matrix}\n';
    assert.equal(taker(ingress('{path: /a, B: one}') + other, '/b'), 'unknown');
  });
});

function workspaceOf(text: string): Workspace {
  const workspace = new Workspace();
  workspace.update(uriOf('routes.yaml'), 'routes.yaml', text);
  return workspace;
}

function taker(text: string, path: string, method = 'GET'): string | undefined {
  const route = routeFor(workspaceOf(text), host, { path, method });
  return typeof route === 'object' ? route.name : route;
}

function arriving(text: string, path: string): string | undefined {
  const workspace = workspaceOf(text);
  const route = routeFor(workspace, host, { path, method: 'GET' });
  assert.ok(typeof route === 'object');
  return arrivingPath(workspace, route, path);
}

function ingress(...paths: readonly string[]): string {
  const written = paths.map(path => path.replace(/B: (\w+)/, 'backend: {service: {name: $1, port: {number: 80}}}'));
  return `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: ingress, namespace: matrix}\nspec: {rules: [{host: ${host}, http: {paths: [${written.join(', ')}]}}]}\n`;
}

function httpRoute(...rules: readonly string[]): string {
  const written = rules.map(rule => rule.replace(/B: (\w+)/, 'backendRefs: [{name: $1, port: 80}]'));
  return `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: route, namespace: matrix}\nspec: {hostnames: [${host}], rules: [${written.join(', ')}]}\n`;
}

function traefik(match: string): string {
  return ingressRoute(`{match: '${match}', services: [{name: one, port: 80}]}`);
}

function ingressRoute(...rules: readonly string[]): string {
  return `apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: route, namespace: matrix}\nspec: {routes: [${rules.join(', ')}]}\n`;
}
