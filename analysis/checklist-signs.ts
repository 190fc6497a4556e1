import type { Workspace } from '../manifests/workspace';
import { synapseLis, workloads } from './roles';
import { settingsDocument } from './settings';

/**
 * Whether a tree is known to follow the checklist: it has settings of its own, or what no other deployment of Matrix has,
 * as key_vault and an LI instance. Other people's trees are not held to what only the checklist asks for, such as sizes,
 * policies and monitors: nothing fails there without it.
 */
export function followsChecklist(workspace: Workspace): boolean {
  return workspace.shared(hasItsParts);
}

function hasItsParts(workspace: Workspace): boolean {
  return (
    settingsDocument(workspace) !== undefined ||
    workloads(workspace, 'key_vault').length > 0 ||
    synapseLis(workspace).length > 0
  );
}

/** What a finding says of its severity if only the checklist asks for it: an error where the checklist is followed. */
export function askedByChecklist(workspace: Workspace): { readonly severity?: 'warning' } {
  return followsChecklist(workspace) ? {} : { severity: 'warning' };
}
