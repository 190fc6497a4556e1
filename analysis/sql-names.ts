import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import type { Index, Workspace } from '../manifests/workspace';
import { workloadKinds } from './pods';
import { sqlRunsOf } from './sql-runs';

/**
 * Databases and roles that some SQL of the tree creates: in a Job's script, a ConfigMap, a Cluster's `postInitSQL` or a
 * file. A name that a variable stands for is known where a pod's script runs the statement and the tree shows the
 * variable. Comments are read as well, so this can excuse a name and cannot prove one.
 */
export function createsDatabase(workspace: Workspace, name: string): boolean {
  return creates(workspace, 'database', name);
}

export function createsRole(workspace: Workspace, name: string): boolean {
  return creates(workspace, 'role', name);
}

/** Whether a page shows how a person creates a database, or a role, of a name or of one that cannot be read there. */
export function showsCreation(workspace: Workspace, what: 'database' | 'role', name: string): boolean {
  return [`${what} ${name}`, `any ${what}`].some(key => workspace.lookup(createdNames, `shown ${key}`).length > 0);
}

/** Whether some script creates databases, or roles, by a name that cannot be read there. */
export function createsUnknown(workspace: Workspace, what: 'database' | 'role'): boolean {
  return workspace.shared(fromVariables)[what] === 'unknown';
}

function creates(workspace: Workspace, what: 'database' | 'role', name: string): boolean {
  if (workspace.lookup(createdNames, `${what} ${name}`).length > 0) return true;
  const others = workspace.shared(fromVariables)[what];
  return others !== 'unknown' && others.includes(name);
}

/** What statements create whose names are variables, as far as pods run them with variables of the tree. */
function fromVariables(workspace: Workspace): Readonly<Record<'database' | 'role', readonly string[] | 'unknown'>> {
  const read = (what: 'database' | 'role'): readonly string[] | 'unknown' => {
    const found: string[] = [];
    const documents = workspace.lookup(createdNames, `any ${what}`);
    for (const document of new Set(documents)) {
      const names = workloadKinds
        .flatMap(kind => workspace.resources(kind))
        .filter(resource => resource.document === document)
        .flatMap(resource => sqlRunsOf(workspace, resource))
        .flatMap(({ statement, partOf }) =>
          statement.kind === what && statement.action === 'create' && /[$:]/.test(statement.name.text)
            ? [partOf(statement.name).text]
            : [],
        );
      const isAll = document !== true && names.length >= documents.filter(one => one === document).length;
      const known = names.flatMap(name => (name !== undefined && /^[\w-]+$/.test(name) ? name : []));
      if (!isAll || known.length < names.length) return 'unknown';
      found.push(...known);
    }
    return found;
  };
  return { database: read('database'), role: read('role') };
}

/** The values of names that cannot be read are the documents that have them, once for each. */
const createdNames: Index<true | ManifestDocument> = {
  name: 'names that SQL creates',
  *document(document) {
    for (const [name] of namesIn(document.textWith(creating) ?? ''))
      yield [name, name.startsWith('any ') ? document : true];
  },
  *textFile(file: SourceFile) {
    if (/\.(?:sql|sh)$/i.test(file.path)) yield* namesIn(file.text);
    else if (/\.md$/i.test(file.path)) for (const [name] of namesIn(file.text)) yield [`shown ${name}`, true];
  },
};

/** Also behind psql's option `-c`. */
const creating = /(?:\b|(?<=-c))create/i;

function* namesIn(text: string): Iterable<readonly [string, true]> {
  if (!creating.test(text)) return;
  for (const [, kind = '', name = ''] of text.matchAll(
    /(?:\b|(?<=-c))create[ \t]+(database|user|role)[ \t]+(?:if[ \t]+not[ \t]+exists[ \t]+)?["'`\\]*([\w-]+)/gi,
  ))
    yield [`${kind.toLowerCase() === 'database' ? 'database' : 'role'} ${name}`, true];
  for (const [, kind = ''] of text.matchAll(
    /(?:\b|(?<=-c))create[ \t]+(database|user|role)[ \t]+(?:if[ \t]+not[ \t]+exists[ \t]+)?["'`\\]*[$:%{]/gi,
  ))
    yield [`any ${kind.toLowerCase() === 'database' ? 'database' : 'role'}`, true];
  for (const [, kind] of text.matchAll(/\bcreate(db|user)[ \t][^\n]*\$/g))
    yield [`any ${kind === 'db' ? 'database' : 'role'}`, true];
  // The programs of PostgreSQL that do the same.
  for (const [, kind, name = ''] of text.matchAll(/\bcreate(db|user)[ \t]+(?:-[^\n]*[ \t])?([a-z_][\w-]*)[ \t]*$/gm))
    yield [`${kind === 'db' ? 'database' : 'role'} ${name}`, true];
}
