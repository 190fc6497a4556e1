import { isPatch } from '../../analysis/kustomization';
import { builtTrees } from '../../analysis/kustomization/built-trees';
import type { ManifestDocument } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import { directoryOf, resolvePath } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'kustomization-part-unlisted',
  items: [],
  severity: 'warning',
  summary: 'A kustomization lists what is beside it, except for one file or folder.',
  why: 'kustomize builds what `resources` names and nothing else: what is forgotten there is not deployed, and nobody is told.',
  remedy: 'Add it to `resources`, or take it out of the tree.',
  traps: [
    'Patches, inputs of generators, configurations of plugins such as KSOPS with what they read, and files that a script or a README names are left alone, and so are folders that a Kustomization of Flux or an Application of Argo CD names, and the file beside them that does.',
    'A folder is expected in the list only if the kustomization above it lists another folder beside it.',
  ],
  sources: ['sigs.k8s.io/kustomize, reference of kustomization.yaml: resources'],
  examples: {
    bad: `
      #- /base/kustomization.yaml
      resources:
      #^^^^^^^^ warning: No kustomization takes in base/issuer.yaml, so what is in it is not deployed — add it here.
        - app.yaml
      #- /base/app.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: app, namespace: matrix}
      #- /base/issuer.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: issuer, namespace: matrix}
    `,
    good: `
      #- /base/kustomization.yaml
      resources:
        - app.yaml
        - issuer.yaml
      #- /base/app.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: app, namespace: matrix}
      #- /base/issuer.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: issuer, namespace: matrix}
    `,
  },
  *checkDocument({ file, root }, workspace) {
    if (!file.isKustomization || root.kind !== 'mapping') return;
    const resources = root.at('resources');
    const listed = resources.items().map(item => resolvePath(file.directory, item.text ?? ''));
    const views = builtTrees(workspace).map(({ view }) => view);
    const used = views[0]?.used;
    if (listed.length === 0 || !used?.has(file.path) || views.some(view => view.isUnread)) return;
    const inputs = new Set(views.flatMap(view => [...view.inputs]));
    const folders = foldersBelow(workspace, file);
    const plugins = ['generators', 'transformers', 'validators'].flatMap(field =>
      root
        .at(field)
        .items()
        .map(item => resolvePath(file.directory, item.text ?? '')),
    );
    const pluginTexts = workspace.files.filter(({ path }) => plugins.includes(path)).map(({ text }) => text);
    /** Whether a plugin such as KSOPS is, or reads, a file. */
    const isOfPlugin = (one: SourceFile): boolean =>
      plugins.includes(one.path) || pluginTexts.some(text => text.includes(one.name));
    const listsFolders = folders.some(folder => listed.includes(folder));
    const directories = new Set(workspace.lookup(kustomizations, '').map(one => one.file.directory));
    /** The folder of the kustomization in or above the folder of a file. */
    const ownerOf = ({ directory }: SourceFile): string | undefined => {
      for (let at = directory; ; at = directoryOf(at))
        if (directories.has(at)) return at;
        else if (at === '') return undefined;
    };
    const isForgotten = (one: SourceFile): boolean => {
      if (one === file || one.isExample) return false;
      if (one.isKustomization)
        return listsFolders && folders.includes(one.directory) && !listedBy(workspace, one.directory);
      return (
        ownerOf(one) === file.directory &&
        one.documents.some(document => document.resources.length > 0) &&
        !used.has(one.path) &&
        !inputs.has(one.path) &&
        !isPatch(workspace, one) &&
        !isOfPlugin(one) &&
        !appliesOnly(one, file.directory)
      );
    };
    for (const one of workspace.files) {
      if (!isForgotten(one)) continue;
      const path = one.isKustomization ? one.directory : one.path;
      if (isNamedElsewhere(workspace, path, file.directory)) continue;
      yield {
        at: resources.key,
        message: `No kustomization takes in ${path}, so what is in it is not deployed — add it here.`,
      };
    }
  },
} satisfies Rule;

/** The folders right below one that have a kustomization which builds objects of its own. */
function foldersBelow(workspace: Workspace, { directory }: SourceFile): readonly string[] {
  return workspace
    .lookup(kustomizations, '')
    .filter(({ root }) => root.at('kind').text !== 'Component')
    .map(({ file }) => file.directory)
    .filter(one => one.includes('/') && one.slice(0, one.lastIndexOf('/')) === directory);
}

/** Whether a file only has Flux or Argo CD apply a folder, which is how that is deployed and no part of it. */
function appliesOnly({ documents }: SourceFile, folder: string): boolean {
  return documents
    .flatMap(({ resources }) => resources)
    .every(resource =>
      appliedBy(resource).some(path => {
        const applied = resolvePath('', path);
        return applied === folder || applied.endsWith(`/${folder}`) || (folder === '' && applied !== '');
      }),
    );
}

/** Whether some kustomization takes in a folder, under whatever name. */
function listedBy(workspace: Workspace, folder: string): boolean {
  return workspace.lookup(kustomizations, '').some(({ root, file }) =>
    ['resources', 'bases', 'components'].some(field =>
      root
        .at(field)
        .items()
        .some(item => resolvePath(file.directory, item.text ?? '') === folder),
    ),
  );
}

/** Whether a script, a README or a resource of Flux or Argo CD names a path. */
function isNamedElsewhere(workspace: Workspace, path: string, above: string): boolean {
  // One name alone stands in many texts.
  const name = path.split('/').slice(-2).join('/');
  const applied = workspace.lookup(paths, '').map(one => resolvePath('', one));
  return (
    applied.some(one => one === path || one.endsWith(`/${path}`)) ||
    // Flux and Argo CD apply a folder without a kustomization as it is.
    foldersOf(path, above).some(folder => applied.some(one => one === folder || one.endsWith(`/${folder}`))) ||
    workspace.files.some(file => /\.(?:sh|md)$/i.test(file.path) && file.text.includes(name))
  );
}

/** The folders between a folder and a path in it. */
function foldersOf(path: string, above: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts
    .map((_, index) => parts.slice(0, index + 1).join('/'))
    .filter(folder => above === '' || folder.startsWith(`${above}/`));
}

const kustomizations: Index<ManifestDocument> = {
  name: 'kustomizations that list others',
  *document(document) {
    if (document.file.isKustomization && document.root.kind === 'mapping') yield ['', document];
  },
};

const paths: Index<string> = {
  name: 'paths that Flux and Argo CD apply',
  *resource(resource) {
    for (const path of appliedBy(resource)) yield ['', path];
  },
};

/** The paths that an object of Flux or Argo CD applies. */
function appliedBy({ qualifiedKind, root }: Resource): readonly string[] {
  const spec = root.at('spec');
  if (qualifiedKind === 'Kustomization.kustomize.toolkit.fluxcd.io') return [spec.at('path').text ?? ''];
  if (qualifiedKind === 'Application.argoproj.io') return [spec.at('source', 'path').text ?? ''];
  return [];
}
