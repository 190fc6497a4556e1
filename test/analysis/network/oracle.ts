/**
 * A second reading of NetworkPolicy, to compare the engine with. It is written to be obvious and shares nothing with
 * the engine: it takes manifests as JSON, knows nothing unknown, and writes out every permitted connection of a small
 * world as a text `from>to:protocol/port`. Slow on purpose.
 *
 * A `flaw` makes it wrong in one well-known way, so that a test can show that the comparison would notice.
 */
import type { PeerJson, PolicyJson, PortJson, RuleJson, SelectorJson } from './manifest';

/** Something with an address; with a namespace it is a pod. Nothing about it is unknown. */
export interface Thing {
  readonly id: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly portNames?: Readonly<Record<string, readonly string[]>>; // name → ['TCP/80', …]
  readonly hostNetwork?: boolean;
  /** Absent when ipBlocks are not compared with it. */
  readonly address?: string;
}

export interface World {
  readonly things: readonly Thing[];
  /** Labels of every namespace, without the one that holds its name. */
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly ports: readonly number[];
}

export const flaws = [
  'selectors of a peer are ORed',
  'podSelector reaches other namespaces',
  'NotIn needs the key',
  'DoesNotExist is ignored',
  'Exists is ignored',
  'In compares with the first value only',
  'policyTypes default to both',
  'policyTypes default to Ingress',
  'egress without rules counts for the default',
  'no peers means nobody',
  'no ports means none',
  'endPort is ignored',
  'endPort is exclusive',
  'port names are the source’s',
  'except is ignored',
  'protocol is ignored',
  'protocol defaults to any',
  'host network pods are isolated',
  'selectors see host network pods',
  'the last policy wins',
  'egress is ignored',
  'ingress is ignored',
  'policies reach other namespaces',
  'an empty namespaceSelector is the own namespace',
  'namespaces have no name label',
  'peers and ports of different rules mix',
  'every pod is isolated',
  'matchExpressions are ignored',
] as const;
export type Flaw = (typeof flaws)[number];

const protocols = ['TCP', 'UDP', 'SCTP'];

export function permittedConnections(policies: readonly PolicyJson[], world: World, flaw?: Flaw): Set<string> {
  const leaving = permittedOneWay('Egress', policies, world, flaw);
  const arriving = permittedOneWay('Ingress', policies, world, flaw);
  if (flaw === 'egress is ignored') return arriving;
  if (flaw === 'ingress is ignored') return leaving;
  return new Set([...leaving].filter(connection => arriving.has(connection)));
}

export const connection = (from: string, to: string, protocol: string, port: number) =>
  `${from}>${to}:${protocol}/${port}`;

/** Starts from everything, takes away what isolated pods do, and puts back what rules say. */
function permittedOneWay(direction: 'Ingress' | 'Egress', policies: readonly PolicyJson[], world: World, flaw?: Flaw) {
  const permitted = new Set<string>();
  for (const from of world.things)
    for (const to of world.things) for (const text of all(from, to, world)) permitted.add(text);
  for (const thing of world.things) {
    if (thing.namespace === undefined) continue;
    if (thing.hostNetwork && flaw !== 'host network pods are isolated') continue;
    let mine = policies.filter(
      policy =>
        (policy.metadata.namespace === thing.namespace || flaw === 'policies reach other namespaces') &&
        typesOf(policy, flaw).includes(direction) &&
        selects(policy.spec.podSelector ?? {}, thing.labels ?? {}, flaw),
    );
    if (flaw === 'the last policy wins') mine = mine.slice(-1);
    if (mine.length === 0 && flaw !== 'every pod is isolated') continue;
    for (const other of world.things) {
      const [from, to] = direction === 'Egress' ? [thing, other] : [other, thing];
      for (const text of all(from, to, world)) permitted.delete(text);
      for (const policy of mine) {
        for (const rule of rulesOf(policy, direction, flaw)) {
          for (const text of writtenOut(rule, policy, direction, other, from, to, world, flaw)) permitted.add(text);
        }
      }
    }
  }
  return permitted;
}

function all(from: Thing, to: Thing, { ports }: World): readonly string[] {
  const key = `${from.id}>${to.id}:${ports}`;
  const texts = written.get(key) ?? protocols.flatMap(one => ports.map(port => connection(from.id, to.id, one, port)));
  written.set(key, texts);
  return texts;
}
const written = new Map<string, readonly string[]>();

function typesOf({ spec }: PolicyJson, flaw?: Flaw): readonly string[] {
  if (spec.policyTypes && spec.policyTypes.length > 0) return spec.policyTypes;
  if (flaw === 'policyTypes default to both') return ['Ingress', 'Egress'];
  if (flaw === 'policyTypes default to Ingress') return ['Ingress'];
  if (flaw === 'egress without rules counts for the default' && spec.egress) return ['Ingress', 'Egress'];
  return spec.egress && spec.egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function rulesOf({ spec }: PolicyJson, direction: string, flaw?: Flaw): readonly RuleJson[] {
  const rules = (direction === 'Egress' ? spec.egress : spec.ingress) ?? [];
  if (flaw !== 'peers and ports of different rules mix') return rules;
  return rules.flatMap(one => rules.map(two => ({ from: one.from ?? [], to: one.to ?? [], ports: two.ports ?? [] })));
}

function writtenOut(
  rule: RuleJson,
  policy: PolicyJson,
  direction: string,
  other: Thing,
  from: Thing,
  to: Thing,
  world: World,
  flaw?: Flaw,
): readonly string[] {
  const peers = (direction === 'Egress' ? rule.to : rule.from) ?? [];
  const ports = rule.ports ?? [];
  const welcome =
    peers.length === 0
      ? flaw !== 'no peers means nobody'
      : peers.some(peer => isPeer(peer, policy.metadata.namespace ?? 'default', other, world, flaw));
  if (!welcome) return [];
  if (ports.length === 0) return flaw === 'no ports means none' ? [] : all(from, to, world);
  const named = (flaw === 'port names are the source’s' ? from : to).portNames ?? {};
  return ports.flatMap(port => portsOf(port, named, world, flaw).map(text => `${from.id}>${to.id}:${text}`));
}

/** The `protocol/port` texts that one item of `ports` stands for. */
function portsOf(
  item: PortJson,
  named: Readonly<Record<string, readonly string[]>>,
  world: World,
  flaw?: Flaw,
): string[] {
  let only = [item.protocol ?? 'TCP'];
  if (flaw === 'protocol is ignored' || (flaw === 'protocol defaults to any' && !item.protocol)) only = protocols;
  if (item.port === undefined) return only.flatMap(protocol => world.ports.map(port => `${protocol}/${port}`));
  if (typeof item.port === 'string') {
    return (named[item.port] ?? []).filter(text => only.some(protocol => text.startsWith(`${protocol}/`)));
  }
  const numbers = [item.port];
  const end = flaw === 'endPort is ignored' ? undefined : item.endPort;
  if (end !== undefined) for (let number = item.port + 1; number <= end; number++) numbers.push(number);
  if (flaw === 'endPort is exclusive' && numbers.length > 1) numbers.pop();
  return only.flatMap(protocol =>
    numbers.filter(number => world.ports.includes(number)).map(number => `${protocol}/${number}`),
  );
}

function isPeer(peer: PeerJson, policyNamespace: string, other: Thing, world: World, flaw?: Flaw): boolean {
  if (peer.ipBlock) {
    if (other.address === undefined) return false;
    const bits = bitsOf(other.address);
    const except = flaw === 'except is ignored' ? [] : (peer.ipBlock.except ?? []);
    return bits.startsWith(prefixOf(peer.ipBlock.cidr)) && !except.some(cidr => bits.startsWith(prefixOf(cidr)));
  }
  if (other.namespace === undefined) return false;
  if (other.hostNetwork && flaw !== 'selectors see host network pods') return false;
  const labels = other.labels ?? {};
  const ofNamespace =
    flaw === 'namespaces have no name label'
      ? world.namespaces[other.namespace]
      : { ...world.namespaces[other.namespace], 'kubernetes.io/metadata.name': other.namespace };
  const { podSelector, namespaceSelector } = peer;
  const ownNamespace = other.namespace === policyNamespace;
  if (podSelector && namespaceSelector) {
    const podFits = selects(podSelector, labels, flaw);
    const namespaceFits = selects(namespaceSelector, ofNamespace ?? {}, flaw);
    return flaw === 'selectors of a peer are ORed' ? podFits || namespaceFits : podFits && namespaceFits;
  }
  if (namespaceSelector) {
    const empty = !namespaceSelector.matchLabels && !namespaceSelector.matchExpressions;
    if (flaw === 'an empty namespaceSelector is the own namespace' && empty) return ownNamespace;
    return selects(namespaceSelector, ofNamespace ?? {}, flaw);
  }
  if (podSelector) {
    return (ownNamespace || flaw === 'podSelector reaches other namespaces') && selects(podSelector, labels, flaw);
  }
  return false;
}

function selects(selector: SelectorJson, labels: Readonly<Record<string, string>>, flaw?: Flaw): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false;
  if (flaw === 'matchExpressions are ignored') return true;
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const present = key in labels;
    const listed = present && values.includes(labels[key] ?? '');
    if (operator === 'In' && !listed) return false;
    if (operator === 'In' && flaw === 'In compares with the first value only' && labels[key] !== values[0])
      return false;
    if (operator === 'NotIn' && listed) return false;
    if (operator === 'NotIn' && !present && flaw === 'NotIn needs the key') return false;
    if (operator === 'Exists' && !present && flaw !== 'Exists is ignored') return false;
    if (operator === 'DoesNotExist' && present && flaw !== 'DoesNotExist is ignored') return false;
  }
  return true;
}

/** An address as a text of binary digits, with its family in front: `4:0000…` or `6:0010…`. */
function bitsOf(text: string): string {
  if (!text.includes(':')) {
    return `4:${text
      .split('.')
      .map(byte => Number(byte).toString(2).padStart(8, '0'))
      .join('')}`;
  }
  const [head = '', tail = ''] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
  return `6:${groups.map(group => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('')}`;
}

function prefixOf(cidr: string): string {
  const [ip = '', length = ''] = cidr.split('/');
  return bitsOf(ip).slice(0, 2 + Number(length));
}
