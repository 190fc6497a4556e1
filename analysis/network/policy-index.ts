import { groupedBy } from '../../manifests/grouped';
import { privateRanges } from './addresses';
import { type AddressRange, parseRanges } from './cidr';
import { type KnownLabels, labelsOfEndpoint, labelsOfNamespace, matchesSelector, selectorMatch } from './labels';
import {
  type Direction,
  type Endpoint,
  isPod,
  type LabelSelector,
  type NamespaceLabels,
  type OtherPolicy,
  type Policy,
  type Truth,
} from './model';

/**
 * Policies prepared for many questions: asking which policies select a pod costs in proportion to the policies that
 * share a label with it, not to all policies. Make one with `index` and treat it as opaque.
 */
export interface PolicyIndex<T> {
  readonly policies: readonly Policy<T>[];
  readonly otherPolicies: readonly OtherPolicy<T>[];
  readonly podAddresses: readonly AddressRange[];
  readonly byNamespace: ReadonlyMap<string, NamespacePolicies<T>>;
  readonly namespaces: NamespaceLabels;
  /** Answers already found; the inputs never change, so neither do they. */
  readonly memo: {
    readonly selections: WeakMap<Endpoint, Readonly<Record<Direction, readonly Selection<T>[]>>>;
    readonly namespaceLabels: Map<string | undefined, KnownLabels>;
  };
}

export interface IndexOptions<T> {
  /** Declared namespaces with all their labels. */
  readonly namespaces?: NamespaceLabels | undefined;
  /** Objects of `otherPolicyKinds`; they make answers unknown. */
  readonly otherPolicies?: readonly OtherPolicy<T>[] | undefined;
  /** The CIDR ranges pods may have addresses from; the default is `privateRanges`. */
  readonly podAddresses?: readonly string[] | undefined;
}

/** A policy that selects a pod in some direction, or may do so. */
export interface Selection<T> {
  readonly policy: Policy<T>;
  readonly selects: 'yes' | 'unknown';
}

export interface Isolation<T> {
  readonly isolated: Truth;
  /** In the order in which the policies were given. */
  readonly policies: readonly Selection<T>[];
}

const defaultPodAddresses = parseRanges(privateRanges);

/** Prepares policies for `evaluate`, `isolation` and the rest. Policies of the same name are all kept. */
export function index<T>(policies: readonly Policy<T>[], options: IndexOptions<T> = {}): PolicyIndex<T> {
  const positioned = policies.map((policy, position): Positioned<T> => ({ position, policy }));
  const grouped = groupedBy(positioned, ({ policy }) => policy.namespace);
  return {
    policies,
    otherPolicies: options.otherPolicies ?? [],
    podAddresses: options.podAddresses ? parseRanges(options.podAddresses) : defaultPodAddresses,
    byNamespace: new Map([...grouped].map(([namespace, group]) => [namespace, byLabel(group)])),
    namespaces: options.namespaces ?? new Map(),
    memo: { selections: new WeakMap(), namespaceLabels: new Map() },
  };
}

/**
 * Whether a pod is isolated in a direction, and by which policies.
 *
 * A pod is isolated when some policy of its own namespace selects it and has the direction among its policy types.
 * A hostNetwork pod never is: plug-ins are free to apply policies to it, but most cannot
 * (https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods).
 * Nor is an external endpoint that is no pod. Only policies of the tree are known: an external pod's namespace may
 * have others.
 */
export function isolation<T>(endpoint: Endpoint, direction: Direction, policies: PolicyIndex<T>): Isolation<T> {
  const selections = selectionsOf(endpoint, policies)[direction];
  const isolated = selections.some(({ selects }) => selects === 'yes') ? 'yes' : selections.length ? 'unknown' : 'no';
  return { isolated, policies: selections };
}

/**
 * Whether a policy has a direction among its policy types. Without `policyTypes` the API server sets `Ingress`, and
 * `Egress` when there is an egress rule: `egress: []` does not count (SetDefaults_NetworkPolicy in
 * pkg/apis/networking/v1/defaults.go of kubernetes/kubernetes).
 */
export function affects<T>(policy: Policy<T>, direction: Direction): boolean {
  if (policy.policyTypes?.length) return policy.policyTypes.includes(direction);
  return direction === 'Ingress' || (policy.egress?.length ?? 0) > 0;
}

/** A policy's rules in a direction; an absent list and an empty one both allow nothing. */
export function rulesOf<T>(policy: Policy<T>, direction: Direction) {
  return (direction === 'Ingress' ? policy.ingress : policy.egress) ?? [];
}

/** What is known of a namespace's labels. */
export function namespaceLabels<T>(namespace: string | undefined, policies: PolicyIndex<T>): KnownLabels {
  const known = policies.memo.namespaceLabels.get(namespace);
  if (known) return known;
  const labels = labelsOfNamespace(namespace, policies.namespaces);
  policies.memo.namespaceLabels.set(namespace, labels);
  return labels;
}

/** Policies of one namespace, found by a label that a pod must have to be selected. */
interface NamespacePolicies<T> {
  readonly all: readonly Positioned<T>[];
  readonly byLabel: ReadonlyMap<string, readonly Positioned<T>[]>;
  /** Policies that demand no particular label value. */
  readonly rest: readonly Positioned<T>[];
}

interface Positioned<T> {
  readonly position: number;
  readonly policy: Policy<T>;
}

function selectionsOf<T>(
  endpoint: Endpoint,
  policies: PolicyIndex<T>,
): Readonly<Record<Direction, readonly Selection<T>[]>> {
  const known = policies.memo.selections.get(endpoint);
  if (known) return known;
  const selections = isPod(endpoint) && !endpoint.hostNetwork ? selecting(endpoint, policies) : [];
  const answer = {
    Ingress: selections.filter(({ policy }) => affects(policy, 'Ingress')),
    Egress: selections.filter(({ policy }) => affects(policy, 'Egress')),
  };
  policies.memo.selections.set(endpoint, answer);
  return answer;
}

function selecting<T>(endpoint: Endpoint, policies: PolicyIndex<T>): readonly Selection<T>[] {
  const known = labelsOfEndpoint(endpoint);
  // A pod in a namespace that is not known may be selected by any policy; no tree needs that case to be fast.
  if (endpoint.namespace === undefined) {
    return policies.policies.flatMap(policy =>
      selectorMatch(policy.podSelector, known).match === 'no' ? [] : { policy, selects: 'unknown' as const },
    );
  }
  const own = policies.byNamespace.get(endpoint.namespace);
  if (!own) return [];
  return (known.complete ? candidates(own, known.labels) : own.all).flatMap(({ policy }) => {
    const { match } = selectorMatch(policy.podSelector, known);
    return match === 'no' ? [] : { policy, selects: match };
  });
}

function candidates<T>(own: NamespacePolicies<T>, labels: ReadonlyMap<string, string>): readonly Positioned<T>[] {
  const found = [...own.rest];
  for (const [key, value] of labels) found.push(...(own.byLabel.get(pair(key, value)) ?? []));
  return found.sort((a, b) => a.position - b.position);
}

/** Files every policy under the rarest label its selector demands, so that a pod meets few that do not select it. */
function byLabel<T>(group: readonly Positioned<T>[]): NamespacePolicies<T> {
  const frequency = new Map<string, number>();
  for (const { policy } of group) {
    for (const pairs of demandedPairs(policy.podSelector)) {
      for (const name of pairs) frequency.set(name, (frequency.get(name) ?? 0) + 1);
    }
  }
  const filed = new Map<string, Positioned<T>[]>();
  const rest: Positioned<T>[] = [];
  for (const entry of group) {
    const demanded = demandedPairs(entry.policy.podSelector);
    const cost = (pairs: readonly string[]) => pairs.reduce((sum, name) => sum + (frequency.get(name) ?? 0), 0);
    const rarest = demanded.reduce((best, pairs) => (!best || cost(pairs) < cost(best) ? pairs : best), demanded[0]);
    if (!rarest) rest.push(entry);
    for (const name of new Set(rarest)) {
      const list = filed.get(name);
      if (list) list.push(entry);
      else filed.set(name, [entry]);
    }
  }
  return { all: group, byLabel: filed, rest };
}

/** For each entry that demands a label value: the key-value pairs of which a pod must have one. */
function demandedPairs<T>(selector: LabelSelector<T> | undefined): readonly (readonly string[])[] {
  return [
    ...(selector?.matchLabels ?? []).map(({ key, value }) => [pair(key, value)]),
    ...(selector?.matchExpressions ?? []).flatMap(({ key, operator, values }) =>
      operator === 'In' ? [values.map(value => pair(key, value))] : [],
    ),
  ];
}

/** No label key has a `=`, so the pair can be read back in one way only. */
function pair(key: string, value: string): string {
  return `${key}=${value}`;
}

/** The endpoints of the tree that a policy selects. */
export function podsSelectedBy<T>(policy: Policy<T>, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.filter(
    endpoint =>
      endpoint.kind === 'pod' &&
      !endpoint.hostNetwork &&
      endpoint.namespace === policy.namespace &&
      matchesSelector(policy.podSelector, endpoint.labels),
  );
}
