import type { Span } from '../../manifests/span';
import { joined, type Origin, type Segment, wholeText } from './origin';
import { type SqlToken, segmentsOf, sqlTokens } from './sql-tokens';

/**
 * The statements of an SQL script as psql runs it, in order. Statements inside `DO` and function bodies, and those
 * that `EXECUTE` and `\gexec` run from a literal, come after the statement that holds them.
 */
export interface SqlScript {
  readonly statements: readonly SqlStatement[];
  /** Variables of psql: `:name`, `:'name'` and `:"name"`. */
  readonly variables: readonly { readonly name: string; readonly span: Span }[];
  /** What looks like variables in quotes (`:'name'`) inside dollar quotes, where psql puts none in. */
  readonly inBodies: readonly { readonly name: string; readonly span: Span }[];
}

export type SqlStatement =
  | CreatePublication
  | CreateSubscription
  | RoleStatement
  | DatabaseStatement
  | GrantStatement
  | TransactionStatement
  | DoStatement
  | PsqlCommand
  | OtherStatement;

interface StatementContext {
  /** Without the semicolon. */
  readonly span: Span;
  /** Between `BEGIN` and `COMMIT`. */
  readonly inTransaction: boolean;
  /** Inside `DO` or the body of a function, which also is inside a transaction. */
  readonly inDo: boolean;
  /** After `IF … THEN`, or in a query for `\gexec` with a condition. */
  readonly conditional: boolean;
  /** Its text comes from a literal that `EXECUTE` or `\gexec` runs. `\gexec` is outside a transaction. */
  readonly dynamic: 'execute' | 'gexec' | undefined;
}

export interface CreatePublication extends StatementContext {
  readonly kind: 'create-publication';
  readonly name: SqlName;
  /** `FOR ALL TABLES`, for which PostgreSQL wants a superuser. */
  readonly allTables: boolean;
  /** The tables that `FOR TABLE` names, without their schema; undefined for a publication of whole schemas or of all. */
  readonly tables: readonly string[] | undefined;
}

export interface CreateSubscription extends StatementContext {
  readonly kind: 'create-subscription';
  readonly name: SqlName;
  /** Undefined when the statement does not tell, for one because it is built in a way that is not understood. */
  readonly connection: SqlConnection | undefined;
  readonly publications: readonly SqlName[];
  /** `WITH (create_slot = false)`. */
  readonly options: readonly { readonly name: string; readonly value: string; readonly span: Span }[];
}

/** A libpq connection string (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING). */
export interface SqlConnection {
  readonly text: string;
  readonly span: Span;
  readonly host: SqlName | undefined;
  readonly port: SqlName | undefined;
  readonly database: SqlName | undefined;
  readonly user: SqlName | undefined;
  readonly password: SqlName | undefined;
}

/** `CREATE|ALTER|DROP USER|ROLE`. */
export interface RoleStatement extends StatementContext {
  readonly kind: 'role';
  readonly action: 'create' | 'alter' | 'drop';
  readonly type: 'user' | 'role' | 'group';
  readonly name: SqlName;
  /** In upper case: `REPLICATION`, `SUPERUSER`, `LOGIN`. */
  readonly options: readonly string[];
  readonly password: SqlName | undefined;
  /** `CONNECTION LIMIT n`. */
  readonly connectionLimit: SqlName | undefined;
  /** `ALTER ROLE x SET name TO value`. */
  readonly setting: SqlSetting | undefined;
}

/** A parameter that each session of a role or a database begins with. */
export interface SqlSetting {
  /** In lower case. */
  readonly name: string;
  readonly value: SqlName;
}

/** `CREATE|ALTER|DROP DATABASE`. */
export interface DatabaseStatement extends StatementContext {
  readonly kind: 'database';
  readonly action: 'create' | 'alter' | 'drop';
  readonly name: SqlName;
  /** `OWNER x` of `CREATE`, `OWNER TO x` of `ALTER`. */
  readonly owner: SqlName | undefined;
  /** What follows `ENCODING`, `TEMPLATE`, `LOCALE`, `LC_COLLATE` and `LC_CTYPE`, which are in lower case here. */
  readonly options: ReadonlyMap<string, SqlName>;
  readonly connectionLimit: SqlName | undefined;
  /** `ALTER DATABASE x SET name TO value`. */
  readonly setting: SqlSetting | undefined;
}

/** `GRANT` and `REVOKE`. */
export interface GrantStatement extends StatementContext {
  readonly kind: 'grant' | 'revoke';
  /** In upper case; for a grant of roles, the roles as they stand. */
  readonly privileges: readonly string[];
  /** In upper case: `DATABASE`, `SCHEMA`, `TABLE`, `ALL TABLES IN SCHEMA`; undefined for a grant of roles. */
  readonly on: string | undefined;
  readonly objects: readonly SqlName[];
  readonly roles: readonly SqlName[];
}

export interface TransactionStatement extends StatementContext {
  readonly kind: 'begin' | 'commit' | 'rollback';
}

export interface DoStatement extends StatementContext {
  readonly kind: 'do';
}

/** A command of psql, such as `\connect db`. */
export interface PsqlCommand extends StatementContext {
  readonly kind: 'psql';
  /** With the backslash. */
  readonly command: string;
  readonly arguments: string;
}

export interface OtherStatement extends StatementContext {
  readonly kind: 'other';
  /** Its first words in upper case, such as `ALTER SYSTEM SET`. */
  readonly keywords: string;
}

/** A name or value. An expansion of a shell or template stands in it as it is written. */
export interface SqlName {
  readonly text: string;
  /** Without quotes. */
  readonly span: Span;
  /** It is one of psql's variables (`:name`); `text` is the variable's name. */
  readonly isVariable: boolean;
}

/** Reads SQL. Never throws; what is not understood is `other`. */
export function readSql(text: string): SqlScript {
  return readSqlFrom(wholeText(text));
}

/** Reads SQL that was put together from pieces, such as the text that a script gives to psql. */
export function readSqlFrom(origin: Origin): SqlScript {
  const tokens = sqlTokens(origin);
  const reading: Reading = { statements: [], depth: 0 };
  readStatements(
    tokens,
    origin,
    { inTransaction: false, inDo: false, conditional: false, dynamic: undefined },
    reading,
  );
  const variables = tokens.flatMap(token =>
    token.kind === 'variable' ? [{ name: token.text.replace(/[:'"]/g, ''), span: token.span }] : [],
  );
  const inBodies = tokens.flatMap(({ kind, content }) =>
    kind === 'body' && content
      ? sqlTokens(content).flatMap(token =>
          token.kind === 'variable' && /^:['"]/.test(token.text)
            ? [{ name: token.text.replace(/[:'"]/g, ''), span: token.span }]
            : [],
        )
      : [],
  );
  return { statements: reading.statements, variables, inBodies };
}

interface Reading {
  readonly statements: SqlStatement[];
  readonly depth: number;
}

type Context = Omit<StatementContext, 'span'>;

function readStatements(tokens: readonly SqlToken[], origin: Origin, context: Context, reading: Reading): void {
  let start = 0;
  let inTransaction = context.inTransaction;
  for (let at = 0; at <= tokens.length; at++) {
    const token = tokens[at];
    const isCommand = token?.kind === 'command';
    if (token && !isCommand && !(token.kind === 'mark' && token.text === ';')) continue;
    const statement = tokens.slice(start, at);
    const command = isCommand ? token.text : '';
    const read = readStatement(statement, origin, { ...context, inTransaction }, command, reading);
    if (read === 'begin') inTransaction = true;
    else if (read === 'commit' || read === 'rollback') inTransaction = false;
    if (isCommand && !/^\\g/.test(command)) {
      const [name = '', ...rest] = command.split(/\s+/);
      const where = { ...context, inTransaction, span: token.span };
      reading.statements.push({ kind: 'psql', ...where, command: name, arguments: rest.join(' ') });
    }
    start = at + 1;
  }
}

function readStatement(
  tokens: readonly SqlToken[],
  origin: Origin,
  context: Context,
  command: string,
  reading: Reading,
): SqlStatement['kind'] | undefined {
  const [first] = tokens;
  const last = tokens.at(-1);
  if (!first || !last) return undefined;
  const statement = parseStatement(tokens, { ...context, span: origin.span(first.start, last.end) }, new Map());
  reading.statements.push(statement);
  if (reading.depth > 4) return statement.kind;
  const inside: Reading = { ...reading, depth: reading.depth + 1 };
  if (statement.kind === 'do' || isFunction(tokens)) {
    for (const token of tokens) {
      if (token.content && (token.kind === 'body' || token.kind === 'string')) readBody(token.content, context, inside);
    }
  }
  if (/^\\gexec/.test(command)) {
    const conditional = context.conditional || tokens.some(token => isWord(token, 'WHERE'));
    for (const text of executed(tokens, new Map())) {
      readStatements(sqlTokens(text), text, { ...context, conditional, dynamic: 'gexec' }, inside);
    }
  }
  return statement.kind;
}

/** The statements of a PL/pgSQL body (https://www.postgresql.org/docs/current/plpgsql-structure.html). */
function readBody(origin: Origin, context: Context, reading: Reading): void {
  const tokens = sqlTokens(origin);
  const variables = new Map<string, Origin>();
  let start = 0;
  const depths: ('if' | 'loop' | 'case')[] = [];
  const finish = (end: number): void => {
    const statement = tokens.slice(start, end);
    start = end + 1;
    const [first, second, third] = statement;
    const last = statement.at(-1);
    if (!first || !last) return;
    const where = { ...context, inDo: true, conditional: context.conditional || depths.includes('if') };
    if (second?.text === ':' && third?.text === '=') {
      const value = expression(statement.slice(3), variables);
      if (value) variables.set(first.text.toLowerCase(), value);
      return;
    }
    if (isWord(first, 'EXECUTE')) {
      for (const text of executed(statement.slice(1), variables)) {
        readStatements(
          sqlTokens(text),
          text,
          { ...where, dynamic: 'execute' },
          { ...reading, depth: reading.depth + 1 },
        );
      }
      return;
    }
    const span = origin.span(first.start, last.end);
    if (['CREATE', 'ALTER', 'DROP', 'GRANT', 'REVOKE', 'SET', 'PERFORM'].some(word => isWord(first, word))) {
      reading.statements.push(parseStatement(statement, { ...where, span }, variables));
    }
  };
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'mark' && token.text === ';') finish(at);
    else if (token.kind !== 'word') continue;
    const isFirst = at === start;
    if (isFirst && isWord(token, 'IF')) depths.push('if');
    else if (isFirst && isWord(token, 'END')) depths.pop();
    else if (isWord(token, 'THEN') || isWord(token, 'ELSE') || isWord(token, 'BEGIN') || isWord(token, 'LOOP')) {
      if (isWord(token, 'LOOP')) depths.push('loop');
      else if (isWord(token, 'BEGIN')) depths.push('case');
      start = at + 1;
    } else if (isFirst && (isWord(token, 'DECLARE') || isWord(token, 'EXCEPTION'))) start = at + 1;
  }
  finish(tokens.length);
}

/** `SET name TO value` or `SET name = value`. */
function settingOf(tokens: readonly SqlToken[]): SqlSetting | undefined {
  const at = indexOfWords(tokens, 'SET');
  const [name, equals] = [tokens[at + 1], tokens[at + 2]];
  if (at === -1 || name?.kind !== 'word' || !equals || !(isWord(equals, 'TO') || equals.text === '=')) return undefined;
  const value = nameAt(tokens, at + 3);
  return value && { name: name.text.toLowerCase(), value };
}

function parseStatement(
  tokens: readonly SqlToken[],
  context: StatementContext,
  variables: ReadonlyMap<string, Origin>,
): SqlStatement {
  const keywords = tokens.slice(0, 3).map(token => (token.kind === 'word' ? token.text.toUpperCase() : ''));
  const [verb = '', object = '', third = ''] = keywords;
  const action = verb === 'CREATE' || verb === 'ALTER' || verb === 'DROP' ? actions[verb] : undefined;
  const name = nameAt(tokens, skipIfExists(tokens, 2));
  if (verb === 'CREATE' && object === 'PUBLICATION' && name) {
    return {
      kind: 'create-publication',
      ...context,
      name,
      allTables: indexOfWords(tokens, 'FOR', 'ALL', 'TABLES') !== -1,
      tables: tablesOf(tokens),
    };
  }
  if (verb === 'CREATE' && object === 'SUBSCRIPTION' && name) {
    return { kind: 'create-subscription', ...context, name, ...subscriptionOf(tokens, variables) };
  }
  if (action && name && (object === 'USER' || object === 'ROLE' || object === 'GROUP') && third !== 'MAPPING') {
    const rest = tokens.slice(3);
    const passwordAt = indexOfWords(rest, 'PASSWORD');
    const options = rest.filter(token => token.kind === 'word' && roleOptions.has(token.text.toUpperCase()));
    return {
      ...{ kind: 'role', ...context, action, name, type: roleTypes[object] },
      options: options.map(token => token.text.toUpperCase()),
      password: passwordAt === -1 ? undefined : nameAt(rest, passwordAt + 1),
      connectionLimit: connectionLimitOf(rest),
      setting: action === 'alter' ? settingOf(rest) : undefined,
    };
  }
  if (action && name && object === 'DATABASE') {
    const ownerAt = indexOfWords(tokens, 'OWNER');
    const after = ownerAt + 1 + (isWord(tokens[ownerAt + 1], 'TO') || tokens[ownerAt + 1]?.text === '=' ? 1 : 0);
    return {
      ...{ kind: 'database', ...context, action, name },
      owner: ownerAt === -1 ? undefined : nameAt(tokens, after),
      options: databaseOptionsOf(tokens),
      connectionLimit: connectionLimitOf(tokens),
      setting: action === 'alter' ? settingOf(tokens) : undefined,
    };
  }
  if (verb === 'GRANT' || verb === 'REVOKE') return { ...context, ...grantOf(tokens, verb) };
  if (verb === 'BEGIN' || (verb === 'START' && object === 'TRANSACTION')) return { kind: 'begin', ...context };
  if (verb === 'COMMIT' || verb === 'END') return { kind: 'commit', ...context };
  if (verb === 'ROLLBACK' || verb === 'ABORT') return { kind: 'rollback', ...context };
  if (verb === 'DO') return { kind: 'do', ...context };
  return { kind: 'other', ...context, keywords: keywords.filter(word => word !== '').join(' ') };
}

const actions = { CREATE: 'create', ALTER: 'alter', DROP: 'drop' } as const;

const roleTypes = { USER: 'user', ROLE: 'role', GROUP: 'group' } as const;

/** https://www.postgresql.org/docs/current/sql-createdatabase.html: each may have `=` before its value. */
function databaseOptionsOf(tokens: readonly SqlToken[]): ReadonlyMap<string, SqlName> {
  const found = new Map<string, SqlName>();
  for (const [at, token] of tokens.entries()) {
    const name = token.kind === 'word' ? token.text.toLowerCase() : '';
    if (at < 3 || !databaseOptions.has(name)) continue;
    const value = nameAt(tokens, tokens[at + 1]?.text === '=' ? at + 2 : at + 1);
    if (value) found.set(name, value);
  }
  return found;
}

const databaseOptions: ReadonlySet<string> = new Set(['encoding', 'template', 'locale', 'lc_collate', 'lc_ctype']);

/** `CONNECTION LIMIT n`; a minus stands before the number by itself. */
function connectionLimitOf(tokens: readonly SqlToken[]): SqlName | undefined {
  const at = indexOfWords(tokens, 'CONNECTION', 'LIMIT');
  return at === -1 ? undefined : nameAt(tokens, tokens[at + 2]?.text === '=' ? at + 3 : at + 2);
}

/** https://www.postgresql.org/docs/current/sql-createrole.html */
const roleOptions: ReadonlySet<string> = new Set([
  ...['SUPERUSER', 'NOSUPERUSER', 'CREATEDB', 'NOCREATEDB', 'CREATEROLE', 'NOCREATEROLE', 'INHERIT', 'NOINHERIT'],
  ...['LOGIN', 'NOLOGIN', 'REPLICATION', 'NOREPLICATION', 'BYPASSRLS', 'NOBYPASSRLS'],
]);

/** https://www.postgresql.org/docs/current/sql-createpublication.html: columns and conditions stand in parentheses. */
function tablesOf(tokens: readonly SqlToken[]): readonly string[] | undefined {
  const start = indexOfWords(tokens, 'FOR', 'TABLE');
  if (start === -1 || indexOfWords(tokens, 'TABLES', 'IN', 'SCHEMA') !== -1) return undefined;
  const found: string[] = [];
  let depth = 0;
  let isName = true;
  for (let at = start + 2; at < tokens.length; at++) {
    const token = tokens[at];
    if (!token) break;
    if (token.text === '(') depth++;
    else if (token.text === ')') depth--;
    if (depth > 0 || token.text === ')') continue;
    if (token.text === ',') isName = true;
    else if (isWord(token, 'WITH')) break;
    else if (isName && !isWord(token, 'ONLY') && !isWord(token, 'TABLE')) {
      const after = tokens[at + 1]?.text === '.' ? tokens[at + 2] : undefined;
      found.push((after ?? token).text.replace(/^.*\./, '').replaceAll('"', '').toLowerCase());
      if (after) at += 2;
      isName = false;
    }
  }
  return found;
}

/** https://www.postgresql.org/docs/current/sql-createsubscription.html */
function subscriptionOf(
  tokens: readonly SqlToken[],
  variables: ReadonlyMap<string, Origin>,
): Pick<CreateSubscription, 'connection' | 'publications' | 'options'> {
  const connectionAt = indexOfWords(tokens, 'CONNECTION');
  const publicationAt = indexOfWords(tokens, 'PUBLICATION');
  const withAt = indexOfWords(tokens, 'WITH');
  const string = connectionAt === -1 ? undefined : tokens[connectionAt + 1];
  const text = string && (string.content ?? variables.get(string.text.toLowerCase()));
  const end = withAt === -1 ? tokens.length : withAt;
  const publications: SqlName[] = [];
  for (let at = publicationAt + 1; publicationAt !== -1 && at < end; at++) {
    const name = nameAt(tokens, at);
    if (name && tokens[at]?.kind !== 'mark') publications.push(name);
  }
  const options: CreateSubscription['options'][number][] = [];
  for (let at = withAt + 1; withAt !== -1 && at < tokens.length; at++) {
    const [name, equals, value] = tokens.slice(at, at + 3);
    if (name?.kind !== 'word') continue;
    const isSet = equals?.text === '=' && value !== undefined;
    const span = { start: name.span.start, end: isSet ? Math.max(name.span.start, value.span.end) : name.span.end };
    options.push({ name: name.text.toLowerCase(), value: isSet ? value.text : 'true', span });
    if (isSet) at += 2;
  }
  return { connection: text && connectionOf(text), publications, options };
}

/** The parts of a libpq connection string: keywords and values, or a URI. */
export function connectionOf(origin: Origin): SqlConnection {
  const { text } = origin;
  const found = new Map<string, SqlName>();
  const add = (key: string, start: number, end: number): void => {
    if (start < end) found.set(key, { text: text.slice(start, end), span: origin.span(start, end), isVariable: false });
  };
  const uri = /^postgres(?:ql)?:\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?([^:/?]*)(?::([^/?]*))?(?:\/([^?]*))?/d.exec(text);
  if (uri) {
    for (const [index, key] of ['user', 'password', 'host', 'port', 'dbname'].entries()) {
      const range = uri.indices?.[index + 1];
      if (range) add(key, range[0], range[1]);
    }
  } else {
    for (const match of text.matchAll(/(\w+)\s*=\s*('(?:\\.|[^'\\])*'|[^\s']\S*)/dg)) {
      const [start, end] = match.indices?.[2] ?? [0, 0];
      const quoted = text[start] === "'" ? 1 : 0;
      add(match[1] ?? '', start + quoted, end - quoted);
    }
  }
  const [host, port, database] = [found.get('host') ?? found.get('hostaddr'), found.get('port'), found.get('dbname')];
  const [user, password] = [found.get('user'), found.get('password')];
  return { text, span: origin.span(0, text.length), host, port, database, user, password };
}

/** https://www.postgresql.org/docs/current/sql-grant.html */
function grantOf(
  tokens: readonly SqlToken[],
  verb: 'GRANT' | 'REVOKE',
): Pick<GrantStatement, 'kind' | 'privileges' | 'on' | 'objects' | 'roles'> {
  const onAt = indexOfWords(tokens, 'ON');
  const toAt = Math.max(indexOfWords(tokens, 'TO'), indexOfWords(tokens, 'FROM'));
  const end = toAt === -1 ? tokens.length : toAt;
  const privileges = commaSeparated(tokens.slice(1, onAt === -1 ? end : onAt)).map(part =>
    part.map(token => (onAt === -1 ? token.text : token.text.toUpperCase())).join(' '),
  );
  let on: string | undefined;
  let objectsAt = onAt + 1;
  if (onAt !== -1) {
    const words: string[] = [];
    while (objectsAt < end && objectKeywords.has(tokens[objectsAt]?.text.toUpperCase() ?? '')) {
      words.push(tokens[objectsAt]?.text.toUpperCase() ?? '');
      objectsAt++;
    }
    on = words.join(' ') || 'TABLE';
  }
  const names = (from: number, to: number): readonly SqlName[] =>
    commaSeparated(tokens.slice(from, to)).flatMap(one => {
      const name = nameAt(one, one.length > 1 && isWord(one[0], 'GROUP') ? 1 : 0);
      return name ? [name] : [];
    });
  const withAt = indexOfWords(tokens, 'WITH');
  return {
    kind: verb === 'GRANT' ? 'grant' : 'revoke',
    privileges,
    on,
    objects: onAt === -1 ? [] : names(objectsAt, end),
    roles: toAt === -1 ? [] : names(toAt + 1, withAt > toAt ? withAt : tokens.length),
  };
}

const objectKeywords: ReadonlySet<string> = new Set([
  ...[
    'ALL',
    'TABLES',
    'SEQUENCES',
    'FUNCTIONS',
    'IN',
    'TABLE',
    'SEQUENCE',
    'DATABASE',
    'SCHEMA',
    'FUNCTION',
    'LANGUAGE',
  ],
  ...['TYPE', 'DOMAIN', 'TABLESPACE', 'ROUTINES', 'PROCEDURES'],
]);

function commaSeparated(tokens: readonly SqlToken[]): readonly (readonly SqlToken[])[] {
  const parts: SqlToken[][] = [];
  let current: SqlToken[] = [];
  for (const token of tokens) {
    if (token.text !== ',' || token.kind !== 'mark') current.push(token);
    else {
      parts.push(current);
      current = [];
    }
  }
  return [...parts, current].filter(one => one.length > 0);
}

/** The texts that `EXECUTE` or `\gexec` runs: the literals at the start of an expression or of a select list. */
function executed(tokens: readonly SqlToken[], variables: ReadonlyMap<string, Origin>): readonly Origin[] {
  const list = isWord(tokens[0], 'SELECT') ? tokens.slice(1) : tokens;
  const end = list.findIndex(token => isWord(token, 'WHERE') || isWord(token, 'FROM') || isWord(token, 'USING'));
  const value = expression(end === -1 ? list : list.slice(0, end), variables);
  return value ? [value] : [];
}

/**
 * The text that an expression of literals, `||`, `format(…)` and variables gives. A part that is not known stands as
 * it is written, so that what is around it can still be read.
 */
function expression(tokens: readonly SqlToken[], variables: ReadonlyMap<string, Origin>): Origin | undefined {
  const segments: Segment[] = [];
  let hasText = false;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (!token) break;
    if (token.kind === 'mark' && /[|()]/.test(token.text)) continue;
    const known = token.kind === 'word' ? variables.get(token.text.toLowerCase()) : undefined;
    if (token.kind === 'string' || token.kind === 'body' || known) {
      const text = token.content ?? known;
      if (text) segments.push(...segmentsOf(text, 0, text.text.length));
      hasText = true;
    } else if (isWord(token, 'FORMAT') && tokens[at + 1]?.text === '(') {
      const close = closingBracket(tokens, at + 1);
      const parts = commaSeparated(tokens.slice(at + 2, close));
      const [format] = parts[0] ?? [];
      if (format?.content) segments.push(...formatted(format.content, parts.slice(1), variables));
      hasText ||= format?.content !== undefined;
      at = close;
    } else if (/^quote_(ident|literal|nullable)$/i.test(token.text)) continue;
    else segments.push({ text: token.text, span: token.span, verbatim: token.content === undefined });
  }
  const first = tokens[0];
  return hasText && first ? joined(segments, first.span) : undefined;
}

/** `format('… %I %L %s', …)` (https://www.postgresql.org/docs/current/functions-string.html#FUNCTIONS-STRING-FORMAT). */
function formatted(
  format: Origin,
  values: readonly (readonly SqlToken[])[],
  variables: ReadonlyMap<string, Origin>,
): readonly Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  let next = 0;
  for (const match of format.text.matchAll(/%(?:(\d+)\$)?-?\d*([sIL%])/g)) {
    segments.push(...segmentsOf(format, from, match.index));
    from = match.index + match[0].length;
    if (match[2] === '%') {
      segments.push(...segmentsOf(format, from - 1, from));
      continue;
    }
    const index = match[1] === undefined ? next : Number(match[1]) - 1;
    next = index + 1;
    const value = values[index] ?? [];
    const text = expression(value, variables);
    const quote: readonly Segment[] =
      match[2] === 'L' ? [{ text: "'", span: format.span(match.index, from), verbatim: false }] : [];
    const plain = value.map(token => ({ text: token.text, span: token.span, verbatim: token.content === undefined }));
    segments.push(...quote, ...(text ? segmentsOf(text, 0, text.text.length) : plain), ...quote);
  }
  segments.push(...segmentsOf(format, from, format.text.length));
  return segments;
}

function closingBracket(tokens: readonly SqlToken[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at]?.kind !== 'mark') continue;
    if (tokens[at]?.text === '(') depth++;
    else if (tokens[at]?.text === ')' && --depth === 0) return at;
  }
  return tokens.length;
}

function isFunction(tokens: readonly SqlToken[]): boolean {
  return (
    isWord(tokens[0], 'CREATE') &&
    tokens.slice(1, 4).some(token => isWord(token, 'FUNCTION') || isWord(token, 'PROCEDURE'))
  );
}

/** `IF NOT EXISTS` and `IF EXISTS` before a name. */
function skipIfExists(tokens: readonly SqlToken[], at: number): number {
  if (!isWord(tokens[at], 'IF')) return at;
  return at + (isWord(tokens[at + 1], 'NOT') ? 3 : 2);
}

function nameAt(tokens: readonly SqlToken[], at: number): SqlName | undefined {
  const token = tokens[at];
  if (!token || token.kind === 'command' || (token.kind === 'mark' && token.text !== '*')) return undefined;
  if (token.kind === 'variable') return { text: token.text.replace(/[:'"]/g, ''), span: token.span, isVariable: true };
  const span = token.content ? token.content.span(0, token.content.text.length) : token.span;
  return { text: token.text, span, isVariable: false };
}

function indexOfWords(tokens: readonly SqlToken[], ...words: readonly string[]): number {
  return tokens.findIndex((_, at) => words.every((word, index) => isWord(tokens[at + index], word)));
}

function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.length === word.length && token.text.toUpperCase() === word;
}
