import { areAlternativePaths } from '../../analysis/alternatives';
import { contentOf } from '../../analysis/content';
import { isPatch, kustomizationOf } from '../../analysis/kustomization';
import { deleteDocument } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import { ownEntry } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'duplicate-resource',
  items: [],
  severity: 'error',
  summary: 'Two manifests declare the same object.',
  why: 'They are one object in the cluster: the one that is applied last wins, so a password or a policy depends on the order of the files. Some changes are refused, such as that of a Service from a cluster IP to headless.',
  remedy: 'Keep one manifest and delete the other, or rename one of them if two objects are wanted.',
  traps: [
    'Two copies that say the same are a warning: they do no harm until one of them is edited. A Service says the same with and without `protocol: TCP`.',
    'Kustomize patches, files of different kustomizations, and directories and files that are alternatives (`base` and `overlays`, `staging` and `production`, `option-a` and `option-b`, `db-prod.yaml` and `db-staging.yaml`, or `old` and `tests` beside what is applied) are left alone, because they are not applied together.',
    'Objects of the same name in different namespaces are different objects.',
  ],
  sources: ['Kubernetes documentation, Object Names and IDs: one object of a kind has a given name in a namespace.'],
  examples: {
    bad: `
      #- /networking/policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: sync-access
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Ingress]
      #- /networking/sync.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: sync
        namespace: matrix
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: sync-access
      #       ^^^^^^^^^^^ 💡 error: NetworkPolicy sync-access in namespace matrix is declared again with other content
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: sync
        policyTypes: [Ingress]
    `,
    good: `
      #- /networking/policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: sync-access
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Ingress]
      #- /networking/sync.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: sync
        namespace: matrix
    `,
  },
  kinds: ['*'],
  *check(resource, workspace) {
    const all = workspace.lookup(resourcesByIdentity, identityOf(resource));
    if (all.length < 2) return;
    const same = all.filter(other => other === resource || isAppliedWith(workspace, resource, other));
    // The first keeps the name; every other one is in question.
    const [first] = same;
    if (!first || first === resource) return;
    const differs = same.some(other => meaningOf(other) !== meaningOf(resource));
    const where = resource.namespace === undefined ? '' : ` in namespace ${resource.namespace}`;
    yield {
      at: resource.root.at('metadata', 'name'),
      severity: differs ? 'error' : 'warning',
      message: differs
        ? `${resource.kind} ${resource.name}${where} is declared again with other content, so the one that is applied last wins — delete one of them or rename it.`
        : `${resource.kind} ${resource.name}${where} is declared again with the same content — delete one of the copies.`,
      related: same
        .filter(other => other !== resource)
        .map(other => ({
          at: other.root.at('metadata', 'name'),
          message: `${other.kind} ${other.name} in ${other.document.file.path}`,
        })),
      fixes: () => [...deletion(resource, 'this'), ...deletion(first, 'the first')],
    };
  },
} satisfies Rule;

const resourcesByIdentity: Index<Resource> = {
  name: 'resources by identity',
  *resource(resource) {
    yield [identityOf(resource), resource];
  },
};

/** What an object says; of a Service without what the API server would add to it anyway. */
function meaningOf({ root, qualifiedKind }: Resource): string {
  if (qualifiedKind !== 'Service') return contentOf(root);
  const without = (mapping: Value, defaults: Readonly<Record<string, string | undefined>>): readonly string[] =>
    mapping
      .entries()
      .filter(([key, value]) => key !== 'ports' && (value.text === undefined || value.text !== ownEntry(defaults, key)))
      .map(([key, value]) => `${key}:${contentOf(value)}`)
      .sort();
  const spec = root.at('spec');
  const ports = spec
    .at('ports')
    .items()
    .map(port => without(port, { protocol: 'TCP', targetPort: port.at('port').text }));
  return JSON.stringify([
    contentOf(root.at('metadata')),
    without(spec, { type: 'ClusterIP', sessionAffinity: 'None' }),
    ports,
  ]);
}

function identityOf(resource: Resource): string {
  return `${resource.qualifiedKind}/${resource.namespace ?? ''}/${resource.name}`;
}

function isAppliedWith(workspace: Workspace, one: Resource, other: Resource): boolean {
  const [file, otherFile] = [one.document.file, other.document.file];
  if (file === otherFile) return true;
  if (isPatch(workspace, file) || isPatch(workspace, otherFile)) return false;
  // An example stands beside what has been made of it.
  if (file.isExample !== otherFile.isExample) return false;
  if (kustomizationOf(workspace, file) !== kustomizationOf(workspace, otherFile)) return false;
  return !areAlternatives(file.path, otherFile.path);
}

/** Whether two paths part ways in directories that stand for one another, or of which one is built on the other. */
function areAlternatives(path: string, other: string): boolean {
  const [a, b] = [path.split('/'), other.split('/')];
  const at = a.findIndex((part, index) => part !== b[index]);
  // The last part is the name of the file.
  const parted = [a.slice(0, -1)[at], b.slice(0, -1)[at]];
  return parted.some(part => part !== undefined && overlay.test(part)) || areAlternativePaths(path, other);
}

/** What others are built on, or what nobody applies any more. */
const overlay =
  /^(?:overlays?|base|components|examples?|samples?|old|archived?|legacy|deprecated|obsolete|disabled|unused|bak|fixtures|e2e|tests?)$/i;

function deletion(resource: Resource, which: string): readonly Fix[] {
  const { document } = resource;
  const edit = document.resources.length === 1 ? deleteDocument(document) : undefined;
  return edit
    ? [{ title: `Delete ${which} ${resource.kind}, in ${document.file.path}`, safe: false, edits: [edit] }]
    : [];
}
