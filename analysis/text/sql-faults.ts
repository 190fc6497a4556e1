import type { Span } from '../../manifests/span';
import type { Origin } from './origin';
import { type SqlToken, sqlTokens } from './sql-tokens';

/** A place that PostgreSQL's grammar does not allow. */
export interface SqlFault {
  readonly span: Span;
  /** What is wrong, as a sentence without its end. */
  readonly fault: string;
  /** What to do, as the end of a sentence. */
  readonly remedy: string;
}

/**
 * What PostgreSQL refuses in SQL that psql runs, of the mistakes that are made in deployments. Each is proven by the
 * grammar of its statement in the manual; a statement with a part that something else puts in is judged by the rest.
 */
export function sqlFaults(origin: Origin): readonly SqlFault[] {
  return faultsOf(origin, false);
}

function faultsOf(origin: Origin, isBody: boolean): readonly SqlFault[] {
  const tokens = sqlTokens(origin);
  const faults: SqlFault[] = [];
  let start = 0;
  for (let at = 0; at <= tokens.length; at++) {
    const token = tokens[at];
    const isOver = !token || token.kind === 'command' || token.text === ';';
    if (!isOver && !(isBody && /^(?:BEGIN|THEN|ELSE|LOOP)$/.test(wordOf(token)))) continue;
    const statement = tokens.slice(start, at);
    start = at + 1;
    if (statement[0]?.kind === 'word') faults.push(...ofStatement(statement, origin));
    const isRun = /^\\gexec/.test(token?.text ?? '') || wordOf(statement[0]) === 'EXECUTE';
    for (const { kind, content } of isRun ? statement : [])
      if (kind === 'string' && content && /^\s*(?:CREATE|ALTER|GRANT|REVOKE)\s/i.test(content.text))
        faults.push(...faultsOf(content, false));
  }
  return faults;
}

function* ofStatement(tokens: readonly SqlToken[], origin: Origin): Iterable<SqlFault> {
  const [verb = '', object = '', third = ''] = tokens.map(wordOf);
  if (/^(?:DATABASE|ROLE|USER)$/.test(object)) {
    const [, , first, not, exists] = tokens;
    // https://www.postgresql.org/docs/current/sql-createdatabase.html, sql-createrole.html
    if (verb === 'CREATE' && third === 'IF' && wordOf(not) === 'NOT' && first && exists)
      yield {
        span: { start: first.span.start, end: exists.span.end },
        fault: `CREATE ${object} has no IF NOT EXISTS`,
        remedy: `ask ${object === 'DATABASE' ? 'pg_database' : 'pg_roles'} first`,
      };
    yield* ofPassword(tokens);
  }
  if (verb === 'GRANT' || verb === 'REVOKE') yield* ofGrant(tokens, verb);
  if (verb === 'CREATE' && object === 'PUBLICATION') yield* ofPublication(tokens);
  if (verb === 'DO' || (verb === 'CREATE' && tokens.slice(1, 4).some(one => wordOf(one) === 'FUNCTION')))
    yield* ofBody(tokens);
  if (isSimple(verb, object)) {
    yield* hyphens(tokens);
    yield* missingSemicolon(tokens, origin);
  }
}

/** Statements that hold no others and no expressions. */
function isSimple(verb: string, object: string): boolean {
  if (verb === 'GRANT' || verb === 'REVOKE') return true;
  return /^(?:CREATE|ALTER|DROP)$/.test(verb) && /^(?:DATABASE|ROLE|USER|PUBLICATION|EXTENSION)$/.test(object);
}

/** A password is a literal (sql-createrole.html); what a shell puts in has no quotes of its own. */
function* ofPassword(tokens: readonly SqlToken[]): Iterable<SqlFault> {
  for (const [at, token] of tokens.entries()) {
    if (wordOf(token) === 'IDENTIFIED' && at > 2)
      yield { span: token.span, fault: 'IDENTIFIED BY is MySQL’s', remedy: 'write PASSWORD' };
    if (wordOf(token) !== 'PASSWORD' || at < 3) continue;
    const value = tokens[at + 1];
    const isBare = value?.kind === 'word' && wordOf(value) !== 'NULL' && /\$|^[a-z][a-z0-9_]*$/.test(value.text);
    if (value && isBare)
      yield { span: value.span, fault: 'a password stands in quotes', remedy: 'put single quotes around it' };
  }
}

/** https://www.postgresql.org/docs/current/sql-grant.html */
function* ofGrant(tokens: readonly SqlToken[], verb: 'GRANT' | 'REVOKE'): Iterable<SqlFault> {
  const words = tokens.map(wordOf);
  const object = words.findIndex(word => objects.has(word));
  const found = tokens[object];
  if (found && !words.includes('ON'))
    yield { span: found.span, fault: `ON is missing before ${wordOf(found)}`, remedy: 'write it' };
  const link = verb === 'GRANT' ? 'TO' : 'FROM';
  const last = tokens.at(-1);
  // What a variable stands for may be more than a name.
  if (last && tokens.length > 2 && !words.includes(link) && !tokens.some(one => one.text.includes('$')))
    yield { span: last.span, fault: `${link} and a role are missing`, remedy: 'name the role' };
}

const objects: ReadonlySet<string> = new Set(['DATABASE', 'SCHEMA', 'TABLE', 'TABLES', 'SEQUENCE', 'SEQUENCES']);

/** https://www.postgresql.org/docs/current/sql-createpublication.html */
function* ofPublication(tokens: readonly SqlToken[]): Iterable<SqlFault> {
  const words = tokens.map(wordOf);
  const at = words.indexOf('FOR');
  const [all, what] = [tokens[at + 1], tokens[at + 2]];
  if (at === -1 || !all) return;
  if (wordOf(all) === 'ALL' && what?.kind === 'word' && !/^(?:TABLES|SEQUENCES)$|\$/.test(wordOf(what)))
    yield { span: what.span, fault: 'FOR ALL is followed by TABLES', remedy: 'write FOR ALL TABLES' };
  if (wordOf(all) === 'TABLES' && wordOf(what) !== 'IN')
    yield {
      span: all.span,
      fault: 'FOR TABLES is followed by IN SCHEMA',
      remedy: 'write FOR TABLE, or FOR ALL TABLES',
    };
}

/** What stands in a body; there, every block, condition and loop has an END (https://www.postgresql.org/docs/current/plpgsql-structure.html). */
function* ofBody(tokens: readonly SqlToken[]): Iterable<SqlFault> {
  const language = tokens.findIndex(one => wordOf(one) === 'LANGUAGE');
  const named = language === -1 ? undefined : tokens[language + 1]?.text.toLowerCase();
  const body = tokens.find(one => one.kind === 'body' && one.content !== undefined);
  const isDo = wordOf(tokens[0]) === 'DO';
  if (!body?.content || (named === undefined ? !isDo : named !== 'plpgsql')) return;
  yield* faultsOf(body.content, true);
  const inside = sqlTokens(body.content);
  let open = 0;
  let isFirst = true;
  for (const [at, token] of inside.entries()) {
    const word = wordOf(token);
    const isAfterEnd = wordOf(inside[at - 1]) === 'END';
    if (word === 'END') open--;
    else if (word === 'BEGIN' || (!isAfterEnd && (word === 'LOOP' || word === 'CASE'))) open++;
    else if (word === 'IF' && isFirst) open++;
    isFirst = token.text === ';' || /^(?:BEGIN|THEN|ELSE|LOOP)$/.test(word);
  }
  const last = inside.at(-1);
  if (open > 0 && last)
    yield {
      span: last.span,
      fault: `${open === 1 ? 'an END is' : `${open} ENDs are`} missing in this body`,
      remedy: 'close each BEGIN, IF, LOOP and CASE',
    };
}

/** Without double quotes a name has no hyphen (https://www.postgresql.org/docs/current/sql-syntax-lexical.html). */
function* hyphens(tokens: readonly SqlToken[]): Iterable<SqlFault> {
  for (const [at, token] of tokens.entries()) {
    const [before, after] = [tokens[at - 1], tokens[at + 1]];
    if (token.kind !== 'mark' || token.text !== '-' || before?.kind !== 'word' || after?.kind !== 'word') continue;
    const isOneWord = before.end === token.start && after.start === token.end;
    if (!isOneWord || /\$|[A-Z]/.test(before.text + after.text)) continue;
    const name = `${before.text}-${after.text}`;
    yield {
      span: { start: before.span.start, end: after.span.end },
      fault: `${name} is no name without double quotes`,
      remedy: `write "${name}"`,
    };
    return;
  }
}

/** A line that begins another statement before this one has ended. */
function* missingSemicolon(tokens: readonly SqlToken[], { text }: Origin): Iterable<SqlFault> {
  for (const [at, token] of tokens.entries()) {
    const [before, after] = [tokens[at - 1], tokens[at + 1]];
    if (at < 3 || !before || before.text === ',' || !/\n/.test(text.slice(before.end, token.start))) continue;
    const isVerb = /^(?:CREATE|ALTER|DROP)$/.test(wordOf(token))
      ? /^(?:DATABASE|ROLE|USER|EXTENSION|PUBLICATION|SUBSCRIPTION|TABLE|SCHEMA)$/.test(wordOf(after))
      : /^(?:GRANT|REVOKE)$/.test(wordOf(token)) && wordOf(after) !== 'OPTION';
    if (!isVerb) continue;
    yield {
      span: token.span,
      fault: 'the statement above has no end',
      remedy: 'write a semicolon behind it',
    };
    return;
  }
}

function wordOf(token: SqlToken | undefined): string {
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
}
