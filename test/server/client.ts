import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic, DocumentDiagnosticReport, InitializeResult } from 'vscode-languageserver';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { type StatusParams, statusNotification } from '../../protocol/messages';

/** A language client over standard input and output, as small as a test needs. */
export interface Client {
  readonly connection: MessageConnection;
  readonly root: string;
  readonly initialized: InitializeResult;
  uri(path: string): string;
  open(path: string, text: string): void;
  /** Replaces a range of an open document. */
  edit(path: string, version: number, range: { line: number; from: number; to: number }, text: string): void;
  pull(path: string): Promise<readonly Diagnostic[]>;
  /** The diagnostics pushed last, by path. */
  readonly pushed: ReadonlyMap<string, readonly Diagnostic[]>;
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the bundled server on a folder with some files. */
export async function startClient(
  files: ReadonlyMap<string, string>,
  options: {
    pulls?: boolean;
    server?: readonly string[];
    initializationOptions?: unknown;
    /** Where the client says that the folder is, and how it answers what the server asks it; otherwise it is on disk. */
    elsewhere?: { readonly rootUri: string; answer(connection: MessageConnection): void };
    /** Further capabilities of `workspace` and `textDocument`. */
    capabilities?: { readonly workspace?: object; readonly textDocument?: object };
  } = {},
): Promise<Client> {
  const root = mkdtempSync(join(tmpdir(), 'preflight (a+b) '));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const server: ChildProcess = spawn(process.execPath, [...(options.server ?? ['dist/server.js', '--stdio'])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (!server.stdin || !server.stdout) throw new Error('the server has no standard streams');
  const connection = createMessageConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  const pushed = new Map<string, readonly Diagnostic[]>();
  // As VS Code writes it; a URL leaves these characters.
  const diskUri = pathToFileURL(root).href.replace('(', '%28').replace('+', '%2B').replace(')', '%29');
  const rootUri = options.elsewhere?.rootUri ?? diskUri;
  const uri = (path: string): string => `${rootUri}/${path}`;
  let isReady = false;
  let tellReady = (): void => {};
  const readiness = new Promise<void>(resolve => {
    tellReady = resolve;
  });
  connection.onNotification(statusNotification, (status: StatusParams) => {
    if (status.state === 'ready' && !isReady) {
      isReady = true;
      tellReady();
    }
  });
  connection.onNotification('textDocument/publishDiagnostics', (params: { uri: string; diagnostics: Diagnostic[] }) => {
    pushed.set(params.uri.slice(rootUri.length + 1), params.diagnostics);
  });
  connection.onRequest('client/registerCapability', () => null);
  connection.onRequest('window/workDoneProgress/create', () => null);
  connection.onRequest('workspace/diagnostic/refresh', () => null);
  options.elsewhere?.answer(connection);
  connection.listen();
  const initialized: InitializeResult = await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri,
    workspaceFolders: [{ uri: rootUri, name: 'test' }],
    ...(options.initializationOptions === undefined ? {} : { initializationOptions: options.initializationOptions }),
    capabilities: {
      textDocument: { ...(options.pulls === false ? {} : { diagnostic: {} }), ...options.capabilities?.textDocument },
      workspace: {
        ...options.capabilities?.workspace,
        workspaceEdit: { documentChanges: true, changeAnnotationSupport: {} },
        diagnostics: { refreshSupport: true },
      },
      window: { workDoneProgress: true },
    },
  });
  void connection.sendNotification('initialized', {});
  return {
    connection,
    root,
    initialized,
    uri,
    pushed,
    open(path, text) {
      void connection.sendNotification('textDocument/didOpen', {
        textDocument: { uri: uri(path), languageId: 'yaml', version: 1, text },
      });
    },
    edit(path, version, { line, from, to }, text) {
      const range = { start: { line, character: from }, end: { line, character: to } };
      void connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: uri(path), version },
        contentChanges: [{ range, text }],
      });
    },
    async pull(path) {
      const report: DocumentDiagnosticReport = await connection.sendRequest('textDocument/diagnostic', {
        textDocument: { uri: uri(path) },
      });
      return report.kind === 'full' ? report.items : [];
    },
    ready: () => readiness,
    async stop() {
      await connection.sendRequest('shutdown');
      const gone = new Promise(resolve => server.once('exit', resolve));
      void connection.sendNotification('exit');
      await gone;
      connection.dispose();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
