import { monitors, servicesOf } from '../../analysis/monitors';
import { insertEntry } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'monitor-service-port-unnamed',
  items: [],
  severity: 'warning',
  summary: 'A ServiceMonitor passes over a Service, because its port has no name.',
  why: 'An endpoint of a ServiceMonitor names a port. A Service with a single port may leave the name out, and is then selected but not scraped.',
  remedy: 'Name the port of the Service as the ServiceMonitor names it.',
  traps: [
    'If none of the selected Services has the port, monitor-port-missing says so at the monitor.',
    'Services that have other, named ports are meant for something else and are left alone.',
  ],
  sources: ['Kubernetes documentation, Service, "Multi-port Services": names are optional for a single port.'],
  examples: {
    bad: `
      #- /monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: synapse
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: synapse
        endpoints:
          - port: metrics
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-main
        namespace: matrix
        labels:
          app: synapse
      spec:
        ports:
          - name: metrics
            port: 9090
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-worker
        namespace: matrix
        labels:
          app: synapse
      spec:
        ports:
          - port: 9090
      #     ^^^^^^^^^^ 💡 warning: The port 9090 of Service synapse-worker has no name, so ServiceMonitor synapse
    `,
    good: `
      #- /monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: synapse
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: synapse
        endpoints:
          - port: metrics
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-main
        namespace: matrix
        labels:
          app: synapse
      spec:
        ports:
          - name: metrics
            port: 9090
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-worker
        namespace: matrix
        labels:
          app: synapse
      spec:
        ports:
          - port: 9090
            name: metrics
    `,
  },
  kinds: ['Service'],
  *check(resource, workspace) {
    const ports = resource.root.at('spec', 'ports').items();
    const [port] = ports;
    if (!port || ports.length !== 1 || port.at('name').exists) return;
    for (const monitor of monitors(workspace)) {
      const selected = servicesOf(workspace, monitor);
      if (!selected.some(one => one.resource === resource)) continue;
      const names = monitor.endpoints.flatMap(endpoint => endpoint.port.text ?? []);
      const wanted = names.find(name => selected.some(one => one.ports.some(other => other.name === name)));
      if (wanted === undefined) continue;
      yield {
        at: port.key,
        message: `The port ${port.at('port').text} of Service ${resource.name} has no name, so ServiceMonitor ${monitor.resource.name} does not scrape it — name it ${wanted}.`,
        related: [{ at: monitor.resource.root.at('metadata', 'name'), message: monitor.resource.title }],
        fixes: () => {
          const edit = insertEntry(port, `name: ${wanted}`);
          return edit ? [{ title: `Name the port ${wanted}`, safe: true, edits: [edit] }] : [];
        },
      };
      return;
    }
  },
} satisfies Rule;
