import assert from 'node:assert/strict';
import portMissing from '../../../rules/monitoring/monitor-port-missing';
import selectsNoService from '../../../rules/monitoring/monitor-selects-no-service';
import { expecting, fixedBy } from './expect';

const expectMarks = expecting(portMissing, selectsNoService);

const tenant = (spec: string): string => `
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: matrix-minio
      namespace: matrix
    spec:
      ${spec}
      pools:
        - servers: 4
          volumesPerServer: 2
    ---`;

const minioMonitor = `
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: minio
      namespace: matrix
    spec:
      selector:
        matchLabels:
          v1.min.io/tenant: matrix-minio
      endpoints:
        - path: /minio/v2/metrics/cluster`;

describe('what monitors select', () => {
  it('includes the Services and pods that operators make', () => {
    expectMarks(`${tenant('requestAutoCert: false')}${minioMonitor}
          port: http-minio
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
      namespace: matrix
    spec:
      instances: 3
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata:
      name: postgresql
      namespace: monitoring
    spec:
      namespaceSelector:
        matchNames: [matrix]
      selector:
        matchLabels:
          cnpg.io/cluster: matrix-postgresql
      podMetricsEndpoints:
        - port: metrics
    `);
  });

  it('is not found in another namespace than that of the Services', () => {
    const tree = (namespaces: string): string => `
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: haproxy
      namespace: monitoring
    spec:
${namespaces}
        matchLabels: {app: haproxy}
      endpoints:
        - port: stats
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
    apiVersion: v1
    kind: Pod
    metadata:
      name: haproxy
      namespace: matrix
      labels: {app: haproxy}
    spec:
      containers:
        - name: haproxy
          ports: [{name: stats, containerPort: 8404}]
    `;
    const absent = tree(
      '      selector:\n    # ^^^^^^^^ 💡 error: looks into the namespace monitoring, but what it selects is in matrix',
    );
    expectMarks(absent);
    assert.match(fixedBy(absent, selectsNoService), /namespaceSelector:\n {4}matchNames:\n {6}- matrix\n/);
    expectMarks(
      tree(
        '      namespaceSelector:\n        matchNames:\n          - lb\n    #       ^^ 💡 error: looks into the namespace lb\n      selector:',
      ),
    );
    expectMarks(tree('      namespaceSelector: {any: true}\n      selector:'));
  });

  it('has other port names and needs https where a Tenant has TLS', () => {
    const source = `${tenant('requestAutoCert: true')}${minioMonitor}
          port: http
    #           ^^^^ 💡 error: only https-minio, http-minio
          scheme: http
    `;
    expectMarks(source);
    assert.match(fixedBy(source, portMissing), /port: https-minio\n {6}scheme: https\n/);
    expectMarks(`${tenant('requestAutoCert: true')}${minioMonitor}
          port: https-minio
          scheme: HTTPS
    `);
    const plain = `${tenant('image: minio/minio')}${minioMonitor}
          port: http-minio
    #           ^^^^^^^^^^ 💡 error: Tenant matrix-minio serves TLS, but the endpoint is scraped over http
    `;
    expectMarks(plain);
    assert.match(
      fixedBy(plain, portMissing),
      /path: \/minio\/v2\/metrics\/cluster\n {6}scheme: https\n {6}port: http-minio/,
    );
  });

  it('is a pod for a PodMonitor, by the labels and port names of pods', () => {
    expectMarks(`
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata:
      name: postgresql
      namespace: matrix
    spec:
      selector:
        matchLabels:
          cnpg.io/cluster: matrix-postgres
    #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: selects no pod: none has cnpg.io/cluster=matrix-postgres
      podMetricsEndpoints:
        - port: metrics
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata:
      name: postgresql-port
      namespace: matrix
    spec:
      selector:
        matchLabels:
          cnpg.io/cluster: matrix-postgresql
      podMetricsEndpoints:
        - port: "9187"
    #           ^^^^^^ 💡 error: port is a name
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
      namespace: matrix
    spec:
      instances: 3
    `);
  });

  it('is unknown in a namespace that the tree does not deploy to', () => {
    expectMarks(`
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: nginx
      namespace: ingress-nginx
    spec:
      selector:
        matchLabels:
          app.kubernetes.io/name: ingress-nginx
      endpoints:
        - port: metrics
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: anywhere
      namespace: matrix
    spec:
      namespaceSelector:
        any: true
      selector:
        matchLabels:
          app: something
      endpoints:
        - port: metrics
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: other
      namespace: matrix
    spec:
      ports:
        - port: 80
    `);
  });

  it('may come from a chart, which is a warning', () => {
    expectMarks(
      `
    #- /values/livekit-values.yaml
    replicaCount: 2
    #- /monitor.yaml
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: livekit
      namespace: matrix
    spec:
      selector:
        matchLabels:
          app.kubernetes.io/name: livekit
    #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: check what the Helm chart of that name installs
      endpoints:
        - port: metrics
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: other
      namespace: matrix
    spec:
      ports:
        - port: 80
    `.replace(/^ {4}#-/gm, '    #-'),
    );
  });

  it('is nothing when the namespace is another', () => {
    expectMarks(`
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: haproxy
      namespace: monitoring
    spec:
      namespaceSelector:
        matchNames: [other]
      selector:
        matchExpressions:
          - key: app
    #            ^^^ error: none has app in (haproxy, lb)
            operator: In
            values: [haproxy, lb]
      endpoints:
        - port: stats
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: haproxy
      namespace: matrix
      labels:
        app: haproxy
    spec:
      ports:
        - name: stats
          port: 8404
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: elsewhere
      namespace: other
    spec:
      ports:
        - name: stats
          port: 8404
    `);
  });

  it('may be reached by targetPort, which a container has to declare by name or number', () => {
    const tree = (targetPort: string): string => `
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: app
      namespace: matrix
    spec:
      selector:
        matchLabels: {app: app}
      endpoints:
        - targetPort: ${targetPort}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: app
      namespace: matrix
      labels: {app: app}
    spec:
      selector: {app: app}
      ports:
        - port: 80
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: app
      namespace: matrix
    spec:
      template:
        metadata:
          labels: {app: app}
        spec:
          containers:
            - name: app
              ports:
                - name: web
                  containerPort: 8080
    `;
    expectMarks(tree('8080'));
    expectMarks(tree('9090\n    #                 ^^^^ error: declares the port 9090, only 8080'));
    expectMarks(tree('web'));
    expectMarks(tree('metrics\n    #                 ^^^^^^^ 💡 error: no container port named metrics, only web'));
  });

  it('needs only one Service with the port', () => {
    expectMarks(`
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      name: app
      namespace: matrix
    spec:
      selector:
        matchLabels: {app: app}
      endpoints:
        - port: metrics
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: app
      namespace: matrix
      labels: {app: app}
    spec:
      ports:
        - name: web
          port: 80
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: app-metrics
      namespace: matrix
      labels: {app: app}
    spec:
      ports:
        - name: metrics
          port: 9090
    `);
  });
});
