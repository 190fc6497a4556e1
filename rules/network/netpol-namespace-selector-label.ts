import { followsChecklist } from '../../analysis/checklist-signs';
import { metadataName } from '../../analysis/namespaces';
import { entryPlace, replaceScalar } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import {
  carriersOf,
  isSetByPlatform,
  mayExist,
  namesNamespace,
  nearestNamespace,
  selectByName,
} from './namespace-labels';
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
    'A label that a Namespace manifest of the tree carries is accepted.',
    'Labels that OpenShift, Rancher, Flux, Argo CD, OLM and Kubernetes itself put on namespaces are accepted.',
    'A label whose key does not say that it is the name of the namespace, and whose value is not the name of one in the tree, is a warning: the namespace may be declared elsewhere.',
    'A label that only a script sets with `kubectl label` is accepted, and mentioned: whoever forgets the script loses the traffic. If only a README tells to set it, that is a warning.',
    'A namespace that is selected by name and that nothing in the tree creates is a warning if its name resembles another one, else an information; the namespaces of the cluster itself and of the usual operators count as being there.',
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
        if (value.text === undefined) continue;
        if (key === metadataName) {
          yield* unknownNames(workspace, [value]);
          continue;
        }
        const problem = notCarried(workspace, key, [value.text]);
        if (problem) yield { at: entryPlace(value), ...problem, fixes: () => selectByName(selector, value) };
      }
      for (const expression of selector.at('matchExpressions').items()) {
        const key = expression.at('key');
        const operator = expression.at('operator').text;
        const values = expression.at('values').items();
        if (key.text === undefined || (operator !== 'In' && operator !== 'Exists')) continue;
        if (key.text === metadataName) {
          yield* unknownNames(workspace, values);
          continue;
        }
        const wanted = operator === 'Exists' ? undefined : values.flatMap(value => value.text ?? []);
        const problem = notCarried(workspace, key.text, wanted);
        if (problem)
          yield {
            at: key,
            ...problem,
            fixes: () => (operator === 'In' && namesNamespace.has(key.text ?? '') ? renameExpression(key) : []),
          };
      }
    }
  },
} satisfies Rule;

/** What is wrong with a label that is not known to be on a namespace; undefined if one of the values is. */
function notCarried(
  workspace: Workspace,
  key: string,
  values: readonly string[] | undefined,
): Pick<Problem, 'message' | 'severity' | 'related'> | undefined {
  if (isSetByPlatform(key)) return undefined;
  const carriers = (values ?? [undefined]).flatMap(value => carriersOf(workspace, key, value));
  if (carriers.some(one => one.origin === 'manifest')) return undefined;
  const label = values === undefined ? key : `${key}=${values.join(' or ')}`;
  const script = carriers.find(one => one.origin === 'script') ?? carriers[0];
  if (!script) {
    // A label of any other meaning may be on a namespace that is declared elsewhere.
    const isNamed = values?.some(value => workspace.find('Namespace', undefined, value) !== undefined) === true;
    const isOfCluster = values?.some(value => madeByKubernetes.has(value)) === true;
    const isNameLabel = namesNamespace.has(key) && (isOfCluster || followsChecklist(workspace));
    const mayBeElsewhere = !isNameLabel && !isNamed;
    return {
      ...(mayBeElsewhere && { severity: 'warning' as const }),
      message: mayBeElsewhere
        ? `No Namespace of the tree carries the label ${label}, so this rule may match nothing — select the namespace by ${metadataName}.`
        : `No namespace is known to carry the label ${label}, so this rule matches nothing — select the namespace by ${metadataName}.`,
    };
  }
  const related = [{ at: script.at, message: `The command that sets ${label}` }];
  return script.origin === 'script'
    ? {
        severity: 'info',
        related,
        message: `Namespaces carry the label ${label} only after a script has set it — ${metadataName} is there by itself.`,
      }
    : {
        severity: 'warning',
        related,
        message: `Namespaces carry the label ${label} only if somebody sets it by hand, as a text of the tree tells — select the namespace by ${metadataName}.`,
      };
}

/** The namespaces that every cluster has, without any label but `kubernetes.io/metadata.name` (Kubernetes: Namespaces). */
const madeByKubernetes: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

/** Names of namespaces none of which is known to exist. */
function* unknownNames(workspace: Workspace, values: readonly Value[]): Iterable<Problem> {
  const [first] = values;
  if (!first || values.some(value => value.text === undefined || mayExist(workspace, value.text))) return;
  const name = first.text ?? '';
  const close = nearestNamespace(workspace, name);
  yield {
    at: first,
    // Only a name that resembles another one speaks for a slip; most are of namespaces that are declared elsewhere.
    severity: close === undefined ? 'info' : 'warning',
    message: `Nothing in the tree creates the namespace ${name}, so this rule may match nothing — ${close ? `did you mean ${close}?` : 'check the name.'}`,
    fixes: () => {
      const edit = close === undefined ? undefined : replaceScalar(first, close);
      return edit ? [{ title: `Select the namespace ${close}`, safe: false, edits: [edit] }] : [];
    },
  };
}

function renameExpression(key: Value): readonly Fix[] {
  const edit = replaceScalar(key, metadataName);
  return edit ? [{ title: `Select the namespace by ${metadataName}`, safe: true, edits: [edit] }] : [];
}
