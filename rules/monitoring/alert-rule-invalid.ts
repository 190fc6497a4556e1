import { isFilledIn } from '../../analysis/filled-in';
import { chartValues } from '../../analysis/helm-values';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'alert-rule-invalid',
  items: [],
  severity: 'error',
  summary: 'Prometheus refuses an alert: its query, duration or text has a slip.',
  why: 'The operator’s webhook refuses the whole PrometheusRule. Where it is not installed, the operator leaves out the file with all its alerts, and nobody is warned of anything.',
  remedy:
    'Close the bracket, quote or braces that the message names, and write durations such as `5m` and `1h30m`. `promtool check rules` tests a file.',
  traps: [
    'Queries are looked at for brackets, quotes and emptiness only; which metrics there are is not known.',
    'Rules in the values of kube-prometheus-stack (`additionalPrometheusRulesMap`) are judged as well.',
    'Fields that Helm, Flux or envsubst fill in are left alone.',
  ],
  sources: [
    'Prometheus documentation, Alerting rules; Querying basics: string literals; Configuration: <duration>',
    'prometheus/prometheus, model/rulefmt: Validate (a group name may stand once, a rule is an alert or a record, templates are parsed)',
  ],
  examples: {
    bad: example(
      'sum(up{job="haproxy"} == 0\n      #                  ^ error: The query has a bracket ( that is not closed',
    ),
    good: example('sum(up{job="haproxy"}) == 0'),
  },
  kinds: ['PrometheusRule.monitoring.coreos.com'],
  *check(resource, workspace) {
    yield* badGroups(resource.root.at('spec', 'groups'), workspace);
  },
  *checkWorkspace(workspace) {
    for (const root of chartValues(workspace))
      for (const values of [root, root.at('kube-prometheus-stack')]) {
        const sets = values
          .at('additionalPrometheusRulesMap')
          .entries()
          .map(([, set]) => set);
        for (const set of [...sets, ...values.at('additionalPrometheusRules').items()])
          yield* badGroups(set.at('groups'), workspace);
      }
  },
} satisfies Rule;

/** The groups of one PrometheusRule, or of what the chart makes one from. */
function* badGroups(groups: Value, workspace: Workspace): Iterable<Problem> {
  const names = new Map<string, Value>();
  for (const group of groups.items()) {
    const name = group.at('name');
    const first = name.text === undefined ? undefined : names.get(name.text);
    if (first)
      yield {
        at: name,
        message: `There are two groups ${name.text}, so Prometheus refuses both — rename one, or join them.`,
        related: [{ at: first, message: 'The first group of that name' }],
      };
    else if (name.text !== undefined) names.set(name.text, name);
    yield* badDuration(group.at('interval'));
    for (const rule of group.at('rules').items()) {
      if ([...rule.scalars()].some(value => isFilledIn(workspace, value.text ?? ''))) continue;
      yield* badRule(rule);
    }
  }
}

function* badRule(rule: Value): Iterable<Problem> {
  if (rule.at('alert').exists && rule.at('record').exists)
    yield {
      at: rule.at('record').key,
      message: 'A rule is an alert or a record, not both — delete one of the fields.',
    };
  yield* badDuration(rule.at('for'));
  yield* badDuration(rule.at('keep_firing_for'));
  const expr = rule.at('expr');
  const slip = typeof expr.string === 'string' ? slipIn(expr.string) : undefined;
  if (slip) yield { at: expr.mapped.place(slip.at, slip.at + 1), message: `The query ${slip.what} — correct it.` };
  const instant = !slip && typeof expr.string === 'string' ? instantArgument(expr.string) : undefined;
  if (instant)
    yield {
      at: expr.mapped.place(instant.at, instant.at + instant.name.length),
      message: `${instant.name}() needs a range, such as metric[5m], and has none, so Prometheus refuses the query — add it.`,
    };
  for (const field of ['annotations', 'labels']) {
    for (const [, text] of rule.at(field).entries()) {
      const braces = text.string === undefined ? undefined : openBraces(text.string);
      if (braces !== undefined)
        yield {
          at: text.mapped.place(braces, braces + 2),
          message: 'The template has {{ without }}, so Prometheus refuses the rule — close the braces.',
        };
    }
  }
}

/** Prometheus documentation, Configuration: <duration>. */
const duration = /^(?:0|(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?)$/;

function* badDuration(value: Value): Iterable<Problem> {
  if (value.string === undefined || value.string === '' || duration.test(value.string)) return;
  if (/[$<{%]/.test(value.string)) return;
  yield {
    at: value,
    message: `${value.string} is no duration for Prometheus — write a number with ms, s, m, h, d, w or y, such as 5m.`,
  };
}

interface Slip {
  readonly at: number;
  readonly what: string;
}

/** The first bracket or quote of a PromQL query that has no partner; undefined if there is none. */
function slipIn(query: string): Slip | undefined {
  const open: { readonly char: string; readonly at: number }[] = [];
  for (let at = 0; at < query.length; at++) {
    const char = query.charAt(at);
    if (char === '#') {
      const end = query.indexOf('\n', at);
      at = end === -1 ? query.length : end;
    } else if (char === '"' || char === "'" || char === '`') {
      const end = endOfString(query, at, char);
      if (end === undefined) return { at, what: `has a quote ${char} that is not closed` };
      at = end;
    } else if ('([{'.includes(char)) open.push({ char, at });
    else if (')]}'.includes(char)) {
      const last = open.pop();
      if (!last) return { at, what: `closes a bracket ${char} that it did not open` };
      if (partners[last.char] !== char) return { at, what: `closes the bracket ${last.char} with ${char}` };
    }
  }
  const [first] = open;
  return first && { at: first.at, what: `has a bracket ${first.char} that is not closed` };
}

/** A function over time whose argument has no range (Prometheus documentation, Query functions: range-vector). */
function instantArgument(query: string): { readonly at: number; readonly name: string } | undefined {
  const plain = query.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#.*/g, text => ' '.repeat(text.length));
  for (const call of plain.matchAll(
    /(?<![\w:])(?:rate|irate|increase|i?delta|deriv|changes|resets|predict_linear|[a-z]+_over_time)(?=\s*\()/g,
  )) {
    let depth = 0;
    let at = call.index + call[0].length;
    for (; at < plain.length; at++) {
      if (plain[at] === '(') depth++;
      else if (plain[at] === ')' && --depth === 0) break;
      else if (plain[at] === '[') break;
    }
    if (plain[at] === ')') return { at: call.index, name: call[0] };
  }
  return undefined;
}

const partners: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

function endOfString(query: string, start: number, quote: string): number | undefined {
  for (let at = start + 1; at < query.length; at++) {
    if (query[at] === '\\' && quote !== '`') at++;
    else if (query[at] === quote) return at;
  }
  return undefined;
}

/** Where the first `{{` stands that no `}}` follows before the next one. */
function openBraces(text: string): number | undefined {
  // A template may print braces.
  if (/["'`]\{\{|\}\}["'`]/.test(text)) return undefined;
  for (let at = text.indexOf('{{'); at !== -1; at = text.indexOf('{{', at + 2)) {
    const next = text.indexOf('{{', at + 2);
    const end = text.indexOf('}}', at + 2);
    if (end === -1 || (next !== -1 && next < end)) return at;
  }
  return undefined;
}

function example(expression: string): string {
  return `
      #- /alerts.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata:
        name: matrix
        namespace: matrix
      spec:
        groups:
          - name: matrix
            rules:
              - alert: HAProxyDown
                expr: ${expression}
    `;
}
