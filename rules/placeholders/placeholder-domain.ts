import { isUsedByScript, valuesDocuments } from '../../analysis/helm-values';
import { keyTexts } from '../../analysis/secret-data';
import { languageOf } from '../../analysis/text/comments';
import type { ChecklistItemId } from '../../checklist/types';
import { groupedBy } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { isSwitchedOff } from './switched-off';
import { type FoundPlaceholder, isSuspicious, placeholdersIn, placeholdersOf } from './texts';

export default {
  id: 'placeholder-domain',
  items: ['A.1.g', 'A.3.a', 'A.3.b', 'A.3.c', 'A.3.d'],
  severity: 'error',
  summary: 'Places still name a domain that stands for your own.',
  why: 'Nobody can own `example.com` and its like. Certificates are refused, clients are sent to hosts that do not answer, and a `server_name` cannot be changed once users exist.',
  remedy:
    'Replace the domain everywhere at once with *Replace Domain…*, which keeps the labels before it and edits embedded configuration as well.',
  traps: [
    'One finding for each domain and kind of place (Ingress, Synapse, Element Web, certificates, other), at the first place; the others are listed with it.',
    'Comments, documentation and files such as `app.example.yaml` do not count, nor does what a configuration switches off with `enabled: false`.',
    'A test certificate (a Certificate named `test-…`) is only an information.',
  ],
  sources: ['RFC 2606 and RFC 6761: example.com, example.org, example.net, .example and .invalid are reserved'],
  examples: {
    bad: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: synapse
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.example.com
      #           ^^^^^^^^^^^^^^^^^^ error: example.com stands for your own domain here and in 1 more place
            http:
              paths: []
        tls:
          - hosts: [matrix.example.com]
            secretName: tls
    `,
    good: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: synapse
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.tessera.test
            http:
              paths: []
        tls:
          - hosts: [matrix.tessera.test]
            secretName: tls
    `,
  },
  *checkWorkspace(workspace) {
    const uses = workspace.lookup(domainUses, '');
    const groups = groupedBy(uses, use => `${use.domain}\n${use.item}\n${use.isTest}`);
    for (const group of groups.values()) yield problem(group);
    yield* inValues(workspace);
  },
} satisfies Rule;

/** The values of charts that the tree's scripts install, a domain each. */
function* inValues(workspace: Workspace): Iterable<Problem> {
  const found = valuesDocuments(workspace)
    .filter(document => isUsedByScript(workspace, document.file))
    .flatMap(document =>
      [...document.root.scalars(isSuspicious)]
        .flatMap(scalar => placeholdersOf(scalar, 'value'))
        .filter(one => one.placeholder.class === 'domain' && !isSwitchedOff(document.root, one.at)),
    );
  const byDomain = groupedBy(found, ({ placeholder }) => placeholder.domain ?? placeholder.text);
  for (const [domain, [first, ...others]] of byDomain) {
    yield {
      at: first.at,
      severity: 'warning',
      message: `${domain} in the values of a chart stands for your own domain — replace it everywhere.`,
      items: ['A.1.g'],
      related: others.map(({ at, placeholder }) => ({ at, message: placeholder.text })),
    };
  }
}

interface DomainUse {
  readonly domain: string;
  readonly item: ChecklistItemId;
  readonly isTest: boolean;
  readonly found: FoundPlaceholder;
  readonly resource: Resource;
}

function problem(uses: readonly DomainUse[]): Problem {
  const [first, ...others] = uses as [DomainUse, ...DomainUse[]];
  const rest = others.length === 0 ? '' : ` and in ${others.length} more ${others.length === 1 ? 'place' : 'places'}`;
  return {
    at: first.found.at,
    message: `${first.domain} stands for your own domain here${rest} — replace it everywhere.`,
    items: first.item === 'A.1.g' ? ['A.1.g'] : ['A.1.g', first.item],
    related: others.map(({ found, resource }) => ({ at: found.at, message: resource.title })),
    ...(first.isTest ? { severity: 'info' as const } : {}),
  };
}

const domainUses: Index<DomainUse> = {
  name: 'placeholder domains',
  *resource(resource) {
    for (const found of domainsIn(resource)) {
      const { domain = found.placeholder.text, text } = found.placeholder;
      const isTest = resource.kind === 'Certificate' && /^test-/.test(resource.name) && /^test\./.test(text);
      yield ['', { domain, item: itemOf(resource, found), isTest, found, resource }];
    }
  },
};

/** Reads only the resource, so that the index stays right when anything else changes; scripts are found by their shape. */
function domainsIn(resource: Resource): readonly FoundPlaceholder[] {
  if (resource.document.file.isExample) return [];
  const texts =
    resource.kind === 'Secret'
      ? keyTexts(resource).flatMap(([key, value]) =>
          placeholdersOf(value, value.text?.includes('\n') ? languageOf(key, value.text) : 'value'),
        )
      : placeholdersIn(resource, undefined);
  return texts.filter(({ placeholder }) => placeholder.class === 'domain');
}

/** Which of the checklist's four kinds of place this is; everything else only counts for the domain as a whole. */
function itemOf(resource: Resource, { value, placeholder }: FoundPlaceholder): ChecklistItemId {
  if (resource.kind === 'Ingress') return 'A.3.a';
  if (resource.group === 'cert-manager.io') return 'A.3.d';
  const key = String(value.name ?? '');
  if (/config.*\.json$/.test(key) || /element/.test(resource.name)) return 'A.3.c';
  if (
    /homeserver|synapse/.test(key) ||
    /synapse|haproxy/.test(resource.name) ||
    /server_name|public_baseurl/.test(placeholder.text)
  )
    return 'A.3.b';
  return 'A.1.g';
}
