import { groupedBy } from '../../manifests/grouped';
import { compareTexts } from '../../manifests/order';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { endpointOfEnd, type FlowEnd, flowsOf, isExternal, policiesFor, type RequiredFlow, verdictOf } from '../flows';
import { type Pods, podsIn } from '../pods';
import { protocolOf } from '../policies';
import { isLi } from '../roles';
import { servicesFor } from '../services';
import { capitalised } from '../wording';
import { evaluate, type Result } from './evaluate';
import { summarize } from './explain';
import type { Direction, Protocol } from './model';
import { isolation } from './policy-index';

/*
 * The network of a deployment as data: who is there, who has to reach whom, what the NetworkPolicies say about it, and
 * what they allow that nobody needs. Pictures, tables and reports are made from this.
 */

export interface NetworkMap {
  /** By id; those outside of the tree come last. */
  readonly components: readonly Component[];
  /** Connections that configurations need, by their ends and port. */
  readonly flows: readonly MapFlow[];
  /** Ports that the policies open to components of which none is known to need them, by destination and port. */
  readonly unneeded: readonly UnneededOpening[];
  /** What stands in the matrix for each ordered pair of components between which something is open or needed. */
  readonly reach: readonly Reach[];
}

/** Which instance a component is part of; `outside`: no manifest of the tree declares it. */
export type Instance = 'main' | 'li' | 'outside';

/** The pods of one object, or somebody outside of the tree. */
export interface Component {
  /** `namespace/Kind/name`, or `outside/name`. */
  readonly id: string;
  readonly name: string;
  /** Undefined for what is outside. */
  readonly kind: string | undefined;
  readonly namespace: string | undefined;
  readonly instance: Instance;
  /** Names of the Services that lead to it. */
  readonly services: readonly string[];
  /** Ports that its containers declare or that somebody needs, ascending. */
  readonly ports: readonly ListeningPort[];
  /** In which directions NetworkPolicies isolate it. Without one, everything is allowed in that direction. */
  readonly isolated: readonly Direction[];
  /** The name in its manifest. */
  readonly at: Place | undefined;
}

export interface ListeningPort {
  readonly name: string | undefined;
  readonly port: number;
  readonly protocol: Protocol;
}

/** A needed connection between two components: one for each port, however many places ask for it. */
export interface MapFlow {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly result: Result;
  readonly importance: RequiredFlow['importance'];
  /** What needs it, each once. */
  readonly why: readonly string[];
  /** Why it is blocked or not known, one sentence for each side that does not allow it. */
  readonly reasons: readonly string[];
  /** The places that ask for it, the one that the importance is from first. */
  readonly sources: readonly RequiredFlow[];
}

export interface UnneededOpening {
  readonly to: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly from: readonly string[];
  /** Whether no policy isolates the destination, so that this says more about missing policies than about wrong ones. */
  readonly isUnprotected: boolean;
}

/** The connections from one component to another, by what may be said of each port. */
export interface Reach {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly ReachablePort[];
}

export interface ReachablePort {
  readonly port: number;
  readonly protocol: Protocol;
  /** `needed`: allowed and needed; `open`: allowed and not needed; `blocked`: needed and not allowed. */
  readonly state: 'needed' | 'blocked' | 'unknown' | 'open';
}

/** The network of a tree. The same tree gives the same map, in the same order. */
export function networkMap(workspace: Workspace): NetworkMap {
  const required = flowsOf(workspace);
  const ends = endsOf(workspace, required);
  const flows = mapFlows(workspace, required);
  const components = [...ends].map(([id, own]) => component(workspace, id, own, flows)).sort(byPosition);
  const reach = reachOf(workspace, ends, components, flows);
  return { components, flows, unneeded: unneededOf(components, reach), reach };
}

/** The id of the component that a side of a flow belongs to. */
export function componentOf(end: FlowEnd): string {
  return isExternal(end) ? `outside/${end.name.replace(/^the /, '')}` : idOf(end.owner);
}

function idOf({ namespace, kind, name }: Resource): string {
  return `${namespace ?? ''}/${kind}/${name}`;
}

function endsOf(workspace: Workspace, required: readonly RequiredFlow[]): ReadonlyMap<string, readonly FlowEnd[]> {
  const ends = new Map<string, FlowEnd[]>();
  const add = (end: FlowEnd): void => {
    const id = componentOf(end);
    const known = ends.get(id);
    if (!known) ends.set(id, [end]);
    // The pools of a MinIO tenant are several kinds of pods of one object.
    else if (!isExternal(end) && !known.includes(end)) known.push(end);
  };
  for (const pods of podsIn(workspace)) add(pods);
  for (const { from, to } of required) for (const end of [from, to]) add(end);
  return ends;
}

function component(workspace: Workspace, id: string, ends: readonly FlowEnd[], flows: readonly MapFlow[]): Component {
  const pods = ends.filter(isPods);
  const [first] = pods;
  const external = ends.find(isExternal);
  const name = first?.owner.name ?? external?.name.replace(/^the /, '') ?? id;
  return {
    id,
    name: first ? name : capitalised(name),
    kind: first?.owner.kind,
    namespace: first ? first.namespace : external?.namespace,
    instance: first ? (isLi(workspace, first.owner) ? 'li' : 'main') : 'outside',
    services: [...new Set(pods.flatMap(one => servicesFor(workspace, one).map(service => service.name)))].sort(),
    ports: listeningPorts(id, pods, flows),
    isolated: directions.filter(direction => pods.some(one => isIsolated(workspace, one, direction))),
    at: first?.owner.root.at('metadata', 'name'),
  };
}

function isPods(end: FlowEnd): end is Pods {
  return !isExternal(end);
}

const directions: readonly Direction[] = ['Ingress', 'Egress'];

function isIsolated(workspace: Workspace, pods: Pods, direction: Direction): boolean {
  return isolation(endpointOfEnd(pods), direction, policiesFor(workspace, pods, pods)).policies.length > 0;
}

function listeningPorts(id: string, pods: readonly Pods[], flows: readonly MapFlow[]): readonly ListeningPort[] {
  const ports = new Map<string, ListeningPort>();
  for (const { name, port, protocol } of pods.flatMap(one => one.ports)) {
    const own = protocolOf(protocol);
    if (port > 0) ports.set(`${own} ${port}`, { name, port, protocol: own });
  }
  for (const { to, port, protocol } of flows) {
    const key = `${protocol} ${port}`;
    if (to === id && !ports.has(key)) ports.set(key, { name: undefined, port, protocol });
  }
  return [...ports.values()].sort(byPort);
}

function mapFlows(workspace: Workspace, required: readonly RequiredFlow[]): readonly MapFlow[] {
  const groups = groupedBy(required, ({ from, to, port, protocol }) =>
    [componentOf(from), componentOf(to), port, protocol].join('\n'),
  );
  return [...groups.values()].flatMap(group => mapFlow(workspace, group)).sort(byEnds);
}

function mapFlow(workspace: Workspace, group: readonly RequiredFlow[]): readonly MapFlow[] {
  const sources = [...group].sort((a, b) => importances.indexOf(a.importance) - importances.indexOf(b.importance));
  const [first] = sources;
  if (!first) return [];
  // Pods of one object differ at most by pool: what is blocked for some of them is blocked.
  const verdicts = sources.map(flow => verdictOf(workspace, flow));
  const worst = results.flatMap(result => verdicts.filter(one => one.result === result))[0];
  if (!worst) return [];
  return [
    {
      from: componentOf(first.from),
      to: componentOf(first.to),
      port: first.port,
      protocol: first.protocol,
      result: worst.result,
      importance: first.importance,
      why: [...new Set(sources.map(({ why }) => why))],
      reasons: summarize(worst).map(withoutNearMisses),
      sources,
    },
  ];
}

/** The first clause names the side and the policies; what nearly fits is for the finding and for `explainFlow`. */
function withoutNearMisses(sentence: string): string {
  return `${(sentence.split('; ')[0] ?? sentence).replace(/\.$/, '')}.`;
}

const importances: readonly RequiredFlow['importance'][] = ['required', 'federation', 'backup', 'metrics'];
const results: readonly Result[] = ['denied', 'unknown', 'allowed'];

/**
 * Asks the policies about every port that a component listens on, for every other one. What is outside of the tree is
 * asked about only where a flow names it: an address may be anything, and a list of what the internet could reach would
 * depend on things that no manifest says.
 */
function reachOf(
  workspace: Workspace,
  ends: ReadonlyMap<string, readonly FlowEnd[]>,
  components: readonly Component[],
  flows: readonly MapFlow[],
): readonly Reach[] {
  const needed = new Map<string, MapFlow>();
  const alternatives = new Set<string>();
  for (const flow of flows) {
    needed.set(keyOf(flow.from, flow.to, flow), flow);
    for (const { alternativePorts, protocol } of flow.sources)
      for (const port of alternativePorts) alternatives.add(keyOf(flow.from, flow.to, { port, protocol }));
  }
  return components.flatMap(from =>
    components.flatMap(to => {
      const ports = to.ports.flatMap((port): readonly ReachablePort[] => {
        const { port: number, protocol } = port;
        const key = keyOf(from.id, to.id, port);
        const flow = needed.get(key);
        if (flow) return [{ port: number, protocol, state: stateOf[flow.result] }];
        if (from === to || from.kind === undefined || to.kind === undefined || alternatives.has(key)) return [];
        return isOpen(workspace, ends.get(from.id) ?? [], ends.get(to.id) ?? [], port)
          ? [{ port: number, protocol, state: 'open' }]
          : [];
      });
      return ports.length === 0 ? [] : [{ from: from.id, to: to.id, ports }];
    }),
  );
}

/** Whether some pods of the one are certain to be let through to some of the other. */
function isOpen(
  workspace: Workspace,
  sources: readonly FlowEnd[],
  targets: readonly FlowEnd[],
  { port, protocol }: ListeningPort,
): boolean {
  return sources.some(source =>
    targets.some(target => {
      const flow = { from: endpointOfEnd(source), to: endpointOfEnd(target), port, protocol };
      return evaluate(flow, policiesFor(workspace, source, target)).result === 'allowed';
    }),
  );
}

const stateOf: Readonly<Record<Result, ReachablePort['state']>> = {
  allowed: 'needed',
  denied: 'blocked',
  unknown: 'unknown',
};

function unneededOf(components: readonly Component[], reach: readonly Reach[]): readonly UnneededOpening[] {
  const groups = new Map<string, UnneededOpening & { readonly from: string[] }>();
  for (const { from, to, ports } of reach) {
    for (const { port, protocol, state } of ports) {
      if (state !== 'open') continue;
      const key = keyOf('', to, { port, protocol });
      const known = groups.get(key);
      const isUnprotected = !components.find(one => one.id === to)?.isolated.includes('Ingress');
      if (known) known.from.push(from);
      else groups.set(key, { to, port, protocol, from: [from], isUnprotected });
    }
  }
  return [...groups.values()].sort((a, b) => compareTexts(a.to, b.to) || byPort(a, b));
}

function keyOf(from: string, to: string, { port, protocol }: Pick<ListeningPort, 'port' | 'protocol'>): string {
  return [from, to, protocol, port].join('\n');
}

function byPosition(a: Component, b: Component): number {
  return Number(a.kind === undefined) - Number(b.kind === undefined) || compareTexts(a.id, b.id);
}

function byEnds(a: MapFlow, b: MapFlow): number {
  return compareTexts(a.from, b.from) || compareTexts(a.to, b.to) || byPort(a, b);
}

function byPort(a: Pick<ListeningPort, 'port' | 'protocol'>, b: Pick<ListeningPort, 'port' | 'protocol'>): number {
  return a.port - b.port || compareTexts(a.protocol, b.protocol);
}
