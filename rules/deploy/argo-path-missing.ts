import { isOpen, pathOfValueFile } from '../../analysis/helm/releases';
import { nearest } from '../../analysis/nearest';
import { isInTree } from '../../analysis/script-paths';
import { resolvePath } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

const application = 'Application.argoproj.io';

export default {
  id: 'argo-path-missing',
  items: [],
  severity: 'error',
  kinds: [application],
  summary: 'An Application of Argo CD names a folder or a file of values that the tree does not have.',
  why: 'Argo CD cannot make the manifests of the Application: it stays `Unknown`, with a ComparisonError, and what is in the cluster no longer follows the repository.',
  remedy:
    'Correct the path. It begins at the root of the repository; `$name/` stands for the root of the source with that `ref`.',
  traps: [
    'Judged only for repositories of which another Application of the tree names a path that is there.',
    'With `ignoreMissingValueFiles` a file may be missing.',
  ],
  sources: ['argo-cd docs/user-guide/multiple_sources.md and docs/user-guide/helm.md, "Values Files"'],
  examples: { bad: example('cahce', true), good: example('cache', false) },
  *check(resource, workspace) {
    const known = workspace.shared(knownRepositories);
    for (const { repository, path, at, prefix } of pathsOf(resource)) {
      if (!known.has(repository) || isInTree(workspace, path)) continue;
      const directory = path.slice(0, path.lastIndexOf('/') + 1);
      const files = workspace.files.flatMap(file => (file.path.startsWith(directory) ? [file.path] : []));
      const close = nearest(path, files);
      const rest = at.part(prefix.length, at.string?.length ?? 0);
      yield {
        at,
        message: `There is no ${path} in the tree, so Argo CD makes nothing of Application ${resource.name} — ${close ? `did you mean ${close}?` : 'correct the path.'}`,
        fixes: () => (close ? [{ title: `Use ${close}`, safe: false, edits: [{ at: rest, newText: close }] }] : []),
      };
    }
  },
} satisfies Rule;

interface NamedPath {
  readonly repository: string;
  /** From the root of the tree. */
  readonly path: string;
  readonly at: Value;
  /** What stands before the path. */
  readonly prefix: string;
}

function pathsOf(resource: Resource): readonly NamedPath[] {
  const spec = resource.root.at('spec');
  const sources = spec.at('sources').items();
  const references = new Map(
    sources.flatMap(source => {
      const [ref, repository] = [source.at('ref').text, source.at('repoURL').text];
      return ref === undefined || repository === undefined ? [] : [[ref, repository] as const];
    }),
  );
  return (sources.length > 0 ? sources : [spec.at('source')]).flatMap((source): readonly NamedPath[] => {
    const folder = source.at('path');
    const repository = source.at('repoURL').text;
    const own =
      folder.string && repository !== undefined && !isOpen(folder.string)
        ? [{ repository, path: resolvePath('', folder.string), at: folder, prefix: '' }]
        : [];
    const helm = source.at('helm');
    if (helm.at('ignoreMissingValueFiles').boolean === true) return own.filter(({ path }) => path !== '');
    const files = helm
      .at('valueFiles')
      .items()
      .flatMap((file): readonly NamedPath[] => {
        const path = pathOfValueFile(file, new Set(references.keys()));
        const prefix = /^\$[\w-]+\//.exec(file.string ?? '')?.[0] ?? '';
        const from = references.get(prefix.slice(1, -1));
        return path === undefined || from === undefined ? [] : [{ repository: from, path, at: file, prefix }];
      });
    return [...own.filter(({ path }) => path !== ''), ...files];
  });
}

/** The repositories that are this tree, as far as paths of them that are there show. */
function knownRepositories(workspace: Workspace): ReadonlySet<string> {
  return new Set(
    workspace
      .resources(application)
      .flatMap(pathsOf)
      .flatMap(({ repository, path }) => (isInTree(workspace, path) ? [repository] : [])),
  );
}

function example(name: string, isBad: boolean): string {
  const mark = isBad
    ? `
      #           ^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: There is no values/cahce.yaml in the tree, so Argo CD makes nothing of Application cache — did you mean values/cache.yaml?`
    : '';
  return `
      #- /apps.yaml
      apiVersion: argoproj.io/v1alpha1
      kind: Application
      metadata: {name: cache, namespace: argocd}
      spec:
        destination: {namespace: matrix}
        sources:
          - repoURL: https://charts.tessera.test
            chart: redis
            helm:
              valueFiles:
                - $values/values/${name}.yaml${mark}
          - repoURL: https://git.tessera.test/chat.git
            ref: values
      ---
      apiVersion: argoproj.io/v1alpha1
      kind: Application
      metadata: {name: rest, namespace: argocd}
      spec:
        destination: {namespace: matrix}
        source: {repoURL: https://git.tessera.test/chat.git, path: values}
      #- /values/cache.yaml
      architecture: standalone
    `;
}
