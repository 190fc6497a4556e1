import { effectiveFile } from '../../analysis/effective';
import { environmentOf } from '../../analysis/environment';
import { type Container, workloadKinds } from '../../analysis/pods';
import { postgresRunsOf } from '../../analysis/sql-runs';
import type { PsqlCall } from '../../analysis/text/psql-calls';
import { sliceOf, textOfPieces } from '../../analysis/text/shell-values';
import { readSql, readSqlFrom } from '../../analysis/text/sql';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'psql-variable-unset',
  items: [],
  severity: 'error',
  summary: 'SQL uses a variable that the call of psql does not set, or stands where nobody puts one in.',
  why: 'A variable of the container inside single quotes, or in a here-document whose end is in quotes, stays as it is written: the role gets the password `$DB_PASSWORD`. psql sends `:name` to the server as it stands if it has no such variable, and never looks for any in the text of `-c`. The server answers with a syntax error, and the role, the password or the database is not made.',
  remedy: 'Set the variable with `-v name=value`, and give psql the SQL by a here-document or a file.',
  traps: [
    'Variables that `\\set`, `\\getenv` or `\\gset` make, and those of psql itself, are known.',
    'A script of which the tree does not show all pieces is not judged.',
    'The body of `DO $$ … $$` is one text to psql, which puts no variable into it, whether `-v` sets it or not.',
  ],
  sources: ['postgresql.org/docs, psql: -c, "SQL interpolation"; Variables'],
  examples: { bad: example('', true), good: example(' -v password="$DB_PASSWORD"', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const { call, place, container } of postgresRunsOf(workspace, resource)) {
      if (call.program !== 'psql') continue;
      yield* leftByShell(workspace, resource, container, call, place);
      yield* leftInBodies(workspace, resource, container, call, place);
      const set = new Set(call.variables.map(({ name }) => name));
      const texts = call.sql.flatMap(input => (input.kind === 'text' ? [input] : []));
      const made = texts.map(input => textOfPieces(input.content, input.span).text).join('\n');
      // A file may set what a later text uses.
      if (call.sql.some(input => input.kind === 'file') || /\\(?:set|getenv|gset|prompt|i|ir|include)\b/.test(made))
        continue;
      const told = new Set<string>();
      for (const input of texts) {
        const origin = textOfPieces(input.content, input.span);
        for (const { name, span } of readSqlFrom(origin).variables) {
          const isInOption = input.from === 'option';
          if (!/^[A-Za-z_]\w*$/.test(name) || told.has(name)) continue;
          if (!isInOption && (set.has(name) || own.test(name))) continue;
          // Without a value nobody may have meant a variable, as in a slice of an array.
          if (isInOption && !set.has(name) && !/:['"]/.test(origin.text)) continue;
          told.add(name);
          yield {
            at: place(span),
            message: isInOption
              ? `psql puts no variables into the text of -c, so the server gets :${name} as it stands — give psql this by a here-document.`
              : `Nothing sets the variable ${name} of this call of psql, so the server gets :${name} as it stands — add -v ${name}=….`,
          };
        }
      }
    }
  },
} satisfies Rule;

/** A variable inside dollar quotes, as in the body of a `DO`: to psql that is one text, into which it puts nothing. */
function* leftInBodies(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  { sql }: PsqlCall,
  place: (span: Span) => Place,
): Iterable<Problem> {
  const told = (name: string, at: Place): Problem => ({
    at,
    message: `psql puts no variables between dollar quotes, so the server gets :'${name}' as it stands — make the statement with format() in a SELECT that ends with \\gexec, or use it outside of them.`,
  });
  for (const input of sql) {
    if (input.kind === 'text') {
      const [first] = readSqlFrom(textOfPieces(input.content, input.span)).inBodies;
      if (first) yield told(first.name, place(first.span));
      continue;
    }
    const file = effectiveFile(workspace, resource, container, input.path.path);
    if (!file || file.isOpaque) continue;
    const first = readSql(file.content.text).inBodies.find(({ span }) => file.resolve(span).kind === 'left');
    if (first) yield told(first.name, file.content.place(first.span.start, first.span.end));
  }
}

/** A variable of the container that the shell does not put in, because quotes or the end of a here-document forbid it. */
function* leftByShell(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  { sql }: PsqlCall,
  place: (span: Span) => Place,
): Iterable<Problem> {
  for (const input of sql)
    for (const piece of input.kind === 'text' ? input.content : []) {
      if (piece.kind !== 'text') continue;
      for (const match of piece.text.matchAll(/'(\$\{?([A-Z_][A-Z0-9_]+)\}?)'/g)) {
        const [, written = '', name = ''] = match;
        if (!environmentOf(workspace, resource, container).variables.has(name)) continue;
        yield {
          at: place(sliceOf(piece, match.index + 1, match.index + 1 + written.length).span),
          message: `The shell puts nothing in here, so PostgreSQL gets the text ${written} — ${input.kind === 'text' && input.from === 'stdin' ? 'take the quotes from the end of the here-document, or set a variable with -v' : 'put the text of -c into double quotes'}.`,
        };
      }
    }
}

/** Variables that psql has of its own. */
const own =
  /^(?:AUTOCOMMIT|COMP_KEYWORD_CASE|DBNAME|ECHO\w*|ENCODING|ERROR|FETCH_COUNT|HIDE_\w+|HIST\w+|HOST|IGNOREEOF|LAST\w+|ON_ERROR_\w+|PORT|PROMPT\d|QUIET|ROW_COUNT|SERVER_\w+|SHELL_\w+|SHOW_\w+|SINGLELINE|SINGLESTEP|SQLSTATE|USER|VERBOSITY|VERSION\w*)$/;

function example(option: string, isMarked: boolean): string {
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
                    psql -h main-rw -U postgres${option} <<'SQL'
                    CREATE ROLE key_vault LOGIN PASSWORD :'password';
${isMarked ? '      #                                                  ^^^^^^^^^^^ error: Nothing sets the variable password of this call of psql\n' : ''}                    SQL
    `;
}
