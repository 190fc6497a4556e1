import type { Rule, RuleTexts } from './rule';

/** Gives what a rule says of itself at length. */
export type TextsOf = (rule: Rule) => RuleTexts;

/**
 * Finds texts in the rules, or else in the file that the build has put them into: `read` gives what is in that file, a
 * JSON object by the ids of rules, and is called once, when somebody first asks.
 */
export function textsFrom(read: () => string): TextsOf {
  let written: Readonly<Record<string, RuleTexts>> | undefined;
  return rule => {
    if (rule.why !== undefined) return rule;
    written ??= JSON.parse(read()) as Readonly<Record<string, RuleTexts>>;
    const texts = written[rule.id];
    if (!texts) throw new Error(`The texts of the rule ${rule.id} are missing.`);
    return texts;
  };
}
