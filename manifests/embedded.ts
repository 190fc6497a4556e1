import type { MappedText } from './mapped-text';
import type { Place } from './span';
import { isTree, readTree, type SyntaxProblem, type Tree } from './tree';
import { type TreeSource, Value } from './value';

/** A YAML or JSON document inside a scalar or an effective file, with places in the outer file. */
export interface EmbeddedDocument {
  readonly text: MappedText;
  /** The root of the document; missing when the text is not well formed. */
  readonly root: Value;
  /** Why the text could not be read, if so. */
  readonly problem: { readonly message: string; readonly at: Place } | undefined;
}

/** Reads the first document of a mapped text. `within` stands for an empty text. */
export function readEmbedded(text: MappedText, within: Place): EmbeddedDocument {
  const read = readTree(text.text.replace(/^\s*---[ \t]*(?=\r?\n)/, dashes => ' '.repeat(dashes.length)));
  if (isTree(read)) return { text, root: rootOf(embeddedSource(text, read, within)), problem: undefined };
  return {
    text,
    root: new Value(embeddedSource(text, emptyTree, within), -1),
    problem: problemOf(text, read),
  };
}

function embeddedSource(text: MappedText, tree: Tree, within: Place): TreeSource {
  return {
    tree,
    linePrefix: text.linePrefix,
    place: (start, end) => (text.text === '' ? within : text.place(start, end)),
  };
}

export function rootOf(source: TreeSource): Value {
  return new Value(source, source.tree.nodes.length > 0 ? 0 : -1);
}

const emptyTree: Tree = { text: '', nodes: new Int32Array(0), targets: new Map(), tags: new Map(), decoded: new Map() };

function problemOf(text: MappedText, problem: SyntaxProblem): { message: string; at: Place } {
  return { message: problem.message, at: text.place(problem.at.start, problem.at.end) };
}
