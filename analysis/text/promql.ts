import { table } from '../../manifests/table';
import { nearest } from '../nearest';

/**
 * The language that Prometheus is asked in (Prometheus documentation, Querying: basics, operators, functions; its
 * grammar is promql/parser/generated_parser.y). A query is read far enough to tell what Prometheus refuses, and which
 * series it asks for.
 */
export interface PromQuery {
  /** Every `metric{label="value"}`, in order. */
  readonly selectors: readonly PromSelector[];
  /** The buckets of a histogram that are added up without `le`, so that `histogram_quantile` has none. */
  readonly lostBuckets: readonly PromSpan[];
}

export interface PromSpan {
  readonly start: number;
  readonly end: number;
}

export interface PromSelector extends PromSpan {
  /** Undefined in `{job="x"}`; `start` and `end` are those of the name, or of the first brace. */
  readonly metric: string | undefined;
  /** The labels that have to have a value: those that `=` or `=~` compares with anything but nothing. */
  readonly labels: readonly (PromSpan & { readonly name: string })[];
}

/** Why Prometheus refuses a query; `message` goes on after “the query”. */
export interface PromRefusal extends PromSpan {
  readonly message: string;
}

/**
 * Reads one expression. Undefined where variables of Grafana or templates of Helm stand in places that decide what the
 * expression is; variables in texts and Grafana's own ones in durations do not. LogQL is left alone as well.
 */
export function readPromQl(
  text: string,
): { readonly query: PromQuery } | { readonly refusal: PromRefusal } | undefined {
  const plain = text.replace(/\$__\w+|\$\{__\w+[^}]*\}/g, found => '5m'.padEnd(found.length));
  const state: State = { tokens: [], next: 0, selectors: [], lostBuckets: [], end: plain.length };
  try {
    const tokens = tokensOf(plain);
    if (tokens === undefined || tokens.length === 0) return undefined;
    state.tokens = tokens;
    expression(state, 0);
    const rest = state.tokens[state.next];
    if (rest) refuse(rest, `has ${rest.text} where an operator is expected`);
  } catch (refusal) {
    if (refusal instanceof Refused) return { refusal: refusal.why };
    throw refusal;
  }
  return { query: { selectors: state.selectors, lostBuckets: state.lostBuckets } };
}

/** What an expression yields. */
type Type = 'vector' | 'range' | 'scalar' | 'text';

interface Node extends PromSpan {
  readonly type: Type;
  /** The name, where the node is a selector, perhaps with a range. */
  readonly metric?: string | undefined;
  /** What is in brackets or a function, to look through them. */
  readonly inner?: readonly Node[];
  /** The labels that an aggregation keeps; undefined where it is none. */
  readonly keeps?: ((label: string) => boolean) | undefined;
  readonly isNumber?: boolean;
}

interface State {
  tokens: readonly Token[];
  next: number;
  readonly selectors: PromSelector[];
  readonly lostBuckets: PromSpan[];
  readonly end: number;
}

interface Token extends PromSpan {
  readonly kind: (typeof kinds)[number];
  readonly text: string;
}

/** Leaves the reader at the first slip; only {@link readPromQl} sees it. */
class Refused extends Error {
  readonly why: PromRefusal;
  constructor(why: PromRefusal) {
    super(why.message);
    this.why = why;
  }
}

function refuse({ start, end }: PromSpan, message: string): never {
  throw new Refused({ start, end, message });
}

const tokenPattern =
  /(?<space>\s+|#[^\n]*)|(?<opaque>\$|\[\[|\{\{|\|)|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?<duration>(?:\d+(?:ms|[ywdhms]))+(?![\w.]))|(?<number>0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w))|(?<name>[a-zA-Z_:][\w:]*)|(?<sign>==|!=|<=|>=|=~|!~|[-+*/%^<>=(){}[\],:@])|(?<other>.)/sy;

/** The words and signs of a query; undefined where something stands in it that is no PromQL. */
function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let isRange = false;
  for (let at = 0; at < text.length; ) {
    tokenPattern.lastIndex = at;
    const match: RegExpExecArray | null = tokenPattern.exec(text);
    // Between brackets a colon parts two durations; elsewhere it belongs to a name.
    const isColon = isRange && text[at] === ':';
    const found: string = isColon ? ':' : (match?.[0] ?? '');
    const groups: Readonly<Record<string, string | undefined>> = isColon ? { sign: found } : (match?.groups ?? {});
    const span = { start: at, end: at + found.length, text: found };
    at = span.end;
    if (groups.space !== undefined) continue;
    if (groups.opaque !== undefined) return undefined;
    const kind = kinds.find(one => groups[one] !== undefined);
    if (kind === undefined) {
      const word = /^[\w.]+/.exec(text.slice(span.start))?.[0] ?? found;
      refuse({ start: span.start, end: span.start + word.length }, `has ${word}, which means nothing there`);
    }
    if (kind === 'sign' && (found === '[' || found === ']')) isRange = found === '[';
    tokens.push({ kind, ...span });
  }
  return tokens;
}

const kinds = ['string', 'duration', 'number', 'name', 'sign'] as const;

/** The binary operators, by how tightly they bind. */
const binary: readonly (readonly string[])[] = [
  ['or'],
  ['and', 'unless'],
  ['==', '!=', '<=', '<', '>=', '>'],
  ['+', '-'],
  ['*', '/', '%', 'atan2'],
  ['^'],
];

function expression(state: State, level: number): Node {
  const operators = binary[level];
  if (!operators) return unary(state);
  let left = level === 5 ? unary(state) : expression(state, level + 1);
  for (;;) {
    const operator = state.tokens[state.next];
    if (!operator || operator.kind === 'string' || !operators.includes(operator.text.toLowerCase())) return left;
    state.next++;
    const isBool = takeWord(state, 'bool') !== undefined;
    matching(state);
    // A power binds to the right.
    const right = level === 5 ? expression(state, 5) : expression(state, level + 1);
    left = combined(left, operator, right, isBool, level);
    if (level === 5) return left;
  }
}

function combined(left: Node, operator: Token, right: Node, isBool: boolean, level: number): Node {
  const word = operator.text.toLowerCase();
  for (const side of [left, right])
    if (side.type === 'range' || side.type === 'text')
      refuse(
        side,
        side.type === 'range'
          ? `compares or computes with a range of time — put it into a function such as rate()`
          : `has a text on a side of ${word}`,
      );
  const isScalar = left.type === 'scalar' && right.type === 'scalar';
  if (level < 2 && (left.type === 'scalar' || right.type === 'scalar'))
    refuse(left.type === 'scalar' ? left : right, `joins a number by ${word}, which joins series only`);
  if (level === 2 && isScalar && !isBool) refuse(operator, `compares two numbers without bool`);
  return { type: isScalar ? 'scalar' : 'vector', start: left.start, end: right.end };
}

/** `on (…)` and `ignoring (…)`, perhaps with `group_left (…)`. */
function matching(state: State): void {
  if (takeWord(state, 'on', 'ignoring') === undefined) return;
  labels(state);
  if (takeWord(state, 'group_left', 'group_right') !== undefined && isSign(state, '(')) labels(state);
}

function unary(state: State): Node {
  const sign = state.tokens[state.next];
  if (sign && (sign.text === '-' || sign.text === '+') && sign.kind === 'sign') {
    state.next++;
    // -2^2 is -(2^2).
    const node = expression(state, 5);
    if (node.type === 'range' || node.type === 'text')
      refuse(sign, `has a sign before what is no number and no series`);
    return { type: node.type, start: sign.start, end: node.end };
  }
  return modified(state, primary(state));
}

/** `[5m]`, `[1h:5m]`, `offset 5m` and `@ 1609746000`. */
function modified(state: State, first: Node): Node {
  let node = first;
  for (;;) {
    if (isSign(state, '[')) {
      const open = take(state);
      time(state);
      const isSubquery = isSign(state, ':');
      if (isSubquery) {
        take(state);
        if (!isSign(state, ']')) time(state);
      }
      const close = expect(state, ']');
      const isSelector = node.metric !== undefined || (first.keeps === undefined && !first.inner && node === first);
      if (node.type !== 'vector' || (!isSubquery && !isSelector))
        refuse(
          { start: open.start, end: close.end },
          node.type === 'range'
            ? 'has two ranges of time after each other'
            : `has a range of time after what is no plain metric — write [5m:] for a range of an expression`,
        );
      node = { type: 'range', start: node.start, end: close.end, metric: node.metric, inner: [node] };
    } else if (takeWord(state, 'offset') !== undefined) {
      if (isSign(state, '-') || isSign(state, '+')) take(state);
      time(state);
    } else if (isSign(state, '@')) {
      take(state);
      if (takeWord(state, 'start', 'end') !== undefined) {
        expect(state, '(');
        expect(state, ')');
      } else {
        if (isSign(state, '-') || isSign(state, '+')) take(state);
        time(state);
      }
    } else return node;
  }
}

function primary(state: State): Node {
  const token = state.tokens[state.next];
  if (!token)
    refuse({ start: Math.max(0, state.end - 1), end: state.end }, 'ends where a metric or a number is expected');
  state.next++;
  const { start, end } = token;
  if (token.kind === 'number' || token.kind === 'duration') return { type: 'scalar', start, end, isNumber: true };
  if (token.kind === 'string') return { type: 'text', start, end };
  if (token.text === '(') {
    const node = expression(state, 0);
    return { ...node, start, end: expect(state, ')').end, inner: [node], metric: undefined };
  }
  if (token.text === '{') {
    state.next--;
    return selector(state, undefined, start);
  }
  if (token.kind !== 'name') refuse(token, `has ${token.text} where a metric or a number is expected`);
  const word = token.text.toLowerCase();
  if ((word === 'inf' || word === 'nan') && !isSign(state, '{')) return { type: 'scalar', start, end, isNumber: true };
  if (aggregations.has(word) && (isSign(state, '(') || isWord(state, 'by', 'without')))
    return aggregation(state, token);
  if (isSign(state, '(')) return call(state, token);
  return selector(state, token, start);
}

function selector(state: State, name: Token | undefined, start: number): Node {
  const labels: PromSelector['labels'][number][] = [];
  state.selectors.push({ metric: name?.text, start, end: name?.end ?? start + 1, labels });
  let end = name?.end ?? start;
  if (isSign(state, '{')) {
    const open = take(state);
    while (!isSign(state, '}')) {
      const label = state.tokens[state.next];
      if (label?.kind !== 'name' && label?.kind !== 'string')
        refuse(
          label ?? open,
          label ? `has ${label.text} where a label is expected` : 'has a bracket { that is not closed',
        );
      state.next++;
      if (label.kind === 'name' && label.text.includes(':'))
        refuse(label, `has the label ${label.text}, and labels have no colons`);
      if (label.kind === 'string' && (isSign(state, ',') || isSign(state, '}'))) {
        if (isSign(state, ',')) take(state);
        continue;
      }
      const operator = state.tokens[state.next];
      if (!operator || !['=', '!=', '=~', '!~'].includes(operator.text))
        refuse(operator ?? label, `compares the label ${label.text} with none of =, !=, =~ and !~`);
      state.next++;
      const value = state.tokens[state.next];
      if (value?.kind !== 'string')
        refuse(value ?? operator, `compares the label ${label.text} with what stands in no quotes`);
      state.next++;
      if (!operator.text.startsWith('!') && value.text.length > 2 && label.kind === 'name')
        labels.push({ name: label.text, start: label.start, end: label.end });
      if (operator.text.includes('~') && /\(\?(?:[=!]|<[=!])/.test(value.text))
        refuse(value, `has a pattern that looks ahead or behind, which Prometheus does not know`);
      if (isSign(state, ',')) take(state);
      else if (!isSign(state, '}')) {
        const other = state.tokens[state.next];
        refuse(
          other ?? value,
          other ? `has ${other.text} where a comma or } is expected` : 'has a bracket { that is not closed',
        );
      }
    }
    end = take(state).end;
  }
  return { type: 'vector', start, end, metric: name?.text };
}

function aggregation(state: State, name: Token): Node {
  let keeps = grouping(state);
  const given = arguments_(state);
  keeps ??= grouping(state);
  const wanted = withParameter.has(name.text.toLowerCase()) ? 2 : 1;
  if (given.items.length !== wanted)
    refuse(
      name,
      `gives ${name.text} ${given.items.length === 1 ? 'one argument' : `${given.items.length} arguments`} instead of ${wanted}`,
    );
  const last = given.items[given.items.length - 1];
  if (last && last.type !== 'vector')
    refuse(
      last,
      last.type === 'range'
        ? `gives ${name.text} a range of time — put it into a function such as rate()`
        : `gives ${name.text} no series`,
    );
  return {
    type: 'vector',
    start: name.start,
    end: given.end,
    inner: last ? [last] : [],
    keeps: withParameter.has(name.text.toLowerCase()) ? undefined : (keeps ?? (() => false)),
  };
}

/** `by (…)` or `without (…)`, as what it keeps. */
function grouping(state: State): ((label: string) => boolean) | undefined {
  const word = takeWord(state, 'by', 'without');
  if (word === undefined) return undefined;
  const named = new Set(labels(state));
  return label => named.has(label) === (word === 'by');
}

function call(state: State, name: Token): Node {
  const signature = functions.get(name.text);
  if (signature === undefined && functions.has(name.text.toLowerCase()))
    refuse(name, `calls ${name.text}, and names of functions are written in small letters`);
  // Databases that speak more than PromQL have short names, plurals and many more `…_over_time`.
  const isLong = name.text.length > 7 && !name.text.endsWith('_over_time');
  const meant = signature === undefined && isLong ? nearest(name.text, functions.keys()) : undefined;
  if (meant !== undefined && Math.abs(meant.length - name.text.length) <= 1 && name.text !== `${meant}s`)
    refuse(name, `calls ${name.text}, which Prometheus does not have: ${meant} is meant`);
  const given = arguments_(state);
  // Other databases that speak PromQL have more functions.
  if (signature === undefined) return { type: 'vector', start: name.start, end: given.end, inner: given.items };
  const [least, wanted] = signature;
  const isOpen = wanted.endsWith('*');
  const types = wanted.replace('*', '');
  if (given.items.length < least || (given.items.length > types.length && !isOpen))
    refuse(
      name,
      `gives ${name.text}() ${given.items.length === 1 ? 'one argument' : `${given.items.length} arguments`} instead of ${least === types.length ? least : `${least} to ${types.length}`}`,
    );
  for (const [index, argument] of given.items.entries()) {
    const type = letters[types.charAt(Math.min(index, types.length - 1))];
    if (argument.type === type) continue;
    refuse(
      type === 'range' ? name : argument,
      type === 'range'
        ? `gives ${name.text}() no range, such as metric[5m]`
        : argument.type === 'range'
          ? `gives ${name.text}() a range of time, and it takes ${type === 'scalar' ? 'a number' : 'series'}`
          : `gives ${name.text}() ${nouns[argument.type]} instead of ${nouns[type ?? 'vector']}`,
    );
  }
  if (name.text === 'histogram_quantile' && given.items[1]) lostBuckets(state, given.items[1]);
  return { type: scalars.has(name.text) ? 'scalar' : 'vector', start: name.start, end: given.end, inner: given.items };
}

/** Remembers aggregations of `_bucket` series that drop `le`. */
function lostBuckets(state: State, node: Node): void {
  if (node.keeps && !node.keeps('le') && hasBuckets(node)) state.lostBuckets.push({ start: node.start, end: node.end });
  else for (const inner of node.inner ?? []) lostBuckets(state, inner);
}

function hasBuckets(node: Node): boolean {
  return node.metric?.endsWith('_bucket') === true || (node.inner ?? []).some(hasBuckets);
}

function arguments_(state: State): { readonly items: readonly Node[]; readonly end: number } {
  expect(state, '(');
  const items: Node[] = [];
  while (!isSign(state, ')')) {
    items.push(expression(state, 0));
    if (isSign(state, ',')) take(state);
    else if (!isSign(state, ')')) expect(state, ')');
  }
  return { items, end: take(state).end };
}

function labels(state: State): readonly string[] {
  expect(state, '(');
  const found: string[] = [];
  while (!isSign(state, ')')) {
    const label = state.tokens[state.next];
    if (label?.kind !== 'name' && label?.kind !== 'string')
      refuse(
        label ?? { start: state.end - 1, end: state.end },
        label ? `has ${label.text} where a label is expected` : 'has a bracket ( that is not closed',
      );
    state.next++;
    found.push(label.kind === 'string' ? label.text.slice(1, -1) : label.text);
    if (isSign(state, ',')) take(state);
    else if (!isSign(state, ')')) expect(state, ')');
  }
  take(state);
  return found;
}

/** A duration, or a number of seconds; since version 3 also what is computed of those, in parentheses. */
function time(state: State): void {
  const token = state.tokens[state.next];
  if (token?.text === '(' || (token?.kind === 'name' && functions.has(token.text))) {
    expression(state, 3);
    return;
  }
  if (token?.kind !== 'duration' && token?.kind !== 'number')
    refuse(
      token ?? { start: state.end - 1, end: state.end },
      `has ${token?.text ?? 'nothing'} where a duration such as 5m is expected`,
    );
  state.next++;
}

function isSign(state: State, text: string): boolean {
  const token = state.tokens[state.next];
  return token?.kind === 'sign' && token.text === text;
}

function isWord(state: State, ...words: readonly string[]): boolean {
  const token = state.tokens[state.next];
  return token?.kind === 'name' && words.includes(token.text.toLowerCase());
}

function takeWord(state: State, ...words: readonly string[]): string | undefined {
  return isWord(state, ...words) ? take(state).text.toLowerCase() : undefined;
}

function take(state: State): Token {
  const token = state.tokens[state.next++];
  if (!token) refuse({ start: Math.max(0, state.end - 1), end: state.end }, 'ends too early');
  return token;
}

function expect(state: State, text: string): Token {
  const token = state.tokens[state.next];
  if (!token) refuse({ start: Math.max(0, state.end - 1), end: state.end }, `ends where ${text} is expected`);
  if (token.kind !== 'sign' || token.text !== text) refuse(token, `has ${token.text} where ${text} is expected`);
  return take(state);
}

const aggregations: ReadonlySet<string> = new Set(
  'sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk limit_ratio'.split(' '),
);
const withParameter: ReadonlySet<string> = new Set('topk bottomk count_values quantile limitk limit_ratio'.split(' '));

const letters = table<Type>({ v: 'vector', r: 'range', s: 'scalar', t: 'text' });
const nouns: Readonly<Record<Type, string>> = {
  vector: 'series',
  range: 'a range of time',
  scalar: 'a number',
  text: 'a text',
};
const scalars: ReadonlySet<string> = new Set(['time', 'scalar', 'pi']);

/** How many arguments a function takes at least, and of what types; `*` lets the last one repeat. */
const functions: ReadonlyMap<string, readonly [number, string]> = new Map(
  (
    [
      [0, '', 'time pi'],
      [0, 'v', 'day_of_month day_of_week day_of_year days_in_month hour minute month year'],
      [1, 's', 'vector'],
      [
        1,
        'v',
        'abs absent ceil exp floor ln log10 log2 scalar sgn sort sort_desc sqrt timestamp deg rad acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar',
      ],
      [1, 'vs', 'round'],
      [2, 'vs', 'clamp_max clamp_min'],
      [3, 'vss', 'clamp'],
      [2, 'sv', 'histogram_quantile'],
      [3, 'ssv', 'histogram_fraction'],
      [
        1,
        'r',
        'absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time first_over_time mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
      ],
      [2, 'rs', 'predict_linear'],
      [2, 'sr', 'quantile_over_time'],
      [3, 'rss', 'holt_winters double_exponential_smoothing'],
      [5, 'vtttt', 'label_replace'],
      [3, 'vttt*', 'label_join'],
      [2, 'vt*', 'sort_by_label sort_by_label_desc'],
      [1, 'vv', 'info'],
    ] as const
  ).flatMap(([least, types, names]) => names.split(' ').map(name => [name, [least, types]] as const)),
);
