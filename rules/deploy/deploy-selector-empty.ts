import { foundCommands } from '../../analysis/commands';
import { podsIn } from '../../analysis/pods';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

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
        command.targets.length > 0 && command.targets.every(target => /^(?:po|pods?)$/.test(target.resource));
      if (!selector || !isAboutPods || selector.certainty === 'unknown' || selector.value.includes('$')) continue;
      const pairs = selector.value.split(',').map(pair => pair.split(/==?/));
      if (pairs.some(pair => pair.length !== 2 || /[!() ]/.test(pair.join(''))) || !isOfTheTree(workspace, pairs))
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
