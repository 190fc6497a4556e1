import { definitionsOf } from '../../../analysis/occurrences/definitions';
import { occurrencesAt, occurrencesOf } from '../../../analysis/occurrences/find';
import type { Occurrence } from '../../../analysis/occurrences/occurrence';
import type { Place } from '../../../manifests/span';
import { Workspace } from '../../../manifests/workspace';

/**
 * A tree of files in one text: `#- path` starts a file, `$0` is the cursor, and `«…»` marks the places that a test
 * expects. Marks are cut out before anything is read.
 */
export interface Marked {
  readonly files: ReadonlyMap<string, string>;
  readonly cursor: { readonly path: string; readonly offset: number };
  /** Each marked place as {@link shownPlace} shows it. */
  readonly marked: readonly string[];
}

export function readMarked(source: string): Marked {
  const files = new Map<string, string>();
  const marked: string[] = [];
  let cursor: Marked['cursor'] | undefined;
  for (const piece of dedent(source)
    .split(/^#- (?=\S)/m)
    .slice(1)) {
    const newline = piece.indexOf('\n');
    const path = piece.slice(0, newline);
    let text = '';
    let open = 0;
    for (const part of piece.slice(newline + 1).split(/(\$0(?!\d)|[«»])/)) {
      if (part === '$0') cursor = { path, offset: text.length };
      else if (part === '«') open = text.length;
      else if (part === '»') marked.push(shownPlace(path, text, open, text.length));
      else text += part;
    }
    files.set(path, text);
  }
  if (!cursor) throw new Error('the text has no cursor $0');
  return { files, cursor, marked: marked.sort() };
}

export function workspaceOf({ files }: Pick<Marked, 'files'>): Workspace {
  const workspace = new Workspace();
  for (const [path, text] of files) workspace.update(uriOf(path), path, text);
  return workspace;
}

/** What the name at the cursor stands for. */
export function atCursor(workspace: Workspace, { cursor }: Marked): readonly Occurrence[] {
  const file = workspace.file(uriOf(cursor.path));
  return file ? occurrencesAt(workspace, file, cursor.offset) : [];
}

/** Every place that names what is at the cursor, and what a test expects, as `path:line:column text`. */
export function allOccurrences(source: string): {
  readonly found: readonly string[];
  readonly expected: readonly string[];
} {
  const marked = readMarked(source);
  const workspace = workspaceOf(marked);
  const occurrences = atCursor(workspace, marked).flatMap(one => occurrencesOf(workspace, one.subject));
  return {
    found: shown(
      workspace,
      occurrences.map(one => one.at),
    ),
    expected: marked.marked,
  };
}

/** Where what is at the cursor is defined, and what a test expects, as `path:line:column text`. */
export function definitions(source: string): {
  readonly found: readonly string[];
  readonly expected: readonly string[];
} {
  const marked = readMarked(source);
  const workspace = workspaceOf(marked);
  const places = atCursor(workspace, marked).flatMap(one => definitionsOf(workspace, one));
  return { found: shown(workspace, places), expected: marked.marked };
}

function shown(workspace: Workspace, places: readonly Place[]): readonly string[] {
  const texts = places.map(({ uri, span }) => {
    const file = workspace.file(uri);
    if (!file) throw new Error(`${uri} is not of the tree`);
    return shownPlace(file.path, file.text, span.start, span.end);
  });
  return [...new Set(texts)].sort();
}

/** `path:line:column text`, counted from 1. */
export function shownPlace(path: string, text: string, start: number, end: number): string {
  const lines = text.slice(0, start).split('\n');
  return `${path}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1} ${text.slice(start, end)}`;
}

export function uriOf(path: string): string {
  return `file:///${path}`;
}

function dedent(source: string): string {
  const lines = source.replace(/^\n/, '').split('\n');
  const indents = lines.filter(line => line.trim() !== '').map(line => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return `${lines
    .map(line => line.slice(indent))
    .join('\n')
    .trimEnd()}\n`;
}
