import assert from 'node:assert/strict';
import allowsEverything from '../../../rules/network/netpol-allows-everything';
import namespaceLabel from '../../../rules/network/netpol-namespace-selector-label';
import peerMatchesNothing from '../../../rules/network/netpol-peer-matches-nothing';
import portNotOnPod from '../../../rules/network/netpol-port-not-on-pod';
import emptyPeer from '../../../rules/network/netpol-rule-empty-peer';
import selectsNothing from '../../../rules/network/netpol-selects-nothing';
import { applyFix, expectMarks, fixTitles, messages } from '../expect';

const policy = (spec: string): string => `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: policy, namespace: matrix}
    spec:
      ${spec}`;

const deployment = (name: string, labels: string, rest = ''): string => `
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: ${name}, namespace: matrix}
    spec:
      template:
        metadata: {labels: {${labels}}}
        spec: {${rest}}`;

describe('netpol-namespace-selector-label', () => {
  const tree = (selector: string, more = ''): string =>
    `${policy(`egress: [{to: [{namespaceSelector: ${selector}}]}]`)}${more}`;

  it('accepts every way to select by the name, and all namespaces', () => {
    for (const selector of [
      '{}',
      '{matchLabels: {kubernetes.io/metadata.name: kube-system}}',
      '{matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [kube-system, anything]}]}',
      '{matchExpressions: [{key: team, operator: NotIn, values: [x]}]}',
    ])
      assert.deepEqual(messages(namespaceLabel, tree(selector)), [], selector);
  });

  it('accepts a label that a Namespace of the tree carries, with that value only', () => {
    const namespace = `
    ---
    apiVersion: v1
    kind: Namespace
    metadata: {name: matrix, labels: {name: matrix}}`;
    assert.deepEqual(messages(namespaceLabel, tree('{matchLabels: {name: matrix}}', namespace)), []);
    assert.equal(messages(namespaceLabel, tree('{matchLabels: {name: kube-system}}', namespace)).length, 1);
  });

  it('mentions a label that a script sets, and warns of one that a text only tells to set', () => {
    const script = (path: string): string => `
    #- ${path}
    kubectl label --overwrite namespace kube-system name=kube-system
    `;
    const found = (path: string): readonly string[] =>
      messages(namespaceLabel, tree('{matchLabels: {name: kube-system}}', script(path)));
    assert.match(found('/setup.sh')[0] ?? '', /^info: .*only after a script has set it/);
    assert.match(found('/README.md')[0] ?? '', /^warning: .*only if somebody sets it by hand/);
    assert.match(
      messages(
        namespaceLabel,
        tree('{matchLabels: {name: kube-system}}', '\n    #- /x.sh\n    kubectl label pod x name=kube-system\n'),
      )[0] ?? '',
      /^error: No namespace/,
    );
  });

  it('warns of the name of a namespace that nothing creates', () => {
    expectMarks(
      namespaceLabel,
      `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: policy, namespace: matrix}
    spec:
      ingress:
        - from:
            - namespaceSelector:
                matchLabels:
                  kubernetes.io/metadata.name: ingress-ngnix
    #                                          ^^^^^^^^^^^^^ 💡 warning: did you mean ingress-nginx?
            - namespaceSelector:
                matchLabels:
                  kubernetes.io/metadata.name: observability
    #                                          ^^^^^^^^^^^^^ info: Nothing in the tree creates the namespace observability
            - namespaceSelector:
                matchLabels:
                  kubernetes.io/metadata.name: gateway
    #- /install.sh
    helm upgrade --install traefik traefik/traefik --namespace gateway --create-namespace
    `,
    );
  });

  it('renames the key where other labels stand beside it', () => {
    const source = tree('{matchLabels: {name: kube-system, team: ops}}');
    const fixed = applyFix(namespaceLabel, source, /metadata\.name/)['main.yaml'] ?? '';
    assert.match(fixed, /matchLabels: \{kubernetes\.io\/metadata\.name: kube-system, team: ops\}/);
  });
});

describe('netpol-selects-nothing', () => {
  const tree = (labels: string, more: string): string => `${policy(`podSelector: {matchLabels: {${labels}}}`)}${more}`;
  const other = deployment('other', 'app: other');

  it('knows the pods of operators and Jobs, and labels that controllers add', () => {
    const database = `
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: db, namespace: matrix}`;
    const job = `
    ---
    apiVersion: batch/v1
    kind: Job
    metadata: {name: init, namespace: matrix}`;
    for (const [labels, more] of [
      ['cnpg.io/cluster: db', database],
      ['cnpg.io/cluster: db, cnpg.io/instanceRole: primary', database],
      ['cnpg.io/jobRole: initdb', other],
      ['job-name: init', job],
      ['acme.cert-manager.io/http01-solver: "true"', other],
    ] as const)
      assert.deepEqual(messages(selectsNothing, tree(labels, more)), [], labels);
    assert.equal(messages(selectsNothing, tree('cnpg.io/cluster: bd', database)).length, 1);
  });

  it('takes the pods of charts and of broken documents for there', () => {
    const chart = `
    #- /install.sh
    helm install redis-cache bitnami/redis -n matrix
    `;
    assert.deepEqual(messages(selectsNothing, tree('app.kubernetes.io/instance: redis-cache', other + chart)), []);
    const broken = `
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: scanner
    spec:
      template:
        metadata:
          labels:
            app: scanner
      "unclosed: [`;
    assert.deepEqual(messages(selectsNothing, tree('app: scanner', other + broken)), []);
    assert.equal(messages(selectsNothing, tree('app: scaner', other + broken)).length, 1);
  });

  it('reports a policy in a namespace without pods if what it selects runs in another', () => {
    const away = `${policy('podSelector: {matchLabels: {app: other}}').replace('namespace: matrix', 'namespace: default')}`;
    assert.match(messages(selectsNothing, away + other)[0] ?? '', /no pod in namespace default has app=other/);
    assert.deepEqual(messages(selectsNothing, away + deployment('x', 'app: x')), []);
  });

  it('does not take a file of values for a second installation elsewhere', () => {
    const values = `
    #- /values/ingress-nginx.yaml
    controller: {replicaCount: 2}
    `;
    const command = `
    #- /install.sh
    helm install ingress-nginx ingress-nginx/ingress-nginx -n ingress-nginx -f values/ingress-nginx.yaml
    `;
    const labels = 'app.kubernetes.io/name: ingress-nginx';
    assert.deepEqual(messages(selectsNothing, tree(labels, other + values)), []);
    assert.equal(messages(selectsNothing, tree(labels, other + values + command)).length, 1);
  });

  it('says nothing of namespaces of which the tree holds no pods, nor of a selector for all', () => {
    assert.deepEqual(messages(selectsNothing, tree('app: x', '')), []);
    assert.deepEqual(messages(selectsNothing, `${policy('podSelector: {}')}${other}`), []);
    assert.deepEqual(
      messages(
        selectsNothing,
        tree('app: x', `${other}${deployment('x', 'app: x').replace(', namespace: matrix', '')}`),
      ),
      [],
      'a pod without a namespace goes where the tree is applied to',
    );
  });

  it('points at the one label that does not fit, and offers the values that the others have', () => {
    const source = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: policy, namespace: matrix}
    spec:
      podSelector:
        matchExpressions:
          - {key: app, operator: In, values: [synapse]}
          - {key: component, operator: In, values: [main]}
    #             ^^^^^^^^^ 💡 warning: no pod with app=synapse has component=main, they have homeserver and worker
    ${deployment('a', 'app: synapse, component: homeserver')}${deployment('b', 'app: synapse, component: worker')}
    `;
    expectMarks(selectsNothing, source);
    assert.deepEqual(fixTitles(selectsNothing, source), ['Select component=homeserver', 'Select component=worker']);
  });
});

describe('netpol-peer-matches-nothing', () => {
  const tree = (peer: string): string =>
    `${policy(`ingress: [{from: [${peer}]}]`)}${deployment('other', 'app: other')}`;

  it('only mentions labels that give a right, and leaves other namespaces alone', () => {
    assert.match(
      messages(peerMatchesNothing, tree('{podSelector: {matchLabels: {role: admin}}}'))[0] ?? '',
      /^info: .*fine if you start such pods by hand/,
    );
    assert.match(
      messages(peerMatchesNothing, tree('{podSelector: {matchLabels: {redis-access: "true"}}}'))[0] ?? '',
      /^warning/,
      'a label of its own name is no right by its key',
    );
    assert.deepEqual(
      messages(peerMatchesNothing, tree('{namespaceSelector: {}, podSelector: {matchLabels: {app: prometheus}}}')),
      [],
    );
    assert.deepEqual(messages(peerMatchesNothing, tree('{ipBlock: {cidr: 10.0.0.0/8}}')), []);
  });

  it('judges a peer that names its own namespace', () => {
    const own =
      '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: matrix}}, podSelector: {matchLabels: {app: x}}}';
    assert.equal(messages(peerMatchesNothing, tree(own)).length, 1);
  });
});

describe('netpol-allows-everything and netpol-rule-empty-peer', () => {
  const found = (spec: string): readonly string[] => messages(allowsEverything, policy(spec));

  it('accept what is restricted by ports, labels or the pods it is for', () => {
    for (const spec of [
      'egress: [{to: [{namespaceSelector: {}}], ports: [{port: 53}]}]',
      'ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}]}]',
      'ingress: [{from: [{podSelector: {}}]}]',
      'podSelector: {matchLabels: {app: turn}}\n      ingress: [{}]',
      'podSelector: {}\n      egress: [{ports: [{port: 443}]}]',
    ])
      assert.deepEqual(found(spec), [], spec);
  });

  it('report a rule for all pods that allows all, and every namespace on every port', () => {
    assert.match(found('podSelector: {}\n      ingress: [{}]')[0] ?? '', /allows all connections to every pod/);
    assert.match(found('podSelector: {}\n      egress: [{}]')[0] ?? '', /allows all connections from every pod/);
    assert.match(
      found('ingress: [{from: [{namespaceSelector: {}}]}]')[0] ?? '',
      /every pod of the cluster on every port/,
    );
  });

  it('tell an empty list from a missing one', () => {
    assert.equal(messages(emptyPeer, policy('ingress: [{from: []}]')).length, 1);
    assert.equal(messages(emptyPeer, policy('egress: [{to: , ports: [{port: 1}]}]')).length, 1);
    assert.deepEqual(messages(emptyPeer, policy('ingress: [{ports: [{port: 1}]}, {}]')), []);
  });
});

describe('pods that an operator makes', () => {
  const peers = policy(
    'podSelector: {}\n      ingress: [{from: [{podSelector: {matchLabels: {app.kubernetes.io/name: prometheus}}}]}]',
  );
  const custom = (kind: string): string =>
    `\n    ---\n    apiVersion: monitoring.coreos.com/v1\n    kind: ${kind}\n    metadata: {name: k8s, namespace: matrix}`;

  it('are called after their kind, or after the object', () => {
    const web = deployment('web', 'app: web');
    assert.equal(messages(peerMatchesNothing, peers + web).length, 1);
    assert.equal(messages(peerMatchesNothing, peers + web + custom('ServiceMonitor')).length, 1);
    assert.equal(messages(peerMatchesNothing, peers + web + custom('Alertmanager')).length, 1);
    assert.deepEqual(messages(peerMatchesNothing, peers + web + custom('Prometheus')), []);
    const rulers = peers.replace('io/name: prometheus', 'io/name: thanos-ruler');
    assert.deepEqual(messages(peerMatchesNothing, rulers + web + custom('ThanosRuler')), []);
  });
});

describe('netpol-port-not-on-pod', () => {
  const ports = 'containers: [{name: c, ports: [{name: http, containerPort: 8008}]}]';
  const tree = (rule: string, rest = ports): string =>
    `${policy(`podSelector: {matchLabels: {app: web}}\n      ${rule}`)}${deployment('web', 'app: web', rest)}`;

  it('warns of a name that no pod has, and mentions a number', () => {
    assert.match(
      messages(portNotOnPod, tree('ingress: [{ports: [{port: https}]}]'))[0] ?? '',
      /^warning: web declares no port https/,
    );
    assert.match(
      messages(portNotOnPod, tree('ingress: [{ports: [{port: 80}]}]'))[0] ?? '',
      /^info: web declares no port 80, only 8008/,
    );
    assert.deepEqual(fixTitles(portNotOnPod, tree('ingress: [{ports: [{port: 80}]}]')), ['Open port 8008']);
  });

  it('accepts what some pod has, ranges, and pods that declare nothing', () => {
    for (const source of [
      tree('ingress: [{ports: [{port: 8008}, {port: http}, {port: 1, endPort: 9}, {protocol: TCP}]}]'),
      tree('ingress: [{ports: [{port: 80}]}]', 'containers: [{name: c}]'),
      tree('egress: [{to: [{namespaceSelector: {}}], ports: [{port: 80}]}]'),
      tree('egress: [{to: [{podSelector: {matchLabels: {app: unknown}}}], ports: [{port: 80}]}]'),
    ])
      assert.deepEqual(messages(portNotOnPod, source), []);
  });

  it('looks at the other side for egress', () => {
    const source = tree('egress: [{to: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8009}]}]');
    assert.equal(messages(portNotOnPod, source).length, 1);
  });
});
