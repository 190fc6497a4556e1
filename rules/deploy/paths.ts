import type { ManifestPath } from '../../analysis/text/kubectl-commands';
import type { SourceFile } from '../../manifests/file';
import type { Workspace } from '../../manifests/workspace';

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
  if (wanted === '' || wanted === '.' || wanted.startsWith('../..')) return undefined;
  const candidates = new Set([
    normal(`${script.directory}/${wanted}`),
    normal(wanted),
    normal(wanted.replace(/^[\w.-]+\//, '')),
  ]);
  return workspace.files.filter(
    file =>
      file !== script &&
      [...candidates].some(candidate => file.path === candidate || file.path.startsWith(`${candidate}/`)),
  );
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
