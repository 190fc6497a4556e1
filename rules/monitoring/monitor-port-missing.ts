import { resolveHost, servicePort } from '../../analysis/flows/destinations';
import { chartValues } from '../../analysis/helm-values';
import {
  type Endpoint,
  type Monitor,
  podMonitorKind,
  podsOf,
  readMonitor,
  serviceMonitorKind,
  servicesOf,
} from '../../analysis/monitors';
import { nearest } from '../../analysis/nearest';
import { podsBehind, type Service, tenantHasTls } from '../../analysis/services';
import { insertEntry, quoted, replaceScalar, replaceValue } from '../../manifests/edit';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Related, Rule } from '../rule';
import { itemsOf } from './component';

export default {
  id: 'monitor-port-missing',
  items: ['5.1.a.1', '5.1.a.2', '5.1.a.3', '5.1.a.4', '5.1.a.5', '5.1.a.6'],
  severity: 'error',
  summary: 'A monitor names a port that what it selects does not have.',
  why: 'The Prometheus Operator keeps only the ports of that name, so nothing is scraped: the component has no metrics, and no alert on it can fire.',
  remedy:
    'Name the port as the Service names it in `spec.ports[].name`; in a PodMonitor, as the container names it in `ports[].name`.',
  traps: [
    'Targets of a ScrapeConfig and of `additionalScrapeConfigs` in the values of kube-prometheus-stack are judged as well.',
    'It is enough that one of the selected Services has the port.',
    '`port` is a name, never a number; `targetPort` may be either and is looked for on the pods. A container has to declare it, also a number: the operator compares it with the declared ports only.',
    'The MinIO Operator names its ports `http-minio` and, with TLS, `https-minio`; the headless Service always says `http-minio`. With TLS the endpoint also needs `scheme: https`.',
  ],
  sources: [
    'Prometheus Operator documentation, API reference: Endpoint.port is the name of the Service port, Endpoint.targetPort the name or number of the container port.',
    'MinIO Operator, pkg/resources/services/service.go.',
  ],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: haproxy
        namespace: matrix
        labels:
          app: haproxy
      spec:
        selector:
          app: haproxy
        ports:
          - name: stats
            port: 8404
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: haproxy
        endpoints:
          - port: metrics
      #           ^^^^^^^ 💡 error: no port named metrics, only stats
            path: /stats;csv
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: haproxy
        namespace: matrix
        labels:
          app: haproxy
      spec:
        selector:
          app: haproxy
        ports:
          - name: stats
            port: 8404
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: haproxy
        endpoints:
          - port: stats
            path: /stats;csv
    `,
  },
  kinds: [serviceMonitorKind, podMonitorKind],
  *check(resource, workspace) {
    const monitor = readMonitor(resource);
    if (!monitor) return;
    const selected = monitor.selects === 'Service' ? servicesOf(workspace, monitor) : podsOf(workspace, monitor);
    if (selected.length === 0) return;
    for (const endpoint of monitor.endpoints) {
      if (endpoint.port.text !== undefined) yield* checkPort(workspace, monitor, endpoint);
      else if (endpoint.targetPort.text !== undefined) yield* checkTargetPort(workspace, monitor, endpoint);
      yield* checkScheme(workspace, monitor, endpoint);
    }
  },
  *checkWorkspace(workspace) {
    for (const target of staticTargets(workspace)) {
      const [, host = '', port = ''] = /^([a-z0-9][\w.-]*\.[\w.-]+):(\d+)$/i.exec(target.text ?? '') ?? [];
      const destination = host === '' ? undefined : resolveHost(workspace, undefined, host);
      if (destination?.kind !== 'service' || servicePort(destination.service, Number(port))) continue;
      const { service, pods } = destination;
      const isOpen = service.isHeadless && (pods.length === 0 || pods.some(one => one.ports.length === 0));
      const declared = service.isHeadless ? pods.flatMap(one => one.ports.map(own => own.port)) : [];
      const known = [...new Set([...service.ports.map(one => one.port), ...declared])].sort((a, b) => a - b);
      if (isOpen || known.length === 0 || known.includes(Number(port))) continue;
      yield {
        at: target.part(host.length + 1, host.length + 1 + port.length),
        message: `Service ${service.name} has no port ${port}, only ${known.join(', ')}, so nothing is scraped — write one of these.`,
        related: [{ at: service.resource.root.at('metadata', 'name'), message: service.resource.title }],
      };
    }
  },
} satisfies Rule;

/** The targets that scrape configurations name themselves. */
function staticTargets(workspace: Workspace): readonly Value[] {
  const own = workspace
    .resources('ScrapeConfig.monitoring.coreos.com')
    .flatMap(({ root }) => root.at('spec', 'staticConfigs').items());
  const ofCharts = chartValues(workspace)
    .flatMap(root => [root, root.at('kube-prometheus-stack')])
    .flatMap(values => values.at('prometheus', 'prometheusSpec', 'additionalScrapeConfigs').items())
    .flatMap(job => job.at('static_configs').items());
  return [...own, ...ofCharts].flatMap(config => config.at('targets').items());
}

function* checkPort(workspace: Workspace, monitor: Monitor, { port, value }: Endpoint): Iterable<Problem> {
  const named = portsOf(workspace, monitor);
  const wanted = port.text ?? '';
  if (port.number === undefined && named.some(one => one.name === wanted)) return;
  const names = distinct(named.map(one => one.name));
  const byNumber = named.find(one => String(one.port) === wanted)?.name;
  const what = monitor.selects === 'Service' ? 'Services' : 'pods';
  const has = names.length === 0 ? 'only ports without a name' : `only ${names.join(', ')}`;
  yield {
    at: port,
    items: itemsOf(monitor),
    message: /^\d+$/.test(wanted)
      ? `The endpoint says port ${wanted}, but port is a name, and the ${what} that ${monitor.resource.kind} ${monitor.resource.name} selects have ${has} — name the port.`
      : `The ${what} that ${monitor.resource.kind} ${monitor.resource.name} selects have no port named ${wanted}, ${has} — name one of theirs.`,
    related: related(workspace, monitor),
    fixes: () => {
      const choice = byNumber ?? nearest(wanted, names);
      const ordered = choice ? [choice, ...names.filter(name => name !== choice)] : names;
      return ordered.flatMap((name): readonly Fix[] => {
        const edits = renamePort(port, name);
        return edits.length > 0
          ? [
              {
                title: `Scrape the port ${name}`,
                safe: names.length === 1 || name === byNumber,
                edits: [...edits, ...withScheme(workspace, monitor, value)],
              },
            ]
          : [];
      });
    },
  };
}

/**
 * The operator keeps the targets of which a container port has that name or number, so a number that no container
 * declares leads nowhere either (prometheus-operator pkg/prometheus/promcfg.go, `__meta_kubernetes_pod_container_port_number`).
 */
function* checkTargetPort(workspace: Workspace, monitor: Monitor, { targetPort }: Endpoint): Iterable<Problem> {
  const pods = podsOf(workspace, monitor);
  const { number } = targetPort;
  const fits = (port: NamedPort): boolean =>
    number === undefined ? port.name === targetPort.text : port.port === number;
  if (pods.length === 0 || pods.some(one => one.ports.some(fits))) return;
  if (number !== undefined) {
    const numbers = [...new Set(pods.flatMap(one => one.ports.map(({ port }) => port)))].sort((a, b) => a - b);
    yield {
      at: targetPort,
      items: itemsOf(monitor),
      message: `No container of the pods that ${monitor.resource.kind} ${monitor.resource.name} selects declares the port ${number}, ${numbers.length === 0 ? 'nor any other' : `only ${numbers.join(', ')}`} — name one of theirs, or declare it.`,
    };
    return;
  }
  const names = distinct(pods.flatMap(one => one.ports.map(port => port.name)));
  yield {
    at: targetPort,
    items: itemsOf(monitor),
    message: `The pods that ${monitor.resource.kind} ${monitor.resource.name} selects have no container port named ${targetPort.text}, ${names.length === 0 ? 'none has a name' : `only ${names.join(', ')}`} — name one of theirs.`,
    fixes: () =>
      names.flatMap((name): readonly Fix[] => {
        const edit = replaceScalar(targetPort, name);
        return edit ? [{ title: `Scrape the container port ${name}`, safe: names.length === 1, edits: [edit] }] : [];
      }),
  };
}

/** A Tenant with TLS answers plain HTTP with an error, whatever the port is called. */
function* checkScheme(workspace: Workspace, monitor: Monitor, endpoint: Endpoint): Iterable<Problem> {
  const tenant = tenantOf(workspace, monitor);
  if (!tenant) return;
  const wanted = tenantHasTls(tenant) ? 'https' : 'http';
  if (endpoint.scheme.toLowerCase() === wanted) return;
  const scheme = endpoint.value.at('scheme');
  // Where the port is wrong as well, its fix sets the scheme, too.
  if (!portsOf(workspace, monitor).some(one => one.name === endpoint.port.text)) return;
  yield {
    at: scheme.exists ? scheme : endpoint.port,
    items: itemsOf(monitor),
    message: `Tenant ${tenant.name} serves ${wanted === 'https' ? 'TLS' : 'no TLS'}, but the endpoint is scraped over ${endpoint.scheme} — set scheme: ${wanted}.`,
    fixes: () => {
      const edit = setScheme(endpoint.value, wanted);
      return edit ? [{ title: `Set scheme: ${wanted}`, safe: true, edits: [edit] }] : [];
    },
  };
}

interface NamedPort {
  readonly name: string | undefined;
  readonly port: number;
}

function portsOf(workspace: Workspace, monitor: Monitor): readonly NamedPort[] {
  return monitor.selects === 'Service'
    ? servicesOf(workspace, monitor).flatMap(service => service.ports)
    : podsOf(workspace, monitor).flatMap(pods => pods.ports);
}

/** The Tenant behind a monitor all of whose Services lead to one. */
function tenantOf(workspace: Workspace, monitor: Monitor): Service['resource'] | undefined {
  const pods =
    monitor.selects === 'Pod'
      ? podsOf(workspace, monitor)
      : servicesOf(workspace, monitor).flatMap(service => podsBehind(workspace, service));
  const owners = new Set(pods.map(one => one.owner));
  const [owner] = owners;
  return owners.size === 1 && owner?.kind === 'Tenant' ? owner : undefined;
}

function withScheme(workspace: Workspace, monitor: Monitor, endpoint: Endpoint['value']): readonly TextEdit[] {
  const tenant = tenantOf(workspace, monitor);
  if (!tenant) return [];
  const wanted = tenantHasTls(tenant) ? 'https' : 'http';
  if ((endpoint.at('scheme').text ?? 'http').toLowerCase() === wanted) return [];
  const edit = setScheme(endpoint, wanted);
  return edit ? [edit] : [];
}

function setScheme(endpoint: Endpoint['value'], scheme: string): TextEdit | undefined {
  const written = endpoint.at('scheme');
  return written.exists
    ? replaceScalar(written, scheme)
    : insertEntry(endpoint, `scheme: ${scheme}`, { after: endpoint.at('path').exists ? 'path' : 'port' });
}

function renamePort(port: Endpoint['port'], name: string): readonly TextEdit[] {
  const edit = port.number === undefined ? replaceScalar(port, name) : replaceValue(port, quoted(name, 'plain'));
  return edit ? [edit] : [];
}

function related(workspace: Workspace, monitor: Monitor): readonly Related[] {
  return servicesOf(workspace, monitor)
    .slice(0, 3)
    .map(service => ({
      at: service.isGenerated
        ? service.resource.root.at('metadata', 'name')
        : service.resource.root.at('spec', 'ports').key,
      message: service.isGenerated
        ? `Service ${service.name}, which the operator makes from ${service.resource.title}`
        : `Service ${service.name}`,
    }));
}

function distinct(names: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(names.flatMap(name => name ?? []))];
}
