import { anchorFor, nameOf } from '../../analysis/anchor';
import { declaredNames } from '../../analysis/declarations';
import { chartValues } from '../../analysis/helm-values';
import { monitors } from '../../analysis/monitors';
import { settingsOf } from '../../analysis/settings';
import type { Index } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'alert-rules-missing',
  items: ['R.3'],
  severity: 'info',
  summary: 'No alert is defined for the deployment.',
  why: 'Metrics that nobody looks at warn nobody: a full disk, a stopped replication or an expired certificate is noticed by its users.',
  remedy:
    'Add a PrometheusRule with alerts, at least on pods that do not run, disks that fill up, replication that lags and backups that fail.',
  traps: [
    'Rules in Helm values, as `additionalPrometheusRules` or `additionalPrometheusRulesMap`, count.',
    'Rule files that a Prometheus without its operator reads count.',
    'A PrometheusRule with nothing but recording rules has no alert.',
  ],
  sources: ['Prometheus Operator documentation, Alerting'],
  examples: {
    bad: `
      #- /rules.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata:
        name: synapse
      #       ^^^^^^^ info: No rule of the tree is an alert
      spec:
        groups:
          - name: synapse
            rules:
              - record: synapse:events
                expr: sum(rate(synapse_storage_events_persisted_events_total[5m]))
    `,
    good: `
      #- /rules.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata:
        name: synapse
      spec:
        groups:
          - name: synapse
            rules:
              - record: synapse:events
                expr: sum(rate(synapse_storage_events_persisted_events_total[5m]))
              - alert: SynapseDown
                expr: up{job="synapse"} == 0
    `,
  },
  *checkWorkspace(workspace) {
    if (settingsOf(workspace).components.monitoring !== 'required') return;
    if (declaredNames(workspace, 'PrometheusRule', undefined).length > 0) return;
    const rules = workspace.resources('PrometheusRule.monitoring.coreos.com');
    const hasAlert = rules.some(rule =>
      rule.root
        .at('spec', 'groups')
        .items()
        .some(group =>
          group
            .at('rules')
            .items()
            .some(one => one.at('alert').exists),
        ),
    );
    const hasOthers = chartValues(workspace).some(root =>
      ['additionalPrometheusRules', 'additionalPrometheusRulesMap'].some(field => {
        const value = root.at(field).exists ? root.at(field) : root.at('kube-prometheus-stack', field);
        return value.items().length > 0 || value.entries().length > 0;
      }),
    );
    if (hasAlert || hasOthers || workspace.lookup(ruleFiles, '').length > 0) return;
    const at = anchorFor(workspace, nameOf(rules[0]), nameOf(monitors(workspace)[0]?.resource));
    if (!at) return;
    yield {
      at,
      message: `No rule of the tree is an alert — add a PrometheusRule with alerts, so that somebody is told when a component fails.`,
    };
  },
} satisfies Rule;

/** Rule files of a Prometheus without its operator (prometheus.io, Alerting rules). */
const ruleFiles: Index<true> = {
  name: 'rule files with alerts',
  *document(document) {
    const text = document.textWith(alert);
    if (text !== undefined && /^[ \t]*groups[ \t]*:/m.test(text) && /^[ \t]*(?:-[ \t]+)?expr[ \t]*:/m.test(text))
      yield ['', true];
  },
};

const alert = /^[ \t]*(?:-[ \t]+)?alert[ \t]*:[ \t]*\S/m;
