import assert from 'node:assert/strict';
import backendMissing from '../../../rules/services/ingress-backend-missing';
import pathConflict from '../../../rules/services/ingress-path-conflict';
import snippetDisabled from '../../../rules/services/ingress-snippet-disabled';
import tlsHostMismatch from '../../../rules/services/ingress-tls-host-mismatch';
import { expectMarks, fixed, fixTitles, messages } from '../expect';

const route = (path: string, service: string, options: { port?: string; type?: string } = {}): string =>
  `{ path: ${path}, pathType: ${options.type ?? 'Prefix'}, backend: { service: { name: ${service}, port: { ${options.port ?? 'number: 80'} } } } }`;

const ingress = (
  name: string,
  routes: string,
  options: { host?: string; spec?: string; annotations?: string; namespace?: string } = {},
): string => `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  namespace: ${options.namespace ?? 'matrix'}
  annotations: { ${options.annotations ?? ''} }
spec:
${options.spec ?? ''}  rules:
    - host: ${options.host ?? 'a.test'}
      http: { paths: [${routes}] }
`;

const service = (name: string, ports = '[{ name: http, port: 80, targetPort: 8008 }]', rest = ''): string => `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: matrix }
spec: { ports: ${ports}${rest} }
`;

describe('ingress-backend-missing', () => {
  it('knows generated Services with their ports', () => {
    const tenant =
      '---\napiVersion: minio.min.io/v2\nkind: Tenant\nmetadata: { name: store, namespace: matrix }\nspec: { requestAutoCert: false }\n';
    expectMarks(backendMissing, tenant + ingress('a', route('/', 'minio')));
    assert.match(
      messages(backendMissing, tenant + ingress('a', route('/', 'minio', { port: 'number: 9000' }))).join(),
      /^error: Service minio has no port 9000/,
    );
  });

  it('accepts a port by number or by name, and any port of an external name', () => {
    expectMarks(
      backendMissing,
      service('app') + ingress('a', `${route('/', 'app')}, ${route('/x', 'app', { port: 'name: http' })}`),
    );
    expectMarks(
      backendMissing,
      service('app', '[]', ', type: ExternalName, externalName: x.test') + ingress('a', route('/', 'app')),
    );
  });

  it('suggests the port that leads to the container port that was written', () => {
    const source =
      service('app', '[{ name: http, port: 80, targetPort: 8008 }, { name: other, port: 81 }]') +
      ingress('a', route('/', 'app', { port: 'number: 8008' }));
    assert.deepEqual(fixTitles(backendMissing, source), ['Lead to the port 80']);
    assert.ok(fixed(backendMissing, source)['main.yaml']?.includes('port: { number: 80 }'));
  });

  it('is silent where the tree has no Services, for provided ones and for those of charts', () => {
    expectMarks(backendMissing, ingress('a', route('/', 'grafana'), { namespace: 'monitoring' }));
    const provided = '#- /matrix-preflight.yaml\nprovided: [{ kind: Service, name: other }]\n';
    expectMarks(backendMissing, `#- /a.yaml\n${service('app')}${ingress('a', route('/', 'other'))}${provided}`);
    const chart = '#- /i.sh\nhelm install grafana grafana/grafana -n matrix\n';
    expectMarks(backendMissing, `#- /a.yaml\n${service('app')}${ingress('a', route('/', 'grafana'))}${chart}`);
  });

  it('checks the default backend', () => {
    const source =
      service('app') +
      ingress('a', route('/', 'app'), {
        spec: '  defaultBackend: { service: { name: none, port: { number: 80 } } }\n',
      });
    assert.match(messages(backendMissing, source).join(), /^error: Ingress a leads to the Service none/);
  });

  it('does not look into another namespace', () => {
    const other = service('app').replace('namespace: matrix', 'namespace: other');
    assert.equal(messages(backendMissing, service('x') + other + ingress('a', route('/', 'app'))).length, 1);
  });
});

describe('ingress-path-conflict', () => {
  it('tells path types, hosts and classes apart, and ignores canaries', () => {
    const one = ingress('a', route('/', 'x'));
    expectMarks(pathConflict, one + ingress('b', route('/', 'y', { type: 'Exact' })));
    expectMarks(pathConflict, one + ingress('b', route('/', 'y'), { host: 'b.test' }));
    expectMarks(pathConflict, one + ingress('b', route('/', 'y'), { spec: '  ingressClassName: traefik\n' }));
    expectMarks(
      pathConflict,
      one + ingress('b', route('/', 'y'), { annotations: 'nginx.ingress.kubernetes.io/canary: "true"' }),
    );
  });

  it('takes a trailing slash and another case of the host for the same', () => {
    const source = ingress('a', route('/x', 'x')) + ingress('b', route('/x/', 'y'), { host: 'A.test' });
    assert.match(
      messages(pathConflict, source).join(),
      /^warning: The path \/x\/ of a.test is also claimed by Ingress a, which leads to x:80/,
    );
  });

  it('finds a repetition inside one Ingress, and only mentions the same backend', () => {
    assert.match(
      messages(pathConflict, ingress('a', `${route('/', 'x')}, ${route('/', 'y')}`)).join(),
      /^warning: .* another rule of this Ingress/,
    );
    assert.match(
      messages(pathConflict, ingress('a', route('/', 'x')) + ingress('b', route('/', 'x'))).join(),
      /^info: .* with the same backend/,
    );
  });
});

describe('ingress-tls-host-mismatch', () => {
  const tls = (hosts: string, host: string): string =>
    ingress('a', route('/', 'x'), { host, spec: `  tls: [{ hosts: ${hosts}, secretName: s }]\n` });

  it('understands wildcards', () => {
    expectMarks(tlsHostMismatch, tls('["*.a.test"]', 'b.a.test'));
    assert.equal(
      messages(tlsHostMismatch, tls('["*.a.test"]', 'a.test')).filter(one => one.startsWith('warning')).length,
      1,
    );
    assert.equal(
      messages(tlsHostMismatch, tls('["*.a.test"]', 'c.b.a.test')).filter(one => one.startsWith('warning')).length,
      1,
    );
  });

  it('compares the hosts with the names of the Certificate behind the Secret', () => {
    const certificate = (names: string): string =>
      `---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c, namespace: matrix}\nspec:\n  secretName: s\n  dnsNames: ${names}\n`;
    const found = (names: string, source = tls('[a.b.test]', 'a.b.test')): readonly string[] =>
      messages(tlsHostMismatch, source + certificate(names));
    assert.deepEqual(found('[c.b.test]'), [
      'warning: The host a.b.test under tls of Ingress a is not among the names of Certificate c, so clients refuse it — add it to dnsNames.',
    ]);
    for (const names of ['[a.b.test]', '["*.b.test"]', '[c.b.test, A.b.test]', '[$(HOST)]', '[]'])
      assert.deepEqual(found(names), []);
    assert.deepEqual(found('[c.b.test]', tls('[a.b.test]', 'a.b.test').replace('secretName: s', 'secretName: t')), []);
    const annotated = ingress('a', route('/', 'x'), {
      host: 'a.b.test',
      spec: '  tls: [{ hosts: [a.b.test], secretName: s }]\n',
      annotations: 'cert-manager.io/cluster-issuer: ca',
    });
    assert.deepEqual(found('[c.b.test]', annotated), []);
  });

  it('leaves an Ingress without tls, and an entry for all hosts, alone', () => {
    expectMarks(tlsHostMismatch, ingress('a', route('/', 'x')));
    expectMarks(tlsHostMismatch, ingress('a', route('/', 'x'), { spec: '  tls: [{ secretName: s }]\n' }));
  });

  it('only mentions a host that no rule has', () => {
    assert.match(
      messages(tlsHostMismatch, tls('[a.test, b.test]', 'a.test')).join(),
      /^info: The host b.test (?!.*warning)/,
    );
  });
});

describe('ingress-snippet-disabled', () => {
  const snippet = (spec = ''): string =>
    ingress('a', route('/', 'x'), { annotations: 'nginx.ingress.kubernetes.io/server-snippet: "x"', spec });

  it('is silent for other controllers and other annotations', () => {
    expectMarks(snippetDisabled, snippet('  ingressClassName: traefik\n'));
    expectMarks(
      snippetDisabled,
      ingress('a', route('/', 'x'), { annotations: 'nginx.ingress.kubernetes.io/proxy-body-size: 1m' }),
    );
  });

  it('accepts the ConfigMap of the controller, and does not read comments', () => {
    const config = (comment: string): string =>
      `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ingress-nginx-controller, namespace: ingress-nginx }\ndata:\n  ${comment}allow-snippet-annotations: "true"\n  annotations-risk-level: Critical\n`;
    expectMarks(snippetDisabled, snippet() + config(''));
    assert.match(messages(snippetDisabled, snippet() + config('# ')).join(), /^warning/);
  });

  it('is a warning where only the risk level is missing and the version is known to ask for it', () => {
    const script = (command: string): string =>
      `#- /a.yaml\n${snippet()}#- /i.sh\n${command}\n#- /values.yaml\nallowSnippetAnnotations: true\n`;
    const helm = (version: string): string =>
      script(`helm install x ingress-nginx/ingress-nginx \\\n  --version ${version}`);
    assert.match(messages(snippetDisabled, helm('4.12.1')).join(), /^warning: .* 1\.12 and later refuse/);
    assert.match(messages(snippetDisabled, helm('4.11.3')).join(), /^info/);
    const manifest = (version: string): string =>
      script(`kubectl apply -f https://host.test/controller-v${version}/deploy.yaml`);
    assert.match(messages(snippetDisabled, manifest('1.13.0')).join(), /^warning/);
    assert.match(messages(snippetDisabled, manifest('1.11.5')).join(), /^info/);
  });

  it('is information where only the risk level is missing', () => {
    assert.match(
      messages(
        snippetDisabled,
        `#- /a.yaml\n${snippet()}#- /i.sh\nhelm install x ingress-nginx/ingress-nginx --set controller.allowSnippetAnnotations=true\n`,
      ).join(),
      /^info/,
    );
  });
});
