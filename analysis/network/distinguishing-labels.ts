import { groupedBy } from '../../manifests/grouped';
import type { Endpoint, PodEndpoint } from './model';

export interface DistinguishingLabels {
  /** Selects every target; in order of preference. */
  readonly labels: ReadonlyMap<string, string>;
  /** Other pods of the same namespaces that the labels select too; empty when they select exactly the targets. */
  readonly alsoSelects: readonly PodEndpoint[];
}

/**
 * The smallest set of labels that selects the target pods and as few others of their namespaces as any set can.
 *
 * Labels that say what a pod is (`app.kubernetes.io/name` and its like) are used alone if they do as well as all labels
 * together; labels that change with a release or differ between replicas are never used. Undefined when the targets
 * share no usable label, because then no selector but the empty one selects them. Pods on the host network are
 * neither targets nor others: selectors do not see them.
 */
export function distinguishingLabels(
  targets: readonly PodEndpoint[],
  all: readonly Endpoint[],
): DistinguishingLabels | undefined {
  const shared = sharedLabels(targets);
  if (shared.length === 0) return undefined;
  const others = carriersOf(shared, targets, all);
  const fewest = othersSelected((1 << shared.length) - 1, others).length;
  const preferred = shared.filter(([key]) => preferredKeys.includes(key)).length;
  const best = smallestSubset(preferred, fewest, others) ?? smallestSubset(shared.length, fewest, others);
  if (best === undefined) return undefined;
  return {
    labels: new Map(shared.filter((_, bit) => best & (1 << bit))),
    alsoSelects: othersSelected(best, others).flatMap(({ pods }) => pods),
  };
}

/**
 * The recommended labels (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/), the label
 * that tells the deployment's instances apart, and the habitual short one; best first.
 */
const preferredKeys: readonly string[] = [
  'app.kubernetes.io/name',
  'app.kubernetes.io/component',
  'app.kubernetes.io/instance',
  'matrix.instance',
  'app',
];

/** Set by controllers for each revision or replica, or changed by an upgrade: a policy must not depend on them. */
const unstableKeys: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'controller-uid',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-completion-index',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
  'helm.sh/chart',
]);

/** More would make the search long; no pod template is known to need them. */
const mostLabels = 14;

function sharedLabels(targets: readonly PodEndpoint[]): readonly (readonly [string, string])[] {
  const [first, ...rest] = targets;
  if (!first) return [];
  const rank = (key: string) => (preferredKeys.includes(key) ? preferredKeys.indexOf(key) : preferredKeys.length);
  return [...first.labels]
    .filter(([key, value]) => !unstableKeys.has(key) && rest.every(pod => pod.labels.get(key) === value))
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .slice(0, mostLabels);
}

/** Other pods, grouped by which of the labels they carry: bit n stands for label n. */
interface Carriers {
  readonly mask: number;
  readonly pods: readonly PodEndpoint[];
}

function carriersOf(
  labels: readonly (readonly [string, string])[],
  targets: readonly PodEndpoint[],
  all: readonly Endpoint[],
): readonly Carriers[] {
  const ids = new Set(targets.map(({ id }) => id));
  const namespaces = new Set(targets.map(({ namespace }) => namespace));
  const others = all.filter(
    (one): one is PodEndpoint =>
      one.kind === 'pod' && !one.hostNetwork && !ids.has(one.id) && namespaces.has(one.namespace),
  );
  const groups = groupedBy(others, pod =>
    labels.reduce((mask, [key, value], bit) => (pod.labels.get(key) === value ? mask | (1 << bit) : mask), 0),
  );
  return [...groups].map(([mask, pods]) => ({ mask, pods }));
}

function othersSelected(subset: number, others: readonly Carriers[]): readonly Carriers[] {
  return others.filter(({ mask }) => (mask & subset) === subset);
}

/** The first subset of the labels 0 … count - 1, by size and then by preference, that selects the fewest others. */
function smallestSubset(count: number, fewestGroups: number, others: readonly Carriers[]): number | undefined {
  for (let size = 1; size <= count; size++) {
    for (const subset of subsetsOfSize(size, count)) {
      if (othersSelected(subset, others).length === fewestGroups) return subset;
    }
  }
  return undefined;
}

function* subsetsOfSize(size: number, count: number, from = 0): Generator<number> {
  if (size === 0) {
    yield 0;
    return;
  }
  for (let bit = from; bit <= count - size; bit++) {
    for (const rest of subsetsOfSize(size - 1, count, bit + 1)) yield (1 << bit) | rest;
  }
}
