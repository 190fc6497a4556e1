import { declarationsOf } from '../../analysis/declarations';
import { nearest } from '../../analysis/nearest';
import { podTemplate, workloadKinds } from '../../analysis/pods';
import { clusterKind, tenantKind } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'reference-missing-priorityclass',
  items: [],
  severity: 'warning',
  summary: 'Pods name a PriorityClass that nothing in the tree creates.',
  why: 'The admission refuses such pods: "no PriorityClass with name … was found". Their Deployment is there, and has none.',
  remedy:
    'Create the class, correct the name, or list it under `provided` in `matrix-preflight.yaml` if the cluster has it.',
  traps: [
    '`system-cluster-critical` and `system-node-critical` are always there.',
    'Where the tree has no PriorityClass at all it is information only, because the cluster may have its own.',
  ],
  sources: ['Kubernetes documentation, Pod Priority and Preemption; plugin/pkg/admission/priority'],
  examples: { bad: example('highh', true), good: example('high', false) },
  kinds: [...workloadKinds, clusterKind, tenantKind],
  *check(resource, workspace) {
    const name = (podTemplate(resource)?.at('spec') ?? resource.root.at('spec')).at('priorityClassName');
    const text = name.string;
    if (!text || !/^[a-z0-9.-]+$/.test(text) || /^system-(?:cluster|node)-critical$/.test(text)) return;
    const known = workspace.resources('PriorityClass').map(one => one.name);
    if (known.includes(text)) return;
    if (declarationsOf(workspace, 'PriorityClass', undefined, text).some(one => one.origin !== 'promise')) return;
    const close = nearest(text, known);
    yield {
      at: name,
      ...(known.length === 0 && { severity: 'info' as const }),
      message: `Nothing creates the PriorityClass ${text}, which the pods of ${resource.title} name — ${close ? `did you mean ${close}?` : 'create it, correct the name, or list it under provided.'}`,
      fixes: () => {
        const edit = close === undefined ? undefined : replaceScalar(name, close);
        return edit ? [{ title: `Write ${close}`, safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

function example(name: string, isBad: boolean): string {
  return `
      #- /app.yaml
      apiVersion: scheduling.k8s.io/v1
      kind: PriorityClass
      metadata:
        name: high
      value: 1000
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        priorityClassName: ${name}${isBad ? '\n      #                    ^^^^^ 💡 warning: Nothing creates the PriorityClass highh, which the pods of Pod/app name — did you mean high?' : ''}
        containers:
          - name: app
            image: registry.test/app:1
    `;
}
