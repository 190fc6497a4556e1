import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { type PathRule, plainRoute, type Route } from './route';

export const traefikGroups = ['traefik.io', 'traefik.containo.us'] as const;

/**
 * The routes of an IngressRoute or IngressRouteTCP: one for each alternative of a rule's expression and each Service
 * (doc.traefik.io, "Rules & Priority": the longest expression comes first unless `priority` says otherwise; `PathPrefix`
 * compares letters).
 */
export function routesOfTraefik(route: Resource): readonly Route[] {
  const spec = route.root.at('spec');
  const points = spec.at('entryPoints').items();
  // `web` is the entry point without TLS of the chart and of the documentation.
  const isPlain = !spec.at('tls').exists && points.length > 0 && points.every(one => one.text === 'web');
  return spec
    .at('routes')
    .items()
    .flatMap(rule => {
      const text = rule.at('match').string ?? '';
      const alternatives = readMatch(text) ?? [{ ...all, isConditional: true }];
      const services = rule.at('services').items();
      const backends = (services.length > 0 ? services : [rule.at('services')]).map(one => {
        const isService = (one.at('kind').text ?? 'Service') === 'Service' && !one.at('name').text?.includes('@');
        const service = isService ? one.at('name') : one.at('service');
        return {
          service,
          name: service.string,
          namespace: one.at('namespace').string ?? route.namespace,
          port: one.at('port'),
        };
      });
      return alternatives.flatMap(({ hosts, ...asked }) =>
        (hosts ?? ['*']).flatMap(host =>
          backends.map(backend => ({
            ...plainRoute,
            ...asked,
            ...backend,
            source: route,
            rule,
            host: host.toLowerCase(),
            priority: rule.at('priority').number || text.length,
            tls: isPlain ? false : spec.at('tls').exists ? true : undefined,
            at: rule.at('match'),
          })),
        ),
      );
    });
}

/** The Middlewares that a rule names, with those of chains; undefined where one is not in the tree. */
export function middlewaresOf(
  workspace: Workspace,
  { source, rule }: Pick<Route, 'source' | 'rule'>,
): readonly Resource[] | undefined {
  const found: Resource[] = [];
  const follow = (references: Value, namespace: string | undefined, depth: number): boolean =>
    references.items().every(reference => {
      const own = reference.at('namespace').string ?? namespace;
      const name = reference.at('name').string;
      const middleware = traefikGroups
        .map(group => (name === undefined ? undefined : workspace.find(`Middleware.${group}`, own, name)))
        .find(one => one !== undefined);
      if (!middleware || depth > 3) return false;
      found.push(middleware);
      return follow(middleware.root.at('spec', 'chain', 'middlewares'), middleware.namespace, depth + 1);
    });
  return follow(rule.at('middlewares'), source.namespace, 0) ? found : undefined;
}

/** The path after the Middlewares of a rule; undefined where it is not known (doc.traefik.io, HTTP middlewares). */
export function rewrittenByMiddlewares(workspace: Workspace, route: Route, asked: string): string | undefined {
  let path: string | undefined = asked;
  const middlewares = middlewaresOf(workspace, route);
  if (!middlewares) return undefined;
  for (const { root } of middlewares) {
    const spec = root.at('spec');
    const current: string = path;
    if (spec.keys().some(key => !harmless.has(key))) return undefined;
    const prefix = spec
      .at('stripPrefix', 'prefixes')
      .items()
      .flatMap(one => one.string ?? [])
      .find(one => current.startsWith(one));
    if (prefix !== undefined) path = `/${current.slice(prefix.length).replace(/^\/+/, '')}`;
    const added = spec.at('addPrefix', 'prefix').string;
    if (added !== undefined) path = `/${added.replace(/^\/+|\/+$/g, '')}${path}`;
    path = spec.at('replacePath', 'path').string ?? path;
  }
  return path;
}

/** Those that change no path, and those whose changes are followed. */
const harmless: ReadonlySet<string> = new Set([
  ...['addPrefix', 'replacePath', 'stripPrefix'],
  ...['basicAuth', 'buffering', 'chain', 'compress', 'contentType', 'headers', 'inFlightReq', 'ipAllowList'],
  ...['ipWhiteList', 'passTLSClientCert', 'rateLimit', 'redirectScheme', 'retry', 'circuitBreaker'],
]);

interface Alternative extends PathRule {
  /** Undefined for any. */
  readonly hosts: readonly string[] | undefined;
  readonly except: readonly PathRule[];
  readonly methods: readonly string[] | undefined;
  readonly isConditional: boolean;
}

const all: Alternative = {
  hosts: undefined,
  path: '/',
  match: 'letters',
  except: [],
  methods: undefined,
  isConditional: false,
};

/** The alternatives of an expression; undefined where it cannot be read. */
export function readMatch(text: string): readonly Alternative[] | undefined {
  const tokens = text.match(/&&|\|\||[!(),]|`[^`]*`|"(?:[^"\\]|\\.)*"|\w+/g) ?? [];
  let at = 0;
  const isNext = (token: string): boolean => tokens[at] === token && ++at > 0;
  const either = (negated: boolean): readonly Alternative[] => {
    const parts = [both(negated)];
    while (isNext('||')) parts.push(both(negated));
    return negated ? parts.reduce(joined) : parts.flat();
  };
  const both = (negated: boolean): readonly Alternative[] => {
    const parts = [one(negated)];
    while (isNext('&&')) parts.push(one(negated));
    return negated ? parts.flat() : parts.reduce(joined);
  };
  const one = (negated: boolean): readonly Alternative[] => {
    if (isNext('!')) return one(!negated);
    if (isNext('(')) {
      const inside = either(negated);
      if (!isNext(')')) throw new SyntaxError('parenthesis');
      return inside;
    }
    const name = tokens[at++] ?? '';
    const args: string[] = [];
    if (!/^[A-Z]\w*$/.test(name) || !isNext('(')) throw new SyntaxError('matcher');
    while (!isNext(')')) {
      const token = tokens[at++];
      if (token === undefined) throw new SyntaxError('arguments');
      if (token !== ',') args.push(token.slice(1, -1));
    }
    return matcher(name, args, negated);
  };
  try {
    const read = either(false);
    return at === tokens.length && read.length <= mostAlternatives ? read : undefined;
  } catch {
    return undefined;
  }
}

/** Nobody writes more; products of long alternatives are not followed. */
const mostAlternatives = 64;

/** Several arguments of a matcher are alternatives, as in Traefik 2. */
function matcher(name: string, args: readonly string[], negated: boolean): readonly Alternative[] {
  const paths = args.flatMap(path => pathRule(name, path) ?? []);
  if (negated) return [paths.length > 0 ? { ...all, except: paths } : { ...all, isConditional: true }];
  if (paths.length > 0) return paths.map(path => ({ ...all, ...path }));
  if (name === 'Host' || name === 'HostSNI') return [{ ...all, hosts: args }];
  if (name === 'Method') return [{ ...all, methods: args.map(method => method.toUpperCase()) }];
  return [{ ...all, isConditional: true }];
}

function pathRule(name: string, path: string): PathRule | undefined {
  // `{id:[0-9]+}` in a path is an expression of Traefik 2.
  if (/^Path(?:Prefix)?$/.test(name) && path.includes('{')) return { path, match: 'open' };
  if (name === 'Path') return { path, match: 'exact' };
  if (name === 'PathPrefix') return { path, match: 'letters' };
  return name === 'PathRegexp' ? { path, match: 'search' } : undefined;
}

/** Each alternative of one side together with each of the other. */
function joined(some: readonly Alternative[], others: readonly Alternative[]): readonly Alternative[] {
  if (some.length * others.length > mostAlternatives) throw new RangeError('too many alternatives');
  return some.flatMap(one => others.flatMap(other => together(one, other) ?? []));
}

function together(one: Alternative, other: Alternative): Alternative | undefined {
  const hosts = bothOf(one.hosts, other.hosts);
  const methods = bothOf(one.methods, other.methods);
  if (hosts?.length === 0 || methods?.length === 0) return undefined;
  const [wide, narrow] = one.path.length <= other.path.length ? [one, other] : [other, one];
  const isWithin = wide.match === 'letters' && (narrow.path.startsWith(wide.path) || wide.path === '/');
  return {
    hosts,
    methods,
    path: narrow.path,
    match: isWithin ? narrow.match : 'open',
    except: [...one.except, ...other.except],
    isConditional: one.isConditional || other.isConditional,
  };
}

function bothOf(some: readonly string[] | undefined, others: readonly string[] | undefined) {
  return some && others ? some.filter(one => others.includes(one)) : (some ?? others);
}
