import { haproxyOf, listeningOn } from '../../analysis/haproxy-config';
import { podMonitorKind, readMonitor, serviceMonitorKind, targetsOf } from '../../analysis/monitors';
import { familiesOf } from '../../analysis/roles';
import { modeOf } from '../../analysis/text/haproxy';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';
import { metricsPages } from './metrics-pages';
import { insertBelow } from './text-edits';

export default {
  id: 'haproxy-csv-not-prometheus',
  items: ['2.2.a'],
  severity: 'hint',
  summary: 'Prometheus cannot read the CSV of HAProxy’s statistics page.',
  why: 'The checklist asks for `/stats;csv`, which the retired haproxy_exporter translated. Prometheus itself expects its own text format: the target answers, and is shown as down with a parse error.',
  remedy:
    'Serve HAProxy’s own exporter (`http-request use-service prometheus-exporter if { path /metrics }`) on the same port and scrape `/metrics`; haproxy-servicemonitor-path accepts it.',
  traps: ['A hint only, so that who follows the checklist is not punished for it.'],
  sources: [
    'prometheus/haproxy_exporter, README: retired in favour of the built-in exporter',
    'Prometheus documentation, "Exposition formats"; HAProxy, addons/promex/README',
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
      apiVersion: monitoring.coreos.com/v1
      kind: PodMonitor
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: haproxy
        podMetricsEndpoints:
          - port: stats
            path: /stats;csv
      #           ^^^^^^^^^^ 💡 hint: Prometheus cannot read the CSV
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
      apiVersion: monitoring.coreos.com/v1
      kind: PodMonitor
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: haproxy
        podMetricsEndpoints:
          - port: stats
            path: /metrics
    `,
  },
  kinds: [serviceMonitorKind, podMonitorKind],
  *check(resource, workspace) {
    const monitor = readMonitor(resource);
    if (!monitor) return;
    const said = new Set<unknown>();
    for (const { endpoint, pods, port } of targetsOf(workspace, monitor)) {
      if (said.has(endpoint) || !endpoint.path.includes(';csv') || !familiesOf(pods.owner).has('haproxy')) continue;
      said.add(endpoint);
      const haproxy = haproxyOf(workspace, pods.owner);
      const [part] = haproxy ? listeningOn(haproxy, port.port) : [];
      yield {
        at: endpoint.value.at('path'),
        message:
          'Prometheus cannot read the CSV of the statistics page, so the target will be shown as down — serve HAProxy’s own exporter and scrape /metrics.',
        fixes: () => {
          if (!part || modeOf(part.section) !== 'http') return [];
          const path = replaceScalar(endpoint.value.at('path'), '/metrics');
          const [bind] = part.section.directives.filter(directive => directive.keyword === 'bind');
          const line = 'http-request use-service prometheus-exporter if { path /metrics }';
          const serve = metricsPages(part).hasExporter
            ? []
            : [insertBelow(part, bind?.span ?? part.section.span, [line])];
          const edits = [...serve, path].flatMap(edit => edit ?? []);
          return edits.length === serve.length + 1
            ? [{ title: 'Serve and scrape the Prometheus exporter', safe: false, edits }]
            : [];
        },
      };
    }
  },
} satisfies Rule;
