import type { Workspace } from '../manifests/workspace';
import { type Haproxy, type HaproxyPart, mapLines } from './haproxy-config';
import type { HaproxySection, HaproxyUse } from './text/haproxy';
import { type HaproxyCondition, type HaproxyTest, readMaps } from './text/haproxy-directives';

/** A request as far as routes tell requests apart. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
}

/** Where a frontend sends a request. */
export interface Route {
  /** The rules that may take it, in order; the last one does if none before does. */
  readonly uses: readonly HaproxyUse[];
  /** The names of the backends that they choose from. */
  readonly backends: readonly string[];
  /** Whether it may go to another backend, whose name is computed. */
  readonly isOpen: boolean;
}

/**
 * Follows the `use_backend` rules of a frontend for one request: the first whose condition holds decides, else
 * `default_backend` (HAProxy configuration manual, "use_backend"). A condition that hangs on more than method and path,
 * such as a header, may hold or not.
 */
export function routeOf(workspace: Workspace, haproxy: Haproxy, { section }: HaproxyPart, request: HttpRequest): Route {
  const uses: HaproxyUse[] = [];
  let isDecided = false;
  for (const use of section.useBackends) {
    const holds = use.condition ? conditionHolds(section, use.condition, request) : true;
    if (holds === false) continue;
    uses.push(use);
    if (holds === true) {
      isDecided = true;
      break;
    }
  }
  const fallback = section.defaultBackend ?? section.defaults?.defaultBackend;
  if (!isDecided && fallback) uses.push(fallback);
  let isOpen = false;
  const backends = uses.flatMap(use => {
    if (!use.isDynamic) return [use.backend.value];
    const maps = readMaps(use.backend);
    if (maps.length === 0) isOpen = true;
    return maps.flatMap(map => {
      const lines = mapLines(workspace, haproxy, map);
      if (!lines) isOpen = true;
      return [...(lines ?? []).map(line => line.value), ...(map.default === undefined ? [] : [map.default])];
    });
  });
  return { uses, backends: [...new Set(backends)], isOpen };
}

/** Whether a condition holds for a request; undefined if it hangs on something else. */
function conditionHolds(
  section: HaproxySection,
  { keyword, alternatives }: HaproxyCondition,
  request: HttpRequest,
): boolean | undefined {
  const holds = any(
    alternatives.map(terms =>
      all(
        terms.map(term => {
          const value = term.anonymous
            ? testHolds(term.anonymous, request)
            : aclHolds(section, term.name ?? '', request);
          return term.negated ? not(value) : value;
        }),
      ),
    ),
  );
  return keyword === 'unless' ? not(holds) : holds;
}

/** The lines of an acl with one name are alternatives (HAProxy configuration manual, section 7.1). */
function aclHolds(section: HaproxySection, name: string, request: HttpRequest): boolean | undefined {
  const lines = [...section.acls, ...(section.defaults?.acls ?? [])].filter(acl => acl.name.value === name);
  if (lines.length > 0) return any(lines.map(acl => testHolds(acl, request)));
  if (name === 'TRUE' || name === 'HTTP') return true;
  if (name === 'FALSE') return false;
  const method = /^METH_([A-Z]+)$/.exec(name)?.[1];
  return method === undefined
    ? undefined
    : request.method === method || (method === 'GET' && request.method === 'HEAD');
}

function testHolds({ criterion, flags, values }: HaproxyTest, request: HttpRequest): boolean | undefined {
  if (!criterion) return undefined;
  const options = flags.map(flag => flag.value);
  if (options.includes('-f')) return undefined;
  if (criterion.fetch === 'always_true') return true;
  if (criterion.fetch === 'always_false') return false;
  if (criterion.fetch === 'method') return values.some(value => value.value === request.method);
  const [, fetch, suffix] = /^(path|pathq|url)(?:_(beg|end|sub|dir|reg|str))?$/.exec(criterion.fetch) ?? [];
  const isLower = criterion.converters.length > 0 && criterion.converters.every(one => one === 'lower');
  if (fetch === undefined || (criterion.converters.length > 0 && !isLower)) return undefined;
  const match = options[options.indexOf('-m') + 1 || -1] ?? suffix ?? 'str';
  const isInsensitive = options.includes('-i');
  const path = isLower || isInsensitive ? request.path.toLowerCase() : request.path;
  return any(
    values.map(({ value }) =>
      valueMatches(path, isInsensitive && match !== 'reg' ? value.toLowerCase() : value, match, isInsensitive),
    ),
  );
}

function valueMatches(path: string, value: string, match: string, isInsensitive: boolean): boolean | undefined {
  switch (match) {
    case 'str':
      return path === value;
    case 'beg':
      return path.startsWith(value);
    case 'end':
      return path.endsWith(value);
    case 'sub':
      return path.includes(value);
    case 'dir':
      return `${path}/`.includes(`/${value.replace(/^\/|\/$/g, '')}/`);
    case 'reg':
      try {
        return new RegExp(value, isInsensitive ? 'i' : '').test(path);
      } catch {
        return undefined;
      }
    default:
      return undefined;
  }
}

function any(values: readonly (boolean | undefined)[]): boolean | undefined {
  if (values.includes(true)) return true;
  return values.includes(undefined) ? undefined : false;
}

function all(values: readonly (boolean | undefined)[]): boolean | undefined {
  if (values.includes(false)) return false;
  return values.includes(undefined) ? undefined : true;
}

function not(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}
