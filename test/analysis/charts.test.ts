import assert from 'node:assert/strict';
import { chartReleases, isChartObject, isChartSelector } from '../../analysis/charts';
import { readFixture, workspaceOf } from '../fixture';

function shown(source: string): readonly string[] {
  return chartReleases(workspaceOf(readFixture(source).files)).map(
    ({ name, chart, namespace, evidence }) => `${name} ${chart ?? '-'} ${namespace ?? '-'} ${evidence}`,
  );
}

describe('Helm releases of a tree', () => {
  it('are read from scripts, comments, READMEs and values files', () => {
    assert.deepEqual(
      shown(`
        #- /a.yaml
        # Install with:
        #   helm upgrade --install redis bitnami/redis \\
        #     --namespace matrix --set auth.enabled=true
        apiVersion: v1
        kind: Namespace
        metadata: { name: matrix }
        #- /b.sh
        NS=tools
        helm install --wait -n "$NS" grafana grafana/grafana
        helm repo add x https://x.test
        #- /c.md
        \`\`\`bash
        helm install cm jetstack/cert-manager
        \`\`\`
        #- /values/loki.yaml
        a: 1
        #- /minio-values.yaml
        a: 1
      `),
      [
        'redis redis matrix mention',
        'grafana grafana tools command',
        'cm cert-manager - mention',
        'minio - - values',
        'loki - - values',
      ],
    );
  });

  it('are read from helmfile', () => {
    assert.deepEqual(
      shown(`
        #- /helmfile.yaml
        releases:
          - { name: pg, namespace: matrix, chart: bitnami/postgresql }
          - { name: redis, namespace: "{{ .Namespace }}", chart: bitnami/redis }
          - { name: off, chart: bitnami/redis, installed: false }
      `),
      ['pg postgresql matrix command', 'redis redis - command'],
    );
  });

  it('are read from Flux, Argo CD and k3s', () => {
    assert.deepEqual(
      shown(`
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: { name: a, namespace: flux }
        spec: { releaseName: b, targetNamespace: c, chart: { spec: { chart: redis } } }
        ---
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: { name: d }
        spec: { source: { chart: redis }, destination: { namespace: e } }
        ---
        apiVersion: helm.cattle.io/v1
        kind: HelmChart
        metadata: { name: f }
        spec: { chart: repo/redis, targetNamespace: g }
      `),
      ['b redis c command', 'd redis e command', 'f redis g command'],
    );
  });

  it('name their objects as charts do', () => {
    const workspace = workspaceOf(
      readFixture(
        '#- /a.sh\nhelm install cache bitnami/redis -n matrix\nhelm install redis-x bitnami/redis -n matrix\n',
      ).files,
    );
    for (const name of ['cache', 'cache-redis', 'cache-redis-headless', 'redis-x-master'])
      assert.equal(isChartObject(workspace, 'matrix', name), 'yes', name);
    for (const name of ['cache-secrets', 'redis', 'other'])
      assert.equal(isChartObject(workspace, 'matrix', name), 'no', name);
    assert.equal(isChartObject(workspace, 'other', 'cache'), 'no');
  });

  it('make what begins with the name of a release of which no chart is known, in its namespace', () => {
    const release = `
      #- /release.yaml
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: { name: chat }
      spec: { chartRef: { kind: OCIRepository, name: matrix-stack } }
    `;
    const workspace = workspaceOf(readFixture(release).files);
    // Neither names a namespace, so both go to the same one.
    for (const name of ['chat', 'chat-haproxy']) assert.equal(isChartObject(workspace, undefined, name), 'yes', name);
    for (const name of ['chats', 'haproxy']) assert.equal(isChartObject(workspace, undefined, name), 'no', name);
    assert.equal(isChartObject(workspace, 'matrix', 'chat-haproxy'), 'maybe');
    const values = workspaceOf(readFixture('#- /chat-values.yaml\nserverName: tessera.test\n').files);
    assert.equal(isChartObject(values, undefined, 'chat-haproxy'), 'no');
  });

  it('label their pods as charts do', () => {
    const workspace = workspaceOf(readFixture('#- /a.sh\nhelm install cache bitnami/redis -n matrix\n').files);
    const likelihood = (labels: Record<string, string>): string =>
      isChartSelector(workspace, 'matrix', new Map(Object.entries(labels)));
    assert.equal(likelihood({ 'app.kubernetes.io/instance': 'cache', 'app.kubernetes.io/name': 'redis' }), 'yes');
    assert.equal(likelihood({ 'app.kubernetes.io/name': 'redis' }), 'yes');
    assert.equal(likelihood({ 'app.kubernetes.io/instance': 'main', 'app.kubernetes.io/name': 'redis' }), 'no');
    assert.equal(likelihood({ 'helm.sh/chart': 'x-1' }), 'yes');
    assert.equal(likelihood({ app: 'synapse' }), 'no');
  });
});
