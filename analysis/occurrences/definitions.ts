import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { declarationsOf, mayHaveKey } from '../declarations';
import { isPatch } from '../kustomization';
import { findService } from '../services';
import { definitionsIn } from './find';
import { carriersOf } from './labels';
import { keySubject, type Occurrence, type Subject } from './occurrence';
import { processesNamed } from './workers';

/**
 * Where what a name stands for is defined: where it is written, else what makes it, such as the Cluster whose operator
 * makes a Service, or a command of a script. The label of a selector leads to the pods that the whole selector finds,
 * the definition of a variable on to the key that it gets its value from.
 * Empty if nothing in the tree defines it.
 */
export function definitionsOf(workspace: Workspace, occurrence: Occurrence): readonly Place[] {
  const { subject } = occurrence;
  if (subject.kind === 'label' && occurrence.role === 'reference') {
    const carriers = carriersOf(workspace, occurrence);
    if (carriers.length > 0) return carriers;
  }
  if (subject.kind === 'variable' && occurrence.role === 'definition') {
    const source = sourceOf(occurrence);
    if (source) return definitionsOf(workspace, source);
  }
  const written = withoutPatches(workspace, definitionsIn(workspace, subject));
  return written.length > 0 ? written.map(one => one.at) : makersOf(workspace, subject);
}

/** A patch has the name of the object that it changes; it defines one only where nothing else does. */
function withoutPatches(workspace: Workspace, definitions: readonly Occurrence[]): readonly Occurrence[] {
  const own = definitions.filter(({ at }) => {
    const file = workspace.file(at.uri);
    return !file || !isPatch(workspace, file);
  });
  return own.length > 0 ? own : definitions;
}

/** The key that a variable gets its value from. */
function sourceOf({ subject, at, whole }: Occurrence): Occurrence | undefined {
  for (const [field, kind] of [
    ['secretKeyRef', 'Secret'],
    ['configMapKeyRef', 'ConfigMap'],
  ] as const) {
    const reference = whole?.value.parent?.at('valueFrom', field);
    const name = reference?.at('name').text;
    const key = reference?.at('key').text;
    if (name && key) return { subject: keySubject(kind, subject.namespace, name, key), at, role: 'reference' };
  }
  return undefined;
}

/** What makes something that is not written under its name. */
export function makersOf(workspace: Workspace, subject: Subject): readonly Place[] {
  const { kind, id, namespace } = subject;
  if (kind === 'worker') return processesNamed(workspace, subject);
  if (kind !== 'object' && kind !== 'key') return [];
  const [, objectKind = '', name = '', key] = /^([^/]+)\/([^#]+)(?:#(.*))?$/s.exec(id) ?? [];
  if (objectKind === 'Service') {
    const service = findService(workspace, namespace, name);
    return service ? [service.resource.root.at('metadata', 'name')] : [];
  }
  return declarationsOf(workspace, objectKind.split('.')[0] ?? '', namespace, name)
    .filter(one => key === undefined || mayHaveKey(one, key))
    .map(one => one.at);
}
