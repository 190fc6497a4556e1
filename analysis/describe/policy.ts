import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { judgeFlow } from '../flows';
import { evaluate } from '../network/evaluate';
import type { Direction, LabelSelector, Peer, Policy, PolicyPort, Rule } from '../network/model';
import { affects, index, podsSelectedBy, rulesOf } from '../network/policy-index';
import { type Pods, podsIn } from '../pods';
import { anyNamespace, endpointOf, policiesOf, protocolOf, readPolicy } from '../policies';
import { servicesFor } from '../services';
import { few } from '../wording';
import { bullets, code, fewBullets, headline, paragraphs, titleOf } from './markdown';
import { workloadTitles } from './pods';

/**
 * A NetworkPolicy: what it selects, what each of its rules allows, and who may reach the selected pods when all
 * policies of the tree are taken together.
 */
export function describePolicy(workspace: Workspace, resource: Resource): string {
  const policy = readPolicy(resource);
  const selected = selectedBy(workspace, policy);
  const directions = (['Ingress', 'Egress'] as const).filter(direction => affects(policy, direction));
  return paragraphs(
    headline('NetworkPolicy', policy.name, resource.namespace),
    selectedText(workspace, policy, selected),
    bullets(directions.flatMap(direction => ruleTexts(workspace, policy, direction, selected))),
    reachText(workspace, selected, directions),
  );
}

/** What a peer of a rule means, and which workloads of the tree it is. */
export function describePeer(workspace: Workspace, resource: Resource, peer: Value): string | undefined {
  const policy = readPolicy(resource);
  for (const direction of ['Ingress', 'Egress'] as const) {
    for (const rule of rulesOf(policy, direction)) {
      const found = rule.peers?.find(one => one.source.sourceSpan.start === peer.sourceSpan.start);
      if (!found) continue;
      const who = peerWorkloads(workspace, policy, found);
      return paragraphs(
        `**Peer**: ${peerText(found)}`,
        found.ipBlock
          ? undefined
          : who.length > 0
            ? `That is ${few(workloadTitles(who), 8)}.`
            : 'No pod of the tree is one.',
      );
    }
  }
  return undefined;
}

/** What a port of a rule is on the pods that take the connection, and what a Service makes of the number. */
export function describePolicyPort(workspace: Workspace, resource: Resource, item: Value): string | undefined {
  const policy = readPolicy(resource);
  for (const direction of ['Ingress', 'Egress'] as const) {
    for (const rule of rulesOf(policy, direction)) {
      const port = rule.ports?.find(one => one.source.sourceSpan.start === item.sourceSpan.start);
      if (port) return portDescription(workspace, policy, direction, rule, port);
    }
  }
  return undefined;
}

function portDescription(
  workspace: Workspace,
  policy: Policy<Value>,
  direction: Direction,
  rule: Rule<Value>,
  port: PolicyPort<Value>,
): string {
  const selected = selectedBy(workspace, policy);
  const isOpen = !rule.peers?.length;
  const targets =
    direction === 'Ingress'
      ? selected
      : isOpen
        ? podsIn(workspace)
        : (rule.peers ?? []).flatMap(peer => peerWorkloads(workspace, policy, peer));
  const listening = targets.filter(pods => pods.ports.some(one => isPort(port, one)));
  const whose = direction === 'Ingress' ? 'the selected pods' : 'the pods that are connected to';
  return paragraphs(
    `**Port** ${portText(port, direction, selected)} of ${whose}`,
    listening.length > 0
      ? `Declared by ${few([...new Set(listening.map(pods => `${titleOf(pods.owner)}${nameOf(port, pods)}`))], 8)}.`
      : targets.length > 0
        ? `None of ${few(workloadTitles(targets), 4)} declares it.`
        : undefined,
    listening.length === 0 ? serviceHint(workspace, port, targets) : undefined,
  );
}

function isPort(
  { port, endPort, protocol = 'TCP' }: PolicyPort<Value>,
  own: { readonly name: string | undefined; readonly port: number; readonly protocol: string },
): boolean {
  if (protocol !== own.protocol) return false;
  if (typeof port !== 'number') return port === undefined || port === own.name;
  return endPort === undefined ? port === own.port : port <= own.port && own.port <= endPort;
}

/** What the port is called, or which number its name has. */
function nameOf(port: PolicyPort<Value>, { ports }: Pods): string {
  const found = ports.filter(one => isPort(port, one));
  const texts = found.flatMap(one =>
    typeof port.port === 'string' ? [String(one.port)] : one.name === undefined ? [] : [code(one.name)],
  );
  return texts.length === 0 ? '' : ` (${few([...new Set(texts)], 4)})`;
}

/** Whether the number is that of a Service and not that of its pods: policies see connections behind the Service. */
function serviceHint(workspace: Workspace, { port }: PolicyPort<Value>, targets: readonly Pods[]): string | undefined {
  const hints = targets.flatMap(pods =>
    servicesFor(workspace, pods).flatMap(service =>
      service.ports
        .filter(one => one.port === port && one.targetPort !== port)
        .map(
          one => `Service ${code(service.name)} sends ${one.port} on to ${code(String(one.targetPort))} of the pods`,
        ),
    ),
  );
  return hints.length === 0
    ? undefined
    : `${few([...new Set(hints)], 3)}; a NetworkPolicy is compared with the port of the pods.`;
}

function selectedBy(workspace: Workspace, policy: Policy<Value>): readonly Pods[] {
  const own = podsIn(workspace).filter(pods => (pods.namespace ?? anyNamespace) === policy.namespace);
  const endpoints = new Set(podsSelectedBy(policy, own.map(endpointOf)));
  return own.filter(pods => endpoints.has(endpointOf(pods)));
}

function selectedText(workspace: Workspace, policy: Policy<Value>, selected: readonly Pods[]): string {
  if (selected.length === 0) return 'Selects no pod of the tree.';
  const { matchLabels = [], matchExpressions = [] } = policy.podSelector ?? {};
  const isAll = matchLabels.length === 0 && matchExpressions.length === 0;
  const all = podsIn(workspace, policy.namespace === anyNamespace ? undefined : policy.namespace);
  return isAll && selected.length > 3
    ? `Selects every pod of the namespace: ${workloadTitles(all).length} workloads.`
    : `Selects ${few(workloadTitles(selected))}.`;
}

function ruleTexts(
  workspace: Workspace,
  policy: Policy<Value>,
  direction: Direction,
  selected: readonly Pods[],
): readonly string[] {
  const rules = rulesOf(policy, direction);
  if (rules.length === 0) return [`${direction}: allows nothing`];
  return rules.map(rule => {
    const peers = peersText(workspace, policy, rule);
    const ports = portsText(rule, direction, selected);
    return direction === 'Ingress' ? `Ingress from ${peers} to ${ports}` : `Egress to ${peers}, ${ports}`;
  });
}

function peersText(workspace: Workspace, policy: Policy<Value>, { peers }: Rule<Value>): string {
  if (!peers?.length) return 'anywhere';
  return few(
    peers.map(peer => {
      const who = peerWorkloads(workspace, policy, peer);
      const isSmall = who.length > 0 && workloadTitles(who).length <= 3;
      return isSmall ? `${peerText(peer)} (${few(workloadTitles(who))})` : peerText(peer);
    }),
    4,
  );
}

function peerText({ podSelector, namespaceSelector, ipBlock }: Peer<Value>): string {
  if (ipBlock) {
    const except = ipBlock.except?.length ? ` except ${few(ipBlock.except.map(code), 3)}` : '';
    return `${ipBlock.cidr === '0.0.0.0/0' ? 'any address' : code(ipBlock.cidr)}${except}`;
  }
  const where = namespaceSelector
    ? isEmpty(namespaceSelector)
      ? ' of any namespace'
      : ` of namespaces with ${selectorText(namespaceSelector)}`
    : '';
  const pods = podSelector && !isEmpty(podSelector) ? `pods with ${selectorText(podSelector)}` : 'all pods';
  return `${pods}${where === '' && (!podSelector || isEmpty(podSelector)) ? ' of the namespace' : where}`;
}

function isEmpty({ matchLabels = [], matchExpressions = [] }: LabelSelector<Value>): boolean {
  return matchLabels.length === 0 && matchExpressions.length === 0;
}

function selectorText({ matchLabels = [], matchExpressions = [] }: LabelSelector<Value>): string {
  return few([
    ...matchLabels.map(({ key, value }) => code(`${key}=${value}`)),
    ...matchExpressions.map(({ key, operator, values }) =>
      code(values.length > 0 ? `${key} ${operator} (${values.join(', ')})` : `${key} ${operator}`),
    ),
  ]);
}

function portsText({ ports }: Rule<Value>, direction: Direction, selected: readonly Pods[]): string {
  if (!ports?.length) return 'any port';
  return `${ports.length === 1 ? 'port' : 'ports'} ${few(ports.map(port => portText(port, direction, selected)))}`;
}

function portText(
  { port, endPort, protocol = 'TCP' }: PolicyPort<Value>,
  direction: Direction,
  selected: readonly Pods[],
): string {
  const suffix = protocol === 'TCP' ? '' : `/${/^\w+$/.test(protocol) ? protocol : code(protocol)}`;
  if (port === undefined) return `any${suffix}`;
  if (typeof port === 'number') return `${port}${endPort === undefined ? '' : `–${endPort}`}${suffix}`;
  const numbers = direction === 'Ingress' ? namedPorts(selected, port) : [];
  return `${code(port)}${numbers.length > 0 ? ` (${numbers.join(' or ')})` : ''}${suffix}`;
}

function namedPorts(selected: readonly Pods[], name: string): readonly number[] {
  return [...new Set(selected.flatMap(({ ports }) => ports.filter(one => one.name === name).map(one => one.port)))];
}

/** The workloads of the tree that a peer is: asked of the engine with a policy that has this peer and nothing else. */
function peerWorkloads(workspace: Workspace, policy: Policy<Value>, peer: Peer<Value>): readonly Pods[] {
  if (peer.ipBlock) return [];
  const { namespaces } = policiesOf(workspace, policy.namespace);
  const rule: Rule<Value> = { peers: [peer], source: peer.source };
  const only: Policy<Value> = {
    ...policy,
    podSelector: { source: peer.source },
    policyTypes: ['Ingress'],
    ingress: [rule],
    egress: undefined,
  };
  const policies = index([only], { namespaces });
  const to = {
    kind: 'pod',
    id: 'asked',
    name: 'asked',
    namespace: policy.namespace,
    labels: new Map(),
    namedPorts: new Map(),
    hostNetwork: false,
  } as const;
  return podsIn(workspace).filter(
    pods => evaluate({ from: endpointOf(pods), to, port: 1, protocol: 'TCP' }, policies).ingress.result === 'allowed',
  );
}

/** Who may connect to the ports of the selected pods, all policies taken together. */
function reachText(
  workspace: Workspace,
  selected: readonly Pods[],
  directions: readonly Direction[],
): string | undefined {
  // A policy for all pods is told by its rules; a list of everything that may reach everything helps nobody.
  if (!directions.includes('Ingress') || selected.length === 0 || selected.length > 4) return undefined;
  const all = podsIn(workspace);
  const lines = selected.flatMap(to =>
    to.ports.map(({ port, name, protocol }) => {
      const from = all.filter(
        one => one !== to && judgeFlow(workspace, one, to, port, protocolOf(protocol)).result === 'allowed',
      );
      const what = `${code(to.owner.name)} ${port}${name === undefined ? '' : ` (${code(name)})`}`;
      const titles = [...new Set(from.map(({ owner }) => code(owner.name)))];
      return `${what} ← ${titles.length === 0 ? 'nobody of the tree' : few(titles, 8)}`;
    }),
  );
  return lines.length === 0 ? undefined : `With all policies together, these may connect:\n\n${fewBullets(lines)}`;
}
