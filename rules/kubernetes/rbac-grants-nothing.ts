import { isChartObject } from '../../analysis/charts';
import { declarationsOf, declaredNames } from '../../analysis/declarations';
import { nearest } from '../../analysis/nearest';
import { servedKinds } from '../../analysis/permissions';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'rbac-grants-nothing',
  items: [],
  severity: 'error',
  summary: 'A Role or a binding names what is not there, and so grants nothing.',
  why: 'The API server takes a Role for any word and a binding for any name. Whoever relies on the rights is told “forbidden”, and nothing points at the letter that is wrong.',
  remedy:
    'Write resources in the plural and in lower case, with the API group that serves them, and name the Role and the ServiceAccount as they are, in the namespace in which they are.',
  traps: [
    'The core group is written `""`; Deployments and StatefulSets are of `apps`, Jobs and CronJobs of `batch`.',
    'A RoleBinding refers to a Role of its own namespace, or to a ClusterRole. A ServiceAccount that it names without a namespace is one of its own.',
    'Kinds that are not known here, Roles of charts and ServiceAccounts that scripts or operators make are left alone.',
  ],
  sources: ['Kubernetes documentation, Using RBAC Authorization, "Referring to resources" and "Referring to subjects"'],
  examples: {
    bad: example(
      '[""]',
      'deployments',
      '  #               ^^ error: deployments are of the API group apps, so this rule grants nothing for them',
    ),
    good: example('[apps]', 'deployments'),
  },
  kinds: ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'],
  *check(resource, workspace) {
    if (resource.kind.endsWith('Binding')) yield* badBinding(resource, workspace);
    else for (const rule of resource.root.at('rules').items()) yield* badRule(rule);
  },
} satisfies Rule;

function* badRule(rule: Value): Iterable<Problem> {
  const groups = rule.at('apiGroups');
  const written = groups.items().map(group => group.text);
  for (const resource of rule.at('resources').items()) {
    const [word = '', ...subresource] = (resource.text ?? '').split('/');
    const kind = servedKinds.get(word.toLowerCase());
    if (!kind) continue;
    const plural = [kind.plural, ...subresource].join('/');
    if (word !== kind.plural && (written.includes(kind.group) || written.includes('*')))
      yield {
        at: resource,
        message: `The API server serves no ${word}, so this grants nothing — write ${plural}.`,
        fixes: () => [
          {
            title: `Write ${plural}`,
            safe: true,
            edits: [{ at: resource.part(0, resource.text?.length ?? 0), newText: plural }],
          },
        ],
      };
    else if (
      word === kind.plural &&
      written.every(group => group !== '*' && group !== kind.group && known.has(group ?? ''))
    )
      yield {
        at: groups.items()[0] ?? groups,
        message: `${word} are of ${kind.group === '' ? 'the core API group' : `the API group ${kind.group}`}, so this rule grants nothing for them — add ${kind.group === '' ? '""' : kind.group} to apiGroups.`,
      };
  }
}

/** Groups that have none of the kinds of other groups known here. */
const known: ReadonlySet<string> = new Set([...servedKinds.values()].map(({ group }) => group));

function* badBinding(binding: Resource, workspace: Workspace): Iterable<Problem> {
  const ref = binding.root.at('roleRef');
  const name = ref.at('name');
  const kind = ref.at('kind').text;
  if (binding.kind === 'ClusterRoleBinding' && kind === 'Role') {
    yield {
      at: ref.at('kind'),
      message:
        'The API server refuses a ClusterRoleBinding to a Role — make it a RoleBinding, or the Role a ClusterRole.',
    };
    return;
  }
  if (name.text !== undefined && (kind === 'Role' || kind === 'ClusterRole')) {
    const namespace = kind === 'Role' ? binding.namespace : undefined;
    const names = declaredNames(workspace, kind, namespace);
    const meant = nearest(name.text, names);
    const ofOtherKind = workspace
      .resources(kind === 'Role' ? 'ClusterRole' : 'Role')
      .find(one => one.name === name.text && (kind === 'Role' || one.namespace === binding.namespace));
    const elsewhere = workspace.resources(kind).find(one => one.name === name.text && one.namespace !== namespace);
    const isThere =
      declarationsOf(workspace, kind, namespace, name.text).length > 0 ||
      isChartObject(workspace, namespace, name.text) !== 'no';
    if (!isThere && ofOtherKind && !elsewhere)
      yield {
        at: ref.at('kind'),
        message: `There is no ${kind} ${name.text}${namespace === undefined ? '' : ` in namespace ${namespace}`}, so this grants nothing — it is a ${ofOtherKind.kind}.`,
        related: [{ at: ofOtherKind.root.at('kind'), message: ofOtherKind.title }],
      };
    else if (!isThere && (kind === 'Role' || meant !== undefined))
      yield {
        at: name,
        message: `There is no ${kind} ${name.text}${namespace === undefined ? '' : ` in namespace ${namespace}`}, so this grants nothing — ${helpFor(elsewhere, meant)}`,
      };
  }
  for (const subject of binding.root.at('subjects').items()) yield* badSubject(subject, binding, workspace);
}

function helpFor(elsewhere: Resource | undefined, meant: string | undefined): string {
  if (elsewhere?.namespace) return `it is in namespace ${elsewhere.namespace}.`;
  return meant ? `did you mean ${meant}?` : 'create it, or correct the name.';
}

function* badSubject(subject: Value, binding: Resource, workspace: Workspace): Iterable<Problem> {
  if (subject.at('kind').text !== 'ServiceAccount') return;
  const name = subject.at('name');
  const namespace = subject.at('namespace');
  if (subject.at('apiGroup').text)
    yield {
      at: subject.at('apiGroup'),
      message: 'The API server refuses an API group for a ServiceAccount — leave it out.',
    };
  // In a RoleBinding it may be left out, and means the binding's own (kubernetes pkg/apis/rbac/validation).
  if (!namespace.exists && binding.kind === 'ClusterRoleBinding')
    yield {
      at: name,
      message: 'The API server refuses a ServiceAccount without a namespace — add that of its pods.',
    };
  const meantNamespace = namespace.text ?? binding.namespace;
  if (name.text === undefined || meantNamespace === undefined || name.text === 'default') return;
  if (
    declarationsOf(workspace, 'ServiceAccount', meantNamespace, name.text).length > 0 ||
    isChartObject(workspace, meantNamespace, name.text) !== 'no'
  )
    return;
  const elsewhere = workspace.resources('ServiceAccount').find(one => one.name === name.text);
  const meant = nearest(name.text, declaredNames(workspace, 'ServiceAccount', meantNamespace));
  if (!elsewhere?.namespace && meant === undefined) return;
  yield {
    at: elsewhere?.namespace && namespace.exists ? namespace : name,
    message: `There is no ServiceAccount ${name.text} in namespace ${meantNamespace}, so this grants nothing — ${elsewhere?.namespace ? `it is in namespace ${elsewhere.namespace}.` : `did you mean ${meant}?`}`,
  };
}

function example(groups: string, resource: string, marks = ''): string {
  return `
      #- /role.yaml
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: restart
        namespace: matrix
      rules:
        - apiGroups: ${groups}
${marks === '' ? '' : `    ${marks}\n`}          resources: [${resource}]
          verbs: [get, patch]
    `;
}
