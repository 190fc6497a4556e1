import { declarationsOf, declaredNames } from '../../analysis/declarations';
import { isFilledIn } from '../../analysis/filled-in';
import { valuesAt } from '../../analysis/helm/chart-objects';
import { extraObjects, isOpen, releaseKinds, releasesIn, releasesOf, shownValues } from '../../analysis/helm/releases';
import { nearest } from '../../analysis/nearest';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { missingObjects } from './missing';
import { isOff } from './release-references';

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
  sources: [
    'cert-manager documentation, Certificate resource, Annotated Ingress resource and Annotated Gateway resource',
  ],
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
  kinds: ['Certificate.cert-manager.io', 'Ingress', 'Gateway', ...releaseKinds],
  *check(resource, workspace) {
    if (releaseKinds.includes(resource.qualifiedKind)) {
      yield* missingForRelease(workspace, resource);
      return;
    }
    yield* missingObjects(resource, workspace, ['Issuer', 'ClusterIssuer'], {
      consequence: 'so no certificate is issued',
      severity: ({ kind }) =>
        kind === 'ClusterIssuer' && declaredNames(workspace, kind, undefined).length === 0 ? 'warning' : undefined,
    });
  },
} satisfies Rule;

/** The ClusterIssuers that the values of a chart name for its Ingresses, where the tree has others. */
function* missingForRelease(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const names = releasesOf(workspace, resource).flatMap(release =>
    shownValues(release).flatMap(root => [
      ...[...root.scalars()].filter(value => value.name === 'cert-manager.io/cluster-issuer'),
      ...valuesAt(release, 'certManager.clusterIssuer').filter(() => release.chart === 'matrix-stack'),
    ]),
  );
  const known = declaredNames(workspace, 'ClusterIssuer', undefined);
  if (known.length === 0) return;
  for (const value of new Set(names)) {
    const name = value.string;
    if (!name || isOpen(name) || isFilledIn(workspace, name) || isOff(value)) continue;
    if (declarationsOf(workspace, 'ClusterIssuer', undefined, name).length > 0) continue;
    if (releasesIn(workspace).some(one => extraObjects(one).some(text => text.includes(name)))) continue;
    const close = nearest(name, known);
    const edit = close === undefined ? undefined : replaceScalar(value, close);
    yield {
      at: value,
      message: `Nothing creates the ClusterIssuer ${name}, which the chart is told to use, so no certificate is issued — ${close ? `did you mean ${close}?` : `the tree has ${known.join(', ')}.`}`,
      fixes: () => (edit ? [{ title: `Use the ClusterIssuer ${close}`, safe: false, edits: [edit] }] : []),
    };
  }
}
