import { type FoundCommand, foundCommands } from '../../analysis/commands';
import { kubectlCalls } from '../../analysis/kubectl-calls';
import { namespaceExists } from '../../analysis/namespaces';
import { nearest } from '../../analysis/nearest';
import { containersOf, podsIn, workloadKinds } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { unknownPublicHosts } from './asked-hosts';
import { unknownDetails } from './asked-in-commands';
import { askingVerbs, isPlainName, kindNamed, startedBy, whyUnknown } from './known-names';
import { namespaceLeftOut } from './namespace-left-out';
import { rewrite } from './replacements';

export default {
  id: 'post-check-name-unknown',
  items: [],
  severity: 'info',
  summary: 'A command asks for an object that the tree does not make.',
  why: 'Whoever follows the runbook gets "not found", and cannot tell whether the deployment or the command is wrong.',
  remedy: 'Name the object as the manifests or their operators do.',
  traps: [
    'Keys in `jsonpath`, ports of `port-forward svc/…` and hosts that `exec` lets a program ask are judged as well; public hosts that `curl` asks, where they are nearly one of the tree’s.',
    'Containers after `-c` and namespaces that are nearly one of the tree’s are judged, too. What a script in a pod asks for is an error, because nobody reads it before it fails.',
    'Pods of a StatefulSet are numbered from 0, or from `spec.ordinals.start`; those of a CloudNativePG cluster from 1, and a replaced instance gets the next number.',
    'A command without `-n` is reported where other commands of its file name the namespace of the object, and nothing makes that the default of kubectl.',
    'What `kubectl delete` names may have been there once, so only a name that is nearly one of the tree’s is reported.',
    'Names of charts, names with placeholders, namespaces that the tree has nothing in, and commands whose failure is handled are left alone.',
  ],
  sources: [
    'Kubernetes documentation, StatefulSets, "Ordinal Index".',
    'CloudNativePG documentation, Labels and annotations: `cnpg.io/instanceName` is the cluster’s name and a serial number.',
  ],
  examples: {
    bad: `
      #- /README.md
      ~~~bash
      kubectl exec -n matrix matrix-postgresql-0 -- psql -U postgres
      #                      ^^^^^^^^^^^^^^^^^^^ 💡 info: The tree makes no pod matrix-postgresql-0 in namespace matrix — its pods are matrix-postgresql-1 and up.
      ~~~
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
    `,
    good: `
      #- /README.md
      ~~~bash
      kubectl exec -n matrix matrix-postgresql-1 -- psql -U postgres
      ~~~
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
    `,
  },
  *checkWorkspace(workspace) {
    yield* unknownPublicHosts(workspace);
    const commands = foundCommands(workspace);
    // What a runbook starts by hand, such as `kubectl run test-pod`, it may ask for later.
    const started = new Set(commands.flatMap(({ command }) => startedBy(command)));
    for (const found of [...commands, ...callsInPods(workspace)]) {
      const { command, place } = found;
      yield* unknownNamespace(workspace, found);
      yield* unknownContainer(workspace, found);
      if ('file' in found) yield* unknownDetails(workspace, found);
      if (command.kind !== 'query' || command.conditional || command.errorsIgnored) continue;
      // What was there once may be deleted as well, unless its name is nearly one of the tree's.
      const isDeletion = command.verb === 'delete';
      if (!isDeletion && !askingVerbs.has(command.verb)) continue;
      if ('file' in found) yield* namespaceLeftOut(workspace, found, command, commands);
      const { namespace: inNamespace } = command;
      if (inNamespace && !isPlainName(inNamespace)) continue;
      const namespace = inNamespace?.value ?? ('namespace' in found ? found.namespace : undefined);
      for (const { resource, name, span } of command.targets) {
        const kind = kindNamed(resource);
        if (!kind || !name || !isPlainName(name) || started.has(name.value)) continue;
        const unknown = whyUnknown(workspace, kind, namespace, name.value);
        if (unknown === undefined || (isDeletion && unknown.instead === undefined)) continue;
        const { help, instead: meant } = unknown;
        yield {
          at: place(span),
          // A person corrects the command; a Job fails.
          ...('namespace' in found && !isDeletion && { severity: 'error' as const }),
          message: `The tree makes no ${kind.kind === 'Pod' ? 'pod' : kind.kind} ${name.value}${namespace ? ` in namespace ${namespace}` : ''} — ${help}`,
          fixes: () => {
            if (meant === undefined || 'namespace' in found) return [];
            // Commands about one pod take `deployment/name` as well; `get pod` does not.
            if (meant.includes('/') && !takesWorkloads.has(command.verb)) return [];
            const slashed = rewrite(
              found,
              span,
              `${resource}/${name.value}`,
              meant.includes('/') ? meant : `${resource}/${meant}`,
            );
            return slashed.length > 0 ? slashed : rewrite(found, span, name.value, meant);
          },
        };
      }
    }
  },
} satisfies Rule;

const takesWorkloads: ReadonlySet<string> = new Set(['logs', 'exec', 'port-forward', 'attach']);

type Asking = Pick<FoundCommand, 'command' | 'place'>;

/** A namespace that is nearly one of the tree's. */
function* unknownNamespace(workspace: Workspace, { command, place }: Asking): Iterable<Problem> {
  const namespace = 'namespace' in command ? command.namespace : undefined;
  if (!namespace || !isPlainName(namespace) || namespaceExists(workspace, namespace.value)) return;
  const known = new Set(podsIn(workspace).flatMap(pods => pods.namespace ?? []));
  const isStage = (one: string): boolean => namespace.value.startsWith(`${one}-`);
  const meant = known.has(namespace.value) ? undefined : (nearest(namespace.value, known) ?? [...known].find(isStage));
  if (meant !== undefined)
    yield {
      at: place(namespace.use),
      message: `There is no namespace ${namespace.value} — did you mean ${meant}?`,
    };
}

/** A container that a workload of the tree does not have. */
function* unknownContainer(workspace: Workspace, { command, place }: Asking): Iterable<Problem> {
  if (command.kind !== 'query' || !command.container || !isPlainName(command.container)) return;
  const container = command.container.value;
  for (const { resource, name } of command.targets) {
    const kind = kindNamed(resource);
    if (!kind || !name || !isPlainName(name)) continue;
    const owner = name.value.replace(/-\d+$/, '');
    const pods = podsIn(workspace).filter(one =>
      kind.kind === 'Pod'
        ? one.owner.kind === 'StatefulSet' && one.owner.name === owner
        : one.owner.kind === kind.kind && one.owner.name === name.value,
    );
    const names = [
      ...pods.flatMap(one => containersOf(one.owner).map(other => other.name)),
      ...(kind.kind === 'Pod' ? containersOfCluster(workspace, owner) : []),
    ];
    if (names.length === 0 || names.includes(container)) continue;
    yield {
      at: place(command.container.use),
      message: `${pods[0]?.owner.kind ?? 'Cluster'} ${pods[0]?.owner.name ?? owner} has no container ${container}, but ${names.join(', ')} — name one of those.`,
    };
  }
}

/** CloudNativePG, pkg/specs/containers.go and pods.go; plugins bring containers of their own. */
function containersOfCluster(workspace: Workspace, name: string): readonly string[] {
  const [cluster] = workspace.resources(clusterKind).filter(one => one.name === name);
  return cluster && !cluster.root.at('spec', 'plugins').exists ? ['postgres', 'bootstrap-controller'] : [];
}

/** What pods of the tree ask for. Without a namespace kubectl takes that of the pod. */
function callsInPods(workspace: Workspace): readonly CallInPod[] {
  return workloadKinds.flatMap(kind =>
    workspace.resources(kind).flatMap(resource =>
      kubectlCalls(workspace, resource).map(({ command, place }) => ({
        command,
        place,
        namespace: resource.namespace,
      })),
    ),
  );
}

interface CallInPod extends Pick<FoundCommand, 'command' | 'place'> {
  readonly namespace: string | undefined;
}
