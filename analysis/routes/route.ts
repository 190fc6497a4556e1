import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';

/** How a path of a route is compared with that of a request. */
export type PathMatch =
  | 'exact'
  /** The path and what is below it, part by part: `/a` takes `/a/b` and not `/ab`. */
  | 'parts'
  /** Whatever begins with the same letters. */
  | 'letters'
  /** An expression for the whole path. */
  | 'whole'
  /** An expression for some of the path. */
  | 'search'
  /** Nothing that is followed here. */
  | 'open';

/** What a route asks of a path. */
export interface PathRule {
  readonly path: string;
  readonly match: PathMatch;
}

/** Where an object that lets requests in sends those for a host and path, whatever its kind. */
export interface Route extends PathRule {
  /** The Ingress, HTTPRoute, IngressRoute … */
  readonly source: Resource;
  /** The rule of the source with what else it does: its filters, its middlewares, its rewriting. */
  readonly rule: Value;
  /** `*` where no host is written: any. Lower case, as hosts are compared. Empty where another object gives it. */
  readonly host: string;
  /** Paths of those above that it does not take. */
  readonly except: readonly PathRule[];
  /** Undefined for all. */
  readonly methods: readonly string[] | undefined;
  /** Whether more than host, path and method decides: headers, queries, addresses, or what is not followed here. */
  readonly isConditional: boolean;
  /** The higher comes first, before paths are compared; 0 where the kind knows no such thing. */
  readonly priority: number;
  /** Whether connections with TLS come here; undefined where something else decides. */
  readonly tls: boolean | undefined;
  /** The backend's Service as it is written; a missing value where the backend is none. */
  readonly service: Value;
  /** The name of the Service, without the namespace and domain that some kinds write with it. */
  readonly name: string | undefined;
  /** The namespace of the Service. */
  readonly namespace: string | undefined;
  /** The name or number of the Service port; missing if neither is written. */
  readonly port: Value;
  /** What states the path: the path itself, or the host where no path is written. */
  readonly at: Value;
}

/** What a route is where its kind says nothing else. */
export const plainRoute = {
  except: [],
  methods: undefined,
  isConditional: false,
  priority: 0,
  tls: undefined,
} as const;

/** A route of which neither path nor backend is known, at the value that would have them. */
export function unknownRoute(source: Resource, rule: Value): Omit<Route, 'host'> {
  const [service, port] = [rule.at('service'), rule.at('port')];
  const backend = { service, name: undefined, namespace: undefined, port };
  return { ...plainRoute, ...backend, source, rule, path: '/', match: 'open', isConditional: true, at: rule };
}

/** Whether a rule takes a path; `maybe` where that is not followed here. */
export function takesPath({ path, match }: PathRule, asked: string): 'yes' | 'no' | 'maybe' {
  switch (match) {
    case 'exact':
      return asked === path ? 'yes' : 'no';
    case 'parts': {
      const parts = path.replace(/\/+$/, '');
      return asked === parts || asked.startsWith(`${parts}/`) ? 'yes' : 'no';
    }
    case 'letters':
      return asked.startsWith(path) ? 'yes' : 'no';
    case 'open':
      return 'maybe';
    default:
      try {
        return new RegExp(match === 'whole' ? `^(?:${path})$` : path).test(asked) ? 'yes' : 'no';
      } catch {
        // Expressions of other languages.
        return 'maybe';
      }
  }
}
