import { chartValues } from '../../analysis/helm-values';
import { type Monitor, monitors, podsOf, servicesOf } from '../../analysis/monitors';
import { clusterKind } from '../../analysis/roles';
import type { Index, Workspace } from '../../manifests/workspace';

/** What the label `job` of the samples of one source is. */
export interface ScrapeJobs {
  /** What the source's name and selector say. */
  readonly about: string;
  readonly jobs: readonly string[];
  /** Whether it may be another: the tree does not show what is scraped, or a relabelling works it out. */
  readonly isOpen: boolean;
}

/**
 * The jobs of all monitors of the tree. The Prometheus Operator takes the name of the Service, or the value of its label
 * `jobLabel`, and for a PodMonitor `<namespace>/<name>` (Prometheus Operator, pkg/prometheus/promcfg.go).
 */
export function monitoredJobs(workspace: Workspace): readonly ScrapeJobs[] {
  return workspace.shared(readJobs);
}

/** The jobs that scrape configurations of the tree name themselves. */
export function namedJobs(workspace: Workspace): readonly string[] {
  return workspace.lookup(jobNames, '');
}

/** Whether Prometheus is told to scrape what no monitor names. */
export function scrapesOnItsOwn(workspace: Workspace): boolean {
  return workspace.shared(readsOwnJobs);
}

function readsOwnJobs(workspace: Workspace): boolean {
  return (
    namedJobs(workspace).length > 0 ||
    workspace.resources('ScrapeConfig.monitoring.coreos.com').length > 0 ||
    chartValues(workspace).some(root =>
      [root, root.at('kube-prometheus-stack')].some(
        values =>
          values.at('prometheus', 'prometheusSpec', 'additionalScrapeConfigs').items().length > 0 ||
          values.at('prometheus', 'prometheusSpec', 'additionalScrapeConfigsSecret').exists,
      ),
    )
  );
}

function readJobs(workspace: Workspace): readonly ScrapeJobs[] {
  const found = monitors(workspace).map(monitor => jobsOf(workspace, monitor));
  for (const cluster of workspace.resources(clusterKind)) {
    if (cluster.root.at('spec', 'monitoring', 'enablePodMonitor').boolean !== true) continue;
    const isOpen = cluster.namespace === undefined;
    found.push({
      about: `postgresql ${cluster.name}`,
      jobs: isOpen ? [] : [`${cluster.namespace}/${cluster.name}`],
      isOpen,
    });
  }
  return found;
}

function jobsOf(workspace: Workspace, monitor: Monitor): ScrapeJobs {
  const { resource, selector, endpoints } = monitor;
  const about = [...selector.requirements.flatMap(({ key, values }) => [key, ...values]), resource.name].join(' ');
  const label = resource.root.at('spec', 'jobLabel').text;
  const written = endpoints.flatMap(({ value }) =>
    ['relabelings', 'metricRelabelings'].flatMap(field =>
      value
        .at(field)
        .items()
        .filter(
          one => one.at('targetLabel').text === 'job' || /^label(?:map|drop|keep)$/.test(one.at('action').text ?? ''),
        ),
    ),
  );
  if (written.length > 0 || endpoints.some(({ value }) => value.at('honorLabels').boolean === true)) {
    const literal = written.map(one => (one.at('sourceLabels').exists ? undefined : one.at('replacement').text));
    const jobs = literal.flatMap(one => (one !== undefined && !one.includes('$') ? one : []));
    return { about, jobs, isOpen: jobs.length < written.length || written.length < endpoints.length };
  }
  if (monitor.selects === 'Service') {
    const services = servicesOf(workspace, monitor).filter(({ ports }) =>
      endpoints.some(({ port }) => !port.exists || ports.some(one => one.name === port.text)),
    );
    const jobs = services.map(service => (label && service.labels.get(label)) || service.name);
    return { about, jobs: [...new Set(jobs)], isOpen: services.length === 0 };
  }
  const pods = podsOf(workspace, monitor);
  const own = resource.namespace === undefined ? undefined : `${resource.namespace}/${resource.name}`;
  const jobs = pods.flatMap(({ labels }) => (label && labels.get(label)) || own || []);
  return { about, jobs: [...new Set(jobs)], isOpen: pods.length === 0 || own === undefined };
}

const jobNames: Index<string> = {
  name: 'jobs of scrape configurations',
  *document({ text }) {
    if (/job_?name/i.test(text) && !isOfLogs(text)) for (const name of namesIn(text)) yield ['', name];
  },
  *textFile({ text, path }) {
    if (!/\.md$/i.test(path) && /job_?name/i.test(text) && !isOfLogs(text))
      for (const name of namesIn(text)) yield ['', name];
  },
  *resource({ kind, root }) {
    if (kind !== 'PrometheusRule') return;
    // A recording rule gives its samples the labels that it states.
    for (const group of root.at('spec', 'groups').items())
      for (const rule of group.at('rules').items()) {
        const job = rule.at('record').exists ? rule.at('labels', 'job').text : undefined;
        if (job !== undefined) yield ['', job];
      }
  },
};

/** Promtail's jobs read logs, and make no samples (Promtail documentation, scrape_configs). */
function isOfLogs(text: string): boolean {
  return /\bpipeline_?stages\b|__path__/i.test(text);
}

function* namesIn(text: string): Iterable<string> {
  for (const [, name = ''] of text.matchAll(/^[ \t]*(?:-[ \t]+)?["']?job_?name["']?:[ \t]*["']?([^\s"'#]+)/gim))
    yield name;
}
