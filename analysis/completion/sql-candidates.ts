import type { Span } from '../../manifests/span';
import type { Index, Workspace } from '../../manifests/workspace';
import { initdbOf } from '../database-logins';
import { clusterKind } from '../roles';
import { commentsIn } from '../text/comments';
import { type Candidate, distinct, type TextCompletion } from './candidate';
import { hostCandidates, portsOfHost } from './hosts';

/** What SQL gives names to that the tree knows. */
export type SqlKind = 'database' | 'role' | 'publication' | 'subscription';

/** The names of a kind: those that CloudNativePG makes and those that SQL of the tree creates. */
export function sqlNames(workspace: Workspace, kind: SqlKind): readonly Candidate[] {
  const clusters = workspace.resources(clusterKind).flatMap(cluster => {
    const made = initdbOf(cluster);
    const roles = cluster.root.at('spec', 'managed', 'roles').items();
    const names =
      kind === 'database'
        ? [made?.database, 'postgres']
        : kind === 'role'
          ? [made?.owner, ...roles.map(role => role.at('name').text), 'postgres']
          : [];
    return names.flatMap(label => (label === undefined ? [] : [named(label, `${kind} of ${cluster.title}`)]));
  });
  const custom = customKinds[kind].flatMap(([qualified, field]) =>
    workspace.resources(qualified).flatMap(one => {
      const label = one.root.at('spec', field).text;
      return label === undefined ? [] : [named(label, one.title)];
    }),
  );
  const created = workspace.lookup(createdNames, kind).map(({ name, path }) => named(name, `in ${path}`));
  return distinct([...clusters, ...custom, ...created]);
}

/** Completes names in SQL behind the words that say what is named. Undefined in comments. */
export function sqlAt(
  workspace: Workspace,
  namespace: string | undefined,
  text: string,
  offset: number,
): TextCompletion | undefined {
  if (commentsIn(text, 'sql').some(({ start, end }) => start < offset && offset <= end)) return undefined;
  const before = text.slice(Math.max(0, offset - 400), offset);
  const typed = /[\w$-]*$/.exec(before)?.[0] ?? '';
  const ahead = before.slice(0, before.length - typed.length);
  const connection = connectionAt(workspace, namespace, text, offset);
  if (connection) return connection;
  const kind = kindBehind(ahead);
  if (!kind) return undefined;
  const start = offset - typed.length;
  const rest = /^[\w$-]*/.exec(text.slice(offset, offset + 100))?.[0].length ?? 0;
  const span: Span = { start, end: offset + rest };
  const isQuoted = /["']$/.test(ahead);
  return {
    candidates: sqlNames(workspace, kind).map(one =>
      isQuoted || /^[a-z_][a-z0-9_]*$/.test(one.label) ? one : { ...one, text: `"${one.label}"` },
    ),
    span,
  };
}

/** The host and the port of a connection string (libpq, Connection Strings). */
function connectionAt(
  workspace: Workspace,
  namespace: string | undefined,
  text: string,
  offset: number,
): TextCompletion | undefined {
  const match = /\b(host|port)=([\w.-]*)$/.exec(text.slice(Math.max(0, offset - 200), offset));
  if (!match) return undefined;
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  const host = /\bhost=([\w.-]+)/.exec(line)?.[1];
  const rest = /^[\w.-]*/.exec(text.slice(offset, offset + 200))?.[0].length ?? 0;
  return {
    candidates:
      match[1] === 'host'
        ? hostCandidates(workspace, namespace, { usualPort: 5432 })
        : portsOfHost(workspace, namespace, host),
    span: { start: offset - (match[2] ?? '').length, end: offset + rest },
  };
}

/** What kind of name follows, by the words before it (PostgreSQL, SQL Commands; libpq, Connection Strings). */
function kindBehind(ahead: string): SqlKind | undefined {
  const words = ahead.replace(/["']$/, '');
  if (/\b(?:pubname\s*=\s*|publication\s+)$/i.test(words)) return 'publication';
  if (/\b(?:subname\s*=\s*|subscription\s+)$/i.test(words))
    return /\bcreate\s+subscription\s+$/i.test(words) ? undefined : 'subscription';
  if (
    /(?:\bon\s+database\s+|\b(?:alter|drop|use)\s+database\s+(?:if\s+exists\s+)?|\\c(?:onnect)?\s+|\bdbname\s*=\s*|\bdatname\s*=\s*)$/i.test(
      words,
    )
  )
    return 'database';
  if (
    /\b(?:(?:alter|drop)\s+(?:role|user)\s+(?:if\s+exists\s+)?|owner(?:\s+to)?\s+|set\s+role\s+|rolname\s*=\s*|usename\s*=\s*|for\s+role\s+)$/i.test(
      words,
    ) ||
    /\b(?:grant|revoke)\b[^;]*\b(?:to|from)\s+(?:[\w"]+\s*,\s*)*$/i.test(words) ||
    /\b(?:host|dbname|port)\s*=[^;\n]*\buser\s*=\s*$/i.test(words)
  )
    return 'role';
  return undefined;
}

const customKinds: Readonly<Record<SqlKind, readonly (readonly [kind: string, field: string])[]>> = {
  database: [['Database.postgresql.cnpg.io', 'name']],
  role: [['Database.postgresql.cnpg.io', 'owner']],
  publication: [['Publication.postgresql.cnpg.io', 'name']],
  subscription: [['Subscription.postgresql.cnpg.io', 'name']],
};

interface CreatedName {
  readonly name: string;
  readonly path: string;
}

const createdNames: Index<CreatedName> = {
  name: 'names by what SQL creates',
  *document(document) {
    // What a Secret holds is not shown, not even as a name.
    if (document.resources.length > 0 && document.resources.every(({ qualifiedKind }) => qualifiedKind !== 'Secret'))
      yield* createdIn(document.text, document.file.path);
  },
  *textFile(file) {
    if (/\.(?:sql|sh)$/i.test(file.path)) yield* createdIn(file.text, file.path);
  },
  equal: (a, b) => a.name === b.name && a.path === b.path,
};

function* createdIn(text: string, path: string): Iterable<readonly [string, CreatedName]> {
  if (!/\bcreate/i.test(text)) return;
  for (const [, word = '', name = ''] of text.matchAll(
    /^(?![ \t]*(?:--|#))[^\n]*?\bcreate[ \t]+(database|user|role|subscription)[ \t]+(?:if[ \t]+not[ \t]+exists[ \t]+)?["\\]*([a-z_][\w-]*)(?=["\\\s;])/gim,
  ))
    yield [word.toLowerCase() === 'user' ? 'role' : word.toLowerCase(), { name, path }];
  // One side creates a publication and the other subscribes to it: each of both names it.
  for (const [, name = ''] of text.matchAll(/^(?![ \t]*(?:--|#))[^\n]*?\bPUBLICATION[ \t]+([a-z_]\w*)/gm))
    yield ['publication', { name, path }];
}

function named(label: string, detail: string): Candidate {
  return { label, kind: 'name', detail, rank: 0 };
}
