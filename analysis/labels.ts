import type { Value } from '../manifests/value';

export type Labels = ReadonlyMap<string, string>;

/** One requirement of a label selector, as Kubernetes' LabelSelector has them. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
  readonly at: Value;
}

/** A LabelSelector with the places of its requirements. An empty list of requirements selects everything. */
export interface Selector {
  readonly requirements: readonly Requirement[];
  readonly at: Value;
}

/** Reads a LabelSelector: `matchLabels` and `matchExpressions`. Undefined if there is none. */
export function readSelector(value: Value): Selector | undefined {
  if (!value.exists || value.isNull) return undefined;
  const requirements: Requirement[] = [];
  for (const [key, entry] of value.at('matchLabels').entries()) {
    requirements.push({ key, operator: 'In', values: entry.text === undefined ? [] : [entry.text], at: entry });
  }
  for (const item of value.at('matchExpressions').items()) {
    const operator = item.at('operator').string;
    if (operator !== 'In' && operator !== 'NotIn' && operator !== 'Exists' && operator !== 'DoesNotExist') continue;
    const values = item.at('values').items();
    requirements.push({
      key: item.at('key').text ?? '',
      operator,
      values: values.flatMap(one => one.text ?? []),
      at: item,
    });
  }
  return { requirements, at: value };
}

/** Reads a plain map selector, as Services and ReplicationControllers have. Undefined if absent or empty. */
export function readMapSelector(value: Value): Selector | undefined {
  const requirements = value
    .entries()
    .map(([key, entry]): Requirement => ({ key, operator: 'In', values: [entry.text ?? ''], at: entry }));
  return requirements.length > 0 ? { requirements, at: value } : undefined;
}

/** Whether labels meet every requirement (Kubernetes: apimachinery labels.Selector). */
export function matches(selector: Selector, labels: Labels): boolean {
  return selector.requirements.every(requirement => meets(requirement, labels));
}

/** Whether labels fulfil one requirement of a selector (Kubernetes documentation, "Labels and Selectors"). */
export function meets({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels.get(key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** `key=value, key in (a, b)` and so on, as kubectl writes selectors. */
export function describe(selector: Selector): string {
  if (selector.requirements.length === 0) return 'everything';
  return selector.requirements
    .map(({ key, operator, values }) => {
      if (operator === 'In') return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(', ')})`;
      if (operator === 'NotIn') return `${key} notin (${values.join(', ')})`;
      return operator === 'Exists' ? key : `!${key}`;
    })
    .join(', ');
}
