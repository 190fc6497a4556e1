import assert from 'node:assert/strict';
import removedApiVersion from '../../../rules/kubernetes/removed-api-version';
import { expectMarks, fixed, fixTitles, messages } from '../expect';

const object = (apiVersion: string, kind: string, rest = ''): string =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: a\n  namespace: matrix\n${rest}`;

describe('removed-api-version', () => {
  it('accepts what is served', () => {
    for (const [apiVersion, kind] of [
      ['policy/v1', 'PodDisruptionBudget'],
      ['batch/v1', 'CronJob'],
      ['autoscaling/v1', 'HorizontalPodAutoscaler'],
      ['networking.k8s.io/v1', 'Ingress'],
      ['example.test/v1beta1', 'Ingress'],
      ['monitoring.coreos.com/v1', 'ServiceMonitor'],
    ] as const)
      expectMarks(removedApiVersion, object(apiVersion, kind));
  });

  it('judges by the target of the settings', () => {
    const source = `#- /a.yaml\n${object('flowcontrol.apiserver.k8s.io/v1beta2', 'FlowSchema')}`;
    assert.match(messages(removedApiVersion, source).join(), /^warning: .* goes away with Kubernetes 1.29/);
    assert.match(
      messages(removedApiVersion, `${source}#- /matrix-preflight.yaml\ntarget: { kubernetes: "1.30" }\n`).join(),
      /^error: .* the target is 1.30/,
    );
  });

  it('knows what operators no longer serve', () => {
    const certificate = object('cert-manager.io/v1alpha2', 'Certificate', 'spec: {secretName: a}\n');
    assert.match(
      messages(removedApiVersion, certificate).join(),
      /^error: .* gone since cert-manager 1.6 — use cert-manager.io\/v1\./,
    );
    for (const version of ['v1alpha3', 'v1beta1'])
      assert.equal(messages(removedApiVersion, object(`cert-manager.io/${version}`, 'ClusterIssuer')).length, 1);
    assert.match(messages(removedApiVersion, object('certmanager.k8s.io/v1alpha1', 'Issuer')).join(), /^error/);
    for (const [apiVersion, kind] of [
      ['external-secrets.io/v1beta1', 'ExternalSecret'],
      ['traefik.containo.us/v1alpha1', 'IngressRoute'],
      ['gateway.networking.k8s.io/v1alpha2', 'HTTPRoute'],
      ['minio.min.io/v1', 'Tenant'],
    ] as const)
      assert.match(messages(removedApiVersion, object(apiVersion, kind)).join(), /^warning/, apiVersion);
    for (const [apiVersion, kind] of [
      ['cert-manager.io/v1', 'Certificate'],
      ['external-secrets.io/v1', 'ExternalSecret'],
      ['external-secrets.io/v1alpha1', 'PushSecret'],
      ['gateway.networking.k8s.io/v1beta1', 'HTTPRoute'],
      ['gateway.networking.k8s.io/v1alpha2', 'TCPRoute'],
      ['traefik.io/v1alpha1', 'IngressRoute'],
      ['minio.min.io/v2', 'Tenant'],
      ['monitoring.coreos.com/v1alpha1', 'AlertmanagerConfig'],
    ] as const)
      assert.deepEqual(messages(removedApiVersion, object(apiVersion, kind)), [], apiVersion);
  });

  it('changes the version of an object only where its fields stay the same', () => {
    const titles = (spec: string): readonly string[] =>
      fixTitles(removedApiVersion, object('cert-manager.io/v1alpha2', 'Certificate', `spec: ${spec}\n`));
    assert.deepEqual(titles('{secretName: a, dnsNames: [a.test]}'), ['safe: Use cert-manager.io/v1']);
    assert.deepEqual(titles('{secretName: a, keySize: 4096}'), []);
    assert.deepEqual(titles('{secretName: a, organization: [a]}'), []);
  });

  it('is silent where the tree says that the version is served', () => {
    const issuer = `#- /issuer.yaml\n${object('cert-manager.io/v1alpha2', 'ClusterIssuer')}`;
    const script = (version: string): string =>
      `#- /install.sh\nhelm install cert-manager jetstack/cert-manager \\\n  --namespace cert-manager --version ${version}\n`;
    assert.deepEqual(messages(removedApiVersion, issuer + script('v1.5.4')), []);
    assert.equal(messages(removedApiVersion, issuer + script('v1.15.1')).length, 1);
    const definition = (served: boolean): string =>
      `#- /crd.yaml\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: clusterissuers.cert-manager.io}\nspec: {group: cert-manager.io, names: {kind: ClusterIssuer}, versions: [{name: v1alpha2, served: ${served}}]}\n`;
    assert.deepEqual(messages(removedApiVersion, issuer + definition(true)), []);
    assert.equal(messages(removedApiVersion, issuer + definition(false)).length, 1);
  });

  it('names what to do about a kind without a successor', () => {
    assert.match(
      messages(removedApiVersion, object('policy/v1beta1', 'PodSecurityPolicy')).join(),
      /use Pod Security admission instead/,
    );
  });

  it('is safe to mend where no field changes', () => {
    assert.deepEqual(fixTitles(removedApiVersion, object('batch/v1beta1', 'CronJob')), ['safe: Use batch/v1']);
    assert.deepEqual(fixTitles(removedApiVersion, object('autoscaling/v2beta2', 'HorizontalPodAutoscaler')), [
      'safe: Use autoscaling/v2',
    ]);
    assert.deepEqual(
      fixTitles(removedApiVersion, object('policy/v1beta1', 'PodDisruptionBudget', 'spec: { selector: {} }\n')),
      ['Use policy/v1'],
    );
    assert.deepEqual(
      fixTitles(removedApiVersion, object('autoscaling/v2beta1', 'HorizontalPodAutoscaler', 'spec: { metrics: [] }\n')),
      [],
    );
  });

  it('gives a Deployment the selector that it now needs', () => {
    const source = object(
      'extensions/v1beta1',
      'Deployment',
      'spec:\n  replicas: 1\n  template:\n    metadata:\n      labels:\n        app: a\n',
    );
    assert.deepEqual(fixed(removedApiVersion, source), {
      'main.yaml': object(
        'apps/v1',
        'Deployment',
        'spec:\n  replicas: 1\n  selector:\n    matchLabels:\n      app: a\n  template:\n    metadata:\n      labels:\n        app: a\n',
      ),
    });
  });

  it('turns an Ingress into the new form', () => {
    const source = object(
      'networking.k8s.io/v1beta1',
      'Ingress',
      `spec:
  backend:
    serviceName: fallback
    servicePort: http
  rules:
    - host: a.test
      http:
        paths:
          - path: / # everything
            backend:
              serviceName: app
              servicePort: 8008
`,
    );
    assert.equal(
      fixed(removedApiVersion, source)['main.yaml'],
      object(
        'networking.k8s.io/v1',
        'Ingress',
        `spec:
  defaultBackend:
    service:
      name: fallback
      port:
        name: http
  rules:
    - host: a.test
      http:
        paths:
          - path: / # everything
            pathType: ImplementationSpecific
            backend:
              service:
                name: app
                port:
                  number: 8008
`,
      ),
    );
  });
});
