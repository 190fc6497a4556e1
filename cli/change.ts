import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeTreeFile } from '../files/write';
import type { Workspace } from '../manifests/workspace';
import type { SignOffChange } from '../rules/sign-off-edits';

/** Writes the file of sign-offs after a change. */
export function writeChange(root: string, workspace: Workspace, { edits, creates }: SignOffChange): void {
  for (const { path, text } of creates) {
    writeTreeFile(join(root, path), text);
  }
  for (const uri of new Set(edits.map(({ at }) => at.uri))) {
    let text = workspace.file(uri)?.text ?? '';
    const own = edits.filter(({ at }) => at.uri === uri);
    for (const { at, newText } of own.sort((a, b) => b.at.span.start - a.at.span.start))
      text = text.slice(0, at.span.start) + newText + text.slice(at.span.end);
    writeTreeFile(fileURLToPath(uri), text);
  }
}
