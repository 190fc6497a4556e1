import { type FoundCommand, foundCommands } from '../../analysis/commands';
import { filesMeant } from '../../analysis/script-paths';
import type { ManifestPath } from '../../analysis/text/cluster-commands';
import { isYaml, type SourceFile } from '../../manifests/file';
import { groupedBy } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Index, Workspace } from '../../manifests/workspace';

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

/**
 * The scripts of the tree that apply manifests. Markdown files are read by people, who may choose another order: see
 * {@link runbooks} for those that number theirs.
 */
export function sequences(workspace: Workspace): readonly Sequence[] {
  return sequencesOf(workspace, found => !found.isShown);
}

/** The Markdown files that show at least three commands that apply something, each under a number, in rising order. */
export function runbooks(workspace: Workspace): readonly Sequence[] {
  return sequencesOf(workspace, found => found.isShown).filter(({ script, applied }) => {
    const numbers = applied.map(({ at }) => numberAbove(script.text, at.span.start));
    const isRising = numbers.every((number, index) => number !== undefined && number >= (numbers[index - 1] ?? 0));
    return isRising && new Set(numbers).size >= 3;
  });
}

/** The number of the last heading, list item or comment before an offset: `## Step 2`, `3. Redis`, `# 4. MinIO`. */
function numberAbove(text: string, offset: number): number | undefined {
  const marks = text
    .slice(0, offset)
    .matchAll(/^[ \t]*(?:#{1,6}[ \t]*)?(?:(?:step|phase|stage)[ \t]*)?(\d{1,3})[.):]?[ \t]+\S|^#{1,6}[ \t]+/gim);
  let number: string | undefined;
  for (const mark of marks) number = mark[1];
  return number === undefined ? undefined : Number(number);
}

function sequencesOf(workspace: Workspace, isMeant: (found: FoundCommand) => boolean): readonly Sequence[] {
  const byScript = groupedBy(foundCommands(workspace).filter(isMeant), found => found.file);
  return [...byScript].flatMap(([script, commands]) => {
    const applied = commands.flatMap((found, order) => appliedBy(workspace, found, order));
    return applied.length > 0 ? [{ script, commands, applied }] : [];
  });
}

function appliedBy(workspace: Workspace, found: FoundCommand, order: number): readonly Applied[] {
  if (found.command.conditional) return [];
  return pathsApplied(workspace, found).flatMap(({ path, files }) =>
    files && files.length > 0
      ? [
          {
            order,
            path: path.path.replace(/^(?:\.\.?\/)+/, ''),
            at: found.place(path.span),
            files,
            resources: files.flatMap(file => manifestsOf(workspace, file)),
          },
        ]
      : [],
  );
}

/** What a command applies: its paths and the YAML files there, undefined where that cannot be known. */
export function pathsApplied(
  workspace: Workspace,
  { command, file }: FoundCommand,
): readonly { readonly path: ManifestPath; readonly files: readonly SourceFile[] | undefined }[] {
  if (command.kind !== 'apply' || command.verb === 'delete' || command.isDryRun) return [];
  return [
    ...command.files.map(path => ({
      path,
      files: filesMeant(workspace, file, path)?.filter(
        one => isYaml(one.path) && (command.recursive || !isNested(one, path)),
      ),
    })),
    ...command.kustomizations.map(path => ({ path, files: filesMeant(workspace, file, path) })),
  ];
}

/** The objects that a file declares, kept up to date while it is edited. */
export function manifestsOf(workspace: Workspace, file: SourceFile): readonly Resource[] {
  return workspace.lookup(resourcesByFile, file.path);
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
