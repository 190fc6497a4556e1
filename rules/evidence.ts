import { type DashboardPurpose, dashboards } from '../analysis/dashboards';
import { declarationsOf } from '../analysis/declarations';
import { builtTrees } from '../analysis/kustomization/built-trees';
import { referencesOf } from '../analysis/references';
import {
  clusterKind,
  databases,
  redisMains,
  synapseLis,
  synapseMains,
  synapseWorkers,
  tenantKind,
  workloads,
} from '../analysis/roles';
import { isRoutedTo } from '../analysis/routes';
import { secretEntries } from '../analysis/secret-data';
import { type Component, settingsOf } from '../analysis/settings';
import { checklistSteps } from '../checklist/steps';
import type { ChecklistItemId } from '../checklist/types';
import type { SourceFile } from '../manifests/file';
import type { Resource } from '../manifests/resource';
import type { Place } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { itemOfKey } from './credential-items';
import { objectsOfStep } from './step-objects';

/** What there is to check for an item. */
export interface Evidence {
  /** The names of the objects that the item is about. */
  readonly places: readonly Place[];
  /** Why the item is waived, if the settings switch its component off. */
  readonly waived: string | undefined;
  /** What is not there, for the reason of an item that does not apply. */
  readonly missing: string;
  /** What the objects read and cannot be read, because its document is broken: nobody knows whether the item holds. */
  readonly unread: string | undefined;
}

/** What the item of an id is about in this tree; where kustomizations build it, in what they build for production. */
export function evidenceFor(id: ChecklistItemId, workspace: Workspace): Evidence {
  const [tree] = builtTrees(workspace);
  if (!tree) return evidenceIn(id, workspace);
  const { places, ...evidence } = evidenceIn(id, tree.workspace);
  return { ...evidence, places: places.map(place => tree.place(place)) };
}

function evidenceIn(id: ChecklistItemId, workspace: Workspace): Evidence {
  const subject = subjects.find(([prefix]) => id === prefix || id.startsWith(`${prefix}.`))?.[1];
  if (!subject) return { places: [], waived: undefined, missing: 'nothing in the tree to check', unread: undefined };
  const [about, missing, find] = subject;
  const { components } = settingsOf(workspace);
  const off = [about ?? []].flat().find(component => components[component] === 'off');
  const objects = find(workspace);
  return {
    places: objects.map(resource => resource.root.at('metadata', 'name')),
    waived: off ? `${off} is switched off in matrix-preflight.yaml` : undefined,
    missing,
    unread: aboutFiles.test(id) ? unreadOf(workspace, objects) : undefined,
  };
}

/** The items that are decided by what stands in the configuration files and scripts that the objects mount. */
const aboutFiles = /^(?:1\.2\.b|2\.1|2\.2\.b|2\.3\.a|2\.4|3|4\.1\.a|4\.2\.a\.1|4\.3|A\.3\.[bc])(?:\.|$)/;

/** The first ConfigMap or Secret that the objects read and that only a broken document declares. */
function unreadOf(workspace: Workspace, objects: readonly Resource[]): string | undefined {
  for (const object of objects) {
    for (const { kind, name } of referencesOf(object)) {
      if (kind !== 'ConfigMap' && kind !== 'Secret') continue;
      const declared = name.text === undefined ? [] : declarationsOf(workspace, kind, object.namespace, name.text);
      const [first] = declared;
      if (!first || declared.some(({ origin }) => origin !== 'broken')) continue;
      const file = workspace.files.find(({ uri }) => uri === first.at.uri);
      return `${kind}/${name.text} cannot be read, because ${file?.path ?? 'its file'} is no YAML`;
    }
  }
  return undefined;
}

/** The files that a person's word for an item is about: those that declare its objects, in the order of their paths. */
export function coveredFiles(id: ChecklistItemId, workspace: Workspace): readonly SourceFile[] {
  const uris = new Set(evidenceFor(id, workspace).places.map(place => place.uri));
  return workspace.files.filter(file => uris.has(file.uri));
}

type Subject = readonly [
  component: Component | readonly Component[] | undefined,
  missing: string,
  find: (workspace: Workspace) => readonly Resource[],
];

const present = (resource: Resource | undefined): readonly Resource[] => (resource ? [resource] : []);
const ofKinds =
  (...kinds: readonly string[]) =>
  (workspace: Workspace): readonly Resource[] =>
    kinds.flatMap(kind => workspace.resources(kind));

const mainDatabase: Subject = [
  'main',
  'there is no main PostgreSQL cluster',
  workspace => present(databases(workspace).main),
];
const liDatabase: Subject = ['li', 'there is no LI PostgreSQL cluster', workspace => present(databases(workspace).li)];
const clusters: Subject = [undefined, 'there is no PostgreSQL cluster', ofKinds(clusterKind)];
const redis: Subject = [undefined, 'there is no Redis', redisMains];
const tenants: Subject = [undefined, 'there is no MinIO Tenant', ofKinds(tenantKind)];
const policies: Subject = ['networkPolicies', 'there is no NetworkPolicy', ofKinds('NetworkPolicy')];
/** Policies about something that has to be there. */
const policiesFor = (
  component: Component | undefined,
  missing: string,
  isThere: (workspace: Workspace) => boolean,
): Subject => [
  component ? ['networkPolicies', component] : 'networkPolicies',
  missing,
  workspace => (isThere(workspace) ? workspace.resources('NetworkPolicy') : []),
];
const monitors: Subject = [
  'monitoring',
  'there is no ServiceMonitor or PodMonitor',
  ofKinds('ServiceMonitor.monitoring.coreos.com', 'PodMonitor.monitoring.coreos.com'),
];
const objectStore: Subject = [
  undefined,
  'there is no Tenant and no Secret with its credentials',
  workspace => [...workspace.resources(tenantKind), ...credentials('A.1.b')(workspace)],
];
/** The Secrets with a key whose credential a line of the checklist asks to replace. */
const credentials =
  (...items: readonly ChecklistItemId[]) =>
  (workspace: Workspace): readonly Resource[] =>
    workspace
      .resources('Secret')
      .filter(secret => secretEntries(secret).some(({ key }) => items.includes(itemOfKey(secret.name, key))));
const dashboardsFor =
  (purpose: DashboardPurpose) =>
  (workspace: Workspace): readonly Resource[] => {
    const all = dashboards(workspace);
    const meant = all.filter(({ purposes }) => purposes.has(purpose));
    const holders = (meant.length > 0 ? meant : all).flatMap(({ resource }) => resource ?? []);
    // Dashboards of grafana.com that a chart's values name have no object of their own.
    return holders.length > 0 ? [...new Set(holders)] : workspace.resources('ConfigMap');
  };
const keyVault: Subject = ['keyVault', 'there is no key_vault', workspace => workloads(workspace, 'key_vault')];
const livekit: Subject = ['livekit', 'there is no LiveKit', workspace => workloads(workspace, 'livekit')];
const sync: Subject = ['li', 'there is no replication job', workspace => workloads(workspace, 'sync')];
const li: Subject = ['li', 'there is no LI Synapse', synapseLis];
const scanner: Subject = ['antivirus', 'there is no content scanner', workspace => workloads(workspace, 'scanner')];
const element: Subject = ['element', 'there is no Element Web', workspace => workloads(workspace, 'element')];
const coturn: Subject = ['coturn', 'there is no coturn', workspace => workloads(workspace, 'coturn')];
const haproxy: Subject = ['main', 'there is no HAProxy', workspace => workloads(workspace, 'haproxy')];
const workers: Subject = ['workers', 'there is no Synapse worker', synapseWorkers];
/** The workers, where HAProxy or a route hands requests on to them. */
function routedWorkers(workspace: Workspace): readonly Resource[] {
  const all = synapseWorkers(workspace);
  const isRouted = workloads(workspace, 'haproxy').length > 0 || all.some(worker => isRoutedTo(workspace, worker));
  return isRouted ? all : [];
}

const mainDomain: Subject = [undefined, 'there is no Synapse', synapseMains];
const backedUp: Subject = [
  undefined,
  'there is nothing to back up',
  ofKinds(clusterKind, 'ScheduledBackup.postgresql.cnpg.io', tenantKind),
];
const alerts: Subject = [
  'monitoring',
  'there is no PrometheusRule',
  ofKinds('PrometheusRule.monitoring.coreos.com', 'AlertmanagerConfig.monitoring.coreos.com'),
];
const ofDomains: Subject = [
  undefined,
  'there is no Ingress and no Synapse',
  workspace => [...workspace.resources('Ingress'), ...synapseMains(workspace), ...synapseLis(workspace)],
];
const everything: Subject = [undefined, 'there is no workload', ofKinds('Deployment', 'StatefulSet', 'DaemonSet')];

/** The steps of the deployment order that are about a component which a deployment may do without. */
const stepComponents: Partial<Record<ChecklistItemId, Component>> = {
  'B.4': 'networkPolicies',
  'B.7': 'workers',
  'B.8': 'keyVault',
  'B.8w': 'keyVault',
  'B.9': 'antivirus',
  'B.10': 'antivirus',
  'B.11': 'livekit',
  'B.12': 'element',
  'B.13': 'coturn',
  'B.14': 'li',
  'B.15': 'li',
  'B.15w': 'li',
  'B.16': 'li',
  'B.17': 'monitoring',
  'B.18': 'grafana',
};

/** Ids or their beginnings, the more exact ones first. */
const subjects: readonly (readonly [string, Subject])[] = [
  ['1.1.a.2', liDatabase],
  ['1.1.b.2', liDatabase],
  ['1.1.c', clusters],
  ['1.1', mainDatabase],
  ['1.2', redis],
  ['1.3.b', objectStore],
  ['1.3', tenants],
  [
    '1.4.b.2',
    policiesFor(undefined, 'there is no database, or no NetworkPolicy', one => databases(one).all.length > 0),
  ],
  [
    '1.4.b.3',
    policiesFor(
      'keyVault',
      'there is no key_vault, or no NetworkPolicy',
      one => workloads(one, 'key_vault').length > 0,
    ),
  ],
  ['1.4.b.4', policiesFor('li', 'there is no LI instance, or no NetworkPolicy', one => synapseLis(one).length > 0)],
  [
    '1.4.b.5',
    policiesFor(undefined, 'there is no Ingress, or no NetworkPolicy', one => one.resources('Ingress').length > 0),
  ],
  ['1.4', policies],
  ['2.1', ['main', 'there is no Synapse main process', synapseMains]],
  ['2.2.b.1', ['workers', 'there is no HAProxy, or no Synapse worker', routedWorkers]],
  ['2.2', haproxy],
  ['2.3', keyVault],
  ['2.4', livekit],
  ['3.1', sync],
  ['3.2', li],
  ['4.1', scanner],
  ['4.2', element],
  ['4.3', coturn],
  ['5.1.a.1', ['monitoring', 'there is no Synapse worker', synapseWorkers]],
  ['5.1.a.2', ['monitoring', 'there is no PostgreSQL cluster', ofKinds(clusterKind)]],
  ['5.1.a.3', ['monitoring', 'there is no MinIO Tenant', ofKinds(tenantKind)]],
  ['5.1.a.4', ['monitoring', 'there is no HAProxy', workspace => workloads(workspace, 'haproxy')]],
  ['5.1.a.5', ['monitoring', 'there is no LiveKit', workspace => workloads(workspace, 'livekit')]],
  ['5.1.a.6', ['monitoring', 'there is no Ingress', ofKinds('Ingress')]],
  ['5.2.a.1', ['grafana', 'there is no dashboard', dashboardsFor('synapse')]],
  ['5.2.a.2', ['grafana', 'there is no dashboard', dashboardsFor('postgresql')]],
  ['5.2.a.3', ['grafana', 'there is no dashboard', dashboardsFor('system')]],
  ['A.1.a', [undefined, 'no Secret has a password', credentials('A.1.a')]],
  ['A.1.b', [undefined, 'no Secret has credentials of the object store', credentials('A.1.b')]],
  ['A.1.c', ['keyVault', 'no Secret has a Django secret key', credentials('A.1.c')]],
  ['A.1.d', ['keyVault', 'no Secret has a private key', credentials('A.1.d')]],
  ['A.1.e', [undefined, 'no Secret has an API key', credentials('A.1.e')]],
  ['A.1.f', [undefined, 'no Secret has a signing secret', credentials('A.1.f')]],
  ['A.1.g', ofDomains],
  ['A.2.b', ['keyVault', 'no Secret has a Django secret key', credentials('A.1.c')]],
  ['A.2.c', ['keyVault', 'no Secret has a private key', credentials('A.1.d')]],
  ['A.2', [undefined, 'no Secret has a password or key', credentials('A.1.a', 'A.1.b', 'A.1.e', 'A.1.f')]],
  ['A.3.a', [undefined, 'there is no Ingress', ofKinds('Ingress')]],
  ['A.3.c', element],
  [
    'A.3.d',
    [
      undefined,
      'there is no Certificate or issuer',
      ofKinds('Certificate.cert-manager.io', 'ClusterIssuer.cert-manager.io', 'Issuer.cert-manager.io'),
    ],
  ],
  ['A.3', mainDomain],
  ...checklistSteps.flatMap(({ items }) =>
    items.map((item): readonly [string, Subject] => [
      item,
      [stepComponents[item], 'the tree has nothing for this step', workspace => objectsOfStep(workspace, item)],
    ]),
  ),
  ['C.1', everything],
  ['C.2.a', clusters],
  ['C.2.b', redis],
  ['C.2.c', tenants],
  ['C.3.a', mainDomain],
  ['C.3.b', workers],
  ['C.4', sync],
  ['F.1', everything],
  ['F.2', everything],
  ['F.3', mainDomain],
  ['F.4', element],
  ['F.5', tenants],
  ['F.6', sync],
  ['F.7', monitors],
  ['F.8', backedUp],
  ['F.9', everything],
  ['R.2', backedUp],
  ['R.3', alerts],
];
