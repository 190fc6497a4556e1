import { type Reference, type ReferencedKind, referrersOf } from '../../analysis/references';
import { appendDocument, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/**
 * A fix that creates a missing object, with placeholders for what nobody but the user can know. The rules about
 * placeholders then ask for the values. Nothing for kinds that cannot be sketched.
 */
export function skeletonOf(workspace: Workspace, resource: Resource, reference: Reference): readonly Fix[] {
  const { kind, namespace } = reference;
  const name = reference.name.text ?? '';
  const yaml = sketches[kind]?.(name, namespace, keysOf(workspace, reference));
  if (yaml === undefined) return [];
  const { file } = resource.document;
  const title = `Create a skeleton of the ${kind} ${name}`;
  if (/\.ya?ml$/i.test(file.path)) return [{ title, safe: false, edits: [appendDocument(file, yaml)] }];
  const directory = file.directory === '' ? '' : `${file.directory}/`;
  return [
    {
      title,
      safe: false,
      edits: [],
      creates: [{ path: `${directory}${name}-${kind.toLowerCase()}.yaml`, text: `${yaml}\n` }],
    },
  ];
}

type Sketch = (name: string, namespace: string | undefined, keys: readonly string[]) => string;

const sketches: Partial<Record<ReferencedKind, Sketch>> = {
  Secret: (name, namespace, keys) =>
    `${head('v1', 'Secret', name, namespace)}\ntype: Opaque\n${entries('stringData', keys)}`,
  ConfigMap: (name, namespace, keys) => `${head('v1', 'ConfigMap', name, namespace)}\n${entries('data', keys)}`,
  ServiceAccount: (name, namespace) => head('v1', 'ServiceAccount', name, namespace),
  PersistentVolumeClaim: (name, namespace) =>
    `${head('v1', 'PersistentVolumeClaim', name, namespace)}\nspec:\n  accessModes:\n    - ReadWriteOnce\n  resources:\n    requests:\n      storage: 10Gi`,
};

/** The keys that anything in the tree reads from the object. */
function keysOf(workspace: Workspace, { kind, namespace, name }: Reference): readonly string[] {
  const keys = referrersOf(workspace, kind, namespace, name.text ?? '').flatMap(one => one.reference.key?.text ?? []);
  return [...new Set(keys)].sort();
}

function head(apiVersion: string, kind: string, name: string, namespace: string | undefined): string {
  const where = namespace === undefined ? '' : `\n  namespace: ${quoted(namespace, 'plain')}`;
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${quoted(name, 'plain')}${where}`;
}

function entries(field: string, keys: readonly string[]): string {
  return keys.length === 0
    ? `${field}: {}`
    : `${field}:\n${keys.map(key => `  ${quoted(key, 'plain')}: CHANGEME`).join('\n')}`;
}
