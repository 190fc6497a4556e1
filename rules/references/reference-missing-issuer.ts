import { declaredNames } from '../../analysis/declarations';
import type { Rule } from '../rule';
import { missingObjects } from './missing';

export default {
  id: 'reference-missing-issuer',
  items: [],
  severity: 'error',
  summary: 'A certificate is asked of an issuer that nothing creates.',
  why: 'cert-manager waits for the issuer and issues nothing: the TLS Secret never appears, and Ingresses serve a self-signed certificate.',
  remedy: 'Create the Issuer or ClusterIssuer, or correct its name or kind. An `Issuer` serves its own namespace only.',
  traps: [
    '`issuerRef.kind` defaults to `Issuer`; a ClusterIssuer of the same name is then no help, and the message says so.',
    'Issuers of other groups, such as those of AWS or step-ca, are not looked for.',
    'If the tree has no ClusterIssuer at all, whoever runs the cluster may have made one: then this is a warning.',
  ],
  sources: ['cert-manager documentation, Certificate resource and Annotated Ingress resource'],
  examples: {
    bad: `
      #- /certificate.yaml
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: turn
        namespace: matrix
      spec:
        secretName: turn-tls
        dnsNames: [turn.matrix.test]
        issuerRef:
          kind: ClusterIssuer
          name: letsencrpt
      #         ^^^^^^^^^^ 💡 error: Nothing creates the ClusterIssuer letsencrpt, which the Certificate needs, so no certificate is issued — did you mean letsencrypt?
      ---
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata:
        name: letsencrypt
      spec:
        selfSigned: {}
    `,
    good: `
      #- /certificate.yaml
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: turn
        namespace: matrix
      spec:
        secretName: turn-tls
        dnsNames: [turn.matrix.test]
        issuerRef:
          kind: ClusterIssuer
          name: letsencrypt
      ---
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata:
        name: letsencrypt
      spec:
        selfSigned: {}
    `,
  },
  kinds: ['Certificate.cert-manager.io', 'Ingress'],
  *check(resource, workspace) {
    yield* missingObjects(resource, workspace, ['Issuer', 'ClusterIssuer'], {
      consequence: 'so no certificate is issued',
      severity: ({ kind }) =>
        kind === 'ClusterIssuer' && declaredNames(workspace, kind, undefined).length === 0 ? 'warning' : undefined,
    });
  },
} satisfies Rule;
