import assert from 'node:assert/strict';
import fileMissing from '../../rules/config/config-file-missing';
import pathMissing from '../../rules/config/config-path-missing';
import fileMode from '../../rules/config/mounted-file-mode';
import textLost from '../../rules/config/written-text-lost';
import unanswered from '../../rules/haproxy/haproxy-request-unanswered';
import unrouted from '../../rules/haproxy/haproxy-worker-unrouted';
import settingsUnfit from '../../rules/key-vault/key-vault-settings-unfit';
import userRefused from '../../rules/kubernetes/container-user-refused';
import notWritable from '../../rules/kubernetes/volume-not-writable';
import unknownService from '../../rules/network/config-host-unknown-service';
import objectUndefined from '../../rules/postgresql/pg-object-undefined';
import variableUnset from '../../rules/postgresql/psql-variable-unset';
import missingKey from '../../rules/references/reference-missing-configmap-key';
import missingSecret from '../../rules/references/reference-missing-secret';
import valueRefused from '../../rules/schema/field-value-refused';
import notListenedOn from '../../rules/services/port-not-listened-on';
import signingKey from '../../rules/synapse/synapse-signing-key-missing';
import synapseValue from '../../rules/synapse/synapse-value-refused';
import workerApp from '../../rules/synapse/synapse-worker-app-unknown';
import { applyFix, expectMarks, messages } from './expect';
import { configMap, synapse } from './synapse/tree';

/* What a change of a deployment leaves behind when it is done in one place and not in the others. */

const cluster = (lines: string): string => `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec:
  instances: 1
  storage: {size: 1Gi}
${lines.replace(/^(?=.)/gm, '  ')}
`;

describe('a Cluster whose image comes from a catalog', () => {
  const catalog = `---
apiVersion: postgresql.cnpg.io/v1
kind: ImageCatalog
metadata: {name: postgresql, namespace: matrix}
spec:
  images:
    - {major: 15, image: "registry.test/postgresql:15.6"}
    - {major: 16, image: "registry.test/postgresql:16.2"}
`;
  const reference = (major: number, name = 'postgresql'): string =>
    `imageCatalogRef: {apiGroup: postgresql.cnpg.io, kind: ImageCatalog, name: ${name}, major: ${major}}\n`;

  it('takes a version that the catalog has', () => {
    assert.deepEqual(messages(objectUndefined, cluster(reference(16)) + catalog), []);
    assert.deepEqual(messages(objectUndefined, cluster(reference(17)) + catalog), [
      'error: ImageCatalog/postgresql has no image of PostgreSQL 17, only of 15 and 16, so Cluster pg is not made — add one, or take a version that it has.',
    ]);
    assert.deepEqual(messages(objectUndefined, cluster(reference(16, 'postgres')) + catalog), [
      'error: Nothing creates the ImageCatalog postgres, which Cluster/pg names — did you mean postgresql?',
    ]);
    // The catalog may be kept elsewhere.
    assert.deepEqual(messages(objectUndefined, cluster(reference(17))), []);
  });

  it('has no imageName beside it', () => {
    const said = messages(valueRefused, cluster(`imageName: registry.test/postgresql:16.2\n${reference(16)}`));
    assert.deepEqual(said, [
      'error: A Cluster takes its image from imageName or from imageCatalogRef, and not from both — keep one.',
    ]);
    assert.deepEqual(messages(valueRefused, cluster(reference(16))), []);
  });
});

it('SQL that a Cluster runs at first is looked for in its ConfigMap', () => {
  const refs = (key: string): string =>
    `${cluster(`bootstrap:
  initdb:
    database: matrix
    owner: synapse
    postInitApplicationSQLRefs:
      configMapRefs: [{name: sql, key: ${key}}]
`)}---
apiVersion: v1
kind: ConfigMap
metadata: {name: sql, namespace: matrix}
data: {first.sql: SELECT 1}
`;
  assert.deepEqual(messages(missingKey, refs('first.sql')), []);
  assert.deepEqual(messages(missingKey, refs('init.sql')).length, 1);
});

describe('a template that is mounted elsewhere than the script reads it', () => {
  const pod = (mountPath: string, script: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: templates, namespace: matrix}
data: {redis.conf: port 6379}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  template:
    spec:
      initContainers:
        - name: init
          image: registry.test/tools:1
          command: [sh, -c]
          args:
            - |
${script.replace(/^/gm, '              ')}
          volumeMounts:
            - {name: templates, mountPath: ${mountPath}}
            - {name: data, mountPath: /data}
      containers:
        - {name: redis, image: "redis:7.4", command: [redis-server, /data/redis.conf], volumeMounts: [{name: data, mountPath: /data}]}
      volumes:
        - {name: templates, configMap: {name: templates}}
        - {name: data, emptyDir: {}}
`;
  const copy = 'cp /mnt/config/redis.conf /data/redis.conf';
  const python = `python3 - <<'PY'
text = open('/mnt/config/redis.conf').read()
open('/data/redis.conf', 'w').write(text)
PY`;
  const said = [
    'error: There is no /mnt/config/redis.conf in container init, but /templates/redis.conf — name that, or mount the volume there.',
  ];

  it('is found, in the shell and in Python', () => {
    for (const script of [copy, python]) {
      assert.deepEqual(messages(fileMissing, pod('/mnt/config', script)), [], script);
      assert.deepEqual(messages(fileMissing, pod('/templates', script)), said, script);
    }
  });

  it('is not asked for by a program that looks first, or that has made the file itself', () => {
    for (const script of [
      `test -f /mnt/config/redis.conf && ${copy}`,
      `mkdir -p /mnt/config && echo "port 1" > /mnt/config/redis.conf\n${copy}`,
      python.replace('text =', "import os\nif os.path.exists('/mnt/config/redis.conf'):\n  text ="),
    ])
      assert.deepEqual(messages(fileMissing, pod('/templates', script)), [], script);
  });
});

describe('key_vault with an image of its own', () => {
  const tree = (settings: string, secrets: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: key-vault, namespace: matrix}
data:
  settings.py: |
    MIDDLEWARE = ['django.middleware.common.CommonMiddleware']
${settings.replace(/^/gm, '    ')}
---
apiVersion: v1
kind: Secret
metadata: {name: key-vault, namespace: matrix}
stringData: {rsa.pem: x}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: key-vault, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: key-vault
          image: registry.test/key-vault:1
          readinessProbe: {httpGet: {path: /health, port: 8000}}
          volumeMounts:
            - {name: settings, mountPath: /app/key_vault/settings.py, subPath: settings.py}
            - {name: secrets, mountPath: ${secrets}}
      volumes:
        - {name: settings, configMap: {name: key-vault}}
        - {name: secrets, secret: {secretName: key-vault}}
`;
  const path = "RSA_PRIVATE_KEY_PATH = '/secrets/rsa.pem'";

  it('reads its key where the Secret is mounted', () => {
    assert.deepEqual(messages(pathMissing, tree(path, '/secrets')), []);
    assert.deepEqual(messages(pathMissing, tree(path, '/etc/key-vault')), [
      'error: There is no /secrets/rsa.pem in container key-vault, but /etc/key-vault/rsa.pem — name that, or mount the volume there.',
    ]);
    // The image may have a file of another name.
    assert.deepEqual(messages(pathMissing, tree("RSA_PUBLIC_KEY_PATH = '/app/rsa.pub'", '/etc/key-vault')), []);
  });

  it('answers to the hosts that its mounted settings list', () => {
    assert.deepEqual(messages(settingsUnfit, tree("ALLOWED_HOSTS = ['*']", '/secrets')), []);
    const said = messages(settingsUnfit, tree("ALLOWED_HOSTS = ['key-vault']", '/secrets'));
    assert.match(said.join('\n'), /^error: Django answers 400 to the readinessProbe/);
  });
});

it('a front end for other homeservers has to lead to a process that answers them', () => {
  const tree = (backend: string, bind = '*:8448', name = 'federation'): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: haproxy, namespace: matrix}
data:
  haproxy.cfg: |
    frontend ${name}
        mode http
        bind ${bind}
        default_backend ${backend}
    backend main
        mode http
        server main synapse-main:8008
    backend generic
        mode http
        server generic synapse-generic:8008
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: haproxy, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - {name: haproxy, image: "haproxy:3.0", volumeMounts: [{name: config, mountPath: /usr/local/etc/haproxy}]}
      volumes: [{name: config, configMap: {name: haproxy}}]
${configMap('synapse-config', {
  'homeserver.yaml': `server_name: tessera.test
instance_map: {main: {host: synapse-main, port: 9093}}
listeners:
  - {port: 8008, type: http, resources: [{names: [client, federation]}]}`,
  'worker.yaml': `worker_app: synapse.app.generic_worker
worker_name: generic
worker_listeners:
  - {port: 8008, type: http, resources: [{names: [client]}]}`,
})}${synapse('synapse-main')}${synapse('synapse-generic', { worker: true })}
${['synapse-main', 'synapse-generic']
  .map(
    app => `---
apiVersion: v1
kind: Service
metadata: {name: ${app}, namespace: matrix}
spec: {selector: {app: ${app}}, ports: [{port: 8008}]}
`,
  )
  .join('')}`;
  assert.deepEqual(messages(unanswered, tree('main')), []);
  const said = messages(unanswered, tree('generic'));
  assert.match(said.join('\n'), /^error: \/_matrix\/federation\/v1\/send\/1 goes to backend generic/);
  assert.equal(messages(unanswered, tree('generic', '*:8080')).length, 1);
  // A front end for clients does not see what other homeservers ask.
  assert.deepEqual(messages(unanswered, tree('generic', '*:8080', 'clients')), []);
});

it('the containers of a Tenant that must not run as root do not run as root', () => {
  expectMarks(
    userRefused,
    `
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata: {name: minio, namespace: matrix}
    spec:
      pools:
        - servers: 4
          containerSecurityContext:
            runAsNonRoot: true
            runAsUser: 0
    #                  ^ 💡 error: The containers of Tenant/minio must not run as root, but runAsUser is 0
        - servers: 4
          securityContext: {runAsNonRoot: true, runAsUser: 1000}
    `,
  );
});

describe('pods that ask the DNS of their node', () => {
  const pod = (spec: string, host = 'redis.matrix.svc.cluster.local'): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: livekit, namespace: matrix}
spec:
  template:
    spec:
      ${spec}
      containers: [{name: livekit, image: "registry.test/sfu:1", env: [{name: REDIS_HOST, value: ${host}}]}]
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: matrix}
spec: {selector: {app: redis}, ports: [{port: 6379}]}
`;

  it('do not find Services', () => {
    assert.deepEqual(messages(unknownService, pod('hostNetwork: true')), [
      'error: On the host network pods ask the DNS of their node, which does not know redis.matrix.svc.cluster.local (variable REDIS_HOST) — set dnsPolicy: ClusterFirstWithHostNet.',
    ]);
    assert.deepEqual(messages(unknownService, pod('dnsPolicy: Default')).length, 1);
    const fixed = applyFix(unknownService, pod('hostNetwork: true'), 'Set dnsPolicy: ClusterFirstWithHostNet');
    assert.deepEqual(messages(unknownService, Object.values(fixed).join('\n')), []);
  });

  it('are left alone with the right policy, with servers of their own, or without names of Services', () => {
    for (const tree of [
      pod('hostNetwork: true\n      dnsPolicy: ClusterFirstWithHostNet'),
      pod('dnsPolicy: ClusterFirst'),
      pod('hostNetwork: true\n      dnsConfig: {nameservers: [10.96.0.10]}'),
      pod('hostNetwork: true', 'redis.tessera.test'),
    ])
      assert.deepEqual(messages(unknownService, tree), [], tree);
  });
});

describe('a Certificate whose Secret was renamed', () => {
  const tree = (made: string, wanted = 'turn-tls'): string => `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: turn-tls, namespace: matrix}
spec: {secretName: ${made}, dnsNames: [turn.tessera.test], issuerRef: {name: public, kind: ClusterIssuer}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: coturn, namespace: matrix}
spec:
  template:
    spec:
      containers: [{name: coturn, image: "coturn/coturn:4.6.2", volumeMounts: [{name: tls, mountPath: /tls}]}]
      volumes: [{name: tls, secret: {secretName: ${wanted}, optional: true}}]
`;

  it('is named by the optional volume that is left without it', () => {
    assert.deepEqual(messages(missingSecret, tree('turn-tls')), []);
    assert.deepEqual(messages(missingSecret, tree('turn-cert')), [
      'warning: Nothing creates the Secret turn-tls, and Certificate/turn-tls makes turn-cert, which nothing uses — name that.',
    ]);
    const fixed = applyFix(missingSecret, tree('turn-cert'), 'Name turn-cert');
    assert.match(Object.values(fixed).join('\n'), /secretName: turn-cert, optional: true/);
  });

  it('is not meant by an optional Secret of another name', () => {
    assert.deepEqual(messages(missingSecret, tree('turn-cert', 'extra-ca')), []);
  });
});

it('LiveKit is asked on the port that its configuration names, also with --bind and a path in LIVEKIT_CONFIG', () => {
  const tree = (port: number): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: livekit, namespace: matrix}
data:
  config.yaml: |
    port: ${port}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: livekit, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: livekit
          image: livekit/livekit-server:v1.8.1
          command: [/livekit-server, --config=/etc/livekit/config.yaml, --bind=0.0.0.0]
          env: [{name: LIVEKIT_CONFIG, value: /etc/livekit/config.yaml}]
          readinessProbe: {httpGet: {path: /, port: 7880}}
          volumeMounts: [{name: config, mountPath: /etc/livekit}]
      volumes: [{name: config, configMap: {name: livekit}}]
`;
  assert.deepEqual(messages(notListenedOn, tree(7880)), []);
  assert.match(messages(notListenedOn, tree(7890)).join('\n'), /LiveKit does not listen on port 7880/);
});

it('a signing key is not at a path that no script writes', () => {
  const tree = (path: string): string =>
    `${configMap('templates', { 'homeserver.yaml': `server_name: tessera.test\nsigning_key_path: ${path}` })}---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: matrix}
stringData: {signing.key: ed25519 a_1 x}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse-main, namespace: matrix}
spec:
  template:
    spec:
      initContainers:
        - name: init
          image: busybox:1.36
          command: [sh, -c, "cp /templates/homeserver.yaml /config/ && cp /keys/signing.key /config/signing.key"]
          volumeMounts: [{name: templates, mountPath: /templates}, {name: keys, mountPath: /keys}, {name: config, mountPath: /config}]
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.139.2
          args: [--config-path=/config/homeserver.yaml]
          volumeMounts: [{name: config, mountPath: /config}]
      volumes:
        - {name: templates, configMap: {name: templates}}
        - {name: keys, secret: {secretName: keys}}
        - {name: config, emptyDir: {}}
`;
  assert.deepEqual(messages(signingKey, tree('/config/signing.key')), []);
  assert.equal(messages(signingKey, tree('/config/keys/signing.key')).length, 1);
});

it('Synapse refuses to leave mail to an identity server', () => {
  const tree = `${configMap('synapse-config', {
    'homeserver.yaml': `server_name: tessera.test
report_stats: false
account_threepid_delegates:
  email: https://identity.tessera.test
  msisdn: https://identity.tessera.test`,
  })}${synapse('synapse-main')}`;
  assert.deepEqual(messages(synapseValue, tree), [
    'error: account_threepid_delegates.email was removed, and Synapse does not start with it — delete it, and let Synapse send mail by the option email.',
  ]);
  const fixed = applyFix(synapseValue, tree, 'Delete email');
  assert.deepEqual(messages(synapseValue, Object.values(fixed).join('\n')), []);
});

it('a rule of HAProxy to which others leave nothing lets a worker idle', () => {
  const tree = (...lines: readonly string[]): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: haproxy, namespace: matrix}
data:
  haproxy.cfg: |
    frontend web
        mode http
        bind :8008
        acl is_health path /health
        use_backend health if is_health
        acl is_sync path_reg ^/_matrix/client/(r0|v3)/sync$
        acl is_client path_beg /_matrix/client/
${lines.map(line => `        ${line}`).join('\n')}
        default_backend main
    backend health
        mode http
        http-request return status 200
    backend main
        mode http
        server main synapse-main:8008
    backend generic
        mode http
        server generic synapse-generic:8008
    backend sync
        mode http
        server sync synapse-sync:8008
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: haproxy, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - {name: haproxy, image: "haproxy:3.0", volumeMounts: [{name: config, mountPath: /usr/local/etc/haproxy}]}
      volumes: [{name: config, configMap: {name: haproxy}}]
${configMap('synapse-config', {
  'homeserver.yaml': `server_name: tessera.test
instance_map: {main: {host: synapse-main, port: 9093}}
listeners:
  - {port: 8008, type: http, resources: [{names: [client, federation]}]}`,
  'worker.yaml': `worker_app: synapse.app.generic_worker
worker_name: worker
worker_listeners:
  - {port: 8008, type: http, resources: [{names: [client]}]}`,
})}${synapse('synapse-main')}${['synapse-generic', 'synapse-sync'].map(name => synapse(name, { worker: true })).join('')}
${['synapse-main', 'synapse-generic', 'synapse-sync']
  .map(
    app => `---
apiVersion: v1
kind: Service
metadata: {name: ${app}, namespace: matrix}
spec: {selector: {app: ${app}}, ports: [{port: 8008}]}
`,
  )
  .join('')}`;
  const [sync, generic] = ['use_backend sync if is_sync', 'use_backend generic if is_client'];
  assert.deepEqual(messages(unrouted, tree(sync, generic)), []);
  assert.deepEqual(messages(unrouted, tree(generic, sync)), [
    'warning: No request comes here: what is for StatefulSet/synapse-sync goes to backend generic above, so that worker idles — move this rule above that one.',
  ]);
});

describe('a file that several steps write', () => {
  const pod = (...scripts: readonly string[]): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: templates, namespace: matrix}
data: {redis.conf: port 6379, other.conf: port 6380}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  template:
    spec:
      initContainers:
${scripts
  .map(
    (script, at) => `        - name: init-${at}
          image: redis:7.4
          command: [sh, -c]
          args:
            - |
${script.replace(/^/gm, '              ')}
          volumeMounts: [{name: templates, mountPath: /templates}, {name: data, mountPath: /data}]`,
  )
  .join('\n')}
      containers:
        - {name: redis, image: "redis:7.4", command: [redis-server, /data/redis.conf], volumeMounts: [{name: data, mountPath: /data}]}
      volumes: [{name: templates, configMap: {name: templates}}, {name: data, emptyDir: {}}]
`;
  const copy = 'cp /templates/redis.conf /data/redis.conf';
  const append = 'echo "replicaof redis-0 6379" >> /data/redis.conf';

  it('keeps what was written if it is added to', () => {
    for (const scripts of [
      [copy, append],
      [`${copy}\n${append}`],
      [copy, 'sed -i s/6379/6380/ /data/redis.conf'],
      // A default and what replaces it.
      [`${copy}\ncp /templates/other.conf /data/redis.conf`],
      [`${copy}\nif [ -f /data/mine ]; then cat /data/mine > /data/redis.conf; fi`],
      [`: > /data/redis.conf\ncat /templates/redis.conf > /data/redis.conf`],
      [`${copy}\nsed s/6379/6380/ /data/redis.conf > /data/new.conf\nmv /data/new.conf /data/redis.conf`],
      [`echo one > /data/redis.conf\ncat /data/redis.conf\necho two > /data/redis.conf`],
      ['echo one > /tmp/note\necho two > /tmp/note'],
    ])
      assert.deepEqual(messages(textLost, pod(...scripts)), [], scripts.join('\n--\n'));
  });

  it('loses what was written before a step that replaces it', () => {
    assert.deepEqual(messages(textLost, pod(append, copy)), [
      'error: This replaces /data/redis.conf, so what container init-0 has written there before is lost — let this come first.',
    ]);
    assert.deepEqual(messages(textLost, pod(`${copy}\necho "requirepass $P" > /data/redis.conf`)), [
      'error: This replaces /data/redis.conf, so what the script has written there before is lost — add to it with >>.',
    ]);
    assert.equal(messages(textLost, pod(`if [ "$HOSTNAME" != redis-0 ]; then\n  ${append}\nfi`, copy)).length, 1);
  });
});

it('a password in a here-document whose end is in quotes is no variable', () => {
  const job = (end: string, statement = "CREATE USER a PASSWORD '$DB_PASSWORD';"): string => `
apiVersion: batch/v1
kind: Job
metadata: {name: init, namespace: matrix}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: init
          image: postgres:16
          env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]
          command: [sh, -c]
          args:
            - |
              psql -h pg-rw -U postgres <<${end}
              ${statement}
              SQL
`;
  assert.deepEqual(messages(variableUnset, job('SQL')), []);
  assert.deepEqual(messages(variableUnset, job("'SQL'")), [
    'error: The shell puts nothing in here, so PostgreSQL gets the text $DB_PASSWORD — take the quotes from the end of the here-document, or set a variable with -v.',
  ]);
  assert.deepEqual(messages(variableUnset, job("'SQL'", "SELECT '$OTHER', $1, $$text$$;")), []);
});

it('the image of Synapse takes its first argument for what it is to do', () => {
  const tree = (container: string): string =>
    `${configMap('synapse-config', { 'homeserver.yaml': 'server_name: tessera.test' })}---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse-main, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.139.2
          ${container}
          volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, configMap: {name: synapse-config}}]
`;
  const words = 'python, -m, synapse.app.homeserver, --config-path=/config/homeserver.yaml';
  assert.deepEqual(messages(workerApp, tree(`command: [${words}]`)), []);
  assert.deepEqual(messages(workerApp, tree('args: [run, --config-path=/config/homeserver.yaml]')), []);
  assert.equal(messages(workerApp, tree('args: [--config-path=/config/homeserver.yaml]')).length, 1);
  assert.equal(messages(workerApp, tree(`args: [${words}]`)).length, 1);
  const fixed = applyFix(workerApp, tree(`args: [${words}]`), 'Write command instead of args');
  assert.deepEqual(messages(workerApp, Object.values(fixed).join('\n')), []);
});

it('a claim for readers alone stays empty', () => {
  const set = (mode: string, more = ''): string => `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse-main, namespace: matrix}
spec:
  template:
    spec:
      containers: [{name: synapse, image: "registry.test/synapse:1", volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [${mode}]${more}, resources: {requests: {storage: 1Gi}}}
`;
  assert.equal(messages(notWritable, set('ReadOnlyMany')).length, 1);
  assert.deepEqual(messages(notWritable, set('ReadWriteOnce')), []);
  assert.deepEqual(messages(notWritable, set('ReadOnlyMany', ', dataSource: {kind: VolumeSnapshot, name: s}')), []);
});

it('an item of a volume with a mode for root alone cannot be read by others', () => {
  const pod = (mode: string, context: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: key-vault, namespace: matrix}
spec:
  template:
    spec:
      securityContext: {runAsUser: 1000, runAsGroup: 1000${context}}
      containers: [{name: app, image: "registry.test/app:1", volumeMounts: [{name: keys, mountPath: /keys}]}]
      volumes: [{name: keys, secret: {secretName: keys, items: [{key: a, path: a, mode: ${mode}}]}}]
`;
  assert.equal(messages(fileMode, pod('0400', '')).length, 1);
  assert.deepEqual(messages(fileMode, pod('0400', ', fsGroup: 1000')), []);
  assert.deepEqual(messages(fileMode, pod('0444', '')), []);
});

it('Redis listens where its command says, before what its file says', () => {
  const tree = (...options: readonly string[]): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: matrix}
data: {redis.conf: port 6379}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: matrix}
spec: {selector: {app: redis}, ports: [{port: 6379}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers:
        - name: redis
          image: redis:7.4
          command: [${['redis-server', '/conf/redis.conf', ...options].join(', ')}]
          volumeMounts: [{name: conf, mountPath: /conf}]
      volumes: [{name: conf, configMap: {name: redis}}]
`;
  assert.deepEqual(messages(notListenedOn, tree()), []);
  assert.deepEqual(messages(notListenedOn, tree('--port', '"6379"')), []);
  assert.deepEqual(messages(notListenedOn, tree('--port', '$(PORT)')), []);
  assert.match(messages(notListenedOn, tree('--port', '"6380"')).join('\n'), /Redis does not listen on port 6379/);
});
