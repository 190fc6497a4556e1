import { isChartSelector } from '../../analysis/charts';
import { describe, type Requirement, type Selector } from '../../analysis/labels';
import { nearest } from '../../analysis/nearest';
import { type Pods, podsIn, podsSelectedBy } from '../../analysis/pods';
import { deleteEntry, entryPlace, replaceScalar } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** A pod selector that no pod of the tree matches, and what is known of why. */
export interface EmptySelection {
  readonly namespace: string;
  readonly selector: Selector;
  /** The one requirement that no pod meets together with the others; undefined if none stands out. */
  readonly culprit: Requirement | undefined;
  /** The pods that the other requirements select. */
  readonly rest: readonly Pods[];
  /** Whether a Helm chart may make such pods, so that the tree does not show them. */
  readonly mayBeOfChart: boolean;
}

/**
 * Why a selector matches no pod of a namespace; undefined if it matches some, or if pods that the tree does not show
 * may match: those of a chart that is surely installed, of other operators, or of a document that cannot be read.
 */
export function emptySelection(
  workspace: Workspace,
  namespace: string | undefined,
  selector: Selector,
): EmptySelection | undefined {
  if (selector.requirements.length === 0 || namespace === undefined) return undefined;
  if (podsSelectedBy(workspace, namespace, selector).length > 0 || podsIn(workspace, namespace).length === 0)
    return undefined;
  // Objects without a namespace go where the tree is applied to, which may be here.
  if (podsSelectedBy(workspace, undefined, selector).some(pods => pods.namespace === undefined)) return undefined;
  const wanted = selector.requirements.filter(({ operator }) => operator === 'In' || operator === 'Exists');
  if (wanted.length === 0 || wanted.some(isSetByController)) return undefined;
  if (isSelectedElsewhere(workspace, wanted)) return undefined;
  const chart = isChartSelector(workspace, namespace, labelsWanted(wanted));
  if (chart === 'yes') return undefined;
  const found = culpritOf(workspace, namespace, selector);
  return {
    namespace,
    selector,
    culprit: found?.culprit,
    rest: found?.rest ?? [],
    mayBeOfChart: chart === 'maybe',
  };
}

/** What to underline: the requirement that is to blame, else the selector's key. */
export function placeOf({ culprit, selector }: EmptySelection): Place {
  return culprit ? requirementPlace(culprit) : selector.at.key;
}

export function requirementPlace({ at }: Requirement): Place {
  return at.parent?.name === 'matchLabels' ? entryPlace(at) : at.at('key');
}

/** `no pod in namespace matrix has the label app=x`, and what the pods that nearly fit have instead. */
export function reasonOf({ namespace, selector, culprit, rest }: EmptySelection): string {
  const what = culprit ? { requirements: [culprit], at: culprit.at } : selector;
  const others = culprit ? selector.requirements.filter(one => one !== culprit) : [];
  if (culprit === undefined || others.length === 0) return `no pod in namespace ${namespace} has ${describe(what)}`;
  const values = [...new Set(rest.flatMap(pods => pods.labels.get(culprit.key) ?? []))].sort();
  const instead =
    values.length === 0 ? `none has the label ${culprit.key}` : `they have ${listOf(values.map(value => `${value}`))}`;
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

/** Labels that controllers put on each pod, with values that no template tells. */
function isSetByController({ key, values }: Requirement): boolean {
  return (
    controllerKeys.has(key) ||
    controllerPrefixes.some(prefix => key.startsWith(prefix)) ||
    // The older name of cnpg.io/instanceRole.
    (key === 'role' && values.every(value => value === 'primary' || value === 'replica'))
  );
}

const controllerKeys: ReadonlySet<string> = new Set([
  // Kubernetes documentation, "Well-Known Labels, Annotations and Taints".
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'controller-uid',
  'job-name',
  // cloudnative-pg docs/src/labels_annotations.md: set by the operator as instances change their parts.
  'cnpg.io/instanceRole',
  'cnpg.io/instanceName',
  'cnpg.io/jobRole',
]);
const controllerPrefixes = ['batch.kubernetes.io/', 'acme.cert-manager.io/', 'operator.prometheus.io/'];

function labelsWanted(requirements: readonly Requirement[]): ReadonlyMap<string, string> {
  return new Map(requirements.flatMap(({ key, values }) => (values[0] === undefined ? [] : [[key, values[0]]])));
}

/** Whether pods of a broken document, or of an operator that is not known here, may be meant. */
function isSelectedElsewhere(workspace: Workspace, wanted: readonly Requirement[]): boolean {
  const says = (labels: ReadonlySet<string>): boolean =>
    wanted.every(({ key, values }) => values.length === 0 || values.some(value => labels.has(`${key}=${value}`)));
  return (
    workspace.lookup(brokenLabels, '').some(says) ||
    wanted.some(({ values }) => values.some(value => workspace.lookup(operatorObjects, value).length > 0))
  );
}

/** All `key: value` lines of documents that cannot be read, because their pods may be among them. */
const brokenLabels: Index<ReadonlySet<string>> = {
  name: 'labels in broken documents',
  *document(document) {
    if (document.problems.length === 0 && !document.isTemplate) return;
    const labels = new Set<string>();
    for (const line of document.text.matchAll(
      /^[ \t]+["']?([\w./-]+)["']?:[ \t]+["']?([\w.-]+)["']?[ \t]*(?:#.*)?\r?$/gm,
    ))
      labels.add(`${line[1]}=${line[2]}`);
    yield ['', labels];
  },
};

/** Names of custom resources whose operators may make pods that are named after them. */
const operatorObjects: Index<true> = {
  name: 'objects of other operators',
  *resource(resource) {
    const { group, kind, name } = resource;
    if (!group.includes('.') || group.endsWith('.k8s.io') || makesNoPods(group, kind)) return;
    yield [name, true];
    yield [kind.toLowerCase(), true];
  },
};

function makesNoPods(group: string, kind: string): boolean {
  if (group === 'monitoring.coreos.com') return !/^(?:Prometheus|PrometheusAgent|Alertmanager|ThanosRuler)$/.test(kind);
  return podlessGroups.has(group);
}

/** The pods of these are known (`analysis/pods.ts`), or there are none. */
const podlessGroups: ReadonlySet<string> = new Set([
  'postgresql.cnpg.io',
  'minio.min.io',
  'cert-manager.io',
  'acme.cert-manager.io',
  'bitnami.com',
  'external-secrets.io',
  'cilium.io',
  'projectcalico.org',
  'crd.projectcalico.org',
  'metallb.io',
  'traefik.io',
  'kustomize.toolkit.fluxcd.io',
  'kustomize.config.k8s.io',
  'argoproj.io',
]);

function listOf(words: readonly string[]): string {
  if (words.length > 4) return `${words.slice(0, 3).join(', ')} and ${words.length - 3} more`;
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
