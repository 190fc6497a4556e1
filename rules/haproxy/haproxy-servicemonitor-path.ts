import { type HaproxyPart, haproxyOf, listeningOn } from '../../analysis/haproxy-config';
import { podMonitorKind, readMonitor, serviceMonitorKind, type Target, targetsOf } from '../../analysis/monitors';
import { familiesOf } from '../../analysis/roles';
import { insertEntry, replaceScalar } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { metricsPages } from './metrics-pages';

export default {
  id: 'haproxy-servicemonitor-path',
  items: ['2.2.a', '5.1.a.4'],
  severity: 'error',
  summary: 'Prometheus asks HAProxy for a page that it does not serve.',
  why: 'HAProxy answers 404 or 503, the target is down, and no alert about the proxy ever fires.',
  remedy:
    'Name the path that the section on that port serves: `/stats;csv` for a statistics page at `/stats`, or the path of its Prometheus exporter.',
  traps: [
    'Where the section serves the Prometheus exporter, its path (usually `/metrics`) is right and better than the checklist’s `/stats;csv`; where it serves both, both are accepted.',
    'An exporter rule without a condition answers every path.',
    'Without `stats uri` the page is at `/haproxy?stats`.',
    'Where HAProxy’s configuration is not in the tree, only paths that are neither the checklist’s nor an exporter’s are reported, as a warning.',
  ],
  sources: [
    'HAProxy configuration manual, "stats uri" and "http-request use-service"; management guide, "CSV format"; addons/promex/README',
    'Prometheus Operator, API reference, Endpoint',
  ],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend stats
            mode http
            bind :8404
            stats enable
            stats uri /stats
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                ports:
                  - name: stats
                    containerPort: 8404
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: haproxy-stats
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
            path: /metrics
      #           ^^^^^^^^ 💡 error: HAProxy does not serve /metrics on port 8404
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend stats
            mode http
            bind :8404
            stats enable
            stats uri /stats
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                ports:
                  - name: stats
                    containerPort: 8404
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: haproxy-stats
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
    const said = new Set<unknown>();
    for (const target of targetsOf(workspace, monitor)) {
      const { endpoint, port } = target;
      if (said.has(endpoint) || !familiesOf(target.pods.owner).has('haproxy')) continue;
      const path = endpoint.value.at('path');
      const at = path.exists ? path : endpoint.value.key;
      const wanted = expectedPaths(workspace, target);
      if (!wanted || wanted.accepts(endpoint.path)) continue;
      said.add(endpoint);
      const [best] = wanted.paths;
      yield {
        at,
        ...(wanted.part ? {} : { severity: 'warning' as const }),
        message: `HAProxy ${wanted.part ? `does not serve ${endpoint.path} on port ${port.port}` : `most likely does not serve ${endpoint.path}`} — ${
          best === undefined
            ? 'let the section that listens there serve statistics or the Prometheus exporter.'
            : `use ${wanted.paths.join(' or ')}.`
        }`,
        ...(wanted.part
          ? { related: [{ at: wanted.part.place(wanted.part.section.span), message: 'The section on that port' }] }
          : {}),
        fixes: () => {
          if (best === undefined || !wanted.part) return [];
          const edit = path.exists
            ? replaceScalar(path, best)
            : insertEntry(endpoint.value, `path: ${best}`, { after: 'port' });
          return edit ? [{ title: `Use ${best}`, safe: true, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

interface Expected {
  /** The section that listens on the port; undefined if HAProxy's configuration is not in the tree. */
  readonly part: HaproxyPart | undefined;
  /** The paths that are served, best first. */
  readonly paths: readonly string[];
  accepts(path: string): boolean;
}

/** What the pods of a target serve on its port; undefined where that cannot be told. */
function expectedPaths(workspace: Workspace, { pods, port }: Target): Expected | undefined {
  const haproxy = haproxyOf(workspace, pods.owner);
  if (!haproxy) {
    return { part: undefined, paths: ['/stats;csv'], accepts: path => path.includes(';csv') || /metrics/.test(path) };
  }
  const parts = listeningOn(haproxy, port.port);
  const [part] = parts;
  // A port that nothing listens on is the business of haproxy-bind-port-unexposed.
  if (!part || haproxy.isPartial) return undefined;
  const pages = parts.map(one => metricsPages(one));
  return {
    part,
    paths: [...new Set(pages.flatMap(page => page.paths))],
    accepts: path => pages.some(page => page.accepts(path)),
  };
}
