import type { Rule } from '../rule';
import { suppressionsMade, withoutComment } from './comments';

export default {
  id: 'suppression-unused',
  items: [],
  severity: 'hint',
  summary: 'A comment asks to ignore a finding that is not there.',
  why: 'The exception has outlived its reason. It would hide the next mistake of the same kind in this line.',
  remedy: 'Delete the comment.',
  traps: [
    'Only rules that were run are judged: not those that are switched off, and not those left out by `--rule`.',
    'Files that cannot be read as YAML, and templates, are left alone, because nothing could be found in them.',
  ],
  examples: {
    bad: `
      #- /service.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse
        namespace: matrix
      spec:
        # preflight-ignore: service-selects-nothing (its pods come from a chart)
      #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 hint: service-selects-nothing finds nothing here
        selector: {app: synapse}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
        labels: {app: synapse}
      spec:
        containers: []
    `,
    good: `
      #- /service.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse
        namespace: matrix
      spec:
        selector: {app: synapse}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
        labels: {app: synapse}
      spec:
        containers: []
    `,
  },
  *checkFindings(file, found) {
    const suppressions = suppressionsMade(file);
    if (suppressions.length === 0) return;
    if (file.documents.some(document => document.problems.length > 0 || document.isTemplate)) return;
    const findings = found.of(file.uri);
    for (const suppression of suppressions) {
      const { rule, reason, span } = suppression;
      if (reason === '' || !found.ran(rule)) continue;
      if (findings.some(one => one.rule.id === rule && suppression.covers(rule, one.problem.at.span.start))) continue;
      yield {
        at: { uri: file.uri, span },
        message: `${rule} finds nothing here any more — delete the comment.`,
        fixes: () => [{ title: 'Delete the comment', safe: false, edits: [withoutComment(file, suppression)] }],
      };
    }
  },
} satisfies Rule;
