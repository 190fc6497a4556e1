import type { Index, Workspace } from '../../manifests/workspace';

/** How a tree keeps secrets, apart from plain Secrets. */
export interface StoresInUse {
  readonly usesSealedSecrets: boolean;
  readonly usesSops: boolean;
  /** The store that its ExternalSecrets name, else one that the tree defines; undefined if it uses none. */
  readonly externalStore: ExternalStore | undefined;
}

export interface ExternalStore {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** The stores of Secrets that the objects of a tree already use, so that new ones are kept in the same way. */
export function storesInUse(workspace: Workspace): StoresInUse {
  const external = workspace.resources('ExternalSecret.external-secrets.io')[0];
  const reference = external?.root.at('spec', 'secretStoreRef');
  const store =
    workspace.resources('ClusterSecretStore.external-secrets.io')[0] ??
    workspace.resources('SecretStore.external-secrets.io')[0];
  const named = reference?.at('name').text;
  return {
    usesSealedSecrets: workspace.resources('SealedSecret.bitnami.com').length > 0,
    usesSops: workspace.lookup(sopsDocuments, '').length > 0,
    externalStore:
      external && named !== undefined
        ? { apiVersion: external.apiVersion, kind: reference?.at('kind').text ?? 'SecretStore', name: named }
        : store && { apiVersion: store.apiVersion, kind: store.kind, name: store.name },
  };
}

/** The settings of SOPS, and documents that it has encrypted. */
const sopsDocuments: Index<true> = {
  name: 'documents of SOPS',
  *document(document) {
    if (/^\.sops\.ya?ml$/.test(document.file.name) || document.root.at('sops', 'mac').exists) yield ['', true];
  },
};
