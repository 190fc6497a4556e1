import { prometheus } from '../../analysis/flows/externals';
import { isolation } from '../../analysis/network/policy-index';
import { type Pods, podsOf, workloadKinds } from '../../analysis/pods';
import { anyNamespace, endpointOf, policiesOf, policyResources } from '../../analysis/policies';
import { familiesOf, synapseMains, workloads } from '../../analysis/roles';
import { settingsOf } from '../../analysis/settings';
import { appendDocument } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { type Admission, admissionsOf, coversPort, selectedPods, widthOf } from './admission';
import { narrowTo, peerLabels } from './narrow';
import { partOf, workloadsOf } from './parts';
import { policyText } from './policy-text';

export default {
  id: 'netpol-key-vault-isolation',
  items: ['1.4.b.3', '2.3.c.1'],
  severity: 'error',
  summary: 'More than the main Synapse process may connect to key_vault.',
  why: "key_vault holds what decrypts the users' messages. The isolation of the LI instance rests on nobody but the main Synapse process being able to ask it.",
  remedy:
    'Let one NetworkPolicy select key_vault for ingress and admit only the pods of the main Synapse process, by labels that its workers and the LI instance do not have.',
  traps: [
    'Workers that share the labels of the main process are a warning: they belong to the same instance, but the checklist says main.',
    'Ports other than those of key_vault do not count, so Prometheus may be let in on its own.',
    'The Job that prepares the database carries other labels or none; it is not key_vault.',
  ],
  sources: ['Kubernetes documentation, Network Policies: the rules of all policies that select a pod add up.'],
  examples: {
    bad: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: key-vault
        policyTypes: [Ingress]
        ingress:
          - from:
              - podSelector:
      #         ^^^^^^^^^^^ 💡 error: synapse-li of the LI instance may connect to key_vault
                  matchLabels:
                    app: synapse
            ports:
              - port: 8000
      #- /pods.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: app
                image: registry.test/key-vault:1
                ports:
                  - containerPort: 8000
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse, matrix.instance: main}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-li
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse, matrix.instance: li}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
    `,
    good: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: key-vault
        policyTypes: [Ingress]
        ingress:
          - from:
              - podSelector:
                  matchLabels:
                    app: synapse
                    matrix.instance: main
            ports:
              - port: 8000
      #- /pods.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: app
                image: registry.test/key-vault:1
                ports:
                  - containerPort: 8000
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse, matrix.instance: main}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-li
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse, matrix.instance: li}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
    `,
  },
  kinds: ['NetworkPolicy', ...workloadKinds],
  *check(resource, workspace) {
    const { components } = settingsOf(workspace);
    if (components.networkPolicies === 'off' || components.keyVault === 'off') return;
    if (resource.kind === 'NetworkPolicy') yield* tooManyAdmitted(resource, workspace);
    else if (familiesOf(resource).has('key_vault')) yield* notIsolated(resource, workspace);
  },
} satisfies Rule;

function* tooManyAdmitted(policy: Resource, workspace: Workspace): Iterable<Problem> {
  if (workloads(workspace, 'key_vault').length === 0) return;
  const vaults = selectedPods(workspace, policy, 'Ingress').filter(pods => partOf(workspace, pods) === 'key-vault');
  if (vaults.length === 0) return;
  const isMeant = (rule: Parameters<typeof coversPort>[0]): boolean =>
    vaults.some(pods => portsOf(pods).some(port => coversPort(rule, pods, port)));
  for (const admission of admissionsOf(workspace, policy, 'Ingress', isMeant)) {
    const problem = judge(admission, workspace);
    if (!problem) continue;
    yield {
      at: admission.peer?.key ?? admission.rule.key,
      ...problem,
      fixes: () => onlyMain(workspace, policy, admission),
    };
  }
}

/** What is wrong with what a peer admits; undefined if it is nobody but the main process and key_vault itself. */
function judge(
  admission: Admission,
  workspace: Workspace,
): Pick<Problem, 'message' | 'severity' | 'related'> | undefined {
  const advice = 'admit only the pods of the main Synapse process';
  if (admission.addresses !== undefined)
    return widthOf(admission.addresses) === 'any'
      ? { message: `Every address may connect to key_vault — ${advice}.` }
      : {
          severity: 'warning',
          message: `The addresses ${admission.addresses} may connect to key_vault, and pods may be among them — ${advice}.`,
        };
  if (admission.isAnyNamespace || admission.isAnyPod)
    return {
      message: `Every pod of ${admission.isAnyNamespace ? 'the cluster' : 'the namespace'} may connect to key_vault${admission.peer ? '' : ', because this rule has no from'} — ${advice}.`,
    };
  const of = (...parts: readonly string[]): readonly Pods[] =>
    admission.pods.filter(pods => parts.includes(partOf(workspace, pods)));
  const related = (pods: readonly Pods[]): Pick<Problem, 'related'> => ({
    related: pods
      .slice(0, 6)
      .map(({ owner }) => ({ at: owner.root.at('metadata', 'name'), message: `${owner.title} is admitted` })),
  });
  const li = of('li', 'postgresql-li');
  if (li.length > 0)
    return { message: `${workloadsOf(li)} of the LI instance may connect to key_vault — ${advice}.`, ...related(li) };
  const others = of('other', 'sync', 'minio', 'postgresql-main');
  if (others.length > 0)
    return { message: `${workloadsOf(others)} may connect to key_vault — ${advice}.`, ...related(others) };
  const foreign = foreigners(admission, workspace);
  if (foreign) return { ...foreign, message: `${foreign.who} may connect to key_vault — ${advice}.` };
  const workers = of('synapse-worker');
  if (workers.length === 0) return undefined;
  return {
    severity: 'warning',
    message: `The workers ${workloadsOf(workers)} may connect to key_vault as well, and the checklist says main only — narrow the selector with a label that only the main process has.`,
    ...related(workers),
  };
}

/** Pods of other namespaces, which the tree need not show. That Prometheus sees more than metrics is a lesser thing. */
function foreigners(
  { otherNamespaces, pods }: Admission,
  workspace: Workspace,
): { readonly who: string; readonly severity?: 'warning' } | undefined {
  const own = new Set(pods.map(({ namespace }) => namespace));
  const namespaces = otherNamespaces.filter(name => !own.has(name));
  if (namespaces.length === 0) return undefined;
  const monitoring = prometheus(workspace).namespace ?? 'monitoring';
  return {
    who: `Pods of namespace ${namespaces.join(' and ')}`,
    ...(namespaces.every(name => name === monitoring) && { severity: 'warning' as const }),
  };
}

function* notIsolated(vault: Resource, workspace: Workspace): Iterable<Problem> {
  const namespace = vault.namespace ?? anyNamespace;
  const policies = policiesOf(workspace, namespace);
  const [pods] = podsOf(vault);
  if (!pods || pods.hostNetwork || policies.otherPolicies.length > 0) return;
  // Without any policy there is one finding for all.
  if (policyResources(workspace, namespace).length === 0) return;
  if (isolation(endpointOf(pods), 'Ingress', policies).isolated !== 'no') return;
  yield {
    at: vault.root.at('metadata', 'name'),
    message: `Every pod of the cluster may connect to ${vault.name}, because no NetworkPolicy selects it for Ingress — add one that admits only the main Synapse process.`,
    fixes: () => isolate(workspace, vault, pods),
  };
}

function isolate(workspace: Workspace, vault: Resource, pods: Pods): readonly Fix[] {
  const namespace = vault.namespace ?? anyNamespace;
  const neighbours = policyResources(workspace, namespace);
  const own = peerLabels(workspace, namespace, [pods]);
  const main = mainLabels(workspace, namespace);
  const [neighbour] = neighbours;
  if (!own || !main || !neighbour) return [];
  const name = neighbours.some(one => one.name === 'key-vault-isolation') ? 'key-vault-ingress' : 'key-vault-isolation';
  const text = policyText({
    name,
    namespace: vault.namespace,
    podSelector: own,
    rules: [
      {
        direction: 'Ingress',
        rules: [
          {
            peers: [{ kind: 'pods', podSelector: main, namespace: undefined, alsoAdmits: [] }],
            ports: portsOf(pods).map(port => ({ port, protocol: 'TCP' as const })),
          },
        ],
      },
    ],
  });
  return [{ title: `Add NetworkPolicy ${name}`, safe: true, edits: [appendDocument(neighbour.document.file, text)] }];
}

function onlyMain(workspace: Workspace, policy: Resource, admission: Admission): readonly Fix[] {
  const namespace = policy.namespace ?? anyNamespace;
  const labels = mainLabels(workspace, namespace);
  const edits = labels && narrowTo(admission, labels, mainPods(workspace, namespace));
  return edits ? [{ title: 'Admit only the main Synapse process', safe: false, edits }] : [];
}

/** The labels by which the main Synapse process is told from everything else in a namespace. */
function mainLabels(workspace: Workspace, namespace: string): ReadonlyMap<string, string> | undefined {
  const mains = mainPods(workspace, namespace);
  return mains.length === 0 ? undefined : peerLabels(workspace, namespace, mains);
}

function mainPods(workspace: Workspace, namespace: string): readonly Pods[] {
  return synapseMains(workspace)
    .filter(main => (main.namespace ?? anyNamespace) === namespace)
    .flatMap(podsOf)
    .filter(pods => partOf(workspace, pods) === 'synapse-main');
}

/** The ports of key_vault; where it declares none, the one of its application server. */
function portsOf(pods: Pods): readonly number[] {
  const ports = pods.ports
    .filter(one => one.protocol === 'TCP' && !/metrics/.test(one.name ?? ''))
    .map(({ port }) => port);
  return ports.length > 0 ? ports : [8000];
}
