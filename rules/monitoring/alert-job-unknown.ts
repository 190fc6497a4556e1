import { chartReleases } from '../../analysis/charts';
import { monitors } from '../../analysis/monitors';
import { podTemplate, workloadKinds } from '../../analysis/pods';
import { groupedBy } from '../../manifests/grouped';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { monitoredJobs, namedJobs, scrapesOnItsOwn } from './scrape-jobs';

export default {
  id: 'alert-job-unknown',
  items: [],
  severity: 'warning',
  summary: 'An alert asks for a job that nothing scrapes.',
  why: 'The query finds no sample, so the alert never fires, however broken the component is. One with `absent` fires always.',
  remedy:
    'Ask for the job that the monitor makes: the name of the Service, or what its label named in `jobLabel` says; for a PodMonitor `<namespace>/<name>`.',
  traps: [
    'Only jobs of components that the tree has are judged: all others may come from charts. One that no monitor is about is judged only where the tree has other monitors, and no scrape configurations or annotations for Prometheus.',
    'Jobs of scrape configurations, `relabelings` with a fixed text and recording rules are known. A monitor whose targets or relabellings cannot be followed lets everything pass that it may be about.',
  ],
  sources: [
    'Prometheus Operator, API reference: ServiceMonitor.spec.jobLabel, PodMonitor.spec.jobLabel',
    'Prometheus documentation, Querying: time series selectors; regular expressions are anchored',
  ],
  examples: {
    bad: example(
      'up{job="haproxy-exporter"} == 0\n      #                       ^^^^^^^^^^^^^^^^ 💡 warning: Nothing makes the job haproxy-exporter; the monitors of the tree make haproxy',
    ),
    good: example('up{job="haproxy"} == 0'),
  },
  kinds: ['PrometheusRule.monitoring.coreos.com'],
  *check(resource, workspace) {
    const rules = resource.root
      .at('spec', 'groups')
      .items()
      .flatMap(group => group.at('rules').items());
    const asked = groupedBy(
      rules.flatMap(rule => [...askedIn(rule.at('expr'))]),
      ({ operator, wanted }) => `${operator}${wanted}`,
    );
    for (const places of asked.values()) {
      const problem = problemOf(workspace, places);
      if (problem) yield problem;
    }
  },
} satisfies Rule;

/** One `job="…"` in an expression. */
interface Asked {
  readonly operator: string;
  readonly wanted: string;
  /** What stands between the quotes, and all of it from the operator on. */
  readonly at: Place;
  readonly whole: Place;
  readonly quote: string;
}

function* askedIn(expression: Value): Iterable<Asked> {
  const text = expression.string;
  if (text === undefined || !text.includes('job')) return;
  for (const match of withoutComments(text).matchAll(/(?<![\w:])job\s*(=~?)\s*(["'])((?:(?!\2)[^\\]|\\.)*)\2/g)) {
    const [found, operator = '=', quote = '"', wanted = ''] = match;
    if (wanted === '' || /[$%{]\w*[({]|\{\{/.test(wanted)) continue;
    const end = match.index + found.length;
    yield {
      operator,
      wanted,
      at: expression.part(end - 1 - wanted.length, end - 1),
      whole: expression.part(match.index + found.indexOf('='), end),
      quote,
    };
  }
}

function problemOf(workspace: Workspace, places: readonly [Asked, ...Asked[]]): Problem | undefined {
  const [{ operator, wanted, at }, ...others] = places;
  const accepts = matcher(operator, wanted);
  const meant = components.filter(pattern => pattern.test(wanted));
  if (!accepts || meant.length === 0 || namedJobs(workspace).some(accepts)) return undefined;
  const all = monitoredJobs(workspace);
  if (all.some(({ jobs }) => jobs.some(accepts))) return undefined;
  const own = all.filter(({ about }) => meant.some(pattern => pattern.test(about)));
  if (own.length === 0) return unmonitored(workspace, places, meant);
  if (own.some(({ isOpen }) => isOpen)) return undefined;
  const jobs = [...new Set(own.flatMap(one => one.jobs))].sort();
  return {
    at,
    message: `Nothing makes the job ${wanted}; the monitors of the tree make ${listed(jobs)} — ask for ${jobs.length === 1 ? 'that' : 'those'}.`,
    related: others.map(other => ({ at: other.at, message: `Asks for the job ${wanted}, too` })),
    fixes: () => fixesFor(places, jobs),
  };
}

/** A component of the tree that no monitor is about, where monitors are what the tree tells Prometheus by. */
function unmonitored(
  workspace: Workspace,
  [{ wanted, at }, ...others]: readonly [Asked, ...Asked[]],
  meant: readonly RegExp[],
): Problem | undefined {
  const isMeant = (text: string): boolean => meant.some(pattern => pattern.test(text));
  if (monitors(workspace).length === 0 || scrapesOnItsOwn(workspace)) return undefined;
  if (chartReleases(workspace).some(({ name, chart = '' }) => isMeant(`${name} ${chart}`))) return undefined;
  const own = workloadKinds.flatMap(kind => workspace.resources(kind)).filter(({ name }) => isMeant(name));
  const [first] = own;
  // Whoever sets the annotation has something that scrapes by it.
  const isAnnotated = own.some(
    one => podTemplate(one)?.at('metadata', 'annotations', 'prometheus.io/scrape').text === 'true',
  );
  if (!first || isAnnotated) return undefined;
  return {
    at,
    message: `Nothing makes the job ${wanted}, because no monitor of the tree scrapes ${first.title} — add one, or delete the alert.`,
    related: [
      { at: first.root.at('metadata', 'name'), message: first.title },
      ...others.map(other => ({ at: other.at, message: `Asks for the job ${wanted}, too` })),
    ],
  };
}

function fixesFor(places: readonly [Asked, ...Asked[]], jobs: readonly string[]): readonly Fix[] {
  const [{ operator, wanted }] = places;
  const [job, ...others] = jobs;
  if (job === undefined) return [];
  if (others.length === 0)
    return [{ title: `Ask for the job ${job}`, safe: false, edits: places.map(({ at }) => ({ at, newText: job })) }];
  // Names that go on where the wanted one ends are those of the parts of one component.
  if (operator !== '=' || !jobs.every(one => one.startsWith(`${wanted}-`))) return [];
  const edits = places.map(({ whole, quote }) => ({ at: whole, newText: `=~${quote}${wanted}-.+${quote}` }));
  return [{ title: `Ask for the jobs ${wanted}-.+`, safe: false, edits }];
}

/** PromQL comments go from a `#` outside of quotes to the end of the line; they are blanked, so that places stay. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|#.*/g,
    (whole, quoted?: string) => quoted ?? ' '.repeat(whole.length),
  );
}

function matcher(operator: string, wanted: string): ((job: string) => boolean) | undefined {
  if (operator === '=') return job => job === wanted;
  try {
    const pattern = new RegExp(`^(?:${wanted.replace(/\\\\/g, '\\')})$`);
    return job => pattern.test(job);
  } catch {
    return undefined;
  }
}

function listed(jobs: readonly string[]): string {
  return jobs.length > 4 ? `${jobs.slice(0, 3).join(', ')} and ${jobs.length - 3} more` : jobs.join(', ');
}

/** The components of the deployment, by the words in names of jobs, monitors and labels. */
const components: readonly RegExp[] = [
  /postgres|cnpg/i,
  /minio|min\.io/i,
  /haproxy/i,
  /livekit/i,
  /redis|valkey/i,
  /key[-_]?vault/i,
  /coturn/i,
  /clamav/i,
  /sygnal/i,
  /synapse/i,
];

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
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: haproxy}
        endpoints:
          - port: metrics
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: haproxy
        namespace: matrix
        labels: {app: haproxy}
      spec:
        selector: {app: haproxy}
        ports:
          - name: metrics
            port: 8404
    `;
}
