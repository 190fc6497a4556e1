import { SourceFile } from '../../manifests/file';
import type { Span } from '../../manifests/span';
import { secretScalars } from '../../reports/secrets';

/**
 * The text of a file with a dot for every character of its Secrets' values, and of what else is known to be secret: logs
 * of builds would keep them.
 */
export function withoutSecrets(file: SourceFile, others: readonly Span[] = []): string {
  let { text } = file;
  for (const span of [...secretScalars(file).map(scalar => scalar.span), ...others])
    text = text.slice(0, span.start) + text.slice(span.start, span.end).replace(/[^\s]/g, '•') + text.slice(span.end);
  return text;
}

/** The same for a text that is not, or no longer, the one of a file. */
export function textWithoutSecrets(path: string, text: string): string {
  return withoutSecrets(new SourceFile('', path, text));
}
