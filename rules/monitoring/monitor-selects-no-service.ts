import { chartReleases, isChartSelector, type Likelihood } from '../../analysis/charts';
import { describe, matches, type Requirement } from '../../analysis/labels';
import {
  isIn,
  type Monitor,
  podMonitorKind,
  podsOf,
  readMonitor,
  seesAll,
  serviceMonitorKind,
  servicesOf,
  watchedOwners,
} from '../../analysis/monitors';
import { nearest } from '../../analysis/nearest';
import { podsIn, podsSelectedBy } from '../../analysis/pods';
import { databases, tenantKind } from '../../analysis/roles';
import { podsBehind, type Service, servicesIn, servicesSelectedBy } from '../../analysis/services';
import { settingsOf } from '../../analysis/settings';
import { deleteEntry, entryPlace, insertEntry, quoted, replaceScalar } from '../../manifests/edit';
import type { Place, TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { itemsOf } from './component';

export default {
  id: 'monitor-selects-no-service',
  items: ['5.1.a.1', '5.1.a.2', '5.1.a.3', '5.1.a.4', '5.1.a.5', '5.1.a.6'],
  severity: 'error',
  summary: 'A monitor selects labels that no Service carries.',
  why: 'Prometheus has no target for the component: its graphs stay empty and its alerts never fire, and nothing says so.',
  remedy:
    'Select labels that are in `metadata.labels` of the Service; those of its pods, and those in its `spec.selector`, do not count. A PodMonitor selects by the labels of pods.',
  traps: [
    'The Services that CloudNativePG and the MinIO Operator make are known with their labels.',
    'A monitor that looks into a namespace the tree does not deploy to, such as `ingress-nginx`, is left alone.',
    'Where Helm values for such a component are in the tree, its Services may come from the chart: a warning.',
    'A monitor of a component that is not known here, of which nothing else in the tree has a label, is only mentioned: the controllers of many custom resources make Services.',
  ],
  sources: [
    'Prometheus Operator documentation, API reference: ServiceMonitorSpec.selector selects Endpoints objects by their labels, which are those of the Service; PodMonitorSpec.selector selects Pods.',
  ],
  examples: {
    bad: `
      #- /monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: workers
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: synapse
            type: worker
      #     ^^^^^^^^^^^^ 💡 error: type=worker is on the pods only
        endpoints:
          - port: metrics
      #- /worker.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-generic
        namespace: matrix
        labels:
          app: synapse
      spec:
        selector:
          app: synapse
        ports:
          - name: metrics
            port: 9090
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
        namespace: matrix
      spec:
        serviceName: synapse-generic
        template:
          metadata:
            labels:
              app: synapse
              type: worker
    `,
    good: `
      #- /monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: workers
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: synapse
            type: worker
        endpoints:
          - port: metrics
      #- /worker.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-generic
        namespace: matrix
        labels:
          app: synapse
          type: worker
      spec:
        selector:
          app: synapse
        ports:
          - name: metrics
            port: 9090
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
        namespace: matrix
      spec:
        serviceName: synapse-generic
        template:
          metadata:
            labels:
              app: synapse
              type: worker
    `,
  },
  kinds: [serviceMonitorKind, podMonitorKind],
  *check(resource, workspace) {
    const monitor = readMonitor(resource);
    if (!monitor || monitor.selector.requirements.length === 0) return;
    const found = monitor.selects === 'Service' ? servicesOf(workspace, monitor) : podsOf(workspace, monitor);
    if (found.length > 0 || isOfMissingComponent(workspace, monitor)) return;
    const elsewhere = namespacesElsewhere(workspace, monitor);
    if (elsewhere.length > 0 && fromChart(workspace, monitor) !== 'yes') {
      yield inOtherNamespace(monitor, elsewhere);
      return;
    }
    const culprit = onlyOnPods(workspace, monitor) ?? culpritOf(workspace, monitor);
    // Without a view of everything there, only labels that were evidently taken from the pods are wrong for sure.
    if (!seesAll(workspace, monitor) && !culprit?.isOnPods) return;
    const chart = fromChart(workspace, monitor);
    if (chart === 'yes' && !culprit?.isOnPods) return;
    const thing = monitor.selects === 'Service' ? 'Service' : 'pod';
    if (culprit?.isOnPods !== true && isForSomethingElse(workspace, monitor)) {
      yield {
        at: monitor.selector.at.key,
        severity: 'info',
        message: `No ${thing} of the tree has ${describe(monitor.selector)}, which ${resource.kind} ${resource.name} selects — check that an operator or a chart makes one.`,
      };
      return;
    }
    yield {
      at: culprit ? placeOf(culprit.requirement) : monitor.selector.at.key,
      items: itemsOf(monitor),
      ...(chart === 'maybe' && { severity: 'warning' }),
      message: `${resource.kind} ${resource.name} selects no ${thing}: ${
        culprit?.isOnPods
          ? `${say(culprit.requirement)} is on the pods only, and a ServiceMonitor goes by the labels of Services`
          : culprit
            ? `none has ${say(culprit.requirement)}`
            : `none has ${describe(monitor.selector)}`
      } — ${chart === 'maybe' ? 'check what the Helm chart of that name installs, or ' : ''}select labels that ${monitor.selects === 'Service' ? 'its Services' : 'the pods'} carry.`,
      fixes: () => (culprit ? fixesFor(workspace, monitor, culprit) : []),
    };
  },
} satisfies Rule;

/**
 * Where the tree has what the selector describes, if the monitor does not look there. Where the tree knows nothing of
 * the namespaces that it does look into, only what nobody else watches is taken to be meant.
 */
function namespacesElsewhere(workspace: Workspace, monitor: Monitor): readonly string[] {
  const pods =
    monitor.selects === 'Service'
      ? servicesSelectedBy(workspace, undefined, monitor.selector).flatMap(service => podsBehind(workspace, service))
      : podsSelectedBy(workspace, undefined, monitor.selector);
  const isMeant = seesAll(workspace, monitor) || !pods.some(one => watchedOwners(workspace).has(one.owner));
  const found = isMeant ? pods.flatMap(one => one.namespace ?? []) : [];
  return [...new Set([...found, ...(found.length > 0 ? [] : chartNamespaces(workspace, monitor))])].sort();
}

/** The namespaces, none of which the monitor looks into, where scripts install charts of which it selects the objects. */
function chartNamespaces(workspace: Workspace, monitor: Monitor): readonly string[] {
  const labels = labelsOf(monitor);
  return workspace
    .shared(releaseNamespaces)
    .filter(namespace => !isIn(monitor, namespace) && isChartSelector(workspace, namespace, labels) === 'yes');
}

/** The namespaces that charts are surely installed into. */
function releaseNamespaces(workspace: Workspace): readonly string[] {
  const namespaces = chartReleases(workspace).flatMap(({ namespace, evidence }) =>
    evidence === 'command' && namespace !== undefined ? [namespace] : [],
  );
  return [...new Set(namespaces)];
}

function inOtherNamespace(monitor: Monitor, namespaces: readonly string[]): Problem {
  const { resource, selector } = monitor;
  const written = resource.root.at('spec', 'namespaceSelector');
  const names = written.at('matchNames');
  const looks = monitor.namespaces === 'any' ? [] : [...monitor.namespaces].flatMap(one => one ?? []);
  const [only, ...others] = namespaces;
  return {
    at: names.items().length === 1 ? names.at(0) : written.exists ? written.key : selector.at.key,
    items: itemsOf(monitor),
    message: `${resource.kind} ${resource.name} looks into the namespace ${looks.join(', ')}, but what it selects is in ${namespaces.join(', ')} — name that in namespaceSelector.matchNames.`,
    fixes: () => {
      if (only === undefined || others.length > 0) return [];
      const item = names.items().length === 1 ? names.at(0) : undefined;
      const edit = item
        ? replaceScalar(item, only)
        : written.exists
          ? undefined
          : insertEntry(resource.root.at('spec'), `namespaceSelector:\n  matchNames:\n    - ${only}`, {
              after: 'selector',
            });
      return edit ? [{ title: `Look into the namespace ${only}`, safe: true, edits: [edit] }] : [];
    },
  };
}

/**
 * Whether the monitor is for none of the components that are known here, and nothing of the tree resembles what it
 * selects: the controllers of many custom resources make Services of their own.
 */
function isForSomethingElse(workspace: Workspace, monitor: Monitor): boolean {
  if (itemsOf(monitor).length > 0) return false;
  const labels = monitor.selects === 'Service' ? servicesIn(workspace) : podsIn(workspace);
  return monitor.selector.requirements.every(requirement => {
    const written = new Set(labels.flatMap(one => one.labels.get(requirement.key) ?? []));
    return (
      !labels.some(one => matches({ requirements: [requirement], at: requirement.at }, one.labels)) &&
      requirement.values.every(value => nearest(value, written) === undefined)
    );
  });
}

/** Whether what the monitor is for is missing as a whole, which is told once by a rule of its own. */
function isOfMissingComponent(workspace: Workspace, { selector }: Monitor): boolean {
  const { main, li } = databases(workspace);
  const isLiMissing = !li && settingsOf(workspace).components.li === 'required';
  return selector.requirements.some(({ key, values }) => {
    if (key === 'cnpg.io/cluster') return !main || (isLiMissing && values.some(name => /(?:^|-)li(?:-|$)/.test(name)));
    return key === 'v1.min.io/tenant' && workspace.resources(tenantKind).length === 0;
  });
}

function labelsOf({ selector }: Monitor): ReadonlyMap<string, string> {
  return new Map(
    selector.requirements.flatMap(({ key, operator, values: [value] }) =>
      operator === 'In' && value !== undefined ? [[key, value] as const] : [],
    ),
  );
}

/** Whether a Helm chart that the tree tells of may make what the monitor selects. */
function fromChart(workspace: Workspace, monitor: Monitor): Likelihood {
  const labels = labelsOf(monitor);
  const namespaces = monitor.namespaces === 'any' ? [undefined] : [...monitor.namespaces];
  const answers = namespaces.map(namespace => isChartSelector(workspace, namespace, labels));
  return answers.includes('yes') ? 'yes' : answers.includes('maybe') ? 'maybe' : 'no';
}

interface Culprit {
  readonly requirement: Requirement;
  readonly isOnPods: boolean;
  /** What the selector would select without the requirement. */
  readonly rest: readonly Service[];
}

/** The one requirement that the pods behind some Services meet and the Services do not. */
function onlyOnPods(workspace: Workspace, monitor: Monitor): Culprit | undefined {
  if (monitor.selects !== 'Service') return undefined;
  for (const requirement of monitor.selector.requirements) {
    const rest = restOf(workspace, monitor, requirement).filter(service =>
      podsBehind(workspace, service).some(pods =>
        matches({ requirements: [requirement], at: requirement.at }, pods.labels),
      ),
    );
    if (rest.length > 0) return { requirement, isOnPods: true, rest };
  }
  return undefined;
}

/** The one requirement without which something would be selected. */
function culpritOf(workspace: Workspace, monitor: Monitor): Culprit | undefined {
  const { requirements } = monitor.selector;
  const [only] = requirements;
  if (only && requirements.length === 1) return { requirement: only, isOnPods: false, rest: [] };
  for (const requirement of requirements) {
    if (monitor.selects === 'Service') {
      const rest = restOf(workspace, monitor, requirement);
      if (rest.length > 0) return { requirement, isOnPods: false, rest };
    } else if (
      podsIn(workspace).some(
        pods => isIn(monitor, pods.namespace) && matches(without(monitor, requirement), pods.labels),
      )
    ) {
      return { requirement, isOnPods: false, rest: [] };
    }
  }
  return undefined;
}

function restOf(workspace: Workspace, monitor: Monitor, requirement: Requirement): readonly Service[] {
  const selector = without(monitor, requirement);
  return servicesIn(workspace).filter(service => isIn(monitor, service.namespace) && matches(selector, service.labels));
}

function without({ selector }: Monitor, requirement: Requirement): Monitor['selector'] {
  return { requirements: selector.requirements.filter(one => one !== requirement), at: selector.at };
}

function fixesFor(workspace: Workspace, monitor: Monitor, { requirement, isOnPods, rest }: Culprit): readonly Fix[] {
  const fixes: Fix[] = [];
  const { key, values, operator } = requirement;
  const value = values.length === 1 && operator === 'In' ? values[0] : undefined;
  if (isOnPods && value !== undefined) {
    const services = rest.filter(service => !service.isGenerated);
    const edits = services.flatMap(service => addLabel(service, key, value) ?? []);
    if (edits.length === services.length && edits.length > 0)
      fixes.push({ title: `Add the label ${key}=${value} to ${namesOf(services)}`, safe: false, edits });
  }
  if (value !== undefined) {
    const known =
      monitor.selects === 'Service'
        ? servicesIn(workspace)
            .filter(one => isIn(monitor, one.namespace))
            .map(one => one.labels)
        : podsIn(workspace)
            .filter(one => isIn(monitor, one.namespace))
            .map(one => one.labels);
    const close = nearest(value, new Set(known.flatMap(labels => labels.get(key) ?? [])));
    const edit = close === undefined ? undefined : replaceScalar(scalarOf(requirement), close);
    if (edit) fixes.push({ title: `Select ${key}=${close}`, safe: false, edits: [edit] });
  }
  const drop = rest.length > 0 ? deleteEntry(requirement.at) : undefined;
  if (drop) fixes.push({ title: `Select without ${key}`, safe: false, edits: [drop] });
  return fixes;
}

function addLabel(service: Service, key: string, value: string): TextEdit | undefined {
  const metadata = service.resource.root.at('metadata');
  const labels = metadata.at('labels');
  const entry = `${quoted(key, 'plain')}: ${quoted(value, 'plain')}`;
  return labels.kind === 'mapping' ? insertEntry(labels, entry) : insertEntry(metadata, `labels:\n  ${entry}`);
}

/** The scalar that holds the one wanted value, in matchLabels or in matchExpressions. */
function scalarOf({ at }: Requirement): Requirement['at'] {
  return at.kind === 'mapping' ? at.at('values', 0) : at;
}

function placeOf({ at }: Requirement): Place {
  return at.kind === 'mapping' ? at.at('key') : entryPlace(at);
}

function say(requirement: Requirement): string {
  return describe({ requirements: [requirement], at: requirement.at });
}

function namesOf(services: readonly Service[]): string {
  return services.length === 1 ? `Service ${services[0]?.name}` : `${services.length} Services`;
}
