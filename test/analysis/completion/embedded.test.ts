import assert from 'node:assert/strict';
import { elementOptions } from '../../../analysis/completion/element-options';
import { livekitOptions } from '../../../analysis/completion/livekit-options';
import type { Option } from '../../../analysis/completion/option-table';
import { redisDirectives, sentinelOptions } from '../../../analysis/completion/redis-options';
import { turnserverOptions } from '../../../analysis/completion/turnserver-options';
import { completionAt, labelsAt } from './at';

const tree = `
#- /tree.yaml
apiVersion: v1
kind: Namespace
metadata: {name: matrix}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec:
  instances: 2
  bootstrap: {initdb: {database: synapse, owner: synapse_user}}
  managed: {roles: [{name: reader}]}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: matrix}
spec: {clusterIP: None, selector: {app: redis}, ports: [{name: redis, port: 6379}, {name: sentinel, port: 26379}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  serviceName: redis
  replicas: 2
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers:
        - name: redis
          image: redis:7
          ports: [{containerPort: 6379}]
        - name: sentinel
          image: redis:7
          command: [redis-sentinel, /etc/redis/sentinel.conf]
          volumeMounts: [{name: config, mountPath: /etc/redis}]
      volumes: [{name: config, configMap: {name: sentinel}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: sentinel, namespace: matrix}
data:
  sentinel.conf: |
    sentinel monitor calls redis-0.redis.matrix.svc.cluster.local 6379 2
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: synapse, namespace: matrix}
spec:
  rules:
    - host: matrix.example.org
      http: {paths: [{path: /, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: matrix}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: turn-tls, namespace: matrix}
stringData: {tls.crt: hidden-value, tls.key: hidden-value, password: hidden-value}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: coturn, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: coturn}}
    spec:
      containers:
        - name: coturn
          image: coturn/coturn:4.6
          volumeMounts: [{name: tls, mountPath: /tls}]
      volumes: [{name: tls, secret: {secretName: turn-tls}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: element, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'vectorim/element-web:v1.11.80'}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reader, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: reader}}
    spec:
      initContainers:
        - name: fill
          image: busybox:1
          command: [sh, -c, 'envsubst < /in/livekit.yaml > /out/livekit.yaml']
          env:
            - name: LIVEKIT_SECRET
              valueFrom: {secretKeyRef: {name: turn-tls, key: password}}
          volumeMounts: [{name: config, mountPath: /in}]
      containers: [{name: livekit, image: 'livekit/livekit-server:v1.8.1'}]
      volumes: [{name: config, configMap: {name: it}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: matrix}
spec: {template: {spec: {containers: [{name: migrate, image: 'busybox:1'}]}}}
`;

/** A ConfigMap with a text under a key, beside the tree. */
function config(key: string, text: string): string {
  return `${tree}\n#- /main.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: it\n  namespace: matrix\ndata:\n  ${key}: |\n${text.replace(/^/gm, '    ')}\n  other: x`;
}

/** An init container with a script, beside the tree. */
function pod(script: string): string {
  return `${tree}\n#- /main.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: worker}}
    spec:
      initContainers:
        - name: prepare
          image: busybox:1
          command:
            - sh
            - -c
            - |
${script.replace(/^/gm, '              ')}
          env:
            - name: DB_PASSWORD
              valueFrom: {secretKeyRef: {name: turn-tls, key: password}}
            - {name: PLAIN, value: hidden-value}
          volumeMounts: [{name: tls, mountPath: /tls}]
      containers: [{name: main, image: 'busybox:1', ports: [{containerPort: 8008}]}]
      volumes: [{name: tls, secret: {secretName: turn-tls}}]`;
}

const inScript = (script: string): readonly string[] => labelsAt(pod(script));

/** What is replaced at the cursor of a fixture whose last file is /main.yaml. */
function replacedAt(source: string): string {
  const main = source.slice(source.indexOf('#- /main.yaml') + '#- /main.yaml\n'.length).replace('$0', '');
  const { span } = completionAt(source) ?? {};
  return main.slice(span?.start, span?.end);
}

describe('completion in scripts', () => {
  it('has the variables of the container, where they come from and nothing of what they hold', () => {
    const found = completionAt(pod('FILE=x\necho "$$0"'));
    assert.deepEqual(
      found?.candidates.map(one => [one.label, one.detail]),
      [
        ['DB_PASSWORD', 'key password of Secret/turn-tls'],
        ['PLAIN', 'set in the manifest'],
        ['HOSTNAME', 'name of the pod'],
        ['FILE', 'set in this script'],
      ],
    );
    assert.ok(!JSON.stringify(found).includes('hidden-value'));
  });

  it('closes braces that are open, and replaces the name only', () => {
    const text = (script: string): string | undefined =>
      completionAt(pod(script))?.candidates.find(one => one.label === 'DB_PASSWORD')?.text;
    assert.equal(text('echo ${DB$0'), 'DB_PASSWORD}');
    assert.equal(text('echo ${DB$0}'), undefined);
    assert.equal(text('echo ${DB$0:-none}'), undefined);
    assert.equal(replacedAt(pod('echo ${DB$0_PASS}')), 'DB_PASS');
  });

  it('has no variables where the shell expands none', () => {
    assert.deepEqual(inScript("echo '$$0'"), []);
    assert.deepEqual(inScript('echo \\$$0'), []);
    assert.deepEqual(inScript('# $$0'), []);
    assert.deepEqual(inScript("cat <<'EOF'\n$$0\nEOF"), []);
  });

  it('reads half-typed scripts: open quotes behind the cursor, open substitutions, loops', () => {
    assert.ok(inScript('until nc -z $0; do\n  echo "waiting\ndone').includes('redis.matrix.svc.cluster.local'));
    assert.ok(inScript('X=$(psql -U $0').includes('synapse_user'));
    assert.ok(inScript('if [ -n "$(redis-cli -h $0)" ]; then').includes('redis.matrix.svc.cluster.local'));
    assert.ok(inScript('PGPASSWORD="$DB_PASSWORD" timeout 5 psql -h $0').includes('pg-rw.matrix.svc.cluster.local'));
  });

  it('has hosts, ports, databases and roles for clients', () => {
    assert.equal(inScript('pg_isready -h $0')[0], 'pg-rw.matrix.svc.cluster.local');
    assert.equal(inScript('psql --host=pg-$0')[0], 'pg-rw.matrix.svc.cluster.local');
    assert.deepEqual(inScript('psql -h pg-rw.matrix.svc.cluster.local -p $0 -U x'), ['5432']);
    assert.deepEqual(inScript('psql -p $0 -h pg-rw.matrix.svc.cluster.local'), ['5432']);
    assert.deepEqual(inScript('psql -d $0'), ['synapse', 'postgres']);
    assert.deepEqual(inScript('psql -U $0'), ['synapse_user', 'reader', 'postgres']);
    assert.deepEqual(inScript('redis-cli -h redis.matrix -p $0'), ['6379', '26379']);
    assert.deepEqual(inScript('redis-cli -p $0'), ['8008']);
    assert.deepEqual(inScript('nc -z -w 2 redis.matrix.svc.cluster.local $0'), ['6379', '26379']);
    assert.deepEqual(inScript('redis-cli -p 26379 sentinel get-master-addr-by-name $0'), ['calls']);
    assert.equal(replacedAt(pod('psql --host=pg-$0x -U y')), 'pg-x');
  });

  it('has hosts in URLs, and the own ports on localhost', () => {
    const found = inScript('curl -f "http://$0/health"');
    assert.ok(found.includes('web.matrix.svc.cluster.local') && found.includes('redis.matrix.svc.cluster.local:6379'));
    assert.ok(found.includes('localhost:8008'));
    assert.deepEqual(inScript('echo ext://$0'), []);
    assert.equal(inScript('wget -qO- https://matr$0')[0], 'matrix.example.org');
    assert.equal(replacedAt(pod('curl http://we$0b:80/x')), 'web:80');
  });

  it('has the files of the container', () => {
    assert.deepEqual(inScript('cp /$0'), ['/tls/tls.crt', '/tls/tls.key', '/tls/password', '/tls']);
    assert.ok(inScript('echo x > /config/made.yaml\nchmod 600 /$0').includes('/config/made.yaml'));
  });

  it('has nothing in comments, prose and words that name nothing', () => {
    assert.deepEqual(inScript('# psql -h $0'), []);
    assert.deepEqual(inScript('echo waiting for $0'), []);
    assert.deepEqual(inScript('echo "psql -h $0"'), []);
    assert.deepEqual(inScript('sed -i "s|x|$0|" /config/homeserver.yaml'), []);
    for (const target of ['> $0', '2>$0', '2>&1$0', '2$0>&1', '< $0'])
      assert.deepEqual(inScript(`psql -h ${target}`), [], target);
    assert.deepEqual(inScript('nc -z -w $0'), []);
    assert.ok(inScript('nc -z -w 5 $0 2>&1').includes('redis.matrix.svc.cluster.local'));
  });

  it('works in mounted scripts and in items of one line', () => {
    const mounted = `${tree.replace("command: [sh, -c, 'envsubst < /in/livekit.yaml > /out/livekit.yaml']", 'command: [sh, /in/run.sh]')}`;
    const script = config('run.sh', 'echo $$0').replace(tree, mounted);
    assert.ok(labelsAt(script).includes('LIVEKIT_SECRET'));
    const line = pod('').replace(/- \|\n\s+\n/, '- until redis-cli -h $0; do sleep 1; done\n');
    assert.ok(labelsAt(line).includes('redis.matrix.svc.cluster.local'));
    assert.ok(labelsAt(line.replace('; do sleep 1; done', '')).includes('redis.matrix.svc.cluster.local'));
  });
});

describe('completion in here-documents', () => {
  it('completes the configuration of a worker by the name of the file', () => {
    const doc = (line: string): string =>
      `set -e\ncat <<EOF > /config/worker.yaml\nworker_name: x\n${line}\nEOF\necho done`;
    assert.deepEqual(inScript(doc('worker_app: $0')), ['synapse.app.generic_worker', 'synapse.app.media_repository']);
    assert.ok(inScript(doc('redis:\n  host: $0')).includes('redis.matrix.svc.cluster.local'));
    assert.ok(inScript(doc('$0')).includes('worker_listeners'));
    assert.ok(inScript(doc('worker_replication_secret: $$0')).includes('DB_PASSWORD'));
    assert.equal(completionAt(pod(doc('redis:\n  $0')))?.writing.column, 16);
    assert.equal(replacedAt(pod(doc('worker_app: syn$0apse'))), 'synapse');
  });

  it('reads every way to write a file, and an end that is missing', () => {
    const ways = [
      'cat > /config/redis.conf <<EOF\n$0\nEOF',
      "cat <<'EOF' | tee /config/redis.conf\n$0\nEOF",
      'tee /config/redis.conf >/dev/null <<-EOF\n$0\n\tEOF',
      'cat <<"EOF" >> "$DIR/redis.conf"\n$0',
    ];
    for (const way of ways) assert.ok(inScript(way).includes('maxmemory-policy'), way);
    assert.deepEqual(inScript('cat <<EOF > /config/redis.conf\nport 1\nEOF\n$0'), []);
    assert.deepEqual(inScript('cat <<EOF > /config/notes.txt\nport $0\nEOF'), []);
  });

  it('completes manifests that kubectl reads', () => {
    const manifest = 'apiVersion: v1\nkind: Pod\nmetadata:\n  namespace: matrix\nspec:\n  LINE';
    const given = (line: string): readonly string[] =>
      inScript(`kubectl apply -f - <<EOF\n${manifest.replace('LINE', line)}\nEOF`);
    assert.ok(given('$0').includes('containers'));
    assert.ok(given('volumes:\n    - secret: {secretName: $0}').includes('turn-tls'));
    const piped = inScript(`cat <<EOF | kubectl apply -f -\n${manifest.replace('LINE', 'serviceAcc$0')}\nEOF`);
    assert.ok(piped.includes('serviceAccountName'));
    const source = pod(`kubectl apply -f - <<EOF\n${manifest.replace('LINE', 'cont$0')}\nEOF`);
    assert.equal(completionAt(source)?.writing.column, 16);
    assert.equal(replacedAt(source), 'cont');
  });

  it('completes what echo writes, and SQL that psql reads', () => {
    assert.ok(
      inScript('echo "replicaof $0 6379" >> /data/redis.conf').includes('redis-0.redis.matrix.svc.cluster.local'),
    );
    assert.deepEqual(inScript('echo "sentinel auth-pass $0 x" >> /data/sentinel.conf'), ['calls']);
    assert.deepEqual(inScript('psql -U postgres <<SQL\nGRANT SELECT ON t TO $0;\nSQL'), [
      'synapse_user',
      'reader',
      'postgres',
    ]);
    assert.deepEqual(inScript('psql -c "ALTER DATABASE $0"'), ['synapse', 'postgres']);
  });
});

describe('completion of kubectl', () => {
  const script = (line: string): readonly string[] =>
    labelsAt(`${tree}\n#- /scripts/deploy.sh\n#!/bin/bash\n${line}\n`);

  it('has namespaces, types and names', () => {
    assert.equal(script('kubectl get pods -n $0')[0], 'matrix');
    assert.equal(script('kubectl --namespace=ma$0 get pods')[0], 'matrix');
    assert.deepEqual(script('kubectl -n matrix wait --for=condition=complete job/$0'), ['migrate']);
    assert.deepEqual(script('kubectl rollout status deployment/$0 -n matrix'), ['element', 'reader']);
    assert.deepEqual(script('kubectl rollout status statefulset $0 -n matrix'), ['redis']);
    assert.ok(script('kubectl rollout status $0').includes('daemonset/coturn'));
    assert.ok(script('kubectl wait --for=condition=$0 job/migrate').includes('condition=complete'));
    assert.ok(script('kubectl logs $0 -n matrix').includes('redis-1'));
    assert.ok(script('kubectl exec -n matrix pg-$0').includes('pg-1'));
    assert.ok(script('kubectl get secret $0').includes('turn-tls'));
    assert.ok(script('kubectl get pods -l $0 -n matrix').includes('app=redis'));
    assert.ok(script('kubectl logs redis-0 -c $0').includes('sentinel'));
    assert.ok(script('kubectl $0').includes('wait'));
  });

  it('has nothing of other namespaces, behind apply, or behind other programs', () => {
    assert.deepEqual(script('kubectl wait job/$0 -n other'), []);
    assert.deepEqual(script('kubectl apply $0'), []);
    assert.deepEqual(script('helm upgrade $0'), []);
    assert.deepEqual(script('echo kubectl wait job/$0'), []);
  });

  it('completes the command behind exec', () => {
    assert.deepEqual(script('kubectl exec pg-1 -n matrix -- psql -d $0'), ['synapse', 'postgres']);
  });

  it('works in the arguments of a container', () => {
    const job = (args: string): readonly string[] =>
      labelsAt(
        `${tree}\n#- /main.yaml\napiVersion: batch/v1\nkind: Job\nmetadata: {name: wait, namespace: matrix}\nspec:\n  template:\n    spec:\n      containers:\n        - name: kubectl\n          image: bitnami/kubectl:1\n          command: [kubectl]\n          env: [{name: TARGET, value: x}]\n          args:\n${args}`,
      );
    assert.deepEqual(job('            - wait\n            - job/$0'), ['wait', 'migrate']);
    assert.equal(job('            - wait\n            - -n\n            - $0')[0], 'matrix');
    assert.equal(job('            - wait\n            - --namespace=$0')[0], 'matrix');
    assert.deepEqual(job('            - $($0'), ['TARGET']);
    const without = `${tree}\n#- /main.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: matrix}\nspec:\n  containers:\n    - name: c\n      image: IMAGE\n      volumeMounts: [{name: tls, mountPath: /tls}]\n      args: [WORDS]\n  volumes: [{name: tls, secret: {secretName: turn-tls}}]`;
    const given = (image: string, words: string): readonly string[] =>
      labelsAt(without.replace('IMAGE', image).replace('WORDS', words));
    assert.ok(given('bitnami/kubectl:1', 'wait, job/$0').includes('migrate'));
    assert.deepEqual(given('other:1', 'wait, job/$0'), []);
    assert.equal(given('other:1', '--cert=/$0')[0], '/tls/tls.crt');
    assert.ok(given('other:1', '--redis-host=$0').includes('redis.matrix.svc.cluster.local'));
    assert.ok(given('other:1', '--redis-host, $0').includes('redis.matrix.svc.cluster.local'));
    assert.deepEqual(given('other:1', '--redis-host=redis.matrix, --redis-port=$0'), ['6379', '26379']);
    assert.deepEqual(given('other:1', '--level=$0'), []);
  });
});

describe('completion in config.json of Element', () => {
  const element = (text: string): readonly string[] => labelsAt(config('config.json', text));

  it('has options with a sentence, and what the tree is reached by', () => {
    const server = '{\n  "default_server_config": {\n    "m.homeserver": {\n      KEY\n    }\n  },\n  "brand": "x"\n}';
    assert.deepEqual(element(server.replace('KEY', '"$0"')), ['base_url', 'server_name']);
    assert.deepEqual(element(server.replace('KEY', '"base_url": "$0"')), ['https://matrix.example.org']);
    assert.deepEqual(element(server.replace('KEY', '"server_name": "$0"')), ['matrix.example.org']);
    const top = element('{\n  "default_server_name": "x",\n  $0\n}');
    assert.ok(top.includes('disable_guests') && !top.includes('default_server_name'));
    assert.deepEqual(element('{\n  "default_server_name": "x",\n  "disable_guests": $0\n}'), ['true', 'false']);
    assert.ok(
      element('{\n  "default_server_name": "x",\n  "setting_defaults": {"UI$0"}\n}').includes('UIFeature.voip'),
    );
  });

  it('writes JSON, and leaves other JSON alone', () => {
    const source = config('config.json', '{\n  "default_server_name": "x",\n  $0\n}');
    assert.equal(completionAt(source)?.writing.language, 'json');
    assert.deepEqual(labelsAt(config('dashboard.json', '{\n  "title": "x",\n  $0\n}')), []);
    assert.ok(labelsAt(`${tree}\n#- /config.json\n{\n  "default_server_name": "x",\n  "$0"\n}`).includes('brand'));
  });
});

describe('completion in the configuration of LiveKit', () => {
  const livekit = (text: string): readonly string[] => labelsAt(config('livekit.yaml', text));

  it('has options, Redis, masters and names', () => {
    assert.ok(livekit('port: 7880\n$0').includes('rtc'));
    assert.ok(livekit('redis:\n  $0').includes('sentinel_master_name'));
    assert.equal(livekit('redis:\n  address: $0')[0], 'redis.matrix.svc.cluster.local:6379');
    assert.ok(livekit('redis:\n  sentinel_addresses:\n    - $0').includes('redis.matrix.svc.cluster.local:26379'));
    assert.deepEqual(livekit('redis:\n  sentinel_master_name: $0'), ['calls']);
    assert.deepEqual(livekit('turn:\n  domain: $0'), ['matrix.example.org']);
    assert.deepEqual(livekit('logging:\n  level: $0'), ['debug', 'info', 'warn', 'error']);
    assert.deepEqual(livekit('redis:\n  password: ${$0}'), ['LIVEKIT_SECRET']);
    assert.deepEqual(livekit('# port $0'), []);
  });

  it('is known by who reads it, and a values file of its chart is none', () => {
    assert.ok(labelsAt(config('config.yaml', 'port: 7880\n$0')).includes('rtc'));
    assert.ok(!labelsAt(`${tree}\n#- /livekit.yaml\nlivekit:\n  $0`).includes('rtc'));
  });
});

describe('completion in redis.conf, sentinel.conf and turnserver.conf', () => {
  const redis = (line: string): readonly string[] => labelsAt(config('redis.conf', `port 6379\n${line}`));
  const sentinel = (line: string): readonly string[] =>
    labelsAt(config('sentinel.conf', `sentinel monitor own redis-0.redis.matrix.svc.cluster.local 6379 2\n${line}`));
  const turn = (line: string): readonly string[] => labelsAt(config('turnserver.conf', `realm=x\n${line}`));

  it('has directives, those that are missing first', () => {
    const found = redis('$0');
    assert.ok(found.indexOf('appendonly') < found.indexOf('port'));
    assert.ok(sentinel('$0').includes('sentinel') && !sentinel('$0').includes('maxmemory'));
    assert.ok(sentinel('sentinel $0').includes('down-after-milliseconds'));
    assert.ok(turn('$0').includes('static-auth-secret'));
  });

  it('has words, hosts, ports, masters, names and files', () => {
    assert.deepEqual(redis('appendfsync $0'), ['everysec', 'always', 'no']);
    assert.equal(redis('replicaof $0')[0], 'redis.matrix.svc.cluster.local');
    assert.deepEqual(redis('replicaof redis-0.redis.matrix.svc.cluster.local $0'), ['6379', '26379']);
    assert.deepEqual(sentinel('sentinel auth-pass $0'), ['own', 'calls']);
    assert.deepEqual(sentinel('sentinel monitor own redis-0.redis.matrix.svc.cluster.local $0'), ['6379', '26379']);
    assert.deepEqual(turn('server-name=$0'), ['matrix.example.org']);
    assert.deepEqual(turn('cert=$0'), ['/tls/tls.crt', '/tls/tls.key', '/tls/password']);
  });

  it('has nothing for free values and in comments', () => {
    assert.deepEqual(redis('requirepass $0'), []);
    assert.deepEqual(redis('# replicaof $0'), []);
    assert.deepEqual(turn('static-auth-secret=$0'), []);
    assert.deepEqual(turn('# cert=$0'), []);
  });

  it('writes an equals sign behind an option that has a value', () => {
    const text = (line: string, label: string): string | undefined =>
      completionAt(config('turnserver.conf', line))?.candidates.find(one => one.label === label)?.text;
    assert.equal(text('real$0', 'realm'), 'realm=');
    assert.equal(text('real$0=x', 'realm'), undefined);
    assert.equal(text('finger$0', 'fingerprint'), undefined);
  });
});

describe('completion in nginx.conf', () => {
  const nginx = (line: string): readonly string[] =>
    labelsAt(config('nginx.conf', `upstream app {\n  server x:1;\n}\nserver {\n  location / {\n    ${line}\n  }\n}`));

  it('has Services, upstreams, names and variables', () => {
    const pass = nginx('proxy_pass $0');
    assert.ok(pass.includes('http://app') && pass.includes('http://web.matrix.svc.cluster.local:80'));
    assert.ok(nginx('proxy_pass http://$0;').includes('web.matrix.svc.cluster.local'));
    assert.ok(nginx('proxy_set_header Host $$0;').includes('host'));
    assert.ok(nginx('proxy_set_header X-Forwarded-For $proxy_$0;').includes('proxy_add_x_forwarded_for'));
    assert.ok(
      labelsAt(config('nginx.conf', 'upstream app {\n  server $0\n}')).includes('web.matrix.svc.cluster.local:80'),
    );
    assert.deepEqual(labelsAt(config('nginx.conf', 'server {\n  server_name $0;\n}')), ['matrix.example.org']);
  });

  it('leaves the rest of the language and comments alone', () => {
    assert.deepEqual(nginx('$0'), []);
    assert.deepEqual(nginx('root $0'), []);
    assert.deepEqual(nginx('# proxy_pass $0'), []);
  });

  it('works in snippets of Ingresses', () => {
    const ingress = `${tree}\n#- /main.yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  annotations:\n    nginx.ingress.kubernetes.io/configuration-snippet: |\n      proxy_set_header Upgrade $http_$0;`;
    assert.ok(labelsAt(ingress).includes('http_upgrade'));
  });
});

describe('completion in SQL', () => {
  const sql = (text: string): readonly string[] => labelsAt(config('setup.sql', text));

  it('has databases, roles, publications and connections', () => {
    assert.deepEqual(sql('\\connect $0'), ['synapse', 'postgres']);
    assert.deepEqual(sql('CREATE DATABASE x OWNER $0'), ['synapse_user', 'reader', 'postgres']);
    const both = `#- /other.sql\nCREATE PUBLICATION to_li FOR ALL TABLES;\n\n${tree}`;
    const text = config('setup.sql', "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION $0;").replace(tree, both);
    assert.deepEqual(labelsAt(text), ['to_li']);
    assert.equal(sql("CREATE SUBSCRIPTION s CONNECTION 'host=$0'")[0], 'pg-rw.matrix.svc.cluster.local');
    assert.deepEqual(sql("CONNECTION 'host=pg-rw.matrix.svc.cluster.local port=$0'"), ['5432']);
  });

  it('has nothing elsewhere', () => {
    assert.deepEqual(sql('SELECT $0'), []);
    assert.deepEqual(sql('-- \\connect $0'), []);
  });

  it('works in the SQL of a Cluster', () => {
    const cluster = `${tree}\n#- /main.yaml\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: other, namespace: matrix}\nspec:\n  bootstrap:\n    initdb:\n      postInitSQL:\n        - GRANT SELECT ON t TO $0`;
    assert.ok(labelsAt(cluster).includes('reader'));
  });
});

describe('completion of settings by name', () => {
  const environment = (name: string, value: string, other = ''): readonly string[] =>
    labelsAt(
      `${tree}\n#- /main.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: matrix}\nspec:\n  containers:\n    - name: c\n      env:\n        - name: ${name}\n          value: ${value}\n${other}`,
    );

  it('has hosts, ports and URLs', () => {
    assert.equal(environment('DB_HOST', '$0')[0], 'pg-rw.matrix.svc.cluster.local');
    const host = '        - name: DB_HOST\n          value: pg-rw.matrix.svc.cluster.local';
    assert.deepEqual(environment('DB_PORT', '$0', host), ['5432']);
    assert.ok(environment('REDIS_URL', 'redis://$0').includes('redis.matrix.svc.cluster.local'));
    assert.deepEqual(environment('LOG_LEVEL', '$0'), []);
  });

  it('says nothing of what a Secret holds', () => {
    const found = completionAt(
      `${tree}\n#- /main.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: matrix}\nstringData:\n  CACHE_HOST: web.matrix.svc.cluster.local\n  CACHE_PORT: $0`,
    );
    assert.equal(found?.candidates.length ?? 0, 0);
  });
});

describe('the tables of configurations', () => {
  it('say what every option is, once', () => {
    const visit = (options: readonly Option[]): number =>
      options.reduce((count, one) => {
        assert.match(one.sentence, /^[A-Z/].*\.$/, one.name);
        return count + 1 + visit(one.children);
      }, 0);
    assert.ok(visit(elementOptions()) > 100);
    assert.ok(visit(livekitOptions()) > 100);
    for (const table of [redisDirectives(), sentinelOptions(), turnserverOptions()]) {
      for (const one of table) assert.match(one.sentence, /^[A-Z].*\.$/, one.name);
      assert.equal(new Set(table.map(one => one.name)).size, table.length);
      assert.ok(table.length > 15);
    }
  });
});
