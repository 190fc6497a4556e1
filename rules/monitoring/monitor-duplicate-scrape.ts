import {
  type Monitor,
  monitors,
  podMonitorKind,
  readMonitor,
  serviceMonitorKind,
  type Target,
  targetsOf,
} from '../../analysis/monitors';
import { listed } from '../../analysis/wording';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'monitor-duplicate-scrape',
  items: [],
  severity: 'info',
  summary: 'The same port of a pod is scraped more than once.',
  why: 'Every sample is stored twice under different labels: sums and counts in dashboards and alerts come out double.',
  remedy:
    'Let one monitor select the pod through one Service: exclude the other by its labels, or take the port for metrics out of it.',
  traps: [
    'Two Services with the same labels and a port of the same name are enough, such as a client Service beside a headless one.',
  ],
  sources: [
    'Prometheus Operator documentation: a ServiceMonitor makes one target for each endpoint of each Service that it selects.',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: app
          spec:
            containers:
              - name: app
                ports:
                  - containerPort: 9090
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: app
        namespace: matrix
        labels:
          app: app
      spec:
        selector:
          app: app
        ports:
          - name: metrics
            port: 9090
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: app-headless
        namespace: matrix
        labels:
          app: app
      spec:
        clusterIP: None
        selector:
          app: app
        ports:
          - name: metrics
            port: 9090
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
      # ^^^^^^^^ info: scrapes port 9090 of Deployment/app 2 times, through app and app-headless
          matchLabels:
            app: app
        endpoints:
          - port: metrics
    `,
    good: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: app
          spec:
            containers:
              - name: app
                ports:
                  - containerPort: 9090
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: app
        namespace: matrix
        labels:
          app: app
      spec:
        selector:
          app: app
        ports:
          - name: metrics
            port: 9090
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: app
        endpoints:
          - port: metrics
    `,
  },
  kinds: [serviceMonitorKind, podMonitorKind],
  *check(resource, workspace) {
    const monitor = readMonitor(resource);
    if (!monitor) return;
    const scrapes = workspace.shared(readScrapes);
    const doubled = new Map<Resource, readonly Scrape[]>();
    for (const target of targetsOf(workspace, monitor)) {
      const same = (scrapes.get(target.pods.owner) ?? []).filter(
        one =>
          one.port === target.port.port &&
          one.path === target.endpoint.path &&
          // A Tenant makes other pods for each of its pools.
          one.target.pods.labels.get('v1.min.io/pool') === target.pods.labels.get('v1.min.io/pool'),
      );
      // What two monitors scrape is told at the second one.
      const first = same.find(one => one.monitor !== same[0]?.monitor);
      if (same.length > 1 && (first?.monitor ?? same[0]?.monitor) === resource) doubled.set(target.pods.owner, same);
    }
    const [owner, same] = [...doubled][0] ?? [];
    if (!owner || !same) return;
    const others = doubled.size - 1;
    yield {
      at: monitor.selector.at.key,
      message: `${resource.kind} ${resource.name} scrapes port ${same[0]?.port} of ${owner.title} ${same.length} times, through ${listed([...new Set(same.map(one => wayOf(one, resource)))])}${others > 0 ? `, and so for ${others} more` : ''} — let it lead there once.`,
      related: [...new Map(same.map(one => [wayOf(one, resource), one])).values()].map(({ target }) => ({
        at: (target.service?.resource ?? target.pods.owner).root.at('metadata', 'name'),
        message: target.service ? `Service ${target.service.name}` : target.pods.owner.title,
      })),
    };
  },
} satisfies Rule;

interface Scrape {
  readonly monitor: Resource;
  readonly target: Target;
  readonly port: number;
  readonly path: string;
}

/** All scrapes of the tree by the object that makes the pods. */
function readScrapes(workspace: Workspace): ReadonlyMap<Resource, readonly Scrape[]> {
  const found = new Map<Resource, Scrape[]>();
  for (const monitor of inOrder(workspace)) {
    for (const target of targetsOf(workspace, monitor)) {
      const scrape = { monitor: monitor.resource, target, port: target.port.port, path: target.endpoint.path };
      const known = found.get(target.pods.owner);
      if (known) known.push(scrape);
      else found.set(target.pods.owner, [scrape]);
    }
  }
  return found;
}

function inOrder(workspace: Workspace): readonly Monitor[] {
  return [...monitors(workspace)].sort((a, b) => {
    const [one, other] = [a.resource.document, b.resource.document];
    return one.file.path < other.file.path ? -1 : one.file.path > other.file.path ? 1 : one.index - other.index;
  });
}

function wayOf({ target, monitor }: Scrape, self: Resource): string {
  const through = target.service?.name ?? 'the pods';
  return monitor === self ? through : `${through} by ${monitor.kind} ${monitor.name}`;
}
