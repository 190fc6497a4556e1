import { type KubectlCall, kubectlCalls } from '../../analysis/kubectl-calls';
import { permissionsOf, type Request, servedKinds } from '../../analysis/permissions';
import { podTemplate, workloadKinds } from '../../analysis/pods';
import type { KubectlTarget } from '../../analysis/text/cluster-commands';
import { listed } from '../../analysis/wording';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'kubectl-call-forbidden',
  items: [],
  severity: 'error',
  summary: 'A script calls kubectl in a pod whose ServiceAccount may not do that.',
  why: 'The API server answers “forbidden”, and the Job fails each time it runs: certificates are not reloaded, backups not started, pods not restarted. A pod without the token of its ServiceAccount is not even recognised.',
  remedy:
    'Grant the verbs in a Role, and bind it to the ServiceAccount of the pod in the namespace in which the script works. Leave the token mounted where the script needs it.',
  traps: [
    '`rollout restart`, `patch`, `label` and `annotate` read the object first: they need `get` beside `patch`.',
    'Objects of several API groups: Deployments and StatefulSets are of `apps`, Jobs of `batch`, pods and Secrets of the core group, which is written `""`.',
    'A RoleBinding grants rights in its own namespace, whatever namespace its subject is in; the subject has to name the one of the ServiceAccount.',
    'Roles that are not in the tree may grant anything, and so may bindings that a script makes; then the rule is silent. So it is where the script brings a kubeconfig or a token of its own.',
  ],
  sources: [
    'Kubernetes documentation, Using RBAC Authorization',
    'Kubernetes documentation, Configure Service Accounts for Pods, "Opt out of API credential automounting"',
  ],
  examples: {
    bad: example('get, list', true),
    good: example('get, list, patch'),
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    const calls = kubectlCalls(workspace, resource).filter(call => !bringsCredentials(call));
    if (calls.length === 0) return;
    const spec = podTemplate(resource)?.at('spec');
    const { namespace } = resource;
    if (!spec || namespace === undefined) return;
    const written = spec.at('serviceAccountName');
    const name = written.text ?? spec.at('serviceAccount').text ?? 'default';
    const account = workspace.find('ServiceAccount', namespace, name);
    // An account that a chart or an operator makes comes with rights that are not in the tree.
    if (!account && name !== 'default') return;
    const off = tokenOff(spec, account);
    if (off) {
      yield {
        at: off,
        message: `kubectl in container ${calls[0]?.container.name} has no token, because automountServiceAccountToken is false — set it to true for this pod.`,
        related: calls.slice(0, 1).map(({ at }) => ({ at, message: 'What needs it' })),
      };
      return;
    }
    yield* forbidden(workspace, calls, namespace, name);
  },
} satisfies Rule;

function* forbidden(workspace: Workspace, calls: readonly KubectlCall[], own: string, name: string): Iterable<Problem> {
  const permissions = permissionsOf(workspace, own, name);
  // What several commands lack of one kind of object is one gap in a Role.
  const gaps = new Map<
    string,
    { readonly call: KubectlCall; readonly request: Request; readonly verbs: Set<string> }
  >();
  for (const call of calls) {
    if (call.command.errorsIgnored) continue;
    for (const alternatives of requestsOf(call, own)) {
      const [request] = alternatives;
      if (!request || alternatives.some(one => permissions.allows(one) !== 'no')) continue;
      const key = `${request.group}/${request.resource} ${request.namespace}`;
      const gap = gaps.get(key) ?? { call, request, verbs: new Set() };
      gap.verbs.add(request.verb);
      gaps.set(key, gap);
    }
  }
  for (const { call, request, verbs } of gaps.values()) {
    const what = `${listed([...verbs])} ${request.resource}`;
    const where = request.namespace === undefined ? 'in all namespaces' : `in namespace ${request.namespace}`;
    const group = request.group === '' ? 'the core group ""' : request.group;
    const isBound = permissions.bindings.length > 0;
    yield {
      at: call.at,
      message: isBound
        ? `ServiceAccount ${name} may not ${what} ${where}, so this command fails — grant it in a Role, as resources of ${group}.`
        : `Nothing grants ServiceAccount ${name} any rights, so this command fails — bind a Role to it that lets it ${what} of ${group}.`,
      related: permissions.bindings.slice(0, 3).map(binding => ({
        at: binding.root.at('roleRef', 'name'),
        message: 'What the ServiceAccount is bound to',
      })),
    };
    if (!isBound) return;
  }
}

/** Where the token is turned off, unless the pod mounts one in another way. */
function tokenOff(spec: Value, account: Resource | undefined): Value | undefined {
  const own = spec.at('automountServiceAccountToken');
  const inherited = account?.root.at('automountServiceAccountToken');
  const off = own.exists ? own : inherited;
  if (off?.boolean !== false) return undefined;
  const isProjected = spec
    .at('volumes')
    .items()
    .some(volume =>
      volume
        .at('projected', 'sources')
        .items()
        .some(source => source.at('serviceAccountToken').exists),
    );
  return isProjected ? undefined : off;
}

/** Whether a call may go elsewhere or as somebody else. */
function bringsCredentials({ container, text }: KubectlCall): boolean {
  return (
    /--(?:kubeconfig|token|server|context|user|as|client-key)\b|\s-s[ =]/.test(text) ||
    container.value
      .at('env')
      .items()
      .some(one => one.at('name').text === 'KUBECONFIG') ||
    container.value.at('envFrom').exists ||
    container.value
      .at('volumeMounts')
      .items()
      .some(one => /\.kube\b|kubeconfig/.test(one.at('mountPath').text ?? ''))
  );
}

/** What a command surely asks of the API server; each item lists requests of which one is enough. */
function requestsOf({ command }: KubectlCall, own: string): readonly (readonly Request[])[] {
  if (!('targets' in command) && command.kind !== 'create') return [];
  const written = 'namespace' in command ? command.namespace : undefined;
  if (written && written.certainty !== 'known') return [];
  const isEverywhere = 'allNamespaces' in command && command.allNamespaces;
  const namespace = isEverywhere ? undefined : (written?.value ?? own);
  if (command.kind === 'create') {
    const kind = servedKinds.get(command.resource.toLowerCase());
    // What is made for an `apply` asks for more, and what only is shown for nothing.
    if (!kind || !command.happens || kind.isCluster) return [];
    const made = { verb: 'create', group: kind.group, resource: kind.plural, name: undefined, namespace };
    return [[made], ...(command.from ? of(command.from, ['get'], namespace) : [])];
  }
  const { targets } = command;
  const selector = 'selector' in command ? command.selector : undefined;
  return targets.flatMap((target): readonly (readonly Request[])[] => {
    switch (command.kind) {
      case 'wait':
        return of(
          target,
          command.verb === 'rollout' ? ['get', 'watch'] : [selector ? 'list' : 'get', 'watch'],
          namespace,
        );
      case 'label':
      case 'patch':
        return of(target, [target.name ? 'get' : 'list', 'patch'], namespace);
      case 'query':
        return ofQuery(command.verb, target, namespace);
      default:
        return [];
    }
  });
}

function ofQuery(verb: string, target: KubectlTarget, namespace: string | undefined): readonly (readonly Request[])[] {
  const pods = (...resources: readonly string[]): readonly (readonly Request[])[] => {
    const isPod = /^(?:po|pods?)$/.test(target.resource);
    const subresources = resources.map(resource =>
      ['create', 'get'].map(one => ({ verb: one, group: '', resource, name: undefined, namespace })),
    );
    const listed = [{ verb: 'list', group: '', resource: 'pods', name: undefined, namespace }];
    return [...of(target, [target.name ? 'get' : 'list'], namespace), ...(isPod ? [] : [listed]), ...subresources];
  };
  switch (verb) {
    case 'get':
    case 'describe':
      return of(target, [target.name ? 'get' : 'list'], namespace);
    case 'delete':
      return of(target, target.name ? ['delete'] : ['list', 'delete'], namespace);
    case 'rollout restart':
    case 'set':
      return of(target, ['get', 'patch'], namespace);
    case 'scale':
      return [
        ...of(target, ['get'], namespace),
        ...of(target, ['patch', 'update'], namespace, '/scale')
          .slice(0, 1)
          .map(([first]) => (first ? [first, { ...first, verb: 'update' }] : [])),
      ];
    case 'logs':
      return [...pods(), [{ verb: 'get', group: '', resource: 'pods/log', name: undefined, namespace }]];
    case 'exec':
      return pods('pods/exec');
    case 'port-forward':
      return pods('pods/portforward');
    default:
      return [];
  }
}

/** Requests for the objects that a command names, where their kind is known. */
function of(
  { resource, name }: KubectlTarget,
  verbs: readonly string[],
  namespace: string | undefined,
  subresource = '',
): readonly (readonly Request[])[] {
  const [word = ''] = resource.split('.');
  const kind = servedKinds.get(word);
  if (!kind || (resource.includes('.') && !resource.includes(`.${kind.group}`))) return [];
  const one = name?.certainty === 'known' ? name.value : undefined;
  return verbs.map(verb => [
    {
      verb,
      group: kind.group,
      resource: `${kind.plural}${subresource}`,
      name: one,
      namespace: kind.isCluster ? undefined : namespace,
    },
  ]);
}

function example(verbs: string, isBad = false): string {
  return `
      #- /restart.yaml
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: restart
        namespace: matrix
      spec:
        schedule: "0 4 * * 0"
        jobTemplate:
          spec:
            template:
              spec:
                serviceAccountName: restart
                restartPolicy: Never
                containers:
                  - name: restart
                    image: registry.k8s.io/kubectl:v1.31.3
                    command: [sh, -c, kubectl rollout restart deployment/haproxy]
${isBad ? `      #                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: ServiceAccount restart may not patch deployments in namespace matrix, so this command fails\n` : ''}      ---
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: restart
        namespace: matrix
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata:
        name: restart
        namespace: matrix
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: Role
        name: restart
      subjects:
        - kind: ServiceAccount
          name: restart
          namespace: matrix
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: restart
        namespace: matrix
      rules:
        - apiGroups: [apps]
          resources: [deployments]
          verbs: [${verbs}]
    `;
}
