import type { Connection } from 'vscode-languageserver';
import { isBinary, isIgnored, isRelevant, largestFile, sortKey, unreadReasons } from '../files/relevant';
import {
  type FileParams,
  type FoundFile,
  fileKindRequest,
  type OwnFileParams,
  type ReadFileParams,
  readDirectoryRequest,
  readFileRequest,
  readOwnFileRequest,
  type WireContent,
  type WireEntry,
} from '../protocol/files';
import { type FolderReader, type ReadFile, uriOf } from './folder-reader';

/**
 * Reads folders through the editor, where they are not on the server's disk. Links to directories are not followed:
 * nothing tells whether one leads back to where it stands.
 */
export function editorReader(connection: Connection): FolderReader {
  const kindOf = (uri: string) => connection.sendRequest<FoundFile>(fileKindRequest, { uri } satisfies FileParams);
  const entriesOf = (uri: string) =>
    connection.sendRequest<readonly WireEntry[]>(readDirectoryRequest, { uri } satisfies FileParams);

  const readFile = async (uri: string): Promise<ReadFile> => {
    try {
      const params: ReadFileParams = { uri, largest: largestFile };
      const { text } = await connection.sendRequest<WireContent>(readFileRequest, params);
      if (text === undefined) return { uri, text: '', unread: unreadReasons.tooLarge };
      if (isBinary(text)) return { uri, text: '', unread: unreadReasons.notText };
      return { uri, text, unread: undefined };
    } catch (error) {
      return { uri, text: '', unread: reasonOf(error) };
    }
  };

  async function* walk(rootUri: string, path: string): AsyncIterable<readonly ReadFile[]> {
    const entries = (await entriesOf(path === '' ? rootUri : uriOf(rootUri, path)))
      .filter(({ name, kind, isLink }) => (kind === 'directory' ? !isLink && !isIgnored(name) : isRelevant(name)))
      .map(({ name, kind }) => ({ path: path === '' ? name : `${path}/${name}`, kind }))
      .sort((a, b) => (sortKey(a.path, a.kind === 'directory') < sortKey(b.path, b.kind === 'directory') ? -1 : 1));
    // The files of a directory are asked for at once, because each may be a request to a server far away.
    const files = entries.filter(({ kind }) => kind === 'file').map(entry => readFile(uriOf(rootUri, entry.path)));
    yield await Promise.all(files);
    for (const { path: below, kind } of entries) {
      if (kind === 'file') continue;
      try {
        yield* walk(rootUri, below);
      } catch (error) {
        yield [{ uri: uriOf(rootUri, below), text: '', unread: reasonOf(error) }];
      }
    }
  }

  return {
    async *read(rootUri, uri) {
      if (uri === undefined) return yield* walk(rootUri, '');
      const path = decodeURIComponent(uri.slice(rootUri.length + 1));
      if (path.split('/').some(isIgnored)) return;
      const { kind } = await kindOf(uri);
      if (kind === 'directory') yield* walk(rootUri, path);
      else if (kind === 'file' && isRelevant(path)) yield [await readFile(uri)];
    },
    fieldDocs: () =>
      connection
        .sendRequest<WireContent>(readOwnFileRequest, { path: 'schemas/field-docs.txt' } satisfies OwnFileParams)
        .then(
          ({ text }) => text,
          () => undefined,
        ),
  };
}

/** VS Code's file systems say what has gone wrong in the name or at the start of the message of their errors. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/NoPermissions|EACCES|EPERM/.test(message)) return unreadReasons.denied;
  if (/FileNotFound|ENOENT|nonexistent/i.test(message)) return unreadReasons.gone;
  return `reading it failed (${message})`;
}
