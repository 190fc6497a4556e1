import { filtered, initialFilter } from '../../picture/filter';
import { layoutNetwork } from '../../picture/layout';
import { darkPalette, lightPalette } from '../../picture/palette';
import { networkSvg } from '../../picture/svg';
import { networkMatrix } from '../../picture/tables';
import { namesIn, openingTitle, signs, summarySentence } from '../../picture/words';
import type { NetworkReport } from '../../protocol/network';

/** The network as a picture, with a heading and a legend; metrics that work are left out. */
export function svg(report: NetworkReport): string {
  const shown = filtered(report, initialFilter);
  const title = 'Network of the deployment';
  return networkSvg(shown, layoutNetwork(shown), {
    kind: 'standalone',
    title,
    light: lightPalette,
    dark: darkPalette,
  });
}

/** For each component what it may reach, as lines that a screen reader or grep can follow. */
export function matrix(report: NetworkReport): string {
  const nameOf = namesIn(report);
  const { columns, rows } = networkMatrix(report);
  const width = Math.max(0, ...columns.map(({ id }) => nameOf(id).length));
  const lines = rows.flatMap(({ component, cells }) => [
    nameOf(component.id),
    ...cells.flatMap((cell, index) => {
      const ports = cell.map(({ verdict, ports }) => `${signs[verdict]} ${ports.join(', ')}`).join('  ');
      return cell.length === 0 ? [] : [`  ${nameOf(columns[index]?.id ?? '').padEnd(width)}  ${ports}`];
    }),
  ]);
  const open = report.unneeded.map(opening => `  ${openingTitle(opening, nameOf)}`);
  return [
    ...lines,
    ...(open.length > 0 ? ['', 'Open, and not known to be needed:', ...open] : []),
    '',
    summarySentence(report),
    '✓ needed and allowed   ✕ needed and blocked   ? not certain   ○ open, not needed',
    '',
  ].join('\n');
}
