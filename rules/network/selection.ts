import { describe, type Requirement, type Selector } from '../../analysis/labels';
import { nearest } from '../../analysis/nearest';
import { type Pods, podsIn, podsSelectedBy } from '../../analysis/pods';
import { podsElsewhere, selectPods } from '../../analysis/selection';
import { few } from '../../analysis/wording';
import { deleteEntry, entryPlace, replaceScalar } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** A pod selector that no pod of the tree matches, and what is known of why. */
export interface EmptySelection {
  readonly namespace: string;
  readonly selector: Selector;
  /** The one requirement that no pod meets together with the others; undefined if none stands out. */
  readonly culprit: Requirement | undefined;
  /** The pods that the other requirements select. */
  readonly rest: readonly Pods[];
}

/**
 * Why a selector matches no pod of a namespace; undefined if it matches some, or if pods that the tree does not show
 * may match. Of a namespace in which the tree runs nothing that is known only if it is the policy's own (`isOwn`) and
 * the pods are in another.
 */
export function emptySelection(
  workspace: Workspace,
  namespace: string | undefined,
  selector: Selector,
  isOwn = false,
): EmptySelection | undefined {
  const wanted = selector.requirements.filter(({ operator }) => operator === 'In' || operator === 'Exists');
  if (namespace === undefined || wanted.length === 0) return undefined;
  if (podsIn(workspace, namespace).length === 0 && !(isOwn && podsElsewhere(workspace, namespace, selector).length > 0))
    return undefined;
  if (wanted.some(({ key }) => isSetByController(key))) return undefined;
  if (podsSelectedBy(workspace, namespace, selector).length > 0) return undefined;
  const found = culpritOf(workspace, namespace, selector);
  // Where the other labels find pods, only the one that does not fit can belong to pods that the tree does not show.
  const asked = found && found.rest.length > 0 ? { ...selector, requirements: [found.culprit] } : selector;
  const { isOpen } = selectPods(workspace, namespace, asked);
  const { pods } = selectPods(workspace, namespace, selector);
  // The role of a database instance is one of two; others are rights that a person gives to pods.
  const isRight = wanted.some(({ key, values }) => key === 'role' && !values.some(value => instanceRoles.has(value)));
  if (isOpen || (pods.length > 0 && !isRight)) return undefined;
  return { namespace, selector, culprit: found?.culprit, rest: found?.rest ?? [] };
}

/** What to underline: the requirement that is to blame, else the selector's key. */
export function placeOf({ culprit, selector }: EmptySelection): Place {
  return culprit ? requirementPlace(culprit) : selector.at.key;
}

/** Where a requirement of a selector is written. */
export function requirementPlace({ at }: Requirement): Place {
  return at.parent?.name === 'matchLabels' ? entryPlace(at) : at.at('key');
}

/** `no pod in namespace matrix has the label app=x`, and what the pods that nearly fit have instead. */
export function reasonOf({ namespace, selector, culprit, rest }: EmptySelection): string {
  const what = culprit ? { requirements: [culprit], at: culprit.at } : selector;
  const others = culprit ? selector.requirements.filter(one => one !== culprit) : [];
  if (culprit === undefined || others.length === 0) return `no pod in namespace ${namespace} has ${describe(what)}`;
  const values = [...new Set(rest.flatMap(pods => pods.labels.get(culprit.key) ?? []))].sort();
  const instead = values.length === 0 ? `none has the label ${culprit.key}` : `they have ${few(values, 4)}`;
  return `no pod with ${describe({ requirements: others, at: selector.at })} has ${describe(what)}, ${instead}`;
}

/** Other values that the requirement to blame may have meant: the likely one alone, else those the other labels leave. */
export function otherValues(workspace: Workspace, { namespace, culprit, rest }: EmptySelection): readonly string[] {
  const wanted = culprit?.operator === 'In' && culprit.values.length === 1 ? culprit.values[0] : undefined;
  if (!culprit || wanted === undefined) return [];
  const pods = rest.length > 0 ? rest : podsIn(workspace, namespace);
  const known = [...new Set(pods.flatMap(one => one.labels.get(culprit.key) ?? []))].sort();
  const close = nearest(wanted, known);
  return close !== undefined ? [close] : rest.length > 0 ? known : [];
}

/** The fix that gives the requirement to blame another value. */
export function useValue({ culprit }: EmptySelection, value: string, safe: boolean): readonly Fix[] {
  const scalar = culprit && scalarOf(culprit);
  const edit = scalar && replaceScalar(scalar, value);
  return edit && culprit ? [{ title: `Select ${culprit.key}=${value}`, safe, edits: [edit] }] : [];
}

/** The fix that leaves the requirement to blame away, if others remain that select something. */
export function dropRequirement({ culprit, rest }: EmptySelection): readonly Fix[] {
  const edit = culprit && rest.length > 0 ? deleteEntry(culprit.at) : undefined;
  return edit && culprit ? [{ title: `Select without ${culprit.key}`, safe: false, edits: [edit] }] : [];
}

function scalarOf({ at }: Requirement): Value | undefined {
  if (at.parent?.name === 'matchLabels') return at;
  const values = at.at('values').items();
  return values.length === 1 ? values[0] : undefined;
}

/** The requirement without which the selector would match, with what it would match then. */
function culpritOf(
  workspace: Workspace,
  namespace: string,
  selector: Selector,
): { readonly culprit: Requirement; readonly rest: readonly Pods[] } | undefined {
  const [only, ...more] = selector.requirements;
  if (only && more.length === 0) return { culprit: only, rest: [] };
  // The label that most pods have beside the others is the least likely to be wrong, so the last one is asked first.
  for (const culprit of [...selector.requirements].reverse()) {
    const requirements = selector.requirements.filter(one => one !== culprit);
    const rest = podsSelectedBy(workspace, namespace, { requirements, at: selector.at });
    if (rest.length > 0) return { culprit, rest };
  }
  return undefined;
}

/** Labels of which no manifest tells the values: what Jobs, certificate solvers and operators give to their pods. */
function isSetByController(key: string): boolean {
  return (
    controllerKeys.has(key) || /^(?:batch\.kubernetes\.io|acme\.cert-manager\.io|operator\.prometheus\.io)\//.test(key)
  );
}

const controllerKeys: ReadonlySet<string> = new Set([
  // Kubernetes documentation, "Well-Known Labels, Annotations and Taints".
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'controller-uid',
  'job-name',
  // cloudnative-pg docs/src/labels_annotations.md.
  'cnpg.io/jobRole',
]);

const instanceRoles: ReadonlySet<string> = new Set(['primary', 'replica']);
