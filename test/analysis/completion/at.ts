import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Completion } from '../../../analysis/completion/candidate';
import { complete, type Help } from '../../../analysis/completion/complete';
import { readFieldDocs } from '../../../analysis/schema/field-docs';
import { rules } from '../../../rules/catalogue';
import { ruleIds } from '../../../rules/ids';
import { settingsShape } from '../../../rules/settings/shape';
import { readFixture, uriOf, workspaceOf } from '../../fixture';

export const help: Help = {
  docs: readFieldDocs(readFileSync('schemas/field-docs.txt', 'utf8')),
  offersSchema: true,
  offersSettings: true,
  settings: settingsShape(ruleIds),
  rules,
  likelyRules: () => new Set(),
};

/** What is offered at the `$0` of a fixture. */
export function completionAt(source: string, more: Partial<Help> = {}): Completion | undefined {
  const { files, cursor } = readFixture(source);
  assert.ok(cursor, 'the fixture has a cursor');
  const workspace = workspaceOf(files);
  const file = workspace.file(uriOf(cursor.path));
  assert.ok(file);
  return complete(workspace, file, cursor.offset, { ...help, ...more });
}

/** The labels that are offered, the first ones first. */
export function labelsAt(source: string, more: Partial<Help> = {}): readonly string[] {
  const found = completionAt(source, more);
  return [...(found?.candidates ?? [])].sort((a, b) => (a.rank ?? 1) - (b.rank ?? 1)).map(one => one.label);
}
