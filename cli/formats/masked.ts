import { hideByForm } from '../../deploy/redact/redact';
import type { ManifestDocument } from '../../manifests/document';
import { SourceFile } from '../../manifests/file';
import type { Span } from '../../manifests/span';
import { secretSpans } from '../../reports/secrets';

/**
 * The text of a file with a dot for every character of its Secrets' values, and of what else is known to be secret or
 * looks like it: logs of builds would keep them.
 */
export function withoutSecrets(file: SourceFile, others: readonly Span[] = []): string {
  let { text } = file;
  for (const { start, end } of [...secretSpans(file), ...others])
    text = text.slice(0, start) + dots(text.slice(start, end)) + text.slice(end);
  for (const document of file.documents.filter(isUnreadSecret)) {
    const start = document.offset;
    const own = text.slice(start, start + document.writtenText.length);
    text = text.slice(0, start) + own.replace(/^.*$/gm, keyAlone) + text.slice(start + own.length);
  }
  return hideByForm(text, dots);
}

/** The same for a text that is not, or no longer, the one of a file. */
export function textWithoutSecrets(path: string, text: string): string {
  return withoutSecrets(new SourceFile('', path, text));
}

/** Whether a document is a Secret by its words, although it cannot be read as one: half-typed, or a template. */
function isUnreadSecret(document: ManifestDocument): boolean {
  const isRead = document.problems.length === 0 && document.resources.length > 0;
  return !isRead && /(?:^|[{,])\s*(?:- )?(["']?)kind\1\s*:\s*(["']?)Secret\b/m.test(document.writtenText);
}

/** A line with its key and without what follows. Nobody can tell where the values of a broken Secret begin and end. */
function keyAlone(line: string): string {
  if (/^\s*["']?(?:apiVersion|kind|metadata)\b/.test(line)) return line;
  const key = /^\s*(?:- )?(?:[\w.-]+|"[\w.-]+"):(?=\s|$)/.exec(line)?.[0] ?? '';
  return key + dots(line.slice(key.length));
}

function dots(text: string): string {
  return text.replace(/\S/g, '•');
}
