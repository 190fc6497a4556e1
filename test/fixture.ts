import type { TextEdit } from '../manifests/span';
import { Workspace } from '../manifests/workspace';
import { rules as catalogue } from '../rules/catalogue';
import { checkWorkspace, type Finding, fixesOf } from '../rules/findings';
import type { NewFile, Rule, Severity } from '../rules/rule';
import { textsFrom } from '../rules/texts';

/**
 * A small tree of files written as one text.
 *
 * `#- /path.yaml` starts a file. A comment line of carets marks the text above it: `# ^^^^ 💡 error: part of message`;
 * the lamp says that there is a fix. A line that begins with `#^` marks from column 0. `$0` is the cursor. Marks are cut
 * out before anything is read. Text before the first `#-` is the file `/main.yaml`. `#- /big.json unread: why` is a file
 * whose text is not known; its only place is its start.
 */
export interface Fixture {
  readonly files: ReadonlyMap<string, string>;
  readonly marks: readonly Mark[];
  readonly cursor: { readonly path: string; readonly offset: number } | undefined;
}

export interface Mark {
  readonly path: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly severity: Severity;
  readonly message: string;
  readonly hasFix: boolean;
}

/** The texts of a rule, as its file has them. */
export const textsOf = textsFrom(() => '{}');

export function readFixture(source: string): Fixture {
  const files = new Map<string, string>();
  const marks: Mark[] = [];
  let path = '/main.yaml';
  let lines: string[] = [];
  const finish = (): void => {
    if (lines.some(line => line.trim() !== '')) files.set(path.slice(1), lines.join('\n').replace(/\n*$/, '\n'));
    lines = [];
  };
  for (const line of dedent(source).split('\n')) {
    const file = /^#- (\/\S+)(?: unread: (.*))?$/.exec(line);
    const mark = /^(\s*)#(\s*)(\^+) (💡 )?(error|warning|info|hint): (.*)$/.exec(line);
    if (file) {
      finish();
      path = file[1] ?? path;
      if (file[2] !== undefined) files.set(path.slice(1), unreadMark + file[2]);
    } else if (mark) {
      const [, indent = '', gap = '', carets = '', lamp, severity, message = ''] = mark;
      const isUnread = files.get(path.slice(1))?.startsWith(unreadMark);
      const start = isUnread ? 0 : indent.length + (gap === '' ? 0 : 1) + gap.length;
      const width = isUnread ? 0 : carets.length + (gap === '' ? 1 : 0);
      marks.push({
        path: path.slice(1),
        line: Math.max(0, lines.length - 1),
        start,
        end: start + width,
        severity: severity as Severity,
        message,
        hasFix: lamp !== undefined,
      });
    } else lines.push(line);
  }
  finish();
  let cursor: Fixture['cursor'];
  for (const [name, text] of files) {
    const offset = text.indexOf('$0');
    if (offset === -1) continue;
    cursor = { path: name, offset };
    files.set(name, text.replace('$0', ''));
  }
  return { files, marks, cursor };
}

export function workspaceOf(files: ReadonlyMap<string, string>): Workspace {
  const workspace = new Workspace();
  for (const path of [...files.keys()].sort()) {
    const text = files.get(path) ?? '';
    if (text.startsWith(unreadMark)) workspace.update(uriOf(path), path, '', text.slice(unreadMark.length));
    else workspace.update(uriOf(path), path, text);
  }
  return workspace;
}

/** Begins the reason that a fixture has in the place of an unread file's text; no readable file holds a NUL. */
const unreadMark = '\0';

export function uriOf(path: string): string {
  return `file:///${path}`;
}

/** The findings as marks, to be compared with those of the fixture. A finding over several lines ends with its first. */
export function marksOf(workspace: Workspace, findings: readonly Finding[]): readonly Mark[] {
  return findings.map(finding => {
    const { problem, severity } = finding;
    const file = workspace.file(problem.at.uri);
    if (!file) throw new Error(`a finding points outside the tree: ${problem.at.uri}`);
    const { start, end } = problem.at.span;
    const from = file.lines.position(start);
    const to = file.lines.position(end);
    const lineEnd = file.text.indexOf('\n', start);
    const stop =
      to.line === from.line
        ? to.character
        : (lineEnd === -1 ? file.text.length : lineEnd) - file.lines.startOf(from.line);
    return {
      path: file.path,
      line: from.line,
      start: from.character,
      end: stop,
      severity,
      message: problem.message,
      hasFix: fixesOf(finding, workspace).length > 0,
    };
  });
}

/** Marks as text that diffs well: place, severity, lamp and message. */
export function show(mark: Mark): string {
  return `${mark.path}:${mark.line + 1}:${mark.start}-${mark.end} ${mark.hasFix ? '💡 ' : ''}${mark.severity}: ${mark.message}`;
}

/** Pairs expected marks with findings; the text of a mark has to be part of the message. */
export function compareMarks(
  expected: readonly Mark[],
  found: readonly Mark[],
): { readonly expected: readonly string[]; readonly found: readonly string[] } {
  const rest = [...found];
  const shown = expected.map(mark => {
    const at = rest.findIndex(
      one => show({ ...one, message: '' }) === show({ ...mark, message: '' }) && one.message.includes(mark.message),
    );
    if (at === -1) return show(mark);
    rest.splice(at, 1);
    return undefined;
  });
  return { expected: shown.filter(one => one !== undefined), found: rest.map(show) };
}

/** Runs rules over a fixture. */
export function check(
  source: string,
  rules: readonly Rule[],
): { readonly fixture: Fixture; readonly workspace: Workspace; readonly findings: readonly Finding[] } {
  const fixture = readFixture(source);
  const workspace = workspaceOf(fixture.files);
  return { fixture, workspace, findings: findingsOf(workspace, rules) };
}

/** What rules find; a rule about the findings of others needs those, so all rules run for it. */
function findingsOf(workspace: Workspace, rules: readonly Rule[]): readonly Finding[] {
  const isAboutOthers = rules.some(rule => 'checkFindings' in rule);
  const findings = checkWorkspace(workspace, isAboutOthers ? catalogue : rules, { profile: 'strict' });
  return isAboutOthers ? findings.filter(({ rule }) => rules.includes(rule)) : findings;
}

/** The files after some edits and new files. Edits are offsets into the files as they are. */
export function applyEdits(
  files: ReadonlyMap<string, string>,
  edits: readonly TextEdit[],
  creates: readonly NewFile[] = [],
): Map<string, string> {
  const result = new Map(files);
  for (const [path, text] of files) {
    const own = edits.filter(edit => edit.at.uri === uriOf(path)).sort((a, b) => b.at.span.start - a.at.span.start);
    let changed = text;
    for (const { at, newText } of own) changed = changed.slice(0, at.span.start) + newText + changed.slice(at.span.end);
    result.set(path, changed);
  }
  for (const { path, text } of creates) result.set(path, text);
  return result;
}

/** Applies the first fix of the first finding that has one, again and again, until none is left. */
export function fixAll(files: ReadonlyMap<string, string>, rules: readonly Rule[]): ReadonlyMap<string, string> {
  let current = files;
  for (let round = 0; round < 50; round++) {
    const workspace = workspaceOf(current);
    const findings = findingsOf(workspace, rules);
    const fix = findings.map(finding => finding.problem.fixes?.()[0]).find(one => one !== undefined);
    if (!fix) return current;
    const next = applyEdits(current, fix.edits, fix.creates);
    if ([...next].every(([path, text]) => current.get(path) === text))
      throw new Error(`the fix "${fix.title}" changes nothing`);
    current = next;
  }
  throw new Error('the fixes go round in circles');
}

function dedent(text: string): string {
  const body = text.replace(/^\n/, '');
  const indent = Math.min(
    ...body
      .split('\n')
      .filter(line => line.trim() !== '')
      .map(line => /^ */.exec(line)?.[0].length ?? 0),
  );
  return Number.isFinite(indent)
    ? body
        .split('\n')
        .map(line => line.slice(Math.min(indent, line.length)))
        .join('\n')
        .replace(/\n *$/, '\n')
    : body;
}
