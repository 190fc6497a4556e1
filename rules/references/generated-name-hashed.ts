import { isNameHashed } from '../../analysis/kustomization/generators';
import { referencesIn, referringKinds } from '../../analysis/references';
import type { Rule } from '../rule';

export default {
  id: 'generated-name-hashed',
  items: [],
  severity: 'error',
  summary: 'A custom resource names a Secret or ConfigMap to whose name kustomize appends a hash.',
  why: 'kustomize appends a hash of the content to the names that its generators make, and changes references only in the kinds of Kubernetes itself. A Tenant, a Cluster or a ServiceMonitor goes on naming an object that does not exist.',
  remedy: 'Set `disableNameSuffixHash: true` in the `options` of the generator, or in `generatorOptions`.',
  traps: [
    'Kustomizations with `configurations` are left alone: they may teach kustomize where further kinds have names.',
    'Pods, Ingresses and the other kinds of Kubernetes are followed by kustomize and need nothing.',
  ],
  sources: [
    'Kustomize documentation, secretGenerator and generatorOptions',
    'kubernetes-sigs/kustomize, api/konfig/builtinpluginconsts/namereference.go',
  ],
  examples: {
    bad: `
      #- /kustomization.yaml
      resources: [tenant.yaml]
      secretGenerator:
        - name: matrix-minio-user
          literals:
            - CONSOLE_ACCESS_KEY=Aeph3aiz1eeN
            - CONSOLE_SECRET_KEY=ohth4eeyooChiePh4oov
      #- /tenant.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        users:
          - name: matrix-minio-user
      #           ^^^^^^^^^^^^^^^^^ error: kustomize appends a hash to the name of Secret matrix-minio-user
    `,
    good: `
      #- /kustomization.yaml
      resources: [tenant.yaml]
      secretGenerator:
        - name: matrix-minio-user
          literals:
            - CONSOLE_ACCESS_KEY=Aeph3aiz1eeN
            - CONSOLE_SECRET_KEY=ohth4eeyooChiePh4oov
          options:
            disableNameSuffixHash: true
      #- /tenant.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        users:
          - name: matrix-minio-user
    `,
  },
  kinds: referringKinds.filter(kind => kind.includes('.')),
  *check(resource, workspace) {
    const said = new Set<string>();
    for (const { kind, namespace, name } of referencesIn(workspace, resource)) {
      const text = name.text;
      if ((kind !== 'Secret' && kind !== 'ConfigMap') || text === undefined || said.has(`${kind}/${text}`)) continue;
      const made = workspace.find(kind, namespace, text);
      if (!made || !isNameHashed(made)) continue;
      said.add(`${kind}/${text}`);
      yield {
        at: name,
        message: `kustomize appends a hash to the name of ${kind} ${text}, but does not change it in ${resource.kind} ${resource.name} — set disableNameSuffixHash: true in the options of its generator.`,
        related: [{ at: made.root.at('metadata', 'name'), message: `The generator of ${kind} ${text}` }],
      };
    }
  },
} satisfies Rule;
