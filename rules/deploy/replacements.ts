import type { FoundCommand } from '../../analysis/commands';
import { nearest } from '../../analysis/nearest';
import type { ManifestPath } from '../../analysis/text/cluster-commands';
import { baseName, directoryOf } from '../../manifests/paths';
import type { Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** Something that stands in a script or a page. */
type Written = Pick<FoundCommand, 'file' | 'place'>;

/** A path as it is written in a command, undefined where quotes or variables stand in it. */
export function writtenPath({ file, place }: Written, { path, span }: ManifestPath): string | undefined {
  const at = place(span).span;
  const written = file.text.slice(at.start, at.end);
  const bare = (text: string): string => text.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  return bare(written) === bare(path) ? written : undefined;
}

/** The fix that writes another text in a command; none where what is written is not what is meant, as with quotes. */
export function rewrite({ file, place }: Written, span: Span, written: string, newText: string): readonly Fix[] {
  const at = place(span);
  return file.text.slice(at.span.start, at.span.end) === written
    ? [{ title: `Write ${newText}`, safe: false, edits: [{ at, newText }] }]
    : [];
}

/**
 * What a name that does not exist most likely means: the nearest one in spelling, else the only one that begins with it
 * or that it begins with, because names are cut short and lengthened more often than misspelt, else the only one that
 * ends with it, if it has several words.
 */
export function meantName(name: string, candidates: readonly string[]): string | undefined {
  const close = nearest(name, candidates);
  if (close !== undefined) return close;
  const [first, ...others] = new Set(
    candidates.filter(one => one.startsWith(`${name}-`) || name.startsWith(`${one}-`)),
  );
  if (first !== undefined || !name.includes('-')) return others.length === 0 ? first : undefined;
  return only([...new Set(candidates)], one => one.endsWith(`-${name}`));
}

/**
 * The path of the tree that a path which is not there most likely means, written as that one is: the only one that
 * differs in numbers alone, because folders are renumbered, else the nearest in spelling, else one beside it with a
 * longer or shorter name, else the only one of that name.
 */
export function meantPath(workspace: Workspace, path: string): string | undefined {
  const isFolder = path.endsWith('/');
  const start = path.startsWith('./') ? './' : '';
  const wanted = path.slice(start.length).replace(/\/+$/, '');
  const files = workspace.files.filter(({ documents }) => documents.length > 0).map(file => file.path);
  const folders = new Set(files.flatMap(foldersOf));
  const candidates = isFolder ? [...folders] : [...files, ...folders];
  const found =
    only(candidates, one => unnumbered(one) === unnumbered(wanted)) ??
    nearest(wanted, candidates) ??
    besideIt(wanted, candidates) ??
    ofOtherKind(wanted, candidates) ??
    elsewhere(wanted, candidates);
  return found === undefined || found === wanted ? undefined : `${start}${found}${isFolder ? '/' : ''}`;
}

/** What stands in the same folder under a name that was cut short or lengthened. */
function besideIt(wanted: string, candidates: readonly string[]): string | undefined {
  const folder = unnumbered(directoryOf(wanted));
  const beside = candidates.filter(one => unnumbered(directoryOf(one)) === folder);
  const meant = meantName(
    unnumbered(baseName(wanted)),
    beside.map(one => unnumbered(baseName(one))),
  );
  return meant === undefined ? undefined : only(beside, one => unnumbered(baseName(one)) === meant);
}

/** What in the same folder has the name with another kind of workload: a Deployment became a StatefulSet. */
function ofOtherKind(wanted: string, candidates: readonly string[]): string | undefined {
  const bare = (path: string): string =>
    unnumbered(path).replace(/[-_.](?:deployment|statefulset|daemonset|cronjob|job|pod)(?=\.\w+$)/, '');
  return bare(wanted) === unnumbered(wanted) ? undefined : only(candidates, one => bare(one) === bare(wanted));
}

/** What has the same name in another folder, unless the folder is there: then it is a part of its own that is missing. */
function elsewhere(wanted: string, candidates: readonly string[]): string | undefined {
  const folder = directoryOf(wanted);
  if (folder !== '' && candidates.includes(folder)) return undefined;
  return only(candidates, one => unnumbered(baseName(one)) === unnumbered(baseName(wanted)));
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function unnumbered(path: string): string {
  return path.replace(/(^|\/)\d+[-_]/g, '$1');
}

function only(candidates: readonly string[], isMeant: (candidate: string) => boolean): string | undefined {
  const [first, ...others] = candidates.filter(isMeant);
  return others.length === 0 ? first : undefined;
}
