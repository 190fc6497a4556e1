import { rootOf } from './embedded';
import type { SourceFile } from './file';
import { recoverTree } from './recover';
import { Resource } from './resource';
import { ScalarReads } from './scalar-reads';
import type { Place, Span } from './span';
import { changedScalars, isTree, pathOf, readTree, type SyntaxProblem, type Tree } from './tree';
import type { TreeSource, Value } from './value';

/**
 * One YAML document of a file.
 *
 * Its tree may be replaced by one of the same structure, after an edit of comments, white space or single values, and
 * it may move in its file; its resources stay, and of what is derived from them only what has read a changed value is
 * computed again. Any other edit makes a new document: one of structure, or of what its resources are called.
 */
export class ManifestDocument implements TreeSource {
  readonly file: SourceFile;
  /** What keeps the document from being read; its tree is then only good for editing help. */
  readonly problems: readonly SyntaxProblem[];
  readonly linePrefix = '';
  readonly resources: readonly Resource[];
  /** Whether a template engine has to fill the text in before it is YAML; such a document is left alone. */
  readonly isTemplate: boolean;
  /** Where the document begins in its file. */
  offset: number;
  /** Its position among the documents of the file. */
  index: number;
  #tree: Tree;
  readonly #reads = new ScalarReads();

  constructor(file: SourceFile, text: string, offset: number, index: number) {
    this.file = file;
    this.offset = offset;
    this.index = index;
    const read = readTree(text);
    this.isTemplate = isTemplate(text);
    if (isTree(read)) {
      this.#tree = read;
      this.problems = [];
    } else if (this.isTemplate) {
      this.#tree = recoverTree(text).tree;
      this.problems = [];
    } else {
      const recovered = recoverTree(text);
      this.#tree = recovered.tree;
      this.problems = recovered.problems.length > 0 ? recovered.problems : refusedBySome(read);
    }
    this.resources = this.problems.length > 0 || this.isTemplate ? [] : resourcesOf(this, this.root);
  }

  get tree(): Tree {
    return this.#tree;
  }

  /** The tree for those who walk it themselves: any change of a value concerns them. */
  get wholeTree(): Tree {
    this.#reads.readAll();
    return this.#tree;
  }

  get text(): string {
    this.#reads.readAll();
    return this.#tree.text;
  }

  read(node: number): void {
    this.#reads.read(node);
  }

  get root(): Value {
    return rootOf(this);
  }

  /** A place that moves with the document. */
  place(start: number, end: number): Place {
    const document = this;
    return {
      uri: this.file.uri,
      get span() {
        return { start: document.offset + start, end: document.offset + end };
      },
    };
  }

  get span(): Span {
    return { start: this.offset, end: this.offset + this.text.length };
  }

  /** Takes a new text if it differs in nothing but comments, or in nothing but comments and values, and says which. */
  accept(text: string): 'comments' | 'values' | undefined {
    if (text === this.text) return 'comments';
    // Comments that show commands say what is created by hand; what is looked up there has to be looked up anew.
    if (this.problems.length > 0 || commandInComment.test(text) || commandInComment.test(this.text)) return undefined;
    const read = readTree(text);
    const changed = isTree(read) ? changedScalars(this.#tree, read) : undefined;
    if (!isTree(read) || !changed) return undefined;
    const hasValues = changed.length > 0;
    if (hasValues && (this.isTemplate || isTemplate(text) || changed.some(node => isIdentity(this.#tree, node))))
      return undefined;
    this.#tree = read;
    if (hasValues) this.#reads.changed(changed);
    return hasValues ? 'values' : 'comments';
  }

  /** Kind and name of what a broken document seems to declare, so that references to it are not called missing. */
  get declared(): readonly { readonly kind: string; readonly name: string }[] {
    if (this.problems.length === 0) return [];
    const kind = /^kind:[ \t]*["']?([\w.-]+)/m.exec(this.text)?.[1];
    const name = /^metadata:[ \t]*\r?\n(?:[ \t]+[^\n]*\n|[ \t]*(?:#[^\n]*)?\n)*?[ \t]+name:[ \t]*["']?([\w.-]+)/m.exec(
      this.text,
    )?.[1];
    return kind && name ? [{ kind, name }] : [];
  }
}

const commandInComment = /#[^\n]*\b(?:kubectl|helm)\b/;

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
 * Whether Go template actions stand where YAML expects a key, a value or an item. Inside quotes, comments and block
 * scalars `{{ … }}` is text: Prometheus rules and dashboards are full of it.
 */
function isTemplate(text: string): boolean {
  return (
    text.includes('{{') &&
    /^[ ]*(?:- )*(?:[\w./-]+:[ ]+)?\{\{-?[ ]*(?:[.$\w(]|\/\*)[^\n]*\}\}/m.test(withoutBlockScalars(text))
  );
}

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

/** The objects of a document: itself, or the items of a `List`; nothing if it is no manifest. */
function resourcesOf(document: ManifestDocument, root: Value): readonly Resource[] {
  const apiVersion = root.at('apiVersion').text;
  const kind = root.at('kind').text;
  if (!apiVersion || !kind) return [];
  if (kind.endsWith('List') && root.at('items').kind === 'sequence') {
    return root
      .at('items')
      .items()
      .flatMap(item => resourcesOf(document, item));
  }
  return root.at('metadata', 'name').text ? [new Resource(document, root)] : [];
}
