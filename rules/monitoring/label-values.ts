import { isChartObject } from '../../analysis/charts';
import { nearest } from '../../analysis/nearest';
import { containersOf, podsIn } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { perName } from '../../manifests/derived';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';

/** A value of a label in a query that nothing carries, though something of the tree is called almost so. */
export interface UnknownValue {
  readonly label: string;
  /** The name in the value, without what a regular expression has beside it, and where that stands in the text. */
  readonly name: string;
  readonly start: number;
  readonly meant: string;
}

/** The labels that {@link unknownValues} looks at, as kube-state-metrics, cAdvisor and CloudNativePG set them. */
export const judgedLabels = /\b(?:pod|container|statefulset|deployment|daemonset|cronjob|job_name|cluster)\s*=/;

/**
 * Values of labels that are names of workloads, pods or containers and that nothing of the tree has. Pods and containers
 * also come from charts and operators, so only a name is judged that is nearly one of the tree's.
 */
export function* unknownValues(workspace: Workspace, text: string): Iterable<UnknownValue> {
  for (const match of text.matchAll(
    /(?<![\w"'])(pod|container|statefulset|deployment|daemonset|cronjob|job_name|cluster)\s*(=~?)\s*(\\?["'])([\w.*+?|()[\]\\^$-]*)\3/g,
  )) {
    const [, label = '', operator = '', quote = '', value = ''] = match;
    if (label === 'cluster' && !/\bcnpg_\w+\s*\{[^}]*$/.test(text.slice(0, match.index))) continue;
    const names = namesFor(workspace, label);
    if (names.length === 0 || names.some(({ carried }) => carried.some(matcher(operator, value)))) continue;
    // One name, and what follows it in a pattern.
    const name = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?/.exec(value)?.[0];
    if (name === undefined || value.includes('|') || (operator === '=' && name !== value)) continue;
    const base = label === 'pod' ? name.replace(/-\d+$/, '') : name;
    const known = names.map(one => one.name);
    const meant = nearest(base, known) ?? (isJobLabel(label) ? renamedFrom(base, known) : undefined);
    if (label === 'job_name' && meant === base && operator === '=') {
      // The Jobs of a CronJob have its name and the time of their run (Kubernetes documentation, CronJob).
      yield { label, name: base, meant: `${base}-.+ with =~`, start: startOf(match, quote, value) };
      continue;
    }
    if (meant === undefined || meant === base || isChartObject(workspace, undefined, base) === 'yes') continue;
    yield { label, name: base, meant, start: startOf(match, quote, value) };
  }
}

function startOf(match: RegExpExecArray, quote: string, value: string): number {
  return match.index + match[0].length - quote.length - value.length;
}

/** Charts and operators make few Jobs, so a name of one that shares two words with the only such one of the tree is its former. */
function renamedFrom(name: string, known: readonly string[]): string | undefined {
  const words = new Set(name.split('-'));
  const alike = known.filter(one => one.split('-').filter(word => words.has(word)).length > 1);
  return alike.length === 1 ? alike[0] : undefined;
}

function isJobLabel(label: string): boolean {
  return label === 'job_name' || label === 'cronjob';
}

/** A name that a label may have, and the values that it has for it. */
interface LabelName {
  readonly name: string;
  readonly carried: readonly string[];
}

const namesFor = perName((workspace: Workspace, label): readonly LabelName[] => {
  if (label === 'cluster') return workspace.resources(clusterKind).map(({ name }) => ({ name, carried: [name] }));
  const owners = [...new Set(podsIn(workspace).map(({ owner }) => owner))];
  if (label === 'pod') return owners.map(owner => ({ name: owner.name, carried: podNames(owner) }));
  if (label === 'container')
    return owners.flatMap(owner => containersOf(owner).map(({ name }) => ({ name, carried: [name] })));
  if (label === 'job_name')
    return owners.flatMap(({ kind, name }) => {
      if (kind === 'Job') return [{ name, carried: [name] }];
      return kind === 'CronJob' ? [{ name, carried: [`${name}-29012345`] }] : [];
    });
  return owners.filter(({ kind }) => kind.toLowerCase() === label).map(({ name }) => ({ name, carried: [name] }));
});

/** Names that the pods of a workload have, those with random letters by an example. */
function podNames({ kind, name, root, qualifiedKind }: Resource): readonly string[] {
  const first = root.at('spec', 'ordinals', 'start').number ?? (qualifiedKind === clusterKind ? 1 : 0);
  switch (kind) {
    case 'Pod':
      return [name];
    case 'StatefulSet':
    case 'Cluster':
      return Array.from({ length: 12 }, (_, index) => `${name}-${first + index}`);
    case 'Deployment':
      return [`${name}-5d8f7c9b6d-x2x7k`];
    case 'CronJob':
      return [`${name}-29012345-x2x7k`];
    default:
      return [`${name}-x2x7k`];
  }
}

function matcher(operator: string, value: string): (text: string) => boolean {
  if (operator === '=') return text => text === value;
  try {
    const pattern = new RegExp(`^(?:${value.replace(/\\\\/g, '\\')})$`);
    return text => pattern.test(text);
  } catch {
    return () => true;
  }
}
