import { readSelector } from '../../analysis/labels';
import { podsIn } from '../../analysis/pods';
import { insertEntry, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import { resolvePlain } from '../../manifests/scalars';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { rulesIn } from './peers';
import {
  dropRequirement,
  type EmptySelection,
  emptySelection,
  otherValues,
  placeOf,
  reasonOf,
  useValue,
} from './selection';

export default {
  id: 'netpol-selects-nothing',
  items: ['1.4.b'],
  severity: 'warning',
  summary: 'A NetworkPolicy selects no pod.',
  why: 'A policy that selects nothing allows and denies nothing. If it was to open a way through the default deny, that way stays closed; if it was to protect something, nothing is protected.',
  remedy:
    'Select labels that the pods really carry, or add the label to the pod templates. Labels of a Deployment itself do not count; those under `spec.template.metadata.labels` do.',
  traps: [
    'Pods that CloudNativePG and the MinIO Operator make are known; those of a Helm chart that the tree tells of are taken to be there.',
    'The labels in a document that cannot be read count as being there.',
    'A policy for a namespace of which the tree holds no pods is not judged.',
  ],
  sources: ['Kubernetes documentation, Network Policies: `podSelector` selects pods in the namespace of the policy.'],
  examples: {
    bad: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: livekit
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: live-kit # the SFU
      #     ^^^^^^^^^^^^^ 💡 warning: NetworkPolicy livekit selects nothing: no pod in namespace matrix has app=live-kit
        policyTypes: [Ingress]
        ingress:
          - ports:
              - port: 7880
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: livekit
    `,
    good: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: livekit
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: livekit # the SFU
        policyTypes: [Ingress]
        ingress:
          - ports:
              - port: 7880
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: livekit
    `,
  },
  kinds: ['NetworkPolicy'],
  *check(policy, workspace) {
    const selector = readSelector(policy.root.at('spec', 'podSelector'));
    const empty = selector && emptySelection(workspace, policy.namespace, selector, true);
    if (!empty) return;
    yield {
      at: placeOf(empty),
      message: `NetworkPolicy ${policy.name} selects nothing: ${reasonOf(empty)} — add the label to the pod templates that are meant, or select one that they have.`,
      fixes: () => [
        ...otherValues(workspace, empty)
          .slice(0, 3)
          .flatMap(value => useValue(empty, value, false)),
        ...labelPods(workspace, policy, empty),
        ...dropRequirement(empty),
      ],
    };
  },
} satisfies Rule;

/** Gives the missing label to the pods that have the ports which the policy opens. */
function labelPods(
  workspace: Workspace,
  policy: Resource,
  { namespace, culprit, rest }: EmptySelection,
): readonly Fix[] {
  const [value, ...others] = culprit?.values ?? [];
  if (culprit?.operator !== 'In' || value === undefined || others.length > 0) return [];
  const ports = new Set(
    rulesIn(policy).flatMap(({ direction, ports: list }) =>
      direction === 'Ingress' ? list.items().flatMap(item => item.at('port').number ?? []) : [],
    ),
  );
  const meant = (rest.length > 0 ? rest : podsIn(workspace, namespace)).filter(
    pods =>
      pods.template !== undefined && !pods.labels.has(culprit.key) && pods.ports.some(({ port }) => ports.has(port)),
  );
  const text = typeof resolvePlain(value) === 'string' ? value : quoted(value, 'double');
  const edits = meant.flatMap(pods => {
    const labels = pods.template?.at('metadata', 'labels');
    return (labels && insertEntry(labels, `${culprit.key}: ${text}`)) ?? [];
  });
  if (edits.length === 0 || edits.length !== meant.length) return [];
  const names = [...new Set(meant.map(({ owner }) => owner.name))];
  const whom = names.length > 3 ? `the ${names.length} workloads with these ports` : names.join(' and ');
  return [{ title: `Add the label ${culprit.key}=${value} to ${whom}`, safe: false, edits }];
}
