import assert from 'node:assert/strict';
import rule from '../../../rules/postgresql/psql-password-missing';
import { messages } from '../expect';

const cluster = `
#- /cluster.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec:
  instances: 3
  bootstrap: {initdb: {database: matrix, owner: synapse}}
`;

const job = (line: string, more = ''): string => `
#- /job.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: dump, namespace: matrix}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: dump
          image: postgres:16
          command: [sh, -c]
          args:
            - |
              ${line}
${more}`;

const call = "psql -h pg-rw -U synapse -d matrix -c 'VACUUM'";

describe('the password of psql', () => {
  it('is missed where nothing gives one', () => {
    assert.deepEqual(messages(rule, `${cluster}${job(call)}`), [
      'error: Container dump has no password for psql, which asks for one that nobody can type — give it PGPASSWORD from a Secret.',
    ]);
  });

  it('may come from a variable, a file, the URL or the script', () => {
    const variable = `          env:
            - {name: PGPASSWORD, valueFrom: {secretKeyRef: {name: pg-app, key: password}}}
`;
    const file = `          env:
            - {name: PGPASSFILE, value: /secrets/pgpass}
`;
    const all = `          envFrom:
            - secretRef: {name: from-elsewhere}
`;
    for (const given of [
      job(call, variable),
      job(call, file),
      job(call, all),
      job(`PGPASSWORD=$(cat /run/password) ${call}`),
      job(`. /scripts/env.sh; ${call}`).replace('. /scripts', '\n              . /scripts'),
      job("psql postgresql://synapse:$PASSWORD@pg-rw/matrix -c 'VACUUM'"),
    ])
      assert.deepEqual(messages(rule, `${cluster}${given}`), [], given);
  });

  it('is not judged where the cluster is elsewhere, or says itself who may come in', () => {
    assert.deepEqual(messages(rule, job(call)), []);
    const own = cluster.replace(
      '  instances: 3\n',
      '  instances: 3\n  postgresql: {pg_hba: [host all all all trust]}\n',
    );
    assert.deepEqual(messages(rule, `${own}${job(call)}`), []);
  });
});
