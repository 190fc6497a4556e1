import { computed, getActiveSub, setActiveSub } from 'alien-signals';
import type { MappedText } from './mapped-text';
import type { Place } from './span';
import { changedScalars, isTree, pathOf, readTree, type SyntaxProblem, scalarText, type Tree } from './tree';
import { type TreeSource, Value } from './value';

/** A YAML or JSON document inside a scalar or an effective file, with places in the outer file. */
export interface EmbeddedDocument {
  readonly text: MappedText;
  /** The root of the document; missing when the text is not well formed. */
  readonly root: Value;
  /** Why the text could not be read, if so. */
  readonly problem: { readonly message: string; readonly at: Place } | undefined;
}

/**
 * The first document of a mapped text, to be asked for whenever it is needed: it is the same document, with the values
 * of that moment, until the text has another structure. `within` stands for an empty text.
 */
export function readEmbedded(text: MappedText, within: Place): () => EmbeddedDocument {
  const read = computed(() =>
    readTree(text.text.replace(/^\s*---[ \t]*(?=\r?\n)/, dashes => ' '.repeat(dashes.length))),
  );
  let source: EmbeddedSource | undefined;
  return computed<EmbeddedDocument>(previous => {
    const tree = read();
    if (previous && source && isTree(tree) && source.tree === tree) return previous;
    source = isTree(tree) ? new EmbeddedSource(text, within, tree, read) : undefined;
    if (source) return { text, root: rootOf(source), problem: undefined };
    return {
      text,
      root: new Value({ tree: emptyTree, linePrefix: text.linePrefix, place: () => within }, -1),
      problem: problemOf(text, tree as SyntaxProblem),
    };
  });
}

/** Follows a text for as long as its structure stays, and lets computations depend on single values. */
class EmbeddedSource implements TreeSource {
  readonly #text: MappedText;
  readonly #within: Place;
  readonly #tree: () => Tree;
  readonly #scalars = new Map<number, () => string>();

  constructor(text: MappedText, within: Place, first: Tree, read: () => Tree | SyntaxProblem) {
    this.#text = text;
    this.#within = within;
    this.#tree = computed<Tree>((previous = first) => {
      const now = read();
      return now !== previous && isTree(now) && differsInValuesOnly(previous, now) ? now : previous;
    });
  }

  get tree(): Tree {
    const reader = setActiveSub(undefined);
    try {
      return this.#tree();
    } finally {
      setActiveSub(reader);
    }
  }

  get linePrefix(): string | undefined {
    return this.#text.linePrefix;
  }

  get eol(): string | undefined {
    return this.#text.eol;
  }

  place(start: number, end: number): Place {
    return this.tree.text === '' ? this.#within : this.#text.place(start, end);
  }

  read(node: number): void {
    if (getActiveSub() === undefined) return;
    let scalar = this.#scalars.get(node);
    if (!scalar) {
      scalar = computed(() => scalarText(this.#tree(), node));
      this.#scalars.set(node, scalar);
    }
    scalar();
  }
}

/** Whether the keys are the same: values are looked up by them, so another key is another structure. */
function differsInValuesOnly(before: Tree, now: Tree): boolean {
  return changedScalars(before, now)?.every(node => pathOf(now, node) !== undefined) === true;
}

export function rootOf(source: TreeSource): Value {
  return new Value(source, source.tree.nodes.length > 0 ? 0 : -1);
}

const emptyTree: Tree = { text: '', nodes: new Int32Array(0), targets: new Map(), tags: new Map(), decoded: new Map() };

function problemOf(text: MappedText, problem: SyntaxProblem): { message: string; at: Place } {
  return { message: problem.message, at: text.place(problem.at.start, problem.at.end) };
}
