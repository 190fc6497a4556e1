import { startOfLine } from '../../manifests/lines';
import type { Candidate, Completion } from './candidate';

/** What a rule is, as far as lists of rules show it. */
export interface RuleFacts {
  readonly id: string;
  readonly summary: string;
}

/**
 * The rule of a suppression comment, `# preflight-ignore: RULE (reason)`, at an offset of a file; rules that have findings
 * near it come first. Undefined elsewhere.
 */
export function suppressionAt(
  text: string,
  offset: number,
  { rules, likelyRules }: { readonly rules: readonly RuleFacts[]; likelyRules(): ReadonlySet<string> },
): Completion | undefined {
  const line = startOfLine(text, offset);
  const before = /(?:#|\/\/|<!--)[ \t]*preflight-ignore:([ \t]*)([\w-]*)$/.exec(text.slice(line, offset));
  if (!before) return undefined;
  const likely = likelyRules();
  const start = offset - (before[2] ?? '').length;
  const end = offset + (/^[\w-]*/.exec(text.slice(offset, offset + 80))?.[0].length ?? 0);
  return {
    candidates: rules.map(
      ({ id, summary }): Candidate => ({
        label: id,
        kind: 'rule',
        documentation: summary,
        rank: likely.has(id) ? 0 : 1,
        ...(likely.has(id) ? { detail: 'found here' } : {}),
      }),
    ),
    span: { start, end },
    writing: {
      language: 'comment',
      isKey: false,
      isItem: false,
      quote: '',
      // A reason stands behind it already.
      hasColon: /^[ \t]*\(/.test(text.slice(end, end + 20)),
      needsSpace: before[1] === '' && start === offset,
      isFlow: false,
      column: 0,
    },
  };
}
