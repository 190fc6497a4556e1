import type { Resource } from '../manifests/resource';
import type { Place, Span } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { effectiveFile } from './effective';
import { type EnvironmentVariable, environmentOf, textOfVariable } from './environment';
import { type Container, containersOf } from './pods';
import { commandAsScript, scriptOf } from './scripts';
import { type PsqlCall, type PsqlSetting, psqlCalls } from './text/psql-calls';
import { readShell } from './text/shell';
import { textOfPieces } from './text/shell-values';
import { connectionOf, readSql, readSqlFrom, type SqlConnection, type SqlName, type SqlStatement } from './text/sql';

/** A call of psql or one of its kin by a workload, and how it is signed in. */
export interface PostgresRun {
  readonly container: Container;
  readonly call: PsqlCall;
  /** Texts as far as the tree shows them; undefined where it does not. */
  readonly user: SignIn | undefined;
  readonly host: SignIn | undefined;
  readonly database: SignIn | undefined;
  /** The Secret key that the password comes from. */
  readonly password: { readonly name: string; readonly key: string } | undefined;
  /**
   * What holds the password: the variable `PGPASSWORD`, or one that the script names; undefined where a script, a file
   * or something that the tree does not show may say it, `missing` where nothing does.
   */
  readonly passwordVariable: EnvironmentVariable | 'missing' | undefined;
  /** The place of a part of the script. */
  place(span: Span): Place;
}

/** A SQL statement that a script of a workload runs, and how it is signed in. */
export interface SqlRun extends Omit<PostgresRun, 'place'> {
  readonly statement: SqlStatement;
  readonly at: Place;
  /** The place of a part of the statement. */
  part(span: Span): Place;
  /** What a part of the statement is in the end: its text, and the variable that it is, if it is nothing else. */
  partOf(part: SqlName): SqlPart;
}

export interface SqlPart {
  /** Undefined where the tree does not show it. */
  readonly text: string | undefined;
  readonly variable: EnvironmentVariable | undefined;
}

export interface SignIn {
  readonly text: string | undefined;
  readonly at: Place;
}

/** Everything that psql runs in the pods of a workload, in order. */
export function sqlRunsOf(workspace: Workspace, resource: Resource): readonly SqlRun[] {
  return workspace.derive(readRuns, resource);
}

/** Every call of psql, createdb, pg_dump and the like in the pods of a workload, with a shell or without. */
export function postgresRunsOf(workspace: Workspace, resource: Resource): readonly PostgresRun[] {
  return workspace.derive(readCalls, resource);
}

function readCalls(resource: Resource, workspace: Workspace): readonly PostgresRun[] {
  return containersOf(resource).flatMap(container => {
    const script = scriptOf(workspace, resource, container)?.text ?? commandAsScript(container);
    if (!script || !programs.test(script.text)) return [];
    const { variables, isOpen } = environmentOf(workspace, resource, container);
    const place = (span: Span): Place => script.place(span.start, span.end);
    const expand = (text: string): string | undefined => {
      let isKnown = true;
      const expanded = text.replace(/\$\{?(\w+)\}?/g, (_, name: string) => {
        const value = textOfVariable(workspace, resource, variables.get(name));
        if (value === undefined) isKnown = false;
        return value ?? '';
      });
      return isKnown ? expanded : undefined;
    };
    const signIn = (setting: PsqlSetting | undefined, variable: string): SignIn | undefined => {
      if (setting) return { text: expand(setting.value.value), at: place(setting.value.use) };
      const definition = variables.get(variable);
      return (
        definition && { text: textOfVariable(workspace, resource, definition), at: definition.value ?? definition.at }
      );
    };
    const passwordOf = (setting: PsqlSetting | undefined): PostgresRun['passwordVariable'] => {
      const name = setting ? /^\$\{?(\w+)\}?$/.exec(setting.value.value)?.[1] : 'PGPASSWORD';
      const variable = name === undefined ? undefined : variables.get(name);
      if (setting || variable || isOpen || otherMeans.some(other => variables.has(other))) return variable;
      return /pgpass|PGSERVICE|sslcert/i.test(script.text) ? undefined : 'missing';
    };
    const entries = passwordFileEntries(script.text);
    // libpq looks into the file only if it has no password (https://www.postgresql.org/docs/current/libpq-pgpass.html).
    const fromFile = (call: PsqlCall): EnvironmentVariable | undefined => {
      if (entries.length === 0 || call.password || variables.has('PGPASSWORD')) return undefined;
      const host = signIn(call.host, 'PGHOST')?.text;
      const user = signIn(call.user, 'PGUSER')?.text;
      if (host === undefined || user === undefined) return undefined;
      const entry = entries.find(one => isFor(expand(one.host), host) && isFor(expand(one.user), user));
      const name = /^\$\{?(\w+)\}?$/.exec(entry?.password ?? '')?.[1];
      return name === undefined ? undefined : variables.get(name);
    };
    return psqlCalls(readShell(script.text)).flatMap(call => {
      if (call.remote) return [];
      const passwordVariable = fromFile(call) ?? passwordOf(call.password);
      const source = typeof passwordVariable === 'object' ? passwordVariable.source : undefined;
      return [
        {
          container,
          call,
          user: signIn(call.user, 'PGUSER'),
          host: signIn(call.host, 'PGHOST'),
          database: signIn(call.database, 'PGDATABASE'),
          password: source?.kind === 'Secret' ? { name: source.name, key: source.key } : undefined,
          passwordVariable,
          place,
        },
      ];
    });
  });
}

/** A line of a password file that a script writes. */
interface PasswordFileEntry {
  readonly host: string;
  readonly user: string;
  readonly password: string;
}

/** The lines `host:port:database:user:password` that a script writes into a file which it calls a password file. */
function passwordFileEntries(script: string): readonly PasswordFileEntry[] {
  if (!/pgpass|PGPASSFILE/.test(script)) return [];
  const part = '([^\\s:\'"]+)';
  const line = new RegExp(`(?:^|[\\s'"])${[part, part, part, part, part].join(':')}(?=['"\\s]|\\\\n|$)`, 'gm');
  return [...script.matchAll(line)].flatMap(([, host = '', port = '', , user = '', password = '']) =>
    /^(?:\*|\d+|\$\{?\w+\}?)$/.test(port) ? [{ host, user, password: password.replace(/\\n$/, '') }] : [],
  );
}

/** Whether a field of a line is for a value; what the tree does not show may be. */
function isFor(field: string | undefined, value: string): boolean {
  return field === undefined || field === '*' || field === value;
}

/** What signs in without a password in the environment (https://www.postgresql.org/docs/current/libpq-envars.html). */
const otherMeans = ['PGPASSFILE', 'PGSERVICE', 'PGSERVICEFILE', 'PGSSLCERT'];

const programs = /\b(?:psql|pg_dump|pg_dumpall|pg_restore|createdb|createuser)\b/;

/**
 * The connection that a call hands to its SQL as a variable of psql: `-v conninfo="host=…"`, which stands there as
 * `:'conninfo'`. Its parts stand in the script and not in the SQL.
 */
function handedIn(
  call: PsqlCall,
): { readonly connection: SqlConnection; readonly spans: ReadonlySet<Span> } | undefined {
  const texts = call.variables.filter(({ value }) => /^postgres(?:ql)?:\/\/|\bhost\s*=/.test(value.value));
  const [only, ...others] = texts;
  if (!only || others.length > 0) return undefined;
  const connection = connectionOf(textOfPieces(only.value.pieces, only.value.span));
  const parts = [connection.host, connection.port, connection.database, connection.user, connection.password];
  return { connection, spans: new Set([connection.span, ...parts.flatMap(part => part?.span ?? [])]) };
}

function readRuns(resource: Resource, workspace: Workspace): readonly SqlRun[] {
  return postgresRunsOf(workspace, resource).flatMap(({ place, ...signedIn }) => {
    const { call, container } = signedIn;
    if (call.program !== 'psql') return [];
    const { variables } = environmentOf(workspace, resource, container);
    const ofVariable = (variable: EnvironmentVariable | undefined): SqlPart => ({
      text: textOfVariable(workspace, resource, variable),
      variable,
    });
    const spoken = ({ text, isVariable }: SqlName): SqlPart => {
      const name = /^\$\{?(\w+)\}?$/.exec(text)?.[1];
      if (name !== undefined) return ofVariable(variables.get(name));
      return { text: isVariable || text.includes('$') ? undefined : text, variable: undefined };
    };
    return call.sql.flatMap((input): readonly SqlRun[] => {
      if (input.kind === 'text') {
        const { statements } = readSqlFrom(textOfPieces(input.content, input.span));
        return statements.map(statement => ({
          statement,
          at: place(statement.span),
          part: place,
          partOf: spoken,
          ...signedIn,
        }));
      }
      const file = effectiveFile(workspace, resource, container, input.path.path);
      if (!file || file.isOpaque) return [];
      const inFile = (span: Span): Place => file.content.place(span.start, span.end);
      const resolved = (part: SqlName): SqlPart => {
        const resolution = file.resolve(part.span);
        if (resolution.kind === 'left')
          return { text: /[$%{<]|PLACEHOLDER|@\w+@/.test(part.text) ? undefined : part.text, variable: undefined };
        const [only, ...others] = resolution.kind === 'replaced' ? resolution.variables : [];
        return ofVariable(only && others.length === 0 && !only.transformed ? only.definition : undefined);
      };
      return readSql(file.content.text).statements.map(statement => {
        const handed =
          statement.kind === 'create-subscription' && !statement.connection?.host ? handedIn(call) : undefined;
        const isHanded = (span: Span): boolean => handed?.spans.has(span) === true;
        return {
          statement: handed ? { ...statement, connection: handed.connection } : statement,
          at: inFile(statement.span),
          part: span => (isHanded(span) ? place(span) : inFile(span)),
          partOf: part => (isHanded(part.span) ? spoken(part) : resolved(part)),
          ...signedIn,
        };
      });
    });
  });
}
