import type { Rule } from '../rule';
import { suppressionsMade } from './comments';

export default {
  id: 'suppression-without-reason',
  items: [],
  severity: 'warning',
  summary: 'A comment asks to ignore a finding without saying why, so it is not heeded.',
  why: 'The finding is still reported. Whoever reads the file later could not tell whether the exception still holds.',
  remedy: 'Write the reason in parentheses: `# preflight-ignore: rule-id (reason)`.',
  examples: {
    bad: `
      #- /service.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse # preflight-ignore: service-selects-nothing
      #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: Nothing is ignored without a reason
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
    for (const { rule, reason, span } of suppressionsMade(file)) {
      if (reason !== '') continue;
      yield {
        at: { uri: file.uri, span: trimmed(file.text, span.start, span.end) },
        message: `Nothing is ignored without a reason — write preflight-ignore: ${rule} (reason).`,
      };
    }
  },
} satisfies Rule;

function trimmed(text: string, start: number, end: number): { readonly start: number; readonly end: number } {
  return { start, end: start + text.slice(start, end).trimEnd().length };
}
