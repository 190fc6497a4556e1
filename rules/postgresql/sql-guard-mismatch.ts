import { effectiveFile } from '../../analysis/effective';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { commandAsScript, scriptOf } from '../../analysis/scripts';
import { postgresRunsOf } from '../../analysis/sql-runs';
import { maskComments } from '../../analysis/text/comments';
import type { MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'sql-guard-mismatch',
  items: [],
  severity: 'error',
  summary: 'A script asks whether one database or role exists, and then creates another.',
  why: 'The first run works. Every later one finds nothing under the name that is asked for, tries to create what is there already, and fails; and where something else has that name, nothing is created at all.',
  remedy: 'Ask for the name that is created.',
  traps: [
    'Compared are names that are written out, not those that a variable stands for.',
    'Understood are `SELECT … WHERE NOT EXISTS … \\gexec`, `IF NOT EXISTS … THEN`, and `psql … | grep … || psql …`.',
  ],
  examples: { bad: example('keyvault', true), good: example('key_vault', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const script of scriptsOf(workspace, resource)) yield* mismatches(script);
  },
} satisfies Rule;

function scriptsOf(workspace: Workspace, resource: Resource): readonly MappedText[] {
  const scripts = containersOf(resource).flatMap(container => {
    const script = scriptOf(workspace, resource, container)?.text ?? commandAsScript(container);
    return script && /\bpsql\b/.test(script.text) ? [script] : [];
  });
  const files = postgresRunsOf(workspace, resource).flatMap(({ call, container }) =>
    call.sql.flatMap(input => {
      const file = input.kind === 'file' ? effectiveFile(workspace, resource, container, input.path.path) : undefined;
      return file && !file.isOpaque ? [file.content] : [];
    }),
  );
  return [...scripts, ...files];
}

function* mismatches(script: MappedText): Iterable<Problem> {
  const text = maskComments(script.text, 'shell');
  for (const { pattern, asksFirst } of guards) {
    for (const match of text.matchAll(pattern)) {
      const { asked, made, column, object = 'DATABASE' } = match.groups ?? {};
      const { asked: span } = match.indices?.groups ?? {};
      if (!asked || !made || !span || asked === made || column === undefined) continue;
      if (/[$:%]/.test(asked + made) || kinds[column.toLowerCase()] !== kindOf(object)) continue;
      // What is not in quotes is written in small letters by PostgreSQL.
      if (asksFirst !== undefined && asked.toLowerCase() === made.toLowerCase() && /^[a-z_]\w*$/.test(asked)) continue;
      yield {
        at: script.place(span[0], span[1]),
        message: `This asks for the ${kindOf(object)} ${asked}, but ${made} is created, so a second run fails — ask for ${made}.`,
        fixes: () => [
          {
            title: `Ask for ${made}`,
            safe: false,
            edits: [{ at: script.place(span[0], span[1]), newText: made }],
          },
        ],
      };
    }
  }
  yield* otherSubscription(script, text);
}

/** A query for a publication or subscription of another name than the only one that the script creates. */
function* otherSubscription(script: MappedText, text: string): Iterable<Problem> {
  for (const [object, column] of [
    ['subscription', 'subname'],
    ['publication', 'pubname'],
  ] as const) {
    const created = new Set(
      [...text.matchAll(new RegExp(`\\bCREATE\\s+${object}\\s+"?(\\w+)`, 'gi'))].map(([, name = '']) => name),
    );
    const [name] = created;
    if (created.size !== 1 || name === undefined) continue;
    for (const match of text.matchAll(new RegExp(`\\b${column}\\s*=\\s*'(\\w+)'`, 'gdi'))) {
      const [, asked = ''] = match;
      const span = match.indices?.[1];
      if (!span || asked === name || new RegExp(`\\b(?:DROP|ALTER)\\s+${object}\\b[^;]*\\b${asked}\\b`, 'i').test(text))
        continue;
      yield {
        at: script.place(span[0], span[1]),
        message: `This asks for the ${object} ${asked}, but ${name} is created, so a second run fails — ask for ${name}.`,
        fixes: () => [
          {
            title: `Ask for ${name}`,
            safe: false,
            edits: [{ at: script.place(span[0], span[1]), newText: name }],
          },
        ],
      };
    }
  }
}

const question = "\\b(?<column>datname|rolname|usename)\\s*=\\s*'(?<asked>[^'\\n]+)'";
const statement = 'CREATE\\s+(?<object>DATABASE|ROLE|USER)\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?\\\\*"?(?<made>[\\w$:{}-]+)';

/** Forms of a condition with what it guards; whether the name is asked for before it is created. */
const guards: readonly { readonly pattern: RegExp; readonly asksFirst: true | undefined }[] = [
  // SELECT 'CREATE …' WHERE NOT EXISTS (… = '…')
  { pattern: new RegExp(`'${statement}[^;]*?\\bNOT\\s+EXISTS\\s*\\([^;]*?${question}`, 'gdi'), asksFirst: undefined },
  // IF NOT EXISTS (… = '…') THEN CREATE …
  {
    pattern: new RegExp(
      `\\bIF\\s+NOT\\s+EXISTS\\s*\\([^;]*?${question}[^;]*?\\bTHEN\\s+(?:EXECUTE\\s+')?${statement}`,
      'gdi',
    ),
    asksFirst: true,
  },
  // psql -tAc "SELECT … = '…'" | grep -q 1 || psql -c "CREATE …"
  { pattern: new RegExp(`${question}[^\\n|]*\\|\\s*grep[^|]*\\|\\|[^|;&]*?${statement}`, 'gdi'), asksFirst: true },
  {
    pattern: new RegExp(
      `${question}[^\\n|]*\\|\\s*grep[^|]*\\|\\|\\s*createdb\\b[^|;&\\n]*\\s(?<made>[a-z_][\\w-]*)[ \\t]*(?=\\n|$)`,
      'gdi',
    ),
    asksFirst: true,
  },
];

const kinds = table<string>({ datname: 'database', rolname: 'role', usename: 'role' });

function kindOf(object: string): string {
  return object.toLowerCase() === 'database' ? 'database' : 'role';
}

function example(asked: string, isMarked: boolean): string {
  return `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: key-vault-init-db
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: init
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U postgres -v ON_ERROR_STOP=1 <<'SQL'
                    SELECT 'CREATE DATABASE key_vault OWNER key_vault'
                    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${asked}')
${isMarked ? '      #                                                                        ^^^^^^^^ 💡 error: This asks for the database keyvault, but key_vault is created\n' : ''}                    \\gexec
                    SQL
    `;
}
