import { flowsFrom } from '../analysis/flows';
import { type MapFlow, networkMap } from '../analysis/network/map';
import { routeSourceKinds } from '../analysis/routes';
import type { Place } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import type {
  NetworkFlow,
  NetworkOpening,
  NetworkPlace,
  NetworkReach,
  NetworkReport,
  NetworkVerdict,
} from '../protocol/network';
import type { Finding } from '../rules/findings';
import { blockedGroups } from '../rules/network/blocked';
import { isForbidden } from '../rules/network/parts';

/** The network of a tree as data for others, with the finding that reports each blocked flow. */
export function networkReport(workspace: Workspace, findings: readonly Finding[], root?: string): NetworkReport {
  const map = networkMap(workspace);
  const findingOf = findingsOfFlows(workspace, findings);
  const flows = map.flows.map(flow => wireFlow(workspace, flow, findingOf(flow)));
  const count = (verdict: NetworkVerdict): number => flows.filter(flow => flow.verdict === verdict).length;
  return {
    version: 1,
    ...(root === undefined ? {} : { root }),
    components: map.components.map(({ kind, namespace, at, ports, ...component }) => ({
      id: component.id,
      name: component.name,
      ...(kind === undefined ? {} : { kind }),
      ...(namespace === undefined ? {} : { namespace }),
      instance: component.instance,
      services: component.services,
      ports: ports.map(({ name, port, protocol }) => ({ ...(name === undefined ? {} : { name }), port, protocol })),
      isolated: component.isolated,
      ...placed('place', workspace, at),
    })),
    flows,
    unneeded: map.unneeded.map(
      ({ to, port, protocol, from, isUnprotected }): NetworkOpening => ({
        to,
        port,
        protocol,
        from,
        ...(isUnprotected ? { unprotected: true as const } : {}),
      }),
    ),
    reach: map.reach.map((reach): NetworkReach => reach),
    summary: {
      components: map.components.length,
      allowed: count('allowed'),
      blocked: count('blocked'),
      unknown: count('unknown'),
      unneeded: map.unneeded.length,
    },
  };
}

function wireFlow(workspace: Workspace, flow: MapFlow, finding: Finding | undefined): NetworkFlow {
  const { from, to, port, protocol, result, importance, why, reasons, sources } = flow;
  const [first] = sources;
  const isIntended = result === 'denied' && sources.every(one => isForbidden(workspace, one.from, one.to));
  const place = finding && placeOf(workspace, finding.problem.at);
  return {
    id: `${from} → ${to} ${port}/${protocol}`,
    from,
    to,
    port,
    protocol,
    verdict: verdicts[result],
    importance,
    why,
    reasons,
    ...(isIntended ? { forbidden: true as const } : {}),
    ...placed('place', workspace, first?.at),
    ...(finding && place
      ? {
          finding: {
            rule: finding.rule.id,
            severity: finding.severity,
            message: finding.problem.message,
            place,
          },
        }
      : {}),
  };
}

const verdicts: Readonly<Record<MapFlow['result'], NetworkVerdict>> = {
  allowed: 'allowed',
  denied: 'blocked',
  unknown: 'unknown',
};

/**
 * Which finding reports a blocked flow. Flows of one mistake are one finding, which stands at the first of them; those of
 * Ingresses and other routes are reported at the backend of one of them.
 */
function findingsOfFlows(workspace: Workspace, findings: readonly Finding[]): (flow: MapFlow) => Finding | undefined {
  const own = findings.filter(({ rule, suppressed }) => rule.id.startsWith('netpol-') && !suppressed);
  const at = (place: Place): Finding | undefined =>
    own.find(
      ({ problem }) =>
        problem.at.uri === place.uri &&
        problem.at.span.start === place.span.start &&
        problem.at.span.end === place.span.end,
    );
  const groups = own.length === 0 ? [] : blockedGroups(workspace);
  return ({ result, sources }) => {
    if (result !== 'denied') return undefined;
    for (const source of sources) {
      const group = groups.find(({ flows }) => flows.some(({ flow }) => flow === source));
      const found = at(source.at) ?? (group && at(group.first.flow.at));
      if (found) return found;
    }
    // One route may lead to several workloads through one backend, which is one finding.
    for (const source of sources.filter(one => routeSourceKinds.includes(one.source.qualifiedKind))) {
      const siblings = flowsFrom(workspace, source.source).filter(
        one => one.why === source.why && one.port === source.port,
      );
      const found = siblings.map(sibling => at(sibling.at)).find(one => one !== undefined);
      if (found) return found;
    }
    return undefined;
  };
}

function placed<K extends string>(
  key: K,
  workspace: Workspace,
  at: Place | undefined,
): { readonly [key in K]?: NetworkPlace } {
  const place = at && placeOf(workspace, at);
  return (place ? { [key]: place } : {}) as { readonly [key in K]?: NetworkPlace };
}

function placeOf(workspace: Workspace, { uri, span }: Place): NetworkPlace | undefined {
  const file = workspace.file(uri);
  if (!file) return undefined;
  return { file: file.path, range: { start: file.lines.position(span.start), end: file.lines.position(span.end) } };
}
