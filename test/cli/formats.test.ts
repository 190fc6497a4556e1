import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sarifSchema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { checklistItems } from '../../checklist/items';
import { check } from '../../cli/commands/check';
import { checklist } from '../../cli/commands/checklist';
import { githubAnnotations } from '../../cli/formats/github';
import { UsageError } from '../../cli/usage';
import { Workspace } from '../../manifests/workspace';
import { escapeXml } from '../../picture/xml';
import { junitReport } from '../../reports/junit';
import { markdownFindings } from '../../reports/markdown';
import { escapeMarkdown } from '../../reports/markdown-text';
import { namedFindings } from '../../reports/named-findings';
import { type CheckReport, rulePages } from '../../reports/report';
import { sarifLog } from '../../reports/sarif';
import { rules } from '../../rules/catalogue';
import type { Finding } from '../../rules/findings';
import type { Fix, Problem, Rule } from '../../rules/rule';
import { rulePages as rulePagesOfServer } from '../../server/to-lsp';
import { textsOf } from '../fixture';

describe('formats', function () {
  this.timeout(60_000);
  let folder = '';
  let out = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'matrix-preflight-'));
    out = join(folder, '..', `${folder.split('/').at(-1)}.out`);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(out, { force: true });
  });

  function write(path: string, content: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }

  async function checked(...options: readonly string[]): Promise<{ code: number; text: string }> {
    const code = await check([folder, '--output', out, ...options]);
    return { code, text: readFileSync(out, 'utf8') };
  }

  describe('sarif', () => {
    it('satisfies the schema of SARIF 2.1.0, with a finding of every rule and for a real tree', async () => {
      const log = sarifLog(report(findingsOfAllRules()), textsOf) as SarifLog;
      assert.ok((log.runs[0]?.results.length ?? 0) > 10);
      assertValidSarif(log);
      const code = await check(['examples/broken', '--format', 'sarif', '--output', out]);
      assert.equal(code, 1);
      const written = JSON.parse(readFileSync(out, 'utf8')) as SarifLog;
      assertValidSarif(written);
      assert.ok((written.runs[0]?.results.length ?? 0) > 10);
      const uris = written.runs[0]?.results.map(one => one.locations[0]?.physicalLocation.artifactLocation.uri) ?? [];
      assert.ok(uris.every(uri => uri?.startsWith('examples/broken/')));
    });

    it('refuses a log that breaks the schema', () => {
      assert.throws(() => assertValidSarif({ version: '2.1.0', runs: [{ results: [] }] }));
      assert.throws(() => assertValidSarif({ version: '2.1.0', runs: [{ tool: { driver: { name: 1 } } }] }));
    });

    it('has the exact region, rule, level, fingerprint and fix', async () => {
      write('my policies/é.yaml', policy);
      const { code, text } = await checked('--format', 'sarif', '--rule', 'netpol-namespace-selector-label');
      assert.equal(code, 1);
      const log = JSON.parse(text) as SarifLog;
      assertValidSarif(log);
      const [run] = log.runs;
      assert.ok(run);
      assert.equal(run.columnKind, 'utf16CodeUnits');
      const [rule] = run.tool.driver.rules;
      assert.equal(rule?.id, 'netpol-namespace-selector-label');
      assert.ok(rule.help.text.length > 20 && rule.help.markdown.includes('## What to do'));
      assert.ok(rule.helpUri.endsWith('/docs/rules/netpol-namespace-selector-label.md'));
      const [result] = run.results;
      assert.equal(run.results.length, 1);
      assert.equal(result?.ruleIndex, 0);
      assert.equal(result.level, 'error');
      assert.match(result.partialFingerprints['matrixPreflight/v1'] ?? '', /^[0-9a-f]{32}$/);
      assert.equal(result.suppressions, undefined);
      assert.deepEqual(result.locations[0]?.physicalLocation, {
        artifactLocation: { uri: 'my%20policies/%C3%A9.yaml', uriBaseId: '%SRCROOT%' },
        region: { startLine: 13, startColumn: 15, endLine: 13, endColumn: 32 },
      });
      const [change] = result.fixes?.[0]?.artifactChanges ?? [];
      assert.equal(change?.artifactLocation.uri, 'my%20policies/%C3%A9.yaml');
      const fixed = applied(policy, change.replacements);
      assert.match(fixed, /kubernetes\.io\/metadata\.name/);
      write('my policies/é.yaml', fixed);
      assert.equal((await checked('--rule', 'netpol-namespace-selector-label')).code, 0);
    });

    it('lists suppressed findings as suppressed, with the reason', async () => {
      write(
        'policies.yaml',
        policy.replace(
          'name: kube-system',
          'name: kube-system # preflight-ignore: netpol-namespace-selector-label (labelled by Ansible)',
        ),
      );
      const { code, text } = await checked('--format', 'sarif', '--rule', 'netpol-namespace-selector-label');
      assert.equal(code, 0);
      const log = JSON.parse(text) as SarifLog;
      assertValidSarif(log);
      assert.deepEqual(log.runs[0]?.results[0]?.suppressions, [
        { kind: 'inSource', justification: 'labelled by Ansible' },
      ]);
    });

    it('leaves fixes out that touch the values of a Secret or carry one elsewhere', () => {
      const workspace = new Workspace();
      const secret = 'kind: Secret\napiVersion: v1\nmetadata: {name: s}\nstringData:\n  password: c4nAry-Sw0rdfish\n';
      const encoded = `---\nkind: Secret\napiVersion: v1\nmetadata: {name: t}\ndata:\n  password: ${base64('t0p-S3cret')}\n`;
      const map = 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata:\n  a: b\n';
      workspace.update('file:///secret.yaml', 'secret.yaml', secret + encoded);
      workspace.update('file:///map.yaml', 'map.yaml', map);
      const value = secret.indexOf('c4nAry');
      const edit = (title: string, uri: string, start: number, end: number, newText: string): Fix => ({
        title,
        safe: true,
        edits: [{ at: { uri, span: { start, end } }, newText }],
      });
      const fixes = [
        edit('replace the value', 'file:///secret.yaml', value, value + 5, 'x'),
        edit('append to the value', 'file:///secret.yaml', secret.length, secret.length, '  other: x\n'),
        edit('copy the value', 'file:///map.yaml', map.length - 2, map.length - 1, 'c4nAry-Sw0rdfish'),
        edit('copy the decoded value', 'file:///map.yaml', map.length - 2, map.length - 1, 't0p-S3cret'),
        edit('rename the Secret', 'file:///secret.yaml', secret.indexOf('s}'), secret.indexOf('s}') + 1, 'other'),
        edit('change the ConfigMap', 'file:///map.yaml', map.length - 2, map.length - 1, 'c'),
      ];
      const finding = made({ at: { uri: 'file:///map.yaml', span: { start: 0, end: 4 } }, fixes: () => fixes });
      const log = sarifLog(report(workspace, [finding]), textsOf) as SarifLog;
      assertValidSarif(log);
      assert.deepEqual(
        log.runs[0]?.results[0]?.fixes?.map(fix => fix.description.text),
        ['rename the Secret', 'change the ConfigMap'],
      );
    });

    it('names related places and the page that the language server names', () => {
      assert.equal(rulePages, rulePagesOfServer);
      const workspace = new Workspace();
      workspace.update('file:///a.yaml', 'a.yaml', 'a: 1\n\u{1f600}b: 2\n');
      const finding = made({
        at: { uri: 'file:///a.yaml', span: { start: 0, end: 1 } },
        related: [{ at: { uri: 'file:///a.yaml', span: { start: 7, end: 8 } }, message: 'here' }],
      });
      const log = sarifLog({ ...report(workspace, [finding]), pathPrefix: 'deployment/' }, textsOf) as SarifLog;
      assertValidSarif(log);
      assert.deepEqual(log.runs[0]?.results[0]?.relatedLocations, [
        {
          id: 0,
          physicalLocation: {
            artifactLocation: { uri: 'deployment/a.yaml', uriBaseId: '%SRCROOT%' },
            region: { startLine: 2, startColumn: 3, endLine: 2, endColumn: 4 },
          },
          message: { text: 'here' },
        },
      ]);
    });
  });

  describe('junit', () => {
    it('is well-formed, with a suite for each file and a case for each finding', () => {
      const workspace = new Workspace();
      workspace.update('file:///a%20&.yaml', 'a &"<>.yaml', 'a: 1\n');
      workspace.update('file:///clean.yaml', 'clean.yaml', 'b: 1\n');
      const at = { uri: 'file:///a%20&.yaml', span: { start: 3, end: 4 } };
      const findings = [
        made({ at, message: 'no <tag> & "quote" ]]> \u0000\u001b\ud800 end\nline' }),
        made({ at }, { severity: 'warning' }),
        made({ at }, { suppressed: { reason: 'known & <fine>' } }),
      ];
      const text = junitReport(report(workspace, findings));
      const [suites] = elements(text);
      assert.equal(suites?.name, 'testsuites');
      assert.deepEqual(
        [suites.attributes.tests, suites.attributes.failures, suites.attributes.skipped],
        ['4', '1', '1'],
      );
      const [first, clean] = suites.children;
      assert.equal(suites.children.length, 2);
      assert.equal(first?.attributes.name, 'a &"<>.yaml');
      assert.deepEqual(
        first.children.map(child => child.children[0]?.name ?? child.name),
        ['failure', 'system-out', 'skipped', 'system-out'],
      );
      assert.equal(first.children[0]?.attributes.name, 'test-rule (1:4)');
      const failure = first.children[0]?.children[0];
      assert.equal(failure?.attributes.message, 'no <tag> & "quote" ]]> \ufffd\ufffd\ufffd end\nline');
      assert.match(failure?.text ?? '', /^a &"<>\.yaml:1:4 error no <tag>/);
      assert.equal(first.children[2]?.children[0]?.attributes.message, 'known & <fine>');
      assert.equal(clean?.attributes.name, 'clean.yaml');
      assert.deepEqual([clean.attributes.tests, clean.attributes.failures], ['1', '0']);
      assert.deepEqual(clean.children[0]?.children, []);
    });

    it('fails for what the command fails for', async () => {
      write('schedule.yaml', scheduledBackup);
      for (const [failOn, failures, exit] of [
        ['error', '0', 0],
        ['warning', '1', 1],
      ] as const) {
        const options = ['--format', 'junit', '--rule', 'pg-cron-six-fields', '--fail-on', failOn];
        const { code, text } = await checked(...options);
        assert.equal(code, exit);
        assert.equal(elements(text)[0]?.attributes.failures, failures);
      }
    });

    it('is well-formed for a tree with findings of many rules', async () => {
      const code = await check(['examples/broken', '--format', 'junit', '--output', out]);
      assert.equal(code, 1);
      const [suites] = elements(readFileSync(out, 'utf8'));
      const cases = suites?.children.flatMap(suite => suite.children.filter(child => child.name === 'testcase')) ?? [];
      assert.ok(cases.length > 20);
      assert.equal(String(cases.length), suites?.attributes.tests);
    });
  });

  describe('github', () => {
    it('writes one annotation for each finding that is not suppressed', () => {
      const workspace = new Workspace();
      workspace.update('file:///a.yaml', 'a,b: 100%.yaml', 'a: 1\nb: 2\n');
      const place = (start: number, end: number): Problem['at'] => ({ uri: 'file:///a.yaml', span: { start, end } });
      const text = githubAnnotations({
        ...report(workspace, [
          made({ at: place(3, 4), message: '50% of: a,\r\nb' }),
          made({ at: place(3, 6) }, { severity: 'warning' }),
          made({ at: place(5, 6) }, { severity: 'info' }),
          made({ at: place(5, 6) }, { suppressed: { reason: 'known' } }),
        ]),
        pathPrefix: 'deployment/',
      });
      assert.equal(
        text,
        `::error file=deployment/a%2Cb%3A 100%25.yaml,line=1,endLine=1,col=4,endColumn=5,title=test-rule::50%25 of: a,%0D%0Ab
::warning file=deployment/a%2Cb%3A 100%25.yaml,line=1,endLine=2,title=test-rule::A message.
::notice file=deployment/a%2Cb%3A 100%25.yaml,line=2,endLine=2,col=1,endColumn=2,title=test-rule::A message.
`,
      );
    });

    it('names files from the folder that the job runs in', async () => {
      await check(['examples/broken', '--format', 'github', '--output', out]);
      const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
      assert.ok(lines.length > 20);
      for (const line of lines)
        assert.match(
          line,
          /^::(error|warning|notice) file=examples\/broken\/[^,]+,line=\d+,endLine=\d+,.*title=[\w-]+::./,
        );
    });
  });

  describe('markdown', () => {
    it('has a table with counts for each file', () => {
      const workspace = new Workspace();
      workspace.update('file:///a.yaml', 'dir_1/a.yaml', 'a: 1\nb: 2\n');
      const at = { uri: 'file:///a.yaml', span: { start: 5, end: 6 } };
      const text = markdownFindings({
        ...report(workspace, [
          made({ at, message: 'a | b `c` *d* <e> &amp;\nf' }),
          made({ at }, { severity: 'warning' }),
          made({ at }, { suppressed: { reason: 'known' } }),
        ]),
        baseline: { known: 2, gone: [{ rule: 'old-rule', file: 'old.yaml', message: '', fingerprint: 'f' }] },
      });
      assert.equal(
        text,
        `# Matrix Preflight

1 error, 1 warning, 1 suppressed — 0 resources in 1 files

2 findings of the baseline left out; 1 no longer occurs: old-rule in old.yaml

## dir\\_1/a.yaml — 1 error, 1 warning

| Line | Severity | Rule | Message |
| ---: | --- | --- | --- |
| 2:1 | error | [test-rule](${rulePages}test-rule.md) | a \\| b \\\`c\\\` \\*d\\* \\<e\\> &amp;amp; f |
| 2:1 | warning | [test-rule](${rulePages}test-rule.md) | A message. |
`,
      );
    });

    it('escapes what Markdown reads', () => {
      assert.equal(escapeMarkdown('a_b [c](d) #e ~f~ \\g'), 'a\\_b \\[c\\](d) \\#e \\~f\\~ \\\\g');
    });
  });

  describe('baseline', () => {
    const rule = ['--rule', 'netpol-namespace-selector-label', '--rule', 'pg-cron-six-fields'];

    it('leaves out what was known, fails only for what is new, and says what is gone', async () => {
      write('policies.yaml', policy);
      write('schedule.yaml', scheduledBackup);
      const baseline = join(folder, 'baseline.json');
      assert.equal(await check([folder, '--format', 'json', '--output', baseline, ...rule]), 1);
      const before = JSON.parse(readFileSync(baseline, 'utf8')) as JsonReport;
      assert.equal(before.findings.length, 2);
      assert.equal('baseline' in before, false);

      const same = await checked('--format', 'json', '--baseline', baseline, '--fail-on', 'info', ...rule);
      assert.equal(same.code, 0);
      const known = JSON.parse(same.text) as JsonReport;
      assert.deepEqual(known.findings, []);
      assert.deepEqual(known.baseline, { known: 2, gone: [] });
      assert.equal(known.summary.error, 0);

      rmSync(join(folder, 'schedule.yaml'));
      write('policies.yaml', `# One more line above.\n${policy}`);
      write('more.yaml', policy.replace('allow-dns', 'allow-more'));
      const later = await checked('--format', 'json', '--baseline', baseline, ...rule);
      assert.equal(later.code, 1);
      const now = JSON.parse(later.text) as JsonReport;
      assert.deepEqual(
        now.findings.map(one => one.file),
        ['more.yaml'],
      );
      assert.equal(now.baseline?.known, 1);
      assert.deepEqual(
        now.baseline.gone.map(one => ({ rule: one.rule, file: one.file })),
        [{ rule: 'pg-cron-six-fields', file: 'schedule.yaml' }],
      );
      const pretty = await checked('--baseline', baseline, ...rule);
      assert.match(
        pretty.text,
        /^1 finding of the baseline left out; 1 no longer occurs: pg-cron-six-fields in sched/m,
      );
      assertValidSarif(JSON.parse((await checked('--format', 'sarif', '--baseline', baseline, ...rule)).text));

      const one = await checked(
        '--format',
        'json',
        '--baseline',
        baseline,
        '--rule',
        'netpol-namespace-selector-label',
      );
      assert.deepEqual((JSON.parse(one.text) as JsonReport).baseline?.gone, []);
    });

    it('tells a new finding from a known one on an equal line of the same object', async () => {
      write('policies.yaml', policy);
      const baseline = join(folder, 'baseline.json');
      await check([folder, '--format', 'json', '--output', baseline, ...rule]);
      const peer = policy.slice(policy.indexOf('        - namespaceSelector'), policy.indexOf('      ports:'));
      write('policies.yaml', policy.replace(peer, peer + peer));
      const { code, text } = await checked('--format', 'json', '--baseline', baseline, ...rule);
      const now = JSON.parse(text) as JsonReport;
      assert.equal(code, 1);
      assert.equal(now.findings.length, 1);
      assert.equal(now.baseline?.known, 1);
      const names = (JSON.parse(readFileSync(baseline, 'utf8')) as JsonReport).findings.map(one => one.fingerprint);
      assert.equal(names.includes(now.findings[0]?.fingerprint ?? ''), false);
    });

    for (const [what, content] of [
      ['no JSON', 'findings'],
      ['JSON of something else', '{"version": 1}'],
      ['another version', '{"version": 2, "findings": []}'],
      ['findings without fingerprints', '{"version": 1, "findings": [{"rule": "a"}]}'],
    ] as const) {
      it(`is refused if it is ${what}`, async () => {
        write('baseline.json', content);
        await assert.rejects(checked('--baseline', join(folder, 'baseline.json')), UsageError);
      });
    }

    it('is refused if it does not exist', async () => {
      await assert.rejects(checked('--baseline', join(folder, 'no.json')), UsageError);
    });
  });

  describe('checklist', () => {
    it('is Markdown with a task box and a state for each item', async () => {
      assert.equal(await checklist(['examples/broken', '--format', 'markdown', '--output', out]), 1);
      const text = readFileSync(out, 'utf8');
      const tasks = [...text.matchAll(/^- \[([ x])\] (\S+) .* — \*\*([a-z-]+)\*\*: .+$/gm)];
      assert.deepEqual(
        tasks.map(([, , id]) => id),
        checklistItems.map(item => item.id),
      );
      for (const [line, box, , state = ''] of tasks)
        assert.equal(box === 'x', ['passed', 'signed-off'].includes(state), line);
      assert.ok(tasks.some(([, box]) => box === 'x') && tasks.some(([, , , state]) => state === 'failed'));
      assert.match(text, /^## Phase 1: Infrastructure Components$/m);
      assert.match(text, /^ {2}- infrastructure\/.*\.yaml:\d+$/m);
      assert.match(text, /of 123 items$/m);
    });

    it('is one accessible page of HTML that needs nothing else', async () => {
      assert.equal(await checklist(['examples/broken', '--format', 'html', '--output', out]), 1);
      const text = readFileSync(out, 'utf8');
      assert.match(text, /^<!DOCTYPE html>\n<html lang="en">/);
      const [html] = elements(text.replace('<!DOCTYPE html>', ''));
      assert.ok(html);
      const all = descendants(html);
      const named = (name: string): readonly Element[] => all.filter(element => element.name === name);
      assert.deepEqual(
        named('title').map(one => one.text),
        ['Pre-deployment checklist of broken'],
      );
      assert.equal(named('h1').length, 1);
      assert.equal(named('main').length, 1);
      for (const outside of ['script', 'link', 'img', 'iframe', 'a', 'object'])
        assert.equal(named(outside).length, 0, outside);
      assert.equal(/\b(?:src|href|on\w+)=|url\(|@import/.test(text), false);
      for (const table of named('table')) {
        assert.equal(table.children[0]?.name, 'caption');
        const headers = descendants(table).filter(one => one.name === 'th' && one.attributes.scope === 'col');
        assert.equal(headers.length, 4);
      }
      const rows = all.filter(one => one.name === 'th' && one.attributes.scope === 'row');
      assert.deepEqual(
        rows.map(row => row.text),
        checklistItems.map(item => item.id),
      );
      const states = named('td').filter(one => one.attributes.class?.startsWith('state'));
      assert.equal(states.length, checklistItems.length);
      for (const state of states) assert.match(state.text, new RegExp(`${state.attributes.class?.split(' ')[1]}$`));
      assert.match(text, /@media \(prefers-color-scheme: dark\)/);
      assert.match(text, /@media print/);
    });

    it('has enough contrast in the light, dark and printed colours', async () => {
      await checklist(['examples/broken', '--format', 'html', '--output', out]);
      const themes = [...readFileSync(out, 'utf8').matchAll(/:root \{([^}]*--text[^}]*)\}/g)].map(match =>
        Object.fromEntries(
          [...(match[1] ?? '').matchAll(/--(\w+): (#[0-9a-f]{6})/g)].map(([, name, hex]) => [name, hex]),
        ),
      );
      assert.equal(themes.length, 3);
      for (const theme of themes) {
        for (const name of ['text', 'passed', 'failed', 'stale', 'rest'])
          assert.ok(contrast(theme[name] ?? '', theme.page ?? '') >= 4.5, `${name} ${theme[name]} on ${theme.page}`);
        assert.ok(contrast(theme.text ?? '', theme.head ?? '') >= 4.5);
      }
    });

    it('escapes names', async () => {
      write('a <b> & "c"/d.yaml', policy);
      assert.equal(
        typeof (await checklist([join(folder, 'a <b> & "c"'), '--format', 'html', '--output', out])),
        'number',
      );
      const [html] = elements(readFileSync(out, 'utf8').replace('<!DOCTYPE html>', ''));
      assert.ok(html);
      const title = descendants(html).find(one => one.name === 'title');
      assert.equal(title?.text, 'Pre-deployment checklist of a <b> & "c"');
    });
  });

  it('never write the value of a Secret', async () => {
    const canary = 'c4nAry-Sw0rdfish';
    write('secret.yaml', minioSecret(canary));
    write('data.yaml', `apiVersion: v1\nkind: Secret\nmetadata: {name: other}\ndata:\n  password: ${base64(canary)}\n`);
    const texts: string[] = [];
    for (const format of ['pretty', 'json', 'sarif', 'junit', 'github', 'markdown']) {
      const { text } = await checked('--format', format);
      assert.ok(text.includes('minio-secret-pairs-differ'), format);
      texts.push(text);
    }
    for (const format of ['pretty', 'json', 'markdown', 'html']) {
      await checklist([folder, '--format', format, '--output', out]);
      texts.push(readFileSync(out, 'utf8'));
    }
    assert.equal(texts.length, 10);
    for (const text of texts)
      for (const value of [canary, base64(canary)]) assert.equal(text.includes(value), false, text.slice(0, 80));
  });

  it('are the same on every run', async () => {
    write('policies.yaml', policy);
    write('schedule.yaml', scheduledBackup);
    write('secret.yaml', minioSecret('value'));
    for (const format of ['sarif', 'junit', 'github', 'markdown']) {
      const { text } = await checked('--format', format);
      assert.match(text, /policies\.yaml[\s\S]*schedule\.yaml[\s\S]*secret\.yaml/);
      assert.equal((await checked('--format', format)).text, text);
    }
  });

  it('escape what XML reads', () => {
    assert.equal(
      escapeXml(`<a b="c" d='e'>&\n\t\u0008😀`),
      '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;&#10;&#9;\ufffd😀',
    );
  });
});

const { $schema: _, id: __, ...schema } = sarifSchema as Record<string, unknown>;
// The schema is written for draft 4, of which it uses nothing that later drafts read in another way.
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats(ajv);
const isSarif = ajv.compile(schema);

function assertValidSarif(log: unknown): void {
  assert.ok(isSarif(log), JSON.stringify(isSarif.errors?.slice(0, 5), null, 2));
}

/** One finding of every rule, so that the text of each has to fit. */
function findingsOfAllRules(): { workspace: Workspace; findings: readonly Finding[] } {
  const workspace = new Workspace();
  workspace.update('file:///a.yaml', 'a.yaml', 'a: 1\n');
  const at = { uri: 'file:///a.yaml', span: { start: 3, end: 4 } };
  return { workspace, findings: rules.map(rule => made({ at }, { rule, severity: rule.severity })) };
}

function report(
  given: Workspace | { workspace: Workspace; findings: readonly Finding[] },
  findings: readonly Finding[] = [],
): CheckReport {
  const { workspace, findings: all } = given instanceof Workspace ? { workspace: given, findings } : given;
  return {
    version: '1.2.3',
    workspace,
    findings: namedFindings(all, workspace),
    root: 'deployment',
    pathPrefix: '',
    milliseconds: 1,
    baseline: undefined,
    color: false,
    fails: ({ severity, suppressed }) => !suppressed && severity === 'error',
  };
}

const testRule: Rule = {
  id: 'test-rule',
  items: ['1.4.a'],
  severity: 'error',
  summary: 'A summary.',
  why: 'Why.',
  remedy: 'What to do.',
  examples: { bad: '', good: '' },
  kinds: [],
  check: () => [],
};

function made(problem: Pick<Problem, 'at'> & Partial<Problem>, finding: Partial<Finding> = {}): Finding {
  return {
    rule: testRule,
    severity: 'error',
    resource: undefined,
    suppressed: undefined,
    ...finding,
    problem: { message: 'A message.', ...problem },
  };
}

/** Applies the replacements of one file as a reader of SARIF does, with lines and columns only. */
function applied(text: string, replacements: readonly Replacement[]): string {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const offset = (line: number, column: number): number => (starts[line - 1] ?? 0) + column - 1;
  const edits = replacements.map(({ deletedRegion: region, insertedContent }) => ({
    start: offset(region.startLine, region.startColumn),
    end: offset(region.endLine, region.endColumn),
    newText: insertedContent?.text ?? '',
  }));
  assert.notEqual(edits.length, 0);
  let result = text;
  for (const { start, end, newText } of edits.sort((a, b) => b.start - a.start))
    result = result.slice(0, start) + newText + result.slice(end);
  return result;
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  /** The text of the element and of all below it. */
  text: string;
}

/** Reads XML strictly: every tag is closed, every attribute quoted, every reference known, no other `<` or `&`. */
function elements(xml: string): readonly Element[] {
  const top: Element = { name: '', attributes: {}, children: [], text: '' };
  const open: Element[] = [top];
  let at = 0;
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>/, '');
  for (const match of body.matchAll(/<(\/?)([a-z][a-z0-9-]*)((?:\s+[a-z-]+="[^"<]*")*)(\/?)>/g)) {
    const text = unescaped(body.slice(at, match.index));
    for (const element of open) element.text += text;
    at = match.index + match[0].length;
    const [, closes, name = '', attributes = '', closesItself] = match;
    if (closes) {
      assert.equal(open.pop()?.name, name, `</${name}> closes another element`);
      continue;
    }
    const element: Element = { name, attributes: {}, children: [], text: '' };
    const read = [...attributes.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
      key,
      unescaped(value),
    ]);
    assert.equal(new Set(read.map(([key]) => key)).size, read.length);
    Object.assign(element.attributes, Object.fromEntries(read));
    open.at(-1)?.children.push(element);
    if (!closesItself) open.push(element);
  }
  assert.deepEqual(open, [top], 'an element is not closed');
  assert.equal(body.slice(at).trim(), '');
  assert.equal(top.children.length, 1);
  return top.children;
}

function unescaped(text: string): string {
  const known: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };
  assert.equal(/<|[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\p{Cs}]/u.test(text), false, text);
  return text.replace(/&([^;]*);?/g, (all, name: string) => {
    const character = name.startsWith('#') ? String.fromCodePoint(Number(name.slice(1))) : known[name];
    assert.ok(character !== undefined && all.endsWith(';'), all);
    return character;
  });
}

function descendants(element: Element): readonly Element[] {
  return element.children.flatMap(child => [child, ...descendants(child)]);
}

/** The contrast ratio of two colours, as WCAG 2.2 defines it. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(start => {
      const channel = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
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

interface Replacement {
  readonly deletedRegion: Region;
  readonly insertedContent?: { readonly text: string };
}
type Region = Readonly<Record<'startLine' | 'startColumn' | 'endLine' | 'endColumn', number>>;
interface PhysicalLocation {
  readonly artifactLocation: { readonly uri: string };
  readonly region: Region;
}
interface SarifLog {
  readonly runs: readonly {
    readonly columnKind: string;
    readonly tool: {
      readonly driver: {
        readonly rules: readonly {
          readonly id: string;
          readonly helpUri: string;
          readonly help: { readonly text: string; readonly markdown: string };
        }[];
      };
    };
    readonly results: readonly {
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly { readonly physicalLocation: PhysicalLocation }[];
      readonly relatedLocations?: readonly unknown[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
      readonly suppressions?: readonly unknown[];
      readonly fixes?: readonly {
        readonly description: { readonly text: string };
        readonly artifactChanges: readonly {
          readonly artifactLocation: { readonly uri: string };
          readonly replacements: readonly Replacement[];
        }[];
      }[];
    }[];
  }[];
}
interface JsonReport {
  readonly findings: readonly { readonly rule: string; readonly file: string; readonly fingerprint: string }[];
  readonly baseline?: {
    readonly known: number;
    readonly gone: readonly { readonly rule: string; readonly file: string }[];
  };
  readonly summary: { readonly error: number };
}
