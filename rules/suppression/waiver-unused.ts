import { hasExpired, signOffsPath } from '../../checklist/sign-offs';
import type { Rule } from '../rule';
import { withdraw } from '../sign-off-edits';
import { signOffsOf } from '../sign-offs';

export default {
  id: 'waiver-unused',
  items: [],
  severity: 'hint',
  summary: 'A waiver is for a finding that is not there any more, or has expired.',
  why: 'Whoever reads the list of exceptions takes it for true. A waiver that has expired hides nothing: the finding is reported again.',
  remedy: 'Delete the entry, or waive the finding anew.',
  traps: [
    'A waiver is for one finding. It goes on holding while other lines are edited, and ends when the line of the finding is changed.',
    'Only waivers of rules that were run are judged.',
  ],
  examples: {
    bad: `
      #- /.matrix-preflight/sign-offs.yaml
      waivers:
        - rule: service-selects-nothing
      #         ^^^^^^^^^^^^^^^^^^^^^^^ 💡 hint: service-selects-nothing finds nothing in service.yaml that this waiver is for
          file: service.yaml
          fingerprint: 00112233445566778899aabbccddeeff
          reason: Its pods come from a chart.
          by: Ada Example <ada@example.org>
          at: 2026-01-31
      #- /service.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: nothing-of-the-kind
    `,
    good: `
      #- /.matrix-preflight/sign-offs.yaml
      waivers:
      #- /service.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: nothing-of-the-kind
    `,
  },
  *checkFindings(file, found, workspace) {
    if (file.path !== signOffsPath) return;
    for (const { rule, file: path, fingerprint, expires, entry } of signOffsOf(workspace).waivers) {
      if (!found.ran(rule)) continue;
      const target = workspace.files.find(one => one.path === path);
      const isUsed = target && found.of(target.uri).some(one => one.suppressed?.waiver?.fingerprint === fingerprint);
      if (isUsed) continue;
      const isOver = hasExpired(expires, found.today);
      yield {
        at: isOver ? entry.at('expires') : entry.at('rule'),
        message: isOver
          ? `The waiver of ${rule} in ${path} expired on ${expires} — mend what it was for, or waive it anew.`
          : `${rule} finds nothing in ${path} that this waiver is for — delete the entry.`,
        fixes: () => {
          const change = withdraw(workspace, entry);
          return change ? [{ title: 'Delete the waiver', safe: false, ...change }] : [];
        },
      };
    }
  },
} satisfies Rule;
