import type { ChartAddress, ChartFacts, ChartReference, Condition } from './facts';

/** Charts of the programs that speak Matrix, and of LiveKit. */
export const matrixCharts: readonly ChartFacts[] = [
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
