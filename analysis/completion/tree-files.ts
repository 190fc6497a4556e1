import type { SourceFile } from '../../manifests/file';
import type { Workspace } from '../../manifests/workspace';
import { type Candidate, distinct } from './candidate';

/** What a command reads from a path: manifests or a folder of them, a folder with a kustomization, values of a chart, or any file. */
export type Wanted = 'manifests' | 'kustomization' | 'values' | 'file';

/**
 * The files and folders of the tree that a command may name, seen from the root of the tree and from the folder of the
 * script or runbook that has the command, and how much of the path before the cursor is replaced.
 */
export function treeFiles(
  workspace: Workspace,
  directory: string,
  wanted: Wanted,
  prefix: string,
): { readonly candidates: readonly Candidate[]; readonly replaced: number } {
  // What stands before a folder that only the environment tells is left as it is.
  const [, typed = ''] = /^(?:\$\{?\w+\}?\/|\.\/|[\w.-]+=)?(.*)$/s.exec(prefix) ?? [];
  const paths = workspace.files.filter(file => isWanted(file, wanted)).flatMap(file => pathsOf(file, wanted));
  const known = [...new Set(paths)];
  const inside = directory === '' ? [] : known.filter(path => path.startsWith(`${directory}/`));
  const candidates = distinct([
    ...inside.map(path => candidate(path.slice(directory.length + 1), 'in this folder', 1)),
    ...known.map(path => candidate(path, undefined, 0)),
  ]);
  return { candidates, replaced: typed.length };
}

function isWanted(file: SourceFile, wanted: Wanted): boolean {
  if (wanted === 'file') return true;
  if (wanted === 'kustomization') return file.isKustomization;
  return wanted === 'manifests' ? file.role === 'manifest' : file.role === 'values' && !file.isKustomization;
}

function pathsOf({ path, directory }: SourceFile, wanted: Wanted): readonly string[] {
  if (wanted === 'kustomization') return [directory === '' ? '.' : directory];
  return wanted === 'manifests' && directory !== '' ? [`${directory}/`, path] : [path];
}

function candidate(label: string, detail: string | undefined, rank: 0 | 1): Candidate {
  return { label, kind: 'path', ...(detail === undefined ? {} : { detail }), rank };
}
