import { type HaproxyPart, haproxyOf, listeningOn } from '../../analysis/haproxy-config';
import { podMonitorKind, readMonitor, serviceMonitorKind, type Target, targetsOf } from '../../analysis/monitors';
import { familiesOf } from '../../analysis/roles';
import { modeOf } from '../../analysis/text/haproxy';
import { insertEntry, replaceScalar } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { metricsPages } from './metrics-pages';
import { insertBelow } from './text-edits';

export default {
  id: 'haproxy-servicemonitor-path',
  items: ['2.2.a', '5.1.a.4'],
  severity: 'error',
  summary: 'Prometheus asks HAProxy for a page that it does not serve.',
  why: 'HAProxy answers 404 or 503, the target is down, and no alert about the proxy ever fires.',
  remedy:
    'Let the section on that port serve the Prometheus exporter: `http-request use-service prometheus-exporter if { path /metrics }`. Where it serves one already, name its path. The checklist’s `/stats;csv` is accepted, but is for programs that translate it.',
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
            http-request use-service prometheus-exporter if { path /metrics }
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
        message: `HAProxy ${wanted.part ? `does not serve ${endpoint.path} on port ${port.port}` : `most likely does not serve ${endpoint.path}`} — ${advice(wanted)}.`,
        ...(wanted.part
          ? { related: [{ at: wanted.part.place(wanted.part.section.span), message: 'The section on that port' }] }
          : {}),
        fixes: () => {
          const { part } = wanted;
          if (!part) return [];
          const serve = serveExporter(part, endpoint.path, wanted.hasExporter);
          const named =
            best === undefined
              ? undefined
              : path.exists
                ? replaceScalar(path, best)
                : insertEntry(endpoint.value, `path: ${best}`, { after: 'port' });
          return [
            ...(serve
              ? [{ title: `Serve the Prometheus exporter at ${endpoint.path}`, safe: true, edits: [serve] }]
              : []),
            ...(named ? [{ title: `Use ${best}`, safe: wanted.hasExporter, edits: [named] }] : []),
          ];
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
  readonly hasExporter: boolean;
  accepts(path: string): boolean;
}

/** What to do: a path that Prometheus can read comes before the checklist’s, which it cannot. */
function advice({ paths, hasExporter }: Expected): string {
  if (hasExporter) return `use ${paths.join(' or ')}`;
  const exporter = 'let the section that listens there serve the Prometheus exporter';
  return paths.length === 0 ? exporter : `${exporter}, or use ${paths.join(' or ')} for a program that translates it`;
}

/** Adds HAProxy's own exporter for the path that is asked for. */
function serveExporter(part: HaproxyPart, path: string, hasExporter: boolean) {
  if (hasExporter || modeOf(part.section) !== 'http' || !/^\/(?:[\w-]+\/)*metrics$/.test(path)) return undefined;
  const bind = part.section.directives.find(directive => directive.keyword === 'bind');
  const line = `http-request use-service prometheus-exporter if { path ${path} }`;
  return insertBelow(part, bind?.span ?? part.section.span, [line]);
}

/** What the pods of a target serve on its port; undefined where that cannot be told. */
function expectedPaths(workspace: Workspace, { pods, port }: Target): Expected | undefined {
  const haproxy = haproxyOf(workspace, pods.owner);
  if (!haproxy) {
    return {
      part: undefined,
      paths: ['/stats;csv'],
      hasExporter: false,
      accepts: path => path.includes(';csv') || /metrics/.test(path),
    };
  }
  const parts = listeningOn(haproxy, port.port);
  const [part] = parts;
  // A port that nothing listens on is the business of haproxy-bind-port-unexposed.
  if (!part || haproxy.isPartial) return undefined;
  const pages = parts.map(one => metricsPages(one));
  return {
    part,
    paths: [...new Set(pages.flatMap(page => page.paths))],
    hasExporter: pages.some(page => page.hasExporter),
    accepts: path => pages.some(page => page.accepts(path)),
  };
}
