import { groupedBy } from '../manifests/grouped';
import { filtered, initialFilter } from '../picture/filter';
import { layoutNetwork } from '../picture/layout';
import { darkPalette, lightPalette, svgStyle } from '../picture/palette';
import { networkSvg } from '../picture/svg';
import { matrixTable, networkLists } from '../picture/tables';
import { signs, summarySentence, verdicts, verdictWords } from '../picture/words';
import { escapeXml } from '../picture/xml';
import type { NetworkReport } from '../protocol/network';
import type { RunSummary } from '../protocol/report';
import type { ItemReport } from '../rules/checklist';
import { signOffsOf } from '../rules/sign-offs';
import { evidencePlaces, marks, stateCounts } from './checklist';
import { checklistTables, pageStyle } from './checklist-html';
import type { FullReport } from './full';
import { findingsByFile, severityCounts } from './report';
import { factsOf, statesByUrgency, verdictOf } from './verdict';

/**
 * The whole report as one page that needs nothing else: no script, no font, no address. It can be read by a screen
 * reader and printed, and every colour stands beside a word or a sign that says the same.
 */
export function fullHtml(report: FullReport): string {
  const title = `Preflight report of ${report.root}`;
  const verdict = verdictOf(report);
  const facts = factsOf(report).map(([name, text]) => `<dt>${escapeXml(name)}</dt><dd>${escapeXml(text)}</dd>`);
  const sections = [
    ['checklist', 'Checklist', checklistTables(report, 'h3', findingsAgainst(report))],
    ['sign-offs', 'Sign-offs and waivers', signOffsSection(report)],
    ['findings', 'Findings', findingsSection(report)],
    ['network', 'Network', networkSection(report.network)],
    ['deployments', 'Deployments', runsSection(report.facts.runs ?? [])],
  ] as const;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(title)}</title>
<style>${pageStyle}${style}${svgStyle(lightPalette)}@media screen and (prefers-color-scheme: dark) {${svgStyle(darkPalette)}}</style>
</head>
<body>
<main>
<header>
<h1>${escapeXml(title)}</h1>
<p class="verdict ${verdict.state}"><strong>${escapeXml(verdict.title)}.</strong> ${escapeXml(verdict.sentence)}</p>
${statesBar(report)}
<dl>${facts.join('')}</dl>
<nav aria-label="Sections"><ul>${sections.map(([id, heading]) => `<li><a href="#${id}">${heading}</a></li>`).join('')}</ul></nav>
</header>
${sections.map(([id, heading, content]) => `<section id="${id}" aria-labelledby="${id}-heading">\n<h2 id="${id}-heading">${heading}</h2>\n${content}</section>\n`).join('')}</main>
</body>
</html>
`;
}

/** What stands against an item, each message once with its places: a reader wants to know what is wrong, not only where. */
function findingsAgainst({ workspace, findings }: FullReport, most = 4): (item: ItemReport) => readonly string[] {
  return ({ item: { id } }) => {
    const own = findings.filter(
      ({ rule, problem, severity, suppressed }) =>
        !suppressed && (severity === 'error' || severity === 'warning') && (problem.items ?? rule.items).includes(id),
    );
    const said = [...groupedBy(own, ({ problem }) => problem.message)].map(([message, same]) => {
      const places = same.map(({ problem }) => problem.at);
      return `${evidencePlaces(places, workspace, 3).join(', ')}: ${message}`;
    });
    return said.length > most ? [...said.slice(0, most), `and ${said.length - most} more`] : said;
  };
}

/** The states of all items as one bar with a legend that says the numbers. */
function statesBar({ items }: FullReport): string {
  const counts = stateCounts(items);
  const present = statesByUrgency.flatMap(state => (counts[state] ? [{ state, count: counts[state] }] : []));
  let x = 0;
  const parts = present.map(({ state, count }) => {
    const width = (count / items.length) * 1000;
    const part = `<rect class="${state}" x="${x.toFixed(1)}" width="${Math.max(width - 2, 1).toFixed(1)}" height="14"/>`;
    x += width;
    return part;
  });
  const legend = present.map(
    ({ state, count }) =>
      `<li class="${state}"><span aria-hidden="true">${marks[state]}</span> <strong>${count}</strong> ${words[state]}</li>`,
  );
  return `<svg class="bar" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">${parts.join('')}</svg>
<ul class="legend">${legend.join('')}</ul>`;
}

const words: Readonly<Record<(typeof statesByUrgency)[number], string>> = {
  passed: 'passed',
  failed: 'failed',
  waived: 'waived',
  'not-applicable': 'not applicable',
  unknown: 'unknown, ask the cluster',
  'signed-off': 'signed off',
  stale: 'sign-off out of date',
  open: 'open, ask a person',
};

function signOffsSection({ workspace, items }: FullReport): string {
  const signed = items.flatMap(({ item, signOff, state }) =>
    signOff
      ? [
          [
            `${item.id} ${item.title}`,
            signOff.by,
            signOff.at,
            words[state],
            `${signOff.note}${signOff.expires === undefined ? '' : ` (until ${signOff.expires})`}`,
            signOff.evidence ?? '',
          ],
        ]
      : [],
  );
  const waivers = signOffsOf(workspace).waivers.map(({ rule, file, by, at, reason, expires }) => [
    rule,
    file,
    by,
    at,
    `${reason}${expires === undefined ? '' : ` (until ${expires})`}`,
  ]);
  return `${
    signed.length === 0
      ? '<p>Nobody has signed anything off.</p>\n'
      : table('Sign-offs', ['Item', 'By', 'When', 'State', 'Note', 'Evidence'], signed)
  }${
    waivers.length === 0
      ? '<p>Nothing is waived.</p>\n'
      : table('Waivers', ['Rule', 'File', 'By', 'When', 'Reason'], waivers)
  }`;
}

function findingsSection({ workspace, findings }: FullReport): string {
  const reported = findings.filter(finding => !finding.suppressed);
  const suppressed = findings.length - reported.length;
  const files = [...findingsByFile(reported, workspace)].map(([path, own]) =>
    table(
      `${path} — ${severityCounts(own)}`,
      ['Line', 'Severity', 'What', 'Rule'],
      own.map(({ rule, severity, problem }) => {
        const position = workspace.file(problem.at.uri)?.lines.position(problem.at.span.start);
        return [position ? String(position.line + 1) : '', severity, problem.message, rule.id];
      }),
      'findings',
    ),
  );
  const counts = severityCounts(reported) || 'Nothing to report';
  return `<p>${counts}${suppressed > 0 ? `, ${suppressed} suppressed or waived` : ''}.</p>\n${files.join('')}`;
}

function networkSection(network: NetworkReport): string {
  const shown = filtered(network, initialFilter);
  const label = `Picture of the network. ${summarySentence(network)} The lists below say the same in words.`;
  const svg = networkSvg(shown, layoutNetwork(shown), { kind: 'embedded', label });
  const legend = verdicts.map(
    verdict => `<li class="${verdict}"><span aria-hidden="true">${signs[verdict]}</span> ${verdictWords[verdict]}</li>`,
  );
  const place = (flow: NetworkReport['flows'][number]): string => {
    const at = flow.finding?.place ?? flow.place;
    return at ? `<span class="place">${escapeXml(`${at.file}:${at.range.start.line + 1}`)}</span>` : '';
  };
  const caption = 'Who may reach whom, on which ports. Rows connect, columns listen; an empty cell is closed.';
  return `<p>${escapeXml(summarySentence(network))}</p>
<ul class="legend">${legend.join('')}</ul>
<div class="picture scroll" role="region" aria-label="Picture of the network" tabindex="0">
${svg}</div>
${networkLists(network, place, 'h3')}<h3>Who may reach whom</h3>
<div class="scroll wide" role="region" aria-label="Matrix of the network" tabindex="0">
${matrixTable(network, caption)}</div>
`;
}

function runsSection(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return '<p>None is recorded.</p>\n';
  return runs
    .map(({ run, cluster, from, to, outcome, steps, waivers }) => {
      const when = from === undefined ? '' : `, ${from} to ${to ?? from}`;
      const where = cluster === undefined ? '' : ` on ${cluster}`;
      return `<h3>${escapeXml(run)}</h3>
<p>${escapeXml(`${outcome}${where}${when}`)}</p>
${table(
  `Steps of ${run}`,
  ['Step', 'State', 'Why'],
  steps.map(step => [step.title, step.state, step.reason ?? '']),
)}${waivers.length === 0 ? '' : `<ul>${waivers.map(({ rule, by, reason }) => `<li>waived ${escapeXml(rule)}, by ${escapeXml(by)}: ${escapeXml(reason)}</li>`).join('')}</ul>\n`}`;
    })
    .join('');
}

function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  className?: string,
): string {
  const heads = head.map(text => `<th scope="col">${escapeXml(text)}</th>`).join('');
  const lines = rows.map(
    row =>
      `<tr>${row.map((text, column) => (column === 1 && className === 'findings' ? `<td class="${escapeXml(text)}">${escapeXml(text)}</td>` : `<td>${escapeXml(text)}</td>`)).join('')}</tr>`,
  );
  return `<div class="scroll" role="region" aria-label="${escapeXml(caption)}" tabindex="0">
<table${className === undefined ? '' : ` class="${className}"`}>
<caption>${escapeXml(caption)}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table>
</div>
`;
}

const style = `
:root { --blocked: #b3141d; --unknown: #7a4b00; --allowed: #2f6b49; --open: #5f4a90; --tint-blocked: #fdecec; --tint-open: #fff6e0; --tint-ready: #e8f6ec; }
@media screen and (prefers-color-scheme: dark) {
  :root { --blocked: #ff9a93; --unknown: #f0b849; --allowed: #74c69d; --open: #b9a5e8; --tint-blocked: #3a1a1c; --tint-open: #362a0f; --tint-ready: #14301f; }
}
h1 { margin: 0.5rem 0; font-size: 1.9rem; }
h2 { margin-top: 2.5rem; padding-bottom: 0.3rem; border-bottom: 2px solid var(--line); }
a { color: inherit; }
.verdict { padding: 0.8rem 1rem; border-left: 6px solid; border-radius: 4px; font-size: 1.1rem; }
.verdict.blocked { background: var(--tint-blocked); border-color: var(--blocked); }
.verdict.open { background: var(--tint-open); border-color: var(--unknown); }
.verdict.ready { background: var(--tint-ready); border-color: var(--allowed); }
.verdict, li.blocked, li.unknown, li.allowed, li.open { color: var(--text); }
.bar { display: block; width: 100%; height: 14px; border-radius: 7px; }
.bar rect { fill: var(--rest); opacity: 0.55; }
.bar .failed { fill: var(--failed); opacity: 1; } .bar .passed, .bar .signed-off { fill: var(--passed); opacity: 1; } .bar .stale { fill: var(--stale); opacity: 1; }
.bar .not-applicable, .bar .waived { opacity: 0.25; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.4rem; padding: 0; list-style: none; }
.legend .failed span { color: var(--failed); } .legend :is(.passed, .signed-off) span { color: var(--passed); } .legend .stale span { color: var(--stale); }
.legend :is(.passed, .failed, .stale, .signed-off) { color: var(--text); }
:is(.legend li, h3, .cell).blocked, .legend .blocked { color: var(--blocked); }
:is(.legend li, h3, .cell).unknown { color: var(--unknown); }
:is(.legend li, h3, .cell).allowed { color: var(--allowed); }
:is(.legend li, h3, .cell).open { color: var(--open); }
header .legend li.open, header .legend li.unknown { color: var(--text); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.2rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; padding: 0; list-style: none; }
.findings td:first-child { text-align: right; font-variant-numeric: tabular-nums; }
.findings td:last-child { white-space: nowrap; font-family: ui-monospace, monospace; font-size: 0.85em; }
.findings .error { color: var(--failed); font-weight: 600; } .findings .warning { color: var(--stale); font-weight: 600; }
.place { font-family: ui-monospace, monospace; font-size: 0.85em; }
.picture, .wide { width: min(96vw, 140rem); margin-left: calc(50% - min(48vw, 70rem)); }
.picture svg { display: block; margin: 0 auto; min-width: 60rem; max-width: 100%; height: auto; }
.matrix { width: auto; font-size: 0.8rem; }
.matrix thead th { vertical-align: bottom; }
.matrix tbody th { font-weight: 600; }
.turned { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
.cell { display: block; position: relative; white-space: nowrap; }
.words { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@page { margin: 14mm; }
@page pictures { size: A3 landscape; }
@media print {
  body { font-size: 10pt; }
  nav { display: none; }
  main { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  .picture, .wide { page: pictures; width: auto; margin-left: 0; break-before: page; }
  .picture svg { min-width: 0; width: 100%; }
  .bar, .verdict { print-color-adjust: exact; }
}
`;
