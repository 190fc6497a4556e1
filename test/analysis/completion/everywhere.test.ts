import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { complete } from '../../../analysis/completion/complete';
import { Workspace } from '../../../manifests/workspace';
import { help } from './at';

const root = 'examples/production';

/** A generator of the same numbers every time (Park and Miller's). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

describe('completion everywhere in a tree', () => {
  const workspace = new Workspace();
  const uris: string[] = [];
  const scripts: string[] = [];
  before(() => {
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = relative(root, join(entry.parentPath, entry.name));
      const uri = `file:///${path}`;
      workspace.update(uri, path, readFileSync(join(root, path), 'utf8'));
      if (/\.ya?ml$/.test(path)) uris.push(uri);
      if (/\.sh$/.test(path)) scripts.push(uri);
    }
    uris.sort();
  });

  it('answers at any offset of half-typed files, with a span around the cursor on one line', () => {
    const next = numbers(7);
    const typed = [
      '',
      '\n  - ',
      '\nfoo',
      ': ',
      '"',
      ' {',
      ' [',
      "'",
      '|',
      '\t',
      '\n      na',
      ' #',
      '${',
      ' -h ',
      '<<EOF\n',
    ];
    const all = [...uris, ...scripts, ...scripts];
    let answered = 0;
    for (let round = 0; round < 75; round++) {
      const uri = all[next(all.length)] ?? '';
      const file = workspace.file(uri);
      assert.ok(file);
      const before = file.text;
      const at = next(before.length);
      const word = typed[round % typed.length] ?? '';
      const text = before.slice(0, at) + word + before.slice(at + next(15));
      workspace.update(uri, file.path, text);
      const offset = at + word.length;
      const found = complete(workspace, file, offset, help);
      if (found) {
        answered++;
        const { start, end } = found.span;
        assert.ok(start <= offset && offset <= end, `${file.path}: ${start}-${end} is not around ${offset}`);
        assert.ok(!text.slice(start, end).includes('\n'), file.path);
      }
      workspace.update(uri, file.path, before);
    }
    assert.ok(answered > 10, `${answered} answers`);
  }).timeout(30_000);

  it('has what is written wherever a Secret, a key, a volume or a port is named', () => {
    const missed: string[] = [];
    let count = 0;
    for (const uri of uris) {
      const file = workspace.file(uri);
      assert.ok(file);
      const before = file.text;
      for (const match of before.matchAll(
        /(?<=(?:secretKeyRef|configMapKeyRef|secretRef):\n *name: |\n *secretName: |claimName: |serviceAccountName: |targetPort: )[\w.-]+(?=\n)/g,
      )) {
        if (/kind: (?:Ingress|Certificate)/.test(before)) continue;
        count++;
        const at = match.index;
        workspace.update(uri, file.path, before.slice(0, at) + before.slice(at + match[0].length));
        const found = complete(workspace, file, at, help);
        if (!found?.candidates.some(one => one.label === match[0])) missed.push(`${file.path}: ${match[0]}`);
        workspace.update(uri, file.path, before);
      }
    }
    assert.deepEqual(missed, []);
    assert.ok(count > 60, `${count} places`);
  }).timeout(30_000);

  it('has what is written in scripts and configurations: hosts, variables, databases, roles and objects', () => {
    const missed: string[] = [];
    let count = 0;
    for (const uri of [...uris, ...scripts]) {
      const file = workspace.file(uri);
      assert.ok(file);
      const before = file.text;
      for (const match of before.matchAll(
        /(?<![\w./-])(?:[\w-]+\.)+svc\.cluster\.local(?![\w.-])|(?<=(?<![\\$])\$\{?)[A-Z][A-Z_]*\b|(?<= -(?:U|d) )[a-z]\w*|(?<=kubectl\b.* -n )[a-z][\w-]*|(?<=\b(?:deployment|job|statefulset)\/)[a-z][\w.-]*/g,
      )) {
        const line = before.slice(before.lastIndexOf('\n', match.index) + 1, match.index);
        // Python is no language that is completed, and an alert's `$labels` is no variable.
        if (/#|^\s*(?:CLAMD|ALLOWED_HOSTS)\b/.test(line)) continue;
        if (count++ % 2 === 1) continue;
        const at = match.index;
        workspace.update(uri, file.path, before.slice(0, at) + before.slice(at + match[0].length));
        const found = complete(workspace, file, at, help);
        const texts = found?.candidates.map(one => (one.text ?? one.label).replace(/\}$/, '')) ?? [];
        if (!texts.some(text => text === match[0] || text.startsWith(`${match[0]}:`)))
          missed.push(`${file.path}: ${line.trim()}${match[0]}`);
        workspace.update(uri, file.path, before);
      }
    }
    assert.deepEqual(missed, []);
    assert.ok(count > 100, `${count} places`);
  }).timeout(30_000);
});
