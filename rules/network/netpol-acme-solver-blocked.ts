import { endpointOfEnd } from '../../analysis/flows';
import { ingressController } from '../../analysis/flows/externals';
import { evaluate } from '../../analysis/network/evaluate';
import type { PodEndpoint } from '../../analysis/network/model';
import { policiesOf, policyResources } from '../../analysis/policies';
import { settingsOf } from '../../analysis/settings';
import { appendDocument } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { namespacesUsing, solverLabel, solverPolicyText, solverPort } from './acme-solver-policy';
import { isolatingPolicies, reasonOf } from './blocked';

export default {
  id: 'netpol-acme-solver-blocked',
  items: ['1.4.b.5'],
  severity: 'error',
  summary: 'NetworkPolicies keep the ingress controller from the pods that answer HTTP-01 challenges.',
  why: 'cert-manager starts a pod for each challenge, in the namespace of the certificate. The authority’s request comes through the ingress controller, and where that may not reach the pod, no certificate is ever issued: Ingresses serve the controller’s fake certificate, and Secrets of certificates stay missing.',
  remedy: `Admit the ingress controller on port ${solverPort} of the pods with the label \`${solverLabel.join(': ')}\`.`,
  traps: [
    'Only issuers that a Certificate or Ingress of the tree uses are judged, in the namespaces of those.',
    'DNS-01 solvers, and issuers that are no ACME, need no such pods.',
    'Labels that the issuer’s own pod template adds count.',
  ],
  sources: [
    'cert-manager, pkg/issuer/acme/http/http.go (acmeSolverListenPort) and pod.go (labels); documentation, HTTP01, "Configuring the HTTP01 Ingress solver"',
  ],
  examples: {
    bad: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: default-deny-all
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Ingress, Egress]
      #- /issuer.yaml
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata:
        name: public
      spec:
        acme:
          server: https://acme-v02.api.letsencrypt.org/directory
          privateKeySecretRef:
            name: public-account
          solvers:
            - http01:
      #       ^^^^^^ 💡 error: The ingress controller has to reach the ACME solver pods in matrix:8089, but ingress of matrix/cm-acme-http-solver blocks it
                ingress:
                  ingressClassName: nginx
      #- /certificate.yaml
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: turn
        namespace: matrix
      spec:
        secretName: turn-tls
        dnsNames: [turn.tessera.test]
        issuerRef:
          name: public
          kind: ClusterIssuer
      #- /install.sh
      helm install ingress-nginx ingress-nginx/ingress-nginx --namespace ingress-nginx
    `,
    good: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: default-deny-all
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Ingress, Egress]
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-acme-solver
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            acme.cert-manager.io/http01-solver: "true"
        policyTypes:
          - Ingress
        ingress:
          - from:
              - namespaceSelector:
                  matchExpressions:
                    - key: kubernetes.io/metadata.name
                      operator: In
                      values: ["ingress-nginx"]
                podSelector:
                  matchLabels:
                    app.kubernetes.io/name: ingress-nginx
            ports:
              - protocol: TCP
                port: 8089
      #- /issuer.yaml
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata:
        name: public
      spec:
        acme:
          server: https://acme-v02.api.letsencrypt.org/directory
          privateKeySecretRef:
            name: public-account
          solvers:
            - http01:
                ingress:
                  ingressClassName: nginx
      #- /certificate.yaml
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: turn
        namespace: matrix
      spec:
        secretName: turn-tls
        dnsNames: [turn.tessera.test]
        issuerRef:
          name: public
          kind: ClusterIssuer
      #- /install.sh
      helm install ingress-nginx ingress-nginx/ingress-nginx --namespace ingress-nginx
    `,
  },
  kinds: ['ClusterIssuer.cert-manager.io', 'Issuer.cert-manager.io'],
  *check(issuer, workspace) {
    if (settingsOf(workspace).components.networkPolicies === 'off') return;
    const namespaces = namespacesUsing(workspace, issuer);
    for (const solver of issuer.root.at('spec', 'acme', 'solvers').items()) {
      const http = solver.at('http01', 'ingress');
      if (!http.exists) continue;
      const from = ingressController(workspace, http.at('ingressClassName').text ?? http.at('class').text);
      for (const namespace of namespaces) {
        const to = solverPods(namespace, http.at('podTemplate', 'metadata', 'labels'));
        const policies = policiesOf(workspace, ...[namespace, from.namespace].flatMap(one => one ?? []));
        const verdict = evaluate({ from: endpointOfEnd(from), to, port: solverPort, protocol: 'TCP' }, policies);
        if (verdict.result !== 'denied') continue;
        yield {
          at: solver.at('http01').key,
          message: `The ingress controller has to reach the ACME solver pods in ${namespace}:${solverPort}, but ${reasonOf(verdict)} — admit it, or no certificate is issued.`,
          related: isolatingPolicies(workspace, verdict),
          fixes: () => admit(workspace, namespace, from.namespace, from.labels),
        };
      }
    }
  },
} satisfies Rule;

/** The pods that cert-manager starts in a namespace, as the engine sees them. */
function solverPods(namespace: string, added: Value): PodEndpoint {
  return {
    kind: 'pod',
    id: `${namespace}/Pod/cm-acme-http-solver`,
    name: 'cm-acme-http-solver',
    namespace,
    labels: new Map([solverLabel, ...added.entries().map(([key, value]) => [key, value.text ?? ''] as const)]),
    namedPorts: new Map([['http', [{ port: solverPort, protocol: 'TCP' as const }]]]),
    hostNetwork: false,
  };
}

function admit(
  workspace: Workspace,
  namespace: string,
  controller: string | undefined,
  labels: ReadonlyMap<string, string> | undefined,
): readonly Fix[] {
  const neighbours = policyResources(workspace, namespace);
  const [neighbour] = neighbours;
  if (!neighbour || controller === undefined) return [];
  const taken = neighbours.some(({ name }) => name === 'allow-acme-solver');
  const name = taken ? 'allow-acme-http01-solver' : 'allow-acme-solver';
  const text = solverPolicyText(name, namespace, controller, labels);
  return [{ title: `Add NetworkPolicy ${name}`, safe: false, edits: [appendDocument(neighbour.document.file, text)] }];
}
