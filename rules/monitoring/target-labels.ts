import { chartReleases } from '../../analysis/charts';
import { monitors } from '../../analysis/monitors';
import { podsIn } from '../../analysis/pods';
import { servicesIn } from '../../analysis/services';
import type { PromSelector } from '../../analysis/text/promql';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { scrapesOnItsOwn } from './scrape-jobs';

/** A label of pods or Services as a query spells it, which no monitor copies to what it has scraped. */
export interface UncopiedLabel {
  /** As the query spells it. */
  readonly name: string;
  /** As the pods or Services have it. */
  readonly key: string;
  /** The field of monitors that copies it. */
  readonly field: 'podTargetLabels' | 'targetLabels';
  readonly start: number;
  readonly end: number;
}

/**
 * The labels of a query that are those of pods or Services and that nothing copies. Those without a metric are perhaps
 * asked of Loki. The Prometheus Operator copies only
 * what a monitor names, and Prometheus replaces what may not stand in the name of a label by underscores (Prometheus
 * Operator, API reference: podTargetLabels, targetLabels; Prometheus documentation, kubernetes_sd_config).
 */
export function* uncopiedLabels(workspace: Workspace, selectors: readonly PromSelector[]): Iterable<UncopiedLabel> {
  const asked = selectors.flatMap(({ metric, labels }) => (metric === undefined || metric === 'ALERTS' ? [] : labels));
  if (!asked.some(({ name }) => name.includes('_'))) return;
  const { copied, keys } = workspace.shared(targetLabels);
  for (const { name, start, end } of asked) {
    const known = keys.get(name);
    if (known && copied !== 'any' && !copied.has(name)) yield { name, ...known, start, end };
  }
}

/** The name of a label of Kubernetes as Prometheus spells it. */
function spelt(key: string): string {
  return key.replace(/\W/g, '_');
}

interface TargetLabels {
  /** What monitors and recording rules give samples; `any` where that is not known. */
  readonly copied: ReadonlySet<string> | 'any';
  /** The keys of labels that cannot be meant by other labels, by their spelling in Prometheus. */
  readonly keys: ReadonlyMap<string, Pick<UncopiedLabel, 'key' | 'field'>>;
}

function targetLabels(workspace: Workspace): TargetLabels {
  const keys = new Map<string, Pick<UncopiedLabel, 'key' | 'field'>>();
  const add = (key: string, field: UncopiedLabel['field']): void => {
    // Exporters have labels such as job_name of their own, but hardly one that is spelt as a domain is.
    if (key.includes('.') && !keys.has(spelt(key))) keys.set(spelt(key), { key, field });
  };
  for (const { labels } of podsIn(workspace)) for (const key of labels.keys()) add(key, 'podTargetLabels');
  for (const { labels } of servicesIn(workspace)) for (const key of labels.keys()) add(key, 'targetLabels');
  return { copied: copiedLabels(workspace), keys };
}

function copiedLabels(workspace: Workspace): ReadonlySet<string> | 'any' {
  const all = monitors(workspace);
  if (all.length === 0 || scrapesOnItsOwn(workspace) || mayScrapeByAnnotation(workspace)) return 'any';
  const copied = new Set<string>();
  for (const { resource, endpoints } of all) {
    const spec = resource.root.at('spec');
    for (const field of ['podTargetLabels', 'targetLabels'])
      for (const key of spec.at(field).items()) copied.add(spelt(key.text ?? ''));
    for (const { value } of endpoints)
      for (const relabeling of relabelingsOf(value)) {
        if (relabeling.at('action').text?.toLowerCase() === 'labelmap') return 'any';
        copied.add(relabeling.at('targetLabel').text ?? '');
      }
  }
  for (const { root } of workspace.resources('PrometheusRule.monitoring.coreos.com'))
    for (const group of root.at('spec', 'groups').items())
      for (const rule of group.at('rules').items()) for (const key of rule.at('labels').keys()) copied.add(key);
  return copied;
}

function relabelingsOf(endpoint: Value): readonly Value[] {
  return ['relabelings', 'metricRelabelings'].flatMap(field => endpoint.at(field).items());
}

/** Whoever sets the annotation has something that scrapes by it, if the tree does not show Prometheus itself. */
function mayScrapeByAnnotation(workspace: Workspace): boolean {
  const isShown =
    workspace.resources('Prometheus.monitoring.coreos.com').length > 0 ||
    chartReleases(workspace).some(({ name, chart = '' }) =>
      /kube-prometheus|prometheus-stack/.test(`${chart} ${name}`),
    );
  return (
    !isShown &&
    podsIn(workspace).some(
      ({ template }) => template?.at('metadata', 'annotations', 'prometheus.io/scrape').text === 'true',
    )
  );
}
