import { decodeBase64 } from '../manifests/base64';
import type { SourceFile } from '../manifests/file';
import { endOfLine } from '../manifests/lines';
import type { Place, Span } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import type { Finding } from '../rules/findings';
import type { Fix } from '../rules/rule';

/**
 * What stands in a file where its Secrets hold what must not be shown: all behind the keys, also tags and anchors, which
 * a value that lacks its quotes may be taken for, and the copy of the object that kubectl keeps in an annotation.
 */
export function secretSpans(file: SourceFile): readonly Span[] {
  return secretMappings(file).flatMap(values => {
    const entries = values.entries();
    if (entries.length === 0) return [values.span];
    return entries.map(([, value]) => {
      const start = file.text.indexOf(':', value.key.span.end) + 1;
      const { span } = value;
      // An alias leads to another place, and what is not there has none: then it is the rest of the line.
      const isHere = span.start >= start && span.end > span.start;
      return { start, end: isHere ? span.end : endOfLine(file.text, start) };
    });
  });
}

/** The scalars of a file's Secrets that hold what must not be shown. */
export function secretScalars(file: SourceFile): readonly Value[] {
  return secretMappings(file).flatMap(values => [...values.scalars()]);
}

/**
 * Tells which fixes can be written into a report that others keep: those that neither touch the values of a Secret nor
 * carry one, or what is found to be a secret elsewhere, to another place.
 */
export function printableFixes(workspace: Workspace, findings: readonly Finding[]): (fix: Fix) => boolean {
  const values = new Set(findings.flatMap(({ problem }) => (problem.isSecret ? textAt(workspace, problem.at) : [])));
  const spans = new Map<string, readonly Span[]>();
  for (const file of workspace.files) {
    for (const scalar of secretScalars(file)) {
      const written = scalar.text?.trim() ?? '';
      for (const value of [written, ...written.split('\n').map(line => line.trim()), decodeBase64(written)?.trim()])
        if (value && value.length >= shortestSecret) values.add(value);
    }
    const own = secretMappings(file).map(mapping => spanWithLineEnd(file, mapping));
    if (own.length > 0) spans.set(file.uri, own);
  }
  const isInSecret = (uri: string, { start, end }: Span): boolean =>
    (spans.get(uri) ?? []).some(span => start <= span.end && end >= span.start);
  const shows = (text: string): boolean => [...values].some(value => text.includes(value));
  return ({ edits, creates = [] }) =>
    !edits.some(({ at, newText }) => isInSecret(at.uri, at.span) || shows(newText)) &&
    !creates.some(({ text }) => shows(text));
}

/** What stands at a place, without quotes around it. */
function textAt(workspace: Workspace, { uri, span }: Place): readonly string[] {
  const text =
    workspace
      .file(uri)
      ?.text.slice(span.start, span.end)
      .replace(/^(["'])(.*)\1$/s, '$2') ?? '';
  return text.length >= shortestSecret ? [text] : [];
}

/** Shorter values, such as `yes`, are found in any text, and nothing is given away by them. */
const shortestSecret = 4;

function secretMappings(file: SourceFile): readonly Value[] {
  return file.documents
    .flatMap(document => document.resources)
    .filter(resource => resource.qualifiedKind === 'Secret')
    .flatMap(({ root }) => [
      root.at('data'),
      root.at('stringData'),
      root.at('metadata', 'annotations', 'kubectl.kubernetes.io/last-applied-configuration'),
    ])
    .filter(values => values.exists);
}

/** From the key to the start of the line after the mapping, where an entry would be added. */
function spanWithLineEnd(file: SourceFile, mapping: Value): Span {
  const { lines } = file;
  const nextLine = lines.startOf(lines.lineOf(mapping.span.end) + 1);
  return { start: mapping.key.span.start, end: Math.max(mapping.span.end, nextLine) };
}
