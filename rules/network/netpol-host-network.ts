import { matches, readSelector, type Selector } from '../../analysis/labels';
import { podsOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { anyNamespace, policyResources } from '../../analysis/policies';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Related, Rule } from '../rule';
import { peersOf } from './peers';

export default {
  id: 'netpol-host-network',
  items: [],
  severity: 'hint',
  summary: 'A NetworkPolicy is about pods on the host network, where it usually has no effect.',
  why: 'Pods with `hostNetwork: true` have the address of their node. Most network plugins do not apply policies to them, and a selector in `from` or `to` does not recognise them.',
  remedy:
    'Protect such pods with the firewall of the nodes, and admit them elsewhere by an `ipBlock` of the nodes. Or give the ports to the pods with `hostPort` and leave the host network.',
  traps: ['A policy that selects all pods of the namespace is not mentioned: it is written for the others.'],
  sources: ['Kubernetes documentation, Network Policies, "NetworkPolicy and hostNetwork pods".'],
  examples: {
    bad: `
      #- /coturn.yaml
      apiVersion: apps/v1
      kind: DaemonSet
      metadata:
        name: coturn
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: coturn
          spec:
            hostNetwork: true
      #                  ^^^^ hint: NetworkPolicy coturn selects coturn
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: coturn
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: coturn
        policyTypes: [Ingress]
        ingress:
          - ports:
              - port: 3478
    `,
    good: `
      #- /coturn.yaml
      apiVersion: apps/v1
      kind: DaemonSet
      metadata:
        name: coturn
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: coturn
          spec:
            hostNetwork: true
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: default-deny-all
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Ingress, Egress]
    `,
  },
  kinds: workloadKinds,
  *check(workload, workspace) {
    const [pods] = podsOf(workload);
    if (!pods?.hostNetwork) return;
    const selects = (selector: Selector | undefined): boolean =>
      selector !== undefined && selector.requirements.length > 0 && matches(selector, pods.labels);
    const related: Related[] = [];
    const verbs = new Set<string>();
    for (const policy of policyResources(workspace, workload.namespace ?? anyNamespace)) {
      const add = (at: Place, message: string, verb: string): void => {
        related.push({ at, message });
        verbs.add(verb);
      };
      if (selects(readSelector(policy.root.at('spec', 'podSelector'))))
        add(
          policy.root.at('metadata', 'name'),
          `NetworkPolicy ${policy.name} selects it`,
          `NetworkPolicy ${policy.name} selects ${workload.name}`,
        );
      for (const peer of peersOf(policy)) {
        if (isOfOwnNamespace(peer) && selects(readSelector(peer.at('podSelector'))))
          add(
            peer.key,
            `NetworkPolicy ${policy.name} names it as a peer`,
            `NetworkPolicy ${policy.name} names ${workload.name} as a peer`,
          );
      }
    }
    const [verb, ...others] = verbs;
    if (verb === undefined) return;
    yield {
      at: podTemplate(workload)?.at('spec', 'hostNetwork') ?? workload.root.at('metadata', 'name'),
      message: `${verb}${others.length > 0 ? `, and ${others.length} more say something about it` : ''}, but on the host network it has the address of its node, and most plugins do not apply policies there — use the firewall of the nodes, or an ipBlock.`,
      related,
    };
  },
} satisfies Rule;

function isOfOwnNamespace(peer: Value): boolean {
  const namespaces = peer.at('namespaceSelector');
  return !namespaces.exists || namespaces.isNull;
}
