import { nearest } from '../../analysis/nearest';
import { ruleIds } from '../ids';
import type { Rule } from '../rule';
import { suppressionsMade } from './comments';

export default {
  id: 'suppression-unknown-rule',
  items: [],
  severity: 'warning',
  summary: 'A comment asks to ignore a rule that does not exist.',
  why: 'The comment does nothing: the finding that it was written for is still reported, or is gone with its rule.',
  remedy: 'Correct the id, which stands behind every finding, or delete the comment.',
  examples: {
    bad: `
      #- /service.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse # preflight-ignore: service-selects-nothng (its pods come from a chart)
      #                                   ^^^^^^^^^^^^^^^^^^^^^^ 💡 warning: There is no rule service-selects-nothng — did you mean service-selects-nothing?
    `,
    good: `
      #- /service.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse # preflight-ignore: service-selects-nothing (its pods come from a chart)
    `,
  },
  *checkFile(file) {
    for (const { rule, span } of suppressionsMade(file)) {
      if (ruleIds.includes(rule)) continue;
      const start = file.text.indexOf(rule, span.start + 'preflight-ignore:'.length);
      const at = { uri: file.uri, span: { start, end: start + rule.length } };
      const close = nearest(rule, ruleIds);
      yield {
        at,
        message: `There is no rule ${rule} — ${close ? `did you mean ${close}?` : 'correct the id, or delete the comment.'}`,
        fixes: () => (close ? [{ title: `Write ${close}`, safe: false, edits: [{ at, newText: close }] }] : []),
      };
    }
  },
} satisfies Rule;
