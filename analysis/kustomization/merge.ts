import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import {
  copyOf,
  entriesOf,
  itemsOf,
  type ListNode,
  type MapNode,
  mapNode,
  type Node,
  nodeAt,
  nodeOf,
  set,
  setItems,
  textOf,
} from './node';

/**
 * Merges a patch into an object as kustomize does (kubernetes.io/docs, "Update API Objects in Place Using kubectl patch",
 * strategic merge). Lists of Kubernetes' own kinds are merged by the key of their items; lists of custom resources are
 * replaced, because nothing says what their keys are.
 */
export function mergePatch(target: MapNode, patch: Value, isBuiltIn: boolean): void {
  for (const [key, value] of patch.entries()) {
    if (key.startsWith('$')) continue;
    const entries = entriesOf(target);
    const known = entries.get(key)?.node;
    if (value.isNull) entries.delete(key);
    else if (value.kind === 'mapping') {
      const directive = value.at('$patch').text;
      if (directive === 'delete') entries.delete(key);
      else if (known?.kind === 'mapping' && directive !== 'replace') mergePatch(known, value, isBuiltIn);
      else set(target, key, plain(value), value.key);
    } else if (value.kind === 'sequence') {
      const mergeKeys = isBuiltIn ? (listKeys[key] ?? []) : [];
      if (known?.kind === 'sequence' && mergeKeys.length > 0) mergeList(known, value, mergeKeys);
      else set(target, key, plain(value), value.key);
    } else set(target, key, nodeOf(value), value.key);
  }
}

/** Items that the list has by their key are merged. Those that a patch names come first, in its order. */
function mergeList(target: ListNode, patch: Value, mergeKeys: readonly string[]): void {
  const named: Node[] = [];
  let items = [...itemsOf(target)];
  for (const item of patch.items()) {
    const directive = item.at('$patch').text;
    const mergeKey = mergeKeys.find(key => item.at(key).exists);
    const name = mergeKey === undefined ? undefined : item.at(mergeKey).text;
    if (directive === 'replace' && name === undefined) {
      items = [];
      continue;
    }
    const known = items.find(
      one => mergeKey !== undefined && name !== undefined && textOf(nodeAt(one, mergeKey)) === name,
    );
    items = items.filter(one => one !== known);
    if (directive === 'delete') continue;
    if (known?.kind === 'mapping' && directive !== 'replace') {
      const own = mergeKey === undefined ? undefined : nodeAt(known, mergeKey);
      mergePatch(known, item, true);
      if (own && mergeKey !== undefined) set(known, mergeKey, own);
      named.push(known);
    } else named.push(plain(item));
  }
  setItems(target, [...named, ...items]);
}

/** What a patch adds, without the directives in it. */
function plain(value: Value): Node {
  if (value.kind === 'mapping') {
    const node = mapNode();
    for (const [key, child] of value.entries())
      if (!key.startsWith('$') && !child.isNull) set(node, key, plain(child), child.key);
    return node;
  }
  if (value.kind === 'sequence')
    return {
      kind: 'sequence',
      base: undefined,
      items: value
        .items()
        .filter(item => !item.at('$patch').exists)
        .map(plain),
    };
  return nodeOf(value);
}

/** The keys by which the items of lists are told apart (`patchMergeKey` in the Kubernetes API). */
const listKeys = table<readonly string[]>({
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  ports: ['containerPort', 'port'],
  imagePullSecrets: ['name'],
  secrets: ['name'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
});

/** Carries out the operations of a JSON patch (RFC 6902); those whose path leads nowhere are left out. */
export function applyOperations(root: MapNode, operations: Value): void {
  for (const operation of operations.items()) {
    const path = pointer(operation.at('path').text);
    const value = operation.at('value');
    const op = operation.at('op').text;
    if (path === undefined || path.length === 0) continue;
    if (op === 'remove') put(root, path, undefined, 'replace');
    else if ((op === 'add' || op === 'replace') && value.exists) put(root, path, nodeOf(value), op);
    else if (op === 'copy' || op === 'move') {
      const from = pointer(operation.at('from').text);
      const source = from && nodeAt(root, ...from);
      if (!from || !source) continue;
      if (op === 'move') put(root, from, undefined, 'replace');
      put(root, path, copyOf(source), 'add');
    }
  }
}

/** Puts a node at a path, or takes away what is there. */
function put(root: MapNode, path: readonly string[], value: Node | undefined, op: 'add' | 'replace'): void {
  const parent = nodeAt(root, ...path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (parent?.kind === 'mapping') {
    if (value) set(parent, key, value);
    else entriesOf(parent).delete(key);
  } else if (parent?.kind === 'sequence') {
    const items = [...itemsOf(parent)];
    const index = key === '-' ? items.length : Number(key);
    if (!Number.isInteger(index)) return;
    items.splice(index, op === 'add' ? 0 : 1, ...(value ? [value] : []));
    setItems(parent, items);
  }
}

function pointer(path: string | undefined): readonly string[] | undefined {
  if (path === undefined || !path.startsWith('/')) return undefined;
  return path
    .slice(1)
    .split('/')
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
