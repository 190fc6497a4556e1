import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLease } from '../../../deploy/cluster/lease';
import type { Kubectl } from '../../../deploy/kubectl/kubectl';
import { createSandbox, type Sandbox } from '../kubectl';
import { type ApiServer, startApiServer } from './server';

/** The server is only worth something if the real kubectl takes it for one. */
describe('the API server of the tests', () => {
  let server: ApiServer;
  let sandbox: Sandbox;
  let kubectl: Kubectl;
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'matrix' } };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'matrix' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
    },
  };

  before(async () => {
    server = await startApiServer();
    sandbox = createSandbox(server, 'test', 'prod');
    kubectl = sandbox.kubectl();
    await apply(namespace);
  });
  after(async () => {
    await server.close();
    sandbox.remove();
  });
  afterEach(() => server.clearFaults());

  async function apply(object: object, ...more: string[]) {
    return kubectl({
      args: ['apply', '--server-side', '--field-manager=matrix-preflight', '--filename=-', ...more],
      input: JSON.stringify(object),
    });
  }

  it('takes server-side apply, keeps an unchanged object, and runs its controllers', async () => {
    const created = await apply(deployment);
    assert.equal(created.stderr, '');
    assert.match(created.stdout, /deployment.apps\/web serverside-applied/);
    await sleep(60);
    const { resourceVersion } = server.get('Deployment', 'matrix', 'web')!.metadata;
    assert.equal((await apply(deployment)).code, 0);
    assert.equal(server.get('Deployment', 'matrix', 'web')!.metadata.resourceVersion, resourceVersion);
    const read = await kubectl({ args: ['get', 'deployment.apps', 'web', '--namespace=matrix', '-o', 'json'] });
    assert.equal(JSON.parse(read.stdout).status.readyReplicas, 2);
    assert.equal(server.list('Pod', 'matrix').length, 2);
  });

  it('satisfies wait and rollout status', async () => {
    const waited = await kubectl({
      args: ['wait', '--for=condition=Available', 'deployment/web', '-n', 'matrix', '--timeout=5s'],
    });
    assert.match(waited.stdout, /condition met/);
    const rolled = await kubectl({ args: ['rollout', 'status', 'deployment/web', '-n', 'matrix', '--timeout=5s'] });
    assert.match(rolled.stdout, /successfully rolled out/);
  });

  it('changes nothing in a dry run', async () => {
    const changed = { ...deployment, spec: { ...deployment.spec, replicas: 7 } };
    const { stdout } = await apply(changed, '--dry-run=server', '-o', 'json');
    assert.equal(JSON.parse(stdout).spec.replicas, 7);
    assert.equal((server.get('Deployment', 'matrix', 'web')!.spec as { replicas: number }).replicas, 2);
  });

  it('reports conflicts with other managers', async () => {
    server.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared', namespace: 'matrix' },
      data: { a: '1' },
    });
    const mine = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared', namespace: 'matrix' },
      data: { a: '2' },
    };
    const { code, stderr } = await apply(mine);
    assert.equal(code, 1);
    assert.match(stderr, /conflict with "kubectl-client-side-apply".*\.data\.a/s);
  });

  it('refuses a missing namespace, an unknown kind and a changed Job as the real one does', async () => {
    const astray = await apply({ ...deployment, metadata: { name: 'web', namespace: 'nowhere' } });
    assert.match(astray.stderr, /namespaces "nowhere" not found/);
    const unknown = await apply({ apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 'x' } });
    assert.match(unknown.stderr, /no matches for kind "Thing"/);
    const job = (image: string) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once', namespace: 'matrix' },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'job', image }] } } },
    });
    assert.equal((await apply(job('a:1'))).code, 0);
    assert.match((await apply(job('a:2'))).stderr, /field is immutable/);
  });

  it('serves logs, exec with exit codes, and the service proxy', async () => {
    server.logs('web-', 'a line of log\n');
    const logs = await kubectl({ args: ['logs', 'web-x0', '-n', 'matrix', '--tail=5'] });
    assert.equal(logs.stdout, 'a line of log\n');
    server.onExec((pod, container, command) =>
      command[0] === 'false' ? { stderr: 'no\n', code: 3 } : { stdout: `${pod} ${container} ${command.join(' ')}\n` },
    );
    const done = await kubectl({ args: ['exec', 'web-x0', '-n', 'matrix', '-c', 'web', '--', 'echo', 'a b'] });
    assert.deepEqual([done.code, done.stdout], [0, 'web-x0 web echo a b\n']);
    const refused = await kubectl({ args: ['exec', 'web-x0', '-n', 'matrix', '-c', 'web', '--', 'false'] });
    assert.equal(refused.code, 3);
    const raw = await kubectl({
      args: ['get', '--raw', '/api/v1/namespaces/matrix/services/http:web:80/proxy/health'],
    });
    assert.deepEqual([raw.code, raw.stdout], [0, 'OK']);
  });

  it('keeps a Lease, and refuses to replace a version that is gone', async () => {
    const me = { user: 'ann', host: 'one', run: 'r1' };
    const now = () => Date.parse('2026-01-01T00:00:00Z');
    const taken = await takeLease(kubectl, me, now, async () => false);
    assert.ok(taken.type === 'held', JSON.stringify(taken));
    assert.equal((await takeLease(kubectl, { ...me, user: 'bob' }, now, async () => true)).type, 'taken');
    assert.equal(await taken.lease.renew(), true);
    const lease = () => server.get('Lease', 'default', 'matrix-preflight')!;
    const stale = await kubectl({
      args: ['replace', '--raw', '/apis/coordination.k8s.io/v1/namespaces/default/leases/matrix-preflight', '-f', '-'],
      input: JSON.stringify({ ...lease(), metadata: { ...lease().metadata, resourceVersion: '1' } }),
    });
    assert.match(stale.stderr, /the object has been modified/);
    await taken.lease.release();
    assert.equal((lease().spec as { holderIdentity: string }).holderIdentity, '');
  });

  it('injects faults', async () => {
    server.fault({ method: 'mutation', nth: 1, times: 1, status: 500, reason: 'InternalError' });
    assert.match((await apply(namespace)).stderr, /InternalError/);
    assert.equal((await apply(namespace)).code, 0);
    server.refuseTokens(true);
    assert.match((await kubectl({ args: ['get', '--raw', '/version'] })).stderr, /Unauthorized|logged in/);
    server.refuseTokens(false);
  });
});
