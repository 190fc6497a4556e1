import { add, drop, edit, type Mutation, mutation } from './mutation';
import {
  clamav,
  coturn,
  dashboards,
  element,
  generic,
  haproxy,
  haproxyConfig,
  haproxyIngress,
  issuer,
  keyVault,
  minioSecrets,
  scanner,
  synapse,
  synapseConfig,
  vaultUrl,
} from './sample';

export const referencesMutations: readonly Mutation[] = [
  mutation(
    'reference-missing-priorityclass',
    edit(
      haproxy,
      '      automountServiceAccountToken: false\n',
      '      automountServiceAccountToken: false\n      priorityClassName: high\n',
    ),
  ),
  mutation('generated-name-hashed', [
    drop(minioSecrets, 'Secret/minio-config'),
    add(
      'infrastructure/03-minio/config.env',
      `
export MINIO_ROOT_USER="tessera-storage-root"
export MINIO_ROOT_PASSWORD="VZM4LwGWUMGXAvhx2uI9XjfIlaSrlI7Yusav02D4Dxk"
export MINIO_STORAGE_CLASS_STANDARD="EC:4"
export MINIO_PROMETHEUS_AUTH_TYPE="public"
`,
    ),
    add(
      'infrastructure/03-minio/kustomization.yaml',
      `
resources: [credentials.yaml, tenant.yaml, wheels-job.yaml]
secretGenerator:
  - name: minio-config
    namespace: matrix
    files: [config.env]
`,
    ),
  ]),
  mutation('reference-missing-secret', edit(coturn, 'name: coturn-secrets', 'name: coturn-credentials'), {
    also: { 'secret-unused': 'The Secret that was meant is left without a use.' },
  }),
  mutation(
    'reference-missing-secret-key',
    edit(coturn, '                  key: TURN_SHARED_SECRET', '                  key: TURN_SECRET'),
    {
      also: { 'secret-key-unused': 'The key that was meant is left without a use.' },
    },
  ),
  mutation(
    'reference-missing-configmap',
    edit(element, '            name: element-web-config\n---', '            name: element-config\n---'),
  ),
  mutation(
    'reference-missing-configmap-key',
    edit(scanner, '              - key: scan.py\n', '              - key: scan.sh\n'),
  ),
  mutation(
    'reference-missing-pvc',
    edit(
      coturn,
      '        - name: data\n          emptyDir: {}',
      '        - name: data\n          persistentVolumeClaim:\n            claimName: coturn-data',
    ),
  ),
  mutation(
    'volume-unmounted',
    edit(coturn, '            - name: data\n              mountPath: /var/lib/coturn\n', ''),
  ),
  mutation('claim-shared-by-replicas', [
    edit(
      element,
      '              readOnly: true\n      volumes:\n',
      '              readOnly: true\n            - {name: logs, mountPath: /var/log/nginx}\n      volumes:\n        - name: logs\n          persistentVolumeClaim: {claimName: element-web-logs}\n',
    ),
    edit(
      element,
      'apiVersion: networking.k8s.io/v1\n',
      `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: element-web-logs, namespace: matrix}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: networking.k8s.io/v1
`,
    ),
  ]),
  mutation(
    'reference-missing-volume',
    edit(
      element,
      '            - name: config\n              mountPath',
      '            - name: configuration\n              mountPath',
    ),
  ),
  mutation(
    'netpol-acme-solver-blocked',
    edit(
      issuer,
      '  ca:\n    secretName: tessera-ca\n',
      '  acme:\n    server: https://acme.tessera.test/directory\n    privateKeySecretRef:\n      name: tessera-account\n    solvers:\n      - http01:\n          ingress:\n            ingressClassName: nginx\n',
    ),
  ),
  mutation(
    'scanner-config-invalid',
    edit(scanner, '    result_cache:\n', '    logging: {version: 1}\n    result_cache:\n'),
  ),
  mutation(
    'haproxy-media-unrouted',
    edit(haproxyConfig, '      acl is_media path_beg /_matrix/client/v1/media/\n', ''),
  ),
  mutation('clamd-memory-low', [
    edit(clamav, '    ConcurrentDatabaseReload no\n', ''),
    edit(clamav, '              memory: 4Gi\n', '              memory: 2Gi\n'),
  ]),
  mutation(
    'clamav-unknown-option',
    edit(clamav, '    Foreground yes\n    LogTime yes\n', '    Foreground yes\n    Daemonize no\n    LogTime yes\n'),
  ),
  mutation('client-address-lost', edit(synapseConfig, '        x_forwarded: true\n', '')),
  mutation('federation-undiscoverable', edit(synapseConfig, '    serve_server_wellknown: true\n', '')),
  mutation('synapse-log-file-unwritable', [
    edit(
      synapseConfig,
      '    handlers:\n',
      '    handlers:\n      file:\n        class: logging.FileHandler\n        filename: /var/log/synapse.log\n',
    ),
    edit(
      generic,
      '          ports:\n',
      '          securityContext:\n            readOnlyRootFilesystem: true\n          ports:\n',
    ),
  ]),
  mutation(
    'haproxy-server-resolved-once',
    edit(
      haproxyConfig,
      'default-server init-addr none resolvers kubernetes resolve-prefer ipv4 inter',
      'default-server init-addr libc,none inter',
    ),
    { count: 10 },
  ),
  mutation(
    'volume-mount-nested',
    edit(
      synapse,
      '            - name: config-template\n              mountPath: /config-template\n              readOnly: true\n',
      '            - name: config-template\n              mountPath: /config-template\n              readOnly: true\n            - name: signing-key\n              mountPath: /config-template/signing.key\n              subPath: signing.key\n',
    ),
  ),
  mutation(
    'reference-missing-serviceaccount',
    edit(keyVault, '      serviceAccountName: key-vault\n', '      serviceAccountName: vault\n'),
  ),
  mutation(
    'reference-missing-imagepullsecret',
    edit(
      element,
      '      automountServiceAccountToken: false\n',
      '      automountServiceAccountToken: false\n      imagePullSecrets:\n        - name: registry\n',
    ),
  ),
  mutation(
    'reference-missing-secretstore',
    add(
      'infrastructure/external.yaml',
      `apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: vault}
spec: {provider: {vault: {server: "https://vault.tessera.test"}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: sygnal, namespace: matrix}
spec:
  secretStoreRef: {name: vault}
  target: {name: sygnal}
  data: [{secretKey: key, remoteRef: {key: matrix/sygnal, property: key}}]
`,
    ),
    {
      also: {
        'schema-unknown-kind': 'The tree has no definition of the kinds.',
        'deploy-file-not-applied': 'The file is new.',
      },
    },
  ),
  mutation(
    'reference-missing-issuer',
    edit(haproxyIngress, 'cert-manager.io/cluster-issuer: tessera-ca', 'cert-manager.io/cluster-issuer: tessera-root'),
  ),
  mutation(
    'reference-missing-storageclass',
    edit(
      synapse,
      '        accessModes:\n          - ReadWriteOnce\n',
      '        storageClassName: fast-ssd\n        accessModes:\n          - ReadWriteOnce\n',
    ),
  ),
  mutation(
    'namespace-undefined',
    edit(
      dashboards,
      '  name: grafana-dashboard-synapse\n  namespace: monitoring',
      '  name: grafana-dashboard-synapse\n  namespace: observability',
    ),
  ),
  mutation(
    'config-host-unknown-service',
    edit(
      scanner,
      'base_homeserver_url: http://synapse-media.matrix',
      'base_homeserver_url: http://synapse-medias.matrix',
    ),
  ),
  mutation('config-host-port', edit(synapseConfig, vaultUrl, vaultUrl.replace('8000', '8001'))),
];
