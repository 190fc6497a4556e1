import { isPatch } from '../../analysis/kustomization';
import {
  type Monitor,
  podMonitorKind,
  podsOf,
  readMonitor,
  serviceMonitorKind,
  servicesOf,
} from '../../analysis/monitors';
import { nearest } from '../../analysis/nearest';
import { replaceScalar } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'monitor-label-empty',
  items: [],
  severity: 'warning',
  summary: 'A monitor copies a label that nothing of what it scrapes carries.',
  why: 'Prometheus drops empty labels, so no sample has it: queries that ask for it find nothing, and panels that group by it show one line. A relabeling that keeps by such a label keeps no target.',
  remedy: 'Name a label that the pods or Services carry, or give it to them.',
  traps: [
    'Labels that Prometheus takes from what operators and charts make are not known, and are let pass.',
    'In relabelings characters that names in Prometheus cannot have stand as underscores.',
  ],
  sources: [
    'Prometheus documentation, kubernetes_sd_config: __meta_kubernetes_pod_label_, __meta_kubernetes_service_label_; relabel_config',
    'Prometheus Operator, API reference: podTargetLabels, targetLabels',
  ],
  examples: {
    bad: example(
      'synapse_worker]\n      #                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: No pod that PodMonitor synapse scrapes has the label synapse_worker',
    ),
    good: example('app_kubernetes_io_component]'),
  },
  kinds: [serviceMonitorKind, podMonitorKind],
  *check(resource, workspace) {
    const monitor = readMonitor(resource);
    if (!monitor || isPatch(workspace, resource.document.file)) return;
    const carried = { pod: podLabels(workspace, monitor), service: serviceLabels(workspace, monitor) };
    const spec = resource.root.at('spec');
    for (const [field, of] of [
      ['podTargetLabels', 'pod'],
      ['targetLabels', 'service'],
    ] as const)
      for (const key of spec.at(field).items()) {
        const keys = carried[of];
        if (!key.string || !keys || keys.has(key.string)) continue;
        const close = nearest(key.string, keys);
        yield {
          ...noLabel(monitor, key, of, key.string, close),
          fixes: () => {
            const edit = close === undefined ? undefined : replaceScalar(key, close);
            return edit ? [{ title: `Copy ${close}`, safe: false, edits: [edit] }] : [];
          },
        };
      }
    for (const { value } of monitor.endpoints)
      for (const relabeling of value.at('relabelings').items()) {
        const [source, ...others] = relabeling.at('sourceLabels').items();
        const [, of, name] = /^__meta_kubernetes_(pod|service)_label_(\w+)$/.exec(source?.string ?? '') ?? [];
        if (!source || others.length > 0 || name === undefined || !needsValue(relabeling)) continue;
        const keys = carried[of === 'pod' ? 'pod' : 'service'];
        if (!keys || [...keys].some(key => key.replace(/\W/g, '_') === name)) continue;
        yield noLabel(monitor, source, of === 'pod' ? 'pod' : 'service', name, undefined);
      }
  },
} satisfies Rule;

function noLabel(
  { resource }: Monitor,
  at: Value,
  of: 'pod' | 'service',
  label: string,
  close: string | undefined,
): Problem {
  return {
    at,
    message: `No ${of === 'pod' ? 'pod' : 'Service'} that ${resource.title.replace('/', ' ')} scrapes has the label ${label} — ${close === undefined ? 'name one that they have, or add it.' : `did you mean ${close}?`}`,
  };
}

/** Whether a relabeling does nothing, or drops every target, while its source is empty. */
function needsValue(relabeling: Value): boolean {
  const action = relabeling.at('action').text?.toLowerCase() ?? 'replace';
  if (action === 'keep') return !/^(?:\(?\.\*\)?)?$/.test(relabeling.at('regex').text ?? '');
  const replacement = relabeling.at('replacement').text;
  return action === 'replace' && (replacement === undefined || /^\$\{?1\}?$/.test(replacement));
}

/** The labels of the pods that a monitor scrapes; undefined where the tree does not show all of them. */
function podLabels(workspace: Workspace, monitor: Monitor): ReadonlySet<string> | undefined {
  const pods = podsOf(workspace, monitor);
  if (pods.length === 0 || pods.some(({ template }) => template === undefined)) return undefined;
  return new Set(pods.flatMap(({ labels }) => [...labels.keys()]));
}

function serviceLabels(workspace: Workspace, monitor: Monitor): ReadonlySet<string> | undefined {
  const services = servicesOf(workspace, monitor);
  if (services.length === 0 || services.some(({ isGenerated }) => isGenerated)) return undefined;
  return new Set(services.flatMap(({ labels }) => [...labels.keys()]));
}

function example(label: string): string {
  return `
      #- /monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: PodMonitor
      metadata:
        name: synapse
        namespace: matrix
      spec:
        selector:
          matchLabels: {app.kubernetes.io/name: synapse}
        podMetricsEndpoints:
          - port: metrics
            relabelings:
              - sourceLabels: [__meta_kubernetes_pod_label_${label}
                targetLabel: worker
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: synapse-generic-worker
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: synapse, app.kubernetes.io/component: generic-worker}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                ports: [{name: metrics, containerPort: 9090}]
    `;
}
