import { getActiveSub, setActiveSub, signal } from 'alien-signals';
import { ofText, remembered, untracked } from './derived';
import { linesAround, startOfLine } from './lines';
import type { MappedText } from './mapped-text';
import { announce, type Facet, NodeReads, type Version } from './node-reads';
import { recoverTree } from './recover';
import { sameOr } from './same';
import { Searches } from './searches';
import type { Place } from './span';
import {
  changedScalars,
  childNames,
  isTree,
  nodeKind,
  nodeStyle,
  pathOf,
  readTree,
  type ScalarTest,
  type SyntaxProblem,
  scalarsThat,
  scalarText,
  sourceSpan,
  type Tree,
} from './tree';
import { changesBetween, firstIds, type NodeIds } from './tree-changes';
import { followEmbedded, type TreeSource, Value, type Written } from './value';

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
  const read = remembered(() => readOnce(text.text));
  let source: EmbeddedSource | undefined;
  return remembered<EmbeddedDocument>(previous => {
    const tree = read();
    if (previous && source && isTree(tree) && source.tree === tree) return previous;
    source = isTree(tree) ? new EmbeddedSource(text, within, tree, read) : undefined;
    return documentOf(text, within, tree, source);
  });
}

/**
 * The document in a scalar of a tree that tells of its edits: what has read nothing of an edit is not asked at all. Who
 * changes the tree calls `follow` for each scalar that says something else.
 */
export class ScalarDocument {
  readonly #text: MappedText;
  readonly #within: Place;
  readonly #version = signal(0);
  #document: EmbeddedDocument | undefined;
  #source: FollowedSource | undefined;

  constructor(text: MappedText, within: Place) {
    this.#text = text;
    this.#within = within;
  }

  /** The same document, with the values of this moment, until the text has another structure. */
  read(): EmbeddedDocument {
    this.#version();
    this.#document ??= untracked(() => {
      const tree = readOnce(this.#text.text);
      this.#source = isTree(tree) ? new FollowedSource(this.#text, this.#within, tree) : undefined;
      return documentOf(this.#text, this.#within, tree, this.#source);
    });
    return this.#document;
  }

  follow(): void {
    if (!this.#document) return;
    const tree = untracked(() => readOnce(this.#text.text));
    if (this.#source && isTree(tree) && this.#source.follow(tree)) return;
    this.#document = undefined;
    this.#version(this.#version() + 1);
  }
}

function documentOf(
  text: MappedText,
  within: Place,
  tree: Tree | SyntaxProblem,
  source: TreeSource | undefined,
): EmbeddedDocument {
  if (source) return { text, root: rootOf(source), problem: undefined };
  return {
    text,
    root: new Value({ tree: emptyTree, linePrefix: text.linePrefix, place: () => within }, -1),
    problem: problemOf(text, tree as SyntaxProblem),
  };
}

/** Several programs often read the same text, each by its own way. */
const readOnce = ofText(text =>
  readOrRecover(text.replace(/^\s*---[ \t]*(?=\r?\n)/, dashes => ' '.repeat(dashes.length))),
);

/**
 * The fast reader refuses some texts that programs read: a bracket in the column of its key, as in `list: [` with `]`
 * below. What the other parser finds well formed is read by that one.
 */
function readOrRecover(text: string): Tree | SyntaxProblem {
  const read = readTree(text);
  if (isTree(read) || /tab|alias/.test(read.message)) return read;
  const { tree, problems } = recoverTree(text);
  return problems.length === 0 ? tree : read;
}

/** Follows a text that tells of its edits, for as long as its structure can be followed. */
class FollowedSource implements TreeSource {
  readonly isFollowed = true as const;
  readonly reads = new NodeReads();
  readonly #text: MappedText;
  readonly #within: Place;
  readonly #searches = new Searches();
  readonly #written = new Map<number, { now: Written | undefined; readonly version: Version }>();
  #state: State;

  constructor(text: MappedText, within: Place, tree: Tree) {
    this.#text = text;
    this.#within = within;
    this.#state = { tree, ids: firstIds(tree) };
  }

  get tree(): Tree {
    return this.#state.tree;
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

  nodeOf(id: number): number {
    return this.#state.ids.nodes[id] ?? -1;
  }

  idOf(node: number): number {
    return this.#state.ids.ids[node] ?? -1;
  }

  scalarsThat(test: ScalarTest): readonly number[] {
    return this.#searches.scalars(test, this.tree, node => this.idOf(node));
  }

  writtenOf(id: number, text: MappedText): Written | undefined {
    if (text !== this.#text) return undefined;
    if (getActiveSub() === undefined) return written(this.#state, id);
    let known = this.#written.get(id);
    if (!known) {
      known = { now: written(this.#state, id), version: signal(0) };
      this.#written.set(id, known);
    }
    known.version();
    return known.now;
  }

  /** Takes the tree of a new text; false where it cannot be told which of its nodes are those of the one before. */
  follow(now: Tree): boolean {
    const { tree: before, ids } = this.#state;
    if (now === before) return true;
    const scalars = changedScalars(before, now);
    const isValues = scalars?.every(node => pathOf(now, node)) === true;
    const changes = isValues
      ? { ids, texts: scalars.map(node => this.idOf(node)), children: [], added: [], gone: [] }
      : changesBetween(before, ids, now);
    if (!changes) return false;
    this.#state = { tree: now, ids: changes.ids };
    const idOf = (node: number) => this.idOf(node);
    if (isValues) this.#searches.followScalars(before, now, scalars, idOf);
    else this.#searches.followStructure(now, idOf);
    for (const [id, known] of this.#written) {
      const after = written(this.#state, id);
      if (sameWritten(known.now, after) === known.now) continue;
      known.now = after;
      announce(known.version);
    }
    this.reads.changed(changes);
    followEmbedded(this, [...changes.texts, ...changes.gone]);
    return true;
  }
}

/** Follows a text for as long as its structure can be followed, and lets computations depend on single values. */
class EmbeddedSource implements TreeSource {
  readonly #text: MappedText;
  readonly #within: Place;
  readonly #state: () => State;
  /** The state as of the last edit of structure: kinds, keys and items are those of the present one. */
  readonly #shape: () => State;
  readonly #facets: Readonly<Record<Facet, Map<number, () => unknown>>> = {
    kind: new Map(),
    text: new Map(),
    children: new Map(),
  };
  readonly #written = new Map<number, () => Written | undefined>();
  readonly #missing = new Map<number, Map<string | number, () => unknown>>();
  readonly #found = new Map<ScalarTest, () => readonly number[]>();

  constructor(text: MappedText, within: Place, first: Tree, read: () => Tree | SyntaxProblem) {
    this.#text = text;
    this.#within = within;
    this.#state = remembered<State>((previous = { tree: first, ids: firstIds(first) }) => {
      const now = read();
      return now !== previous.tree && isTree(now) ? (next(previous, now) ?? previous) : previous;
    });
    this.#shape = remembered<State>(previous => {
      const now = this.#state();
      return previous?.ids === now.ids ? previous : now;
    });
  }

  get tree(): Tree {
    return this.#now.tree;
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

  nodeOf(id: number): number {
    return this.#now.ids.nodes[id] ?? -1;
  }

  idOf(node: number): number {
    return this.#now.ids.ids[node] ?? -1;
  }

  get reads(): this {
    return this;
  }

  read(facet: Facet, id: number): void {
    if (getActiveSub() === undefined) return;
    const state = facet === 'text' ? this.#state : this.#shape;
    answerOf(this.#facets[facet], id, () => facetOf(state(), facet, id))();
  }

  readMissing(id: number, name: string | number): void {
    if (getActiveSub() === undefined) return;
    let names = this.#missing.get(id);
    if (!names) {
      names = new Map();
      this.#missing.set(id, names);
    }
    answerOf(names, name, () => {
      const { tree, ids } = this.#shape();
      const node = ids.nodes[id] ?? -1;
      return node >= 0 && childNames(tree, node).includes(name);
    })();
  }

  scalarsThat(test: ScalarTest): readonly number[] {
    const find = ({ tree, ids }: State) => scalarsThat(tree, test).map(node => ids.ids[node] ?? -1);
    return answerOf<ScalarTest, readonly number[]>(this.#found, test, before => sameOr(before, find(this.#state())))();
  }

  writtenOf(id: number, text: MappedText): Written | undefined {
    if (text !== this.#text) return undefined;
    if (getActiveSub() === undefined) return written(this.#state(), id);
    return answerOf(this.#written, id, before => sameWritten(before, written(this.#state(), id)))();
  }

  get #now(): State {
    const reader = setActiveSub(undefined);
    try {
      return this.#state();
    } finally {
      setActiveSub(reader);
    }
  }
}

function written({ tree, ids }: State, id: number): Written | undefined {
  const node = ids.nodes[id] ?? -1;
  if (node < 0) return undefined;
  const { start, end } = sourceSpan(tree, node);
  const first = startOfLine(tree.text, start);
  return { lines: linesAround(tree.text, start, end), start: start - first, end: end - first };
}

function sameWritten(before: Written | undefined, now: Written | undefined): Written | undefined {
  return before?.lines === now?.lines && before?.start === now?.start && before?.end === now?.end ? before : now;
}

function answerOf<Key, T>(answers: Map<Key, () => T>, key: Key, answer: (before: T | undefined) => T): () => T {
  let known = answers.get(key);
  if (!known) {
    known = remembered(answer);
    answers.set(key, known);
  }
  return known;
}

interface State {
  readonly tree: Tree;
  readonly ids: NodeIds;
}

/** The tree that follows, if it can be told which of its nodes are those of the one before. */
function next({ tree, ids }: State, now: Tree): State | undefined {
  if (changedScalars(tree, now)?.every(node => pathOf(now, node))) return { tree: now, ids };
  const changes = changesBetween(tree, ids, now);
  return changes && { tree: now, ids: changes.ids };
}

function facetOf({ tree, ids }: State, facet: Facet, id: number): string | undefined {
  const node = ids.nodes[id] ?? -1;
  if (node < 0) return undefined;
  const kind = nodeKind(tree, node);
  if (facet === 'kind') return kind;
  if (facet === 'text') return kind === 'scalar' ? `${nodeStyle(tree, node)} ${scalarText(tree, node)}` : undefined;
  return childNames(tree, node).join('\n');
}

/** The top of a tree; a missing value where the text is empty. */
export function rootOf(source: TreeSource): Value {
  return new Value(source, source.tree.nodes.length > 0 ? 0 : -1);
}

const emptyTree: Tree = { text: '', nodes: new Int32Array(0), targets: new Map(), tags: new Map(), decoded: new Map() };

function problemOf(text: MappedText, problem: SyntaxProblem): { message: string; at: Place } {
  return { message: problem.message, at: text.place(problem.at.start, problem.at.end) };
}
