import { workloadKinds } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { sqlFaults } from '../../analysis/text/sql-faults';
import type { Rule } from '../rule';
import { sqlTextsOf } from './server-sql';

export default {
  id: 'sql-statement-refused',
  items: [],
  severity: 'error',
  summary: 'PostgreSQL refuses a statement, because its grammar has no such form.',
  why: 'The server answers "syntax error": the role, the database, the right or the publication is not made. Without `ON_ERROR_STOP` psql goes on and the Job ends well; in `postInitSQL` the bootstrap ends and the Cluster never comes up.',
  remedy: 'Write the statement as the manual of PostgreSQL has it.',
  traps: [
    'Judged are the mistakes that are common in deployments: `IF NOT EXISTS` for databases and roles, `GRANT` without `ON`, `FOR ALL TABLE`, passwords without quotes, hyphens in bare names, a missing semicolon, and a body of PL/pgSQL that is not closed.',
    'Looked at is what psql runs in pods, what the official image finds in `/docker-entrypoint-initdb.d`, and what a Cluster runs at its bootstrap; comments and literals are no statements.',
    'Parts that a shell, psql or a template puts in are taken to be what belongs there.',
  ],
  sources: [
    'PostgreSQL documentation, SQL Commands: CREATE DATABASE, CREATE ROLE, GRANT, CREATE PUBLICATION; Lexical Structure, "Identifiers and Key Words"; PL/pgSQL, "Structure of PL/pgSQL"',
  ],
  examples: { bad: example('ALL PRIVILEGES DATABASE', true), good: example('ALL PRIVILEGES ON DATABASE', false) },
  kinds: [clusterKind, ...workloadKinds],
  *check(resource, workspace) {
    for (const { origin, place } of sqlTextsOf(workspace, resource))
      for (const { span, fault, remedy } of sqlFaults(origin))
        yield { at: place(span), message: `PostgreSQL refuses this statement: ${fault} — ${remedy}.` };
  },
} satisfies Rule;

function example(grant: string, isMarked: boolean): string {
  return `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: roles
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: roles
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U postgres -c "GRANT ${grant} matrix TO reader"
${isMarked ? '      #                                                                  ^^^^^^^^ error: PostgreSQL refuses this statement: ON is missing before DATABASE — write it.\n' : ''}    `;
}
