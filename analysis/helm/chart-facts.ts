import { bitnamiCharts } from './chart-facts/bitnami';
import type { ChartFacts } from './chart-facts/facts';
import { matrixCharts } from './chart-facts/matrix';
import { monitoringCharts } from './chart-facts/monitoring';
import { platformCharts } from './chart-facts/platform';

export type {
  ChartAddress,
  ChartFacts,
  ChartObject,
  ChartReference,
  Condition,
  ReferencedKey,
} from './chart-facts/facts';

/**
 * What charts make of their values, as far as deployments of Matrix use them: a table, because a chart's templates are a
 * program that nobody runs here. It says nothing of versions and of repositories that it does not name.
 */
export const chartFacts: readonly ChartFacts[] = [
  ...bitnamiCharts,
  ...matrixCharts,
  ...monitoringCharts,
  ...platformCharts,
];
