import { builtTrees } from '../../analysis/kustomization/built-trees';
import type { Value } from '../../manifests/value';
import type { Problem, Rule } from '../rule';

export default {
  id: 'kustomization-entry-idle',
  items: [],
  severity: 'error',
  summary: 'A patch, a number of replicas or an image of a kustomization is for an object that it does not build.',
  why: 'kustomize stops at a patch and at `replicas` for an object that is not there, so nothing is built. A patch with a `target` and an entry of `images` it leaves out without a word, and what they should have changed stays as it was.',
  remedy: 'Correct the name or the kind, or take the entry out.',
  traps: [
    'Kustomizations that take in what the tree does not show may have the object from there.',
    'A base that several overlays share is reported only if its entry is idle in all of them.',
  ],
  sources: [
    'sigs.k8s.io/kustomize, api/resmap: GetById, "no matches for Id"; api/internal/builtins/ReplicaCountTransformer.go: "does not match a config"',
    'sigs.k8s.io/kustomize, api/internal/builtins/ImageTagTransformer.go and PatchTransformer.go: targets that select nothing are passed over',
  ],
  examples: {
    bad: `
      #- /kustomization.yaml
      resources: [app.yaml]
      replicas:
        - name: web
      #   ^^^^ error: This kustomization builds no Deployment or StatefulSet web, so kustomize stops here — name one that it builds.
          count: 3
      images:
        - name: nginx
      #   ^^^^ warning: No container that this kustomization builds has the image nginx, so this changes nothing — name it as the container does.
          newTag: 1.27.3
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: router, namespace: matrix}
      spec:
        selector: {matchLabels: {app: router}}
        template:
          metadata: {labels: {app: router}}
          spec:
            containers: [{name: router, image: "docker.io/nginx:1.27.0"}]
    `,
    good: `
      #- /kustomization.yaml
      resources: [app.yaml]
      replicas:
        - name: router
          count: 3
      images:
        - name: docker.io/nginx
          newTag: 1.27.3
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: router, namespace: matrix}
      spec:
        selector: {matchLabels: {app: router}}
        template:
          metadata: {labels: {app: router}}
          spec:
            containers: [{name: router, image: "docker.io/nginx:1.27.0"}]
    `,
  },
  *checkDocument({ file, root }, workspace) {
    if (!file.isKustomization || root.kind !== 'mapping') return;
    const fields = ['patches', 'patchesStrategicMerge', 'patchesJson6902', 'replicas', 'images'];
    if (!fields.some(field => root.at(field).items().length > 0)) return;
    const views = builtTrees(workspace)
      .map(({ view }) => view)
      .filter(({ directories }) => directories.has(file.directory));
    for (const field of fields)
      for (const entry of root.at(field).items())
        if (views.length > 0 && views.every(({ idle }) => idle.some(one => isSame(one, entry))))
          yield problemOf(field, entry);
  },
} satisfies Rule;

function isSame(a: Value, b: Value): boolean {
  return a.uri === b.uri && a.path.length === b.path.length && a.path.every((key, at) => key === b.path[at]);
}

function problemOf(field: string, entry: Value): Problem {
  const name = entry.at('name');
  if (field === 'replicas')
    return {
      at: name.key,
      message: `This kustomization builds no Deployment or StatefulSet ${name.text ?? ''}, so kustomize stops here — name one that it builds.`,
    };
  if (field === 'images')
    return {
      at: name.key,
      severity: 'warning',
      message: `No container that this kustomization builds has the image ${name.text ?? ''}, so this changes nothing — name it as the container does.`,
    };
  const target = entry.at('target');
  if (target.exists || field === 'patchesJson6902')
    return {
      at: target.exists ? target.key : entry,
      severity: 'warning',
      message: 'This patch selects nothing that this kustomization builds, so it changes nothing — correct its target.',
    };
  const written = entry.at('path').exists ? entry.at('path') : entry.at('patch').exists ? entry.at('patch') : entry;
  return {
    at: written.exists && written !== entry ? written.key : entry,
    message:
      'The object that this patch names is not among those that this kustomization builds, so kustomize stops here — correct its kind, name or namespace.',
  };
}
