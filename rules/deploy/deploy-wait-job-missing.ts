import { type FoundCommand, foundCommands } from '../../analysis/commands';
import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { isPlainName, kindNamed, startedBy, whyUnknown } from './known-names';
import { namespaceLeftOut } from './namespace-left-out';
import { rewrite } from './replacements';

export default {
  id: 'deploy-wait-job-missing',
  items: ['B.8w', 'B.15w'],
  severity: 'error',
  summary: 'A script waits for, or runs, an object that the tree does not have.',
  why: '`kubectl wait` fails at once when nothing matches, and `kubectl create job --from=cronjob/…` when the object is of another kind. The deployment stops in the middle.',
  remedy: 'Name the object as the manifest does, with its kind.',
  traps: [
    '`kubectl wait` for a condition that the kind never has is reported as well: Jobs are never `Ready`, and StatefulSets have no conditions at all.',
    'Objects that a chart or an operator makes, and names from variables, are left alone.',
    'Namespaces that the tree has nothing in are left alone, unless it has an object of that kind and name in another one.',
    'A command without `-n` is reported where other commands of its file name the namespace of the object; whoever has made that the default of kubectl needs none, and neither does a tree that does so.',
    'In a Markdown file a wrong name is an information, and so is one whose failure the script ignores.',
    '`kubectl wait --for=condition=complete` goes on waiting when the Job has failed; give it a `--timeout`.',
  ],
  examples: {
    bad: `
      #- /deploy.sh
      kubectl wait --for=condition=complete --timeout=5m job/key-vault-init -n matrix
      #                                                  ^^^^^^^^^^^^^^^^^^ 💡 error: There is no Job key-vault-init in the tree
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: key-vault-init-db
        namespace: matrix
    `,
    good: `
      #- /deploy.sh
      kubectl wait --for=condition=complete --timeout=5m job/key-vault-init-db -n matrix
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: key-vault-init-db
        namespace: matrix
    `,
  },
  *checkWorkspace(workspace) {
    const commands = foundCommands(workspace);
    const started = new Set(commands.flatMap(({ command }) => startedBy(command)));
    for (const found of commands) {
      const { command, isShown, place } = found;
      const targets =
        command.kind === 'wait' ? command.targets : command.kind === 'create' && command.from ? [command.from] : [];
      if (command.kind !== 'wait' && command.kind !== 'create') continue;
      if (command.namespace && !isPlainName(command.namespace)) continue;
      const namespace = command.namespace?.value;
      const names = command.kind === 'create' ? new Set<string>() : started;
      if (command.kind === 'wait') {
        yield* neverMet(found, command);
        yield* goneTooSoon(workspace, found, command);
        yield* namespaceLeftOut(workspace, found, command, commands);
      }
      for (const { resource, name, span } of targets) {
        const kind = kindNamed(resource);
        if (!kind || !name || !isPlainName(name) || names.has(name.value)) continue;
        const unknown = whyUnknown(workspace, kind, namespace, name.value);
        if (!unknown) continue;
        const { help, instead: meant } = unknown;
        yield {
          at: place(span),
          ...(isShown || command.errorsIgnored ? { severity: 'info' as const } : {}),
          message: `There is no ${kind.kind === 'Pod' ? 'pod' : kind.kind} ${name.value} in the tree${namespace === undefined ? '' : ` for namespace ${namespace}`} — ${help}`,
          fixes: () =>
            meant
              ? rewrite(found, span, `${resource}/${name.value}`, meant.includes('/') ? meant : `${resource}/${meant}`)
              : [],
          items: /key[-_]?vault/.test(name.value) ? ['B.8w'] : /sync|replication/.test(name.value) ? ['B.15w'] : [],
        };
      }
    }
  },
} satisfies Rule;

/** A Job that is deleted so soon after its end that a command which waits for it may not find it any more. */
function* goneTooSoon(
  workspace: Workspace,
  { place }: FoundCommand,
  { targets, namespace }: Extract<FoundCommand['command'], { kind: 'wait' }>,
): Iterable<Problem> {
  for (const { resource, name, span } of targets) {
    if (kindNamed(resource)?.kind !== 'Job' || !name || !isPlainName(name)) continue;
    const job = workspace
      .resources('Job')
      .find(
        one =>
          one.name === name.value && (!namespace || one.namespace === undefined || one.namespace === namespace.value),
      );
    const kept = job?.root.at('spec', 'ttlSecondsAfterFinished');
    if (!job || kept?.number === undefined || kept.number > 60) continue;
    yield {
      at: kept,
      severity: 'warning',
      message: `Job ${job.name} is deleted ${kept.number} seconds after its end, and a command that waits for it then fails because it is gone — keep it for an hour or so.`,
      related: [{ at: place(span), message: 'The command that waits for it' }],
      items: /key[-_]?vault/.test(job.name) ? ['B.8w'] : /sync|replication/.test(job.name) ? ['B.15w'] : [],
    };
  }
}

/** A condition that objects of a kind never have: the command waits until its time is over, and fails. */
function* neverMet(
  { isShown, place }: FoundCommand,
  { for: awaited, targets }: Extract<FoundCommand['command'], { kind: 'wait' }>,
): Iterable<Problem> {
  const condition = /^condition=!?([A-Za-z]+)(?:=\w+)?$/.exec(awaited?.value ?? '')?.[1];
  if (!awaited || condition === undefined || awaited.certainty !== 'known') return;
  for (const { resource } of targets) {
    const kind = kindNamed(resource);
    const known = kind && conditions[kind.kind];
    if (!known || known.some(one => one.toLowerCase() === condition.toLowerCase())) continue;
    yield {
      at: place(awaited.use),
      ...(isShown ? { severity: 'info' as const } : {}),
      message: `A ${kind.kind} never has the condition ${condition}, so this waits in vain — ${known.length > 0 ? `wait for ${known[0]}` : 'use kubectl rollout status'}.`,
    };
    return;
  }
}

/** The conditions of the kinds whose controllers set no others (Kubernetes API reference, status.conditions). */
const conditions = table<readonly string[]>({
  Job: ['Complete', 'Failed', 'Suspended', 'SuccessCriteriaMet', 'FailureTarget'],
  Deployment: ['Available', 'Progressing', 'ReplicaFailure'],
  StatefulSet: [],
  DaemonSet: [],
});
