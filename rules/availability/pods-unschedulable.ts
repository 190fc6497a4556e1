import { isPatch } from '../../analysis/kustomization';
import { matches, readSelector } from '../../analysis/labels';
import { podsOf, podTemplate } from '../../analysis/pods';
import { replicasIn } from '../../analysis/replicas';
import { clusterKind, tenantKind } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'pods-unschedulable',
  items: [],
  severity: 'error',
  summary: 'Pods are to be spread over nodes in a way that cannot be, or that spreads nothing.',
  why: 'The scheduler takes required terms literally: pods for which no node is left stay `Pending`, often only the last of several replicas. A topology key that no node has divides nothing.',
  remedy:
    'Spread over `kubernetes.io/hostname`, or over zones with a preferred term. Name at least as many nodes as there are replicas, and select the labels of the pod template.',
  traps: [
    'Nodes are counted only where the manifest names them: by `nodeName`, or by the label `kubernetes.io/hostname`.',
    'Keys of your own domain are left alone. In `kubernetes.io` and `topology.kubernetes.io` only the well-known ones are known.',
    'A required `podAffinity` of pods with themselves on one host is a warning: it puts all replicas on the same node.',
    'Required spreading over regions, or of four pods and more over zones, is a warning, because few clusters have that many.',
  ],
  sources: [
    'Kubernetes documentation, Assigning Pods to Nodes; Pod Topology Spread Constraints; Well-Known Labels, Annotations and Taints',
  ],
  examples: { bad: example(['node-1', 'node-2'], true), good: example(['node-1', 'node-2', 'node-3'], false) },
  kinds: ['Deployment', 'StatefulSet', 'ReplicaSet', tenantKind, clusterKind],
  *check(resource, workspace) {
    if (isPatch(workspace, resource.document.file)) return;
    for (const placed of placedPods(resource, workspace)) {
      yield* pinned(placed);
      yield* keys(placed);
      yield* together(placed);
      yield* spread(placed);
    }
  },
} satisfies Rule;

/** Pods that are alike, and what says where they may run. */
interface Placed {
  readonly title: string;
  readonly count: number;
  readonly spec: Value;
  isSelectedBy(selector: Value): boolean;
}

function placedPods(resource: Resource, workspace: Workspace): readonly Placed[] {
  const isOwn = (index: number) => (written: Value) => {
    const selector = readSelector(written);
    const pods = podsOf(resource)[index];
    return selector !== undefined && pods !== undefined && matches(selector, pods.labels);
  };
  if (resource.qualifiedKind === tenantKind)
    return resource.root
      .at('spec', 'pools')
      .items()
      .map((spec, index) => ({
        title: `pool ${spec.at('name').text ?? index} of ${resource.title}`,
        count: spec.at('servers').number ?? 1,
        spec,
        isSelectedBy: isOwn(index),
      }));
  const spec = podTemplate(resource)?.at('spec') ?? resource.root.at('spec');
  const count = podTemplate(resource) ? replicasIn(workspace, resource) : (spec.at('instances').number ?? 1);
  return [{ title: resource.title, count, spec, isSelectedBy: isOwn(0) }];
}

const host = 'kubernetes.io/hostname';

/** Terms that must be met, as they are written. */
function required(spec: Value, kind: string): readonly Value[] {
  return spec.at('affinity', kind, 'requiredDuringSchedulingIgnoredDuringExecution').items();
}

function* pinned({ title, count, spec, isSelectedBy }: Placed): Iterable<Problem> {
  const apart = required(spec, 'podAntiAffinity').find(
    term => term.at('topologyKey').text === host && isSelectedBy(term.at('labelSelector')),
  );
  const own =
    spec.at('affinity', 'enablePodAntiAffinity').boolean !== false && spec.at('affinity', 'podAntiAffinityType');
  const isApart = apart ?? (own && own.text === 'required' ? own : undefined);
  const nodes = namedNodes(spec);
  if (!isApart || !nodes || nodes.names.length >= count) return;
  yield {
    at: nodes.at.kind === 'sequence' ? nodes.at.key : nodes.at,
    message: `The ${count} pods of ${title} must run on a node each, and only ${nodes.names.join(', ')} ${nodes.names.length === 1 ? 'is' : 'are'} named, so ${count - nodes.names.length} of them stay Pending — name more nodes, or prefer to keep them apart.`,
    related: [
      { at: isApart.at('topologyKey').exists ? isApart.at('topologyKey') : isApart, message: 'What keeps them apart' },
    ],
  };
}

/** The nodes on which pods may run, where they are named. */
function namedNodes(spec: Value): { readonly names: readonly string[]; readonly at: Value } | undefined {
  const named = [spec.at('nodeName'), spec.at('nodeSelector', host), spec.at('affinity', 'nodeSelector', host)].find(
    one => one.text,
  );
  if (named?.text) return { names: [named.text], at: named };
  const affinity = spec.at('affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution');
  const terms = affinity.at('nodeSelectorTerms').items();
  const names = new Set<string>();
  let at: Value | undefined;
  for (const term of terms) {
    const hosts = term
      .at('matchExpressions')
      .items()
      .find(one => one.at('key').text === host && one.at('operator').text === 'In');
    if (!hosts) return undefined;
    at ??= hosts.at('values');
    for (const value of hosts.at('values').items()) names.add(value.text ?? '');
  }
  return at && { names: [...names], at };
}

function* keys({ title, count, spec, isSelectedBy }: Placed): Iterable<Problem> {
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    for (const term of required(spec, kind)) {
      const key = term.at('topologyKey');
      const meant = meantKey(key.text);
      if (meant !== undefined)
        yield {
          at: key,
          ...(kind === 'podAntiAffinity' && { severity: 'warning' as const }),
          message: `No node has the label ${key.text}, so ${kind === 'podAntiAffinity' ? `nothing keeps the pods of ${title} apart` : `the pods of ${title} stay Pending`} — did you mean ${meant}?`,
          fixes: () => write(key, meant),
        };
      const isFar = /region$/.test(key.text ?? '') ? count > 1 : /zone$/.test(key.text ?? '') && count > 3;
      if (kind === 'podAntiAffinity' && isFar && isSelectedBy(term.at('labelSelector')))
        yield {
          at: key,
          severity: 'warning',
          message: `The ${count} pods of ${title} need ${count} ${/region$/.test(key.text ?? '') ? 'regions' : 'zones'}, and the last of them stay Pending where there are fewer — keep them apart by ${host}, or prefer to.`,
        };
    }
    for (const { term } of spec
      .at('affinity', kind, 'preferredDuringSchedulingIgnoredDuringExecution')
      .items()
      .map(one => ({ term: one.at('podAffinityTerm') }))) {
      const key = term.at('topologyKey');
      const meant = meantKey(key.text);
      if (meant !== undefined)
        yield {
          at: key,
          severity: 'warning',
          message: `No node has the label ${key.text}, so this does nothing to the pods of ${title} — did you mean ${meant}?`,
          fixes: () => write(key, meant),
        };
    }
  }
  const own = spec.at('affinity', 'topologyKey');
  const meant = meantKey(own.text);
  if (meant !== undefined)
    yield {
      at: own,
      severity: 'warning',
      message: `No node has the label ${own.text}, so nothing keeps the pods of ${title} apart — did you mean ${meant}?`,
      fixes: () => write(own, meant),
    };
}

function write(key: Value, meant: string): readonly Fix[] {
  const edit = replaceScalar(key, meant);
  return edit ? [{ title: `Write ${meant}`, safe: false, edits: [edit] }] : [];
}

function* together({ title, count, spec, isSelectedBy }: Placed): Iterable<Problem> {
  for (const term of required(spec, 'podAffinity')) {
    if (count < 2 || term.at('topologyKey').text !== host || !isSelectedBy(term.at('labelSelector'))) continue;
    yield {
      at: term.at('topologyKey'),
      severity: 'warning',
      message: `podAffinity puts all ${count} pods of ${title} on the same node, and they are lost with it — write podAntiAffinity to keep them apart.`,
    };
  }
}

function* spread({ title, count, spec, isSelectedBy }: Placed): Iterable<Problem> {
  for (const constraint of spec.at('topologySpreadConstraints').items()) {
    const [key, selector] = [constraint.at('topologyKey'), constraint.at('labelSelector')];
    const isStrict = constraint.at('whenUnsatisfiable').text === 'DoNotSchedule';
    const meant = meantKey(key.text);
    if (meant !== undefined)
      yield {
        at: key,
        ...(!isStrict && { severity: 'warning' as const }),
        message: `No node has the label ${key.text}, so ${isStrict ? `the pods of ${title} stay Pending` : `the pods of ${title} are not spread`} — did you mean ${meant}?`,
        fixes: () => write(key, meant),
      };
    else if (count > 1 && !isSelectedBy(selector))
      yield {
        at: selector.exists ? selector.key : key,
        severity: 'warning',
        message: `This does not select the pods of ${title}, which are therefore not spread — select the labels of the pod template.`,
      };
  }
}

/** The well-known key that a misspelt one means; undefined for keys that some node may have. */
function meantKey(key: string | undefined): string | undefined {
  if (key === undefined || wellKnown.has(key)) return undefined;
  const [, domain, name = ''] = /^(?:([^/]*)\/)?(.*)$/.exec(key) ?? [];
  if (domain !== undefined && domain !== 'kubernetes.io' && domain !== 'topology.kubernetes.io') return undefined;
  if (/^host/i.test(name)) return host;
  if (/^zones?$/i.test(name)) return 'topology.kubernetes.io/zone';
  if (/^regions?$/i.test(name)) return 'topology.kubernetes.io/region';
  return undefined;
}

const wellKnown: ReadonlySet<string> = new Set([host, 'topology.kubernetes.io/zone', 'topology.kubernetes.io/region']);

function example(nodes: readonly string[], isBad: boolean): string {
  return `
      #- /redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        replicas: 3
        template:
          metadata:
            labels: {app: redis}
          spec:
            affinity:
              nodeAffinity:
                requiredDuringSchedulingIgnoredDuringExecution:
                  nodeSelectorTerms:
                    - matchExpressions:
                        - key: kubernetes.io/hostname
                          operator: In
                          values: [${nodes.join(', ')}]${isBad ? '\n      #                   ^^^^^^ error: The 3 pods of StatefulSet/redis must run on a node each, and only node-1, node-2 are named, so 1 of them stay Pending' : ''}
              podAntiAffinity:
                requiredDuringSchedulingIgnoredDuringExecution:
                  - topologyKey: kubernetes.io/hostname
                    labelSelector:
                      matchLabels: {app: redis}
            containers:
              - name: redis
                image: redis:7.4
    `;
}
