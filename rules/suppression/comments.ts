import type { SourceFile } from '../../manifests/file';
import { type Suppression, suppressionsOf } from '../suppressions';

/** The suppressions that a file makes; in Markdown only those in comments, because its text may explain them. */
export function suppressionsMade(file: SourceFile): readonly Suppression[] {
  const all = suppressionsOf(file);
  return /\.md$/i.test(file.path) ? all.filter(({ span }) => /<!--[ \t]*$/.test(file.text.slice(0, span.start))) : all;
}
