import { clusterDns, nodeLocalDns, openshiftDns } from '../../analysis/flows/externals';
import { evaluate } from '../../analysis/network/evaluate';
import { isEmptySelector } from '../../analysis/network/labels';
import type { Policy, Rule as PolicyRule, Protocol } from '../../analysis/network/model';
import { isolation, type PolicyIndex } from '../../analysis/network/policy-index';
import { type Pods, podsIn } from '../../analysis/pods';
import { anyNamespace, endpointOf, policiesOf } from '../../analysis/policies';
import { settingsOf } from '../../analysis/settings';
import { appendDocument } from '../../manifests/edit';
import { grouped } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { Place, TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { openPods } from './matrix-namespaces';
import { repairSelector } from './namespace-labels';
import { appendPort, appendRule, policyText, type WrittenRule } from './policy-text';

export default {
  id: 'netpol-dns-egress-missing',
  items: ['1.4.b.1'],
  severity: 'error',
  summary: 'Pods whose egress is restricted may not ask the cluster DNS.',
  why: 'Every connection to a Service begins with a DNS query. Without it nothing finds anything, and programs report unknown hosts rather than a blocked port. Answers that do not fit a UDP packet need TCP.',
  remedy: 'Allow all pods egress to the DNS pods in kube-system, on port 53 over UDP and TCP.',
  traps: [
    'What counts is whether the query gets through, not whether a policy is called `allow-dns`: one that selects kube-system by a label that is not there allows nothing.',
    'If only UDP is allowed, this is a warning. If only TCP is, it is an error: resolvers ask over UDP first.',
    'Access to NodeLocal DNSCache at 169.254.20.10 is accepted instead, and so is a rule without peers.',
    'Pods on the host network ask the DNS of their node or are not restricted; they are not judged.',
  ],
  sources: [
    'Kubernetes documentation, "DNS for Services and Pods" and "Using NodeLocal DNSCache in Kubernetes Clusters".',
    'RFC 7766: DNS over TCP is required.',
  ],
  examples: {
    bad: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-dns
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress:
          - to:
              - namespaceSelector:
                  matchLabels:
                    kubernetes.io/metadata.name: kube-system
            ports:
      #     ^^^^^ 💡 warning: The rule of NetworkPolicy allow-dns for port 53 lets queries to the cluster DNS through over UDP only
              - protocol: UDP
                port: 53
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse
    `,
    good: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-dns
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress:
          - to:
              - namespaceSelector:
                  matchLabels:
                    kubernetes.io/metadata.name: kube-system
            ports:
              - protocol: UDP
                port: 53
              - protocol: TCP
                port: 53
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse
    `,
  },
  kinds: ['NetworkPolicy'],
  *check(policy, workspace) {
    if (settingsOf(workspace).components.networkPolicies === 'off') return;
    const policies = policiesOf(workspace, policy.namespace ?? anyNamespace);
    for (const group of workspace.derive(groupDeaf, policies)) {
      const { missing, pods, blame, rule } = group;
      if (blame.source.source !== policy.root.source) continue;
      const subject = rule
        ? `The rule of NetworkPolicy ${policy.name} for port 53`
        : `No rule lets the pods that NetworkPolicy ${policy.name} restricts`;
      yield {
        at: placeOf(group),
        ...(!missing.includes('UDP') && { severity: 'warning' }),
        message:
          missing.length === 2
            ? `${subject} ${rule ? 'does not reach the cluster DNS, so that nothing finds anything by name' : 'ask the cluster DNS'} — allow UDP and TCP 53 to the DNS pods in kube-system.`
            : `${subject} ${rule ? `lets queries to the cluster DNS through over ${otherThan(missing)} only` : `ask the cluster DNS over ${missing[0]}`} — allow port 53 over ${missing[0]} as well.`,
        related: pods.slice(0, 6).map(({ owner }) => ({
          at: owner.root.at('metadata', 'name'),
          message: `${owner.title} cannot ${missing.length === 2 ? 'resolve names' : `ask over ${missing[0]}`}`,
        })),
        fixes: () => repair(workspace, policy, missing, rule),
      };
    }
  },
} satisfies Rule;

/** Pods that may not ask the DNS, and the policy that is to allow it. */
interface DeafPods {
  readonly pods: readonly Pods[];
  readonly missing: readonly Protocol[];
  readonly blame: Policy<Value>;
  /** The rule that was meant to allow it, if there is one. */
  readonly rule: PolicyRule<Value> | undefined;
}

/** The pods of a namespace that may not ask the DNS, those with the same policies together. */
function groupDeaf(policies: PolicyIndex<Value>, workspace: Workspace): readonly DeafPods[] {
  const namespace = policies.policies[0]?.namespace;
  if (namespace === undefined || policies.otherPolicies.length > 0) return [];
  const all = podsIn(workspace, namespace === anyNamespace ? undefined : namespace);
  const alike = grouped(
    all.flatMap((pods): readonly (readonly [string, Pods])[] => {
      if ((pods.namespace ?? anyNamespace) !== namespace) return [];
      const { isolated, policies: selections } = isolation(endpointOf(pods), 'Egress', policies);
      if (isolated !== 'yes') return [];
      return [[selections.map(({ policy }) => policies.policies.indexOf(policy)).join(), pods]];
    }),
  );
  const groups = new Map<string, DeafPods>();
  for (const pods of alike.values()) {
    const [first] = pods;
    const missing = (['UDP', 'TCP'] as const).filter(protocol => !mayAsk(first, protocol, policies));
    if (missing.length === 0) continue;
    const selecting = isolation(endpointOf(first), 'Egress', policies).policies.map(({ policy }) => policy);
    const meant = selecting
      .flatMap(policy => (policy.egress ?? []).filter(isAboutDns).map(rule => ({ policy, rule })))
      .sort((a, b) => Number(isEmptySelector(b.policy.podSelector)) - Number(isEmptySelector(a.policy.podSelector)))[0];
    const blame = meant?.policy ?? selecting.find(one => isEmptySelector(one.podSelector)) ?? selecting[0];
    if (!blame) continue;
    const key = `${policies.policies.indexOf(blame)} ${missing.join()}`;
    const known = groups.get(key);
    groups.set(key, { pods: [...(known?.pods ?? []), ...pods], missing, blame, rule: meant?.rule });
  }
  return [...groups.values()];
}

/** Whether a query gets through, or may: to the DNS pods, or to the cache on the node. */
function mayAsk(pods: Pods, protocol: Protocol, policies: PolicyIndex<Value>): boolean {
  const from = endpointOf(pods);
  const servers = [
    { to: clusterDns, port: 53 },
    { to: nodeLocalDns, port: 53 },
    ...(policies.policies.some(namesOpenshift) ? [{ to: openshiftDns, port: 5353 }] : []),
  ];
  return servers.some(({ to, port }) => evaluate({ from, to, port, protocol }, policies).egress.result !== 'denied');
}

function namesOpenshift({ egress }: Policy<Value>): boolean {
  const selectors = (egress ?? []).flatMap(rule => rule.peers ?? []).map(peer => peer.namespaceSelector);
  return selectors.some(
    selector =>
      selector?.matchLabels?.some(label => label.value === openshiftDns.namespace) ||
      selector?.matchExpressions?.some(({ values }) => values.includes(openshiftDns.namespace ?? '')),
  );
}

function isAboutDns({ ports }: PolicyRule<Value>): boolean {
  return ports?.some(({ port }) => port === 53 || port === 'dns' || port === 'dns-tcp') ?? false;
}

function placeOf({ missing, rule, blame }: DeafPods): Place {
  if (!rule) return blame.source.at('metadata', 'name');
  const peers = rule.source.at('to');
  return missing.length === 2 && peers.exists ? peers.key : rule.source.at('ports').key;
}

function otherThan(missing: readonly Protocol[]): Protocol {
  return missing.includes('TCP') ? 'UDP' : 'TCP';
}

/** Completes the rule that is there, else adds one to its policy, else adds a policy. */
function repair(
  workspace: Workspace,
  policy: Resource,
  missing: readonly Protocol[],
  rule: PolicyRule<Value> | undefined,
): readonly Fix[] {
  if (rule) {
    const edits = completed(rule, missing);
    if (edits) return [{ title: `Allow DNS over ${missing.join(' and ')}`, safe: true, edits }];
    const edit = appendRule(policy.root.at('spec', 'egress'), 'Egress', dnsRule);
    return edit ? [{ title: `Allow DNS in NetworkPolicy ${policy.name}`, safe: true, edits: [edit] }] : [];
  }
  const taken = new Set(policiesOf(workspace, policy.namespace ?? anyNamespace).policies.map(one => one.name));
  const name = taken.has('allow-dns') ? 'allow-cluster-dns' : 'allow-dns';
  if (taken.has(name)) return [];
  const text = policyText({
    name,
    namespace: policy.namespace,
    podSelector: new Map(),
    rules: [{ direction: 'Egress', rules: [dnsRule] }],
  });
  // A policy for all pods restricts those that no policy restricts yet.
  const safe = openPods(workspace, policy.namespace ?? anyNamespace, 'Egress').length === 0;
  return [{ title: `Add NetworkPolicy ${name}`, safe, edits: [appendDocument(policy.document.file, text)] }];
}

/** What is missing in a rule that was meant to allow DNS: a protocol, the label of the namespace, or both. */
function completed(rule: PolicyRule<Value>, missing: readonly Protocol[]): readonly TextEdit[] | undefined {
  const edits: TextEdit[] = [];
  const ports = rule.source.at('ports');
  const written = new Set((rule.ports ?? []).flatMap(({ port, protocol = 'TCP' }) => (port === 53 ? [protocol] : [])));
  if (missing.length === 2) {
    const selectors = (rule.peers ?? []).map(peer => peer.source.at('namespaceSelector'));
    const repaired = selectors.flatMap(selector => repairSelector(selector) ?? []);
    if (repaired.length === 0 || repaired.length !== selectors.length) return undefined;
    edits.push(...repaired);
  }
  for (const protocol of missing) {
    if (written.has(protocol)) continue;
    const edit = appendPort(ports, { port: 53, protocol });
    if (!edit) return undefined;
    edits.push(edit);
  }
  return edits.length > 0 ? edits : undefined;
}

const dnsRule: WrittenRule = {
  peers: [{ kind: 'pods', podSelector: new Map([['k8s-app', 'kube-dns']]), namespace: 'kube-system', alsoAdmits: [] }],
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
};
