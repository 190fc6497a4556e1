import { ipBlockMatch } from './addresses';
import { labelsOfEndpoint, selectorMatch, type UnmetRequirement } from './labels';
import {
  allOf,
  anyOf,
  type Direction,
  type Endpoint,
  type Flow,
  isPod,
  type OtherPolicy,
  type Peer,
  type Policy,
  type PolicyPort,
  type Rule,
  type Truth,
} from './model';
import { isolation, namespaceLabels, type PolicyIndex, rulesOf } from './policy-index';

/** `unknown` when the manifests do not say enough: unknown labels or addresses, or other kinds of policies. */
export type Result = 'allowed' | 'denied' | 'unknown';

export interface Verdict<T> {
  readonly flow: Flow;
  readonly result: Result;
  /** What the source's policies say. */
  readonly egress: SideVerdict<T>;
  /** What the destination's policies say. */
  readonly ingress: SideVerdict<T>;
}

export interface SideVerdict<T> {
  readonly direction: Direction;
  /** The endpoint whose policies decide: the source for `Egress`, the destination for `Ingress`. */
  readonly endpoint: Endpoint;
  readonly result: Result;
  /** Why the policies decide, or why no policy does. */
  readonly basis: 'policies' | 'not-isolated' | 'host-network' | 'not-a-pod';
  /** Every policy that selects the endpoint in this direction, in the order given to `index`. */
  readonly policies: readonly PolicyVerdict<T>[];
  /** Policies of other kinds because of which the result is `unknown`. */
  readonly otherPolicies: readonly OtherPolicy<T>[];
}

export interface PolicyVerdict<T> {
  readonly policy: Policy<T>;
  readonly selects: 'yes' | 'unknown';
  /** Whether some rule allows the flow. */
  readonly allows: Truth;
  readonly rules: readonly RuleVerdict<T>[];
}

export interface RuleVerdict<T> {
  readonly rule: Rule<T>;
  /** Zero-based position in the policy's `ingress` or `egress`. */
  readonly position: number;
  readonly match: Truth;
  readonly peerMatch: Truth;
  /** One for each item of `from` or `to`; empty when the rule names none and so has every peer. */
  readonly peers: readonly PeerVerdict<T>[];
  readonly portMatch: Truth;
  /** One for each item of `ports`; empty when the rule names none and so has every port. */
  readonly ports: readonly PortVerdict<T>[];
}

export interface PeerVerdict<T> {
  readonly peer: Peer<T>;
  readonly match: Truth;
  /** Set unless `match` is `yes`. */
  readonly because?: PeerMismatch<T> | undefined;
}

export type PeerMismatch<T> =
  /** An entry of a selector does not hold, or is unknown. */
  | { readonly kind: 'podSelector' | 'namespaceSelector'; readonly requirement: UnmetRequirement<T> }
  /** `podSelector` alone selects in the policy's namespace, and the endpoint is in another or an unknown one. */
  | { readonly kind: 'other-namespace'; readonly policyNamespace: string; readonly namespace: string | undefined }
  /** A selector cannot match an address that is no pod. */
  | { readonly kind: 'not-a-pod' }
  /** A selector cannot match a pod on the host network. */
  | { readonly kind: 'host-network' }
  /** The address is outside the block, or may be. */
  | { readonly kind: 'ipBlock'; readonly cidr: string; readonly except: readonly string[] }
  /** The API server refuses the peer: it has no field, or `ipBlock` beside a selector. */
  | { readonly kind: 'invalid' };

export interface PortVerdict<T> {
  readonly port: PolicyPort<T>;
  readonly match: Truth;
  /** Set unless `match` is `yes`. */
  readonly because?: PortMismatch | undefined;
}

export type PortMismatch =
  | { readonly kind: 'protocol'; readonly protocol: string }
  | { readonly kind: 'number'; readonly port: number; readonly endPort: number | undefined }
  /** The destination has no port of that name and protocol; `digits` when the name is a number in quotes. */
  | { readonly kind: 'no-such-name'; readonly name: string; readonly digits: boolean }
  | { readonly kind: 'other-port-of-name'; readonly name: string; readonly ports: readonly number[] }
  /** The destination's port names are not known. */
  | { readonly kind: 'names-unknown'; readonly name: string }
  /** The API server refuses it: `endPort` below `port`, or without a numeric `port`. */
  | { readonly kind: 'invalid' };

/**
 * Decides whether a connection may be opened, and says why, policy by policy.
 *
 * A connection needs the egress of its source and the ingress of its destination. A side that no policy isolates
 * allows everything; an isolated side allows the union of what its policies allow; replies need no rule of their own.
 * Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation.
 *
 * Two exceptions there are not modelled, because manifests do not tell where a pod runs: a pod's node may always
 * connect to it (kubelet probes rely on that), and so may the hostNetwork pods of the same node.
 *
 * `allowed` and `denied` hold however the unknown facts turn out. `unknown` is sometimes said where every
 * possibility would lead to the same answer (one rule wants a label, another its absence): each rule is judged alone.
 */
export function evaluate<T>(flow: Flow, policies: PolicyIndex<T>): Verdict<T> {
  const egress = sideVerdict('Egress', flow, policies);
  const ingress = sideVerdict('Ingress', flow, policies);
  const results = [egress.result, ingress.result];
  const result = results.includes('denied') ? 'denied' : results.includes('unknown') ? 'unknown' : 'allowed';
  return { flow, result, egress, ingress };
}

/** Whether a rule's `from` or `to` covers an endpoint, whatever its ports are. */
export function admits<T>(rule: Rule<T>, policy: Policy<T>, endpoint: Endpoint, policies: PolicyIndex<T>): Truth {
  if (!rule.peers?.length) return 'yes';
  return anyOf(rule.peers.map(peer => peerVerdict(peer, policy, endpoint, policies).match));
}

function sideVerdict<T>(direction: Direction, flow: Flow, index: PolicyIndex<T>): SideVerdict<T> {
  const endpoint = direction === 'Egress' ? flow.from : flow.to;
  const peer = direction === 'Egress' ? flow.to : flow.from;
  if (!isPod(endpoint)) return unrestricted(direction, endpoint, 'not-a-pod');
  if (endpoint.hostNetwork) return unrestricted(direction, endpoint, 'host-network');
  const { isolated, policies: selections } = isolation(endpoint, direction, index);
  const policies = selections.map(({ policy, selects }) => {
    const rules = rulesOf(policy, direction).map((rule, position) =>
      ruleVerdict(rule, position, policy, peer, flow, index),
    );
    return { policy, selects, allows: anyOf(rules.map(matchOf)), rules };
  });
  const otherPolicies = otherPoliciesFor(endpoint, isolated, index);
  return {
    direction,
    endpoint,
    result: otherPolicies.length > 0 ? 'unknown' : combine(policies),
    basis: policies.length > 0 ? 'policies' : 'not-isolated',
    policies,
    otherPolicies,
  };
}

function unrestricted<T>(
  direction: Direction,
  endpoint: Endpoint,
  basis: 'not-a-pod' | 'host-network',
): SideVerdict<T> {
  return { direction, endpoint, result: 'allowed', basis, policies: [], otherPolicies: [] };
}

function otherPoliciesFor<T>(
  { namespace }: Endpoint,
  isolated: Truth,
  { otherPolicies }: PolicyIndex<T>,
): readonly OtherPolicy<T>[] {
  if (otherPolicies.length === 0) return otherPolicies;
  return otherPolicies.filter(
    other =>
      (other.namespace === undefined || namespace === undefined || other.namespace === namespace) &&
      !(other.baseline && isolated === 'yes'),
  );
}

/** The union of policies of which some may not select the pod at all. */
function combine<T>(policies: readonly PolicyVerdict<T>[]): Result {
  const certain = policies.filter(({ selects }) => selects === 'yes');
  if (certain.some(({ allows }) => allows === 'yes')) return 'allowed';
  if (certain.length === 0) return policies.every(({ allows }) => allows === 'yes') ? 'allowed' : 'unknown';
  return policies.every(({ allows }) => allows === 'no') ? 'denied' : 'unknown';
}

function ruleVerdict<T>(
  rule: Rule<T>,
  position: number,
  policy: Policy<T>,
  endpoint: Endpoint,
  flow: Flow,
  index: PolicyIndex<T>,
): RuleVerdict<T> {
  const peers = (rule.peers ?? []).map(peer => peerVerdict(peer, policy, endpoint, index));
  const ports = (rule.ports ?? []).map(port => portVerdict(port, flow));
  const peerMatch = peers.length === 0 ? 'yes' : anyOf(peers.map(matchOf));
  const portMatch = ports.length === 0 ? 'yes' : anyOf(ports.map(matchOf));
  return { rule, position, match: allOf([peerMatch, portMatch]), peerMatch, peers, portMatch, ports };
}

function peerVerdict<T>(peer: Peer<T>, policy: Policy<T>, endpoint: Endpoint, index: PolicyIndex<T>): PeerVerdict<T> {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  if (ipBlock) {
    if (podSelector || namespaceSelector) return { peer, match: 'no', because: { kind: 'invalid' } };
    const match = ipBlockMatch(ipBlock, endpoint, index.podAddresses);
    return match === 'yes'
      ? { peer, match }
      : { peer, match, because: { kind: 'ipBlock', cidr: ipBlock.cidr, except: ipBlock.except ?? [] } };
  }
  if (!podSelector && !namespaceSelector) return { peer, match: 'no', because: { kind: 'invalid' } };
  if (!isPod(endpoint)) return { peer, match: 'no', because: { kind: 'not-a-pod' } };
  if (endpoint.hostNetwork) return { peer, match: 'no', because: { kind: 'host-network' } };

  const place = namespaceMatch(peer, policy, endpoint, index);
  if (place.match === 'no') return { peer, ...place };
  const pods = selectorMatch(podSelector, labelsOfEndpoint(endpoint));
  if (pods.match !== 'yes' && pods.because && (pods.match === 'no' || place.match === 'yes')) {
    return { peer, match: pods.match, because: { kind: 'podSelector', requirement: pods.because } };
  }
  return { peer, ...place };
}

function namespaceMatch<T>(
  peer: Peer<T>,
  policy: Policy<T>,
  endpoint: Endpoint,
  index: PolicyIndex<T>,
): { readonly match: Truth; readonly because?: PeerMismatch<T> } {
  const { namespace } = endpoint;
  if (peer.namespaceSelector) {
    const { match, because } = selectorMatch(peer.namespaceSelector, namespaceLabels(namespace, index));
    return because ? { match, because: { kind: 'namespaceSelector', requirement: because } } : { match };
  }
  if (namespace === policy.namespace) return { match: 'yes' };
  return {
    match: namespace === undefined ? 'unknown' : 'no',
    because: { kind: 'other-namespace', policyNamespace: policy.namespace, namespace },
  };
}

/**
 * `ports` are ports of the destination pod in both directions; a name is looked up there, and may stand for different
 * numbers in different pods (the upstream end-to-end test "should allow egress access on one named port" has a rule
 * with a name and no peer).
 */
function portVerdict<T>(port: PolicyPort<T>, flow: Flow): PortVerdict<T> {
  const because = portMismatch(port, flow);
  if (!because) return { port, match: 'yes' };
  return { port, match: because.kind === 'names-unknown' ? 'unknown' : 'no', because };
}

function portMismatch<T>({ protocol = 'TCP', port, endPort }: PolicyPort<T>, flow: Flow): PortMismatch | undefined {
  if (endPort !== undefined && (typeof port !== 'number' || endPort < port)) return { kind: 'invalid' };
  if (protocol !== flow.protocol) return { kind: 'protocol', protocol };
  if (port === undefined) return undefined;
  if (typeof port === 'number') {
    const inRange = flow.port >= port && flow.port <= (endPort ?? port);
    return inRange ? undefined : { kind: 'number', port, endPort };
  }
  if (!isPod(flow.to)) return { kind: 'no-such-name', name: port, digits: /^\d+$/.test(port) };
  if (!flow.to.namedPorts) return { kind: 'names-unknown', name: port };
  const ports = (flow.to.namedPorts.get(port) ?? []).filter(named => named.protocol === protocol);
  if (ports.some(named => named.port === flow.port)) return undefined;
  return ports.length === 0
    ? { kind: 'no-such-name', name: port, digits: /^\d+$/.test(port) }
    : { kind: 'other-port-of-name', name: port, ports: ports.map(named => named.port) };
}

function matchOf({ match }: { readonly match: Truth }): Truth {
  return match;
}
