import type { RuleHead, RuleTexts } from './rule';

/** The page of a rule, as GitHub-flavoured Markdown: what it finds, why it matters, what to do, and how it looks. */
export function rulePage(rule: RuleHead, texts: RuleTexts): string {
  const items = rule.items.length > 0 ? `Checklist: ${rule.items.join(', ')}` : 'Beyond the checklist, in its spirit';
  const parts = [
    `# ${rule.id}`,
    `${rule.summary}\n\n*${rule.severity}${rule.profile === 'strict' ? ', strict profile' : ''} · ${items}*`,
    `## Why\n\n${texts.why}`,
    `## What to do\n\n${texts.remedy}`,
    `## Example\n\n${code(texts.examples.bad)}\n\nWithout the problem:\n\n${code(texts.examples.good)}`,
  ];
  if (texts.traps?.length) parts.push(`## Good to know\n\n${list(texts.traps)}`);
  if (texts.sources?.length) parts.push(`## Sources\n\n${list(texts.sources)}`);
  return `${parts.join('\n\n')}\n`;
}

function list(entries: readonly string[]): string {
  return entries.map(entry => `- ${entry}`).join('\n');
}

function code(example: string): string {
  const lines = example.replace(/^\n/, '').replace(/\s*$/, '').split('\n');
  const indent = Math.min(...lines.filter(line => line.trim() !== '').map(line => /^ */.exec(line)?.[0].length ?? 0));
  return `\`\`\`yaml\n${lines.map(line => line.slice(Math.min(indent, line.length))).join('\n')}\n\`\`\``;
}
