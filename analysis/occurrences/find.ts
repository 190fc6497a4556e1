import type { ManifestDocument } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import { groupedBy } from '../../manifests/grouped';
import { LazyPlace } from '../../manifests/lazy-place';
import { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import { flowSourceKinds } from '../flows';
import { podTemplate } from '../pods';
import { referrersOf } from '../references';
import { haproxyIn } from './haproxy';
import { addressedBy, hostsIn } from './hosts';
import { kustomizedNamesIn, kustomizedNamesOf } from './kustomizations';
import { labelsIn } from './labels';
import { namesInText, namesInValues } from './loose';
import { jobsIn, jobsOf, queriedIn } from './metrics';
import { objectsIn } from './objects';
import { isSameNamespace, isSameSubject, type Occurrence, type Subject } from './occurrence';
import { pathsIn } from './paths';
import { partsIn } from './pods';
import { portSelectingKinds, selectedPorts } from './targets';
import { variablesOf } from './variables';
import { workersIn } from './workers';

/**
 * All names in one file that stand for something, in no particular order. Only this file and what reads it are looked
 * at, so that marking names while a cursor moves does not read the tree. The answer is for now: a computation that has
 * to run again after edits must not ask for it.
 */
export function occurrencesIn(workspace: Workspace, file: SourceFile): readonly Occurrence[] {
  const resources = file.documents.flatMap(resourcesOf);
  const readers = new Set([...resources, ...resources.flatMap(resource => readersOf(workspace, resource))]);
  const derived = [...readers].flatMap(resource => workspace.derive(derivedByFile, resource).get(file.uri) ?? []);
  const own = file.documents.length > 0 ? file.documents.flatMap(writtenIn) : [...namesInText(file)];
  return distinct([...own, ...derived, ...kustomizedNamesIn(workspace, file), ...jobsIn(workspace, file)]);
}

/**
 * What the name at an offset stands for. Several for a name that means several things at once, such as a port of all
 * the pods that a Service selects; none where there is no name.
 */
export function occurrencesAt(workspace: Workspace, file: SourceFile, offset: number): readonly Occurrence[] {
  const all = occurrencesIn(workspace, file);
  const exact = all.filter(({ at }) => holds(at, offset));
  const found = exact.length > 0 ? exact : all.filter(({ reach }) => reach && holds(reach, offset));
  const length = Math.min(...found.map(({ at }) => at.span.end - at.span.start));
  return found.filter(({ at }) => at.span.end - at.span.start === length);
}

/** Every place of the tree that names a subject. */
export function occurrencesOf(workspace: Workspace, subject: Subject): readonly Occurrence[] {
  return distinct(naming(workspace, subject));
}

/** The places of the tree that define a subject under its name. */
export function definitionsIn(workspace: Workspace, subject: Subject): readonly Occurrence[] {
  return distinct(naming(workspace, subject).filter(({ role }) => role === 'definition'));
}

function naming(workspace: Workspace, subject: Subject): readonly Occurrence[] {
  const derived = derivingFor(workspace, subject).flatMap(resource => workspace.derive(derivedFrom, resource));
  const joined = [...kustomizedNamesOf(workspace, subject), ...jobsOf(workspace, subject)];
  return [...workspace.lookup(written, subject.id), ...derived, ...joined].filter(one =>
    isSameSubject(one.subject, subject),
  );
}

/** What a document or file says by itself. It is looked up by subjects, so it must not depend on anything else. */
const written: Index<Occurrence> = {
  name: 'occurrences',
  *document(document) {
    for (const one of writtenIn(document)) yield [one.subject.id, one];
  },
  *textFile(file) {
    for (const one of namesInText(file)) yield [one.subject.id, one];
  },
};

/** What a document itself says. The index asks for it before and after each edit, so the last answer is kept. */
function writtenIn(document: ManifestDocument): readonly Occurrence[] {
  const known = lastWritten.get(document);
  if (known?.text === document.text) return known.occurrences;
  const occurrences = readWritten(document);
  lastWritten.set(document, { text: document.text, occurrences });
  return occurrences;
}

const lastWritten = new WeakMap<
  ManifestDocument,
  { readonly text: string; readonly occurrences: readonly Occurrence[] }
>();

function readWritten(document: ManifestDocument): readonly Occurrence[] {
  const resources = resourcesOf(document);
  if (resources.length === 0) return document.isTemplate ? [] : [...namesInValues(document)];
  return resources.flatMap(resource => [
    ...objectsIn(resource),
    ...partsIn(resource),
    ...labelsIn(resource),
    ...hostsIn(resource),
    ...haproxyIn(resource),
    ...queriedIn(resource.root),
  ]);
}

/** What a resource names that only other objects tell; also in the texts of ConfigMaps that it mounts. */
function derivedFrom(resource: Resource, workspace: Workspace): readonly Occurrence[] {
  if (podTemplate(resource)) {
    return [
      ...addressedBy(workspace, resource),
      ...variablesOf(workspace, resource),
      ...pathsIn(workspace, resource),
      ...workersIn(workspace, resource),
    ];
  }
  if (portSelectingKinds.includes(resource.qualifiedKind)) return [...selectedPorts(workspace, resource)];
  return flowSourceKinds.includes(resource.qualifiedKind) ? [...addressedBy(workspace, resource)] : [];
}

function derivedByFile(resource: Resource, workspace: Workspace): ReadonlyMap<string, readonly Occurrence[]> {
  return groupedBy(workspace.derive(derivedFrom, resource), one => one.at.uri);
}

/** The resources whose derived occurrences may name a subject. */
function derivingFor(workspace: Workspace, { kind, id, namespace }: Subject): readonly Resource[] {
  switch (kind) {
    case 'volume':
    case 'label':
    case 'haproxy':
      return [];
    case 'variable':
    case 'placeholder': {
      const owner = /^([^/]+)\/([^/%]+)/.exec(id);
      return workspace.findAll(owner?.[1] ?? '', namespace, owner?.[2] ?? '');
    }
    case 'port':
      return ofKinds(workspace, portSelectingKinds, namespace);
    case 'key': {
      const [, owner = '', name = ''] = /^([^/]+)\/([^#]+)#/.exec(id) ?? [];
      if (owner !== 'Secret' && owner !== 'ConfigMap') return [];
      return [...new Set(referrersOf(workspace, owner, namespace, name).map(({ resource }) => resource))];
    }
    case 'worker':
      return ofKinds(workspace, ['StatefulSet', 'Deployment'], namespace);
    case 'object':
      return /^(?:Service|StatefulSet|Namespace)\//.test(id) ? ofKinds(workspace, flowSourceKinds, undefined) : [];
  }
}

function ofKinds(workspace: Workspace, kinds: readonly string[], namespace: string | undefined): readonly Resource[] {
  return kinds
    .flatMap(kind => workspace.resources(kind))
    .filter(resource => isSameNamespace(resource.namespace, namespace) || !podTemplate(resource));
}

/** The workloads that read a ConfigMap or Secret, whose scripts say what its text means. */
function readersOf(workspace: Workspace, { qualifiedKind, namespace, name }: Resource): readonly Resource[] {
  if (qualifiedKind !== 'ConfigMap' && qualifiedKind !== 'Secret') return [];
  return referrersOf(workspace, qualifiedKind, namespace, name).map(({ resource }) => resource);
}

/** The objects of a document; of a half-typed one, what can be read of it. */
function resourcesOf(document: ManifestDocument): readonly Resource[] {
  if (document.resources.length > 0) return document.resources;
  if (!document.isUnread || !document.root.at('kind').text) return [];
  const known = halfTyped.get(document);
  if (known) return known;
  const resources = [new Resource(document, document.root)];
  halfTyped.set(document, resources);
  return resources;
}

const halfTyped = new WeakMap<ManifestDocument, readonly Resource[]>();

/**
 * The occurrences with their places as they are now, each once: the same name may be found in several ways, and a text
 * that several pods read by each of them.
 */
function distinct(occurrences: readonly Occurrence[]): readonly Occurrence[] {
  const known = new Map<string, Occurrence>();
  for (const one of occurrences) {
    const at = one.at instanceof LazyPlace ? one.at.now : one.at;
    const key = `${one.subject.id}\n${one.subject.namespace ?? ''}\n${at.span.start}\n${at.uri}`;
    const other = known.get(key);
    if (!other || (other.isIndirect && !one.isIndirect)) known.set(key, { ...one, at });
  }
  return [...known.values()];
}

function holds({ span }: Occurrence['at'], offset: number): boolean {
  return span.start <= offset && offset <= span.end;
}
