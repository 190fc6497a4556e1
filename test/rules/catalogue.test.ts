import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { checklistItems } from '../../checklist/items';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { rules } from '../../rules/catalogue';
import { check, textsOf } from '../fixture';

/** What holds for the rules as a whole: none is nameless, without page or without reason, and no item is forgotten. */
describe('the catalogue of rules', () => {
  const ruleFiles = readdirSync('rules', { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .flatMap(topic => readdirSync(`rules/${topic.name}`).map(name => `rules/${topic.name}/${name}`))
    .filter(path => /^export default /m.test(readFileSync(path, 'utf8')));

  it('holds every rule file once, under the name of the file', () => {
    const ids = rules.map(rule => rule.id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      ids,
      ruleFiles.map(path => path.replace(/^.*\/|\.ts$/g, '')).sort((a, b) => (a < b ? -1 : 1)),
    );
    for (const path of ruleFiles) assert.match(readFileSync(path, 'utf8'), new RegExp(`^  id: '${idOf(path)}',$`, 'm'));
  });

  it('decides every item of the checklist that can be read off the manifests', () => {
    const decided = new Set<string>(rules.flatMap(rule => rule.items));
    const open = checklistItems.filter(item => item.kind === 'static' && !decided.has(item.id)).map(item => item.id);
    assert.deepEqual(open, []);
  });

  it('names only items that the checklist has, each once', () => {
    const known = new Set<string>(checklistItems.map(item => item.id));
    for (const rule of rules) {
      assert.deepEqual(
        rule.items.filter(item => !known.has(item)),
        [],
        rule.id,
      );
      assert.equal(new Set(rule.items).size, rule.items.length, rule.id);
    }
  });

  it('has one page per rule and no page without a rule', () => {
    const pages = readdirSync('docs/rules').filter(name => name !== 'README.md');
    assert.deepEqual(pages.sort(), rules.map(rule => `${rule.id}.md`).sort());
    // That the pages are up to date is what `generate --check` says.
    for (const rule of rules) assert.ok(readFileSync(`docs/rules/${rule.id}.md`, 'utf8').startsWith(`# ${rule.id}\n`));
  });

  for (const rule of rules) {
    const { why, remedy, traps = [], sources = [], examples } = textsOf(rule);
    describe(rule.id, () => {
      it('is in kebab case, and says in sentences what, why and what to do', () => {
        assert.match(rule.id, /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/);
        for (const text of [rule.summary, why, remedy]) {
          assert.match(text, /[.`]$/);
          assert.ok(text.trim().split(/\s+/).length >= 3, text);
        }
        assert.equal(rule.summary.includes('\n'), false);
        for (const text of [...traps, ...sources]) assert.notEqual(text.trim(), '');
      });

      it('shows what it finds and how it looks without, and no value of a Secret', () => {
        const { fixture, workspace, findings } = check(examples.bad, [rule]);
        assert.notEqual(fixture.marks.length, 0);
        assert.notEqual(examples.good.trim(), '');
        const said = findings.flatMap(({ problem }) => [
          problem.message,
          ...(problem.related ?? []).map(({ message }) => message),
          ...(problem.fixes?.() ?? []).map(({ title }) => title),
        ]);
        assert.notEqual(said.length, 0);
        for (const secret of secretValues(workspace))
          assert.deepEqual(
            said.filter(text => text.includes(secret)),
            [],
          );
      });
    });
  }
});

function idOf(path: string): string {
  return path.replace(/^.*\/|\.ts$/g, '');
}

/** The passwords, keys and tokens of a tree's Secrets, as written and decoded. User names and the like are no secret. */
function secretValues(workspace: Workspace): readonly string[] {
  return workspace
    .resources('Secret')
    .flatMap(secret => [...scalarsOf(secret.root.at('stringData')), ...scalarsOf(secret.root.at('data'))])
    .filter(([key]) => /pass|secret|token|key|pwd/i.test(key))
    .flatMap(([, text]) => [text, Buffer.from(text, 'base64').toString('utf8')])
    .filter(text => text.length >= 6 && !text.includes('\ufffd') && !isPlaceholder(text));
}

/** What stands where a value has to be filled in is no secret, and has to be shown to be found. */
function isPlaceholder(text: string): boolean {
  return /^CHANGEME|^REPLACE_/.test(text);
}

function scalarsOf(values: Value): readonly (readonly [string, string])[] {
  return values.entries().flatMap(([key, value]) => (value.text ? [[key, value.text.trim()] as const] : []));
}
