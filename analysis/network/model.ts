/**
 * The plain data that the NetworkPolicy engine works on.
 *
 * `Policy` and its parts follow networking.k8s.io/v1 NetworkPolicy field by field; only `from` and `to` are both
 * called `peers`. Every part carries a `source` of the caller's own type `T`, which the engine hands back untouched,
 * so that a finding can point at the exact place in a file. A field whose YAML value is null counts as absent, because
 * the API server decodes null as absent.
 *
 * Source of the meaning of each field: https://kubernetes.io/docs/concepts/services-networking/network-policies/ and
 * the comments of k8s.io/api networking/v1 types.go.
 */
export interface Policy<T> {
  readonly name: string;
  readonly namespace: string;
  /** The pods the policy applies to, in its own namespace; absent or empty selects all of them. */
  readonly podSelector?: LabelSelector<T> | undefined;
  /** Absent or empty: `Ingress`, and also `Egress` when there is at least one egress rule. */
  readonly policyTypes?: readonly string[] | undefined;
  readonly ingress?: readonly Rule<T>[] | undefined;
  readonly egress?: readonly Rule<T>[] | undefined;
  readonly source: T;
}

/** One item of `spec.ingress` or `spec.egress`: it allows what matches some peer and some port. */
export interface Rule<T> {
  /** `from` or `to`; absent and empty both mean every peer, inside the cluster and outside. */
  readonly peers?: readonly Peer<T>[] | undefined;
  /** Absent and empty both mean every port and protocol. */
  readonly ports?: readonly PolicyPort<T>[] | undefined;
  readonly source: T;
}

/**
 * One item of `from` or `to`. With both selectors a pod must match both; with `podSelector` alone it must be in the
 * policy's namespace; with `namespaceSelector` alone any pod of such a namespace matches. The API server refuses a
 * peer with no field, and one that has `ipBlock` beside a selector; here such a peer matches nothing.
 */
export interface Peer<T> {
  readonly podSelector?: LabelSelector<T> | undefined;
  readonly namespaceSelector?: LabelSelector<T> | undefined;
  readonly ipBlock?: IPBlock<T> | undefined;
  readonly source: T;
}

export interface IPBlock<T> {
  readonly cidr: string;
  readonly except?: readonly string[] | undefined;
  readonly source: T;
}

export interface PolicyPort<T> {
  /** `TCP`, `UDP` or `SCTP`; absent means `TCP`. */
  readonly protocol?: string | undefined;
  /** A number, or the name of a container port of the destination pod; absent means every port of the protocol. */
  readonly port?: number | string | undefined;
  /** The inclusive end of a range that starts at a numeric `port`. */
  readonly endPort?: number | undefined;
  readonly source: T;
}

/** All entries must hold; a selector without entries matches everything. */
export interface LabelSelector<T> {
  readonly matchLabels?: readonly MatchLabel<T>[] | undefined;
  readonly matchExpressions?: readonly Requirement<T>[] | undefined;
  readonly source: T;
}

export interface MatchLabel<T> {
  readonly key: string;
  readonly value: string;
  readonly source: T;
}

export interface Requirement<T> {
  readonly key: string;
  /** `In`, `NotIn`, `Exists` or `DoesNotExist`; the API server refuses any other, and here it matches nothing. */
  readonly operator: string;
  readonly values: readonly string[];
  readonly source: T;
}

/**
 * A kind of object beside NetworkPolicy that allows or denies connections and that this engine does not evaluate.
 * Whatever it may decide is reported as unknown; see `otherPolicyKinds` for the kinds.
 */
export interface OtherPolicy<T> {
  readonly kind: string;
  readonly name: string;
  /** Absent for a cluster-scoped object. */
  readonly namespace?: string | undefined;
  /** True for a policy that only decides what no NetworkPolicy decides, such as BaselineAdminNetworkPolicy. */
  readonly baseline?: boolean | undefined;
  readonly source: T;
}

export type Endpoint = PodEndpoint | ExternalEndpoint;

/** The pods of one workload of the tree: all replicas of a pod template are one endpoint. */
export interface PodEndpoint {
  readonly kind: 'pod';
  /** Unique among the endpoints that are compared with each other. */
  readonly id: string;
  /** The workload's name, for messages and for the names of proposed policies. */
  readonly name: string;
  readonly namespace: string;
  /** All labels of the pods, those that controllers add included (for example `job-name`). */
  readonly labels: ReadonlyMap<string, string>;
  readonly namedPorts: NamedPorts;
  readonly hostNetwork: boolean;
}

/**
 * Something that no manifest of the tree declares. With `namespace` or `labels` it is a pod, for example of an ingress
 * controller; without them it is an address: the API server, the internet, a node.
 */
export interface ExternalEndpoint {
  readonly kind: 'external';
  readonly name: string;
  /** The addresses or CIDR ranges it may have; absent means that they are not known. */
  readonly ips?: readonly string[] | undefined;
  /** Ranges inside `ips` that it cannot have. */
  readonly exceptIps?: readonly string[] | undefined;
  readonly namespace?: string | undefined;
  /** The labels that are known; whether the pod has others is unknown unless `labelsComplete` is true. */
  readonly labels?: ReadonlyMap<string, string> | undefined;
  readonly labelsComplete?: boolean | undefined;
  /** Keys of labels that it surely does not have. */
  readonly lacks?: ReadonlySet<string> | undefined;
  /** Absent means that the names of its ports are not known. */
  readonly namedPorts?: NamedPorts | undefined;
  readonly hostNetwork?: boolean | undefined;
}

/** Container port name → the ports of that name; a name may stand for one port per protocol. */
export type NamedPorts = ReadonlyMap<string, readonly NamedPort[]>;

export interface NamedPort {
  readonly port: number;
  readonly protocol: Protocol;
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/**
 * Namespace → its labels, for the namespaces whose labels are all known. `kubernetes.io/metadata.name` need not be
 * given: the control plane sets it on every namespace, declared here or not. The other labels of a namespace that is
 * missing here are unknown.
 */
export type NamespaceLabels = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * A connection to open. `port` is the port of the destination pod, after a Service has translated its own port,
 * because that is what plug-ins compare with `ports`.
 *
 * When `from` and `to` are the same endpoint, the flow runs between two replicas. A pod's connection to itself is
 * always allowed and must not be asked.
 */
export interface Flow {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** 1 to 65535. */
  readonly port: number;
  readonly protocol: Protocol;
}

/** Spelled as in `policyTypes`. */
export type Direction = 'Ingress' | 'Egress';

/** An answer that may depend on something the manifests do not say. */
export type Truth = 'yes' | 'no' | 'unknown';

export function allOf(truths: Iterable<Truth>): Truth {
  let result: Truth = 'yes';
  for (const truth of truths) {
    if (truth === 'no') return 'no';
    if (truth === 'unknown') result = 'unknown';
  }
  return result;
}

export function anyOf(truths: Iterable<Truth>): Truth {
  let result: Truth = 'no';
  for (const truth of truths) {
    if (truth === 'yes') return 'yes';
    if (truth === 'unknown') result = 'unknown';
  }
  return result;
}

/** How messages name an endpoint: `namespace/name` for a pod of the tree, else the external endpoint's name. */
export function endpointName(endpoint: Endpoint): string {
  return endpoint.kind === 'pod' && endpoint.namespace !== ''
    ? `${endpoint.namespace}/${endpoint.name}`
    : endpoint.name;
}

/** Whether label selectors can say anything about the endpoint; an address outside the cluster is no pod. */
export function isPod(endpoint: Endpoint): boolean {
  return endpoint.kind === 'pod' || endpoint.namespace !== undefined || endpoint.labels !== undefined;
}
