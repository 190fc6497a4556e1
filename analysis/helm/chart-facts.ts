/*
 * What charts make of their values, as far as deployments of Matrix use them: a table, because a chart's templates are a
 * program that nobody runs here. It says nothing of versions and of repositories that it does not name.
 */

/** A condition on a value of the chart: its path and the text that it has to have, or with `!` must not have. */
export type Condition = readonly [path: string, text: string];

/** An object that a chart makes. */
export interface ChartObject {
  readonly kind: 'Service' | 'Secret';
  /** `{}` stands for what the chart calls its full name, and `{release}` for the name of the release. */
  readonly name: string;
  /** The chart below this one that makes the object; `{}` is then its full name, and its values are those below its name. */
  readonly part?: string;
  /** All of them have to hold. */
  readonly when?: readonly Condition[];
  /** The ports of a Service: paths of values, of which an empty one stands for none, and numbers; undefined where they are not known. */
  readonly ports?: readonly (string | number)[];
  readonly isHeadless?: boolean;
  /** The keys of a Secret, where all of them are known. */
  readonly keys?: readonly string[];
}

/** An object that a chart is told to use and does not make. */
export interface ChartReference {
  readonly kind: 'Secret' | 'ConfigMap' | 'PersistentVolumeClaim';
  /** The path of the name; `*` stands for every item of a list or a mapping. */
  readonly path: string;
  /** The paths of values that win over this one, where they are set. */
  readonly unless?: readonly string[];
  readonly when?: readonly Condition[];
  readonly keys?: readonly ReferencedKey[];
}

export interface ReferencedKey {
  /** The path of the key's name, from the mapping in which the name of the object stands. */
  readonly path?: string;
  /** The key that is read where the path is not set. */
  readonly fallback?: string;
  readonly when?: readonly Condition[];
}

/** A place in the values of a chart that holds the address of another program. */
export interface ChartAddress {
  readonly path: string;
  /** Where the port stands, if not behind the host. */
  readonly port?: string;
  readonly defaultPort?: number;
  /** `url` where a whole address stands, `host` where nothing but a host can. */
  readonly form: 'host' | 'url';
  readonly when?: readonly Condition[];
}

export interface ChartFacts {
  readonly chart: string;
  /** Found in the repository's URL or in the name by which it is referred to. */
  readonly repository: RegExp;
  /** The first and the last major version of which this is true. */
  readonly versions: readonly [first: number, last: number];
  /** How many letters a full name has at most, if not 63. */
  readonly nameLength?: number;
  /** Whether other programs are usually installed into its namespace. */
  readonly isBesideOthers?: true;
  /** What the values are that decide something, where nobody sets them. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Values with which more, or something else, is made than the table knows. */
  readonly opaque?: readonly string[];
  /** Undefined for charts whose objects are not listed. */
  readonly objects?: readonly ChartObject[];
  /** The kinds of which the chart makes none under its name but those listed. */
  readonly complete?: readonly ('Service' | 'Secret')[];
  /** Names that the chart gives to objects which are not listed. */
  readonly possible?: RegExp;
  readonly references?: readonly ChartReference[];
  readonly addresses?: readonly ChartAddress[];
}

const sentinelOff: Condition = ['sentinel.enabled', 'false'];
const sentinelOn: Condition = ['sentinel.enabled', 'true'];
const replicated: Condition = ['architecture', 'replication'];
const standalone: Condition = ['architecture', 'standalone'];

/** bitnami/charts: `templates/**` and `values.yaml` of each chart; the others from their own repositories. */
export const chartFacts: readonly ChartFacts[] = [
  {
    chart: 'redis',
    repository: /bitnami/i,
    versions: [17, 25],
    defaults: {
      architecture: 'replication',
      'auth.enabled': 'true',
      'auth.sentinel': 'true',
      'sentinel.enabled': 'false',
      'sentinel.masterSet': 'mymaster',
      'sentinel.quorum': '2',
      'sentinel.masterService.enabled': 'false',
      'sentinel.service.createMaster': 'false',
      'sentinel.service.ports.redis': '6379',
      'sentinel.service.ports.sentinel': '26379',
      'sentinel.service.type': 'ClusterIP',
      'master.service.ports.redis': '6379',
      'master.count': '1',
      'replica.replicaCount': '3',
      'replica.service.ports.redis': '6379',
      'metrics.enabled': 'false',
      'metrics.service.ports.http': '9121',
      'tls.enabled': 'false',
      'tls.existingSecret': '',
      'serviceBindings.enabled': 'false',
      'auth.existingSecret': '',
      'auth.usePasswordFiles': 'false',
    },
    opaque: ['extraDeploy', 'master.service.extraPorts', 'replica.service.extraPorts', 'sentinel.service.extraPorts'],
    objects: [
      {
        kind: 'Service',
        name: '{}-master',
        ports: ['master.service.ports.redis'],
        when: [sentinelOff, ['master.count', '!0']],
      },
      {
        kind: 'Service',
        name: '{}-master',
        ports: ['sentinel.service.ports.redis'],
        when: [sentinelOn, ['sentinel.masterService.enabled', 'true']],
      },
      {
        kind: 'Service',
        name: '{}-master',
        ports: ['sentinel.service.ports.redis'],
        when: [sentinelOn, ['sentinel.service.createMaster', 'true']],
      },
      {
        kind: 'Service',
        name: '{}-replicas',
        ports: ['replica.service.ports.redis'],
        when: [replicated, sentinelOff],
      },
      {
        kind: 'Service',
        name: '{}',
        ports: ['sentinel.service.ports.redis', 'sentinel.service.ports.sentinel'],
        when: [replicated, sentinelOn],
      },
      { kind: 'Service', name: '{}-headless', isHeadless: true, ports: [6379, 26379] },
      {
        kind: 'Service',
        name: '{}-metrics',
        ports: ['metrics.service.ports.http'],
        when: [['metrics.enabled', 'true']],
      },
      {
        kind: 'Secret',
        name: '{}',
        keys: ['redis-password'],
        when: [
          ['auth.enabled', 'true'],
          ['auth.existingSecret', ''],
        ],
      },
      { kind: 'Secret', name: '{}-crt', when: [['tls.enabled', 'true']] },
      { kind: 'Secret', name: '{}-svcbind', when: [['serviceBindings.enabled', 'true']] },
    ],
    complete: ['Service', 'Secret'],
    possible: /-(?:node|master|replicas)-\d+|-external|-svc$/,
    references: [
      {
        kind: 'Secret',
        path: 'auth.existingSecret',
        when: [['auth.enabled', 'true']],
        keys: [{ path: 'existingSecretPasswordKey', fallback: 'redis-password' }],
      },
      { kind: 'Secret', path: 'tls.existingSecret', when: [['tls.enabled', 'true']] },
      { kind: 'ConfigMap', path: 'existingConfigmap' },
      { kind: 'PersistentVolumeClaim', path: 'master.persistence.existingClaim' },
      { kind: 'Secret', path: 'master.extraEnvVarsSecret' },
      { kind: 'ConfigMap', path: 'master.extraEnvVarsCM' },
    ],
  },
  {
    chart: 'postgresql',
    repository: /bitnami/i,
    versions: [12, 18],
    defaults: {
      architecture: 'standalone',
      'auth.enablePostgresUser': 'true',
      'auth.username': '',
      'auth.existingSecret': '',
      'primary.service.ports.postgresql': '5432',
      'readReplicas.service.ports.postgresql': '5432',
      'primary.name': 'primary',
      'readReplicas.name': 'read',
      'metrics.enabled': 'false',
      'metrics.service.ports.metrics': '9187',
      'tls.enabled': 'false',
      'serviceBindings.enabled': 'false',
      'primary.persistence.enabled': 'true',
      'backup.enabled': 'false',
    },
    opaque: [
      'extraDeploy',
      'global.postgresql.fullnameOverride',
      'global.postgresql.service.ports.postgresql',
      'global.postgresql.auth',
      'primary.service.extraPorts',
      'primary.name',
      'readReplicas.name',
    ],
    objects: [
      { kind: 'Service', name: '{}', ports: ['primary.service.ports.postgresql'], when: [standalone] },
      { kind: 'Service', name: '{}-hl', isHeadless: true, ports: [5432], when: [standalone] },
      { kind: 'Service', name: '{}-primary', ports: ['primary.service.ports.postgresql'], when: [replicated] },
      { kind: 'Service', name: '{}-primary-hl', isHeadless: true, ports: [5432], when: [replicated] },
      { kind: 'Service', name: '{}-read', ports: ['readReplicas.service.ports.postgresql'], when: [replicated] },
      { kind: 'Service', name: '{}-read-hl', isHeadless: true, ports: [5432], when: [replicated] },
      {
        kind: 'Service',
        name: '{}-metrics',
        ports: ['metrics.service.ports.metrics'],
        when: [['metrics.enabled', 'true']],
      },
      { kind: 'Secret', name: '{}', when: [['auth.existingSecret', '']] },
      { kind: 'Secret', name: '{}-crt', when: [['tls.enabled', 'true']] },
    ],
    complete: ['Service', 'Secret'],
    possible: /-svcbind-|-secret$|-backup|-ldap/,
    references: [
      {
        kind: 'Secret',
        path: 'auth.existingSecret',
        unless: ['global.postgresql.auth.existingSecret'],
        keys: [
          {
            path: 'secretKeys.adminPasswordKey',
            fallback: 'postgres-password',
            when: [['auth.enablePostgresUser', 'true']],
          },
          {
            path: 'secretKeys.userPasswordKey',
            fallback: 'password',
            when: [
              ['auth.username', '!'],
              ['auth.username', '!postgres'],
            ],
          },
          { path: 'secretKeys.replicationPasswordKey', fallback: 'replication-password', when: [replicated] },
        ],
      },
      { kind: 'ConfigMap', path: 'primary.initdb.scriptsConfigMap' },
      { kind: 'Secret', path: 'primary.initdb.scriptsSecret' },
      { kind: 'ConfigMap', path: 'primary.existingConfigmap' },
      { kind: 'ConfigMap', path: 'primary.existingExtendedConfigmap' },
      { kind: 'Secret', path: 'primary.extraEnvVarsSecret' },
      { kind: 'ConfigMap', path: 'primary.extraEnvVarsCM' },
      {
        kind: 'PersistentVolumeClaim',
        path: 'primary.persistence.existingClaim',
        when: [['primary.persistence.enabled', 'true']],
      },
      { kind: 'Secret', path: 'tls.certificatesSecret', when: [['tls.enabled', 'true']] },
    ],
  },
  {
    chart: 'minio',
    repository: /bitnami/i,
    versions: [11, 17],
    defaults: {
      'auth.existingSecret': '',
      'service.ports.api': '9000',
      'service.ports.console': '9001',
      'persistence.enabled': 'true',
      'tls.enabled': 'false',
    },
    opaque: ['extraDeploy', 'service.extraPorts', 'global.minio.existingSecret'],
    objects: [
      { kind: 'Service', name: '{}', ports: ['service.ports.api', 'service.ports.console'] },
      { kind: 'Service', name: '{}-headless', isHeadless: true, ports: [9000] },
      { kind: 'Service', name: '{}-console', ports: [] },
      { kind: 'Secret', name: '{}', keys: ['root-user', 'root-password'], when: [['auth.existingSecret', '']] },
    ],
    complete: ['Service', 'Secret'],
    possible: /-crt$|-tls|-provisioning/,
    references: [
      {
        kind: 'Secret',
        path: 'auth.existingSecret',
        unless: ['global.minio.existingSecret'],
        keys: [
          { path: 'rootUserSecretKey', fallback: 'root-user' },
          { path: 'rootPasswordSecretKey', fallback: 'root-password' },
        ],
      },
      {
        kind: 'PersistentVolumeClaim',
        path: 'persistence.existingClaim',
        when: [['persistence.enabled', 'true']],
      },
      { kind: 'Secret', path: 'extraEnvVarsSecret' },
      { kind: 'ConfigMap', path: 'extraEnvVarsCM' },
      { kind: 'Secret', path: 'tls.existingSecret', when: [['tls.enabled', 'true']] },
    ],
  },
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
    // ananace/personal-charts charts/matrix-synapse.
    chart: 'matrix-synapse',
    repository: /ananace/i,
    versions: [3, 3],
    defaults: {
      'postgresql.enabled': 'true',
      'redis.enabled': 'true',
      'persistence.enabled': 'true',
      'service.port': '8008',
    },
    objects: [
      { kind: 'Service', name: '{}', ports: ['service.port'] },
      { kind: 'Service', name: '{release}-replication', ports: [9093] },
      { kind: 'Service', name: '{}', part: 'postgresql', when: [['postgresql.enabled', 'true']] },
      { kind: 'Service', name: '{}-master', part: 'redis', when: [['redis.enabled', 'true']] },
    ],
    references: [
      {
        kind: 'Secret',
        path: 'externalPostgresql.existingSecret',
        when: [['postgresql.enabled', 'false']],
        keys: [{ path: 'existingSecretPasswordKey' }],
      },
      {
        kind: 'Secret',
        path: 'externalRedis.existingSecret',
        when: [['redis.enabled', 'false']],
        keys: [{ path: 'existingSecretPasswordKey' }],
      },
      { kind: 'Secret', path: 'signingkey.existingSecret', keys: [{ path: 'existingSecretKey' }] },
      { kind: 'PersistentVolumeClaim', path: 'persistence.existingClaim', when: [['persistence.enabled', 'true']] },
    ],
    addresses: [
      {
        path: 'externalPostgresql.host',
        port: 'externalPostgresql.port',
        defaultPort: 5432,
        form: 'host',
        when: [['postgresql.enabled', 'false']],
      },
      {
        path: 'externalRedis.host',
        port: 'externalRedis.port',
        defaultPort: 6379,
        form: 'host',
        when: [['redis.enabled', 'false']],
      },
      { path: 'extraConfig.media_storage_providers.*.config.endpoint_url', form: 'url' },
    ],
  },
  {
    // element-hq/ess-helm charts/matrix-stack.
    chart: 'matrix-stack',
    repository: /element-hq|ess-helm/i,
    versions: [25, 26],
    defaults: {
      'synapse.enabled': 'true',
      'matrixAuthenticationService.enabled': 'true',
      'elementWeb.enabled': 'true',
      'matrixRTC.enabled': 'true',
      'matrixRTC.sfu.enabled': 'true',
      'wellKnownDelegation.enabled': 'true',
      'postgres.enabled': 'true',
    },
    objects: [
      { kind: 'Service', name: '{release}-synapse', ports: [8008, 8009], when: [['synapse.enabled', 'true']] },
      {
        kind: 'Service',
        name: '{release}-matrix-authentication-service',
        ports: [8080, 8081],
        when: [['matrixAuthenticationService.enabled', 'true']],
      },
      { kind: 'Service', name: '{release}-element-web', ports: [80], when: [['elementWeb.enabled', 'true']] },
      { kind: 'Service', name: '{release}-well-known', ports: [8010], when: [['wellKnownDelegation.enabled', 'true']] },
      {
        kind: 'Service',
        name: '{release}-matrix-rtc-authorisation-service',
        ports: [8080],
        when: [['matrixRTC.enabled', 'true']],
      },
      {
        kind: 'Service',
        name: '{release}-matrix-rtc-sfu',
        ports: [7880, 6789],
        when: [
          ['matrixRTC.enabled', 'true'],
          ['matrixRTC.sfu.enabled', 'true'],
        ],
      },
    ],
    references: [
      ...['synapse', 'matrixAuthenticationService'].flatMap((component): readonly ChartReference[] => {
        const when: readonly Condition[] = [[`${component}.enabled`, 'true']];
        return [
          {
            kind: 'Secret',
            path: `${component}.postgres.password.secret`,
            when,
            keys: [{ path: 'secretKey' }],
          },
          { kind: 'Secret', path: `${component}.additional.*.configSecret`, when, keys: [{ path: 'configSecretKey' }] },
        ];
      }),
      ...['signingKey', 'macaroon', 'registrationSharedSecret', 'externalRedis.password', 'appservices.*'].map(
        (part): ChartReference => ({
          kind: 'Secret',
          path: `synapse.${part}.secret`,
          when: [['synapse.enabled', 'true']],
          keys: [{ path: 'secretKey' }],
        }),
      ),
      ...['encryptionSecret', 'synapseSharedSecret', 'synapseOIDCClientSecret'].map(
        (part): ChartReference => ({
          kind: 'Secret',
          path: `matrixAuthenticationService.${part}.secret`,
          when: [['matrixAuthenticationService.enabled', 'true']],
          keys: [{ path: 'secretKey' }],
        }),
      ),
    ],
    addresses: [
      ...['synapse', 'matrixAuthenticationService'].map(
        (component): ChartAddress => ({
          path: `${component}.postgres.host`,
          port: `${component}.postgres.port`,
          defaultPort: 5432,
          form: 'host',
          when: [[`${component}.enabled`, 'true']],
        }),
      ),
      { path: 'synapse.externalRedis.host', port: 'synapse.externalRedis.port', defaultPort: 6379, form: 'host' },
    ],
  },
  {
    // prometheus-community/helm-charts charts/kube-prometheus-stack; grafana/helm-charts charts/grafana.
    chart: 'kube-prometheus-stack',
    repository: /prometheus-community/i,
    versions: [40, 99],
    defaults: {
      'grafana.enabled': 'true',
      'alertmanager.enabled': 'true',
      'prometheus.enabled': 'true',
      'prometheusOperator.enabled': 'true',
      'kubeStateMetrics.enabled': 'true',
      'alertmanager.alertmanagerSpec.useExistingSecret': 'false',
      'grafana.service.enabled': 'true',
      'grafana.service.port': '80',
      'prometheus.service.enabled': 'true',
      'prometheus.service.port': '9090',
      'prometheus.service.reloaderWebPort': '8080',
      'alertmanager.service.enabled': 'true',
      'alertmanager.service.port': '9093',
    },
    nameLength: 26,
    isBesideOthers: true,
    opaque: [
      'namespaceOverride',
      'grafana.namespaceOverride',
      'grafana.extraExposePorts',
      'grafana.service.serviceTypes',
      'prometheus.service.additionalPorts',
      'prometheus.thanosIngress',
      'alertmanager.service.additionalPorts',
      'extraManifests',
    ],
    objects: [
      {
        kind: 'Service',
        name: '{}-prometheus',
        ports: ['prometheus.service.port', 'prometheus.service.reloaderWebPort'],
        when: [
          ['prometheus.enabled', 'true'],
          ['prometheus.service.enabled', 'true'],
        ],
      },
      {
        kind: 'Service',
        name: '{}-alertmanager',
        // Newer ones have the port of the reloader, too.
        ports: ['alertmanager.service.port', 8080],
        when: [
          ['alertmanager.enabled', 'true'],
          ['alertmanager.service.enabled', 'true'],
        ],
      },
      { kind: 'Service', name: '{}-operator', ports: [443, 8080], when: [['prometheusOperator.enabled', 'true']] },
      { kind: 'Service', name: 'prometheus-operated', isHeadless: true, when: [['prometheus.enabled', 'true']] },
      { kind: 'Service', name: 'alertmanager-operated', isHeadless: true, when: [['alertmanager.enabled', 'true']] },
      {
        kind: 'Service',
        name: '{}',
        part: 'grafana',
        ports: ['grafana.service.port'],
        when: [
          ['grafana.enabled', 'true'],
          ['grafana.service.enabled', 'true'],
        ],
      },
      { kind: 'Service', name: '{}', part: 'kube-state-metrics', when: [['kubeStateMetrics.enabled', 'true']] },
    ],
    complete: ['Service'],
    possible: /thanos|windows|exporter|headless|renderer|-\d+$/,
    references: [
      {
        kind: 'Secret',
        path: 'grafana.admin.existingSecret',
        when: [['grafana.enabled', 'true']],
        keys: [
          { path: 'userKey', fallback: 'admin-user' },
          { path: 'passwordKey', fallback: 'admin-password' },
        ],
      },
      {
        kind: 'Secret',
        path: 'alertmanager.alertmanagerSpec.configSecret',
        when: [
          ['alertmanager.enabled', 'true'],
          ['alertmanager.alertmanagerSpec.useExistingSecret', 'true'],
        ],
        keys: [{ fallback: 'alertmanager.yaml' }],
      },
      {
        kind: 'PersistentVolumeClaim',
        path: 'grafana.persistence.existingClaim',
        when: [['grafana.enabled', 'true']],
      },
    ],
    addresses: [{ path: 'grafana.additionalDataSources.*.url', form: 'url', when: [['grafana.enabled', 'true']] }],
  },
  {
    chart: 'grafana',
    repository: /grafana/i,
    versions: [6, 99],
    defaults: { 'service.enabled': 'true', 'service.port': '80' },
    isBesideOthers: true,
    opaque: ['namespaceOverride', 'extraExposePorts', 'service.serviceTypes', 'extraObjects'],
    objects: [{ kind: 'Service', name: '{}', ports: ['service.port'], when: [['service.enabled', 'true']] }],
    references: [
      {
        kind: 'Secret',
        path: 'admin.existingSecret',
        keys: [
          { path: 'userKey', fallback: 'admin-user' },
          { path: 'passwordKey', fallback: 'admin-password' },
        ],
      },
      { kind: 'PersistentVolumeClaim', path: 'persistence.existingClaim' },
    ],
  },
  {
    chart: 'valkey',
    repository: /bitnami/i,
    // With 2.0.0 the master was called primary (CHANGELOG.md).
    versions: [2, 3],
    defaults: {
      architecture: 'replication',
      'auth.enabled': 'true',
      'auth.existingSecret': '',
      'sentinel.enabled': 'false',
      'sentinel.service.type': 'ClusterIP',
      'sentinel.service.ports.valkey': '6379',
      'sentinel.service.ports.sentinel': '26379',
      'sentinel.service.createPrimary.enabled': 'false',
      'primary.replicaCount': '1',
      'primary.service.ports.valkey': '6379',
      'replica.service.ports.valkey': '6379',
      'metrics.enabled': 'false',
      'metrics.service.ports.http': '9121',
    },
    opaque: [
      'extraDeploy',
      'primary.service.extraPorts',
      'replica.service.extraPorts',
      'sentinel.service.extraPorts',
      'sentinel.service.createPrimary',
    ],
    objects: [
      {
        kind: 'Service',
        name: '{}-primary',
        ports: ['primary.service.ports.valkey'],
        when: [sentinelOff, ['primary.replicaCount', '!0']],
      },
      {
        kind: 'Service',
        name: '{}-replicas',
        ports: ['replica.service.ports.valkey'],
        when: [replicated, sentinelOff],
      },
      {
        kind: 'Service',
        name: '{}',
        ports: ['sentinel.service.ports.valkey', 'sentinel.service.ports.sentinel'],
        when: [replicated, sentinelOn, ['sentinel.service.type', 'ClusterIP']],
      },
      { kind: 'Service', name: '{}-headless', isHeadless: true, ports: [6379, 26379] },
      {
        kind: 'Service',
        name: '{}-metrics',
        ports: ['metrics.service.ports.http'],
        when: [['metrics.enabled', 'true']],
      },
      {
        kind: 'Secret',
        name: '{}',
        keys: ['valkey-password'],
        when: [
          ['auth.enabled', 'true'],
          ['auth.existingSecret', ''],
        ],
      },
    ],
    complete: ['Service'],
    possible: /-(?:node|primary|replicas)-\d+|-external|-svc$/,
    references: [
      {
        kind: 'Secret',
        path: 'auth.existingSecret',
        when: [['auth.enabled', 'true']],
        keys: [{ path: 'existingSecretPasswordKey', fallback: 'valkey-password' }],
      },
    ],
  },
  {
    chart: 'postgresql-ha',
    repository: /bitnami/i,
    versions: [9, 16],
    defaults: {
      'service.ports.postgresql': '5432',
      'metrics.enabled': 'false',
      'witness.create': 'false',
      'postgresql.existingSecret': '',
      'pgpool.existingSecret': '',
    },
    opaque: ['extraDeploy', 'service.extraPorts', 'global.postgresql', 'global.pgpool', 'namespaceOverride'],
    objects: [
      { kind: 'Service', name: '{}-pgpool', ports: ['service.ports.postgresql'] },
      { kind: 'Service', name: '{}-postgresql', ports: ['service.ports.postgresql'] },
      { kind: 'Service', name: '{}-postgresql-headless', isHeadless: true },
      { kind: 'Service', name: '{}-postgresql-metrics', when: [['metrics.enabled', 'true']] },
      { kind: 'Service', name: '{}-postgresql-witness', when: [['witness.create', 'true']] },
      { kind: 'Secret', name: '{}-postgresql', when: [['postgresql.existingSecret', '']] },
      { kind: 'Secret', name: '{}-pgpool', keys: ['admin-password'], when: [['pgpool.existingSecret', '']] },
    ],
    complete: ['Service'],
    possible: /-witness|-\d+$/,
    references: [
      { kind: 'Secret', path: 'postgresql.existingSecret' },
      { kind: 'Secret', path: 'pgpool.existingSecret' },
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
    // grafana/loki production/helm/loki.
    chart: 'loki',
    repository: /grafana/i,
    versions: [3, 7],
    defaults: { 'gateway.enabled': 'true', 'gateway.service.port': '80' },
    isBesideOthers: true,
    opaque: ['enterprise', 'namespaceOverride', 'extraObjects'],
    objects: [
      {
        kind: 'Service',
        name: '{}-gateway',
        ports: ['gateway.service.port'],
        when: [['gateway.enabled', 'true']],
      },
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
  {
    // livekit/livekit-helm livekit-server.
    chart: 'livekit-server',
    repository: /livekit/i,
    versions: [1, 1],
    defaults: { 'loadBalancer.servicePort': '80', 'livekit.rtc.tcp_port': '7881', 'livekit.prometheus_port': '' },
    objects: [
      {
        kind: 'Service',
        name: '{}',
        ports: ['loadBalancer.servicePort', 'livekit.rtc.tcp_port', 'livekit.prometheus_port'],
      },
    ],
  },
];
