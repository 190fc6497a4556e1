import assert from 'node:assert/strict';
import { checklistItem, checklistItems } from '../../checklist/items';
import { checklistPhases } from '../../checklist/phases';
import { checklistSteps, deployPhases, proposedSteps, troubleshootingHints } from '../../checklist/steps';
import { postDeploymentChecks, prerequisiteChecks } from '../../checklist/validation';

const inventory = [
  ...leaves('1.1', 'a.1 a.2 b.1 b.2 c.1 c.2'),
  ...leaves('1.2', 'a b.1 b.2 b.3'),
  ...leaves('1.3', 'a.1 a.2 a.3 b.1 b.2'),
  ...leaves('1.4', 'a b b.1 b.2 b.3 b.4 b.5'),
  ...leaves('2.1', 'a b'),
  ...leaves('2.2', 'a b.1 b.2'),
  ...leaves('2.3', 'a.1 a.2 a.3 b.1 b.2 c.1'),
  ...leaves('2.4', 'a b.1 b.2'),
  ...leaves('3.1', 'a.1 a.2 a.3 b'),
  ...leaves('3.2', 'a.1 a.2 a.3'),
  ...leaves('4.1', 'a b.1 b.2'),
  ...leaves('4.2', 'a.1 a.2'),
  ...leaves('4.3', 'a.1 a.2'),
  ...leaves('5.1', 'a.1 a.2 a.3 a.4 a.5 a.6'),
  ...leaves('5.2', 'a.1 a.2 a.3'),
  ...leaves('A.1', 'a b c d e f g'),
  ...leaves('A.2', 'a b c'),
  ...leaves('A.3', 'a b c d'),
  ...leaves('A.4', 'a b c d e'),
  ...leaves('B', '1 2 3 4 5 6 7 8 8w 9 10 11 12 13 14 15 15w 16 17 18'),
  ...leaves('C.1', 'a b c'),
  ...leaves('C.2', 'a b c'),
  ...leaves('C.3', 'a b'),
  ...leaves('C.4', 'a'),
  ...leaves('F', '1 2 3 4 5 6 7 8 9 10 11'),
  ...leaves('R', '1 2 3 4 5'),
];

describe('checklist items', () => {
  it('are the 123 leaves of the checklist, each once and in its order', () => {
    assert.equal(inventory.length, 123);
    assert.deepEqual(
      checklistItems.map(item => item.id),
      inventory,
    );
  });

  it('are 93 static, 21 live and 9 manual', () => {
    const count = (kind: string) => checklistItems.filter(item => item.kind === kind).length;
    assert.deepEqual([count('static'), count('live'), count('manual')], [93, 21, 9]);
  });

  it('say how to find out where the manifests cannot tell', () => {
    for (const item of checklistItems)
      assert.equal(
        item.kind === 'static',
        item.hint === undefined,
        `${item.id} has a hint exactly if it is not static`,
      );
  });

  it('have a title of one short line', () => {
    for (const item of checklistItems) assert.match(item.title, /^[^\n*`]{5,90}$/, item.id);
  });

  it('belong to a section of their phase, and no section is empty', () => {
    for (const phase of checklistPhases) {
      for (const section of phase.sections) {
        assert.ok(section.id.startsWith(phase.id));
        const items = checklistItems.filter(item => item.section === section.id);
        assert.ok(items.length > 0, section.id);
        for (const item of items) assert.equal(item.phase, phase.id);
      }
    }
    const sections = new Set(checklistPhases.flatMap(phase => phase.sections.map(section => section.id)));
    assert.equal(sections.size, checklistPhases.flatMap(phase => phase.sections).length);
    for (const item of checklistItems) assert.ok(sections.has(item.section), item.id);
  });

  it('are found by id', () => {
    assert.equal(checklistItem('1.4.b.3')?.title, 'key_vault isolation');
    assert.equal(checklistItem('1.9.z'), undefined);
  });
});

describe('deploy steps', () => {
  it('are the 18 steps in five phases, in checklist order', () => {
    assert.equal(checklistSteps.length, 18);
    const items = checklistSteps.flatMap(step => step.items);
    assert.deepEqual(
      items,
      inventory.filter(id => id.startsWith('B.')),
    );
    const order = checklistSteps.map(step => deployPhases.findIndex(phase => phase.id === step.phase));
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    assert.ok(!order.includes(-1));
  });

  it('have unique slugs that are never numbers', () => {
    const ids = [...checklistSteps, ...proposedSteps].map(step => step.id);
    assert.equal(new Set(ids).size, 19);
    for (const id of ids) assert.match(id, /^[a-z]+(-[a-z]+)*$/);
  });

  it('name existing checks, hints and steps', () => {
    const ids = new Set([...checklistSteps, ...proposedSteps].map(step => step.id));
    const checks = new Set(postDeploymentChecks.map(check => check.id));
    const hints = new Set(troubleshootingHints.map(hint => hint.id));
    for (const step of [...checklistSteps, ...proposedSteps]) {
      for (const other of step.after) assert.ok(ids.has(other), `${step.id} after ${other}`);
      for (const check of step.checks) assert.ok(checks.has(check), `${step.id} checks ${check}`);
      for (const hint of step.hints) assert.ok(hints.has(hint), `${step.id} hints ${hint}`);
      for (const job of step.runOnceJobs) assert.ok(checks.has(job.effectCheck), job.name);
    }
    assert.deepEqual([...hints], ['T.1', 'T.2', 'T.3', 'T.4', 'T.5']);
  });

  it('wait for the two Jobs the checklist waits for', () => {
    const jobs = checklistSteps.flatMap(step => step.runOnceJobs.map(job => [step.id, job.name]));
    assert.deepEqual(jobs, [
      ['key-vault', 'key-vault-init-db'],
      ['sync-system', 'sync-system-setup-replication'],
    ]);
  });
});

describe('live checks', () => {
  const checks = [...prerequisiteChecks, ...postDeploymentChecks];

  it('have unique ids and speak for live items only', () => {
    assert.equal(new Set(checks.map(check => check.id)).size, checks.length);
    for (const check of checks)
      for (const id of check.items) assert.equal(checklistItem(id)?.kind, 'live', `${check.id} → ${id}`);
  });

  it('leave only what a person must try to a person', () => {
    const answered = new Set(checks.flatMap(check => check.items));
    const rest = checklistItems.filter(item => item.kind === 'live' && !answered.has(item.id)).map(item => item.id);
    assert.deepEqual(rest, ['F.3', 'F.4', 'F.5']);
  });
});

function leaves(section: string, ids: string): string[] {
  return ids.split(' ').map(id => `${section}.${id}`);
}
