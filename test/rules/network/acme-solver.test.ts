import assert from 'node:assert/strict';
import rule from '../../../rules/network/netpol-acme-solver-blocked';
import { messages } from '../expect';

/** A tree with an ACME issuer that a Certificate uses; the solver and the policies are given. */
function tree(solver: string, ingressRule: string, user = certificate): string {
  return `
    #- /policies.yaml
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: closed
      namespace: matrix
    spec:
      podSelector: {}
      policyTypes: [Ingress]
      ingress: ${ingressRule}
    #- /issuer.yaml
    apiVersion: cert-manager.io/v1
    kind: ClusterIssuer
    metadata:
      name: public
    spec:
      acme:
        server: https://acme.tessera.test/directory
        privateKeySecretRef: {name: account}
        solvers: [${solver}]
    ${user}
  `;
}

const certificate = `#- /certificate.yaml
    apiVersion: cert-manager.io/v1
    kind: Certificate
    metadata: {name: turn, namespace: matrix}
    spec: {secretName: turn-tls, dnsNames: [turn.tessera.test], issuerRef: {name: public, kind: ClusterIssuer}}`;
const ingress = `#- /ingress.yaml
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: web
      namespace: matrix
      annotations: {cert-manager.io/cluster-issuer: public}`;
const http = '{http01: {ingress: {class: nginx}}}';

describe('netpol-acme-solver-blocked', () => {
  it('needs no knowledge of the controller where nobody at all is admitted', () => {
    assert.match(messages(rule, tree(http, '[]'))[0] ?? '', /^error: The ingress controller .* in matrix:8089/);
    assert.equal(messages(rule, tree(http, '[]', ingress)).length, 1, 'an Ingress asks for certificates too');
  });

  it('takes a rule for the port, or for everybody, as enough', () => {
    assert.deepEqual(messages(rule, tree(http, '[{ports: [{port: 8089}]}]')), []);
    assert.deepEqual(messages(rule, tree(http, '[{from: [{namespaceSelector: {}}]}]')), []);
    assert.equal(messages(rule, tree(http, '[{from: [{namespaceSelector: {}}], ports: [{port: 8008}]}]')).length, 1);
  });

  it('has nothing to say of DNS challenges, of issuers nobody uses, and of other namespaces', () => {
    assert.deepEqual(messages(rule, tree('{dns01: {cloudflare: {}}}', '[]')), []);
    assert.deepEqual(messages(rule, tree(http, '[]', '')), []);
    assert.deepEqual(messages(rule, tree(http, '[]', certificate.replace('namespace: matrix', 'namespace: mail'))), []);
  });

  it('counts the labels that the solver’s pod template adds', () => {
    const labelled = '{http01: {ingress: {class: nginx, podTemplate: {metadata: {labels: {open: "true"}}}}}}';
    const policy = tree(labelled, '[]').replace('podSelector: {}', 'podSelector: {matchLabels: {open: "false"}}');
    assert.deepEqual(messages(rule, policy), []);
    assert.equal(messages(rule, policy.replace('"false"', '"true"')).length, 1);
  });
});
