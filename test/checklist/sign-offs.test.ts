import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDate, isSamePerson, type SignOff, signOffState, signOffsPath, type Waiver } from '../../checklist/sign-offs';
import type { Workspace } from '../../manifests/workspace';
import { rules } from '../../rules/catalogue';
import { type ItemReport, itemReports } from '../../rules/checklist';
import { coveredFiles } from '../../rules/evidence';
import { checkWorkspace, type Finding } from '../../rules/findings';
import { fingerprints } from '../../rules/fingerprint';
import { type SignOffChange, withdraw, writeSignOff, writeWaiver } from '../../rules/sign-off-edits';
import { hashOfFile, signOffsOf } from '../../rules/sign-offs';
import { applyEdits, uriOf, workspaceOf } from '../fixture';

const ada = 'Ada Example <ada@example.org>';
const restored: SignOff = {
  item: 'F.8',
  by: ada,
  at: '2026-01-31T10:00:00Z',
  note: 'Restored the backup of Sunday: 12 minutes, all rooms there.',
  covers: [],
};

describe('the state of a sign-off', () => {
  const covering = { ...restored, covers: [{ path: 'a.yaml', sha256: 'one' }] };
  const hashes = (hash: string | undefined) => () => hash;

  it('is signed off as long as the files it covers are as they were', () => {
    const { state, reason } = signOffState(covering, '2026-06-01', hashes('one'));
    assert.equal(state, 'signed-off');
    assert.match(reason, /^by Ada Example on 2026-01-31: Restored/);
  });

  it('is stale when a covered file changes or goes, and says which', () => {
    assert.deepEqual(signOffState(covering, undefined, hashes('two')), {
      state: 'stale',
      reason: 'signed by Ada Example on 2026-01-31, since then a.yaml has changed',
    });
    assert.match(signOffState(covering, undefined, hashes(undefined)).reason, /a\.yaml is gone$/);
  });

  it('is open again on the day after it expires, whatever became of the files', () => {
    const expiring = { ...covering, expires: '2026-06-30' };
    assert.equal(signOffState(expiring, '2026-06-30', hashes('one')).state, 'signed-off');
    assert.equal(signOffState(expiring, '2026-07-01', hashes('one')).state, 'open');
    assert.equal(signOffState(expiring, '2026-07-01', hashes('two')).state, 'open');
    assert.equal(signOffState(expiring, undefined, hashes('one')).state, 'signed-off');
  });

  it('knows dates and persons', () => {
    for (const date of ['2026-02-28', '2024-02-29', '2026-01-31T10:00:00Z', '2026-01-31T10:00:00.123+02:00'])
      assert.ok(isDate(date), date);
    for (const text of ['2026-02-29', '2026-13-01', '31.01.2026', 'soon', '2026-1-1']) assert.ok(!isDate(text), text);
    assert.ok(isSamePerson(ada, 'A. Example <ADA@example.org>'));
    assert.ok(!isSamePerson(ada, 'Ada Example <ada@example.com>'));
    assert.ok(isSamePerson(ada, 'ada example'));
    assert.ok(isSamePerson(ada, 'ada@example.org'));
  });
});

/** A tree with a database to back up, and a policy whose selector is wrong. */
function tree(extra: Readonly<Record<string, string>> = {}): Map<string, string> {
  return new Map(
    Object.entries({
      'cluster.yaml': cluster,
      'policy.yaml': policy,
      ...extra,
    }),
  );
}

const cluster = `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: matrix-postgresql
  namespace: matrix
spec:
  instances: 3
`;
const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-dns
  namespace: matrix
spec:
  podSelector: {}
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              name: kube-system
`;

function item(workspace: Workspace, id: string, today?: string): ItemReport {
  const findings = checkWorkspace(workspace, rules, today === undefined ? {} : { today: () => today });
  const found = itemReports(workspace, findings, rules, new Map(), today).find(one => one.item.id === id);
  assert.ok(found);
  return found;
}

/** The tree after a change. */
function changed(files: ReadonlyMap<string, string>, change: SignOffChange | undefined): Map<string, string> {
  assert.ok(change);
  return applyEdits(files, change.edits, change.creates);
}

function signed(files: ReadonlyMap<string, string>, signOff: Partial<SignOff> = {}): Map<string, string> {
  const workspace = workspaceOf(files);
  const id = signOff.item ?? restored.item;
  const covers = coveredFiles(id, workspace).map(file => ({ path: file.path, sha256: hashOfFile(file) }));
  return changed(files, writeSignOff(workspace, { ...restored, covers, ...signOff }));
}

describe('signing an item off', () => {
  it('takes a manual item from open to signed off, stale and back as its files are edited', () => {
    assert.equal(item(workspaceOf(tree()), 'F.8').state, 'open');
    const workspace = workspaceOf(signed(tree()));
    assert.equal(item(workspace, 'F.8').state, 'signed-off');
    assert.equal(item(workspace, 'F.8').signOff?.by, ada);
    assert.deepEqual(
      item(workspace, 'F.8').evidence.map(place => place.uri),
      [uriOf('cluster.yaml')],
    );
    workspace.update(uriOf('cluster.yaml'), 'cluster.yaml', cluster.replace('instances: 3', 'instances: 2'));
    assert.equal(item(workspace, 'F.8').state, 'stale');
    assert.match(item(workspace, 'F.8').reason, /cluster\.yaml has changed$/);
    workspace.update(uriOf('cluster.yaml'), 'cluster.yaml', cluster);
    assert.equal(item(workspace, 'F.8').state, 'signed-off');
    workspace.update(uriOf('policy.yaml'), 'policy.yaml', `${policy}# changed\n`);
    assert.equal(item(workspace, 'F.8').state, 'signed-off');
    workspace.update(uriOf('cluster.yaml'), 'cluster.yaml', cluster.replaceAll('\n', '\r\n'));
    assert.equal(item(workspace, 'F.8').state, 'signed-off', 'line endings are not the content');
    workspace.remove(uriOf('cluster.yaml'));
    assert.equal(item(workspace, 'F.8').state, 'stale');
  });

  it('takes a live item from unknown to signed off, and back when it has expired', () => {
    assert.equal(item(workspaceOf(tree()), 'A.4.a').state, 'unknown');
    const workspace = workspaceOf(signed(tree(), { item: 'A.4.a', expires: '2026-03-31' }));
    assert.equal(item(workspace, 'A.4.a', '2026-03-31').state, 'signed-off');
    const expired = item(workspace, 'A.4.a', '2026-04-01');
    assert.equal(expired.state, 'unknown');
    assert.match(expired.reason, /expired on 2026-03-31/);
  });

  it('says that a manual item whose sign-off has expired is open', () => {
    const workspace = workspaceOf(signed(tree(), { expires: '2026-03-31' }));
    assert.equal(item(workspace, 'F.8', '2026-04-01').state, 'open');
  });

  it('does not speak against the cluster', () => {
    const workspace = workspaceOf(signed(tree(), { item: 'A.4.a' }));
    const answered = (state: 'passed' | 'failed') =>
      itemReports(workspace, [], rules, new Map([['A.4.a', { state, reason: 'asked' }]])).find(
        one => one.item.id === 'A.4.a',
      )?.state;
    assert.equal(answered('failed'), 'failed');
    assert.equal(answered('passed'), 'passed');
  });

  it('has no effect on an item that the manifests decide', () => {
    const workspace = workspaceOf(signed(tree(), { item: '1.4.a' }));
    assert.equal(item(workspace, '1.4.a').state, 'failed');
    assert.equal(item(workspace, '1.4.a').signOff, undefined);
    const messages = checkWorkspace(workspace, rules).filter(({ rule }) => rule.id === 'sign-offs-invalid');
    assert.match(messages[0]?.problem.message ?? '', /^1\.4\.a is decided by the manifests/);
  });

  it('is taken back by its entry alone', () => {
    const one = signed(tree());
    const two = signed(one, { item: 'R.4' });
    const workspace = workspaceOf(two);
    const entry = signOffsOf(workspace).signOffs.find(other => other.item === 'R.4')?.entry;
    assert.ok(entry);
    assert.deepEqual(changed(two, withdraw(workspace, entry)), one);
    assert.equal(item(workspaceOf(one), 'R.4').state, 'open');
  });
});

describe('the file of sign-offs', () => {
  const text = (files: ReadonlyMap<string, string>): string => files.get(signOffsPath) ?? '';

  it('has an entry as a block of lines below the comment of its item', () => {
    assert.match(
      text(signed(tree())),
      /\n {2}# F\.8 Backup procedures tested\n {2}- item: F\.8\n {4}by: Ada Example <ada@example\.org>\n {4}at: 2026-01-31T10:00:00Z\n {4}note: "Restored the backup of Sunday: 12 minutes, all rooms there\."\n {4}covers:\n {6}cluster\.yaml: [0-9a-f]{64}\n {2}# F\.9 /,
    );
  });

  it('is read back as it was written', () => {
    const signOff = {
      note: 'A "quoted" # note:\nof two lines',
      evidence: 'https://example.org/a#b',
      expires: '2027-01-01',
    };
    const [read] = signOffsOf(workspaceOf(signed(tree(), signOff))).signOffs;
    assert.deepEqual(
      { ...read, entry: undefined, covers: undefined },
      {
        ...restored,
        ...signOff,
        entry: undefined,
        covers: undefined,
      },
    );
  });

  it('keeps comments and fields of others when an entry is renewed', () => {
    const files = tree({
      [signOffsPath]: `# our own words
signOffs:
  - item: F.8 # the important one
    ticket: OPS-12
    by: Bob
    at: 2025-01-01
    note: old
    expires: 2025-06-30
waivers: []
`,
    });
    assert.equal(
      text(changed(files, writeSignOff(workspaceOf(files), { ...restored, note: 'new', evidence: 'log.txt' }))),
      `# our own words
signOffs:
  - item: F.8 # the important one
    ticket: OPS-12
    by: Ada Example <ada@example.org>
    at: 2026-01-31T10:00:00Z
    note: new
    evidence: log.txt
waivers: []
`,
    );
  });

  it('stays sorted by item where the comments are gone', () => {
    let files = tree({ [signOffsPath]: 'signOffs:\nwaivers:\n' });
    for (const id of ['F.9', 'R.1', 'A.4.a', 'F.10', 'own.bells'])
      files = changed(files, writeSignOff(workspaceOf(files), { ...restored, item: id }));
    assert.deepEqual(
      [...text(files).matchAll(/- item: (.*)/g)].map(match => match[1]),
      ['A.4.a', 'F.9', 'F.10', 'R.1', 'own.bells'],
    );
    assert.deepEqual(
      signOffsOf(workspaceOf(files)).signOffs.map(one => one.item),
      ['A.4.a', 'F.9', 'F.10', 'R.1', 'own.bells'],
    );
  });

  it('takes a list that is not there yet, and Windows line endings', () => {
    const files = tree({ [signOffsPath]: 'version: 1\r\n' });
    const written = text(changed(files, writeSignOff(workspaceOf(files), restored)));
    assert.match(written, /^version: 1\r\nsignOffs:\r\n {2}- item: F\.8\r\n/);
    assert.ok(!/[^\r]\n/.test(written));
  });

  it('is not written while it is broken', () => {
    const files = tree({ [signOffsPath]: 'signOffs: [\n' });
    assert.equal(writeSignOff(workspaceOf(files), restored), undefined);
  });

  it('reports broken entries where they stand and heeds the others', () => {
    const files = tree({
      [signOffsPath]: `signOffs:
  - item: F.8
    by: Ada
    at: yesterday
    note: x
  - item: F.9
    at: 2026-01-01
  - just words
  - item: F.10
    by: Ada
    at: 2026-01-01
    note: first
  - item: F.10
    by: Bob
    at: 2026-01-02
    note: second
  - item: F.11
    by: Ada
    at: 2026-01-01
    note: x
    covers: {a.yaml: nonsense}
`,
    });
    const workspace = workspaceOf(files);
    assert.deepEqual(
      signOffsOf(workspace).signOffs.map(one => [one.item, one.by]),
      [['F.10', 'Bob']],
    );
    const found = checkWorkspace(workspace, rules).filter(({ rule }) => rule.id === 'sign-offs-invalid');
    const lines = found.map(
      ({ problem }) => workspace.file(problem.at.uri)?.lines.position(problem.at.span.start).line,
    );
    assert.deepEqual(lines, [3, 5, 7, 8, 20]);
  });

  it('merges the entries of two branches without a conflict, as git does it', () => {
    const base = signed(tree(), { item: 'R.5' });
    const merged = merge(
      text(base),
      text(signed(signed(base), { item: 'F.10' })),
      text(signed(signed(base, { item: 'F.9' }), { item: 'A.4.a' })),
    );
    assert.equal(merged.status, 0, merged.text);
    const workspace = workspaceOf(tree({ [signOffsPath]: merged.text }));
    assert.deepEqual(
      signOffsOf(workspace).signOffs.map(one => one.item),
      ['A.4.a', 'F.8', 'F.9', 'F.10', 'R.5'],
    );
    assert.deepEqual(signOffsOf(workspace).problems, []);
  });

  it('merges a sign-off with a waiver, and one item that is renewed with another that is withdrawn', () => {
    const base = signed(signed(tree()), { item: 'F.9' });
    const workspace = workspaceOf(base);
    const entry = signOffsOf(workspace).signOffs.find(one => one.item === 'F.9')?.entry;
    assert.ok(entry);
    const ours = waive(changed(base, withdraw(workspace, entry)));
    const theirs = signed(base, { note: 'Once more.' });
    const merged = merge(text(base), text(ours), text(theirs));
    assert.equal(merged.status, 0, merged.text);
    const both = signOffsOf(workspaceOf(tree({ [signOffsPath]: merged.text })));
    assert.deepEqual(
      both.signOffs.map(one => [one.item, one.note]),
      [['F.8', 'Once more.']],
    );
    assert.equal(both.waivers.length, 1);
  });

  it('leaves a conflict where both branches sign the same item', () => {
    const base = signed(tree(), { item: 'R.5' });
    const merged = merge(text(base), text(signed(base)), text(signed(base, { note: 'Something else.' })));
    assert.equal(merged.status, 1);
  });
});

const waiver: Waiver = {
  rule: 'netpol-namespace-selector-label',
  file: 'policy.yaml',
  fingerprint: '',
  reason: 'The platform team labels the namespace.',
  by: ada,
  at: '2026-01-31',
};

function selectorFinding(workspace: Workspace, today?: string): Finding & { readonly fingerprint: string } {
  const all = checkWorkspace(workspace, rules, today === undefined ? {} : { today: () => today });
  const names = fingerprints(all, workspace);
  const index = all.findIndex(({ rule }) => rule.id === waiver.rule);
  const found = all[index];
  assert.ok(found);
  return { ...found, fingerprint: names[index] ?? '' };
}

function waive(files: ReadonlyMap<string, string>, given: Partial<Waiver> = {}): Map<string, string> {
  const workspace = workspaceOf(files);
  const { fingerprint } = selectorFinding(workspace);
  return changed(files, writeWaiver(workspace, { ...waiver, fingerprint, ...given }, '1.4'));
}

describe('waiving a finding', () => {
  it('takes the finding out and the item to waived, with who and why', () => {
    assert.equal(item(workspaceOf(tree()), '1.4.a').state, 'failed');
    const files = waive(tree());
    const workspace = workspaceOf(files);
    assert.equal(selectorFinding(workspace).suppressed?.waiver?.by, ada);
    const report = item(workspace, '1.4.a');
    assert.equal(report.state, 'waived');
    assert.equal(report.reason, 'one finding waived: The platform team labels the namespace. (Ada Example)');
    assert.equal(report.waivers.length, 1);
    assert.match(
      files.get(signOffsPath) ?? '',
      /\n {2}# 1\.4 Networking\n {2}- rule: netpol-namespace-selector-label\n/,
    );
  });

  it('survives edits elsewhere in the file, and ends with the line', () => {
    const workspace = workspaceOf(waive(tree()));
    workspace.update(uriOf('policy.yaml'), 'policy.yaml', `# one more line\n${policy}`);
    assert.equal(item(workspace, '1.4.a').state, 'waived');
    workspace.update(uriOf('policy.yaml'), 'policy.yaml', policy.replace('name: kube-system', 'name: kube-systems'));
    assert.equal(item(workspace, '1.4.a').state, 'failed');
    const unused = checkWorkspace(workspace, rules).filter(({ rule }) => rule.id === 'waiver-unused');
    assert.deepEqual(
      unused.map(({ problem }) => problem.at.uri),
      [uriOf(signOffsPath)],
    );
  });

  it('brings the finding back when it has expired, and says so', () => {
    const workspace = workspaceOf(waive(tree(), { expires: '2026-03-31' }));
    assert.equal(item(workspace, '1.4.a', '2026-03-31').state, 'waived');
    assert.equal(item(workspace, '1.4.a', '2026-04-01').state, 'failed');
    const said = checkWorkspace(workspace, rules, { today: () => '2026-04-01' }).find(
      ({ rule }) => rule.id === 'waiver-unused',
    );
    assert.match(said?.problem.message ?? '', /expired on 2026-03-31/);
  });

  it('is for one finding only', () => {
    const other = policy.replace('allow-dns', 'allow-other');
    const files = waive(tree());
    const workspace = workspaceOf(new Map([...files, ['other.yaml', other]]));
    assert.equal(item(workspace, '1.4.a').state, 'failed');
    assert.equal(item(workspace, '1.4.a').findings, 1);
  });
});

/** Merges as git does when two branches have changed one file. */
function merge(base: string, ours: string, theirs: string): { readonly status: number | null; readonly text: string } {
  const folder = mkdtempSync(join(tmpdir(), 'preflight-merge-'));
  try {
    for (const [name, content] of Object.entries({ base, ours, theirs })) writeFileSync(join(folder, name), content);
    const { status, stdout, error } = spawnSync('git', ['merge-file', '-p', 'ours', 'base', 'theirs'], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(error, undefined);
    return { status, text: stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
