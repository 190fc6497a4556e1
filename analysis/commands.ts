import type { SourceFile } from '../manifests/file';
import type { Place, Span } from '../manifests/span';
import type { Index, Workspace } from '../manifests/workspace';
import { type ClusterCommand, kubectlCommands } from './text/kubectl-commands';
import { readShell } from './text/shell';

/** A kubectl or helm command that a script runs, or that a code block of a Markdown file shows. */
export interface FoundCommand {
  readonly command: ClusterCommand;
  readonly file: SourceFile;
  /** Whether a person reads it rather than a shell. */
  readonly isShown: boolean;
  place(span: Span): Place;
}

/** All commands for the cluster that the tree's scripts and runbooks hold. */
export function foundCommands(workspace: Workspace): readonly FoundCommand[] {
  return workspace.lookup(commandIndex, '');
}

/** The commands of one script or Markdown file. */
export function commandsIn(file: SourceFile): readonly FoundCommand[] {
  const isMarkdown = /\.md$/i.test(file.path);
  const blocks = isMarkdown ? shellBlocks(file.text) : /\.sh$/i.test(file.path) ? [{ text: file.text, offset: 0 }] : [];
  return blocks.flatMap(({ text, offset }) =>
    /\b(?:kubectl|helm|oc)\b/.test(text)
      ? kubectlCommands(readShell(text)).map(command => ({
          command,
          file,
          isShown: isMarkdown,
          place: (span: Span): Place => ({
            uri: file.uri,
            span: { start: offset + span.start, end: offset + span.end },
          }),
        }))
      : [],
  );
}

const commandIndex: Index<FoundCommand> = {
  name: 'cluster commands',
  *textFile(file) {
    for (const command of commandsIn(file)) yield ['', command];
  },
};

/**
 * The fenced code blocks of a Markdown file that hold shell commands (CommonMark, "Fenced code blocks"), also those of
 * list items, which stand further in.
 */
export function shellBlocks(markdown: string): readonly { readonly text: string; readonly offset: number }[] {
  return [
    ...markdown.matchAll(/^([ \t]*)(`{3,}|~{3,})[ \t]*(\w*)[^\n]*\n([\s\S]*?)^[ \t]*\2[`~]*[ \t]*\r?$/gm),
  ].flatMap(match => {
    const [whole, , , language = '', text = ''] = match;
    if (language !== '' && !/^(?:ba|z|da)?sh$|^shell|^console$/.test(language)) return [];
    return [{ text, offset: match.index + whole.indexOf('\n') + 1 }];
  });
}
