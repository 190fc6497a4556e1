/**
 * A small deployment that has one object of every role, written for these tests. Every secret value contains the
 * word `canary`, so that a test can look for leaks in whatever the program writes.
 */
export const tree: { readonly [path: string]: string } = {
  'namespace.yaml': `apiVersion: v1
kind: Namespace
metadata:
  name: matrix
  labels: { kubernetes.io/metadata.name: matrix }
`,
  'infrastructure/01-postgresql/main-cluster.yaml': cluster('matrix-postgresql', 'main'),
  'infrastructure/01-postgresql/li-cluster.yaml': cluster('matrix-postgresql-li', 'li'),
  'infrastructure/02-redis/redis.yaml': `${secret('redis-password', 'password', 'canary-redis-password')}---
${service('redis', 'redis', 6379)}---
${workload('StatefulSet', 'redis', 'redis', 'redis:7.2-alpine', 3)}`,
  'infrastructure/03-minio/tenant.yaml': `${secret('minio-config', 'config.env', 'export MINIO_ROOT_PASSWORD="canary-minio-root"')}---
apiVersion: minio.min.io/v2
kind: Tenant
metadata:
  name: matrix-minio
  namespace: matrix
spec:
  requestAutoCert: true
  pools:
    - { name: pool-0, servers: 4, volumesPerServer: 2 }
`,
  'infrastructure/04-networking/networkpolicies.yaml': `${policy('default-deny-all')}---
${policy('allow-dns')}`,
  'infrastructure/04-networking/issuer.yaml': `apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata:
  name: letsencrypt
spec: { selfSigned: {} }
`,
  'main-instance/01-synapse/synapse.yaml': `${secret('synapse-secrets', 'macaroon', 'canary/macaroon+key=')}---
apiVersion: v1
kind: ConfigMap
metadata: { name: synapse-config, namespace: matrix, labels: { app.kubernetes.io/name: synapse } }
data:
  homeserver.yaml: |
    server_name: matrix.example.org
    database:
      args:
        password: canary-in-configmap
---
${service('synapse-main', 'synapse', 8008)}---
${workload('StatefulSet', 'synapse-main', 'synapse', 'matrixdotorg/synapse:v1.119.0', 1, 'homeserver')}---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: synapse, namespace: matrix }
spec:
  selector: { matchLabels: { app.kubernetes.io/name: synapse } }
  endpoints: [{ port: http }]
`,
  'main-instance/02-element-web/config.json': '{ "default_server_config": {} }\n',
  'main-instance/02-element-web/deployment.yaml': workload(
    'Deployment',
    'element-web',
    'element-web',
    'vectorim/element-web:v1.11.96',
    2,
  ),
  'main-instance/02-workers/synchrotron.yaml': workload(
    'Deployment',
    'synapse-synchrotron',
    'synapse',
    'matrixdotorg/synapse:v1.119.0',
    2,
    'synchrotron',
  ),
  'main-instance/03-haproxy/haproxy.yaml': `${service('haproxy-client', 'haproxy', 8080)}---
${workload('Deployment', 'haproxy', 'haproxy', 'haproxy:2.9', 2)}`,
  'main-instance/04-livekit/livekit.yaml': workload(
    'Deployment',
    'livekit',
    'livekit',
    'livekit/livekit-server:v1.8',
    1,
  ),
  'main-instance/06-coturn/coturn.yaml': workload('DaemonSet', 'coturn', 'coturn', 'coturn/coturn:4.6', 1),
  'main-instance/07-sygnal/sygnal.yaml': workload('Deployment', 'sygnal', 'sygnal', 'matrixdotorg/sygnal:v0.15', 1),
  'main-instance/08-key-vault/key-vault.yaml': `${secret('key-vault-secrets', 'DB_PASSWORD', 'canary-vault-password')}---
${workload('Deployment', 'key-vault', 'key-vault', 'python:3.11-slim', 1)}---
${job('key-vault-init-db', 'key-vault')}`,
  'antivirus/01-clamav/clamav.yaml': `${service('clamav', 'clamav', 3310)}---
${workload('DaemonSet', 'clamav', 'clamav', 'clamav/clamav:1.4.1', 1)}`,
  'antivirus/02-scan-workers/scanner.yaml': workload(
    'Deployment',
    'content-scanner',
    'content-scanner',
    'vectorim/matrix-content-scanner:v2.1.0',
    1,
  ),
  'li-instance/01-synapse-li/homeserver.yaml': 'server_name: li.example.org\n',
  'li-instance/01-synapse-li/synapse-li.yaml': workload(
    'StatefulSet',
    'synapse-li',
    'synapse',
    'matrixdotorg/synapse:v1.119.0',
    1,
    'homeserver',
  ),
  'li-instance/04-sync-system/sync.yaml': `${secret('sync-system-secrets', 'LI_DB_PASSWORD', 'canary-li-password')}---
${job('sync-system-setup-replication', 'sync-system')}`,
  'monitoring/01-prometheus/monitors.yaml': `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: haproxy, namespace: matrix }
spec:
  selector: { matchLabels: { app.kubernetes.io/name: haproxy } }
  endpoints: [{ port: http }]
`,
  'monitoring/02-grafana/dashboards.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: grafana-dashboard-synapse
  namespace: matrix
  labels: { grafana_dashboard: "1" }
data: { synapse.json: "{}" }
`,
};

export function secret(name: string, key: string, value: string): string {
  return `apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: matrix }
type: Opaque
stringData:
  ${key}: '${value}'
`;
}

export function service(name: string, app: string, port: number): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: matrix, labels: { app.kubernetes.io/name: ${app} } }
spec:
  selector: { app.kubernetes.io/name: ${app} }
  ports: [{ name: http, port: ${port} }]
`;
}

export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet',
  name: string,
  app: string,
  image: string,
  replicas: number,
  component = 'server',
): string {
  const labels = `{ app.kubernetes.io/name: ${app}, app.kubernetes.io/component: ${component} }`;
  return `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name}, namespace: matrix, labels: ${labels} }
spec:
${kind === 'DaemonSet' ? '' : `  replicas: ${replicas}\n`}${kind === 'StatefulSet' ? `  serviceName: ${name}\n` : ''}  selector: { matchLabels: ${labels} }
  template:
    metadata: { labels: ${labels} }
    spec:
      containers:
        - { name: ${app}, image: '${image}' }
`;
}

function job(name: string, app: string): string {
  return `apiVersion: batch/v1
kind: Job
metadata: { name: ${name}, namespace: matrix, labels: { app.kubernetes.io/name: ${app} } }
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers:
        - { name: job, image: 'postgres:16-alpine' }
`;
}

function cluster(name: string, instance: string): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: ${name}, namespace: matrix, labels: { matrix.instance: ${instance} } }
spec:
  instances: 2
  storage: { size: 50Gi }
`;
}

function policy(name: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: matrix }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
`;
}
