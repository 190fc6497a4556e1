import { isPatch } from '../../analysis/kustomization';
import { containersOf, podTemplate } from '../../analysis/pods';
import { bytesText, quantityOf } from '../../analysis/quantity';
import { replicasIn } from '../../analysis/replicas';
import { clusterKind, tenantKind } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'quota-exceeded',
  items: [],
  severity: 'error',
  summary: 'A namespace does not allow what the tree asks for in it.',
  why: 'A ResourceQuota and a LimitRange are applied when pods and claims are made, not when their Deployments are. `kubectl apply` succeeds, and pods are missing: the ReplicaSet says "exceeded quota", "must specify limits.cpu" or "maximum memory usage per Container is …" in its events.',
  remedy:
    'Raise the quota or the limits, or ask for less. Give every container the requests and limits that the quota counts.',
  traps: [
    'Counted are Deployments, StatefulSets, DaemonSets as one pod, the instances of PostgreSQL clusters and the servers of MinIO Tenants with their claims; Jobs, and what operators add, come on top of it.',
    'Quotas with scopes concern some pods only and are left alone.',
    'A container without requests gets the defaults of a LimitRange, or its own limits.',
  ],
  sources: ['Kubernetes documentation, Resource Quotas; Limit Ranges'],
  examples: { bad: example('1Gi', true), good: example('4Gi', false) },
  kinds: ['ResourceQuota', 'LimitRange'],
  *check(resource, workspace) {
    const { namespace } = resource;
    if (namespace === undefined) return;
    if (resource.kind === 'LimitRange') {
      yield* limits(resource, workspace);
      return;
    }
    const spec = resource.root.at('spec');
    if (spec.at('scopes').exists || spec.at('scopeSelector').exists) return;
    for (const [name, hard] of spec.at('hard').entries()) {
      const most = quantityOf(hard.text);
      if (most === undefined) continue;
      yield* missing(resource, workspace, name, hard);
      const sum = sumOf(workspace, namespace, name);
      if (sum === undefined || sum <= most) continue;
      yield {
        at: hard,
        message: `${resource.title} allows ${hard.text} of ${name} in namespace ${namespace}, and what the tree runs there all the time takes ${shown(name, sum)} — raise it, or ask for less.`,
      };
    }
  },
} satisfies Rule;

/** Some pods that run all the time, and the claims each of them has. */
interface Running {
  readonly owner: Resource;
  readonly count: number;
  readonly containers: readonly Value[];
  readonly claims: readonly Value[];
}

function runningIn(workspace: Workspace, namespace: string): readonly Running[] {
  return ['Deployment', 'StatefulSet', 'DaemonSet', clusterKind, tenantKind].flatMap(kind =>
    workspace
      .resources(kind)
      .filter(one => one.namespace === namespace && !isPatch(workspace, one.document.file))
      .flatMap(owner => runningOf(workspace, owner)),
  );
}

function runningOf(workspace: Workspace, owner: Resource): readonly Running[] {
  const spec = owner.root.at('spec');
  if (owner.qualifiedKind === clusterKind)
    return [
      {
        owner,
        count: spec.at('instances').number ?? 1,
        containers: [spec],
        claims: ['storage', 'walStorage'].map(field => spec.at(field, 'size')).filter(one => one.exists),
      },
    ];
  if (owner.qualifiedKind === tenantKind)
    return spec
      .at('pools')
      .items()
      .map(pool => ({
        owner,
        count: pool.at('servers').number ?? 1,
        containers: [pool],
        claims: Array.from({ length: Math.min(64, pool.at('volumesPerServer').number ?? 1) }, () =>
          pool.at('volumeClaimTemplate', 'spec', 'resources', 'requests', 'storage'),
        ),
      }));
  return [
    {
      owner,
      count: owner.kind === 'DaemonSet' ? 1 : replicasIn(workspace, owner),
      containers: containersOf(owner)
        .filter(({ value, isInit }) => !isInit || value.at('restartPolicy').text === 'Always')
        .map(({ value }) => value),
      claims: spec
        .at('volumeClaimTemplates')
        .items()
        .map(claim => claim.at('spec', 'resources', 'requests', 'storage')),
    },
  ];
}

/** How much of what a quota counts is taken at least; undefined for what is not counted here. */
function sumOf(workspace: Workspace, namespace: string, name: string): number | undefined {
  const all = runningIn(workspace, namespace);
  const add = (each: (one: Running) => number): number => all.reduce((sum, one) => sum + one.count * each(one), 0);
  if (name === 'pods' || name === 'count/pods') return add(() => 1);
  const claims = workspace.resources('PersistentVolumeClaim').filter(one => one.namespace === namespace);
  if (name === 'persistentvolumeclaims' || name === 'count/persistentvolumeclaims')
    return add(one => one.claims.length) + claims.length;
  if (name === 'requests.storage')
    return (
      add(one => one.claims.reduce((sum, claim) => sum + (quantityOf(claim.text) ?? 0), 0)) +
      claims.reduce(
        (sum, claim) => sum + (quantityOf(claim.root.at('spec', 'resources', 'requests', 'storage').text) ?? 0),
        0,
      )
    );
  const [, field = 'requests', resource] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(name) ?? [];
  if (resource === undefined) return undefined;
  return add(one => one.containers.reduce((sum, container) => sum + (amountOf(container, field, resource) ?? 0), 0));
}

/** What a container asks for; a limit counts as the request where there is none. */
function amountOf(container: Value, field: string, resource: string): number | undefined {
  const own = quantityOf(container.at('resources', field, resource).text);
  return own ?? (field === 'requests' ? quantityOf(container.at('resources', 'limits', resource).text) : undefined);
}

/** Containers that say nothing of what a quota counts, so that their pods are refused. */
function* missing(quota: Resource, workspace: Workspace, name: string, hard: Value): Iterable<Problem> {
  const [, field = 'requests', resource] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(name) ?? [];
  if (resource === undefined || !quota.namespace) return;
  if (workspace.resources('LimitRange').some(one => one.namespace === quota.namespace)) return;
  const without = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod']
    .flatMap(kind => workspace.resources(kind))
    .filter(one => one.namespace === quota.namespace && !isPatch(workspace, one.document.file))
    .flatMap(owner =>
      podTemplate(owner)?.at('spec', 'resources', field, resource).exists
        ? []
        : containersOf(owner)
            .filter(({ value }) => amountOf(value, field, resource) === undefined)
            .map(container => ({ owner, container })),
    );
  const [first] = without;
  if (!first) return;
  yield {
    at: hard,
    message: `${quota.title} counts ${name}, so pods are refused whose containers do not say it, as container ${first.container.name} of ${first.owner.title} — set resources.${field}.${resource} there.`,
    related: without.slice(0, 8).map(({ owner, container }) => ({
      at: container.value.at('name'),
      message: `${owner.title}, ${container.name}`,
    })),
  };
}

function* limits(range: Resource, workspace: Workspace): Iterable<Problem> {
  const { namespace } = range;
  for (const limit of range.root.at('spec', 'limits').items()) {
    const type = limit.at('type').text;
    for (const bound of ['min', 'max'] as const)
      for (const [name, at] of limit.at(bound).entries()) {
        const amount = quantityOf(at.text);
        if (amount === undefined) continue;
        const [first, ...others] = (
          type === 'Container' ? containers : type === 'PersistentVolumeClaim' ? claims : none
        )(workspace, namespace ?? '', bound, name).filter(one =>
          bound === 'max' ? one.amount > amount : one.amount < amount,
        );
        if (!first) continue;
        yield {
          at,
          message: `${range.title} allows ${bound === 'max' ? 'no more' : 'no less'} than ${at.text} of ${name} for a ${type}, and ${first.title} has ${first.at.text}, so ${type === 'Container' ? 'its pods are' : 'it is'} refused — change one of the two.`,
          related: [first, ...others].slice(0, 8).map(one => ({ at: one.at, message: one.title })),
        };
      }
  }
}

interface Asked {
  readonly title: string;
  readonly at: Value;
  readonly amount: number;
}

function containers(workspace: Workspace, namespace: string, bound: 'min' | 'max', resource: string): readonly Asked[] {
  const order = bound === 'max' ? ['limits', 'requests'] : ['requests', 'limits'];
  const asked = (value: Value, title: string): readonly Asked[] => {
    const at = order.map(field => value.at('resources', field, resource)).find(one => one.exists);
    const amount = quantityOf(at?.text);
    return at && amount !== undefined ? [{ title, at, amount }] : [];
  };
  return [
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod']
      .flatMap(kind => workspace.resources(kind))
      .filter(one => one.namespace === namespace && !isPatch(workspace, one.document.file))
      .flatMap(owner =>
        containersOf(owner).flatMap(({ value, name }) => asked(value, `container ${name} of ${owner.title}`)),
      ),
    // Operators make the pods of these.
    ...runningIn(workspace, namespace)
      .filter(({ owner }) => owner.qualifiedKind === clusterKind || owner.qualifiedKind === tenantKind)
      .flatMap(({ owner, containers: all }) => all.flatMap(value => asked(value, `each pod of ${owner.title}`))),
  ];
}

function claims(workspace: Workspace, namespace: string, _: 'min' | 'max', resource: string): readonly Asked[] {
  if (resource !== 'storage') return [];
  return [
    ...runningIn(workspace, namespace).flatMap(({ owner, claims: all }) =>
      all.map(at => ({ title: `a claim of ${owner.title}`, at })),
    ),
    ...workspace
      .resources('PersistentVolumeClaim')
      .filter(one => one.namespace === namespace)
      .map(one => ({ title: one.title, at: one.root.at('spec', 'resources', 'requests', 'storage') })),
  ].flatMap(({ title, at }) => {
    const amount = quantityOf(at.text);
    return amount === undefined ? [] : [{ title, at, amount }];
  });
}

function none(): readonly Asked[] {
  return [];
}

function shown(name: string, amount: number): string {
  return /memory|storage/.test(name) ? bytesText(amount) : `${Number(amount.toFixed(2))}`;
}

function example(memory: string, isBad: boolean): string {
  return `
      #- /web.yaml
      apiVersion: v1
      kind: ResourceQuota
      metadata:
        name: matrix
        namespace: matrix
      spec:
        hard:
          requests.memory: ${memory}${isBad ? '\n      #                    ^^^ error: ResourceQuota/matrix allows 1Gi of requests.memory in namespace matrix, and what the tree runs there all the time takes 2Gi' : ''}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: web
        namespace: matrix
      spec:
        replicas: 2
        template:
          spec:
            containers:
              - name: web
                image: registry.test/web:1
                resources:
                  requests:
                    memory: 1Gi
    `;
}
