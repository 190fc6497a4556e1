import { type Declaration, declarationsOf, declaredNames } from '../../analysis/declarations';
import { nearest } from '../../analysis/nearest';
import { type Reference, type ReferencedKind, referencesOf } from '../../analysis/references';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem } from '../rule';

/** Problems for every reference from a resource to objects of some kinds that nothing declares. */
export function* missingObjects(
  resource: Resource,
  workspace: Workspace,
  kinds: readonly ReferencedKind[],
): Iterable<Problem> {
  const said = new Set<string>();
  for (const reference of referencesOf(resource)) {
    if (!kinds.includes(reference.kind) || reference.isOptional || said.has(`${reference.kind}/${reference.name.text}`))
      continue;
    const name = reference.name.text ?? '';
    const found = declarationsOf(workspace, reference.kind, reference.namespace, name);
    if (found.some(one => one.origin !== 'promise')) continue;
    said.add(`${reference.kind}/${name}`);
    yield missing(workspace, reference, name, found[0]);
  }
}

/** Problems for every reference to a key that the Secret or ConfigMap is known not to have. */
export function* missingKeys(
  resource: Resource,
  workspace: Workspace,
  kind: 'Secret' | 'ConfigMap',
): Iterable<Problem> {
  for (const { kind: referenced, namespace, name, key, isOptional, consumer } of referencesOf(resource)) {
    if (referenced !== kind || isOptional || !key?.text) continue;
    const found = declarationsOf(workspace, kind, namespace, name.text ?? '').filter(one => one.origin !== 'promise');
    if (found.length === 0 || found.some(one => one.keys === 'any' || one.keys.has(key.text ?? ''))) continue;
    const known = [...new Set(found.flatMap(one => (one.keys === 'any' ? [] : [...one.keys])))].sort();
    const has = known.length === 0 ? 'has no keys' : `has the keys ${known.join(', ')}`;
    const close = nearest(key.text, known);
    yield {
      at: key,
      message: `${kind} ${name.text} has no key ${key.text}, which ${consumer} needs; it ${has} — add the key or name one of these.`,
      related: found.slice(0, 3).map(one => ({ at: one.at, message: `${kind} ${name.text}` })),
      fixes: () => {
        const edit = close === undefined ? undefined : replaceScalar(key, close);
        return edit && close !== undefined ? [{ title: `Use the key ${close}`, safe: false, edits: [edit] }] : [];
      },
    };
  }
}

function missing(workspace: Workspace, reference: Reference, name: string, promise: Declaration | undefined): Problem {
  const { kind, namespace, consumer } = reference;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  if (promise) {
    return {
      at: reference.name,
      severity: 'warning',
      message: `${kind} ${name}${where}, which ${consumer} needs, has to be created by hand before this is applied — see the command that describes it.`,
      related: [{ at: promise.at, message: 'The command that creates it' }],
    };
  }
  const close = nearest(name, declaredNames(workspace, kind, namespace));
  return {
    at: reference.name,
    message: `Nothing creates the ${kind} ${name}${where}, which ${consumer} needs — ${close ? `did you mean ${close}?` : 'create it, or correct the name.'}`,
    fixes: () => renameTo(reference, close),
  };
}

function renameTo(reference: Reference, close: string | undefined): readonly Fix[] {
  const edit = close === undefined ? undefined : replaceScalar(reference.name, close);
  return edit && close !== undefined
    ? [{ title: `Use the ${reference.kind} ${close}`, safe: false, edits: [edit] }]
    : [];
}
