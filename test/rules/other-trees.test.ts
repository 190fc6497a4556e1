import assert from 'node:assert/strict';
import { rules as catalogue } from '../../rules/catalogue';
import { takeCrashes } from '../../rules/findings';
import referenceMissingSecret from '../../rules/references/reference-missing-secret';
import { check } from '../fixture';
import { applyFix } from './expect';

/** The rules that find something in a tree, with how grave it is. */
function foundIn(source: string): readonly string[] {
  const { workspace, findings } = check(source, catalogue);
  assert.deepEqual(takeCrashes(workspace), []);
  return findings.map(({ rule, severity }) => `${severity} ${rule.id}`);
}

/** Lines without the six blanks that they stand in. */
const dedented = (text: string): string => text.replace(/^ {6}/gm, '');

describe('trees that are made in other ways than the checklist’s own', () => {
  it('may hold Secrets that SOPS has encrypted', () => {
    const secret = (value: string, more = ''): string => `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse
        namespace: matrix
      stringData:
        homeserver.signing.key: ${value}
        macaroon_secret_key: ${value}
      data:
        password: ${value}${more}
    `;
    const sops = `
      sops:
        mac: ENC[AES256_GCM,data:c29tZXRoaW5n,iv:aXY=,tag:dGFn,type:str]
        encrypted_regex: ^(data|stringData)$
        version: 3.9.0`;
    const encrypted = 'ENC[AES256_GCM,data:c29tZXRoaW5n,iv:aXY=,tag:dGFn,type:str]';
    const plain = foundIn(secret('short', sops));
    assert.ok(plain.includes('error secret-bad-key-material'), plain.join());
    assert.ok(plain.includes('error secret-data-not-base64'), plain.join());
    assert.deepEqual(
      foundIn(secret(encrypted, sops)).filter(one => !/unused|namespace-undefined/.test(one)),
      [],
    );
    assert.ok(foundIn(secret(encrypted, '\n      sops: yes')).includes('error crd-unknown-field'));
  });

  it('may name in a Secret where its values are kept', () => {
    for (const value of [
      '<path:secret/data/matrix#password>',
      'ref+vault://secret/matrix#/password',
      'vault:secret/data/matrix#PASSWORD',
      'op://matrix/redis/password',
    ]) {
      const found = foundIn(`
        #- /secret.yaml
        apiVersion: v1
        kind: Secret
        metadata:
          name: redis-password
          namespace: matrix
        stringData:
          password: "${value}"
      `);
      assert.deepEqual(
        found.filter(one => /placeholder|weak|base64|empty/.test(one)),
        [],
        value,
      );
    }
  });

  it('may have variables that Flux or envsubst fills in before anything is applied', () => {
    const app = (replicas: string) => `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        replicas: ${replicas}
        selector:
          matchLabels: {app: app}
        template:
          metadata:
            labels: {app: app}
          spec:
            containers:
              - name: app
                image: registry.test/app:\${app_tag}
                envFrom:
                  - secretRef:
                      name: \${app_secret}
                resources:
                  limits:
                    memory: \${app_memory}`;
    const about = (source: string) =>
      foundIn(source).filter(one => /placeholder|reference-missing|crd-unknown|refused/.test(one));
    const wrong = ['error crd-unknown-field', 'error placeholder-image', 'warning reference-missing-secret'];
    const flux = `
      #- /flux.yaml
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata:
        name: app
        namespace: flux-system
      spec:
        postBuild:
          substituteFrom:
            - kind: ConfigMap
              name: cluster`;
    assert.deepEqual(about(app('2').replace('${app_memory}', '1Gi')).sort(), wrong.slice(1));
    assert.deepEqual(about(app('${app_replicas}').replace('${app_memory}', '1Gi')).sort(), wrong);
    assert.deepEqual(about(app('${app_replicas}')), [], 'by the number of variables');
    const proxy = `
      #- /policy.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: app
        namespace: matrix
      spec:
        podSelector: {}
        egress:
          - to:
              - ipBlock:
                  cidr: \${proxy_address}/32`;
    assert.deepEqual(about(app('${app_replicas}').replace('${app_memory}', '1Gi') + proxy), [], 'by addresses');
    assert.deepEqual(about(app('${app_replicas:=2}').replace('${app_memory}', '1Gi')), [], 'by a default for Flux');
    assert.deepEqual(about(app('${app_replicas}').replace('${app_memory}', '1Gi') + flux), [], 'by Flux');
    assert.deepEqual(about(app('${app_replicas}').replace('image: registry.test/app', 'image: CHANGEME')), [
      'error placeholder-image',
    ]);
  });

  it('may have the same variables in configurations as in fields, which are filled in together', () => {
    const element = (field: string) => `
      #- /element.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: element
        namespace: matrix
      data:
        config.json: |
          {"default_server_config": {"m.homeserver": {"base_url": "https://matrix.\${domain}", "server_name": "\${name}"}}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element
        namespace: matrix
      spec:
        replicas: 2
        selector:
          matchLabels: {app: element}
        template:
          metadata:
            labels: {app: element}
          spec:
            containers:
              - name: element
                image: \${registry}/element-web:v1.11.86
                resources:
                  limits:
                    memory: \${memory}
                volumeMounts:
                  - {name: config, mountPath: /app/config.json, subPath: config.json}
            volumes:
              - name: config
                configMap:
                  name: element
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: element
        namespace: matrix
      spec:
        rules:
          - host: ${field}`;
    const about = (source: string) => foundIn(source).filter(one => /unsubstituted/.test(one));
    assert.equal(about(element('chat.tessera.test')).length, 2);
    assert.equal(about(element('chat.${domain}')).length, 1, 'of the name, which stands in no field');
  });

  it('may select namespaces by labels that the platform sets, or that are declared elsewhere', () => {
    const policy = (label: string) =>
      foundIn(`
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: from-ingress
          namespace: matrix
        spec:
          podSelector: {}
          ingress:
            - from:
                - namespaceSelector:
                    matchLabels:
                      ${label}
      `).filter(one => one.includes('namespace-selector'));
    assert.deepEqual(policy('network.openshift.io/policy-group: ingress'), []);
    assert.deepEqual(policy('policy-group.network.openshift.io/ingress: ""'), []);
    assert.deepEqual(policy('field.cattle.io/projectId: p-x7'), []);
    assert.deepEqual(policy('purpose: ingress'), ['warning netpol-namespace-selector-label']);
    assert.deepEqual(policy('name: ingress-nginx'), ['warning netpol-namespace-selector-label']);
    assert.deepEqual(policy('name: kube-system'), ['error netpol-namespace-selector-label']);
  });

  it('may have databases of other programs beside that of Synapse', () => {
    const cluster = (name: string, database: string, more = '') => `
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: ${name}
        namespace: matrix
      spec:
        instances: 1${more}
        bootstrap:
          initdb:
            database: ${database}
            owner: ${database}
        storage:
          size: 1Gi`;
    const synapse = `
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: chat.tessera.test
          database: {name: psycopg2, args: {host: synapse-db-rw, database: synapse, user: synapse}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: synapse
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: synapse}
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                volumeMounts:
                  - {name: config, mountPath: /data}
            volumes:
              - name: config
                configMap: {name: synapse}`;
    const about = (source: string) =>
      check(source, catalogue)
        .findings.filter(({ rule }) => /^pg-(?:superuser|resources|li)/.test(rule.id))
        .map(
          ({ rule, severity, problem }) =>
            `${severity} ${rule.id}: ${problem.message.split(' ').slice(0, 3).join(' ')}`,
        );
    const clusters = cluster('mas-db', 'mas') + cluster('synapse-db', 'synapse') + cluster('calls', 'calls');
    assert.deepEqual(about(synapse + clusters), [
      'warning pg-resources-below-profile: Cluster synapse-db requests',
      'warning pg-superuser-secret-undefined: Secret synapse-db-superuser will',
      'warning pg-resources-below-profile: Cluster synapse-db has',
    ]);
    // Without Synapse the names alone tell whose they are.
    assert.ok(about(clusters).includes('warning pg-superuser-secret-undefined: Secret synapse-db-superuser will'));
    assert.ok(!about(clusters).some(one => one.includes('mas-db')));
    const job = `
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: init
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: init
                image: postgres:16
                envFrom:
                  - secretRef: {name: calls-superuser}`;
    assert.ok(
      about(synapse + clusters + job).includes('error pg-superuser-secret-undefined: Secret calls-superuser will'),
    );
  });

  it('may be a part of a deployment, or one without what the checklist has beside Synapse', () => {
    const turn = `
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: coturn
        namespace: turn
      spec:
        selector:
          matchLabels: {app: coturn}
        template:
          metadata:
            labels: {app: coturn}
          spec:
            containers:
              - name: coturn
                image: coturn/coturn:4.6.2`;
    assert.deepEqual(
      foundIn(turn).filter(one => /-missing$/.test(one) && !/probe|resources/.test(one)),
      [],
    );
    const synapse = `
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: matrixdotorg/synapse:v1.139.2
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: synapse-db
        namespace: matrix
      spec:
        instances: 3
        storage:
          size: 50Gi`;
    assert.deepEqual(
      foundIn(synapse).filter(one => /^error .*-missing$/.test(one)),
      [],
    );
  });

  it('may keep Secrets elsewhere, which a fix says once and for all', () => {
    const app = `
      #- /apps/app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            envFrom:
              - secretRef: {name: app-secrets}
      `;
    const title = 'List the Secret app-secrets as provided in matrix-preflight.yaml';
    const item = '  - {kind: Secret, namespace: matrix, name: app-secrets}\n';
    for (const [settings, after] of [
      ['', `provided:\n${item}`],
      ['components:\n  li: off\n', `components:\n  li: off\nprovided:\n${item}`],
      ['provided:\n  - {kind: Secret, name: other}\n', `provided:\n  - {kind: Secret, name: other}\n${item}`],
    ] as const) {
      const source = `${app}${settings === '' ? '' : `\n#- /matrix-preflight.yaml\n${settings}`}`;
      const files = applyFix(referenceMissingSecret, dedented(source), title);
      assert.equal(files['matrix-preflight.yaml'], after);
      const fixed = Object.entries(files).map(([path, text]) => `#- /${path}\n${text}`);
      assert.deepEqual(
        foundIn(fixed.join('')).filter(one => one.includes('reference-missing')),
        [],
      );
    }
  });

  it('may run Synapse on SQLite, or LiveKit with a webhook that names its key', () => {
    const homeserver = (database: string) => `
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: chat.tessera.test
          database: ${database}
        livekit.yaml: |
          port: 7880
          rtc: {udp_port: 7882}
          webhook:
            api_key: matrix
            urls: [http://lk-jwt-service:8080/sfu_webhook]
          keys:
            matrix: b2Jk7sYtq0VgXw4nLr9cHfUzEaMd5PiT
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: matrixdotorg/synapse:v1.139.2
            volumeMounts:
              - {name: config, mountPath: /data}
        volumes:
          - name: config
            configMap: {name: synapse}`;
    const about = (database: string) =>
      check(homeserver(database), catalogue)
        .findings.filter(({ rule }) => /^pg-main|plain-config/.test(rule.id))
        .map(({ severity, problem }) => `${severity}: ${problem.message.split(' ').slice(0, 5).join(' ')}`);
    const key = 'warning: The secret of a key';
    assert.deepEqual(about('{name: sqlite3, args: {database: /data/homeserver.db}}'), [
      'warning: Synapse keeps its data in',
      key,
    ]);
    assert.deepEqual(about('{name: psycopg2, args: {host: db-rw, user: synapse}}'), [
      'error: There is no CloudNativePG Cluster',
      key,
    ]);
  });

  it('may read a folder of configuration files of which some are kept elsewhere', () => {
    const synapse = (secret: string, value: string) =>
      foundIn(`
        #- /synapse.yaml
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: synapse
          namespace: matrix
        data:
          homeserver.yaml: |
            server_name: chat.tessera.test
            signing_key_path: /conf/signing.key
        ---
        apiVersion: v1
        kind: Secret
        metadata:
          name: ${secret}
          namespace: matrix
        stringData:
          secrets.yaml: "${value}"
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: synapse
          namespace: matrix
        spec:
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.139.2
              args: [run, --config-path, /conf/conf.d/]
              volumeMounts:
                - {name: config, mountPath: /conf/conf.d/homeserver.yaml, subPath: homeserver.yaml}
                - {name: secrets, mountPath: /conf/conf.d/secrets.yaml, subPath: secrets.yaml}
          volumes:
            - name: config
              configMap: {name: synapse}
            - name: secrets
              secret: {secretName: synapse-secrets}
      `).filter(one => one.includes('synapse-secret-unset'));
    assert.deepEqual(synapse('synapse-secrets', 'report_stats: false'), ['warning synapse-secret-unset']);
    assert.deepEqual(synapse('synapse-secrets', 'macaroon_secret_key: b2Jk7sYtq0VgXw4nLr9cHfUzEaMd5PiT'), []);
    assert.deepEqual(synapse('synapse-secrets', 'ENC[AES256_GCM,data:c29tZQ==,iv:aXY=,tag:dGFn,type:str]'), []);
    assert.deepEqual(synapse('others', ''), []);
  });

  it('may give Redis its password by a whole Secret, and none to one without a password twice', () => {
    const redis = (command: string, more: string) =>
      foundIn(`
        #- /redis.yaml
        apiVersion: v1
        kind: Secret
        metadata:
          name: redis
          namespace: matrix
        stringData:
          REDIS_PASSWORD: b2Jk7sYtq0VgXw4nLr9cHfUz
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: redis
          namespace: matrix
        spec:
          selector:
            matchLabels: {app: redis}
          template:
            metadata:
              labels: {app: redis}
            spec:
              containers:
                - name: redis
                  image: redis:7.2
                  command: ${command}
                  ${more}
      `).filter(one => one.includes('redis-password'));
    const variable = 'envFrom: [{secretRef: {name: redis}}]';
    const applied = `[sh, -c, 'exec redis-server --requirepass "$REDIS_PASSWORD"']`;
    assert.deepEqual(redis(applied, variable), []);
    assert.deepEqual(redis('[redis-server]', variable), ['error redis-password-not-applied']);
    assert.deepEqual(redis('[redis-server]', 'ports: [{containerPort: 6379}]'), [
      'warning redis-password-secret-missing',
    ]);
  });

  it('may store on fewer drives than EC:4 needs, which is said once and not made worse', () => {
    const tenant = (servers: number, volumes: number, parity: string) => `
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-config
        namespace: matrix
      stringData:
        config.env: |
          export MINIO_ROOT_USER="mediaroot"
          export MINIO_ROOT_PASSWORD="b2Jk7sYtq0VgXw4nLr9cHfUz"
          ${parity}
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: minio
        namespace: matrix
      spec:
        configuration:
          name: minio-config
        pools:
          - name: pool-0
            servers: ${servers}
            volumesPerServer: ${volumes}
            volumeClaimTemplate:
              spec:
                accessModes: [ReadWriteOnce]
                resources:
                  requests:
                    storage: 100Gi`;
    const about = (source: string) =>
      check(source, catalogue)
        .findings.filter(({ rule }) => /^minio-(?:drive|erasure|storage)/.test(rule.id))
        .map(({ rule, problem }) => `${rule.id}, ${problem.fixes?.().length ?? 0} fixes`);
    const set = (value: string) => `export MINIO_STORAGE_CLASS_STANDARD="${value}"`;
    assert.deepEqual(about(tenant(1, 1, '# nothing set')), ['minio-drive-count, 1 fixes']);
    assert.deepEqual(about(tenant(4, 1, '# nothing set')), ['minio-drive-count, 1 fixes']);
    assert.deepEqual(about(tenant(4, 1, set('EC:2'))), ['minio-erasure-parity, 0 fixes', 'minio-drive-count, 1 fixes']);
    assert.deepEqual(about(tenant(4, 2, '# nothing set')), ['minio-erasure-parity, 1 fixes']);
    assert.deepEqual(about(tenant(4, 2, set('EC:3')))[0], 'minio-erasure-parity, 1 fixes');
  });
});
