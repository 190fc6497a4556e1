import { ofText } from '../../manifests/derived';
import { type Span, withoutOverlaps } from '../../manifests/span';
import { type Language, maskComments } from './comments';

/**
 * Where a text stands: a language, `value` for one plain scalar, `prometheus` for alert rules and dashboards, whose
 * templates (`{{ $labels.pod }}`, `$interval`) their readers fill in.
 */
export type TextKind = Language | 'value' | 'prometheus';

/**
 * `change-me` asks a person for a value (CHANGEME, YOUR_KEY). `token` and `env` stand for a value that some step puts
 * in (X_PLACEHOLDER, ${X}), so they are a mistake only where no step does. `angle` is `<your-password>`. `domain` is a
 * host under a domain that nobody can own.
 */
export type PlaceholderClass = 'change-me' | 'token' | 'env' | 'angle' | 'domain';

export interface Placeholder {
  readonly class: PlaceholderClass;
  /** The text as written: the whole word, and for `domain` the whole host name. */
  readonly text: string;
  readonly span: Span;
  /** The name that an `env` or `token` placeholder stands for: `X` of `${X:-1}` and of `X_PLACEHOLDER`. */
  readonly variable?: string;
  /** The end of a `domain` placeholder's text that is to be replaced: `example.com` of `matrix.example.com`. */
  readonly domain?: string;
}

/**
 * The texts that are still to be filled in, in order and without overlap. What the text's own reader expands is none:
 * variables in scripts, `$host` in nginx, `%[src]` and `"${X}"` in HAProxy, `$1` and `$$` in SQL. Whether a container
 * expands `$(X)` in its arguments is the caller's to know.
 *
 * Comments count like other text; mask them first. `ownDomains` are further domains that must not be left.
 */
export function findPlaceholders(
  text: string,
  kind: TextKind,
  ownDomains: readonly string[] = [],
): readonly Placeholder[] {
  const searched = kind === 'python' ? stringsOnly(text) : text;
  return withoutOverlaps([
    ...variablePlaceholders(searched, kind),
    ...anglePlaceholders(searched, kind),
    ...wordPlaceholders(searched, kind),
    ...domainPlaceholders(searched, kind, ownDomains),
  ]);
}

/** A placeholder for a message: as far as it is words. What looks generated behind them may be a value already. */
export function placeholderWords(text: string): string {
  const parts = text.split(/([^A-Za-z\d]+)/);
  const end = parts.findIndex(part => /^[A-Za-z\d]/.test(part) && !/^(?:[A-Z]*|[A-Z]?[a-z]*)\d{0,4}$/.test(part));
  return end === -1 ? text : `${parts.slice(0, end).join('')}…`;
}

/** The placeholders of a configuration file outside of its comments. */
export function placeholdersOfFile(text: string, language: Language): readonly Placeholder[] {
  let find = finders.get(language);
  if (!find) {
    find = ofText(searched => findPlaceholders(maskComments(searched, language), language));
    finders.set(language, find);
  }
  return find(text);
}

const finders = new Map<Language, (text: string) => readonly Placeholder[]>();

function placeholder(
  text: string,
  kind: PlaceholderClass,
  start: number,
  end: number,
  rest: { readonly variable?: string | undefined; readonly domain?: string | undefined } = {},
): Placeholder {
  return {
    class: kind,
    text: text.slice(start, end),
    span: { start, end },
    ...(rest.variable === undefined ? {} : { variable: rest.variable }),
    ...(rest.domain === undefined ? {} : { domain: rest.domain }),
  };
}

// Variables

/** Reference to a variable: `${X}` with any POSIX default, `$X`, `$(X)`, `{{X}}`. `$$` is an escaped dollar sign. */
const variable =
  /(?<![$\\])\$(?:\{([A-Za-z_]\w*)(?::?[-=?+][^{}\r\n]*)?\}|\(([A-Za-z_]\w*)\)|([A-Za-z_]\w*))|\{\{-?[ \t]*([A-Z][A-Z0-9_]*)[ \t]*-?\}\}/g;

function variablePlaceholders(text: string, kind: TextKind): readonly Placeholder[] {
  if (kind === 'shell' || kind === 'prometheus') return [];
  const expanded = kind === 'haproxy' ? doubleQuoted(text) : [];
  const found: Placeholder[] = [];
  let quoteIndex = 0;
  for (const match of text.matchAll(variable)) {
    const [whole, braced, parenthesized, bare, doubled] = match;
    const start = match.index;
    const end = start + whole.length;
    while (quoteIndex < expanded.length && (expanded[quoteIndex]?.end ?? 0) <= start) quoteIndex++;
    const quote = expanded[quoteIndex];
    // HAProxy itself expands variables between double quotes, and only there (configuration manual, 2.3).
    if (quote && quote.start < start) continue;
    const name = braced ?? parenthesized ?? bare ?? doubled ?? '';
    if (!isVariable(text, kind, start, end, name, { braced, bare, doubled })) continue;
    found.push(placeholder(text, 'env', start, end, { variable: name }));
  }
  return found;
}

function isVariable(
  text: string,
  kind: TextKind,
  start: number,
  end: number,
  name: string,
  form: {
    readonly braced: string | undefined;
    readonly bare: string | undefined;
    readonly doubled: string | undefined;
  },
): boolean {
  const isUpper = /^[A-Z_][A-Z0-9_]*$/.test(name);
  if (kind === 'python') return form.braced !== undefined && isUpper;
  // The variables of nginx are in lower case, so only others are left for something else to put in.
  if (form.braced !== undefined) return isUpper || kind !== 'nginx';
  if (form.doubled !== undefined) return true;
  if (form.bare === undefined) return isUpper && kind !== 'nginx';
  // A bare `$AB` inside a word is more likely part of a password, and `$tag$` in SQL begins a string.
  const before = start === 0 ? '' : text.charAt(start - 1);
  return isUpper && name.length > 1 && !/\w/.test(before) && text[end] !== '$' && text[end] !== '(';
}

function doubleQuoted(text: string): readonly Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(/\\.|'[^'\r\n]*'?|"(?:[^"\\\r\n]+|\\.)*"?/g)) {
    if (match[0].startsWith('"')) spans.push({ start: match.index, end: match.index + match[0].length });
  }
  return spans;
}

// Words in angle brackets

function anglePlaceholders(text: string, kind: TextKind): readonly Placeholder[] {
  if (kind === 'prometheus' || !text.includes('>')) return [];
  const found: Placeholder[] = [];
  let closed: ReadonlySet<string> | undefined;
  for (const match of text.matchAll(/<([A-Za-z][\w -]*)>/g)) {
    const name = (match[1] ?? '').toLowerCase();
    const start = match.index;
    const end = start + match[0].length;
    // `(?P<x>…)` and `\k<x>` are regular expressions, `List<string>` is a type.
    if (start > 0 && /[\w?\\]/.test(text.charAt(start - 1))) continue;
    if (htmlTags.has(name.replace(/ +(?:async|checked|defer|disabled|hidden|readonly|required|selected)$/, '')))
      continue;
    closed ??= new Set(Array.from(text.matchAll(/<\/([A-Za-z][\w-]*)/g), tag => (tag[1] ?? '').toLowerCase()));
    if (closed.has(name)) continue;
    if (standsFor(text, kind, start, end, name)) found.push(placeholder(text, 'angle', start, end));
  }
  return found;
}

function standsFor(text: string, kind: TextKind, start: number, end: number, name: string): boolean {
  if (isWholeValue(text, kind, start, end)) return true;
  const isGlued = !/^[\s"'=,]?$/.test(text.charAt(start - 1)) || !/^[\s"',;]?$/.test(text.charAt(end));
  if (kind === 'shell' || kind === 'sql' || kind === 'python') return isGlued && /\byour\b/.test(name);
  if (kind === 'conf' || kind === 'ini' || kind === 'haproxy' || kind === 'nginx') return true;
  return /[-_ ]/.test(name) || (isGlued && asksFor.test(name));
}

const asksFor =
  /^(?:your|my|insert|replace|enter|base64|domain|password|secret|token|key|user|username|host|hostname|ip|address|email|namespace|name|id|url|region|bucket|port|value|account|org|company|server|tenant|project|version|tag|digest|sha|registry|repo|image|release)/;

const htmlTags: ReadonlySet<string> = new Set(
  'a abbr article aside b base body br button caption center code dd div dl dt em font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input label legend li link main meta nav object ol optgroup option p param path pre script section select small span strike strong style sub summary sup svg table tbody td textarea tfoot th thead title tr tt u ul var video'.split(
    ' ',
  ),
);

// Words

function wordPlaceholders(text: string, kind: TextKind): readonly Placeholder[] {
  const found: Placeholder[] = [];
  for (const match of text.matchAll(/[\w-]+/g)) {
    const word = match[0];
    const start = match.index;
    const end = start + word.length;
    if (asksForValue(word) || (standsForNothing.test(word) && isWholeValue(text, kind, start, end))) {
      if (isRealDomain(text, start)) continue;
      if (isNameOrPattern(text, kind, start, end)) continue;
      const isDomain = /(?:^|[-_])domains?(?:[-_]|$)/i.test(word);
      found.push(placeholder(text, isDomain ? 'domain' : 'change-me', start, end, isDomain ? { domain: word } : {}));
    } else if (word.includes('_') || text[end] === '@') {
      for (const part of word.matchAll(/\w+/g)) {
        const token = tokenAt(text, start + part.index, part[0]);
        if (token && !isNameOrPattern(text, kind, token.span.start, token.span.end)) found.push(token);
      }
    }
  }
  for (const match of text.matchAll(/(?<![\w-])(?:change|replace) (?:me|this)(?![\w-])/gi)) {
    const start = match.index;
    const end = start + match[0].length;
    // In lower case these are words of a sentence, unless nothing else is said.
    if (match[0] !== match[0].toUpperCase() && !isWholeValue(text, kind, start, end)) continue;
    if (!isNameOrPattern(text, kind, start, end)) found.push(placeholder(text, 'change-me', start, end));
  }
  return found;
}

/** A word that says of itself that it is to be replaced. Ordinary words that begin alike (`changement`) do not. */
function asksForValue(word: string): boolean {
  return asks.some(pattern => pattern.test(word));
}

const asks: readonly RegExp[] = [
  /(?:^|[-_])(?:change|replace)[-_]?(?:me|this)(?:$|[-_\d])/i,
  /(?:^|[-_])(?:change|replace)Me[A-Z]/,
  /(?:^|[-_])(?:change_to_\w|CHANGE-TO-\w)/i,
  /(?:^|[-_])replace[-_]?with[-_]\w/i,
  /^INSERT[-_][A-Z0-9][A-Z0-9_-]*$/,
  /^insert[-_](?:your[-_]|[\w-]*here$)/i,
  /(?:^|[-_])YOUR(?:[-_][A-Z]|(?!S(?:ELF)?(?:$|[-_]))[A-Z])/,
  /^put[-_]?(?:some|your|the|an?)[-_]?\w+here$/i,
  /^your[-_][a-z]/i,
  /^your[A-Z]/,
  /^Your[A-Z]\w*Here$/,
  /^your(?:domain|password|secret|token|key|username|company|server|host|email|bucket|region|account)(?![a-z])/i,
  /^FIXME[-_][A-Z]/,
  /^[a-z]_X{3,}$/i,
];

/** Words that are a placeholder if they are the whole value. */
const standsForNothing =
  /^(?:todo|fixme|tbd|tba|placeholder|x{3,}(?:[-_]x{3,})*|(?:set|fill)[-_]?me(?:[-_]in)?|(?:dummy|fake)[-_](?:secret|password|token|key|value)[\w-]*|(?:to[-_]be|must[-_]be)[-_](?:replaced|set|filled|generated|changed|defined|determined|provided)[\w-]*|generate[-_](?:an?|me|with|using|your|secure|strong)[-_][\w-]+)$/i;

function tokenAt(text: string, start: number, word: string): Placeholder | undefined {
  const end = start + word.length;
  const named = /^([A-Z][A-Z0-9_]*)_(?:PLACEHOLDER|FROM_SECRET)$/.exec(word) ?? /^__([A-Z][A-Z0-9_]*?)__$/.exec(word);
  if (named) return placeholder(text, 'token', start, end, { variable: named[1] });
  if (/^[A-Z][A-Z0-9_]*$/.test(word) && text.startsWith('@@', start - 2) && text.startsWith('@@', end) && start > 1) {
    return placeholder(text, 'token', start - 2, end + 2, { variable: word });
  }
  // The form of Autoconf and Maven. What stands in the middle of a word is an address or a part of a password.
  if (/^[A-Z][A-Z0-9_]{2,}$/.test(word) && /(?:^|[^\w.+%-])@$/.test(text.slice(Math.max(0, start - 2), start))) {
    if (text[end] === '@' && !/\w/.test(text.charAt(end + 1)))
      return placeholder(text, 'token', start - 1, end + 1, { variable: word });
  }
  return undefined;
}

/** Whether a word names a variable, or is what a script looks for, so that it stands for itself. */
function isNameOrPattern(text: string, kind: TextKind, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 300), start);
  if (/\$(?:\{[#!]?|\()?\w*$/.test(before)) return true;
  const line = before.slice(Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1);
  const after = text.slice(end, end + 3);
  switch (kind) {
    case 'conf':
    case 'ini':
      return /^\s*(?:export\s+)?$/.test(line) && /^\s*=/.test(after);
    case 'shell':
      return (
        /^\+?=/.test(after) ||
        /(?:^|[\s;&|(])(?:export|local|readonly|declare|unset|read|for|printf\s+-v)\s+(?:-\w+\s+)*$/.test(line) ||
        /\(\([^)]*$/.test(line) ||
        // The script looks for the word: in the search part of a substitution, in grep, in a test, in a case.
        /(?:^|[\s'";{])s([|/,#@!:%+~])(?:(?!\1).)*$/.test(line) ||
        /(?:^|[\s;&|(`])[efz]?grep\s[^|;&]*$/.test(line) ||
        /(?:^|[\s;&|(!])\[\[?\s[^\]]*$/.test(line) ||
        (/^\*?["']?[)|]/.test(after) && /(?:^|\sin|;;|\|)\s*["']?\*?$/.test(line))
      );
    default:
      return false;
  }
}

// Domains

/** Domains set aside for documentation (RFC 2606, RFC 6761), and those that say `your domain`. */
function domainPlaceholders(text: string, kind: TextKind, ownDomains: readonly string[]): readonly Placeholder[] {
  const found: Placeholder[] = [];
  const own = ownDomains.map(domain => domain.toLowerCase().replace(/^\.+/, '')).filter(Boolean);
  for (const match of text.matchAll(/[\w.*-]+/g)) {
    if (!match[0].includes('.')) continue;
    let start = match.index;
    let end = start + match[0].length;
    while (start < end && isDotOrHyphen(text, start)) start++;
    while (start < end && isDotOrHyphen(text, end - 1)) end--;
    const host = text.slice(start, end);
    const domain = placeholderDomain(host, own, isPathSegment(text, match.index));
    if (domain === undefined) continue;
    if (kind === 'shell' && isNameOrPattern(text, kind, start, end)) continue;
    found.push(placeholder(text, 'domain', start, end, { domain: host.slice(host.length - domain.length) }));
  }
  return found;
}

/** Whether the word that begins here stands in a domain that looks like a placeholder and is none. */
function isRealDomain(text: string, start: number): boolean {
  let end = start;
  while (/[\w.-]/.test(text.charAt(end))) end++;
  let from = start;
  while (from > 0 && /[\w.-]/.test(text.charAt(from - 1))) from--;
  return realDomains.test(text.slice(from, end).toLowerCase());
}

/** Hetzner's object storage, storage boxes and mail servers have such names (docs.hetzner.com). */
const realDomains = /(?:^|\.)your-(?:objectstorage\.com|storagebox\.de)\.?$|\.your-server\.de\.?$/;

function placeholderDomain(host: string, own: readonly string[], inPath: boolean): string | undefined {
  const lower = host.toLowerCase();
  if (realDomains.test(lower)) return undefined;
  const reserved = /(?:^|\.)(example\.(?:com|org|net))$/.exec(lower)?.[1];
  if (reserved !== undefined) return reserved;
  // Nobody runs a homeserver under these either; a file's name such as `example.conf` is none.
  const usual =
    /(?:^|\.)((?:example\.(?:edu|info|io|dev|app|co|me|eu|us|uk|de|fr|nl|ch|at|es|it|ir|ru|br|in|jp|cloud|chat|xyz|local|lan|internal)|[a-z0-9-]+\.tld))$/.exec(
      lower,
    )?.[1];
  if (usual !== undefined && !inPath) return usual;
  const given = own.find(domain => lower === domain || lower.endsWith(`.${domain}`));
  if (given !== undefined) return given;
  const labels = lower.split('.');
  if (labels.length < 2) return undefined;
  const asking = labels.findIndex(
    (label, index) => isYourDomain(label) && (index < labels.length - 1 || /[-_]/.test(label)),
  );
  if (asking !== -1) return labels.slice(asking).join('.');
  const last = labels.at(-1);
  if ((last !== 'example' && last !== 'invalid') || inPath) return undefined;
  const owner = labels.at(-2) ?? '';
  // `config.env.example` is a file, and `com.example` a name written backwards.
  if (fileExtensions.has(owner) || (labels.length === 2 && /^(?:com|org|net|io)$/.test(owner))) return undefined;
  return /^[a-z0-9-]+$/.test(owner) ? labels.slice(-2).join('.') : undefined;
}

function isYourDomain(label: string): boolean {
  if (/^change(?:me|_to)_/.test(label)) return label.includes('domain');
  return /^(?:your[-_]?(?:domain|company|org|organi[sz]ation|server|homeserver|site|website|host|business)|my[-_]?domain)$/.test(
    label,
  );
}

const fileExtensions: ReadonlySet<string> = new Set(
  'yaml yml json toml ini env conf cfg config sql sh py js ts md txt xml crt pem key html log'.split(' '),
);

function isDotOrHyphen(text: string, at: number): boolean {
  return text[at] === '.' || text[at] === '-';
}

/** Whether a word follows a slash that is not the one before a URL's host. */
function isPathSegment(text: string, start: number): boolean {
  return text[start - 1] === '/' && text[start - 2] !== '/';
}

// What surrounds a word

/** Whether nothing else is said: the word is a whole scalar, argument or string, with or without quotes. */
function isWholeValue(text: string, kind: TextKind, start: number, end: number): boolean {
  const before = neighbour(text, start - 1, -1);
  const after = neighbour(text, end, 1);
  const isQuoted = (before === '"' || before === "'") && after === before;
  switch (kind) {
    case 'value':
      return isEdge(text, start - 1, -1, isQuoted) && isEdge(text, end, 1, isQuoted);
    case 'python':
    case 'sql':
      return isQuoted;
    case 'shell':
      return isQuoted || (text[start - 1] === '=' && /^[\s;&|)]?$/.test(text.charAt(end)));
    case 'conf':
    case 'ini':
    case 'haproxy':
    case 'nginx':
      return isQuoted || (before !== '' && before !== '\n' && /^[\n;]?$/.test(after));
    default:
      // A word in quotes before a colon is a key.
      if (isQuoted) return neighbour(text, text.indexOf(after, end) + 1, 1) !== ':';
      return /^[\n:\-[,{]?$/.test(before) && /^[\n,\]}#]?$/.test(after);
  }
}

/** The next character in a direction that is no blank: `\n` at the end of a line, nothing at the end of the text. */
function neighbour(text: string, from: number, step: 1 | -1): string {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at += step;
  const char = text.charAt(at);
  return char === '\r' ? '\n' : char;
}

/** Whether nothing but blanks and line breaks, after a quote if so, stands in a direction. */
function isEdge(text: string, from: number, step: 1 | -1, quoted: boolean): boolean {
  let at = from;
  const skip = (): void => {
    while (at >= 0 && at < text.length && /\s/.test(text.charAt(at))) at += step;
  };
  skip();
  if (quoted) at += step;
  skip();
  return at < 0 || at >= text.length;
}

/**
 * The text with everything but Python's string literals blanked, and of those the names of environment variables. In f-strings the braces are blanked
 * too: what stands in them is code.
 */
function stringsOnly(text: string): string {
  const pieces: string[] = [];
  let done = 0;
  for (const match of text.matchAll(pythonLiteral)) {
    const [literal, prefix = ''] = match;
    pieces.push(blank(text.slice(done, match.index + prefix.length)));
    const body = literal.slice(prefix.length);
    const isName = /(?:environ(?:\.get|\.setdefault|\.pop)?|getenv)\s*[[(]\s*$/.test(
      text.slice(Math.max(0, match.index - 60), match.index),
    );
    if (isName || literal.startsWith('#')) pieces.push(blank(body));
    else pieces.push(/f/i.test(prefix) ? body.replaceAll(/[{}]/g, ' ') : body);
    done = match.index + literal.length;
  }
  return pieces.join('') + blank(text.slice(done));
}

const pythonLiteral =
  /#[^\r\n]*|((?<!\w)[A-Za-z]{0,2})(?:"""(?:[^"\\]+|\\[\s\S]|"(?!""))*(?:""")?|'''(?:[^'\\]+|\\[\s\S]|'(?!''))*(?:''')?|"(?:[^"\\\r\n]+|\\[\s\S])*"?|'(?:[^'\\\r\n]+|\\[\s\S])*'?)/g;

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}
