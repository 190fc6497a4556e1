import { nearest } from '../../analysis/nearest';
import { signOffsPath } from '../../checklist/sign-offs';
import { replaceScalar } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import { ruleIds } from '../ids';
import { itemsOf } from '../items';
import type { Problem, Rule } from '../rule';
import { signOffsOf } from '../sign-offs';

export default {
  id: 'sign-offs-invalid',
  items: [],
  severity: 'warning',
  summary: 'The file of sign-offs holds an entry that has no effect.',
  why: 'Somebody has vouched for an item, or accepted a finding, and the checklist does not show it.',
  remedy: 'Correct the entry. `matrix-preflight sign` and `matrix-preflight waive` write complete ones.',
  traps: [
    'Fields that are not known are left alone and kept when the entry is written anew.',
    'An item that the manifests decide cannot be signed off: its findings can be waived, each with a reason.',
    'After a merge there may be two entries for one item; the later one counts.',
  ],
  examples: {
    bad: `
      #- /.matrix-preflight/sign-offs.yaml
      signOffs:
        - item: F.88
      #         ^^^^ 💡 warning: There is no item F.88 — did you mean F.8?
          by: Ada Example <ada@example.org>
          at: 2026-01-31
          note: Restored the backup of Sunday into a scratch cluster.
    `,
    good: `
      #- /.matrix-preflight/sign-offs.yaml
      signOffs:
        - item: F.8
          by: Ada Example <ada@example.org>
          at: 2026-01-31
          note: Restored the backup of Sunday into a scratch cluster.
    `,
  },
  *checkDocument(document, workspace) {
    if (document.file.path !== signOffsPath || document.index > 0 || document.problems.length > 0) return;
    const { signOffs, waivers, assigned, problems } = signOffsOf(workspace);
    for (const { place, message } of problems) yield { at: place, message };
    const items = new Map(itemsOf(workspace).map(item => [item.id, item]));
    for (const { item: id, entry } of signOffs) {
      const item = items.get(id);
      const at = entry.at('item');
      if (!item) yield unknown(at, 'item', id, [...items.keys()]);
      else if (item.kind === 'static')
        yield {
          at,
          message: `${id} is decided by the manifests, so it cannot be signed off — mend its findings, or waive them.`,
        };
    }
    for (const { rule, entry } of waivers)
      if (!ruleIds.includes(rule)) yield unknown(entry.at('rule'), 'rule', rule, ruleIds);
    for (const [id, person] of assigned)
      if (!items.has(id)) yield { at: person.key, message: `There is no item ${id}.` };
  },
} satisfies Rule;

function unknown(at: Value, noun: string, name: string, known: readonly string[]): Problem {
  const close = nearest(name, known) ?? known.findLast(one => name.startsWith(one));
  return {
    at,
    message: `There is no ${noun} ${name} — ${close ? `did you mean ${close}?` : 'correct it, or delete the entry.'}`,
    fixes: () => {
      const edit = close === undefined ? undefined : replaceScalar(at, close);
      return edit ? [{ title: `Write ${close}`, safe: false, edits: [edit] }] : [];
    },
  };
}
