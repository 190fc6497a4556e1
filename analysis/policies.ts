import { perResource } from '../manifests/derived';
import { labelsOf, type Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import type { Labels } from './labels';
import { labelCommandsFor } from './namespace-labels';
import { wellKnownNamespaces } from './namespaces';
import type {
  LabelSelector,
  NamedPort,
  OtherPolicy,
  Peer,
  PodEndpoint,
  Policy,
  PolicyPort,
  Protocol,
  Rule,
} from './network/model';
import { otherPolicyKinds } from './network/other-policies';
import { index, type PolicyIndex } from './network/policy-index';
import { type Pods, podsIn } from './pods';

/*
 * The bridge between manifests and the NetworkPolicy engine: every part of a policy carries the value it was read from,
 * so that a finding can point at it.
 */

/** The namespace of objects that name none: they go wherever the tree is applied to. */
export const anyNamespace = '';

/** The policies of some namespaces, ready to be asked. A change of policies elsewhere does not disturb the answer. */
export function policiesOf(workspace: Workspace, ...namespaces: readonly string[]): PolicyIndex<Value> {
  return workspace.derive(buildIndex, scopeOf(workspace, [...new Set(namespaces)].sort()));
}

/** The NetworkPolicy manifests of a namespace; without one, of the tree. */
export function policyResources(workspace: Workspace, namespace?: string): readonly Resource[] {
  return namespace === undefined
    ? workspace.resources('NetworkPolicy')
    : workspace.lookup(policiesByNamespace, namespace);
}

/** The manifest that a policy was read from. */
export function policyResource(workspace: Workspace, policy: Policy<Value>): Resource | undefined {
  return policyResources(workspace, policy.namespace).find(
    resource => resource.root.source === policy.source.source && resource.name === policy.name,
  );
}

/** Pods as the engine sees them. */
export function endpointOf(pods: Pods): PodEndpoint {
  const known = endpoints.get(pods);
  if (known) return known;
  const namedPorts = new Map<string, NamedPort[]>();
  for (const { name, port, protocol } of pods.ports) {
    if (name === undefined) continue;
    const ports = namedPorts.get(name) ?? [];
    ports.push({ port, protocol: protocolOf(protocol) });
    namedPorts.set(name, ports);
  }
  const endpoint: PodEndpoint = {
    kind: 'pod',
    id: `${pods.namespace ?? anyNamespace}/${pods.owner.kind}/${pods.owner.name}/${[...pods.labels].map(([key, value]) => `${key}=${value}`).join(',')}`,
    name: pods.owner.name,
    namespace: pods.namespace ?? anyNamespace,
    labels: pods.labels,
    namedPorts,
    hostNetwork: pods.hostNetwork,
  };
  endpoints.set(pods, endpoint);
  return endpoint;
}

/** All pods of a namespace as the engine sees them; without one, of the tree. */
export function endpointsIn(workspace: Workspace, namespace?: string): readonly PodEndpoint[] {
  return podsIn(workspace, namespace).map(endpointOf);
}

export function protocolOf(text: string | undefined): Protocol {
  return text === 'UDP' || text === 'SCTP' ? text : 'TCP';
}

/** Reads one NetworkPolicy; the same object for as long as it says the same. */
export const readPolicy: (resource: Resource) => Policy<Value> = perResource(resource => {
  const spec = resource.root.at('spec');
  const types = spec.at('policyTypes').items();
  return {
    name: resource.name,
    namespace: resource.namespace ?? anyNamespace,
    podSelector: readSelector(spec.at('podSelector')),
    policyTypes: spec.at('policyTypes').exists ? types.flatMap(type => type.text ?? []) : undefined,
    ingress: rulesIn(spec.at('ingress'), 'from'),
    egress: rulesIn(spec.at('egress'), 'to'),
    source: resource.root,
  };
});

/** Endpoints are compared by identity in the engine's memo, so the same pods always give the same endpoint. */
const endpoints = new WeakMap<Pods, PodEndpoint>();

interface Scope {
  readonly namespaces: readonly string[];
}
const scopes = new WeakMap<Workspace, Map<string, Scope>>();

function scopeOf(workspace: Workspace, namespaces: readonly string[]): Scope {
  const known = scopes.get(workspace) ?? new Map<string, Scope>();
  scopes.set(workspace, known);
  const key = namespaces.join('\n');
  const scope = known.get(key) ?? { namespaces };
  known.set(key, scope);
  return scope;
}

function buildIndex({ namespaces }: Scope, workspace: Workspace): PolicyIndex<Value> {
  const resources = namespaces.flatMap(namespace => policyResources(workspace, namespace));
  return indexOf(workspace, resources.map(readPolicy));
}

/** Some policies, ready to be asked, with all that the tree says about namespaces and policies of other kinds. */
export function indexOf(workspace: Workspace, policies: readonly Policy<Value>[]): PolicyIndex<Value> {
  return index(policies, {
    namespaces: workspace.shared(namespaceLabels),
    otherPolicies: workspace.shared(otherPolicies),
  });
}

function namespaceLabels(workspace: Workspace): ReadonlyMap<string, Labels> {
  const known = new Map<string, Labels>([
    // These exist without a manifest, and their installers give them no labels that a policy could count on.
    ...[...wellKnownNamespaces].map(name => [name, new Map<string, string>()] as const),
    ...workspace.resources('Namespace').map(namespace => [namespace.name, namespace.labels] as const),
  ]);
  for (const name of [...known.keys()]) {
    const commands = labelCommandsFor(workspace, name);
    // Whether a person follows a README nobody knows, and so nobody knows the labels.
    if (commands.some(({ origin }) => origin === 'promise')) known.delete(name);
    else if (commands.length > 0)
      known.set(
        name,
        new Map([...(known.get(name) ?? []), ...commands.map(({ key, value }) => [key, value] as const)]),
      );
  }
  return known;
}

const policiesByNamespace: Index<Resource> = {
  name: 'NetworkPolicies by namespace',
  *resource(resource) {
    if (resource.qualifiedKind === 'NetworkPolicy') yield [resource.namespace ?? anyNamespace, resource];
  },
};

function otherPolicies(workspace: Workspace): readonly OtherPolicy<Value>[] {
  return otherPolicyKinds.flatMap(({ group, kind, baseline }) =>
    workspace
      .resources(group.endsWith('.k8s.io') || !group.includes('.') ? kind : `${kind}.${group}`)
      .filter(resource => resource.group === group)
      .map(resource => ({ kind, name: resource.name, namespace: resource.namespace, baseline, source: resource.root })),
  );
}

function rulesIn(list: Value, field: 'from' | 'to'): readonly Rule<Value>[] | undefined {
  if (!list.exists || list.isNull) return undefined;
  return list.items().map(rule => ({
    peers: itemsOf(rule.at(field))?.map(readPeer),
    ports: itemsOf(rule.at('ports'))?.map(readPort),
    source: rule,
  }));
}

function readPeer(peer: Value): Peer<Value> {
  const block = peer.at('ipBlock');
  return {
    podSelector: readSelector(peer.at('podSelector')),
    namespaceSelector: readSelector(peer.at('namespaceSelector')),
    ipBlock:
      block.exists && !block.isNull
        ? {
            cidr: block.at('cidr').text ?? '',
            except: itemsOf(block.at('except'))?.flatMap(one => one.text ?? []),
            source: block,
          }
        : undefined,
    source: peer,
  };
}

function readPort(port: Value): PolicyPort<Value> {
  return {
    protocol: port.at('protocol').text,
    port: port.at('port').number ?? port.at('port').string,
    endPort: port.at('endPort').number,
    source: port,
  };
}

function readSelector(value: Value): LabelSelector<Value> | undefined {
  if (!value.exists || value.isNull) return undefined;
  const labels = value.at('matchLabels');
  return {
    matchLabels: [...labelsOf(labels)].map(([key, text]) => ({ key, value: text, source: labels.at(key) })),
    matchExpressions: value
      .at('matchExpressions')
      .items()
      .map(item => ({
        key: item.at('key').text ?? '',
        operator: item.at('operator').text ?? '',
        values: item
          .at('values')
          .items()
          .flatMap(one => one.text ?? []),
        source: item,
      })),
    source: value,
  };
}

function itemsOf(value: Value): readonly Value[] | undefined {
  return value.exists && !value.isNull ? value.items() : undefined;
}
