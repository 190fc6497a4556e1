import type { Span } from './span';

/**
 * Cuts a YAML stream at its document markers, so that an edit re-reads one document and not the file.
 *
 * A line that starts with `---` or `...` ends whatever came before it, even a block or quoted scalar
 * (YAML 1.2.2, 9.1.2, production c-forbidden), so looking at column 0 alone is exact. Comments and
 * directives before the first `---` belong to the document that follows. The spans cover the whole text.
 */
export function splitDocuments(text: string): readonly Span[] {
  const spans: Span[] = [];
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let mayBePreamble = true;
  const nextMarkerLine = markerLines(text);
  for (let line = start; line !== -1; ) {
    if (isMarker(text, line, '---')) {
      if (line > start && !(mayBePreamble && isPreamble(text, start, line))) {
        spans.push({ start, end: line });
        start = line;
      }
      mayBePreamble = false;
    } else if (isMarker(text, line, '...')) {
      const end = lineAfter(text, line);
      if (end === -1) break;
      spans.push({ start, end });
      start = end;
      mayBePreamble = true;
      line = end;
      continue;
    }
    line = nextMarkerLine(line);
  }
  spans.push({ start, end: text.length });
  return spans;
}

/**
 * Finds the next line behind an offset that may be a marker, or -1, for offsets that never go back. Each kind is looked
 * for from where it was last found: most texts have no `...` at all, and would be searched to their end for each document.
 */
function markerLines(text: string): (from: number) => number {
  const ahead = ['\n---', '\n...'].map(marker => ({ marker, at: -1, isGone: false }));
  return from => {
    let nearest = -1;
    for (const one of ahead) {
      if (one.isGone) continue;
      if (one.at < from) one.at = text.indexOf(one.marker, from);
      if (one.at === -1) one.isGone = true;
      else if (nearest === -1 || one.at < nearest) nearest = one.at;
    }
    return nearest === -1 ? -1 : nearest + 1;
  };
}

function lineAfter(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 || at + 1 >= text.length ? -1 : at + 1;
}

function isMarker(text: string, at: number, marker: '---' | '...'): boolean {
  if (!text.startsWith(marker, at)) return false;
  const next = text.charCodeAt(at + 3);
  return Number.isNaN(next) || next === 10 || next === 13 || next === 32 || next === 9;
}

/** Whether nothing but comments, directives and blank lines stands between the two offsets. */
function isPreamble(text: string, start: number, end: number): boolean {
  return /^(?:[ \t]*(?:#[^\n]*)?\r?\n|%[^\n]*\n)*$/.test(text.slice(start, end));
}
