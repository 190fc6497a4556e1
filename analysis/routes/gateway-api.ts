import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { attachmentOf, type Listener } from '../gateways';
import { plainRoute, type Route, unknownRoute } from './route';

/**
 * The routes of an HTTPRoute, GRPCRoute, TLSRoute or TCPRoute as they are written: one for each host, match and backend.
 * Matches of a rule are alternatives, and a rule without any takes every path (gateway-api, apis/v1/httproute_types.go).
 * A host that is not written is that of the listener: {@link heardBy}.
 */
export function routesOfGatewayRoute(route: Resource): readonly Route[] {
  const spec = route.root.at('spec');
  const names = spec.at('hostnames').items();
  const hosts = names.length > 0 ? names.flatMap(name => name.text?.toLowerCase() ?? []) : ['*'];
  const rules = spec.at('rules').items();
  // Without rules, as while it is typed, nothing is known of the paths.
  if (rules.length === 0) return hosts.map(host => ({ ...unknownRoute(route, spec.at('rules')), host }));
  return rules.flatMap(rule => {
    const matches = rule.at('matches').items();
    const asked = (matches.length > 0 ? matches : [undefined]).map(match => matchOf(route, rule, match));
    const backends = backendsOf(route, rule);
    return hosts.flatMap(host =>
      asked.flatMap(one => backends.map(backend => ({ ...plainRoute, host, ...one, ...backend }))),
    );
  });
}

/** What lets the requests of a route in. */
export interface Entrances {
  readonly listeners: readonly Listener[];
  /** Whether something that the tree does not show may let requests in as well. */
  readonly isOpen: boolean;
}

/** The listeners that a route is attached to. */
export function entrancesOf(route: Resource, workspace: Workspace): Entrances {
  const attachments = route.root
    .at('spec', 'parentRefs')
    .items()
    .map(parent => attachmentOf(workspace, parent, route));
  return {
    listeners: attachments.flatMap(one => (one.kind === 'attached' ? one.listeners : [])),
    // What is not attached is a finding of its own, and is meant to be.
    isOpen: attachments.length === 0 || attachments.some(({ kind }) => kind !== 'attached'),
  };
}

/**
 * The path after the filters of a rule; undefined where it is not known (gateway-api, HTTPURLRewriteFilter: the part of
 * the path that the match has is replaced).
 */
export function rewrittenByFilters({ rule, path, match }: Route, asked: string): string | undefined {
  const filters = [
    ...rule.at('filters').items(),
    ...rule
      .at('backendRefs')
      .items()
      .flatMap(one => one.at('filters').items()),
  ];
  if (filters.some(one => one.at('type').text === 'ExtensionRef')) return undefined;
  const rewrite = filters.find(one => one.at('type').text === 'URLRewrite')?.at('urlRewrite', 'path');
  if (!rewrite?.exists) return asked;
  if (rewrite.at('type').text === 'ReplaceFullPath') return rewrite.at('replaceFullPath').text;
  const replacement = rewrite.at('replacePrefixMatch').text;
  if (replacement === undefined || match !== 'parts') return undefined;
  const rest = asked.slice(path.replace(/\/+$/, '').length);
  return `${replacement.replace(/\/+$/, '')}${rest}` || '/';
}

function matchOf(route: Resource, rule: Value, match: Value | undefined) {
  const of = {
    source: route,
    rule,
    at: match?.at('path', 'value').exists ? match.at('path', 'value') : atOf(route, rule),
  };
  const all = { ...of, path: '/', match: 'parts' as const };
  if (route.kind === 'GRPCRoute') return match ? { ...all, match: 'open' as const, isConditional: true } : all;
  if (!match) return all;
  const type = match.at('path', 'type').text ?? 'PathPrefix';
  const method = match.at('method').text;
  return {
    ...of,
    path: match.at('path', 'value').text ?? '/',
    match: type === 'Exact' ? ('exact' as const) : type === 'PathPrefix' ? ('parts' as const) : ('whole' as const),
    methods: method === undefined ? undefined : [method.toUpperCase()],
    isConditional: match.at('headers').items().length > 0 || match.at('queryParams').items().length > 0,
  };
}

function atOf(route: Resource, rule: Value): Value {
  const [host] = route.root.at('spec', 'hostnames').items();
  return host ?? rule;
}

/** The Services of a rule; those that get nothing are none, and a rule without any redirects or answers by itself. */
function backendsOf(route: Resource, rule: Value): readonly Pick<Route, 'service' | 'name' | 'namespace' | 'port'>[] {
  const references = rule.at('backendRefs').items();
  const taken = references.filter(one => one.at('weight').number !== 0);
  const none = rule.at('backendRefs');
  if (taken.length === 0)
    return [{ service: none.at('name'), name: undefined, namespace: undefined, port: none.at('port') }];
  return taken.map(one => {
    const isService = (one.at('kind').text ?? 'Service') === 'Service' && (one.at('group').text ?? '') === '';
    const service = isService ? one.at('name') : one.at('service');
    return {
      service,
      name: service.string,
      namespace: one.at('namespace').string ?? route.namespace,
      port: one.at('port'),
    };
  });
}
