import type { Resource } from '../manifests/resource';
import { table } from '../manifests/table';
import type { Index, Workspace } from '../manifests/workspace';
import { workloadKinds } from './pods';
import { entranceReferences } from './references/entrances';
import { operatorReferences } from './references/operators';
import { podReferences } from './references/pods';
import { type Reference, type ReferencedKind, reference } from './references/reference';

export { basicAuthentication } from './references/entrances';
export type { Reference, ReferencedKind } from './references/reference';

const kindReferences = table<(resource: Resource) => readonly Reference[]>({
  PersistentVolumeClaim: claim =>
    reference(claim, 'StorageClass', claim.root.at('spec', 'storageClassName'), undefined, 'the claim'),
  ServiceAccount: account => [
    ...account.root
      .at('imagePullSecrets')
      .items()
      .flatMap(secret => reference(account, 'Secret', secret.at('name'), undefined, 'the ServiceAccount'))
      .map(one => ({ ...one, isPullSecret: true })),
  ],
  ...entranceReferences,
  ...operatorReferences,
});

/** {@link referencesOf}, read once for all rules that ask. */
export function referencesIn(workspace: Workspace, resource: Resource): readonly Reference[] {
  return workspace.derive(referencesOf, resource);
}

/** Every reference from a resource to Secrets, ConfigMaps, claims, ServiceAccounts, issuers and storage classes. */
export function referencesOf(resource: Resource): readonly Reference[] {
  return [...podReferences(resource), ...(kindReferences[resource.qualifiedKind]?.(resource) ?? [])];
}

/** Kinds that refer to other objects in places that {@link referencesOf} knows. */
export const referringKinds: readonly string[] = [...workloadKinds, ...Object.keys(kindReferences)];

/** A reference with the resource that holds it. */
export interface Referrer {
  readonly resource: Resource;
  readonly reference: Reference;
}

/** Who refers to an object. A reference from an object without a namespace may mean any. */
export function referrersOf(
  workspace: Workspace,
  kind: ReferencedKind,
  namespace: string | undefined,
  name: string,
): readonly Referrer[] {
  if (namespace === undefined) return workspace.lookup(referrers, referrerKey(kind, '*', name));
  return [
    ...workspace.lookup(referrers, referrerKey(kind, namespace, name)),
    ...workspace.lookup(referrers, referrerKey(kind, '', name)),
  ];
}

const referrers: Index<Referrer> = {
  name: 'referrers',
  *resource(resource) {
    for (const reference of referencesOf(resource)) {
      const { kind, namespace, name } = reference;
      const referrer = { resource, reference };
      yield [referrerKey(kind, namespace ?? '', name.text ?? ''), referrer];
      yield [referrerKey(kind, '*', name.text ?? ''), referrer];
    }
  },
};

function referrerKey(kind: ReferencedKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
