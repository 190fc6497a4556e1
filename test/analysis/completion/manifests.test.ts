import assert from 'node:assert/strict';
import { completionAt, labelsAt } from './at';

const tree = `
#- /01-secrets.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: matrix
  labels: {team: chat}
---
apiVersion: v1
kind: Secret
metadata: {name: synapse-secrets, namespace: matrix}
stringData:
  signing.key: ed25519 a_test hidden-value
  form: hidden-value
---
apiVersion: v1
kind: Secret
metadata: {name: elsewhere, namespace: other}
stringData: {far: away}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: synapse-config
  namespace: matrix
data:
  homeserver.yaml: 'server_name: x'
  log.yaml: 'version: 1'
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec: {instances: 3}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: media, namespace: matrix}
spec: {storageClassName: fast-ssd}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: letsencrypt}
spec: {acme: {privateKeySecretRef: {name: account}}}
#- /02-scripts.sh
kubectl create secret generic scripted -n matrix --from-literal=token=$TOKEN
#- /03-synapse.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse, namespace: matrix}
spec:
  selector: {matchLabels: {app: synapse}}
  template:
    metadata: {labels: {app: synapse, tier: main}}
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.120.0
          ports: [{name: http, containerPort: 8008}, {name: metrics, containerPort: 9000}]
---
apiVersion: v1
kind: Service
metadata: {name: synapse, namespace: matrix, labels: {app: synapse}}
spec:
  selector: {app: synapse}
  ports: [{name: http, port: 80, targetPort: http}, {name: metrics, port: 9000}]
`;

/** A pod in a Deployment beside the tree, with these lines in its container or its pod spec. */
function pod(lines: string): string {
  return `${tree}
#- /main.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: matrix
spec:
  template:
    spec:
      volumes:
        - name: config
          configMap:
            name: synapse-config
        - name: keys
          secret:
            secretName: synapse-secrets
            items:
              - key: form
                path: form.txt
      containers:
        - name: web
${lines}
`;
}

function object(kind: string, apiVersion: string, lines: string): string {
  return `${tree}\n#- /main.yaml\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: it\n  namespace: matrix\n${lines}`;
}

const secretNames = ['pg-app', 'pg-ca', 'pg-replication', 'pg-server', 'scripted', 'synapse-secrets'];

describe('completion of names', () => {
  it('has the Secrets of the namespace: written, made by operators and by scripts', () => {
    const found = labelsAt(
      pod(
        '          env:\n            - name: A\n              valueFrom:\n                secretKeyRef:\n                  name: $0',
      ),
    );
    assert.deepEqual([...found].sort(), secretNames);
  });

  it('says who makes a Secret and how many keys it has, and never what is in it', () => {
    const found = completionAt(pod('          envFrom:\n            - secretRef:\n                name: $0'));
    const details = new Map(found?.candidates.map(one => [one.label, one.detail]));
    assert.equal(details.get('pg-app'), '11 keys, made by CloudNativePG for Cluster/pg');
    assert.equal(details.get('synapse-secrets'), '2 keys, 01-secrets.yaml');
    assert.ok(!JSON.stringify(found).includes('hidden-value'));
  });

  it('has the keys of the Secret that is named beside, before or after', () => {
    const head = '          env:\n            - name: A\n              valueFrom:\n                secretKeyRef:\n';
    assert.deepEqual(labelsAt(pod(`${head}                  name: synapse-secrets\n                  key: $0`)), [
      'signing.key',
      'form',
    ]);
    assert.deepEqual(labelsAt(pod(`${head}                  key: "$0"\n                  name: synapse-secrets`)), [
      'signing.key',
      'form',
    ]);
    assert.deepEqual(
      labelsAt(pod('          env: [{name: A, valueFrom: {secretKeyRef: {name: scripted, key: $0}}}]')),
      ['token'],
    );
    assert.deepEqual(labelsAt(pod(`${head}                  name: elsewhere\n                  key: $0`)), []);
  });

  it('has the keys of a ConfigMap whose document cannot be read', () => {
    const broken = tree.replace("log.yaml: 'version: 1'", "log.yaml: 'version: 1'\n  x: [");
    const found = labelsAt(
      `${broken}\n#- /main.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: matrix}\nspec:\n  volumes:\n    - name: a\n      configMap:\n        name: synapse-config\n        items:\n          - key: $0`,
    );
    assert.ok(found.includes('log.yaml'), found.join());
  });

  it('has volumes of the pod for mounts and files of a volume for subPath', () => {
    const mounts = '          volumeMounts:\n            - name: config\n              mountPath: /a\n';
    assert.deepEqual(labelsAt(pod(`${mounts}            - name: $0`)), ['keys', 'config']);
    assert.deepEqual(labelsAt(pod(`${mounts}              subPath: $0`)), ['homeserver.yaml', 'log.yaml']);
    assert.deepEqual(labelsAt(pod('          volumeMounts:\n            - name: keys\n              subPath: $0')), [
      'form.txt',
    ]);
  });

  it('has the names that mounts want for volumes, and the labels that the own selector wants for pods', () => {
    const spec =
      'spec:\n  containers:\n    - name: c\n      volumeMounts: [{name: data, mountPath: /d}]\n  volumes:\n    - name: $0';
    assert.deepEqual(labelsAt(object('Pod', 'v1', spec)), ['data']);
    const labels = 'spec:\n  selector: {matchLabels: {app: mine}}\n  template:\n    metadata:\n      labels:\n        ';
    assert.equal(labelsAt(object('Deployment', 'apps/v1', `${labels}$0`))[0], 'app');
    assert.equal(labelsAt(object('Deployment', 'apps/v1', `${labels}app: $0`))[0], 'mine');
  });

  it('has claims, classes, issuers, ServiceAccounts and backends', () => {
    const spec = (lines: string): string => object('Pod', 'v1', `spec:\n${lines}`);
    assert.deepEqual(labelsAt(spec('  volumes:\n    - name: a\n      persistentVolumeClaim:\n        claimName: $0')), [
      'media',
    ]);
    assert.ok(labelsAt(object('PersistentVolumeClaim', 'v1', 'spec:\n  storageClassName: $0')).includes('fast-ssd'));
    assert.deepEqual(labelsAt(object('Certificate', 'cert-manager.io/v1', 'spec:\n  issuerRef:\n    name: $0')), [
      'letsencrypt',
    ]);
    assert.deepEqual(labelsAt(spec('  serviceAccountName: $0')), ['pg']);
    const ingress = 'spec:\n  rules:\n    - http:\n        paths:\n          - backend:\n              service:\n';
    assert.ok(
      labelsAt(object('Ingress', 'networking.k8s.io/v1', `${ingress}                name: $0`)).includes('synapse'),
    );
    assert.deepEqual(
      labelsAt(
        object(
          'Ingress',
          'networking.k8s.io/v1',
          `${ingress}                name: synapse\n                port:\n                  number: $0`,
        ),
      ),
      ['80', '9000'],
    );
    assert.deepEqual(
      labelsAt(
        object(
          'HorizontalPodAutoscaler',
          'autoscaling/v2',
          'spec:\n  scaleTargetRef:\n    kind: StatefulSet\n    name: $0',
        ),
      ),
      ['synapse'],
    );
  });

  it('has namespaces, those of the tree first', () => {
    assert.equal(
      labelsAt(`${tree}\n#- /main.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  namespace: $0`)[0],
      'matrix',
    );
  });
});

describe('completion of labels and ports', () => {
  it('has the labels of the namespaces for a namespaceSelector', () => {
    const policy = (lines: string): string =>
      object(
        'NetworkPolicy',
        'networking.k8s.io/v1',
        `spec:\n  ingress:\n    - from:\n        - namespaceSelector:\n            matchLabels:\n${lines}`,
      );
    assert.deepEqual(labelsAt(policy('              $0')), ['kubernetes.io/metadata.name', 'team']);
    assert.equal(labelsAt(policy('              kubernetes.io/metadata.name: $0'))[0], 'matrix');
    assert.deepEqual(labelsAt(policy('              team: $0')), ['chat']);
  });

  it('has the labels of pods that the rest of a selector finds', () => {
    const service = (lines: string): string => object('Service', 'v1', `spec:\n  selector:\n${lines}`);
    assert.ok(labelsAt(service('    $0')).includes('cnpg.io/cluster'));
    assert.deepEqual(labelsAt(service('    app: synapse\n    $0')), ['tier', 'statefulset.kubernetes.io/pod-name']);
    assert.deepEqual(labelsAt(service('    app: synapse\n    tier: $0')), ['main']);
    assert.deepEqual(
      labelsAt(object('PodDisruptionBudget', 'policy/v1', 'spec:\n  selector:\n    matchLabels: {app: $0}')),
      ['synapse'],
    );
    assert.deepEqual(
      labelsAt(
        object(
          'PodDisruptionBudget',
          'policy/v1',
          'spec:\n  selector:\n    matchExpressions:\n      - key: tier\n        operator: In\n        values: [$0]',
        ),
      ),
      ['main'],
    );
  });

  it('has the pods of the other namespace for a peer with a namespaceSelector', () => {
    const peer =
      'spec:\n  egress:\n    - to:\n        - namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: kube-system\n          podSelector:\n            matchLabels:\n              $0';
    assert.deepEqual(labelsAt(object('NetworkPolicy', 'networking.k8s.io/v1', peer)), ['k8s-app']);
  });

  it('has no value of a label that each run of a CronJob makes anew', () => {
    const source = (key: string) => `
#- /backup.yaml
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: matrix}
spec:
  schedule: '@daily'
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: backup}}
        spec:
          containers: [{name: backup, image: rclone/rclone:1.68}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: backup, namespace: matrix}
spec:
  podSelector:
    matchLabels:
      ${key}: $0
`;
    assert.deepEqual(labelsAt(source('app')), ['backup']);
    assert.deepEqual(labelsAt(source('job-name')), []);
  });

  it('has the ports of the pods behind a Service, of the own container, and of what a policy selects', () => {
    assert.deepEqual(
      labelsAt(object('Service', 'v1', 'spec:\n  selector: {app: synapse}\n  ports:\n    - targetPort: $0')),
      ['http', 'metrics', '8008', '9000'],
    );
    assert.deepEqual(
      labelsAt(
        pod(
          '          ports: [{name: own, containerPort: 1234}]\n          livenessProbe:\n            httpGet:\n              port: $0',
        ),
      ),
      ['own', '1234'],
    );
    const rule = 'spec:\n  podSelector: {matchLabels: {app: synapse}}\n  ingress:\n    - ports:\n        - port: $0';
    assert.deepEqual(labelsAt(object('NetworkPolicy', 'networking.k8s.io/v1', rule)), [
      'http',
      'metrics',
      '8008',
      '9000',
    ]);
  });

  it('has the ports and the metrics path that a monitor can reach', () => {
    const monitor = (lines: string): string =>
      object(
        'ServiceMonitor',
        'monitoring.coreos.com/v1',
        `spec:\n  selector: {matchLabels: {app: synapse}}\n  endpoints:\n    - ${lines}`,
      );
    assert.deepEqual(labelsAt(monitor('port: $0')), ['http', 'metrics']);
    assert.deepEqual(labelsAt(monitor('port: metrics\n      path: $0')), ['/_synapse/metrics', '/metrics']);
  });
});

describe('completion of fields', () => {
  it('has the fields that are missing, the required ones first', () => {
    const found = completionAt(pod('          $0'));
    const labels = found?.candidates.map(one => one.label) ?? [];
    assert.ok(labels.includes('livenessProbe') && !labels.includes('name'));
    const reference = labelsAt(
      pod(
        '          env:\n            - name: A\n              valueFrom:\n                secretKeyRef:\n                  $0',
      ),
    );
    assert.deepEqual(reference, ['key', 'name', 'optional']);
    const image = found?.candidates.find(one => one.label === 'imagePullPolicy');
    assert.deepEqual(image?.field, { definition: 'Container', name: 'imagePullPolicy' });
  });

  it('has them while the line is broken, and below a broken line', () => {
    assert.ok(labelsAt(pod('          live$0')).includes('livenessProbe'));
    assert.ok(labelsAt(pod('          live$0\n          image: x')).includes('livenessProbe'));
    assert.ok(labelsAt(pod('          image: "x\n          live$0')).includes('livenessProbe'));
    assert.ok(!labelsAt(pod('          live$0\n          image: x')).includes('image'));
  });

  it('begins items of lists with a dash', () => {
    const found = completionAt(pod('          volumeMounts:\n            $0'));
    assert.equal(found?.writing.isItem, true);
    assert.deepEqual(
      found?.candidates.map(one => one.label),
      ['name', 'mountPath'],
    );
    assert.deepEqual(labelsAt(object('NetworkPolicy', 'networking.k8s.io/v1', 'spec:\n  policyTypes:\n    - $0')), [
      'Ingress',
      'Egress',
    ]);
  });

  it('has kinds and API versions that belong together', () => {
    assert.deepEqual(labelsAt('kind: StatefulSet\napiVersion: $0'), ['apps/v1']);
    assert.ok(labelsAt('kind: StatefulSet\nspec:\n  $0').includes('volumeClaimTemplates'));
    assert.equal(labelsAt('apiVersion: postgresql.cnpg.io/v1\nkind: $0')[0], 'Cluster');
    assert.deepEqual(labelsAt('$0'), ['apiVersion', 'kind', 'metadata', 'spec']);
    assert.deepEqual(labelsAt('replicaCount: 2\n$0'), []);
  });

  it('has the words of enums, also those that only the documentation names', () => {
    assert.deepEqual(labelsAt(pod('          imagePullPolicy: $0')), ['IfNotPresent', 'Always', 'Never']);
    assert.deepEqual(labelsAt(pod('          stdin: $0')), ['true', 'false']);
    assert.deepEqual(labelsAt(object('Cluster', 'postgresql.cnpg.io/v1', 'spec:\n  primaryUpdateStrategy: $0')), [
      'unsupervised',
      'supervised',
    ]);
  });

  it('knows the fields of CloudNativePG and MinIO, and which they cannot do without', () => {
    const cluster = completionAt(object('Cluster', 'postgresql.cnpg.io/v1', 'spec:\n  $0'))?.candidates;
    assert.equal(cluster?.find(one => one.label === 'instances')?.detail, 'number, required');
    const pool = labelsAt(object('Tenant', 'minio.min.io/v2', 'spec:\n  pools:\n    - name: p\n      $0'));
    assert.deepEqual([...pool.slice(0, 3)].sort(), ['servers', 'volumeClaimTemplate', 'volumesPerServer']);
  });

  it('has kinds that a CustomResourceDefinition of the tree defines', () => {
    const definition = `#- /crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec:
  group: example.org
  names: {kind: Thing}
  versions:
    - name: v1
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: string, enum: [big, small]}}}}}}
#- /main.yaml
apiVersion: example.org/v1
`;
    assert.deepEqual(labelsAt(`${definition}kind: $0`), ['Thing']);
    assert.deepEqual(labelsAt(`${definition}kind: Thing\nspec:\n  $0`), ['size']);
    assert.deepEqual(labelsAt(`${definition}kind: Thing\nspec:\n  size: $0`), ['big', 'small']);
  });

  it('leaves fields to another extension when told so, and keeps what only the tree knows', () => {
    const off = { offersSchema: false };
    assert.deepEqual(labelsAt(pod('          $0'), off), []);
    assert.deepEqual(labelsAt(pod('          imagePullPolicy: $0'), off), []);
    assert.deepEqual([...labelsAt(pod('          envFrom: [{secretRef: {name: $0}}]'), off)].sort(), secretNames);
  });

  it('has nothing in comments, in other texts, and in files that are no manifests', () => {
    assert.equal(completionAt(pod('          image: x # $0')), undefined);
    assert.equal(completionAt(pod('          args:\n            - |\n              name: $0')), undefined);
    assert.equal(completionAt(`${tree}\n#- /README.md\nname: $0`), undefined);
  });

  it('works in the items of a List and with Windows line ends', () => {
    const list =
      'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n    metadata: {name: p, namespace: matrix}\n    spec:\n      serviceAccountName: $0';
    assert.deepEqual(labelsAt(`${tree}\n#- /main.yaml\n${list}`), ['pg']);
    assert.deepEqual(labelsAt(`${tree}\n#- /main.yaml\n${list.replaceAll('\n', '\r\n')}\r`), ['pg']);
  });
});

describe('completion of settings and suppressions', () => {
  it('has keys, components, severities and rules of matrix-preflight.yaml', () => {
    const settings = '#- /matrix-preflight.yaml\n';
    assert.ok(labelsAt(`${settings}$0`).includes('components'));
    assert.ok(!labelsAt(`${settings}components:\n  livekit: off\n  $0`).includes('livekit'));
    assert.deepEqual(labelsAt(`${settings}components:\n  livekit: $0`), ['required', 'auto', 'off']);
    const rule = completionAt(`${settings}rules:\n  pg-cron$0`)?.candidates.find(
      one => one.label === 'pg-cron-six-fields',
    );
    assert.match(rule?.documentation ?? '', /\w/);
    assert.ok(labelsAt(`${settings}rules:\n  pg-cron-six-fields:\n    severity: $0`).includes('hint'));
    assert.deepEqual(labelsAt(`${settings}provided:\n  $0`), ['kind', 'name']);
    assert.deepEqual(labelsAt(`${tree}\n${settings}provided:\n  - kind: ClusterIssuer\n    name: $0`), ['letsencrypt']);
  });

  it('leaves what its schema says to another extension when told so, and keeps rules and objects', () => {
    const off = { offersSettings: false };
    assert.deepEqual(labelsAt('#- /matrix-preflight.yaml\ncomponents:\n  $0', off), []);
    assert.ok(labelsAt('#- /matrix-preflight.yaml\nrules:\n  $0', off).length > 100);
    const provided = `${tree}\n#- /matrix-preflight.yaml\nprovided:\n  - kind: ClusterIssuer\n    name: $0`;
    assert.deepEqual(labelsAt(provided, off), ['letsencrypt']);
  });

  it('has rules in suppression comments, those with findings there first', () => {
    const found = labelsAt('# preflight-ignore: pg$0 (why)\nkind: Pod', {
      likelyRules: () => new Set(['pg-cron-six-fields']),
    });
    assert.equal(found[0], 'pg-cron-six-fields');
    assert.ok(found.length > 100);
    const { span } = completionAt('# preflight-ignore: pg$0-cron (why)\nkind: Pod') ?? {};
    assert.deepEqual(span, { start: 20, end: 27 });
  });
});
