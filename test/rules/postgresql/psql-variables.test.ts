import assert from 'node:assert/strict';
import psqlVariableUnset from '../../../rules/postgresql/psql-variable-unset';
import { messages } from '../expect';

const job = (script: string): string => `
#- /job.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: init, namespace: matrix}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: init
          image: postgres:16
          env: [{name: PW, value: correct-horse}]
          command: [sh, -c]
          args:
            - |
${script.replace(/^/gm, '              ')}
          volumeMounts: [{name: sql, mountPath: /sql}]
      volumes: [{name: sql, configMap: {name: sql}}]
`;

const file = (sql: string): string => `
#- /sql.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: sql, namespace: matrix}
data:
  init.sql: |
${sql.replace(/^/gm, '    ')}
`;

const block = (statement: string): string =>
  `DO $$\nBEGIN\n  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'a') THEN\n    ${statement}\n  END IF;\nEND\n$$;`;

describe('variables of psql inside dollar quotes', () => {
  const bad = block("CREATE USER a WITH PASSWORD :'pw';");

  it('stay as they are, in files and here-documents, though -v sets them', () => {
    const inFile = messages(psqlVariableUnset, job('psql -v pw="$PW" -f /sql/init.sql') + file(bad));
    assert.equal(inFile.length, 1);
    assert.match(inFile[0] ?? '', /^error: psql puts no variables between dollar quotes/);
    assert.equal(messages(psqlVariableUnset, job(`psql -v pw="$PW" <<'SQL'\n${bad}\nSQL`)).length, 1);
  });

  it('are no variables where they stand in texts, casts and slices, or outside of the quotes', () => {
    for (const sql of [
      block("EXECUTE format('CREATE USER a PASSWORD %L', 'x:''y');"),
      block("PERFORM ':' || 'pw'::text;"),
      "SELECT format('CREATE USER a PASSWORD %L', :'pw') \\gexec",
      "-- $$ :'pw' $$\nSELECT :'pw';",
    ])
      assert.deepEqual(messages(psqlVariableUnset, job('psql -v pw="$PW" -f /sql/init.sql') + file(sql)), []);
  });
});
