import type { Span } from '../../manifests/span';
import { type Origin, wholeText } from './origin';
import { executed, expression } from './sql/expressions';
import { parseStatement } from './sql/parse';
import type { SqlStatement, StatementContext } from './sql/statements';
import { isWord } from './sql/words';
import { type SqlToken, sqlTokens } from './sql-tokens';

export { connectionOf } from './sql/connection';
export type {
  CreatePublication,
  CreateSubscription,
  DatabaseStatement,
  DoStatement,
  GrantStatement,
  OtherStatement,
  PsqlCommand,
  RoleStatement,
  SqlConnection,
  SqlName,
  SqlSetting,
  SqlStatement,
  TransactionStatement,
} from './sql/statements';

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

function isFunction(tokens: readonly SqlToken[]): boolean {
  return (
    isWord(tokens[0], 'CREATE') &&
    tokens.slice(1, 4).some(token => isWord(token, 'FUNCTION') || isWord(token, 'PROCEDURE'))
  );
}
