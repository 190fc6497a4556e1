import type { Span } from '../../manifests/span';
import { type PythonToken, pythonTokens } from './python-tokens';

/**
 * What a Python program says without being run: settings, models, routes, files and connections. Names that are
 * assigned a string, a list or an environment variable are followed; nothing else is.
 */
export interface PythonProgram {
  /** `NAME = value` and `NAME += value`, at any indentation. */
  readonly assignments: readonly PythonAssignment[];
  /** The environment variables that it reads or sets. */
  readonly environment: readonly PythonEnvironmentUse[];
  readonly classes: readonly PythonClass[];
  /** The functions that are not inside others. */
  readonly functions: readonly { readonly name: string; readonly span: Span }[];
  /** The routes of `urlpatterns` and of the routers of Django REST framework. */
  readonly routes: readonly PythonRoute[];
  /** The strings of `INSTALLED_APPS`. */
  readonly installedApps: readonly PythonString[];
  /** The files that it opens by a path that stands in it. */
  readonly files: readonly PythonFileUse[];
  /** The hosts and ports that it connects a socket to. */
  readonly connections: readonly PythonConnection[];
  readonly strings: readonly PythonString[];
}

export interface PythonAssignment {
  readonly name: string;
  readonly nameSpan: Span;
  readonly value: PythonValue;
}

export type PythonValue = PythonString | PythonList | PythonDict | PythonEnvironment | PythonOther;

export interface PythonString {
  readonly kind: 'string';
  readonly text: string;
  /** Without quotes, for one string; all of it for several in a row. */
  readonly span: Span;
  /** An f-string. */
  readonly formatted: boolean;
}

/** A list, tuple or set. */
export interface PythonList {
  readonly kind: 'list';
  readonly items: readonly PythonValue[];
  readonly span: Span;
}

export interface PythonDict {
  readonly kind: 'dict';
  readonly entries: readonly { readonly key: string; readonly keySpan: Span; readonly value: PythonValue }[];
  readonly span: Span;
}

/** `os.environ['X']`, `os.environ.get('X', default)`, `os.getenv('X')`, also inside `int(…)` and the like. */
export interface PythonEnvironment {
  readonly kind: 'environment';
  readonly name: string;
  readonly default: PythonValue | undefined;
  readonly span: Span;
}

/** Anything else, as it stands. */
export interface PythonOther {
  readonly kind: 'other';
  readonly text: string;
  readonly span: Span;
}

export interface PythonEnvironmentUse {
  readonly name: string;
  readonly span: Span;
  /** `os.environ['X']` fails without the variable. */
  readonly required: boolean;
  /** What `os.environ.setdefault('X', 'value')` gives it. */
  readonly sets: string | undefined;
}

export interface PythonClass {
  readonly name: string;
  readonly nameSpan: Span;
  /** As written: `models.Model`. */
  readonly bases: readonly string[];
  /** One of the bases is Django's `Model`. */
  readonly isModel: boolean;
}

/** `path('keys/', views.keys)`, `router.register('keys', views.KeyViewSet)`. */
export interface PythonRoute {
  readonly route: PythonString;
  /** Without `.as_view()`: `views.keys`. */
  readonly view: string | undefined;
  /** The module of `include('app.urls')`. */
  readonly include: string | undefined;
  readonly span: Span;
}

export interface PythonFileUse {
  readonly path: string;
  readonly span: Span;
  readonly writes: boolean;
}

export interface PythonConnection {
  /** A string or an environment variable; `other` for anything else. */
  readonly host: PythonValue;
  readonly port: PythonValue | undefined;
  readonly span: Span;
}

/** Reads a Python program. Never throws. */
export function readPython(text: string): PythonProgram {
  const tokens = pythonTokens(text);
  const source: Source = { text, tokens, ends: expressionEnds(tokens) };
  const known = new Map<string, PythonValue>();
  const assignments: PythonAssignment[] = [];
  const environment: PythonEnvironmentUse[] = [];
  const classes: PythonClass[] = [];
  const functions: { name: string; span: Span }[] = [];
  const routes: PythonRoute[] = [];
  const files: PythonFileUse[] = [];
  const connections: PythonConnection[] = [];
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1];
    if (token.kind !== 'name') continue;
    if (token.startsLine && token.depth === 0 && isAssignment(tokens, at)) {
      const isSum = next?.text !== '=';
      const { value } = valueAt(source, at + (isSum ? 3 : 2), 0);
      assignments.push({ name: token.text, nameSpan: spanOf(token), value });
      known.set(token.text, pathAt(source, at + 2) ?? value);
    } else if (token.text === 'class' && next?.kind === 'name') classes.push(classAt(source, at));
    else if (token.text === 'def' && next?.kind === 'name' && isOutermost(token, text)) {
      functions.push({ name: next.text, span: spanOf(next) });
    } else if (next?.text === '(' && calls.has(token.text)) {
      const call = callAt(source, at, known);
      const route = routeOf(call);
      if (route) routes.push(route);
      const file = fileOf(call, tokens);
      if (file) files.push(file);
      const connection = connectionOf(call);
      if (connection) connections.push(connection);
      const use = environmentOfCall(call);
      if (use) environment.push(use);
    } else if (next?.text === '.' && known.get(token.text)?.kind === 'string') {
      const file = fileOfPath(known.get(token.text), at + 2, tokens);
      if (file) files.push(file);
    } else if (token.text === 'environ' && next?.text === '[') {
      const name = tokens[at + 2];
      if (name?.kind !== 'string') continue;
      const [equals, value] = tokens.slice(at + 4, at + 6);
      const isSet = equals?.text === '=' && value?.text !== '=';
      const sets = isSet && value?.kind === 'string' ? value.text : undefined;
      environment.push({ name: name.text, span: contentOf(name), required: !isSet, sets });
    }
  }
  const installed = assignments.filter(one => one.name === 'INSTALLED_APPS').map(one => one.value);
  return {
    assignments,
    environment,
    classes,
    functions,
    routes,
    installedApps: installed.flatMap(value =>
      value.kind === 'list' ? value.items.filter(item => item.kind === 'string') : [],
    ),
    files,
    connections,
    strings: tokens.flatMap(token => (token.kind === 'string' ? [stringOf(token)] : [])),
  };
}

/** The value of a setting such as `DATABASES` by keys: `default`, `NAME`. The last assignment counts. */
export function pythonSetting(
  program: PythonProgram,
  name: string,
  ...keys: readonly string[]
): PythonValue | undefined {
  let value = program.assignments.findLast(one => one.name === name)?.value;
  for (const key of keys) {
    value = value?.kind === 'dict' ? value.entries.findLast(entry => entry.key === key)?.value : undefined;
  }
  return value;
}

/** Whether a program puts environment variables into a text, as `os.path.expandvars` does. */
export function pythonExpands(code: string): boolean {
  return /\bexpandvars\s*\(|\bTemplate\s*\([^\n]*\)\s*\.\s*(?:safe_)?substitute\s*\(/.test(code);
}

/** The calls that are looked at. */
const calls: ReadonlySet<string> = new Set([
  ...[
    'path',
    're_path',
    'url',
    'register',
    'open',
    'Path',
    'copy',
    'copyfile',
    'copy2',
    'move',
    'connect',
    'connect_ex',
  ],
  ...['create_connection', 'ClamdNetworkSocket', 'HTTPConnection', 'HTTPSConnection', 'Telnet', 'open_connection'],
  ...['get', 'setdefault', 'pop', 'getenv'],
]);

interface Source {
  readonly text: string;
  readonly tokens: readonly PythonToken[];
  /** See `expressionEnds`. */
  readonly ends: readonly number[];
}

interface PythonCall {
  readonly name: string;
  /** What stands before the dot: `os.environ`, or the call before it. */
  readonly before: PythonToken | undefined;
  readonly args: readonly PythonArgument[];
  readonly at: number;
  readonly span: Span;
}

interface PythonArgument {
  readonly name: string | undefined;
  readonly value: PythonValue;
}

function isAssignment(tokens: readonly PythonToken[], at: number): boolean {
  const [, first, second] = tokens.slice(at, at + 3);
  if (first?.text === '=') return second?.text !== '=' || second.start !== first.end;
  return first?.text === '+' && second?.text === '=';
}

function callAt(source: Source, at: number, known: ReadonlyMap<string, PythonValue>): PythonCall {
  const { tokens } = source;
  const args: PythonArgument[] = [];
  let next = at + 2;
  // More arguments than these no call has that means something here; a hostile text could nest calls without end.
  while (next < tokens.length && tokens[next]?.text !== ')' && args.length < 8) {
    const named = tokens[next]?.kind === 'name' && tokens[next + 1]?.text === '=' && tokens[next + 2]?.text !== '=';
    const name = named ? tokens[next]?.text : undefined;
    const { value, next: after } = valueAt(source, named ? next + 2 : next, 6);
    const follow = (one: PythonValue): PythonValue => (one.kind === 'other' ? (known.get(one.text) ?? one) : one);
    const followed = value.kind === 'list' ? { ...value, items: value.items.map(follow) } : follow(value);
    args.push({ name, value: followed });
    next = tokens[after]?.text === ',' ? after + 1 : after;
    if (after === next && tokens[after]?.text !== ')') break;
  }
  const token = tokens[at];
  const before = tokens[at - 1]?.text === '.' ? tokens[at - 2] : undefined;
  const start = token?.start ?? 0;
  return {
    name: token?.text ?? '',
    before,
    args,
    at,
    span: { start, end: Math.max(start, tokens[Math.min(next, tokens.length - 1)]?.end ?? start) },
  };
}

function routeOf({ name, args, before, span }: PythonCall): PythonRoute | undefined {
  const isRoute =
    (name === 'path' && before === undefined) || name === 're_path' || name === 'url' || name === 'register';
  const route = args[0]?.value;
  const target = args[1]?.value;
  if (!isRoute || route?.kind !== 'string' || target?.kind !== 'other') return undefined;
  const shown = target.text.slice(0, 300);
  const included = /^include\s*\(\s*\(?\s*["']([\w.]+)["']/.exec(shown)?.[1];
  const view = shown.startsWith('include') ? undefined : /^[\w.]+?(?=\.as_view\b|[^\w.]|$)/.exec(shown)?.[0];
  return { route, view, include: included, span };
}

function fileOf({ name, args, before, at }: PythonCall, tokens: readonly PythonToken[]): PythonFileUse | undefined {
  const [first, second] = args;
  const mode =
    args.find(arg => arg.name === 'mode')?.value ?? (second && second.name === undefined ? second.value : undefined);
  if (name === 'open' && first && (before === undefined || before.text === 'io' || before.text === 'codecs')) {
    return fileUse(first.value, mode?.kind === 'string' && /[wax+]/.test(mode.text));
  }
  if (name === 'Path' && first) {
    const close = tokens.findIndex(
      (token, index) => index > at && token.text === ')' && token.depth === tokens[at]?.depth,
    );
    if (close !== -1 && tokens[close + 1]?.text === '.') return fileOfPath(first.value, close + 2, tokens);
  }
  const copies = before?.text === 'shutil' && /^(copy|copyfile|copy2|move)$/.test(name);
  return copies && second ? fileUse(second.value, true) : undefined;
}

/** What a method of a `Path` does, whose name is at a token. */
function fileOfPath(
  path: PythonValue | undefined,
  at: number,
  tokens: readonly PythonToken[],
): PythonFileUse | undefined {
  const method = tokens[at]?.text;
  if (!path) return undefined;
  if (method === 'write_text' || method === 'write_bytes') return fileUse(path, true);
  if (method === 'read_text' || method === 'read_bytes') return fileUse(path, false);
  const opened = method === 'open' ? tokens[at + 2] : undefined;
  return opened ? fileUse(path, opened.kind === 'string' && /[wax+]/.test(opened.text)) : undefined;
}

/** The string of `Path('…')` or `pathlib.Path('…')` that stands there alone. */
function pathAt(source: Source, at: number): PythonValue | undefined {
  const { tokens } = source;
  const start = tokens[at]?.text === 'pathlib' && tokens[at + 1]?.text === '.' ? at + 2 : at;
  const [name, open, string, close, after] = tokens.slice(start, start + 5);
  const isPath = name?.text === 'Path' && open?.text === '(' && string?.kind === 'string' && close?.text === ')';
  return isPath && (after === undefined || after.kind === 'break' || after.text === ';') ? stringOf(string) : undefined;
}

function fileUse(path: PythonValue, writes: boolean): PythonFileUse | undefined {
  if (path.kind !== 'string' || path.formatted) return undefined;
  return { path: path.text, span: path.span, writes };
}

/** `socket.connect((host, port))`, `socket.create_connection((host, port))`, `ClamdNetworkSocket(host, port)`. */
function connectionOf({ name, args, span }: PythonCall): PythonConnection | undefined {
  const [first, second] = args;
  if ((name === 'connect' || name === 'connect_ex' || name === 'create_connection') && first?.value.kind === 'list') {
    const [host, port] = first.value.items;
    return host && { host, port, span };
  }
  if (/^(ClamdNetworkSocket|HTTPConnection|HTTPSConnection|Telnet|open_connection)$/.test(name)) {
    const host = args.find(arg => arg.name === 'host')?.value ?? first?.value;
    const port =
      args.find(arg => arg.name === 'port')?.value ?? (second?.name === undefined ? second?.value : undefined);
    return host && { host, port, span };
  }
  return undefined;
}

function environmentOfCall({ name, args, before }: PythonCall): PythonEnvironmentUse | undefined {
  const [first, second] = args;
  if (first?.value.kind !== 'string') return undefined;
  const isGet = (before?.text === 'environ' && /^(get|setdefault|pop)$/.test(name)) || name === 'getenv';
  if (!isGet) return undefined;
  const sets = name === 'setdefault' && second?.value.kind === 'string' ? second.value.text : undefined;
  return { name: first.value.text, span: first.value.span, required: false, sets };
}

function classAt(source: Source, at: number): PythonClass {
  const { tokens, ends } = source;
  const name = tokens[at + 1];
  const bases: string[] = [];
  if (tokens[at + 2]?.text === '(') {
    for (let next = at + 3; next < tokens.length && tokens[next]?.text !== ')'; ) {
      const end = ends[next] ?? tokens.length;
      bases.push(textBetween(source, next, end));
      if (end === next && tokens[end]?.text !== ',') break;
      next = tokens[end]?.text === ',' ? end + 1 : end;
    }
  }
  const isModel = bases.some(base => /^(?:models\.)?Model$|^(?:\w+\.)?Abstract\w+$/.test(base));
  return { name: name?.text ?? '', nameSpan: name ? spanOf(name) : { start: 0, end: 0 }, bases, isModel };
}

/** Reads an expression. `next` is the index of the token after it. */
function valueAt(source: Source, at: number, depth: number): { readonly value: PythonValue; readonly next: number } {
  const { tokens, ends } = source;
  const first = tokens[at];
  const end = ends[at] ?? tokens.length;
  const other: PythonOther = { kind: 'other', text: textBetween(source, at, end), span: spanBetween(tokens, at, end) };
  if (!first || end === at || depth > 12) return { value: other, next: end };
  let afterStrings = at;
  while (afterStrings < end && tokens[afterStrings]?.kind === 'string') afterStrings++;
  if (afterStrings > at && afterStrings === end) {
    const parts = tokens.slice(at, end);
    const span = parts.length === 1 ? contentOf(first) : other.span;
    const formatted = parts.some(token => token.formatted);
    return { value: { kind: 'string', text: parts.map(token => token.text).join(''), span, formatted }, next: end };
  }
  if (/^[[({]$/.test(first.text) && first.kind === 'mark') {
    const collection = collectionAt(source, at, depth);
    if (collection && collection.next === end) return collection;
  }
  const read = environmentAt(source, at, depth);
  return { value: read ?? other, next: end };
}

function collectionAt(
  source: Source,
  at: number,
  depth: number,
): { readonly value: PythonValue; readonly next: number } | undefined {
  const { tokens } = source;
  const open = tokens[at];
  const items: PythonValue[] = [];
  const entries: PythonDict['entries'][number][] = [];
  let next = at + 1;
  let hasComma = false;
  while (next < tokens.length && !/^[)\]}]$/.test(tokens[next]?.text ?? '')) {
    const { value, next: after } = valueAt(source, next, depth + 1);
    if (tokens[after]?.text === ':') {
      const entry = valueAt(source, after + 1, depth + 1);
      if (value.kind === 'string') entries.push({ key: value.text, keySpan: value.span, value: entry.value });
      next = entry.next;
    } else {
      items.push(value);
      next = after;
    }
    if (tokens[next]?.text === ',') {
      hasComma = true;
      next++;
    } else if (!/^[)\]}]$/.test(tokens[next]?.text ?? '')) return undefined;
  }
  const close = tokens[next];
  const start = open?.start ?? 0;
  const span = { start, end: Math.max(start, close?.end ?? tokens.at(-1)?.end ?? start) };
  const after = close ? next + 1 : next;
  if (open?.text === '{' && (entries.length > 0 || items.length === 0))
    return { value: { kind: 'dict', entries, span }, next: after };
  const [only] = items;
  // `('a' 'b')` is the string itself, not a tuple.
  if (open?.text === '(' && only && !hasComma) return { value: only, next: after };
  return { value: { kind: 'list', items, span }, next: after };
}

function environmentAt(source: Source, at: number, depth: number): PythonEnvironment | undefined {
  const { tokens } = source;
  let next = at;
  if (tokens[next]?.text === 'os' && tokens[next + 1]?.text === '.') next += 2;
  const [name, open, first] = tokens.slice(next, next + 3);
  const isWrapped = /^(int|str|bool|float|bytes)$/.test(name?.text ?? '') && open?.text === '(';
  if (isWrapped && depth <= 12) return environmentAt(source, next + 2, depth + 1);
  const isMapping = name?.text === 'environ' && open?.text === '[';
  if (isMapping && first?.kind === 'string') {
    return { kind: 'environment', name: first.text, default: undefined, span: contentOf(first) };
  }
  const isGetter =
    name?.text === 'environ' && open?.text === '.' && first?.text === 'get' && tokens[next + 3]?.text === '(';
  const argumentAt = isGetter ? next + 4 : name?.text === 'getenv' && open?.text === '(' ? next + 2 : -1;
  const argument = tokens[argumentAt];
  if (argument?.kind !== 'string') return undefined;
  const hasDefault = tokens[argumentAt + 1]?.text === ',' && tokens[argumentAt + 2]?.text !== ')';
  const fallback = hasDefault ? valueAt(source, argumentAt + 2, depth + 1).value : undefined;
  return { kind: 'environment', name: argument.text, default: fallback, span: contentOf(argument) };
}

/**
 * For each token, the index of the token that ends an expression which begins there: a comma, colon, closing bracket or
 * line end outside brackets that the expression opens. Found for all tokens in one pass from the end.
 */
function expressionEnds(tokens: readonly PythonToken[]): readonly number[] {
  const ends: number[] = new Array(tokens.length);
  const delimiters: number[] = [];
  for (let at = tokens.length - 1; at >= 0; at--) {
    const token = tokens[at];
    if (!token) continue;
    const { depth } = token;
    while (delimiters.length <= depth) delimiters.push(at + 1);
    delimiters.length = depth + 1;
    const isDelimiter = token.kind === 'break' || (token.kind === 'mark' && /[,;:]/.test(token.text));
    if (isDelimiter) delimiters[depth] = at;
    const isClosing = token.kind === 'mark' && /[)\]}]/.test(token.text);
    ends[at] = isClosing ? at : (delimiters[depth] ?? tokens.length);
  }
  return ends;
}

/** A function at the start of a line is not inside another, nor a method. */
function isOutermost({ start }: PythonToken, text: string): boolean {
  return start === 0 || text[start - 1] === '\n' || text.startsWith('async ', start - 6);
}

function stringOf(token: PythonToken): PythonString {
  return { kind: 'string', text: token.text, span: contentOf(token), formatted: token.formatted };
}

function contentOf({ contentStart, contentEnd }: PythonToken): Span {
  return { start: contentStart, end: contentEnd };
}

function spanOf({ start, end }: PythonToken): Span {
  return { start, end };
}

function textBetween({ tokens, text }: Source, from: number, to: number): string {
  const { start, end } = spanBetween(tokens, from, to);
  return text.slice(start, end);
}

function spanBetween(tokens: readonly PythonToken[], from: number, to: number): Span {
  const start = tokens[from]?.start ?? tokens.at(-1)?.end ?? 0;
  return { start, end: Math.max(start, (to > from ? tokens[to - 1]?.end : undefined) ?? start) };
}
