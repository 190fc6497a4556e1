import assert from 'node:assert/strict';
import cannotScale from '../../../rules/availability/hpa-cannot-scale';
import unschedulable from '../../../rules/availability/pods-unschedulable';
import notSplit from '../../../rules/config/command-not-split';
import podSecurity from '../../../rules/kubernetes/pod-security-refused';
import quotaExceeded from '../../../rules/kubernetes/quota-exceeded';
import unlikely from '../../../rules/kubernetes/schedule-unlikely';
import notWritable from '../../../rules/kubernetes/volume-not-writable';
import objectUndefined from '../../../rules/postgresql/pg-object-undefined';
import type { Rule } from '../../../rules/rule';
import { fixed, messages } from '../expect';

const object = (kind: string, apiVersion: string, rest: string, name = 'a'): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: ${name}, namespace: matrix}, ${rest}}\n`;
const set = (pod: string, more = 'replicas: 3'): string =>
  object(
    'StatefulSet',
    'apps/v1',
    `spec: {${more}, template: {metadata: {labels: {app: a}}, spec: {${pod}containers: [{name: a, image: b, volumeMounts: [{name: data, mountPath: /data}]}]}}}`,
  );

/** Each text with what is said of it; without anything, nothing is. */
function judge(rule: Rule, cases: readonly (readonly [string, RegExp?])[]): void {
  for (const [source, expected] of cases) {
    const found = messages(rule, source);
    if (!expected) assert.deepEqual(found, [], source);
    else {
      assert.equal(found.length, 1, `${source}${found.join('\n')}`);
      assert.match(found[0] ?? '', expected, source);
    }
  }
}

describe('pods-unschedulable', () => {
  const term = (key: string, app: string): string =>
    `{topologyKey: ${key}, labelSelector: {matchLabels: {app: ${app}}}}`;
  const apart = (key: string, app = 'a'): string =>
    `podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [${term(key, app)}]}`;
  const host = 'kubernetes.io/hostname';

  it('counts the nodes that are named', () => {
    judge(unschedulable, [
      [set(`nodeSelector: {${host}: n1}, affinity: {${apart(host)}}, `), /2 of them stay Pending/],
      [set(`nodeSelector: {${host}: n1}, affinity: {${apart(host, 'other')}}, `)],
      [set(`nodeSelector: {disk: ssd}, affinity: {${apart(host)}}, `)],
      [set(`nodeSelector: {${host}: n1}, `)],
      [set(`nodeName: n1, affinity: {${apart(host)}}, `, 'replicas: 1')],
    ]);
  });

  it('knows the keys of Kubernetes, and leaves those of others alone', () => {
    judge(unschedulable, [
      [
        set(`affinity: {${apart('topology.kubernetes.io/hostname')}}, `),
        /^warning: .* did you mean kubernetes\.io\/hostname/,
      ],
      [set(`affinity: {${apart('topology.kubernetes.io/zone')}}, `)],
      [set(`affinity: {${apart('topology.kubernetes.io/region')}}, `), /need 3 regions/],
      [set(`affinity: {${apart('example.test/rack')}}, `)],
    ]);
  });

  it('minds spreading that selects others, and affinity that does not spread', () => {
    const spread = (app: string, key = 'topology.kubernetes.io/zone'): string =>
      set(
        `topologySpreadConstraints: [{maxSkew: 1, topologyKey: ${key}, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: ${app}}}}], `,
      );
    judge(unschedulable, [
      [spread('a')],
      [spread('b'), /are therefore not spread/],
      [spread('a', 'kubernetes.io/zone'), /^error: .* stay Pending — did you mean topology\.kubernetes\.io\/zone/],
      [set(`affinity: {${apart(host).replace('podAnti', 'pod')}}, `), /on the same node/],
    ]);
  });
});

describe('hpa-cannot-scale', () => {
  const scaler = (metric: string, name = 'h'): string =>
    object(
      'HorizontalPodAutoscaler',
      'autoscaling/v2',
      `spec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 3, metrics: [${metric}]}`,
      name,
    );
  const cpu = '{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}';
  const web = (resources: string, more = ''): string =>
    object(
      'Deployment',
      'apps/v1',
      `spec: {template: {spec: {${more}containers: [{name: web, image: b, resources: ${resources}}]}}}`,
      'web',
    );

  it('wants requests of what it measures by', () => {
    judge(cannotScale, [
      [`${scaler(cpu)}---\n${web('{requests: {cpu: 1}}')}`],
      [`${scaler(cpu)}---\n${web('{limits: {cpu: 1}}')}`],
      [`${scaler(cpu)}---\n${web('{requests: {memory: 1Gi}}')}`, /container web of Deployment\/web requests none/],
      [`${scaler(cpu)}---\n${web('{requests: {cpu: 1}}', 'initContainers: [{name: i, image: b}], ')}`],
      [`${scaler(cpu.replace('Utilization: 70', 'Value: 1'))}---\n${web('{}')}`],
      [scaler(cpu)],
      [
        `${scaler(cpu)}---\n${web('{}')}---\n${object('LimitRange', 'v1', 'spec: {limits: [{type: Container, defaultRequest: {cpu: 1}}]}')}`,
      ],
    ]);
  });

  it('is alone with its workload', () => {
    const two = `${scaler(cpu)}---\n${scaler(cpu, 'i')}---\n${web('{requests: {cpu: 1}}')}`;
    judge(cannotScale, [[two, /HorizontalPodAutoscaler h scales web, too/]]);
  });
});

describe('quota-exceeded', () => {
  const quota = (hard: string): string => object('ResourceQuota', 'v1', `spec: {hard: {${hard}}}`);
  const range = (limit: string): string => object('LimitRange', 'v1', `spec: {limits: [{${limit}}]}`);
  const app = object(
    'Deployment',
    'apps/v1',
    'spec: {replicas: 2, template: {spec: {containers: [{name: a, image: b, resources: {requests: {memory: 1Gi}, limits: {memory: 2Gi}}}]}}}',
  );
  const cluster = object('Cluster', 'postgresql.cnpg.io/v1', 'spec: {instances: 3, storage: {size: 50Gi}}');

  it('adds up what runs all the time', () => {
    judge(quotaExceeded, [
      [`${quota('requests.memory: 2Gi')}---\n${app}`],
      [`${quota('requests.memory: 1Gi')}---\n${app}`, /allows 1Gi of requests\.memory .* takes 2Gi/],
      [`${quota('limits.memory: 3Gi')}---\n${app}`, /takes 4Gi/],
      [`${quota('requests.storage: 150Gi, persistentvolumeclaims: 3, pods: 3')}---\n${cluster}`],
      [`${quota('requests.storage: 100Gi')}---\n${cluster}`, /takes 150Gi/],
      [`${quota('requests.cpu: 10')}---\n${app}`, /do not say it/],
      [`${quota('pods: 1').replace('matrix', 'other')}---\n${app}`],
    ]);
  });

  it('compares containers and claims with a LimitRange', () => {
    judge(quotaExceeded, [
      [`${range('type: Container, max: {memory: 2Gi}, min: {memory: 1Gi}')}---\n${app}`],
      [`${range('type: Container, max: {memory: 1Gi}')}---\n${app}`, /no more than 1Gi of memory for a Container/],
      [
        `${range('type: PersistentVolumeClaim, max: {storage: 10Gi}')}---\n${cluster}`,
        /a claim of Cluster\/a has 50Gi/,
      ],
    ]);
  });
});

describe('pod-security-refused', () => {
  const namespace = (level: string): string =>
    `{apiVersion: v1, kind: Namespace, metadata: {name: matrix, labels: {pod-security.kubernetes.io/enforce: ${level}}}}\n---\n`;
  const pod = (spec: string): string => object('Pod', 'v1', `spec: {${spec}}`);
  const strict =
    'securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, image: b, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}}]';

  it('holds pods to what is enforced', () => {
    judge(podSecurity, [
      [namespace('restricted') + pod(strict)],
      [namespace('restricted') + pod(strict.replace('drop: [ALL], ', '')), /does not drop ALL capabilities/],
      [namespace('restricted') + pod(strict.replace('runAsNonRoot: true, ', '')), /does not say runAsNonRoot: true/],
      [namespace('baseline') + pod('containers: [{name: a, image: b}]')],
      [
        namespace('baseline') + pod('containers: [{name: a, image: b, ports: [{containerPort: 1, hostPort: 1}]}]'),
        /host port 1/,
      ],
      [namespace('baseline') + pod('volumes: [{name: a, hostPath: {path: /}}]'), /hostPath/],
      [namespace('privileged') + pod('hostNetwork: true')],
      [namespace('baseline').replace('enforce', 'warn') + pod('hostNetwork: true')],
    ]);
  });
});

describe('schedule-unlikely', () => {
  const cron = (schedule: string, more = ''): string =>
    object('CronJob', 'batch/v1', `spec: {${more}schedule: "${schedule}"}`);
  const backup = (schedule: string): string =>
    object('ScheduledBackup', 'postgresql.cnpg.io/v1', `spec: {schedule: "${schedule}", cluster: {name: pg}}`);
  const cluster = (kept: string): string =>
    `---\n${object('Cluster', 'postgresql.cnpg.io/v1', `spec: {backup: {retentionPolicy: ${kept}}}`, 'pg')}`;

  it('tells once from always and never', () => {
    judge(unlikely, [
      [cron('0 3 * * *')],
      [cron('* * * * *')],
      [cron('* 8-18 * * *')],
      [cron('*/5 3 * * *')],
      [cron('* 3 * * *'), /every minute of each hour/],
      [cron('0 3 31 2 *'), /No month of .* has a day 31/],
      [cron('0 3 31 1,2 *')],
      [cron('0 3 * * *', 'startingDeadlineSeconds: 5, '), /write 10 or more/],
      [backup('0 0 2 * * *')],
      [backup('* 0 2 * * *'), /every second of each minute/],
      [backup('0 0 25 * * *'), /25 is out of range among the hours/],
      [backup('0 */30 * * * *')],
    ]);
  });

  it('compares what is kept with how often it is made', () => {
    judge(unlikely, [
      [backup('0 0 2 * * 0') + cluster('2w')],
      [backup('0 0 2 * * *') + cluster('1d')],
      [backup('0 0 2 * * 0') + cluster('3d'), /^info: Backups are kept for 3d and made every week/],
      [backup('0 0 2 1 * *') + cluster('2w'), /made every month/],
    ]);
  });
});

describe('command-not-split', () => {
  const pod = (container: string): string =>
    object('Pod', 'v1', `spec: {containers: [{name: a, image: b, ${container}}]}`);

  it('judges the first word, and splits plain ones', () => {
    judge(notSplit, [
      [pod('command: [sh, -c, "echo a b"]')],
      [pod('command: ["redis-server /a"]'), /The command of container a is one word/],
      [pod('livenessProbe: {exec: {command: ["pg_isready -U a"]}}'), /The livenessProbe of container a/],
      [pod('lifecycle: {preStop: {exec: {command: ["sleep 5 && echo"]}}}'), /let a shell read it/],
    ]);
    const block = `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
    - name: a
      image: b
      command: ["redis-server /a --port 6379"]
`;
    assert.match(fixed(notSplit, block)['main.yaml'] ?? '', /command: \[redis-server, \/a, --port, "6379"\]/);
  });
});

describe('a command without a program', () => {
  const pod = (container: string): string =>
    object('Pod', 'v1', `spec: {containers: [{name: a, image: b, ${container}}]}`);

  it('takes the place of the one that the image starts', () => {
    judge(notSplit, [
      [
        pod('command: ["--config", /etc/livekit.yaml]'),
        /The command of container a begins with --config, which is no program/,
      ],
      [pod('command: [-c, "redis-server /a"]'), /begins with -c/],
      [pod('args: ["--config", /etc/livekit.yaml]')],
      [pod('command: [/livekit-server, "--config"]')],
    ]);
    const fix = fixed(notSplit, pod('command: ["--config=/etc/livekit.yaml"]'))['main.yaml'] ?? '';
    assert.match(fix, /args: \["--config=\/etc\/livekit.yaml"\]/);
  });
});

describe('volume-not-writable', () => {
  const claims = (mode: string): string =>
    `volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [${mode}]}}]`;

  it('wants a group for pods that are not root', () => {
    judge(notWritable, [
      [set('securityContext: {runAsUser: 991}, ', claims('ReadWriteOnce')), /set fsGroup: 991/],
      [set('securityContext: {runAsUser: 991, fsGroup: 991}, ', claims('ReadWriteOnce'))],
      [set('', claims('ReadWriteOnce'))],
      [set('securityContext: {runAsUser: 991}, ', claims('ReadWriteMany'))],
      [
        set(
          'securityContext: {runAsUser: 991}, initContainers: [{name: c, image: b, securityContext: {runAsUser: 0}}], ',
          claims('ReadWriteOnce'),
        ),
      ],
    ]);
  });
});

describe('pg-object-undefined', () => {
  const cluster = (spec: string): string => object('Cluster', 'postgresql.cnpg.io/v1', `spec: {${spec}}`, 'pg');
  const pooler = (name: string): string =>
    object('Pooler', 'postgresql.cnpg.io/v1', `spec: {cluster: {name: ${name}}}`);
  const plugin = (name: string): string => cluster(`plugins: [{name: ${name}, parameters: {barmanObjectName: store}}]`);
  const store = `---\n${object('ObjectStore', 'barmancloud.cnpg.io/v1', 'spec: {}', 'store')}`;

  it('looks for clusters, object stores and plugins', () => {
    judge(objectUndefined, [
      [`${cluster('instances: 1')}---\n${pooler('pg')}`],
      [`${cluster('instances: 1')}---\n${pooler('gp')}`, /did you mean pg\?/],
      [pooler('pg')],
      [plugin('barman-cloud.cloudnative-pg.io') + store],
      [plugin('barman-cloud.cloudnative-pg.io'), /^info: Nothing creates the ObjectStore store/],
      [plugin('barman-cloud.cloudnativepg.io') + store, /did you mean barman-cloud\.cloudnative-pg\.io/],
      [plugin('own.example.test')],
    ]);
  });
});
