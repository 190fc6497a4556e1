import { add, edit, type Mutation, mutation } from './mutation';
import { clamav, element, generic, haproxyIngress, jwtService, li, persister, synapseConfig } from './sample';

export const servicesMutations: readonly Mutation[] = [
  mutation(
    'service-selects-nothing',
    edit(
      clamav,
      '  selector:\n    app.kubernetes.io/name: clamav\n  ports',
      '  selector:\n    app.kubernetes.io/name: clamd\n  ports',
    ),
  ),
  mutation(
    'service-selects-several-workloads',
    edit(
      li,
      '    app.kubernetes.io/component: homeserver\n    matrix.instance: li\n  ports:',
      '    app.kubernetes.io/component: homeserver\n  ports:',
    ),
    {
      also: { 'monitor-duplicate-scrape': 'The monitor of the Service leads to both as well.' },
    },
  ),
  mutation('service-target-port-unexposed', edit(element, '      targetPort: http\n', '      targetPort: 8081\n'), {
    also: {
      'netpol-ingress-access': 'No policy opens a port that the pods do not have.',
      'port-not-listened-on': 'Element Web does not listen there either.',
    },
  }),
  mutation(
    'statefulset-service-missing',
    edit(persister, '  serviceName: synapse-event-persister\n', '  serviceName: synapse-persister\n'),
  ),
  mutation(
    'nodeport-out-of-range',
    edit(
      element,
      '  selector:\n    app.kubernetes.io/name: element-web\n  ports:\n    - name: http\n      port: 80\n',
      '  type: NodePort\n  selector:\n    app.kubernetes.io/name: element-web\n  ports:\n    - name: http\n      port: 80\n      nodePort: 8080\n',
    ),
  ),
  mutation('nodeport-duplicate', [
    edit(
      element,
      '  selector:\n    app.kubernetes.io/name: element-web\n  ports:\n    - name: http\n      port: 80\n',
      '  type: NodePort\n  selector:\n    app.kubernetes.io/name: element-web\n  ports:\n    - name: http\n      port: 80\n      nodePort: 30080\n',
    ),
    edit(
      jwtService,
      '  selector:\n    app.kubernetes.io/name: lk-jwt-service\n  ports:\n    - name: http\n      port: 8080\n',
      '  type: NodePort\n  selector:\n    app.kubernetes.io/name: lk-jwt-service\n  ports:\n    - name: http\n      port: 8080\n      nodePort: 30080\n',
    ),
  ]),
  mutation(
    'workload-selector-mismatch',
    edit(
      element,
      '    matchLabels:\n      app.kubernetes.io/name: element-web\n  template',
      '    matchLabels:\n      app.kubernetes.io/name: element-web\n      tier: web\n  template',
    ),
  ),
  mutation(
    'workload-selectors-overlap',
    edit(
      generic,
      '      app.kubernetes.io/name: synapse\n      app.kubernetes.io/component: generic\n      matrix.instance: main\n  template',
      '      app.kubernetes.io/name: synapse\n      matrix.instance: main\n  template',
    ),
  ),
  mutation(
    'ingress-backend-missing',
    edit(haproxyIngress, '                name: haproxy\n', '                name: haproxy-client\n'),
  ),
  mutation(
    'ingress-path-conflict',
    [
      edit(jwtService, '    - host: rtc.tessera.test\n', '    - host: livekit.tessera.test\n'),
      edit(
        jwtService,
        '        - rtc.tessera.test\n      secretName: lk-jwt-service-tls',
        '        - livekit.tessera.test\n      secretName: lk-jwt-service-tls',
      ),
    ],
    { also: { 'call-host-unserved': 'nothing serves the former host' } },
  ),
  mutation(
    'ingress-tls-host-mismatch',
    edit(haproxyIngress, '        - matrix.tessera.test\n', '        - synapse.tessera.test\n'),
    { count: 2 },
  ),
  mutation('ingress-class-unknown', edit(haproxyIngress, 'ingressClassName: nginx', 'ingressClassName: ngnix')),
  mutation('call-host-unserved', edit(jwtService, 'wss://livekit.tessera.test', 'wss://sfu.tessera.test')),
  mutation(
    'call-host-unserved',
    edit(
      synapseConfig,
      'livekit_service_url: https://rtc.tessera.test',
      'livekit_service_url: https://calls.tessera.test',
    ),
  ),
  mutation('client-api-unrouted', edit(haproxyIngress, '- path: /\n', '- path: /_matrix/federation\n'), {
    also: { 'federation-undiscoverable': 'nothing takes /.well-known/matrix/server either' },
  }),
  mutation('upload-size-refused', edit(haproxyIngress, 'proxy-body-size: 100m', 'proxy-body-size: 10m')),
  mutation(
    'ingress-snippet-disabled',
    edit(
      haproxyIngress,
      '    nginx.ingress.kubernetes.io/proxy-body-size: 100m\n',
      '    nginx.ingress.kubernetes.io/proxy-body-size: 100m\n    nginx.ingress.kubernetes.io/configuration-snippet: more_clear_headers Server;\n',
    ),
  ),
  mutation(
    'sygnal-app-refused',
    add(
      'main-instance/09-sygnal/sygnal.yaml',
      `
apiVersion: v1
kind: ConfigMap
metadata: {name: sygnal, namespace: matrix-push}
data:
  sygnal.yaml: |
    http: {bind_addresses: ['0.0.0.0'], port: 5000}
    apps:
      org.tessera.android: {type: firebase}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sygnal, namespace: matrix-push}
spec:
  replicas: 1
  selector: {matchLabels: {app: sygnal}}
  template:
    metadata: {labels: {app: sygnal}}
    spec:
      containers:
        - name: sygnal
          image: matrixdotorg/sygnal:v0.15.1
          env: [{name: SYGNAL_CONF, value: /config/sygnal.yaml}]
          readinessProbe: {httpGet: {path: /health, port: 5000}}
          livenessProbe: {httpGet: {path: /health, port: 5000}}
          ports: [{containerPort: 5000}]
          resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 128Mi}}
          volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, configMap: {name: sygnal}}]
---
apiVersion: v1
kind: Namespace
metadata: {name: matrix-push}
`,
    ),
    { also: { 'deploy-file-not-applied': 'No script applies the new file.' } },
  ),
  mutation(
    'config-json-invalid',
    add(
      'main-instance/09-admin/admin.yaml',
      `
apiVersion: v1
kind: ConfigMap
metadata: {name: admin, namespace: matrix-admin}
data:
  config.json: |
    {"restrictBaseUrl": "https://matrix.tessera.test" "asManagedUsers": []}
---
apiVersion: v1
kind: Pod
metadata: {name: admin, namespace: matrix-admin, labels: {app: admin}}
spec:
  containers:
    - name: admin
      image: awesometechnologies/synapse-admin:0.10.3
      readinessProbe: {httpGet: {path: /, port: 80}}
      livenessProbe: {httpGet: {path: /, port: 80}}
      ports: [{containerPort: 80}]
      resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 128Mi}}
      volumeMounts: [{name: config, mountPath: /app/config.json, subPath: config.json}]
  volumes: [{name: config, configMap: {name: admin}}]
---
apiVersion: v1
kind: Namespace
metadata: {name: matrix-admin}
`,
    ),
    { also: { 'deploy-file-not-applied': 'No script applies the new file.' } },
  ),
  mutation(
    'ingress-other-instance',
    edit(
      'li-instance/01-synapse/ingress.yaml',
      'name: synapse-li\n                port',
      'name: synapse-main\n                port',
    ),
    {
      also: {
        'client-api-unrouted': 'The main process has no media repository.',
        'netpol-ingress-access': 'No policy admits the controller to it.',
      },
    },
  ),
];
