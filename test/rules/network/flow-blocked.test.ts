import assert from 'node:assert/strict';
import blocked from '../../../rules/network/netpol-flow-blocked';
import ingressAccess from '../../../rules/network/netpol-ingress-access';
import { applyFix, expectMarks, fixTitles, messages } from '../expect';

const policy = (name: string, spec: string): string => `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: ${name}, namespace: matrix}
    spec:
      ${spec}
    ---`;
const deny = policy('default-deny-all', '{podSelector: {}, policyTypes: [Ingress, Egress]}');

const service = (name: string, ports: string, selector = `app: ${name}`): string => `
    apiVersion: v1
    kind: Service
    metadata: {name: ${name}, namespace: matrix}
    spec: {selector: {${selector}}, ports: [${ports}]}
    ---`;

const workload = (kind: string, name: string, labels: string, spec: string): string => `
    apiVersion: ${kind === 'Job' ? 'batch/v1' : 'apps/v1'}
    kind: ${kind}
    metadata: {name: ${name}, namespace: matrix, labels: {app: ${name}}}
    spec:
      template:
        metadata: {labels: {${labels}}}
        spec:
          ${spec}
    ---`;

const client = (name: string, url: string, kind = 'Deployment'): string =>
  workload(
    kind,
    name,
    `app: ${name}`,
    `containers: [{name: c, image: "registry.test/x:1", env: [{name: UPSTREAM, value: "${url}"}]}]`,
  );
const server = `${service('web', '{port: 80, targetPort: 8080}')}${workload('Deployment', 'web', 'app: web', 'containers: [{name: web, ports: [{containerPort: 8080}]}]')}`;

describe('netpol-flow-blocked', () => {
  it('compares with the port of the pods and not with that of the Service', () => {
    const allow = (port: number): string =>
      `${policy('web', `{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: ${port}}]}]}`)}${server}${client('api', 'http://web')}`;
    assert.deepEqual(messages(blocked, allow(8080)), []);
    assert.match(
      messages(blocked, allow(80))[0] ?? '',
      /^error: api needs web:8080 \(variable UPSTREAM\), but ingress of matrix\/web blocks it: only web selects it/,
    );
  });

  it('names both sides if both block', () => {
    const [found, ...more] = messages(blocked, `${deny}${server}${client('api', 'http://web')}`);
    assert.match(
      found ?? '',
      /egress of matrix\/api blocks it: .*; ingress of matrix\/web blocks it: only default-deny-all selects it/,
    );
    assert.deepEqual(more, []);
  });

  it('is one finding for all workloads of an application, at the first of them', () => {
    const worker = (name: string): string =>
      workload(
        'Deployment',
        name,
        `app.kubernetes.io/name: worker, part: ${name}`,
        'containers: [{name: c, image: "registry.test/x:1", env: [{name: UPSTREAM, value: "http://web"}]}]',
      );
    const found = messages(
      blocked,
      `${deny}${server}${worker('a')}${worker('b')}${worker('c')}${client('other', 'http://web')}`,
    );
    assert.equal(found.length, 2);
    assert.match(found[0] ?? '', /^error: worker \(a, b, c\) needs web:8080/);
    assert.match(found[1] ?? '', /^error: other needs web:8080/);
  });

  it('is a warning for metrics, backups and federation', () => {
    const monitor = `
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata: {name: web, namespace: matrix}
    spec:
      selector: {matchLabels: {app: web}}
      podMetricsEndpoints: [{targetPort: 8080}]
    ---`;
    assert.match(
      messages(blocked, `${deny}${server}${monitor}`)[0] ?? '',
      /^warning: Prometheus needs web:8080 \(PodMonitor web\)/,
    );
    const synapse = workload(
      'StatefulSet',
      'synapse',
      'app: synapse',
      'containers: [{name: s, image: "matrixdotorg/synapse:v1.139.2", volumeMounts: [{name: c, mountPath: /data}]}]\n          volumes: [{name: c, configMap: {name: c}}]',
    );
    const config = (whitelist: string): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: c, namespace: matrix}
    data:
      homeserver.yaml: |
        server_name: tessera.test
        ${whitelist}
    ---`;
    assert.match(
      messages(blocked, `${deny}${synapse}${config('')}`)[0] ?? '',
      /^warning: synapse needs the internet:443 and 8448/,
    );
    assert.deepEqual(messages(blocked, `${deny}${synapse}${config('federation_domain_whitelist: []')}`), []);
  });

  it('is a warning for pods on the host network, which not every plugin knows by their address only', () => {
    const allow = policy(
      'web',
      '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}',
    );
    const onHost = client('api', 'http://web').replace('containers:', 'hostNetwork: true\n          containers:');
    assert.equal(messages(blocked, `${allow}${server}${client('api', 'http://web')}`).length, 0);
    assert.match(messages(blocked, `${allow}${server}${onHost}`)[0] ?? '', /^warning: api needs web:8080/);
  });

  it('says nothing where the answer is not certain, not needed or not wanted', () => {
    const cilium = `
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata: {name: x, namespace: matrix}
    ---`;
    const settings = `
    #- /matrix-preflight.yaml
    components: {networkPolicies: off}
    `;
    const monitor = `
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata: {name: web, namespace: matrix}
    spec:
      selector: {matchLabels: {app: web}}
      podMetricsEndpoints: [{targetPort: 8080}]
    ---${policy('m', '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: observability}}}], ports: [{port: 8080}]}]}')}`;
    for (const source of [
      `${server}${client('api', 'http://web')}`,
      `${deny}${cilium}${server}${client('api', 'http://web')}`,
      `${deny}${server}${client('api', 'https://web.tessera.test')}`,
      `${deny}${server}${client('api', 'http://nowhere')}`,
      `${server}${monitor}`,
      `${deny}${server}${client('api', 'http://web')}${settings}`,
      `${deny}${server.replaceAll(', namespace: matrix', '')}${client('api', 'http://web')}`,
    ])
      assert.deepEqual(messages(blocked, source), []);
  });

  it('never asks for a way that isolation forbids', () => {
    const image = 'image: "matrixdotorg/synapse:v1.139.2"';
    const vault = `${service('key-vault', '{port: 8000}')}${workload('Deployment', 'key-vault', 'app: key-vault', 'containers: [{name: v, ports: [{containerPort: 8000}]}]')}`;
    const li = workload(
      'StatefulSet',
      'synapse-li',
      'app: synapse, matrix.instance: li',
      `containers: [{name: s, ${image}, env: [{name: VAULT, value: "http://key-vault:8000"}]}]`,
    );
    assert.deepEqual(messages(blocked, `${deny}${vault}${li}`), []);
    const main = li.replace('synapse-li', 'synapse-main').replace('matrix.instance: li', 'matrix.instance: main');
    assert.equal(messages(blocked, `${deny}${vault}${main}`).length, 1);
  });

  it('is silent where a Service leads astray to another application, which is the mistake', () => {
    const other = workload(
      'Deployment',
      'other',
      'app: other, tier: web',
      'containers: [{name: c, ports: [{containerPort: 8080}]}]',
    );
    const right = workload(
      'Deployment',
      'web',
      'app: web, tier: web',
      'containers: [{name: c, ports: [{containerPort: 8080}]}]',
    );
    const allow = policy(
      'web',
      '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}',
    );
    const tree = `${service('web', '{port: 80, targetPort: 8080}', 'tier: web')}${right}${other}${client('api', 'http://web')}`;
    const shut = policy('shut', '{podSelector: {matchLabels: {app: other}}, policyTypes: [Ingress]}');
    assert.deepEqual(messages(blocked, `${allow}${shut}${tree}`), []);
    assert.equal(messages(blocked, `${policy('all', '{podSelector: {}, policyTypes: [Ingress]}')}${tree}`).length, 2);
  });

  it('asks for the pods that have the Service’s own name also where the Service leads to others', () => {
    const web = (name: string, label: string): string =>
      workload('Deployment', name, `tier: web, ${label}`, 'containers: [{name: c, ports: [{containerPort: 80}]}]');
    const ingress = `
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: web, namespace: matrix}
    spec:
      rules: [{host: web.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
    ---`;
    const open = policy(
      'open',
      '{podSelector: {matchLabels: {open: "true"}}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 80}]}]}',
    );
    const shut = policy('shut', '{podSelector: {}, policyTypes: [Ingress]}');
    const tree = (main: string, li: string): string =>
      `${shut}${open}${service('web', '{port: 80}', 'tier: web')}${web('web', `open: "${main}"`)}${web('web-li', `open: "${li}"`)}${ingress}`;
    assert.deepEqual(
      messages(ingressAccess, tree('false', 'true')).map(message => /has to reach (\S+) for/.exec(message)?.[1]),
      ['web:80'],
    );
    assert.deepEqual(messages(ingressAccess, tree('true', 'false')), []);
    assert.deepEqual(messages(ingressAccess, tree('true', 'true')), []);
  });

  it('lets the MinIO operator reach a Tenant whose users or buckets it makes', () => {
    const tenant = (spec: string): string => `
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata: {name: store, namespace: matrix}
    spec: {${spec}pools: [{name: pool-0, servers: 1, volumesPerServer: 1}]}
    ---`;
    const own = policy(
      'own',
      '{podSelector: {matchLabels: {v1.min.io/tenant: store}}, ingress: [{from: [{podSelector: {matchLabels: {app.kubernetes.io/name: synapse}}}]}]}',
    );
    const users = 'users: [{name: store-user}], ';
    const asks = (source: string): readonly string[] =>
      messages(blocked, source).filter(message => message.includes('The MinIO operator needs store:9000'));
    assert.equal(asks(`${deny}${own}${tenant(users)}`).length, 1);
    assert.equal(asks(`${deny}${own}${tenant('buckets: [{name: media}], ')}`).length, 1);
    assert.deepEqual(asks(`${deny}${own}${tenant('')}`), []);
    const open = own.replace(
      '{podSelector: {matchLabels: {app.kubernetes.io/name: synapse}}}',
      '{podSelector: {matchLabels: {app.kubernetes.io/name: synapse}}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: minio-operator}}}',
    );
    assert.deepEqual(asks(`${deny}${open}${tenant(users)}`), []);
  });

  it('warns where Synapse cannot reach a sygnal that is for nobody else', () => {
    const image = 'image: "matrixdotorg/synapse:v1.139.2"';
    const config = (more: string): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse, namespace: matrix}
    data:
      homeserver.yaml: |
        server_name: tessera.test
        federation_domain_whitelist: []
        ${more}
    ---`;
    const synapse = workload(
      'StatefulSet',
      'synapse-main',
      'app: synapse',
      `containers: [{name: s, ${image}, volumeMounts: [{name: c, mountPath: /data}]}]
          volumes: [{name: c, configMap: {name: synapse}}]`,
    );
    const sygnal = workload(
      'Deployment',
      'sygnal',
      'app: sygnal',
      'containers: [{name: sygnal, image: "matrixdotorg/sygnal:v0.15.0", ports: [{name: http, containerPort: 5000}]}]',
    );
    const said = (more: string, rest = ''): readonly string[] =>
      messages(blocked, `${deny}${config(more)}${synapse}${sygnal}${service('sygnal', '{port: 5000}')}${rest}`).filter(
        message => message.includes('synapse-main needs sygnal:5000'),
      );
    assert.equal(said('report_stats: false').length, 1);
    assert.match(said('report_stats: false')[0] ?? '', /^warning:/);
    assert.deepEqual(said('push: {enabled: false}'), []);
    assert.deepEqual(said('pusher_instances: [pusher1]'), []);
    const ingress = `
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: push, namespace: matrix}
    spec:
      rules: [{host: push.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: sygnal, port: {number: 5000}}}}]}}]
    ---`;
    assert.deepEqual(said('report_stats: false', ingress), []);
    const open =
      policy('in', '{podSelector: {matchLabels: {app: sygnal}}, ingress: [{from: [{podSelector: {}}]}]}') +
      policy('out', '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}');
    assert.deepEqual(said('report_stats: false', open), []);
  });

  it('gives a Job the labels of its own manifest, if policies go by them', () => {
    const job = (labels: string): string => `
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: migrate
      namespace: matrix
      labels:
        app: migrate
        version: "1"
    spec:
      template:${labels}
        spec:
          containers:
            - name: c
              image: postgres:16
              command: [sh, -c, 'psql -h web -p 80 -c x']
    ---`;
    const allow = policy(
      'web',
      '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: migrate}}}], ports: [{port: 8080}]}]}',
    );
    const source = `${allow}${server}${job('')}`;
    assert.match(messages(blocked, source)[0] ?? '', /give the pod template its labels, by which a policy allows it/);
    assert.equal(fixTitles(blocked, source)[0], 'safe: Give the pods of Job/migrate its labels');
    const fixed = applyFix(blocked, source, /its labels/)['main.yaml'] ?? '';
    assert.match(fixed, / {2}template:\n {4}metadata:\n {6}labels:\n {8}app: migrate\n {8}version: "1"\n {4}spec:\n/);
    assert.deepEqual(messages(blocked, fixed), []);
    assert.deepEqual(messages(blocked, `${allow}${server}${job('\n        metadata: {labels: {app: migrate}}')}`), []);
  });

  it('writes rules as their neighbours are written', () => {
    const source = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web, namespace: matrix}
    spec:
      podSelector: {matchLabels: {app: web}}
      policyTypes: [Ingress]
      ingress:
      - from:
        - podSelector:
            matchLabels:
              app: other
        ports:
        - port: 8080
    ---${server}${client('api', 'http://web')}`;
    assert.deepEqual(fixTitles(blocked, source), ['safe: Allow it in NetworkPolicy web']);
    const fixed = applyFix(blocked, source, /Allow/)['main.yaml'] ?? '';
    assert.match(
      fixed,
      / {4}- port: 8080\n {2}- from:\n {4}- podSelector:\n {8}matchLabels:\n {10}app: api\n {4}ports:\n {4}- protocol: TCP\n {6}port: 8080\n---/,
    );
    assert.deepEqual(messages(blocked, fixed), []);
    const windows = applyFix(blocked, source.replaceAll('\n', '\r\n'), /Allow/)['main.yaml'] ?? '';
    assert.match(
      windows,
      /\r\n {2}- from:\r\n {4}- podSelector:\r\n[\s\S]*app: api\r\n {4}ports:\r\n {4}- protocol: TCP\r\n {6}port: 8080\r\n---/,
    );
  });

  it('adds a port to a rule that is about nobody else', () => {
    const source = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web, namespace: matrix}
    spec:
      podSelector: {matchLabels: {app: web}}
      ingress:
        - from:
            - podSelector: {matchLabels: {app: api}}
          ports:
            - port: 9090 # metrics
              protocol: TCP
    ---${server}${client('api', 'http://web')}`;
    const fixed = applyFix(blocked, source, /Allow/)['main.yaml'] ?? '';
    assert.match(fixed, /- port: 9090 # metrics\n {10}protocol: TCP\n {8}- port: 8080\n {10}protocol: TCP\n---/);
    assert.deepEqual(messages(blocked, fixed), []);
  });

  it('adds policies for all pods of an application at once, and says that this is a choice', () => {
    const part = (name: string): string =>
      `${service(name, '{port: 8080}')}${workload('Deployment', name, `app.kubernetes.io/name: web, app: ${name}`, 'containers: [{name: c, ports: [{containerPort: 8080}]}]')}`;
    const proxy = workload(
      'Deployment',
      'proxy',
      'app: proxy',
      'containers: [{name: c, image: "registry.test/x:1", env: [{name: A_URL, value: "http://a:8080"}, {name: B_URL, value: "http://b:8080"}]}]',
    );
    const source = `${deny}${part('a')}${part('b')}${proxy}`;
    assert.equal(messages(blocked, source).length, 1);
    assert.deepEqual(fixTitles(blocked, source), ['Add NetworkPolicy proxy-to-web and web-from-proxy']);
    const fixed = applyFix(blocked, source, /Add/)['main.yaml'] ?? '';
    assert.deepEqual(messages(blocked, fixed), []);
    assert.equal(fixed.match(/kind: NetworkPolicy/g)?.length, 3);
  });
});

describe('netpol-ingress-access', () => {
  const ingress = (backend: string): string => `
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: web, namespace: matrix}
    spec:
      ingressClassName: nginx
      rules:
        - http:
            paths:
              - backend:
                  service:
                    name: web
                    port: {${backend}}
    ---`;
  const install = `
    #- /install.sh
    helm install ingress ingress-nginx/ingress-nginx -n edge --create-namespace
    `;
  const from = (peer: string, port = 8080): string =>
    policy(
      'in',
      `{podSelector: {matchLabels: {public: "true"}}, ingress: [{from: [${peer}], ports: [{port: ${port}}]}]}`,
    );
  const publicServer = `${service('web', '{port: 80, targetPort: 8080}')}${workload('Deployment', 'web', 'app: web, public: "true"', 'containers: [{name: web, ports: [{containerPort: 8080}]}]')}`;
  const edge = '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: edge}}}';

  it('knows where the controller runs if a script says so, and is silent if nothing does', () => {
    const elsewhere = '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}';
    const tree = (peer: string, more: string): readonly string[] =>
      messages(ingressAccess, `${from(peer)}${publicServer}${ingress('number: 80')}${more}`);
    assert.deepEqual(tree(edge, install), []);
    assert.equal(tree(elsewhere, install).length, 1);
    assert.deepEqual(tree(elsewhere, ''), []);
    assert.equal(
      tree('{podSelector: {matchLabels: {app: nobody}}}', '').length,
      0,
      'the labels of the controller are not all known',
    );
    assert.equal(
      messages(ingressAccess, `${deny}${server}${ingress('number: 80')}`).length,
      1,
      'blocked wherever the controller runs',
    );
  });

  it('offers the label that an existing policy goes by', () => {
    const source = `${deny}${from(edge)}${server}${ingress('number: 80')}${install}`;
    assert.deepEqual(fixTitles(ingressAccess, source), [
      'Give Deployment/web the labels that NetworkPolicy in selects',
      'Add NetworkPolicy web-from-ingress-controller',
    ]);
    for (const title of [/Give/, /Add/]) {
      const fixed = applyFix(ingressAccess, source, title);
      assert.deepEqual(
        messages(ingressAccess, `${fixed['main.yaml']}\n#- /install.sh\n${fixed['install.sh']}`),
        [],
        String(title),
      );
    }
  });

  it('repairs a dead label of the namespace instead of adding a rule', () => {
    const namespace = `
    apiVersion: v1
    kind: Namespace
    metadata: {name: edge}
    ---`;
    const block = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: in, namespace: matrix}
    spec:
      podSelector: {matchLabels: {public: "true"}}
      ingress:
        - from:
            - namespaceSelector:
                matchLabels:
                  name: edge
          ports:
            - port: 8080
    ---${namespace}${publicServer}${ingress('number: 80')}${install}`;
    assert.deepEqual(fixTitles(ingressAccess, block), ['safe: Allow it in NetworkPolicy in']);
    const fixed = applyFix(ingressAccess, block, /Allow/)['main.yaml'] ?? '';
    assert.match(fixed, /key: kubernetes\.io\/metadata\.name/);
    assert.equal(fixed.match(/- from:/g)?.length, 1);
  });

  it('takes backends by number and by name, and points at the port', () => {
    expectMarks(
      ingressAccess,
      `${deny}${service('web', '{name: http, port: 80, targetPort: web}')}${workload('Deployment', 'web', 'app: web', 'containers: [{name: web, ports: [{name: web, containerPort: 8080}]}]')}
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: web, namespace: matrix}
    spec:
      defaultBackend:
        service:
          name: web
          port:
            name: http
    #             ^^^^ error: The ingress controller has to reach web:8080 for Ingress web, but ingress of matrix/web blocks it: only default-deny-all selects it —
    `,
    );
  });
});
