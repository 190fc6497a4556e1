import assert from 'node:assert/strict';
import { takeCrashes } from '../../../rules/findings';
import type { Rule } from '../../../rules/rule';
import { check, compareMarks, fixAll, marksOf, readFixture } from '../../fixture';

/** A function that demands exactly the marked findings of some rules; a fixture without marks must give none. */
export function expecting(...rules: readonly Rule[]): (source: string) => void {
  return source => {
    const { fixture, workspace, findings } = check(source, rules);
    assert.deepEqual(takeCrashes(workspace), []);
    const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
    assert.deepEqual(found, expected);
  };
}

/** The text of the only file after all first fixes. */
export function fixedBy(source: string, ...rules: readonly Rule[]): string {
  const [text = ''] = fixAll(readFixture(source).files, rules).values();
  return text;
}
