import { foundCommands } from '../../analysis/commands';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { meantName, rewrite } from './replacements';

export default {
  id: 'deploy-wait-job-missing',
  items: ['B.8w', 'B.15w'],
  severity: 'error',
  summary: 'A script waits for, or runs, an object that the tree does not have.',
  why: '`kubectl wait` fails at once when nothing matches, and `kubectl create job --from=cronjob/…` when the object is of another kind. The deployment stops in the middle.',
  remedy: 'Name the object as the manifest does, with its kind.',
  traps: [
    'Objects that a chart or an operator makes, and names from variables, are left alone.',
    'In a Markdown file a wrong name is an information.',
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
    for (const found of foundCommands(workspace)) {
      const { command, isShown, place } = found;
      const targets =
        command.kind === 'wait' ? command.targets : command.kind === 'create' && command.from ? [command.from] : [];
      for (const { resource, name, span } of targets) {
        const kind = kinds[resource];
        if (!kind || !name || name.certainty === 'unknown' || name.value.includes('$')) continue;
        const declared = workspace.resources(kind);
        if (declared.length === 0 || declared.some(one => one.name === name.value)) continue;
        const other = otherKind(workspace, name.value);
        const close = meantName(
          name.value,
          declared.map(one => one.name),
        );
        const help = other
          ? `it is a ${other.kind}, so name that kind.`
          : close
            ? `did you mean ${close}?`
            : 'correct the name.';
        const meant = other ? `${other.kind.toLowerCase()}/${name.value}` : close && `${resource}/${close}`;
        yield {
          at: place(span),
          ...(isShown ? { severity: 'info' as const } : {}),
          message: `There is no ${kind} ${name.value} in the tree — ${help}`,
          fixes: () => (meant ? rewrite(found, span, `${resource}/${name.value}`, meant) : []),
          items: /key[-_]?vault/.test(name.value) ? ['B.8w'] : /sync|replication/.test(name.value) ? ['B.15w'] : [],
        };
      }
    }
  },
} satisfies Rule;

/** Only kinds that scripts of such trees wait for, and whose objects come from manifests. */
const kinds: Readonly<Record<string, string>> = {
  job: 'Job',
  jobs: 'Job',
  cronjob: 'CronJob',
  cronjobs: 'CronJob',
  deployment: 'Deployment',
  deploy: 'Deployment',
  deployments: 'Deployment',
  statefulset: 'StatefulSet',
  sts: 'StatefulSet',
  statefulsets: 'StatefulSet',
  daemonset: 'DaemonSet',
  ds: 'DaemonSet',
};

function otherKind(workspace: Workspace, name: string): Resource | undefined {
  return [...new Set(Object.values(kinds))].flatMap(kind => workspace.resources(kind)).find(one => one.name === name);
}
