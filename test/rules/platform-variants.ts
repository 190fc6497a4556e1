import { add, type Change, edit, type Mutation, mutation } from './mutations/mutation';

const synapse = 'main-instance/01-synapse/main-statefulset.yaml';
const media = 'main-instance/03-workers/media-statefulset.yaml';
const synapseConfig = 'main-instance/01-synapse/configmap.yaml';
const liConfig = 'li-instance/01-synapse/configmap.yaml';
const ingress = 'main-instance/02-haproxy/ingress.yaml';
const issuers = 'infrastructure/04-networking/cluster-issuer.yaml';
const clamav = 'antivirus/01-clamav/deployment.yaml';
const element = 'main-instance/07-element-web/deployment.yaml';
const chart = 'values/kube-prometheus-stack.yaml';
const livekit = 'main-instance/04-livekit/deployment.yaml';
const redis = 'infrastructure/02-redis/redis-statefulset.yaml';
const keyVault = 'main-instance/08-key-vault/deployment.yaml';

const tls = '  tls:\n    - hosts:\n        - matrix.tessera.test\n      secretName: matrix-tls\n';

const readOnly = '          securityContext:\n            readOnlyRootFilesystem: true\n';
const readOnlyKeyVault = edit(
  keyVault,
  '          env: *settings\n          ports:',
  `${readOnly}          env: *settings\n          ports:`,
);
const readOnlySynapse = (path: string): Change =>
  edit(path, '          startupProbe:', `${readOnly}          startupProbe:`);
const withoutTmp = (path: string): Change =>
  edit(path, '            - name: tmp\n              mountPath: /tmp\n', '', 1);

/** Mistakes in what the cluster gives to programs and puts between them, by what somebody did. */
export const platformVariants: Readonly<Record<string, Mutation>> = {
  'a Synapse that can write no long request down': mutation('program-write-refused', [
    readOnlySynapse(synapse),
    withoutTmp(synapse),
  ]),
  'a media worker that can write no upload down': mutation('program-write-refused', [
    readOnlySynapse(media),
    withoutTmp(media),
  ]),
  'a Redis that is asked with TLS behind a proxy that passes bytes on': mutation(
    'config-host-tls',
    edit(synapseConfig, '      port: 6379\n', '      port: 6379\n      use_tls: true\n'),
  ),
  'Sentinels and a Redis that LiveKit asks with TLS': mutation(
    'config-host-tls',
    edit(livekit, '      db: 1\n', '      db: 1\n      use_tls: true\n'),
  ),
  'a main process that workers ask with TLS': mutation(
    'config-host-tls',
    edit(
      synapseConfig,
      '        port: 9093\n      synapse-event-persister-0',
      '        port: 9093\n        tls: true\n      synapse-event-persister-0',
    ),
  ),
  'media that is deleted after milliseconds': mutation(
    'synapse-value-refused',
    uploads('media_retention: {remote_media_lifetime: 90}'),
  ),
  'messages that are deleted after half a minute': mutation(
    'synapse-value-refused',
    uploads('retention: {enabled: true, default_policy: {max_lifetime: 31536000}}'),
  ),
  'a session of seconds': mutation('synapse-value-refused', uploads('session_lifetime: 86400')),
  'rooms that the LI instance deletes': mutation(
    'li-messages-erased',
    liUploads('forgotten_room_retention_period: 28d'),
  ),
  'media that the LI instance deletes': mutation(
    'li-messages-erased',
    liUploads('media_retention: {local_media_lifetime: 90d}'),
  ),
  'an annotation of cert-manager without tls': mutation('ingress-tls-host-mismatch', edit(ingress, tls, '')),
  'the entrance of Synapse without TLS': mutation('ingress-tls-host-mismatch', [
    edit(ingress, tls, ''),
    edit(ingress, '    cert-manager.io/cluster-issuer: tessera-ca\n', ''),
  ]),
  'an entry of tls without a Secret': mutation(
    'ingress-tls-host-mismatch',
    edit(ingress, '      secretName: matrix-tls\n', ''),
  ),
  'a Certificate for the Secret of an annotated Ingress': mutation(
    'ingress-tls-secret-shared',
    besides(certificate('chat', 'element-web-tls', 'turn.tessera.test')),
  ),
  'a Certificate in the place of the annotation, for another host': mutation(
    'ingress-tls-secret-shared',
    besides(certificate('element-web-tls', 'element-web-tls', 'turn.tessera.test')),
  ),
  'two Certificates for one Secret': mutation(
    'ingress-tls-secret-shared',
    besides(certificate('one', 'both-tls', 'a.tessera.test') + certificate('two', 'both-tls', 'b.tessera.test')),
    { also: { 'secret-unused': 'Nothing uses what they make.' } },
  ),
  'certificates that nobody trusts': mutation(
    'acme-server-wrong',
    besides(
      acme('public', 'acme-staging-v02.api.letsencrypt.org/directory') +
        certificate('admin', 'admin-tls', 'admin.tessera.test', 'public'),
    ),
    { also: { 'secret-unused': 'Nothing uses what it makes.' } },
  ),
  'a server of Let’s Encrypt that was switched off': mutation(
    'acme-server-wrong',
    besides(acme('public', 'acme-v01.api.letsencrypt.org/directory')),
  ),
  'a size of clamd with another unit': mutation(
    'clamav-unknown-option',
    edit(clamav, 'StreamMaxLength 110M', 'StreamMaxLength 110MB'),
  ),
  'a switch of clamd with a word': mutation('clamav-unknown-option', edit(clamav, 'LogTime yes', 'LogTime enabled')),
  'a number of clamd in words': mutation('clamav-unknown-option', edit(clamav, 'MaxThreads 12', 'MaxThreads twelve')),
  'a volume where PostgreSQL 18 keeps nothing': mutation(
    'pg-image-data-path',
    database('18.1-alpine', '/var/lib/postgresql/data'),
  ),
  'a volume of PostgreSQL 17 beside its data': mutation(
    'pg-image-data-path',
    database('17.7-alpine', '/var/lib/postgresql/'),
  ),
  'a PostgreSQL 15 whose data is below the volume of its image': mutation(
    'pg-image-data-path',
    database('15', '/var/lib/postgresql', '        - {name: PGDATA, value: /var/lib/postgresql/data/pgdata}\n'),
  ),
  'a PostgreSQL without a volume': mutation('pg-image-data-path', databaseWithoutVolume('')),
  'an nginx that listens on another port than the one that is probed': mutation(
    'port-not-listened-on',
    landing('listen 8081;'),
  ),
  'an nginx that listens for its own pod only': mutation('port-not-listened-on', landing('listen 127.0.0.1:8080;')),
  'Element Web with a configuration of nginx for another port': mutation(
    'port-not-listened-on',
    elementListens('8081'),
  ),
  'metrics where Synapse does not listen': mutation('port-not-listened-on', annotated('9092')),
  'an alert in Helm values with a bracket too few': mutation(
    'alert-rule-invalid',
    chartRule('sum(redis_up == 0', '5m'),
  ),
  'an alert in Helm values with a time in words': mutation('alert-rule-invalid', chartRule('redis_up == 0', '5min')),
  'a time to keep metrics without a unit': mutation(
    'field-value-refused',
    edit(chart, 'retention: 15d', 'retention: 15'),
  ),
  'an amount of metrics to keep as volumes have it': mutation(
    'field-value-refused',
    edit(chart, 'retention: 15d', 'retention: 15d\n    retentionSize: 50Gi'),
  ),
  'a database on an address of its own': mutation('database-exposed', outside('')),
};

/** Like them, and right. */
export const acceptedPlatform: Readonly<Record<string, readonly Change[]>> = {
  'a read-only root file system with a volume for temporary files': [readOnlySynapse(synapse), readOnlySynapse(media)],
  'gunicorn with its files in the memory of the node': [
    readOnlyKeyVault,
    edit(keyVault, '--worker-tmp-dir=/tmp', '--worker-tmp-dir=/dev/shm'),
    edit(keyVault, '            - name: tmp\n              mountPath: /tmp\n', '', 2),
  ],
  'a Redis that speaks TLS on the port that LiveKit and Synapse ask': [
    edit(redis, '    port 6379\n', '    port 0\n    tls-port 6379\n'),
    edit(redis, '    port 26379\n', '    port 0\n    tls-port 26379\n'),
    edit(livekit, '      db: 1\n', '      db: 1\n      use_tls: true\n'),
    edit(synapseConfig, '      port: 6379\n', '      port: 6379\n      use_tls: true\n'),
  ],
  'times in milliseconds, and none': [
    uploads(
      'refreshable_access_token_lifetime: 300000\n    forgotten_room_retention_period: 0\n    redaction_retention_period: 604800000',
    ),
    liUploads('redaction_retention_period: 7d'),
  ],
  'rooms and media that both instances delete': [
    uploads('forgotten_room_retention_period: 28d\n    media_retention: {local_media_lifetime: 90d}'),
    liUploads('forgotten_room_retention_period: 4w\n    media_retention: {local_media_lifetime: 1y}'),
  ],
  'other spellings of ClamAV’s values': [
    edit(clamav, 'LogTime yes', 'LogTime TRUE'),
    edit(clamav, 'StreamMaxLength 110M', 'StreamMaxLength 115343360'),
    edit(clamav, 'MaxFileSize 110M', 'MaxFileSize 110m'),
  ],
  'a volume of PostgreSQL 18 at its new place': database('18.1', '/var/lib/postgresql'),
  'a PostgreSQL 15 that keeps its data elsewhere in its volume': database(
    '15',
    '/var/lib/postgresql',
    '        - {name: PGDATA, value: /var/lib/postgresql/pgdata}\n',
  ),
  'a pod with psql and no database': databaseWithoutVolume('          args: [sleep, infinity]\n'),
  'a volume of PostgreSQL 17 at its old place': database('17.7', '/var/lib/postgresql/data'),
  'a PostgreSQL 18 that is told its place': database(
    '18',
    '/var/lib/postgresql/data',
    '        - {name: PGDATA, value: /var/lib/postgresql/data/pgdata}\n',
  ),
  'an nginx that listens where it is probed': landing('listen 80; listen [::]:8080 default_server;'),
  'Element Web with a configuration of nginx for its port': elementListens('8080'),
  'metrics where Synapse listens': annotated('9090'),
  'an alert in Helm values': chartRule('redis_up == 0', '5m'),
  'an amount of metrics to keep': [edit(chart, 'retention: 15d', 'retention: 1w2d\n    retentionSize: 45GiB')],
  'a database for few addresses': outside('  loadBalancerSourceRanges: [192.0.2.0/24]\n'),
  'a Certificate in the place of the annotation': [
    besides(certificate('element-web-tls', 'element-web-tls', '"*.tessera.test"')),
  ],
  'an Ingress without TLS beside one with it for the same host': applied(
    'main-instance/02-haproxy/well-known.yaml',
    `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: well-known, namespace: matrix}
spec:
  ingressClassName: nginx
  rules:
    - host: matrix.tessera.test
      http:
        paths:
          - {path: /.well-known/matrix/, pathType: Prefix, backend: {service: {name: haproxy, port: {name: http}}}}
`,
  ),
};

/** Puts an option into the main instance's homeserver.yaml. */
function uploads(option: string): Change {
  return edit(synapseConfig, '    max_upload_size: 100M\n', `    ${option}\n    max_upload_size: 100M\n`);
}

function liUploads(option: string): Change {
  return edit(liConfig, '    max_upload_size: 100M\n', `    ${option}\n    max_upload_size: 100M\n`);
}

/** Further documents beside the issuer. */
function besides(documents: string): Change {
  const before = 'apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata:\n  name: tessera-ca\n';
  return edit(issuers, before, `${documents.replace(/^---\n/, '')}---\n${before}`);
}

function certificate(name: string, secret: string, host: string, issuer = 'tessera-ca'): string {
  return `---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: ${name}, namespace: matrix}
spec: {secretName: ${secret}, dnsNames: [${host}], issuerRef: {name: ${issuer}, kind: ClusterIssuer}}
`;
}

function acme(name: string, server: string): string {
  return `---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: ${name}}
spec:
  acme:
    server: https://${server}
    privateKeySecretRef: {name: acme-account}
    solvers:
      - dns01: {rfc2136: {nameserver: 192.0.2.53}}
`;
}

/** A file that the script applies. */
function applied(path: string, text: string): readonly Change[] {
  return [
    add(path, text),
    edit('scripts/deploy.sh', '# Core services\n', `# Core services\nkubectl apply -f ${path}\n`),
  ];
}

/** A pod with the image of PostgreSQL and a volume. */
function database(tag: string, path: string, variable = ''): readonly Change[] {
  return applied(
    'main-instance/scratch-database.yaml',
    `apiVersion: v1
kind: Pod
metadata: {name: scratch-database, namespace: matrix}
spec:
  containers:
    - name: postgres
      image: postgres:${tag}
      env:
        - {name: POSTGRES_HOST_AUTH_METHOD, value: trust}
${variable}      resources: {requests: {cpu: 10m, memory: 64Mi}, limits: {memory: 128Mi}}
      volumeMounts:
        - {name: data, mountPath: ${path}}
  volumes:
    - {name: data, emptyDir: {}}
`,
  );
}

function databaseWithoutVolume(args: string): readonly Change[] {
  return applied(
    'main-instance/scratch-database.yaml',
    `apiVersion: apps/v1
kind: Deployment
metadata: {name: scratch-database, namespace: matrix}
spec:
  selector: {matchLabels: {app: scratch-database}}
  template:
    metadata: {labels: {app: scratch-database}}
    spec:
      containers:
        - name: postgres
          image: postgres:17.7
${args}          env:
            - {name: POSTGRES_HOST_AUTH_METHOD, value: trust}
          resources: {requests: {cpu: 10m, memory: 64Mi}, limits: {memory: 128Mi}}
`,
  );
}

/** A page in front of everything, whose probe asks port 8080. */
function landing(listen: string): readonly Change[] {
  return applied(
    'main-instance/landing-page.yaml',
    `apiVersion: v1
kind: ConfigMap
metadata: {name: landing-page, namespace: matrix}
data:
  default.conf: |
    server {
      ${listen}
      root /usr/share/nginx/html;
    }
---
apiVersion: v1
kind: Pod
metadata: {name: landing-page, namespace: matrix}
spec:
  containers:
    - name: nginx
      image: nginx:1.27.3
      resources: {requests: {cpu: 10m, memory: 64Mi}, limits: {memory: 128Mi}}
      ports: [{containerPort: 8080}]
      readinessProbe: {tcpSocket: {port: 8080}}
      volumeMounts:
        - {name: config, mountPath: /etc/nginx/conf.d}
  volumes:
    - {name: config, configMap: {name: landing-page}}
`,
  );
}

function elementListens(port: string): readonly Change[] {
  return [
    edit(
      element,
      '    }\n---',
      `    }\n  default.conf: |\n    server {\n      listen ${port};\n      root /app;\n    }\n---`,
    ),
    edit(
      element,
      '            - name: config\n              mountPath: /app/config.json',
      '            - name: config\n              mountPath: /etc/nginx/conf.d/default.conf\n              subPath: default.conf\n            - name: config\n              mountPath: /app/config.json',
    ),
  ];
}

/** Has Prometheus scrape a port of Synapse, without a monitor. */
function annotated(port: string): readonly Change[] {
  return [
    edit(
      synapse,
      '  template:\n    metadata:\n',
      `  template:\n    metadata:\n      annotations: {prometheus.io/scrape: "true", prometheus.io/port: "${port}"}\n`,
    ),
  ];
}

function chartRule(query: string, time: string): readonly Change[] {
  return [
    edit(
      chart,
      'grafana:\n',
      `additionalPrometheusRulesMap:
  own:
    groups:
      - name: own
        rules:
          - {alert: RedisDown, expr: "${query}", for: ${time}, annotations: {summary: "{{ $labels.instance }} is down"}}
grafana:
`,
    ),
  ];
}

/** A Service that leads to the main database from outside. */
function outside(more: string): readonly Change[] {
  return applied(
    'infrastructure/01-postgresql/outside.yaml',
    `apiVersion: v1
kind: Service
metadata: {name: matrix-postgresql-outside, namespace: matrix}
spec:
  type: LoadBalancer
${more}  selector: {cnpg.io/cluster: matrix-postgresql, cnpg.io/instanceRole: primary}
  ports:
    - {port: 5432}
`,
  );
}
