import { code } from '../../../analysis/describe/markdown';
import { explainRuleCommand } from '../../../protocol/client-facts';
import type { Rule } from '../../../rules/rule';
import type { Session } from '../../session';
import { rulePages } from '../../to-lsp';

/** What a rule says of itself, with a way to its page: a command of the client that has it, else the page's address. */
export function ruleText(rule: Rule, session: Pick<Session, 'canRun' | 'textsOf'>): string {
  const { id, summary } = rule;
  const { why, remedy } = session.textsOf(rule);
  const target = session.canRun(explainRuleCommand)
    ? `command:${explainRuleCommand}?${encodeURIComponent(JSON.stringify([id]))}`
    : `${rulePages}${id}.md`;
  return `**${summary}** ([${code(id)}](${target}))\n\n${why}\n\n**What to do:** ${remedy}`;
}
