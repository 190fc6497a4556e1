import assert from 'node:assert/strict';
import alertRulesMissing from '../../../rules/monitoring/alert-rules-missing';
import duplicateScrape from '../../../rules/monitoring/monitor-duplicate-scrape';
import monitorMissing from '../../../rules/monitoring/monitor-missing';
import notPickedUp from '../../../rules/monitoring/monitor-not-picked-up';
import servicePortUnnamed from '../../../rules/monitoring/monitor-service-port-unnamed';
import noMetrics from '../../../rules/monitoring/monitor-target-has-no-metrics';
import { check } from '../../fixture';
import { expecting, fixedBy } from './expect';

const cluster = (spec = ''): string => `
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
${spec}
    ---`;
const podMonitor = (endpoint: string): string => `
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata: {name: postgresql, namespace: matrix}
    spec:
      selector: {matchLabels: {cnpg.io/cluster: matrix-postgresql}}
      podMetricsEndpoints:
        - ${endpoint}
    ---`;
const worker = (name: string, port = 'metrics'): string => `
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: ${name}, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: ${name}}}
        spec:
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.119.0
              command: [python, -m, synapse.app.generic_worker]
              ports: [{name: metrics, containerPort: 9090}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: ${name}, namespace: matrix, labels: {part-of: synapse, app: ${name}}}
    spec:
      selector: {app: ${name}}
      ports: [{name: ${port}, port: 9090}]
    ---`;
const synapseMonitor = (labels: string): string => `
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata: {name: synapse-workers, namespace: matrix, labels: {prometheus: main}}
    spec:
      selector: {matchLabels: {${labels}}}
      endpoints: [{port: metrics, path: /_synapse/metrics}]
    ---`;

describe('missing monitors', () => {
  const expectMarks = expecting(monitorMissing);

  it('are none for a HAProxy that only finds the master of Redis', () => {
    const proxy = (mode: string, port: number): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: proxy, namespace: matrix}
    data:
      haproxy.cfg: |
        defaults
          mode ${mode}
        listen redis
          bind :${port}
          server one redis-0.redis:6379 check
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: proxy, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: proxy}}
        spec:
          containers:
            - name: haproxy
              image: haproxy:3.0
              ports: [{name: stats, containerPort: ${port}}]
              volumeMounts: [{name: config, mountPath: /usr/local/etc/haproxy}]
          volumes: [{name: config, configMap: {name: proxy}}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: redis, namespace: matrix}
    spec: {clusterIP: None, selector: {app: redis}, ports: [{port: 6379}]}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis, namespace: matrix}
    spec:
      serviceName: redis
      template:
        metadata: {labels: {app: redis}}
        spec: {containers: [{name: redis, image: "redis:7.4", ports: [{containerPort: 6379}]}]}
    ---${cluster('    spec: {monitoring: {enablePodMonitor: true}}')}`;
    const found = (source: string): readonly string[] =>
      check(source, [monitorMissing]).findings.map(({ problem }) => problem.message);
    assert.deepEqual(found(proxy('tcp', 6379)), []);
    assert.match(found(proxy('http', 8008)).join(), /^Nothing scrapes HAProxy/);
  });

  it('are said once when there is none at all', () => {
    expectMarks(`
    apiVersion: v1
    kind: Namespace
    metadata:
      name: matrix
    #       ^^^^^^ warning: there is no ServiceMonitor and no PodMonitor for the Synapse workers, PostgreSQL, MinIO
    ---${cluster()}${worker('synapse-one')}
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata: {name: matrix-minio}
    `);
  });

  it('are none for components that operators, scripts or charts have watched', () => {
    expectMarks(`${cluster('    spec: {monitoring: {enablePodMonitor: true}}')}
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata: {name: matrix-minio}
    spec: {prometheusOperator: true}
    ---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: matrix}
    spec: {ingressClassName: nginx}
    #- /values/ingress-nginx.yaml
    controller: {metrics: {enabled: true, serviceMonitor: {enabled: true}}}
    `);
    expectMarks(`${cluster()}${podMonitor('{port: metrics}')}`);
    expectMarks(`${cluster()}
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata: {name: other}
    spec: {selector: {matchLabels: {app: other}}}
    #- /deploy.sh
    kubectl patch cluster matrix-postgresql --type merge -p '{"spec":{"monitoring":{"enablePodMonitor":true}}}'
    `);
  });

  it('do not count a misspelt switch, and get switched on', () => {
    const source = `${cluster('    #       ^^^^^^^^^^^^^^^^^ 💡 warning: Nothing scrapes PostgreSQL (Cluster/matrix-postgresql)\n    spec:\n      monitoring:\n        podMonitorEnabled: true')}${synapseMonitor('app: none')}`;
    expectMarks(source);
    assert.match(fixedBy(source, monitorMissing), /podMonitorEnabled: true\n {4}enablePodMonitor: true/);
  });

  it('are told at the first of several workers, and watched like the others', () => {
    const tree = `${worker('synapse-one')}${worker('synapse-two')}${worker('synapse-three')}${synapseMonitor('app: synapse-one')}`;
    const { findings, workspace } = check(tree, [monitorMissing]);
    assert.equal(findings.length, 1);
    const [finding] = findings;
    assert.match(finding?.problem.message ?? '', /the Synapse workers \(StatefulSet\/synapse-two, 2 of 3\)/);
    assert.deepEqual(finding?.problem.items, ['5.1.a.1']);
    assert.ok(workspace);
    const fixed = fixedBy(tree, monitorMissing);
    assert.match(
      fixed,
      /kind: ServiceMonitor\nmetadata:\n {2}name: synapse-two\n {2}namespace: matrix\n {2}labels:\n {4}prometheus: main\nspec:/,
    );
    assert.match(
      fixed,
      /part-of: synapse\n {6}app: synapse-two\n {2}endpoints:\n {4}- port: metrics\n {6}path: "?\/_synapse\/metrics"?\n/,
    );
  });

  it('are silent where a monitor is meant for the component and misses it', () => {
    expectMarks(`${worker('synapse-one')}${synapseMonitor('type: worker')}`);
    expectMarks(`${cluster()}${podMonitor('{port: exporter}')}`);
  });

  it('are told for the ingress controller at the first Ingress', () => {
    expectMarks(`${cluster('    spec: {monitoring: {enablePodMonitor: true}}')}
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: matrix
    #       ^^^^^^ warning: Nothing scrapes the NGINX ingress controller
    spec: {ingressClassName: nginx}
    ---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: element}
    `);
    expectMarks(`${cluster('    spec: {monitoring: {enablePodMonitor: true}}')}
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: matrix}
    spec: {ingressClassName: traefik}
    `);
    const withoutMetrics = `${cluster('    spec: {monitoring: {enablePodMonitor: true}}')}
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: matrix
    #       ^^^^^^ error: because the controller’s metrics are off
    spec: {ingressClassName: nginx}
    #- /values/ingress-nginx.yaml
    controller: {metrics: {serviceMonitor: {enabled: true}}}
    `;
    expectMarks(withoutMetrics);
    const isSet = '#- /install.sh\n    helm install ingress-nginx a/b --set controller.metrics.enabled=true\n';
    expectMarks(`${withoutMetrics.replace(/ *# {2}[^\n]*\n/, '')}${isSet}`);
  });

  it('are not asked for the controller of an Ingress that nothing says is NGINX', () => {
    const ingress = (annotations: string): string => `${cluster('    spec: {monitoring: {enablePodMonitor: true}}')}
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: matrix
      annotations: ${annotations}
    spec: {rules: [{host: matrix.tessera.test}]}
    `;
    expectMarks(ingress('{cert-manager.io/cluster-issuer: letsencrypt}'));
    expectMarks(ingress('{traefik.ingress.kubernetes.io/router.tls: "true"}'));
    const marked = (source: string): string =>
      source.replace(
        'name: matrix\n',
        'name: matrix\n    #       ^^^^^^ warning: Nothing scrapes the NGINX ingress controller\n',
      );
    expectMarks(marked(ingress('{nginx.ingress.kubernetes.io/proxy-body-size: 50m}')));
    expectMarks(`${marked(ingress('{}'))}#- /install.sh\n    helm install ingress-nginx ingress-nginx/ingress-nginx\n`);
  });

  it('are not asked for where monitoring is switched off', () => {
    expectMarks(`${cluster()}${worker('synapse-one')}
    #- /matrix-preflight.yaml
    components: {monitoring: off}
    `);
  });
});

describe('targets without metrics', () => {
  const expectMarks = expecting(noMetrics);

  it('are other ports and paths of PostgreSQL', () => {
    expectMarks(`${cluster()}${podMonitor('{port: metrics}')}`);
    expectMarks(
      `${cluster()}${podMonitor('port: postgresql\n    #           ^^^^^^^^^^ 💡 warning: serves its metrics on port 9187, not on 5432')}`,
    );
    expectMarks(
      `${cluster()}${podMonitor('port: metrics\n          path: /stats\n    #           ^^^^^^ 💡 warning: under /metrics, not /stats')}`,
    );
  });

  const minio = (auth: string, endpoint: string): string => `
    apiVersion: v1
    kind: Secret
    metadata: {name: minio-config, namespace: matrix}
    stringData:
      config.env: |
        export MINIO_ROOT_USER="root"
        ${auth}
    ---
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata: {name: matrix-minio, namespace: matrix}
    spec:
      requestAutoCert: false
      configuration: {name: minio-config}
      pools: [{servers: 4, volumesPerServer: 2}]
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata: {name: minio, namespace: matrix}
    spec:
      selector: {matchLabels: {v1.min.io/tenant: matrix-minio}}
      endpoints:
        - port: http-minio
${endpoint}`;

  it('are paths of MinIO that it does not have, and metrics that ask for a token', () => {
    const open = 'export MINIO_PROMETHEUS_AUTH_TYPE="public"';
    for (const path of ['/minio/v2/metrics/cluster', '/minio/v2/metrics/node', '/minio/metrics/v3/api'])
      expectMarks(minio(open, `          path: ${path}\n`));
    expectMarks(
      minio(
        open,
        '          path: /metrics\n    #           ^^^^^^^^ 💡 warning: MinIO serves no metrics under /metrics\n',
      ),
    );
    const closed = minio('# public', '          path: /minio/v2/metrics/cluster\n');
    expectMarks(
      closed.replace(
        'port: http-minio\n',
        'port: http-minio\n    #           ^^^^^^^^^^ warning: MinIO asks for a bearer token\n',
      ),
    );
    expectMarks(
      minio(
        '# public',
        '          path: /minio/v2/metrics/cluster\n          bearerTokenSecret: {name: token, key: token}\n',
      ),
    );
  });

  const synapse = (config: string, port: string): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse, namespace: matrix}
    data:
      homeserver.yaml: |
${config}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-main, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: synapse}}
        spec:
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.119.0
              ports: [{name: http, containerPort: 8008}, {name: metrics, containerPort: 9090}]
              env: [{name: SYNAPSE_CONFIG_PATH, value: /config/homeserver.yaml}]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes: [{name: config, configMap: {name: synapse}}]
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata: {name: synapse, namespace: matrix}
    spec:
      selector: {matchLabels: {app: synapse}}
      podMetricsEndpoints:
        - port: ${port}
          path: /_synapse/metrics
`;
  const listeners =
    '        listeners:\n          - {port: 8008, type: http, resources: [{names: [client, federation]}]}\n          - {port: 9090, type: metrics}';

  it('are ports of Synapse that serve something else, and all of them without enable_metrics', () => {
    expectMarks(synapse(`        enable_metrics: true\n${listeners}`, 'metrics'));
    expectMarks(
      synapse(
        `        enable_metrics: true\n${listeners}`,
        'http\n    #           ^^^^ 💡 warning: port 8008 of Synapse serves client, federation and no metrics — scrape 9090',
      ).replace('client, federation and', 'client, federation and'),
    );
    expectMarks(synapse(listeners, 'metrics\n    #           ^^^^^^^ warning: enable_metrics is not true'));
  });

  it('are ports that speak another protocol', () => {
    expectMarks(`
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: redis}}
        spec:
          containers:
            - {name: redis, image: "redis:7", ports: [{name: redis, containerPort: 6379}]}
            - {name: exporter, image: "oliver006/redis_exporter:v1", ports: [{name: metrics, containerPort: 9121}]}
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata: {name: redis, namespace: matrix}
    spec:
      selector: {matchLabels: {app: redis}}
      podMetricsEndpoints:
        - port: metrics
        - port: redis
    #           ^^^^^ warning: speaks the protocol of Redis
    `);
  });
});

describe('duplicate scrapes', () => {
  it('are none when a second Service has another name for the port', () => {
    expecting(duplicateScrape)(
      `${worker('synapse-one')}${worker('synapse-two', 'other')}${synapseMonitor('part-of: synapse')}`,
    );
  });

  it('of two monitors are told at the second', () => {
    expecting(duplicateScrape)(`${cluster()}${podMonitor('{port: metrics}')}
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata: {name: second, namespace: matrix}
    spec:
      selector:
    # ^^^^^^^^ info: 2 times, through the pods by PodMonitor postgresql and the pods
        matchLabels: {cnpg.io/podRole: instance}
      podMetricsEndpoints: [{port: metrics}]
    `);
  });
});

describe('what Prometheus picks up', () => {
  const expectMarks = expecting(notPickedUp);
  const values = (spec: string): string => `${synapseMonitor('app: synapse')}
    #- /values/kube-prometheus-stack-values.yaml
    prometheus:
      prometheusSpec:
        ${spec}
    #- /install.sh
    helm upgrade --install monitoring prometheus-community/kube-prometheus-stack -n monitoring
    `;
  const marked = (source: string, mark: string): string =>
    source.replace(
      'metadata: {name: synapse-workers, namespace: matrix, labels: {prometheus: main}}\n',
      `metadata: {name: synapse-workers, namespace: matrix, labels: {prometheus: main}}\n    #                                                    ^^^^^^ ${mark}\n`,
    );

  it('is everything where the values say so', () => {
    expectMarks(values('{serviceMonitorSelector: {}, serviceMonitorSelectorNilUsesHelmValues: false}'));
    expectMarks(values('serviceMonitorSelector: {matchLabels: {prometheus: main}}'));
    expectMarks(values('serviceMonitorSelector: {matchExpressions: [{key: prometheus, operator: Exists}]}'));
  });

  it('is what has the label of the release otherwise, which an empty selector does not change', () => {
    expectMarks(
      marked(
        values('serviceMonitorSelector: {}'),
        '💡 warning: Prometheus selects ServiceMonitors with release=monitoring',
      ),
    );
    expectMarks(
      values('serviceMonitorSelector: {}').replace('labels: {prometheus: main}', 'labels: {release: monitoring}'),
    );
    // Without the command nobody knows the release.
    expectMarks(values('serviceMonitorSelector: {}').replace(/ {4}#- \/install\.sh\n.*\n/, ''));
  });

  it('is nothing for a Prometheus without a selector, and only its own namespace without one for these', () => {
    const prometheus = (spec: string): string => `${synapseMonitor('app: synapse')}
    apiVersion: monitoring.coreos.com/v1
    kind: Prometheus
    metadata: {name: main, namespace: monitoring}
    spec: ${spec}
    `;
    expectMarks(
      marked(prometheus('{podMonitorSelector: {}}'), 'warning: Prometheus selects no ServiceMonitors at all'),
    );
    expectMarks(marked(prometheus('{serviceMonitorSelector: {}}'), 'warning: in its own namespace monitoring only'));
    expectMarks(prometheus('{serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {}}'));
    expectMarks(
      prometheus(
        '{serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {matchLabels: {kubernetes.io/metadata.name: matrix}}}',
      ),
    );
  });
});

describe('unnamed ports of Services', () => {
  it('are left to monitor-port-missing when no Service has the port, and alone when no monitor wants them', () => {
    const service = `
    apiVersion: v1
    kind: Service
    metadata: {name: one, namespace: matrix, labels: {app: synapse}}
    spec: {ports: [{port: 9090}]}
    ---`;
    expecting(servicePortUnnamed)(`${service}${synapseMonitor('app: synapse')}`);
    expecting(servicePortUnnamed)(service);
  });
});

describe('alert rules', () => {
  it('may be in Helm values, and are not asked for without a deployment', () => {
    expecting(alertRulesMissing)(`${synapseMonitor('app: synapse')}
    #- /values/stack.yaml
    additionalPrometheusRulesMap: {matrix: {groups: []}}
    `);
    expecting(alertRulesMissing)(`
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop}
    `);
  });
});
