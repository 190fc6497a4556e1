import { grouped } from '../../manifests/grouped';
import { labelsOf } from '../../manifests/resource';
import type { PathKey } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { type Labels, matches, meets, readMapSelector, readSelector, type Selector } from '../labels';
import { isIn, readMonitor } from '../monitors';
import { metadataName, namespaceLabels } from '../namespaces';
import { isPattern, podsIn, podTemplate, unplacedPods } from '../pods';
import { servicesIn } from '../services';
import type { Candidate } from './candidate';
import { namespaceNames } from './objects';
import { endsWith, isPath, type Place, upTo, valueAt } from './places';

/** One thing that a selector may find. */
interface Labelled {
  readonly labels: Labels;
  readonly title: string;
}

/** Label keys for a selector's mapping at a path. Undefined where no labels are selected. */
export function labelKeysAt(place: Place, path: readonly PathKey[]): readonly Candidate[] | undefined {
  const selector = selectorAt(place, path);
  if (!selector?.takesKeys) {
    if (endsWith(path, 'metadata', 'labels')) return usedKeys(place, path);
    return undefined;
  }
  return keys(selector.found, valueAt(place, path).keys());
}

/** Values for one label of a selector, and the keys of `matchExpressions`. Undefined where no labels are selected. */
export function labelValuesAt(place: Place, path: readonly PathKey[]): readonly Candidate[] | undefined {
  if (endsWith(path, 'matchExpressions', '#', 'key')) {
    const selector = selectorAt(place, path.slice(0, -3));
    return selector && keys(selector.found, []);
  }
  if (endsWith(path, 'matchExpressions', '#', 'values', '#')) {
    const selector = selectorAt(place, path.slice(0, -4));
    const key = valueAt(place, [...path.slice(0, -2), 'key']).text;
    return selector && key !== undefined ? values(selector.found, key) : undefined;
  }
  const key = path.at(-1);
  const selector = selectorAt(place, path.slice(0, -1), String(key));
  if (typeof key !== 'string') return undefined;
  if (selector?.takesKeys) return values(selector.found, key);
  return endsWith(path, 'metadata', 'labels', '*') ? usedValues(place, path, key) : undefined;
}

interface Selecting {
  readonly found: readonly Labelled[];
  /** Whether the path is that of a mapping of labels, and not of the selector around it. */
  readonly takesKeys: boolean;
}

/** What may be selected at a path: things that the rest of the selector, without `except`, finds. */
function selectorAt(place: Place, path: readonly PathKey[], except?: string): Selecting | undefined {
  const { resource } = place;
  const isMap = resource.kind === 'Service' && isPath(path, 'spec', 'selector');
  const inMatchLabels = path.at(-1) === 'matchLabels';
  const whole = inMatchLabels ? path.slice(0, -1) : path;
  if (!isMap && !/^(?:selector|podSelector|namespaceSelector|labelSelector)$/.test(String(whole.at(-1))))
    return undefined;
  const all = candidatesFor(place, whole);
  if (!all) return undefined;
  const value = valueAt(place, whole);
  const selector = isMap ? readMapSelector(value) : readSelector(value);
  const rest: Selector | undefined = selector && {
    ...selector,
    requirements: selector.requirements.filter(
      one => one.key !== except && one.key !== '' && one.values.every(text => text !== ''),
    ),
  };
  const fitting = rest ? all.filter(one => matches(rest, one.labels)) : all;
  return { found: fitting.length > 0 ? fitting : all, takesKeys: isMap || inMatchLabels };
}

function candidatesFor(place: Place, path: readonly PathKey[]): readonly Labelled[] | undefined {
  const { workspace, resource } = place;
  const { namespace, kind } = resource;
  if (path.at(-1) === 'namespaceSelector') return namespaces(workspace);
  if (kind === 'NetworkPolicy' && endsWith(path, 'from|to', '#', 'podSelector')) {
    const selector = readSelector(valueAt(place, [...path.slice(0, -1), 'namespaceSelector']));
    if (!selector) return pods(workspace, namespace);
    return namespaces(workspace)
      .filter(one => matches(selector, one.labels))
      .flatMap(one => pods(workspace, one.title));
  }
  const monitor = readMonitor(resource);
  if (monitor && isPath(path, 'spec', 'selector')) {
    const things = monitor.selects === 'Service' ? services(workspace) : pods(workspace, undefined);
    const within = things.filter(one => isIn(monitor, one.namespace));
    return within.length > 0 ? within : things;
  }
  const template = podTemplate(resource);
  if (template && isPath(path, 'spec', 'selector'))
    return [{ labels: labelsOf(template.at('metadata', 'labels')), title: resource.title }];
  if (path.at(-1) === 'labelSelector' && template) {
    const own = { labels: labelsOf(template.at('metadata', 'labels')), title: resource.title };
    return [own, ...pods(workspace, namespace).filter(one => one.title !== own.title)];
  }
  return pods(workspace, namespace);
}

function pods(
  workspace: Workspace,
  namespace: string | undefined,
): readonly (Labelled & { readonly namespace: string | undefined })[] {
  const all =
    namespace === undefined ? podsIn(workspace) : [...podsIn(workspace, namespace), ...unplacedPods(workspace)];
  return [
    ...all.map(one => ({ labels: one.labels, title: one.owner.title, namespace: one.namespace })),
    ...(all.length > 0 || namespace === undefined ? [] : usualPods(namespace)),
  ];
}

/**
 * The pods that usual installations have in namespaces that no manifest of the tree fills: CoreDNS as Kubernetes labels
 * it, and the charts of ingress-nginx, cert-manager and kube-prometheus-stack.
 */
function usualPods(namespace: string): readonly (Labelled & { readonly namespace: string | undefined })[] {
  const of = (title: string, ...labels: readonly (readonly [string, string])[]) => ({
    labels: new Map(labels),
    title,
    namespace,
  });
  const name = 'app.kubernetes.io/name';
  switch (namespace) {
    case 'kube-system':
      return [of('the DNS of the cluster', ['k8s-app', 'kube-dns'])];
    case 'ingress-nginx':
      return [of('the ingress controller', [name, 'ingress-nginx'], ['app.kubernetes.io/component', 'controller'])];
    case 'cert-manager':
      return [of('cert-manager', [name, 'cert-manager'])];
    case 'monitoring':
      return [of('Prometheus', [name, 'prometheus']), of('Grafana', [name, 'grafana'])];
    default:
      return [];
  }
}

function services(workspace: Workspace): readonly (Labelled & { readonly namespace: string | undefined })[] {
  return servicesIn(workspace).map(one => ({
    labels: one.labels,
    title: `Service/${one.name}`,
    namespace: one.namespace,
  }));
}

function namespaces(workspace: Workspace): readonly Labelled[] {
  return namespaceNames(workspace).map(name => ({ labels: namespaceLabels(workspace, name), title: name }));
}

/** The keys of labels; those that most things have come first, as they tell little apart but are wanted most. */
function keys(found: readonly Labelled[], present: readonly string[]): readonly Candidate[] {
  const bearers = grouped(
    found.flatMap(({ labels, title }) => [...labels.keys()].map((key): readonly [string, string] => [key, title])),
  );
  return [...bearers]
    .filter(([key]) => !present.includes(key))
    .map(([label, titles]) => ({
      label,
      kind: 'label' as const,
      detail: owners(titles),
      rank: addedLater.test(label) ? (3 as const) : usualLabels.has(label) ? (0 as const) : (1 as const),
    }));
}

/** What things are mostly told apart by. */
const usualLabels: ReadonlySet<string> = new Set([metadataName, 'app.kubernetes.io/name', 'app']);

/** Labels that controllers put on single pods, which few selectors want. */
const addedLater = /^(?:statefulset\.kubernetes\.io\/|batch\.kubernetes\.io\/|job-name$|pod-template-hash$)/;

function values(found: readonly Labelled[], key: string): readonly Candidate[] {
  const bearers = grouped(
    found.flatMap(({ labels, title }): readonly (readonly [string, string])[] => {
      const value = labels.get(key);
      return value === undefined || isPattern(value) ? [] : [[value, title]];
    }),
  );
  return [...bearers].map(([label, all]) => ({ label, kind: 'label', detail: owners(all), rank: 0 }));
}

/** Labels that other objects have, for an object's own. */
function usedKeys(place: Place, path: readonly PathKey[]): readonly Candidate[] {
  const { workspace, resource } = place;
  const own = valueAt(place, path).keys();
  const wanted = upTo(path, 'template') ? readSelector(valueAt(place, ['spec', 'selector'])) : undefined;
  const required = (wanted?.requirements ?? []).flatMap(({ key, operator }): readonly Candidate[] =>
    operator === 'In' && !own.includes(key)
      ? [{ label: key, kind: 'label', detail: `selected by ${resource.title}`, rank: 0 }]
      : [],
  );
  return [...required, ...keys(pods(workspace, resource.namespace), own).map(one => ({ ...one, rank: 2 as const }))];
}

/** The values that pods have of a label; for a pod template, the one that the selector of its workload wants. */
function usedValues(place: Place, path: readonly PathKey[], key: string): readonly Candidate[] {
  const wanted = upTo(path, 'template') ? readSelector(valueAt(place, ['spec', 'selector'])) : undefined;
  const required = wanted?.requirements.find(one => one.key === key && one.operator === 'In');
  const first: readonly Candidate[] = (required?.values ?? []).map(label => ({
    label,
    kind: 'label',
    detail: `selected by ${place.resource.title}`,
    rank: 0,
  }));
  const others = values(pods(place.workspace, place.resource.namespace), key).filter(
    one => !required || !meets(required, new Map([[key, one.label]])),
  );
  return [...first, ...others.map(one => ({ ...one, rank: 1 as const }))];
}

function owners(titles: readonly string[]): string {
  const distinct = [...new Set(titles)];
  return distinct.length > 2 ? `${distinct.length} of them, such as ${distinct[0]}` : distinct.join(', ');
}
