import { settingsDocument, settingsFileName } from '../../analysis/settings';
import { insertEntry, insertItem, quoted } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** A fix that says in the settings of the tree that an object exists without a manifest. */
export function listAsProvided(workspace: Workspace, { kind, namespace, name }: NamedObject): readonly Fix[] {
  if (name.text === undefined) return [];
  const where = namespace === undefined ? '' : `, namespace: ${quoted(namespace, 'plain')}`;
  const item = `{kind: ${kind}${where}, name: ${quoted(name.text, 'plain')}}`;
  const fix = { title: `List the ${kind} ${name.text} as provided in ${settingsFileName}`, safe: false };
  const root = settingsDocument(workspace)?.root;
  if (!root) {
    // A settings file that nothing stands in has no document.
    return workspace.files.some(({ path }) => path === settingsFileName)
      ? []
      : [{ ...fix, edits: [], creates: [{ path: settingsFileName, text: `provided:\n  - ${item}\n` }] }];
  }
  const provided = root.at('provided');
  const edit = provided.exists ? insertItem(provided, item) : insertEntry(root, `provided:\n  - ${item}`);
  return edit ? [{ ...fix, edits: [edit] }] : [];
}

interface NamedObject {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: Value;
}
