import {
  type CodeDescription,
  type Diagnostic,
  DiagnosticSeverity,
  type Location,
  type TextEdit as LspTextEdit,
  type Range,
} from 'vscode-languageserver';
import type { SourceFile } from '../manifests/file';
import type { Place, Span } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import type { Finding } from '../rules/findings';
import type { Severity } from '../rules/rule';

/** Where the page of each rule is found. */
export const rulePages = 'https://github.com/matrix-preflight/matrix-preflight/blob/main/docs/rules/';

/** A span of a file as lines and UTF-16 characters. */
export function toRange(file: SourceFile, { start, end }: Span): Range {
  return { start: file.lines.position(start), end: file.lines.position(end) };
}

/** A finding as editors show it; at the start of the file where the file is gone. */
export function toDiagnostic(finding: Finding, workspace: Workspace): Diagnostic {
  const { problem, rule, severity } = finding;
  const file = workspace.file(problem.at.uri);
  return {
    range: file ? toRange(file, problem.at.span) : emptyRange,
    severity: severities[severity],
    code: rule.id,
    codeDescription: { href: `${rulePages}${rule.id}.md` } satisfies CodeDescription,
    source: 'matrix-preflight',
    message: problem.message,
    ...(problem.related?.length
      ? { relatedInformation: problem.related.flatMap(({ at, message }) => relatedInformation(workspace, at, message)) }
      : {}),
  };
}

/** A place as clients name it; undefined if its file is gone. */
export function toLocation(workspace: Workspace, place: Place): Location | undefined {
  const file = workspace.file(place.uri);
  return file && { uri: place.uri, range: toRange(file, place.span) };
}

/** An edit of a file as editors apply it. */
export function toTextEdit(file: SourceFile, at: Span, newText: string): LspTextEdit {
  return { range: toRange(file, at), newText };
}

/** Whether two ranges of one file touch. */
export function overlaps(a: Range, b: Range): boolean {
  return !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
}

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};
const emptyRange: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function relatedInformation(
  workspace: Workspace,
  at: Place,
  message: string,
): { location: { uri: string; range: Range }; message: string }[] {
  const file = workspace.file(at.uri);
  return file ? [{ location: { uri: at.uri, range: toRange(file, at.span) }, message }] : [];
}

function isBefore(a: Range['start'], b: Range['start']): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}
