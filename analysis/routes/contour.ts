import type { Resource } from '../../manifests/resource';
import { plainRoute, type Route, unknownRoute } from './route';

/**
 * The routes of a Contour HTTPProxy (projectcontour.io, API reference: HTTPProxySpec). Prefixes are compared by letters
 * (contour internal/dag, PrefixMatchString). One without `virtualhost` is included by another, which gives it host and
 * path; one that includes others may send anything to them.
 */
export function routesOfHttpProxy(proxy: Resource): readonly Route[] {
  const spec = proxy.root.at('spec');
  const root = spec.at('virtualhost', 'fqdn');
  const host = root.text?.toLowerCase() ?? '';
  const of = {
    ...plainRoute,
    source: proxy,
    host,
    tls: root.exists ? spec.at('virtualhost', 'tls').exists : undefined,
  };
  const routes = [...spec.at('routes').items(), spec.at('tcpproxy')].flatMap(rule =>
    rule
      .at('services')
      .items()
      .filter(one => one.at('mirror').boolean !== true && one.at('weight').number !== 0)
      .map((service): Route => {
        const conditions = rule.at('conditions').items();
        const written = (['exact', 'regex', 'prefix'] as const).flatMap(type => {
          const value = conditions.map(one => one.at(type)).find(one => one.exists);
          return value ? [{ type, value }] : [];
        });
        const [path] = written;
        return {
          ...of,
          rule,
          path: path?.value.text ?? '/',
          match: path?.type === 'exact' ? 'exact' : path?.type === 'regex' ? 'whole' : 'letters',
          isConditional: conditions.some(one => one.at('header').exists || one.at('queryParameter').exists),
          service: service.at('name'),
          name: service.at('name').text,
          namespace: proxy.namespace,
          port: service.at('port'),
          at: path?.value ?? root,
        };
      }),
  );
  const [included] = spec.at('includes').items();
  return included ? [...routes, { ...unknownRoute(proxy, included), host }] : routes;
}

/** The path after `pathRewritePolicy`; undefined where it is not known. */
export function rewrittenByPolicy({ rule, path }: Route, asked: string): string | undefined {
  const policies = rule.at('pathRewritePolicy', 'replacePrefix').items();
  if (policies.length === 0) return asked;
  const policy = policies.find(one => (one.at('prefix').text ?? path) === path);
  const replacement = policy?.at('replacement').text;
  if (replacement === undefined) return undefined;
  // Slashes at the end are kept in step with those of the prefix (contour internal/dag, rewriting of prefixes).
  return `${replacement.replace(/\/+$/, '')}/${asked.slice(path.length).replace(/^\/+/, '')}`;
}
