import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { rules } from '../../rules/catalogue';
import { ruleIds } from '../../rules/ids';
import { rulePage } from '../../rules/page';
import type { RuleTexts } from '../../rules/rule';
import { textsFrom } from '../../rules/texts';
import { textsOf } from '../fixture';

/** The texts that the build has taken out of the rules. */
const built = brotliDecompressSync(readFileSync('dist/rule-texts.json.br')).toString();

describe('the texts of rules in what is built', () => {
  it('are those of every rule, and make its page', () => {
    assert.deepEqual(Object.keys(JSON.parse(built) as Record<string, RuleTexts>), ruleIds);
    let reads = 0;
    const textsOfBuilt = textsFrom(() => {
      reads += 1;
      return built;
    });
    for (const rule of rules) {
      const { why, remedy, traps, sources, examples, ...bare } = rule;
      const page = rulePage(bare, textsOfBuilt(bare));
      assert.equal(page, rulePage(rule, textsOf(rule)));
      assert.ok(page.includes(String(why)), rule.id);
    }
    assert.equal(reads, 1);
  });

  it('are in no program any more, but are printed by it', () => {
    const rule = rules.find(({ id }) => id === 'image-tag-mutable');
    assert.ok(rule);
    const { why, remedy } = textsOf(rule);
    const server = readFileSync('dist/server.js', 'utf8');
    assert.ok(server.includes(rule.summary));
    assert.equal(server.includes(why), false);
    const page = execFileSync(process.execPath, ['dist/cli.js', 'explain', rule.id], { encoding: 'utf8' });
    assert.ok(page.includes(why) && page.includes(remedy));
    assert.equal(page, rulePage(rule, textsOf(rule)));
  });

  it('are missed by name', () => {
    const [first] = rules;
    assert.ok(first);
    const { why, remedy, traps, sources, examples, ...bare } = first;
    assert.throws(() => textsFrom(() => '{}')(bare), new RegExp(`the rule ${first.id} are missing`));
  });
});
