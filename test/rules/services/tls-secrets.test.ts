import assert from 'node:assert/strict';
import issuerSecret from '../../../rules/references/cluster-issuer-secret-elsewhere';
import shared from '../../../rules/services/ingress-tls-secret-shared';
import { messages } from '../expect';

describe('ingress-tls-secret-shared', () => {
  const { bad } = shared.examples;
  const found = (source: string): readonly string[] => messages(shared, source);

  it('accepts a Secret for the same hosts, of one’s own namespace, or not asked of cert-manager', () => {
    assert.equal(found(bad).length, 1);
    assert.deepEqual(found(bad.replace('hosts: [matrix.tessera.test]', 'hosts: [chat.tessera.test]')), []);
    assert.deepEqual(
      found(bad.replace('hosts: [chat.tessera.test]', 'hosts: [chat.tessera.test, matrix.tessera.test]')),
      [],
      'one names the hosts of both',
    );
    assert.deepEqual(found(bad.replace('namespace: matrix', 'namespace: chat')), []);
    assert.deepEqual(found(bad.replace('cert-manager.io/cluster-issuer: public', 'a: b')), []);
  });
});

describe('cluster-issuer-secret-elsewhere', () => {
  const { bad } = issuerSecret.examples;
  const found = (source: string): readonly string[] => messages(issuerSecret, source);

  it('knows where cert-manager is installed and what it is told', () => {
    assert.match(found(bad).join(), /^warning: /);
    const install = (options: string): string =>
      `${bad}\n      #- /install.sh\n      helm install cert-manager jetstack/cert-manager ${options}\n`;
    assert.match(found(install('--namespace cert-manager')).join(), /^error: /);
    assert.deepEqual(found(install('--namespace matrix')), []);
    assert.deepEqual(found(install('--namespace cert-manager --set clusterResourceNamespace=matrix')), []);
    assert.deepEqual(found(bad.replace('        namespace: matrix\n', '')), [], 'wherever it is applied to');
  });
  it('reads what challenges are solved with', () => {
    const issuer = (solver: string, namespace: string): string => `
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata: {name: public}
      spec:
        acme:
          privateKeySecretRef: {name: account}
          solvers: [{dns01: {${solver}}}]
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: dns, namespace: ${namespace}}
      stringData: {token: a}
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: account, namespace: matrix}`;
    const cloudflare = 'cloudflare: {apiTokenSecretRef: {name: dns, key: token}}';
    assert.match(found(issuer(cloudflare, 'matrix')).join(), /^warning: Secret dns is in namespace matrix/);
    assert.deepEqual(found(issuer(cloudflare, 'cert-manager')), []);
    assert.deepEqual(found(issuer('webhook: {config: {apiTokenSecretRef: {name: dns, key: token}}}', 'matrix')), []);
  });
});
