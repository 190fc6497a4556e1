import assert from 'node:assert/strict';
import { isChartObject } from '../../analysis/charts';
import { resolveHost } from '../../analysis/flows/destinations';
import { madeService } from '../../analysis/helm/chart-objects';
import { releasesIn, settingOf } from '../../analysis/helm/releases';
import type { Workspace } from '../../manifests/workspace';
import { check, readFixture, workspaceOf } from '../fixture';

const repository = `
  apiVersion: source.toolkit.fluxcd.io/v1
  kind: HelmRepository
  metadata: { name: bitnami, namespace: flux-system }
  spec: { type: oci, url: "oci://registry-1.docker.io/bitnamicharts" }
`;

/** A tree with a release of Bitnami's chart `redis`; of Flux's other fields as given. */
function redis(values: string, { version = '20.6.1', more = '', spec = '' } = {}): Workspace {
  return workspaceOf(
    readFixture(`
      #- /repository.yaml${repository.replaceAll('\n', '\n    ')}
      #- /redis.yaml
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: { name: cache, namespace: matrix }
      spec:
        chart: { spec: { chart: redis, version: ${version}, sourceRef: { kind: HelmRepository, name: bitnami, namespace: flux-system } } }
        ${spec}
        values: ${values}
      ${more}
    `).files,
  );
}

function services(workspace: Workspace, ...names: readonly string[]): readonly string[] {
  return names.map(name => isChartObject(workspace, 'matrix', name, 'Service'));
}

describe('values of Helm releases', () => {
  it('are those of the strongest layer that says something, and unknown below what the tree does not show', () => {
    const workspace = redis('{ a: 1 }', {
      spec: 'valuesFrom: [{ kind: Secret, name: hidden }, { kind: ConfigMap, name: shown }]',
      more: `#- /shown.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: shown, namespace: matrix }
      data: { values.yaml: "{ a: 2, b: 3, d: '\${OPEN}' }" }`,
    });
    const [release] = releasesIn(workspace);
    assert.ok(release);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map(path => {
        const setting = settingOf(release, path);
        return typeof setting === 'string' ? setting : setting.text;
      }),
      ['1', '3', 'unknown', 'unknown'],
    );
  });

  it('are read from files that an Application names in another source', () => {
    const [release] = releasesIn(
      workspaceOf(
        readFixture(`
          #- /app.yaml
          apiVersion: argoproj.io/v1alpha1
          kind: Application
          metadata: { name: db, namespace: argocd }
          spec:
            destination: { namespace: chat }
            sources:
              - repoURL: registry-1.docker.io/bitnamicharts
                chart: postgresql
                helm:
                  valueFiles: [$values/values/db.yaml]
                  parameters: [{ name: auth.database, value: other }]
              - repoURL: https://git.tessera.test/chat.git
                ref: values
          #- /values/db.yaml
          auth: { username: synapse, database: synapse }
        `).files,
      ),
    );
    assert.ok(release);
    const user = settingOf(release, 'auth.username');
    assert.deepEqual(
      [
        release.name,
        release.namespace,
        typeof user === 'string' ? user : user.text,
        settingOf(release, 'auth.database'),
      ],
      ['db', 'chat', 'synapse', 'unknown'],
    );
  });
});

describe('releases of scripts and of helmfile', () => {
  it('are read with their repositories, files and what is set one by one', () => {
    const workspace = workspaceOf(
      readFixture(`
        #- /install.sh
        helm repo add bitnami https://charts.bitnami.com/bitnami
        helm upgrade --install cache bitnami/redis --version 20.6.1 -n matrix -f values/redis.yaml --set auth.enabled=false
        #- /helmfile.yaml
        repositories: [{ name: cnpg, url: https://cloudnative-pg.github.io/charts }]
        releases:
          - name: pg
            namespace: matrix
            chart: cnpg/cluster
            values: [values/pg.yaml, { cluster: { instances: 3 } }]
          - { name: off, chart: cnpg/cluster, installed: false }
          - { name: hidden, namespace: other, chart: cnpg/cluster, secrets: [secrets.yaml] }
        #- /values/redis.yaml
        architecture: standalone
        #- /values/pg.yaml
        cluster: { instances: 1, superuserSecret: root }
      `).files,
    );
    const shown = (name: string, path: string): string | undefined => {
      const release = releasesIn(workspace).find(one => one.name === name);
      const setting = release ? settingOf(release, path) : undefined;
      return typeof setting === 'object' ? setting.text : setting;
    };
    assert.deepEqual(
      releasesIn(workspace).map(({ name, chart, repository }) => [name, chart, repository]),
      [
        ['cache', 'redis', 'https://charts.bitnami.com/bitnami'],
        ['pg', 'cluster', 'https://cloudnative-pg.github.io/charts'],
        ['hidden', 'cluster', 'https://cloudnative-pg.github.io/charts'],
      ],
    );
    assert.deepEqual(
      [shown('cache', 'architecture'), shown('cache', 'auth.enabled'), shown('pg', 'cluster.instances')],
      ['standalone', 'unknown', '3'],
    );
    assert.deepEqual([shown('pg', 'cluster.superuserSecret'), shown('hidden', 'mode')], ['root', 'unknown']);
    assert.deepEqual(services(workspace, 'cache-redis-master', 'cache-redis-replicas', 'pg-cluster-rw', 'pg-rw'), [
      'yes',
      'no',
      'yes',
      'no',
    ]);
  });
});

describe('what known charts make', () => {
  it('follows the architecture and the name', () => {
    const names = ['cache-redis-master', 'cache-redis-replicas', 'cache-redis', 'cache-redis-headless', 'cache-master'];
    assert.deepEqual(services(redis('{ architecture: standalone }'), ...names), ['yes', 'no', 'no', 'yes', 'no']);
    assert.deepEqual(services(redis('{}'), ...names), ['yes', 'yes', 'no', 'yes', 'no']);
    assert.deepEqual(services(redis('{ sentinel: { enabled: true } }'), ...names), ['no', 'no', 'yes', 'yes', 'no']);
    assert.deepEqual(services(redis('{ fullnameOverride: r }'), 'r-master', names[0] ?? ''), ['yes', 'no']);
    assert.deepEqual(services(redis('{ nameOverride: ache }'), 'cache-master'), ['yes']);
  });

  it('is not judged with other versions, other repositories, more objects, or values that the tree does not show', () => {
    assert.deepEqual(services(redis('{}', { version: '10.9.0' }), 'cache-redis-slave'), ['yes']);
    assert.deepEqual(services(redis('{}', { version: '99.0.0' }), 'cache-redis-primary'), ['yes']);
    assert.deepEqual(services(redis('{ extraDeploy: [{}] }'), 'cache-redis-more'), ['yes']);
    const hidden = redis('{}', { spec: 'valuesFrom: [{ kind: Secret, name: hidden }]' });
    assert.deepEqual(services(hidden, 'cache-redis-replicas', 'fast-master', 'element'), ['yes', 'yes', 'no']);
  });

  it('has the ports that the values give it', () => {
    const workspace = redis('{ master: { service: { ports: { redis: 6380 } } } }');
    const found = resolveHost(workspace, 'matrix', 'cache-redis-master.matrix.svc.cluster.local');
    assert.equal(found.kind, 'service');
    assert.deepEqual(found.kind === 'service' && found.service.ports.map(one => one.port), [6380]);
    assert.equal(resolveHost(workspace, 'matrix', 'cache-redis').kind, 'no-service');
  });

  it('goes into the namespace that Flux installs it into, under a name with it', () => {
    const workspace = redis('{}', { spec: 'targetNamespace: data' });
    assert.equal(isChartObject(workspace, 'data', 'data-cache-redis-master', 'Service'), 'yes');
    assert.equal(isChartObject(workspace, 'matrix', 'cache-redis-master', 'Service'), 'no');
  });

  it('is compared with the hosts and ports in the values of other charts', async () => {
    const { default: rule } = await import('../../rules/network/config-host-unknown-service');
    const { default: portRule } = await import('../../rules/network/config-host-port');
    const tree = (host: string, port: number): string => `
      #- /charts.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: { name: db, namespace: kube-system }
      spec: { repo: https://charts.bitnami.com/bitnami, chart: postgresql, version: 16.4.1, targetNamespace: chat }
      ---
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: { name: synapse, namespace: kube-system }
      spec:
        repo: https://ananace.gitlab.io/charts
        chart: matrix-synapse
        version: 3.12.0
        targetNamespace: chat
        valuesContent: |-
          postgresql: { enabled: false }
          externalPostgresql: { host: ${host}, port: ${port} }
    `;
    const found = (host: string, port: number): readonly string[] =>
      check(tree(host, port), [rule, portRule]).findings.map(({ problem }) => problem.message);
    assert.deepEqual(found('db-postgresql', 5432), []);
    assert.deepEqual(found('postgres.example.org', 5432), []);
    assert.match(found('db', 5432).join(), /There is no Service db in namespace chat/);
    assert.match(found('db-postgresql', 5433).join(), /Service db-postgresql has no port 5433, only 5432/);
  });
});

describe('charts of the cluster and of Matrix', () => {
  /** A tree with one release that Argo CD is asked for, in the namespace `matrix`. */
  const release = (name: string, repository: string, chart: string, version: string, values = '{}'): Workspace =>
    workspaceOf(
      readFixture(`
        #- /app.yaml
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: { name: ${name}, namespace: argocd }
        spec:
          destination: { namespace: matrix }
          source: { repoURL: "${repository}", chart: ${chart}, targetRevision: ${version}, helm: { valuesObject: ${values} } }
      `).files,
    );
  const ports = (workspace: Workspace, name: string): readonly number[] | undefined =>
    madeService(workspace, 'matrix', name)?.ports;

  it('have the Services of kube-prometheus-stack, whose name is shortened, and those of Grafana in it', () => {
    const charts = 'https://prometheus-community.github.io/helm-charts';
    const stack = (name: string, values?: string): Workspace =>
      release(name, charts, 'kube-prometheus-stack', '72.3.0', values);
    const usual = stack('prometheus');
    assert.deepEqual(
      services(
        usual,
        'prometheus-kube-prometheus-prometheus',
        'prometheus-kube-prometheus-stack-prometheus',
        'prometheus-grafana',
        'prometheus-operated',
        'prometheus-server',
        'prometheus-prometheus-node-exporter',
        'grafana',
      ),
      ['yes', 'no', 'yes', 'yes', 'no', 'maybe', 'no'],
    );
    assert.deepEqual(ports(usual, 'prometheus-kube-prometheus-prometheus'), [9090, 8080]);
    assert.deepEqual(ports(usual, 'prometheus-grafana'), [80]);
    assert.deepEqual(services(stack('kube-prometheus-stack'), 'kube-prometheus-stack-alertmanager'), ['yes']);
    const other = stack(
      'monitoring',
      '{ fullnameOverride: mon, grafana: { fullnameOverride: graf, service: { port: 3000 } } }',
    );
    assert.deepEqual(services(other, 'mon-prometheus', 'graf', 'monitoring-grafana'), ['yes', 'yes', 'no']);
    assert.deepEqual(ports(other, 'graf'), [3000]);
    assert.deepEqual(services(stack('p', '{ grafana: { enabled: false } }'), 'p-grafana'), ['no']);
    assert.deepEqual(services(stack('p', '{ namespaceOverride: other }'), 'p-grafana'), ['yes'], 'not judged');
  });

  it('have the Services of stacks of Matrix, which are called after the release', () => {
    const stack = release(
      'ess',
      'oci://ghcr.io/element-hq/ess-helm',
      'matrix-stack',
      '26.2.1',
      '{ matrixRTC: { enabled: false } }',
    );
    assert.deepEqual(services(stack, 'ess-synapse', 'ess-well-known', 'ess-postgres'), ['yes', 'yes', 'yes']);
    assert.deepEqual([ports(stack, 'ess-synapse'), ports(stack, 'ess-matrix-rtc-sfu')], [[8008, 8009], undefined]);
    const chart = release('chat', 'https://ananace.gitlab.io/charts', 'matrix-synapse', '3.12.0');
    assert.deepEqual(services(chart, 'chat-matrix-synapse', 'chat-postgresql', 'chat-redis-master'), [
      'yes',
      'yes',
      'yes',
    ]);
    assert.deepEqual(ports(chart, 'chat-matrix-synapse'), [8008]);
    const livekit = release('livekit', 'https://helm.livekit.io', 'livekit-server', '1.9.0');
    assert.deepEqual(ports(livekit, 'livekit-livekit-server'), [80, 7881]);
  });

  it('have the Services of other databases and of ingress controllers', () => {
    const bitnami = 'registry-1.docker.io/bitnamicharts';
    const valkey = release('cache', bitnami, 'valkey', '3.0.9', '{ architecture: standalone }');
    assert.deepEqual(services(valkey, 'cache-valkey-primary', 'cache-valkey-master', 'cache-valkey'), [
      'yes',
      'no',
      'no',
    ]);
    const pool = release('db', bitnami, 'postgresql-ha', '15.1.2');
    assert.deepEqual(services(pool, 'db-postgresql-ha-pgpool', 'db-postgresql-ha'), ['yes', 'no']);
    const nginx = release('ingress-nginx', 'https://kubernetes.github.io/ingress-nginx', 'ingress-nginx', '4.12.1');
    assert.deepEqual(ports(nginx, 'ingress-nginx-controller'), [80, 443]);
    assert.deepEqual(services(nginx, 'ingress-nginx-controller-metrics'), ['no']);
  });

  it('are compared with what routes and scripts lead to', async () => {
    const { default: backends } = await import('../../rules/services/ingress-backend-missing');
    const { default: portRule } = await import('../../rules/network/config-host-port');
    const tree = (name: string, port: number, host: string): string => `
      #- /install.sh
      helm repo add prometheus-community https://prometheus-community.github.io/helm-charts
      helm upgrade --install monitoring prometheus-community/kube-prometheus-stack --version 72.3.0 -n monitoring
      #- /route.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: { name: grafana, namespace: monitoring }
      spec:
        rules:
          - host: grafana.tessera.test
            http:
              paths: [{ path: /, pathType: Prefix, backend: { service: { name: ${name}, port: { number: ${port} } } } }]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: reader, namespace: monitoring }
      spec:
        template:
          spec:
            containers: [{ name: reader, image: "registry.test/reader:1", env: [{ name: PROMETHEUS_URL, value: "${host}" }] }]
    `;
    const found = (name: string, port: number, host = 'http://other.test'): readonly string[] =>
      check(tree(name, port, host), [backends, portRule]).findings.map(
        ({ severity, problem }) => `${severity} ${problem.message}`,
      );
    assert.deepEqual(found('monitoring-grafana', 80), []);
    assert.match(
      found('monitoring-grafana', 3000).join(),
      /^error Service monitoring-grafana, which the chart .* no port 3000, only 80/,
    );
    assert.match(
      found('monitoring-prometheus', 9090).join(),
      /^warning Ingress grafana leads to the Service monitoring-prometheus/,
    );
    assert.deepEqual(found('loki', 3100), [], 'of another chart, perhaps');
    const url = (port: number): string => `http://monitoring-kube-prometheus-prometheus.monitoring.svc:${port}`;
    assert.deepEqual(found('monitoring-grafana', 80, url(9090)), []);
    assert.match(found('monitoring-grafana', 80, url(9091)).join(), /no port 9091, only 9090 and 8080/);
  });
});
