import { SourceFile } from '../../manifests/file';
import { secretScalars } from '../../reports/secrets';

/** The text of a file with a dot for every character of its Secrets' values, which logs of builds would keep. */
export function withoutSecrets(file: SourceFile): string {
  let { text } = file;
  for (const { span } of secretScalars(file))
    text = text.slice(0, span.start) + text.slice(span.start, span.end).replace(/[^\s]/g, '•') + text.slice(span.end);
  return text;
}

/** The same for a text that is not, or no longer, the one of a file. */
export function textWithoutSecrets(path: string, text: string): string {
  return withoutSecrets(new SourceFile('', path, text));
}
