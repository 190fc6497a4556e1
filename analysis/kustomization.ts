import type { SourceFile } from '../manifests/file';
import { directoryOf, resolvePath } from '../manifests/paths';
import type { Index, Workspace } from '../manifests/workspace';

/** A kustomization: the directory whose files it owns, and what it does to them that rules have to know. */
export interface Kustomization {
  readonly directory: string;
  /** The namespace it gives to everything it builds. */
  readonly namespace: string | undefined;
  /** Paths, relative to the root of the tree, of patches: documents that change an object and are none. */
  readonly patches: ReadonlySet<string>;
}

/** The kustomization that a file belongs to: the one of its own directory or of the nearest directory above. */
export function kustomizationOf(workspace: Workspace, file: SourceFile): Kustomization | undefined {
  for (let directory = file.directory; ; directory = directoryOf(directory)) {
    const [found] = workspace.lookup(kustomizations, directory);
    if (found || directory === '') return found;
  }
}

/**
 * The paths of the files and directories that the kustomization.yaml of a directory lists as resources, from the root of
 * the tree; undefined where there is none.
 */
export function kustomizationResources(workspace: Workspace, directory: string): readonly string[] | undefined {
  return workspace.lookup(listedResources, directory)[0];
}

/** Whether a file holds a patch of some kustomization above or beside it. */
export function isPatch(workspace: Workspace, file: SourceFile): boolean {
  return workspace.lookup(patchFiles, file.path).length > 0;
}

const listedResources: Index<readonly string[]> = {
  name: 'resources of kustomizations',
  *document(document) {
    if (!document.file.isKustomization || document.root.kind !== 'mapping') return;
    const { directory } = document.file;
    const items = ['resources', 'generators', 'secretGenerator', 'configMapGenerator'].flatMap(field =>
      [...document.root.at(field).scalars()].flatMap(({ string }) => string ?? []),
    );
    yield [directory, items.map(item => resolvePath(directory, item.slice(item.indexOf('=') + 1)))];
  },
};

const kustomizations: Index<Kustomization> = {
  name: 'kustomizations',
  *document(document) {
    if (!document.file.isKustomization || document.root.kind !== 'mapping') return;
    const { directory } = document.file;
    const patches = new Set<string>();
    for (const item of document.root.at('patchesStrategicMerge').items())
      if (item.string && !item.string.includes('\n')) patches.add(resolvePath(directory, item.string));
    for (const field of ['patches', 'patchesJson6902']) {
      for (const item of document.root.at(field).items()) {
        const path = item.at('path').string;
        if (path) patches.add(resolvePath(directory, path));
      }
    }
    yield [directory, { directory, namespace: document.root.at('namespace').string, patches }];
  },
};

const patchFiles: Index<true> = {
  name: 'kustomize patches',
  *document(document) {
    for (const [, { patches }] of kustomizations.document?.(document) ?? [])
      for (const path of patches) yield [path, true];
  },
};
