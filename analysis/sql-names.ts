import type { SourceFile } from '../manifests/file';
import type { Index, Workspace } from '../manifests/workspace';

/**
 * Databases and roles that some SQL of the tree creates: in a Job's script, a ConfigMap, a Cluster's `postInitSQL` or a
 * file. Names that a variable stands for are not known. Comments are read as well, so this can excuse a name and
 * cannot prove one.
 */
export function createsDatabase(workspace: Workspace, name: string): boolean {
  return workspace.lookup(createdNames, `database ${name}`).length > 0;
}

export function createsRole(workspace: Workspace, name: string): boolean {
  return workspace.lookup(createdNames, `role ${name}`).length > 0;
}

/** Whether some script creates databases, or roles, by a name that cannot be read there. */
export function createsUnknown(workspace: Workspace, what: 'database' | 'role'): boolean {
  return workspace.lookup(createdNames, `any ${what}`).length > 0;
}

const createdNames: Index<true> = {
  name: 'names that SQL creates',
  *document(document) {
    yield* namesIn(document.textWith(creating) ?? '');
  },
  *textFile(file: SourceFile) {
    if (/\.(?:sql|sh)$/i.test(file.path)) yield* namesIn(file.text);
  },
};

const creating = /\bcreate/i;

function* namesIn(text: string): Iterable<readonly [string, true]> {
  if (!creating.test(text)) return;
  for (const [, kind = '', name = ''] of text.matchAll(
    /\bcreate[ \t]+(database|user|role)[ \t]+(?:if[ \t]+not[ \t]+exists[ \t]+)?["'`\\]*([\w-]+)/gi,
  ))
    yield [`${kind.toLowerCase() === 'database' ? 'database' : 'role'} ${name}`, true];
  for (const [, kind = ''] of text.matchAll(
    /\bcreate[ \t]+(database|user|role)[ \t]+(?:if[ \t]+not[ \t]+exists[ \t]+)?["'`\\]*[$:%{]/gi,
  ))
    yield [`any ${kind.toLowerCase() === 'database' ? 'database' : 'role'}`, true];
  for (const [, kind] of text.matchAll(/\bcreate(db|user)[ \t][^\n]*\$/g))
    yield [`any ${kind === 'db' ? 'database' : 'role'}`, true];
  // The programs of PostgreSQL that do the same.
  for (const [, kind, name = ''] of text.matchAll(/\bcreate(db|user)[ \t]+(?:-[^\n]*[ \t])?([a-z_][\w-]*)[ \t]*$/gm))
    yield [`${kind === 'db' ? 'database' : 'role'} ${name}`, true];
}
