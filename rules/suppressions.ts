import type { SourceFile } from '../manifests/file';
import type { Span } from '../manifests/span';

/** A comment that takes one finding out of the report, for a reason that it has to state. */
export interface Suppression {
  readonly rule: string;
  readonly reason: string;
  /** The comment, from `preflight-ignore` to its end. */
  readonly span: Span;
  covers(rule: string, offset: number): boolean;
}

/**
 * The suppressions of a file: `# preflight-ignore: rule-id (reason)` at the end of the line of the finding or alone on
 * a line above it. A comment without a reason suppresses nothing and has an empty `reason`.
 */
export function suppressionsOf(file: SourceFile): readonly Suppression[] {
  const known = cache.get(file);
  if (known && known.text === file.text) return known.suppressions;
  const suppressions = file.text.includes(keyword) ? [...read(file)] : [];
  cache.set(file, { text: file.text, suppressions });
  return suppressions;
}

const keyword = 'preflight-ignore:';
const cache = new WeakMap<SourceFile, { readonly text: string; readonly suppressions: readonly Suppression[] }>();

function* read(file: SourceFile): Iterable<Suppression> {
  const { text, lines } = file;
  for (const match of text.matchAll(
    /(?:#|\/\/|<!--)[ \t]*(preflight-ignore:[ \t]*([\w-]+)[ \t]*(?:\(([^)\n]*)\))?)/g,
  )) {
    const rule = match[2] ?? '';
    const reason = match[3]?.trim() ?? '';
    const start = match.index + match[0].indexOf(keyword);
    const line = lines.lineOf(start);
    const isAlone = text.slice(lines.startOf(line), match.index).trim() === '';
    const target = isAlone ? nextCodeLine(file, line) : line;
    yield {
      rule,
      reason,
      span: { start, end: start + (match[1] ?? '').length },
      covers: (id, offset) => id === rule && reason !== '' && lines.lineOf(offset) === target,
    };
  }
}

/** The first line below that is no comment, so that several suppressions can stand above one finding. */
function nextCodeLine(file: SourceFile, line: number): number {
  let next = line + 1;
  while (
    next < file.lines.lineCount &&
    /^\s*(?:#|$)/.test(file.text.slice(file.lines.startOf(next), file.lines.startOf(next + 1)))
  )
    next++;
  return next;
}
