import { distinguishingLabels } from '../../analysis/network/distinguishing-labels';
import type { Pods } from '../../analysis/pods';
import { anyNamespace, endpointOf, endpointsIn } from '../../analysis/policies';
import { deleteEntry, insertEntry, replaceScalar, stringScalar } from '../../manifests/edit';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Admission } from './admission';

/** The labels that select some pods of a namespace and nothing else; undefined if there are none. */
export function peerLabels(
  workspace: Workspace,
  namespace: string,
  pods: readonly Pods[],
): ReadonlyMap<string, string> | undefined {
  const found = distinguishingLabels(
    pods.map(endpointOf),
    endpointsIn(workspace, namespace === anyNamespace ? undefined : namespace),
  );
  return found?.alsoSelects.length === 0 ? found.labels : undefined;
}

/**
 * The edits that make a peer admit certain pods only, which some labels tell from all others; undefined where the text
 * does not allow them. Labels of the peer that these pods do not carry would keep them out, so they become theirs.
 */
export function narrowTo(
  { peer, rule }: Admission,
  labels: ReadonlyMap<string, string>,
  wanted: readonly Pods[],
): readonly TextEdit[] | undefined {
  const lines = [...labels].map(([key, value]) => `${stringScalar(key)}: ${stringScalar(value)}`);
  if (!peer) {
    const selector = ['- podSelector:', '    matchLabels:', ...lines.map(line => `      ${line}`)];
    const from = rule.at('from');
    if (from.exists || rule.kind !== 'mapping') return undefined;
    const edit = insertEntry(rule, ['from:', ...selector.map(line => `  ${line}`)].join('\n'));
    return edit && [edit];
  }
  const selector = peer.at('podSelector');
  const written = selector.at('matchLabels');
  if (peer.at('ipBlock').exists || peer.at('namespaceSelector').exists || selector.at('matchExpressions').exists)
    return undefined;
  if (written.kind !== 'mapping') return undefined;
  const foreign = written.entries().flatMap(([key, value]) => {
    if (labels.has(key) || wanted.every(pods => pods.labels.get(key) === value.text)) return [];
    const [own, ...others] = new Set(wanted.map(pods => pods.labels.get(key)));
    return [own !== undefined && others.length === 0 ? replaceScalar(value, own) : deleteEntry(value)];
  });
  return all([...foreign, ...[...labels].map(([key, value]) => withLabel(written, key, value))]);
}

/** The edit that takes a peer out of its rule, or the whole rule if it has no other. */
export function without({ peer, rule }: Admission): readonly TextEdit[] | undefined {
  const isOnly = peer === undefined || rule.at('from').items().length + rule.at('to').items().length < 2;
  const edit = deleteEntry(isOnly ? rule : peer);
  return edit && [edit];
}

function withLabel(labels: Value, key: string, value: string): TextEdit | undefined | 'done' {
  const known = labels.at(key);
  if (known.text === value) return 'done';
  return known.exists
    ? replaceScalar(known, value)
    : insertEntry(labels, `${stringScalar(key)}: ${stringScalar(value)}`);
}

function all(edits: readonly (TextEdit | undefined | 'done')[]): readonly TextEdit[] | undefined {
  const found = edits.filter((edit): edit is TextEdit | undefined => edit !== 'done');
  if (found.length === 0 || found.includes(undefined)) return undefined;
  // Entries that go to the same place are one text.
  const [first, ...rest] = found.flatMap(edit => edit ?? []);
  if (!first) return undefined;
  const same = rest.filter(
    edit => edit.at.span.start === first.at.span.start && edit.at.span.end === first.at.span.end,
  );
  const others = rest.filter(edit => !same.includes(edit));
  return [{ at: first.at, newText: [first, ...same].map(edit => edit.newText).join('') }, ...others];
}
