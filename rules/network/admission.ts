import { admits } from '../../analysis/network/evaluate';
import { isEmptySelector, matchesSelector, namespaceNameLabel, selectorMatch } from '../../analysis/network/labels';
import type { Direction, Peer, PodEndpoint, Policy, Rule } from '../../analysis/network/model';
import { affects, namespaceLabels, type PolicyIndex, rulesOf } from '../../analysis/network/policy-index';
import { type Pods, podsIn } from '../../analysis/pods';
import { anyNamespace, endpointOf, policiesOf, policyResources, readPolicy } from '../../analysis/policies';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** What one item of a rule's `from` or `to` lets through; or a whole rule, if it names nobody and so admits everybody. */
export interface Admission {
  readonly rule: Value;
  /** The rule as the engine reads it. */
  readonly read: Rule<Value>;
  /** Undefined for a rule without peers. */
  readonly peer: Value | undefined;
  /** The pods of the tree that it names, those of other namespaces too. */
  readonly pods: readonly Pods[];
  /** Whether a pod of the namespace without any label is among those named. */
  readonly isAnyPod: boolean;
  /** Whether pods of any other namespace are. */
  readonly isAnyNamespace: boolean;
  /** The namespaces that a namespaceSelector names beside the policy's own; empty where all are named. */
  readonly otherNamespaces: readonly string[];
  /** The `ipBlock`, if it is one. */
  readonly addresses: string | undefined;
}

/** The pods of the tree that a policy selects in its own namespace. */
export function selectedPods(workspace: Workspace, policy: Resource, direction: Direction): readonly Pods[] {
  const read = readPolicy(policy);
  if (!affects(read, direction)) return [];
  return podsIn(workspace, policy.namespace).filter(
    pods => pods.namespace === policy.namespace && !pods.hostNetwork && matchesSelector(read.podSelector, pods.labels),
  );
}

/**
 * Who a policy lets through to some port of some pods, peer by peer. For `Egress` these are the ports of the pods at
 * the other side, so `ports` says for each of them which ones count.
 */
export function admissionsOf(
  workspace: Workspace,
  policy: Resource,
  direction: Direction,
  isMeant: (rule: Rule<Value>) => boolean,
): readonly Admission[] {
  const read = readPolicy(policy);
  if (!affects(read, direction)) return [];
  const index = policiesOf(workspace, policy.namespace ?? anyNamespace);
  // Pods without a namespace go where the tree is applied to, and so do policies without one.
  const all = podsIn(workspace).filter(pods => pods.namespace !== undefined || policy.namespace === undefined);
  const own = policy.namespace === undefined ? all : podsIn(workspace, policy.namespace);
  return rulesOf(read, direction)
    .filter(isMeant)
    .flatMap((rule): readonly Admission[] => {
      const admitted = (one: Rule<Value>, endpoint: PodEndpoint): boolean =>
        admits(one, read, endpoint, index) === 'yes';
      const [stranger, foreigner] = strangers(read);
      if (!rule.peers?.length) {
        return [
          {
            rule: rule.source,
            read: rule,
            peer: undefined,
            pods: all,
            isAnyPod: true,
            isAnyNamespace: true,
            otherNamespaces: [],
            addresses: undefined,
          },
        ];
      }
      return rule.peers.map(peer => {
        const alone = { ...rule, peers: [peer] };
        const isAnyNamespace = admitted(alone, foreigner);
        return {
          rule: rule.source,
          read: alone,
          peer: peer.source,
          pods: (isOwnNamespace(peer) ? own : all).filter(pods => admitted(alone, endpointOf(pods))),
          isAnyPod: admitted(alone, stranger),
          isAnyNamespace,
          otherNamespaces: isAnyNamespace ? [] : namespacesOf(peer, read, index),
          addresses: peer.ipBlock?.cidr,
        };
      });
    });
}

/** Whether a peer is about pods of the policy's own namespace alone. */
function isOwnNamespace({ namespaceSelector, ipBlock }: Peer<Value>): boolean {
  return namespaceSelector === undefined && ipBlock === undefined;
}

/** The namespaces that a peer selects beside its policy's own, as far as they are known or named. */
function namespacesOf({ namespaceSelector }: Peer<Value>, policy: Policy<Value>, index: PolicyIndex<Value>) {
  if (!namespaceSelector || isEmptySelector(namespaceSelector)) return [];
  const named = [
    ...(namespaceSelector.matchLabels ?? []).flatMap(({ key, value }) => (key === namespaceNameLabel ? [value] : [])),
    ...(namespaceSelector.matchExpressions ?? []).flatMap(({ key, operator, values }) =>
      key === namespaceNameLabel && operator === 'In' ? values : [],
    ),
  ];
  return [...new Set([...index.namespaces.keys(), ...named])].filter(
    name => name !== policy.namespace && selectorMatch(namespaceSelector, namespaceLabels(name, index)).match === 'yes',
  );
}

/** Whether an `ipBlock` is so wide that it says nothing: any address, or a range from which clusters take theirs. */
export function widthOf(addresses: string): 'any' | 'wide' | 'narrow' {
  const [, address = '', length = '32'] = /^([^/]*)\/(\d+)$/.exec(addresses) ?? [];
  if (Number(length) === 0) return 'any';
  const isPrivate = /^(?:10|172|192|100)\./.test(address);
  return isPrivate && Number(length) <= 16 ? 'wide' : 'narrow';
}

/** Whether a rule is about a port of some pods. */
export function coversPort(rule: Rule<Value>, pods: Pods, port: number): boolean {
  if (!rule.ports?.length) return true;
  return rule.ports.some(({ protocol = 'TCP', port: own, endPort }) => {
    if (protocol !== 'TCP') return false;
    if (own === undefined) return true;
    if (typeof own === 'number') return port >= own && port <= (endPort ?? own);
    return pods.ports.some(one => one.name === own && one.port === port);
  });
}

/** The policies of a namespace, as the engine reads them. */
export function readPolicies(workspace: Workspace, namespace: string | undefined): readonly Policy<Value>[] {
  return policyResources(workspace, namespace ?? anyNamespace).map(readPolicy);
}

/** A pod of the policy's namespace, and one of another, that carry no label at all. */
function strangers(policy: Policy<Value>): readonly [PodEndpoint, PodEndpoint] {
  const stranger: PodEndpoint = {
    kind: 'pod',
    id: 'any other pod',
    name: 'any other pod',
    namespace: policy.namespace,
    labels: new Map(),
    namedPorts: new Map(),
    hostNetwork: false,
  };
  return [stranger, { ...stranger, id: 'a pod elsewhere', namespace: 'another-namespace' }];
}
