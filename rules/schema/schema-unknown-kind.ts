import { nearest } from '../../analysis/nearest';
import { isDefinedInTree, kindsOf, kindsWithSchema, schemaFor } from '../../analysis/schema';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { removedCustomApi } from '../kubernetes/removed-custom-apis';
import type { Rule } from '../rule';

export default {
  id: 'schema-unknown-kind',
  items: [],
  severity: 'info',
  summary: 'The fields of a kind are not checked, because its schema is not known.',
  why: 'A misspelt field of such a kind goes unnoticed until the object is applied.',
  remedy:
    'Put the CustomResourceDefinition of the kind into the tree; its schema is used from then on. Otherwise nothing has to be done.',
  traps: [
    'Each kind is named once, at its first object.',
    'Files that only tools on the own machine read, such as those of kustomize and Helm, are no objects of the cluster.',
  ],
  examples: {
    bad: `
      #- /first.yaml
      apiVersion: bitnami.com/v1alpha1
      kind: SealedSecret
      #     ^^^^^^^^^^^^ info: The fields of SealedSecret (bitnami.com/v1alpha1) are not checked
      metadata:
        name: first
      #- /second.yaml
      apiVersion: bitnami.com/v1alpha1
      kind: SealedSecret
      metadata:
        name: second
    `,
    good: `
      #- /first.yaml
      apiVersion: bitnami.com/v1alpha1
      kind: SealedSecret
      metadata:
        name: first
      #- /definition.yaml
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata:
        name: sealedsecrets.bitnami.com
      spec:
        group: bitnami.com
        names:
          kind: SealedSecret
        versions:
          - name: v1alpha1
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
    `,
  },
  kinds: ['*'],
  *check(resource, workspace) {
    const { apiVersion, kind, group } = resource;
    if (clientSide.test(group) || schemaFor(workspace, resource) || isDefinedInTree(workspace, resource)) return;
    // A kind that would have to be Kubernetes' own is judged by crd-unknown-field and removed-api-version.
    if (kind === 'CustomResourceDefinition' || !group.includes('.') || kindsOf(apiVersion)) return;
    if (!isFirst(workspace, resource) || removedCustomApi(resource, workspace)) return;
    const close = nearest(kind, kindsWithSchema(apiVersion));
    yield {
      at: resource.root.at('kind'),
      ...(close !== undefined && { severity: 'warning' }),
      message: `The fields of ${kind} (${apiVersion}) are not checked, because no schema of it is known — ${
        close === undefined
          ? 'add its CustomResourceDefinition to the tree if they should be.'
          : `did you mean ${close}?`
      }`,
      fixes: () => {
        const edit = close === undefined ? undefined : replaceScalar(resource.root.at('kind'), close);
        return edit ? [{ title: `Write ${close}`, safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

/** API groups of files that are read by tools and never sent to a cluster. */
const clientSide =
  /(?:^|\.)(?:kustomize\.config\.k8s\.io|skaffold\.dev|kind\.x-k8s\.io|k3d\.io|kubelet\.config\.k8s\.io|kubeadm\.k8s\.io|audit\.k8s\.io|client\.authentication\.k8s\.io)$/;

function isFirst(workspace: Workspace, resource: Resource): boolean {
  return workspace.resources(resource.qualifiedKind).find(one => one.apiVersion === resource.apiVersion) === resource;
}
