import type { HaproxyPart } from '../../analysis/haproxy-config';
import { exporterOf, type HaproxySection, statsOf } from '../../analysis/text/haproxy';

/** The pages for Prometheus that a section serves. */
export interface MetricsPages {
  /** Their paths, best first: the exporter's before the statistics in CSV. */
  readonly paths: readonly string[];
  accepts(path: string): boolean;
  /** Whether the section serves HAProxy's own Prometheus exporter. */
  readonly hasExporter: boolean;
}

/** HAProxy, configuration manual, "stats uri" (default `/haproxy?stats`); management guide, "CSV format". */
export function metricsPages({ section }: HaproxyPart): MetricsPages {
  const exporter = exporterOf(section);
  const exported = exporter?.paths.map(word => word.value) ?? [];
  const answersAll = exporter !== undefined && exported.length === 0;
  const uri = statsUri(section);
  const csv = uri === undefined ? [] : [`${uri};csv`];
  return {
    paths: [...(answersAll ? ['/metrics'] : exported), ...csv],
    hasExporter: exporter !== undefined,
    accepts: path =>
      answersAll ||
      exported.includes(path) ||
      (exporter !== undefined && exported.some(one => path.startsWith(`${one}?`))) ||
      (uri !== undefined && path.startsWith(uri) && /^;csv(?:;|$)/.test(path.slice(uri.length))),
  };
}

/** The path of a section's statistics page, which its `defaults` may give. */
export function statsUri(section: HaproxySection): string | undefined {
  const stats = statsOf(section) ?? (section.defaults && statsOf(section.defaults));
  return stats && (stats.uri?.value ?? '/haproxy?stats');
}
