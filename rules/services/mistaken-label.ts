import type { Requirement, Selector } from '../../analysis/labels';
import { meets } from '../../analysis/labels';
import { nearest } from '../../analysis/nearest';
import { type Pods, podsIn } from '../../analysis/pods';
import { deleteEntry, entryPlace, replaceScalar } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** The one label of a selector that keeps it from selecting anything. */
export interface MistakenLabel {
  readonly requirement: Requirement;
  /** What pods that meet the rest of the selector have instead; undefined where they lack the label. */
  readonly actual: string | undefined;
  readonly pods: readonly Pods[];
}

/**
 * The label that is wrong if exactly one is: without it the selector finds pods, or its value is nearly that of some
 * pods. Undefined where no single label can be blamed.
 */
export function mistakenLabel(
  workspace: Workspace,
  namespace: string | undefined,
  selector: Selector,
): MistakenLabel | undefined {
  const pods = podsIn(workspace, namespace);
  const blamed = selector.requirements.flatMap((requirement): readonly MistakenLabel[] => {
    const rest = selector.requirements.filter(one => one !== requirement);
    const fitting = rest.length === 0 ? [] : pods.filter(one => rest.every(other => meets(other, one.labels)));
    if (fitting.length > 0) {
      const values = new Set(fitting.map(one => one.labels.get(requirement.key)));
      const actual = values.size === 1 ? [...values][0] : nearestValue(requirement, fitting);
      return values.size === 1 || actual !== undefined ? [{ requirement, actual, pods: fitting }] : [];
    }
    const actual = rest.length === 0 ? nearestValue(requirement, pods) : undefined;
    return actual === undefined
      ? []
      : [{ requirement, actual, pods: pods.filter(one => one.labels.get(requirement.key) === actual) }];
  });
  return blamed.length === 1 ? blamed[0] : undefined;
}

/** Where to underline a selector that selects nothing: the label to blame, else the key of the selector. */
export function selectorPlace(selector: Selector, mistaken: MistakenLabel | undefined): Place {
  if (mistaken && mistaken.requirement.at.kind === 'scalar') return entryPlace(mistaken.requirement.at);
  return mistaken ? mistaken.requirement.at.key : selector.at.key;
}

/** Corrects the label to what the pods have. */
export function correctLabel(mistaken: MistakenLabel | undefined): readonly Fix[] {
  if (mistaken?.requirement.at.kind !== 'scalar') return [];
  const { requirement, actual } = mistaken;
  const edit = actual === undefined ? deleteEntry(requirement.at) : replaceScalar(requirement.at, actual);
  const title =
    actual === undefined ? `Select without ${requirement.key}` : `Select ${requirement.key}=${actual} instead`;
  return edit ? [{ title, safe: false, edits: [edit] }] : [];
}

function nearestValue({ key, values }: Requirement, pods: readonly Pods[]): string | undefined {
  const [wanted] = values;
  if (wanted === undefined || values.length !== 1) return undefined;
  return nearest(wanted, new Set(pods.flatMap(one => one.labels.get(key) ?? [])));
}
