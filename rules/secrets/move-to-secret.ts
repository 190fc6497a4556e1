import { appendDocument, insertEntry, quoted, replaceEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/**
 * Moves the value of an environment variable into the Secret of its workload, which is made behind the workload where there
 * is none, and lets the container read it from there. The value stays what it is, so that nothing stops working; whoever has
 * seen it has to be reckoned with until it is replaced.
 */
export function moveToSecret(workspace: Workspace, resource: Resource, variable: Value): readonly Fix[] {
  const name = variable.at('name').text ?? '';
  const value = variable.at('value');
  const text = value.text;
  // Something else may refer to an anchor.
  const before = value.source.tree.text.slice(value.keySpan.end, value.sourceSpan.start);
  if (text === undefined || value.isAlias || /[&!]/.test(before) || !/^[\w.-]+$/.test(name)) return [];
  const secret = `${resource.name}-secrets`;
  const read = replaceEntry(
    value,
    `valueFrom:\n  secretKeyRef:\n    name: ${quoted(secret, 'plain')}\n    key: ${quoted(name, 'plain')}`,
  );
  const write = writeTo(workspace, resource, secret, `${quoted(name, 'plain')}: ${quoted(text, 'double')}`, name);
  return read && write ? [{ title: `Move ${name} to Secret ${secret}`, safe: false, edits: [read, write] }] : [];
}

function writeTo(
  workspace: Workspace,
  { document, namespace }: Resource,
  secret: string,
  entry: string,
  key: string,
): TextEdit | undefined {
  const known = workspace.find('Secret', namespace, secret);
  if (known) {
    const values = known.root.at('stringData');
    const isTaken = values.at(key).exists || known.root.at('data', key).exists;
    return isTaken || values.style === 'flow' ? undefined : insertEntry(values, entry);
  }
  if (!/\.ya?ml$/i.test(document.file.path)) return undefined;
  const where = namespace === undefined ? '' : `\n  namespace: ${quoted(namespace, 'plain')}`;
  return appendDocument(
    document.file,
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${quoted(secret, 'plain')}${where}\ntype: Opaque\nstringData:\n  ${entry}`,
  );
}
