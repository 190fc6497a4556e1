import type { SourceFile } from '../../manifests/file';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import { type Monitor, monitors, servicesOf } from '../monitors';
import type { Service } from '../services';
import { isSameNamespace, type Occurrence, objectSubject, type Subject } from './occurrence';

/**
 * The objects that queries of Prometheus name by labels, in rules and dashboards: `kube_deployment_labels{namespace="x",
 * deployment="y"}`. These labels are those of kube-state-metrics, of the kubelet and of the Prometheus Operator's targets.
 */
export function* queriedIn(root: Value): Iterable<Occurrence> {
  for (const selector of selectorsIn(root, hinted)) {
    const namespace = selector.find(one => one.label === 'namespace' && one.operator === '=')?.names[0]?.text;
    for (const { label, names } of selector) {
      const kind = kinds[label];
      if (kind === undefined) continue;
      for (const { text, value, start } of names) {
        const subject = objectSubject(kind, kind === 'Namespace' ? undefined : namespace, text);
        yield { subject, at: value.part(start, start + text.length), role: 'reference' };
      }
    }
  }
}

/** Where queries ask for the job of a Service: the Prometheus Operator calls what a ServiceMonitor scrapes after the Service. */
export function jobsOf(workspace: Workspace, subject: Subject): readonly Occurrence[] {
  const { id, name, namespace } = subject;
  const queried = id === `Service/${name}` ? workspace.lookup(queriedJobs, name) : [];
  const isScraped =
    queried.length > 0 &&
    scrapedServices(workspace).some(one => one.name === name && isSameNamespace(one.namespace, namespace));
  return isScraped ? queried.map(one => jobAt(subject, one)) : [];
}

/** The same of one file. */
export function jobsIn(workspace: Workspace, file: SourceFile): readonly Occurrence[] {
  if (!asksForJob.test(file.text)) return [];
  const queried = file.documents.flatMap(({ root }) => jobNames(root));
  if (queried.length === 0) return [];
  const scraped = scrapedServices(workspace);
  return queried.flatMap(one =>
    scraped
      .filter(({ name }) => name === one.text)
      .map(({ name, namespace }) => jobAt(objectSubject('Service', namespace, name), one)),
  );
}

/** The Services whose names are those of jobs. */
function scrapedServices(workspace: Workspace): readonly Service[] {
  return monitors(workspace)
    .filter(isCalledAfterService)
    .flatMap(monitor => servicesOf(workspace, monitor));
}

function isCalledAfterService({ resource, endpoints }: Monitor): boolean {
  return (
    !resource.root.at('spec', 'jobLabel').exists &&
    !endpoints.some(
      ({ value }) =>
        value.at('honorLabels').boolean === true ||
        value.at('relabelings').exists ||
        value.at('metricRelabelings').exists,
    )
  );
}

function jobAt(subject: Subject, { value, start, text }: QueriedName): Occurrence {
  return { subject, at: value.part(start, start + text.length), role: 'reference' };
}

const queriedJobs: Index<QueriedName> = {
  name: 'jobs that queries ask for',
  *document({ root }) {
    for (const one of jobNames(root)) yield [one.text, one];
  },
};

function jobNames(root: Value): readonly QueriedName[] {
  return [...selectorsIn(root, asksForJob)].flatMap(selector =>
    selector.filter(({ label }) => label === 'job').flatMap(({ names }) => names),
  );
}

interface Matcher {
  readonly label: string;
  readonly operator: string;
  /** The value, or the parts of a pattern that only lists names. */
  readonly names: readonly QueriedName[];
}

interface QueriedName {
  readonly text: string;
  readonly value: Value;
  /** Where it begins in the text of the value. */
  readonly start: number;
}

/** The selectors `{label="value", …}` in the texts that have a hint of one. */
function* selectorsIn(root: Value, hint: RegExp): Iterable<readonly Matcher[]> {
  for (const value of root.scalars()) {
    const text = value.text;
    if (text === undefined || !hint.test(text)) continue;
    for (const selector of text.matchAll(/\{([^{}\n]*)\}/g))
      yield [...(selector[1] ?? '').matchAll(matcher)].map(match => {
        const [whole, label = '', operator = '', written = ''] = match;
        let start = selector.index + 1 + match.index + whole.indexOf(written, label.length);
        const names: QueriedName[] = [];
        for (const part of operator.endsWith('~') ? written.split('|') : [written]) {
          if (objectName.test(part)) names.push({ text: part, value, start });
          start += part.length + 1;
        }
        return { label, operator, names };
      });
  }
}

/** In dashboards, which are JSON, the quotes are escaped. */
const matcher = /\b(\w+)\s*(=~|!~|!=|=)\s*\\?"([^"\\\n]+)\\?"/g;
const asksForJob = /\bjob\s*[=!]/;
const hinted = /\b(?:namespace|deployment|statefulset|daemonset|persistentvolumeclaim|service)\s*[=!]/;

const kinds = table<string>({
  namespace: 'Namespace',
  deployment: 'Deployment',
  statefulset: 'StatefulSet',
  daemonset: 'DaemonSet',
  persistentvolumeclaim: 'PersistentVolumeClaim',
  service: 'Service',
});

const objectName = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
