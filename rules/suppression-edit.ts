import { SourceFile } from '../manifests/file';
import { endOfLine } from '../manifests/lines';
import type { TextEdit } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import type { Finding } from './findings';
import { suppressionsOf } from './suppressions';

/**
 * Writes the comment that takes a finding out, on a line of its own above it. The answer is a sentence where a comment
 * cannot stand: in JSON, or where it would change what is written.
 */
export function suppress({ rule, problem }: Finding, reason: string, workspace: Workspace): TextEdit | string {
  const file = workspace.file(problem.at.uri);
  if (!file) return 'The file is gone.';
  if (/\.(?:json|sql)$/i.test(file.path)) return `${file.name} cannot hold such a comment; waive the finding instead.`;
  const { text, lines } = file;
  const start = lines.startOf(lines.lineOf(problem.at.span.start));
  const line = text.slice(start, endOfLine(text, start));
  const indent = /^[ \t]*/.exec(line)?.[0] ?? '';
  if (/^[[{"]/.test(line.trimStart()) && isInBlockScalar(text, start, indent.length))
    return 'The finding is in text that has no comments; waive it instead.';
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  // A closing parenthesis would end the reason.
  const said = reason.replace(/\s+/g, ' ').replaceAll('(', '[').replaceAll(')', ']').trim();
  const newText = `${indent}# preflight-ignore: ${rule.id} (${said})${eol}`;
  const after = new SourceFile(file.uri, file.path, text.slice(0, start) + newText + text.slice(start));
  const offset = problem.at.span.start + newText.length;
  const holds = suppressionsOf(after).some(one => one.covers(rule.id, offset));
  if (!holds || brokenDocuments(after) > brokenDocuments(file))
    return 'A comment cannot stand above this line; waive the finding instead.';
  return { at: { uri: file.uri, span: { start, end: start } }, newText };
}

/** Whether the line stands in a block scalar: a line above with less indentation ends in its mark. */
function isInBlockScalar(text: string, start: number, indent: number): boolean {
  const above = text.slice(0, start).trimEnd().split('\n');
  const parent = above.findLast(line => line.trim() !== '' && (/^ */.exec(line)?.[0].length ?? 0) < indent);
  return parent !== undefined && /[|>][-+0-9]*[ \t]*\r?$/.test(parent);
}

function brokenDocuments(file: SourceFile): number {
  return file.documents.filter(document => document.problems.length > 0).length;
}
