import assert from 'node:assert/strict';
import { join } from 'node:path';
import { explainFlow, flowsFrom, flowsOf, isExternal, type RequiredFlow, verdictOf } from '../../../analysis/flows';
import { podsOf } from '../../../analysis/pods';
import { loadWorkspace } from '../../../cli/load';
import type { Workspace } from '../../../manifests/workspace';
import { readFixture, uriOf, workspaceOf } from '../../fixture';

function show({ from, to, port }: RequiredFlow): string {
  const name = (end: RequiredFlow['from']): string => (isExternal(end) ? end.name : end.owner.name);
  return `${name(from)} → ${name(to)}:${port}`;
}

function textAt(workspace: Workspace, { at }: RequiredFlow): string {
  const file = workspace.file(at.uri);
  return file?.text.slice(at.span.start, at.span.end) ?? '';
}

describe('the flows of the sample deployment', () => {
  const workspace = loadWorkspace(join(__dirname, '../../../examples/production'));
  const flows = flowsOf(workspace);
  const shown = new Set(flows.map(show));

  it('come from configurations, environments, scripts, custom resources, Ingresses and monitors', () => {
    for (const flow of [
      'synapse-main → matrix-postgresql:5432',
      'synapse-li → matrix-postgresql-li:5432',
      'synapse-generic → haproxy:6379',
      'synapse-li → redis-li:6379',
      'synapse-media → matrix-minio:9000',
      'synapse-generic → synapse-main:9093',
      'synapse-main → synapse-event-persister:9093',
      'synapse-event-persister → synapse-event-persister:9093',
      'synapse-main → key-vault:8000',
      'key-vault → matrix-postgresql:5432',
      'key-vault-init-db → matrix-postgresql:5432',
      'haproxy → synapse-main:8008',
      'haproxy → content-scanner:8080',
      'haproxy → redis:6379',
      'content-scanner → clamav:3310',
      'content-scanner → synapse-media:8008',
      'livekit → redis:26379',
      'livekit → redis:6379',
      'redis → redis:26379',
      'python-wheels → matrix-minio:9000',
      'sync-system-setup-replication → matrix-postgresql:5432',
      'sync-system-sequences → matrix-postgresql-li:5432',
      'sync-system-media → matrix-minio:9000',
      'matrix-postgresql-li → matrix-postgresql:5432',
      'matrix-postgresql → matrix-postgresql:5432',
      'matrix-postgresql → matrix-minio:9000',
      'matrix-postgresql → the API server:6443',
      'the CloudNativePG operator → matrix-postgresql:8000',
      'matrix-minio → matrix-minio:9000',
      'the ingress controller → livekit:7880',
      'Prometheus → haproxy:8404',
      'synapse-federation-sender → the internet:8448',
      'clamav → the internet:443',
    ])
      assert.ok(shown.has(flow), flow);
  });

  it('leave out what nobody asks for', () => {
    for (const flow of [
      // The main process of this deployment has no media repository, and only it calls key_vault.
      'synapse-main → matrix-minio:9000',
      'synapse-generic → matrix-minio:9000',
      'synapse-generic → key-vault:8000',
      // A process does not call itself over the network, and TURN servers are for clients.
      'synapse-main → synapse-main:9093',
      'synapse-main → coturn:3478',
      'synapse-li → the internet:443',
    ])
      assert.ok(!shown.has(flow), flow);
  });

  it('stand at the host or port that asks for them', () => {
    const texts = new Map(flows.map(flow => [show(flow), textAt(workspace, flow)]));
    assert.equal(texts.get('synapse-main → matrix-postgresql:5432'), 'matrix-postgresql-rw.matrix.svc.cluster.local');
    assert.equal(texts.get('haproxy → content-scanner:8080'), 'content-scanner.matrix.svc.cluster.local');
    assert.equal(texts.get('matrix-postgresql → matrix-minio:9000'), 'matrix-minio-hl.matrix.svc.cluster.local');
    assert.equal(texts.get('matrix-postgresql-li → matrix-postgresql:5432'), 'CREATE SUBSCRIPTION');
    assert.equal(texts.get('the ingress controller → livekit:7880'), 'http');
  });

  it('are all let through, or not certain to be blocked', () => {
    const results = flows.map(flow => [show(flow), verdictOf(workspace, flow).result] as const);
    assert.deepEqual(
      results.filter(([, result]) => result === 'denied'),
      [],
    );
    // The addresses of the API server are in no manifest, nor that of the homeserver inside the cluster.
    assert.deepEqual(
      results.filter(([, result]) => result === 'unknown').map(([name]) => name),
      [
        'lk-jwt-service → the homeserver:443',
        'matrix-postgresql-li → the API server:6443',
        'matrix-postgresql → the API server:6443',
        'matrix-minio → the API server:6443',
      ],
    );
  });

  it('can be explained, also where none is needed', () => {
    const [livekit, vault] = ['livekit', 'key-vault'].map(name => {
      const [pods] = podsOf(workspace.find('Deployment', 'matrix', name)!);
      return pods!;
    });
    const lines = explainFlow(workspace, livekit!, vault!, 8000);
    assert.equal(lines[0], 'matrix/livekit → matrix/key-vault port 8000/TCP is denied.');
    assert.ok(lines.some(line => line.includes('key-vault-isolation, ingress rule 1')));
  });
});

const app = (name: string, spec: string, labels = `app: ${name}`): string => `
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: ${name}, namespace: matrix}
    spec:
      template:
        metadata: {labels: {${labels}}}
        spec:
          ${spec}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: ${name}, namespace: matrix}
    spec:
      selector: {app: ${name}}
      ports: [{port: 80, targetPort: 8080}, {port: 5432}]
    ---`;

function flowsIn(source: string): readonly string[] {
  return flowsOf(workspaceOf(readFixture(source).files)).map(flow => `${show(flow)} ${flow.importance}`);
}

describe('flows', () => {
  it('are read from variables, also from those of Secrets, in plain and in base64', () => {
    const host = Buffer.from('db.matrix.svc.cluster.local').toString('base64');
    assert.deepEqual(
      flowsIn(`${app('db', 'containers: []')}
    apiVersion: v1
    kind: Secret
    metadata: {name: secrets, namespace: matrix}
    data: {DB_HOST: ${host}}
    stringData: {DB_PORT: "5432"}
    ---${app(
      'api',
      `containers:
            - name: api
              image: registry.test/api:1
              envFrom: [{secretRef: {name: secrets}}]
              env:
                - {name: WEB_URL, value: "http://db.matrix.svc:80/x"}
                - {name: PUBLIC_URL, value: "http://api.matrix.svc"}`,
    )}
    `),
      ['api → db:5432 required', 'api → db:8080 required'],
    );
  });

  it('are not read from variables that a script has no use for', () => {
    const spec = (script: string): string => `containers:
            - name: job
              image: postgres:16
              command: [sh, -c, '${script}']
              env: [{name: DB_HOST, value: db}]`;
    assert.deepEqual(flowsIn(`${app('db', 'containers: []')}${app('job', spec('rclone sync a: b:'))}`), []);
    assert.deepEqual(flowsIn(`${app('db', 'containers: []')}${app('job', spec('psql -h $DB_HOST -c x'))}`), [
      'job → db:5432 required',
    ]);
  });

  it('are read from a mounted file only by a container that uses the file', () => {
    const files = `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: files, namespace: matrix}
    data:
      rclone.conf: |
        [store]
        # endpoint = http://other.matrix.svc:80
        endpoint = http://db.matrix.svc:80
      run.sh: |
        rclone --config /config/rclone.conf sync a: b:
    ---`;
    const spec = (script: string): string => `containers:
            - name: job
              image: rclone/rclone:1
              command: [sh, -c, "${script}"]
              volumeMounts: [{name: files, mountPath: /config}]
          volumes: [{name: files, configMap: {name: files}}]`;
    const tree = (script: string): readonly string[] =>
      flowsIn(`${app('db', 'containers: []')}${files}${app('other', 'containers: []')}${app('job', spec(script))}`);
    assert.deepEqual(tree('sh /config/run.sh'), ['job → db:8080 required']);
    assert.deepEqual(tree('psql -f /config/schema.sql'), []);
  });

  it('that lead to a port called metrics are for metrics', () => {
    assert.deepEqual(
      flowsIn(
        `${app('web', 'containers: [{name: web, ports: [{name: metrics, containerPort: 8080}]}]')}${app(
          'proxy',
          `containers:
            - name: proxy
              image: registry.test/proxy:1
              env: [{name: UPSTREAM, value: "http://web.matrix.svc"}]`,
        )}`,
      ),
      ['proxy → web:8080 metrics'],
    );
  });

  it('are worked out again only for what reads the edited file', () => {
    const files = new Map(
      readFixture(`
    #- /config.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: web, namespace: matrix}
    data:
      app.yaml: |
        upstream: http://db.matrix.svc:80
    #- /tree.yaml${app('db', 'containers: []')}${app(
      'web',
      `containers:
            - {name: web, image: "registry.test/web:1", volumeMounts: [{name: c, mountPath: /c}]}
          volumes: [{name: c, configMap: {name: web}}]`,
    )}${app(
      'job',
      `containers:
            - {name: job, image: "registry.test/job:1", env: [{name: DB_HOST, value: db}]}`,
    )}
      `).files,
    );
    const workspace = workspaceOf(files);
    const [web, job] = ['web', 'job'].map(name => workspace.find('Deployment', 'matrix', name)!);
    const before = [flowsFrom(workspace, web!), flowsFrom(workspace, job!)];
    assert.deepEqual(
      before.map(flows => flows.map(show)),
      [['web → db:8080'], ['job → db:5432']],
    );

    const text = files.get('config.yaml') ?? '';
    workspace.update(uriOf('config.yaml'), 'config.yaml', text.replace(':80', ':5432'));
    assert.deepEqual(flowsFrom(workspace, web!).map(show), ['web → db:5432']);
    assert.equal(flowsFrom(workspace, job!), before[1]);

    const after = flowsFrom(workspace, web!);
    workspace.update(uriOf('config.yaml'), 'config.yaml', `# Comment.\n${text.replace(':80', ':5432')}`);
    assert.equal(flowsFrom(workspace, web!), after);
    assert.equal(textAt(workspace, after[0]!), 'db.matrix.svc');
  });

  it('to one of several pods of a set are not certain where a policy asks for the name of a pod', () => {
    const tree = (peer: string): string => `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: db, namespace: matrix}
    spec:
      podSelector: {matchLabels: {app: db}}
      policyTypes: [Ingress]
      ingress: [{from: [{podSelector: {matchLabels: {${peer}}}}]}]
    ---${app('db', 'containers: []')}
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: worker, namespace: matrix}
    spec:
      replicas: 2
      template:
        metadata: {labels: {app: worker}}
        spec:
          containers: [{name: worker, env: [{name: DB_HOST, value: db}]}]
    `;
    const result = (peer: string): string => {
      const workspace = workspaceOf(readFixture(tree(peer)).files);
      const [flow] = flowsOf(workspace);
      return verdictOf(workspace, flow!).result;
    };
    assert.equal(result('app: worker'), 'allowed');
    assert.equal(result('app: other'), 'denied');
    assert.equal(result('statefulset.kubernetes.io/pod-name: worker-1'), 'unknown');
  });
});
