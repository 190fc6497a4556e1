import { endpointOfEnd, type FlowEnd, isExternal, policiesFor } from '../../analysis/flows';
import { distinguishingLabels } from '../../analysis/network/distinguishing-labels';
import type { SideVerdict } from '../../analysis/network/evaluate';
import { nearMisses } from '../../analysis/network/explain';
import { minimalEdits, type ProposedEdit, type ProposedPeer } from '../../analysis/network/minimal-edit';
import type { Direction, Endpoint, PodEndpoint } from '../../analysis/network/model';
import { isolation } from '../../analysis/network/policy-index';
import { type Pods, podsIn } from '../../analysis/pods';
import {
  anyNamespace,
  endpointOf,
  endpointsIn,
  policiesOf,
  policyResource,
  policyResources,
} from '../../analysis/policies';
import { appendDocument } from '../../manifests/edit';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';
import type { BlockedFlow } from './blocked';
import { repairSelector } from './namespace-labels';
import { appOf, isolates } from './parts';
import { appendPort, appendRule, merged, policyText, type WrittenPort, type WrittenRule } from './policy-text';

/**
 * The fix that lets blocked flows through with the least change, as text in the files: ports and rules in the policies
 * that are about these pods, else new policies behind the ones that block. Nothing if some flow cannot be let through,
 * because its pods have no labels to go by.
 *
 * It is safe if it only adds to policies that exist, if there is but one such policy for each side and it is about the
 * same application alone, and if nothing gets wider that isolates key_vault, a database or the LI instance.
 */
export function letThrough(workspace: Workspace, flows: readonly BlockedFlow[]): readonly Fix[] {
  const gaps = flows.flatMap(blocked => gapsOf(workspace, blocked));
  if (gaps.length === 0 || gaps.some(({ edit }) => edit.kind === 'needs-labels')) return [];
  const wider = widenedPolicies(workspace, gaps);
  const added = addedPolicies(workspace, gaps);
  const edits = [...wider, ...added].map(({ edit }) => edit);
  if (edits.length === 0 || edits.includes(undefined)) return [];
  return [
    {
      title: titleOf(
        wider.map(({ name }) => name),
        added.map(({ name }) => name),
      ),
      safe: added.length === 0 && gaps.every(({ isPlain }) => isPlain),
      edits: merged(edits.flatMap(edit => edit ?? [])),
    },
  ];
}

/** One side of one flow that has to be opened. */
interface Gap {
  readonly direction: Direction;
  /** The pods whose policies have to allow it. */
  readonly end: FlowEnd;
  readonly peer: FlowEnd;
  readonly ports: readonly WrittenPort[];
  readonly edit: ProposedEdit<Value>;
  /** The edits that put a rule right which was meant for this flow and selects the namespace by a dead label. */
  readonly repair: readonly TextEdit[];
  /** Whether there is one obvious place for it and no border of isolation in the way. */
  readonly isPlain: boolean;
}

interface Change {
  readonly name: string;
  /** Undefined where the text does not allow it. */
  readonly edit: TextEdit | undefined;
}

function gapsOf(workspace: Workspace, { flow, verdict }: BlockedFlow): readonly Gap[] {
  const { from, to, port, alternativePorts, protocol } = flow;
  const namespaces = [from, to].flatMap(end => (isExternal(end) ? [] : [end.namespace ?? anyNamespace]));
  const endpoints = [...new Set(namespaces)].flatMap(namespace => endpointsOf(workspace, namespace));
  const sides = [verdict.egress, verdict.ingress].filter(side => side.result === 'denied');
  const proposed = minimalEdits(verdict, endpoints, policiesFor(workspace, from, to));
  return sides.flatMap((side, index): readonly Gap[] => {
    const edit = proposed[index];
    const [end, peer] = side.direction === 'Egress' ? [from, to] : [to, from];
    if (!edit) return [];
    // A port in a rule that names nobody else is as plain as can be, whatever other pods the policy is for.
    const isPlain =
      !isolates(workspace, from, to) &&
      candidates(side) === 1 &&
      (edit.kind === 'append-port' || isAbout(workspace, end, edit));
    const ports = [port, ...alternativePorts].map(one => ({ port: one, protocol }));
    const repair = repairOf(side, peer);
    return [{ direction: side.direction, end, peer, ports, edit, repair, isPlain: repair.length > 0 || isPlain }];
  });
}

/** A rule with the right ports whose peers name the right namespace, but by a label that it does not have. */
function repairOf(side: SideVerdict<Value>, peer: FlowEnd): readonly TextEdit[] {
  for (const { rule } of nearMisses(side)) {
    if (rule.portMatch !== 'yes') continue;
    for (const { peer: written, because } of rule.peers) {
      if (because?.kind !== 'namespaceSelector' || !because.requirement.values.includes(peer.namespace ?? '')) continue;
      const edit = repairSelector(written.source.at('namespaceSelector'));
      if (edit) return [edit];
    }
  }
  return [];
}

/** How many policies are about the pods of a side and allow them something. */
function candidates(side: SideVerdict<Value>): number {
  return side.policies.filter(
    ({ selects, policy: { podSelector }, rules }) =>
      selects === 'yes' &&
      rules.length > 0 &&
      (podSelector?.matchLabels?.length ?? 0) + (podSelector?.matchExpressions?.length ?? 0) > 0,
  ).length;
}

/** Whether a changed policy is about pods of one application only. */
function isAbout(workspace: Workspace, end: FlowEnd, edit: ProposedEdit<Value>): boolean {
  if (edit.kind === 'needs-labels') return false;
  const { key } = appOf(workspace, end);
  return edit.appliesTo.every(endpoint => {
    const pods = podsOfEndpoint(workspace, endpoint);
    return pods !== undefined && appOf(workspace, pods).key === key;
  });
}

/** New ports in rules, and new rules in policies. */
function widenedPolicies(workspace: Workspace, gaps: readonly Gap[]): readonly Change[] {
  const changes = new Map<string, Change>();
  const groups = new Map<string, Gap[]>();
  for (const gap of gaps) {
    const { edit, repair } = gap;
    if (repair.length > 0) {
      for (const [index, text] of repair.entries()) {
        const name = 'policy' in edit ? edit.policy.name : nameOfEnd(gap.end);
        changes.set(`repair ${name} ${index}`, { name, edit: text });
      }
    } else if (edit.kind === 'append-port') {
      for (const port of gap.ports) {
        const key = `${edit.policy.name} ${edit.rule.source.path.join('/')} ${port.protocol} ${port.port}`;
        changes.set(key, { name: edit.policy.name, edit: appendPort(edit.rule.source.at('ports'), port) });
      }
    } else if (edit.kind === 'append-rule') {
      add(groups, `${edit.policy.namespace} ${edit.policy.name} ${edit.direction}`, gap);
    }
  }
  for (const [key, group] of groups) {
    const { edit } = group[0] ?? {};
    if (edit?.kind !== 'append-rule') continue;
    const list = policyResource(workspace, edit.policy)?.root.at('spec', edit.direction.toLowerCase());
    for (const [index, rule] of rulesFor(workspace, group).entries()) {
      const text = list && appendRule(list, edit.direction, rule);
      changes.set(`${key} ${index}`, { name: edit.policy.name, edit: text });
    }
  }
  return [...changes.values()];
}

/** New policies: one for all pods that need the same if a selector can tell them apart, else one for each. */
function addedPolicies(workspace: Workspace, gaps: readonly Gap[]): readonly Change[] {
  const byEnd = new Map<string, Gap[]>();
  for (const gap of gaps) {
    if (gap.edit.kind === 'new-policy' && gap.repair.length === 0)
      add(byEnd, `${gap.direction} ${nameOfEnd(gap.end)}`, gap);
  }
  const alike = new Map<string, Gap[][]>();
  for (const group of byEnd.values()) {
    const needs = group.map(
      gap => `${gap.direction} ${nameOfEnd(gap.peer)} ${gap.ports.map(port => port.port).join()}`,
    );
    add(alike, [...new Set(needs)].sort().join('\n'), group);
  }
  const taken = new Set<string>();
  return [...alike.values()].flatMap(groups => {
    const ends = groups.flatMap(([gap]) => (gap ? [gap.end] : []));
    const selector = groups.length > 1 ? selectorOf(workspace, ends, groups[0]?.[0]?.direction) : undefined;
    return (selector ? groups.slice(0, 1) : groups).map(group => addedPolicy(workspace, group, selector, taken));
  });
}

function addedPolicy(
  workspace: Workspace,
  group: readonly Gap[],
  shared: ReadonlyMap<string, string> | undefined,
  taken: Set<string>,
): Change {
  const [gap] = group;
  if (gap?.edit.kind !== 'new-policy') return { name: '', edit: undefined };
  const { namespace, podSelector, direction } = gap.edit;
  const who = shared ? appOf(workspace, gap.end).name : nameOfEnd(gap.end);
  const whom = new Set(group.map(one => appOf(workspace, one.peer).name));
  const peer = whom.size === 1 && group.length > 1 ? appOf(workspace, gap.peer).name : nameOfEnd(gap.peer);
  const name = freeName(
    workspace,
    namespace,
    `${slug(who)}-${direction === 'Egress' ? 'to' : 'from'}-${slug(peer)}`,
    taken,
  );
  const [neighbour] = policyResources(workspace, namespace);
  const text = policyText({
    name,
    namespace: namespace === anyNamespace ? undefined : namespace,
    podSelector: shared ?? podSelector,
    rules: [{ direction, rules: rulesFor(workspace, group) }],
  });
  return { name, edit: neighbour && appendDocument(neighbour.document.file, text) };
}

/** The rules that open some gaps of the same pods: peers that need the same ports share one. */
function rulesFor(workspace: Workspace, gaps: readonly Gap[]): readonly WrittenRule[] {
  const byPeer = new Map<string, { gap: Gap; ports: Map<string, WrittenPort> }>();
  for (const gap of gaps) {
    const known = byPeer.get(nameOfEnd(gap.peer)) ?? { gap, ports: new Map() };
    for (const port of gap.ports) known.ports.set(`${port.protocol} ${port.port}`, port);
    byPeer.set(nameOfEnd(gap.peer), known);
  }
  const byPorts = new Map<string, { gaps: Gap[]; ports: readonly WrittenPort[] }>();
  for (const { gap, ports } of byPeer.values()) {
    const key = [...ports.keys()].sort().join();
    const known = byPorts.get(key) ?? { gaps: [], ports: [...ports.values()] };
    known.gaps.push(gap);
    byPorts.set(key, known);
  }
  return [...byPorts.values()].map(one => ({ peers: peersOf(workspace, one.gaps), ports: one.ports }));
}

/** The peers of some gaps; pods that one selector tells from all others are one peer. */
function peersOf(workspace: Workspace, gaps: readonly Gap[]): readonly ProposedPeer[] {
  const proposed = gaps.flatMap(({ edit }) =>
    edit.kind === 'append-rule' || edit.kind === 'new-policy' ? [edit.rule.peer] : [],
  );
  const [first] = proposed;
  const selector =
    gaps.length > 1
      ? selectorOf(
          workspace,
          gaps.map(({ peer }) => peer),
          undefined,
        )
      : undefined;
  if (selector && first?.kind === 'pods') return [{ ...first, podSelector: selector, alsoAdmits: [] }];
  const said = new Set<string>();
  return proposed.filter(peer => {
    // Where addresses are not known, the port alone has to do.
    if (peer.kind === 'addresses') return peer.cidrs.length > 0;
    const key = `${peer.namespace} ${[...peer.podSelector].join(' ')}`;
    if (said.has(key)) return false;
    said.add(key);
    return true;
  });
}

/**
 * The labels that select some pods of one namespace and no others. With a direction, further pods of the same
 * application may be selected, if policies isolate them in it already: they get one more permission and lose none.
 */
function selectorOf(
  workspace: Workspace,
  ends: readonly FlowEnd[],
  direction: Direction | undefined,
): ReadonlyMap<string, string> | undefined {
  const pods = ends.filter((end): end is Pods => !isExternal(end));
  const [namespace, ...others] = new Set(pods.map(one => one.namespace ?? anyNamespace));
  if (pods.length !== ends.length || namespace === undefined || others.length > 0) return undefined;
  const found = distinguishingLabels(pods.map(endpointOf), endpointsOf(workspace, namespace));
  const apps = new Set(pods.map(one => appOf(workspace, one).key));
  const isFine = (other: PodEndpoint): boolean => {
    const owner = podsOfEndpoint(workspace, other);
    return (
      direction !== undefined &&
      owner !== undefined &&
      apps.has(appOf(workspace, owner).key) &&
      isolation(other, direction, policiesOf(workspace, namespace)).isolated === 'yes'
    );
  };
  return found?.alsoSelects.every(isFine) ? found.labels : undefined;
}

function endpointsOf(workspace: Workspace, namespace: string): readonly PodEndpoint[] {
  return endpointsIn(workspace, namespace === anyNamespace ? undefined : namespace);
}

function podsOfEndpoint(workspace: Workspace, endpoint: Endpoint): Pods | undefined {
  if (endpoint.kind !== 'pod') return undefined;
  const namespace = endpoint.namespace === anyNamespace ? undefined : endpoint.namespace;
  return podsIn(workspace, namespace).find(pods => endpointOf(pods) === endpoint);
}

function nameOfEnd(end: FlowEnd): string {
  return isExternal(end) ? end.name : endpointOfEnd(end).name;
}

function freeName(workspace: Workspace, namespace: string, base: string, taken: Set<string>): string {
  const known = new Set(policyResources(workspace, namespace).map(policy => policy.name));
  let name = base;
  for (let number = 2; known.has(name) || taken.has(name); number++) name = `${base}-${number}`;
  taken.add(name);
  return name;
}

/** A text as part of an object's name (RFC 1123). */
function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/^the /, '')
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 60)
      .replace(/^-+|-+$/g, '') || 'pods'
  );
}

function titleOf(wider: readonly string[], added: readonly string[]): string {
  const list = (names: readonly string[]): string => [...new Set(names)].join(' and ');
  return [
    ...(wider.length > 0 ? [`Allow it in NetworkPolicy ${list(wider)}`] : []),
    ...(added.length > 0 ? [`${wider.length > 0 ? 'add' : 'Add'} NetworkPolicy ${list(added)}`] : []),
  ].join(', ');
}

function add<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const known = groups.get(key);
  if (known) known.push(item);
  else groups.set(key, [item]);
}
