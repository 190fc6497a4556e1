import { isPatch } from '../../analysis/kustomization';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { asksCertManager, certificateKind, covers } from './certificates';

export default {
  id: 'ingress-tls-secret-shared',
  items: [],
  severity: 'error',
  summary: 'Two Ingresses or Certificates have cert-manager write one Secret.',
  why: 'The Certificate belongs to the Ingress that came first, and cert-manager refuses to change it for another. The hosts of the second get a certificate for the wrong name. Of two Certificates for one Secret only one is issued; before 1.14 they were issued in turn without end, until the authority refused more.',
  remedy:
    'Give each Ingress and each Certificate a Secret of its own, or let one of them name all hosts. An Ingress whose Certificate is written out needs no annotation.',
  traps: [
    'Ingresses without an annotation of cert-manager may share a Secret, for instance with a wildcard certificate, and so may those whose hosts are all named by the other.',
    'A Certificate that has the name of the Secret stands in for the one that the annotation would make: nothing is said as long as it names the hosts.',
  ],
  sources: [
    'cert-manager, pkg/controller/certificate-shim/sync.go: "certificate resource is not owned by this object. refusing to update non-owned certificate resource"',
    'cert-manager pull request 6406, internal/controller/certificates: CertificateOwnsSecret',
  ],
  examples: {
    bad: example(
      'matrix-tls\n      #                 ^^^^^^^^^^ error: The Certificate for matrix-tls belongs to Ingress chat, which does not name matrix.tessera.test',
    ),
    good: example('matrix-own-tls'),
  },
  kinds: ['Ingress', certificateKind],
  *check(resource, workspace) {
    if (isPatch(workspace, resource.document.file)) return;
    for (const asked of asksOf(resource)) {
      const sharing = workspace
        .lookup(askedBy, asked.key)
        .filter(one => one.resource !== resource)
        .sort((a, b) => (a.resource.name < b.resource.name ? -1 : 1));
      const isCertificate = (one: Asked): boolean => one.resource.qualifiedKind === certificateKind;
      const certificate = sharing.find(isCertificate);
      // One finding for the pair, at the one whose name comes later, and rather at the Ingress.
      const [first] = isCertificate(asked) ? sharing.filter(isCertificate) : sharing.filter(one => !isCertificate(one));
      if (first && first.resource.name < resource.name)
        yield* isCertificate(asked) ? twice(asked, first) : differing(asked, first);
      else if (certificate && !isCertificate(asked)) yield* besideCertificate(asked, certificate);
    }
  },
} satisfies Rule;

/** Two Ingresses with different hosts. */
function* differing({ at, hosts }: Asked, first: Asked): Iterable<Problem> {
  const lacking = hosts.filter(host => !first.hosts.includes(host));
  if (lacking.length === 0 || first.hosts.every(host => hosts.includes(host))) return;
  yield {
    at,
    message: `The Certificate for ${at.string} belongs to Ingress ${first.resource.name}, which does not name ${lacking.join(' and ')}, so cert-manager refuses these hosts — take another secretName.`,
    related: [{ at: first.at, message: `Ingress ${first.resource.name}` }],
  };
}

/** Two Certificates. */
function* twice({ at }: Asked, first: Asked): Iterable<Problem> {
  yield {
    at,
    message: `Certificate ${first.resource.name} writes the Secret ${at.string} as well, so cert-manager issues only one of the two — take another secretName.`,
    related: [{ at: first.at, message: `Certificate ${first.resource.name}` }],
  };
}

/** An Ingress that asks for a Certificate, and one that is written out. */
function* besideCertificate({ at, hosts, resource }: Asked, certificate: Asked): Iterable<Problem> {
  const { name } = certificate.resource;
  const lacking = hosts.filter(host => !certificate.hosts.some(one => covers(one, host)));
  const isTaken = name === at.string;
  if (isTaken && lacking.length === 0) return;
  yield {
    at,
    ...(lacking.length === 0 && { severity: 'warning' as const }),
    message: isTaken
      ? `Certificate ${name} is there already and does not name ${lacking.join(' and ')}, and cert-manager does not change it for an Ingress — add them there.`
      : `cert-manager makes a Certificate for Ingress ${resource.name}, although Certificate ${name} writes the Secret ${at.string} as well, so it issues only one of the two — delete the annotation or take another secretName.`,
    related: [{ at: certificate.at, message: `Certificate ${name}` }],
  };
}

interface Asked {
  readonly resource: Resource;
  /** The namespace and name of the Secret. */
  readonly key: string;
  readonly at: Value;
  readonly hosts: readonly string[];
}

/** What asks cert-manager for a certificate, by namespace and Secret. */
const askedBy: Index<Asked> = {
  name: 'certificates that are asked for',
  *resource(resource) {
    for (const asked of asksOf(resource)) yield [asked.key, asked];
  },
};

function asksOf(resource: Resource): readonly Asked[] {
  const asked = (at: Value, hosts: Value): readonly Asked[] =>
    at.string === undefined || at.string.includes('$')
      ? []
      : [
          {
            resource,
            key: `${resource.namespace ?? ''}/${at.string}`,
            at,
            hosts: hosts.items().flatMap(host => host.string ?? []),
          },
        ];
  const spec = resource.root.at('spec');
  if (resource.qualifiedKind === certificateKind) return asked(spec.at('secretName'), spec.at('dnsNames'));
  if (resource.kind !== 'Ingress' || !asksCertManager(resource)) return [];
  return spec
    .at('tls')
    .items()
    .flatMap(tls => asked(tls.at('secretName'), tls.at('hosts')));
}

function example(secret: string): string {
  const ingress = (name: string, host: string, secretName: string): string => `
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: ${name}
        namespace: matrix
        annotations:
          cert-manager.io/cluster-issuer: public
      spec:
        tls:
          - hosts: [${host}]
            secretName: ${secretName}`;
  return `
      #- /ingresses.yaml${ingress('chat', 'chat.tessera.test', 'matrix-tls')}
      ---${ingress('matrix', 'matrix.tessera.test', secret)}
    `;
}
