import type { Endpoint, LabelSelector, NamespaceLabels, Truth } from './model';

/** Labels of an object; unless `complete`, it may have further ones that are not listed. */
export interface KnownLabels {
  readonly labels: ReadonlyMap<string, string>;
  readonly complete: boolean;
  /** Keys of labels that it surely does not have, where the others are not all known. */
  readonly lacks?: ReadonlySet<string> | undefined;
}

/** The entry of a selector that decided against a match, or that left it open. */
export interface UnmetRequirement<T> {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
  /** The label's value, or undefined when the label is absent or not known. */
  readonly actual: string | undefined;
  /** True when the label may or may not be there. */
  readonly unknown: boolean;
  readonly source: T;
}

export interface SelectorMatch<T> {
  readonly match: Truth;
  /** Set unless `match` is `yes`: the first entry that fails, else the first that is unknown. */
  readonly because?: UnmetRequirement<T> | undefined;
}

/**
 * Whether a label selector matches labels that are all known.
 *
 * `matchLabels` and `matchExpressions` are ANDed; an absent or empty selector matches everything. `In` and `Exists`
 * need the key, `NotIn` and `DoesNotExist` also hold without it. Source: the LabelSelector reference
 * (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/) and `Requirement.Matches`
 * of k8s.io/apimachinery pkg/labels.
 */
export function matchesSelector<T>(
  selector: LabelSelector<T> | undefined,
  labels: ReadonlyMap<string, string>,
): boolean {
  return selectorMatch(selector, { labels, complete: true }).match === 'yes';
}

/** As `matchesSelector`, for labels that may be incomplete, and with the entry that decided. */
export function selectorMatch<T>(selector: LabelSelector<T> | undefined, known: KnownLabels): SelectorMatch<T> {
  let open: UnmetRequirement<T> | undefined;
  for (const { key, value, source } of selector?.matchLabels ?? []) {
    const match = requirementMatch(key, 'In', [value], known);
    if (match === 'yes') continue;
    const because = unmet(key, 'In', [value], known, source);
    if (match === 'no') return { match, because };
    open ??= because;
  }
  for (const { key, operator, values, source } of selector?.matchExpressions ?? []) {
    const match = requirementMatch(key, operator, values, known);
    if (match === 'yes') continue;
    const because = unmet(key, operator, values, known, source);
    if (match === 'no') return { match, because };
    open ??= because;
  }
  return open ? { match: 'unknown', because: open } : matched;
}

/** Whether a selector has no entry at all and so matches everything. */
export function isEmptySelector<T>(selector: LabelSelector<T> | undefined): boolean {
  return !selector?.matchLabels?.length && !selector?.matchExpressions?.length;
}

/** The label whose value is the namespace's name, on every namespace (stable since Kubernetes 1.22, immutable). */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';

/** What is known of a namespace's labels; an unknown namespace (undefined) has unknown labels. */
export function labelsOfNamespace(namespace: string | undefined, declared: NamespaceLabels): KnownLabels {
  if (namespace === undefined) return { labels: new Map(), complete: false };
  const own = declared.get(namespace);
  return { labels: new Map([...(own ?? []), [namespaceNameLabel, namespace]]), complete: own !== undefined };
}

/** What is known of the labels of the endpoint's pods. */
export function labelsOfEndpoint(endpoint: Endpoint): KnownLabels {
  if (endpoint.kind === 'pod') return { labels: endpoint.labels, complete: true };
  return { labels: endpoint.labels ?? new Map(), complete: endpoint.labelsComplete === true, lacks: endpoint.lacks };
}

const matched: SelectorMatch<never> = { match: 'yes' };

function requirementMatch(key: string, operator: string, values: readonly string[], known: KnownLabels): Truth {
  const actual = known.labels.get(key);
  // A label that is not listed may still exist, with any value, when the list is not complete. No operator's answer
  // is then certain, except where the listed values already rule every value out.
  if (actual === undefined && isOpen(key, known)) {
    if (operator === 'In') return values.length === 0 ? 'no' : 'unknown';
    if (operator === 'NotIn') return values.length === 0 ? 'yes' : 'unknown';
    return operator === 'Exists' || operator === 'DoesNotExist' ? 'unknown' : 'no';
  }
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual) ? 'yes' : 'no';
    case 'NotIn':
      return actual === undefined || !values.includes(actual) ? 'yes' : 'no';
    case 'Exists':
      return actual !== undefined ? 'yes' : 'no';
    case 'DoesNotExist':
      return actual === undefined ? 'yes' : 'no';
    default:
      return 'no';
  }
}

function unmet<T>(
  key: string,
  operator: string,
  values: readonly string[],
  known: KnownLabels,
  source: T,
): UnmetRequirement<T> {
  const actual = known.labels.get(key);
  return { key, operator, values, actual, unknown: actual === undefined && isOpen(key, known), source };
}

/** Whether a label that is not listed may be there. */
function isOpen(key: string, { complete, lacks }: KnownLabels): boolean {
  return !complete && lacks?.has(key) !== true;
}
