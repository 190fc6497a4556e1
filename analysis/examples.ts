import type { SourceFile } from '../manifests/file';
import { resolvePath } from '../manifests/paths';
import type { Index, Workspace } from '../manifests/workspace';
import { commandsIn } from './commands';
import { writtenTree } from './kustomization/built-trees';

/**
 * Whether a file is an example that somebody copies and fills in, so that what it leaves open is meant to be open: by its
 * name, unless a kustomization takes it in or a script applies it as it is.
 */
export function isLeftOpen(workspace: Workspace, file: SourceFile): boolean {
  if (!file.isExample || writtenTree(workspace).lookup(takenIn, file.path).length > 0) return false;
  return !workspace.lookup(applied, file.name).some(path => `/${file.path}`.endsWith(`/${path}`));
}

/** The files that kustomizations list. */
const takenIn: Index<true> = {
  name: 'files that kustomizations take in',
  *document({ file, root }) {
    if (!file.isKustomization || root.kind !== 'mapping') return;
    for (const field of ['resources', 'bases'])
      for (const { string } of root.at(field).scalars())
        if (string && !string.includes('\n')) yield [resolvePath(file.directory, string), true];
  },
  equal: () => true,
};

/** The paths of the files that scripts apply, by the files' names. */
const applied: Index<string> = {
  name: 'files that scripts apply',
  *textFile(file) {
    if (!/\.sh$/i.test(file.path)) return;
    for (const { command } of commandsIn(file)) {
      if (command.kind !== 'apply' || command.verb === 'delete' || command.isDryRun) continue;
      for (const { path, span } of command.files) {
        // What is piped in has been changed on the way.
        if (!/\s(?:-f|--filename)[ =]*["']?\S*$/.test(file.text.slice(command.span.start, span.start))) continue;
        const known = path.replace(/^(?:\.\.?\/)+/, '');
        yield [known.slice(known.lastIndexOf('/') + 1), known];
      }
    }
  },
  equal: (one, other) => one === other,
};
