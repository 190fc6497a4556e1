import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf } from '../../analysis/content';
import { settingsFileName } from '../../analysis/settings';
import { SourceFile } from '../../manifests/file';
import type { Workspace } from '../../manifests/workspace';
import { rules } from '../../rules/catalogue';
import { type Finding, takeCrashes } from '../../rules/findings';
import { LiveFindings } from '../../rules/live';
import type { Fix, Rule } from '../../rules/rule';
import { applyEdits, readFixture, textsOf, uriOf, workspaceOf } from '../fixture';

/*
 * What holds for every fix that is offered, whatever it is: it makes its finding vanish, brings no new error, keeps
 * all comments and line endings, and leaves files that can be read. Each fix of each finding is applied alone: of the
 * sample with planted mistakes, and of the bad example of every rule.
 */
describe('every fix', function () {
  this.timeout(120_000);

  // Each fix is tried in one of the two trees, since what line endings change has nothing to do with the finding.
  it('of the sample deployment mends its finding and breaks nothing', () => {
    const { problems, applied } = complaintsOfTree(readSample(), index => index % 2 === 0);
    assert.deepEqual(problems, []);
    assert.ok(applied > 25, `only ${applied} fixes were tried`);
  });

  it('of the sample deployment does so between Windows line endings', () => {
    const files = new Map([...readSample()].map(([path, text]) => [path, text.replaceAll('\n', '\r\n')]));
    const { problems, applied } = complaintsOfTree(files, index => index % 2 === 1);
    assert.deepEqual(problems, []);
    assert.ok(applied > 25, `only ${applied} fixes were tried`);
  });

  it('of every bad example mends its finding and breaks nothing', () => {
    const { problems, applied } = complaintsOfExamples(files => files);
    assert.deepEqual(problems, []);
    assert.ok(applied > 100, `only ${applied} fixes were tried`);
  });

  it('of every bad example does so where each line has a comment and the last has no end', () => {
    const { problems, applied } = complaintsOfExamples(files => new Map([...files].map(withComments)));
    assert.deepEqual(problems, []);
    assert.ok(applied > 100, `only ${applied} fixes were tried`);
  });
});

function complaintsOfExamples(mutate: (files: ReadonlyMap<string, string>) => ReadonlyMap<string, string>): Outcome {
  const problems: string[] = [];
  let applied = 0;
  for (const rule of rules) {
    const { files } = readFixture(textsOf(rule).examples.bad);
    // A file whose text is not known has nothing to be edited.
    if ([...files.values()].some(text => text.startsWith('\0'))) continue;
    const found = complaintsOfTree(mutate(files), () => true, rule);
    problems.push(...found.problems);
    applied += found.applied;
  }
  return { problems, applied };
}

/** A comment at the end of every line of YAML that may have one, and no line break at the end of the file. */
function withComments([path, text]: readonly [string, string]): [string, string] {
  if (!/\.ya?ml$/.test(path) || path === settingsFileName) return [path, text];
  const meaning = (one: string): string =>
    new SourceFile('', path, one).documents.map(({ root, problems }) => contentOf(root) + problems.length).join();
  const expected = meaning(text);
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.includes('#')) continue;
    lines[index] = `${line} # line ${index + 1}`;
    if (meaning(lines.join('\n')) !== expected) lines[index] = line;
  }
  return [path, lines.join('\n').replace(/\n+$/, '')];
}

interface Outcome {
  readonly problems: readonly string[];
  readonly applied: number;
}

/** Applies each fix of each finding to the tree alone, and tells what is wrong with the outcome. */
function complaintsOfTree(
  files: ReadonlyMap<string, string>,
  isTried: (index: number) => boolean,
  only?: Rule,
): Outcome {
  const workspace = workspaceOf(files);
  const live = new LiveFindings(workspace, rules, { profile: 'strict' }, () => {});
  for (const file of workspace.files) live.apply({ file, removed: [], added: file.documents });
  live.start();
  const before = live.all();
  const problems: string[] = [];
  let offered = 0;
  let applied = 0;
  for (let index = 0; index < before.length; index++) {
    if (only && before[index]?.rule !== only) continue;
    const count = live.all()[index]?.problem.fixes?.().length ?? 0;
    for (let choice = 0; choice < count; choice++) {
      if (!isTried(offered++)) continue;
      // Every change makes new findings, so they are asked for anew; their order is always the same.
      const finding = live.all()[index];
      const fix = finding?.problem.fixes?.()[choice];
      assert.ok(finding && fix, 'taking a fix back did not bring its finding back');
      applied++;
      const fixed = applyEdits(files, fix.edits, fix.creates);
      change(workspace, live, files, fixed);
      const what = `${finding.rule.id}: ${fix.title} (${finding.problem.message})`;
      problems.push(...complaints(files, fixed, fix, finding, before, live.all()).map(one => `${what}: ${one}`));
      problems.push(...takeCrashes(workspace).map(({ rule }) => `${what}: ${rule} fails`));
      change(workspace, live, fixed, files);
    }
  }
  live.dispose();
  return { problems, applied };
}

function change(
  workspace: Workspace,
  live: LiveFindings,
  from: ReadonlyMap<string, string>,
  to: ReadonlyMap<string, string>,
): void {
  for (const [path, text] of to) if (from.get(path) !== text) live.apply(workspace.update(uriOf(path), path, text));
  for (const path of from.keys()) {
    const removed = to.has(path) ? undefined : workspace.remove(uriOf(path));
    if (removed) live.apply(removed);
  }
}

function complaints(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  fix: Fix,
  finding: Finding,
  found: readonly Finding[],
  left: readonly Finding[],
): readonly string[] {
  const complaints: string[] = [];
  if ([...after].every(([path, text]) => before.get(path) === text)) return ['it changes nothing'];
  const same = ({ rule, problem }: Finding): boolean =>
    rule === finding.rule && problem.message === finding.problem.message;
  if (left.filter(same).length >= found.filter(same).length) complaints.push('the finding stays');
  const known = errors(found);
  for (const error of errors(left)) {
    const at = known.findIndex(one => one.key === error.key);
    if (at !== -1) known.splice(at, 1);
    else if (!asksForValue(error.message)) complaints.push(`a new error: ${error.message}`);
  }
  for (const [path, text] of after) {
    const old = before.get(path);
    if (old?.includes('\r\n') && /(?<!\r)\n/.test(text)) complaints.push(`a line of ${path} lost its carriage return`);
    if (old !== undefined && !old.includes('\r\n') && text.includes('\r'))
      complaints.push(`${path} got a carriage return`);
    if (text !== old && /\r\r|[ \t]+$/m.test(text) && !/\r\r|[ \t]+$/m.test(old ?? ''))
      complaints.push(`${path} got blanks at the end of a line`);
  }
  // What is deleted takes the comments inside it along, and so does a file that is overwritten on purpose.
  const isDeletion = fix.edits.some(edit => edit.newText.trim() === '');
  const isOverwriting = fix.title.startsWith('Overwrite ');
  const isAboutComment = finding.rule.id.startsWith('suppression-');
  if (!isDeletion && !isOverwriting && !isAboutComment) {
    const kept = comments(after);
    for (const comment of comments(before)) {
      const at = kept.indexOf(comment);
      if (at === -1) complaints.push(`the comment is gone: ${comment}`);
      else kept.splice(at, 1);
    }
  }
  return complaints;
}

/** Errors by what they are about: the message of one that stays may name other objects than before. */
function errors(findings: readonly Finding[]): { readonly key: string; readonly message: string }[] {
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ rule, problem, resource }) => ({
      key: `${rule.id} ${resource?.title ?? problem.at.uri}`,
      message: `${rule.id}: ${problem.message}`,
    }));
}

/** A skeleton asks for what only a person knows by a placeholder, and the rules about placeholders ask for it again. */
function asksForValue(error: string): boolean {
  return /^placeholder-(?:secret|config|image|domain): .*CHANGEME/.test(error);
}

function comments(files: ReadonlyMap<string, string>): string[] {
  return [...files.values()].flatMap(text => text.match(/(?:^|(?<=\s))#.*$/gm) ?? []).map(comment => comment.trim());
}

function readSample(): ReadonlyMap<string, string> {
  const root = join(__dirname, '../../examples/broken');
  return new Map(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => [path.slice(root.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')]),
  );
}
