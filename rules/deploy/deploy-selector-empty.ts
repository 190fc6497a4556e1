import { isChartSelector } from '../../analysis/charts';
import { foundCommands } from '../../analysis/commands';
import { podsIn } from '../../analysis/pods';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { isPlainName } from './known-names';

export default {
  id: 'deploy-selector-empty',
  items: [],
  severity: 'warning',
  summary: 'A command selects pods by labels that no pod carries.',
  why: 'The command finds nothing and says so at once, or, in a check, finds nothing wrong.',
  remedy: 'Use labels that the pod templates carry.',
  traps: [
    'Only equalities are judged, and only where the value is written out.',
    'Labels of operators and charts are left alone.',
  ],
  examples: {
    bad: `
      #- /check.sh
      kubectl get pods -n matrix -l app=synapse,component=main
      #                             ^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: No pod of the tree carries app=synapse,component=main
      #- /synapse.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
        labels: {app: synapse, component: homeserver}
      spec:
        containers: []
    `,
    good: `
      #- /check.sh
      kubectl get pods -n matrix -l app=synapse,component=homeserver
      #- /synapse.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
        labels: {app: synapse, component: homeserver}
      spec:
        containers: []
    `,
  },
  *checkWorkspace(workspace) {
    for (const { command, isShown, place } of foundCommands(workspace)) {
      if (command.kind !== 'query' && command.kind !== 'wait') continue;
      const { selector } = command;
      const isAboutPods =
        command.targets.length > 0
          ? command.targets.every(target => /^(?:po|pods?)$/.test(target.resource))
          : command.kind === 'query' && command.verb === 'logs';
      if (!selector || !isAboutPods || selector.certainty === 'unknown' || selector.value.includes('$')) continue;
      const pairs = selector.value.split(',').map(pair => pair.split(/==?/));
      if (pairs.some(pair => pair.length !== 2 || /[!() ]/.test(pair.join('')))) continue;
      const namespace = command.namespace && isPlainName(command.namespace) ? command.namespace.value : undefined;
      if (
        !isOfTheTree(workspace, pairs) &&
        !isOfNamespace(workspace, namespace, pairs) &&
        !isByOtherKey(workspace, namespace, pairs)
      )
        continue;
      if (podsIn(workspace).some(pods => pairs.every(([key = '', value]) => pods.labels.get(key) === value))) continue;
      yield {
        at: place(selector.use),
        ...(isShown ? { severity: 'info' as const } : {}),
        message: `No pod of the tree carries ${selector.value}, so this finds nothing — use labels of the pod templates.`,
      };
    }
  },
} satisfies Rule;

/** Whether the selector is about the tree at all: some pod meets a part of it. */
function isOfTheTree(workspace: Workspace, pairs: readonly (readonly string[])[]): boolean {
  return podsIn(workspace).some(pods => pairs.some(([key = '', value]) => pods.labels.get(key) === value));
}

/** Whether the labels are those of pods in a namespace of the tree, into which no chart brings pods that have them. */
function isOfNamespace(
  workspace: Workspace,
  namespace: string | undefined,
  pairs: readonly (readonly string[])[],
): boolean {
  if (namespace === undefined) return false;
  const pods = podsIn(workspace, namespace);
  const labels = new Map(pairs.map(([key = '', value = '']) => [key, value]));
  return (
    [...labels.keys()].every(key => pods.some(one => one.labels.has(key))) &&
    isChartSelector(workspace, namespace, labels) === 'no'
  );
}

/** Whether a label asks by an older key for what pods of the namespace are called by `app.kubernetes.io/name`. */
function isByOtherKey(
  workspace: Workspace,
  namespace: string | undefined,
  pairs: readonly (readonly string[])[],
): boolean {
  const [[key = '', value = ''] = [], ...others] = pairs;
  if (others.length > 0 || !/^(?:app|name|k8s-app)$/.test(key) || namespace === undefined) return false;
  return (
    podsIn(workspace, namespace).some(pods => pods.labels.get('app.kubernetes.io/name') === value) &&
    isChartSelector(workspace, namespace, new Map([[key, value]])) === 'no'
  );
}
