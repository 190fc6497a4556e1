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
