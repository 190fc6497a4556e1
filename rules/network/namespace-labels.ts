import { chartReleases } from '../../analysis/charts';
import { declaredNames } from '../../analysis/declarations';
import { namespaceLabelCommands } from '../../analysis/namespace-labels';
import { metadataName, namespaceExists, wellKnownNamespaces } from '../../analysis/namespaces';
import { nearest } from '../../analysis/nearest';
import { podsIn } from '../../analysis/pods';
import { servicesIn } from '../../analysis/services';
import { renameKey, replaceEntry } from '../../manifests/edit';
import type { Place, TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** Something that gives a namespace a label. */
export interface LabelCarrier {
  /** `manifest`: a Namespace of the tree; `script`: a command in a script; `promise`: one that a text shows. */
  readonly origin: 'manifest' | 'script' | 'promise';
  readonly at: Place;
}

/** What gives some namespace a label; without a value, any value of it. */
export function carriersOf(workspace: Workspace, key: string, value: string | undefined): readonly LabelCarrier[] {
  const manifests = workspace
    .resources('Namespace')
    .filter(({ labels }) => (value === undefined ? labels.has(key) : labels.get(key) === value))
    .map((namespace): LabelCarrier => ({ origin: 'manifest', at: namespace.root.at('metadata', 'name') }));
  const commands = namespaceLabelCommands(workspace, key).filter(one => value === undefined || one.value === value);
  return [...manifests, ...commands];
}

/**
 * Whether a cluster's platform puts a label on namespaces by itself: OpenShift's policy groups (docs.openshift.com, "About
 * network policy"), Rancher's projects, Flux and Argo CD on what they apply, OLM, and Kubernetes' Pod Security Admission.
 */
export function isSetByPlatform(key: string): boolean {
  return platformLabels.test(key);
}

const platformLabels =
  /^(?:(?:[a-z-]+\.)*openshift\.io|field\.cattle\.io|(?:[a-z]+\.)?toolkit\.fluxcd\.io|argocd\.argoproj\.io|olm\.operatorgroup\.uid|pod-security\.kubernetes\.io|kubernetes\.azure\.com|capsule\.clastix\.io)\/|\.tree\.hnc\.x-k8s\.io\/depth$/;

/** Label keys whose value is meant to be the name of the namespace. */
export const namesNamespace: ReadonlySet<string> = new Set([
  'name',
  'kubernetes.io/name',
  'ns',
  'namespace',
  'metadata.name',
  'kubernetes.io/namespace',
  'kubernetes.io/metadata-name',
]);

/** The fix that turns a label with a namespace's name into a selection by that name; nothing for other labels. */
export function selectByName(selector: Value, label: Value): readonly Fix[] {
  if (!namesNamespace.has(String(label.name))) return [];
  const labels = selector.at('matchLabels');
  const isAlone = labels.entries().length === 1 && !selector.at('matchExpressions').exists;
  const edit = isAlone
    ? replaceEntry(
        labels,
        `matchExpressions:\n  - key: ${metadataName}\n    operator: In\n    values: ["${label.text}"]`,
      )
    : renameKey(label, metadataName);
  return edit ? [{ title: `Select the namespace by ${metadataName}`, safe: true, edits: [edit] }] : [];
}

/** The edit that makes a selector select by name, if a label with the name is all that it asks for. */
export function repairSelector(selector: Value): TextEdit | undefined {
  const [label, ...others] = selector.at('matchLabels').entries();
  if (!label || others.length > 0 || selector.at('matchExpressions').items().length > 0) return undefined;
  return selectByName(selector, label[1])[0]?.edits[0];
}

/** Whether a namespace may be there: the tree or its scripts make it, or clusters have it without being told. */
export function mayExist(workspace: Workspace, name: string): boolean {
  return (
    namespaceExists(workspace, name) ||
    /^(?:kube|openshift|cattle|istio|gke|aks|azure|amazon)-|-system$/.test(name) ||
    chartReleases(workspace).some(release => release.namespace === name) ||
    podsIn(workspace, name).length > 0 ||
    servicesIn(workspace, name).length > 0
  );
}

/** The namespace that a misspelt name most likely meant. */
export function nearestNamespace(workspace: Workspace, name: string): string | undefined {
  const known = new Set([...declaredNames(workspace, 'Namespace', undefined), ...wellKnownNamespaces]);
  for (const { namespace } of chartReleases(workspace)) if (namespace !== undefined) known.add(namespace);
  return nearest(name, known) ?? [...known].find(one => one.split('-').reverse().join('-') === name);
}
