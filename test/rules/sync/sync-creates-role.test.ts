import assert from 'node:assert/strict';
import createsRole from '../../../rules/sync/sync-creates-role';
import { fixAll } from '../../fixture';
import { messages } from '../expect';

const job = (script: string): string => `apiVersion: batch/v1
kind: Job
metadata:
  name: setup-replication
  namespace: matrix
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/name: sync-system}
    spec:
      containers:
        - name: setup
          image: postgres:16
          command: [sh, -c]
          args:
            - |
${script.replace(/^/gm, '              ').trimEnd()}
`;
const fixed = (script: string): string | undefined =>
  fixAll(new Map([['job.yaml', job(script)]]), [createsRole]).get('job.yaml');

describe('a statement that creates a role for replication', () => {
  it('is deleted with its lines, also over several', () => {
    const script = (statement: string): string =>
      `psql -U postgres <<'SQL'\n${statement}CREATE PUBLICATION matrix FOR ALL TABLES;\nSQL\n`;
    assert.equal(fixed(script("CREATE ROLE replicator WITH REPLICATION\n  LOGIN PASSWORD 'x';\n")), job(script('')));
    assert.equal(fixed(script('CREATE USER replicator;\n')), job(script('')));
  });

  it('is left to a person where other text stands on its lines', () => {
    for (const script of [
      'psql -U postgres -c "CREATE USER replicator WITH REPLICATION;"\n',
      "psql -U postgres <<'SQL'\nSELECT 1; CREATE USER replicator;\nSQL\n",
    ])
      assert.equal(fixed(script), job(script));
  });

  it('is let pass where the subscription connects as another', () => {
    const subscribed = (user: string, role: string): readonly string[] =>
      messages(
        createsRole,
        job(
          `psql -U postgres <<'SQL'\n${role};\nCREATE SUBSCRIPTION li CONNECTION 'host=pg-rw dbname=matrix user=${user}' PUBLICATION matrix;\nSQL\n`,
        ),
      );
    assert.deepEqual(subscribed('synapse', 'CREATE ROLE auditor LOGIN'), []);
    assert.equal(subscribed('auditor', 'CREATE ROLE auditor LOGIN').length, 1);
    assert.equal(subscribed('synapse', 'CREATE ROLE auditor LOGIN REPLICATION').length, 1);
    assert.equal(subscribed('synapse', 'CREATE ROLE auditor; ALTER ROLE auditor REPLICATION').length, 1);
  });
});
