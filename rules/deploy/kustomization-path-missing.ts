import { nearest } from '../../analysis/nearest';
import { isInTree } from '../../analysis/script-paths';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'kustomization-path-missing',
  items: [],
  severity: 'error',
  summary: 'A kustomization names a file or folder that is not in the tree.',
  why: '`kubectl apply -k` builds nothing at all then: `accumulating resources … no such file or directory`.',
  remedy: 'Correct the path, or take the entry out.',
  traps: [
    'Addresses and paths that lead out of the tree are left alone.',
    'Files for a `secretGenerator` are often kept out of the tree on purpose and are not asked for, nor are files that no configuration is made of, such as pictures.',
    'A folder counts as a resource only if it has a kustomization; that it has none is reported too.',
  ],
  sources: ['sigs.k8s.io/kustomize, api/internal/target/kusttarget.go: accumulateResources, accumulateComponents'],
  examples: {
    bad: `
      #- /base/kustomization.yaml
      resources:
        - synapse.yaml
        - service.yaml
      #   ^^^^^^^^^^^^ 💡 error: service.yaml is not in the tree, so this kustomization builds nothing — did you mean services.yaml?
      #- /base/synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
      #- /base/services.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: services
    `,
    good: `
      #- /base/kustomization.yaml
      resources:
        - synapse.yaml
        - services.yaml
      #- /base/synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
      #- /base/services.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: services
    `,
  },
  *checkDocument({ file, root }, workspace) {
    if (!file.isKustomization || root.kind !== 'mapping') return;
    for (const { value, written, isFolder } of paths(root)) {
      const path = resolved(file.directory, written);
      if (path === undefined || isRemote(written)) continue;
      if (isInTree(workspace, path)) {
        if (isFolder && isBareFolder(workspace, path))
          yield {
            at: value,
            message: `${written} has no kustomization.yaml, so this kustomization builds nothing — add one there, or name its files.`,
          };
        continue;
      }
      yield missing(value, written, path, workspace);
    }
  },
} satisfies Rule;

interface NamedPath {
  readonly value: Value;
  readonly written: string;
  /** Whether a folder that stands here has to be a kustomization. */
  readonly isFolder: boolean;
}

function* paths(root: Value): Iterable<NamedPath> {
  for (const field of ['resources', 'bases', 'components'])
    for (const value of root.at(field).items()) if (value.text) yield { value, written: value.text, isFolder: true };
  for (const field of ['patches', 'patchesJson6902', 'replacements'])
    for (const item of root.at(field).items()) {
      const value = item.at('path');
      if (value.text) yield { value, written: value.text, isFolder: false };
    }
  for (const value of root.at('patchesStrategicMerge').items())
    if (value.text && !value.text.includes('\n')) yield { value, written: value.text, isFolder: false };
  for (const generator of root.at('configMapGenerator').items())
    for (const value of generator.at('files').items()) {
      const written = value.text?.slice(value.text.indexOf('=') + 1);
      if (written && readable.test(written)) yield { value, written, isFolder: false };
    }
}

/** Files of other kinds are not part of what is checked, so it cannot be told whether they are there. */
const readable = /\.(?:ya?ml|json|cfg|conf|sql|sh|py|map|ini|toml|lua|tmpl|tpl|template|in)$/;

function missing(value: Value, written: string, path: string, workspace: Workspace): Problem {
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  const beside = workspace.files.flatMap(file => {
    const [name = ''] = file.path.startsWith(directory) ? file.path.slice(directory.length).split('/') : [];
    return name === '' || name.startsWith('kustomization.') ? [] : name;
  });
  const close = nearest(path.slice(directory.length), new Set(beside));
  const meant = close === undefined ? undefined : written.replace(/[^/]+\/?$/, close);
  return {
    at: value,
    message: `${written} is not in the tree, so this kustomization builds nothing — ${meant === undefined ? 'correct the path.' : `did you mean ${meant}?`}`,
    fixes: (): readonly Fix[] =>
      meant !== undefined && value.text === written
        ? [{ title: `Write ${meant}`, safe: false, edits: [{ at: value, newText: meant }] }]
        : [],
  };
}

function isBareFolder(workspace: Workspace, path: string): boolean {
  const isFile = /\.(?:ya?ml|json)$/.test(path);
  const names = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
  return !isFile && !names.some(name => isInTree(workspace, `${path}/${name}`));
}

/** A path from the tree's root; undefined where it leads out of the tree, or to the root itself. */
function resolved(directory: string, written: string): string | undefined {
  const parts = directory === '' ? [] : directory.split('/');
  for (const part of written.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.length === 0 ? undefined : parts.join('/');
}

/** An address of a repository or file elsewhere (sigs.k8s.io/kustomize, examples/remoteBuild.md). */
function isRemote(written: string): boolean {
  return /^[\w+.-]+:\/\/|^git@|^git::|\?(?:ref|version|timeout|submodules)=|^(?:www\.)?(?:github|gitlab|bitbucket)\.(?:com|org)[/:]/.test(
    written,
  );
}
