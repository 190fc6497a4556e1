import { monitors } from '../../analysis/monitors';
import { podsOf } from '../../analysis/pods';
import { type Service, type ServicePort, servicesFor, servicesOf, tenantHasTls } from '../../analysis/services';
import { appendDocument, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** What a ServiceMonitor for a workload has to say. */
interface Wanted {
  readonly service: Service;
  readonly port: string;
  readonly path: string;
  readonly scheme?: string;
}

/** A fix that appends a ServiceMonitor to the file of a workload; nothing where no Service has a port for metrics. */
export function newServiceMonitor(workspace: Workspace, workload: Resource, path: string): readonly Fix[] {
  const [pods] = podsOf(workload);
  if (!pods) return [];
  for (const service of servicesFor(workspace, pods)) {
    const port = service.ports.find(isForMetrics);
    if (port?.name !== undefined && service.labels.size > 0)
      // HAProxy's statistics page has the path of its own.
      return append(workspace, workload, {
        service,
        port: port.name,
        path: port.name === 'stats' ? '/stats;csv' : path,
      });
  }
  return [];
}

/** The same for a Tenant, whose Services the operator makes. */
export function newTenantMonitor(workspace: Workspace, tenant: Resource): readonly Fix[] {
  const [service] = servicesOf(tenant);
  const port = service?.ports[0]?.name;
  if (!service || port === undefined) return [];
  return append(workspace, tenant, {
    service,
    port,
    path: '/minio/v2/metrics/cluster',
    scheme: tenantHasTls(tenant) ? 'https' : 'http',
  });
}

function isForMetrics({ name, targetPort }: ServicePort): boolean {
  return [name, String(targetPort)].some(text => text !== undefined && /metrics|prometheus|^stats$/.test(text));
}

function append(workspace: Workspace, workload: Resource, { service, port, path, scheme }: Wanted): readonly Fix[] {
  const { file } = workload.document;
  if (!/\.ya?ml$/i.test(file.path)) return [];
  const lines = [
    'apiVersion: monitoring.coreos.com/v1',
    'kind: ServiceMonitor',
    'metadata:',
    `  name: ${workload.name}`,
    ...(workload.namespace === undefined ? [] : [`  namespace: ${workload.namespace}`]),
    ...labelLines(workspace),
    'spec:',
    '  selector:',
    '    matchLabels:',
    ...[...service.labels].map(([key, value]) => `      ${quoted(key, 'plain')}: ${stringScalar(value)}`),
    '  endpoints:',
    `    - port: ${quoted(port, 'plain')}`,
    `      path: ${quoted(path, 'plain')}`,
    ...(scheme === 'https' ? ['      scheme: https'] : []),
  ];
  return [
    { title: `Add a ServiceMonitor for ${workload.name}`, safe: true, edits: [appendDocument(file, lines.join('\n'))] },
  ];
}

/** The labels by which Prometheus picks the other monitors of the tree, if they have any. */
function labelLines(workspace: Workspace): readonly string[] {
  const [other] = monitors(workspace);
  const labels = [...(other?.resource.labels ?? [])].filter(([key]) => key === 'release' || key === 'prometheus');
  return labels.length === 0
    ? []
    : ['  labels:', ...labels.map(([key, value]) => `    ${key}: ${stringScalar(value)}`)];
}

/** A label as YAML; what would be a number or a boolean gets quotes. */
function stringScalar(text: string): string {
  return quoted(text, /^(?:[\d.+-]|true$|false$|yes$|no$|on$|off$|null$)/i.test(text) ? 'double' : 'plain');
}
