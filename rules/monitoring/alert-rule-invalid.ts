import { panelQueries } from '../../analysis/dashboards';
import { isFilledIn } from '../../analysis/filled-in';
import { chartValues } from '../../analysis/helm-values';
import { nearest } from '../../analysis/nearest';
import { type PromRefusal, readPromQl } from '../../analysis/text/promql';
import { endOfLine } from '../../manifests/lines';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'alert-rule-invalid',
  items: [],
  severity: 'error',
  summary: 'Prometheus refuses an alert or the query of a panel: it has a slip.',
  why: 'The operator’s webhook refuses the whole PrometheusRule. Where it is not installed, the operator leaves out the file with all its alerts, and nobody is warned of anything.',
  remedy:
    'Close the bracket, quote or braces that the message names, and write durations such as `5m` and `1h30m`. `promtool check rules` tests a file.',
  traps: [
    'Functions that Prometheus does not know are let pass, because other databases that speak PromQL have more; LogQL is not read.',
    'Rules in the values of kube-prometheus-stack (`additionalPrometheusRulesMap`) are judged as well.',
    'Fields that Helm, Flux or envsubst fill in are left alone.',
  ],
  sources: [
    'Prometheus documentation, Alerting rules; Querying: basics, operators, functions; Template reference; Configuration: <duration>',
    'prometheus/prometheus, model/rulefmt: Validate (a group name may stand once, a rule is an alert or a record, templates are parsed)',
  ],
  examples: {
    bad: example(
      'sum(up{job="haproxy"} == 0\n      #                  ^ error: The query has a bracket ( that is not closed',
    ),
    good: example('sum(up{job="haproxy"}) == 0'),
  },
  kinds: ['PrometheusRule.monitoring.coreos.com', 'ConfigMap'],
  *check(resource, workspace) {
    if (resource.kind === 'ConfigMap') {
      for (const { text, place } of panelQueries(resource, () => true)) {
        const slip = isFilledIn(workspace, text) ? undefined : slipIn(text);
        if (slip)
          yield {
            at: place(slip.start, slip.end),
            severity: 'warning',
            message: `The query ${slip.message}, so the panel shows an error only — correct it.`,
          };
      }
      return;
    }
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
  if (slip) yield { at: expr.mapped.place(slip.start, slip.end), message: `The query ${slip.message} — correct it.` };
  const record = rule.at('record');
  if (record.string !== undefined && !/^[a-zA-Z_:][\w:]*$/.test(record.string))
    yield {
      at: record,
      severity: 'warning',
      message: `Prometheus before version 3 refuses ${record.string} as the name of a metric, and no query can write it without quotes — use letters, digits, _ and : only.`,
    };
  for (const field of ['annotations', 'labels']) {
    for (const [, text] of rule.at(field).entries()) {
      const braces = text.string === undefined ? undefined : openBraces(text.string);
      if (braces !== undefined)
        yield {
          at: text.mapped.place(braces, braces + 2),
          message: 'The template has {{ without }}, so Prometheus refuses the rule — close the braces.',
        };
      const unknown = braces === undefined && text.string !== undefined ? unknownWord(text.string) : undefined;
      if (unknown)
        yield {
          at: text.mapped.place(unknown.start, unknown.end),
          message: `The template has no ${unknown.what}, so Prometheus refuses the rule${unknown.meant === undefined ? ' — correct it' : ` — did you mean ${unknown.meant}?`}${unknown.meant === undefined ? '.' : ''}`,
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

/** Why Prometheus refuses a query; brackets and quotes come first, because without them the rest is guesswork. */
function slipIn(query: string): PromRefusal | undefined {
  const unpaired = unpairedIn(query);
  if (unpaired) return { start: unpaired.at, end: unpaired.at + 1, message: unpaired.what };
  const read = readPromQl(query);
  return read && 'refusal' in read ? read.refusal : undefined;
}

/** The first bracket or quote of a PromQL query that has no partner; undefined if there is none. */
function unpairedIn(query: string): { readonly at: number; readonly what: string } | undefined {
  const open: { readonly char: string; readonly at: number }[] = [];
  for (let at = 0; at < query.length; at++) {
    const char = query.charAt(at);
    if (char === '#') {
      at = endOfLine(query, at);
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

const partners = table<string>({ '(': ')', '[': ']', '{': '}' });

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

/** The first variable or function in a template that Prometheus does not know. */
function unknownWord(
  text: string,
):
  | { readonly start: number; readonly end: number; readonly what: string; readonly meant: string | undefined }
  | undefined {
  const declared = new Set([...text.matchAll(/\$(\w+)\s*(?:,\s*\$(\w+)\s*)?:?=/g)].flatMap(([, a, b]) => [a, b]));
  for (const action of text.matchAll(/\{\{(?!-?\s*\/\*)([\s\S]*?)\}\}/g)) {
    const plain = (action[1] ?? '').replace(/"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)*'/g, found =>
      '"'.repeat(found.length),
    );
    for (const match of plain.matchAll(/\$(\w+)|(?:^-?|[|(])\s*([a-zA-Z]\w*)/g)) {
      const [whole, variable, word] = match;
      const name = variable ?? word ?? '';
      const known = variable === undefined ? templateFunctions : templateVariables;
      if (known.has(name) || (variable !== undefined && declared.has(name))) continue;
      const end = action.index + 2 + match.index + whole.length;
      const sign = variable === undefined ? '' : '$';
      const meant = nearest(name, known);
      return {
        start: end - name.length - sign.length,
        end,
        what: `${variable === undefined ? 'function' : 'variable'} ${sign}${name}`,
        meant: meant && sign + meant,
      };
    }
  }
  return undefined;
}

/** Prometheus, template/template.go and rules/alerting.go. */
const templateVariables: ReadonlySet<string> = new Set(['labels', 'externalLabels', 'externalURL', 'value']);

/** Prometheus documentation, Template reference; Go, text/template: functions and actions. */
const templateFunctions: ReadonlySet<string> = new Set(
  `query first label value strvalue sortByLabel args tmpl safeHtml title toUpper toLower stripPort stripDomain match
  reReplaceAll graphLink tableLink parseDuration humanize humanize1024 humanizeDuration humanizePercentage
  humanizeTimestamp toTime toDuration now externalURL pathPrefix urlQueryEscape and or not len index slice print printf
  println html js call urlquery eq ne lt le gt ge if else end range with template define block break continue nil true
  false`.split(/\s+/),
);

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
