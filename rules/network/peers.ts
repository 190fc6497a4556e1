import type { Direction } from '../../analysis/network/model';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';

/** One rule of a NetworkPolicy as written. */
export interface WrittenPolicyRule {
  readonly direction: Direction;
  readonly field: 'from' | 'to';
  readonly rule: Value;
  /** `from` or `to`; missing where the rule has none. */
  readonly peers: Value;
  readonly ports: Value;
}

/** The rules of a NetworkPolicy, ingress first. */
export function rulesIn(policy: Resource): readonly WrittenPolicyRule[] {
  const spec = policy.root.at('spec');
  const read = (direction: Direction, field: 'from' | 'to'): readonly WrittenPolicyRule[] =>
    spec
      .at(direction.toLowerCase())
      .items()
      .map(rule => ({ direction, field, rule, peers: rule.at(field), ports: rule.at('ports') }));
  return [...read('Ingress', 'from'), ...read('Egress', 'to')];
}

/** The peers of a NetworkPolicy: the items of every `from` and `to` list. */
export function peersOf(policy: Resource): readonly Value[] {
  return rulesIn(policy).flatMap(({ peers }) => peers.items());
}

/** The namespaceSelectors of a NetworkPolicy's peers that are written. */
export function namespaceSelectors(policy: Resource): readonly Value[] {
  return peersOf(policy)
    .map(peer => peer.at('namespaceSelector'))
    .filter(selector => selector.exists);
}
