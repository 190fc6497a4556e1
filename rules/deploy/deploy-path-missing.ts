import { type FoundCommand, foundCommands } from '../../analysis/commands';
import { helmfilesIn } from '../../analysis/helm/releases';
import { isForSecrets } from '../../analysis/hidden-secrets';
import { nearest } from '../../analysis/nearest';
import { filesMeant, isInTree } from '../../analysis/script-paths';
import { checklistSteps } from '../../checklist/steps';
import type { ChecklistItemId } from '../../checklist/types';
import type { ManifestDocument } from '../../manifests/document';
import { baseName, directoryOf, resolvePath } from '../../manifests/paths';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { stepsApplying } from '../step-objects';
import { missingInputs } from './handed-files';
import { meantPath, rewrite, writtenPath } from './replacements';

export default {
  id: 'deploy-path-missing',
  items: [
    'B.1',
    'B.2',
    'B.3',
    'B.4',
    'B.5',
    'B.6',
    'B.7',
    'B.8',
    'B.9',
    'B.10',
    'B.11',
    'B.12',
    'B.13',
    'B.14',
    'B.15',
    'B.16',
    'B.17',
    'B.18',
  ],
  severity: 'error',
  summary: 'A script applies a file or folder, or hands a file to Helm, psql or a ConfigMap, that is not in the tree.',
  why: 'The script stops there, or goes on without the part: a renamed manifest is simply never applied.',
  remedy: 'Correct the path, or delete the line.',
  traps: [
    'Paths from variables that the script does not set, patterns and URLs are left alone.',
    'A path may start at the script’s folder, at the root of the tree, or one folder above it; all three are tried.',
    'What psql reads and what `kubectl create configmap` puts into keys is judged where the text names the file once, by the name of no dump, and by a folder of the tree or of the script.',
    'A file for Secrets that is like none of the tree’s is a warning, because Git is often told to ignore such. A path that leads out of the tree is left alone.',
    'In a Markdown file, such as a checklist, a wrong path is an information: a person who reads it finds the folder.',
  ],
  examples: {
    bad: `
      #- /deploy.sh
      kubectl apply -f 03-workers/media.yaml
      #                ^^^^^^^^^^^^^^^^^^^^^ 💡 error: 03-workers/media.yaml is not in the tree, so this applies nothing — did you mean 02-workers/media.yaml?
      #- /02-workers/media.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: media
    `,
    good: `
      #- /deploy.sh
      kubectl apply -f 02-workers/media.yaml
      #- /02-workers/media.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: media
    `,
  },
  *checkWorkspace(workspace) {
    for (const document of helmfilesIn(workspace)) yield* missingInHelmfile(workspace, document);
    yield* missingInputs(workspace);
    for (const found of foundCommands(workspace)) {
      const { command, file, isShown, place } = found;
      if (command.kind === 'helm') yield* missingValues(workspace, found);
      if (command.kind !== 'apply' || command.verb === 'delete') continue;
      for (const path of [...command.files, ...command.kustomizations]) {
        const meant = filesMeant(workspace, file, path);
        if (meant === undefined) continue;
        if (meant.length > 0) {
          if (command.kustomizations.includes(path) && !meant.some(({ path: one }) => isKustomization.test(one)))
            yield {
              at: place(path.span),
              ...(isShown ? { severity: 'info' as const } : {}),
              message: `${path.path} has no kustomization.yaml, so kubectl applies nothing of it — apply it with -f, or add the file.`,
              items: stepsMeant(workspace, path.path),
            };
          continue;
        }
        const written = writtenPath(found, path);
        const close = meantPath(workspace, written ?? path.path);
        yield {
          at: place(path.span),
          ...(isShown
            ? { severity: 'info' as const }
            : !close && isForSecrets(path)
              ? { severity: 'warning' as const }
              : {}),
          message: `${path.path} is not in the tree, so this applies nothing — ${close ? `did you mean ${close}?` : 'correct the path.'}`,
          items: stepsMeant(workspace, path.path),
          fixes: () => (close && written ? rewrite(found, path.span, written, close) : []),
        };
      }
    }
  },
} satisfies Rule;

/** The names that kustomize looks for (kubectl.docs.kubernetes.io, Kustomization). */
const isKustomization = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/;

/**
 * Files of values that a helmfile names: it stops without them, unless it is told otherwise (helmfile docs, `missingFileHandler`).
 * What is rendered or decrypted first may have another name.
 */
function* missingInHelmfile(workspace: Workspace, { root, file }: ManifestDocument): Iterable<Problem> {
  if (root.at('missingFileHandler').exists) return;
  for (const release of root.at('releases').items()) {
    if (release.at('missingFileHandler').exists || release.at('installed').boolean === false) continue;
    for (const value of release.at('values').items()) {
      const text = value.string;
      if (text === undefined || !/^[\w./-]+\.ya?ml$/.test(text)) continue;
      const path = resolvePath(file.directory, text);
      if (text.startsWith('/') || isInTree(workspace, path)) continue;
      const close = nearest(
        path,
        workspace.files.map(one => one.path),
      );
      const isOnly = !workspace.files.some(one => one.directory === directoryOf(path));
      // A whole folder that is not there is part of another repository, or made before.
      if (isOnly && !close) continue;
      yield {
        at: value,
        message: `${text} is not in the tree, so helmfile installs nothing — ${close ? `did you mean ${close}?` : 'correct the path.'}`,
      };
    }
  }
}

/** Files of values that a script passes to Helm, which stops without them; a script may have written them before. */
function* missingValues(workspace: Workspace, found: FoundCommand): Iterable<Problem> {
  const { command, file, isShown, place } = found;
  if (command.kind !== 'helm') return;
  for (const path of command.values) {
    const meant = filesMeant(workspace, file, path);
    const name = baseName(path.path);
    if (meant === undefined || meant.length > 0 || !/^[\w.-]+\.ya?ml$/.test(name)) continue;
    if (isMadeBefore(file.text, name)) continue;
    const written = writtenPath(found, path);
    const close = meantPath(workspace, written ?? path.path);
    yield {
      at: place(path.span),
      ...(isShown ? { severity: 'info' as const } : {}),
      message: `${path.path} is not in the tree, so Helm installs nothing — ${close ? `did you mean ${close}?` : 'correct the path.'}`,
      fixes: () => (close && written ? rewrite(found, path.span, written, close) : []),
    };
  }
}

/** Whether something else in a script than an option of Helm names the file, which may make it. */
function isMadeBefore(script: string, name: string): boolean {
  const others = script.replace(/(?:-f|--values)[= \t]+["']?[^\s"']+["']?/g, '');
  return others.includes(name);
}

/** The lines of the deployment order that such a path stands for: by its neighbours, else by its name. */
function stepsMeant(workspace: Workspace, path: string): readonly ChecklistItemId[] {
  const folders = path.replace(/\/+$/, '').split('/');
  if (/\.\w+$/.test(folders.at(-1) ?? '')) folders.pop();
  const folder = folders.join('/').replace(/^(?:\.{1,2}\/)+/, '');
  const neighbours = folder === '' ? [] : stepsApplying(workspace, file => `/${file.directory}`.endsWith(`/${folder}`));
  if (neighbours.length > 0) return neighbours;
  const name = slugOf(folder);
  return checklistSteps
    .filter(({ checklistPath }) => name !== '' && slugOf(checklistPath) === name)
    .flatMap(({ items }) => items.filter(item => !item.endsWith('w')));
}

/** The first and the last folder of a path without the numbers that trees put before them: two instances have workers. */
function slugOf(path: string): string {
  const names = path.split('/').flatMap(name => (name === '' || name.includes('.') ? [] : name.replace(/^\d+-/, '')));
  return names.length > 1 ? `${names[0]}/${names.at(-1)}` : '';
}
