import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { mountedTexts } from './mounts';

/**
 * The homeserver.yaml that a Synapse workload starts from, before init containers fill it in. Undefined if the tree
 * does not hold one that can be read.
 */
export function homeserverOf(workspace: Workspace, synapse: Resource): Value | undefined {
  return workspace.derive(readHomeserver, synapse);
}

function readHomeserver(synapse: Resource, workspace: Workspace): Value | undefined {
  for (const { key, value } of mountedTexts(workspace, synapse)) {
    if (!/homeserver.*\.ya?ml$/.test(key)) continue;
    const { root } = value.embedded();
    if (root.kind === 'mapping') return root;
  }
  return undefined;
}
