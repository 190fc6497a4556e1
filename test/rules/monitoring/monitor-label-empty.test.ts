import assert from 'node:assert/strict';
import rule from '../../../rules/monitoring/monitor-label-empty';
import { applyFix, messages } from '../expect';

const { bad } = rule.examples;
const source = '__meta_kubernetes_pod_label_synapse_worker';
const relabeling = / *- sourceLabels: \[\w+\]\n.*\n *targetLabel: worker\n/;
const found = (text: string): readonly string[] => messages(rule, text);
const relabeled = (text: string): readonly string[] => found(bad.replace(relabeling, `              - {${text}}\n`));

describe('monitor-label-empty', () => {
  it('judges relabelings that take one label of pods', () => {
    assert.match(bad, relabeling);
    assert.equal(relabeled(`sourceLabels: [${source}], targetLabel: worker`).length, 1);
    assert.equal(relabeled(`sourceLabels: [${source}], action: keep, regex: generic`).length, 1);
    assert.equal(relabeled(`sourceLabels: [${source}], targetLabel: worker, replacement: $1`).length, 1);
    for (const text of [
      'sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_component], targetLabel: worker',
      `sourceLabels: [${source}], action: keep, regex: .*`,
      `sourceLabels: [${source}], action: drop, regex: generic`,
      `sourceLabels: [${source}], targetLabel: worker, replacement: synapse`,
      `sourceLabels: [${source}, __meta_kubernetes_namespace], targetLabel: worker`,
      'sourceLabels: [__meta_kubernetes_pod_name], targetLabel: pod',
    ])
      assert.deepEqual(relabeled(text), [], text);
  });

  it('judges the labels that are copied by their keys', () => {
    const copied = (key: string): string =>
      bad
        .replace(relabeling, '')
        .replace('            relabelings:\n', '')
        .replace('spec:\n', `spec:\n        podTargetLabels: [${key}]\n`);
    assert.deepEqual(found(copied('app.kubernetes.io/component')), []);
    assert.match(found(copied('app.kubernetes.io/componemt')).join(), /did you mean app\.kubernetes\.io\/component/);
    assert.match(
      applyFix(rule, copied('app.kubernetes.io/componemt'), 'Copy app.kubernetes.io/component')['monitor.yaml'] ?? '',
      /podTargetLabels: \[app\.kubernetes\.io\/component\]/,
    );
  });

  it('knows nothing of pods that the tree does not show', () => {
    assert.deepEqual(found(bad.slice(0, bad.indexOf('---'))), []);
    const operated = bad.replace(
      'matchLabels: {app.kubernetes.io/name: synapse}',
      'matchLabels: {cnpg.io/cluster: pg}',
    );
    assert.deepEqual(
      found(
        `${operated}\n      ---\n      apiVersion: postgresql.cnpg.io/v1\n      kind: Cluster\n      metadata: {name: pg, namespace: matrix}\n      spec: {instances: 1}\n`,
      ),
      [],
    );
  });
});
