import assert from 'node:assert/strict';
import { rules } from '../../rules/catalogue';
import { type ItemReport, itemReports } from '../../rules/checklist';
import { checkWorkspace } from '../../rules/findings';
import { readFixture, workspaceOf } from '../fixture';

/** What a tree says about some items, as `id state`. */
function states(source: string, ...ids: readonly string[]): readonly string[] {
  return reports(source, ...ids).map(({ item, state }) => `${item.id} ${state}`);
}

function reports(source: string, ...ids: readonly string[]): readonly ItemReport[] {
  const workspace = workspaceOf(readFixture(source).files);
  const all = itemReports(workspace, checkWorkspace(workspace, rules), rules);
  return ids.map(id => {
    const found = all.find(({ item }) => item.id === id);
    assert.ok(found, id);
    return found;
  });
}

describe('the state of static items', () => {
  it('is not applicable where the tree has nothing that the item is about, whatever else it has', () => {
    const ids = ['B.1', 'B.3', 'B.8w', 'B.13', 'B.16', 'B.18', '5.1.a.5', 'A.1.c', 'A.2.b', 'A.2.c', '1.3.b.1'];
    assert.deepEqual(states(redis, 'B.2', ...ids), ['B.2 passed', ...ids.map(id => `${id} not-applicable`)]);
  });

  it('names the objects of a step as what was checked', () => {
    const [redisStep] = reports(redis, 'B.2');
    assert.match(redisStep?.reason ?? '', /^checked on one place$/);
    assert.deepEqual(
      redisStep?.evidence.map(({ uri }) => uri.slice(uri.lastIndexOf('/') + 1)),
      ['redis.yaml'],
    );
  });

  it('is waived where the tree switches a rule off that decides it, or the component of its step', () => {
    const settings = (text: string): string => `${redis}
      #- /matrix-preflight.yaml
      ${text}
    `;
    assert.deepEqual(states(settings('rules: {redis-sentinel-replica-count: off}'), '1.2.b.3', '1.2.b.2'), [
      '1.2.b.3 waived',
      ...states(redis, '1.2.b.2'),
    ]);
    assert.deepEqual(states(settings('components: {li: off, livekit: off}'), 'B.14', 'B.11', 'B.12', 'B.2'), [
      'B.14 waived',
      'B.11 waived',
      'B.12 not-applicable',
      'B.2 passed',
    ]);
  });

  it('does not pass for policies about what is not there', () => {
    const policy = `${redis}
      #- /policy.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: deny, namespace: matrix}
      spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
    `;
    assert.deepEqual(
      states(policy, '1.4.b.2', '1.4.b.3', '1.4.b.4', '1.4.b.5').map(one => one.split(' ')[1]),
      Array(4).fill('not-applicable'),
    );
    const off = `${policy}
      #- /matrix-preflight.yaml
      components: {li: off}
    `;
    assert.deepEqual(states(off, '1.4.b.3', '1.4.b.4'), ['1.4.b.3 not-applicable', '1.4.b.4 waived']);
  });

  it('fails the LI cluster of a tree with a Synapse and no LI instance', () => {
    const synapse = `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse, namespace: matrix}
      spec: {template: {spec: {containers: [{name: synapse, image: "matrixdotorg/synapse:v1.139.2"}]}}}
    `;
    assert.deepEqual(states(synapse, '1.1.a.2', '3.2.a.1'), ['1.1.a.2 failed', '3.2.a.1 not-applicable']);
  });

  it('takes no placeholder for a credential that was generated', () => {
    const secret = (django: string, rsa: string, password: string) => `
      #- /secrets.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: vault-secrets
        namespace: matrix
      stringData:
        DJANGO_SECRET_KEY: "${django}"
        RSA_PRIVATE_KEY: "${rsa}"
        DB_PASSWORD: "${password}"
    `;
    const ids = ['A.1.a', 'A.1.c', 'A.1.d', 'A.2.a', 'A.2.b', 'A.2.c'];
    const django = 'v9c2m5x8b1n4q7w0e3r6t9y2u5i8o1p4a7s0d3f6g9h2j5k8l1';
    assert.deepEqual(
      states(secret('CHANGEME_DJANGO', 'CHANGEME_RSA', 'CHANGEME'), ...ids),
      ids.map(id => `${id} failed`),
    );
    assert.deepEqual(states(secret(django, 'CHANGEME_RSA', 'Tz7Qm2Lk9Vb4Nc6Xw1Rf8Hs3Jd5Gp0Ya'), ...ids), [
      'A.1.a passed',
      'A.1.c passed',
      'A.1.d failed',
      'A.2.a passed',
      'A.2.b passed',
      'A.2.c failed',
    ]);
  });

  it('counts a signing key among the secrets that sign, not as the RSA key of key_vault', () => {
    const source = `
      #- /secrets.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-keys
        namespace: matrix
      stringData:
        signing.key: "CHANGEME"
    `;
    for (const key of ['CHANGEME', 'ed25519 a_kT4d short'])
      assert.deepEqual(states(source.replace('CHANGEME', key), 'A.1.d', 'A.1.f', 'A.2.c'), [
        'A.1.d not-applicable',
        'A.1.f failed',
        'A.2.c not-applicable',
      ]);
  });

  it('fails the files and views of key_vault too where nothing brings the application', () => {
    const vault = (image: string) => `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: app
                image: ${image}
                command: [sh, -c, "cd /app && python manage.py runserver 0.0.0.0:8000"]
    `;
    const ids = ['2.3.a.1', '2.3.a.2', '2.3.a.3'];
    for (const image of ['python:3.12-slim', 'CHANGEME_VAULT_IMAGE:1'])
      assert.deepEqual(
        states(vault(image), ...ids),
        ids.map(id => `${id} failed`),
        image,
      );
    assert.deepEqual(
      states(vault('registry.tessera.test/vault:4'), ...ids),
      ids.map(id => `${id} passed`),
    );
  });

  it('fails the mount of Python packages where none is installed and none is mounted', () => {
    assert.deepEqual(states(synapse(''), '2.1.a', '2.1.b'), ['2.1.a failed', '2.1.b failed']);
    const mounted = synapse(`
                env:
                  - name: PYTHONPATH
                    value: /packages
    `);
    assert.deepEqual(states(mounted, '2.1.a', '2.1.b'), ['2.1.a failed', '2.1.b passed']);
  });

  it('is unknown where the file that decides is in a broken document, and the step that applies it fails', () => {
    const source = scanner.replace(
      '          python3 - <<EOF\n          import',
      '          python3 - <<EOF\n      import',
    );
    assert.notEqual(source, scanner);
    assert.deepEqual(states(scanner, '4.1.a', 'B.10'), ['4.1.a passed', 'B.10 passed']);
    assert.deepEqual(states(source, '4.1.a', '4.1.b.1', 'B.10', 'B.17'), [
      '4.1.a unknown',
      '4.1.b.1 passed',
      'B.10 failed',
      'B.17 passed',
    ]);
    assert.match(reports(source, '4.1.a')[0]?.reason ?? '', /scanner-files cannot be read, because scanner\.yaml/);
  });

  it('fails a step whose files a script does not find', () => {
    const script = (path: string) => `${redis}
      #- /deploy.sh
      kubectl apply -f ${path}
    `;
    assert.deepEqual(states(script('cache/redis.yaml'), 'B.2'), ['B.2 passed']);
    assert.deepEqual(states(script('cache/redis-old.yaml'), 'B.2', 'B.1'), ['B.2 failed', 'B.1 not-applicable']);
    assert.deepEqual(states(script('li-instance/05-workers/'), 'B.16', 'B.7'), ['B.16 failed', 'B.7 not-applicable']);
  });

  it('fails the access to a database that its own clients cannot reach', () => {
    const policies = (from: string) => `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: db
        namespace: matrix
      spec:
        instances: 1
      #- /client.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: client
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: client}
        template:
          metadata:
            labels: {app: client}
          spec:
            containers:
              - name: client
                image: registry.tessera.test/client:1
                env:
                  - name: DB_HOST
                    value: db-rw.matrix.svc.cluster.local
                  - name: DB_PORT
                    value: "5432"
      #- /policy.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: db
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            cnpg.io/cluster: db
        policyTypes: [Ingress]
        ingress:
          - from:
              - podSelector:
                  matchLabels:
                    app: ${from}
            ports:
              - port: 5432
    `;
    const blocked = (from: string) =>
      reports(policies(from), '1.4.b.2')[0]?.evidence.some(({ uri }) => uri.endsWith('/client.yaml'));
    assert.equal(blocked('client'), false);
    assert.equal(blocked('other'), true);
  });

  it('fails the monitor of HAProxy for a path that is not served', () => {
    const monitor = (path: string) => `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          listen stats
            bind *:8404
            mode http
            stats enable
            stats uri /stats
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: haproxy}
        template:
          metadata:
            labels: {app: haproxy}
          spec:
            containers:
              - name: haproxy
                image: haproxy:2.9
                ports:
                  - name: stats
                    containerPort: 8404
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: haproxy
        namespace: matrix
        labels: {app: haproxy}
      spec:
        selector: {app: haproxy}
        ports:
          - name: stats
            port: 8404
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: haproxy}
        endpoints:
          - port: stats
            path: ${path}
    `;
    assert.deepEqual(states(monitor('/metrics'), '2.2.a', '5.1.a.4'), ['2.2.a failed', '5.1.a.4 failed']);
    assert.deepEqual(states(monitor('/stats;csv'), '2.2.a', '5.1.a.4'), ['2.2.a passed', '5.1.a.4 passed']);
  });
});

const redis = `
      #- /cache/redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        serviceName: redis
        selector:
          matchLabels: {app: redis}
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.2
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      stringData:
        password: Tz7Qm2Lk9Vb4Nc6Xw1Rf8Hs3Jd5Gp0Ya
`;

function synapse(env: string): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_storage_providers:
            - module: s3_storage_provider.S3StorageProviderBackend
              config:
                bucket: media
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        serviceName: synapse-main
        selector:
          matchLabels: {app: synapse}
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]${env.trimEnd()}
                volumeMounts:
                  - name: config
                    mountPath: /config
                  - name: packages
                    mountPath: /packages
            volumes:
              - name: config
                configMap:
                  name: synapse-config
              - name: packages
                emptyDir: {}
  `;
}

const scanner = `
      #- /scanner.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: scanner-files
        namespace: matrix
      data:
        scan.sh: |
          python3 - <<EOF
          import socket
          connection = socket.create_connection(("clamav", 3310))
          connection.sendall(b"zINSTREAM\\0")
          EOF
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: content-scanner}
        template:
          metadata:
            labels: {app: content-scanner}
          spec:
            initContainers:
              - name: wait
                image: busybox:1.36
                command: [sh, -c, "until nc -z clamav 3310; do sleep 2; done"]
            containers:
              - name: scanner
                image: vectorim/matrix-content-scanner:v1.1.0
                volumeMounts:
                  - name: files
                    mountPath: /scan
            volumes:
              - name: files
                configMap:
                  name: scanner-files
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: clamav
        namespace: matrix
      spec:
        selector: {app: clamav}
        ports:
          - port: 3310
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: content-scanner}
        endpoints:
          - port: metrics
      #- /rules.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata:
        name: alerts
        namespace: matrix
      spec:
        groups: []
`;
