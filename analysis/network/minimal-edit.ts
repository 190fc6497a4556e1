import { type DistinguishingLabels, distinguishingLabels } from './distinguishing-labels';
import { admits, type RuleVerdict, type SideVerdict, type Verdict } from './evaluate';
import { isEmptySelector } from './labels';
import { type Direction, type Endpoint, isPod, type PodEndpoint, type Policy, type Protocol, type Rule } from './model';
import { isolation, type PolicyIndex, podsSelectedBy } from './policy-index';

/** The least change that lets one side of a denied flow pass, as data; writing it into a file is up to the caller. */
export type ProposedEdit<T> = AppendPort<T> | AppendRule<T> | NewPolicy | NeedsLabels;

/** An existing rule already admits this peer and no other endpoint of the tree, but not the port. */
export interface AppendPort<T> {
  readonly kind: 'append-port';
  readonly direction: Direction;
  readonly policy: Policy<T>;
  readonly rule: Rule<T>;
  readonly port: number;
  readonly protocol: Protocol;
  /** The pods of the tree to which the change applies: those the policy selects. */
  readonly appliesTo: readonly Endpoint[];
}

/** An existing policy is about these pods in this direction: it gets one more rule at the end. */
export interface AppendRule<T> {
  readonly kind: 'append-rule';
  readonly direction: Direction;
  readonly policy: Policy<T>;
  readonly rule: ProposedRule;
  readonly appliesTo: readonly Endpoint[];
}

export interface NewPolicy {
  readonly kind: 'new-policy';
  /** The only policy type of the new policy. */
  readonly direction: Direction;
  /** `<destination>-from-<source>` or `<source>-to-<destination>`, a valid name that no policy of the namespace has. */
  readonly name: string;
  readonly namespace: string;
  /** For `spec.podSelector.matchLabels`. */
  readonly podSelector: ReadonlyMap<string, string>;
  readonly rule: ProposedRule;
  readonly appliesTo: readonly Endpoint[];
}

/**
 * No selector can be proposed. The pods have no labels to select them by, or their namespace is not known, or other
 * pods that no policy isolates yet carry the same labels: a new policy would cut those off.
 */
export interface NeedsLabels {
  readonly kind: 'needs-labels';
  readonly direction: Direction;
  readonly endpoint: Endpoint;
  /** Whether the policy would have to select the pods or admit them as a peer. */
  readonly as: 'selected' | 'peer';
}

export interface ProposedRule {
  readonly peer: ProposedPeer;
  readonly port: number;
  readonly protocol: Protocol;
}

export type ProposedPeer =
  | {
      readonly kind: 'pods';
      /** For `podSelector.matchLabels`. */
      readonly podSelector: ReadonlyMap<string, string>;
      /** For `namespaceSelector`, by `kubernetes.io/metadata.name`; undefined for the policy's own namespace. */
      readonly namespace: string | undefined;
      /** Other pods of the tree that the selector admits too. */
      readonly alsoAdmits: readonly PodEndpoint[];
    }
  | {
      readonly kind: 'addresses';
      /** For one `ipBlock` each; empty when the addresses are not known and must be filled in. */
      readonly cidrs: readonly string[];
      /** For `except` of those blocks that contain them. */
      readonly except: readonly string[];
    };

/**
 * What to change so that a denied flow passes: one edit for each side that denies it, egress first. Empty when no side
 * denies it for certain.
 *
 * A rule goes into the policy that already allows something to the blocked pods and selects the fewest others. Never
 * into one that selects every pod of the namespace or that allows nothing in this direction: such a policy is there to
 * deny. Where no policy qualifies, a new one is proposed for these pods alone.
 *
 * @param endpoints All endpoints of the tree, so that selectors can be told apart.
 */
export function minimalEdits<T>(
  verdict: Verdict<T>,
  endpoints: readonly Endpoint[],
  policies: PolicyIndex<T>,
): readonly ProposedEdit<T>[] {
  return [verdict.egress, verdict.ingress].flatMap(side =>
    side.result === 'denied' ? editForSide(side, verdict, endpoints, policies) : [],
  );
}

function editForSide<T>(
  side: SideVerdict<T>,
  { flow }: Verdict<T>,
  endpoints: readonly Endpoint[],
  policies: PolicyIndex<T>,
): ProposedEdit<T> {
  const { direction, endpoint } = side;
  const { port, protocol } = flow;
  const peerEndpoint = direction === 'Egress' ? flow.to : flow.from;
  const [closest] = side.policies
    .filter(
      ({ selects, policy, rules }) => selects === 'yes' && !isEmptySelector(policy.podSelector) && rules.length > 0,
    )
    .map(({ policy, rules }) => ({ policy, rules, appliesTo: podsSelectedBy(policy, endpoints) }))
    .sort((a, b) => a.appliesTo.length - b.appliesTo.length || entryCount(b.policy) - entryCount(a.policy));

  const rule = closest?.rules.find(isAboutThisPeer)?.rule;
  const others = endpoints.filter(other => other !== peerEndpoint);
  if (closest && rule && !others.some(other => admits(rule, closest.policy, other, policies) === 'yes')) {
    return {
      kind: 'append-port',
      direction,
      policy: closest.policy,
      rule,
      port,
      protocol,
      appliesTo: closest.appliesTo,
    };
  }

  const namespace = endpoint.namespace;
  const peer = proposedPeer(peerEndpoint, namespace, endpoints);
  if (!peer) return { kind: 'needs-labels', direction, endpoint: peerEndpoint, as: 'peer' };
  const proposed = { peer, port, protocol };
  if (closest) {
    return { kind: 'append-rule', direction, policy: closest.policy, rule: proposed, appliesTo: closest.appliesTo };
  }
  const selector = labelsOf(endpoint, endpoints);
  const cutsOff = selector?.alsoSelects.some(pod => isolation(pod, direction, policies).isolated !== 'yes');
  if (!selector || cutsOff || namespace === undefined) {
    return { kind: 'needs-labels', direction, endpoint, as: 'selected' };
  }
  return {
    kind: 'new-policy',
    direction,
    name: freeName(direction, endpoint, peerEndpoint, namespace, policies),
    namespace,
    podSelector: selector.labels,
    rule: proposed,
    appliesTo: [endpoint, ...selector.alsoSelects],
  };
}

function proposedPeer(
  endpoint: Endpoint,
  policyNamespace: string | undefined,
  endpoints: readonly Endpoint[],
): ProposedPeer | undefined {
  if (!isPod(endpoint) || endpoint.hostNetwork) {
    const { ips = [], exceptIps = [] } = endpoint.kind === 'external' ? endpoint : {};
    return { kind: 'addresses', cidrs: ips.map(withPrefixLength), except: exceptIps.map(withPrefixLength) };
  }
  const selector = labelsOf(endpoint, endpoints);
  if (!selector) return undefined;
  const namespace = endpoint.namespace === policyNamespace ? undefined : endpoint.namespace;
  return { kind: 'pods', podSelector: selector.labels, namespace, alsoAdmits: selector.alsoSelects };
}

/** The labels by which to select an endpoint; for an external pod, all that are known. */
function labelsOf(endpoint: Endpoint, endpoints: readonly Endpoint[]): DistinguishingLabels | undefined {
  if (endpoint.kind === 'pod') return distinguishingLabels([endpoint], endpoints);
  if (endpoint.namespace === undefined || !endpoint.labels?.size) return undefined;
  return { labels: endpoint.labels, alsoSelects: [] };
}

/** Whether all peers of a rule are ways to name the flow's peer; a rule without peers names nobody. */
function isAboutThisPeer<T>({ peers }: RuleVerdict<T>): boolean {
  return peers.length > 0 && peers.every(({ match }) => match === 'yes');
}

function entryCount<T>({ podSelector }: Policy<T>): number {
  return (podSelector?.matchLabels?.length ?? 0) + (podSelector?.matchExpressions?.length ?? 0);
}

function withPrefixLength(address: string): string {
  if (address.includes('/')) return address;
  return address.includes(':') ? `${address}/128` : `${address}/32`;
}

function freeName<T>(
  direction: Direction,
  endpoint: Endpoint,
  peer: Endpoint,
  namespace: string,
  policies: PolicyIndex<T>,
): string {
  const base = `${objectName(endpoint.name)}-${direction === 'Egress' ? 'to' : 'from'}-${objectName(peer.name)}`;
  const taken = new Set(policies.byNamespace.get(namespace)?.all.map(({ policy }) => policy.name));
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  return name;
}

/** A text as part of a DNS subdomain name (RFC 1123), which object names must be. */
function objectName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 100);
  return name.replace(/^-+|-+$/g, '') || 'pods';
}
