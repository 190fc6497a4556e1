import type { ManifestDocument } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import { objectsIn } from './objects';
import { isSameSubject, type Occurrence, type Subject } from './occurrence';

/** All names in one file that stand for something, in no particular order. */
export function occurrencesIn(workspace: Workspace, file: SourceFile): readonly Occurrence[] {
  return file.documents.flatMap(document =>
    resourcesOf(document).flatMap(resource => workspace.derive(writtenIn, resource)),
  );
}

/**
 * What the name at an offset stands for. Several for a name that means several things at once, such as a port of all
 * the pods that a Service selects; none where there is no name.
 */
export function occurrencesAt(workspace: Workspace, file: SourceFile, offset: number): readonly Occurrence[] {
  const found = occurrencesIn(workspace, file).filter(
    ({ at, reach }) => holds(at, offset) || (reach && holds(reach, offset)),
  );
  const length = Math.min(...found.map(({ at }) => at.span.end - at.span.start));
  return found.filter(({ at }) => at.span.end - at.span.start === length);
}

/** Every place that names a subject. */
export function occurrencesOf(workspace: Workspace, subject: Subject): readonly Occurrence[] {
  return workspace.lookup(written, subject.id).filter(one => isSameSubject(one.subject, subject));
}

const written: Index<Occurrence> = {
  name: 'occurrences',
  *document(document) {
    for (const resource of resourcesOf(document)) for (const one of writtenIn(resource)) yield [one.subject.id, one];
  },
};

function writtenIn(resource: Resource): readonly Occurrence[] {
  return [...objectsIn(resource)];
}

/** The objects of a document; of a half-typed one, what can be read of it. */
function resourcesOf(document: ManifestDocument): readonly Resource[] {
  if (document.resources.length > 0) return document.resources;
  if (document.problems.length === 0 || !document.root.at('kind').text) return [];
  const known = halfTyped.get(document);
  if (known) return known;
  const resources = [new Resource(document, document.root)];
  halfTyped.set(document, resources);
  return resources;
}

const halfTyped = new WeakMap<ManifestDocument, readonly Resource[]>();

function holds({ span }: Occurrence['at'], offset: number): boolean {
  return span.start <= offset && offset <= span.end;
}
