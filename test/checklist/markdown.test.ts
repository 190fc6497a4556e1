import assert from 'node:assert/strict';
import { checklistItems } from '../../checklist/items';
import { addedItemId, type MarkdownChecklist, markdownTasks, readMarkdownChecklist } from '../../checklist/markdown';
import { checklistPhases } from '../../checklist/phases';
import { rules } from '../../rules/catalogue';
import { itemReports } from '../../rules/checklist';
import { checkWorkspace } from '../../rules/findings';
import { itemsOf, markdownChecklists, phasesOf } from '../../rules/items';
import { markdownStateEdits } from '../../rules/markdown-states';
import { applyEdits, uriOf, workspaceOf } from '../fixture';

function read(text: string): MarkdownChecklist | undefined {
  return readMarkdownChecklist(text, checklistItems, checklistPhases);
}

/** Which item each task with a box stands for, by its title. */
function matched(text: string): Readonly<Record<string, string>> {
  const checklist = read(text);
  assert.ok(checklist);
  return Object.fromEntries([...checklist.itemOf].map(([task, id]) => [task.title, id]));
}

const goLive = `# Going live

## Phase 1 – infrastructure

### 2. Redis Sentinel
- [ ] **The runtime configuration is right:**
  - [x] The init container substitutes the password
  - [ ] Three replicas of Sentinel are configured
- [ ] Redis has been failed over by hand

### 4. Networking
- [ ] 1.4.a Selectors (ours say it differently)

\`\`\`sh
- [ ] kubectl get pods
\`\`\`

## Final Checklist

* [X] All pods are running and healthy
* [ ] The backup procedures are tested
+ [ ] Security scan completed

## Ours

- [ ] Tell the users
- [ ] Tell the users
`;

describe('a Markdown checklist', () => {
  it('has its tasks read with their boxes, headings and places, and none from fences', () => {
    const tasks = markdownTasks(goLive);
    assert.equal(tasks.length, 10);
    const replicas = tasks.find(({ title }) => title.startsWith('Three'));
    assert.ok(replicas);
    assert.equal(goLive[replicas.box ?? -1], ' ');
    assert.equal(goLive.slice(replicas.start, replicas.end), 'Three replicas of Sentinel are configured');
    assert.deepEqual(replicas.headings, ['Going live', 'Phase 1 – infrastructure', '2. Redis Sentinel']);
    assert.equal(replicas.parent?.title, 'The runtime configuration is right');
    assert.equal(replicas.parent?.isGroup, true);
    assert.deepEqual(
      tasks.filter(({ isTicked }) => isTicked).map(({ title }) => title),
      ['The init container substitutes the password', 'All pods are running and healthy'],
    );
  });

  it('is matched to the catalogue by id, by words and by place', () => {
    assert.deepEqual(matched(goLive), {
      'The init container substitutes the password': '1.2.b.1',
      'Three replicas of Sentinel are configured': '1.2.b.3',
      '1.4.a Selectors (ours say it differently)': '1.4.a',
      'All pods are running and healthy': 'F.1',
      'The backup procedures are tested': 'F.8',
      'Security scan completed': 'F.9',
    });
  });

  it('adds its other tasks, under the heading they stand below, but not those that only group', () => {
    assert.deepEqual(
      read(goLive)?.added.map(({ task, section }) => [task.title, section?.section]),
      [
        ['Redis has been failed over by hand', '1.2'],
        ['Tell the users', undefined],
        ['Tell the users', undefined],
      ],
    );
  });

  it('has numbered entries without a box matched too, but none of them added', () => {
    const checklist = read(`${goLive}\nRemember to:\n1. Plan maintenance windows\n2. Buy a cake\n`);
    assert.ok(checklist);
    assert.ok([...checklist.itemOf.values()].includes('R.4'));
    assert.ok(!checklist.added.some(({ task }) => task.title === 'Buy a cake'));
  });

  it('is none if it is about something else', () => {
    assert.equal(read('# To do\n\n- [ ] Buy milk\n- [x] Write tests\n- [ ] Call Bob\n- [ ] Redis\n'), undefined);
    assert.equal(read('# Nothing\n\n1. one\n2. two\n'), undefined);
    assert.equal(read(''), undefined);
  });

  it('is read whatever it holds', () => {
    for (const text of ['- [ ]', '- [ ] ', '```', '# \n- [x] a\n\t- [ ] b', '* [ ] \u0000', '1. [ ] x\r\n2. [x] y\r\n'])
      assert.doesNotThrow(() => read(text));
  });

  it('gives what it adds ids of its words, each once', () => {
    assert.equal(addedItemId('Tell the users!', new Set()), 'own.tell-the-users');
    assert.equal(addedItemId('Tell the users', new Set(['own.tell-the-users'])), 'own.tell-the-users-2');
    assert.equal(addedItemId('***', new Set()), 'own.item');
  });
});

describe('the Markdown checklist of a tree', () => {
  const service = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n';
  const files = new Map([
    ['docs/GO-LIVE.md', goLive],
    ['README.md', '# Hello\n\n- [ ] Nothing of ours\n'],
    ['a.yaml', service],
    [
      '.matrix-preflight/sign-offs.yaml',
      `signOffs:
  - item: F.8
    by: Ada
    at: 2026-01-31
    note: Restored.
  - item: own.tell-the-users
    by: Ada
    at: 2026-01-31
    note: Told them.
`,
    ],
  ]);

  it('is found, and its items are manual ones behind those of their section or under a heading of their own', () => {
    const workspace = workspaceOf(files);
    assert.deepEqual(
      markdownChecklists(workspace).map(({ file }) => file.path),
      ['docs/GO-LIVE.md'],
    );
    const items = itemsOf(workspace);
    assert.equal(items.length, 126);
    const at = items.findIndex(({ id }) => id === 'own.redis-has-been-failed-over-by-hand');
    assert.equal(items[at]?.kind, 'manual');
    assert.equal(items[at - 1]?.section, '1.2');
    assert.equal(items[at + 1]?.section, '1.3');
    assert.deepEqual(phasesOf(workspace).at(-1), {
      id: 'own',
      title: 'Your Own Items',
      sections: [{ id: 'own:docs/GO-LIVE.md', title: 'docs/GO-LIVE.md' }],
    });
  });

  it('has its boxes ticked by the states, and groups by what they group', () => {
    const workspace = workspaceOf(files);
    const reports = itemReports(workspace, checkWorkspace(workspace, rules), rules);
    const state = (id: string) => reports.find(({ item }) => item.id === id)?.state;
    assert.equal(state('F.1'), 'unknown');
    assert.equal(state('F.8'), 'signed-off');
    assert.equal(state('own.tell-the-users'), 'signed-off');
    assert.equal(state('own.tell-the-users-2'), 'open');
    assert.equal(state('1.2.b.1'), 'not-applicable');
    const edits = markdownStateEdits(workspace, reports);
    assert.ok(edits.every(({ at }) => at.uri === uriOf('docs/GO-LIVE.md')));
    const written = applyEdits(files, edits).get('docs/GO-LIVE.md') ?? '';
    assert.match(written, /- \[x\] \*\*The runtime configuration is right:\*\*/);
    assert.match(written, / {2}- \[x\] Three replicas/);
    assert.match(written, /\* \[X\] All pods are running/, 'what is unknown keeps its box');
    assert.match(written, /\* \[x\] The backup procedures are tested/);
    assert.match(written, /\+ \[ \] Security scan completed/);
    assert.match(written, /- \[x\] Tell the users\n- \[ \] Tell the users\n/);
    const again = workspaceOf(new Map([...files, ['docs/GO-LIVE.md', written]]));
    assert.deepEqual(markdownStateEdits(again, reports), []);
  });
});
