import assert from 'node:assert/strict';
import hostPort from '../../../rules/network/config-host-port';
import unknownService from '../../../rules/network/config-host-unknown-service';
import { applyFix, fixTitles, messages } from '../expect';

const service = (name: string, rest = 'ports: [{port: 6379}]'): string => `
    apiVersion: v1
    kind: Service
    metadata: {name: ${name}, namespace: matrix}
    spec: {selector: {app: ${name}}, ${rest}}
    ---`;

/** Settings, which only trees that follow the checklist have. */
const checklist = '    #- /matrix-preflight.yaml\n    provided: []\n';

const env = (name: string, value: string): string => `
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: app, namespace: matrix}
    spec:
      template:
        spec:
          containers: [{name: app, image: "registry.test/app:1", env: [{name: ${name}, value: "${value}"}]}]
    ---`;

/** A workload that mounts a file with a text. */
const file = (name: string, lines: readonly string[], image = 'registry.test/app:1', path = '/config'): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: files, namespace: matrix}
    data:
      ${name}: |
${lines.map(line => `        ${line}`).join('\n')}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: app, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - {name: app, image: "${image}", volumeMounts: [{name: f, mountPath: ${path}}]}
          volumes: [{name: f, configMap: {name: files}}]
    ---`;

describe('config-host-unknown-service', () => {
  const found = (source: string): readonly string[] => messages(unknownService, source);

  it('takes the namespace of another stage for a mistake where the Service is in this one', () => {
    const own = service('synapse-main') + service('redis');
    const ask = (host: string): readonly string[] => found(own + env('REDIS_URL', `http://${host}:6379`));
    assert.match(ask('synapse-main.matrix-prod.svc.cluster.local').join(), /^warning: .* it is in namespace matrix\./);
    assert.match(ask('synapse-main.chat.svc.cluster.local').join(), /^warning: /);
    // Others have a Service of that name too, and some namespaces are in every cluster.
    assert.deepEqual(ask('redis.cache.svc.cluster.local'), []);
    assert.deepEqual(ask('synapse-main.monitoring.svc.cluster.local'), []);
  });

  it('finds hosts in every place where a program reads them', () => {
    const missing = /^error: There is no Service nowhere in namespace matrix/;
    for (const source of [
      env('REDIS_URL', 'redis://:secret@nowhere.matrix.svc.cluster.local:6379/0'),
      env('REDIS_HOST', 'nowhere'),
      env('UPSTREAMS', 'a=nowhere.matrix:80,b'),
      file('app.yaml', ['store:', '  address: nowhere.matrix.svc:6379']),
      file('app.json', ['{"store": {"host": "nowhere", "port": 6379}}']),
      file('rclone.conf', ['[a]', 'endpoint = http://nowhere.matrix.svc:9000']),
      file('settings.py', ['CLAMD = ("nowhere.matrix.svc.cluster.local", 3310)']),
      file('nginx.conf', ['location / { proxy_pass http://nowhere.matrix.svc.cluster.local:80; }']),
      file('haproxy.cfg', ['backend b', '  server a nowhere:80 check'], 'haproxy:3.0', '/usr/local/etc/haproxy'),
      file('homeserver.yaml', ['database: {args: {host: nowhere}}'], 'matrixdotorg/synapse:v1.139.2', '/data'),
      file('homeserver.yaml', ['redis: {enabled: true, host: nowhere}'], 'matrixdotorg/synapse:v1.139.2', '/data'),
      file(
        'homeserver.yaml',
        ['instance_map: {main: {host: nowhere.matrix.svc, port: 9093}}'],
        'matrixdotorg/synapse:v1.139.2',
        '/data',
      ),
    ])
      assert.match(found(`${service('redis')}${source}\n${checklist}`)[0] ?? '', missing, source);
    const scripts = [
      'nc -z nowhere.matrix.svc 80',
      'redis-cli -h nowhere ping',
      'psql -h nowhere -c x',
      'curl http://nowhere/',
      'exec 3<>/dev/tcp/nowhere/80',
    ];
    for (const script of scripts) {
      const source = `${service('redis')}${env('A', 'b').replace('env: [{name: A, value: "b"}]', `command: [sh, -c, "${script}"]`)}\n${checklist}`;
      assert.match(found(source)[0] ?? '', missing, script);
    }
    const cluster = `
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: db, namespace: matrix}
    spec: {backup: {barmanObjectStore: {endpointURL: "http://nowhere:9000"}}}
    ---`;
    assert.match(found(`${service('redis')}${cluster}\n${checklist}`)[0] ?? '', missing);
  });

  it('takes the address of a server in the settings of Redis or a database for a host', () => {
    const address = (key: string): string => file('livekit.yaml', [`${key}:`, '  address: cache:6379']);
    assert.match(
      messages(unknownService, service('redis') + address('redis'))[0] ?? '',
      /^error: There is no Service cache/,
    );
    assert.deepEqual(messages(unknownService, service('redis') + service('cache') + address('redis')), []);
    assert.deepEqual(messages(unknownService, service('redis') + address('other')), []);
  });

  it('leaves alone what is no host, is outside, or is not read', () => {
    for (const source of [
      env('REDIS_HOST', 'redis'),
      env('REDIS_URL', 'redis://cache.example.net:6379'),
      env('MODE', 'nowhere'),
      env('HOSTNAME', 'nowhere'),
      env('BIND_HOST', 'all'),
      env('DB_HOST', 'localhost'),
      env('DB_HOST', '10.0.0.1'),
      env('DB_HOST', '$(OTHER)'),
      env('URL', 'http://prometheus.monitoring.svc:9090'),
      env('URL', 'http://kubernetes.default.svc'),
      file('app.yaml', ['# http://nowhere.matrix.svc:80', 'image: nowhere:80']),
      file('app.conf', ['# host = nowhere.matrix.svc']),
      file(
        'homeserver.yaml',
        ['server_name: nowhere', 'public_baseurl: https://nowhere.tessera.test'],
        'matrixdotorg/synapse:v1.139.2',
        '/data',
      ),
      file(
        'config.json',
        ['{"default_server_config": {"m.homeserver": {"base_url": "http://nowhere.matrix.svc"}}}'],
        'vectorim/element-web:v1.11.96',
        '/app',
      ),
      `${file('app.yaml', ['x: y'])}
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: unused, namespace: matrix}
    data: {app.yaml: "url: http://nowhere.matrix.svc:80"}
    ---`,
    ])
      assert.deepEqual(found(`${service('redis')}${source}`), [], source);
  });

  it('knows what operators make and trusts charts, other operators and the settings', () => {
    const cases: readonly (readonly [string, string])[] = [
      [
        'db-rw.matrix.svc',
        'apiVersion: postgresql.cnpg.io/v1\n    kind: Cluster\n    metadata: {name: db, namespace: matrix}',
      ],
      [
        'store-hl.matrix.svc',
        'apiVersion: minio.min.io/v2\n    kind: Tenant\n    metadata: {name: store, namespace: matrix}',
      ],
      [
        'rfs-cache.matrix.svc',
        'apiVersion: databases.spotahome.com/v1\n    kind: RedisFailover\n    metadata: {name: cache, namespace: matrix}',
      ],
      ['cache-redis-master.matrix.svc', '#- /install.sh\n    helm install cache bitnami/redis --namespace matrix'],
      ['gone.matrix.svc', '#- /matrix-preflight.yaml\n    provided: [{kind: Service, name: gone, namespace: matrix}]'],
      ['broken.matrix.svc', 'kind: Service\n    metadata:\n      name: broken\n    spec: {'],
    ];
    for (const [host, more] of cases)
      assert.deepEqual(found(`${service('redis')}${env('URL', `http://${host}:80`)}\n    ${more}\n`), [], host);
    assert.match(
      found(
        `${service('redis')}${env('URL', 'http://cache-redis.matrix.svc')}\n    #- /values/cache-redis.yaml\n    a: b\n`,
      )[0] ?? '',
      /^warning/,
      'only a file of values tells of it',
    );
  });

  it('offers the only near name, safely if one letter is wrong, and the namespace that has it', () => {
    const near = `${service('synapse-media')}${service('redis')}`;
    assert.deepEqual(fixTitles(unknownService, `${near}${env('URL', 'http://synapse-medi.matrix.svc:80')}`), [
      'safe: Use synapse-media.matrix.svc',
    ]);
    assert.deepEqual(fixTitles(unknownService, `${near}${env('URL', 'http://synapse-mdeia:80')}`), [
      'Use synapse-media',
    ]);
    const other = service('vault').replace('namespace: matrix', 'namespace: secrets');
    const source = `${near}${other}${env('URL', 'http://vault.matrix.svc:80/x')}`;
    assert.match(found(source)[0] ?? '', /it is in namespace secrets/);
    const fixed = applyFix(unknownService, source, 'Use vault.secrets.svc')['main.yaml'] ?? '';
    assert.match(fixed, /value: "http:\/\/vault\.secrets\.svc:80\/x"/);
  });

  it('warns of the default namespace, and of one spelt almost right, where a namespace of the tree is meant', () => {
    const at = (host: string): readonly string[] => found(`${service('redis')}${env('URL', `http://${host}:80`)}`);
    assert.match(at('redis.default.svc')[0] ?? '', /^warning: .* it is in namespace matrix/);
    assert.match(at('redis.matirx.svc')[0] ?? '', /^warning: .* it is in namespace matrix/);
    assert.deepEqual(at('redis.cache.svc'), [], 'somebody else may have one');
    assert.deepEqual(at('kubernetes.default.svc'), []);
  });

  it('counts the pods of a StatefulSet', () => {
    const set = (replicas: number): string => `${service('redis', 'clusterIP: None')}
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis, namespace: matrix}
    spec:
      serviceName: redis
      replicas: ${replicas}
      template: {metadata: {labels: {app: redis}}}
    ---${env('REDIS_HOST', 'redis-2.redis.matrix.svc')}`;
    assert.deepEqual(found(set(3)), []);
    assert.match(
      found(set(2))[0] ?? '',
      /^error: There is no pod redis-2 \(variable REDIS_HOST\): StatefulSet redis has 2 replicas/,
    );
    assert.match(found(set(1))[0] ?? '', /has 1 replica —/);
    // Under a second Service the pods have no names.
    const other = `${service('redis-headless', 'clusterIP: None')}${set(3).replace('serviceName: redis', 'serviceName: redis-headless')}`;
    assert.match(
      found(other)[0] ?? '',
      /^error: The pod redis-2 has no name under Service redis .* write redis-2\.redis-headless/,
    );
    assert.match(
      applyFix(unknownService, other, 'Use redis-2.redis-headless.matrix.svc')['main.yaml'] ?? '',
      /value: "redis-2\.redis-headless\.matrix\.svc"/,
    );
    assert.deepEqual(found(other.replace('redis-2.redis.', 'redis-2.redis-headless.')), []);
  });
});

describe('config-host-port', () => {
  const found = (source: string): readonly string[] => messages(hostPort, source);
  const pods = (name: string, port: number): string => `
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: ${name}, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: ${name}}}
        spec: {containers: [{name: c, ports: [{name: web, containerPort: ${port}}]}]}
    ---`;

  it('wants the port of the Service and translates that of the pods', () => {
    const web = `${service('web', 'ports: [{port: 80, targetPort: web}, {port: 9090}]')}${pods('web', 8080)}`;
    assert.deepEqual(found(`${web}${env('URL', 'http://web:80')}`), []);
    assert.deepEqual(found(`${web}${env('URL', 'http://web')}`), [], 'the port of the scheme');
    const wrong = `${web}${env('URL', 'http://web:8080/x')}`;
    assert.match(found(wrong)[0] ?? '', /^error: Service web has no port 8080, only 80 and 9090 \(variable URL\)/);
    assert.deepEqual(fixTitles(hostPort, wrong), ['safe: Use port 80']);
    assert.match(applyFix(hostPort, wrong, 'Use port 80')['main.yaml'] ?? '', /http:\/\/web:80\/x/);
    assert.match(
      found(`${web}${env('URL', 'https://web')}`)[0] ?? '',
      /has no port 443, which is meant where none is written/,
    );
    assert.deepEqual(fixTitles(hostPort, `${web}${env('URL', 'https://web')}`), []);
  });

  it('keeps the quotes of a variable', () => {
    const source = `${service('db', 'ports: [{port: 5432}]')}${env('DB_HOST', 'db').replace('env: [', 'env: [{name: DB_PORT, value: "5433"}, ')}`;
    assert.match(applyFix(hostPort, source, 'Use port 5432')['main.yaml'] ?? '', /name: DB_PORT, value: "5432"\}/);
  });

  it('asks the pods behind a headless Service, and only warns', () => {
    const headless = (more: string): string => `${service('web', 'clusterIP: None, ports: [{port: 80}]')}${more}`;
    assert.deepEqual(found(`${headless(pods('web', 8080))}${env('URL', 'http://web:8080')}`), []);
    assert.deepEqual(found(`${headless('')}${env('URL', 'http://web:1234')}`), [], 'pods that are not known');
    assert.match(
      found(`${headless(pods('web', 8080))}${env('URL', 'http://web:1234')}`)[0] ?? '',
      /^warning: Service web has no port 1234, only 80 and 8080/,
    );
  });

  it('knows what Synapse listens on, whether its pods declare that or not', () => {
    const synapse = (port: number): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse, namespace: matrix}
    data:
      homeserver.yaml: |
        listeners: [{port: 8008, type: http, resources: [{names: [client]}]}, {port: 9093, type: http, resources: [{names: [replication]}]}]
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: web, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.139.2
              ports: [{name: http, containerPort: 8008}]
              volumeMounts: [{name: config, mountPath: /data}]
          volumes: [{name: config, configMap: {name: synapse}}]
    ---${service('web', 'clusterIP: None, ports: [{port: 8008}]')}${env('URL', `http://web:${port}`)}`;
    assert.deepEqual(found(synapse(9093)), []);
    assert.match(found(synapse(9094))[0] ?? '', /^warning: Service web has no port 9094, only 8008/);
  });

  it('leaves the Services of a MinIO Tenant to their own rule', () => {
    const tenant = `
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata: {name: store, namespace: matrix}
    spec: {requestAutoCert: false}
    ---`;
    assert.deepEqual(found(`${tenant}${env('URL', 'http://minio:9000')}`), []);
    const cluster = tenant.replace('minio.min.io/v2', 'postgresql.cnpg.io/v1').replace('Tenant', 'Cluster');
    assert.match(
      found(`${cluster}${env('URL', 'postgres://store-rw:5433/x')}`)[0] ?? '',
      /^error: Service store-rw has no port 5433, only 5432/,
    );
  });
});
