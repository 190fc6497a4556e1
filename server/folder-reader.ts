/** How the server gets at the files of a folder: from disk in Node, through the client in a browser. */
export interface FolderReader {
  /** All relevant files below a folder, some at a time, so that the server can answer in between. */
  read(rootUri: string): AsyncIterable<readonly ReadFile[]>;
  /** One file; undefined if it is gone or does not matter. */
  readFile(rootUri: string, uri: string): Promise<ReadFile | undefined>;
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
