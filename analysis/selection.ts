import type { ManifestDocument } from '../manifests/document';
import type { Resource } from '../manifests/resource';
import type { Index, Workspace } from '../manifests/workspace';
import { absentClusters } from './absent-clusters';
import { isChartSelector } from './charts';
import { scriptsNaming } from './label-scripts';
import type { Labels, Requirement, Selector } from './labels';
import { type Pods, podsIn, podsOf, podsSelectedBy, unplacedPods, unplacedPodsSelectedBy, workloadKinds } from './pods';

/** The pods that a selector finds, as far as manifests tell. */
export interface Selection {
  readonly pods: readonly Pods[];
  /**
   * Whether there may be further pods that no manifest describes: made by a chart or an unknown operator, declared in a
   * document that cannot be read, or labelled while they run.
   */
  readonly isOpen: boolean;
}

/** The pods of a namespace that a selector finds, labels that controllers add to single pods included. */
export function selectPods(workspace: Workspace, namespace: string | undefined, selector: Selector): Selection {
  const fixed = selector.requirements.filter(one => !isAddedLater(one));
  const later = selector.requirements.filter(isAddedLater);
  const pods = candidates(workspace, namespace, { ...selector, requirements: fixed }).filter(one =>
    later.every(requirement => mayGet(one, requirement)),
  );
  return { pods, isOpen: pods.length === 0 && isOpen(workspace, namespace, selector) };
}

/** The workloads behind pods, each once; a workload that is declared twice is one. */
export function ownersOf(pods: readonly Pods[]): readonly Pods[] {
  const owners = new Map<string, Pods>();
  for (const one of pods) {
    const key = `${one.owner.qualifiedKind}/${one.owner.namespace ?? ''}/${one.owner.name}`;
    if (!owners.has(key)) owners.set(key, one);
  }
  return [...owners.values()];
}

/** Pods that name no namespace go where the tree is applied to, so they may be in any. */
function candidates(workspace: Workspace, namespace: string | undefined, selector: Selector): readonly Pods[] {
  const found = podsSelectedBy(workspace, namespace, selector);
  if (namespace === undefined) return found;
  return [...found, ...unplacedPodsSelectedBy(workspace, selector)];
}

/**
 * Labels that a controller or operator puts on single pods: the pod's name and index (StatefulSet), the role of a
 * database instance (cloudnative-pg docs/src/labels_annotations.md).
 */
function isAddedLater({ key, operator }: Requirement): boolean {
  return operator === 'In' && addedLater.has(key);
}

const addedLater: ReadonlySet<string> = new Set([
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'cnpg.io/instanceRole',
  'cnpg.io/instanceName',
  'role',
]);

function mayGet(pods: Pods, { key, values }: Requirement): boolean {
  const own = pods.labels.get(key);
  if (own !== undefined) return values.includes(own);
  switch (key) {
    case 'statefulset.kubernetes.io/pod-name':
      return (
        pods.owner.kind === 'StatefulSet' &&
        values.some(value => {
          const ordinal = value.startsWith(`${pods.owner.name}-`) ? value.slice(pods.owner.name.length + 1) : '';
          return /^\d+$/.test(ordinal);
        })
      );
    case 'apps.kubernetes.io/pod-index':
      return pods.owner.kind === 'StatefulSet';
    default:
      return pods.owner.qualifiedKind === 'Cluster.postgresql.cnpg.io';
  }
}

function isOpen(workspace: Workspace, namespace: string | undefined, selector: Selector): boolean {
  const labels: Labels = new Map(
    selector.requirements.flatMap(({ key, operator, values }) =>
      operator === 'In' && values.length === 1 ? [[key, values[0] ?? '']] : [],
    ),
  );
  // A namespace in which the tree runs nothing belongs to a chart or to somebody else, unless what is asked for runs elsewhere.
  if (
    podsIn(workspace, namespace).length === 0 &&
    unplacedPods(workspace).length === 0 &&
    podsElsewhere(workspace, namespace, selector).length === 0
  )
    return true;
  if (isChartSelector(workspace, namespace, labels) !== 'no') return true;
  if (absentClusters(workspace).has(labels.get('cnpg.io/cluster') ?? '')) return true;
  if ([...labels.keys()].some(isOperatorLabel)) return !hasOperatorPods(workspace, namespace, labels);
  if (namesCustomResource(workspace, namespace, labels)) return true;
  if (unreadWorkloads(workspace).some(document => [...labels.values()].every(value => document.text.includes(value))))
    return true;
  return isLabelledLater(workspace, namespace, selector);
}

/** The pods of other namespaces that a selector would find there; none for a selector that asks for nothing. */
export function podsElsewhere(
  workspace: Workspace,
  namespace: string | undefined,
  selector: Selector,
): readonly Pods[] {
  if (namespace === undefined || selector.requirements.length === 0) return [];
  return podsSelectedBy(workspace, undefined, selector).filter(
    one => one.namespace !== undefined && one.namespace !== namespace,
  );
}

/** A label of a domain that is not Kubernetes' own. */
function isOperatorLabel(key: string): boolean {
  return /^(?!(?:[\w-]+\.)*kubernetes\.io\/|helm\.sh\/)[\w-]+(?:\.[\w-]+)+\/[\w.-]+$/.test(key);
}

/** Whether the pods that carry an operator's label are known, because its custom resource is in the tree. */
function hasOperatorPods(workspace: Workspace, namespace: string | undefined, labels: Labels): boolean {
  const keys = [...labels.keys()].filter(isOperatorLabel);
  return podsIn(workspace, namespace).some(pods => keys.every(key => pods.labels.has(key)));
}

/** Whether a label's value is the name of a custom resource: its operator may label pods with it. */
function namesCustomResource(workspace: Workspace, namespace: string | undefined, labels: Labels): boolean {
  return [...labels.values()].some(name => workspace.lookup(customResources, `${namespace ?? '*'}/${name}`).length > 0);
}

const customResources: Index<true> = {
  name: 'custom resources that may make pods',
  *resource(resource) {
    if (!resource.group.includes('.') || resource.group.endsWith('.k8s.io') || makesNoPods.has(resource.group)) return;
    // Of what the Prometheus Operator knows, only its servers have pods; monitors and rules are configuration.
    if (
      resource.group === 'monitoring.coreos.com' &&
      !/^(?:Prometheus|PrometheusAgent|Alertmanager|ThanosRuler)$/.test(resource.kind)
    )
      return;
    for (const name of [resource.name, ...kindLabels(resource)]) {
      yield [`${resource.namespace ?? '*'}/${name}`, true];
      if (resource.namespace !== undefined) yield [`*/${name}`, true];
    }
  },
};

/**
 * What an operator calls the pods of a kind in the label `app.kubernetes.io/name`: the kind in small letters, with dashes
 * between its words (prometheus-operator pkg/prometheus/server, pkg/alertmanager and pkg/thanos, `podSelectorLabels`).
 * The pods of the operators that are known by heart are in the tree as they will be.
 */
function kindLabels(resource: Resource): readonly string[] {
  if (podsOf(resource).length > 0) return [];
  return [resource.kind.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()];
}

/** Groups whose controllers make no pods of their own that a Service would select by the resource's name. */
const makesNoPods: ReadonlySet<string> = new Set([
  'cert-manager.io',
  'external-secrets.io',
  'bitnami.com',
  'secrets.hashicorp.com',
  'onepassword.com',
  'traefik.io',
  'traefik.containo.us',
  'cilium.io',
  'crd.projectcalico.org',
  'velero.io',
  'kyverno.io',
]);

/** Documents that declare workloads and cannot be read: broken ones, and templates that have to be filled in. */
function unreadWorkloads(workspace: Workspace): readonly ManifestDocument[] {
  return workspace.lookup(unread, '');
}

const unread: Index<ManifestDocument> = {
  name: 'workloads that cannot be read',
  *document(document) {
    if (!document.isUnread && !document.isTemplate) return;
    const kind = /^kind:[ \t]*["']?(\w+)/m.exec(document.text)?.[1];
    if ((workloadKinds as readonly string[]).includes(kind ?? '')) yield ['', document];
  },
};

/** Whether pods that meet the rest of a selector give themselves the label that is missing, with `kubectl label`. */
function isLabelledLater(workspace: Workspace, namespace: string | undefined, selector: Selector): boolean {
  return selector.requirements.some(missing => {
    if (missing.operator !== 'In' || scriptsNaming(workspace, missing.key).length === 0) return false;
    const rest = selector.requirements.filter(one => one !== missing);
    return rest.length > 0 && candidates(workspace, namespace, { ...selector, requirements: rest }).length > 0;
  });
}
