import type { DocumentLink } from 'vscode-languageserver';
import { commandsIn } from '../../analysis/commands';
import type { SourceFile } from '../../manifests/file';
import type { Place, Span } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Deployment } from '../deployment';
import { toRange } from '../to-lsp';
import type { Feature } from './feature';

/** Links from files to the files of the tree that they name: kustomizations, scripts and Markdown. */
export const links: Feature = {
  capabilities: () => ({ documentLinkProvider: { resolveProvider: false } }),
  offer(session) {
    session.connection.onDocumentLinks(({ textDocument: { uri } }): DocumentLink[] => {
      const deployment = session.deploymentOf(uri);
      const file = deployment?.isScanned ? deployment.workspace.file(uri) : undefined;
      if (!deployment || !file) return [];
      return [...namedIn(file)].flatMap(({ path, at }): DocumentLink[] => {
        const target = targetOf(deployment, file.directory, path);
        return target ? [{ range: toRange(file, at.span), target: target.uri, tooltip: target.path }] : [];
      });
    });
  },
};

interface NamedFile {
  /** As written, relative to the folder of the file that names it, or to the root of the tree. */
  readonly path: string;
  readonly at: Place;
}

function* namedIn(file: SourceFile): Iterable<NamedFile> {
  if (file.isKustomization) {
    for (const document of file.documents) yield* ofKustomization(document.root);
    return;
  }
  if (file.documents.length > 0) return;
  for (const { command, place } of commandsIn(file)) {
    const paths =
      command.kind === 'apply'
        ? [...command.files, ...command.kustomizations]
        : command.kind === 'helm'
          ? command.values
          : [];
    for (const { path, span, base } of paths)
      if (base !== 'url' && base !== 'absolute') yield { path, at: end(file, place(span), path) };
  }
  if (/\.md$/i.test(file.path)) yield* ofMarkdown(file);
}

/** Fields that name files (kubectl documentation, "Kustomize Feature List"). */
function* ofKustomization(root: Value): Iterable<NamedFile> {
  const whole = function* (value: Value): Iterable<NamedFile> {
    if (value.string && !/\n|:\/\//.test(value.string))
      yield { path: value.string, at: value.part(0, value.string.length) };
  };
  for (const field of ['resources', 'bases', 'components', 'crds', 'configurations', 'generators', 'transformers'])
    for (const item of root.at(field).items()) yield* whole(item);
  for (const item of root.at('patchesStrategicMerge').items()) yield* whole(item);
  for (const field of ['patches', 'patchesJson6902', 'replacements'])
    for (const item of root.at(field).items()) yield* whole(item.at('path'));
  for (const field of ['configMapGenerator', 'secretGenerator']) {
    for (const item of root.at(field).items()) {
      for (const source of [...item.at('files').items(), ...item.at('envs').items(), item.at('env')]) {
        const text = source.string ?? '';
        const start = text.indexOf('=') + 1;
        if (text !== '') yield { path: text.slice(start), at: source.part(start, text.length) };
      }
    }
  }
}

/** Files in backquotes; the editor itself knows Markdown's own links. */
function* ofMarkdown(file: SourceFile): Iterable<NamedFile> {
  for (const match of file.text.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?[\w-]*\.?\w+)`/g)) {
    const start = match.index + 1;
    const path = match[1] ?? '';
    if (/[/.]/.test(path)) yield { path, at: { uri: file.uri, span: { start, end: start + path.length } } };
  }
}

/** The end of a word that is the path: `$DIR/x.yaml` names `x.yaml`. */
function end(file: SourceFile, { uri, span }: Place, path: string): Place {
  const word = file.text.slice(span.start, span.end);
  const at = word.lastIndexOf(path);
  const exact: Span = at === -1 ? span : { start: span.start + at, end: span.start + at + path.length };
  return { uri, span: exact };
}

/** The file that a path means: seen from the folder, else from the root; of a folder its kustomization. */
function targetOf({ workspace, rootUri }: Deployment, directory: string, path: string): SourceFile | undefined {
  for (const from of [directory, '']) {
    const full = normal(from, path);
    if (full === undefined) continue;
    for (const one of [full, `${full}/kustomization.yaml`, `${full}/kustomization.yml`]) {
      const uri = `${rootUri}/${one.replace(/^\//, '').split('/').map(encodeURIComponent).join('/')}`;
      const file = workspace.file(uri);
      if (file) return file;
    }
  }
  return undefined;
}

/** Undefined for a path that leads out of the tree. */
function normal(directory: string, path: string): string | undefined {
  const parts = directory === '' ? [] : directory.split('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}
