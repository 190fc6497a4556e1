import { contentOf } from '../../analysis/content';
import { nodeAfter, nodeCount, nodeKind, scalarText, type Tree } from '../../manifests/tree';
import type { Rule } from '../rule';
import { duplicatesIn, keepOne } from './duplicates';

export default {
  id: 'duplicate-yaml-key',
  items: [],
  severity: 'warning',
  summary: 'A mapping has the same key twice.',
  why: '`kubectl apply -f` silently keeps the last of the two values, so what the first one says is lost; `kubectl apply -k` and strict readers refuse the file.',
  remedy: 'Keep one of the two entries. Where both hold a list or a mapping, as two `env:` blocks, join them.',
  traps: [
    'Keys that come in through a merge key (`<<`) may be overridden; that is no duplicate.',
    'If both entries say the same, the fix is safe; otherwise one has to be chosen.',
  ],
  sources: [
    'YAML 1.2.2, section 3.2.1.1: the keys of a mapping are unique.',
    'sigs.k8s.io/yaml, YAMLToJSON and YAMLToJSONStrict: only the strict function refuses duplicate keys.',
  ],
  examples: {
    bad: `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis
        namespace: matrix
        labels:
          app: redis
          app: redis # again
      #   ^^^ 💡 warning: The key app is already in this mapping, with the same value
      data:
        maxmemory: 1gb
        appendonly: "yes"
        maxmemory: 2gb
      # ^^^^^^^^^ 💡 warning: The key maxmemory is already in this mapping
    `,
    good: `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis
        namespace: matrix
        labels:
          app: redis
      data:
        appendonly: "yes"
        maxmemory: 2gb
    `,
  },
  *checkDocument(document) {
    if (document.problems.length > 0 || document.isTemplate || !hasDuplicates(document.tree)) return;
    for (const { first, again } of duplicatesIn(document.root)) {
      const same = contentOf(first) === contentOf(again);
      yield {
        at: again.key,
        message: same
          ? `The key ${again.name} is already in this mapping, with the same value — delete one of the two.`
          : `The key ${again.name} is already in this mapping, and kubectl keeps only this last value — delete one of the two, or join them.`,
        related: [{ at: first.key, message: `The first ${again.name}` }],
        fixes: () => keepOne({ first, again }, same, 'kubectl'),
      };
    }
  },
} satisfies Rule;

/** Looks at the flat table of nodes only, because nearly every document has no duplicate. */
function hasDuplicates(tree: Tree): boolean {
  const count = nodeCount(tree);
  for (let node = 0; node < count; node++) {
    if (nodeKind(tree, node) !== 'mapping') continue;
    const end = nodeAfter(tree, node);
    const keys = new Set<string>();
    for (let key = node + 1; key < end; key = nodeAfter(tree, nodeAfter(tree, key))) {
      if (nodeKind(tree, key) !== 'scalar') continue;
      const text = scalarText(tree, key);
      if (keys.has(text)) return true;
      keys.add(text);
    }
  }
  return false;
}
