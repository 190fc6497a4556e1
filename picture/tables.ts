import type { NetworkComponent, NetworkFlow, NetworkReach, NetworkReport } from '../protocol/network';
import { flowReason, flowTitle, namesIn, openingTitle, portText, signs, type Verdict, verdictWords } from './words';
import { escapeXml } from './xml';

/** Who may reach whom on which ports, as cells of text: what is not listed is closed. */
export interface NetworkMatrix {
  readonly columns: readonly NetworkComponent[];
  readonly rows: readonly {
    readonly component: NetworkComponent;
    /** One for each column. */
    readonly cells: readonly (readonly MatrixEntry[])[];
  }[];
}

/** The ports of one cell that share a verdict. */
export interface MatrixEntry {
  readonly verdict: Verdict;
  readonly ports: readonly string[];
}

/** The matrix of a report: rows connect, columns listen. Without rows and columns that say nothing. */
export function networkMatrix({ components, reach }: NetworkReport): NetworkMatrix {
  const cells = new Map(reach.map(one => [`${one.from}\n${one.to}`, entriesOf(one)]));
  const columns = components.filter(({ id }) => reach.some(({ to }) => to === id));
  const rows = components.filter(({ id }) => reach.some(({ from }) => from === id));
  return {
    columns,
    rows: rows.map(component => ({
      component,
      cells: columns.map(column => cells.get(`${component.id}\n${column.id}`) ?? []),
    })),
  };
}

/** The matrix as an HTML table that a screen reader can walk through. */
export function matrixTable(report: NetworkReport, caption: string): string {
  const { columns, rows } = networkMatrix(report);
  if (rows.length === 0) return '<p>Nothing is needed and nothing is open.</p>\n';
  const nameOf = namesIn(report);
  const heads = columns.map(({ id }) => `<th scope="col"><span class="turned">${escapeXml(nameOf(id))}</span></th>`);
  const lines = rows.map(
    ({ component, cells }) =>
      `<tr><th scope="row">${escapeXml(nameOf(component.id))}</th>${cells.map(cell => `<td>${cell.map(entry).join('')}</td>`).join('')}</tr>`,
  );
  return `<table class="matrix">
<caption>${escapeXml(caption)}</caption>
<thead><tr><th scope="col">from, to</th>${heads.join('')}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table>
`;
}

/** The needed connections and the needless openings as lists under headings; `link` writes what leads to a place. */
export function networkLists(report: NetworkReport, link: (flow: NetworkFlow) => string, heading: 'h2' | 'h3'): string {
  const nameOf = namesIn(report);
  const groups = (['blocked', 'unknown', 'allowed'] as const).map(verdict => {
    const flows = report.flows.filter(flow => flow.verdict === verdict);
    const items = flows.map(
      flow =>
        `<li class="${verdict}"><strong>${escapeXml(flowTitle(flow, nameOf))}</strong> ${link(flow)}<br>${escapeXml(flowReason(flow))}</li>`,
    );
    return list(verdict, items, heading);
  });
  const open = report.unneeded.map(
    opening =>
      `<li class="open"><strong>${escapeXml(openingTitle(opening, nameOf))}</strong>${opening.unprotected ? '<br>No policy isolates it.' : ''}</li>`,
  );
  return [...groups, list('open', open, heading)].join('');
}

function list(verdict: Verdict, items: readonly string[], heading: string): string {
  if (items.length === 0) return '';
  const title = `${verdictWords[verdict].charAt(0).toUpperCase()}${verdictWords[verdict].slice(1)} (${items.length})`;
  return `<${heading} class="${verdict}"><span aria-hidden="true">${signs[verdict]}</span> ${title}</${heading}>\n<ul>\n${items.join('\n')}\n</ul>\n`;
}

function entry({ verdict, ports }: MatrixEntry): string {
  return `<span class="cell ${verdict}"><span aria-hidden="true">${signs[verdict]}</span><span class="words">${verdictWords[verdict]}:</span> ${escapeXml(ports.join(', '))}</span>`;
}

function entriesOf({ ports }: NetworkReach): readonly MatrixEntry[] {
  return (['blocked', 'unknown', 'needed', 'open'] as const).flatMap(state => {
    const own = ports.filter(port => port.state === state).map(portText);
    return own.length === 0 ? [] : [{ verdict: state === 'needed' ? 'allowed' : state, ports: own }];
  });
}
