import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const cli = resolve('dist/cli.js');
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
const rule = 'netpol-namespace-selector-label';

describe('sign and waive', function () {
  this.timeout(60_000);
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'matrix-preflight-'));
    writeFileSync(join(folder, 'policy.yaml'), policy);
    git('init', '-q');
    git('config', 'user.name', 'Ada Example');
    git('config', 'user.email', 'ada@example.org');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function git(...args: readonly string[]): void {
    const { status, stderr } = spawnSync('git', [...args], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }

  function run(...args: readonly string[]): { readonly code: number | null; readonly stdout: string; stderr: string } {
    const env = { ...process.env, XDG_STATE_HOME: folder };
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env });
    return { code: status, stdout, stderr };
  }

  function item(id: string): Item {
    const { items } = JSON.parse(run('checklist', folder, '--format', 'json').stdout) as { readonly items: Item[] };
    const found = items.find(one => one.id === id);
    assert.ok(found);
    return found;
  }

  const signOffs = (): string => readFileSync(join(folder, '.matrix-preflight/sign-offs.yaml'), 'utf8');

  it('signs an item off in the name of git, with what it covers, and takes it back', () => {
    const signed = run(
      ...['sign', 'F.8', folder, '--note', 'Restored: all there.', '--covers', 'policy.yaml'],
      ...['--expires', '2999-12-31', '--evidence', 'https://example.org/log'],
    );
    assert.equal(signed.code, 0, signed.stderr);
    assert.equal(signed.stdout, '');
    assert.equal(signed.stderr, 'F.8 is signed off by Ada Example <ada@example.org>; it covers 1 file\n');
    const { state, signOff } = item('F.8');
    assert.equal(state, 'signed-off');
    assert.match(signOff?.at ?? '', /^\d{4}-\d{2}-\d{2}T[\d:]{8}Z$/);
    assert.deepEqual(
      { ...signOff, at: '' },
      {
        by: 'Ada Example <ada@example.org>',
        at: '',
        note: 'Restored: all there.',
        evidence: 'https://example.org/log',
        until: '2999-12-31',
        covers: ['policy.yaml'],
      },
    );
    assert.match(run('checklist', folder).stdout, /✔ F\.8 +Backup procedures tested — by Ada Example on .*until 2999/);
    writeFileSync(join(folder, 'policy.yaml'), `${policy}# changed\n`);
    assert.equal(item('F.8').state, 'stale');
    assert.equal(run('sign', 'F.8', folder, '--withdraw').code, 0);
    assert.equal(item('F.8').state, 'open');
  });

  it('takes another name, and reports an expired sign-off as open', () => {
    run('sign', 'R.4', folder, '--note', 'Agreed.', '--by', 'Bob', '--expires', '2001-01-01');
    assert.match(signOffs(), /\n {4}by: Bob\n/);
    assert.equal(item('R.4').state, 'open');
    assert.match(item('R.4').reason, /expired on 2001-01-01/);
  });

  it('waives one finding by its fingerprint, and counts it as waived', () => {
    const report = JSON.parse(run('check', folder, '--format', 'json').stdout) as Report;
    const finding = report.findings.find(one => one.rule === rule);
    assert.ok(finding);
    const waived = run('waive', finding.fingerprint.slice(0, 12), folder, '--reason', 'Labelled by the platform team.');
    assert.equal(waived.code, 0, waived.stderr);
    const after = JSON.parse(run('check', folder, '--format', 'json').stdout) as Report;
    assert.ok(!after.findings.some(one => one.rule === rule));
    const [suppressed] = after.suppressed;
    assert.equal(suppressed?.rule, rule);
    assert.equal(suppressed.reason, 'Labelled by the platform team.');
    assert.equal(suppressed.waiver?.by, 'Ada Example <ada@example.org>');
    assert.match(run('check', folder).stdout, /, 1 waived — /);
    assert.equal(item('1.4.a').state, 'waived');
    assert.equal(run('check', folder, '--rule', 'waiver-unused', '--fail-on', 'info').code, 0);
    writeFileSync(join(folder, 'policy.yaml'), policy.replace('name: kube-system', 'kubernetes.io/metadata.name: x'));
    assert.match(run('check', folder, '--rule', 'waiver-unused').stdout, /finds nothing in policy\.yaml/);
    assert.equal(run('waive', rule, folder, '--file', 'policy.yaml', '--withdraw').code, 0);
    assert.ok(!signOffs().includes(`rule: ${rule}`));
  });

  it('waives by rule, file and line', () => {
    assert.equal(run('waive', rule, folder, '--file', 'policy.yaml', '--line', '12', '--reason', 'x').code, 0);
    assert.equal(item('1.4.a').state, 'waived');
  });

  it('says what is missing, and writes nothing then', () => {
    for (const [args, message] of [
      [['sign'], /which item/],
      [['sign', 'F.8', folder], /--note/],
      [['sign', 'F.88', folder, '--note', 'x'], /no item "F\.88"; did you mean F\.8\?/],
      [['sign', '1.4.a', folder, '--note', 'x'], /decided by the manifests/],
      [['sign', 'F.8', folder, '--note', 'x', '--expires', 'soon'], /takes a date/],
      [['sign', 'F.8', folder, '--note', 'x', '--covers', 'gone.yaml'], /gone\.yaml is no file/],
      [['sign', 'F.8', folder, '--withdraw'], /nobody has signed/],
      [['waive', rule, folder], /--reason/],
      [['waive', 'no-such-rule', folder, '--reason', 'x'], /no finding/],
      [['waive', rule, folder, '--withdraw'], /no such waiver/],
    ] as const) {
      const { code, stdout, stderr } = run(...args);
      assert.equal(code, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, message);
    }
    assert.throws(signOffs);
  });
});

interface Item {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  readonly signOff?: { readonly by: string; readonly at: string };
}
interface Report {
  readonly findings: readonly { readonly rule: string; readonly fingerprint: string }[];
  readonly suppressed: readonly {
    readonly rule: string;
    readonly reason: string;
    readonly waiver?: { readonly by: string };
  }[];
}
