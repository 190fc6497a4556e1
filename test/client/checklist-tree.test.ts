import * as assert from 'node:assert/strict';
import type { ChecklistItemState } from '../../checklist/types';
import { type ChecklistNode, checklistTree } from '../../client/checklist/tree';
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
