import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { podsOf, readMonitor, servicesOf, targetsOf } from '../monitors';
import { few } from '../wording';
import { code, fewBullets, headline, paragraphs, titleOf } from './markdown';
import { workloadNames } from './pods';

/** A ServiceMonitor or PodMonitor: what it selects, and which ports of which pods Prometheus asks; undefined for others. */
export function describeMonitor(workspace: Workspace, resource: Resource): string | undefined {
  const monitor = readMonitor(resource);
  if (!monitor) return undefined;
  const services = servicesOf(workspace, monitor);
  const pods = podsOf(workspace, monitor);
  const targets = targetsOf(workspace, monitor).map(
    ({ endpoint, pods: { owner }, port }) =>
      `${titleOf(owner)} at ${code(`${endpoint.scheme}://:${port.port}${endpoint.path}`)}`,
  );
  const selected =
    monitor.selects === 'Service' ? services.map(({ name }) => `Service ${code(name)}`) : workloadNames(pods);
  return paragraphs(
    headline(resource.kind, resource.name, resource.namespace),
    selected.length > 0
      ? `Selects ${few(selected)}.`
      : `Selects no ${monitor.selects === 'Service' ? 'Service' : 'pod'} of the tree.`,
    targets.length > 0 ? `Scrapes\n\n${fewBullets([...new Set(targets)])}` : 'No port of the tree is scraped.',
  );
}
