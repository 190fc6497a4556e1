import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readType, type Type } from '../../../analysis/schema';
import { operatorDefinitions } from '../../../analysis/schema/operators';
import { definitions, schemaOfKind } from '../../../analysis/schema/schemas.generated';
import crdUnknownField from '../../../rules/schema/crd-unknown-field';
import { expecting, fixedBy } from '../monitoring/expect';

const expectMarks = expecting(crdUnknownField);

describe('fields and types of objects', () => {
  it('may be null, begin with x-, or come from anchors and merge keys', () => {
    expectMarks(`
    x-common: &common
      image: registry.test/app:1
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: app
      annotations:
        # Nothing yet.
      labels: &labels
        app: app
    spec:
      replicas: ~
      selector:
        matchLabels: *labels
      template:
        metadata:
          labels: *labels
        spec:
          containers:
            - <<: *common
              name: app
    `);
  });

  it('are judged through merge keys, at the anchor', () => {
    expectMarks(`
    apiVersion: v1
    kind: Pod
    metadata:
      name: app
    spec:
      initContainers:
        - &common
          name: prepare
          imagePullpolicy: Always
    #     ^^^^^^^^^^^^^^^ 💡 error: did you mean imagePullPolicy?
      containers:
        - <<: *common
          name: app
    `);
  });

  it('are strings where Kubernetes wants strings', () => {
    const source = `
    apiVersion: v1
    kind: Pod
    metadata:
      name: app
      annotations:
        prometheus.io/port: 9000
    #                       ^^^^ 💡 error: metadata.annotations["prometheus.io/port"] has to be a string, not a number
    spec:
      containers:
        - name: app
          command: [serve, --port, 8080]
    #                              ^^^^ 💡 error: spec.containers[0].command[2] has to be a string
          env:
            - name: ENABLED
              value: yes
    #                ^^^ 💡 error: has to be a string, not a boolean — put it in quotes
            - name: PORT
              value: "8080"
            - name: VERSION
              value: 1.10
    #                ^^^^ 💡 error: has to be a string, not a number
            - name: EMPTY
              value:
    `;
    expectMarks(source);
    const fixed = fixedBy(source, crdUnknownField);
    assert.match(fixed, /value: "yes"/);
    assert.match(fixed, /value: "1\.10"/);
    assert.match(fixed, /\[serve, --port, "8080"\]/);
  });

  it('are numbers, booleans or either where Kubernetes wants these', () => {
    const source = `
    apiVersion: v1
    kind: Service
    metadata:
      name: app
    spec:
      publishNotReadyAddresses: "true"
    #                           ^^^^^^ 💡 error: has to be a boolean, not a string
      ports:
        - port: "80"
    #           ^^^^ 💡 error: has to be a number, not a string
          targetPort: http
        - port: 81
          targetPort: 8081
          protocol: tcp
    #               ^^^ 💡 error: spec.ports[1].protocol cannot be tcp — it has to be SCTP, TCP or UDP
      selector: app
    # ^^^^^^^^ error: selector
    `.replace(
      / {4}# \^\^\^\^\^\^\^\^ error: selector\n/,
      '    #           ^^^ error: spec.selector has to be a mapping, not a string\n',
    );
    expectMarks(source);
    const fixed = fixedBy(source, crdUnknownField);
    assert.match(fixed, /publishNotReadyAddresses: true/);
    assert.match(fixed, /port: 80\n/);
    assert.match(fixed, /protocol: TCP/);
  });

  it('accept numbers and strings as quantities', () => {
    expectMarks(`
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: db
    spec:
      storage:
        size: 50Gi
      resources:
        requests: {cpu: 1, memory: 2Gi}
        limits: {cpu: "1", memory: 2147483648}
    `);
  });

  it('are known by what they belong to', () => {
    expectMarks(`
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: app
    spec:
      template:
        replicas: 3
    #   ^^^^^^^^ 💡 error: no field spec.template.replicas — it belongs to spec.
        spec:
          containers: []
          ports: []
    #     ^^^^^ 💡 error: no field spec.template.spec.ports — it belongs to spec.template.spec.containers or
    `);
  });

  it('belong nowhere else where another thing has their name', () => {
    expectMarks(`
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: media
    spec:
      pools: [{servers: 4, volumesPerServer: 2, volumeClaimTemplate: {spec: {resources: {requests: {storage: 1Gi}}}}}]
      console:
    # ^^^^^^^ 💡 warning: no field spec.console in the versions known here — correct it
        image: registry.test/console:1
    `);
  });

  it('are checked in every item of a List', () => {
    expectMarks(`
    apiVersion: v1
    kind: List
    items:
      - apiVersion: v1
        kind: ConfigMap
        metadata: {name: one}
        data: {key: value}
      - apiVersion: v1
        kind: ConfigMap
        metadata: {name: two}
        datas: {key: value}
    #   ^^^^^ 💡 error: ConfigMap has no field datas — did you mean data?
    `);
  });

  it('of CloudNativePG are renamed once, also when both old names are there', () => {
    const source = (monitoring: string): string => `
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: db
    spec:
      monitoring:
        ${monitoring}
    `;
    const tree = (monitoring: string): string =>
      fixedBy(source(monitoring), crdUnknownField).replace(/[\s\S]*monitoring:\n/, '');
    assert.equal(tree('enabled: true\n        podMonitorEnabled: true'), '    enablePodMonitor: true\n');
    assert.equal(tree('enabled: true'), '    enablePodMonitor: true\n');
    assert.equal(tree('enablePodMonitor: true\n        enabled: true'), '    enablePodMonitor: true\n');
  });

  it('of the MinIO Operator say that prometheusOperator is a switch', () => {
    const source = `
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: minio
    spec:
      prometheusOperator:
    # ^^^^^^^^^^^^^^^^^^ 💡 error: spec.prometheusOperator has to be a boolean, not a mapping
        labels:
          app: minio
      requestAutoCert: false
    `;
    expectMarks(source);
    assert.match(fixedBy(source, crdUnknownField), /spec:\n {2}prometheusOperator: true\n {2}requestAutoCert: false/);
  });

  it('may name the type of an embedded object as they like, as the samples of the MinIO Operator do', () => {
    expectMarks(`
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: minio
    spec:
      pools:
        - servers: 4
          volumesPerServer: 4
          volumeClaimTemplate:
            apiVersion: v1
            kind: persistentvolumeclaims
            spec:
              accessModes: [ReadWriteOnce]
              resources:
                requests:
                  storage: 1Ti
    `);
  });

  it('of an operator may be newer than its built-in schema, unless they resemble a known one', () => {
    expectMarks(`
    apiVersion: postgresql.cnpg.io/v1
    kind: Pooler
    metadata:
      name: pooler
    spec:
      cluster:
        name: main
      type: rw
      zoneSpread: true
    # ^^^^^^^^^^ 💡 warning: Pooler has no field spec.zoneSpread in the versions known here
      pgbouncer:
        poolMod: session
    #   ^^^^^^^ 💡 error: did you mean poolMode?
    `);
  });

  it('follow a CustomResourceDefinition of the tree rather than the built-in schema', () => {
    expectMarks(`
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: minio
    spec:
      novel: true
      count: 3
      free: {anything: [1, 2]}
      pools: []
    # ^^^^^ 💡 error: Tenant has no field spec.pools
      mode: c
    #       ^ error: spec.mode cannot be c — it has to be a or b
    ---
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata:
      name: tenants.minio.min.io
    spec:
      group: minio.min.io
      names: {kind: Tenant}
      versions:
        - name: v2
          schema:
            openAPIV3Schema:
              type: object
              properties:
                spec:
                  type: object
                  properties:
                    novel: {type: boolean}
                    count: {x-kubernetes-int-or-string: true}
                    free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                    mode: {type: string, enum: [a, b]}
    `);
  });

  it('are not checked where no schema is known', () => {
    expectMarks(`
    apiVersion: bitnami.com/v1alpha1
    kind: SealedSecret
    metadata:
      name: app
    specs: {}
    ---
    apiVersion: policy/v1beta1
    kind: PodDisruptionBudget
    metadata:
      name: app
    specs: {}
    `);
  });

  it("name a kind or version that Kubernetes' own groups do not have", () => {
    expectMarks(`
    apiVersion: apps/v1
    kind: Deploymnet
    #     ^^^^^^^^^^ 💡 error: did you mean Deployment?
    metadata:
      name: one
    ---
    apiVersion: v1
    #           ^^ 💡 error: Kubernetes has no CronJob in v1 — its API version is batch/v1.
    kind: CronJob
    metadata:
      name: two
    ---
    apiVersion: app/v1
    #           ^^^^^^ 💡 error: Kubernetes has no API version app/v1 — StatefulSet is in apps/v1.
    kind: StatefulSet
    metadata:
      name: three
    ---
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata:
      name: four
    `);
  });

  it('end where an alias stands inside its own anchor', () => {
    expectMarks(
      `
    apiVersion: v1
    kind: ConfigMap
    metadata: &loop
      name: app
      annotations: *loop
    `.replace('*loop', '{}'),
    );
  });
});

describe('built-in schemas', () => {
  it('refer only to definitions that are there', () => {
    const lines = [definitions, operatorDefinitions].flatMap(text => text.trim().split('\n'));
    const names = new Set(lines.map(line => line.slice(0, line.indexOf('='))));
    assert.equal(names.size, lines.length, 'a name is defined twice');
    const missing = lines.flatMap(line =>
      [
        ...line
          .slice(line.indexOf('='))
          .replace(/<[^>]*>/g, '')
          .matchAll(/(?<=[:[{])([A-Z]\w+)/g),
      ].flatMap(([, name]) => (names.has(name ?? '') ? [] : `${line.slice(0, line.indexOf('='))} → ${name}`)),
    );
    assert.deepEqual(missing, []);
  });

  it('can be read to the last field', () => {
    const seen = new Set<Type>();
    let fields = 0;
    const visit = (type: Type): void => {
      if (seen.has(type)) return;
      seen.add(type);
      if (type.kind === 'list') visit(type.items);
      else if (type.kind === 'map') visit(type.values);
      else if (type.kind === 'object') {
        for (const [name, field] of type.fields) {
          assert.match(name, /^[A-Za-z0-9_-]+$/);
          fields++;
          visit(field);
        }
      }
    };
    for (const name of Object.values(schemaOfKind)) visit(readType(name));
    visit(readType('CnpgCluster'));
    visit(readType('Tenant'));
    assert.ok(fields > 2000, `only ${fields} fields`);
  });

  it('read every form of the notation', () => {
    const type = readType('(a:s,b:[{i}],c:<x|y-z>,d:(e:*))');
    assert.ok(type.kind === 'object');
    assert.deepEqual([...type.fields.keys()], ['a', 'b', 'c', 'd']);
    assert.deepEqual(type.fields.get('b'), { kind: 'list', items: { kind: 'map', values: { kind: 'int-or-string' } } });
    assert.deepEqual(type.fields.get('c'), { kind: 'string', values: ['x', 'y-z'] });
  });

  it('are those of the installed packages', function () {
    this.timeout(60_000);
    execFileSync(process.execPath, ['scripts/schemas.mjs', '--check'], { stdio: 'pipe' });
  });
});
