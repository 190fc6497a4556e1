import assert from 'node:assert/strict';
import bucket from '../../../rules/charts/chart-bucket-missing';
import unfit from '../../../rules/charts/chart-value-unfit';
import argo from '../../../rules/deploy/argo-path-missing';
import monitor from '../../../rules/monitoring/monitor-not-picked-up';
import placeholder from '../../../rules/placeholders/placeholder-config';
import secretKey from '../../../rules/references/reference-missing-secret-key';
import type { Rule } from '../../../rules/rule';
import weak from '../../../rules/secrets/secret-weak-value';
import { check } from '../../fixture';

function found(source: string, rule: Rule): readonly string[] {
  return check(source, [rule]).findings.map(({ problem }) => problem.message.replace(/ — .*/, ''));
}

/** An Application that takes the values of a chart from a file of the tree, and another that shows what the tree is. */
function application(values: string, { chart = 'redis', file = 'values/redis.yaml', more = '' } = {}): string {
  return `
      #- /apps.yaml
      apiVersion: argoproj.io/v1alpha1
      kind: Application
      metadata: { name: cache, namespace: argocd }
      spec:
        destination: { namespace: matrix }
        sources:
          - repoURL: registry-1.docker.io/bitnamicharts
            chart: ${chart}
            targetRevision: 20.6.1
            helm: { valueFiles: [$values/${file}]${more} }
          - { repoURL: https://git.tessera.test/chat.git, ref: values }
      #- /values/redis.yaml
      ${values}
      `;
}

describe('files of values that an Application names', () => {
  const other = `#- /other.yaml
      apiVersion: argoproj.io/v1alpha1
      kind: Application
      metadata: { name: rest, namespace: argocd }
      spec: { source: { repoURL: https://git.tessera.test/chat.git, path: values } }`;

  it('are there, where another Application shows that its repository is the tree', () => {
    assert.deepEqual(found(application('a: 1') + other, argo), []);
    assert.deepEqual(found(application('a: 1', { file: 'values/cache.yaml' }) + other, argo), [
      'There is no values/cache.yaml in the tree, so Argo CD makes nothing of Application cache',
    ]);
  });

  it('may be those of another repository, or missing on purpose', () => {
    assert.deepEqual(found(application('a: 1', { file: 'values/cache.yaml' }), argo), []);
    const optional = { file: 'values/cache.yaml', more: ', ignoreMissingValueFiles: true' };
    assert.deepEqual(found(application('a: 1', optional) + other, argo), []);
  });

  it('hold no passwords that are easy to guess, and no placeholders', () => {
    assert.deepEqual(found(application('auth: { password: redis }'), weak), [
      'password in the values of the chart redis is well known',
    ]);
    assert.deepEqual(found(application('auth: { password: changeme }'), placeholder), [
      'changeme in the values of a chart is still to be filled in',
    ]);
    for (const values of [
      'auth: { password: b2Jk7sYtq0VgXw4nLr9cHfUzEaMd5PiT }',
      'auth: { existingSecret: redis, existingSecretPasswordKey: password }',
      'auth: { password: "${REDIS_PASSWORD}" }',
      'auth: { enabled: false, password: redis }',
      'auth: { password: "ref+vault://kv/redis#password", requirePassword: "yes" }',
    ])
      assert.deepEqual(found(application(values), weak), []);
  });
});

describe('the ServiceMonitor of a chart', () => {
  const stack = (spec: string): string => `#- /stack.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: { name: mon, namespace: kube-system }
      spec:
        repo: https://prometheus-community.github.io/helm-charts
        chart: kube-prometheus-stack
        targetNamespace: monitoring
        valuesContent: |-
          prometheus: { prometheusSpec: { ${spec} } }`;
  const on = (labels: string): string => `metrics: { enabled: true, serviceMonitor: { enabled: true${labels} } }`;

  it('has the label that Prometheus selects by', () => {
    const label = (name: string): string => on(`, additionalLabels: { release: ${name} }`);
    assert.deepEqual(found(application(label('mon')) + stack('retention: 30d'), monitor), []);
    assert.deepEqual(found(application(label('prometheus')) + stack('retention: 30d'), monitor), [
      'Prometheus selects ServiceMonitors with release=mon, so that of the chart redis (cache) is passed over',
    ]);
  });

  it('is compared with what Prometheus selects where no values say anything of it', () => {
    const helmfile = `#- /helmfile.yaml
      repositories: [{ name: prometheus-community, url: https://prometheus-community.github.io/helm-charts }]
      releases:
        - name: mon
          namespace: monitoring
          chart: prometheus-community/kube-prometheus-stack
          values: [{ grafana: { enabled: false } }]
      #- /monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata: { name: synapse, namespace: matrix, labels: { release: LABEL } }
      spec: { selector: {}, endpoints: [{ port: metrics }] }`;
    assert.deepEqual(found(helmfile.replace('LABEL', 'mon'), monitor), []);
    assert.equal(found(helmfile.replace('LABEL', 'prometheus'), monitor).length, 1);
    const hidden = helmfile.replace('LABEL', 'prometheus').replace('{ grafana: { enabled: false } }', 'mon.gotmpl');
    assert.deepEqual(found(hidden, monitor), []);
  });

  it('is not judged where it is off, where all are taken, or where something else is asked for', () => {
    assert.deepEqual(found(application('metrics: { enabled: true }') + stack('retention: 30d'), monitor), []);
    const all = 'serviceMonitorSelectorNilUsesHelmValues: false';
    assert.deepEqual(found(application(on('')) + stack(all), monitor), []);
    const own = 'serviceMonitorSelector: { matchLabels: { app.kubernetes.io/part-of: chat } }';
    assert.deepEqual(found(application(on('')) + stack(own), monitor), []);
    assert.deepEqual(found(application(on('')), monitor), []);
  });
});

describe('the buckets of a chart', () => {
  const tree = (values: string, repo = 'https://charts.min.io/', version = '5.3.0'): string => `
      #- /minio.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: { name: minio, namespace: kube-system }
      spec: { repo: ${repo}, chart: minio, version: ${version}, targetNamespace: matrix, valuesContent: '${values}' }
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: synapse, namespace: matrix }
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_storage_providers: [{ module: s3, config: { bucket: media, endpoint_url: "http://minio:9000" } }]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: { name: synapse, namespace: matrix }
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.homeserver, --config-path=/config/homeserver.yaml]
                volumeMounts: [{ name: config, mountPath: /config }]
            volumes: [{ name: config, configMap: { name: synapse } }]`;
  const bitnami = ['https://charts.bitnami.com/bitnami', '14.8.5'] as const;

  it('have the name that Synapse writes', () => {
    assert.deepEqual(found(tree('buckets: [{ name: media }]'), bucket), []);
    assert.deepEqual(found(tree('defaultBuckets: "other, media:public"', ...bitnami), bucket), []);
    assert.equal(found(tree('buckets: [{ name: synapse }]'), bucket).length, 1);
    assert.equal(found(tree('defaultBuckets: synapse', ...bitnami), bucket).length, 1);
  });

  it('are not judged where the chart is told of none, or makes more', () => {
    assert.deepEqual(found(tree('mode: standalone'), bucket), []);
    assert.deepEqual(found(tree('{ buckets: [{ name: a }], customCommands: [{ command: mb }] }'), bucket), []);
    assert.deepEqual(found(tree('{ defaultBuckets: a, provisioning: { enabled: true } }', ...bitnami), bucket), []);
  });
});

describe('what a chart makes and refuses', () => {
  it('is a Secret with certain keys', () => {
    const pod = (key: string): string => `#- /pod.yaml
      apiVersion: v1
      kind: Pod
      metadata: { name: a, namespace: matrix }
      spec:
        containers:
          - name: a
            image: busybox
            env: [{ name: P, valueFrom: { secretKeyRef: { name: cache-redis, key: ${key} } } }]`;
    assert.deepEqual(found(application('auth: { enabled: true }') + pod('redis-password'), secretKey), []);
    assert.equal(found(application('auth: { enabled: true }') + pod('password'), secretKey).length, 1);
  });

  it('are the values of Element’s and Ananace’s charts of Synapse', () => {
    const release = (chart: string, repo: string, version: string, values: string): readonly string[] =>
      found(
        `
      #- /chart.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata: { name: a, namespace: kube-system }
      spec: { repo: ${repo}, chart: ${chart}, version: ${version}, targetNamespace: matrix, valuesContent: '${values}' }`,
        unfit,
      );
    const ess = (values: string) => release('matrix-stack', 'oci://ghcr.io/element-hq/ess-helm', '25.6.2', values);
    const database = (name: string): string => `{ host: db, database: ${name} }`;
    const both = (name: string): string =>
      `{ serverName: a.test, synapse: { postgres: ${database('a')} }, matrixAuthenticationService: { postgres: ${database(name)} } }`;
    assert.deepEqual(ess(both('b')), []);
    assert.equal(ess(both('a')).length, 1);
    assert.equal(ess('synapse: {}').length, 1);
    assert.deepEqual(ess('synapse: { enabled: false }'), []);
    const synapse = (server: string) =>
      release(
        'matrix-synapse',
        'https://ananace.gitlab.io/charts',
        '3.12.0',
        `wellknown: { enabled: true, server: { m.server: "${server}" } }`,
      );
    assert.deepEqual(synapse('matrix.a.test:443'), []);
    assert.equal(synapse('https://matrix.a.test').length, 1);
  });
});

describe('what a chart keeps and shows in a tree of something else', () => {
  const release = (namespace: string, chart: string, version: string, values: string): string => `
      #- /app.yaml
      apiVersion: argoproj.io/v1alpha1
      kind: Application
      metadata: { name: assets, namespace: argocd }
      spec:
        destination: { namespace: ${namespace} }
        source:
          repoURL: ${chart === 'minio' ? 'https://charts.min.io/' : 'https://charts.bitnami.com/bitnami'}
          chart: ${chart}
          targetRevision: ${version}
          helm:
            valuesObject: ${values}
      ---
      apiVersion: v1
      kind: Namespace
      metadata: { name: ${namespace} }
      `;
  const severities = (source: string): readonly string[] =>
    check(source, [unfit]).findings.map(({ severity }) => severity);

  it('may be meant to be forgotten or to be read by everybody', () => {
    const store = (policy: string): string => `{ buckets: [{ name: a, policy: ${policy} }] }`;
    const kept = '{ primary: { persistence: { enabled: false } } }';
    assert.deepEqual(severities(release('shop', 'minio', '5.4.0', '{ persistence: { enabled: false } }')), ['warning']);
    assert.deepEqual(severities(release('shop', 'postgresql', '16.4.5', kept)), ['warning']);
    assert.deepEqual(severities(release('matrix', 'postgresql', '16.4.5', kept)), ['error']);
    assert.deepEqual(severities(release('shop', 'minio', '5.4.0', store('download'))), ['warning']);
    assert.deepEqual(severities(release('matrix', 'minio', '5.4.0', store('download'))), ['error']);
    for (const policy of ['public', 'upload'])
      assert.deepEqual(severities(release('shop', 'minio', '5.4.0', store(policy))), ['error']);
  });
});
