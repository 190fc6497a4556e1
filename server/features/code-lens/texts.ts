import { dashboardsOf } from '../../../analysis/dashboards';
import { isolatingPolicies, namesOf } from '../../../analysis/describe/pods';
import { serviceUsers } from '../../../analysis/describe/service';
import { usesOf } from '../../../analysis/describe/uses';
import { builtTrees } from '../../../analysis/kustomization/built-trees';
import { isSecretMentioned } from '../../../analysis/mentions';
import { podsOf, podTemplate } from '../../../analysis/pods';
import { findService } from '../../../analysis/services';
import { count } from '../../../analysis/wording';
import type { Resource } from '../../../manifests/resource';
import type { Place } from '../../../manifests/span';
import type { Workspace } from '../../../manifests/workspace';
import { showPlanCommand } from '../../../protocol/client-facts';
import type { Deployment } from '../../deployment';
import { resourceAt } from '../../resources';
import type { Session } from '../../session';
import { deployStepsOf } from './deploy-steps';

/** What a lens says, and what is shown when it is clicked: a command of the client, or places. */
export interface LensText {
  readonly title: string;
  readonly places: readonly Place[];
  readonly command?: string;
}

interface LensKind {
  /** Also the name of its switch: the setting `matrixPreflight.codeLens.<id>`. */
  readonly id: 'usages' | 'deploySteps' | 'isolation';
  isFor(resource: Resource, isFirstOfFile: boolean): boolean;
}

/** The lenses that an object may have, in the order in which they stand. */
export const lensKinds: readonly LensKind[] = [
  { id: 'usages', isFor: ({ qualifiedKind }) => usedKinds.has(qualifiedKind) },
  { id: 'isolation', isFor: resource => podsOf(resource).length > 0 },
  { id: 'deploySteps', isFor: (_, isFirstOfFile) => isFirstOfFile },
];

/** The text of a lens of an object; undefined if there is nothing to say after all. */
export function lensText(
  session: Session,
  deployment: Deployment,
  resource: Resource,
  lens: string,
): LensText | undefined {
  switch (lens) {
    case 'usages':
      return asBuilt(deployment.workspace, resource, usagesText);
    case 'isolation':
      return asBuilt(deployment.workspace, resource, isolationText);
    case 'deploySteps': {
      const steps = deployStepsOf(session, deployment, resource.document.file.path);
      return { title: steps, places: [], command: showPlanCommand };
    }
    default:
      return undefined;
  }
}

/** What is true of an object where a kustomization builds it, in the first tree if there are several: that of production. */
function asBuilt(
  workspace: Workspace,
  resource: Resource,
  textOf: (workspace: Workspace, resource: Resource) => LensText,
): LensText {
  const name = resource.root.at('metadata', 'name');
  for (const tree of builtTrees(workspace)) {
    for (const { file, offset } of tree.placesOf(name, name.span.start)) {
      const built = resourceAt(file, offset);
      if (built?.qualifiedKind !== resource.qualifiedKind) continue;
      const { places, ...text } = textOf(tree.workspace, built);
      return { ...text, places: places.map(place => tree.place(place)) };
    }
  }
  return textOf(workspace, resource);
}

const usedKinds: ReadonlySet<string> = new Set(['Secret', 'ConfigMap', 'Service', 'PersistentVolumeClaim']);

function usagesText(workspace: Workspace, resource: Resource): LensText {
  const uses = allUses(workspace, resource);
  const users = new Set(uses.map(one => one.resource));
  if (users.size === 0) {
    if (dashboardsOf(resource).length > 0) return { title: 'a dashboard for Grafana', places: [] };
    const isNamed = resource.kind === 'Secret' && isSecretMentioned(workspace, resource.name);
    return { title: isNamed ? 'named in scripts or values only' : 'not used in the tree', places: [] };
  }
  const areWorkloads = [...users].every(user => podTemplate(user) || podsOf(user).length > 0);
  return {
    title: `used by ${count(users.size, areWorkloads ? 'workload' : 'object')}`,
    places: uses.map(({ at }) => at),
  };
}

function allUses(
  workspace: Workspace,
  { qualifiedKind, namespace, name }: Resource,
): readonly { readonly resource: Resource; readonly at: Place }[] {
  if (qualifiedKind === 'Service') {
    const service = findService(workspace, namespace, name);
    return service ? serviceUsers(workspace, service) : [];
  }
  return qualifiedKind === 'Secret' || qualifiedKind === 'ConfigMap' || qualifiedKind === 'PersistentVolumeClaim'
    ? usesOf(workspace, qualifiedKind, namespace, name)
    : [];
}

function isolationText(workspace: Workspace, resource: Resource): LensText {
  const policies = isolatingPolicies(workspace, podsOf(resource));
  const names = namesOf(policies).length;
  return {
    title: names === 0 ? 'not isolated by any policy' : `isolated by ${count(names, 'policy', 'policies')}`,
    places: policies.map(policy => policy.root.at('metadata', 'name')),
  };
}
