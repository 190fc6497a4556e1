import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { plainRoute, type Route } from './route';

/**
 * The routes of an Istio VirtualService for requests that come in by a Gateway; those inside the mesh are none of them.
 * Rules are tried in the order in which they are written, and prefixes are compared by letters (istio.io, Virtual Service
 * reference: HTTPMatchRequest, StringMatch; "gateways": `mesh` by default).
 */
export function routesOfVirtualService(service: Resource): readonly Route[] {
  const spec = service.root.at('spec');
  const gateways = spec
    .at('gateways')
    .items()
    .flatMap(one => one.text ?? []);
  const isEntrance = gateways.some(name => name !== 'mesh');
  const hosts = isEntrance
    ? spec
        .at('hosts')
        .items()
        .flatMap(one => one.text?.toLowerCase() ?? [])
    : [''];
  const rules = (['http', 'tls', 'tcp'] as const).flatMap(protocol =>
    spec
      .at(protocol)
      .items()
      .map(rule => ({ rule, protocol })),
  );
  return rules.flatMap(({ rule, protocol }, index) => {
    const matches = rule.at('match').items();
    const asked = (matches.length > 0 ? matches : [undefined]).map(match => matchOf(rule, match, protocol));
    const all = rule.at('route').items();
    const taken = all.filter(one => one.at('weight').number !== 0 || all.length === 1);
    const backends = (taken.length > 0 ? taken : [rule.at('route')]).map(one => {
      const written = one.at('destination', 'host');
      return {
        service: written,
        ...serviceNamed(service, written.string ?? ''),
        port: one.at('destination', 'port', 'number'),
      };
    });
    return hosts.flatMap(host =>
      asked.flatMap(one =>
        backends.map(backend => ({
          ...plainRoute,
          ...one,
          ...backend,
          source: service,
          rule,
          host,
          priority: -index,
        })),
      ),
    );
  });
}

/** The path after `rewrite`; undefined where it is not known (istio.io, HTTPRewrite: what has matched is replaced). */
export function rewrittenByRule({ rule, path, match }: Route, asked: string): string | undefined {
  const rewrite = rule.at('rewrite');
  if (rewrite.at('uriRegexRewrite').exists) return undefined;
  const uri = rewrite.at('uri').text;
  if (uri === undefined) return asked;
  return match === 'letters' ? `${uri}${asked.slice(path.length)}` : match === 'exact' ? uri : undefined;
}

function matchOf(rule: Value, match: Value | undefined, protocol: 'http' | 'tls' | 'tcp') {
  const uri = match?.at('uri');
  const type = (['exact', 'prefix', 'regex'] as const).find(one => uri?.at(one).exists);
  const path = type && uri?.at(type);
  const method = match?.at('method', 'exact').text;
  const others = (match?.keys() ?? []).filter(key => !followed.has(key));
  return {
    path: path?.text ?? '/',
    match: type === 'exact' ? ('exact' as const) : type === 'regex' ? ('whole' as const) : ('letters' as const),
    methods: method === undefined ? undefined : [method],
    isConditional:
      (protocol === 'http' ? others.length > 0 : protocol === 'tcp') ||
      rule.at('delegate').exists ||
      match?.at('ignoreUriCase').boolean === true ||
      (match?.at('method').exists === true && method === undefined),
    at: path ?? match ?? rule,
  };
}

const followed: ReadonlySet<string> = new Set(['name', 'uri', 'method', 'ignoreUriCase']);

/** Short names are those of the VirtualService's own namespace; what is none of the cluster's has no Service. */
function serviceNamed({ namespace }: Resource, host: string): Pick<Route, 'name' | 'namespace'> {
  const [, name, other] = /^([a-z0-9-]+)(?:\.([a-z0-9-]+)\.svc(?:\..*)?)?$/.exec(host) ?? [];
  return { name, namespace: name === undefined ? undefined : (other ?? namespace) };
}
