import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';
import configSecret from '../../../rules/minio/minio-config-secret-missing';
import driveCount from '../../../rules/minio/minio-drive-count';
import erasureParity from '../../../rules/minio/minio-erasure-parity';
import storageEfficiency from '../../../rules/minio/minio-storage-efficiency';
import tenantMissing from '../../../rules/minio/minio-tenant-missing';
import userIsRoot from '../../../rules/minio/minio-user-is-root';
import { defaultParity, erasureSetSize } from '../../../rules/minio/store';
import { check } from '../../fixture';
import { expecting, fixedBy } from '../monitoring/expect';

const config = (lines: string): string => `
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-config
      namespace: matrix
    stringData:
      config.env: |
${lines}
    ---`;
const tenant = (pools: string, rest = ''): string => `
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: matrix-minio
      namespace: matrix
    spec:
      configuration:
        name: minio-config
${rest}      pools:
${pools}
`;
const claim = '          volumeClaimTemplate: {spec: {resources: {requests: {storage: 500Gi}}}}';
const fourByTwo = `        - servers: 4\n          volumesPerServer: 2\n${claim}`;

describe('erasure sets', () => {
  it('are as large as divides all drives, up to 16', () => {
    for (const [servers, volumes, size] of [
      [4, 2, 8],
      [2, 4, 8],
      [8, 1, 8],
      [4, 1, 4],
      [4, 4, 16],
      [8, 4, 16],
      [6, 2, 12],
      [5, 2, 10],
      [5, 4, 10],
      [6, 4, 12],
      [10, 4, 10],
      [32, 1, 16],
      [1, 1, 1],
    ] as const)
      assert.equal(erasureSetSize(servers, volumes), size, `${servers} × ${volumes}`);
  });

  it('have a default parity by their size', () => {
    assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 16].map(defaultParity), [0, 1, 1, 2, 2, 3, 3, 4, 4]);
  });
});

describe('the parity of MinIO', () => {
  const expectMarks = expecting(erasureParity);

  it('is read with and without export, in any quotes, and not from comments', () => {
    for (const line of [
      'MINIO_STORAGE_CLASS_STANDARD=EC:4',
      "export MINIO_STORAGE_CLASS_STANDARD='EC:4'",
      'export MINIO_STORAGE_CLASS_STANDARD="EC:4"',
    ])
      expectMarks(
        `${config(`        # export MINIO_STORAGE_CLASS_STANDARD="EC:2"\n        ${line}`)}${tenant(fourByTwo)}`,
      );
  });

  it('is a warning when it is not written, and gets written', () => {
    const source = `
    apiVersion: v1
    kind: Secret
    metadata: {name: minio-config, namespace: matrix}
    stringData:
      config.env: |-
    # ^^^^^^^^^^ 💡 warning: takes EC:4 for 8 drives by itself
        # EC:4 is the default.
        export MINIO_ROOT_USER="root"
      other: text
    ---${tenant(fourByTwo)}`;
    expectMarks(source);
    assert.match(
      fixedBy(source, erasureParity),
      /export MINIO_ROOT_USER="root"\n {4}export MINIO_STORAGE_CLASS_STANDARD="EC:4"\n {2}other: text/,
    );
  });

  it('can be more than MinIO takes', () => {
    expectMarks(
      `${config('        export MINIO_STORAGE_CLASS_STANDARD="EC:4"\n    #                                        ^^^^ error: spread over 4 drives and at most half of them may be parity, so MinIO refuses to start')}${tenant(`        - servers: 4\n          volumesPerServer: 1`)}`,
    );
    expectMarks(
      `${config('        export MINIO_STORAGE_CLASS_STANDARD="EC:5"\n    #                                        ^^^^ 💡 error: refuses to start')}${tenant(fourByTwo)}`,
    );
    expectMarks(
      `${config('        export MINIO_STORAGE_CLASS_STANDARD="REDUCED"\n    #                                        ^^^^^^^ 💡 error: is no storage class')}${tenant(fourByTwo)}`,
    );
  });

  it('can be said twice', () => {
    expectMarks(
      `${config('        export MINIO_STORAGE_CLASS_STANDARD="EC:4"')}${tenant(fourByTwo, '      env:\n        - name: MINIO_STORAGE_CLASS_STANDARD\n          value: EC:2\n    #            ^^^^ 💡 error: which of them wins\n')}`,
    );
    expectMarks(
      `${config('        export MINIO_STORAGE_CLASS_STANDARD="EC:4"')}${tenant(fourByTwo, '      env: [{name: MINIO_STORAGE_CLASS_STANDARD, value: "EC:4"}]\n')}`,
    );
  });

  it('is unknown where the tree does not show the file, and counts in base64', () => {
    expectMarks(`
    apiVersion: external-secrets.io/v1
    kind: ExternalSecret
    metadata: {name: minio-config, namespace: matrix}
    spec: {dataFrom: [{extract: {key: minio}}]}
    ---${tenant(fourByTwo)}`);
    const encoded = (line: string, mark = ''): string => `
    apiVersion: v1
    kind: Secret
    metadata: {name: minio-config, namespace: matrix}
    data:
      config.env: ${Buffer.from(line).toString('base64')}
${mark}    ---${tenant(fourByTwo)}`;
    expectMarks(encoded('export MINIO_STORAGE_CLASS_STANDARD="EC:4"\n'));
    const { findings } = check(encoded('export MINIO_STORAGE_CLASS_STANDARD="EC:3"\n'), [erasureParity]);
    assert.deepEqual(
      findings.map(one => [one.severity, one.problem.fixes?.().length]),
      [['warning', 0]],
    );
  });

  it('is read from the environment of a plain workload', () => {
    expectMarks(`
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: minio, namespace: matrix}
    spec:
      replicas: 4
      template:
        spec:
          containers:
            - name: minio
              image: quay.io/minio/minio:RELEASE.2024-11-07T00-52-20Z
              args: [server, "http://minio-{0...3}.minio.matrix.svc/data{0...1}"]
              env:
                - name: MINIO_STORAGE_CLASS_STANDARD
                  value: EC:3
    #                    ^^^^ 💡 warning: 3 of 8 drives may be lost
    `);
  });
});

describe('the drives of MinIO', () => {
  const expectMarks = expecting(driveCount);

  it('are eight in each pool', () => {
    expectMarks(tenant(`${fourByTwo}\n        - name: second\n          servers: 4\n          volumesPerServer: 2`));
    expectMarks(
      tenant(
        `${fourByTwo}\n        - name: second\n          servers: 4\n          volumesPerServer: 1\n    #                       ^ 💡 warning: In second, 4 servers × 1 drive = 4 drives`,
      ),
    );
  });

  it('are too many, or on the wrong servers', () => {
    expectMarks(
      tenant(
        '        - servers: 4\n          volumesPerServer: 4\n    #                       ^ 💡 warning: 4 servers × 4 drives = 16 drives, in sets of 16: EC:4 is then 12 data and 4 parity shards',
      ),
    );
    expectMarks(
      tenant(
        '        - servers: 2\n          volumesPerServer: 4\n    #                       ^ 💡 warning: the loss of one server takes 4 of them',
      ),
    );
    expectMarks(
      tenant(
        '        - servers: 8\n          volumesPerServer: 1\n    #                       ^ 💡 warning: where the checklist asks 2 on each of 4 servers',
      ),
    );
    expectMarks(
      tenant(
        '        - servers: 3\n    #              ^ 💡 warning: 3 servers × 2 drives = 6 drives, of which at most 3 can be parity\n          volumesPerServer: 2',
      ),
    );
  });

  it('are an error where the checklist asks for eight, or where MinIO refuses them', () => {
    const four = (level: string): string =>
      tenant(
        `        - servers: 4\n          volumesPerServer: 1\n    #                       ^ 💡 ${level}: of which at most 2 can be parity`,
      );
    expectMarks(four('warning'));
    expectMarks(`\n    #- /matrix-preflight.yaml\n    scale: {ccu: 100}\n    #- /main.yaml${four('error')}`);
    expectMarks(
      tenant(
        '        - servers: 17\n    #              ^^ 💡 error: cannot divide into sets of at most 16\n          volumesPerServer: 2',
      ),
    );
  });

  it('are unknown without pools', () => {
    expectMarks(`
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: matrix-minio
    #       ^^^^^^^^^^^^ error: says no servers and volumesPerServer
    spec: {}
    `);
  });
});

describe('the usable storage of MinIO', () => {
  const expectMarks = expecting(storageEfficiency);

  it('is half with EC:4 on eight drives, written or by default', () => {
    expectMarks(`${config('        export MINIO_STORAGE_CLASS_STANDARD="EC:4"')}${tenant(fourByTwo)}`);
    expectMarks(`${config('        export MINIO_ROOT_USER="root"')}${tenant(fourByTwo)}`);
  });

  it('is another share with another parity, whose place is marked', () => {
    expectMarks(
      `${config('        export MINIO_STORAGE_CLASS_STANDARD="EC:2"\n    #                                        ^^^^ warning: 6 of 8 shards are data, so 75 % of 4000Gi is usable, not 50 %')}${tenant(fourByTwo)}`,
    );
  });

  it('is nothing where MinIO does not start', () => {
    expectMarks(`${config('        export MINIO_STORAGE_CLASS_STANDARD="EC:5"')}${tenant(fourByTwo)}`);
  });

  it('needs a size of the drives', () => {
    expectMarks(
      `${config('        export MINIO_STORAGE_CLASS_STANDARD="EC:4"')}${tenant('        - servers: 4\n          volumesPerServer: 2\n          volumeClaimTemplate:\n            spec:\n              resources:\n                requests:\n    #           ^^^^^^^^ 💡 error: have no size\n                  cpu: 1')}`,
    );
  });
});

describe('the root user of MinIO', () => {
  const expectMarks = expecting(configSecret, userIsRoot);
  const root =
    '        export MINIO_ROOT_USER="storage-root"\n        export MINIO_ROOT_PASSWORD="correct-horse-battery"';

  it('is in config.env', () => {
    expectMarks(`${config(root)}${tenant(fourByTwo)}`);
    expectMarks(`
    apiVersion: v1
    kind: Secret
    metadata: {name: minio-config, namespace: matrix}
    stringData:
    #^^^^^^^^^ 💡 error: has no key config.env
      MINIO_ROOT_USER: storage-root
    ---${tenant(fourByTwo)}`);
  });

  it('is missing where no Secret is named, unless the older field does', () => {
    const bare = (spec: string, mark: string): string => `
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: matrix-minio
${mark}    spec:
      ${spec}
    `;
    expectMarks(bare('requestAutoCert: false', '    #       ^^^^^^^^^^^^ 💡 error: names no configuration Secret\n'));
    expectMarks(bare('credsSecret: {name: root}', ''));
  });

  it('has a name and a password that are long enough, and are not shown', () => {
    const source = `${config('        export MINIO_ROOT_USER="me"\n    #                           ^^ error: has fewer than 3 characters\n        export MINIO_ROOT_PASSWORD=short\n    #                              ^^^^^ error: has fewer than 8 characters')}${tenant(fourByTwo)}`;
    expectMarks(source);
    const { findings } = check(source, [configSecret]);
    for (const { problem } of findings) assert.doesNotMatch(problem.message, /short/);
  });

  it('is another than that of the applications', () => {
    const users = (secret: string): string => `
    apiVersion: v1
    kind: Secret
    metadata: {name: minio-credentials, namespace: matrix}
    stringData:
      CONSOLE_ACCESS_KEY: synapse-media
      CONSOLE_SECRET_KEY: ${secret}
    ---`;
    expectMarks(
      `${config(root)}${users('battery-staple')}${tenant(fourByTwo, '      users: [{name: minio-credentials}]\n')}`,
    );
    expectMarks(
      `${config(root)}${users('correct-horse-battery\n    #                     ^^^^^^^^^^^^^^^^^^^^^ warning: is the same as MINIO_ROOT_PASSWORD')}${tenant(fourByTwo, '      users: [{name: minio-credentials}]\n')}`,
    );
    const { findings } = check(
      `${config('        export MINIO_ROOT_USER="root"\n        export MINIO_ROOT_PASSWORD="CHANGE_ME"')}${users('CHANGE_ME')}${tenant(fourByTwo, '      users: [{name: minio-credentials}]\n')}`,
      [userIsRoot],
    );
    assert.deepEqual(findings, []);
  });
});

describe('a missing MinIO', () => {
  const expectMarks = expecting(tenantMissing);
  const synapse = (mark = ''): string => `
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: synapse-main
${mark}      namespace: matrix
    spec:
      template:
        spec:
          containers: [{name: synapse, image: "matrixdotorg/synapse:v1.119.0"}]
`;

  it('is told at Synapse when nothing nearer wants it', () => {
    expectMarks(synapse('    #       ^^^^^^^^^^^^ 💡 warning: There is no MinIO Tenant for media and backups\n'));
  });

  it('is made as the addresses, the user and the buckets of the tree ask for', () => {
    const secret = `
    apiVersion: v1
    kind: Secret
    metadata: {name: minio-user, namespace: storage}
    stringData: {CONSOLE_ACCESS_KEY: synapse, CONSOLE_SECRET_KEY: CHANGEME}
    ---`;
    const cluster = (endpoint: string): string => `
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: main, namespace: matrix}
    spec:
      backup:
        barmanObjectStore:
          destinationPath: s3://backups/main
          endpointURL: ${endpoint}
          s3Credentials:
            accessKeyId: {name: s3, key: access-key}
            secretAccessKey: {name: s3, key: secret-key}
    ---`;
    const made = (tree: string): string | undefined => {
      const { findings } = check(tree, [tenantMissing]);
      assert.equal(findings.length, 1);
      return findings[0]?.problem.fixes?.()[0]?.creates?.[0]?.text;
    };
    const text = made(`${secret}${cluster('https://media-hl.storage.svc:9000')}${synapse()}`) ?? '';
    const [tenant, config] = parseAllDocuments(text).map(document => document.toJS());
    assert.deepEqual(tenant.metadata.name, 'media');
    assert.equal(tenant.metadata.namespace, 'storage');
    assert.equal(tenant.spec.requestAutoCert, true);
    assert.deepEqual(tenant.spec.users, [{ name: 'minio-user' }]);
    assert.deepEqual(tenant.spec.buckets, [{ name: 'backups' }]);
    assert.deepEqual(config.metadata, { name: 'media-config', namespace: 'storage' });
    assert.equal(tenant.spec.configuration.name, 'media-config');
    assert.match(made(`${cluster('http://minio.matrix.svc:80')}${synapse()}`) ?? '', /^ {2}name: minio\n/m);
    assert.match(made(synapse()) ?? '', /^ {2}namespace: matrix\n/m);
    // The operator would make no Service of this name.
    assert.equal(made(`${cluster('http://s3.matrix.svc:9000')}${synapse()}`), undefined);
  });

  it('is none where a chart, a plain workload or a broken document has it', () => {
    expectMarks(`${synapse()}
    #- /values/minio-values.yaml
    replicas: 4
    `);
    expectMarks(`${synapse()}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: store}
    spec: {template: {spec: {containers: [{name: minio, image: minio/minio}]}}}
    `);
    expectMarks(`${synapse()}
    ---
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: matrix-minio
    spec: [
    `);
  });

  it('is not asked for in a tree without Synapse', () => {
    expectMarks('apiVersion: v1\nkind: Namespace\nmetadata: {name: matrix}\n');
  });
});
