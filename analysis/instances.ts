import type { Workspace } from '../manifests/workspace';
import type { Pods } from './pods';
import { type Family, familiesOf, isLi, isSynapseWorker } from './roles';

/** In what two workloads differ so much that the same traffic cannot be meant for both. */
export type Difference = 'instance' | 'role';

/** Whether two workloads belong to different instances (main and lawful intercept) or do different things. */
export function differenceOf(workspace: Workspace, one: Pods, other: Pods): Difference | undefined {
  if (isLi(workspace, one.owner) !== isLi(workspace, other.owner)) return 'instance';
  const [families, others] = [familiesOf(one.owner), familiesOf(other.owner)];
  if (families.size > 0 && others.size > 0 && ![...families].some((family: Family) => others.has(family)))
    return 'role';
  const areSynapse = families.has('synapse') && others.has('synapse');
  return areSynapse && isSynapseWorker(workspace, one.owner) !== isSynapseWorker(workspace, other.owner)
    ? 'role'
    : undefined;
}
