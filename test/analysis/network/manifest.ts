import { parseAllDocuments } from 'yaml';
import type {
  Endpoint,
  ExternalEndpoint,
  LabelSelector,
  NamedPort,
  Peer,
  PodEndpoint,
  Policy,
  Protocol,
  Rule,
} from '../../../analysis/network/model';

/** A NetworkPolicy as JSON, the fields that matter here. */
export interface PolicyJson {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly podSelector?: SelectorJson | null;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly RuleJson[] | null;
    readonly egress?: readonly RuleJson[] | null;
  };
}
export interface RuleJson {
  readonly from?: readonly PeerJson[];
  readonly to?: readonly PeerJson[];
  readonly ports?: readonly PortJson[];
}
export interface PeerJson {
  readonly podSelector?: SelectorJson | null;
  readonly namespaceSelector?: SelectorJson | null;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
export interface PortJson {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}
export interface SelectorJson {
  readonly matchLabels?: Readonly<Record<string, string>> | null;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** The policies of a multi-document YAML text; each source is the path of the part, such as `db/ingress.0.from.1`. */
export function policies(yaml: string): readonly Policy<string>[] {
  return parseAllDocuments(yaml).map(document => fromJson(document.toJS() as PolicyJson));
}

export function fromJson({ metadata, spec }: PolicyJson): Policy<string> {
  const rules = (list: readonly RuleJson[] | null | undefined, field: 'ingress' | 'egress') =>
    list?.map((rule, position) => ruleFromJson(rule, `${metadata.name}/${field}.${position}`));
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? 'default',
    podSelector: selectorFromJson(spec.podSelector, `${metadata.name}/podSelector`),
    policyTypes: spec.policyTypes,
    ingress: rules(spec.ingress, 'ingress'),
    egress: rules(spec.egress, 'egress'),
    source: metadata.name,
  };
}

/** A pod `namespace/name`, in `default` when there is no slash. */
export function pod(
  id: string,
  labels: Readonly<Record<string, string>> = {},
  options: {
    readonly ports?: Readonly<Record<string, number | readonly NamedPort[]>>;
    readonly hostNetwork?: boolean;
  } = {},
): PodEndpoint {
  const [namespace, name] = id.includes('/') ? (id.split('/') as [string, string]) : ['default', id];
  const namedPorts = Object.entries(options.ports ?? {}).map(([portName, port]): [string, readonly NamedPort[]] => [
    portName,
    typeof port === 'number' ? [{ port, protocol: 'TCP' }] : port,
  ]);
  return {
    kind: 'pod',
    id,
    name,
    namespace,
    labels: new Map(Object.entries(labels)),
    namedPorts: new Map(namedPorts),
    hostNetwork: options.hostNetwork ?? false,
  };
}

export function address(name: string, ...ips: readonly string[]): ExternalEndpoint {
  return { kind: 'external', name, ips };
}

/** A pod outside the tree of which only these labels are known. */
export function externalPod(
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>> = {},
): ExternalEndpoint {
  return { kind: 'external', name, namespace, labels: new Map(Object.entries(labels)) };
}

/** Reads `8080`, `53/UDP`. */
export function flow(from: Endpoint, to: Endpoint, port: string | number) {
  const [number, protocol = 'TCP'] = `${port}`.split('/');
  return { from, to, port: Number(number), protocol: protocol as Protocol };
}

export function labelMap(
  namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  return new Map(Object.entries(namespaces).map(([name, labels]) => [name, new Map(Object.entries(labels))]));
}

function ruleFromJson(rule: RuleJson, path: string): Rule<string> {
  const field = rule.from ? 'from' : 'to';
  return {
    peers: (rule.from ?? rule.to)?.map((peer, position) => peerFromJson(peer, `${path}.${field}.${position}`)),
    ports: rule.ports?.map((port, position) => ({ ...port, source: `${path}.ports.${position}` })),
    source: path,
  };
}

function peerFromJson(peer: PeerJson, path: string): Peer<string> {
  return {
    podSelector: selectorFromJson(peer.podSelector, `${path}.podSelector`),
    namespaceSelector: selectorFromJson(peer.namespaceSelector, `${path}.namespaceSelector`),
    ipBlock: peer.ipBlock && { ...peer.ipBlock, source: `${path}.ipBlock` },
    source: path,
  };
}

export function selectorFromJson(
  selector: SelectorJson | null | undefined,
  path: string,
): LabelSelector<string> | undefined {
  if (!selector) return undefined;
  return {
    matchLabels: Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
      key,
      value,
      source: `${path}.matchLabels.${key}`,
    })),
    matchExpressions: selector.matchExpressions?.map(({ key, operator, values = [] }, position) => ({
      key,
      operator,
      values,
      source: `${path}.matchExpressions.${position}`,
    })),
    source: path,
  };
}
