import { add, cut, edit, type Mutation, mutation } from './mutation';
import {
  alerts,
  coturn,
  element,
  generic,
  haproxy,
  haproxyConfig,
  issuer,
  keyVaultSecrets,
  livekit,
  livekitSecrets,
  operatorsScript,
  prometheusValues,
  redis,
  scannerSecrets,
  synapse,
  synapseConfig,
  synapseSecrets,
} from './sample';

export const secretsMutations: readonly Mutation[] = [
  mutation('placeholder-secret', edit(scannerSecrets, 'PICKLE_KEY: ', 'PICKLE_KEY: CHANGEME_')),
  mutation('placeholder-config', edit(coturn, 'realm=turn.tessera.test', 'realm=CHANGEME_REALM')),
  mutation('placeholder-image', edit(element, 'vectorim/element-web:v1.11.96', 'CHANGEME_ELEMENT_IMAGE:v1.11.96')),
  mutation(
    'placeholder-domain',
    edit(synapseConfig, 'admin_contact: mailto:ops@tessera.test', 'admin_contact: mailto:ops@example.com'),
  ),
  mutation(
    'domain-inconsistent',
    edit(
      synapseConfig,
      'web_client_location: https://chat.tessera.test/',
      'web_client_location: https://app.tessera.test/',
    ),
  ),
  mutation(
    'config-placeholder-unsubstituted',
    edit(synapse, '              sed -i "s|FORM_SECRET_PLACEHOLDER|${FORM_SECRET}|g" /config/homeserver.yaml\n', ''),
  ),
  mutation(
    'config-file-missing',
    edit(livekit, '            - /config/livekit.yaml\n', '            - /config/livekit.yml\n'),
  ),
  mutation('values-secret-missing', cut(operatorsScript, "# The password of Grafana's admin", '\nfi\n')),
  mutation(
    'helm-repository-missing',
    edit(operatorsScript, 'helm repo add cnpg https://cloudnative-pg.github.io/charts\n', ''),
  ),
  mutation('haproxy-config-invalid', edit(haproxyConfig, 'timeout server 5m', 'timeout server 5')),
  mutation('haproxy-config-invalid', edit(haproxyConfig, 'frontend redis\n      mode tcp\n', 'frontend redis\n')),
  mutation('haproxy-config-invalid', cut(haproxy, '          env:\n', '                  key: password\n')),
  mutation('haproxy-healthcheck-missing', cut(haproxyConfig, '      tcp-check send-lf', 'expect string +OK\n')),
  mutation('haproxy-template-too-small', edit(generic, '  replicas: 2', '  replicas: 4')),
  mutation('alert-rule-invalid', edit(alerts, 'for: 2m', 'for: 2 min')),
  mutation('alert-rule-invalid', edit(alerts, '    - name: storage', '    - name: postgresql')),
  mutation('monitor-not-picked-up', edit(prometheusValues, '    ruleSelectorNilUsesHelmValues: false\n', '')),
  mutation('redis-bind-loopback', edit(redis, '    port 6379\n', '    port 6379\n    bind 127.0.0.1\n')),
  mutation('sentinel-master-unknown', edit(livekit, 'master_name: mymaster', 'master_name: redis-main')),
  mutation('sentinel-master-unknown', edit(redis, 'failover-timeout mymaster', 'failover-timeout redis-main')),
  mutation('ingress-tls-secret-shared', edit(element, 'secretName: element-web-tls', 'secretName: matrix-tls')),
  mutation(
    'cluster-issuer-secret-elsewhere',
    edit(issuer, '  name: tessera-ca\n  namespace: cert-manager', '  name: tessera-ca\n  namespace: matrix'),
  ),
  mutation(
    'anti-affinity-selects-nothing',
    edit(
      redis,
      '                  app.kubernetes.io/name: redis\n',
      '                  app.kubernetes.io/name: redis-server\n',
    ),
  ),
  mutation('config-path-missing', edit(coturn, 'cert=/tls/tls.crt', 'cert=/tls/fullchain.pem')),
  mutation('config-yaml-invalid', edit(livekit, '      tcp_port: 7881\n', '       tcp_port: 7881\n')),
  mutation(
    'config-host-tls',
    edit('main-instance/01-synapse/configmap.yaml', 'url: http://key-vault', 'url: https://key-vault'),
  ),
  mutation('program-write-refused', [
    edit(
      'main-instance/08-key-vault/deployment.yaml',
      '          env: *settings\n          ports:',
      '          securityContext:\n            readOnlyRootFilesystem: true\n          env: *settings\n          ports:',
    ),
    edit(
      'main-instance/08-key-vault/deployment.yaml',
      '            - name: tmp\n              mountPath: /tmp\n',
      '',
      2,
    ),
  ]),
  mutation(
    'config-write-refused',
    edit(livekit, '|g" /config/livekit.yaml\n          env:', '|g" /config-template/livekit.yaml\n          env:'),
    { also: { 'livekit-config-not-substituted': 'the file that LiveKit reads stays as it was' } },
  ),
  mutation(
    'config-opaque',
    edit(
      livekit,
      '|g" /config/livekit.yaml\n          env:',
      '|g" /config/livekit.yaml\n              confd -onetime -backend env\n          env:',
    ),
  ),
  mutation(
    'config-env-undefined',
    edit(synapse, '            - name: FORM_SECRET\n', '            - name: FORM_SECRETS\n'),
  ),
  mutation(
    'secret-empty-value',
    edit(
      scannerSecrets,
      'PICKLE_KEY: d3552cf352f4346055cd153f22e9371f6dbde6472cc9fd88a2619d150a98f832',
      'PICKLE_KEY: ""',
    ),
  ),
  mutation(
    'secret-data-not-base64',
    edit(
      redis,
      'UE9IcEhlcHJITmRtNHhvUU5TNVF0cjh6cGFOMzc3cE9UOG1jVTNCNnJlNg==',
      'POHpHeprHNdm4xoQNS5Qtr8zpaN377pOT8mcU3B6re6',
    ),
  ),
  mutation(
    'secret-trailing-newline',
    edit(
      redis,
      'UE9IcEhlcHJITmRtNHhvUU5TNVF0cjh6cGFOMzc3cE9UOG1jVTNCNnJlNg==',
      'UE9IcEhlcHJITmRtNHhvUU5TNVF0cjh6cGFOMzc3cE9UOG1jVTNCNnJlNgo=',
    ),
  ),
  mutation(
    'secret-double-encoded',
    edit(
      synapseSecrets,
      'FORM_SECRET: 5e8325323756d9d5789076b869577513971d311cea7e181c3950cae454463bbf',
      'FORM_SECRET: NWU4MzI1MzIzNzU2ZDlkNTc4OTA3NmI4Njk1Nzc1MTM=',
    ),
  ),
  mutation(
    'secret-weak-value',
    edit(
      synapseSecrets,
      'FORM_SECRET: 5e8325323756d9d5789076b869577513971d311cea7e181c3950cae454463bbf',
      'FORM_SECRET: changeit',
    ),
  ),
  mutation('secret-bad-key-material', edit(keyVaultSecrets, '    MIIEogIBAAKCAQEAp', '    XIIEogIBAAKCAQEAp')),
  mutation(
    'secret-group-mismatch',
    edit(
      livekitSecrets,
      'REDIS_PASSWORD: POHpHeprHNdm4xoQNS5Qtr8zpaN377pOT8mcU3B6re6',
      'REDIS_PASSWORD: POHpHeprHNdm4xoQNS5Qtr8zpaN377pOT8mcU3B6re7',
    ),
  ),
  mutation(
    'secret-in-plain-config',
    edit(
      synapseConfig,
      'worker_replication_secret: REPLICATION_SECRET_PLACEHOLDER',
      'worker_replication_secret: 68b7f97a8245815ff96dae4026c1c2b717019e886b7e76e92d536ce0eae52b19',
    ),
  ),
  mutation('substitution-unsafe-secret', edit(scannerSecrets, 'PICKLE_KEY: ', 'PICKLE_KEY: a|')),
  mutation(
    'secret-unused',
    add(
      'main-instance/01-synapse/old-credentials.yaml',
      `
apiVersion: v1
kind: Secret
metadata:
  name: synapse-old-secrets
  namespace: matrix
stringData:
  SMTP_TOKEN: 7ab7773d8c19f386948e217dccf43b5f
`,
    ),
  ),
  mutation(
    'secret-key-unused',
    edit(
      synapseSecrets,
      'stringData:\n  # Equal',
      'stringData:\n  SMTP_TOKEN: 7ab7773d8c19f386948e217dccf43b5f\n  # Equal',
    ),
  ),
];
