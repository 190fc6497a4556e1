import { difference } from './difference';
import { DocumentPlace } from './document-place';
import { rootOf } from './embedded';
import type { SourceFile } from './file';
import { linesAround } from './lines';
import { NodeReads } from './node-reads';
import { recoverTree } from './recover';
import { Resource } from './resource';
import { Searches } from './searches';
import type { Place, Span } from './span';
import { changedScalars, isTree, pathOf, readTree, type ScalarTest, type SyntaxProblem, type Tree } from './tree';
import { changesBetween, firstIds, type NodeIds, type TreeChanges } from './tree-changes';
import { type PatchedTree, patchTree } from './tree-patch';
import { followEmbedded, type TreeSource, type Value } from './value';

/**
 * One YAML document of a file.
 *
 * Its tree is replaced after an edit, and it may move in its file; its resources stay, and of what is derived from them
 * only what has read something that the edit changed is computed again. An edit of what its resources are called makes a
 * new document, and so does one of structure where anchors stand, because nodes are told apart by their paths. While a
 * text cannot be read, as half-typed ones, the document goes on saying what it said before.
 */
export class ManifestDocument implements TreeSource {
  readonly file: SourceFile;
  readonly isFollowed = true as const;
  readonly linePrefix = '';
  readonly resources: readonly Resource[];
  /** Whether a template engine has to fill the text in before it is YAML; such a document is left alone. */
  readonly isTemplate: boolean;
  /** Where the document begins in its file. */
  offset: number;
  /** Its position among the documents of the file. */
  index: number;
  readonly reads = new NodeReads();
  #tree: Tree;
  /** Undefined for as long as every node is where it was at first. */
  #ids: NodeIds | undefined;
  /** What keeps the document from being read at all; its tree is then only good for editing help. */
  readonly #unreadable: readonly SyntaxProblem[];
  #typed: Typed | undefined;
  readonly #searches = new Searches();

  constructor(file: SourceFile, text: string, offset: number, index: number) {
    this.file = file;
    this.offset = offset;
    this.index = index;
    this.isTemplate = file.isChartPart || isTemplate(text);
    const { tree, problems } = readOrRecover(text);
    this.#tree = tree;
    this.#unreadable = this.isTemplate ? [] : problems;
    this.resources = this.isUnread || this.isTemplate ? [] : resourcesOf(this, this.root);
  }

  get tree(): Tree {
    return this.#tree;
  }

  /** The tree for those who walk it themselves: any change of a value concerns them. */
  get wholeTree(): Tree {
    this.reads.readAll();
    return this.#tree;
  }

  /** The text that the tree was read from. */
  get text(): string {
    this.reads.readAll();
    return this.#tree.text;
  }

  /** The text as it stands in the file: another than {@link text} while it cannot be read. */
  get writtenText(): string {
    this.reads.readProblems();
    return this.#typed?.text ?? this.text;
  }

  /** What keeps the text as it stands in the file from being read. */
  get problems(): readonly SyntaxProblem[] {
    this.reads.readProblems();
    return this.#typed?.problems ?? this.#unreadable;
  }

  /** Whether the document has never been read, so that nothing is known of what it says. */
  get isUnread(): boolean {
    return this.#unreadable.length > 0;
  }

  nodeOf(id: number): number {
    return this.#ids ? (this.#ids.nodes[id] ?? -1) : id;
  }

  idOf(node: number): number {
    return this.#ids ? (this.#ids.ids[node] ?? -1) : node;
  }

  /** As {@link Value.scalars} asks; whoever asks depends on which scalars pass, and on nothing else. */
  scalarsThat(test: ScalarTest): readonly number[] {
    return this.#searches.scalars(test, this.#tree, node => this.idOf(node));
  }

  /** The lines of {@link text} that match a pattern of one line; whoever asks depends on no other line. */
  linesThat(pattern: RegExp): readonly string[] {
    return this.#searches.lines(pattern, this.#tree.text);
  }

  /** The text if a line of it matches; while none does, only an edit of a line that then does concerns whoever asks. */
  textWith(pattern: RegExp): string | undefined {
    return this.linesThat(pattern).length > 0 ? this.text : undefined;
  }

  get root(): Value {
    return rootOf(this);
  }

  /** A place of {@link text} that moves with the document. */
  place(start: number, end: number): Place {
    return new DocumentPlace(this, start, end);
  }

  /** Where a range of {@link text} stands in the file now. */
  spanInFile(start: number, end: number): Span {
    const typed = this.#typed;
    return {
      start: this.offset + (typed ? fromRead(typed, start, 'start') : start),
      end: this.offset + (typed ? fromRead(typed, end, 'end') : end),
    };
  }

  /** A place of {@link writtenText}. */
  writtenPlace(start: number, end: number): Place {
    return { uri: this.file.uri, span: { start: this.offset + start, end: this.offset + end } };
  }

  /** The offset in {@link text} that an offset in the file stands for. */
  offsetAt(fileOffset: number): number {
    const offset = fileOffset - this.offset;
    return this.#typed ? toRead(this.#typed, offset) : offset;
  }

  get span(): Span {
    return { start: this.offset, end: this.offset + this.writtenText.length };
  }

  /** Where the text in the file is being typed and cannot be read; what was found there before holds no longer. */
  get unsure(): Span | undefined {
    const { offset } = this;
    return this.#typed && { start: offset + this.#typed.at.start, end: offset + this.#typed.at.end };
  }

  /** Takes a new text if its resources are called as before, and says whether more than comments has changed. */
  accept(text: string): 'comments' | 'values' | undefined {
    if (text === (this.#typed?.text ?? this.#tree.text)) return 'comments';
    if (this.isUnread || this.isTemplate || isTemplate(text)) return undefined;
    if (text === this.#tree.text) {
      this.#take(undefined);
      return 'comments';
    }
    const differs = difference(this.#tree.text, text);
    const patched = patchTree(this.#tree, text, differs);
    const { tree: read, problems } = patched ? { tree: patched.tree, problems: [] } : readOrRecover(text);
    if (problems.length > 0) {
      // What a kustomization says decides what all others mean.
      if (this.resources.length === 0 && !this.file.isKustomization) return undefined;
      this.#take({ text, problems, at: differs.now, before: differs.before });
      return 'comments';
    }
    const changes = this.#changesTo(read, patched);
    if (!changes) return undefined;
    const before = this.#tree;
    this.#tree = read;
    if (changes.ids) this.#ids = changes.ids;
    const isLineSought = this.#searches.followLines(before.text, text, differs);
    // Comments that show commands say what is created by hand.
    const isCommand = touchesCommand(before.text, differs.before) || touchesCommand(text, differs.now);
    if (!changes.isEmpty) this.#announce(before, changes);
    else if (isCommand) this.reads.allChanged();
    this.#take(undefined);
    return changes.isEmpty && !isLineSought && !isCommand ? 'comments' : 'values';
  }

  #announce(before: Tree, changes: Changes): void {
    const idOf = (node: number) => this.idOf(node);
    if (changes.ids) this.#searches.followStructure(this.#tree, idOf);
    else
      this.#searches.followScalars(
        before,
        this.#tree,
        changes.texts.map(id => this.nodeOf(id)),
        idOf,
      );
    this.reads.changed(changes);
    followEmbedded(this, [...changes.texts, ...changes.gone]);
  }

  #take(typed: Typed | undefined): void {
    if (typed === this.#typed) return;
    this.#typed = typed;
    this.reads.problemsChanged();
  }

  #changesTo(read: Tree, patched: PatchedTree | undefined): Changes | undefined {
    const scalars = patched ? patched.changed : changedScalars(this.#tree, read);
    if (scalars?.length === 0) return { ...nothing, isEmpty: true };
    if (scalars?.every(node => pathOf(this.#tree, node)))
      return scalars.some(node => isIdentity(this.#tree, node))
        ? undefined
        : { ...nothing, texts: scalars.map(node => this.idOf(node)), isEmpty: false };
    const identity = identityOf(rootOf(this));
    if (identity === undefined || identity !== identityOf(rootOf(unplaced(read)))) return undefined;
    const changes = changesBetween(this.#tree, this.#ids ?? firstIds(this.#tree), read);
    return changes && { ...changes, isEmpty: false };
  }

  /** Kind and name of what a broken document seems to declare, so that references to it are not called missing. */
  get declared(): readonly { readonly kind: string; readonly name: string }[] {
    if (!this.isUnread) return [];
    const kind = /^kind:[ \t]*["']?([\w.-]+)/m.exec(this.text)?.[1];
    const name = /^metadata:[ \t]*\r?\n(?:[ \t]+[^\n]*\n|[ \t]*(?:#[^\n]*)?\n)*?[ \t]+name:[ \t]*["']?([\w.-]+)/m.exec(
      this.text,
    )?.[1];
    return kind && name ? [{ kind, name }] : [];
  }
}

/** A text that cannot be read, with the part of it that differs from the last one that could. */
interface Typed {
  readonly text: string;
  readonly problems: readonly SyntaxProblem[];
  readonly at: Span;
  /** What stood there before. */
  readonly before: Span;
}

/** What begins where something was put in stands behind it, and what ends there before it. */
function fromRead({ at, before }: Typed, offset: number, edge: 'start' | 'end'): number {
  if (offset < before.start || (offset === before.start && edge === 'end')) return offset;
  return offset >= before.end ? offset - before.end + at.end : at[edge];
}

function toRead({ at, before }: Typed, offset: number): number {
  return offset <= at.start ? offset : offset >= at.end ? offset - at.end + before.end : before.start;
}

function readOrRecover(text: string): { readonly tree: Tree; readonly problems: readonly SyntaxProblem[] } {
  const read = readTree(text);
  if (isTree(read)) return { tree: read, problems: [] };
  const { tree, problems } = recoverTree(text);
  return { tree, problems: problems.length > 0 ? problems : refusedBySome(read) };
}

/** What differs from the tree before; `ids` only where the structure differs too. */
interface Changes extends Omit<TreeChanges, 'ids'> {
  readonly ids?: NodeIds;
  readonly isEmpty: boolean;
}

const nothing: Omit<TreeChanges, 'ids'> = { texts: [], children: [], added: [], gone: [] };

function touchesCommand(text: string, { start, end }: Span): boolean {
  return /#[^\n]*\b(?:kubectl|helm)\b/.test(linesAround(text, start, end));
}

/** What the object of a document is called; undefined for a list of objects, whose items may be others. */
function identityOf(root: Value): string | undefined {
  const [kind, metadata] = [root.at('kind').text, root.at('metadata')];
  if (kind?.endsWith('List')) return undefined;
  return [root.at('apiVersion').text, kind, metadata.at('name').text, metadata.at('namespace').text].join('\n');
}

/** A tree to look at, without a place of its own. */
function unplaced(tree: Tree): TreeSource {
  return { tree, linePrefix: undefined, place: (start, end) => ({ uri: '', span: { start, end } }) };
}

/** Whether a scalar says which object this is: its API version, its kind, its name or its namespace. */
function isIdentity(tree: Tree, node: number): boolean {
  const path = pathOf(tree, node);
  if (!path) return true;
  const key = path.at(-1);
  return (
    key === 'kind' || key === 'apiVersion' || (path.at(-2) === 'metadata' && (key === 'name' || key === 'namespace'))
  );
}

/**
 * Whether Go template actions stand where YAML expects a key, a value or an item, or code of ytt in comments. Inside quotes,
 * comments and block scalars `{{ … }}` is text: Prometheus rules and dashboards are full of it.
 */
function isTemplate(text: string): boolean {
  return (
    (text.includes('#@') && templateComment.test(withoutBlockScalars(text))) ||
    (text.includes('{{') &&
      /^[ ]*(?:- )*(?:[\w./-]+:[ ]+)?\{\{-?[ ]*(?:[.$\w(]|\/\*)[^\n]*\}\}/m.test(withoutBlockScalars(text)))
  );
}

/** What ytt reads: code in comments, such as `#@ data.values.image` (carvel.dev/ytt, "Syntax"). */
export const templateComment = /(?:^|[ \t])(#@(?:[ \t]|(?:data|overlay|schema|library|yaml)\/)[^\n]*)/m;

function withoutBlockScalars(text: string): string {
  return text.replace(
    /^([ ]*)((?:- )*[^\s#][^\n]*[:-][ ]+[|>][-+0-9]*[ ]*(?:#[^\n]*)?)\r?\n((?:\1[ ]+[^\n]*(?:\n|$)|[ \t]*\r?\n)*)/gm,
    '$1$2\n',
  );
}

/** The fast reader may refuse what the other accepts; kubectl's reader is as strict as the fast one in these cases. */
function refusedBySome(problem: SyntaxProblem): readonly SyntaxProblem[] {
  return /tab/.test(problem.message) ? [problem] : [];
}

/**
 * The objects of a document: itself, or the items of a `List`; nothing if it is no manifest. What aliases lead to again
 * is no other object, and may be the list that they stand in.
 */
function resourcesOf(document: ManifestDocument, root: Value, seen = new Set<number>()): readonly Resource[] {
  if (seen.has(root.span.start)) return [];
  seen.add(root.span.start);
  const apiVersion = root.at('apiVersion').text;
  const kind = root.at('kind').text;
  // SOPS without `encrypted_regex` encrypts these as well, so nothing is known of the object but its keys.
  if (!apiVersion || !kind || apiVersion.startsWith('ENC[')) return [];
  if (kind.endsWith('List') && root.at('items').kind === 'sequence') {
    return root
      .at('items')
      .items()
      .flatMap(item => resourcesOf(document, item, seen));
  }
  return root.at('metadata', 'name').text ? [new Resource(document, root)] : [];
}
