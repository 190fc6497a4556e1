import assert from 'node:assert/strict';
import valueRefused from '../../../rules/schema/field-value-refused';
import { applyFix, expectMarks, messages } from '../expect';

const object = (kind: string, apiVersion: string, rest: string, name = 'app'): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: ${name}, namespace: matrix}, ${rest}}\n`;
const deployment = (spec: string, more = ''): string =>
  object('Deployment', 'apps/v1', `spec: {${more}template: {metadata: {labels: {app: app}}, spec: {${spec}}}}`);
const container = (rest: string): string => deployment(`containers: [{name: app, ${rest}}]`);
const service = (spec: string): string => object('Service', 'v1', `spec: {${spec}}`);
const policy = (rule: string): string =>
  object('NetworkPolicy', 'networking.k8s.io/v1', `spec: {podSelector: {}, ingress: [${rule}]}`);
const cron = (schedule: string): string => object('CronJob', 'batch/v1', `spec: {schedule: "${schedule}"}`);

/** Each text with what is said of it; without anything, nothing is. */
function judge(cases: readonly (readonly [string, RegExp?])[]): void {
  for (const [source, expected] of cases) {
    const found = messages(valueRefused, source);
    if (!expected) assert.deepEqual(found, [], source);
    else {
      assert.equal(found.length, 1, `${source}${found.join('\n')}`);
      assert.match(found[0] ?? '', expected, source);
    }
  }
}

describe('field-value-refused', () => {
  it('reads names as the kinds want them', () => {
    judge([
      [object('ConfigMap', 'v1', 'data: {}', 'a.b-c')],
      [object('ConfigMap', 'v1', 'data: {}', 'a_b'), /^error: a_b is no name for a ConfigMap/],
      [object('Service', 'v1', 'spec: {}', 'a.b'), /a\.b is no name for a Service/],
      [object('Service', 'v1', 'spec: {}', 'x'.repeat(64)), /at most 63 characters/],
      [object('ClusterRole', 'rbac.authorization.k8s.io/v1', 'rules: []', '"system:reader"')],
      [object('ConfigMap', 'v1', 'data: {}', 'CHANGEME_NAME')],
      [object('ConfigMap', 'v1', 'data: {"a b": x}'), /The key a b of ConfigMap\/app/],
      [object('ConfigMap', 'v1', 'data: {_A.b-c: x}')],
    ]);
    assert.match(
      applyFix(valueRefused, object('ConfigMap', 'v1', 'data: {}', 'Key_Vault'), 'Write key-vault')['main.yaml'] ?? '',
      /name: key-vault,/,
    );
  });

  it('reads labels', () => {
    const labelled = (label: string): string => object('Service', 'v1', `spec: {selector: {${label}}}`);
    judge([
      [labelled('app.kubernetes.io/name: Synapse_1.x')],
      [labelled('app: ""')],
      [labelled('app: a b'), /The label app cannot have the value a b/],
      [labelled('app: -a'), /cannot have the value -a/],
      [labelled(`app: ${'x'.repeat(64)}`), /at most 63 characters/],
      [labelled('"a b": c'), /a b is no key for a label/],
    ]);
  });

  it('reads amounts, and compares requests with limits', () => {
    const resources = (requests: string, limits: string): string =>
      container(`resources: {requests: {${requests}}, limits: {${limits}}}`);
    judge([
      [resources('memory: 1Gi, cpu: 0.5', 'memory: 1024Mi, cpu: 500m')],
      [resources('memory: 1Gi', 'memory: 1G'), /requests 1Gi of memory, more than its limit of 1G/],
      [resources('cpu: 2', 'cpu: 1500m'), /requests 2 of cpu/],
      [resources('memory: 512 Mi', ''), /512 Mi is no quantity of memory/],
      [resources('memory: "${MEMORY}"', '')],
      [
        object('PersistentVolumeClaim', 'v1', 'spec: {resources: {requests: {storage: 10GB}}}'),
        /10GB is no quantity of storage — write 10Gi/,
      ],
    ]);
  });

  it('reads ports, mounts, probes and variables of containers', () => {
    judge([
      [container('ports: [{name: http, containerPort: 80}, {containerPort: 81}]')],
      [container('ports: [{name: a, containerPort: 80}, {name: a, containerPort: 81}]'), /a is the name of two ports/],
      [container('ports: [{name: sixteen-letters-, containerPort: 80}]'), /at most 15 characters/],
      [container('ports: [{name: "8008", containerPort: 80}]'), /a letter among them/],
      [container('ports: [{containerPort: 70000}]'), /70000 is no port/],
      [container('volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /a}]'), /\/a is mounted over twice/],
      [container('livenessProbe: {tcpSocket: {port: 1}, exec: {command: [a]}}'), /asks in two ways/],
      [
        container('livenessProbe: {successThreshold: 2, tcpSocket: {port: 1}}'),
        /successThreshold of a livenessProbe is 1/,
      ],
      [container('readinessProbe: {successThreshold: 2, tcpSocket: {port: 1}}')],
      [
        container('env: [{name: A, value: b, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]'),
        /has a value and a source/,
      ],
      [deployment('containers: [{name: a}, {name: a}]'), /a is the name of two containers/],
      [deployment('containers: [{name: A_b}]'), /A_b is no name for a container/],
      [
        deployment('volumes: [{name: v, emptyDir: {}, secret: {secretName: s}}]'),
        /is of two types, emptyDir and secret/,
      ],
      [
        deployment('hostNetwork: true, containers: [{name: a, ports: [{containerPort: 1, hostPort: 2}]}]'),
        /the hostPort is/,
      ],
    ]);
  });

  it('reads restart policies and strategies', () => {
    judge([
      [
        object('Job', 'batch/v1', 'spec: {template: {spec: {restartPolicy: Always}}}'),
        /of a Job cannot have .* Always/,
      ],
      [object('Job', 'batch/v1', 'spec: {template: {spec: {restartPolicy: Never}}}')],
      [object('Pod', 'v1', 'spec: {restartPolicy: OnFailure}')],
      [deployment('', 'strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}, '), /Recreate has no rollingUpdate/],
      [deployment('', 'strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}, '), /cannot both be 0/],
      [deployment('', 'strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}, ')],
    ]);
  });

  it('reads Services and hosts of Ingresses', () => {
    const ingress = (host: string, path: string): string =>
      object(
        'Ingress',
        'networking.k8s.io/v1',
        `spec: {rules: [{host: "${host}", http: {paths: [{path: "${path}"}]}}]}`,
      );
    judge([
      [service('ports: [{port: 80}]')],
      [service('ports: [{port: 80, name: a}, {port: 81}]'), /A port of Service app has no name/],
      [service('ports: [{port: 80, name: a}, {port: 81, name: a}]'), /the name of two ports/],
      [service('ports: [{port: 80, name: a}, {port: 80, name: b}]'), /has the port 80\/TCP twice/],
      [service('ports: [{port: 80, name: a}, {port: 80, name: b, protocol: UDP}]')],
      [service('clusterIP: None, type: LoadBalancer'), /cannot be headless/],
      [ingress('*.matrix.test', '/a')],
      [ingress('https://matrix.test', '/'), /is no host for an Ingress/],
      [ingress('matrix.test:443', '/'), /is no host for an Ingress/],
      [ingress('matrix.test', '_matrix'), /The path _matrix does not begin with a slash/],
    ]);
  });

  it('reads peers and ports of NetworkPolicies', () => {
    judge([
      [policy('{from: [{podSelector: {}}], ports: [{port: http}, {port: 80, endPort: 90}]}')],
      [policy('{ports: [{port: "53"}]}'), /In quotes 53 is the name of a port/],
      [policy('{ports: [{port: 90, endPort: 80}]}'), /The range from 90 to 80 is empty/],
      [policy('{ports: [{port: http, endPort: 80}]}'), /endPort needs a port as a number/],
      [policy('{from: [{}]}'), /A peer says nobody/],
      [policy('{from: [{ipBlock: {cidr: 10.0.0.1}}]}'), /10\.0\.0\.1 is no range of addresses/],
      [
        policy('{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}'),
        /cannot have an ipBlock beside a podSelector/,
      ],
    ]);
    assert.match(
      applyFix(valueRefused, policy('{ports: [{port: "53"}]}'), 'Write 53')['main.yaml'] ?? '',
      /ports: \[\{port: 53\}\]/,
    );
  });

  it('reads schedules, bounds of autoscalers and Secrets of a type', () => {
    const scaler = (bounds: string): string => object('HorizontalPodAutoscaler', 'autoscaling/v2', `spec: {${bounds}}`);
    judge([
      [cron('*/5 0-6,22 * JAN-MAR mon')],
      [cron('@daily')],
      [cron('@every 1h30m')],
      [cron('0 0 2 * * *'), /leave out the seconds/],
      [cron('0 2 * * 7'), /is no schedule of a CronJob/],
      [cron('60 * * * *'), /write five fields/],
      [cron('daily'), /write five fields/],
      [scaler('minReplicas: 2, maxReplicas: 2')],
      [scaler('minReplicas: 3, maxReplicas: 2'), /minReplicas 3 is more than maxReplicas 2/],
      [object('Secret', 'v1', 'type: kubernetes.io/tls, data: {tls.crt: YQ==}'), /needs the key tls\.key/],
      [object('Secret', 'v1', 'type: kubernetes.io/tls, data: {tls.crt: YQ==}, stringData: {tls.key: a}')],
    ]);
  });

  it('reads what decides on nodes, privileges and modes of files', () => {
    const term = (rest: string): string =>
      deployment(`affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{${rest}}]}}`);
    const spread = (rest: string): string => deployment(`topologySpreadConstraints: [{${rest}}]`);
    const rest = 'topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule';
    judge([
      [term('topologyKey: kubernetes.io/hostname, labelSelector: {}')],
      [term('labelSelector: {}'), /A term of podAntiAffinity says no topologyKey/],
      [
        deployment(
          'affinity: {podAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 0, podAffinityTerm: {topologyKey: a}}]}}',
        ),
        /0 is no weight/,
      ],
      [spread(`maxSkew: 1, ${rest}`)],
      [spread(`maxSkew: 0, ${rest}`), /maxSkew cannot be 0/],
      [spread(rest), /says no maxSkew/],
      [deployment('tolerations: [{operator: Exists}, {key: a, value: b}]')],
      [deployment('tolerations: [{key: a, operator: Exists, value: b}]'), /operator Exists has no value/],
      [deployment('tolerations: [{effect: NoSchedule}]'), /without a key has the operator Exists/],
      [deployment('tolerations: [{key: a, tolerationSeconds: 5}]'), /needs the effect NoExecute/],
      [container('securityContext: {privileged: true, allowPrivilegeEscalation: false}'), /A privileged container/],
      [container('securityContext: {seccompProfile: {type: Localhost}}'), /Localhost says no file/],
      [deployment('securityContext: {seccompProfile: {type: RuntimeDefault, localhostProfile: a}}'), /is no file/],
      [container('livenessProbe: {failureThreshold: -1, tcpSocket: {port: 1}}'), /failureThreshold .* cannot be -1/],
      [deployment('volumes: [{name: a, secret: {secretName: a, defaultMode: 0644}}]')],
      [deployment('volumes: [{name: a, secret: {secretName: a, defaultMode: 644}}]'), /write 0644/],
    ]);
  });

  it('reads time zones, Jobs, budgets, limits and namespaces', () => {
    const job = (spec: string): string =>
      object('Job', 'batch/v1', `spec: {${spec}template: {spec: {restartPolicy: Never}}}`);
    const zone = (name: string): string =>
      object('CronJob', 'batch/v1', `spec: {schedule: "@daily", timeZone: "${name}"}`);
    const budget = (spec: string): string => object('PodDisruptionBudget', 'policy/v1', `spec: {${spec}}`);
    const limits = (limit: string): string => object('LimitRange', 'v1', `spec: {limits: [{${limit}}]}`);
    const standard = (level: string): string =>
      `{apiVersion: v1, kind: Namespace, metadata: {name: app, labels: {pod-security.kubernetes.io/enforce: ${level}}}}`;
    judge([
      [zone('Europe/Berlin')],
      [zone('Etc/UTC')],
      [zone('Europe/Berlim'), /There is no time zone Europe\/Berlim/],
      [zone('CEST'), /There is no time zone CEST/],
      [zone('Local'), /There is no time zone Local/],
      [cron('TZ=Europe/Berlin 0 3 * * *'), /write timeZone: Europe\/Berlin/],
      [job('manualSelector: true, selector: {matchLabels: {app: app}}, ')],
      [job('selector: {matchLabels: {app: app}}, '), /A Job makes its selector itself/],
      [budget('minAvailable: 50%')],
      [budget('minAvailable: "1"'), /write 1 without quotes/],
      [limits('type: Container, min: {cpu: 10m}, defaultRequest: {cpu: 10m}, max: {cpu: 2}')],
      [limits('type: Container, min: {cpu: 3}, max: {cpu: 2}'), /min 3 of cpu is more than max 2/],
      [object('ResourceQuota', 'v1', 'spec: {hard: {requests.memory: 4GB}}'), /4GB is no quantity of requests\.memory/],
      [standard('baseline')],
      [standard('priviledged'), /priviledged is no Pod Security Standard/],
      [object('HorizontalPodAutoscaler', 'autoscaling/v2', 'spec: {minReplicas: 0, maxReplicas: 2}'), /scale to 0/],
      [
        object('StatefulSet', 'apps/v1', 'spec: {persistentVolumeClaimRetentionPolicy: {whenDeleted: Remove}}'),
        /write Retain or Delete/,
      ],
    ]);
  });

  it('reads what the operators of PostgreSQL and MinIO refuse', () => {
    const cluster = (spec: string): string =>
      object('Cluster', 'postgresql.cnpg.io/v1', `spec: {storage: {size: 1Gi}, ${spec}}`);
    const backup = (spec: string): string =>
      object('ScheduledBackup', 'postgresql.cnpg.io/v1', `spec: {cluster: {name: a}, ${spec}}`);
    const tenant = (spec: string): string => object('Tenant', 'minio.min.io/v2', `spec: {${spec}}`);
    const origin = 'externalClusters: [{name: origin, connectionParameters: {host: a}}]';
    judge([
      [cluster('instances: 3, minSyncReplicas: 1, maxSyncReplicas: 2')],
      [cluster('instances: 0'), /A Cluster of 0 instances is none/],
      [cluster('instances: 3, minSyncReplicas: 2, maxSyncReplicas: 1'), /minSyncReplicas 2 is more than/],
      [cluster('instances: 3, maxSyncReplicas: 3'), /has to be less than the 3 instances/],
      [cluster('instances: 3, postgresql: {synchronous: {method: any, number: 2}}')],
      [cluster('instances: 2, postgresql: {synchronous: {method: any, number: 2}}'), /2 synchronous standbys/],
      [cluster('bootstrap: {initdb: {}, recovery: {backup: {name: a}}}'), /not by initdb and recovery/],
      [cluster('bootstrap: {initdb: {database: matrix}}'), /The database matrix has no owner/],
      [cluster('bootstrap: {pg_basebackup: {source: origin}}'), /no origin among the externalClusters/],
      [cluster(`bootstrap: {pg_basebackup: {source: origin}}, ${origin}`)],
      [cluster('walStorage: {}'), /walStorage has no size/],
      [cluster('walStorage: {size: 5GB}'), /5GB is no quantity/],
      [cluster('resources: {requests: {memory: 2Gi}, limits: {memory: 1Gi}}'), /Cluster app requests 2Gi of memory/],
      [cluster('backup: {retentionPolicy: 4w}')],
      [cluster('backup: {retentionPolicy: "30"}'), /30 is no time to keep backups for/],
      [cluster('managed: {roles: [{name: a}, {name: a}]}'), /The role a is managed twice/],
      [cluster('managed: {roles: [{name: postgres}]}'), /is the operator's own/],
      [cluster('managed: {services: {disabledDefaultServices: [ro, rw]}}'), /The Service rw/],
      [object('Database', 'postgresql.cnpg.io/v1', 'spec: {name: template1}'), /of PostgreSQL itself/],
      [backup('method: plugin, pluginConfiguration: {name: barman-cloud.cloudnative-pg.io}')],
      [backup('method: plugin'), /The method plugin says no plugin/],
      [tenant('buckets: [{name: synapse-media}, {name: a.b}]')],
      [tenant('buckets: [{name: Synapse_Media}]'), /Synapse_Media is no name for a bucket/],
      [
        tenant('pools: [{name: p, volumeClaimTemplate: {spec: {resources: {requests: {storage: 10GB}}}}}]'),
        /10GB is no quantity of storage/,
      ],
    ]);
  });

  it('leaves custom resources and unfinished texts alone', () => {
    expectMarks(
      valueRefused,
      `
      apiVersion: example.test/v1
      kind: Service
      metadata: {name: app, namespace: matrix}
      spec: {ports: [{port: 80}, {port: 80}], type: LoadBalancer, clusterIP: None}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: "CHANGEME_SERVICE", namespace: matrix, labels: {version: "<VERSION>"}}
      `,
    );
  });
});
