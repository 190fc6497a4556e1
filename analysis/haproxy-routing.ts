import type { Place } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { type Haproxy, type HaproxyPart, type MapLine, mapLines } from './haproxy-config';
import type { HaproxySection, HaproxyUse } from './text/haproxy';
import type { HaproxyCondition, HaproxyMap, HaproxyTest } from './text/haproxy-directives';

/** A request as far as routes tell requests apart. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
}

/** Where a frontend sends a request. */
export interface Route {
  /** The backends that it may go to, in the order in which they are asked for; the last one does if none before does. */
  readonly choices: readonly Choice[];
  /** Whether it may go to another backend, whose name is computed. */
  readonly isOpen: boolean;
}

export interface Choice {
  readonly use: HaproxyUse;
  readonly backend: string;
  /** What chooses it, the same for each request: the rule, or the file and the key of a line in the map that it asks. */
  readonly by: HaproxyUse | string;
  /** The rule, or the value in the map. */
  readonly at: Place;
}

/**
 * Follows the `use_backend` rules of a frontend for one request: the first whose condition holds decides, else
 * `default_backend` (HAProxy configuration manual, "use_backend"). A condition that hangs on more than method and path,
 * such as a header, may hold or not.
 */
export function routeOf(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart, request: HttpRequest): Route {
  const { section } = part;
  const choices: Choice[] = [];
  let isOpen = false;
  let isDecided = false;
  /** Adds what a rule chooses; tells whether it surely chooses something. */
  const choose = (use: HaproxyUse): boolean => {
    const chosen = choicesOf(workspace, haproxy, part, use, request);
    if (chosen.isOpen) isOpen = true;
    choices.push(...chosen.choices);
    return chosen.isSure;
  };
  for (const use of section.useBackends) {
    const holds = use.condition ? conditionHolds(section, use.condition, request) : true;
    if (holds === false || !choose(use) || holds !== true) continue;
    isDecided = true;
    break;
  }
  const fallback = section.defaultBackend ?? section.defaults?.defaultBackend;
  if (!isDecided && fallback) choose(fallback);
  return { choices, isOpen };
}

/** The backends that one rule may send a request to, and whether it sends it to one of them in any case. */
function choicesOf(
  workspace: Workspace,
  haproxy: Haproxy,
  part: HaproxyPart,
  use: HaproxyUse,
  request: HttpRequest,
): { readonly choices: readonly Choice[]; readonly isSure: boolean; readonly isOpen: boolean } {
  if (!use.isDynamic) {
    const choice = { use, backend: use.backend.value, by: use, at: part.place(use.directive.span) };
    return { choices: [choice], isSure: true, isOpen: false };
  }
  const choices: Choice[] = [];
  let isSure = false;
  let isOpen = use.maps.length === 0;
  for (const map of use.maps) {
    const lines = mapLines(workspace, haproxy, map);
    if (!lines) isOpen = true;
    const matching = lines && lineFor(map, lines, request);
    const chosen = ({ key, value, at }: MapLine): Choice => ({ use, backend: value, by: `${map.file}\n${key}`, at });
    const fallback =
      map.default !== undefined && map.defaultSpan
        ? [{ use, backend: map.default, by: map.file, at: part.place(map.defaultSpan) }]
        : [];
    // Text around the expression is a part of the name.
    const isWhole = /^%\[[^\]]*\]$/.test(use.backend.value);
    if (!isWhole) isOpen = true;
    if (matching === 'unknown') {
      choices.push(...(lines ?? []).map(chosen), ...fallback);
    } else if (matching) choices.push(chosen(matching));
    else choices.push(...fallback);
    // A name of no backend is passed over, and the next rule is asked.
    if (matching !== 'unknown' && (matching ?? fallback[0])) isSure = true;
  }
  return { choices, isSure: isSure || isOpen, isOpen };
}

/**
 * The line of a map that a request's path leads to: the first that matches, but the longest of `map_beg` (HAProxy
 * configuration manual, 7.1.1 and 7.3.1, "map").
 */
function lineFor(
  { converter, input }: HaproxyMap,
  lines: readonly MapLine[],
  request: HttpRequest,
): MapLine | 'unknown' | undefined {
  const kind = /^map(?:_(str|beg|end|sub|dir|reg|regm))?(?:_str)?$/.exec(converter)?.[1] ?? 'str';
  const [fetch, ...converters] = input.split(',');
  const isLower = converters.length === 1 && converters[0] === 'lower';
  if (fetch !== 'path' || (converters.length > 0 && !isLower) || !/^map(?:_[a-z]+)*$/.test(converter)) return 'unknown';
  const path = isLower ? request.path.toLowerCase() : request.path;
  const found = lines.filter(({ key }) => valueMatches(path, key, kind, false) !== false);
  if (kind === 'regm' || found.some(({ key }) => valueMatches(path, key, kind, false) === undefined)) return 'unknown';
  return kind === 'beg' ? [...found].sort((one, other) => other.key.length - one.key.length)[0] : found[0];
}

/** Whether a condition holds for a request; undefined if it hangs on something else. */
export function conditionHolds(
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
