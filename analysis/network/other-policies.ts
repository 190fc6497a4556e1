/**
 * Kinds that decide about connections beside networking.k8s.io NetworkPolicy. Their mere presence makes an answer
 * uncertain: they can deny what NetworkPolicies allow and allow what they deny.
 *
 * `baseline` kinds decide only what no NetworkPolicy selects. Sources: https://network-policy-api.sigs.k8s.io
 * (AdminNetworkPolicy, BaselineAdminNetworkPolicy; since v0.2.0 ClusterNetworkPolicy, whose `spec.tier` is `Admin` or
 * `Baseline`), https://docs.cilium.io/en/stable/network/kubernetes/policy/,
 * https://docs.tigera.io/calico/latest/network-policy/policy-tiers/tiered-policy, https://antrea.io/docs/main/docs/antrea-network-policy/.
 */
export const otherPolicyKinds: readonly {
  readonly group: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly baseline: boolean;
}[] = [
  { group: 'policy.networking.k8s.io', kind: 'AdminNetworkPolicy', namespaced: false, baseline: false },
  { group: 'policy.networking.k8s.io', kind: 'BaselineAdminNetworkPolicy', namespaced: false, baseline: true },
  { group: 'policy.networking.k8s.io', kind: 'ClusterNetworkPolicy', namespaced: false, baseline: false },
  { group: 'cilium.io', kind: 'CiliumNetworkPolicy', namespaced: true, baseline: false },
  { group: 'cilium.io', kind: 'CiliumClusterwideNetworkPolicy', namespaced: false, baseline: false },
  { group: 'projectcalico.org', kind: 'NetworkPolicy', namespaced: true, baseline: false },
  { group: 'projectcalico.org', kind: 'GlobalNetworkPolicy', namespaced: false, baseline: false },
  { group: 'crd.projectcalico.org', kind: 'NetworkPolicy', namespaced: true, baseline: false },
  { group: 'crd.projectcalico.org', kind: 'GlobalNetworkPolicy', namespaced: false, baseline: false },
  { group: 'crd.antrea.io', kind: 'NetworkPolicy', namespaced: true, baseline: false },
  { group: 'crd.antrea.io', kind: 'ClusterNetworkPolicy', namespaced: false, baseline: false },
];
