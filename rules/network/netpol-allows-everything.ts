import { column } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Fix, Problem, Rule } from '../rule';
import { rulesIn, type WrittenPolicyRule } from './peers';

export default {
  id: 'netpol-allows-everything',
  items: ['1.4.b'],
  severity: 'warning',
  summary: 'A rule of a NetworkPolicy lets everything through.',
  why: 'Policies add up: one rule that admits everybody undoes the default deny for all pods that it selects. Most often a dash too many is to blame, because the items of `from` and `to` are alternatives.',
  remedy:
    'Put `namespaceSelector` and `podSelector` into one list item if both have to hold. If everything is really meant, restrict the ports, or remove the rule and the default deny with it.',
  traps: [
    '`namespaceSelector: {}` together with a `podSelector` in the same item means "such pods, wherever they are" and is fine.',
    '`namespaceSelector: {}` alone is accepted where the rule restricts the ports, as a rule for DNS does.',
    'A rule without peers for the pods of one application is accepted: it may serve the public.',
  ],
  sources: [
    'Kubernetes documentation, Network Policies, "Behavior of `to` and `from` selectors": two items of one list are an OR, two fields of one item an AND.',
  ],
  examples: {
    bad: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-from-ingress
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: element-web
        policyTypes: [Ingress]
        ingress:
          - from:
              - namespaceSelector: {}
      #         ^^^^^^^^^^^^^^^^^ 💡 warning: admits every pod of the cluster, and the podSelector below it is an alternative
              - podSelector:
                  matchLabels:
                    app.kubernetes.io/name: ingress-nginx
            ports:
              - port: 80
    `,
    good: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-from-ingress
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: element-web
        policyTypes: [Ingress]
        ingress:
          - from:
              - namespaceSelector: {}
                podSelector:
                  matchLabels:
                    app.kubernetes.io/name: ingress-nginx
            ports:
              - port: 80
    `,
  },
  kinds: ['NetworkPolicy'],
  *check(policy) {
    for (const rule of rulesIn(policy)) yield* problemsIn(policy, rule);
  },
} satisfies Rule;

function* problemsIn(policy: Resource, rule: WrittenPolicyRule): Iterable<Problem> {
  const { peers, ports, direction } = rule;
  const anyPorts = ports.items().length === 0;
  const items = peers.items();
  const selectsAll = isEmpty(policy.root.at('spec', 'podSelector'));
  if (items.length === 0) {
    if (!anyPorts || !selectsAll) return;
    yield {
      at: rule.rule.key,
      message: `This rule of NetworkPolicy ${policy.name} allows all ${direction === 'Ingress' ? 'connections to' : 'connections from'} every pod of the namespace, whatever the other policies say — name peers or ports, or remove the rule.`,
    };
    return;
  }
  for (const [index, peer] of items.entries()) {
    const namespaces = peer.at('namespaceSelector');
    if (!isEmpty(namespaces) || !isEmptyOrMissing(peer.at('podSelector'))) continue;
    const next = items[index + 1];
    const isSplit = next !== undefined && next.keys().length === 1 && next.at('podSelector').entries().length > 0;
    if (isSplit) {
      yield {
        at: namespaces.key,
        message: `This item admits every pod of the cluster, and the podSelector below it is an alternative, not a condition — put both into one item.`,
        fixes: () => joined(peer, next),
      };
    } else if (anyPorts) {
      yield {
        at: namespaces.key,
        message: `This item admits every pod of the cluster on every port — select namespaces or pods, or restrict the ports.`,
      };
    }
  }
}

/** Makes a list item part of the one before it, by taking its dash away. */
function joined(before: Value, item: Value): readonly Fix[] {
  const { source } = item;
  if (column(before, before.sourceSpan.start) !== column(item, item.sourceSpan.start)) return [];
  const text = source.tree.text;
  const dash = text.lastIndexOf('-', item.sourceSpan.start);
  if (
    item.style === 'flow' ||
    source.linePrefix === undefined ||
    dash === -1 ||
    text.slice(dash + 1, item.sourceSpan.start).trim() !== ''
  )
    return [];
  const edit: TextEdit = { at: source.place(dash, dash + 1), newText: ' ' };
  return [{ title: 'Make both selectors one condition', safe: false, edits: [edit] }];
}

function isEmpty(selector: Value): boolean {
  return (
    selector.kind === 'mapping' &&
    selector.at('matchLabels').entries().length === 0 &&
    selector.at('matchExpressions').items().length === 0
  );
}

function isEmptyOrMissing(selector: Value): boolean {
  return !selector.exists || selector.isNull || isEmpty(selector);
}
