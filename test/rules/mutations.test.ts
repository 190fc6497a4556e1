import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace } from '../../manifests/workspace';
import { rules } from '../../rules/catalogue';
import { type Finding, takeCrashes } from '../../rules/findings';
import { LiveFindings } from '../../rules/live';
import { uriOf } from '../fixture';
import { mutations, unplantable } from './mutations';
import type { Change, Mutation } from './mutations/mutation';
import { accepted, variants } from './variants';

/** Where the sample deployment lies. */
const root = 'examples/production';

/**
 * The sample deployment has no finding, and each small mistake planted in it is found by its rule, once, with nothing
 * else. The workspace is loaded once; a mutation edits it as a person would, and takes the edit back.
 */
describe('mutations of the sample deployment', () => {
  const texts = new Map(filesBelow('').map(path => [path, readFileSync(join(root, path), 'utf8')]));
  let workspace: Workspace;
  let findings: LiveFindings;

  before(function () {
    this.timeout(60_000);
    workspace = new Workspace();
    findings = new LiveFindings(workspace, rules, { profile: 'strict' }, () => undefined);
    for (const [path, text] of [...texts].sort()) put(workspace, findings, path, text);
    findings.start();
  });

  after(() => findings.dispose());

  it('begins without a finding, also of the strict profile', () => {
    assert.deepEqual(findings.all().map(shown), []);
  });

  it('has a mutation for each rule, or says why there can be none', () => {
    const planted = new Set([...mutations, ...Object.values(variants)].map(one => one.rule));
    assert.deepEqual(
      rules.map(rule => rule.id).filter(id => !planted.has(id) && unplantable[id] === undefined),
      [],
    );
    assert.deepEqual(
      [...planted, ...Object.keys(unplantable)].filter(id => !rules.some(rule => rule.id === id)),
      [],
    );
    assert.deepEqual(
      Object.keys(unplantable).filter(id => planted.has(id)),
      [],
    );
  });

  for (const [index, mutation] of mutations.entries()) {
    const again = mutations.findIndex(one => one.rule === mutation.rule) === index ? '' : ' again';
    it(`yields exactly ${mutation.rule}${again}`, () =>
      afterwards(mutation.changes, all => assertYields(mutation, all)));
  }

  for (const [title, mutation] of Object.entries(variants))
    it(`yields exactly ${mutation.rule} for ${title}`, () =>
      afterwards(mutation.changes, all => assertYields(mutation, all)));

  for (const [title, changes] of Object.entries(accepted))
    it(`accepts ${title}`, () => afterwards(changes, all => assert.deepEqual(all.map(shown), [])));

  /** Looks at the findings while changes are in place. */
  function afterwards(changes: readonly Change[], look: (all: readonly Finding[]) => void): void {
    const changed = changedTexts(changes, texts);
    try {
      for (const [path, text] of changed) put(workspace, findings, path, text);
      look(findings.all());
      assert.deepEqual(takeCrashes(workspace), []);
    } finally {
      for (const path of changed.keys()) put(workspace, findings, path, texts.get(path));
    }
  }

  it('is without a finding again once all edits are taken back', () => {
    assert.deepEqual(findings.all().map(shown), []);
  });
});

function assertYields({ rule, count = 1, also = {} }: Mutation, found: readonly Finding[]): void {
  const own = found.filter(finding => finding.rule.id === rule);
  const others = found.filter(finding => finding.rule.id !== rule && also[finding.rule.id] === undefined);
  assert.deepEqual(others.map(shown), [], 'other findings');
  assert.equal(own.length, count, `findings of the rule: ${own.map(shown).join('\n')}`);
  for (const id of Object.keys(also))
    assert.ok(
      found.some(finding => finding.rule.id === id),
      `${id} is said to follow, but does not`,
    );
}

function shown({ rule, severity, problem }: Finding): string {
  return `${severity} ${rule.id}: ${problem.message}`;
}

function put(workspace: Workspace, findings: LiveFindings, path: string, text: string | undefined): void {
  const changed = text === undefined ? workspace.remove(uriOf(path)) : workspace.update(uriOf(path), path, text);
  if (changed) findings.apply(changed);
}

/** The files that a mutation changes, with their new texts; undefined for a file that is gone. */
function changedTexts(
  changes: readonly Change[],
  texts: ReadonlyMap<string, string>,
): ReadonlyMap<string, string | undefined> {
  const changed = new Map<string, string | undefined>();
  for (const change of changes) {
    const before = changed.has(change.path) ? changed.get(change.path) : texts.get(change.path);
    changed.set(change.path, apply(change, before));
  }
  return changed;
}

function apply(change: Change, text: string | undefined): string | undefined {
  if (change.kind === 'add') {
    assert.equal(text, undefined, `${change.path} is there already`);
    return change.text;
  }
  assert.ok(text !== undefined, `${change.path} is not there`);
  if (change.kind === 'remove') return undefined;
  if (change.kind === 'drop') return withoutDocument(text, change.document);
  if (change.kind === 'cut') return withoutPart(text, change.from, change.to, change.replacement, change.path);
  const parts = text.split(change.find);
  if (change.nth === undefined)
    assert.equal(parts.length, 2, `"${change.find}" stands ${parts.length - 1} times in ${change.path}`);
  const at = change.nth ?? 0;
  assert.ok(parts.length > at + 1, `"${change.find}" stands ${parts.length - 1} times in ${change.path}`);
  assert.notEqual(change.find, change.replacement);
  return parts.slice(0, at + 1).join(change.find) + change.replacement + parts.slice(at + 1).join(change.find);
}

function withoutPart(text: string, from: string, to: string, replacement: string, path: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to, start);
  assert.ok(start !== -1 && end !== -1, `"${from}" to "${to}" does not stand in ${path}`);
  return text.slice(0, start) + replacement + text.slice(end + to.length);
}

function withoutDocument(text: string, document: string): string {
  const [kind = '', name = ''] = document.split('/');
  const documents = text.split(/^---\n/m);
  const rest = documents.filter(one => !(one.includes(`\nkind: ${kind}\n`) && one.includes(`\n  name: ${name}\n`)));
  assert.equal(rest.length, documents.length - 1, `${document} stands ${documents.length - rest.length} times`);
  return rest.join('---\n');
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
