import { type FoundCommand, foundCommands, shellTexts } from '../../analysis/commands';
import { filesMeant } from '../../analysis/script-paths';
import type { ManifestPath } from '../../analysis/text/cluster-commands';
import { fromBase } from '../../analysis/text/manifest-paths';
import { psqlCalls } from '../../analysis/text/psql-calls';
import { readShell } from '../../analysis/text/shell';
import { baseName, directoryOf } from '../../manifests/paths';
import type { Place, Span } from '../../manifests/span';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Problem } from '../rule';
import { meantPath, rewrite, writtenPath } from './replacements';

/**
 * Files that the tree does not have and a script or a page hands to psql, or to kubectl for the keys of a ConfigMap. One
 * that the text names a second time may be made there, and dumps are of another day.
 */
export function* missingInputs(workspace: Workspace): Iterable<Problem> {
  for (const handed of [...workspace.lookup(sqlFiles, ''), ...keyFiles(workspace)]) {
    const { path, file, place, outcome, isKey } = handed;
    const name = baseName(path.path);
    if (!/^[\w.-]+\.(?:ya?ml|json|cfg|conf|sql|sh|py|map|ini|toml|lua)$/.test(name) || isOfAnotherDay.test(name))
      continue;
    if (filesMeant(workspace, file, path)?.length !== 0 || timesNamed(file.text, name) > (isKey ? 0 : 1)) continue;
    const written = writtenPath(handed, path);
    const close = meantPath(workspace, written ?? path.path);
    const folder = directoryOf(path.path);
    const isInFolder = folder !== '' && filesMeant(workspace, file, { ...path, path: folder })?.length !== 0;
    const isShown = /\.md$/i.test(file.path);
    // A folder that is not there may be one of the machine on which the commands are typed.
    if (!close && !isInFolder && (isShown || path.base !== 'script')) continue;
    yield {
      at: place(path.span),
      ...(isShown ? { severity: 'info' as const } : close || isInFolder ? {} : { severity: 'warning' as const }),
      message: `${path.path} is not in the tree, so ${outcome} — ${close ? `did you mean ${close}?` : 'correct the path.'}`,
      fixes: () => (close && written ? rewrite(handed, path.span, written, close) : []),
    };
  }
}

/** How often a text names a file, but for the options that make a key of it. */
function timesNamed(text: string, name: string): number {
  return text.replace(/--from-file[= ]\S+/g, '').split(name).length - 1;
}

const isOfAnotherDay = /dump|backup|restore|export|snapshot|\bdata\b|old|\.bak/i;

interface HandedFile extends Pick<FoundCommand, 'file' | 'place'> {
  readonly path: ManifestPath;
  /** Whether it becomes a key of a ConfigMap. */
  readonly isKey: boolean;
  /** What comes of it, as a part of a sentence. */
  readonly outcome: string;
}

/** What psql reads on the machine where the script runs; a file behind the dashes of `kubectl exec` is one of the pod. */
const sqlFiles: Index<HandedFile> = {
  name: 'files that psql reads',
  *textFile(file) {
    for (const { text, offset } of shellTexts(file)) {
      if (!/\bpsql\b/.test(text)) continue;
      const place = ({ start, end }: Span): Place => ({
        uri: file.uri,
        span: { start: offset + start, end: offset + end },
      });
      for (const { sql, remote, span, conditional, errorsIgnored } of psqlCalls(readShell(text)))
        for (const input of sql) {
          const isInPod = remote && input.span.start >= span.start && input.span.end <= span.end;
          if (input.kind === 'text' || isInPod || conditional || errorsIgnored) continue;
          const path = { ...fromBase(input.path), span: input.span };
          yield ['', { path, isKey: false, file, place, outcome: 'psql gets no SQL' }];
        }
    }
  },
};

function keyFiles(workspace: Workspace): readonly HandedFile[] {
  return foundCommands(workspace).flatMap(({ command, file, place }): readonly HandedFile[] => {
    if (command.kind !== 'create' || command.resource !== 'ConfigMap') return [];
    if (command.conditional || command.errorsIgnored) return [];
    const outcome = `kubectl does not create the ConfigMap ${command.name.value}`;
    return command.keys.flatMap(({ from, path, span }) => {
      if (from !== 'file' || !path) return [];
      // A path that begins with a variable stands where that is set.
      const isHere = path.span.start >= command.span.start && path.span.end <= command.span.end;
      return [{ path: isHere ? path : { ...path, span }, isKey: true, file, place, outcome }];
    });
  });
}
