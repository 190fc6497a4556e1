import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const cli = resolve('dist/cli.js');
const production = resolve('examples/production');
const broken = resolve('examples/broken');

/** The built command line as users' scripts see it: what it prints where, and with which code it ends. */
describe('command line', function () {
  this.timeout(60_000);
  let folder = '';

  before(() => {
    assert.ok(existsSync(cli), 'dist/cli.js is not built; run npm run build');
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'matrix-preflight-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }

  function read(path: string): string {
    return readFileSync(join(folder, path), 'utf8');
  }

  describe('check', () => {
    it('prints one JSON document of the promised shape, and ends with 1 for an error', () => {
      write('policies.yaml', policy);
      const { code, stdout, stderr } = run('check', folder, '--format', 'json');
      assert.equal(code, 1);
      assert.equal(stderr, '');
      const report = JSON.parse(stdout) as Report;
      assert.equal(report.version, 1);
      assert.equal(report.tool.name, 'matrix-preflight');
      assert.equal(folder.endsWith(report.root), true);
      const finding = report.findings.find(one => one.rule === 'netpol-namespace-selector-label');
      assert.ok(finding);
      assert.equal(finding.severity, 'error');
      assert.equal(finding.file, 'policies.yaml');
      assert.deepEqual(finding.range, { start: { line: 12, character: 14 }, end: { line: 12, character: 31 } });
      assert.equal(finding.resource, 'NetworkPolicy/allow-dns');
      assert.equal(finding.namespace, 'matrix');
      assert.deepEqual(finding.items, ['1.4.a']);
      assert.deepEqual(finding.fixes[0], { title: finding.fixes[0]?.title, safe: true });
      assert.match(finding.fingerprint, /^[0-9a-f]{16,}$/);
      assert.ok(Array.isArray(finding.related));
      assert.deepEqual(report.suppressed, []);
      assert.equal(report.summary.files, 1);
      assert.equal(report.summary.documents, 1);
      assert.equal(report.summary.resources, 1);
      for (const severity of ['error', 'warning', 'info', 'hint'] as const)
        assert.equal(report.summary[severity], report.findings.filter(one => one.severity === severity).length);
      assert.equal(typeof report.summary.milliseconds, 'number');
    });

    it('sorts findings by file, position and rule, the same on every run', () => {
      const [first, second] = [1, 2].map(() => JSON.parse(run('check', broken, '--format', 'json').stdout) as Report);
      assert.ok(first && second && first.findings.length > 10);
      assert.deepEqual(
        { ...first, summary: { ...first.summary, milliseconds: 0 } },
        { ...second, summary: { ...second.summary, milliseconds: 0 } },
      );
      const sorted = [...first.findings].sort(
        (a, b) =>
          compare(a.file, b.file) ||
          a.range.start.line - b.range.start.line ||
          a.range.start.character - b.range.start.character ||
          compare(a.rule, b.rule),
      );
      assert.deepEqual(first.findings.map(place), sorted.map(place));
      assert.equal(new Set(first.findings.map(one => one.fingerprint)).size, first.findings.length);
    });

    it('ends with 0 for the production example', () => {
      const { code, stdout } = run('check', production, '--fail-on', 'info', '--format', 'json');
      assert.deepEqual((JSON.parse(stdout) as Report).findings, []);
      assert.equal(code, 0);
    });

    it('adds nothing up of two deployments side by side', () => {
      for (const copy of ['production', 'staging']) cpSync(production, join(folder, copy), { recursive: true });
      const { stdout } = run('check', folder, '--fail-on', 'info', '--format', 'json');
      assert.deepEqual((JSON.parse(stdout) as Report).findings, []);
    });

    it('prints code frames with carets, without colours where nobody sees them', () => {
      write('policies.yaml', policy);
      const { code, stdout } = run('check', folder, '--rule', 'netpol-namespace-selector-label', '--no-color');
      assert.equal(code, 1);
      assert.match(stdout, /^policies\.yaml:13:15 error No namespace is known to carry the label name=kube-system/m);
      const lines = stdout.split('\n');
      const source = lines.findIndex(line => line.startsWith('13 |'));
      assert.equal(lines[source + 1]?.indexOf('^'), lines[source]?.indexOf('name:'));
      assert.match(lines[source + 1] ?? '', /\^{17}$/);
      assert.match(stdout, /1 error — 1 resources? in 1 files?/);
      assert.equal(stdout.includes('\x1b'), false);
    });

    it('fails only at or above --fail-on', () => {
      write('schedule.yaml', scheduledBackup);
      const only = ['--rule', 'pg-cron-six-fields', '--format', 'json'];
      const report = JSON.parse(run('check', folder, ...only).stdout) as Report;
      assert.deepEqual(
        report.findings.map(one => one.severity),
        ['warning'],
      );
      const codes = ['error', 'warning', 'info', 'none'].map(
        level => run('check', folder, ...only, '--fail-on', level).code,
      );
      assert.deepEqual(codes, [0, 1, 1, 0]);
      write('policies.yaml', policy);
      assert.equal(run('check', folder, '--fail-on', 'none').code, 0);
    });

    it('runs only the rules that are named', () => {
      write('policies.yaml', policy);
      write('schedule.yaml', scheduledBackup);
      const { stdout } = run('check', folder, '--rule', 'pg-cron-six-fields', '--format', 'json');
      assert.deepEqual(
        (JSON.parse(stdout) as Report).findings.map(one => one.rule),
        ['pg-cron-six-fields'],
      );
      const both = ['--rule', 'pg-cron-six-fields', '--rule', 'netpol-namespace-selector-label'];
      const { stdout: more } = run('check', folder, ...both, '--format', 'json');
      assert.deepEqual(
        (JSON.parse(more) as Report).findings.map(one => one.rule),
        ['netpol-namespace-selector-label', 'pg-cron-six-fields'],
      );
    });

    it('takes another configuration file with --config', () => {
      write('tree/policies.yaml', policy);
      write('lenient.yaml', 'rules:\n  netpol-namespace-selector-label: {severity: "off", reason: labelled by hand}\n');
      const found = (...more: readonly string[]): readonly string[] =>
        (JSON.parse(run('check', join(folder, 'tree'), '--format', 'json', ...more).stdout) as Report).findings.map(
          one => one.rule,
        );
      assert.ok(found().includes('netpol-namespace-selector-label'));
      assert.equal(found('--config', join(folder, 'lenient.yaml')).includes('netpol-namespace-selector-label'), false);
    });

    it('writes to the file of --output and prints nothing', () => {
      write('tree/policies.yaml', policy);
      const { code, stdout } = run(
        'check',
        join(folder, 'tree'),
        '--format',
        'json',
        '--output',
        join(folder, 'report.json'),
      );
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.equal((JSON.parse(read('report.json')) as Report).version, 1);
    });

    it('lists suppressed findings with their reason, and does not fail for them', () => {
      write(
        'policies.yaml',
        policy.replace(
          'name: kube-system',
          'name: kube-system # preflight-ignore: netpol-namespace-selector-label (labelled by Ansible)',
        ),
      );
      const { code, stdout } = run('check', folder, '--rule', 'netpol-namespace-selector-label', '--format', 'json');
      const report = JSON.parse(stdout) as Report;
      assert.equal(code, 0);
      assert.deepEqual(report.findings, []);
      assert.deepEqual(
        report.suppressed.map(({ rule, file, reason }) => ({ rule, file, reason })),
        [{ rule: 'netpol-namespace-selector-label', file: 'policies.yaml', reason: 'labelled by Ansible' }],
      );
      assert.equal(report.summary.error, 0);
    });

    it('never prints the value of a Secret', () => {
      const canary = 'c4nAry-Sw0rdfish';
      const inBase64 = Buffer.from(canary).toString('base64');
      write('secret.yaml', minioSecret(canary));
      write('data.yaml', `apiVersion: v1\nkind: Secret\nmetadata: {name: other}\ndata:\n  password: ${inBase64}\n`);
      write('weak.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: {name: weak}\nstringData:\n  password: hunter2\n');
      const plain = 's3a-Urchin-n1ne';
      write(
        'plain.yaml',
        `apiVersion: v1\nkind: Pod\nmetadata:\n  name: plain\nspec:\n  containers:\n    - name: plain\n      image: plain:1\n      env:\n        - name: DB_PASSWORD\n          value: ${plain}\n`,
      );
      for (const command of [
        ['check', folder, '--no-color'],
        ['check', folder, '--format', 'json'],
        ['check', folder, '--format', 'sarif'],
        ['check', folder, '--format', 'markdown'],
        ['checklist', folder],
        ['checklist', folder, '--format', 'json'],
        ['plan', folder],
        ['plan', folder, '--format', 'json'],
      ]) {
        const { stdout, stderr } = run(...command);
        assert.notEqual(stdout, '');
        for (const value of [canary, inBase64, plain, 'hunter2'])
          assert.equal((stdout + stderr).includes(value), false, `${command[0]} shows the value of a Secret`);
      }
      const report = JSON.parse(run('check', folder, '--format', 'json').stdout) as Report;
      assert.ok(report.findings.some(one => one.file === 'secret.yaml' && one.rule === 'minio-secret-pairs-differ'));
      assert.ok(report.findings.some(one => one.file === 'plain.yaml' && one.rule === 'secret-in-plain-config'));
    });
  });

  describe('fix', () => {
    it('prints a unified diff with --dry-run and writes nothing', () => {
      write('policies.yaml', policy);
      const { code, stdout } = run('fix', folder, '--dry-run');
      assert.equal(code, 0);
      assert.match(stdout, /^--- a\/policies\.yaml/m);
      assert.match(stdout, /^\+\+\+ b\/policies\.yaml/m);
      assert.match(stdout, /^@@ -\d+,\d+ \+\d+,\d+ @@/m);
      assert.match(stdout, /^-\s+name: kube-system$/m);
      assert.match(stdout, /^\+.*kubernetes\.io\/metadata\.name/m);
      assert.equal(read('policies.yaml'), policy);
    });

    it('writes the fixes, and has nothing to do the second time', () => {
      write('policies.yaml', policy);
      assert.equal(run('fix', folder).code, 0);
      const once = read('policies.yaml');
      assert.match(once, /kubernetes\.io\/metadata\.name/);
      assert.equal(run('check', folder, '--rule', 'netpol-namespace-selector-label').code, 0);
      const again = run('fix', folder);
      assert.equal(again.code, 0);
      assert.match(again.stderr, /0 fixes in 0 files/);
      assert.equal(read('policies.yaml'), once);
    });

    it('keeps a byte order mark and CRLF line endings', () => {
      write('policies.yaml', `\ufeff${policy.replaceAll('\n', '\r\n')}`);
      assert.equal(run('fix', folder).code, 0);
      const fixed = read('policies.yaml');
      assert.match(fixed, /kubernetes\.io\/metadata\.name/);
      assert.equal(fixed.startsWith('\ufeff'), true);
      assert.equal(fixed.indexOf('\ufeff', 1), -1);
      assert.equal(/(?<!\r)\n/.test(fixed), false);
    });

    it('applies only the fixes of the rules that are named', () => {
      write('policies.yaml', policy);
      assert.equal(run('fix', folder, '--rule', 'pg-cron-six-fields').code, 0);
      assert.equal(read('policies.yaml'), policy);
    });
  });

  describe('checklist', () => {
    it('prints the state of every item as JSON', () => {
      const { code, stdout } = run('checklist', broken, '--format', 'json');
      assert.equal(code, 1);
      const { version, items, summary } = JSON.parse(stdout) as Checklist;
      assert.equal(version, 1);
      assert.equal(items.length, 123);
      for (const item of items) {
        assert.ok(item.id && item.phase && item.section && item.title);
        assert.ok(['static', 'live', 'manual'].includes(item.kind), item.id);
        assert.ok(states.includes(item.state), `${item.id} ${item.state}`);
        assert.ok(Array.isArray(item.rules) && Array.isArray(item.evidence) && typeof item.findings === 'number');
        if (item.kind === 'live') assert.notEqual(item.state, 'passed', item.id);
        if (item.state === 'failed') assert.ok(item.findings > 0, item.id);
      }
      const selectors = items.find(item => item.id === '1.4.a');
      assert.equal(selectors?.state, 'failed');
      assert.ok(selectors.rules.includes('netpol-namespace-selector-label'));
      const counted = Object.values(summary).reduce((total, count) => total + count, 0);
      assert.equal(counted, items.length);
      assert.deepEqual(Object.keys(summary).sort(), [...states].sort());
    });

    it('fails nothing of the production example', () => {
      const { code, stdout } = run('checklist', production, '--format', 'json');
      const failed = (JSON.parse(stdout) as Checklist).items.filter(item => item.state === 'failed');
      assert.deepEqual(failed, []);
      assert.equal(code, 0);
    });

    it('prints phases and sections for a person', () => {
      const { stdout } = run('checklist', production);
      assert.match(stdout, /1\.4\.a\s+NetworkPolicy namespace selectors use kubernetes\.io\/metadata\.name/);
      assert.match(stdout, /of 123 items$/m);
    });
  });

  describe('plan', () => {
    it('prints phases and steps as JSON, with a hash that names the plan', () => {
      const { code, stdout } = run('plan', production, '--format', 'json');
      assert.equal(code, 0);
      const plan = JSON.parse(stdout) as Plan;
      assert.equal(plan.version, 1);
      assert.match(plan.hash, /^[0-9a-f]{64}$/);
      assert.ok(Array.isArray(plan.unclaimed));
      const steps = plan.phases.flatMap(phase => phase.steps);
      const postgresql = steps.find(step => step.id === 'postgresql');
      assert.ok(postgresql);
      assert.equal(postgresql.checklistPath, 'infrastructure/01-postgresql/');
      assert.deepEqual(postgresql.paths, ['infrastructure/01-postgresql']);
      assert.equal(postgresql.resolution, 'exact');
      assert.equal(postgresql.runOnce, false);
      assert.ok(Array.isArray(postgresql.waits) && Array.isArray(postgresql.blockedBy));
      assert.ok(postgresql.commands.every(command => command.startsWith('kubectl ')));
      const cluster = postgresql.objects.find(object => object.kind === 'Cluster');
      assert.ok(cluster);
      assert.match(cluster.file, /^infrastructure\/01-postgresql\/.*\.yaml$/);
      assert.ok(cluster.line >= 1);
      assert.equal(cluster.namespace, 'matrix');
      assert.equal((JSON.parse(run('plan', production, '--format', 'json').stdout) as Plan).hash, plan.hash);
    });

    it('refuses phases and steps that there are not', () => {
      for (const [option, id] of [
        ['--phase', 'infra'],
        ['--step', 'constructor'],
      ] as const) {
        const { code, stdout, stderr } = run('plan', production, option, id);
        assert.deepEqual([code, stdout], [2, '']);
        assert.match(stderr, new RegExp(`there is no ${option.slice(2)} "${id}"; the plan has `));
      }
    });

    it('refuses an empty path, as a variable that is not set gives', () => {
      write('policies.yaml', policy);
      const { code, stdout } = runIn(folder, 'fix', '');
      assert.deepEqual([code, stdout], [2, '']);
      assert.equal(read('policies.yaml'), policy);
    });

    it('shows only the phases that are asked for', () => {
      const { stdout } = run('plan', production, '--phase', 'infrastructure', '--format', 'json');
      assert.deepEqual(
        (JSON.parse(stdout) as Plan).phases.filter(phase => phase.steps.length > 0).map(phase => phase.id),
        ['infrastructure'],
      );
    });
  });

  it('explains a rule', () => {
    const { code, stdout } = run('explain', 'pg-cron-six-fields');
    assert.equal(code, 0);
    assert.match(stdout, /^# pg-cron-six-fields\n/);
    for (const heading of ['## Why', '## What to do', '## Example']) assert.ok(stdout.includes(heading), heading);
  });

  it('says how it is used, also behind a command', () => {
    for (const args of [['help'], ['--help'], ['check', '-h'], ['deploy', production, '--help']]) {
      const { code, stdout } = run(...args);
      assert.equal(code, 0, args.join(' '));
      assert.match(stdout, /^Usage: matrix-preflight/, args.join(' '));
    }
  });

  describe('bad usage', () => {
    for (const [what, args, message] of [
      ['no command', [], /which command/],
      ['an unknown command', ['chekc'], /no command "chekc"/],
      ['an unknown option', ['check', '--colour'], /--colour/],
      ['an unknown format', ['check', production, '--format', 'xml'], /--format takes pretty, json/],
      ['an unknown severity', ['check', production, '--fail-on', 'fatal'], /--fail-on takes error/],
      ['an unknown rule', ['check', production, '--rule', 'no-such-rule'], /no rule "no-such-rule"/],
      ['a folder that does not exist', ['check', '/no/such/folder'], /\/no\/such\/folder does not exist/],
      ['a file for a folder', ['check', join(production, 'namespace.yaml')], /is not a directory/],
      ['two folders', ['check', production, broken], /expected one path/],
      ['a missing configuration', ['check', production, '--config', '/no/such.yaml'], /\/no\/such\.yaml/],
      ['an unknown rule to explain', ['explain', 'no-such-rule'], /no rule "no-such-rule"/],
      ['nothing to explain', ['explain'], /which rule/],
      ['a folder of a plan that does not exist', ['plan', '/no/such/folder'], /does not exist/],
    ] as const) {
      it(`ends with 2 for ${what}, and says so on stderr only`, () => {
        const { code, stdout, stderr } = run(...args);
        assert.equal(code, 2);
        assert.equal(stdout, '');
        assert.match(stderr.split('\n')[0] ?? '', message);
      });
    }
  });

  describe('unusual trees', () => {
    it('reads a tree whose path has spaces and letters beyond ASCII', () => {
      write('my déploiement/sub folder/policies.yaml', policy);
      const { stdout } = run('check', join(folder, 'my déploiement'), '--format', 'json');
      const report = JSON.parse(stdout) as Report;
      assert.equal(report.root, 'my déploiement');
      assert.ok(report.findings.some(one => one.file === 'sub folder/policies.yaml'));
      assert.equal(run('fix', join(folder, 'my déploiement')).code, 0);
      assert.match(read('my déploiement/sub folder/policies.yaml'), /kubernetes\.io\/metadata\.name/);
    });

    it('goes on past links in circles, dangling links, binaries, and huge and broken files', () => {
      write('policies.yaml', policy);
      write('image.yaml', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 1]));
      write('huge.json', Buffer.alloc(8 * 1024 * 1024 + 1, ' '));
      write('broken.yaml', 'a: [1, 2\nb: {\n');
      symlinkSync(folder, join(folder, 'again'));
      symlinkSync(join(folder, 'nothing'), join(folder, 'dangling.yaml'));
      const { code, stdout } = run('check', folder, '--format', 'json');
      assert.equal(code, 1);
      const report = JSON.parse(stdout) as Report;
      const of = (rule: string): readonly string[] =>
        report.findings.filter(one => one.rule === rule).map(one => one.file);
      assert.deepEqual(of('netpol-namespace-selector-label'), ['policies.yaml']);
      assert.ok(of('yaml-syntax').includes('broken.yaml'));
      assert.deepEqual(of('file-not-read'), ['huge.json', 'image.yaml']);
    });

    it('has nothing to say of an empty folder that is not a deployment, and does not crash', () => {
      const { code, stdout } = run('check', folder, '--rule', 'yaml-syntax');
      assert.equal(code, 0);
      assert.match(stdout, /Nothing to report/);
    });
  });
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Ran {
  return runIn(process.cwd(), ...args);
}

function runIn(cwd: string, ...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { code: status, stdout, stderr };
}

const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-dns
  namespace: matrix
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              name: kube-system
      ports:
        - protocol: UDP
          port: 53
`;

const scheduledBackup = `apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata:
  name: nightly
  namespace: matrix
spec:
  schedule: "0 2 * * *"
  cluster:
    name: matrix-postgresql
`;

/** The two formats of one credential that have to agree and do not, so that a finding stands on the value. */
function minioSecret(canary: string): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: minio-credentials
  namespace: matrix
stringData:
  access-key: ${canary}
  secret-key: ${canary}-1
  CONSOLE_ACCESS_KEY: ${canary}-2
  CONSOLE_SECRET_KEY: ${canary}-3
`;
}

const states = ['passed', 'failed', 'waived', 'not-applicable', 'unknown', 'signed-off', 'stale', 'open'];

function place({ file, range, rule }: Report['findings'][number]): string {
  return `${file}:${range.start.line}:${range.start.character} ${rule}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Position {
  readonly line: number;
  readonly character: number;
}
interface Report {
  readonly version: number;
  readonly tool: { readonly name: string; readonly version: string };
  readonly root: string;
  readonly findings: readonly {
    readonly rule: string;
    readonly severity: string;
    readonly file: string;
    readonly range: { readonly start: Position; readonly end: Position };
    readonly message: string;
    readonly resource?: string;
    readonly namespace?: string;
    readonly items: readonly string[];
    readonly related: readonly unknown[];
    readonly fixes: readonly { readonly title: string; readonly safe: boolean }[];
    readonly fingerprint: string;
  }[];
  readonly suppressed: readonly { readonly rule: string; readonly file: string; readonly reason: string }[];
  readonly summary: Readonly<
    Record<'files' | 'documents' | 'resources' | 'error' | 'warning' | 'info' | 'hint' | 'milliseconds', number>
  >;
}
interface Checklist {
  readonly version: number;
  readonly items: readonly {
    readonly id: string;
    readonly phase: string;
    readonly section: string;
    readonly title: string;
    readonly kind: string;
    readonly state: string;
    readonly rules: readonly string[];
    readonly findings: number;
    readonly evidence: readonly unknown[];
  }[];
  readonly summary: Readonly<Record<string, number>>;
}
interface Plan {
  readonly version: number;
  readonly hash: string;
  readonly unclaimed: readonly string[];
  readonly phases: readonly {
    readonly id: string;
    readonly steps: readonly {
      readonly id: string;
      readonly checklistPath: string;
      readonly paths: readonly string[];
      readonly resolution: string;
      readonly runOnce: boolean;
      readonly waits: readonly unknown[];
      readonly blockedBy: readonly unknown[];
      readonly commands: readonly string[];
      readonly objects: readonly {
        readonly kind: string;
        readonly namespace?: string;
        readonly file: string;
        readonly line: number;
      }[];
    }[];
  }[];
}
