import { followsChecklist } from '../../analysis/checklist-signs';
import { anyNamespace, policiesOf, policyResources } from '../../analysis/policies';
import { synapseMains } from '../../analysis/roles';
import { settingsOf } from '../../analysis/settings';
import { listed } from '../../analysis/wording';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { firstPolicy, isMatrixNamespace } from './matrix-namespaces';
import { missingPurposes } from './purposes';
import { wholeSet } from './whole-set';

export default {
  id: 'netpol-set-incomplete',
  items: ['1.4.b'],
  severity: 'warning',
  summary: 'NetworkPolicies of the checklist are missing.',
  why: 'Each of the thirteen policies has a purpose. Where one is missing, either a component is open to everybody or, behind a default deny, cut off. Without any policy everything may talk to everything.',
  remedy:
    'Add a policy for each purpose that the message names. More than thirteen are fine, and so are fewer that serve all purposes.',
  traps: [
    'Purposes are told by the pods that a policy selects and the direction that it restricts, not by its name, and count only if their component is in the tree.',
    'For a namespace without any policy the quick fix writes a whole set: a default deny, DNS, and one policy for each workload with what the configurations say that it needs. What they do not say is blocked, so read it before it is applied.',
    'If a namespace of the tree has no NetworkPolicy at all, that is one warning, and an error where the tree declares the namespace and follows the checklist, by `matrix-preflight.yaml`, key_vault or an LI instance; the other rules about policies are silent. Set `components: {networkPolicies: off}` in `matrix-preflight.yaml` if that is meant.',
    'Where policies of other kinds exist, such as CiliumNetworkPolicy, they may serve the purposes; then nothing is said.',
  ],
  examples: {
    bad: `
      #- /namespace.yaml
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
      #       ^^^^^^ warning: Namespace matrix has no NetworkPolicy
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
    `,
    good: `
      #- /namespace.yaml
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: default-deny-all
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Ingress, Egress]
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-dns
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress:
          - to:
              - namespaceSelector:
                  matchLabels:
                    kubernetes.io/metadata.name: kube-system
            ports:
              - {protocol: UDP, port: 53}
              - {protocol: TCP, port: 53}
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: synapse-egress
        namespace: matrix
      spec:
        podSelector:
          matchLabels: {app: synapse}
        policyTypes: [Egress]
        egress:
          - ports:
              - port: 443
              - port: 8448
    `,
  },
  kinds: ['NetworkPolicy', 'Namespace', 'StatefulSet', 'Deployment'],
  *check(resource, workspace) {
    const setting = settingsOf(workspace).components.networkPolicies;
    if (setting === 'off') return;
    if (resource.kind === 'NetworkPolicy') yield* incomplete(resource, workspace);
    else if (setting === 'required') yield* absent(resource, workspace);
  },
} satisfies Rule;

/** How many policies the checklist counts; with as many, it is enough that the other rules find nothing. */
const wanted = 13;

function* incomplete(policy: Resource, workspace: Workspace): Iterable<Problem> {
  const namespace = policy.namespace ?? anyNamespace;
  if (!isMatrixNamespace(workspace, policy.namespace) || firstPolicy(workspace, namespace) !== policy) return;
  const count = new Set(policyResources(workspace, namespace).map(one => one.name)).size;
  if (count >= wanted || policiesOf(workspace, namespace).otherPolicies.length > 0) return;
  const missing = missingPurposes(workspace, namespace);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  yield {
    at: policy.root.at('metadata', 'name'),
    message: `${policy.namespace === undefined ? 'The tree' : `Namespace ${policy.namespace}`} has ${count} of the ${wanted} NetworkPolicies of the checklist, and none for ${listed(names)} — add ${names.length === 1 ? 'it' : 'them'}.`,
    fixes: () => missing.flatMap(purpose => purpose.add()),
  };
}

function* absent(resource: Resource, workspace: Workspace): Iterable<Problem> {
  const isNamespace = resource.kind === 'Namespace';
  const namespace = isNamespace ? resource.name : resource.namespace;
  if (!isNamespace) {
    // The namespace itself is the better place, if the tree has it.
    const [main] = synapseMains(workspace);
    if (resource !== main || (namespace !== undefined && workspace.find('Namespace', undefined, namespace))) return;
  }
  if (!synapseMains(workspace).some(main => main.namespace === namespace)) return;
  if (policyResources(workspace, namespace ?? anyNamespace).length > 0) return;
  // Policies without a namespace go wherever the tree is applied to.
  if (policyResources(workspace, anyNamespace).length > 0) return;
  if (policiesOf(workspace, namespace ?? anyNamespace).otherPolicies.length > 0) return;
  yield {
    at: resource.root.at('metadata', 'name'),
    // Without the namespace the tree may be a part of a larger one, which has the policies.
    ...(isNamespace && followsChecklist(workspace) ? { severity: 'error' as const } : {}),
    message: `${namespace === undefined ? 'The tree' : `Namespace ${namespace}`} has no NetworkPolicy, so every pod may connect to every other — add the thirteen of the checklist, beginning with a default deny.`,
    fixes: () => wholeSet(workspace, namespace ?? anyNamespace, resource.document.file.directory),
  };
}
