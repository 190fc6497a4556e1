import * as assert from 'node:assert/strict';
import type { ChecklistItemState } from '../../checklist/types';
import { type ChecklistNode, checklistTree as treeOf } from '../../client/checklist/tree';
import {
  type ChecklistFilter,
  isWanted,
  plainView,
  type ViewState,
  viewStateFrom,
  viewWords,
} from '../../client/checklist/view-state';
import type { ChecklistReport, WireChecklistItem } from '../../protocol/messages';

const item = (id: string, section: string, state: ChecklistItemState): WireChecklistItem => ({
  id,
  phase: section.charAt(0),
  section,
  title: `Item ${id}`,
  kind: 'static',
  state,
  rules: [],
  findings: state === 'failed' ? 1 : 0,
  evidence: [],
  reason: 'a reason',
  component: 'PostgreSQL',
  waived: 0,
});
const report: ChecklistReport = {
  phases: [
    {
      id: '1',
      title: 'First',
      sections: [
        { id: '1.1', title: 'Databases' },
        { id: '1.2', title: 'Nothing listed' },
        { id: '1.3', title: 'Networks' },
      ],
    },
    { id: '2', title: 'Nothing listed', sections: [{ id: '2.1', title: 'Empty' }] },
  ],
  items: [
    item('1.1.a', '1.1', 'failed'),
    item('1.1.b', '1.1', 'passed'),
    item('1.3.a', '1.3', 'signed-off'),
    item('1.3.b', '1.3', 'waived'),
    item('1.3.c', '1.3', 'not-applicable'),
    item('1.3.d', '1.3', 'unknown'),
    item('1.3.e', '1.3', 'stale'),
    item('1.3.f', '1.3', 'open'),
  ],
};

const checklistTree = (given: ChecklistReport, view: ViewState = plainView, me?: string) =>
  treeOf(given, { view, me, pathOf: uri => uri.replace('file:///tree/', '') });

function ids(nodes: readonly ChecklistNode[]): readonly string[] {
  return nodes.flatMap(node => [node.id, ...(node.level === 'item' ? [] : ids(node.children))]);
}

describe('checklist tree', () => {
  it('keeps the order of the checklist and leaves out headings without items', () => {
    assert.deepEqual(ids(checklistTree(report)), [
      'phase:1',
      'section:1/1.1',
      'item:1.1.a',
      'item:1.1.b',
      'section:1/1.3',
      ...['a', 'b', 'c', 'd', 'e', 'f'].map(letter => `item:1.3.${letter}`),
    ]);
  });

  it('counts per branch what failed and what asks for nothing more', () => {
    const [phase] = checklistTree(report);
    assert.deepEqual(phase?.counts, { failed: 1, settled: 4, total: 8 });
    const [databases, networks] = phase?.children ?? [];
    assert.deepEqual(databases?.level !== 'item' && databases?.counts, { failed: 1, settled: 1, total: 2 });
    assert.deepEqual(networks?.level !== 'item' && networks?.counts, { failed: 0, settled: 3, total: 6 });
  });

  it('gives nodes the same ids when only states change, so that what is expanded stays so', () => {
    const mended = { ...report, items: report.items.map(each => ({ ...each, state: 'passed' as const })) };
    assert.deepEqual(ids(checklistTree(mended)), ids(checklistTree(report)));
  });
});

describe('checklist tree, grouped and filtered', () => {
  const place = (path: string) => ({
    uri: `file:///tree/${path}`,
    range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
  });
  const ada = 'Ada Example <ada@example.org>';
  const redis: WireChecklistItem = {
    ...item('1.2.a', '1.2', 'failed'),
    component: 'Redis',
    rules: ['redis-secret-missing'],
    evidence: [place('b.yaml'), place('a.yaml'), place('b.yaml')],
  };
  const signed: WireChecklistItem = {
    ...item('2.1.a', '2.1', 'signed-off'),
    kind: 'manual',
    signOff: { by: ada, at: '2026-01-31', note: 'Tried it with three accounts.' },
  };
  const mixed: ChecklistReport = { ...report, items: [redis, signed, item('1.1.a', '1.1', 'failed')] };
  const filtered = (filter: ChecklistFilter, me?: string) =>
    mixed.items.filter(one => isWanted(one, filter, me)).map(({ id }) => id);

  it('groups by component', () => {
    assert.deepEqual(ids(checklistTree(mixed, { grouping: 'component', filter: {} })), [
      'component:Redis',
      'item:1.2.a',
      'component:PostgreSQL',
      'item:2.1.a',
      'item:1.1.a',
    ]);
  });

  it('groups by file, with an item under each file of its evidence and an id of its own there', () => {
    assert.deepEqual(ids(checklistTree(mixed, { grouping: 'file', filter: {} })), [
      'file:a.yaml',
      'item:1.2.a@a.yaml',
      'file:b.yaml',
      'item:1.2.a@b.yaml',
      'file:In no file',
      'item:2.1.a@In no file',
      'item:1.1.a@In no file',
    ]);
  });

  it('shows only what fails, what is mine, one phase, or what has all words', () => {
    assert.deepEqual(filtered({}), ['1.2.a', '2.1.a', '1.1.a']);
    assert.deepEqual(filtered({ failing: true }), ['1.2.a', '1.1.a']);
    assert.deepEqual(filtered({ mine: true }, 'A. Example <ada@example.org>'), ['2.1.a']);
    assert.deepEqual(filtered({ mine: true }, 'Bob <bob@example.org>'), []);
    assert.deepEqual(filtered({ mine: true }), []);
    assert.deepEqual(filtered({ phase: '2' }), ['2.1.a']);
    assert.deepEqual(filtered({ text: 'secret REDIS' }), ['1.2.a']);
    assert.deepEqual(filtered({ text: 'three accounts' }), ['2.1.a']);
    assert.deepEqual(filtered({ failing: true, text: 'accounts' }), []);
    assert.ok(isWanted({ ...redis, assigned: ada }, { mine: true }, ada));
  });

  it('counts what is shown, and leaves out headings of which nothing is', () => {
    const tree = checklistTree(report, { grouping: 'phase', filter: { failing: true } });
    assert.deepEqual(ids(tree), ['phase:1', 'section:1/1.1', 'item:1.1.a']);
    assert.deepEqual(tree[0]?.counts, { failed: 1, settled: 0, total: 1 });
  });

  it('says how it is set', () => {
    assert.equal(viewWords(plainView, report.phases), undefined);
    const filter = { failing: true, mine: true, phase: '1', text: 'redis' };
    assert.equal(
      viewWords({ grouping: 'file', filter }, report.phases),
      'by file · failing only · mine · First · “redis”',
    );
  });

  it('reads back what was kept, whatever that is', () => {
    const state: ViewState = { grouping: 'component', filter: { failing: true, text: 'x' } };
    assert.deepEqual(viewStateFrom(JSON.parse(JSON.stringify(state))), state);
    for (const kept of [undefined, null, 7, 'x', {}, { grouping: 'moon', filter: [] }, { filter: { failing: 'no' } }])
      assert.deepEqual(viewStateFrom(kept), plainView);
  });
});
