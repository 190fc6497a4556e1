import { askedByChecklist } from '../../analysis/checklist-signs';
import { isEmptySelector } from '../../analysis/network/labels';
import type { Direction } from '../../analysis/network/model';
import { affects, rulesOf } from '../../analysis/network/policy-index';
import { anyNamespace, policiesOf } from '../../analysis/policies';
import { settingsOf } from '../../analysis/settings';
import { appendDocument } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { readPolicies } from './admission';
import { firstPolicy, isMatrixNamespace, openPods } from './matrix-namespaces';
import { policyText } from './policy-text';

export default {
  id: 'netpol-default-deny-missing',
  items: ['1.4.b'],
  severity: 'error',
  summary: 'A namespace has NetworkPolicies but denies nothing by default.',
  why: 'A policy restricts only the pods that it selects. Without one that selects all pods, whatever no other policy mentions may talk to everything, and a new workload starts out unprotected.',
  remedy:
    'Add a NetworkPolicy with `podSelector: {}`, both policy types and no rules. Two policies, one for each direction, do as well.',
  traps: [
    'Only the checklist asks for it: this is an error in a tree that follows it, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning.',
    'If other policies select every pod in both directions anyway, as `allow-dns` does for egress, this is a warning: the protection is there, but by accident.',
    'Only namespaces in which Synapse, its databases or key_vault run are judged.',
    'Where policies of other kinds exist, such as CiliumNetworkPolicy, they may deny by default; then nothing is said.',
    'Where there is no NetworkPolicy at all, `netpol-set-incomplete` says so once.',
  ],
  sources: ['Kubernetes documentation, Network Policies, "Default deny all ingress and all egress traffic".'],
  examples: {
    bad: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: key-vault
      #       ^^^^^^^^^ 💡 warning: No NetworkPolicy denies ingress and egress by default in namespace matrix, so synapse-main is open
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: key-vault
        policyTypes: [Ingress]
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
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
    `,
    good: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: key-vault
        policyTypes: [Ingress]
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
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: default-deny-all
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes:
          - Ingress
          - Egress
    `,
  },
  kinds: ['NetworkPolicy'],
  *check(policy, workspace) {
    const namespace = policy.namespace ?? anyNamespace;
    if (settingsOf(workspace).components.networkPolicies === 'off') return;
    if (!isMatrixNamespace(workspace, policy.namespace) || firstPolicy(workspace, namespace) !== policy) return;
    if (policiesOf(workspace, namespace).otherPolicies.length > 0) return;
    const missing = (['Ingress', 'Egress'] as const).filter(direction => !isDenied(workspace, policy, direction));
    if (missing.length === 0) return;
    const open = missing.flatMap(direction => openPods(workspace, namespace, direction));
    const names = [...new Set(open.map(({ owner }) => owner.name))].sort();
    const where = policy.namespace === undefined ? '' : ` in namespace ${policy.namespace}`;
    const what = missing.map(direction => direction.toLowerCase()).join(' and ');
    const shown =
      names.length > 3
        ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more are`
        : `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'}`;
    yield {
      at: policy.root.at('metadata', 'name'),
      ...(names.length === 0 ? { severity: 'warning' } : askedByChecklist(workspace)),
      message:
        names.length === 0
          ? `No NetworkPolicy denies ${what} by default${where}; that all pods are restricted is a side effect of other policies — add one that selects all pods and allows nothing.`
          : `No NetworkPolicy denies ${what} by default${where}, so ${shown} open — add one that selects all pods and allows nothing.`,
      related: [...new Set(open.map(({ owner }) => owner))].slice(0, 8).map(owner => ({
        at: owner.root.at('metadata', 'name'),
        message: `No policy restricts ${owner.name}`,
      })),
      fixes: () => addDefault(workspace, policy, missing),
    };
  },
} satisfies Rule;

/** Whether a policy selects all pods in a direction and allows nothing in it. */
function isDenied(workspace: Workspace, { namespace }: Resource, direction: Direction): boolean {
  return readPolicies(workspace, namespace).some(
    policy =>
      isEmptySelector(policy.podSelector) && affects(policy, direction) && rulesOf(policy, direction).length === 0,
  );
}

function addDefault(workspace: Workspace, policy: Resource, directions: readonly Direction[]): readonly Fix[] {
  const taken = new Set(readPolicies(workspace, policy.namespace).map(one => one.name));
  const base = directions.length === 2 ? 'default-deny-all' : `default-deny-${directions[0]?.toLowerCase()}`;
  const name = taken.has(base) ? `${base}-2` : base;
  const text = policyText({
    name,
    namespace: policy.namespace,
    podSelector: new Map(),
    rules: directions.map(direction => ({ direction, rules: [] })),
  });
  return [{ title: `Add NetworkPolicy ${name}`, safe: false, edits: [appendDocument(policy.document.file, text)] }];
}
