import { metadataName } from '../../analysis/namespaces';
import type { ProposedPeer } from '../../analysis/network/minimal-edit';
import type { Direction, Protocol } from '../../analysis/network/model';
import { column, insertItem, stringScalar } from '../../manifests/edit';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';

/** A rule to be written: some peers on some ports. */
export interface WrittenRule {
  readonly peers: readonly ProposedPeer[];
  readonly ports: readonly WrittenPort[];
}

export interface WrittenPort {
  readonly port: number;
  readonly protocol: Protocol;
}

/** A policy to be written: rules for the pods of a selector, in one direction or both. */
export interface WrittenPolicy {
  readonly name: string;
  /** Undefined where the other policies name none. */
  readonly namespace: string | undefined;
  /** Empty for every pod of the namespace. */
  readonly podSelector: ReadonlyMap<string, string>;
  readonly rules: readonly { readonly direction: Direction; readonly rules: readonly WrittenRule[] }[];
}

/** Adds a rule at the end of `spec.ingress` or `spec.egress`, with lists indented as the ones there are. */
export function appendRule(rules: Value, direction: Direction, rule: WrittenRule): TextEdit | undefined {
  return insertItem(rules, ruleLines(direction, rule, nestingOf(rules)).join('\n'));
}

/** Adds a port at the end of a rule's `ports`, written as the last one there is. */
export function appendPort(ports: Value, { port, protocol }: WrittenPort): TextEdit | undefined {
  const last = ports.items().at(-1);
  if (!last) return undefined;
  const names = last.keys();
  const entries: readonly (readonly [string, string])[] = [
    ['protocol', protocol],
    ['port', String(port)],
  ];
  const written = entries
    .filter(([key, value]) => key !== 'protocol' || value !== 'TCP' || names.includes('protocol'))
    .sort(([a], [b]) => rank(names, a) - rank(names, b))
    .map(([key, value]) => `${key}: ${value}`);
  return insertItem(ports, last.style === 'flow' ? `{${written.join(', ')}}` : written.join('\n'));
}

/** A whole NetworkPolicy manifest, without a final newline. */
export function policyText({ name, namespace, podSelector, rules }: WrittenPolicy): string {
  return [
    'apiVersion: networking.k8s.io/v1',
    'kind: NetworkPolicy',
    'metadata:',
    `  name: ${name}`,
    ...(namespace ? [`  namespace: ${namespace}`] : []),
    'spec:',
    ...(podSelector.size === 0
      ? ['  podSelector: {}']
      : ['  podSelector:', '    matchLabels:', ...labelLines(podSelector).map(line => `      ${line}`)]),
    '  policyTypes:',
    ...rules.map(({ direction }) => `    - ${direction}`),
    ...rules.flatMap(one =>
      one.rules.length === 0
        ? []
        : [
            `  ${one.direction.toLowerCase()}:`,
            ...one.rules.flatMap(rule => asItem(ruleLines(one.direction, rule, '  ')).map(line => `    ${line}`)),
          ],
    ),
  ].join('\n');
}

/** Edits of which no two are at the same place: what is inserted at one place becomes one text. */
export function merged(edits: readonly TextEdit[]): readonly TextEdit[] {
  const result: TextEdit[] = [];
  for (const edit of edits) {
    const { uri, span } = edit.at;
    const at = result.findIndex(
      one => one.at.uri === uri && one.at.span.start === span.start && one.at.span.end === span.end,
    );
    const known = result[at];
    if (!known) result.push(edit);
    else if (known.newText !== edit.newText) result[at] = { at: known.at, newText: known.newText + edit.newText };
  }
  return result;
}

function ruleLines(direction: Direction, { peers, ports }: WrittenRule, nesting: string): readonly string[] {
  return [
    ...(peers.length === 0
      ? []
      : [
          direction === 'Egress' ? 'to:' : 'from:',
          ...peers.flatMap(peer => peerItems(peer, nesting)).map(line => nesting + line),
        ]),
    ...(ports.length === 0
      ? []
      : [
          'ports:',
          ...ports
            .flatMap(({ port, protocol }) => asItem([`protocol: ${protocol}`, `port: ${port}`]))
            .map(line => nesting + line),
        ]),
  ];
}

function peerItems(peer: ProposedPeer, nesting: string): readonly string[] {
  if (peer.kind === 'addresses') {
    return peer.cidrs.flatMap(cidr => {
      const except = cidr === '0.0.0.0/0' ? clusterRanges : peer.except;
      return asItem([
        'ipBlock:',
        `  cidr: ${cidr}`,
        ...(except.length === 0 ? [] : ['  except:', ...except.map(range => `  ${nesting}- ${range}`)]),
      ]);
    });
  }
  return asItem([
    ...(peer.namespace === undefined
      ? []
      : [
          'namespaceSelector:',
          '  matchExpressions:',
          ...asItem([`key: ${metadataName}`, 'operator: In', `values: ["${peer.namespace}"]`]).map(
            line => `  ${nesting}${line}`,
          ),
        ]),
    ...(peer.podSelector.size === 0
      ? []
      : ['podSelector:', '  matchLabels:', ...labelLines(peer.podSelector).map(line => `    ${line}`)]),
  ]);
}

/** What "the internet" leaves out in practice: private networks, and the address of cloud metadata services. */
const clusterRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'];

function labelLines(labels: ReadonlyMap<string, string>): readonly string[] {
  return [...labels].map(([key, value]) => `${stringScalar(key)}: ${stringScalar(value)}`);
}

function asItem(lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
}

function rank(names: readonly string[], key: string): number {
  const at = names.indexOf(key);
  return at === -1 ? names.length : at;
}

/** How far the dashes of nested lists stand behind their key: two blanks, or none as in `kubectl get -o yaml`. */
function nestingOf(rules: Value): string {
  for (const rule of rules.items()) {
    for (const list of [rule.at('from'), rule.at('to'), rule.at('ports')]) {
      const [first] = list.items();
      if (!first || list.style === 'flow') continue;
      const dash = list.source.tree.text.lastIndexOf('-', first.sourceSpan.start);
      return column(list, dash) > column(list, list.keySpan.start) ? '  ' : '';
    }
  }
  return '  ';
}
