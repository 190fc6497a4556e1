import { chartReleases } from '../../analysis/charts';
import { foundCommands } from '../../analysis/commands';
import { declarationsOf, declaredNames } from '../../analysis/declarations';
import { kustomizationOf } from '../../analysis/kustomization';
import { namespaceExists } from '../../analysis/namespaces';
import { nearest } from '../../analysis/nearest';
import { appendDocument, insertEntry, quoted, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import { pathsApplied } from '../deploy/sequence';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'namespace-undefined',
  items: [],
  severity: 'warning',
  summary: 'An object goes to a namespace that nothing creates, or does not say to which.',
  why: '`kubectl apply` refuses objects of a namespace that is not there. An object without a namespace lands wherever kubectl happens to point, usually in `default`, where its consumers do not look for it.',
  remedy: 'Declare the Namespace, correct its name, or add `metadata.namespace`.',
  traps: [
    'Namespaces that a script or a Helm command with `--create-namespace` makes count, and so do those that clusters and the usual operator installations have.',
    'It is only mentioned for objects that Helm has rendered, because Helm makes the namespace of a release if it is asked to.',
    'A namespace is reported once, at its first object, with the others as related places.',
    'Where no object of the tree names a namespace, or a kustomization sets it, nothing is said.',
  ],
  sources: ['Kubernetes documentation, Namespaces, "Setting the namespace preference"'],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: app
        namespace: matirx
      #            ^^^^^^ 💡 warning: Nothing creates the namespace matirx — did you mean matrix?
      ---
      apiVersion: v1
      kind: Secret
      metadata:
      #^^^^^^^ 💡 warning: Secret app names no namespace
        name: app
      stringData:
        a: b
      #- /namespace.yaml
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: app
        namespace: matrix
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: app
        namespace: matrix
      stringData:
        a: b
      #- /namespace.yaml
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
    `,
  },
  kinds: ['*'],
  *check(resource, workspace) {
    if (resource.namespace === undefined) yield* withoutNamespace(resource, workspace);
    else yield* inUnknownNamespace(resource, resource.namespace, workspace);
  },
} satisfies Rule;

function* inUnknownNamespace(resource: Resource, namespace: string, workspace: Workspace): Iterable<Problem> {
  if (namespaceExists(workspace, namespace) || !/^[a-z0-9-]+$/.test(namespace)) return;
  const releases = chartReleases(workspace).filter(release => release.namespace === namespace);
  // A command in a comment makes no namespace where the tree declares one for itself that nothing is in.
  if (releases.some(({ evidence }) => evidence !== 'mention') || (releases.length > 0 && !hasEmptyOne(workspace)))
    return;
  const all = workspace.lookup(resourcesByNamespace, namespace);
  if (all[0] !== resource) return;
  const promise = declarationsOf(workspace, 'Namespace', undefined, namespace)[0];
  // What Helm has rendered goes where it is told to, and Helm makes that namespace if it is asked to.
  const isOfHelm = all.some(one => one.labels.get('app.kubernetes.io/managed-by') === 'Helm');
  const close = nearest(namespace, declaredNames(workspace, 'Namespace', undefined));
  const others = all.slice(1);
  yield {
    at: resource.root.at('metadata', 'namespace'),
    ...(promise || isOfHelm ? { severity: 'info' } : {}),
    message: promise
      ? `The namespace ${namespace} has to be created by hand before this is applied — or declare it in the tree.`
      : `Nothing creates the namespace ${namespace} — ${close ? `did you mean ${close}?` : 'declare it, or correct the name.'}`,
    related: [
      ...(promise ? [{ at: promise.at, message: 'The command that creates it' }] : []),
      ...others
        .slice(0, 20)
        .map(other => ({ at: other.root.at('metadata', 'namespace'), message: `${other.title} is in it too` })),
    ],
    fixes: () => [...moveTo(all, close), declare(resource, namespace)],
  };
}

/** Whether the tree declares a namespace in which it puts nothing, as after half a renaming. */
function hasEmptyOne(workspace: Workspace): boolean {
  return workspace
    .resources('Namespace')
    .some(({ name }) => !/\$|\{/.test(name) && workspace.lookup(resourcesByNamespace, name).length === 0);
}

function* withoutNamespace(resource: Resource, workspace: Workspace): Iterable<Problem> {
  if (!namespacedKinds.has(resource.qualifiedKind)) return;
  if (kustomizationOf(workspace, resource.document.file)?.namespace !== undefined) return;
  if (workspace.shared(filesGivenNamespace).has(resource.document.file.path)) return;
  const stated = workspace.lookup(statedNamespaces, 'stated').length;
  const unstated = workspace.lookup(statedNamespaces, 'unstated').length;
  const { path } = resource.document.file;
  // Who writes `default` out for one object says where kubectl points anyhow.
  const statedHere = workspace.lookup(statedNamespaces, `in ${path}`).filter(one => one !== 'default').length;
  const unstatedHere = workspace.lookup(statedNamespaces, `outside ${path}`).length;
  // Trees and files that are applied with `kubectl -n` name no namespace, or one for something of another's. Where a
  // file has as many that do as that do not, the others tell.
  const isMostlyStated =
    statedHere > unstatedHere || (statedHere === unstatedHere && stated - statedHere >= unstated - unstatedHere);
  if ((statedHere === 0 || !isMostlyStated) && stated <= unstated * 2) return;
  yield {
    at: resource.root.at('metadata', 'namespace'),
    message: `${resource.kind} ${resource.name} names no namespace, unlike the rest of the tree, so it goes wherever kubectl points — add metadata.namespace.`,
    fixes: () => addNamespace(resource, workspace),
  };
}

/** The files that a script applies with `kubectl apply --namespace`. */
function filesGivenNamespace(workspace: Workspace): ReadonlySet<string> {
  const given = foundCommands(workspace).filter(
    ({ command, isShown }) => !isShown && command.kind === 'apply' && command.namespace !== undefined,
  );
  return new Set(
    given.flatMap(found => pathsApplied(workspace, found).flatMap(({ files = [] }) => files.map(file => file.path))),
  );
}

const resourcesByNamespace: Index<Resource> = {
  name: 'resources by namespace',
  *resource(resource) {
    if (resource.namespace !== undefined) yield [resource.namespace, resource];
  },
};

/** Only counted, so that edits that change no namespace disturb nothing. */
const statedNamespaces: Index<string> = {
  name: 'stated namespaces',
  *resource(resource) {
    if (!namespacedKinds.has(resource.qualifiedKind)) return;
    yield [resource.namespace === undefined ? 'unstated' : 'stated', resource.namespace ?? ''];
    const where = resource.namespace === undefined ? 'outside' : 'in';
    yield [`${where} ${resource.document.file.path}`, resource.namespace ?? ''];
  },
};

const namespacedKinds: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Secret',
  'Service',
  'ServiceAccount',
  'PersistentVolumeClaim',
  'Pod',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'Ingress',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
  'Role',
  'RoleBinding',
  'Certificate.cert-manager.io',
  'Issuer.cert-manager.io',
  'Cluster.postgresql.cnpg.io',
  'ScheduledBackup.postgresql.cnpg.io',
  'Pooler.postgresql.cnpg.io',
  'Tenant.minio.min.io',
  'ServiceMonitor.monitoring.coreos.com',
  'PodMonitor.monitoring.coreos.com',
  'PrometheusRule.monitoring.coreos.com',
]);

function moveTo(resources: readonly Resource[], close: string | undefined): readonly Fix[] {
  if (close === undefined) return [];
  const edits = resources.flatMap(({ root }) => replaceScalar(root.at('metadata', 'namespace'), close) ?? []);
  return [{ title: `Use the namespace ${close}`, safe: false, edits }];
}

function declare(resource: Resource, namespace: string): Fix {
  const yaml = `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${quoted(namespace, 'plain')}`;
  const title = `Declare the Namespace ${namespace}`;
  const { file } = resource.document;
  return /\.ya?ml$/i.test(file.path)
    ? { title, safe: false, edits: [appendDocument(file, yaml)] }
    : { title, safe: false, edits: [], creates: [{ path: `${namespace}-namespace.yaml`, text: `${yaml}\n` }] };
}

/** Safe where the tree knows one namespace only: then there is no choice. */
function addNamespace(resource: Resource, workspace: Workspace): readonly Fix[] {
  const namespaces = [...new Set(workspace.lookup(statedNamespaces, 'stated'))];
  const inFile = workspace.lookup(statedNamespaces, `in ${resource.document.file.path}`);
  const order = [...new Set([...inFile, ...namespaces])];
  return order.slice(0, 5).flatMap(namespace => {
    const edit = insertEntry(resource.root.at('metadata'), `namespace: ${quoted(namespace, 'plain')}`, {
      after: 'name',
    });
    return edit
      ? [{ title: `Put it into the namespace ${namespace}`, safe: namespaces.length === 1, edits: [edit] }]
      : [];
  });
}
