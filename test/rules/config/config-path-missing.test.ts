import assert from 'node:assert/strict';
import configFileMissing from '../../../rules/config/config-file-missing';
import configPathMissing from '../../../rules/config/config-path-missing';
import { messages } from '../expect';

interface Pod {
  readonly image: string;
  readonly config: string;
  readonly path: string;
  readonly mounts?: string;
  readonly volumes?: string;
  readonly args?: string;
}

/** A workload that reads one configuration file from a ConfigMap. */
function pod({ image, config, path, mounts = '', volumes = '', args = '' }: Pod, more = ''): string {
  return `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: config, namespace: matrix}
    data:
      ${path.slice(path.lastIndexOf('/') + 1)}: |
${config.replace(/^/gm, '        ')}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: app, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: app
              image: ${image}
              ${args}
              volumeMounts:
                - {name: config, mountPath: ${path.slice(0, path.lastIndexOf('/'))}}
                ${mounts}
          volumes:
            - {name: config, configMap: {name: config}}
            ${volumes}
    ${more}
  `;
}

const tls = { mounts: '- {name: tls, mountPath: /certs}', volumes: '- {name: tls, secret: {secretName: tls}}' };
const certificate = `---
    apiVersion: cert-manager.io/v1
    kind: Certificate
    metadata: {name: tls, namespace: matrix}
    spec: {secretName: tls, dnsNames: [a.test], issuerRef: {name: ca}}`;
const secret = (data: string): string => `---
    apiVersion: v1
    kind: Secret
    metadata: {name: tls, namespace: matrix}
    stringData: {${data}}`;

const haproxy = (crt: string): Pod => ({
  image: 'haproxy:3.0',
  path: '/usr/local/etc/haproxy/haproxy.cfg',
  config: `frontend web\n  bind :443 ssl crt ${crt}\n  default_backend b\nbackend b\n  server s a:80`,
  ...tls,
});
const nginx = (crt: string): Pod => ({
  image: 'nginx:1.27',
  path: '/etc/nginx/conf.d/default.conf',
  config: `server {\n  listen 443 ssl;\n  ssl_certificate ${crt};\n}`,
  ...tls,
});
const livekit = (crt: string): Pod => ({
  image: 'livekit/livekit-server:v1.8.4',
  path: '/etc/livekit/livekit.yaml',
  config: `port: 7880\nturn:\n  enabled: true\n  cert_file: ${crt}`,
  args: 'args: [--config, /etc/livekit/livekit.yaml]',
  ...tls,
});
const redis = (crt: string): Pod => ({
  image: 'redis:7.4',
  path: '/conf/redis.conf',
  config: `tls-port 6379\ntls-cert-file ${crt}`,
  args: 'command: [redis-server, /conf/redis.conf]',
  ...tls,
});
const synapse = (line: string): Pod => ({
  image: 'matrixdotorg/synapse:v1.139.2',
  path: '/data/homeserver.yaml',
  config: `server_name: a.test\n${line}`,
  ...tls,
});
/** A listener of Synapse with TLS or without. */
const listener = (isTls: boolean): string =>
  `listeners: [{type: http, port: 8448, tls: ${isTls}, resources: [{names: [client]}]}]`;

const found = (one: Pod, more = ''): readonly string[] => messages(configPathMissing, pod(one, more));

describe('files that configurations name', () => {
  it('have to be among the keys of the Secret that cert-manager makes', () => {
    for (const program of [haproxy, nginx, livekit, redis]) {
      assert.match(found(program('/certs/server.pem'), certificate).join(), /There is no \/certs\/server.pem/);
      assert.deepEqual(found(program('/certs/tls.crt'), certificate), []);
    }
  });

  it('have to be among the keys of a Secret or ConfigMap of the tree', () => {
    assert.match(
      found(nginx('/certs/server.pem'), secret('server.crt: a')).join(),
      /the volume tls has \/certs\/server.crt/,
    );
    assert.deepEqual(found(nginx('/certs/server.pem'), secret('server.pem: a')), []);
  });

  it('may be a folder, or have their names from items', () => {
    assert.deepEqual(found(haproxy('/certs'), certificate), []);
    assert.deepEqual(found(haproxy('/certs/'), certificate), []);
    const items = {
      ...nginx('/certs/server.pem'),
      volumes: '- {name: tls, secret: {secretName: tls, items: [{key: tls.crt, path: server.pem}]}}',
    };
    assert.deepEqual(found(items, certificate), []);
  });

  it('are not judged where the Secret may have other keys', () => {
    assert.deepEqual(found(nginx('/certs/server.pem')), [], 'nobody makes the Secret, which another rule says');
    const external = `---
    apiVersion: external-secrets.io/v1
    kind: ExternalSecret
    metadata: {name: tls, namespace: matrix}
    spec: {target: {name: tls}, dataFrom: [{extract: {key: tls}}]}`;
    assert.deepEqual(found(nginx('/certs/server.pem'), external), []);
    const optional = {
      ...nginx('/certs/server.pem'),
      volumes: '- {name: tls, secret: {secretName: tls, optional: true}}',
    };
    assert.deepEqual(found(optional), [], 'without the Secret the program does without TLS');
    assert.match(found(optional, certificate).join(), /^warning: There is no \/certs\/server.pem/);
    const claim = { ...nginx('/certs/server.pem'), volumes: '- {name: tls, persistentVolumeClaim: {claimName: tls}}' };
    assert.deepEqual(found(claim), []);
  });

  it('may lie in the image, unless the volume with a file of that name is mounted elsewhere', () => {
    assert.deepEqual(found(nginx('/etc/ssl/certs/snakeoil.pem'), certificate), []);
    assert.match(found(nginx('/tls/tls.crt'), certificate).join(), /but \/certs\/tls.crt/);
    assert.deepEqual(found({ ...nginx('/tls/tls.crt'), image: 'registry.test/nginx-with-tls:1' }, certificate), []);
  });

  it('are those that a process of Synapse reads', () => {
    assert.match(found(synapse('log_config: /data/log.config')).join(), /There is no \/data\/log.config/);
    assert.match(
      found(synapse('app_service_config_files: [/data/homeserver.yaml, /data/bridge.yaml]')).join(),
      /There is no \/data\/bridge.yaml/,
    );
    const certificates = (isTls: boolean) =>
      found(synapse(`tls_certificate_path: /certs/a.pem\n${listener(isTls)}`), certificate);
    assert.match(certificates(true).join(), /There is no \/certs\/a.pem/);
    assert.deepEqual(certificates(false), []);
    const worker = (line: string): Pod => ({
      ...synapse(`worker_app: synapse.app.generic_worker\nworker_name: w\n${line}`),
      args: 'command: [python, -m, synapse.app.generic_worker, -c, /data/homeserver.yaml]',
    });
    assert.deepEqual(found(worker('log_config: /data/log.config')), []);
    assert.match(found(worker('worker_log_config: /data/log.config')).join(), /There is no \/data\/log.config/);
  });

  it('are not needed by coturn without TLS', () => {
    const coturn = (more: string): Pod => ({
      image: 'coturn/coturn:4.6.2',
      path: '/etc/coturn/turnserver.conf',
      config: `realm=a.test\ncert=/certs/cert.pem${more}`,
      ...tls,
    });
    assert.match(found(coturn(''), certificate).join(), /There is no \/certs\/cert.pem/);
    assert.deepEqual(found(coturn('\nno-tls\nno-dtls'), certificate), []);
  });
});

describe('configurations on a volume that Redis and Sentinel share', () => {
  const tree = (conf: string): string => `
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis, namespace: matrix}
    spec:
      template:
        spec:
          initContainers:
            - name: render
              image: redis:7.4
              command: [sh, -c, 'echo "port 6379" > /config/redis.conf; echo "port 26379" | head -1 > /config/sentinel.conf']
              volumeMounts: [{name: config, mountPath: /config}]
          containers:
            - name: redis
              image: redis:7.4
              command: [redis-server, /config/redis.conf]
              volumeMounts: [{name: config, mountPath: /config}]
            - name: sentinel
              image: redis:7.4
              command: [redis-sentinel, ${conf}]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes: [{name: config, emptyDir: {}}]
  `;

  it('are there only if a script writes them', () => {
    assert.deepEqual(messages(configFileMissing, tree('/config/sentinel.conf')), []);
    assert.match(messages(configFileMissing, tree('/config/redis-sentinel.conf')).join(), /There is no/);
  });

  it('looks for what nginx includes, but not for patterns and for what its image has', () => {
    const including = (file: string, path = '/etc/nginx/conf.d/default.conf'): Pod => ({
      image: 'nginx:1.27',
      path,
      config: `include ${file};\nserver {\n  listen 80;\n  return 204;\n}`,
    });
    assert.match(
      found(including('/etc/nginx/upstreams.conf')).join(),
      /^error: There is no \/etc\/nginx\/upstreams\.conf in/,
    );
    assert.match(
      found(including('/etc/nginx/conf.d/more.inc')).join(),
      /^error: There is no \/etc\/nginx\/conf\.d\/more\.inc in/,
    );
    for (const file of [
      '/etc/nginx/mime.types',
      '/etc/nginx/extra.d/*.conf',
      'upstreams.conf',
      '/usr/share/nginx/a.conf',
    ])
      assert.deepEqual(found(including(file)), [], file);
    // A volume for the whole folder hides the files of the image.
    assert.equal(found(including('/etc/nginx/mime.types', '/etc/nginx/nginx.conf')).length, 1);
    assert.deepEqual(found({ ...including('/etc/nginx/upstreams.conf'), image: 'registry.test/router:1' }), []);
  });
});
