import { type FoundCommand, foundCommands } from '../../analysis/commands';
import type { ManifestPath } from '../../analysis/text/kubectl-commands';
import { isYaml, type SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Index, Workspace } from '../../manifests/workspace';
import { filesMeant } from './paths';

/** One path that a script applies, with what stands in the manifests there. */
export interface Applied {
  /** Its position among the commands of the script. */
  readonly order: number;
  readonly path: string;
  readonly at: Place;
  readonly files: readonly SourceFile[];
  readonly resources: readonly Resource[];
}

/** The commands of a script that change the cluster or wait for it, in the order in which they run. */
export interface Sequence {
  readonly script: SourceFile;
  readonly commands: readonly FoundCommand[];
  /** Paths that are applied whenever the script gets there: not in one branch only, and not for a trial. */
  readonly applied: readonly Applied[];
}

/** The scripts of the tree that apply manifests; Markdown files are read by people, who may choose another order. */
export function sequences(workspace: Workspace): readonly Sequence[] {
  const byScript = new Map<SourceFile, FoundCommand[]>();
  for (const found of foundCommands(workspace)) {
    if (found.isShown) continue;
    const own = byScript.get(found.file);
    if (own) own.push(found);
    else byScript.set(found.file, [found]);
  }
  return [...byScript].flatMap(([script, commands]) => {
    const applied = commands.flatMap((found, order) => appliedBy(workspace, found, order));
    return applied.length > 0 ? [{ script, commands, applied }] : [];
  });
}

function appliedBy(workspace: Workspace, { command, file, place }: FoundCommand, order: number): readonly Applied[] {
  if (command.kind !== 'apply' || command.verb === 'delete' || command.isDryRun || command.conditional) return [];
  const isFolderOnly = !command.recursive;
  return [
    ...command.files.map(path => ({ path, isKustomization: false })),
    ...command.kustomizations.map(path => ({ path, isKustomization: true })),
  ].flatMap(({ path, isKustomization }) => {
    const meant = filesMeant(workspace, file, path)?.filter(
      one => isYaml(one.path) && (isKustomization || !isFolderOnly || !isNested(one, path)),
    );
    if (!meant || meant.length === 0) return [];
    return [
      {
        order,
        path: path.path.replace(/^(?:\.\.?\/)+/, ''),
        at: place(path.span),
        files: meant,
        resources: meant.flatMap(one => workspace.lookup(resourcesByFile, one.path)),
      },
    ];
  });
}

const resourcesByFile: Index<Resource> = {
  name: 'resources by file',
  *resource(resource) {
    yield [resource.document.file.path, resource];
  },
};

/** kubectl reads the files of a folder, and those of folders below only with --recursive. */
function isNested(file: SourceFile, path: ManifestPath): boolean {
  const wanted = path.path.replace(/^(?:\.\.?\/)+/, '').replace(/\/+$/, '');
  const end = file.path.lastIndexOf(`${wanted}/`);
  return end !== -1 && file.path.slice(end + wanted.length + 1).includes('/');
}
