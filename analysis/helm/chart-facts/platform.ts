import type { ChartFacts } from './facts';

/** Charts of what deployments stand on: databases, stores, controllers. */
export const platformCharts: readonly ChartFacts[] = [
  {
    // minio/minio helm/minio.
    chart: 'minio',
    repository: /charts\.min\.io|^minio$/i,
    versions: [4, 5],
    defaults: {
      existingSecret: '',
      mode: 'distributed',
      'service.port': '9000',
      'consoleService.port': '9001',
      'persistence.enabled': 'true',
      'persistence.existingClaim': '',
      'tls.enabled': 'false',
    },
    opaque: ['extraObjects'],
    objects: [
      { kind: 'Service', name: '{}', ports: ['service.port'] },
      { kind: 'Service', name: '{}-console', ports: ['consoleService.port'] },
      { kind: 'Service', name: '{}-svc', isHeadless: true, ports: [9000], when: [['mode', 'distributed']] },
      { kind: 'Secret', name: '{}', keys: ['rootUser', 'rootPassword'], when: [['existingSecret', '']] },
    ],
    complete: ['Service'],
    references: [
      {
        kind: 'Secret',
        path: 'existingSecret',
        keys: [{ fallback: 'rootUser' }, { fallback: 'rootPassword' }],
      },
      { kind: 'Secret', path: 'users.*.existingSecret', keys: [{ path: 'existingSecretKey' }] },
      { kind: 'Secret', path: 'svcaccts.*.existingSecret', keys: [{ path: 'existingSecretKey' }] },
      { kind: 'Secret', path: 'extraSecret' },
      {
        kind: 'PersistentVolumeClaim',
        path: 'persistence.existingClaim',
        when: [['persistence.enabled', 'true']],
      },
      { kind: 'Secret', path: 'tls.certSecret', when: [['tls.enabled', 'true']] },
    ],
  },
  {
    // cloudnative-pg/charts charts/cluster; what the operator makes of the Cluster: docs/src/service_management.md.
    chart: 'cluster',
    repository: /cloudnative-pg|cnpg/i,
    versions: [0, 0],
    defaults: {
      mode: 'standalone',
      'backups.enabled': 'false',
      'backups.secret.create': 'true',
      'cluster.enableSuperuserAccess': 'true',
      'cluster.superuserSecret': '',
    },
    opaque: ['cluster.services', 'namespaceOverride'],
    objects: [
      { kind: 'Service', name: '{}-rw', ports: [5432] },
      { kind: 'Service', name: '{}-ro', ports: [5432] },
      { kind: 'Service', name: '{}-r', ports: [5432] },
      {
        kind: 'Secret',
        name: '{}-app',
        keys: [
          'username',
          'password',
          'dbname',
          'host',
          'port',
          'pgpass',
          'uri',
          'jdbc-uri',
          'user',
          'fqdn-uri',
          'fqdn-jdbc-uri',
        ],
        when: [['cluster.initdb.secret.name', '']],
      },
    ],
    complete: ['Service'],
    possible: /-pooler-|-(?:ca|server|replication|superuser)$/,
    references: [
      {
        kind: 'Secret',
        path: 'cluster.initdb.secret.name',
        when: [['mode', 'standalone']],
        keys: [{ fallback: 'username' }, { fallback: 'password' }],
      },
      {
        kind: 'Secret',
        path: 'cluster.superuserSecret',
        keys: [{ fallback: 'username' }, { fallback: 'password' }],
        when: [['cluster.enableSuperuserAccess', 'true']],
      },
      {
        kind: 'Secret',
        path: 'backups.secret.name',
        when: [
          ['backups.enabled', 'true'],
          ['backups.secret.create', 'false'],
        ],
      },
      { kind: 'Secret', path: 'cluster.roles.*.passwordSecret.name' },
    ],
  },
  {
    // kubernetes/ingress-nginx charts/ingress-nginx.
    chart: 'ingress-nginx',
    repository: /kubernetes\.github\.io\/ingress-nginx|^ingress-nginx$/i,
    versions: [4, 4],
    defaults: {
      'controller.service.enabled': 'true',
      'controller.service.external.enabled': 'true',
      'controller.service.ports.http': '80',
      'controller.service.ports.https': '443',
      'controller.metrics.enabled': 'false',
      'controller.metrics.service.servicePort': '10254',
      'controller.admissionWebhooks.enabled': 'true',
    },
    isBesideOthers: true,
    opaque: ['controller.name', 'namespaceOverride', 'tcp', 'udp', 'controller.service.enableHttp', 'extraManifests'],
    objects: [
      {
        kind: 'Service',
        name: '{}-controller',
        ports: ['controller.service.ports.http', 'controller.service.ports.https'],
        when: [
          ['controller.service.enabled', 'true'],
          ['controller.service.external.enabled', 'true'],
        ],
      },
      {
        kind: 'Service',
        name: '{}-controller-metrics',
        ports: ['controller.metrics.service.servicePort'],
        when: [['controller.metrics.enabled', 'true']],
      },
      {
        kind: 'Service',
        name: '{}-controller-admission',
        ports: [443],
        when: [['controller.admissionWebhooks.enabled', 'true']],
      },
    ],
    complete: ['Service'],
    possible: /-internal$|backend$|-opentelemetry/,
  },
  {
    // cert-manager/cert-manager deploy/charts/cert-manager.
    chart: 'cert-manager',
    repository: /jetstack|cert-manager/i,
    versions: [1, 1],
    defaults: { 'prometheus.enabled': 'true' },
    isBesideOthers: true,
    opaque: ['namespace', 'extraObjects'],
    objects: [
      { kind: 'Service', name: '{}', ports: [9402], when: [['prometheus.enabled', 'true']] },
      { kind: 'Service', name: '{}-webhook', ports: [443, 9402] },
      { kind: 'Service', name: '{}-cainjector', ports: [9402], when: [['prometheus.enabled', 'true']] },
    ],
  },
  {
    // haproxytech/helm-charts kubernetes-ingress.
    chart: 'kubernetes-ingress',
    repository: /haproxy/i,
    versions: [1, 1],
    defaults: {
      'controller.service.ports.http': '80',
      'controller.service.ports.https': '443',
      'controller.service.ports.stat': '1024',
    },
    isBesideOthers: true,
    opaque: ['namespaceOverride', 'controller.service.tcpPorts', 'controller.service.enabled'],
    objects: [
      {
        kind: 'Service',
        name: '{}',
        ports: [
          'controller.service.ports.http',
          'controller.service.ports.https',
          'controller.service.ports.stat',
          6060,
        ],
      },
    ],
  },
];
