import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';

/** The peers of a NetworkPolicy: the items of every `from` and `to` list. */
export function peersOf(policy: Resource): readonly Value[] {
  const spec = policy.root.at('spec');
  return [
    ...spec
      .at('ingress')
      .items()
      .flatMap(rule => rule.at('from').items()),
    ...spec
      .at('egress')
      .items()
      .flatMap(rule => rule.at('to').items()),
  ];
}

/** The namespaceSelectors of a NetworkPolicy's peers that are written. */
export function namespaceSelectors(policy: Resource): readonly Value[] {
  return peersOf(policy)
    .map(peer => peer.at('namespaceSelector'))
    .filter(selector => selector.exists);
}
