import assert from 'node:assert/strict';
import invalid from '../../../rules/monitoring/alert-rule-invalid';
import notPickedUp from '../../../rules/monitoring/monitor-not-picked-up';
import { messages } from '../expect';

/** A PrometheusRule with one alert. */
function alert(expr: string, more = '', groups = ''): string {
  return `
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata: {name: matrix, namespace: monitoring, labels: {team: matrix}}
    spec:
      groups:
        - name: a
          rules:
            - alert: A
              expr: ${JSON.stringify(expr)}
              ${more}
        ${groups}
  `;
}

describe('alert-rule-invalid', () => {
  const found = (expr: string, more?: string, groups?: string): readonly string[] =>
    messages(invalid, alert(expr, more, groups));

  it('reads brackets, strings and comments of queries', () => {
    assert.match(found('sum(up == 0').join(), /bracket \( that is not closed/);
    assert.match(found('rate(a[5m)').join(), /closes the bracket \[ with \)/);
    assert.match(found('up{job="a} == 0').join(), /quote " that is not closed/);
    assert.match(found('up) == 0').join(), /closes a bracket \) that it did not open/);
    for (const expr of [
      'sum by (pod) (rate(a{b=~"x(.+"}[5m])) > 1',
      "up{job='a\\'('} == 0",
      'up # of (all\n== 0',
      'up{job=`a"`} == 0',
    ])
      assert.deepEqual(found(expr), [], expr);
  });

  it('reads durations', () => {
    for (const time of ['5m', '1h30m', '0', '1d', '500ms', '2w'])
      assert.deepEqual(found('up', `for: ${time}`), [], time);
    for (const time of ['5 min', '5minutes', 'five', '1.5h'])
      assert.match(found('up', `for: ${time}`).join(), /is no duration/, time);
    assert.deepEqual(found('up', `for: "\${WAIT}"`), []);
  });

  it('reads templates', () => {
    assert.match(found('up', 'annotations: {summary: "{{ $labels.pod } is down"}').join(), /\{\{ without \}\}/);
    assert.deepEqual(found('up', 'annotations: {summary: "{{ $labels.pod }} of {{ $value }}"}'), []);
    assert.deepEqual(found('up', `annotations: {summary: '{{ "{{" }} as it is'}`), []);
    assert.match(
      found('up', 'annotations: {summary: "{{ $label.pod }}"}').join(),
      /no variable \$label, .* \$labels\?/,
    );
    assert.match(
      found('up', 'annotations: {summary: "{{ $value | humanizePercent }}"}').join(),
      /no function humanizePercent/,
    );
    for (const text of [
      '{{ printf "%.1f" $value | title }}',
      '{{ range $i, $v := query "up" }}{{ $v.Value | humanize }}{{ else if eq $i 1 }}{{ end }}',
      '{{- with (label "job" .) }}{{ . }}{{ end -}} {{/* $nobody */}}',
    ])
      assert.deepEqual(found('up', `annotations: {summary: ${JSON.stringify(text)}}`), [], text);
  });

  it('wants names of recorded metrics that queries can write', () => {
    const record = (name: string): string => alert('up').replace('alert: A', `record: ${name}`);
    assert.match(messages(invalid, record('a-b:c')).join(), /before version 3 refuses a-b:c/);
    assert.deepEqual(messages(invalid, record('a_b:c')), []);
  });

  it('wants each name of a group once, and a rule to be one thing', () => {
    assert.match(found('up', '', '- {name: a, rules: []}').join(), /two groups a/);
    assert.deepEqual(found('up', '', '- {name: b, rules: []}'), []);
    assert.match(found('up', 'record: b').join(), /not both/);
  });
});

describe('PrometheusRules', () => {
  const prometheus = (selector: string): string => `
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: Prometheus
    metadata: {name: k8s, namespace: monitoring}
    spec: {${selector}}
  `;

  it('are picked up by their labels as monitors are', () => {
    const found = (more: string): readonly string[] => messages(notPickedUp, alert('up') + more);
    assert.deepEqual(found(''), []);
    assert.match(found(prometheus('')).join(), /selects no PrometheusRules at all/);
    assert.deepEqual(found(prometheus('ruleSelector: {}')), []);
    assert.deepEqual(found(prometheus('ruleSelector: {matchLabels: {team: matrix}}')), []);
    assert.equal(found(prometheus('ruleSelector: {matchLabels: {team: web}}')).length, 1);
    const thanos = `
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ThanosRuler
    metadata: {name: a, namespace: monitoring}
    spec: {ruleSelector: {}}`;
    assert.deepEqual(found(prometheus('') + thanos), []);
  });
});
