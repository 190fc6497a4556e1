import { askedByChecklist } from '../../analysis/checklist-signs';
import { flowsFrom } from '../../analysis/flows';
import { ingressController, prometheus } from '../../analysis/flows/externals';
import { admits } from '../../analysis/network/evaluate';
import { isolation } from '../../analysis/network/policy-index';
import { type Pods, podsOf } from '../../analysis/pods';
import { anyNamespace, endpointOf, policiesOf, policyResources, readPolicy } from '../../analysis/policies';
import { clusterKind, databasesOfMatrix, type Family, familiesOf } from '../../analysis/roles';
import { settingsOf } from '../../analysis/settings';
import { capitalised, listed } from '../../analysis/wording';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { type Admission, admissionsOf, coversPort, selectedPods, widthOf } from './admission';
import { addPolicyFor } from './generated-policy';
import { without } from './narrow';
import { partOf, workloadsOf } from './parts';

export default {
  id: 'netpol-database-access',
  items: ['1.4.b.2'],
  severity: 'error',
  summary: 'A PostgreSQL cluster may be opened by pods that have no business with it.',
  why: 'The database holds all messages and accounts, and a password is the only thing left between it and whatever runs in the cluster. The LI instance must not reach the main database at all: it works on a copy.',
  remedy:
    'Let a NetworkPolicy select the pods of each cluster (`cnpg.io/cluster`) for ingress, and admit on port 5432 only the Synapse of that instance, key_vault for the main cluster, the replication jobs, the instances among themselves and the operator.',
  traps: [
    'A database that is open to everybody is an error in a tree that follows the checklist, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning.',
    'The instances of the LI cluster may open the main one: the subscription is served by them, not by the Job that creates it.',
    'A workload whose configuration names the database is accepted, whatever it is.',
    'Workloads that are not known here are not judged; a known component that needs no database is a warning.',
    'Databases of other applications of the tree, in namespaces of their own, are left to them.',
  ],
  sources: [
    'CloudNativePG documentation, Networking.',
    'PostgreSQL documentation, Logical Replication, Subscription: the subscriber connects to the publisher.',
  ],
  examples: {
    bad: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: postgresql
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            cnpg.io/cluster: matrix-postgresql
        policyTypes: [Ingress]
        ingress:
          - from:
              - podSelector:
                  matchLabels:
                    matrix.instance: main
              - podSelector:
      #         ^^^^^^^^^^^ 💡 error: synapse-li of the LI instance may connect to the main database matrix-postgresql
                  matchLabels:
                    matrix.instance: li
            ports:
              - port: 5432
      #- /pods.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
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
        name: postgresql
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            cnpg.io/cluster: matrix-postgresql
        policyTypes: [Ingress]
        ingress:
          - from:
              - podSelector:
                  matchLabels:
                    matrix.instance: main
            ports:
              - port: 5432
      #- /pods.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
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
  kinds: ['NetworkPolicy', clusterKind],
  *check(resource, workspace) {
    if (settingsOf(workspace).components.networkPolicies === 'off') return;
    if (resource.kind === 'NetworkPolicy') yield* tooManyAdmitted(resource, workspace);
    else if (databasesOfMatrix(workspace).has(resource)) yield* notIsolated(resource, workspace);
  },
} satisfies Rule;

function* tooManyAdmitted(policy: Resource, workspace: Workspace): Iterable<Problem> {
  const databases = selectedPods(workspace, policy, 'Ingress').filter(
    ({ owner }) => owner.qualifiedKind === clusterKind && databasesOfMatrix(workspace).has(owner),
  );
  const [database] = databases;
  if (!database) return;
  const admissions = admissionsOf(workspace, policy, 'Ingress', rule => coversPort(rule, database, port));
  for (const admission of admissions) {
    const judged = databases.flatMap(one => {
      const problem = judge(admission, one, workspace);
      return problem ? [{ problem, name: one.owner.name }] : [];
    });
    const [first] = judged.toSorted(
      (a, b) => Number(b.problem.severity === undefined) - Number(a.problem.severity === undefined),
    );
    if (!first) continue;
    // A policy for several clusters says the same of each.
    const others = judged.filter(
      one =>
        one !== first &&
        one.problem.message.replace(`database ${one.name}`, `database ${first.name}`) === first.problem.message,
    );
    const names = [first, ...others].map(one => one.name);
    const message =
      names.length === 1
        ? first.problem.message
        : first.problem.message.replace(`database ${first.name}`, `databases ${listed(names)}`);
    const problem = { ...first.problem, message };
    yield {
      at: admission.peer?.key ?? admission.rule.key,
      ...problem,
      fixes: () => {
        const edits = problem.isRemovable ? without(admission) : undefined;
        return edits ? [{ title: 'Admit them no longer', safe: false, edits }] : [];
      },
    };
  }
}

const port = 5432;

interface Judgement extends Pick<Problem, 'message' | 'severity' | 'related'> {
  /** Whether the peer admits nobody who needs it. */
  readonly isRemovable: boolean;
}

function judge(admission: Admission, database: Pods, workspace: Workspace): Judgement | undefined {
  const { name } = database.owner;
  if (admission.addresses !== undefined) return judgeAddresses(workspace, admission.addresses, name);
  if (admission.isAnyNamespace || admission.isAnyPod)
    return {
      isRemovable: false,
      ...askedByChecklist(workspace),
      message: `Every pod of ${admission.isAnyNamespace ? 'the cluster' : 'the namespace'} may connect to the database ${name}${admission.peer ? '' : ', because this rule has no from'} — admit only those that need it.`,
    };
  const wrong = admission.pods.filter(pods => isWrong(pods, database, workspace));
  if (wrong.length === 0) return judgeExternals(admission, database, workspace);
  const target = partOf(workspace, database);
  const li = target === 'postgresql-main' ? wrong.filter(pods => partOf(workspace, pods) === 'li') : [];
  const shown = li.length > 0 ? li : wrong;
  const related = shown
    .slice(0, 6)
    .map(({ owner }) => ({ at: owner.root.at('metadata', 'name'), message: `${owner.title} is admitted` }));
  const isRemovable = wrong.length === admission.pods.length;
  return li.length > 0
    ? {
        related,
        isRemovable,
        message: `${workloadsOf(li)} of the LI instance may connect to the main database ${name} — admit only the main instance; the LI instance works on its own copy.`,
      }
    : {
        related,
        isRemovable,
        severity: 'warning',
        message: `${workloadsOf(wrong)} may connect to the database ${name} without needing it — admit only those that do.`,
      };
}

/** Most plugins compare an `ipBlock` with the addresses of pods too, so a wide one opens the database to pods. */
function judgeAddresses(workspace: Workspace, addresses: string, name: string): Judgement | undefined {
  const width = widthOf(addresses);
  if (width === 'narrow') return undefined;
  return {
    isRemovable: true,
    ...(width === 'wide' ? { severity: 'warning' } : askedByChecklist(workspace)),
    message: `${width === 'any' ? 'Every address' : `Every address of ${addresses}, pods among them,`} may connect to the database ${name} — admit only the pods that need it.`,
  };
}

/** Programs of other namespaces that are known, and known to have no business with a database. */
function judgeExternals(
  { read, rule, otherNamespaces }: Admission,
  database: Pods,
  workspace: Workspace,
): Judgement | undefined {
  if (otherNamespaces.length === 0) return undefined;
  const policy = policyResources(workspace, database.namespace ?? anyNamespace)
    .map(readPolicy)
    .find(one => one.source.source === rule.source);
  if (!policy) return undefined;
  const index = policiesOf(workspace, policy.namespace);
  const wrong = [ingressController(workspace, undefined), prometheus(workspace)].filter(
    one => admits(read, policy, one, index) === 'yes',
  );
  if (wrong.length === 0) return undefined;
  return {
    isRemovable: false,
    severity: 'warning',
    message: `${capitalised(wrong.map(one => one.name).join(' and '))} may connect to the database ${database.owner.name} without needing it — ${read.ports?.length ? 'admit only those that do' : 'name the ports that are meant'}.`,
  };
}

/** Whether pods ought not to open a database: those of the other instance, and components that have none. */
function isWrong(pods: Pods, database: Pods, workspace: Workspace): boolean {
  if (pods.owner === database.owner) return false;
  const part = partOf(workspace, pods);
  const target = partOf(workspace, database);
  if (part === 'li') return target === 'postgresql-main';
  const isOfMain = part === 'synapse-main' || part === 'synapse-worker';
  const families = part === 'other' ? [...familiesOf(pods.owner)] : [];
  const isSuspect =
    (target === 'postgresql-li' && (isOfMain || part === 'key-vault')) ||
    (families.length > 0 && families.every(family => withoutDatabase.has(family)));
  return isSuspect && !flowsFrom(workspace, pods.owner).some(flow => flow.to === database);
}

/** Components that never talk to PostgreSQL. */
const withoutDatabase: ReadonlySet<Family> = new Set([
  'redis',
  'sentinel',
  'haproxy',
  'livekit',
  'clamav',
  'scanner',
  'element',
  'synapse-admin',
]);

function* notIsolated(cluster: Resource, workspace: Workspace): Iterable<Problem> {
  const namespace = cluster.namespace ?? anyNamespace;
  const policies = policiesOf(workspace, namespace);
  const [pods] = podsOf(cluster);
  if (!pods || policies.otherPolicies.length > 0 || policyResources(workspace, namespace).length === 0) return;
  if (isolation(endpointOf(pods), 'Ingress', policies).isolated !== 'no') return;
  yield {
    at: cluster.root.at('metadata', 'name'),
    message: `Every pod of the cluster may connect to the database ${cluster.name}, because no NetworkPolicy selects its instances for Ingress — add one that admits only those that need it.`,
    fixes: (): readonly Fix[] => addPolicyFor(workspace, `${cluster.name}-access`, [pods], 'Ingress'),
  };
}
