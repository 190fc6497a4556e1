import type { ChartFacts } from './facts';

/** Charts of what watches deployments. */
export const monitoringCharts: readonly ChartFacts[] = [
  {
    // prometheus-community/helm-charts charts/kube-prometheus-stack; grafana/helm-charts charts/grafana.
    chart: 'kube-prometheus-stack',
    repository: /prometheus-community/i,
    versions: [40, 99],
    defaults: {
      'grafana.enabled': 'true',
      'alertmanager.enabled': 'true',
      'prometheus.enabled': 'true',
      'prometheusOperator.enabled': 'true',
      'kubeStateMetrics.enabled': 'true',
      'alertmanager.alertmanagerSpec.useExistingSecret': 'false',
      'grafana.service.enabled': 'true',
      'grafana.service.port': '80',
      'prometheus.service.enabled': 'true',
      'prometheus.service.port': '9090',
      'prometheus.service.reloaderWebPort': '8080',
      'alertmanager.service.enabled': 'true',
      'alertmanager.service.port': '9093',
    },
    nameLength: 26,
    isBesideOthers: true,
    opaque: [
      'namespaceOverride',
      'grafana.namespaceOverride',
      'grafana.extraExposePorts',
      'grafana.service.serviceTypes',
      'prometheus.service.additionalPorts',
      'prometheus.thanosIngress',
      'alertmanager.service.additionalPorts',
      'extraManifests',
    ],
    objects: [
      {
        kind: 'Service',
        name: '{}-prometheus',
        ports: ['prometheus.service.port', 'prometheus.service.reloaderWebPort'],
        when: [
          ['prometheus.enabled', 'true'],
          ['prometheus.service.enabled', 'true'],
        ],
      },
      {
        kind: 'Service',
        name: '{}-alertmanager',
        // Newer ones have the port of the reloader, too.
        ports: ['alertmanager.service.port', 8080],
        when: [
          ['alertmanager.enabled', 'true'],
          ['alertmanager.service.enabled', 'true'],
        ],
      },
      { kind: 'Service', name: '{}-operator', ports: [443, 8080], when: [['prometheusOperator.enabled', 'true']] },
      { kind: 'Service', name: 'prometheus-operated', isHeadless: true, when: [['prometheus.enabled', 'true']] },
      { kind: 'Service', name: 'alertmanager-operated', isHeadless: true, when: [['alertmanager.enabled', 'true']] },
      {
        kind: 'Service',
        name: '{}',
        part: 'grafana',
        ports: ['grafana.service.port'],
        when: [
          ['grafana.enabled', 'true'],
          ['grafana.service.enabled', 'true'],
        ],
      },
      { kind: 'Service', name: '{}', part: 'kube-state-metrics', when: [['kubeStateMetrics.enabled', 'true']] },
    ],
    complete: ['Service'],
    possible: /thanos|windows|exporter|headless|renderer|-\d+$/,
    references: [
      {
        kind: 'Secret',
        path: 'grafana.admin.existingSecret',
        when: [['grafana.enabled', 'true']],
        keys: [
          { path: 'userKey', fallback: 'admin-user' },
          { path: 'passwordKey', fallback: 'admin-password' },
        ],
      },
      {
        kind: 'Secret',
        path: 'alertmanager.alertmanagerSpec.configSecret',
        when: [
          ['alertmanager.enabled', 'true'],
          ['alertmanager.alertmanagerSpec.useExistingSecret', 'true'],
        ],
        keys: [{ fallback: 'alertmanager.yaml' }],
      },
      {
        kind: 'PersistentVolumeClaim',
        path: 'grafana.persistence.existingClaim',
        when: [['grafana.enabled', 'true']],
      },
    ],
    addresses: [{ path: 'grafana.additionalDataSources.*.url', form: 'url', when: [['grafana.enabled', 'true']] }],
  },
  {
    chart: 'grafana',
    repository: /grafana/i,
    versions: [6, 99],
    defaults: { 'service.enabled': 'true', 'service.port': '80' },
    isBesideOthers: true,
    opaque: ['namespaceOverride', 'extraExposePorts', 'service.serviceTypes', 'extraObjects'],
    objects: [{ kind: 'Service', name: '{}', ports: ['service.port'], when: [['service.enabled', 'true']] }],
    references: [
      {
        kind: 'Secret',
        path: 'admin.existingSecret',
        keys: [
          { path: 'userKey', fallback: 'admin-user' },
          { path: 'passwordKey', fallback: 'admin-password' },
        ],
      },
      { kind: 'PersistentVolumeClaim', path: 'persistence.existingClaim' },
    ],
  },
  {
    // grafana/loki production/helm/loki.
    chart: 'loki',
    repository: /grafana/i,
    versions: [3, 7],
    defaults: { 'gateway.enabled': 'true', 'gateway.service.port': '80' },
    isBesideOthers: true,
    opaque: ['enterprise', 'namespaceOverride', 'extraObjects'],
    objects: [
      {
        kind: 'Service',
        name: '{}-gateway',
        ports: ['gateway.service.port'],
        when: [['gateway.enabled', 'true']],
      },
    ],
  },
];
