import { isPatch } from '../../analysis/kustomize';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'ingress-tls-secret-shared',
  items: [],
  severity: 'error',
  summary: 'Two Ingresses ask cert-manager for certificates in one Secret, for different hosts.',
  why: 'The Certificate belongs to the Ingress that came first, and cert-manager refuses to change it for another. The hosts of the second get a certificate for the wrong name.',
  remedy: 'Give each Ingress a Secret of its own, or let both name all hosts.',
  traps: [
    'Ingresses without an annotation of cert-manager may share a Secret, for instance with a wildcard certificate, and so may those whose hosts are all named by the other.',
  ],
  sources: [
    'cert-manager, pkg/controller/certificate-shim/sync.go: "certificate resource is not owned by this object. refusing to update non-owned certificate resource"',
  ],
  examples: {
    bad: example(
      'matrix-tls\n      #                 ^^^^^^^^^^ error: The Certificate for matrix-tls belongs to Ingress chat, which does not name matrix.tessera.test',
    ),
    good: example('matrix-own-tls'),
  },
  kinds: ['Ingress'],
  *check(ingress, workspace) {
    if (!isAnnotated(ingress) || isPatch(workspace, ingress.document.file)) return;
    for (const tls of ingress.root.at('spec', 'tls').items()) {
      const name = tls.at('secretName');
      if (!name.string) continue;
      const sharing = workspace
        .lookup(askedBy, `${ingress.namespace ?? ''}/${name.string}`)
        .filter(one => one.resource.name !== ingress.name)
        .sort((a, b) => (a.resource.name < b.resource.name ? -1 : 1));
      const [first] = sharing;
      // One finding for the pair, at the Ingress whose name comes later.
      if (!first || first.resource.name > ingress.name) continue;
      const has = new Set(hostsOf(first.tls));
      const lacking = hostsOf(tls).filter(host => !has.has(host));
      const hosts = new Set(hostsOf(tls));
      if (lacking.length === 0 || hostsOf(first.tls).every(host => hosts.has(host))) continue;
      yield {
        at: name,
        message: `The Certificate for ${name.string} belongs to Ingress ${first.resource.name}, which does not name ${lacking.join(' and ')}, so cert-manager refuses these hosts — take another secretName.`,
        related: [{ at: first.tls.at('secretName'), message: `Ingress ${first.resource.name}` }],
      };
    }
  },
} satisfies Rule;

interface Asked {
  readonly resource: Resource;
  readonly tls: Value;
}

/** The parts of Ingresses that ask cert-manager for a certificate, by namespace and Secret. */
const askedBy: Index<Asked> = {
  name: 'certificates that Ingresses ask for',
  *resource(resource) {
    if (resource.kind !== 'Ingress' || !isAnnotated(resource)) return;
    for (const tls of resource.root.at('spec', 'tls').items())
      if (tls.at('secretName').string)
        yield [`${resource.namespace ?? ''}/${tls.at('secretName').string}`, { resource, tls }];
  },
};

function isAnnotated(ingress: Resource): boolean {
  return ingress.root
    .at('metadata', 'annotations')
    .keys()
    .some(key => key === 'cert-manager.io/cluster-issuer' || key === 'cert-manager.io/issuer');
}

function hostsOf(tls: Value): readonly string[] {
  return tls
    .at('hosts')
    .items()
    .flatMap(host => host.string ?? []);
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
