import assert from 'node:assert/strict';
import elementHomeserverMismatch from '../../rules/element/element-homeserver-mismatch';
import quotaExceeded from '../../rules/kubernetes/quota-exceeded';
import rbacGrantsNothing from '../../rules/kubernetes/rbac-grants-nothing';
import rcloneRemoteUndefined from '../../rules/minio/rclone-remote-undefined';
import dashboardDatasourceUnknown from '../../rules/monitoring/dashboard-datasource-unknown';
import monitorPortMissing from '../../rules/monitoring/monitor-port-missing';
import configHostPort from '../../rules/network/config-host-port';
import configHostUnknownService from '../../rules/network/config-host-unknown-service';
import referenceMissingSecretKey from '../../rules/references/reference-missing-secret-key';
import fieldValueRefused from '../../rules/schema/field-value-refused';
import ingressClassUnknown from '../../rules/services/ingress-class-unknown';
import synapseS3ProviderNotInstalled from '../../rules/synapse/synapse-s3-provider-not-installed';
import { applyFix, messages } from './expect';

/* What is decided between two objects of which each is right by itself. */

describe('except in an ipBlock', () => {
  const found = (cidr: string, except: string): string =>
    messages(
      fieldValueRefused,
      `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: a, namespace: matrix}
    spec:
      podSelector: {}
      egress:
        - to: [{ipBlock: {cidr: ${cidr}, except: [${except}]}}]`,
    ).join();

  it('has to be a part of cidr', () => {
    assert.match(found('10.0.0.0/8', '172.16.0.0/12'), /172\.16\.0\.0\/12 is not in 10\.0\.0\.0\/8/);
    assert.match(found('10.0.0.0/16', '10.0.0.0/8'), /is not in/);
    assert.match(found('10.0.0.0/8', '10.0.0.0/8'), /leaves nothing/);
    assert.match(found('0.0.0.0/0', '"fd00::/8"'), /is not in/);
    assert.equal(found('0.0.0.0/0', '10.0.0.0/8, 172.16.0.0/12, 169.254.169.254/32'), '');
  });
});

describe('a binding to a role of the other kind', () => {
  const binding = (kind: string, name: string): string => `
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata: {name: restart, namespace: matrix}
    rules: []
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata: {name: restart, namespace: matrix}
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ${kind}, name: ${name}}
    subjects: []`;

  it('is said to be one, and built-in roles are let be', () => {
    assert.match(
      messages(rbacGrantsNothing, binding('ClusterRole', 'restart')).join(),
      /no ClusterRole restart, .* it is a Role/,
    );
    assert.deepEqual(messages(rbacGrantsNothing, binding('Role', 'restart')), []);
    assert.deepEqual(messages(rbacGrantsNothing, binding('ClusterRole', 'view')), []);
  });
});

describe('a LimitRange', () => {
  const tree = (most: string): string => `
    apiVersion: v1
    kind: LimitRange
    metadata: {name: a, namespace: matrix}
    spec:
      limits: [{type: Container, max: {memory: ${most}}}]
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: main, namespace: matrix}
    spec:
      instances: 3
      resources: {requests: {memory: 4Gi}, limits: {memory: 8Gi}}`;

  it('concerns the pods that operators make', () => {
    assert.match(messages(quotaExceeded, tree('4Gi')).join(), /each pod of Cluster\/main has 8Gi/);
    assert.deepEqual(messages(quotaExceeded, tree('8Gi')), []);
  });
});

describe('logins of basic authentication', () => {
  const tree = (key: string, more = ''): string => `
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: admin
      namespace: matrix
      annotations:
        nginx.ingress.kubernetes.io/auth-type: basic
        nginx.ingress.kubernetes.io/auth-secret: logins
        ${more}
    spec: {}
    ${
      key === ''
        ? ''
        : `---
    # kubectl create secret generic logins --from-file=auth -n matrix
    apiVersion: v1
    kind: Secret
    metadata: {name: logins, namespace: matrix}
    stringData: {${key}: "a:$apr1$x$y"}`
    }`;

  it('are under the key auth, unless each key is a login', () => {
    assert.match(
      messages(referenceMissingSecretKey, tree('htpasswd')).join(),
      /under the key auth of Secret logins, which has htpasswd/,
    );
    assert.deepEqual(messages(referenceMissingSecretKey, tree('auth')), []);
    assert.deepEqual(messages(referenceMissingSecretKey, tree('')), [], 'the Secret may be elsewhere');
    const map = 'nginx.ingress.kubernetes.io/auth-secret-type: auth-map';
    assert.deepEqual(messages(referenceMissingSecretKey, tree('admin', map)), []);
  });
});

describe('the class of a solver', () => {
  const tree = (solver: string, more = ''): string => `
    #- /issuer.yaml
    apiVersion: cert-manager.io/v1
    kind: ClusterIssuer
    metadata: {name: letsencrypt}
    spec:
      acme:
        solvers:
          - http01: {ingress: {class: ${solver}}}
          ${more}
    #- /ingress.yaml
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: client
      namespace: matrix
      annotations: {cert-manager.io/cluster-issuer: letsencrypt}
    spec:
      ingressClassName: nginx`;

  it('is that of the Ingresses that ask the issuer', () => {
    assert.match(
      messages(ingressClassUnknown, tree('traefik')).join(),
      /through the class traefik, but the Ingresses that ask/,
    );
    assert.match(
      applyFix(ingressClassUnknown, tree('traefik'), 'Use the class nginx')['issuer.yaml'] ?? '',
      /class: nginx/,
    );
    assert.deepEqual(messages(ingressClassUnknown, tree('nginx')), []);
    const dns = '- dns01: {webhook: {groupName: a}}';
    assert.deepEqual(messages(ingressClassUnknown, tree('traefik', dns)), [], 'another solver may be meant for them');
    assert.deepEqual(
      messages(ingressClassUnknown, tree('traefik').split('#- /ingress.yaml')[0] ?? ''),
      [],
      'they may be elsewhere',
    );
  });
});

describe('restrictBaseUrl of Synapse Admin', () => {
  const tree = (url: string): string => `
    #- /admin.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: admin, namespace: matrix}
    data:
      config.json: |
        {"restrictBaseUrl": ${url}}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: admin, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: admin
              image: awesometechnologies/synapse-admin:0.10.3
              volumeMounts: [{name: config, mountPath: /app/config.json, subPath: config.json}]
          volumes: [{name: config, configMap: {name: admin}}]
    #- /synapse.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse, namespace: matrix}
    data:
      homeserver.yaml: |
        server_name: tessera.test
        public_baseurl: https://matrix.tessera.test/
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.139.2
              args: [--config-path=/config/homeserver.yaml]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes: [{name: config, configMap: {name: synapse}}]`;

  it('is where Synapse is', () => {
    const found = (url: string): string => messages(elementHomeserverMismatch, tree(url)).join();
    assert.match(found('"https://synapse.tessera.test"'), /Synapse Admin uses https:\/\/synapse\.tessera\.test/);
    assert.equal(found('"https://matrix.tessera.test"'), '');
    assert.equal(found('["https://other.test", "https://matrix.tessera.test"]'), '');
    assert.equal(found('""'), '');
    assert.deepEqual(
      messages(elementHomeserverMismatch, tree('"https://a.test"').split('#- /synapse.yaml')[0] ?? ''),
      [],
    );
  });
});

describe('data sources that the values of a chart list', () => {
  const tree = (values: string): string => `
    #- /values/prometheus-stack-values.yaml
    prometheus: {enabled: true, prometheusSpec: {retention: 30d}}
    grafana:
      enabled: true
      ${values}
    #- /dashboard.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, labels: {grafana_dashboard: "1"}}
    data:
      a.json: |
        {"title": "A", "panels": [{"datasource": "prometheus-matrix"}, {"datasource": "Loki"}]}`;
  const listed =
    'datasources: {d.yaml: {datasources: [{name: Prometheus, type: prometheus}, {name: Loki, type: loki}]}}';

  it('are all that dashboards may ask for', () => {
    assert.match(
      messages(dashboardDatasourceUnknown, tree(listed)).join(),
      /^warning: Grafana has no data source prometheus-matrix;[^;]*$/,
    );
    assert.deepEqual(messages(dashboardDatasourceUnknown, tree('replicas: 2')), [], 'nothing is known of them');
  });
});

describe('programs that are told where to connect', () => {
  const tree = (command: string): string => `
    apiVersion: batch/v1
    kind: Job
    metadata: {name: register, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: register
              image: matrixdotorg/synapse:v1.139.2
              command: ${command}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: synapse, namespace: matrix}
    spec:
      ports: [{port: 8008}]`;

  it('are read with a shell and without', () => {
    for (const command of [
      '["sh", "-c", "register_new_matrix_user -u a -k b http://synapse.matrix.svc:8080"]',
      '[register_new_matrix_user, -u, a, -k, b, "http://synapse.matrix.svc:8080"]',
      '["python", "-m", "synapse._scripts.register_new_matrix_user", "http://synapse.matrix.svc:8080"]',
    ]) {
      assert.match(messages(configHostPort, tree(command)).join(), /Service synapse has no port 8080/, command);
      assert.deepEqual(messages(configHostPort, tree(command.replace('8080', '8008'))), [], command);
    }
  });
});

describe('targets of scrape configurations', () => {
  const tree = (target: string): string => `
    #- /values/prometheus-stack-values.yaml
    prometheus:
      prometheusSpec:
        additionalScrapeConfigs:
          - job_name: synapse
            static_configs: [{targets: ["${target}"]}]
    grafana: {enabled: true}
    #- /synapse.yaml
    apiVersion: v1
    kind: Service
    metadata: {name: synapse, namespace: matrix}
    spec:
      ports: [{port: 8008}, {port: 9090}]
    ---
    apiVersion: monitoring.coreos.com/v1alpha1
    kind: ScrapeConfig
    metadata: {name: synapse, namespace: matrix}
    spec:
      staticConfigs: [{targets: ["${target}"]}]`;

  it('lead to ports that the Service has', () => {
    const found = messages(monitorPortMissing, tree('synapse.matrix.svc.cluster.local:9000'));
    assert.equal(found.length, 2);
    assert.match(found.join(), /Service synapse has no port 9000, only 8008, 9090/);
    for (const target of [
      'synapse.matrix.svc.cluster.local:9090',
      'other.monitoring.svc:1',
      'exporter.example.org:9100',
    ])
      assert.deepEqual(messages(monitorPortMissing, tree(target)), [], target);
  });
});

describe('a host in a namespace that nothing makes', () => {
  const tree = (name: string): string => `
    apiVersion: v1
    kind: Service
    metadata: {name: ${name}, namespace: matrix}
    spec:
      ports: [{port: 3310}]
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: a, namespace: matrix}
    spec:
      containers:
        - name: a
          image: busybox:1.36
          command: [sh, -c, "until nc -z ${name}.antivirus.svc 3310; do sleep 1; done"]`;

  it('is meant for the Service of that name, unless others may be called so', () => {
    assert.match(messages(configHostUnknownService, tree('clamav')).join(), /^warning: .* it is in namespace matrix/);
    assert.deepEqual(messages(configHostUnknownService, tree('redis')), []);
  });
});

describe('the file of rclone', () => {
  const tree = (command: string, mountPath = '/config', image = 'rclone/rclone:1.68.2'): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, namespace: matrix}
    data:
      rclone.conf: |
        [main]
        type = s3
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: a, namespace: matrix}
    spec:
      containers:
        - name: a
          image: ${image}
          command: [sh, -c, "${command}"]
          volumeMounts: [{name: config, mountPath: ${mountPath}}]
      volumes: [{name: config, configMap: {name: a}}]`;

  it('lies where rclone looks for it, or is named', () => {
    const found = (...given: Parameters<typeof tree>): string => messages(rcloneRemoteUndefined, tree(...given)).join();
    assert.match(
      found('rclone sync main:media /backup'),
      /reads \/config\/rclone\/rclone\.conf, and the tree mounts \/config\/rclone\.conf/,
    );
    assert.equal(found('rclone sync main:media /backup --config /config/rclone.conf'), '');
    assert.match(
      found('rclone sync main:media /backup --config /etc/rclone.conf'),
      /reads \/etc\/rclone\.conf, and the tree mounts \/config\/rclone\.conf/,
    );
    for (const script of [
      'cp /config/rclone.conf /tmp/rclone.conf; rclone --config /tmp/rclone.conf sync main:media /backup',
      'envsubst < /config/rclone.conf > /tmp/rclone.conf && rclone sync main:media /backup --config=/tmp/rclone.conf',
      'rclone sync main:media /backup --config $CONF',
    ])
      assert.equal(found(script), '', script);
    assert.equal(found('export RCLONE_CONFIG=/config/rclone.conf; rclone sync main:media /backup'), '');
    assert.equal(found('rclone sync main:media /backup', '/config/rclone'), '');
    assert.equal(found('rclone sync main:media /backup', '/config', 'alpine:3.20'), '', 'it depends on the home there');
    assert.equal(found('rclone version'), '');
  });
});

describe('what Synapse reads of stores', () => {
  const tree = (homeserver: string): string => `
    #- /synapse.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse, namespace: matrix}
    data:
      homeserver.yaml: |
        server_name: tessera.test
        ${homeserver}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: synapse
              image: registry.test/synapse:1
              command: [python, -m, synapse.app.homeserver, --config-path=/config/homeserver.yaml]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes: [{name: config, configMap: {name: synapse}}]`;

  it('has a bucket for the S3 provider', () => {
    const provider = (config: string): string =>
      `media_storage_providers: [{module: s3_storage_provider.S3StorageProviderBackend, config: ${config}}]`;
    assert.match(
      messages(synapseS3ProviderNotInstalled, tree(provider('{region_name: a}'))).join(),
      /is told no bucket/,
    );
    assert.deepEqual(messages(synapseS3ProviderNotInstalled, tree(provider('{bucket: media}'))), []);
  });
});
