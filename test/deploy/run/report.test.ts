import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { junitChecks, junitRun, reportFormat } from '../../../cli/formats/deployment';
import { readJournal } from '../../../deploy/journal/journal';
import { connect, servedGroups } from '../../../deploy/run/connect';
import { preview } from '../../../deploy/run/preview';
import { runRecord, runReport } from '../../../deploy/run/report';
import { listRuns, readPlan, readRun, runFiles } from '../../../deploy/run/store';
import { type Bench, openBench } from './bench';

describe('around a run', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench({ readyMilliseconds: 5 });
  });
  afterEach(() => bench.close());
  const state = () => join(bench.sandbox.directory, 'state');

  it('a preview compares everything, says what has to wait, and changes nothing', async () => {
    bench.planOptions = { steps: ['namespaces', 'redis', 'synapse-li-workers'] };
    const ask = async () => {
      const { plan, sources } = bench.current();
      const result = await preview(bench.kubectl('test'), 'test', plan, sources);
      assert.ok(typeof result !== 'string');
      return result.steps.map(step => [step.step.id, step.summary, step.problems.length]);
    };
    assert.deepEqual(await ask(), [
      ['namespaces', '1 created', 0],
      ['redis', 'cannot be compared before the step Namespaces', 1],
      ['synapse-li-workers', 'Nothing in the tree is LI workers.', 0],
    ]);
    await bench.deploy();
    bench.files['infrastructure/02-redis/redis.yaml'] = bench.files['infrastructure/02-redis/redis.yaml']!.replace(
      'replicas: 3',
      'replicas: 5',
    );
    const before = bench.server.requests.length;
    assert.deepEqual(await ask(), [
      ['namespaces', '1 unchanged', 0],
      ['redis', '1 changed, 1 written again, 1 unchanged', 0],
      ['synapse-li-workers', 'Nothing in the tree is LI workers.', 0],
    ]);
    const changes = bench.server.requests
      .slice(before)
      .filter(request => !/^GET|dryRun=All|selfsubjectaccessreviews/.test(request));
    assert.deepEqual(changes, []);
    assert.equal(
      await preview(bench.kubectl('nowhere'), 'nowhere', bench.current().plan, []),
      'error: context was not found for specified context: nowhere',
    );
  });

  it('a preview of a change shows it with secrets masked', async () => {
    bench.planOptions = { steps: ['namespaces', 'synapse-main'] };
    const part = bench.planOptions;
    bench.planOptions = { steps: ['namespaces', 'postgresql', 'redis', 'minio', 'synapse-main'] };
    assert.equal((await bench.deploy()).outcome, 'completed');
    bench.planOptions = part;
    const path = 'main-instance/01-synapse/synapse.yaml';
    bench.files[path] = bench.files[path]!.replace(
      'server_name: matrix.example.org',
      'server_name: other.example.org',
    ).replace('stringData:', 'stringData:\n  added: canary-new');
    const { plan, sources } = bench.current();
    const result = await preview(bench.kubectl('test'), 'test', plan, sources);
    assert.ok(typeof result !== 'string');
    const diffs = result.steps[1]!.diffs.map(diff => diff.text).join('\n');
    assert.match(diffs, /-.*server_name: matrix\.example\.org.*password: \[redacted\]/);
    assert.match(diffs, /\+.*server_name: other\.example\.org/);
    assert.match(diffs, /\+added: \(not shown\)/);
    assert.doesNotMatch(JSON.stringify(result), /canary/);
  });

  it('a report tells what was done, waived and found, as text and never as markup', async () => {
    bench.planOptions = { steps: ['namespaces', 'postgresql', 'key-vault', 'synapse-li-workers'] };
    bench.server.logs('key-vault-init-db', 'ERROR: <script>alert(1)</script>\n');
    const result = await bench.deploy({
      afterFailure: async () => ({ decision: 'accept', reason: 'known | harmless' }),
    });
    const { entries } = readJournal(runFiles(state(), result.run).journal);
    const report = runReport(readPlan(runFiles(state(), result.run)), entries);
    assert.match(report, /- \[x\] \*\*PostgreSQL clusters\*\*: done, 2 of 2 objects — B\.1 /);
    assert.match(
      report,
      /- \[x\] \*\*key\\_vault\*\*|- \[x\] \*\*key_vault\*\*: done \(accepted: known \\\| harmless\)/,
    );
    assert.match(report, /- \[ \] \*\*LI workers\*\*: skipped/);
    assert.match(report, /\| postgresql postgresql \| passed \|/);
    assert.match(report, /Outcome: completed-with-waivers/);
    assert.doesNotMatch(report, /<script>|canary/);
  });

  it('runs are listed newest first, with what they are waiting for', async () => {
    bench.planOptions = { steps: ['namespaces'] };
    await bench.deploy({}, { clock: { now: () => Date.UTC(2030, 0, 1), sleep: async () => {} } });
    const second = await bench.deploy({ confirmStep: async () => ({ decision: 'stop' }) });
    const runs = listRuns(state());
    assert.deepEqual(
      runs.map(run => [run.state.ended, run.state.paused?.reason, run.isRunning]).sort(),
      [
        ['completed', undefined, false],
        [undefined, 'needs-confirm', false],
      ].sort(),
    );
    assert.equal(runs[0]?.state.ended, 'completed', 'the one of 2030');
    assert.equal(readRun(state(), second.run)?.state.paused?.reason, 'needs-confirm');
    assert.equal(readRun(state(), 'nothing'), undefined);
    assert.throws(() => runFiles(state(), '../x'), RangeError);
    assert.deepEqual(listRuns('/nonexistent'), []);
  });

  it('a run that died says where', async () => {
    bench.planOptions = { steps: ['namespaces', 'redis'] };
    const dying = bench.deploy(
      {},
      {
        afterWrite: entry => {
          if (entry.type === 'intent' && entry.object.kind === 'Service') throw new Error('died');
        },
      },
    );
    await assert.rejects(dying, /died/);
    const [run] = listRuns(state());
    const resumed = await bench.deploy({}, { resume: run!.files.id });
    assert.equal(resumed.outcome, 'completed');
    assert.match(
      bench.journal(resumed.run),
      /"reason":"host-died","text":"Stopped in the step Redis Sentinel, after 1 of 3 objects."/,
    );
  });

  it('the groups of a cluster are known, or not known at all', async () => {
    const groups = await servedGroups(bench.kubectl('test'));
    assert.ok(groups?.has('monitoring.coreos.com') && groups.has('apps'));
    assert.equal(await servedGroups(async () => ({ code: 1, stdout: '', stderr: 'x', interrupted: false })), undefined);
  });

  describe('kubectl is connected', () => {
    const script = `case "$*" in
  *"version --client"*) echo '{"clientVersion":{"gitVersion":"v1.99.0"}}' ;;
  *get-contexts*) printf 'prod\\nkind-test\\n' ;;
  *) echo "$@"; pwd ;;
esac`;
    const connected = (more = {}) => {
      const directory = join(bench.sandbox.directory, 'bin');
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'kubectl'), `#!/bin/sh\n${script}\n`);
      chmodSync(join(directory, 'kubectl'), 0o755);
      return connect({
        environment: { PATH: `${directory}:/usr/bin:/bin` },
        roots: ['/nowhere'],
        stateDirectory: state(),
        ...more,
      });
    };

    it('with its version and its contexts, narrowed by the workspace', async () => {
      const all = await connected();
      assert.deepEqual([all.version, all.contexts], ['v1.99.0', ['prod', 'kind-test']]);
      const some = await connected({ allowedContexts: ['kind-test', 'other'] });
      assert.deepEqual(some.contexts, ['kind-test']);
      assert.throws(() => some.bind('prod'), /no context "prod" that may be used/);
      const { stdout } = await some.bind('kind-test')({ args: ['x'] });
      assert.match(stdout, /^--context=kind-test .* x\n.*\/state\/work\n$/);
    });

    it('but not with a kubeconfig of the workspace', async () => {
      const environment = { PATH: join(bench.sandbox.directory, 'bin'), KUBECONFIG: bench.sandbox.kubeconfig };
      const outside = join(bench.sandbox.directory, 'bin');
      await assert.rejects(
        connected({ environment: { ...environment, PATH: `${outside}:/bin` }, roots: [bench.sandbox.kubeconfig] }),
        /lies in the workspace/,
      );
    });
  });

  describe('a report for pipelines', () => {
    const recordOf = (result: Awaited<ReturnType<Bench['deploy']>>) => {
      const entries = result.run === '' ? [] : readJournal(runFiles(state(), result.run).journal).entries;
      return runRecord(bench.current().plan, entries, result);
    };
    const count = (xml: string, what: RegExp) => [...xml.matchAll(what)].length;

    it('tells of a run what became of each step, object and check', async () => {
      bench.planOptions = { steps: ['namespaces', 'redis', 'synapse-li-workers'] };
      const record = recordOf(await bench.deploy());
      assert.equal(record.outcome, 'completed-with-waivers');
      assert.deepEqual(
        [record.context, record.kubernetes, record.planHash],
        ['test', 'v1.32.4', bench.current().plan.hash],
      );
      assert.deepEqual(
        record.steps.map(step => [step.id, step.state, step.objects.map(object => object.state).join(' ')]),
        [
          ['namespaces', 'done', 'created'],
          ['redis', 'done', 'created created created'],
          ['synapse-li-workers', 'skipped', ''],
        ],
      );
      assert.deepEqual(
        record.steps[1]!.checks.map(({ check, verdict }) => [check, verdict]),
        [['redis', 'pass']],
      );
      const xml = junitRun(record);
      assert.match(xml, /<testsuite name="deploy" tests="4" failures="0" skipped="1">/);
      assert.match(xml, /<testcase classname="deploy.infrastructure.redis" name="redis">/);
      assert.doesNotMatch(xml + JSON.stringify(record), /canary/);
    });

    it('fails the step that has failed, and skips those that were not reached', async () => {
      bench.planOptions = { steps: ['namespaces', 'redis', 'grafana'] };
      const message = 'no <b> & "canary-redis-password"';
      bench.server.fault({
        path: /^(?!.*dryRun).*statefulsets/,
        method: 'PATCH',
        status: 422,
        reason: 'Invalid',
        message,
      });
      const record = recordOf(await bench.deploy());
      assert.deepEqual(
        record.steps.map(step => step.state),
        ['done', 'failed', 'pending'],
      );
      const xml = junitRun(record);
      assert.match(xml, /tests="3" failures="1" skipped="1"/);
      assert.match(xml, /<failure message="[^"<]*&lt;b&gt; &amp;/);
      assert.match(xml, /StatefulSet\/redis failed infrastructure\/02-redis\/redis.yaml:\d+/);
      assert.doesNotMatch(xml + JSON.stringify(record), /canary/);
    });

    it('names what blocks a run that was never begun', async () => {
      bench.planOptions = { steps: ['redis'] };
      bench.blockers = [{ rule: 'placeholder-secret', file: 'infrastructure/02-redis/redis.yaml', line: 6 }];
      const record = recordOf(await bench.deploy());
      assert.deepEqual([record.run, record.outcome, record.from], ['', 'blocked', undefined]);
      const xml = junitRun(record);
      assert.equal(count(xml, /<failure /g), 1);
      assert.match(xml, /name="placeholder-secret"><failure [^>]*>infrastructure\/02-redis\/redis.yaml:6</);
    });

    it('never fails for a check that only informs', () => {
      const check = (verdict: 'fail' | 'unknown' | 'skipped' | 'pass', advisory: boolean) => ({
        id: 'x',
        title: 'X',
        items: [],
        advisory,
        verdict,
        text: 'y',
        details: [],
      });
      const xml = junitChecks([
        check('fail', true),
        check('unknown', false),
        check('skipped', false),
        check('pass', false),
      ]);
      assert.match(xml, /tests="4" failures="1" skipped="1"/);
    });

    it('is of the kind that its file is', () => {
      assert.deepEqual(
        [reportFormat(undefined), reportFormat('a.xml'), reportFormat('b/c.json')],
        [undefined, 'junit', 'json'],
      );
      assert.throws(() => reportFormat('report.txt'), /ends in \.json or \.xml/);
    });
  });
});
