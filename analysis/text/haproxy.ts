import type { Span } from '../../manifests/span';
import {
  type HaproxyAcl,
  type HaproxyBind,
  type HaproxyCondition,
  type HaproxyMap,
  type HaproxyServer,
  readAcl,
  readBind,
  readCondition,
  readMaps,
  readServer,
} from './haproxy-directives';
import { type HaproxyWord, haproxyWords } from './haproxy-words';

/** haproxy.cfg (https://docs.haproxy.org/3.2/configuration.html), as its sections in order. */
export interface HaproxyConfig {
  readonly sections: readonly HaproxySection[];
  /** Whether parts of it hang on a condition: `.if` (manual, section 2.4). */
  readonly isConditional: boolean;
}

export interface HaproxySection {
  /** `global`, `defaults`, `frontend`, `backend`, `listen`, `resolvers`, … */
  readonly kind: string;
  readonly name: HaproxyWord | undefined;
  /** The `defaults` section that it takes over: the one after `from`, else the last one before it. */
  readonly defaults: HaproxySection | undefined;
  /** The line that begins the section, without its indentation. */
  readonly span: Span;
  /** From there to the end of the section's last directive. */
  readonly fullSpan: Span;
  readonly directives: readonly HaproxyDirective[];
  readonly binds: readonly HaproxyBind[];
  readonly acls: readonly HaproxyAcl[];
  /** `use_backend` in order. */
  readonly useBackends: readonly HaproxyUse[];
  readonly defaultBackend: HaproxyUse | undefined;
  readonly servers: readonly HaproxyServer[];
  /** Files that `map…(…)` reads, in any directive. */
  readonly maps: readonly HaproxyMap[];
  readonly nameservers: readonly HaproxyNameserver[];
  /** `parse-resolv-conf` in `resolvers`. */
  readonly parsesResolvConf: boolean;
}

/** One line of a section. */
export interface HaproxyDirective {
  /** The first word, or the first two of `option x`, `stats x`, `http-check x`, `http-request x` and their like. */
  readonly keyword: string;
  /** `no option x`. */
  readonly negated: boolean;
  readonly words: readonly HaproxyWord[];
  /** The words after the keyword, without the condition. */
  readonly args: readonly HaproxyWord[];
  /** What stands after `if` or `unless`. */
  readonly condition: HaproxyCondition | undefined;
  readonly span: Span;
}

/** A backend that a frontend sends requests to. */
export interface HaproxyUse {
  readonly directive: HaproxyDirective;
  readonly backend: HaproxyWord;
  /** The name is computed for each request: `%[…]`. */
  readonly isDynamic: boolean;
  /** The maps that compute it, also by way of a variable that `http-request set-var` of the section sets. */
  readonly maps: readonly HaproxyMap[];
  readonly condition: HaproxyCondition | undefined;
}

export interface HaproxyNameserver {
  readonly id: HaproxyWord;
  readonly address: HaproxyWord;
  /** Without the port. */
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * Reads haproxy.cfg. Lines before the first section are left out, as HAProxy refuses them. The sections of the files
 * that are read before it bring the `defaults` for those of this one, too.
 */
export function readHaproxy(text: string, before: readonly HaproxySection[] = []): HaproxyConfig {
  const sections: HaproxySection[] = [];
  const known = before.filter(({ kind }) => kind === 'defaults');
  let open: OpenSection | undefined;
  let lastDefaults = known.at(-1);
  const namedDefaults = new Map(known.flatMap(one => (one.name ? [[one.name.value, one]] : [])));
  let isConditional = false;
  const finish = (): void => {
    if (!open) return;
    const defaults = open.from ? namedDefaults.get(open.from.value) : lastDefaults;
    const section = sectionOf(open, open.kind === 'global' ? undefined : defaults);
    sections.push(section);
    if (section.kind !== 'defaults') return;
    lastDefaults = section;
    if (section.name) namedDefaults.set(section.name.value, section);
  };
  for (const words of haproxyWords(text)) {
    const [first, second] = words;
    const last = words.at(-1);
    if (!first || !last) continue;
    const span = { start: first.span.start, end: last.span.end };
    if (sectionKinds.has(first.value) && !first.quoted) {
      finish();
      const from = words[words.findIndex(word => word.value === 'from') + 1 || -1];
      const name = second?.value === 'from' ? undefined : second;
      open = { kind: first.value, name, from, span, header: words, directives: [] };
    } else if (first.value === '.if') isConditional = true;
    else open?.directives.push(directiveOf(words, span));
  }
  finish();
  return { sections, isConditional };
}

/** The directives of a section with a keyword, else those of the `defaults` section that it takes over. */
export function effectiveDirectives(section: HaproxySection, keyword: string): readonly HaproxyDirective[] {
  const own = section.directives.filter(directive => directive.keyword === keyword);
  if (own.length > 0 || !section.defaults || section.kind === 'defaults') return own;
  return section.defaults.directives.filter(directive => directive.keyword === keyword);
}

/** `http` or `tcp`, which is the default. */
export function modeOf(section: HaproxySection): string {
  return effectiveDirectives(section, 'mode').at(-1)?.args[0]?.value ?? 'tcp';
}

/** Whether a server is checked: `check`, also of `default-server`, and no later `no-check`. */
export function isChecked(server: HaproxyServer, section: HaproxySection): boolean {
  const defaults = effectiveDirectives(section, 'default-server').flatMap(directive => directive.args);
  const last = [...defaults, ...server.options]
    .filter(word => word.value === 'check' || word.value === 'no-check')
    .at(-1);
  return last?.value === 'check';
}

/** The HTTP health check of a section: `option httpchk` and `http-check send`. */
export interface HaproxyHealthCheck {
  readonly directive: HaproxyDirective;
  readonly method: string | undefined;
  /** Undefined when the default holds: `OPTIONS /`. */
  readonly uri: HaproxyWord | undefined;
}

/** https://docs.haproxy.org/3.2/configuration.html#4-option%20httpchk and #4-http-check%20send */
export function healthCheckOf(section: HaproxySection): HaproxyHealthCheck | undefined {
  const option = effectiveDirectives(section, 'option httpchk').at(-1);
  if (!option || option.negated) return undefined;
  const send = effectiveDirectives(section, 'http-check send').at(-1);
  if (send) {
    const method = valueAfter(send, 'meth')?.value;
    return { directive: send, method, uri: valueAfter(send, 'uri') };
  }
  const [first, second] = option.args;
  return second
    ? { directive: option, method: first?.value, uri: second }
    : { directive: option, method: undefined, uri: first };
}

/** The statistics page that a section serves. */
export interface HaproxyStats {
  readonly directive: HaproxyDirective;
  /** Undefined when the default holds: `/haproxy?stats`. */
  readonly uri: HaproxyWord | undefined;
}

export function statsOf(section: HaproxySection): HaproxyStats | undefined {
  const uri = section.directives.findLast(directive => directive.keyword === 'stats uri');
  if (uri) return { directive: uri, uri: uri.args[0] };
  const enable = section.directives.find(directive => directive.keyword === 'stats enable');
  return enable && { directive: enable, uri: undefined };
}

/** The Prometheus exporter that a section serves (`addons/promex/README` of the HAProxy sources). */
export interface HaproxyExporter {
  readonly directive: HaproxyDirective;
  /** The paths of the rule's condition; empty when every path is answered or the condition is not about paths. */
  readonly paths: readonly HaproxyWord[];
}

export function exporterOf(section: HaproxySection): HaproxyExporter | undefined {
  const directive = section.directives.find(
    one => one.keyword === 'http-request use-service' && one.args[0]?.value === 'prometheus-exporter',
  );
  if (!directive) return undefined;
  const terms = directive.condition?.alternatives.flat() ?? [];
  const tests = terms.flatMap(term =>
    term.anonymous ? [term.anonymous] : section.acls.filter(acl => acl.name.value === term.name),
  );
  const paths = tests.filter(test => /^path(_beg)?$/.test(test.criterion?.fetch ?? '')).flatMap(test => test.values);
  return { directive, paths };
}

interface OpenSection {
  readonly kind: string;
  readonly name: HaproxyWord | undefined;
  readonly from: HaproxyWord | undefined;
  readonly span: Span;
  readonly header: readonly HaproxyWord[];
  readonly directives: HaproxyDirective[];
}

function sectionOf(open: OpenSection, defaults: HaproxySection | undefined): HaproxySection {
  const { kind, name, span, header, directives } = open;
  const having = (keyword: string): readonly HaproxyDirective[] => directives.filter(one => one.keyword === keyword);
  const uses = having('use_backend').flatMap(one => useOf(one, directives, defaults));
  // `listen NAME ADDRESS:PORT` is an old way to write a `bind`.
  const address = kind === 'listen' && header[2]?.value.includes(':') ? header.slice(1) : undefined;
  return {
    kind,
    name,
    defaults,
    span,
    fullSpan: { start: span.start, end: directives.at(-1)?.span.end ?? span.end },
    directives,
    binds: [...(address ? [readBind(address)] : []), ...having('bind').map(one => readBind(one.words))].filter(defined),
    acls: having('acl')
      .map(one => readAcl(one.words, one.span))
      .filter(defined),
    useBackends: uses,
    defaultBackend: having('default_backend')
      .flatMap(one => useOf(one, directives, defaults))
      .at(-1),
    servers: [...having('server'), ...having('server-template')]
      .map(one => readServer(one.words, one.span))
      .filter(defined),
    maps: directives.flatMap(one => one.words).flatMap(readMaps),
    nameservers: having('nameserver').flatMap(nameserverOf),
    parsesResolvConf: directives.some(one => one.keyword === 'parse-resolv-conf'),
  };
}

function directiveOf(words: readonly HaproxyWord[], span: Span): HaproxyDirective {
  const negated = words[0]?.value === 'no' && words.length > 1;
  const own = negated ? words.slice(1) : words;
  const first = own[0]?.value ?? '';
  const length = families.has(first) && own.length > 1 ? 2 : 1;
  const keyword = own
    .slice(0, length)
    .map(word => word.value)
    .join(' ');
  const hasCondition = !/^(acl|bind|server|server-template|default-server|description|log-format)$/.test(first);
  const conditionAt = hasCondition
    ? own.findIndex((word, index) => index >= length && !word.quoted && /^(if|unless)$/.test(word.value))
    : -1;
  return {
    keyword,
    negated,
    words,
    args: own.slice(length, conditionAt === -1 ? undefined : conditionAt),
    condition: conditionAt === -1 ? undefined : readCondition(own.slice(conditionAt)),
    span,
  };
}

function useOf(
  directive: HaproxyDirective,
  directives: readonly HaproxyDirective[],
  defaults: HaproxySection | undefined,
): readonly HaproxyUse[] {
  const [backend] = directive.args;
  if (!backend) return [];
  const isDynamic = backend.value.includes('%[');
  const variable = /^%\[var\(([\w.]+)\)(?:,[^\]]*)?\]$/.exec(backend.value)?.[1];
  const maps =
    variable === undefined ? readMaps(backend) : mapsInto(variable, [...(defaults?.directives ?? []), ...directives]);
  return [{ directive, backend, isDynamic, maps, condition: directive.condition }];
}

/** The maps that a variable is set from; none if it may get its value in another way as well. */
function mapsInto(variable: string, directives: readonly HaproxyDirective[]): readonly HaproxyMap[] {
  const found = directives
    .filter(one => one.words.some(word => setVariable.exec(word.value)?.[1] === variable))
    .map(one => (one.condition ? [] : one.words.flatMap(readMaps)));
  return found.every(maps => maps.length > 0) ? found.flat() : [];
}

/** `set-var(txn.backend)` and `set-var(txn.backend,ifnotexists)` (manual, section 4.4). */
const setVariable = /^set-var(?:-fmt)?\(([\w.]+)[,)]/;

function nameserverOf({ args }: HaproxyDirective): readonly HaproxyNameserver[] {
  const [id, address] = args;
  if (!id || !address) return [];
  const match = /^(?:\w+@)?(.*?)(?::(\d+))?$/.exec(address.value);
  return [
    { id, address, host: match?.[1] ?? address.value, port: match?.[2] === undefined ? undefined : Number(match[2]) },
  ];
}

function valueAfter(directive: HaproxyDirective, name: string): HaproxyWord | undefined {
  const at = directive.args.findIndex(word => word.value === name);
  return at === -1 ? undefined : directive.args[at + 1];
}

function defined<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** Directives that are told apart by their second word. */
const families: ReadonlySet<string> = new Set([
  ...[
    'option',
    'stats',
    'http-check',
    'http-request',
    'http-response',
    'http-after-response',
    'tcp-request',
    'tcp-response',
  ],
  ...['tcp-check', 'timeout', 'capture', 'hold', 'email-alert', 'stick-table', 'compression'],
]);

const sectionKinds: ReadonlySet<string> = new Set([
  ...['global', 'defaults', 'frontend', 'backend', 'listen', 'resolvers', 'peers', 'mailers', 'userlist', 'cache'],
  ...[
    'http-errors',
    'program',
    'ring',
    'log-forward',
    'log-profile',
    'fcgi-app',
    'crt-store',
    'traces',
    'acme',
    'healthcheck',
  ],
]);
