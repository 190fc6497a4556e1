import { type FlowEnd, flowsFrom, flowsOf, isExternal, type RequiredFlow, verdictOf } from '../../analysis/flows';
import type { PeerVerdict, RuleVerdict, SideVerdict, Verdict } from '../../analysis/network/evaluate';
import { nearMisses, summarize } from '../../analysis/network/explain';
import { policyResource } from '../../analysis/policies';
import { routeSourceKinds } from '../../analysis/routes';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Related } from '../rule';
import { appOf, isForbidden } from './parts';

/** A flow that is needed and that the NetworkPolicies block. */
export interface BlockedFlow {
  readonly flow: RequiredFlow;
  readonly verdict: Verdict<Value>;
}

/** Blocked flows from one application to another, which are one mistake and one finding. */
export interface BlockedGroup {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly number[];
  readonly first: BlockedFlow;
  readonly flows: readonly BlockedFlow[];
}

/**
 * Every blocked flow but those of the ingress controller, grouped by source, destination and port. Ports that one place
 * asks for are one group.
 */
export function blockedGroups(workspace: Workspace): readonly BlockedGroup[] {
  return workspace.shared(groupBlocked);
}

/**
 * Whether a needed flow is blocked for certain and ought not to be. A Service that leads to another application as well,
 * which may be reached, selects too much: that is a mistake of the Service. The pods that have the Service's own name are
 * meant in any case.
 */
export function blockedFlow(workspace: Workspace, flow: RequiredFlow): BlockedFlow | undefined {
  const verdict = verdictOf(workspace, flow);
  if (verdict.result !== 'denied' || isForbidden(workspace, flow.from, flow.to)) return undefined;
  return flow.importance !== 'metrics' && reachesAnother(workspace, flow) ? undefined : { flow, verdict };
}

function reachesAnother(workspace: Workspace, flow: RequiredFlow): boolean {
  if (!isExternal(flow.to) && flow.to.owner.name === flow.service) return false;
  const siblings = flowsFrom(workspace, flow.source).filter(
    one => one.at === flow.at && one.why === flow.why && one.from === flow.from && one.to !== flow.to,
  );
  if (siblings.length === 0) return false;
  const own = appOf(workspace, flow.to).key;
  return siblings.some(one => appOf(workspace, one.to).key !== own && verdictOf(workspace, one).result === 'allowed');
}

/** Which side blocks a flow and why: `egress of matrix/livekit blocks it: only allow-dns selects it`. */
export function reasonOf(verdict: Verdict<Value>): string {
  return summarize({ ...verdict, egress: blockingOnly(verdict.egress), ingress: blockingOnly(verdict.ingress) })
    .map(asClause)
    .join('; ');
}

/**
 * The policies that isolate a side which blocks a flow; the rule that was most likely meant to allow it comes first, with
 * what is wrong with it.
 */
export function isolatingPolicies(workspace: Workspace, verdict: Verdict<Value>): readonly Related[] {
  const sides = [verdict.egress, verdict.ingress].filter(side => side.result === 'denied');
  return [
    ...sides.flatMap(side => missOf(verdict, side)),
    ...sides.flatMap(side =>
      side.policies.flatMap(({ policy }) => {
        const resource = policyResource(workspace, policy);
        if (!resource) return [];
        return [
          {
            at: resource.root.at('metadata', 'name'),
            message: `NetworkPolicy ${policy.name} selects ${side.endpoint.name} for ${side.direction} and does not allow it`,
          },
        ];
      }),
    ),
  ];
}

/** The rule that nearly allows a flow, and why it does not. */
function missOf(verdict: Verdict<Value>, side: SideVerdict<Value>): readonly Related[] {
  const best = nearMisses(side).find(({ rule }) => isTelling(rule));
  if (!best) return [];
  const field = side.direction === 'Egress' ? 'egress' : 'ingress';
  const other = field === 'egress' ? 'ingress' : 'egress';
  const alone = { ...verdict, [other]: { ...verdict[other], result: 'allowed' as const } };
  const [bare = ''] = summarize({ ...alone, [field]: withRules(side, []) });
  const [full = ''] = summarize({ ...alone, [field]: withRules(side, [best.rule]) });
  return [{ at: best.rule.rule.source.key, message: full.slice(bare.length + 1).replace(/\.$/, '') }];
}

/** A side without its rules if it blocks for certain, else as if it allowed everything. */
function blockingOnly(side: SideVerdict<Value>): SideVerdict<Value> {
  return side.result === 'denied' ? withRules(side, []) : { ...side, result: 'allowed' };
}

function asClause(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}

/** The names of one side of a group: of one workload its own, of several what they have in common. */
export function namesOf(app: string, ends: readonly FlowEnd[]): string {
  const names = [...new Set(ends.map(end => (isExternal(end) ? end.name : end.owner.name)))].sort();
  if (names.length < 2) return names[0] ?? app;
  const shown = names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ');
  return `${app} (${shown})`;
}

function groupBlocked(workspace: Workspace): readonly BlockedGroup[] {
  const groups = new Map<string, BlockedFlow[]>();
  const keyAt = new Map<string, Map<Place, string>>();
  for (const flow of flowsOf(workspace)) {
    if (routeSourceKinds.includes(flow.source.qualifiedKind)) continue;
    const blocked = blockedFlow(workspace, flow);
    if (!blocked) continue;
    const ends = `${appOf(workspace, flow.from).key}\n${appOf(workspace, flow.to).key}`;
    // Ports that one place asks for have the same place.
    const key = keyAt.get(ends)?.get(flow.at) ?? `${ends}\n${flow.protocol} ${flow.port}`;
    const group = groups.get(key);
    if (group) group.push(blocked);
    else {
      groups.set(key, [blocked]);
      if (!keyAt.has(ends)) keyAt.set(ends, new Map());
      keyAt.get(ends)?.set(flow.at, key);
    }
  }
  return [...groups.values()].flatMap(flows => {
    const first = flows.find(({ flow }) => flow.importance === 'required') ?? flows[0];
    if (!first) return [];
    return [
      {
        from: appOf(workspace, first.flow.from).name,
        to: appOf(workspace, first.flow.to).name,
        ports: [...new Set(flows.map(({ flow }) => flow.port))].sort((a, b) => a - b),
        first,
        flows,
      },
    ];
  });
}

/** A side as if its policies had only these rules. */
function withRules(side: SideVerdict<Value>, rules: readonly RuleVerdict<Value>[]): SideVerdict<Value> {
  return {
    ...side,
    policies: side.policies.map(one => ({ ...one, rules: one.rules.filter(rule => rules.includes(rule)) })),
  };
}

/** Whether a rule is about this flow but for one detail, and not about another application. */
function isTelling({ portMatch, peerMatch, peers }: RuleVerdict<Value>): boolean {
  if (peerMatch === 'yes') return portMatch !== 'yes';
  return peers.length > 0 && peers.every(isDetail);
}

function isDetail({ because }: PeerVerdict<Value>): boolean {
  if (because?.kind === 'namespaceSelector') return true;
  return because?.kind === 'podSelector' && !identityKeys.has(because.requirement.key);
}

/** Labels that say which application a pod is; a rule that wants another one is about something else. */
const identityKeys: ReadonlySet<string> = new Set([
  'app.kubernetes.io/name',
  'app',
  'name',
  'k8s-app',
  'cnpg.io/cluster',
  'v1.min.io/tenant',
  'role',
]);
