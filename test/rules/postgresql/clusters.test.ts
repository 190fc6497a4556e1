import assert from 'node:assert/strict';
import backupUnscheduled from '../../../rules/postgresql/pg-backup-unscheduled';
import cronSixFields from '../../../rules/postgresql/pg-cron-six-fields';
import localeNotC from '../../../rules/postgresql/pg-locale-not-c';
import parameterManaged from '../../../rules/postgresql/pg-parameter-managed-by-operator';
import resourcesBelowProfile from '../../../rules/postgresql/pg-resources-below-profile';
import sharedBuffers from '../../../rules/postgresql/pg-shared-buffers-too-large';
import superuser from '../../../rules/postgresql/pg-superuser-secret-undefined';
import { check } from '../../fixture';
import { expecting, fixedBy } from '../monitoring/expect';

const cluster = (spec: string): string => `
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
      namespace: matrix
    spec:
      instances: 3
${spec}`;

describe('resources of a PostgreSQL cluster', () => {
  const expectMarks = expecting(resourcesBelowProfile);

  it('are compared by what they mean', () => {
    expectMarks(
      cluster(`
      resources:
        requests: {memory: 2048Mi, cpu: 1000m}
      storage: {size: 51200Mi}
    `),
    );
    expectMarks(
      cluster(`
      resources:
        requests:
          memory: 2G
    #             ^^ 💡 warning: requests 2G memory
          cpu: 999m
    #          ^^^^ 💡 warning: requests 999m CPU, the checklist asks at least 1
      storage:
        size: 1Ti
    `),
    );
  });

  it('may be given as limits alone, or as a claim template', () => {
    expectMarks(
      cluster(`
      resources:
        limits: {memory: 16Gi, cpu: 4}
      storage:
        pvcTemplate:
          resources:
            requests:
              storage: 500Gi
    `),
    );
  });

  it('are missed where there are none, as an error by the checklist, and are added', () => {
    const source = `
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
    #       ^^^^^^^^^^^^^^^^^ 💡 warning: requests neither memory nor CPU
    #       ^^^^^^^^^^^^^^^^^ 💡 error: says no storage size
    spec:
      instances: 3
    `;
    expectMarks(source);
    expectMarks(
      `#- /matrix-preflight.yaml\nscale: {ccu: 100}\n#- /main.yaml\n${source.replace('warning: requests', 'error: requests')}`,
    );
    assert.match(
      fixedBy(source, resourcesBelowProfile),
      /resources:\n {4}requests:\n {6}memory: 2Gi\n {6}cpu: "1"\n {2}storage:\n {4}size: 50Gi\n/,
    );
  });

  it('that are half there are a warning', () => {
    expectMarks(
      cluster(`
      resources:
        requests:
    #   ^^^^^^^^ 💡 warning: requests no CPU
          memory: 4Gi
      storage: {size: 50Gi}
    `),
    );
  });

  it('grow with the number of users that the tree is made for', () => {
    const spec = `
      resources:
        requests: {memory: 16Gi, cpu: 4}
    #                      ^^^^ 💡 warning: the scaling guide asks at least 32Gi for 1000 concurrent users
    #                                 ^ 💡 warning: asks at least 8 for 1000
      storage: {size: 100Gi}
`;
    expectMarks(
      `${cluster(spec)}
    #- /matrix-preflight.yaml
    scale:
      ccu: 2000
    `.replace('    #- ', '    #- '),
    );
    expectMarks(`${cluster(spec)}
    #- /config.env
    EXPECTED_CCU=1000
    `);
    expectMarks(`${cluster(`
      resources:
        requests: {memory: 2Gi, cpu: 1}
    #                      ^^^ 💡 warning: the scaling guide asks at least 16Gi for 100
    #                                ^ 💡 warning: asks at least 4
      storage: {size: 50Gi}
    #                 ^^^^ 💡 warning: asks at least 500Gi
`)}
    #- /matrix-preflight.yaml
    scale:
      source: guide
    `);
  });
});

describe('shared_buffers', () => {
  const expectMarks = expecting(sharedBuffers);

  it('is right at a quarter and up to 40 %, in any unit', () => {
    for (const value of ['"1GB"', '1638MB', '131072', '"1638 MB"']) {
      expectMarks(
        cluster(`
      postgresql: {parameters: {shared_buffers: ${value}}}
      resources: {requests: {memory: 4Gi}}
      `),
      );
    }
  });

  it('above 40 % is a warning, and a note where the pod may use more than it requests', () => {
    expectMarks(
      cluster(`
      postgresql:
        parameters:
          shared_buffers: 2GB
    #                     ^^^ 💡 warning: 50 % of the 4Gi memory that Cluster matrix-postgresql requests — set about 1GB
      resources: {requests: {memory: 4Gi}}
    `),
    );
    expectMarks(
      cluster(`
      postgresql:
        parameters:
          shared_buffers: 2GB
    #                     ^^^ 💡 info: 50 % of the 4Gi memory
      resources: {requests: {memory: 4Gi}, limits: {memory: 8Gi}}
    `),
    );
  });

  it('says nothing without a number to compare', () => {
    expectMarks(
      cluster(`
      postgresql: {parameters: {shared_buffers: "4GB"}}
    `),
    );
    expectMarks(
      cluster(`
      postgresql: {parameters: {shared_buffers: auto}}
      resources: {limits: {memory: 1Gi}}
    `),
    );
  });
});

describe('the schedule of a ScheduledBackup', () => {
  const expectMarks = expecting(cronSixFields);
  const backup = (schedule: string): string => `
    apiVersion: postgresql.cnpg.io/v1
    kind: ScheduledBackup
    metadata: {name: nightly}
    spec:
      schedule: ${schedule}
    `;

  it('has six fields or is a word', () => {
    for (const schedule of ['"0 0 2 * * *"', '"@daily"', '"@every 12h"', '"CRON_TZ=Europe/Berlin 0 0 2 * * *"'])
      expectMarks(backup(schedule));
  });

  it('keeps its time zone and its quotes when the seconds are put in front', () => {
    assert.match(fixedBy(backup("'CRON_TZ=UTC 30 3 * * 0'"), cronSixFields), /schedule: 'CRON_TZ=UTC 0 30 3 \* \* 0'/);
  });

  it('is none of the business of a CronJob', () => {
    expectMarks(`
    apiVersion: batch/v1
    kind: CronJob
    metadata: {name: nightly}
    spec:
      schedule: "0 2 * * *"
    `);
  });
});

describe('parameters that CloudNativePG manages', () => {
  const expectMarks = expecting(parameterManaged);
  const parameters = (body: string, rest = ''): string =>
    cluster(`
      postgresql:
        parameters:
          max_connections: "200"
${body}${rest}`);

  it('are not those it leaves to the user', () => {
    expectMarks(
      parameters(
        '          ssl_min_protocol_version: TLSv1.3\n          log_line_prefix: "%m"\n          archive_timeout: 5min\n          max_wal_senders: "10"\n',
      ),
    );
  });

  it('depend on the version where it once was fixed', () => {
    const tree = (mark: string, version: string): string =>
      parameters(
        `          wal_level: logical\n    #     ^^^^^^^^^ 💡 ${mark}\n`,
        version === ''
          ? ''
          : `    #- /deploy.sh\n    kubectl apply -f https://registry.test/releases/cnpg-${version}.yaml\n`,
      );
    expectMarks(tree('warning: CloudNativePG 1.22.1 and older', ''));
    expectMarks(tree('error: CloudNativePG 1.22.0, which the tree installs', '1.22.0'));
    expectMarks(tree('', '1.22.2').replace(/ {4}# {5}\^.*\n/, ''));
    expectMarks(tree('', '1.25.1').replace(/ {4}# {5}\^.*\n/, ''));
  });

  it('depend on the chart that installs it, where its line decides', () => {
    const tree = (parameter: string, version: string, mark = ''): string =>
      parameters(
        `          ${parameter}: ${parameter === 'wal_level' ? 'logical' : '"on"'}\n${mark}`,
        `    #- /deploy.sh\n    helm upgrade --install cnpg cnpg/cloudnative-pg \\\n      --namespace cnpg-system --version ${version} --wait\n`,
      );
    for (const version of ['0.21.5', '0.22.1', '0.26.0', '0.27.1']) expectMarks(tree('wal_level', version));
    expectMarks(
      tree('wal_level', '0.20.0', '    #     ^^^^^^^^^ 💡 error: CloudNativePG 1.22.0, which the tree installs\n'),
    );
    expectMarks(
      tree('wal_level', '0.19.1', '    #     ^^^^^^^^^ 💡 error: CloudNativePG 1.21, which the tree installs\n'),
    );
    // The chart 0.20.2 may have 1.22.1, or a later one.
    expectMarks(tree('wal_level', '0.20.2', '    #     ^^^^^^^^^ 💡 warning: CloudNativePG 1.22.1 and older\n'));
    expectMarks(tree('full_page_writes', '0.23.0'));
  });

  it('depend on the chart that a release installs', () => {
    const tree = (chart: string, mark = ''): string =>
      parameters(`          wal_level: logical\n${mark}`, `    ---\n${chart}`);
    const flux = (version: string): string =>
      `    apiVersion: helm.toolkit.fluxcd.io/v2\n    kind: HelmRelease\n    metadata: {name: cnpg, namespace: cnpg-system}\n    spec: {chart: {spec: {chart: cloudnative-pg, version: "${version}"}}}\n`;
    const argo =
      '    apiVersion: argoproj.io/v1alpha1\n    kind: Application\n    metadata: {name: cnpg, namespace: argocd}\n    spec: {source: {chart: cloudnative-pg, targetRevision: 0.22.1}}\n';
    for (const chart of [flux('0.22.1'), flux('0.22.x'), argo]) expectMarks(tree(chart));
    const unsure = '    #     ^^^^^^^^^ 💡 warning: CloudNativePG 1.22.1 and older\n';
    for (const version of ['0.20.x', '>=0.18.0', '*']) expectMarks(tree(flux(version), unsure));
    expectMarks(tree(flux('0.20.0'), '    #     ^^^^^^^^^ 💡 error: CloudNativePG 1.22.0, which the tree installs\n'));
  });

  it('are judged by the operator that is installed: full_page_writes', () => {
    const tree = (version: string): string =>
      parameters(
        '          full_page_writes: "on"\n',
        `    #- /deploy.sh\n    kubectl apply -f cnpg-${version}.yaml\n`,
      );
    for (const version of ['1.22.6', '1.23.5', '1.24.1', '1.25.0']) expectMarks(tree(version));
    for (const version of ['1.22.5', '1.23.4', '1.24.0'])
      assert.equal(check(tree(version), [parameterManaged]).findings.length, 1, version);
  });
});

describe("the locale of Synapse's database", () => {
  const expectMarks = expecting(localeNotC);
  const tree = (initdb: string, database: string): string => `${cluster(`
      bootstrap:
        initdb:
${initdb}`)}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse, namespace: matrix}
    data:
      homeserver.yaml: |
        database:
          name: psycopg2
          ${database}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-main, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.119.0
              env:
                - {name: SYNAPSE_CONFIG_PATH, value: /config/homeserver.yaml}
              volumeMounts:
                - {name: config, mountPath: /config}
          volumes:
            - name: config
              configMap: {name: synapse}
    `;

  it('may be left to the defaults, and to UTF-8 in other spellings', () => {
    expectMarks(tree('          database: matrix\n', 'args: {host: matrix-postgresql-rw, database: matrix}'));
    expectMarks(tree('          encoding: utf-8\n', 'args: {host: matrix-postgresql-rw, database: app}'));
  });

  it('may be unsafe on purpose, or that of a database Synapse does not use', () => {
    const initdb = '          database: matrix\n          localeCType: en_US.UTF-8\n';
    expectMarks(
      tree(initdb, 'allow_unsafe_locale: true\n          args: {host: matrix-postgresql-rw, database: matrix}'),
    );
    expectMarks(tree(initdb, 'args: {host: matrix-postgresql-rw, database: other}'));
  });

  it('is wrong otherwise', () => {
    expectMarks(
      tree(
        '          database: matrix\n          encoding: SQL_ASCII\n    #               ^^^^^^^^^ 💡 error: encoding of Cluster\n          localeCType: en_US.UTF-8\n    #                  ^^^^^^^^^^^ 💡 error: localeCType of Cluster\n',
        'args: {host: matrix-postgresql-rw.matrix.svc.cluster.local, database: matrix}',
      ),
    );
  });
});

describe('backups of a PostgreSQL cluster', () => {
  const expectMarks = expecting(backupUnscheduled);
  const schedule = (name: string, rest = ''): string => `
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: ScheduledBackup
    metadata: {name: nightly, namespace: matrix}
    spec:
      schedule: "0 0 2 * * *"
      cluster: {name: ${name}}
${rest}`;

  it('may be made by a plugin or by a CronJob', () => {
    expectMarks(
      `${cluster('      plugins: [{name: barman-cloud.cloudnative-pg.io, isWALArchiver: true}]')}${schedule('matrix-postgresql')}`,
    );
    expectMarks(`${cluster('')}
    ---
    apiVersion: batch/v1
    kind: CronJob
    metadata: {name: dump, namespace: matrix}
    spec:
      jobTemplate:
        spec:
          template:
            spec:
              containers:
                - name: dump
                  command: [sh, -c, pg_dump -h matrix-postgresql-rw matrix | gzip > /backup/dump.gz]
    `);
  });

  it('are missing, not scheduled, or suspended', () => {
    expectMarks(`
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
    #       ^^^^^^^^^^^^^^^^^ info: has no backup
    spec:
      instances: 3
    `);
    expectMarks(
      `${cluster('      backup:\n    # ^^^^^^ 💡 info: no ScheduledBackup names\n        volumeSnapshot: {className: fast}')}${schedule('other')}`,
    );
    expectMarks(
      `${cluster('      backup:\n    # ^^^^^^ info: is suspended\n        volumeSnapshot: {className: fast}')}${schedule('matrix-postgresql', '      suspend: true')}`,
    );
  });
});

describe('the superuser Secret', () => {
  const expectMarks = expecting(superuser);

  it('has no effect when it is written by hand and access is off', () => {
    expectMarks(`${cluster('      enableSuperuserAccess: false\n    #                        ^^^^^ 💡 warning: Secret matrix-postgresql-superuser has no effect')}
    ---
    apiVersion: v1
    kind: Secret
    metadata: {name: matrix-postgresql-superuser, namespace: matrix}
    stringData: {username: postgres, password: correct-horse}
    `);
  });

  it('may be written by hand when it has both keys', () => {
    const tree = (
      data: string,
      mark = '',
    ): string => `${cluster(`      enableSuperuserAccess: true\n      superuserSecret:\n        name: own\n${mark}`)}
    ---
    apiVersion: v1
    kind: Secret
    metadata: {name: own, namespace: matrix}
    stringData: ${data}
    `;
    expectMarks(tree('{username: postgres, password: correct-horse}'));
    expectMarks(tree('{password: correct-horse}', '    #         ^^^ error: lacks username or password'));
  });

  it('stands against the item of its own cluster, and names who needs it', () => {
    const { findings } = check(
      `${cluster('')}
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: matrix-postgresql-li, namespace: matrix}
    spec: {instances: 3, enableSuperuserAccess: true}
    ---
    apiVersion: batch/v1
    kind: Job
    metadata: {name: init-db, namespace: matrix}
    spec:
      template:
        spec:
          containers:
            - name: psql
              env:
                - name: PGPASSWORD
                  valueFrom: {secretKeyRef: {name: matrix-postgresql-superuser, key: password}}
    `,
      [superuser],
    );
    assert.deepEqual(
      findings.map(({ problem }) => problem.items),
      [['1.1.b.1']],
    );
    assert.deepEqual(
      findings[0]?.problem.related?.map(one => one.message),
      ['Job/init-db needs it'],
    );
  });
});
