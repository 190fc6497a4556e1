import assert from 'node:assert/strict';
import databaseAccess from '../../../rules/network/netpol-database-access';
import keyVault from '../../../rules/network/netpol-key-vault-isolation';
import li from '../../../rules/network/netpol-li-isolation';
import { applyFix, fixTitles, messages } from '../expect';

const policy = (name: string, spec: string): string => `
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: ${name}, namespace: matrix}
    spec:
      ${spec}`;

const workload = (kind: string, name: string, labels: string, container: string): string => `
    ---
    apiVersion: apps/v1
    kind: ${kind}
    metadata: {name: ${name}, namespace: matrix}
    spec:
      template:
        metadata: {labels: {${labels}}}
        spec:
          containers: [{name: c, ${container}}]`;

const image = 'image: "matrixdotorg/synapse:v1.139.2", ports: [{containerPort: 8008}]';
const main = workload(
  'StatefulSet',
  'synapse-main',
  'app: synapse, component: homeserver, matrix.instance: main',
  image,
);
const worker = workload(
  'Deployment',
  'synapse-generic',
  'app: synapse, component: generic, matrix.instance: main',
  `${image}, command: [python, -m, synapse.app.generic_worker]`,
);
const liSynapse = workload(
  'StatefulSet',
  'synapse-li',
  'app: synapse, component: homeserver, matrix.instance: li',
  image,
);
const vault = workload(
  'Deployment',
  'key-vault',
  'app: key-vault',
  'image: "registry.test/vault:1", ports: [{name: http, containerPort: 8000}]',
);
const sync = `
    ---
    apiVersion: batch/v1
    kind: CronJob
    metadata: {name: sync-li, namespace: matrix}
    spec:
      jobTemplate:
        spec:
          template:
            metadata: {labels: {app: sync}}
            spec:
              containers:
                - {name: c, image: "postgres:16", command: [sh, -c, "psql -c 'ALTER SUBSCRIPTION x REFRESH PUBLICATION'"]}`;
const database = (name: string): string => `
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: ${name}, namespace: matrix}
    spec: {instances: 3}`;
const databases = `${database('pg')}${database('pg-li')}`;
const deny = policy('default-deny-all', '{podSelector: {}, policyTypes: [Ingress, Egress]}');
const off = (component: string): string => `
    #- /matrix-preflight.yaml
    components: {${component}: off}
    `;

describe('netpol-key-vault-isolation', () => {
  const pods = `${main}${worker}${liSynapse}${vault}`;
  const found = (rule: string, more = ''): readonly string[] =>
    messages(
      keyVault,
      `${policy('vault', `{podSelector: {matchLabels: {app: key-vault}}, policyTypes: [Ingress], ingress: [${rule}]}`)}${pods}${more}`,
    );
  const port = 'ports: [{port: 8000}]';

  it('accepts the main process alone, and anybody on other ports', () => {
    assert.deepEqual(
      found(`{from: [{podSelector: {matchLabels: {component: homeserver, matrix.instance: main}}}], ${port}}`),
      [],
    );
    assert.deepEqual(found('{from: [{namespaceSelector: {}}], ports: [{port: 9090}]}'), []);
    assert.deepEqual(found(''), []);
  });

  it('turns a peer that names somebody else to the main process', () => {
    const source = `${policy('vault', `{podSelector: {matchLabels: {app: key-vault}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: other}}}], ${port}}]}`)}${pods}${workload('Deployment', 'other', 'app: other', 'image: "registry.test/x:1"')}`;
    const [text = ''] = Object.values(applyFix(keyVault, source, /^Admit only/));
    assert.match(text, /matchLabels: \{app: synapse, /);
    assert.deepEqual(messages(keyVault, text), []);
  });

  it('warns of workers and reports everybody else', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['{podSelector: {matchLabels: {matrix.instance: main}}}', /^warning: The workers synapse-generic may connect/],
      ['{podSelector: {matchLabels: {app: synapse}}}', /^error: synapse-li of the LI instance may connect/],
      ['{podSelector: {}}', /^error: Every pod of the namespace may connect/],
      ['{namespaceSelector: {}}', /^error: Every pod of the cluster may connect/],
      ['{ipBlock: {cidr: 10.0.0.0/8}}', /^warning: The addresses 10\.0\.0\.0\/8/],
      ['{podSelector: {matchLabels: {app: other}}}', /^error: other may connect to key_vault/],
    ];
    for (const [peer, expected] of cases) {
      const other = workload('Deployment', 'other', 'app: other', 'image: "registry.test/x:1"');
      const [first, ...rest] = found(`{from: [${peer}], ${port}}`, other);
      assert.match(first ?? '', expected, peer);
      assert.equal(rest.length, 0);
    }
    assert.match(found(`{${port}}`)[0] ?? '', /because this rule has no from/);
    assert.match(found('{from: [{podSelector: {}}], ports: [{port: http}]}')[0] ?? '', /^error/, 'a named port');
  });

  it('reports pods of other namespaces, those that the tree does not show too, and every address', () => {
    const from = (peer: string): readonly string[] => found(`{from: [${peer}], ${port}}`);
    const named = (name: string): string =>
      `{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${name}}}}`;
    assert.match(from(named('tools'))[0] ?? '', /^error: Pods of namespace tools may connect to key_vault/);
    assert.match(from(named('monitoring'))[0] ?? '', /^warning: Pods of namespace monitoring/);
    assert.match(from('{ipBlock: {cidr: 0.0.0.0/0}}')[0] ?? '', /^error: Every address may connect/);
    const elsewhere = liSynapse.replace('namespace: matrix', 'namespace: lawful');
    assert.match(
      found(`{from: [${named('lawful')}], ${port}}`, elsewhere)[0] ?? '',
      /^error: synapse-li of the LI instance/,
    );
    assert.deepEqual(
      found(
        `{from: [{podSelector: {matchLabels: {app: synapse, component: homeserver, matrix.instance: main}}}], ${port}}`,
      ),
      [],
    );
  });

  it('narrows a selector by what only the main process has', () => {
    const source = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: vault, namespace: matrix}
    spec:
      podSelector: {matchLabels: {app: key-vault}}
      policyTypes: [Ingress]
      ingress:
        - from:
            - podSelector:
                matchLabels:
                  matrix.instance: main # not the LI instance
    ${pods}`;
    const fixed = applyFix(keyVault, source, 'Admit only the main Synapse process')['main.yaml'] ?? '';
    assert.match(fixed, /matrix\.instance: main # not the LI instance\n {14}component: homeserver\n/);
    assert.deepEqual(messages(keyVault, fixed), []);
  });

  it('is not content with a key_vault that no policy selects, and adds one', () => {
    const other = policy('other', '{podSelector: {matchLabels: {app: synapse}}, policyTypes: [Ingress]}');
    assert.match(
      messages(keyVault, `${other}${pods}`)[0] ?? '',
      /^error: Every pod of the cluster may connect to key-vault/,
    );
    assert.deepEqual(fixTitles(keyVault, `${other}${pods}`), ['safe: Add NetworkPolicy key-vault-isolation']);
    const fixed = applyFix(keyVault, `${other}${pods}`, /key-vault-isolation/)['main.yaml'] ?? '';
    assert.deepEqual(messages(keyVault, fixed), []);
    assert.deepEqual(messages(keyVault, `${deny}${pods}`), []);
    assert.deepEqual(messages(keyVault, pods), [], 'without any policy another rule speaks');
    assert.deepEqual(messages(keyVault, `${other}${pods}${off('keyVault')}`), []);
  });
});

describe('netpol-database-access', () => {
  const pods = `${main}${worker}${liSynapse}${databases}${sync}`;
  const found = (rule: string, more = '', cluster = 'pg'): readonly string[] =>
    messages(
      databaseAccess,
      `${policy('db', `{podSelector: {matchLabels: {cnpg.io/cluster: ${cluster}}}, policyTypes: [Ingress], ingress: [${rule}]}`)}${deny}${pods}${more}`,
    );
  const from = (peer: string): string => `{from: [${peer}], ports: [{port: 5432}]}`;

  it('accepts the instance that it belongs to, replication, and the instances among themselves', () => {
    for (const labels of [
      'matrix.instance: main',
      'cnpg.io/cluster: pg',
      'cnpg.io/cluster: pg-li',
      'app: sync',
      'app: unknown',
    ])
      assert.deepEqual(found(from(`{podSelector: {matchLabels: {${labels}}}}`)), [], labels);
    assert.deepEqual(found(from('{podSelector: {matchLabels: {matrix.instance: li}}}'), '', 'pg-li'), []);
    assert.deepEqual(found('{from: [{namespaceSelector: {}}], ports: [{port: 9187}]}'), [], 'metrics');
  });

  it('reports everybody, and the LI instance at the main database', () => {
    assert.match(
      found(from('{podSelector: {}}'))[0] ?? '',
      /^error: Every pod of the namespace may connect to the database pg/,
    );
    assert.match(
      found('{ports: [{port: 5432}]}')[0] ?? '',
      /^error: Every pod of the cluster .* because this rule has no from/,
    );
    assert.match(
      found(from('{podSelector: {matchLabels: {app: synapse}}}'))[0] ?? '',
      /^error: synapse-li of the LI instance/,
    );
  });

  it('names every database of which a policy for several says the same', () => {
    const both = (rule: string): readonly string[] =>
      messages(
        databaseAccess,
        `${policy('db', `{podSelector: {matchExpressions: [{key: cnpg.io/cluster, operator: Exists}]}, policyTypes: [Ingress], ingress: [${rule}]}`)}${deny}${pods}`,
      );
    assert.match(
      both(from('{podSelector: {}}'))[0] ?? '',
      /may connect to the databases pg(?:-li)? and pg(?:-li)? — admit/,
    );
    assert.match(
      both(from('{podSelector: {matchLabels: {matrix.instance: li}}}'))[0] ?? '',
      /^error: synapse-li of the LI instance may connect to the main database pg —/,
    );
  });

  it('warns of a component that has no business with it, unless its configuration says otherwise', () => {
    const haproxy = (env: string): string =>
      workload('Deployment', 'haproxy', 'app: haproxy', `image: "haproxy:3.0", ${env}`);
    const peer = from('{podSelector: {matchLabels: {app: haproxy}}}');
    assert.match(
      found(peer, haproxy(''))[0] ?? '',
      /^warning: haproxy may connect to the database pg without needing it/,
    );
    assert.deepEqual(found(peer, haproxy('env: [{name: DB_HOST, value: pg-rw}]')), []);
    assert.match(
      found(from('{podSelector: {matchLabels: {matrix.instance: main}}}'), '', 'pg-li')[0] ?? '',
      /^warning: synapse-generic and synapse-main may connect to the database pg-li/,
    );
    const unknown = workload('Deployment', 'mas', 'app: mas', 'image: "registry.test/mas:1"');
    assert.deepEqual(found(from('{podSelector: {matchLabels: {app: mas}}}'), unknown), []);
  });

  it('reports addresses that pods have, the LI instance in a namespace of its own, and key_vault at the LI database', () => {
    assert.match(found(from('{ipBlock: {cidr: 0.0.0.0/0}}'))[0] ?? '', /^error: Every address may connect/);
    assert.match(found(from('{ipBlock: {cidr: 10.0.0.0/8}}'))[0] ?? '', /^warning: Every address of 10\.0\.0\.0\/8/);
    assert.deepEqual(found(from('{ipBlock: {cidr: 192.168.7.4/32}}')), [], 'one host outside the cluster');
    const lawful = '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: lawful}}}';
    assert.match(
      found(from(lawful), liSynapse.replace('synapse-li, namespace: matrix', 'li-synapse, namespace: lawful'))[0] ?? '',
      /^error: li-synapse of the LI instance/,
    );
    assert.deepEqual(found(from(lawful)), [], 'a namespace of which nothing is known');
    assert.match(
      found(from('{podSelector: {matchLabels: {app: key-vault}}}'), vault, 'pg-li')[0] ?? '',
      /^warning: key-vault may connect to the database pg-li/,
    );
  });

  it('warns of the ingress controller and Prometheus at the port of the database', () => {
    const install = `
    #- /install.sh
    helm install prometheus prometheus-community/kube-prometheus-stack -n monitoring
    helm install ingress-nginx ingress-nginx/ingress-nginx -n ingress-nginx
    `;
    const monitoring = '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}';
    assert.match(found(`{from: [${monitoring}]}`, install)[0] ?? '', /^warning: Prometheus may .* name the ports/);
    assert.deepEqual(found(`{from: [${monitoring}], ports: [{port: 9187}]}`, install), []);
    assert.match(
      found(from('{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}'), install)[0] ?? '',
      /^warning: The ingress controller may connect/,
    );
  });

  it('reports a cluster that no policy selects, and proposes a policy from what is needed', () => {
    const source = `${policy('other', '{podSelector: {matchLabels: {app: x}}}')}${database('pg')}${workload(
      'Deployment',
      'api',
      'app: api',
      'image: "registry.test/api:1", env: [{name: DB_HOST, value: pg-rw}]',
    )}`;
    assert.match(
      messages(databaseAccess, source)[0] ?? '',
      /^error: Every pod of the cluster may connect to the database pg,/,
    );
    const fixed = applyFix(databaseAccess, source, 'Add NetworkPolicy pg-access')['main.yaml'] ?? '';
    assert.match(fixed, /cnpg\.io\/cluster: pg\n {2}policyTypes:\n {4}- Ingress\n {2}ingress:\n/);
    assert.match(fixed, /matchLabels:\n {14}app: api\n/);
    assert.deepEqual(messages(databaseAccess, fixed), []);
  });
});

describe('netpol-li-isolation', () => {
  const pods = `${main}${liSynapse}${vault}${databases}${sync}`;
  const found = (rule: string, more = deny): readonly string[] =>
    messages(
      li,
      `${policy('li', `{podSelector: {matchLabels: {matrix.instance: li}}, policyTypes: [Egress], egress: [${rule}]}`)}${pods}${more}`,
    );

  it('accepts own resources, DNS and metrics', () => {
    for (const rule of [
      '{to: [{podSelector: {matchLabels: {cnpg.io/cluster: pg-li}}}], ports: [{port: 5432}]}',
      '{to: [{podSelector: {matchLabels: {matrix.instance: li}}}]}',
      '{ports: [{port: 53, protocol: UDP}, {port: 53}]}',
      '{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]}',
      '{to: [{podSelector: {matchLabels: {cnpg.io/cluster: pg}}}], ports: [{port: 22}]}',
    ])
      assert.deepEqual(found(rule), [], rule);
  });

  it('reports the internet', () => {
    assert.match(
      found('{ports: [{port: 443}]}')[0] ?? '',
      /^error: synapse-li may reach the internet, because this rule has no to/,
    );
    assert.match(
      found('{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}')[0] ?? '',
      /^error: synapse-li may reach the internet —/,
    );
    assert.deepEqual(found('{to: [{ipBlock: {cidr: 10.96.0.10/32}}]}'), []);
  });

  it('reports the main instance and key_vault, and warns where only their own policies protect them', () => {
    const open = policy('open', '{podSelector: {matchLabels: {app: key-vault}}, ingress: [{}]}');
    const rule = '{to: [{podSelector: {matchLabels: {app: key-vault}}}], ports: [{port: 8000}]}';
    assert.match(found(rule, `${deny}${open}`)[0] ?? '', /^error: synapse-li may reach key_vault \(key-vault\) —/);
    assert.match(
      found(rule)[0] ?? '',
      /^warning: synapse-li may reach key_vault \(key-vault\) but for the policies on the other side/,
    );
    assert.match(
      found('{to: [{podSelector: {}}]}')[0] ?? '',
      /^warning: synapse-li may reach .*key_vault \(key-vault\) .*— allow only/,
      'a rule for the whole namespace',
    );
  });

  it('takes a permission out, or the value of a label, but nothing that pods need', () => {
    const rules = (rule: string): string =>
      `${policy('li', `{podSelector: {matchLabels: {matrix.instance: li}}, policyTypes: [Egress], egress: [${rule}]}`)}${pods}${deny}${workload(
        'Deployment',
        'report',
        'app: report, matrix.instance: li',
        'image: "registry.test/report:1", env: [{name: DB_HOST, value: pg-li-rw}]',
      )}`;
    const needed = '{to: [{podSelector: {matchLabels: {cnpg.io/cluster: pg-li}}}], ports: [{port: 5432}]}';
    const alone = rules(
      `${needed}, {to: [{podSelector: {matchLabels: {cnpg.io/cluster: pg}}}], ports: [{port: 5432}]}`,
    );
    assert.deepEqual(fixTitles(li, alone), ['Remove this permission']);
    const both = rules(
      '{to: [{podSelector: {matchExpressions: [{key: cnpg.io/cluster, operator: In, values: [pg-li, pg]}]}}], ports: [{port: 5432}]}',
    );
    assert.deepEqual(fixTitles(li, both), ['Do not select pg']);
    const fixed = applyFix(li, both, 'Do not select pg')['main.yaml'] ?? '';
    assert.ok(fixed.includes('values: [pg-li]'), fixed);
    assert.deepEqual(messages(li, fixed), []);
    assert.deepEqual(fixTitles(li, rules('{to: [{podSelector: {}}]}')), [], 'what is needed would go with it');
  });

  it('does not take the LI database and the replication jobs for LI pods', () => {
    const rule = '{to: [{podSelector: {matchLabels: {cnpg.io/cluster: pg}}}], ports: [{port: 5432}]}';
    for (const labels of ['cnpg.io/cluster: pg-li', 'app: sync'])
      assert.deepEqual(
        messages(
          li,
          `${policy('p', `{podSelector: {matchLabels: {${labels}}}, policyTypes: [Egress], egress: [${rule}]}`)}${deny}${pods}`,
        ),
        [],
        labels,
      );
  });

  it('reports an LI pod whose egress nothing restricts', () => {
    const ingress = policy('ingress', '{podSelector: {}, policyTypes: [Ingress]}');
    assert.deepEqual(
      messages(li, `${ingress}${pods}`).map(message => message.split(' may')[0]),
      ['error: synapse-li of the LI instance'],
    );
    assert.deepEqual(messages(li, pods), []);
    assert.deepEqual(messages(li, `${ingress}${pods}${off('li')}`), []);
  });

  it('warns of a Redis that is shared with the main instance', () => {
    const config = (host: string): string => `
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: li-config, namespace: matrix}
    data:
      homeserver.yaml: |
        redis: {enabled: true, host: ${host}}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-li, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: synapse, matrix.instance: li}}
        spec:
          containers:
            - {name: synapse, image: "matrixdotorg/synapse:v1.139.2", volumeMounts: [{name: c, mountPath: /data}]}
          volumes: [{name: c, configMap: {name: li-config}}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: redis, namespace: matrix}
    spec: {selector: {app: redis}, ports: [{port: 6379}]}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: redis-li, namespace: matrix}
    spec: {selector: {app: redis-li}, ports: [{port: 6379}]}
    ${workload('Deployment', 'redis', 'app: redis', 'image: "redis:7"')}${workload('Deployment', 'redis-li', 'app: redis-li', 'image: "redis:7"')}${deny}`;
    assert.match(
      messages(li, config('redis'))[0] ?? '',
      /^warning: The LI instance uses redis, the Redis of the main instance/,
    );
    assert.deepEqual(messages(li, config('redis-li')), []);
  });
});
