import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { foundCommands } from './commands';

/*
 * What ServiceAccounts may do, by the Roles and bindings of the tree (Kubernetes documentation, "Using RBAC
 * Authorization"). Rights only add up, so what is not granted is denied; where something grants rights that the tree
 * does not show, the answer is unknown.
 */

/** A request to the API server. */
export interface Request {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** In the plural, with a subresource: `pods`, `pods/exec`. */
  readonly resource: string;
  /** Undefined for all objects of the kind, and for one that has no name yet. */
  readonly name: string | undefined;
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined;
}

/** The rights of a ServiceAccount. */
export interface Permissions {
  /** What grants them: the bindings of the tree. */
  readonly bindings: readonly Resource[];
  /** `unknown` where a role is not in the tree, or a script or a chart may make bindings. */
  allows(request: Request): 'yes' | 'no' | 'unknown';
}

/** The rights of a ServiceAccount of a namespace. */
export function permissionsOf(workspace: Workspace, namespace: string, account: string): Permissions {
  const bindings = ['RoleBinding', 'ClusterRoleBinding'].flatMap(kind =>
    workspace.resources(kind).filter(binding =>
      binding.root
        .at('subjects')
        .items()
        .some(subject => isAbout(subject, binding, namespace, account)),
    ),
  );
  const isOpen = foundCommands(workspace).some(
    ({ command }) => command.kind === 'create' && /^(?:Cluster)?RoleBinding$/i.test(command.resource),
  );
  return {
    bindings,
    allows: request => {
      const answers = bindings.map(binding => answerOf(workspace, binding, request));
      if (answers.includes('yes')) return 'yes';
      return isOpen || answers.includes('unknown') ? 'unknown' : 'no';
    },
  };
}

function isAbout(subject: Value, binding: Resource, namespace: string, account: string): boolean {
  const name = subject.at('name').text;
  switch (subject.at('kind').text) {
    case 'ServiceAccount':
      // Without a namespace it is that of the RoleBinding (kubernetes plugin/pkg/auth/authorizer/rbac, appliesToUser).
      return name === account && (subject.at('namespace').text ?? binding.namespace) === namespace;
    case 'Group':
      return (
        name === 'system:authenticated' ||
        name === 'system:serviceaccounts' ||
        name === `system:serviceaccounts:${namespace}`
      );
    case 'User':
      return name === `system:serviceaccount:${namespace}:${account}`;
    default:
      return false;
  }
}

function answerOf(workspace: Workspace, binding: Resource, request: Request): 'yes' | 'no' | 'unknown' {
  const isCluster = binding.kind === 'ClusterRoleBinding';
  if (!isCluster && (request.namespace === undefined || request.namespace !== binding.namespace)) {
    // Without a namespace the binding goes where the tree is applied to.
    return binding.namespace === undefined ? 'unknown' : 'no';
  }
  const ref = binding.root.at('roleRef');
  const name = ref.at('name').text;
  if (name === undefined) return 'unknown';
  const role =
    ref.at('kind').text === 'Role'
      ? workspace.find('Role', binding.namespace, name)
      : workspace.find('ClusterRole', undefined, name);
  if (!role) return readers.has(name) && ref.at('kind').text === 'ClusterRole' && !mayRead(request) ? 'no' : 'unknown';
  if (role.root.at('aggregationRule').exists) return 'unknown';
  return role.root
    .at('rules')
    .items()
    .some(rule => grants(rule, request))
    ? 'yes'
    : 'no';
}

/** The role of Kubernetes itself that lets nobody change anything (Kubernetes documentation, "User-facing roles"). */
const readers: ReadonlySet<string> = new Set(['view']);

function mayRead({ verb }: Request): boolean {
  return verb === 'get' || verb === 'list' || verb === 'watch';
}

function grants(rule: Value, { verb, group, resource, name }: Request): boolean {
  const has = (field: string, wanted: readonly string[]): boolean =>
    rule
      .at(field)
      .items()
      .some(one => one.text === '*' || wanted.includes(one.text ?? ''));
  const [, subresource] = resource.split('/');
  const names = rule.at('resourceNames').items();
  return (
    has('verbs', [verb]) &&
    has('apiGroups', [group]) &&
    has('resources', [resource, ...(subresource === undefined ? [] : [`*/${subresource}`])]) &&
    (names.length === 0 || (name !== undefined && names.some(one => one.text === name)))
  );
}

/** A kind as the API server serves it. */
interface ServedKind {
  readonly group: string;
  readonly plural: string;
  readonly isCluster: boolean;
}

/** Kinds by the words that kubectl knows them by (kubectl api-resources). */
export const servedKinds: ReadonlyMap<string, ServedKind> = new Map(
  [
    ['', 'pods', 'po'],
    ['', 'services', 'svc'],
    ['', 'secrets'],
    ['', 'configmaps', 'cm'],
    ['', 'persistentvolumeclaims', 'pvc'],
    ['', 'serviceaccounts', 'sa'],
    ['', 'nodes', 'no'],
    ['', 'namespaces', 'ns'],
    ['apps', 'deployments', 'deploy'],
    ['apps', 'statefulsets', 'sts'],
    ['apps', 'daemonsets', 'ds'],
    ['apps', 'replicasets', 'rs'],
    ['batch', 'jobs'],
    ['batch', 'cronjobs', 'cj'],
    ['networking.k8s.io', 'networkpolicies', 'netpol'],
    ['networking.k8s.io', 'ingresses', 'ing'],
    ['policy', 'poddisruptionbudgets', 'pdb'],
    ['postgresql.cnpg.io', 'clusters'],
    ['postgresql.cnpg.io', 'backups'],
    ['postgresql.cnpg.io', 'scheduledbackups'],
    ['minio.min.io', 'tenants'],
    ['cert-manager.io', 'certificates', 'cert'],
  ].flatMap(([group = '', plural = '', short]) => {
    const singular = plural
      .replace(/ies$/, 'y')
      .replace(/(ingress)es$/, '$1')
      .replace(/([^s])s$/, '$1');
    const served = { group, plural, isCluster: plural === 'nodes' || plural === 'namespaces' };
    return [plural, singular, ...(short ? [short] : [])].map(word => [word, served] as const);
  }),
);
