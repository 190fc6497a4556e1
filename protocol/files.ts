/**
 * Requests server → client, by which the server gets at what is not on a disk of its own: in a browser nothing is, and a
 * folder may be a repository that is opened without a checkout. Addresses are the editor's own. A server that was given
 * folders of its disk never sends them, so that other clients need not answer.
 */

/** Request, {@link FileParams} → {@link FoundFile}. */
export const fileKindRequest = 'matrixPreflight/fileKind';
/** Request, {@link FileParams} → {@link WireEntry}[]; fails if the directory cannot be read. */
export const readDirectoryRequest = 'matrixPreflight/readDirectory';
/** Request, {@link ReadFileParams} → {@link WireContent}; fails if the file cannot be read. */
export const readFileRequest = 'matrixPreflight/readFile';
/** Request, {@link OwnFileParams} → {@link WireContent}, a file that comes with the extension. */
export const readOwnFileRequest = 'matrixPreflight/readOwnFile';

export interface FileParams {
  readonly uri: string;
}

export interface ReadFileParams extends FileParams {
  /** How many bytes the file may have; larger ones are not read. */
  readonly largest: number;
}

export interface OwnFileParams {
  /** Relative to the extension, with forward slashes. */
  readonly path: string;
}

export type FileKind = 'file' | 'directory';

/** An entry of a directory that is a file or a directory, itself or behind a symbolic link. */
export interface WireEntry {
  readonly name: string;
  readonly kind: FileKind;
  readonly isLink: boolean;
}

/** What is at an address: nothing where there is no kind. */
export interface FoundFile {
  readonly kind?: FileKind;
}

export interface WireContent {
  /** Without a byte order mark; absent where the file is larger than was asked for. */
  readonly text?: string;
}
