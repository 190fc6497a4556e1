import assert from 'node:assert/strict';
import defaultDeny from '../../../rules/network/netpol-default-deny-missing';
import dns from '../../../rules/network/netpol-dns-egress-missing';
import hostNetwork from '../../../rules/network/netpol-host-network';
import podUnprotected from '../../../rules/network/netpol-pod-unprotected';
import setIncomplete from '../../../rules/network/netpol-set-incomplete';
import { applyFix, fixTitles, messages } from '../expect';

const policy = (name: string, spec: string): string => `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: ${name}, namespace: matrix}
    spec:
      ${spec}
    ---`;

const deny = policy('default-deny-all', '{podSelector: {}, policyTypes: [Ingress, Egress]}');
const allowDns = policy(
  'allow-dns',
  '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}], ports: [{protocol: UDP, port: 53}, {port: 53}]}]}',
);

const synapse = `
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-main, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: synapse}}
        spec:
          containers:
            - {name: synapse, image: "matrixdotorg/synapse:v1.139.2", ports: [{containerPort: 8008}]}
    ---`;

const cilium = `
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata: {name: deny, namespace: matrix}
    spec: {endpointSelector: {}}
    ---`;

const settings = (components: string): string => `
    #- /matrix-preflight.yaml
    components: {${components}}
    `;

describe('netpol-default-deny-missing', () => {
  it('accepts one policy or two', () => {
    assert.deepEqual(messages(defaultDeny, `${synapse}${deny}`), []);
    assert.deepEqual(
      messages(
        defaultDeny,
        `${synapse}${policy('a', '{podSelector: {}, policyTypes: [Ingress]}')}${policy('b', '{podSelector: {}, policyTypes: [Egress]}')}`,
      ),
      [],
    );
  });

  it('names the direction and the pods that are open, or warns where nothing is open by accident', () => {
    assert.match(
      messages(
        defaultDeny,
        `\n    #- /matrix-preflight.yaml\n    scale: {ccu: 100}\n    #- /main.yaml${synapse}${allowDns}`,
      )[0] ?? '',
      /^error: No NetworkPolicy denies/,
    );
    assert.match(
      messages(defaultDeny, `${synapse}${allowDns}`)[0] ?? '',
      /^warning: No NetworkPolicy denies ingress and egress by default in namespace matrix, so synapse-main is open/,
    );
    const ingress = policy('b', '{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}');
    const egress = policy('c', '{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}]}');
    assert.match(
      messages(defaultDeny, `${synapse}${ingress}${egress}`)[0] ?? '',
      /^warning: .*a side effect of other policies/,
    );
    assert.match(
      messages(defaultDeny, `${synapse}${policy('b', '{podSelector: {}, policyTypes: [Ingress]}')}`)[0] ?? '',
      /denies egress by default/,
    );
  });

  it('judges only namespaces of the deployment, and only what it can see', () => {
    const own = policy('a', '{podSelector: {matchLabels: {app: x}}}');
    assert.equal(messages(defaultDeny, `${synapse}${own}`).length, 1);
    assert.deepEqual(messages(defaultDeny, own), [], 'no Synapse, no database');
    assert.deepEqual(messages(defaultDeny, `${synapse}${own}${cilium}`), []);
    assert.deepEqual(messages(defaultDeny, `${synapse}${own}${settings('networkPolicies: off')}`), []);
    assert.deepEqual(messages(defaultDeny, synapse), [], 'without any policy another rule speaks');
  });
});

describe('netpol-set-incomplete', () => {
  it('reports once that there is no policy at all, at Synapse where no Namespace is declared', () => {
    assert.match(messages(setIncomplete, synapse)[0] ?? '', /^warning: Namespace matrix has no NetworkPolicy/);
    const worker = synapse
      .replace('synapse-main', 'synapse-worker')
      .replace('- {name: synapse,', '- {name: synapse, command: [python, -m, synapse.app.generic_worker],');
    assert.equal(messages(setIncomplete, `${synapse}${worker}`).length, 1);
  });

  it('is silent if policies are not wanted, not needed, or of another kind', () => {
    for (const more of [settings('networkPolicies: off'), settings('networkPolicies: auto'), cilium])
      assert.deepEqual(messages(setIncomplete, `${synapse}${more}`), [], more);
    const elsewhere = `
    apiVersion: v1
    kind: Namespace
    metadata: {name: monitoring}
    `;
    assert.deepEqual(messages(setIncomplete, elsewhere), []);
  });

  it('names the purposes that have a component and no policy, and adds a policy for each', () => {
    const redis = `
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: redis}}
        spec:
          containers: [{name: redis, image: "redis:7.4.1-alpine"}]
    `;
    const source = `${deny}${synapse}${redis}`;
    assert.match(
      messages(setIncomplete, source)[0] ?? '',
      /^warning: Namespace matrix has 1 of the 13 NetworkPolicies of the checklist, and none for DNS, Redis and the egress of Synapse/,
    );
    assert.deepEqual(fixTitles(setIncomplete, source), [
      'Add NetworkPolicy allow-dns',
      'Add NetworkPolicy redis',
      'Add NetworkPolicy synapse-egress',
    ]);
    const fixed = applyFix(setIncomplete, source, 'Add NetworkPolicy redis')['main.yaml'] ?? '';
    assert.match(
      fixed,
      /name: redis\n {2}namespace: matrix\nspec:\n {2}podSelector:\n {4}matchLabels:\n {6}app: redis\n {2}policyTypes:\n {4}- Ingress\n/,
    );
  });

  it('is content with thirteen, or with fewer that serve every purpose', () => {
    const egress = policy('e', '{podSelector: {matchLabels: {app: synapse}}, policyTypes: [Egress]}');
    assert.deepEqual(messages(setIncomplete, `${deny}${allowDns}${synapse}${egress}`), []);
    const many = Array.from({ length: 12 }, (_, index) => policy(`p${index}`, '{podSelector: {matchLabels: {a: b}}}'));
    assert.deepEqual(messages(setIncomplete, `${deny}${synapse}${many.join('')}`), []);
    assert.equal(messages(setIncomplete, `${deny}${synapse}${many.slice(1).join('')}`).length, 1);
  });
});

describe('netpol-dns-egress-missing', () => {
  const egress = (rule: string): string =>
    `${deny}${policy('dns', `{podSelector: {}, policyTypes: [Egress], egress: [${rule}]}`)}${synapse}`;

  it('accepts every way to let queries through', () => {
    for (const rule of [
      '{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]}',
      '{to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}',
      '{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}], ports: [{port: dns, protocol: UDP}, {port: dns-tcp}]}',
      '{ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}',
      '{to: [{ipBlock: {cidr: 169.254.20.10/32}}], ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}',
      '{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: openshift-dns}}}], ports: [{port: 5353, protocol: UDP}, {port: 5353}]}',
      // Other distributions may label their DNS otherwise.
      '{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {app: coredns}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}',
    ])
      assert.deepEqual(messages(dns, egress(rule)), [], rule);
  });

  it('is an error without UDP, over which resolvers ask first, and a warning without TCP', () => {
    const to = 'to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]';
    assert.match(messages(dns, egress(`{${to}, ports: [{port: 53}]}`))[0] ?? '', /^error: .* over TCP only/);
    assert.match(
      messages(dns, egress(`{${to}, ports: [{port: 53, protocol: UDP}]}`))[0] ?? '',
      /^warning: .* over UDP only/,
    );
  });

  it('knows labels that scripts give to namespaces, and does not judge those that only a text tells to give', () => {
    const rule = egress(
      '{to: [{namespaceSelector: {matchLabels: {name: kube-system}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}',
    );
    const script = (path: string, command: string): string => `${rule}\n    #- ${path}\n    ${command}\n    `;
    assert.match(messages(dns, rule)[0] ?? '', /^error: The rule of NetworkPolicy dns/);
    for (const command of [
      'kubectl label namespace kube-system name=kube-system --overwrite',
      'kubectl label --overwrite ns/kube-system name=kube-system',
    ]) {
      assert.deepEqual(messages(dns, script('/setup.sh', command)), [], command);
      assert.deepEqual(messages(dns, script('/README.md', command)), [], 'a README');
    }
    assert.equal(messages(dns, script('/setup.sh', 'kubectl label ns monitoring name=kube-system')).length, 1);
  });

  it('reports a dead label, a wrong namespace and a missing rule', () => {
    for (const rule of [
      '{to: [{namespaceSelector: {matchLabels: {name: kube-system}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}',
      '{to: [{podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}',
      '{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: matrix}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}',
    ])
      assert.match(messages(dns, egress(rule))[0] ?? '', /^error: The rule of NetworkPolicy dns for port 53/, rule);
    const missing = `${deny}${synapse}`;
    assert.match(
      messages(dns, missing)[0] ?? '',
      /^error: No rule lets the pods that NetworkPolicy default-deny-all restricts/,
    );
    assert.deepEqual(fixTitles(dns, missing), ['safe: Add NetworkPolicy allow-dns']);
  });

  it('repairs the label and the protocol at once', () => {
    const source = egress(
      '{to: [{namespaceSelector: {matchLabels: {name: kube-system, a: b}}}], ports: [{port: 53, protocol: UDP}]}',
    );
    assert.deepEqual(fixTitles(dns, source), [], 'another label beside it stays wrong');
    const block = `
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: dns, namespace: matrix}
    spec:
      podSelector: {}
      policyTypes: [Egress]
      egress:
      - to:
        - namespaceSelector:
            matchLabels:
              name: kube-system
        ports:
        - port: 53
          protocol: UDP
    ---${synapse}`;
    const fixed = applyFix(dns, block, 'Allow DNS over UDP and TCP')['main.yaml'] ?? '';
    assert.match(fixed, /key: kubernetes\.io\/metadata\.name/);
    assert.match(
      fixed,
      /\n {2}- to:[\s\S]*\n {4}ports:\n {4}- port: 53\n {6}protocol: UDP\n {4}- port: 53\n {6}protocol: TCP\n/,
    );
  });

  it('judges only pods whose egress is restricted', () => {
    assert.deepEqual(messages(dns, `${policy('i', '{podSelector: {}, policyTypes: [Ingress]}')}${synapse}`), []);
    const host = synapse.replace(
      'spec:\n          containers',
      'spec:\n          hostNetwork: true\n          containers',
    );
    assert.deepEqual(messages(dns, `${deny}${host}`), []);
    assert.equal(
      messages(
        dns,
        `${policy('own', '{podSelector: {matchLabels: {app: synapse}}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}')}${synapse}`,
      ).length,
      1,
    );
    assert.deepEqual(messages(dns, `${deny}${synapse}${cilium}`), []);
  });
});

describe('netpol-pod-unprotected and netpol-host-network', () => {
  const some = policy('some', '{podSelector: {matchLabels: {app: other}}, policyTypes: [Ingress]}');

  it('report a workload that others can connect to and no policy selects', () => {
    assert.equal(messages(podUnprotected, `${some}${synapse}`).length, 1);
    const job = synapse.replace('kind: StatefulSet', 'kind: Job');
    const host = synapse.replace(
      'spec:\n          containers',
      'spec:\n          hostNetwork: true\n          containers',
    );
    const silent = synapse.replace(', ports: [{containerPort: 8008}]', '');
    for (const source of [
      `${deny}${synapse}`,
      synapse,
      `${some}${cilium}${synapse}`,
      `${some}${job}`,
      `${some}${host}`,
      `${some}${silent}`,
      `${some}${synapse}${settings('networkPolicies: off')}`,
    ])
      assert.deepEqual(messages(podUnprotected, source), []);
  });

  it('mention a policy that is about a pod on the host network, and not one for all', () => {
    const host = synapse.replace(
      'spec:\n          containers',
      'spec:\n          hostNetwork: true\n          containers',
    );
    const peer = policy('peer', '{egress: [{to: [{podSelector: {matchLabels: {app: synapse}}}]}]}');
    assert.match(
      messages(hostNetwork, `${peer}${host}`)[0] ?? '',
      /^hint: NetworkPolicy peer names synapse-main as a peer/,
    );
    assert.deepEqual(messages(hostNetwork, `${deny}${host}`), []);
    assert.deepEqual(messages(hostNetwork, `${peer}${synapse}`), []);
  });
});
