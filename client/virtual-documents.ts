import { commands, type Disposable, EventEmitter, Uri, workspace } from 'vscode';

const scheme = 'matrix-preflight';

/** Gives a document's Markdown for the last part of its address. */
export type MarkdownSource = (name: string) => Promise<string>;

/** Read-only Markdown documents that exist in the editor only, and are written anew whenever they are asked for. */
export interface VirtualDocuments extends Disposable {
  /** Takes charge of all documents of a kind. */
  serve(kind: string, source: MarkdownSource): void;
  /** Shows a document as the reader's Markdown preview; `title` names its tab. */
  show(kind: string, name: string, title: string): Promise<void>;
  /** Has the open documents of a kind written anew. */
  refresh(kind: string): void;
}

export function registerVirtualDocuments(): VirtualDocuments {
  const sources = new Map<string, MarkdownSource>();
  const changed = new EventEmitter<Uri>();
  const registration = workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: changed.event,
    // A preview that cannot be filled in would say no more than that its file is missing.
    provideTextDocumentContent: uri => sources.get(uri.authority)?.(uri.query).catch(reason) ?? '',
  });
  return {
    serve: (kind, source) => sources.set(kind, source),
    show: async (kind, name, title) => {
      const uri = Uri.from({ scheme, authority: kind, path: `/${title}.md`, query: name });
      // What was shown under this address before may be out of date.
      changed.fire(uri);
      await commands.executeCommand('markdown.showPreview', uri);
    },
    refresh: kind => {
      for (const { uri } of workspace.textDocuments) {
        if (uri.scheme === scheme && uri.authority === kind) changed.fire(uri);
      }
    },
    dispose: () => {
      registration.dispose();
      changed.dispose();
    },
  };
}

function reason(error: unknown): string {
  return `This cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
}
