import type { FillEdit } from './fill';

/** A document of a file, by its offsets. */
export interface DocumentSpan {
  readonly start: number;
  readonly end: number;
}

export interface SplitFile {
  /** The documents as they are, with placeholders, as one file. */
  readonly taken: string;
  /** The same with the values written into them; one text for each. */
  readonly filled: readonly string[];
  /** What stays; undefined if no object does. */
  readonly rest: string | undefined;
}

/** Takes documents out of a file. Edits outside of them are left out: they concern what stays. */
export function splitFile(text: string, documents: readonly DocumentSpan[], edits: readonly FillEdit[]): SplitFile {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const ordered = [...documents].sort((a, b) => a.start - b.start);
  let rest = '';
  let at = 0;
  for (const { start, end } of ordered) {
    rest += text.slice(at, start);
    at = end;
  }
  rest += text.slice(at);
  return {
    taken: joinDocuments(
      ordered.map(({ start, end }) => text.slice(start, end)),
      eol,
    ),
    filled: ordered.map(document => withoutMarker(filledText(text, document, edits))),
    rest: hasContent(rest) ? withoutMarker(rest) : undefined,
  };
}

/** Documents as one file, each but the first behind a marker. */
export function joinDocuments(documents: readonly string[], eol: string): string {
  return documents
    .map(withoutMarker)
    .map(document => (document.endsWith('\n') ? document : document + eol))
    .join(`---${eol}`);
}

/** The path of a file that stands beside another: `credentials.yaml` and `local` give `credentials.local.yaml`. */
export function besides(path: string, word: string): string {
  return path.replace(/(\.[^./]*)?$/, extension => `.${word}${extension}`);
}

/** The text of `.gitignore` with a pattern, if it lacks it. */
export function ignoring(text: string, pattern: string): string {
  if (text.split(/\r?\n/).some(line => line.trim() === pattern)) return text;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${pattern}\n`;
}

function filledText(text: string, { start, end }: DocumentSpan, edits: readonly FillEdit[]): string {
  const own = edits.filter(edit => edit.start >= start && edit.end <= end).sort((a, b) => b.start - a.start);
  return own.reduce(
    (done, edit) => done.slice(0, edit.start - start) + edit.newText + done.slice(edit.end - start),
    text.slice(start, end),
  );
}

function withoutMarker(document: string): string {
  return document.replace(/^---[ \t]*\r?\n/, '');
}

function hasContent(text: string): boolean {
  return text.split(/\r?\n/).some(line => !/^\s*(?:#.*)?$|^---\s*$|^\.\.\.\s*$/.test(line));
}
