import { isChartObject } from '../../analysis/charts';
import { declarationsOf } from '../../analysis/declarations';
import { matches } from '../../analysis/labels';
import { nearest } from '../../analysis/nearest';
import { podNameUses } from '../../analysis/pod-names';
import { podsOf } from '../../analysis/pods';
import { findService, type Service, servicesIn } from '../../analysis/services';
import { appendDocument, insertEntry, quoted, replaceScalar } from '../../manifests/edit';
import { labelsOf, type Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'statefulset-service-missing',
  items: [],
  severity: 'error',
  summary: 'The governing Service of a StatefulSet is not there or gives its pods no names.',
  why: 'Names such as `redis-0.redis-headless` do not resolve: replicas, Sentinels and Synapse workers do not find each other.',
  remedy:
    'Declare a headless Service (`clusterIP: None`) of the name in `serviceName` that selects the pods of the StatefulSet.',
  traps: [
    'A Service with a cluster IP is only wrong if something in the tree reaches single pods by name; Kubernetes publishes those names for headless Services only.',
    'A StatefulSet without `serviceName` is reported if its pods are reached by their names.',
    'Where nothing of the tree reaches the pods by their names, a Service that is not there is a warning.',
    'A governing Service that does not select the pods is an error if the names are used, else a warning.',
  ],
  sources: [
    'Kubernetes documentation, StatefulSets, "Limitations" (a headless Service is required, you create it) and "Stable Network ID".',
  ],
  examples: {
    bad: `
      #- /redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        serviceName: redis-headles
      #              ^^^^^^^^^^^^^ 💡 error: Nothing creates the Service redis-headles, which gives the pods of StatefulSet redis their names — did you mean redis-headless?
        selector:
          matchLabels:
            app: redis
        template:
          metadata:
            labels:
              app: redis
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: redis-headless
        namespace: matrix
      spec:
        clusterIP: None
        selector:
          app: redis
        ports:
          - port: 6379
    `,
    good: `
      #- /redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        serviceName: redis-headless
        selector:
          matchLabels:
            app: redis
        template:
          metadata:
            labels:
              app: redis
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: redis-headless
        namespace: matrix
      spec:
        clusterIP: None
        selector:
          app: redis
        ports:
          - port: 6379
    `,
  },
  kinds: ['StatefulSet'],
  *check(statefulSet, workspace) {
    const at = statefulSet.root.at('spec', 'serviceName');
    const name = at.string;
    if (!name) {
      yield* noName(statefulSet, workspace);
      return;
    }
    const { namespace } = statefulSet;
    const service = findService(workspace, namespace, name);
    if (!service) {
      if (declarationsOf(workspace, 'Service', namespace, name).some(one => one.origin !== 'promise')) return;
      if (isChartObject(workspace, namespace, name) === 'yes') return;
      const close = nearest(
        name,
        servicesIn(workspace, namespace).map(one => one.name),
      );
      const uses = usesAsRelated(workspace, statefulSet.name, name);
      yield {
        at,
        // Pods that nobody reaches by their names do without.
        ...(uses.length === 0 && !close && { severity: 'warning' as const }),
        message: `Nothing creates the Service ${name}, which gives the pods of StatefulSet ${statefulSet.name} their names — ${close ? `did you mean ${close}?` : 'declare it as a headless Service.'}`,
        related: uses,
        fixes: () => [...rename(statefulSet, close), ...create(statefulSet, name)],
      };
      return;
    }
    if (service.isGenerated) return;
    const uses = usesAsRelated(workspace, statefulSet.name, name);
    const related = [{ at: service.resource.root.at('metadata', 'name'), message: `Service ${name}` }, ...uses];
    if (!selects(service, statefulSet)) {
      yield {
        at,
        severity: uses.length > 0 ? 'error' : 'warning',
        message: `Service ${name} does not select the pods of StatefulSet ${statefulSet.name}, so they get no names from it — let its selector match them, or name another Service.`,
        related,
      };
    } else if (!service.isHeadless && uses.length > 0) {
      yield {
        at,
        message: `Service ${name} has a cluster IP, so the names of the pods of StatefulSet ${statefulSet.name}, which are used, do not resolve — make it headless with clusterIP: None.`,
        related,
        fixes: () => makeHeadless(service),
      };
    }
  },
} satisfies Rule;

/** Without a `serviceName` pods get no names, whatever Service selects them; that matters if the names are used. */
function* noName(statefulSet: Resource, workspace: Workspace): Iterable<Problem> {
  const spec = statefulSet.root.at('spec');
  const used = servicesIn(workspace, statefulSet.namespace)
    .filter(service => !service.isGenerated && selects(service, statefulSet))
    .map(service => ({ service, uses: usesAsRelated(workspace, statefulSet.name, service.name) }))
    .filter(({ uses }) => uses.length > 0);
  const [first, ...others] = used;
  if (!first || spec.kind !== 'mapping') return;
  const { name } = first.service;
  yield {
    at: spec.key,
    message: `StatefulSet ${statefulSet.name} has no serviceName, so the names of its pods below Service ${name}, which are used, do not resolve — set serviceName: ${name}.`,
    related: first.uses,
    fixes: () => {
      const edit = insertEntry(spec, `serviceName: ${quoted(name, 'plain')}`);
      return edit
        ? [
            {
              title: `Set serviceName to ${name}`,
              safe: others.length === 0 && first.service.isHeadless,
              edits: [edit],
            },
          ]
        : [];
    },
  };
}

function usesAsRelated(workspace: Workspace, statefulSet: string, service: string) {
  return podNameUses(workspace, statefulSet, service)
    .slice(0, 5)
    .map(({ at }) => ({ at, message: 'A pod is reached by its name here' }));
}

function selects(service: Service, statefulSet: Resource): boolean {
  const { selector } = service;
  return selector !== undefined && podsOf(statefulSet).some(pods => matches(selector, pods.labels));
}

function rename(statefulSet: Resource, close: string | undefined): readonly Fix[] {
  const edit = close === undefined ? undefined : replaceScalar(statefulSet.root.at('spec', 'serviceName'), close);
  return edit ? [{ title: `Use the Service ${close}`, safe: false, edits: [edit] }] : [];
}

function makeHeadless(service: Service): readonly Fix[] {
  const spec = service.resource.root.at('spec');
  if (spec.at('clusterIP').exists || !['ClusterIP', undefined].includes(spec.at('type').text)) return [];
  const edit = insertEntry(spec, 'clusterIP: None', { after: 'type' });
  return edit
    ? [{ title: 'Make the Service headless (an existing Service has to be deleted first)', safe: false, edits: [edit] }]
    : [];
}

/** A headless Service that selects what the StatefulSet selects and has the ports that its containers name. */
function create(statefulSet: Resource, name: string): readonly Fix[] {
  const labels = labelsOf(statefulSet.root.at('spec', 'selector', 'matchLabels'));
  const { file } = statefulSet.document;
  if (labels.size === 0 || !/\.ya?ml$/i.test(file.path)) return [];
  const ports = podsOf(statefulSet).flatMap(pods => pods.ports);
  const lines = [
    'apiVersion: v1',
    'kind: Service',
    'metadata:',
    `  name: ${quoted(name, 'plain')}`,
    ...(statefulSet.namespace === undefined ? [] : [`  namespace: ${quoted(statefulSet.namespace, 'plain')}`]),
    'spec:',
    '  clusterIP: None',
    '  selector:',
    ...[...labels].map(([key, value]) => `    ${quoted(key, 'plain')}: ${quoted(value, 'plain')}`),
    ...(ports.length > 0 ? ['  ports:'] : []),
    ...ports.flatMap(({ name: port, port: number, protocol }) => [
      `    - name: ${quoted(port ?? `port-${number}`, 'plain')}`,
      `      port: ${number}`,
      ...(protocol === 'TCP' ? [] : [`      protocol: ${protocol}`]),
    ]),
  ];
  return [
    { title: `Create the headless Service ${name}`, safe: false, edits: [appendDocument(file, lines.join('\n'))] },
  ];
}
