import assert from 'node:assert/strict';
import { takeCrashes } from '../../rules/findings';
import type { Rule } from '../../rules/rule';
import { applyEdits, check, compareMarks, fixAll, marksOf } from '../fixture';

/** Asserts that a rule finds what a fixture marks and nothing else; without marks, nothing. */
export function expectMarks(rule: Rule, source: string): void {
  const { fixture, workspace, findings } = check(source, [rule]);
  assert.deepEqual(takeCrashes(workspace), []);
  const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
  assert.deepEqual(found, expected);
}

/** The files after the fix of a given title of the first finding. */
export function applyFix(rule: Rule, source: string, title: string | RegExp): Readonly<Record<string, string>> {
  const { fixture, findings } = check(source, [rule]);
  const fixes = findings[0]?.problem.fixes?.() ?? [];
  const fix = fixes.find(one => (typeof title === 'string' ? one.title === title : title.test(one.title)));
  assert.ok(fix, `no fix "${title}" among: ${fixes.map(one => one.title).join(', ')}`);
  return Object.fromEntries(applyEdits(fixture.files, fix.edits, fix.creates));
}

/** The titles of the fixes of the first finding, safe ones marked. */
export function fixTitles(rule: Rule, source: string): readonly string[] {
  return (check(source, [rule]).findings[0]?.problem.fixes?.() ?? []).map(({ safe, title }) =>
    safe ? `safe: ${title}` : title,
  );
}

/** The files after the first fix of every finding. */
export function fixed(rule: Rule, source: string): Readonly<Record<string, string>> {
  return Object.fromEntries(fixAll(check(source, [rule]).fixture.files, [rule]));
}

/** The messages of all findings, with their severities: `error: …`. */
export function messages(rule: Rule, source: string): readonly string[] {
  return check(source, [rule]).findings.map(({ severity, problem }) => `${severity}: ${problem.message}`);
}
