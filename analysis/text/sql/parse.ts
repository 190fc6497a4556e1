import type { Origin } from '../origin';
import type { SqlToken } from '../sql-tokens';
import { connectionOf } from './connection';
import type {
  CreateSubscription,
  GrantStatement,
  SqlName,
  SqlSetting,
  SqlStatement,
  StatementContext,
} from './statements';
import { commaSeparated, indexOfWords, isWord, nameAt } from './words';

/**
 * What one statement says. `variables` are those of the PL/pgSQL body that it stands in, by their names in lower case, with
 * the texts that they hold.
 */
export function parseStatement(
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

/** `SET name TO value` or `SET name = value`. */
function settingOf(tokens: readonly SqlToken[]): SqlSetting | undefined {
  const at = indexOfWords(tokens, 'SET');
  const [name, equals] = [tokens[at + 1], tokens[at + 2]];
  if (at === -1 || name?.kind !== 'word' || !equals || !(isWord(equals, 'TO') || equals.text === '=')) return undefined;
  const value = nameAt(tokens, at + 3);
  return value && { name: name.text.toLowerCase(), value };
}

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

/** `IF NOT EXISTS` and `IF EXISTS` before a name. */
function skipIfExists(tokens: readonly SqlToken[], at: number): number {
  if (!isWord(tokens[at], 'IF')) return at;
  return at + (isWord(tokens[at + 1], 'NOT') ? 3 : 2);
}
