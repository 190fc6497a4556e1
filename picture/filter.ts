import type { NetworkReport } from '../protocol/network';
import type { Verdict } from './words';

/** What of the network is shown. */
export interface NetworkFilter {
  /** Connections with an end in this instance; undefined: all. */
  readonly instance?: string | undefined;
  /** Connections with an end in this namespace; undefined: all. */
  readonly namespace?: string | undefined;
  readonly verdicts: readonly Verdict[];
  /** Whether metrics are shown that are collected without hindrance: they lead to everything and say little. */
  readonly metrics: boolean;
}

/** What a picture shows at first: everything that is needed but the metrics that work. */
export const initialFilter: NetworkFilter = { verdicts: ['blocked', 'unknown', 'allowed'], metrics: false };

export const wholeNetwork: NetworkFilter = { verdicts: ['blocked', 'unknown', 'allowed', 'open'], metrics: true };

/** The part of a report that a filter lets through. Components stay as long as something leads to or from them. */
export function filtered(report: NetworkReport, filter: NetworkFilter): NetworkReport {
  const matching = new Set(
    report.components
      .filter(
        ({ instance, namespace }) =>
          (filter.instance === undefined || instance === filter.instance) &&
          (filter.namespace === undefined || namespace === filter.namespace),
      )
      .map(({ id }) => id),
  );
  const isShown = ({ from, to }: { readonly from: string; readonly to: string }): boolean =>
    matching.has(from) || matching.has(to);
  const flows = report.flows.filter(
    flow =>
      isShown(flow) &&
      filter.verdicts.includes(flow.verdict) &&
      (filter.metrics || flow.verdict !== 'allowed' || flow.importance !== 'metrics'),
  );
  const unneeded = filter.verdicts.includes('open')
    ? report.unneeded.flatMap(opening => {
        const from = opening.from.filter(id => isShown({ from: id, to: opening.to }));
        return from.length === 0 ? [] : [{ ...opening, from }];
      })
    : [];
  const ids = new Set([
    ...flows.flatMap(({ from, to }) => [from, to]),
    ...unneeded.flatMap(({ from, to }) => [...from, to]),
  ]);
  const hasAllVerdicts = initialFilter.verdicts.every(verdict => filter.verdicts.includes(verdict));
  const states = new Set(filter.verdicts.map(verdict => (verdict === 'allowed' ? 'needed' : verdict)));
  return {
    ...report,
    // Who needs nothing and is needed by nobody is part of the whole picture only.
    components: report.components.filter(
      ({ id, kind }) => ids.has(id) || (hasAllVerdicts && kind !== undefined && matching.has(id)),
    ),
    flows,
    unneeded,
    reach: report.reach.filter(isShown).flatMap(reach => {
      const ports = reach.ports.filter(({ state }) => states.has(state));
      return ports.length === 0 ? [] : [{ ...reach, ports }];
    }),
  };
}
