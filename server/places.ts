import type { Location, Range } from 'vscode-languageserver';
import type { SourceFile } from '../manifests/file';
import { compareTexts } from '../manifests/order';
import type { Place, Span } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { toRange } from './to-lsp';

/** A place as an LSP location; nothing for a file that is not of the tree. */
export function toLocation(workspace: Workspace, place: Place): readonly Location[] {
  const file = workspace.file(place.uri);
  return file ? [{ uri: place.uri, range: toRange(file, place.span) }] : [];
}

/** The places in order of their files and offsets, each once. */
export function distinctPlaces(places: readonly Place[]): readonly Place[] {
  const known = new Map<string, Place>();
  for (const { uri, span } of places) known.set(`${uri}\n${span.start}\n${span.end}`, { uri, span });
  return [...known.values()].sort((a, b) => compareTexts(a.uri, b.uri) || a.span.start - b.span.start);
}

/** The whole lines that a span touches. */
export function lineRange(file: SourceFile, span: Span): Range {
  const { start, end } = toRange(file, span);
  const last = file.lines.startOf(end.line + 1);
  const stop = end.line + 1 < file.lines.lineCount ? last - 1 : file.text.length;
  return {
    start: { line: start.line, character: 0 },
    end: { line: end.line, character: Math.max(end.character, stop - file.lines.startOf(end.line)) },
  };
}
