import assert from 'node:assert/strict';
import sarifSchema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { loadWorkspace } from '../../cli/load';
import { gitState } from '../../deploy/git';
import { decodeBase64 } from '../../manifests/base64';
import type { Workspace } from '../../manifests/workspace';
import { layoutNetwork } from '../../picture/layout';
import { networkSvg } from '../../picture/svg';
import type { ReportFacts, ReportFormat } from '../../protocol/report';
import { fullReport, reportText } from '../../reports/full';
import { secretScalars } from '../../reports/secrets';
import { rules } from '../../rules/catalogue';
import { itemReports } from '../../rules/checklist';
import { checkWorkspace } from '../../rules/findings';
import { readFixture, textsOf, workspaceOf } from '../fixture';

const formats: readonly ReportFormat[] = ['markdown', 'html', 'json', 'sarif', 'junit'];
const facts: ReportFacts = {
  version: '1.2.3',
  generatedAt: '2030-01-02T03:04:05.678Z',
  git: { commit: '0123456789abcdef0123456789abcdef01234567', branch: 'main', dirty: true },
  runs: [
    {
      run: '20300101T000000-abc',
      cluster: 'prod <b>',
      from: '2030-01-01T00:00:00.000Z',
      to: '2030-01-01T01:00:00.000Z',
      outcome: 'completed-with-waivers',
      steps: [{ title: 'PostgreSQL', state: 'done' }],
      waivers: [{ rule: 'a-rule', by: 'Ada', reason: 'because' }],
    },
  ],
};

function reportOf(workspace: Workspace, given: ReportFacts = facts) {
  const findings = checkWorkspace(workspace, rules);
  return fullReport(workspace, {
    root: 'deployment',
    facts: given,
    items: itemReports(workspace, findings, rules),
    findings,
  });
}

const signedTree = `
#- /.matrix-preflight/sign-offs.yaml
signOffs:
  - item: 0.a
    by: Ada Example <ada@example.org>
    at: 2030-01-01
    note: Looked at <i>everything</i>
`;

describe('the report', function () {
  this.timeout(60_000);
  const broken = loadWorkspace('examples/broken');
  const report = reportOf(broken);
  const texts = new Map(formats.map(format => [format, reportText(report, format, textsOf)]));
  const textOf = (format: ReportFormat): string => texts.get(format) ?? '';

  it('shows no value of a Secret in any format, and none in the network', () => {
    const values = new Set<string>();
    // Names of users and placeholders are no secrets, and findings do say them.
    for (const file of broken.files)
      for (const { text } of secretScalars(file))
        for (const value of [text, text === undefined ? undefined : decodeBase64(text)])
          for (const line of value?.split('\n') ?? [])
            if (line.trim().length >= 16 && /\d/.test(line)) values.add(line.trim());
    assert.ok(values.size > 10, `${values.size} values`);
    const network = networkSvg(report.network, layoutNetwork(report.network), { kind: 'interactive', label: '' });
    for (const [name, text] of [...texts, ['svg', network] as const])
      for (const value of values) assert.ok(!text.includes(value), `${name} shows a value of a Secret`);
  });

  it('is a valid SARIF log', () => {
    const { $schema: _, id: __, ...schema } = sarifSchema as Record<string, unknown>;
    // The schema is written for draft 4, of which it uses nothing that later drafts read in another way.
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
    addFormats(ajv);
    const validate = ajv.compile(schema);
    const log: { readonly runs: readonly { readonly results: readonly unknown[] }[] } = JSON.parse(textOf('sarif'));
    const { runs } = log;
    assert.ok(validate(log), ajv.errorsText(validate.errors));
    assert.ok((runs[0]?.results.length ?? 0) > 10);
  });

  it('has everything in JSON, in the shapes of the single commands', () => {
    const { version, tool, git, states, checklist, check, network, runs } = JSON.parse(textOf('json'));
    assert.deepEqual([version, tool, git], [1, { name: 'matrix-preflight', version: '1.2.3' }, facts.git]);
    assert.equal(checklist.items.length, report.items.length);
    assert.equal(states.failed, report.items.filter(({ state }) => state === 'failed').length);
    assert.equal(check.findings.length, report.findings.filter(({ suppressed }) => !suppressed).length);
    assert.deepEqual(network, JSON.parse(JSON.stringify(report.network)));
    assert.deepEqual(runs, facts.runs);
  });

  it('leads every blocked connection that a rule reports to its finding', () => {
    const blocked = report.network.flows.filter(({ verdict }) => verdict === 'blocked');
    assert.ok(blocked.length > 3);
    const places = new Set(
      report.findings.map(({ problem }) => {
        const file = broken.file(problem.at.uri);
        return `${file?.path} ${JSON.stringify(file?.lines.position(problem.at.span.start))}`;
      }),
    );
    const reported = blocked.flatMap(({ finding }) => finding ?? []);
    assert.ok(reported.length >= blocked.length - 1);
    for (const { rule, place } of reported) {
      assert.match(rule, /^netpol-/);
      assert.ok(places.has(`${place.file} ${JSON.stringify(place.range.start)}`));
    }
  });

  it('says first whether the deployment is ready, with commit, sign-offs, network and deployments after it', () => {
    for (const format of ['html', 'markdown'] as const) {
      const text = textOf(format);
      const positions = [
        'Not ready.',
        '0123456789abcdef',
        'Checklist',
        'Sign-offs',
        'Findings',
        'Network',
        'PostgreSQL',
      ].map(part => text.indexOf(part));
      assert.ok(
        positions.every(position => position !== -1),
        `${format}: ${positions}`,
      );
      assert.ok((positions[0] ?? 0) < (positions[2] ?? 0));
      assert.match(text, /with changes that are not committed/);
      assert.match(text, /2030-01-02 03:04:05 UTC/);
    }
  });

  it('needs nothing from elsewhere in HTML, and takes texts for texts', () => {
    const html = textOf('html');
    assert.match(html, /<svg [^>]*class="network"/);
    assert.ok(!/<script|<link|<img|<iframe|src=|url\((?!#)|@import/.test(html));
    assert.ok(!html.includes('prod <b>') && html.includes('prod &lt;b&gt;'));
  });

  it('tells of sign-offs, and says nothing of what is not known', () => {
    const [item] = report.items.filter(one => one.item.kind === 'manual');
    assert.ok(item);
    const files = readFixture(signedTree.replace('0.a', item.item.id)).files;
    const signed = reportOf(workspaceOf(files), { version: '1.2.3' });
    const html = reportText(signed, 'html', textsOf);
    assert.ok(html.includes('Ada Example &lt;ada@example.org&gt;'));
    assert.ok(html.includes('Looked at &lt;i&gt;everything&lt;/i&gt;'));
    assert.ok(!html.includes('<dt>Commit</dt>') && !html.includes('<dt>Written</dt>'));
    const markdown = reportText(signed, 'markdown', textsOf);
    assert.ok(markdown.includes('Ada Example \\<ada@example.org\\>'));
    assert.match(markdown, /None is recorded\./);
  });

  it('reads the commit from git, and does without where there is none', async () => {
    const asked: string[][] = [];
    const git = (answers: Readonly<Record<string, string>>) => (args: readonly string[]) => {
      asked.push([...args]);
      const [answer] = Object.entries(answers).flatMap(([name, text]) => (args.includes(name) ? [text] : []));
      return answer === undefined ? Promise.reject(new Error('no repository')) : Promise.resolve(answer);
    };
    const commit = 'a'.repeat(40);
    const clean = git({ '--abbrev-ref': 'HEAD\n', 'rev-parse': `${commit}\n`, status: '' });
    assert.deepEqual(await gitState('/tree', clean), { commit, dirty: false });
    const dirty = git({ '--abbrev-ref': 'main\n', 'rev-parse': `${commit}\n`, status: ' M a.yaml\n' });
    assert.deepEqual(await gitState('/tree', dirty), { commit, branch: 'main', dirty: true });
    assert.ok(asked.every(args => args[0] === '-C' && args[1] === '/tree' && args.includes('core.fsmonitor=false')));
    assert.equal(await gitState('/tree', git({})), undefined);
  });
});
