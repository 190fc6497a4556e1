import type { Resource } from '../manifests/resource';
import type { Place } from '../manifests/span';
import type { Index, Workspace } from '../manifests/workspace';
import { containersOf } from './pods';
import { type Family, workloads } from './roles';

/**
 * Where the absence of a component is told: at the nearest thing that proves it is wanted, given best first, else at
 * the namespace of the deployment, else at the first line of a checklist in the tree. Undefined if nothing of it is a
 * Matrix deployment, so that a tree of something else is left in peace.
 */
export function anchorFor(workspace: Workspace, ...nearer: readonly (Place | undefined)[]): Place | undefined {
  return nearer.find(place => place !== undefined) ?? workspace.shared(deploymentPlace);
}

/**
 * Whether a tree is about Matrix: it has a part of such a deployment, or something in it is called so. A Redis or a store
 * that stands alone in another one's tree is not held to what the checklist asks of those of Matrix, nor are LiveKit and
 * coturn a sign of it: many a chat, game or telephone system has them too.
 */
export function isAboutMatrix(workspace: Workspace): boolean {
  return workspace.lookup(matrixSigns, '').length > 0 || workspace.shared(deploymentPlace) !== undefined;
}

const matrixSigns: Index<true> = {
  name: 'objects that are called after Matrix',
  *resource({ namespace = '', name, labels, document, root }) {
    const spec = root.at('spec');
    // Where Flux, k3s and Argo CD put what they install.
    const target = spec.at('targetNamespace').text ?? spec.at('destination', 'namespace').text ?? '';
    const said = [namespace, name, target, document.file.path, ...labels.values()];
    if (said.some(text => sign.test(text))) yield ['', true];
  },
  *textFile({ path }) {
    if (sign.test(path)) yield ['', true];
  },
  equal: () => true,
};

const sign = /matrix|synapse|element|homeserver|checklist/i;

/** The place of an object's name. */
export function nameOf(resource: Resource | undefined): Place | undefined {
  return resource?.root.at('metadata', 'name');
}

function deploymentPlace(workspace: Workspace): Place | undefined {
  if (workspace.lookup(otherHomeservers, '').length > 0 && workloads(workspace, 'synapse').length === 0)
    return undefined;
  const namespaces = workspace.resources('Namespace');
  const used = new Set(parts(workspace).map(part => part.namespace));
  const namespace =
    namespaces.find(one => /matrix|synapse/.test(one.name)) ?? namespaces.find(one => used.has(one.name));
  if (namespace) return nameOf(namespace);
  const checklist = workspace.filesWithRole('text').find(file => /checklist[^/]*\.md$/i.test(file.path));
  if (!checklist || !/\b(?:matrix|synapse)\b/i.test(checklist.text)) return nameOf(parts(workspace)[0]);
  const firstLine = checklist.text.indexOf('\n');
  return { uri: checklist.uri, span: { start: 0, end: firstLine === -1 ? checklist.text.length : firstLine } };
}

/** Matrix servers that are not Synapse: what a checklist for Synapse asks for does not hold for them. */
const otherHomeservers: Index<true> = {
  name: 'homeservers other than Synapse',
  *resource(resource) {
    if (containersOf(resource).some(({ image }) => otherHomeserver.test(image))) yield ['', true];
  },
};

const otherHomeserver =
  /(?:^|\/)(?:tuwunel|conduit|conduwuit|continuwuity|matrix-conduit|dendrite(?:-monolith|-polylith)?)(?:$|[:@])/;

/** The objects that only a Matrix deployment has, the most telling ones first. */
function parts(workspace: Workspace): readonly Resource[] {
  const families: readonly Family[] = ['synapse', 'element', 'key_vault', 'sync', 'sygnal', 'scanner'];
  return families.flatMap(family => workloads(workspace, family));
}
