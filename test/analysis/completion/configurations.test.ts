import assert from 'node:assert/strict';
import { synapseOptions } from '../../../analysis/completion/synapse-options';
import { completionAt, labelsAt } from './at';

const tree = `
#- /tree.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec: {instances: 3}
---
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: matrix}
spec: {selector: {app: cache}, ports: [{name: redis, port: 6379}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cache, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: cache}}
    spec: {containers: [{name: redis, image: 'redis:7', ports: [{containerPort: 6379}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: synapse-replication, namespace: matrix}
spec: {clusterIP: None, selector: {app: synapse}, ports: [{name: replication, port: 9093}]}
---
apiVersion: v1
kind: Secret
metadata: {name: synapse-keys, namespace: matrix}
stringData: {signing.key: hidden-value}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse, namespace: matrix}
spec:
  serviceName: synapse-replication
  template:
    metadata: {labels: {app: synapse}}
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.120.0
          volumeMounts: [{name: keys, mountPath: /keys}]
      volumes: [{name: keys, secret: {secretName: synapse-keys}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: synapse-persister, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: persister}}
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.120.0
          args: [run, --config-path=/config/worker.yaml]
          command: [python, -m, synapse.app.generic_worker]
          volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, configMap: {name: persister}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: persister, namespace: matrix}
data:
  worker.yaml: |
    worker_app: synapse.app.generic_worker
    worker_name: persister-1
    worker_listeners: [{type: http, port: 9094, resources: [{names: [replication]}]}]
`;

/** A ConfigMap with a text under a key, beside the tree. */
function config(key: string, text: string, header = '|'): string {
  return `${tree}\n#- /main.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: it\n  namespace: matrix\ndata:\n  ${key}: ${header}\n${text.replace(/^/gm, '    ')}\n  other: x`;
}

function homeserver(text: string): readonly string[] {
  return labelsAt(config('homeserver.yaml', text));
}

describe('completion in homeserver.yaml', () => {
  it('has the options that are missing, what every server needs first', () => {
    const found = homeserver('server_name: example.org\n$0');
    assert.ok(found.slice(0, 10).includes('database') && !found.includes('server_name'));
    assert.ok(found.includes('enable_registration'));
    const one = completionAt(config('homeserver.yaml', 'turn_sh$0'))?.candidates.find(
      one => one.label === 'turn_shared_secret',
    );
    assert.match(one?.documentation ?? '', /coturn/);
  });

  it('has the options below others, with types', () => {
    assert.deepEqual(homeserver('database:\n  $0'), ['name', 'txn_limit', 'allow_unsafe_locale', 'args']);
    assert.deepEqual(homeserver('database:\n  name: $0'), ['psycopg2', 'sqlite3']);
    assert.ok(homeserver('database:\n  args:\n    cp_min: 1\n    $0').includes('cp_max'));
    assert.deepEqual(homeserver('rc_login:\n  address:\n    $0'), ['per_second', 'burst_count']);
    assert.deepEqual(homeserver('enable_metrics: $0'), ['true', 'false']);
    assert.ok(homeserver('listeners:\n  - port: 8008\n    $0').includes('x_forwarded'));
    assert.ok(
      homeserver('listeners:\n  - type: http\n    resources:\n      - names: [client, $0]').includes('federation'),
    );
  });

  it('has the hosts of Services, those that fit first, and their ports', () => {
    assert.equal(homeserver('redis:\n  host: $0')[0], 'cache.matrix.svc.cluster.local');
    assert.equal(homeserver('database:\n  args:\n    host: $0')[0], 'pg-rw.matrix.svc.cluster.local');
    assert.deepEqual(homeserver('redis:\n  host: cache.matrix.svc.cluster.local\n  port: $0'), ['6379']);
    assert.equal(homeserver('instance_map:\n  main:\n    host: $0')[0], 'synapse-replication.matrix.svc.cluster.local');
  });

  it('has the pods of a StatefulSet below its headless Service, and the port of a replication listener', () => {
    const main = 'instance_map:\n  synapse-0:\n    host: $0';
    assert.equal(homeserver(main)[0], 'synapse-replication.matrix.svc.cluster.local');
    assert.equal(homeserver(main)[1], 'synapse-0.synapse-replication.matrix.svc.cluster.local');
    assert.deepEqual(
      homeserver(main.replace('$0', 'synapse-0.synapse-replication.matrix.svc.cluster.local\n    port: $0')),
      ['9093'],
    );
    assert.deepEqual(homeserver('instance_map:\n  persister-1:\n    port: $0'), ['9094']);
  });

  it('has the names of real workers', () => {
    assert.deepEqual([...homeserver('instance_map:\n  $0')].sort(), ['main', 'persister-1']);
    assert.deepEqual(homeserver('stream_writers:\n  events: $0'), ['persister-1']);
    assert.deepEqual(homeserver('stream_writers:\n  events: [$0]'), ['persister-1']);
    assert.deepEqual(homeserver('federation_sender_instances:\n  - $0'), ['persister-1']);
  });

  it('has the paths of mounted Secrets, and nothing of what is in them', () => {
    const found = completionAt(config('homeserver.yaml', 'signing_key_path: $0'));
    assert.deepEqual(
      found?.candidates.map(one => one.label),
      ['/keys/signing.key'],
    );
    assert.ok(!JSON.stringify(found).includes('hidden-value'));
  });

  it('works in folded blocks, under other names, in workers, in files, and with Windows line ends', () => {
    assert.ok(labelsAt(config('homeserver.yaml', 'server_name: x\n$0', '>-')).includes('database'));
    assert.ok(labelsAt(config('shared.yaml', 'instance_map: {}\n$0')).includes('database'));
    assert.deepEqual(labelsAt(config('worker.yaml', 'worker_name: x\nworker_app: $0')), [
      'synapse.app.generic_worker',
      'synapse.app.media_repository',
    ]);
    assert.ok(labelsAt('#- /homeserver.yaml\nserver_name: x\n$0').includes('database'));
    assert.deepEqual(
      labelsAt(
        config('homeserver.yaml', 'database:\n  name: $0')
          .replaceAll('\n', '\r\n')
          .replace(/(#- \S+)\r/g, '$1'),
      ),
      ['psycopg2', 'sqlite3'],
    );
  });

  it('replaces what is typed, in the outer file', () => {
    const source = config('homeserver.yaml', 'database:\n  name: psy$0copg');
    const main = source.slice(source.indexOf('#- /main.yaml') + '#- /main.yaml\n'.length).replace('$0', '');
    const { span, writing } = completionAt(source) ?? {};
    assert.equal(main.slice(span?.start, span?.end), 'psycopg');
    assert.equal(completionAt(config('homeserver.yaml', 'database:\n  $0'))?.writing.column, 6);
    assert.equal(writing?.isKey, false);
  });

  it('has nothing in comments and in other YAML', () => {
    assert.deepEqual(homeserver('server_name: x # $0'), []);
    assert.deepEqual(labelsAt(config('prometheus.yaml', 'scrape_configs: []\n$0')), []);
  });

  it('describes every option', () => {
    const names: string[] = [];
    const visit = (options: ReturnType<typeof synapseOptions>): void => {
      for (const one of options) {
        names.push(one.name);
        assert.match(one.sentence, /^\S.*\.$/, one.name);
        assert.ok(!one.words.includes(''), one.name);
        visit(one.children);
      }
    };
    visit(synapseOptions());
    const top = synapseOptions().map(one => one.name);
    assert.ok(top.length > 180 && new Set(top).size === top.length, String(top.length));
    assert.ok(names.length > 450, String(names.length));
  });
});

const cfg = `global
  log stdout format raw local0
defaults
  mode http
frontend matrix
  bind *:8008
  acl is_sync path_beg /_matrix/client/v3/sync
  acl is_media path_beg /_matrix/media
  LINE
backend sync
  server-template w 3 synapse-replication.matrix.svc.cluster.local:9093 check resolvers kube
backend main
  balance leastconn
resolvers kube
  nameserver dns 10.96.0.10:53
`;

function haproxy(line: string): readonly string[] {
  return labelsAt(config('haproxy.cfg', cfg.replace('LINE', line)));
}

describe('completion in haproxy.cfg', () => {
  it('has the directives of the section', () => {
    const frontend = haproxy('$0');
    assert.ok(frontend.includes('use_backend') && frontend.includes('bind'));
    assert.ok(!frontend.includes('server') && !frontend.includes('nameserver'));
    assert.ok(labelsAt(config('haproxy.cfg', `${cfg}  $0`)).includes('parse-resolv-conf'));
    assert.ok(
      labelsAt(config('haproxy.cfg', `${cfg}$0`))
        .slice(0, 13)
        .includes('backend'),
    );
  });

  it('has backends, conditions, hosts and resolvers', () => {
    assert.deepEqual(haproxy('use_backend $0'), ['sync', 'main']);
    assert.deepEqual(haproxy('use_backend sync $0'), ['if', 'unless']);
    assert.deepEqual(haproxy('use_backend sync if is_$0').slice(0, 2), ['is_sync', 'is_media']);
    assert.deepEqual(haproxy('default_backend ma$0'), ['sync', 'main']);
    const end = (line: string): readonly string[] => labelsAt(config('haproxy.cfg', `${cfg}backend new\n  ${line}`));
    assert.ok(end('server a $0').includes('cache.matrix.svc.cluster.local:6379'));
    assert.equal(end('server-template a 3 $0')[0], 'synapse-replication.matrix.svc.cluster.local:9093');
    assert.ok(end('server a b:1 $0').includes('check'));
    assert.deepEqual(end('server a b:1 check inter $0'), []);
    assert.ok(end('server a b:1 check inter 5s $0').includes('fall'));
    assert.deepEqual(end('http-request set-header X-Forwarded-Proto $0'), []);
    assert.deepEqual(end('http-request set-header X-Forwarded-Proto https $0'), ['if', 'unless']);
    assert.deepEqual(end('server a b:1 check resolvers $0'), ['kube']);
    assert.ok(end('option $0').includes('httpchk') && !end('option $0').includes('dontlognull'));
    assert.ok(end('balance $0').includes('leastconn'));
    assert.ok(haproxy('acl new $0').includes('hdr(host)'));
  });

  it('says what an acl tests, but not which token', () => {
    const text = cfg.replace(
      'LINE',
      'acl is_admin req.hdr(authorization) -m str hidden-value\n  use_backend main if $0',
    );
    const found = completionAt(config('haproxy.cfg', text));
    const details = new Map(found?.candidates.map(one => [one.label, one.detail]));
    assert.equal(details.get('is_sync'), 'path_beg /_matrix/client/v3/sync');
    assert.equal(details.get('is_admin'), 'req.hdr(authorization)');
    assert.ok(!JSON.stringify(found).includes('hidden-value'));
  });

  it('replaces the word under the cursor only, and has nothing in comments', () => {
    const source = config('haproxy.cfg', cfg.replace('LINE', 'use_backend ma$0in if is_sync'));
    const main = source.slice(source.indexOf('#- /main.yaml') + '#- /main.yaml\n'.length).replace('$0', '');
    const { span } = completionAt(source) ?? {};
    assert.equal(main.slice(span?.start, span?.end), 'main');
    assert.deepEqual(haproxy('# use_backend $0'), []);
    assert.deepEqual(haproxy('use_backend main # $0'), []);
  });

  it('works in files of their own', () => {
    assert.deepEqual(labelsAt(`${tree}\n#- /haproxy.cfg\n${cfg.replace('LINE', 'use_backend $0')}`), ['sync', 'main']);
  });
});
