import { getActiveSub, signal } from 'alien-signals';
import type { Difference } from './difference';
import { linesAround } from './lines';
import { announce, type Version } from './node-reads';
import { nodeKind, type ScalarTest, scalarsThat, scalarText, type Tree } from './tree';

/**
 * What is looked for all over a document, by test. Whoever has asked depends on what was found and not on the whole
 * text, so an edit costs the test of what it touches.
 */
export class Searches {
  readonly #lines = new Map<RegExp, Search<string>>();
  readonly #scalars = new Map<ScalarTest, Search<number>>();

  /** The lines of a text that match. */
  lines(pattern: RegExp, text: string): readonly string[] {
    return known(this.#lines, pattern, () => matchingLines(text, pattern));
  }

  /** Ids of the scalars of a tree whose text passes a test, in source order. */
  scalars(test: ScalarTest, tree: Tree, idOf: (node: number) => number): readonly number[] {
    return known(this.#scalars, test, () => scalarsThat(tree, test).map(idOf));
  }

  /** Follows an edit of the text; says whether it touches a line that somebody has looked for. */
  followLines(before: string, now: string, { before: old, now: written }: Difference): boolean {
    if (this.#lines.size === 0) return false;
    const touched = [linesAround(before, old.start, old.end), linesAround(now, written.start, written.end)];
    let isTouched = false;
    for (const [pattern, search] of this.#lines) {
      if (!touched.some(lines => pattern.test(lines))) continue;
      isTouched = true;
      renew(search, matchingLines(now, pattern));
    }
    return isTouched;
  }

  /** Follows an edit of scalars alone, whose nodes are those of the tree before. */
  followScalars(before: Tree, now: Tree, nodes: readonly number[], idOf: (node: number) => number): void {
    for (const [test, search] of this.#scalars) {
      const passes = (tree: Tree, node: number) => nodeKind(tree, node) === 'scalar' && test(scalarText(tree, node));
      if (nodes.some(node => passes(before, node) !== passes(now, node)))
        renew(search, scalarsThat(now, test).map(idOf));
    }
  }

  /** Follows an edit of the structure. */
  followStructure(now: Tree, idOf: (node: number) => number): void {
    for (const [test, search] of this.#scalars) {
      const found = scalarsThat(now, test).map(idOf);
      if (found.length !== search.found.length || found.some((id, at) => id !== search.found[at])) renew(search, found);
    }
  }
}

interface Search<T> {
  found: readonly T[];
  /** For those who have asked and have to be told; nobody may have. */
  version?: Version;
}

function known<Test, T>(searches: Map<Test, Search<T>>, test: Test, find: () => readonly T[]): readonly T[] {
  let search = searches.get(test);
  if (!search) {
    search = { found: find() };
    searches.set(test, search);
  }
  if (getActiveSub() !== undefined) {
    search.version ??= signal(0);
    search.version();
  }
  return search.found;
}

function renew<T>(search: Search<T>, found: readonly T[]): void {
  search.found = found;
  announce(search.version);
}

/** Asking for the text as a whole first is cheaper where nothing is found, as in most. */
function matchingLines(text: string, pattern: RegExp): readonly string[] {
  return pattern.test(text) ? text.split('\n').filter(line => pattern.test(line)) : [];
}
