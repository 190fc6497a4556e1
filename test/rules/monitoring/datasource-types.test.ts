import rule from '../../../rules/monitoring/datasource-not-loaded';
import { expectMarks } from '../expect';

describe('the types of data sources in Helm values', () => {
  const values = (type: string): string => `
      #- /values/kube-prometheus-stack.yaml
      grafana:
        enabled: true
        datasources:
          datasources.yaml:
            apiVersion: 1
            datasources:
              - name: Metrics
                type: ${type}
                url: http://prometheus.monitoring:9090`;

  it('are found where they are nearly one of Grafana’s own', () => {
    expectMarks(
      rule,
      values('prometeus\n      #               ^^^^^^^^^ 💡 warning: Grafana has no kind of data source prometeus'),
    );
  });

  it('are left alone where another plugin may be meant', () => {
    for (const type of [
      'prometheus',
      'loki',
      'grafana-pyroscope-datasource',
      'victoriametrics-metrics-datasource',
      'quickwit',
      'redis',
      '"{{ .Values.type }}"',
    ])
      expectMarks(rule, values(type));
  });
});
