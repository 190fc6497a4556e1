export const cluster = 'infrastructure/01-postgresql/cluster.yaml';
export const clusterLi = 'infrastructure/01-postgresql/cluster-li.yaml';
export const redis = 'infrastructure/02-redis/redis-statefulset.yaml';
export const minioSecrets = 'infrastructure/03-minio/credentials.yaml';
export const tenant = 'infrastructure/03-minio/tenant.yaml';
export const policies = 'infrastructure/04-networking/networkpolicies.yaml';
export const issuer = 'infrastructure/04-networking/cluster-issuer.yaml';
export const synapseConfig = 'main-instance/01-synapse/configmap.yaml';
export const synapse = 'main-instance/01-synapse/main-statefulset.yaml';
export const synapseSecrets = 'main-instance/01-synapse/credentials.yaml';
export const haproxyConfig = 'main-instance/02-haproxy/configmap.yaml';
export const haproxy = 'main-instance/02-haproxy/deployment.yaml';
export const haproxyIngress = 'main-instance/02-haproxy/ingress.yaml';
export const persister = 'main-instance/03-workers/event-persister-statefulset.yaml';
export const sender = 'main-instance/03-workers/federation-sender-statefulset.yaml';
export const generic = 'main-instance/03-workers/generic-statefulset.yaml';
export const synchrotron = 'main-instance/03-workers/synchrotron-statefulset.yaml';
export const livekit = 'main-instance/04-livekit/deployment.yaml';
export const livekitSecrets = 'main-instance/04-livekit/credentials.yaml';
export const jwtService = 'main-instance/04-livekit/jwt-service.yaml';
export const coturn = 'main-instance/05-coturn/deployment.yaml';
export const coturnSecrets = 'main-instance/05-coturn/credentials.yaml';
export const element = 'main-instance/07-element-web/deployment.yaml';
export const keyVault = 'main-instance/08-key-vault/deployment.yaml';
export const keyVaultSecrets = 'main-instance/08-key-vault/credentials.yaml';
export const keyVaultJob = 'main-instance/08-key-vault/init-db-job.yaml';
export const clamav = 'antivirus/01-clamav/deployment.yaml';
export const scanner = 'antivirus/02-scan-workers/deployment.yaml';
export const scannerSecrets = 'antivirus/02-scan-workers/credentials.yaml';
export const liConfig = 'li-instance/01-synapse/configmap.yaml';
export const li = 'li-instance/01-synapse/synapse-statefulset.yaml';
export const sync = 'li-instance/04-sync-system/replication-job.yaml';
export const syncSecrets = 'li-instance/04-sync-system/credentials.yaml';
export const monitors = 'monitoring/01-prometheus/servicemonitors.yaml';
export const alerts = 'monitoring/01-prometheus/prometheusrules.yaml';
export const dashboards = 'monitoring/02-grafana/dashboards.yaml';
export const deployScript = 'scripts/deploy.sh';
export const operatorsScript = 'scripts/install-operators.sh';
export const ingressValues = 'values/ingress-nginx.yaml';
export const prometheusValues = 'values/kube-prometheus-stack.yaml';
export const guide = 'docs/SCALING-GUIDE.md';

export const vaultUrl = 'http://key-vault.matrix.svc.cluster.local:8000';

export const allBut = `  podSelector:
    matchExpressions:
      - key: app
        operator: NotIn
        values: [echo]
`;

/** At least one for each rule, in the order of the topics. */
