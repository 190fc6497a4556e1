import assert from 'node:assert/strict';
import rule from '../../../rules/kubernetes/component-deployed-twice';
import { check } from '../../fixture';

describe('component-deployed-twice', () => {
  it('takes commands and values files for a chart, and no command that is only shown', () => {
    assert.match(
      messages(`${coturn()}#- /install.sh\nhelm upgrade --install turn repo/coturn -n matrix\n`)[0] ?? '',
      /the Helm chart coturn \(install.sh\)/,
    );
    assert.match(
      messages(`${coturn()}#- /values/coturn.yaml\nreplicas: 1\n`)[0] ?? '',
      /a Helm chart \(values\/coturn.yaml\)/,
    );
    assert.deepEqual(messages(`${coturn()}#- /README.md\nhelm install turn repo/coturn -n matrix\n`), []);
    assert.deepEqual(messages(`${coturn()}#- /values/haproxy-ingress.yaml\nreplicas: 1\n`), []);
  });
  it('is silent about what was rendered from the chart, about the LI instance and about what is scaled to nothing', () => {
    const values = '#- /values/coturn.yaml\nreplicas: 1\n';
    assert.deepEqual(messages(coturn('labels: {app.kubernetes.io/managed-by: Helm}') + values), []);
    assert.deepEqual(messages(coturn('labels: {matrix.instance: li}') + values), []);
    assert.deepEqual(messages(coturn('labels: {a: b}', 0) + values), []);
  });
});

function messages(source: string): readonly string[] {
  return check(source, [rule]).findings.map(({ problem }) => problem.message);
}

function coturn(metadata = 'labels: {a: b}', replicas = 1): string {
  return `#- /coturn.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: coturn
  namespace: matrix
  ${metadata}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: coturn}}
  template:
    metadata: {labels: {app: coturn}}
    spec: {containers: [{name: coturn, image: "coturn/coturn:4.6.2"}]}
`;
}
