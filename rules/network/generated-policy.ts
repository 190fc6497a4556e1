import { endpointOfEnd, type FlowEnd, flowsOf, isExternal } from '../../analysis/flows';
import { distinguishingLabels } from '../../analysis/network/distinguishing-labels';
import type { ProposedPeer } from '../../analysis/network/minimal-edit';
import type { Direction } from '../../analysis/network/model';
import type { Pods } from '../../analysis/pods';
import { anyNamespace, endpointOf, endpointsIn, policyResources } from '../../analysis/policies';
import { appendDocument } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';
import { peerLabels } from './narrow';
import { isForbidden } from './parts';
import { policyText, type WrittenPort, type WrittenRule } from './policy-text';

/**
 * The fix that adds a policy for some pods of one namespace, which allows in one direction what the deployment needs,
 * behind the other policies. Nothing if no selector tells the pods from others.
 */
export function addPolicyFor(
  workspace: Workspace,
  name: string,
  pods: readonly Pods[],
  direction: Direction,
): readonly Fix[] {
  const [first] = pods;
  const namespace = first?.namespace ?? anyNamespace;
  const neighbours = policyResources(workspace, namespace);
  const selector = peerLabels(workspace, namespace, pods);
  const [neighbour] = neighbours;
  if (!selector || !neighbour) return [];
  const free = neighbours.some(one => one.name === name) ? `${name}-2` : name;
  const text = policyText({
    name: free,
    namespace: first?.namespace,
    podSelector: selector,
    rules: [{ direction, rules: neededRules(workspace, namespace, pods, direction) }],
  });
  return [{ title: `Add NetworkPolicy ${free}`, safe: false, edits: [appendDocument(neighbour.document.file, text)] }];
}

/** What some pods need in one direction, as rules: who needs the same ports shares a rule. */
export function neededRules(
  workspace: Workspace,
  namespace: string,
  pods: readonly Pods[],
  direction: Direction,
): readonly WrittenRule[] {
  const peers = new Map<string, { peer: ProposedPeer; ports: Map<string, WrittenPort> }>();
  for (const { from, to, port, alternativePorts, protocol } of flowsOf(workspace)) {
    const [own, other] = direction === 'Ingress' ? [to, from] : [from, to];
    if (isExternal(own) || !pods.includes(own) || isForbidden(workspace, from, to)) continue;
    const peer = peerOf(workspace, namespace, other);
    if (!peer) continue;
    const key = JSON.stringify([
      peer.kind,
      'podSelector' in peer ? [...peer.podSelector] : peer.cidrs,
      'namespace' in peer ? peer.namespace : '',
    ]);
    const known = peers.get(key) ?? { peer, ports: new Map() };
    for (const one of [port, ...alternativePorts]) known.ports.set(`${protocol} ${one}`, { port: one, protocol });
    peers.set(key, known);
  }
  const byPorts = new Map<string, WrittenRule>();
  for (const { peer, ports } of peers.values()) {
    const isAnywhere = peer.kind === 'addresses' && peer.cidrs.length === 0;
    const key = `${isAnywhere} ${[...ports.keys()].sort().join()}`;
    const known = byPorts.get(key);
    byPorts.set(key, {
      peers: isAnywhere ? [] : [...(known?.peers ?? []), peer],
      ports: known?.ports ?? [...ports.values()],
    });
  }
  return [...byPorts.values()];
}

function peerOf(workspace: Workspace, namespace: string, end: FlowEnd): ProposedPeer | undefined {
  if (isExternal(end)) {
    if (end.labels && end.namespace !== undefined)
      return { kind: 'pods', podSelector: end.labels, namespace: end.namespace, alsoAdmits: [] };
    return end.labels ? undefined : { kind: 'addresses', cidrs: end.ips ?? [], except: end.exceptIps ?? [] };
  }
  const endpoint = endpointOf(end);
  const all = endpointsIn(workspace, endpoint.namespace === anyNamespace ? undefined : endpoint.namespace);
  const labels = distinguishingLabels([endpoint], all);
  if (!labels || endpointOfEnd(end).hostNetwork) return undefined;
  const isOwn = endpoint.namespace === namespace;
  return {
    kind: 'pods',
    podSelector: labels.labels,
    namespace: isOwn ? undefined : endpoint.namespace,
    alsoAdmits: [],
  };
}
