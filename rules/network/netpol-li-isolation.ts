import { type FlowEnd, flowsFrom, isExternal, judgeFlow } from '../../analysis/flows';
import { addressesOf } from '../../analysis/flows/addresses';
import { podPorts, resolveHost } from '../../analysis/flows/destinations';
import { internet } from '../../analysis/network/addresses';
import { admits } from '../../analysis/network/evaluate';
import type { Policy, Rule as PolicyRule } from '../../analysis/network/model';
import { isolation } from '../../analysis/network/policy-index';
import { type Pods, podsOf, workloadKinds } from '../../analysis/pods';
import { anyNamespace, endpointOf, policiesOf, policyResources, readPolicy } from '../../analysis/policies';
import { familiesOf, isLi } from '../../analysis/roles';
import { settingsOf } from '../../analysis/settings';
import { few } from '../../analysis/wording';
import { deleteEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { type Admission, admissionsOf, coversPort, selectedPods } from './admission';
import { without } from './narrow';
import { isForbidden, type Part, partOf, workloadsOf } from './parts';

export default {
  id: 'netpol-li-isolation',
  items: ['1.4.b.4'],
  severity: 'error',
  summary: 'The LI instance may reach more than its own resources.',
  why: 'The lawful-intercept instance holds a copy of everything. A way from it to the main database, the main Synapse, key_vault or the internet lets a mistake or an intruder there change the production data, decrypt it or carry it away.',
  remedy:
    'Restrict the egress of all LI pods to their own database, their own Redis and processes, the object storage and DNS.',
  traps: [
    'The instances of the LI database and the replication jobs are not LI pods here: the subscription has to reach the main database.',
    'A destination that only its own ingress policies still protect is a warning.',
    "A Redis shared with the main instance is a warning: the two instances would read each other's messages.",
    'A rule without peers that is limited to port 53 is taken for DNS.',
  ],
  sources: [
    'Kubernetes documentation, Network Policies: without `to` a rule allows every destination, outside the cluster as well.',
  ],
  examples: {
    bad: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: li-isolation
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            matrix.instance: li
        policyTypes: [Egress]
        egress:
          - to:
              - podSelector:
                  matchLabels:
                    cnpg.io/cluster: matrix-postgresql-li
            ports:
              - port: 5432
          - to:
              - podSelector:
      #         ^^^^^^^^^^^ 💡 error: synapse-li may reach the main database matrix-postgresql
                  matchLabels:
                    cnpg.io/cluster: matrix-postgresql
            ports:
              - port: 5432
      #- /pods.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql-li
        namespace: matrix
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
        name: li-isolation
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            matrix.instance: li
        policyTypes: [Egress]
        egress:
          - to:
              - podSelector:
                  matchLabels:
                    cnpg.io/cluster: matrix-postgresql-li
            ports:
              - port: 5432
      #- /pods.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql-li
        namespace: matrix
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
    if (components.networkPolicies === 'off' || components.li === 'off') return;
    if (resource.kind === 'NetworkPolicy') {
      yield* tooMuchAllowed(resource, workspace);
      return;
    }
    const [pods] = podsOf(resource);
    if (!pods || pods.hostNetwork || partOf(workspace, pods) !== 'li') return;
    yield* notIsolated(resource, pods, workspace);
    yield* sharedRedis(resource, pods, workspace);
  },
} satisfies Rule;

function* tooMuchAllowed(policy: Resource, workspace: Workspace): Iterable<Problem> {
  const lis = selectedPods(workspace, policy, 'Egress').filter(pods => partOf(workspace, pods) === 'li');
  const [first] = lis;
  if (!first) return;
  const read = readPolicy(policy);
  const who = workloadsOf(lis);
  for (const admission of admissionsOf(workspace, policy, 'Egress', rule => !isDns(rule))) {
    const at = admission.peer?.key ?? admission.rule.key;
    const fixes = () => removal(workspace, policy, admission);
    if (reachesInternet(read, admission, workspace)) {
      yield {
        at,
        message: `${who} may reach the internet${admission.peer ? '' : ', because this rule has no to'} — name the LI instance's own resources.`,
        fixes,
      };
      continue;
    }
    const forbidden = forbiddenTargets(workspace, admission);
    if (forbidden.length === 0) continue;
    const isOpen = forbidden.some(target => lis.some(li => reaches(workspace, li, target)));
    yield {
      at,
      ...(!isOpen && { severity: 'warning' }),
      message: `${who} may reach ${few(
        forbidden.map(target => describe(workspace, target)),
        3,
      )}${isOpen ? '' : ' but for the policies on the other side'} — allow only the LI instance's own resources.`,
      related: forbidden.slice(0, 6).map(({ owner }) => ({
        at: owner.root.at('metadata', 'name'),
        message: `${owner.title} may be reached from the LI instance`,
      })),
      fixes,
    };
  }
}

/**
 * Takes the permission out, or of several values of a label those that only forbidden pods have. What pods need through
 * the same permission must not go with it, the main instance's neither.
 */
function removal(workspace: Workspace, policy: Resource, admission: Admission): readonly Fix[] {
  const forbidden = forbiddenTargets(workspace, admission);
  const isNeeded = (to: FlowEnd): boolean =>
    isExternal(to)
      ? admission.addresses !== undefined || admission.peer === undefined
      : admission.pods.includes(to) && !forbidden.includes(to);
  const senders = selectedPods(workspace, policy, 'Egress');
  const blocks = senders.some(({ owner }) =>
    flowsFrom(workspace, owner).some(
      ({ from, to, port }) =>
        !isExternal(from) &&
        senders.includes(from) &&
        !isForbidden(workspace, from, to) &&
        (isNeeded(to) || (!isExternal(to) && forbidden.includes(to))) &&
        (isExternal(to) ? coversNumber(admission.read, port) : coversPort(admission.read, to, port)),
    ),
  );
  if (!blocks) {
    const edits = without(admission);
    return edits ? [{ title: 'Remove this permission', safe: false, edits }] : [];
  }
  const values = valuesOf(admission, forbidden);
  const edits = values.flatMap(value => deleteEntry(value) ?? []);
  if (values.length === 0 || edits.length < values.length) return [];
  return [{ title: `Do not select ${values.map(value => value.text).join(' and ')}`, safe: false, edits }];
}

function coversNumber({ ports }: PolicyRule<Value>, wanted: number): boolean {
  return (
    !ports?.length ||
    ports.some(({ port, endPort }) => typeof port !== 'number' || (wanted >= port && wanted <= (endPort ?? port)))
  );
}

/** The values of an `In` that forbidden pods have and no others, if without them none of those is selected. */
function valuesOf({ peer, pods }: Admission, forbidden: readonly Pods[]): readonly Value[] {
  for (const expression of peer?.at('podSelector', 'matchExpressions').items() ?? []) {
    const key = expression.at('key').text ?? '';
    if (expression.at('operator').text !== 'In') continue;
    const holders = (value: Value): readonly Pods[] => pods.filter(one => one.labels.get(key) === value.text);
    const values = expression.at('values').items();
    const bad = values.filter(
      value => holders(value).length > 0 && holders(value).every(one => forbidden.includes(one)),
    );
    const isAll = forbidden.every(one => bad.some(value => value.text === one.labels.get(key)));
    if (bad.length > 0 && bad.length < values.length && isAll) return bad;
  }
  return [];
}

function isDns({ peers, ports }: PolicyRule<Value>): boolean {
  return !peers?.length && (ports?.length ?? 0) > 0 && (ports ?? []).every(({ port }) => port === 53);
}

/** Whether a peer covers addresses of the internet; a rule without peers covers all. */
function reachesInternet(policy: Policy<Value>, { peer, read, addresses }: Admission, workspace: Workspace): boolean {
  if (!peer) return true;
  return addresses !== undefined && admits(read, policy, internet, policiesOf(workspace, policy.namespace)) === 'yes';
}

const forbiddenParts: ReadonlySet<Part> = new Set(['postgresql-main', 'key-vault', 'synapse-main', 'synapse-worker']);

/** Pods of the main instance, and what hands requests on to them. */
function isForbiddenTarget(workspace: Workspace, pods: Pods): boolean {
  return forbiddenParts.has(partOf(workspace, pods)) || leadsToMain(workspace, pods);
}

function leadsToMain(workspace: Workspace, pods: Pods): boolean {
  return (
    familiesOf(pods.owner).has('haproxy') &&
    !isLi(workspace, pods.owner) &&
    flowsFrom(workspace, pods.owner).some(
      ({ to }) => !isExternal(to) && /^synapse-(?:main|worker)$/.test(partOf(workspace, to)),
    )
  );
}

/** The pods of the main instance that a peer names on one of their ports. */
function forbiddenTargets(workspace: Workspace, { pods, read }: Admission): readonly Pods[] {
  return pods.filter(
    one =>
      isForbiddenTarget(workspace, one) &&
      (one.ports.length === 0 || one.ports.some(({ port }) => coversPort(read, one, port))),
  );
}

/** Whether some port of some pods can really be reached, that is whether their own policies let LI pods in. */
function reaches(workspace: Workspace, from: Pods, to: Pods): boolean {
  const ports = to.ports.length > 0 ? to.ports.map(({ port }) => port) : [8008];
  return ports.some(port => judgeFlow(workspace, from, to, port).result === 'allowed');
}

function describe(workspace: Workspace, pods: Pods): string {
  const { owner } = pods;
  switch (partOf(workspace, pods)) {
    case 'postgresql-main':
      return `the main database ${owner.name}`;
    case 'key-vault':
      return `key_vault (${owner.name})`;
    case 'synapse-main':
      return `the main Synapse ${owner.name}`;
    case 'other':
      return `${owner.name}, which leads to the main Synapse`;
    default:
      return owner.name;
  }
}

function* notIsolated(workload: Resource, pods: Pods, workspace: Workspace): Iterable<Problem> {
  const namespace = workload.namespace ?? anyNamespace;
  const policies = policiesOf(workspace, namespace);
  if (policies.otherPolicies.length > 0 || policyResources(workspace, namespace).length === 0) return;
  if (isolation(endpointOf(pods), 'Egress', policies).isolated !== 'no') return;
  yield {
    at: workload.root.at('metadata', 'name'),
    message: `${workload.name} of the LI instance may connect to everything, because no NetworkPolicy selects it for Egress — add one that allows only its own resources.`,
  };
}

/** The LI instance with the Redis of the main one. */
function* sharedRedis(workload: Resource, pods: Pods, workspace: Workspace): Iterable<Problem> {
  if (!familiesOf(workload).has('synapse')) return;
  for (const { name, host, port, at } of addressesOf(workspace, workload)) {
    if (!name.startsWith('redis.host') || port === undefined) continue;
    const targets = podPorts(resolveHost(workspace, pods.namespace, host), port).map(target => target.pods);
    const shared = targets.find(({ owner }) => familiesOf(owner).has('redis') && !isLi(workspace, owner));
    if (!shared || targets.some(({ owner }) => isLi(workspace, owner))) continue;
    yield {
      at,
      severity: 'warning',
      message: `The LI instance uses ${shared.owner.name}, the Redis of the main instance, and both would read each other's messages — give it a Redis of its own.`,
      related: [{ at: shared.owner.root.at('metadata', 'name'), message: `Redis ${shared.owner.name}` }],
    };
  }
}
