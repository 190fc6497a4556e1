import assert from 'node:assert/strict';
import { settled } from '../../manifests/derived';
import { rules } from '../../rules/catalogue';
import { checkWorkspace, takeCrashes } from '../../rules/findings';
import { check, compareMarks, fixAll, marksOf, readFixture, textsOf, workspaceOf } from '../fixture';

/** The examples of every rule's documentation are its first tests. */
describe('rule examples', () => {
  for (const rule of rules) {
    const { examples } = textsOf(rule);
    describe(rule.id, () => {
      it('finds what the bad example marks, and nothing else', () => {
        const { fixture, workspace, findings } = check(examples.bad, [rule]);
        assert.deepEqual(takeCrashes(workspace), []);
        assert.notEqual(fixture.marks.length, 0, 'the bad example marks nothing');
        const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
        assert.deepEqual(found, expected);
      });

      it('finds the same where nothing is recorded', () => {
        const { fixture, workspace, findings } = settled(() => check(examples.bad, [rule]));
        assert.deepEqual(takeCrashes(workspace), []);
        const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
        assert.deepEqual(found, expected);
      });

      it('finds nothing in the good example', () => {
        const { workspace, findings } = check(examples.good, [rule]);
        assert.deepEqual(takeCrashes(workspace), []);
        assert.deepEqual(marksOf(workspace, findings), []);
      });

      it('fixes the bad example into the good one, without a new error', () => {
        const bad = readFixture(examples.bad);
        const fixed = fixAll(bad.files, [rule]);
        if (fixed === bad.files) return;
        assert.deepEqual(Object.fromEntries(fixed), Object.fromEntries(readFixture(examples.good).files));
        assert.deepEqual(
          errorsOf(fixed).filter(error => !errorsOf(bad.files).includes(error)),
          [],
        );
      });
    });
  }
});

function errorsOf(files: ReadonlyMap<string, string>): readonly string[] {
  return (
    checkWorkspace(workspaceOf(files), rules)
      // A skeleton of a missing Secret asks for its values by placeholders, which is what that rule is for.
      .filter(finding => finding.severity === 'error' && finding.rule.id !== 'placeholder-secret')
      .map(finding => `${finding.rule.id}: ${finding.problem.message}`)
  );
}
