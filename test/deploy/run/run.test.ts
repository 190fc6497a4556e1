import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJournal } from '../../../deploy/journal/journal';
import { runState } from '../../../deploy/journal/state';
import type { StepQuestion } from '../../../deploy/run/interaction';
import { unattended } from '../../../deploy/run/interaction';
import { listRuns } from '../../../deploy/run/store';
import { secret } from '../tree';
import { type Bench, openBench } from './bench';

describe('a deployment run', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench({ readyMilliseconds: 5 });
  });
  afterEach(() => bench.close());

  it('deploys the whole tree in order and proves it is up', async () => {
    const result = await bench.deploy();
    assert.equal(result.text, 'All 19 steps are done.');
    assert.equal(result.outcome, 'completed-with-waivers', 'the absent LI workers were skipped');
    const order = applied(bench).map(path => path.split('/').slice(-2).join('/'));
    assert.equal(order[0], 'namespaces/matrix');
    assert.deepEqual(order.slice(1, 3), ['clusters/matrix-postgresql-li', 'clusters/matrix-postgresql']);
    assert.ok(order.indexOf('jobs/key-vault-init-db') < order.indexOf('deployments/key-vault'));
    assert.equal(order.at(-1), 'configmaps/grafana-dashboard-synapse');
    assert.equal(new Set(order).size, order.length, 'every object is applied once');
    const state = stateOf(bench, result.run);
    assert.equal(state.ended, 'completed-with-waivers');
    assert.deepEqual(
      [...state.steps].filter(([, record]) => record.state !== 'done').map(([id, record]) => [id, record.state]),
      [['synapse-li-workers', 'skipped']],
    );
    assert.ok([...state.objects.values()].every(record => record.state === 'created'));
  });

  it('changes nothing when everything is there already, and starts no Job twice', async () => {
    await bench.deploy();
    const before = versions(bench);
    const asked: string[] = [];
    const result = await bench.deploy({
      confirmRunOnce: async question => {
        asked.push(`${question.object.name}: ${question.reason}`);
        return 'keep';
      },
    });
    assert.equal(result.outcome, 'completed-with-waivers');
    assert.deepEqual(versions(bench), before);
    assert.equal(asked.length, 2);
    assert.match(asked[0]!, /^key-vault-init-db: The Job exists already/);
    assert.equal(applied(bench).filter(path => path.includes('/jobs/')).length, 2, 'both from the first run');
  });

  describe('asks before it changes anything', () => {
    it('and refuses when another context is named', async () => {
      for (const typed of [undefined, 'prod']) {
        const result = await bench.deploy({ confirmContext: async () => typed });
        assert.equal(result.outcome, 'refused');
      }
      assert.deepEqual(applied(bench), []);
    });

    it('and gives time for second thoughts on a protected context', async () => {
      const cluster = await openBench({}, 'eu-production');
      try {
        const slept: number[] = [];
        let isProtected: boolean | undefined;
        const result = await cluster.deploy(
          {
            confirmContext: async question => {
              isProtected = question.isProtected;
              return question.cluster.context;
            },
            confirmStep: async () => ({ decision: 'stop' }),
          },
          {
            pace: { secondThoughts: 12_345 },
            clock: { now: Date.now, sleep: async milliseconds => void slept.push(milliseconds) },
          },
        );
        assert.equal(isProtected, true);
        assert.deepEqual(slept, [12_345]);
        assert.deepEqual([result.outcome, result.reason], ['paused', 'needs-confirm']);
      } finally {
        await cluster.close();
      }
    });

    it('and shows per step what would be created', async () => {
      const questions: StepQuestion[] = [];
      await bench.deploy({
        confirmStep: async question => {
          questions.push(question);
          return question.step.id === 'synapse-main' ? { decision: 'stop' } : { decision: 'apply' };
        },
      });
      const last = questions.at(-1)!;
      assert.equal(last.summary, '5 created');
      assert.match(
        last.diffs.find(diff => diff.object.kind === 'StatefulSet')!.text,
        /\+.*"serviceName": "synapse-main"/,
      );
      assert.ok(!applied(bench).some(path => path.includes('synapse-main')));
    });
  });

  describe('is held back by what is not settled', () => {
    it('by findings, until they are waived with a reason', async () => {
      const blocker = { rule: 'placeholder-secret', file: 'infrastructure/02-redis/redis.yaml', line: 6 };
      bench.blockers = [blocker];
      const result = await bench.deploy();
      assert.equal(result.outcome, 'blocked');
      assert.deepEqual(result.blockers, [{ ...blocker, step: 'redis' }]);
      assert.deepEqual(bench.server.requests, [], 'the cluster is not even asked');
      const waiver = { step: 'redis', rule: 'placeholder-secret', by: 'tester' };
      assert.equal((await bench.deploy({}, { waivers: [{ ...waiver, reason: ' ' }] })).outcome, 'blocked');
      bench.planOptions = { steps: ['namespaces', 'redis'] };
      const waived = await bench.deploy({}, { waivers: [{ ...waiver, reason: 'a test cluster' }] });
      assert.equal(waived.outcome, 'completed-with-waivers');
      assert.equal(stateOf(bench, waived.run).waivers[0]?.reason, 'a test cluster');
    });

    it('by a step that could be one of several directories', async () => {
      const coturn = bench.files['main-instance/06-coturn/coturn.yaml']!;
      delete bench.files['main-instance/06-coturn/coturn.yaml'];
      bench.files['main-instance/turn-a/coturn.yaml'] = coturn;
      bench.files['main-instance/turn-b/coturn.yaml'] = coturn.replace('name: coturn,', 'name: coturn-b,');
      const result = await bench.deploy();
      assert.deepEqual(
        result.blockers.map(blocker => [blocker.step, blocker.rule]),
        [['coturn', 'step-ambiguous']],
      );
    });

    it('by a missing directory, unless the person skips it', async () => {
      bench.planOptions = { steps: ['synapse-li-workers'] };
      const result = await bench.deploy({ skipAbsent: async () => ({ decision: 'stop' }) });
      assert.deepEqual([result.outcome, result.reason], ['paused', 'needs-confirm']);
    });
  });

  describe('has a gate before each step that', () => {
    const failedWith = async (answers = {}) => {
      let text = '';
      const result = await bench.deploy({
        ...answers,
        afterFailure: async question => {
          text = `${question.diagnosis.class}: ${question.diagnosis.text}`;
          return { decision: 'stop' };
        },
      });
      assert.equal(result.outcome, 'failed');
      return text;
    };

    it('notices a missing namespace', async () => {
      bench.planOptions = { steps: ['redis'] };
      assert.match(await failedWith(), /^namespace-missing: The namespace matrix does not exist/);
      assert.deepEqual(applied(bench), []);
    });

    it('notices a missing operator', async () => {
      await bench.close();
      bench = await openBench({ without: ['minio.min.io'] });
      bench.planOptions = { steps: ['namespaces', 'minio'] };
      assert.match(await failedWith(), /^kind-missing: The cluster does not serve minio.min.io\/v2/);
      assert.ok(!applied(bench).some(path => path.includes('secrets')), 'not even the Secret of the step is applied');
    });

    it('notices a missing permission', async () => {
      bench.server.onReview(({ resource, verb }) => resource !== 'statefulsets' || verb !== 'create');
      bench.planOptions = { steps: ['namespaces', 'redis'] };
      assert.equal(await failedWith(), 'forbidden: You may not create statefulsets in the namespace matrix.');
    });

    it('notices a Secret that pods need and nobody makes', async () => {
      const path = 'main-instance/07-sygnal/sygnal.yaml';
      bench.files[path] = bench.files[path]!.replace(
        "image: 'matrixdotorg/sygnal:v0.15'",
        "image: 'matrixdotorg/sygnal:v0.15', envFrom: [{ secretRef: { name: not-there } }]",
      );
      bench.planOptions = { steps: ['namespaces', 'extra-main-instance-sygnal'], extras: ['main-instance/07-sygnal'] };
      assert.match(await failedWith(), /^not-ready: Secret\/not-there/);
    });

    it('looks again at the steps it builds on', async () => {
      bench.planOptions = { steps: ['namespaces', 'postgresql', 'key-vault'] };
      const text = await failedWith({
        confirmStep: async (question: StepQuestion) => {
          if (question.step.id === 'postgresql') bench.server.behave('Cluster/matrix-postgresql', 'ready');
          return { decision: 'apply' };
        },
        confirmRunOnce: async () => {
          assert.fail('not reached');
        },
      }).catch(() => 'completed');
      assert.equal(text, 'completed', 'a healthy step lets the next one through');
      bench.server.behave('Cluster/matrix-postgresql', 'never');
      const live = bench.server.get('Cluster', 'matrix', 'matrix-postgresql')!;
      bench.server.create({ ...live, spec: { ...(live.spec as object), instances: 3 } }, 'somebody');
      await new Promise(settled => setTimeout(settled, 40));
      bench.planOptions = { steps: ['postgresql', 'key-vault'] };
      const fallen = await failedWith({ confirmStep: async () => ({ decision: 'skip', reason: 'test' }) });
      assert.match(fallen, /PostgreSQL clusters: Cluster\/matrix-postgresql 0 of 3 ready/);
    });
  });

  describe('meets faults of the API server', () => {
    const toRedisSecret = /^(?!.*dryRun).*\/secrets\/redis-password/;
    beforeEach(() => {
      bench.planOptions = { steps: ['namespaces', 'redis'] };
    });

    it('and tries again what may pass', async () => {
      bench.server.fault({ method: 'PATCH', path: toRedisSecret, times: 2, status: 503, reason: 'ServiceUnavailable' });
      assert.equal((await bench.deploy()).outcome, 'completed');
    });

    it('and gives up after its attempts, naming object, file and line, with the rest untouched', async () => {
      bench.server.fault({ method: 'PATCH', path: toRedisSecret, status: 503, reason: 'ServiceUnavailable' });
      let object: unknown;
      const result = await bench.deploy({
        afterFailure: async ({ diagnosis }) => {
          object = [diagnosis.class, diagnosis.object?.file, diagnosis.object?.line];
          return { decision: 'stop' };
        },
      });
      assert.equal(result.outcome, 'failed');
      assert.deepEqual(object, ['transient', 'infrastructure/02-redis/redis.yaml', 1]);
      assert.equal(applied(bench).filter(path => path.includes('redis-password')).length, 4);
      assert.equal(bench.server.get('StatefulSet', 'matrix', 'redis'), undefined);
    });

    it('and compares before it repeats a request whose answer was lost', async () => {
      bench.server.fault({ method: 'PATCH', path: /^(?!.*dryRun).*\/services\/redis/, times: 1, cut: true });
      const result = await bench.deploy();
      assert.equal(result.outcome, 'completed');
      assert.equal(applied(bench).filter(path => path.endsWith('/services/redis')).length, 1);
      assert.match(bench.journal(result.run), /"outcome":"reconciled"/);
    });

    it('and does not repeat what was refused', async () => {
      bench.server.fault({
        method: 'PATCH',
        path: toRedisSecret,
        status: 403,
        reason: 'Forbidden',
        message: 'secrets "redis-password" is forbidden: no',
      });
      assert.equal((await bench.deploy()).outcome, 'failed');
      assert.equal(applied(bench).filter(path => path.includes('redis-password')).length, 1);
    });

    it('and pauses when the login has run out', async () => {
      const result = await bench.deploy({
        confirmStep: async ({ step }) => {
          bench.server.refuseTokens(step.id === 'redis');
          return { decision: 'apply' };
        },
      });
      assert.deepEqual([result.outcome, result.reason], ['paused', 'auth-expired']);
      bench.server.refuseTokens(false);
      assert.equal((await bench.deploy({}, { resume: result.run })).outcome, 'completed');
    });

    it('and goes on where it stopped', async () => {
      bench.server.fault({
        method: 'PATCH',
        path: /^(?!.*dryRun).*\/statefulsets\/redis/,
        status: 403,
        reason: 'Forbidden',
      });
      const failed = await bench.deploy();
      bench.server.clearFaults();
      const before = applied(bench).length;
      const resumed = await bench.deploy({}, { resume: failed.run });
      assert.equal(resumed.outcome, 'completed');
      assert.deepEqual(applied(bench).slice(before), ['/apis/apps/v1/namespaces/matrix/statefulsets/redis']);
    });
  });

  describe('waits and diagnoses', () => {
    beforeEach(() => {
      bench.planOptions = { steps: ['namespaces', 'haproxy'] };
      bench.files['main-instance/03-haproxy/haproxy.yaml'] +=
        `---\n${secret('haproxy-secret', 'password', 'canary-in-log')}`;
    });

    for (const [outcome, reason] of [
      ['crash-loop', 'CrashLoopBackOff'],
      ['image-pull', 'ImagePullBackOff'],
      ['config-error', 'CreateContainerConfigError'],
      ['unschedulable', 'Unschedulable'],
    ] as const)
      it(`ends at once on ${reason}`, async () => {
        bench.server.behave('Deployment/haproxy', outcome);
        bench.server.logs('haproxy-', 'could not connect with canary-in-log\n');
        let shown = '';
        const result = await bench.deploy({
          afterFailure: async ({ diagnosis, mayAccept }) => {
            assert.equal(mayAccept, false);
            assert.equal(diagnosis.object?.name, 'haproxy');
            assert.equal(diagnosis.pods[0]?.reason, reason);
            shown = JSON.stringify(diagnosis);
            return { decision: 'stop' };
          },
        });
        assert.equal(result.outcome, 'failed');
        assert.match(shown, new RegExp(reason));
        assert.doesNotMatch(shown, /canary/);
        if (outcome === 'crash-loop') assert.match(shown, /could not connect with \[redacted\].*T\.1/);
      });

    it('ends when a rollout makes no progress', async () => {
      bench.server.behave('Deployment/haproxy', 'deadline');
      const result = await bench.deploy();
      assert.match(result.text, /Deployment\/haproxy made no progress within its deadline/);
    });

    it('ends at its own deadline', async () => {
      bench.server.behave('Deployment/haproxy', 'never');
      const result = await bench.deploy({}, { pace: { poll: 20, deadlineFactor: 0.0001, verify: 0 } });
      assert.match(result.text, /Deployment\/haproxy is not all replicas updated and available after/);
    });

    it('goes on after the person has mended it', async () => {
      bench.server.behave('Deployment/haproxy', 'crash-loop');
      const result = await bench.deploy({
        afterFailure: async () => {
          bench.server.behave('Deployment/haproxy', 'ready');
          const path = 'main-instance/03-haproxy/haproxy.yaml';
          bench.files[path] = bench.files[path]!.replace('haproxy:2.9', 'haproxy:3.0');
          return { decision: 'retry' };
        },
      });
      assert.equal(result.outcome, 'completed');
    });
  });

  describe('knows that a Job that says Complete proves nothing', () => {
    beforeEach(() => {
      bench.planOptions = { steps: ['namespaces', 'postgresql', 'key-vault'] };
    });

    it('and reads its log', async () => {
      bench.server.logs(
        'key-vault-init-db',
        'ERROR: cannot connect: host=x password=canary-operator-password\nAll done!\n',
      );
      let mayAccept = false;
      const result = await bench.deploy({
        afterFailure: async question => {
          mayAccept = question.mayAccept;
          return { decision: 'stop' };
        },
      });
      assert.match(result.text, /calls itself complete, but its log has errors/);
      assert.match(result.text, /password=\[redacted\]/);
      assert.equal(mayAccept, true);
    });

    it('and looks for its effect', async () => {
      bench.server.onExec(() => ({ stdout: 'postgres\n' }));
      assert.match((await bench.deploy()).text, /its effect is not there[\s\S]*the role key_vault does not exist/);
    });

    it('and does not wait for one that has failed', async () => {
      bench.server.behave('Job/key-vault-init-db', 'fail');
      assert.match((await bench.deploy()).text, /Job\/key-vault-init-db: The Job has failed/);
    });

    it('and accepts a verdict only with a reason, which makes it a waiver', async () => {
      bench.server.logs('key-vault-init-db', 'ERROR: harmless\n');
      const result = await bench.deploy({
        afterFailure: async () => ({ decision: 'accept', reason: 'the role exists since March' }),
      });
      assert.equal(result.outcome, 'completed-with-waivers');
      assert.equal(stateOf(bench, result.run).steps.get('key-vault')?.reason, 'accepted: the role exists since March');
    });

    it('and runs it again only when told to', async () => {
      bench.server.behave('Job/key-vault-init-db', 'fail');
      const failed = await bench.deploy();
      const first = bench.server.get('Job', 'matrix', 'key-vault-init-db')!.metadata.uid;
      const kept = await bench.deploy({ confirmRunOnce: async () => 'stop' }, { resume: failed.run });
      assert.deepEqual([kept.outcome, kept.reason], ['paused', 'needs-confirm']);
      assert.equal(bench.server.get('Job', 'matrix', 'key-vault-init-db')!.metadata.uid, first);
      bench.server.behave('Job/key-vault-init-db', 'ready');
      const reasons: string[] = [];
      const again = await bench.deploy(
        {
          confirmRunOnce: async question => {
            reasons.push(question.reason, ...question.facts);
            return 'run-again';
          },
        },
        { resume: failed.run },
      );
      assert.equal(again.outcome, 'completed');
      assert.match(reasons.join('\n'), /has run and failed.*deleting it first/);
      assert.notEqual(bench.server.get('Job', 'matrix', 'key-vault-init-db')!.metadata.uid, first);
    });

    it('and does not run one again whose effect is there although it is gone', async () => {
      bench.server.onExec((_pod, _container, command) => ({
        stdout: command.join(' ').includes('rolname') ? 'database\nrole\n' : 'postgres\n',
      }));
      const reasons: string[] = [];
      const result = await bench.deploy({
        confirmRunOnce: async question => {
          reasons.push(question.reason);
          return 'keep';
        },
      });
      assert.equal(result.outcome, 'completed');
      assert.deepEqual(reasons, ['The Job is not there, but what it is for is already done.']);
      assert.equal(bench.server.get('Job', 'matrix', 'key-vault-init-db'), undefined);
    });
  });

  describe('binds what was confirmed', () => {
    it('to the cluster', async () => {
      bench.planOptions = { steps: ['namespaces', 'redis'] };
      const result = await bench.deploy({
        confirmStep: async ({ step }) => {
          if (step.id === 'redis') bench.server.replaceCluster();
          return { decision: 'apply' };
        },
      });
      assert.deepEqual([result.outcome, result.reason], ['paused', 'cluster-changed']);
      assert.equal(bench.server.get('Secret', 'matrix', 'redis-password'), undefined);
      const resumed = await bench.deploy({}, { resume: result.run });
      assert.equal(resumed.reason, 'cluster-changed');
    });

    it('to the files', async () => {
      bench.planOptions = { steps: ['namespaces', 'redis'] };
      const asked: string[] = [];
      const edit = () => {
        const path = 'infrastructure/02-redis/redis.yaml';
        bench.files[path] = bench.files[path]!.replace('redis:7.2-alpine', 'redis:7.4-alpine');
      };
      const { planHash, ...rest } = { planHash: bench.current().plan.hash, context: 'test' };
      const robot = unattended({ planHash, ...rest });
      const paused = await bench.deploy({
        ...robot,
        confirmStep: async question => {
          if (question.step.id === 'redis') edit();
          return { decision: 'apply' };
        },
      });
      assert.deepEqual([paused.outcome, paused.reason], ['paused', 'tree-changed']);
      assert.equal(bench.server.get('StatefulSet', 'matrix', 'redis'), undefined);
      const resumed = await bench.deploy(
        {
          confirmContext: async question => {
            asked.push(question.planHash);
            return 'test';
          },
        },
        { resume: paused.run },
      );
      assert.equal(resumed.outcome, 'completed');
      assert.deepEqual(asked, [bench.current().plan.hash]);
      assert.notEqual(asked[0], planHash);
    });
  });

  it('shows conflicts and takes over only what the person names', async () => {
    bench.planOptions = { steps: ['namespaces', 'grafana'] };
    bench.server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'matrix' } });
    const dashboard = { name: 'grafana-dashboard-synapse', namespace: 'matrix' };
    bench.server.create(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: dashboard, data: { 'synapse.json': 'theirs' } },
      'helm',
    );
    const refused = await bench.deploy();
    assert.match(refused.text, /conflict with "helm".*synapse.json/);
    const taken = await bench.deploy(
      {
        confirmStep: async ({ diffs }) => ({
          decision: 'apply',
          takeOver: diffs.filter(d => d.change === 'conflict').map(d => `v1 ConfigMap matrix/${d.object.name}`),
        }),
      },
      { resume: refused.run },
    );
    assert.equal(taken.outcome, 'completed');
    const forced = bench.server.requests.filter(request => request.includes('force=true'));
    assert.equal(forced.length, 1);
    assert.deepEqual(bench.server.get('ConfigMap', 'matrix', dashboard.name)?.data, { 'synapse.json': '{}' });
  });

  it('stops between two objects when it is cancelled, and re-applies nothing when it goes on', async () => {
    bench.planOptions = { steps: ['namespaces', 'redis'] };
    const cancel = new AbortController();
    const paused = await bench.deploy(
      {},
      {
        signal: cancel.signal,
        onEvent: event => {
          if (event.type === 'object' && event.object.kind === 'Secret') cancel.abort();
        },
      },
    );
    assert.deepEqual([paused.outcome, paused.reason], ['paused', 'cancelled']);
    assert.deepEqual(
      applied(bench).map(path => path.split('/').at(-1)),
      ['matrix', 'redis-password'],
    );
    const resumed = await bench.deploy({}, { resume: paused.run });
    assert.equal(resumed.outcome, 'completed');
    assert.equal(applied(bench).filter(path => path.includes('redis-password')).length, 1);
    assert.equal((await bench.deploy({}, { resume: paused.run })).outcome, 'refused', 'a run that has ended is over');
  });

  it('lets only one run change a cluster at a time', async () => {
    bench.planOptions = { steps: ['namespaces'] };
    let second: string | undefined;
    const first = await bench.deploy({
      confirmStep: async () => {
        second = (await bench.deploy()).text;
        return { decision: 'apply' };
      },
    });
    assert.equal(first.outcome, 'completed');
    assert.match(second ?? '', /is deploying to this cluster/);
  });

  it('stops when another process has taken its lock, also while it waits', async () => {
    bench.planOptions = { steps: ['namespaces', 'haproxy'] };
    bench.server.behave('Deployment/haproxy', 'never');
    const result = await bench.deploy(
      {},
      {
        onEvent: event => {
          if (event.type !== 'wait' || event.step !== 'haproxy') return;
          const [run] = listRuns(join(bench.sandbox.directory, 'state'));
          writeFileSync(
            run!.files.lock,
            JSON.stringify({ pid: 1, host: 'elsewhere', started: '', heartbeat: Date.now() }),
          );
        },
      },
    );
    assert.deepEqual([result.outcome, result.reason], ['paused', 'lease-lost']);
    assert.doesNotMatch(bench.journal(result.run), /lease-lost/, "the journal is the other one's now");
  });

  it('runs unattended only with the plan and the context that were named', async () => {
    bench.planOptions = { steps: ['namespaces'] };
    const { hash } = bench.current().plan;
    assert.equal((await bench.deploy(unattended({ context: 'test', planHash: 'other' }))).outcome, 'refused');
    assert.equal((await bench.deploy(unattended({ context: 'prod', planHash: hash }))).outcome, 'refused');
    assert.equal((await bench.deploy(unattended({ context: 'test', planHash: hash }))).outcome, 'completed');
  });

  it('survives a death after every single entry of its journal', async function () {
    this.timeout(120_000);
    bench.planOptions = { steps: ['namespaces', 'postgresql', 'key-vault'] };
    // How often a wait is written down depends on how fast the cluster is, so each run tells itself where it ends.
    let death = 0;
    let died = true;
    while (died) {
      death++;
      const another = await openBench({ readyMilliseconds: 1 });
      another.planOptions = bench.planOptions;
      try {
        const first = another.deploy({}, { afterWrite: entry => dieAt(entry.seq, death - 1) });
        died = await first.then(
          () => false,
          (error: unknown) => /died/.test(String(error)),
        );
        if (!died) {
          const { outcome, run } = await first;
          assert.equal(outcome, 'completed');
          assert.ok(another.journal(run).trim().split('\n').length < death);
          continue;
        }
        const [run] = listRuns(join(another.sandbox.directory, 'state'));
        if (run!.state.ended !== undefined) continue;
        let asked = 0;
        const resumed = await another.deploy(
          {
            confirmRunOnce: async question => {
              asked++;
              return question.facts.includes('The Job does not exist.') ? 'run-again' : 'keep';
            },
          },
          { resume: run!.files.id },
        );
        const where = `death after entry ${death}: ${resumed.text}`;
        assert.equal(resumed.outcome, 'completed', where);
        const jobs = applied(another).filter(path => path.endsWith('jobs/key-vault-init-db'));
        assert.equal(jobs.length, 1, `${where}: the Job is started exactly once`);
        assert.ok(asked <= 1, where);
        const others = applied(another).filter(path => !path.includes('/jobs/'));
        assert.ok(others.length <= 6 + 1, `${where}: at most the object in doubt is applied again`);
        assert.equal(stateOf(another, resumed.run).objects.size, 6);
      } finally {
        await another.close();
      }
    }
    assert.ok(death > 40, `the journal has ${death} entries`);
  });

  it('writes and shows no secret, whatever happens', async () => {
    bench.server.logs(
      '',
      'user=x password=canary-li-password canary/macaroon+key= canary-in-configmap\nERROR: canary-vault-password\n',
    );
    bench.server.fault({
      method: 'PATCH',
      path: /synapse-config/,
      times: 1,
      status: 400,
      reason: 'BadRequest',
      message: 'bad: canary-in-configmap',
    });
    bench.server.behave('Deployment/haproxy', 'crash-loop');
    let failures = 0;
    await bench.deploy({
      afterFailure: async question => {
        failures++;
        if (question.mayAccept) return { decision: 'accept', reason: 'because canary-vault-password' };
        return failures < 3 ? { decision: 'retry' } : { decision: 'skip', reason: 'canary-redis-password is wrong' };
      },
    });
    assert.ok(failures >= 3);
    const written = everythingUnder(join(bench.sandbox.directory, 'state'));
    assert.match(written, /redacted/);
    assert.doesNotMatch(written, /canary|Y2FuYXJ5/);
    assert.ok(bench.shown.length > 50);
    assert.doesNotMatch(bench.shown.join('\n'), /canary|Y2FuYXJ5/);
  });
});

function applied(bench: Bench): string[] {
  return bench.server.requests
    .filter(request => request.startsWith('PATCH ') && !request.includes('dryRun'))
    .map(request => request.slice('PATCH '.length).split('?')[0]!);
}

function stateOf(bench: Bench, run: string) {
  return runState(readJournal(join(bench.sandbox.directory, 'state', 'runs', run, 'journal.jsonl')).entries);
}

function versions(bench: Bench): string[] {
  return ['Secret', 'ConfigMap', 'Service', 'StatefulSet', 'Deployment', 'Job', 'Cluster'].flatMap(kind =>
    bench.server
      .list(kind)
      .map(object => `${kind}/${object.metadata.name} ${object.metadata.uid} ${object.metadata.resourceVersion}`),
  );
}

function dieAt(seq: number, death: number): void {
  if (seq === death) throw new Error('died');
}

function everythingUnder(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}
