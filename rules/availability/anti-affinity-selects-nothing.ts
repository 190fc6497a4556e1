import { isChartSelector } from '../../analysis/charts';
import { isPatch } from '../../analysis/kustomization';
import { describe, matches, readSelector } from '../../analysis/labels';
import { podsIn, podsOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { replicasIn } from '../../analysis/replicas';
import type { Rule } from '../rule';

export default {
  id: 'anti-affinity-selects-nothing',
  items: [],
  severity: 'warning',
  summary: 'A podAntiAffinity names labels that no pod has.',
  why: 'It is to keep replicas on different nodes, and keeps nothing apart: all of them may run on one node, and are lost with it.',
  remedy: 'Select the labels of the pod template.',
  traps: [
    'Judged where no term selects the pods themselves: a further one may keep away from pods that something else makes.',
    'Terms that look into other namespaces are left alone, and so are labels of charts and such that no pod of the tree has.',
  ],
  sources: ['Kubernetes documentation, Assigning Pods to Nodes: inter-pod affinity and anti-affinity'],
  examples: {
    bad: example('cache', '\n      #             ^^^^^^^^^^^^ warning: No pod has app=cache'),
    good: example('redis', ''),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (isPatch(workspace, resource.document.file)) return;
    const terms = podTemplate(resource)?.at('spec', 'affinity', 'podAntiAffinity');
    const all = [
      ...(terms?.at('requiredDuringSchedulingIgnoredDuringExecution').items() ?? []),
      ...(terms?.at('preferredDuringSchedulingIgnoredDuringExecution').items() ?? []).map(one =>
        one.at('podAffinityTerm'),
      ),
    ];
    const own = podsOf(resource);
    const spreads = all.some(term => {
      const selector = readSelector(term.at('labelSelector'));
      return selector !== undefined && own.some(one => matches(selector, one.labels));
    });
    // A further term may keep away from pods that something else makes.
    if (spreads || replicasIn(workspace, resource) < 2) return;
    for (const term of all) {
      const written = term.at('labelSelector');
      const selector = written.exists ? readSelector(written) : undefined;
      if (!selector || term.at('namespaces').exists || term.at('namespaceSelector').exists) continue;
      const pods = podsIn(workspace, resource.namespace);
      if (selector.requirements.length === 0 || pods.some(one => matches(selector, one.labels))) continue;
      const labels = new Map(selector.requirements.map(({ key, values }) => [key, values[0] ?? '']));
      if (isChartSelector(workspace, resource.namespace, labels) !== 'no') continue;
      // Labels that no pod of the tree has at all are those of pods that something else makes.
      if (selector.requirements.some(({ key }) => !pods.some(one => one.labels.has(key)))) continue;
      yield {
        at: written.key,
        message: `No pod has ${describe(selector)}, so this keeps nothing apart and all replicas of ${resource.name} may run on one node — select the labels of the pod template.`,
      };
    }
  },
} satisfies Rule;

function example(app: string, mark: string): string {
  return `
      #- /redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        replicas: 3
        template:
          metadata:
            labels: {app: redis}
          spec:
            affinity:
              podAntiAffinity:
                requiredDuringSchedulingIgnoredDuringExecution:
                  - topologyKey: kubernetes.io/hostname
                    labelSelector:${mark.replace('^^^^^^^^^^^^', '^^^^^^^^^^^^^')}
                      matchLabels: {app: ${app}}
            containers:
              - name: redis
                image: redis:7.4
    `;
}
