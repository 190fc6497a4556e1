/**
 * The examples of the Kubernetes concept page on Network Policies
 * (https://kubernetes.io/docs/concepts/services-networking/network-policies/) and the recipes most people copy
 * (https://github.com/ahmetb/kubernetes-network-policy-recipes), as truth tables: what each text says in words.
 */
import assert from 'node:assert/strict';
import { evaluate } from '../../../analysis/network/evaluate';
import type { Endpoint } from '../../../analysis/network/model';
import { index } from '../../../analysis/network/policy-index';
import { address, externalPod, flow, labelMap, pod, policies } from './manifest';

type Row = readonly [from: Endpoint, to: Endpoint, port: string | number, result: 'allowed' | 'denied' | 'unknown'];

const namespaces = labelMap({
  default: {},
  other: { team: 'operations' },
  project: { project: 'myproject' },
  alice: { user: 'alice' },
  frontend: { namespace: 'frontend' },
  backend: { namespace: 'backend' },
});

// Without this the examples with ranges such as 172.17.0.0/16 could cover the pods as well.
const podAddresses = ['10.244.0.0/16'];

function table(name: string, yaml: string, rows: readonly Row[]): void {
  const policySet = index(policies(yaml), { namespaces, podAddresses });
  describe(name, () => {
    for (const [from, to, port, expected] of rows) {
      const text = [from, to].map(end => (end.kind === 'pod' ? end.id : end.name)).join(' → ');
      it(`${text} ${port} is ${expected}`, () => {
        assert.equal(evaluate(flow(from, to, port), policySet).result, expected);
      });
    }
  });
}

const policy = (name: string, spec: string, namespace = 'default') =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n${spec}`;

const web = pod('web', { app: 'web' });
const foo = pod('foo', { app: 'foo' });
const bare = pod('bare');
const strangerInOther = pod('other/stranger');
const webInOther = pod('other/web', { app: 'web' });
const outside = address('a host outside', '203.0.113.7');

describe('NetworkPolicy examples of the documentation', () => {
  describe('concept page', () => {
    table('no policy', '', [
      [bare, web, 80, 'allowed'],
      [outside, web, 80, 'allowed'],
      [web, outside, 443, 'allowed'],
    ]);

    const db = pod('db', { role: 'db' });
    table(
      'the example NetworkPolicy',
      policy(
        'test-network-policy',
        `  podSelector: { matchLabels: { role: db } }
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - ipBlock: { cidr: 172.17.0.0/16, except: [172.17.1.0/24] }
        - namespaceSelector: { matchLabels: { project: myproject } }
        - podSelector: { matchLabels: { role: frontend } }
      ports: [{ protocol: TCP, port: 6379 }]
  egress:
    - to: [{ ipBlock: { cidr: 10.0.0.0/24 } }]
      ports: [{ protocol: TCP, port: 5978 }]
`,
      ),
      [
        [pod('front', { role: 'frontend' }), db, 6379, 'allowed'],
        [pod('front', { role: 'frontend' }), db, 6380, 'denied'],
        [pod('front', { role: 'frontend' }), db, '6379/UDP', 'denied'],
        [pod('project/any'), db, 6379, 'allowed'],
        [pod('other/front', { role: 'frontend' }), db, 6379, 'denied'],
        [address('172.17.0.0', '172.17.0.0'), db, 6379, 'allowed'],
        [address('172.17.0.255', '172.17.0.255'), db, 6379, 'allowed'],
        [address('172.17.1.1', '172.17.1.1'), db, 6379, 'denied'],
        [address('172.17.2.0', '172.17.2.0'), db, 6379, 'allowed'],
        [address('172.17.255.255', '172.17.255.255'), db, 6379, 'allowed'],
        [address('172.18.0.1', '172.18.0.1'), db, 6379, 'denied'],
        [db, address('10.0.0.9', '10.0.0.9'), 5978, 'allowed'],
        [db, address('10.0.1.9', '10.0.1.9'), 5978, 'denied'],
        [db, address('10.0.0.9', '10.0.0.9'), 5979, 'denied'],
        // Only pods with role=db in default are isolated.
        [bare, web, 6379, 'allowed'],
        [bare, pod('other/db', { role: 'db' }), 6379, 'allowed'],
      ],
    );

    const client = pod('client', { role: 'client' });
    const clientOfAlice = pod('alice/client', { role: 'client' });
    const workerOfAlice = pod('alice/worker', { role: 'worker' });
    table(
      'namespaceSelector and podSelector in one item (AND)',
      policy(
        'and',
        `  podSelector: {}
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { user: alice } }
          podSelector: { matchLabels: { role: client } }
`,
      ),
      [
        [clientOfAlice, web, 80, 'allowed'],
        [workerOfAlice, web, 80, 'denied'],
        [client, web, 80, 'denied'],
        [bare, web, 80, 'denied'],
      ],
    );
    table(
      'namespaceSelector and podSelector in two items (OR)',
      policy(
        'or',
        `  podSelector: {}
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { user: alice } }
        - podSelector: { matchLabels: { role: client } }
`,
      ),
      [
        [clientOfAlice, web, 80, 'allowed'],
        [workerOfAlice, web, 80, 'allowed'],
        [client, web, 80, 'allowed'],
        [bare, web, 80, 'denied'],
        [pod('other/client', { role: 'client' }), web, 80, 'denied'],
      ],
    );

    table('default deny all ingress', policy('deny-in', '  podSelector: {}\n  policyTypes: [Ingress]\n'), [
      [bare, web, 80, 'denied'],
      [outside, web, 80, 'denied'],
      [web, outside, 80, 'allowed'],
      [web, strangerInOther, 80, 'allowed'],
    ]);
    table(
      'allow all ingress beats any other policy',
      [
        policy('deny-in', '  podSelector: {}\n  policyTypes: [Ingress]\n'),
        policy('allow-in', '  podSelector: {}\n  ingress: [{}]\n  policyTypes: [Ingress]\n'),
      ].join('---\n'),
      [
        [bare, web, 80, 'allowed'],
        [outside, web, '53/UDP', 'allowed'],
        [web, outside, 80, 'allowed'],
      ],
    );
    table('default deny all egress', policy('deny-out', '  podSelector: {}\n  policyTypes: [Egress]\n'), [
      [web, bare, 80, 'denied'],
      [web, outside, 80, 'denied'],
      [strangerInOther, web, 80, 'allowed'],
    ]);
    table(
      'allow all egress',
      [
        policy('deny-out', '  podSelector: {}\n  policyTypes: [Egress]\n'),
        policy('allow-out', '  podSelector: {}\n  egress: [{}]\n  policyTypes: [Egress]\n'),
      ].join('---\n'),
      [
        [web, outside, 443, 'allowed'],
        [strangerInOther, web, 80, 'allowed'],
      ],
    );
    table('default deny all', policy('deny', '  podSelector: {}\n  policyTypes: [Ingress, Egress]\n'), [
      [bare, web, 80, 'denied'],
      [web, outside, 80, 'denied'],
      [outside, web, 80, 'denied'],
      [strangerInOther, webInOther, 80, 'allowed'],
      [strangerInOther, web, 80, 'denied'],
    ]);

    table(
      'a range of ports',
      policy(
        'multi-port-egress',
        `  podSelector: { matchLabels: { role: db } }
  policyTypes: [Egress]
  egress:
    - to: [{ ipBlock: { cidr: 10.0.0.0/24 } }]
      ports: [{ protocol: TCP, port: 32000, endPort: 32768 }]
`,
      ),
      [
        [db, address('10.0.0.1', '10.0.0.1'), 31999, 'denied'],
        [db, address('10.0.0.1', '10.0.0.1'), 32000, 'allowed'],
        [db, address('10.0.0.1', '10.0.0.1'), 32500, 'allowed'],
        [db, address('10.0.0.1', '10.0.0.1'), 32768, 'allowed'],
        [db, address('10.0.0.1', '10.0.0.1'), 32769, 'denied'],
        [db, address('10.0.0.1', '10.0.0.1'), '32500/UDP', 'denied'],
      ],
    );
    const myapp = pod('myapp', { app: 'myapp' });
    table(
      'several namespaces by label',
      policy(
        'egress-namespaces',
        `  podSelector: { matchLabels: { app: myapp } }
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector:
            matchExpressions: [{ key: namespace, operator: In, values: [frontend, backend] }]
`,
      ),
      [
        [myapp, pod('frontend/any'), 1, 'allowed'],
        [myapp, pod('backend/any'), 1, 'allowed'],
        [myapp, bare, 1, 'denied'],
        [myapp, outside, 1, 'denied'],
      ],
    );
    table(
      'a namespace by its name',
      policy(
        'dns',
        `  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector:
            matchExpressions: [{ key: kubernetes.io/metadata.name, operator: In, values: [kube-system] }]
      ports: [{ protocol: UDP, port: 53 }, { protocol: TCP, port: 53 }]
`,
      ),
      [
        // kube-system is declared nowhere, and yet carries its name.
        [web, externalPod('kube-dns', 'kube-system'), '53/UDP', 'allowed'],
        [web, externalPod('kube-dns', 'kube-system'), '53/TCP', 'allowed'],
        [web, externalPod('kube-dns', 'kube-system'), '53/SCTP', 'denied'],
        [web, externalPod('kube-dns', 'kube-system'), '54/UDP', 'denied'],
        [web, externalPod('nginx', 'ingress-nginx'), '53/UDP', 'denied'],
        [web, bare, '53/UDP', 'denied'],
      ],
    );

    const hostPod = pod('coturn', { role: 'client' }, { hostNetwork: true });
    table(
      'pods on the host network',
      [
        policy('deny', '  podSelector: {}\n  policyTypes: [Ingress, Egress]\n'),
        policy(
          'selector',
          '  podSelector: { matchLabels: { app: web } }\n  ingress: [{ from: [{ podSelector: {} }] }]\n',
        ),
        policy(
          'every-address',
          '  podSelector: { matchLabels: { app: foo } }\n  ingress: [{ from: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }]\n',
        ),
        policy('everyone', '  podSelector: { matchLabels: { app: open } }\n  ingress: [{}]\n'),
      ].join('---\n'),
      [
        // No policy applies to them …
        [hostPod, outside, 80, 'allowed'],
        [outside, hostPod, 80, 'allowed'],
        // … and as peers only their addresses count.
        [hostPod, web, 80, 'denied'],
        [hostPod, foo, 80, 'allowed'],
        [hostPod, pod('open', { app: 'open' }), 80, 'allowed'],
        [web, hostPod, 80, 'denied'],
      ],
    );
  });

  describe('policyTypes that are not given', () => {
    table('without rules: Ingress only', policy('p', '  podSelector: {}\n'), [
      [outside, web, 80, 'denied'],
      [web, outside, 80, 'allowed'],
    ]);
    table(
      'with an egress rule: both',
      policy('p', '  podSelector: {}\n  egress: [{ ports: [{ port: 53, protocol: UDP }] }]\n'),
      [
        [outside, web, 80, 'denied'],
        [web, outside, 80, 'denied'],
        [web, outside, '53/UDP', 'allowed'],
      ],
    );
    table('with an empty egress list: Ingress only', policy('p', '  podSelector: {}\n  egress: []\n'), [
      [outside, web, 80, 'denied'],
      [web, outside, 80, 'allowed'],
    ]);
    table('an empty policyTypes list counts as absent', policy('p', '  podSelector: {}\n  policyTypes: []\n'), [
      [outside, web, 80, 'denied'],
      [web, outside, 80, 'allowed'],
    ]);
    table(
      'policyTypes [Egress] leaves ingress rules without effect',
      policy('p', '  podSelector: {}\n  policyTypes: [Egress]\n  ingress: [{ ports: [{ port: 1 }] }]\n'),
      [
        [outside, web, 80, 'allowed'],
        [web, outside, 1, 'denied'],
      ],
    );
  });

  describe('recipes', () => {
    table(
      '01 deny all traffic to an application',
      policy('web-deny-all', '  podSelector: { matchLabels: { app: web } }\n  ingress: []\n'),
      [
        [bare, web, 80, 'denied'],
        [bare, foo, 80, 'allowed'],
      ],
    );
    table(
      '02 limit traffic to an application',
      policy(
        'api-allow',
        '  podSelector: { matchLabels: { app: bookstore, role: api } }\n  ingress: [{ from: [{ podSelector: { matchLabels: { app: bookstore } } }] }]\n',
      ),
      [
        [
          pod('search', { app: 'bookstore', role: 'search' }),
          pod('api', { app: 'bookstore', role: 'api' }),
          80,
          'allowed',
        ],
        [bare, pod('api', { app: 'bookstore', role: 'api' }), 80, 'denied'],
        [bare, pod('half', { app: 'bookstore' }), 80, 'allowed'],
      ],
    );
    table(
      '02a allow all traffic to an application, 08 allow external traffic',
      [
        policy('web-deny-all', '  podSelector: { matchLabels: { app: web } }\n  ingress: []\n'),
        policy('web-allow-all', '  podSelector: { matchLabels: { app: web } }\n  ingress: [{}]\n'),
      ].join('---\n'),
      [
        [bare, web, 80, 'allowed'],
        [strangerInOther, web, 80, 'allowed'],
        [outside, web, 80, 'allowed'],
      ],
    );
    table(
      '04 deny traffic from other namespaces',
      policy('p', '  podSelector: { matchLabels: }\n  ingress: [{ from: [{ podSelector: {} }] }]\n', 'other'),
      [
        [strangerInOther, webInOther, 80, 'allowed'],
        [bare, webInOther, 80, 'denied'],
        [outside, webInOther, 80, 'denied'],
      ],
    );
    table(
      '05 allow traffic from all namespaces: namespaceSelector {}',
      policy('p', '  podSelector: { matchLabels: { app: web } }\n  ingress: [{ from: [{ namespaceSelector: {} }] }]\n'),
      [
        [strangerInOther, web, 80, 'allowed'],
        [pod('undeclared/pod'), web, 80, 'allowed'],
        [bare, web, 80, 'allowed'],
        // All namespaces are not the whole world.
        [outside, web, 80, 'denied'],
      ],
    );
    table(
      '07 some pods in another namespace',
      policy(
        'p',
        `  podSelector: { matchLabels: { app: web } }
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { team: operations } }
          podSelector: { matchLabels: { type: monitoring } }
`,
      ),
      [
        [bare, web, 80, 'denied'],
        [pod('monitor', { type: 'monitoring' }), web, 80, 'denied'],
        [strangerInOther, web, 80, 'denied'],
        [pod('other/monitor', { type: 'monitoring' }), web, 80, 'allowed'],
      ],
    );
    const api = pod('apiserver', { app: 'apiserver' }, { ports: { 'api-port': 5000 } });
    table(
      '09 only to a port: the pod port, not the Service port',
      policy(
        'p',
        '  podSelector: { matchLabels: { app: apiserver } }\n  ingress: [{ ports: [{ port: 5000 }], from: [{ podSelector: { matchLabels: { role: monitoring } } }] }]\n',
      ),
      [
        [pod('m', { role: 'monitoring' }), api, 5000, 'allowed'],
        [pod('m', { role: 'monitoring' }), api, 5001, 'denied'],
        [pod('m', { role: 'monitoring' }), api, 8000, 'denied'],
        [bare, api, 5000, 'denied'],
      ],
    );
    table(
      '10 several selectors',
      policy(
        'p',
        `  podSelector: { matchLabels: { app: bookstore, role: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: bookstore, role: search } }
        - podSelector: { matchLabels: { app: inventory, role: web } }
`,
      ),
      [
        [pod('s', { app: 'bookstore', role: 'search' }), pod('d', { app: 'bookstore', role: 'db' }), 6379, 'allowed'],
        [pod('c', { app: 'inventory', role: 'web' }), pod('d', { app: 'bookstore', role: 'db' }), 6379, 'allowed'],
        [pod('x', { app: 'inventory', role: 'search' }), pod('d', { app: 'bookstore', role: 'db' }), 6379, 'denied'],
      ],
    );
    table(
      '11 deny egress from an application, but DNS',
      policy(
        'p',
        '  podSelector: { matchLabels: { app: foo } }\n  policyTypes: [Egress]\n  egress: [{ ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }] }]\n',
      ),
      [
        [foo, web, 80, 'denied'],
        // Not only the cluster's DNS: any host on port 53.
        [foo, outside, '53/UDP', 'allowed'],
        [foo, web, 53, 'allowed'],
      ],
    );
    table(
      '14 deny external egress',
      policy(
        'p',
        `  podSelector: { matchLabels: { app: foo } }
  policyTypes: [Egress]
  egress:
    - ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
    - to: [{ namespaceSelector: {} }]
`,
      ),
      [
        [foo, web, 80, 'allowed'],
        [foo, strangerInOther, 80, 'allowed'],
        [foo, outside, 80, 'denied'],
        [foo, outside, '53/UDP', 'allowed'],
      ],
    );
  });

  describe('fine print', () => {
    table(
      'an empty from list means everyone, as an absent one does',
      policy('p', '  podSelector: {}\n  ingress: [{ from: [], ports: [{ port: 80 }] }]\n'),
      [
        [outside, web, 80, 'allowed'],
        [strangerInOther, web, 80, 'allowed'],
        [outside, web, 81, 'denied'],
      ],
    );
    table(
      'ports without from',
      policy('p', '  podSelector: {}\n  ingress: [{ ports: [{ port: 80 }, { protocol: UDP }] }]\n'),
      [
        [outside, web, 80, 'allowed'],
        [outside, web, '9999/UDP', 'allowed'],
        [outside, web, 9999, 'denied'],
      ],
    );
    table(
      'a rule needs peer and port, and rules do not mix',
      policy(
        'p',
        `  podSelector: {}
  ingress:
    - from: [{ podSelector: { matchLabels: { app: web } } }]
      ports: [{ port: 80 }]
    - from: [{ podSelector: { matchLabels: { app: foo } } }]
      ports: [{ port: 90 }]
`,
      ),
      [
        [web, bare, 80, 'allowed'],
        [foo, bare, 90, 'allowed'],
        [web, bare, 90, 'denied'],
        [foo, bare, 80, 'denied'],
      ],
    );
    const tall = pod('tall', { app: 'named' }, { ports: { http: 9090 } });
    const short = pod('short', { app: 'named' }, { ports: { http: 80 } });
    const both = pod(
      'dns',
      { app: 'named' },
      {
        ports: {
          dns: [
            { port: 53, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
        },
      },
    );
    const callerWithPort = pod('caller', {}, { ports: { http: 7777 } });
    table(
      'a named port is each destination pod’s own',
      policy(
        'p',
        '  podSelector: { matchLabels: { app: named } }\n  ingress: [{ ports: [{ port: http }, { port: dns, protocol: UDP }] }]\n',
      ),
      [
        [callerWithPort, tall, 9090, 'allowed'],
        [callerWithPort, tall, 80, 'denied'],
        [callerWithPort, short, 80, 'allowed'],
        [callerWithPort, short, 9090, 'denied'],
        [callerWithPort, short, 7777, 'denied'],
        [callerWithPort, tall, '9090/UDP', 'denied'],
        [callerWithPort, both, '53/UDP', 'allowed'],
        [callerWithPort, both, '53/TCP', 'denied'],
      ],
    );
    table(
      'a named port in egress is the destination’s too',
      policy('p', '  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{ ports: [{ port: http }] }]\n'),
      [
        [callerWithPort, tall, 9090, 'allowed'],
        [callerWithPort, short, 80, 'allowed'],
        [callerWithPort, bare, 7777, 'denied'],
        [callerWithPort, outside, 80, 'denied'],
        // The names of that pod's ports are not known.
        [callerWithPort, externalPod('nginx', 'ingress-nginx'), 80, 'unknown'],
      ],
    );
    table(
      'a number in quotes is a name, an endPort below port or beside a name admits nothing',
      policy(
        'p',
        '  podSelector: {}\n  ingress: [{ ports: [{ port: "80" }, { port: 90, endPort: 85 }, { port: http, endPort: 99 }] }]\n',
      ),
      [
        [outside, web, 80, 'denied'],
        [outside, web, 87, 'denied'],
        [outside, short, 80, 'denied'],
      ],
    );
    table(
      'a peer without fields, or with ipBlock beside a selector, admits nothing',
      policy(
        'p',
        '  podSelector: {}\n  ingress: [{ from: [{}, { podSelector: {}, ipBlock: { cidr: 0.0.0.0/0 } }, { podSelector: null }] }]\n',
      ),
      [
        [bare, web, 80, 'denied'],
        [outside, web, 80, 'denied'],
      ],
    );
    table(
      'both sides must agree, each with the policies of its own namespace',
      [
        policy(
          'out',
          '  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{ to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: other } } }] }]\n',
        ),
        policy(
          'in',
          '  podSelector: { matchLabels: { app: web } }\n  ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: default } }, podSelector: { matchLabels: { app: foo } } }] }]\n',
          'other',
        ),
      ].join('---\n'),
      [
        [foo, webInOther, 80, 'allowed'],
        [bare, webInOther, 80, 'denied'],
        [foo, strangerInOther, 80, 'allowed'],
        [foo, web, 80, 'denied'],
        [strangerInOther, web, 80, 'allowed'],
        [strangerInOther, webInOther, 80, 'denied'],
      ],
    );
    table(
      'policies of one pod add up, whatever their order',
      [
        policy('b', '  podSelector: {}\n  ingress: [{ ports: [{ port: 80 }] }]\n'),
        policy('a', '  podSelector: {}\n'),
        policy('c', '  podSelector: { matchLabels: { app: web } }\n  ingress: [{ ports: [{ port: 90 }] }]\n'),
      ].join('---\n'),
      [
        [outside, web, 80, 'allowed'],
        [outside, web, 90, 'allowed'],
        [outside, foo, 90, 'denied'],
        [outside, web, 100, 'denied'],
      ],
    );
    table(
      'replicas of one workload are different pods',
      policy('p', '  podSelector: { matchLabels: { app: web } }\n  policyTypes: [Ingress]\n'),
      [[web, web, 6379, 'denied']],
    );
  });
});
