import { untracked } from '../../manifests/derived';
import type { SourceFile } from '../../manifests/file';
import type { Place } from '../../manifests/span';
import { type DocumentsChanged, type Index, Workspace } from '../../manifests/workspace';
import { type Alternative, alternativesOf } from '../alternatives';
import { offsetsIn, placeIn } from './printed-places';
import { plainViewsOf, type View, type ViewFile, viewsOf } from './views';

/** One of the deployments that a tree describes, as a tree of its own: what kustomizations build, or one of several plain ones. */
export interface BuiltTree {
  /** As it is now; another after an edit. */
  readonly view: View;
  readonly workspace: Workspace;
  /** Called with every change of the tree. */
  readonly listeners: Set<(change: DocumentsChanged) => void>;
  /** The file that something in the tree is printed in. */
  file(uri: string): ViewFile | undefined;
  /** Where a place of the tree stands in the files. */
  place(at: Place): Place;
  /** Where in the tree that is built which stands at an offset of a file; several for what is built several times. */
  placesOf(
    file: { readonly uri: string },
    offset: number,
  ): readonly { readonly file: SourceFile; readonly offset: number }[];
}

/** The tree as it is written, and the place in it that a place of a tree stands for, which may be one that is built of it. */
export function writtenPlace(workspace: Workspace, at: Place): { readonly workspace: Workspace; readonly at: Place } {
  const built = builtBy.get(workspace);
  return built ? { workspace: built.written, at: built.tree.place(at) } : { workspace, at };
}

/** The tree as it is written, of one that is built of it too. */
export function writtenTree(workspace: Workspace): Workspace {
  return builtBy.get(workspace)?.written ?? workspace;
}

const builtBy = new WeakMap<Workspace, { readonly tree: BuiltTree; readonly written: Workspace }>();

/**
 * The deployments that the kustomizations of a tree build, or that its plain directories are by turns; none for a tree of
 * plain manifests that is one deployment. They are kept up to date: what has not been changed by an edit stays the same objects, as in the tree itself.
 */
export function builtTrees(workspace: Workspace): readonly BuiltTree[] {
  if (workspace.lookup(kustomizationFiles, '').length === 0 && choiceOf(workspace).length === 0) {
    known.delete(workspace);
    return [];
  }
  // Whoever asks depends on every text, because any may be what is built.
  workspace.lookup(allTexts, '');
  return untracked(() => {
    const texts = workspace.files.map(({ uri, text }) => [uri, text] as const);
    const state = known.get(workspace);
    if (state && isSameTexts(state.texts, texts)) return state.trees;
    const trees = rebuilt(workspace, state?.trees ?? []);
    known.set(workspace, { texts, trees });
    return trees;
  });
}

/** The plain directories between which there is a choice; in a tree that is one of the choices there is none. */
function choiceOf(workspace: Workspace): readonly Alternative[] {
  return builtBy.has(workspace) ? [] : workspace.shared(alternativesOf);
}

interface State {
  readonly texts: Texts;
  readonly trees: readonly KeptTree[];
}

type Texts = readonly (readonly [uri: string, text: string])[];

const known = new WeakMap<Workspace, State>();

const kustomizationFiles: Index<true> = {
  name: 'kustomizations to build',
  *document({ file, root }) {
    if (file.isKustomization && root.kind === 'mapping') yield ['', true];
  },
};

const allTexts: Index<{ readonly uri: string; readonly text: string }> = {
  name: 'texts that may be built',
  *document({ file, text }) {
    yield ['', { uri: file.uri, text }];
  },
  *textFile({ uri, text }) {
    yield ['', { uri, text }];
  },
};

function isSameTexts(a: Texts, b: Texts): boolean {
  return a.length === b.length && a.every(([uri, text], at) => uri === b[at]?.[0] && text === b[at]?.[1]);
}

function rebuilt(workspace: Workspace, before: readonly KeptTree[]): readonly KeptTree[] {
  const views =
    workspace.lookup(kustomizationFiles, '').length > 0
      ? viewsOf(workspace.files)
      : plainViewsOf(workspace.files, choiceOf(workspace));
  return views.map(view => {
    const tree = before.find(one => one.view.key === view.key) ?? new KeptTree(view, workspace.isLive);
    builtBy.set(tree.workspace, { tree, written: workspace });
    tree.take(view);
    return tree;
  });
}

class KeptTree implements BuiltTree {
  readonly workspace: Workspace;
  readonly listeners = new Set<(change: DocumentsChanged) => void>();
  #view: View;
  #files: ReadonlyMap<string, ViewFile> = new Map();

  constructor(view: View, isLive: boolean) {
    this.#view = view;
    this.workspace = new Workspace({ isLive });
  }

  get view(): View {
    return this.#view;
  }

  take(view: View): void {
    const before = this.#files;
    this.#view = view;
    this.#files = new Map(view.files.map(file => [file.uri, file]));
    const changes: DocumentsChanged[] = [];
    for (const uri of before.keys()) {
      const change = this.#files.has(uri) ? undefined : this.workspace.remove(uri);
      if (change) changes.push(change);
    }
    for (const { uri, path, text, unread } of view.files) {
      const old = before.get(uri);
      if (old?.text !== text || old.unread !== unread) changes.push(this.workspace.update(uri, path, text, unread));
    }
    for (const change of changes) for (const listener of this.listeners) listener(change);
  }

  file(uri: string): ViewFile | undefined {
    return this.#files.get(uri);
  }

  place(at: Place): Place {
    const printed = this.#files.get(at.uri)?.printed;
    return printed ? (placeIn(printed, at.span) ?? this.#view.kustomization.place(0, 0)) : at;
  }
  placesOf(written: { readonly uri: string }, offset: number): ReturnType<BuiltTree['placesOf']> {
    return [...this.#files.values()].flatMap(({ uri, printed }) => {
      const file = this.workspace.file(uri);
      const offsets = printed ? offsetsIn(printed, written, offset) : uri === written.uri ? [offset] : [];
      return file ? offsets.map(one => ({ file, offset: one })) : [];
    });
  }
}
