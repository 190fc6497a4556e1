import type { Subject } from '../analysis/occurrences/occurrence';
import type { SourceFile } from '../manifests/file';
import type { Resource } from '../manifests/resource';
import type { Workspace } from '../manifests/workspace';

/** The object that a subject of the kind `object` stands for, if a manifest of the tree has it. */
export function resourceNamed(workspace: Workspace, { id, namespace, name }: Subject): Resource | undefined {
  return workspace.find(id.slice(0, -name.length - 1), namespace, name);
}

/** The object that an offset of a file stands in. */
export function resourceAt(file: SourceFile, offset: number): Resource | undefined {
  const document =
    file.documents.find(({ span }) => span.start <= offset && offset < span.end) ?? file.documents.at(-1);
  if (!document || offset < document.span.start) return undefined;
  const [only, ...others] = document.resources;
  if (others.length === 0) return only;
  return document.resources.find(({ root }) => root.span.start <= offset && offset <= root.span.end);
}
