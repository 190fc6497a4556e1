import type { SourceFile } from '../manifests/file';
import { directoryOf } from '../manifests/paths';
import type { Workspace } from '../manifests/workspace';
import type { ManifestPath } from './text/cluster-commands';

/** The paths of the tree that a command may mean: files it names, or the files below a folder it names. */
export function filesMeant(
  workspace: Workspace,
  script: SourceFile,
  path: ManifestPath,
): readonly SourceFile[] | undefined {
  if (
    path.base === 'url' ||
    path.base === 'absolute' ||
    path.hasGlob ||
    path.certainty === 'unknown' ||
    path.path.includes('$')
  )
    return undefined;
  const wanted = path.path.replace(/^\.\//, '').replace(/\/+$/, '');
  if (wanted === '' || wanted === '.' || wanted.startsWith('../..') || wanted.startsWith('~')) return undefined;
  const candidates = new Set([
    normal(`${script.directory}/${wanted}`),
    normal(wanted),
    normal(wanted.replace(/^[\w.-]+\//, '')),
  ]);
  const known = workspace.shared(filesByPath);
  const found = new Set([...candidates].flatMap(candidate => known.get(candidate) ?? []));
  // From the root of the tree this leads out of it.
  if (found.size === 0 && script.directory === '' && wanted.startsWith('../')) return undefined;
  return [...found].filter(file => file !== script).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Whether the tree has a file at a path, or files below it. The path begins at the tree's root. */
export function isInTree(workspace: Workspace, path: string): boolean {
  return workspace.shared(filesByPath).has(path);
}

/** The files by their paths, and by those of all directories that they are in. */
function filesByPath(workspace: Workspace): ReadonlyMap<string, readonly SourceFile[]> {
  const found = new Map<string, SourceFile[]>();
  for (const file of workspace.files) {
    for (let path = file.path; path !== ''; path = directoryOf(path)) {
      const files = found.get(path);
      if (files) files.push(file);
      else found.set(path, [file]);
    }
  }
  return found;
}

/** A path without `.` and `..` parts; parts above the root are dropped. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
