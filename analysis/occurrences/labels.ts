import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { matches, readMapSelector, readSelector, type Selector } from '../labels';
import { metadataName } from '../namespaces';
import { podTemplate } from '../pods';
import { selectPods } from '../selection';
import { servicesIn } from '../services';
import { keyName, type Occurrence, objectSubject, ofScalar } from './occurrence';

/** What carries a label. */
type Carrier = 'pod' | 'Service' | 'Namespace';

/** Labels that selectors can find, and the selectors. A label is the pair of its key and its value. */
export function* labelsIn(resource: Resource): Iterable<Occurrence> {
  for (const [carrier, labels] of carriedBy(resource)) {
    for (const [key, value] of labels.entries()) {
      if (carrier === 'Namespace' && key === metadataName) yield* ofNamespace(value);
      else yield* ofLabel(carrier, resource.namespace, key, value, 'definition');
    }
  }
  if (noSelectors.has(resource.qualifiedKind)) return;
  if (resource.qualifiedKind === 'Service') {
    for (const [key, value] of resource.root.at('spec', 'selector').entries())
      yield* ofLabel('pod', resource.namespace, key, value, 'reference');
  }
  for (const { selector, carrier, namespace } of selectorsIn(resource)) {
    for (const { key, value } of pairsOf(selector)) {
      if (carrier === 'Namespace' && key === metadataName) yield* ofNamespace(value);
      else yield* ofLabel(carrier, namespace, key, value, 'reference');
    }
  }
}

/** The label with the name of the Namespace, which Kubernetes itself sets. */
function ofNamespace(value: Value): readonly Occurrence[] {
  return ofScalar(objectSubject('Namespace', undefined, value.text ?? ''), value, 'reference');
}

/** The pods or Services that the selector of a label finds: the same label on each of them, else what makes them. */
export function carriersOf(workspace: Workspace, { subject, whole }: Occurrence): readonly Place[] {
  const found = whole && selectorAround(whole.value);
  const [carrier = ''] = subject.id.split('/', 1);
  if (!found || carrier === 'Namespace') return [];
  const key = subject.id.slice(carrier.length + 1, -subject.name.length - 1);
  const carrying =
    carrier === 'pod'
      ? selectPods(workspace, subject.namespace, found).pods.map(
          ({ owner, template }) => [owner, template ?? missing(owner)] as const,
        )
      : servicesIn(workspace, subject.namespace)
          .filter(service => matches(found, service.labels))
          .map(({ resource, isGenerated }) => [resource, isGenerated ? missing(resource) : resource.root] as const);
  return carrying.map(([owner, root]) => {
    const label = root.at('metadata', 'labels', key);
    return label.text ? label.part(0, label.text.length) : owner.root.at('metadata', 'name');
  });
}

/** What stands for the labels of something that no manifest writes. */
function missing(owner: Resource): Value {
  return owner.root.at('metadata', 'none');
}

function selectorAround(value: Value): Selector | undefined {
  const { parent } = value;
  if (parent?.name === 'selector') return readMapSelector(parent);
  for (let one: Value | undefined = parent; one; one = one.parent) {
    if (one.at('matchLabels').exists || one.at('matchExpressions').exists) return readSelector(one);
  }
  return undefined;
}

function ofLabel(
  carrier: Carrier,
  namespace: string | undefined,
  key: string,
  value: Value,
  role: Occurrence['role'],
): readonly Occurrence[] {
  const name = value.text ?? '';
  const subject = {
    kind: 'label' as const,
    id: `${carrier}/${key}=${name}`,
    namespace: carrier === 'Namespace' ? undefined : namespace,
    name,
  };
  const isEntry = value.parent?.kind === 'mapping';
  return ofScalar(subject, value, role).map(one => (isEntry ? { ...one, reach: keyName(value) } : one));
}

function carriedBy(resource: Resource): readonly (readonly [Carrier, Value])[] {
  const own = resource.root.at('metadata', 'labels');
  switch (resource.qualifiedKind) {
    case 'Service':
    case 'Namespace':
      return [[resource.qualifiedKind, own]];
    case 'Cluster.postgresql.cnpg.io':
      return [['pod', resource.root.at('spec', 'inheritedMetadata', 'labels')]];
    default: {
      const template = podTemplate(resource);
      return template ? [['pod', template.at('metadata', 'labels')]] : [];
    }
  }
}

interface FoundSelector {
  readonly selector: Value;
  readonly carrier: Carrier;
  /** The namespace of what it selects; undefined for any. */
  readonly namespace: string | undefined;
}

/** Every LabelSelector of an object, wherever it stands. */
function* selectorsIn(resource: Resource): Iterable<FoundSelector> {
  const walk = function* (value: Value): Iterable<FoundSelector> {
    if (value.isAlias) return;
    if (value.kind === 'sequence') for (const item of value.items()) yield* walk(item);
    if (value.kind !== 'mapping') return;
    for (const [key, entry] of value.entries()) {
      if (/[sS]elector$/.test(key) && (entry.at('matchLabels').exists || entry.at('matchExpressions').exists)) {
        const carrier =
          key === 'namespaceSelector'
            ? 'Namespace'
            : resource.qualifiedKind === 'ServiceMonitor.monitoring.coreos.com'
              ? 'Service'
              : 'pod';
        yield { selector: entry, carrier, namespace: namespaceOf(resource, value) };
      } else yield* walk(entry);
    }
  };
  yield* walk(resource.root.at('spec'));
}

/** The namespace that a selector looks into, by the `namespaceSelector` or `namespaces` beside it. */
function namespaceOf(resource: Resource, holder: Value): string | undefined {
  const other = holder.at('namespaceSelector');
  if (!other.exists && !holder.at('namespaces').exists) return resource.namespace;
  const names = [
    other.at('matchLabels', metadataName),
    ...other.at('matchNames').items(),
    ...holder.at('namespaces').items(),
  ].flatMap(one => one.text ?? []);
  return names.length === 1 ? names[0] : undefined;
}

function* pairsOf(selector: Value): Iterable<{ readonly key: string; readonly value: Value }> {
  for (const [key, value] of selector.at('matchLabels').entries()) yield { key, value };
  for (const expression of selector.at('matchExpressions').items())
    for (const value of expression.at('values').items()) yield { key: expression.at('key').text ?? '', value };
}

/** Kinds without selectors that may be large. */
const noSelectors: ReadonlySet<string> = new Set(['ConfigMap', 'Secret', 'CustomResourceDefinition']);
