import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { declarationsOf } from '../declarations';
import { findService } from '../services';
import { occurrencesOf } from './find';
import type { Occurrence, Subject } from './occurrence';

/**
 * Where what a name stands for is defined: where it is written, else what makes it, such as the Cluster whose operator
 * makes a Service, or a command of a script. Empty if nothing in the tree does.
 */
export function definitionsOf(workspace: Workspace, { subject }: Pick<Occurrence, 'subject'>): readonly Place[] {
  const written = occurrencesOf(workspace, subject).filter(one => one.role === 'definition');
  return written.length > 0 ? written.map(one => one.at) : makersOf(workspace, subject);
}

/** What makes an object or a key that no manifest writes. */
function makersOf(workspace: Workspace, { kind, id, namespace }: Subject): readonly Place[] {
  if (kind !== 'object' && kind !== 'key') return [];
  const [, objectKind = '', name = '', key] = /^([^/]+)\/([^#]+)(?:#(.*))?$/s.exec(id) ?? [];
  if (objectKind === 'Service') {
    const service = findService(workspace, namespace, name);
    return service ? [service.resource.root.at('metadata', 'name')] : [];
  }
  return declarationsOf(workspace, objectKind.split('.')[0] ?? '', namespace, name)
    .filter(one => key === undefined || one.keys === 'any' || one.keys.has(key))
    .map(one => one.at);
}
