import assert from 'node:assert/strict';
import { postDeploymentChecks } from '../../../checklist/validation';
import { planDeployment } from '../../../deploy/plan/plan';
import type { Json } from '../../../deploy/plan/source';
import type { CheckContext } from '../../../deploy/verify/check';
import { isVerified, prerequisiteIds, type VerifiedCheck, verify } from '../../../deploy/verify/verify';
import type { StoredObject } from '../api-server/apply';
import { type Bench, openBench } from '../run/bench';
import { sourcesOf } from '../sources';
import { tree } from '../tree';

describe('the verification of a deployment', () => {
  let bench: Bench;
  before(async () => {
    bench = await openBench({ readyMilliseconds: 5 });
    const result = await bench.deploy();
    assert.match(result.text, /All 19 steps/);
  });
  after(() => bench.close());

  function context(more: Partial<CheckContext> = {}): CheckContext {
    const sources = sourcesOf(tree);
    return {
      kubectl: bench.kubectl('test'),
      plan: planDeployment(sources),
      sources,
      now: Date.now,
      sleep: async () => {},
      sampleMilliseconds: 0,
      ...more,
    };
  }

  const run = async (id: string, more: Partial<CheckContext> = {}): Promise<VerifiedCheck> => {
    const [check] = await verify(context(more), text => text, [id]);
    return check!;
  };

  /** Changes one object for the time of a test, the way a controller or a person would. */
  async function changed(
    kind: string,
    namespace: string,
    name: string,
    change: (object: StoredObject) => void,
    test: () => Promise<void>,
  ) {
    const live = bench.server.get(kind, namespace, name);
    assert.ok(live, `${kind}/${name} is there`);
    const before = structuredClone(live);
    change(live);
    try {
      await test();
    } finally {
      for (const key of Object.keys(live)) delete live[key];
      Object.assign(live, before);
    }
  }

  it('passes on one that stands', async () => {
    const checks = await verify(context(), text => text);
    assert.deepEqual(
      checks.filter(check => check.verdict !== 'pass').map(check => [check.id, check.verdict]),
      [['certificates', 'skipped']],
    );
    assert.ok(isVerified(checks));
  });

  it('passes nothing when the cluster does not answer, or answers nonsense', async () => {
    const answers = [
      { code: 1, stdout: '{"items":[]}', stderr: 'Error from server (Forbidden): no', interrupted: false },
      { code: undefined, stdout: '', stderr: '', interrupted: true },
      { code: 0, stdout: 'not JSON', stderr: '', interrupted: false },
    ];
    for (const answer of answers) {
      const checks = await verify(context({ kubectl: async () => answer }), text => text);
      const passed = checks.filter(check => check.verdict === 'pass').map(check => check.id);
      assert.deepEqual(passed, [], JSON.stringify(answer));
      assert.ok(!isVerified(checks));
    }
  });

  it('passes nothing on an empty cluster', async () => {
    const empty = await openBench();
    try {
      const checks = await verify(context({ kubectl: empty.kubectl('test') }), text => text);
      assert.deepEqual(
        checks.filter(check => check.verdict === 'pass').map(check => check.id),
        [],
      );
    } finally {
      await empty.close();
    }
  });

  it('asks again where kubectl ends before it has printed what a command wrote', async () => {
    const kubectl = bench.kubectl('test');
    const asked = new Map<string, number>();
    const mute =
      (times: number): CheckContext['kubectl'] =>
      async call => {
        const command = call.args.join(' ');
        const count = (asked.get(command) ?? 0) + 1;
        asked.set(command, count);
        const isLost = call.args.includes('exec') && count <= times;
        return isLost ? { code: 0, stdout: '', stderr: '', interrupted: false } : kubectl(call);
      };
    for (const id of ['postgresql', 'redis']) assert.equal((await run(id, { kubectl: mute(2) })).verdict, 'pass', id);
    assert.ok([...asked.values()].includes(3));
    assert.notEqual((await run('postgresql', { kubectl: mute(Infinity) })).verdict, 'pass');
  });

  it('has a function for every check of the checklist', async () => {
    const ids = [...prerequisiteIds, ...postDeploymentChecks.map(check => check.id)];
    const checks = await verify(
      context({ kubectl: async () => ({ code: 1, stdout: '', stderr: 'x', interrupted: false }) }),
      text => text,
      ids,
    );
    assert.ok(checks.length >= 25);
    for (const check of checks) assert.notEqual(check.text, 'This check is not implemented.', check.id);
    await assert.rejects(
      verify(context(), text => text, ['nonsense']),
      RangeError,
    );
  });

  it('lets no unknown answer stand for a pass', () => {
    const check = (verdict: VerifiedCheck['verdict'], advisory = false): VerifiedCheck => ({
      id: 'x',
      title: '',
      items: [],
      advisory,
      verdict,
      text: '',
      details: [],
    });
    assert.ok(!isVerified([]));
    assert.ok(!isVerified([check('skipped')]));
    assert.ok(!isVerified([check('pass'), check('unknown')]));
    assert.ok(isVerified([check('pass'), check('unknown', true), check('skipped'), check('warn')]));
  });

  describe('notices', () => {
    it('a running pod that is not ready, which a search for "Running" does not', async () => {
      await changed(
        'Pod',
        'matrix',
        'redis-1',
        pod => Object.assign(pod.status as object, { conditions: [{ type: 'Ready', status: 'False' }] }),
        async () => {
          const check = await run('pods-running');
          assert.deepEqual(
            [check.verdict, check.details],
            ['fail', ['StatefulSet/redis: 2 of 3 pods ready, not ready: redis-1']],
          );
        },
      );
    });

    it('a pod that is missing altogether', async () => {
      await changed(
        'Pod',
        'matrix',
        'redis-1',
        pod => Object.assign(pod.metadata, { labels: {} }),
        async () => {
          assert.equal((await run('pods-running')).details[0], 'StatefulSet/redis: 2 of 3 pods ready');
        },
      );
    });

    it('a crash loop, and restarts between two looks', async () => {
      const status = (restartCount: number, state: Json) => ({
        containerStatuses: [{ name: 'c', ready: true, restartCount, state }],
      });
      await changed(
        'Pod',
        'matrix',
        'redis-1',
        pod => Object.assign(pod.status as object, status(4, { waiting: { reason: 'CrashLoopBackOff' } })),
        async () => {
          assert.deepEqual((await run('no-crash-loop')).details, ['redis-1/c: CrashLoopBackOff']);
        },
      );
      await changed(
        'Pod',
        'matrix',
        'redis-1',
        pod => Object.assign(pod.status as object, status(1, { running: {} })),
        async () => {
          const live = bench.server.get('Pod', 'matrix', 'redis-1')!;
          const sleep = async () => void Object.assign(live.status as object, status(2, { running: {} }));
          const check = await run('no-crash-loop', { sampleMilliseconds: 1, sleep });
          assert.deepEqual([check.verdict, check.details], ['fail', ['redis-1/c has restarted, now 2 times']]);
        },
      );
    });

    it('a container that ran out of memory a moment ago', async () => {
      const terminated = { reason: 'OOMKilled', finishedAt: new Date().toISOString() };
      await changed(
        'Pod',
        'matrix',
        'redis-1',
        pod => Object.assign(pod.status as object, { containerStatuses: [{ name: 'c', lastState: { terminated } }] }),
        async () => {
          assert.deepEqual((await run('no-crash-loop')).details, ['redis-1/c: ran out of memory']);
        },
      );
    });

    it('an object that is gone, also a Secret', async () => {
      const sources = sourcesOf({
        ...tree,
        'infrastructure/02-redis/more.yaml':
          'apiVersion: v1\nkind: Secret\nmetadata: { name: gone, namespace: matrix }\n',
      });
      const check = await run('workloads', { sources, plan: planDeployment(sources) });
      assert.deepEqual([check.verdict, check.details], ['fail', ['Secret/gone: does not exist']]);
    });

    it('a Service without ready endpoints', async () => {
      await changed(
        'Service',
        'matrix',
        'redis',
        service => Object.assign(service.spec as object, { selector: { nothing: 'here' } }),
        async () => {
          assert.deepEqual((await run('services')).details, ['Service/redis has no ready endpoint']);
        },
      );
    });

    it('a namespace without its name label', async () => {
      await changed(
        'Namespace',
        '',
        'matrix',
        namespace => Object.assign(namespace.metadata, { labels: {} }),
        async () => {
          assert.deepEqual((await run('network-policies')).details, [
            'Namespace/matrix has no label kubernetes.io/metadata.name',
          ]);
        },
      );
    });

    it('a certificate that ends soon', async () => {
      const certificate =
        'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: tls, namespace: matrix }\nspec: { secretName: tls }\n';
      const sources = sourcesOf({ ...tree, 'main-instance/06-coturn/tls.yaml': certificate });
      const plan = planDeployment(sources);
      assert.equal((await run('certificates', { sources, plan })).verdict, 'fail', 'it does not exist');
      bench.server.create({
        apiVersion: 'cert-manager.io/v1',
        kind: 'Certificate',
        metadata: { name: 'tls', namespace: 'matrix' },
      });
      await new Promise(settled => setTimeout(settled, 40));
      assert.equal((await run('certificates', { sources, plan })).verdict, 'pass');
      const notAfter = new Date(Date.now() + 1e9).toISOString();
      await changed(
        'Certificate',
        'matrix',
        'tls',
        live => Object.assign(live.status as object, { notAfter }),
        async () => {
          assert.deepEqual((await run('certificates', { sources, plan })).details, [
            'Certificate/tls ends within 14 days',
          ]);
        },
      );
    });

    it('two Redis masters, or a Redis that wants a password', async () => {
      const exec = answering(context, command =>
        command.includes('info') ? 'role:master\nconnected_slaves:2\n' : 'PONG\n',
      );
      assert.deepEqual((await run('redis', exec)).details, ['3 pods are masters']);
      const refused = answering(context, () => 'NOAUTH Authentication required.\n');
      assert.equal((await run('redis', refused)).verdict, 'fail');
    });

    describe('of sentinels', () => {
      const path = 'infrastructure/02-redis/redis.yaml';
      const files = {
        ...tree,
        [path]: `${tree[path]!.replace(/containers:[\s\S]*$/, '')}containers:
        - { name: redis, image: redis }
        - { name: sentinel, image: redis, command: [redis-sentinel], ports: [{ containerPort: 26379 }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: sentinel, namespace: matrix }
data:
  sentinel.conf: |
    port 26379
    sentinel monitor matrix-master redis-0.redis 6379 2
`,
      };
      const sources = sourcesOf(files);
      const plan = planDeployment(sources);
      const commands: string[] = [];
      const saying = (answer: string, code = 0) => {
        const { kubectl } = answering(context, command =>
          command.includes('info') ? 'role:slave\n' : 'PONG\n',
        ) as CheckContext;
        return {
          sources,
          plan,
          kubectl: (async call => {
            if (call.args[0] === 'exec' && call.args.includes('redis-0') && call.args.join(' ').includes('info'))
              return { code: 0, stdout: 'role:master\nconnected_slaves:2\n', stderr: '', interrupted: false };
            if (!call.args.includes('ckquorum')) return kubectl(call);
            commands.push(call.args.slice(call.args.indexOf('--')).join(' '));
            return { code, stdout: code === 0 ? answer : '', stderr: code === 0 ? '' : answer, interrupted: false };
          }) as CheckContext['kubectl'],
        };
      };

      it('that there are enough of them, by a question without a shell', async () => {
        const check = await run('redis', saying('OK 3 usable Sentinels. Quorum and failover authorization.\n'));
        assert.deepEqual([check.verdict, check.details], ['pass', []]);
        assert.match(check.text, /3 sentinels can agree/);
        assert.deepEqual([...new Set(commands)], ['-- redis-cli -p 26379 sentinel ckquorum matrix-master']);
        assert.equal(commands.length, 3);
      });

      it('too few of them, one that knows another master, and one that does not answer', async () => {
        const few = await run('redis', saying('(error) NOQUORUM 1 usable Sentinels.\n'));
        assert.deepEqual(
          [few.verdict, few.details[0]],
          ['fail', 'the sentinel of redis-0 has no quorum for matrix-master'],
        );
        assert.equal((await run('redis', saying('NOQUORUM 1 usable Sentinels.\n', 1))).verdict, 'fail');
        assert.equal((await run('redis', saying('ERR No such master with that name\n'))).verdict, 'fail');
        assert.equal((await run('redis', saying(''))).verdict, 'fail');
        assert.equal((await run('redis', saying('container not found', 1))).verdict, 'unknown');
      });

      it('that nobody says which master they watch', async () => {
        const silent = sourcesOf({ ...files, [path]: files[path]!.replace('sentinel monitor', '# sentinel monitor') });
        const check = await run('redis', { ...saying('OK 3 usable'), sources: silent, plan: planDeployment(silent) });
        assert.equal(check.verdict, 'unknown');
      });
    });

    it('a PostgreSQL cluster without its database', async () => {
      const path = 'infrastructure/01-postgresql/main-cluster.yaml';
      const sources = sourcesOf({
        ...tree,
        [path]: `${tree[path]}  bootstrap: { initdb: { database: matrix, owner: synapse } }\n`,
      });
      const check = await run('postgresql', { sources, plan: planDeployment(sources) });
      assert.deepEqual(check.details, ['Cluster/matrix-postgresql has no database matrix']);
    });

    it('a replication that has no subscription, no worker, no active slot, or a lag that does not fall', async () => {
      const replication = async (subscriptions: string, slots: string) => {
        const check = await run(
          'replication',
          answering(context, sql => (sql.includes('pg_subscription') ? subscriptions : slots)),
        );
        return [check.verdict, check.text, ...check.details].join('; ');
      };
      const good = 'li|t|t\n';
      assert.match(
        await replication('', 'li|t|0\n'),
        /^fail; The database postgres of matrix-postgresql-li has no subscription/,
      );
      assert.match(await replication('li|t|f\n', 'li|t|0\n'), /^fail;.*li has no worker/);
      assert.match(await replication('li|f|t\n', 'li|t|0\n'), /^fail;.*li is disabled/);
      assert.match(await replication(good, 'li|f|0\n'), /^fail;.*no logical replication slot/);
      assert.match(await replication(good, 'li|t|99999999\n'), /^fail;.*does not fall/);
      assert.match(await replication(good, 'li|t|1000\n'), /^pass/);
      let lag = 99_999_999;
      const falling = answering(context, sql => {
        lag -= 1;
        return sql.includes('pg_subscription') ? good : `li|t|${lag}\n`;
      });
      assert.equal((await run('replication', falling)).verdict, 'pass');
    });

    it('a worker that does not answer, without calling it down', async () => {
      bench.server.onProxy((_kind, name) =>
        name.includes('synchrotron') ? { status: 503, body: 'timeout' } : { status: 200, body: 'OK' },
      );
      const check = await run('synapse-workers');
      assert.deepEqual([check.verdict, /NetworkPolicy/.test(check.text)], ['unknown', true]);
      assert.equal((await run('synapse-main')).verdict, 'pass');
      bench.server.onProxy(() => ({ status: 200, body: 'starting' }));
      assert.equal((await run('synapse-main')).verdict, 'fail');
      bench.server.onProxy(() => ({ status: 200, body: 'OK' }));
    });

    it('a public domain that is not Synapse, and asks it only when told to', async () => {
      assert.equal((await run('federation-version')).verdict, 'skipped');
      const urls: string[] = [];
      const asked = (body: string) => ({
        domain: 'example.org',
        fetch: async (url: string) => ({ status: urls.push(url) * 0 + 200, body }),
      });
      assert.equal((await run('federation-version', asked('{"server":{"name":"Synapse"}}'))).verdict, 'pass');
      assert.equal((await run('federation-version', asked('{"server":{"name":"Dendrite"}}'))).verdict, 'fail');
      assert.equal((await run('federation-version', asked('<html>'))).verdict, 'fail');
      assert.equal(urls[0], 'https://example.org/_matrix/federation/v1/version');
    });

    it('a monitor that selects nothing, or a port nobody has', async () => {
      const sources = (from: string, to: string) => {
        const path = 'monitoring/01-prometheus/monitors.yaml';
        const changed = sourcesOf({ ...tree, [path]: tree[path]!.replace(from, to) });
        return { sources: changed, plan: planDeployment(changed) };
      };
      const nothing = await run(
        'monitoring',
        sources('app.kubernetes.io/name: haproxy', 'app.kubernetes.io/name: nobody'),
      );
      assert.deepEqual([nothing.verdict, nothing.details], ['warn', ['ServiceMonitor/haproxy selects no Service']]);
      const port = await run('monitoring', sources('port: http', 'port: stats'));
      assert.match(port.details[0]!, /names the port stats, which no selected Service has/);
    });

    it('a PodMonitor that selects no pod, or a port that its pods do not have', async () => {
      const monitored = (name: string, port: string) => {
        const path = 'monitoring/01-prometheus/pods.yaml';
        const sources = sourcesOf({
          ...tree,
          [path]: `apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: { name: pods, namespace: matrix }
spec:
  selector: { matchLabels: { app.kubernetes.io/name: ${name} } }
  podMetricsEndpoints: [{ port: ${port} }]
`,
        });
        return { sources, plan: planDeployment(sources) };
      };
      assert.ok(
        (await run('monitoring', monitored('nobody', 'metrics'))).details.includes('PodMonitor/pods selects no pod'),
      );
      assert.ok(
        (await run('monitoring', monitored('haproxy', 'metrics'))).details.includes(
          'PodMonitor/pods names the port metrics, which no selected pod has',
        ),
      );
    });

    it('a claim that is not bound, although no manifest names it', async () => {
      bench.server.create({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data-redis-0', namespace: 'matrix' },
        spec: {},
      });
      await new Promise(settled => setTimeout(settled, 40));
      assert.equal((await run('workloads')).verdict, 'pass');
      await changed(
        'PersistentVolumeClaim',
        'matrix',
        'data-redis-0',
        claim => Object.assign(claim.status as object, { phase: 'Pending' }),
        async () => assert.match((await run('workloads')).details[0]!, /^PersistentVolumeClaim\/data-redis-0: /),
      );
    });

    it('what Prometheus does not reach, and never takes its silence for health', async () => {
      const targets = (list: object[]) => ({
        status: 200,
        body: JSON.stringify({ status: 'success', data: { activeTargets: list } }),
      });
      const target = (monitor: string, health: string) => ({
        scrapePool: `serviceMonitor/matrix/${monitor}/0`,
        health,
        lastError: health === 'up' ? '' : 'connection refused',
        labels: { pod: `${monitor}-0` },
      });
      const paths: string[] = [];
      const answer = (status: number, body: string) =>
        bench.server.onProxy((_kind, name, path) => {
          paths.push(`${name}${path}`);
          return { status, body };
        });
      const service = (name: string) =>
        bench.server.create({
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name, namespace: 'monitoring', labels: { 'operated-prometheus': 'true' } },
          spec: { ports: [{ name: 'web', port: 9090 }] },
        });
      try {
        assert.equal((await run('prometheus-targets')).verdict, 'unknown', 'there is no Prometheus');
        service('prometheus-operated');
        const well = [target('synapse', 'up'), target('haproxy', 'up')];
        answer(200, targets(well).body);
        const passed = await run('prometheus-targets');
        assert.deepEqual([passed.verdict, passed.text], ['pass', 'Prometheus reaches all 2 targets of 2 monitors.']);
        assert.equal(paths[0], 'http:prometheus-operated:9090/api/v1/targets');
        answer(200, targets([target('synapse', 'up'), target('haproxy', 'down')]).body);
        const down = await run('prometheus-targets');
        assert.deepEqual(
          [down.verdict, down.details],
          ['fail', ['ServiceMonitor/haproxy: haproxy-0 is down (connection refused)']],
        );
        answer(200, targets([target('synapse', 'up')]).body);
        assert.deepEqual((await run('prometheus-targets')).details, ['ServiceMonitor/haproxy has no target']);
        for (const [status, body] of [
          [200, targets([]).body],
          [200, '{"status":"success","data":{}}'],
          [200, '<html>'],
          [200, ''],
          [503, 'no endpoints'],
        ] as const) {
          answer(status, body);
          assert.ok(['fail', 'unknown'].includes((await run('prometheus-targets')).verdict), body);
        }
        answer(200, targets(well).body);
        service('prometheus-other');
        assert.equal((await run('prometheus-targets')).verdict, 'unknown', 'nobody says which of two is meant');
      } finally {
        bench.server.onProxy(() => ({ status: 200, body: 'OK' }));
      }
    });

    it('errors in logs, as a warning only', async () => {
      bench.server.logs('redis-0', 'fine\nlevel=error something\n');
      const check = await run('pod-logs');
      assert.deepEqual(
        [check.verdict, check.advisory, check.details],
        ['warn', true, ['redis-0: 1 lines with errors']],
      );
      bench.server.logs('redis-0', '');
    });
  });

  describe('before the first step', () => {
    it('asks for what the checklist lists, and for what it forgets', async () => {
      const checks = await verify(context(), text => text, prerequisiteIds);
      assert.deepEqual(Object.fromEntries(checks.map(check => [check.id, check.verdict])), {
        'kubernetes-version': 'pass',
        'cert-manager': 'warn',
        'ingress-nginx': 'fail',
        'prometheus-operator': 'warn',
        'minio-operator': 'warn',
        'cloudnative-pg': 'warn',
        'storage-class': 'warn',
      });
    });

    it('knows old servers, odd versions, missing operators and ones that are down', async () => {
      for (const [gitVersion, verdict] of [
        ['v1.26.9', 'fail'],
        ['v1.27.3-gke.100', 'pass'],
        ['v1.31.0+k3s1', 'pass'],
        ['v2.0.0', 'pass'],
      ] as const) {
        const kubectl = async () => ({
          code: 0,
          stdout: JSON.stringify({ gitVersion }),
          stderr: '',
          interrupted: false,
        });
        assert.equal((await run('kubernetes-version', { kubectl })).verdict, verdict, gitVersion);
      }
      const without = await openBench({ without: ['minio.min.io'], readyMilliseconds: 5 });
      try {
        const ask = async (id: string) =>
          (await verify(context({ kubectl: without.kubectl('test') }), text => text, [id]))[0]!;
        assert.match((await ask('minio-operator')).text, /not installed/);
        without.server.behave('Deployment/cert-manager', 'never');
        without.server.create({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'cert-manager', namespace: 'cert-manager' },
          spec: { replicas: 1 },
        });
        await new Promise(settled => setTimeout(settled, 40));
        assert.equal((await ask('cert-manager')).verdict, 'fail');
        without.server.create({
          apiVersion: 'networking.k8s.io/v1',
          kind: 'IngressClass',
          metadata: { name: 'nginx' },
        });
        without.server.create({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'ingress-nginx-controller', namespace: 'ingress-nginx' },
          spec: { replicas: 1 },
        });
        await new Promise(settled => setTimeout(settled, 40));
        assert.equal((await ask('ingress-nginx')).verdict, 'pass');
      } finally {
        await without.close();
      }
    });
  });
});

/** A context in which every command in a pod gets the same kind of answer. */
function answering(context: () => CheckContext, answer: (command: string) => string): Partial<CheckContext> {
  const { kubectl } = context();
  return {
    kubectl: call =>
      call.args[0] === 'exec'
        ? Promise.resolve({ code: 0, stdout: answer(call.args.join(' ')), stderr: '', interrupted: false })
        : kubectl(call),
  };
}
