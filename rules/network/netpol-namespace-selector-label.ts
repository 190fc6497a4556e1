import { metadataName } from '../../analysis/namespaces';
import { entryPlace, renameKey, replaceEntry, replaceScalar } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { namespaceSelectors } from './peers';

export default {
  id: 'netpol-namespace-selector-label',
  items: ['1.4.a'],
  severity: 'error',
  summary: 'A namespaceSelector asks for a label that no namespace carries.',
  why: 'The selector matches no namespace, so the rule allows nothing: DNS, metrics or ingress traffic is cut off as soon as the policy is applied, and nothing says why.',
  remedy:
    'Select namespaces by `kubernetes.io/metadata.name`, which Kubernetes puts on every namespace and nobody can change.',
  traps: [
    'A label that a Namespace manifest of the tree carries is accepted, and so is one that a script sets with `kubectl label`.',
    '`matchLabels` and `matchExpressions` on `kubernetes.io/metadata.name` mean the same; both are accepted.',
    'An empty `namespaceSelector: {}` selects every namespace on purpose.',
  ],
  sources: [
    'Kubernetes documentation, Network Policies, "Targeting a Namespace by its name": the label kubernetes.io/metadata.name is immutable, stable since 1.22.',
  ],
  examples: {
    bad: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-dns
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress:
          - to:
              - namespaceSelector:
                  matchLabels:
                    name: kube-system # where DNS runs
      #             ^^^^^^^^^^^^^^^^^ 💡 error: No namespace is known to carry the label name=kube-system
            ports:
              - protocol: UDP
                port: 53
    `,
    good: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-dns
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress:
          - to:
              - namespaceSelector:
                  matchExpressions:
                    - key: kubernetes.io/metadata.name
                      operator: In
                      values: ["kube-system"] # where DNS runs
            ports:
              - protocol: UDP
                port: 53
    `,
  },
  kinds: ['NetworkPolicy'],
  *check(policy, workspace) {
    for (const selector of namespaceSelectors(policy)) {
      for (const [key, value] of selector.at('matchLabels').entries()) {
        if (key === metadataName || value.text === undefined || isCarried(workspace, key, value.text)) continue;
        yield {
          at: entryPlace(value),
          message: `No namespace is known to carry the label ${key}=${value.text}, so this rule matches nothing — select the namespace by ${metadataName}.`,
          fixes: () => (namesNamespace.has(key) ? fixesFor(selector, value) : []),
        };
      }
      for (const expression of selector.at('matchExpressions').items()) {
        const key = expression.at('key').text;
        const operator = expression.at('operator').text;
        if (key === undefined || key === metadataName || (operator !== 'In' && operator !== 'Exists')) continue;
        const values = expression.at('values').items();
        if (
          operator === 'Exists'
            ? isCarried(workspace, key)
            : values.some(value => isCarried(workspace, key, value.text))
        )
          continue;
        yield {
          at: expression.at('key'),
          message: `No namespace is known to carry the label ${key}, so this rule matches nothing — select the namespace by ${metadataName}.`,
          fixes: () => (operator === 'In' && namesNamespace.has(key) ? renameExpression(expression.at('key')) : []),
        };
      }
    }
  },
} satisfies Rule;

/** Label keys whose value is meant to be the name of the namespace. */
const namesNamespace = new Set(['name', 'kubernetes.io/name', 'ns', 'namespace']);

function isCarried(workspace: Workspace, key: string, value?: string): boolean {
  return workspace
    .resources('Namespace')
    .some(namespace => (value === undefined ? namespace.labels.has(key) : namespace.labels.get(key) === value));
}

function fixesFor(selector: Value, label: Value): readonly Fix[] {
  const labels = selector.at('matchLabels');
  const isAlone = labels.entries().length === 1 && !selector.at('matchExpressions').exists;
  const edit = isAlone
    ? replaceEntry(
        labels,
        `matchExpressions:\n  - key: ${metadataName}\n    operator: In\n    values: ["${label.text}"]`,
      )
    : renameKey(label, metadataName);
  return edit ? [{ title: `Select the namespace by ${metadataName}`, safe: true, edits: [edit] }] : [];
}

function renameExpression(key: Value): readonly Fix[] {
  const edit = replaceScalar(key, metadataName);
  return edit ? [{ title: `Select the namespace by ${metadataName}`, safe: true, edits: [edit] }] : [];
}
