import type { Place, TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';

/** Replaces a text where the tree has it letter by letter, and not through a variable. */
export function replaceWritten(workspace: Workspace, at: Place, text: string, newText: string): TextEdit | undefined {
  const { start, end } = at.span;
  const written = workspace.file(at.uri)?.text.slice(start, end) ?? '';
  const offset =
    written.replace(/^["']/, '').startsWith(text) && written.length <= text.length + 2 ? written.indexOf(text) : -1;
  if (offset === -1 || text === '') return undefined;
  const from = start + offset;
  return { at: { uri: at.uri, span: { start: from, end: from + text.length } }, newText };
}
