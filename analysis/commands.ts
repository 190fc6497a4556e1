import type { SourceFile } from '../manifests/file';
import type { Place, Span } from '../manifests/span';
import type { Index, Workspace } from '../manifests/workspace';
import type { ClusterCommand } from './text/cluster-commands';
import { kubectlCommands } from './text/kubectl-commands';
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

/** What a shell runs of a script, or a person types of a Markdown file, and where each text starts there. */
export function shellTexts(file: SourceFile): readonly { readonly text: string; readonly offset: number }[] {
  if (/\.sh$/i.test(file.path)) return [{ text: file.text, offset: 0 }];
  return /\.md$/i.test(file.path)
    ? shellBlocks(file.text).map(({ text, offset }) => ({ text: asTyped(text), offset }))
    : [];
}

/** The commands of one script or Markdown file. */
export function commandsIn(file: SourceFile): readonly FoundCommand[] {
  const isMarkdown = /\.md$/i.test(file.path);
  return shellTexts(file).flatMap(({ text, offset }) =>
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

/**
 * What a person types of a block: without prompts and what commands answer, and with `<pod>` as one word, which a shell
 * would take for two redirections. Everything stays where it stands.
 */
function asTyped(text: string): string {
  const words = text.replace(/<([A-Za-z][\w-]*(?: [\w-]+)*)>/g, word => `_${word.slice(1, -1).replaceAll(' ', '_')}_`);
  if (!/^[ \t]*\$ +\S/m.test(words)) return words;
  let isTyped = false;
  return words.replace(/^.*$/gm, line => {
    const prompt = /^[ \t]*\$ +/.exec(line)?.[0];
    const typed = prompt !== undefined || isTyped;
    isTyped = typed && line.trimEnd().endsWith('\\');
    return prompt !== undefined
      ? ' '.repeat(prompt.length) + line.slice(prompt.length)
      : typed
        ? line
        : ' '.repeat(line.length);
  });
}

const commandIndex: Index<FoundCommand> = {
  name: 'cluster commands',
  *textFile(file) {
    for (const command of commandsIn(file)) yield ['', command];
  },
};

/**
 * The code blocks of a Markdown file that hold shell commands (CommonMark, "Fenced code blocks"), also those of list
 * items, which stand further in, and indented ones.
 */
export function shellBlocks(markdown: string): readonly { readonly text: string; readonly offset: number }[] {
  return [...fencedBlocks(markdown), ...indentedCommands(markdown)].sort((a, b) => a.offset - b.offset);
}

/**
 * Indented code blocks (CommonMark, 4.4) that begin with a command for the cluster. What a list item holds is code from
 * four columns behind its text on (CommonMark, 5.2); before that it is a paragraph, in which a command stands alone.
 */
function indentedCommands(markdown: string): readonly { readonly text: string; readonly offset: number }[] {
  if (!/^(?: {4}|\t)[ \t]*(?:\$ +)?(?:kubectl|helm|oc) /m.test(markdown)) return [];
  const unfenced = markdown.replace(/^([ \t]*)(`{3,}|~{3,})[\s\S]*?^[ \t]*\2[`~]*[ \t]*\r?$/gm, fence =>
    fence.replace(/[^\n]/g, ' '),
  );
  const blocks = unfenced.matchAll(
    /(?<=^|\n[ \t]*\r?\n)(?: {4}|\t)[ \t]*(?:\$ +)?(?:kubectl|helm|oc) [^\n]*(?:\n(?: {4}|\t)[^\n]*)*/g,
  );
  return [...blocks].flatMap(({ 0: text, index: offset }) =>
    isCode(unfenced.slice(0, offset).split('\n'), indentOf(text)) || !/[.,:;!?]\s*$/.test(text)
      ? [{ text, offset }]
      : [],
  );
}

/** Whether what is indented so far is code after these lines, and no paragraph of a list item. */
function isCode(above: readonly string[], indent: number): boolean {
  let least = indent;
  for (const line of above.toReversed()) {
    if (line.trim() === '') continue;
    const item = /^([ \t]*)(?:[-*+]|\d{1,9}[.)])([ \t]+)\S/.exec(line);
    // Where the text of the item begins.
    const text = item ? item[0].length - 1 : 0;
    if (item && text <= least) return indent >= text + 4;
    least = Math.min(least, indentOf(line));
    if (least === 0 && !item) return true;
  }
  return true;
}

/** The columns before the first letter of a text; a tab ends at the next multiple of four. */
function indentOf(text: string): number {
  let columns = 0;
  for (const letter of text) {
    if (letter === '\t') columns += 4 - (columns % 4);
    else if (letter === ' ') columns += 1;
    else break;
  }
  return columns;
}

function fencedBlocks(markdown: string): readonly { readonly text: string; readonly offset: number }[] {
  return [
    ...markdown.matchAll(/^([ \t]*)(`{3,}|~{3,})[ \t]*(\w*)[^\n]*\n([\s\S]*?)^[ \t]*\2[`~]*[ \t]*\r?$/gm),
  ].flatMap(match => {
    const [whole, , , language = '', text = ''] = match;
    if (language !== '' && !/^(?:ba|z|da)?sh$|^shell|^console$/.test(language)) return [];
    return [{ text, offset: match.index + whole.indexOf('\n') + 1 }];
  });
}
