import { type FlowEnd, isExternal } from '../../analysis/flows';
import { internet } from '../../analysis/network/addresses';
import type { Pods } from '../../analysis/pods';
import {
  clusterKind,
  databases,
  familiesOf,
  isLi,
  isSynapseWorker,
  isSyncSystem,
  tenantKind,
} from '../../analysis/roles';
import { few } from '../../analysis/wording';
import type { Workspace } from '../../manifests/workspace';

/** What pods are to the rules about isolation. */
export type Part =
  | 'synapse-main'
  | 'synapse-worker'
  /** Anything of the LI instance but its database. */
  | 'li'
  | 'key-vault'
  | 'postgresql-main'
  | 'postgresql-li'
  /** The Jobs that copy from the main to the LI instance; they belong to neither. */
  | 'sync'
  | 'minio'
  | 'other';

/** The part that pods play. Two PostgreSQL clusters that are neither main nor LI are `other`. */
export function partOf(workspace: Workspace, pods: Pods): Part {
  const { owner } = pods;
  if (owner.qualifiedKind === clusterKind) {
    const { main, li } = databases(workspace);
    return owner === main ? 'postgresql-main' : owner === li ? 'postgresql-li' : 'other';
  }
  if (owner.qualifiedKind === tenantKind) return 'minio';
  const families = familiesOf(owner);
  if (isSyncSystem(workspace, owner)) return 'sync';
  if (families.has('key_vault')) return 'key-vault';
  if (isLi(workspace, owner)) return 'li';
  if (families.has('synapse')) {
    const isProcess = owner.kind !== 'Job' && owner.kind !== 'CronJob';
    return isProcess && !isSynapseWorker(workspace, owner) ? 'synapse-main' : isProcess ? 'synapse-worker' : 'other';
  }
  return families.has('minio.plain') ? 'minio' : 'other';
}

/**
 * Whether isolation forbids a connection, whatever a configuration asks for: only the main Synapse may open key_vault,
 * and the LI instance may open neither the main database nor the main Synapse nor anything outside the cluster.
 */
export function isForbidden(workspace: Workspace, from: FlowEnd, to: FlowEnd): boolean {
  if (isExternal(to)) return to === internet && !isExternal(from) && partOf(workspace, from) === 'li';
  const target = partOf(workspace, to);
  if (target === 'other' || target === 'minio') return false;
  const source = isExternal(from) ? 'other' : partOf(workspace, from);
  if (target === 'key-vault')
    return !isExternal(from) && source !== 'synapse-main' && source !== 'synapse-worker' && source !== 'key-vault';
  return source === 'li' && (target === 'postgresql-main' || target === 'synapse-main' || target === 'synapse-worker');
}

/** Whether a connection crosses a border that isolation draws, so that only a person may open it. */
export function isolates(workspace: Workspace, from: FlowEnd, to: FlowEnd): boolean {
  const [source, target] = [from, to].map(end => (isExternal(end) ? 'other' : partOf(workspace, end)));
  if (target === 'key-vault' || (isExternal(to) && source !== undefined && guarded.has(source))) return true;
  if (target === 'postgresql-main' || target === 'postgresql-li') return source === 'other';
  return source === 'li' && target !== 'li' && target !== 'minio';
}

/** Parts that hold what must not get out of the cluster. */
const guarded: ReadonlySet<Part> = new Set(['key-vault', 'li', 'postgresql-main', 'postgresql-li']);

/** What findings call a group of pods, and by which key they belong together. */
export interface App {
  readonly key: string;
  readonly name: string;
}

/** The application that pods belong to: all processes of Synapse are one, those of the LI instance another. */
export function appOf(workspace: Workspace, end: FlowEnd): App {
  if (isExternal(end)) return { key: `external ${end.name}`, name: end.name };
  const { owner, labels, namespace = '' } = end;
  const part = partOf(workspace, end);
  if (part === 'synapse-main' || part === 'synapse-worker') return { key: `${namespace}/synapse`, name: 'Synapse' };
  if (part === 'li' && familiesOf(owner).has('synapse'))
    return { key: `${namespace}/synapse li`, name: 'the LI Synapse' };
  const label = labels.get('app.kubernetes.io/name') ?? labels.get('app');
  const name = label ?? owner.name;
  const instance = labels.get('app.kubernetes.io/instance') ?? labels.get('matrix.instance') ?? '';
  return { key: `${namespace}/${name}/${label === undefined ? '' : instance}`, name };
}

/** The workloads of pods by name, for a sentence: `a, b and 3 more`. */
export function workloadsOf(pods: readonly Pods[]): string {
  return few([...new Set(pods.map(({ owner }) => owner.name))].sort(), 3);
}
