import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createTwoFilesPatch } from 'diff';
import { writeTreeFile } from '../../files/write';
import { groupedBy } from '../../manifests/grouped';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { safeFixes } from '../../rules/fix-all';
import { textWithoutSecrets, withoutSecrets } from '../formats/masked';
import { findingsOf, loadWorkspace } from '../load';
import { parse, treeRoot } from '../usage';

/**
 * Applies all safe fixes, again until none is left, because one fix may make room for the next. A dry run prints the
 * difference, with the values of Secrets masked, since logs of builds would keep them.
 */
export function fix(argv: readonly string[]): number {
  const { values, positionals } = parse(argv, {
    rule: { type: 'string', multiple: true },
    'dry-run': { type: 'boolean' },
    config: { type: 'string' },
  });
  const root = treeRoot(positionals);
  const workspace = loadWorkspace(root, values.config);
  const before = new Map(workspace.files.map(file => [file.uri, file.text]));
  let applied = 0;
  for (let round = 0; round < 20; round++) {
    const findings = findingsOf(workspace, values.rule).filter(finding => !finding.suppressed);
    const fixes = safeFixes(findings, workspace);
    if (fixes.length === 0) break;
    applied += fixes.length;
    applyEdits(
      workspace,
      fixes.flatMap(one => one.edits),
    );
    for (const { path, text } of fixes.flatMap(one => one.creates ?? []))
      workspace.update(pathToFileURL(join(root, path)).href, path, text);
  }
  const changed = workspace.files.filter(file => before.get(file.uri) !== file.text);
  for (const file of changed) {
    const old = before.get(file.uri);
    if (values['dry-run'])
      process.stdout.write(
        createTwoFilesPatch(
          old === undefined ? '/dev/null' : `a/${file.path}`,
          `b/${file.path}`,
          textWithoutSecrets(file.path, old ?? ''),
          withoutSecrets(file),
        ),
      );
    else writeTreeFile(fileURLToPath(file.uri), file.text);
  }
  process.stderr.write(
    `${applied} ${applied === 1 ? 'fix' : 'fixes'} in ${changed.length} ${changed.length === 1 ? 'file' : 'files'}${values['dry-run'] ? ', nothing written' : ''}\n`,
  );
  return 0;
}

function applyEdits(workspace: Workspace, edits: readonly TextEdit[]): void {
  for (const [uri, own] of groupedBy(edits, ({ at }) => at.uri)) {
    const file = workspace.file(uri);
    if (!file) continue;
    let text = file.text;
    for (const { at, newText } of own.sort((a, b) => b.at.span.start - a.at.span.start))
      text = text.slice(0, at.span.start) + newText + text.slice(at.span.end);
    workspace.update(uri, file.path, text);
  }
}
