import { readSelector } from '../../analysis/labels';
import { metadataName } from '../../analysis/namespaces';
import { familiesOf, isLi, isSynapseWorker } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { peersOf } from './peers';
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
  id: 'netpol-peer-matches-nothing',
  items: ['1.4.b'],
  severity: 'warning',
  summary: 'A peer of a NetworkPolicy names pods that do not exist.',
  why: 'The rule was written to let something through and lets nothing through: the connection it is about stays blocked by the default deny, and nothing says why.',
  remedy: 'Name the labels that the pods on the other side carry in their pod template.',
  traps: [
    'A peer with a `namespaceSelector` for other namespaces is not judged: what runs there is not in the tree.',
    'A label `role` or `access` may be meant for pods that a person starts by hand; it is only mentioned.',
    'The labels in a document that cannot be read count as being there.',
  ],
  sources: [
    'Kubernetes documentation, Network Policies: a `podSelector` without `namespaceSelector` selects pods in the namespace of the policy.',
  ],
  examples: {
    bad: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: content-scanner
        policyTypes: [Ingress]
        ingress:
          - from:
              - podSelector:
                  matchLabels:
                    app: synapse
                    component: main
      #             ^^^^^^^^^^^^^^^ 💡 warning: no pod with app=synapse has component=main, they have homeserver and synchrotron
            ports:
              - port: 8080
      #- /pods.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: content-scanner}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse, component: homeserver}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: synapse-synchrotron
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse, component: synchrotron}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker]
    `,
    good: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: content-scanner
        policyTypes: [Ingress]
        ingress:
          - from:
              - podSelector:
                  matchLabels:
                    app: synapse
                    component: homeserver
            ports:
              - port: 8080
      #- /pods.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: content-scanner}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse, component: homeserver}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: synapse-synchrotron
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse, component: synchrotron}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker]
    `,
  },
  kinds: ['NetworkPolicy'],
  *check(policy, workspace) {
    for (const peer of peersOf(policy)) {
      const selector = readSelector(peer.at('podSelector'));
      const empty = selector && emptySelection(workspace, namespaceOf(policy, peer), selector);
      if (!empty) continue;
      const isForPeople = empty.selector.requirements.some(({ key }) => isAccessKey(key));
      yield {
        at: placeOf(empty),
        ...(isForPeople && { severity: 'info' }),
        message: `This peer of NetworkPolicy ${policy.name} names nobody: ${reasonOf(empty)} — ${
          isForPeople
            ? 'fine if you start such pods by hand, else name the labels of the pods that are meant.'
            : 'name the labels of the pods that are meant.'
        }`,
        fixes: () => [...fixesFor(workspace, empty), ...dropRequirement(empty)],
      };
    }
  },
} satisfies Rule;

/** The namespace that a peer selects pods in; undefined where it is not this tree's alone. */
function namespaceOf(policy: Resource, peer: Value): string | undefined {
  const selector = peer.at('namespaceSelector');
  if (!selector.exists || selector.isNull) return policy.namespace;
  const requirements = readSelector(selector)?.requirements ?? [];
  const [only] = requirements;
  return requirements.length === 1 && only?.key === metadataName && only.operator === 'In' && only.values.length === 1
    ? only.values[0]
    : undefined;
}

/** Keys of labels that give a right to whoever carries them, rather than to say what a pod is. */
function isAccessKey(key: string): boolean {
  return /(?:^|\/)(?:role|access)$/.test(key);
}

function fixesFor(workspace: Workspace, empty: EmptySelection) {
  const { culprit, rest } = empty;
  const mains = culprit
    ? [
        ...new Set(
          rest.filter(pods => isMain(workspace, pods.owner)).flatMap(pods => pods.labels.get(culprit.key) ?? []),
        ),
      ]
    : [];
  const [main] = mains;
  // Whoever writes `component: main` beside the name of Synapse means its main process.
  if (main !== undefined && mains.length === 1 && meansMain(culprit?.values ?? [])) return useValue(empty, main, true);
  return otherValues(workspace, empty)
    .slice(0, 3)
    .flatMap(value => useValue(empty, value, false));
}

function meansMain(values: readonly string[]): boolean {
  return values.length === 1 && /^(?:main|master|main-process|synapse-main|primary|homeserver)$/.test(values[0] ?? '');
}

function isMain(workspace: Workspace, owner: Resource): boolean {
  return familiesOf(owner).has('synapse') && !isSynapseWorker(workspace, owner) && !isLi(workspace, owner);
}
