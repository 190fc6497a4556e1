/** How the server gets at the files of a folder: from disk in Node, through the client in a browser. */
export interface FolderReader {
  /**
   * All relevant files at or below an address in a folder, some at a time, so that the server can answer in between;
   * none where nothing is there, or nothing that matters. Addresses are the root's with the path as VS Code writes it.
   */
  read(rootUri: string, uri?: string): AsyncIterable<readonly ReadFile[]>;
  /** The text of `schemas/field-docs.txt`, which comes with the server; undefined where it cannot be had. */
  fieldDocs?(): Promise<string | undefined>;
  /** What the build has taken out of the rules, as {@link textsFrom} reads it; not needed where nothing is built. */
  ruleTexts?(): string;
}

export interface ReadFile {
  readonly uri: string;
  readonly text: string;
  readonly unread: string | undefined;
}

/**
 * The address of a path in a folder, with forward slashes, as VS Code writes it: more is escaped than {@link URL} does, and
 * an address written otherwise would be another file.
 */
export function uriOf(rootUri: string, path: string): string {
  const encoded = path
    .split('/')
    .map(encodeURIComponent)
    .join('/')
    .replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${rootUri}/${encoded}`;
}
