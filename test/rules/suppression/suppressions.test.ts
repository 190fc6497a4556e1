import assert from 'node:assert/strict';
import { rules } from '../../../rules/catalogue';
import { check, compareMarks, marksOf } from '../../fixture';

/** The rules about how a suppression is written; whether it is still needed has tests of its own. */
const suppressionRules = rules.filter(
  ({ id }) => id === 'suppression-unknown-rule' || id === 'suppression-without-reason',
);

describe('suppressions', () => {
  it('are judged in every kind of file', () => {
    assert.equal(suppressionRules.length, 2);
    expect(`
      #- /deploy.sh
      # preflight-ignore: deploy-path-missing
      # ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: Nothing is ignored without a reason
      kubectl apply -f a.yaml # preflight-ignore: deploy-path-missing ()
      #                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: Nothing is ignored without a reason
      #- /README.md
      <!-- preflight-ignore: deploy-path-missing (the folder is made by hand) -->
      <!-- preflight-ignore: no-such-thing-at-all (why) -->
      #                      ^^^^^^^^^^^^^^^^^^^^ warning: There is no rule no-such-thing-at-all
    `);
  });

  it('are left alone where a page explains them', () => {
    expect(`
      #- /docs/how.md
      Write \`# preflight-ignore: rule-id (reason)\` behind the line.
    `);
  });

  it('that are both unknown and without a reason are both said', () => {
    expect(`
      #- /a.yaml
      # preflight-ignore: pg-cron-six-field
      # ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: Nothing is ignored without a reason
      #                   ^^^^^^^^^^^^^^^^^ 💡 warning: did you mean pg-cron-six-fields?
      a: b
    `);
  });
});

function expect(source: string): void {
  const { fixture, workspace, findings } = check(source, suppressionRules);
  const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
  assert.deepEqual([...found].sort(), [...expected].sort());
}
