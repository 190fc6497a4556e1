import type { Span } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { ShellScript } from './shell-nodes';
import { type Options, readOptions } from './shell-options';
import { type RunStep, runShell } from './shell-run';
import {
  type ContentFilter,
  type ContentPiece,
  type RunPiece,
  type RunWord,
  type ShellPath,
  wordAfter,
  wordPart,
} from './shell-values';

/** A call of psql or of another program that talks to PostgreSQL as psql does. */
export interface PsqlCall {
  readonly program:
    | 'psql'
    | 'createdb'
    | 'createuser'
    | 'dropdb'
    | 'dropuser'
    | 'pg_dump'
    | 'pg_dumpall'
    | 'pg_restore';
  readonly span: Span;
  /** Each is undefined when neither the command nor the script says it; then the container's `PGUSER` and so on hold. */
  readonly user: PsqlSetting | undefined;
  readonly host: PsqlSetting | undefined;
  readonly port: PsqlSetting | undefined;
  readonly database: PsqlSetting | undefined;
  /** Where the password comes from. Its text is never shown. */
  readonly password: PsqlSetting | undefined;
  /** The SQL that it runs, in order. */
  readonly sql: readonly SqlInput[];
  /** `-v ON_ERROR_STOP=1`: it fails when a statement fails. */
  readonly stopsOnError: boolean;
  /** `-1`: all of it runs in one transaction. */
  readonly singleTransaction: boolean;
  /** `-v NAME=value`, which stands in the SQL as `:NAME`. */
  readonly variables: readonly { readonly name: string; readonly value: RunWord }[];
  /** The name that `createdb` and `createuser` are given. */
  readonly operand: RunWord | undefined;
  /** The files that `pg_dump` and `pg_dumpall` write. */
  readonly written: readonly ShellPath[];
  /** `createdb -O`. */
  readonly owner: RunWord | undefined;
  /** What `createdb` says of the database, by the names that `CREATE DATABASE` has for it: `lc_collate`, `template`. */
  readonly options: ReadonlyMap<string, RunWord>;
  readonly conditional: boolean;
  readonly looped: boolean;
  readonly errorsIgnored: boolean;
  /** It runs in another container: `kubectl exec … -- psql`. */
  readonly remote: boolean;
  /** The number of its pipeline, as in `ShellCommand.pipeline.index`. */
  readonly pipeline: number;
}

export interface PsqlSetting {
  readonly value: RunWord;
  readonly from: 'option' | 'operand' | 'environment' | 'connection-string';
}

export type SqlInput =
  | {
      readonly kind: 'text';
      /** `-c`, a here-document or string, or what is piped in. */
      readonly from: 'option' | 'stdin';
      /** Read it with `textOfPieces`. */
      readonly content: readonly RunPiece[];
      readonly span: Span;
    }
  | {
      readonly kind: 'file';
      readonly path: ShellPath;
      /** What it goes through before psql reads it. */
      readonly filters: readonly ContentFilter[];
      readonly span: Span;
    };

/**
 * The calls of psql and its kin in a script, in the order in which they run
 * (https://www.postgresql.org/docs/current/app-psql.html, https://www.postgresql.org/docs/current/libpq-envars.html).
 */
export function psqlCalls(script: ShellScript): readonly PsqlCall[] {
  const calls: PsqlCall[] = [];
  runShell(script, step => {
    const program = programs.find(name => name === step.name);
    if (program) calls.push(readCall(program, step));
  });
  return calls;
}

const programs = [
  'psql',
  'createdb',
  'createuser',
  'dropdb',
  'dropuser',
  'pg_dump',
  'pg_dumpall',
  'pg_restore',
] as const;

/** Options that take a value. Those of connections are the same for all programs. */
const optionTables = table<{ short: string; long: readonly string[] }>({
  psql: {
    short: 'cdfFhLoPpRTUv',
    long: ['command', 'file', 'field-separator', 'log-file', 'output', 'pset', 'record-separator', 'set', 'variable'],
  },
  createdb: {
    short: 'DEhlOpTU',
    long: ['owner', 'encoding', 'locale', 'lc-collate', 'lc-ctype', 'template', 'tablespace'],
  },
  createuser: { short: 'cghpUm', long: ['connection-limit', 'role', 'member-of', 'with-member'] },
});

function readCall(program: PsqlCall['program'], step: RunStep): PsqlCall {
  const table = optionTables[program] ?? { short: 'dFfhjnNptTUZ', long: ['file', 'format', 'schema', 'table', 'jobs'] };
  const connection = ['dbname', 'host', 'port', 'username', 'maintenance-db'];
  const options = readOptions(step.args, { short: table.short, long: [...table.long, ...connection] });
  const [first, second] = options.operands;
  const named = program === 'psql' || program.startsWith('pg_') ? (options.value('d', 'dbname') ?? first) : undefined;
  const parts = named ? connectionParts(named) : undefined;
  const setting = (
    part: keyof ConnectionParts,
    variable: string,
    ...names: readonly string[]
  ): PsqlSetting | undefined => {
    const option = options.value(...names);
    if (option) return { value: option, from: 'option' };
    const stated = parts?.[part];
    if (stated) return { value: stated, from: 'connection-string' };
    const assigned = step.variable(variable);
    return assigned && { value: assigned, from: 'environment' };
  };
  const plainName = named && !parts ? named : undefined;
  const isOption = options.has('d', 'dbname');
  const asOperand = program === 'psql' && second && !isOption ? second : undefined;
  const settings = options.values('v', 'set', 'variable');
  const { conditional, looped, errorsIgnored, remote } = step;
  return {
    program,
    span: step.command.span,
    user:
      asOperand && !options.has('U', 'username')
        ? { value: asOperand, from: 'operand' }
        : setting('user', 'PGUSER', 'U', 'username'),
    host: setting('host', 'PGHOST', 'h', 'host'),
    port: setting('port', 'PGPORT', 'p', 'port'),
    database: plainName
      ? { value: plainName, from: isOption ? 'option' : 'operand' }
      : setting('database', 'PGDATABASE', 'maintenance-db'),
    password: setting('password', 'PGPASSWORD'),
    sql: program === 'psql' ? sqlOf(options, step) : [],
    stopsOnError: settings.some(word => /^ON_ERROR_STOP(=(1|on|true|yes))?$/i.test(word.value)),
    singleTransaction: options.has('1', 'single-transaction'),
    variables: settings.flatMap(word => {
      const equals = word.value.indexOf('=');
      return equals > 0 ? [{ name: word.value.slice(0, equals), value: wordAfter(word, equals + 1) }] : [];
    }),
    operand: program === 'psql' ? undefined : first,
    written: program.startsWith('pg_dump') ? writtenBy(options, step) : [],
    owner: program === 'createdb' ? options.value('O', 'owner') : undefined,
    options: new Map(program === 'createdb' ? databaseOptions(options) : []),
    conditional,
    looped,
    errorsIgnored,
    remote,
    pipeline: step.command.pipeline.index,
  };
}

/** https://www.postgresql.org/docs/current/app-createdb.html */
function databaseOptions(options: Options): readonly (readonly [string, RunWord])[] {
  const named = [
    ['encoding', options.value('E', 'encoding')],
    ['template', options.value('T', 'template')],
    ['locale', options.value('l', 'locale')],
    ['lc_collate', options.value('lc-collate')],
    ['lc_ctype', options.value('lc-ctype')],
  ] as const;
  return named.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
}

function writtenBy(options: Options, step: RunStep): readonly ShellPath[] {
  const named = options.value('f', 'file');
  return [...(named ? [step.path(named)] : []), ...(step.output ? [step.output.to] : [])];
}

function sqlOf(options: Options, step: RunStep): readonly SqlInput[] {
  const inputs: SqlInput[] = options
    .values('c', 'command')
    .map(word => ({ kind: 'text', from: 'option', content: word.pieces, span: word.span }));
  let readsInput = inputs.length === 0;
  for (const word of options.values('f', 'file')) {
    if (word.value === '-') readsInput = true;
    else {
      inputs.push({ kind: 'file', path: step.path(word), filters: [], span: word.span });
      readsInput = false;
    }
  }
  inputs.sort((one, other) => one.span.start - other.span.start);
  if (readsInput && step.stdin) inputs.push(...sqlIn(step.stdin, []));
  return inputs;
}

/** What is piped in: text in one piece as far as it goes, and files. */
function sqlIn(content: readonly ContentPiece[], filters: readonly ContentFilter[]): readonly SqlInput[] {
  const inputs: SqlInput[] = [];
  let text: RunPiece[] = [];
  const finish = (): void => {
    const [first, last] = [text[0], text.at(-1)];
    if (first && last) {
      const span = { start: first.span.start, end: Math.max(first.span.end, last.span.end) };
      inputs.push({ kind: 'text', from: 'stdin', content: text, span });
    }
    text = [];
  };
  for (const piece of content) {
    if (piece.kind === 'file' || piece.kind === 'filtered') {
      finish();
      if (piece.kind === 'file') inputs.push({ kind: 'file', path: piece.path, filters, span: piece.span });
      else inputs.push(...sqlIn(piece.content, [piece.filter, ...filters]));
    } else text.push(piece);
  }
  finish();
  return inputs;
}

interface ConnectionParts {
  readonly user: RunWord | undefined;
  readonly password: RunWord | undefined;
  readonly host: RunWord | undefined;
  readonly port: RunWord | undefined;
  readonly database: RunWord | undefined;
}

/**
 * The parts of a connection URI or of a keyword string in place of a database name
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING). Undefined for a plain name.
 */
function connectionParts(word: RunWord): ConnectionParts | undefined {
  const uri = /^postgres(?:ql)?:\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?([^:/?]*)(?::([^/?]*))?(?:\/([^?]*))?/d.exec(
    word.value,
  );
  if (uri) {
    const part = (group: number): RunWord | undefined => {
      const range = uri.indices?.[group];
      return range && range[0] < range[1] ? wordPart(word, range[0], range[1]) : undefined;
    };
    return { user: part(1), password: part(2), host: part(3), port: part(4), database: part(5) };
  }
  if (!/^\s*\w+\s*=/.test(word.value)) return undefined;
  const found = new Map<string, RunWord>();
  for (const match of word.value.matchAll(/(\w+)\s*=\s*('(?:\\.|[^'\\])*'|[^\s']\S*)/dg)) {
    const [start, end] = match.indices?.[2] ?? [0, 0];
    const quoted = match[2]?.startsWith("'") ? 1 : 0;
    found.set(match[1] ?? '', wordPart(word, start + quoted, end - quoted));
  }
  return {
    user: found.get('user'),
    password: found.get('password'),
    host: found.get('host'),
    port: found.get('port'),
    database: found.get('dbname'),
  };
}
