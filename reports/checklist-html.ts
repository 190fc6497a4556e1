import { escapeXml } from '../picture/xml';
import type { ItemReport } from '../rules/checklist';
import { type ChecklistReport, checklistByPhase, countsSentence, evidencePlaces, marks } from './checklist';

/**
 * The checklist as one page that needs nothing else: no script, no font, no picture, no address. It can be read by a
 * screen reader and printed; every colour stands beside a word that says the same.
 */
export function htmlChecklist(report: ChecklistReport): string {
  const title = `Pre-deployment checklist of ${escapeXml(report.root)}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>${title}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${escapeXml(countsSentence(report.items))}</p>
${checklistTables(report, 'h2')}</main>
</body>
</html>
`;
}

/** The phases with a table for each section; `against` says what stands against a failed item. */
export function checklistTables(
  report: ChecklistReport,
  heading: 'h2' | 'h3',
  against: (item: ItemReport) => readonly string[] = ({ evidence }) => evidencePlaces(evidence, report.workspace),
): string {
  return checklistByPhase(report)
    .map(
      phase =>
        `<${heading}>${escapeXml(phase.title)}</${heading}>\n${phase.sections.map(section => table(section.title, section.items, against)).join('')}`,
    )
    .join('');
}

function table(
  caption: string,
  items: readonly ItemReport[],
  against: (item: ItemReport) => readonly string[],
): string {
  const rows = items.map(one => {
    const { item, state, reason } = one;
    const places = state === 'failed' ? against(one) : [];
    const list = places.map(place => `<li>${escapeXml(place)}</li>`).join('');
    return `<tr>
<th scope="row">${escapeXml(item.id)}</th>
<td>${escapeXml(item.title)}</td>
<td class="state ${state}"><span aria-hidden="true">${marks[state]}</span> ${state}</td>
<td>${escapeXml(reason)}${list && `<ul>${list}</ul>`}</td>
</tr>
`;
  });
  return `<div class="scroll" role="region" aria-label="${escapeXml(caption)}" tabindex="0">
<table>
<caption>${escapeXml(caption)}</caption>
<thead><tr><th scope="col">Item</th><th scope="col">What has to hold</th><th scope="col">State</th><th scope="col">Why</th></tr></thead>
<tbody>
${rows.join('')}</tbody>
</table>
</div>
`;
}

/** The style of a page that is read on a screen, bright or dark, and on paper. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --text: #1f2328; --page: #ffffff; --line: #c4c9d0; --head: #f2f4f6;
  --passed: #116329; --failed: #b3141d; --stale: #7a4b00; --rest: #4a525c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ed; --page: #14171b; --line: #454c55; --head: #20252b;
    --passed: #6fdc8c; --failed: #ff9a93; --stale: #f0b849; --rest: #b4bcc6;
  }
}
@media print {
  :root {
    --text: #000000; --page: #ffffff; --line: #8a8a8a; --head: #ffffff;
    --passed: #116329; --failed: #b3141d; --stale: #7a4b00; --rest: #333333;
  }
  tr { break-inside: avoid; }
  h2, caption { break-after: avoid; }
}
body { margin: 0; color: var(--text); background: var(--page); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 75rem; margin: 0 auto; padding: 1rem; }
.scroll { overflow-x: auto; margin-bottom: 1.5rem; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; font-weight: 600; font-size: 1.1rem; padding: 0.4rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem; border: 1px solid var(--line); }
thead th { background: var(--head); }
tbody th { font-weight: 400; white-space: nowrap; }
td ul { margin: 0.2rem 0 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.state { white-space: nowrap; font-weight: 600; color: var(--rest); }
.passed, .signed-off { color: var(--passed); }
.failed { color: var(--failed); }
.stale { color: var(--stale); }
`;
