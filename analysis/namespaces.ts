import type { Resource } from '../manifests/resource';
import type { Workspace } from '../manifests/workspace';
import { declarationsOf } from './declarations';
import type { Labels } from './labels';

/** The label that Kubernetes itself puts on every namespace, with the namespace's name (stable since 1.22). */
export const metadataName = 'kubernetes.io/metadata.name';

/** Namespaces that clusters and the usual installations of operators have without a manifest in the tree. */
export const wellKnownNamespaces: ReadonlySet<string> = new Set([
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'ingress-nginx',
  'cert-manager',
  'cnpg-system',
  'minio-operator',
  'monitoring',
  'metallb-system',
  'flux-system',
  'argocd',
  'istio-system',
  'traefik',
  'external-secrets',
  'longhorn-system',
]);

/** The labels of a namespace as far as the tree knows: those of its manifest, and the one Kubernetes adds. */
export function namespaceLabels(workspace: Workspace, name: string): Labels {
  const namespace = namespaceResource(workspace, name);
  return new Map([...(namespace?.labels ?? []), [metadataName, name]]);
}

export function namespaceResource(workspace: Workspace, name: string): Resource | undefined {
  return workspace.find('Namespace', undefined, name);
}

/** Whether a namespace will exist: declared, made by a script, provided, or one that every such cluster has. */
export function namespaceExists(workspace: Workspace, name: string): boolean {
  return (
    wellKnownNamespaces.has(name) ||
    declarationsOf(workspace, 'Namespace', undefined, name).some(one => one.origin !== 'promise')
  );
}
