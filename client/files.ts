import { FileType, Uri, workspace } from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import {
  type FileKind,
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

/** Reads what the server cannot read by itself: files of the workspace, and those that come with the extension. */
export function answerFileRequests(client: BaseLanguageClient, extensionUri: Uri): void {
  client.onRequest(fileKindRequest, async ({ uri }: FileParams): Promise<FoundFile> => {
    const kind = await workspace.fs.stat(Uri.parse(uri)).then(
      ({ type }) => kindOf(type),
      () => undefined,
    );
    return kind ? { kind } : {};
  });
  client.onRequest(readDirectoryRequest, async ({ uri }: FileParams): Promise<WireEntry[]> => {
    const entries = await workspace.fs.readDirectory(Uri.parse(uri));
    return entries.flatMap(([name, type]) => {
      const kind = kindOf(type);
      return kind ? [{ name, kind, isLink: (type & FileType.SymbolicLink) !== 0 }] : [];
    });
  });
  client.onRequest(readFileRequest, async ({ uri, largest }: ReadFileParams): Promise<WireContent> => {
    const file = Uri.parse(uri);
    const { size } = await workspace.fs.stat(file);
    return size > largest ? {} : { text: await textOf(file) };
  });
  client.onRequest(
    readOwnFileRequest,
    async ({ path }: OwnFileParams): Promise<WireContent> => ({ text: await textOf(Uri.joinPath(extensionUri, path)) }),
  );
}

async function textOf(file: Uri): Promise<string> {
  return new TextDecoder().decode(await workspace.fs.readFile(file));
}

function kindOf(type: FileType): FileKind | undefined {
  if (type & FileType.Directory) return 'directory';
  return type & FileType.File ? 'file' : undefined;
}
