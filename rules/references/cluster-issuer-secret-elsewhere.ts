import { chartReleases } from '../../analysis/charts';
import { declarationsOf } from '../../analysis/declarations';
import type { Value } from '../../manifests/value';
import type { Index } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'cluster-issuer-secret-elsewhere',
  items: [],
  severity: 'error',
  summary: 'A Secret that a ClusterIssuer reads is in another namespace than that of cert-manager.',
  why: 'A ClusterIssuer has no namespace, so cert-manager looks for its Secrets in its own: that of a certificate authority, or the token for DNS. The issuer never becomes ready, and no certificate is made.',
  remedy: 'Create the Secret, or the Certificate that makes it, in the namespace cert-manager.',
  traps: [
    'Where cert-manager is told another namespace for the resources of ClusterIssuers, nothing is said.',
    'Without a command that installs cert-manager it is taken to be in the namespace cert-manager, and the finding is a warning.',
  ],
  sources: ['cert-manager documentation, CA issuer; DNS01; Issuer configuration: --cluster-resource-namespace'],
  examples: {
    bad: example(
      'matrix',
      '\n      #               ^^^^^^^^^^ warning: Secret tessera-ca is in namespace matrix, but cert-manager looks for it in cert-manager',
    ),
    good: example('cert-manager', ''),
  },
  kinds: ['ClusterIssuer.cert-manager.io'],
  *check(issuer, workspace) {
    if (workspace.lookup(otherNamespace, '').length > 0) return;
    const release = chartReleases(workspace).find(
      ({ chart, evidence, namespace }) => chart === 'cert-manager' && evidence === 'command' && namespace !== undefined,
    );
    const wanted = release?.namespace ?? 'cert-manager';
    for (const name of secretsOf(issuer.root.at('spec'))) {
      if (!name.string) continue;
      const made = declarationsOf(workspace, 'Secret', undefined, name.string).filter(one => one.origin !== 'promise');
      const [first] = made;
      if (!first || made.some(({ namespace }) => namespace === undefined || namespace === wanted)) continue;
      yield {
        at: name,
        ...(release ? {} : { severity: 'warning' as const }),
        message: `Secret ${name.string} is in namespace ${first.namespace}, but cert-manager looks for it in ${wanted}, so ClusterIssuer ${issuer.name} makes no certificates — create it there.`,
        related: [{ at: first.at, message: `Secret ${name.string}` }],
      };
    }
  },
} satisfies Rule;

/** The names of the Secrets that an issuer reads: of its authority, its account and what it solves challenges with. */
function* secretsOf(spec: Value): Iterable<Value> {
  yield spec.at('ca', 'secretName');
  for (const value of spec.scalars()) {
    const holder = value.name === 'name' ? String(value.parent?.name ?? '') : '';
    // cert-manager itself makes the Secret for the key of the account, and a webhook reads its own as it likes.
    if (/[sS]ecretRef$/.test(holder) && holder !== 'privateKeySecretRef' && !value.path.includes('webhook'))
      yield value;
  }
}

/** Texts that tell cert-manager where the Secrets of ClusterIssuers are. */
const otherNamespace: Index<true> = {
  name: 'namespace of ClusterIssuers',
  *document(document) {
    if (document.textWith(option) !== undefined) yield ['', true];
  },
  *textFile(file) {
    if (option.test(file.text)) yield ['', true];
  },
  equal: () => true,
};

const option = /cluster-?[rR]esource-?[nN]amespace/;

function example(namespace: string, mark: string): string {
  return `
      #- /issuer.yaml
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: tessera-ca
        namespace: ${namespace}
      spec:
        isCA: true
        commonName: Tessera
        secretName: tessera-ca
        issuerRef: {name: self, kind: ClusterIssuer}
      ---
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata:
        name: tessera-ca
      spec:
        ca:
          secretName: tessera-ca${mark}
    `;
}
