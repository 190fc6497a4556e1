import type { Resource } from '../../manifests/resource';

/**
 * Whether the Vault plugin of Argo CD puts values in place of the words in angle brackets of an object, from the path
 * that an annotation names (argocd-vault-plugin documentation, How it works).
 */
export function isFilledByVaultPlugin(resource: Resource): boolean {
  const annotations = resource.root.at('metadata', 'annotations');
  return annotations.at('avp.kubernetes.io/path').exists && annotations.at('avp.kubernetes.io/ignore').text !== 'true';
}
