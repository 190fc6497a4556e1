import assert from 'node:assert/strict';
import { FileChangeType } from 'vscode-languageserver';
import {
  type FileParams,
  type FoundFile,
  fileKindRequest,
  type ReadFileParams,
  readDirectoryRequest,
  readFileRequest,
  type WireContent,
  type WireEntry,
} from '../../protocol/files';
import { type Client, startClient } from './client';

const rootUri = 'vscode-vfs://github/someone/deployment';
const broken = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: broken\n data: {}\n';

describe('a folder that only the editor can read', () => {
  it('is read through it, but for links and what is no manifest, and again when it changes', async () => {
    const asked: string[] = [];
    const files = new Map([
      ['a (b)/c+d.yaml', broken],
      ['node_modules/x.yaml', broken],
      ['picture.png', broken],
      ['large.yaml', 'x'.repeat(9 * 1024 * 1024)],
      ['binary.yaml', 'a\0b'],
      ['denied.yaml', broken],
      ['secret/x.yaml', broken],
    ]);
    const pathOf = (uri: string) => {
      assert.ok(uri.startsWith(rootUri));
      const path = decodeURIComponent(uri.slice(rootUri.length + 1));
      asked.push(path);
      return path;
    };
    const client = await startClient(new Map(), {
      elsewhere: {
        rootUri,
        answer(connection) {
          connection.onRequest(fileKindRequest, ({ uri }: FileParams): FoundFile => {
            const path = pathOf(uri);
            if (files.has(path)) return { kind: 'file' };
            return [...files.keys()].some(file => file.startsWith(`${path}/`)) ? { kind: 'directory' } : {};
          });
          connection.onRequest(readDirectoryRequest, ({ uri }: FileParams): WireEntry[] => {
            const path = pathOf(uri);
            if (path === 'secret') throw new Error('NoPermissions (FileSystemError): secret');
            const below = [...files.keys()].filter(file => path === '' || file.startsWith(`${path}/`));
            const names = new Set(below.map(file => file.slice(path === '' ? 0 : path.length + 1).split('/')[0] ?? ''));
            const entries = [...names].map((name): WireEntry => {
              const isFile = files.has(path === '' ? name : `${path}/${name}`);
              return { name, kind: isFile ? 'file' : 'directory', isLink: false };
            });
            return path === '' ? [...entries, { name: 'loop', kind: 'directory', isLink: true }] : entries;
          });
          connection.onRequest(readFileRequest, ({ uri, largest }: ReadFileParams): WireContent => {
            const path = pathOf(uri);
            if (path === 'denied.yaml') throw new Error('NoPermissions (FileSystemError): denied.yaml');
            const text = files.get(path) ?? assert.fail(path);
            return text.length > largest ? {} : { text };
          });
        },
      },
    });
    try {
      await client.ready();
      assert.deepEqual(asked.sort(), [
        '',
        'a (b)',
        'a (b)/c+d.yaml',
        'binary.yaml',
        'denied.yaml',
        'large.yaml',
        'secret',
      ]);
      assert.deepEqual(await codes(client, 'a%20%28b%29/c%2Bd.yaml'), ['yaml-syntax']);
      const why = async (path: string) => (await client.pull(path)).map(({ message }) => message).join();
      assert.match(await why('large.yaml'), /larger than 8 MiB/);
      assert.match(await why('binary.yaml'), /not a text file/);
      assert.match(await why('denied.yaml'), /permission is denied/);
      assert.match(await why('secret'), /permission is denied/);

      files.set('binary.yaml', broken);
      const changes = [{ uri: client.uri('binary.yaml'), type: FileChangeType.Changed }];
      await client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
      files.delete('large.yaml');
      const gone = [{ uri: client.uri('large.yaml'), type: FileChangeType.Deleted }];
      await client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes: gone });
      // The folder is read while other messages are answered, so what it says is asked for until it is there.
      while ((await codes(client, 'large.yaml')).length > 0);
      assert.deepEqual(await codes(client, 'binary.yaml'), ['yaml-syntax']);
    } finally {
      await client.stop();
    }
  });
});

async function codes(client: Client, path: string): Promise<readonly string[]> {
  return (await client.pull(path)).map(({ code }) => String(code));
}
