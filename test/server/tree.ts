import assert from 'node:assert/strict';
import type { Location, Position, Range, TextDocumentEdit, TextEdit, WorkspaceEdit } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type Marked, shownPlace } from '../analysis/occurrences/marked';
import type { Client } from './client';

/** The open documents of a server, all of which a test replaces at once. */
export class Tree {
  readonly #client: Client;
  readonly #documents = new Map<string, TextDocument>();
  marked: readonly string[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  set(files: ReadonlyMap<string, string>, { marked }: Pick<Marked, 'marked'> = { marked: [] }): void {
    this.marked = marked;
    const paths = new Set([...this.#documents.keys(), ...files.keys()]);
    for (const path of paths) this.#setFile(path, files.get(path) ?? '');
  }

  positionOf(path: string, offset: number): Position {
    return this.#document(path).positionAt(offset);
  }

  textOf(path: string, at: Range): string {
    return this.#document(path).getText(at);
  }

  shown(locations: readonly Location[]): readonly string[] {
    return locations
      .map(({ uri, range: at }) => {
        const path = uri.slice(this.#client.uri('').length);
        const document = this.#document(path);
        return shownPlace(path, document.getText(), document.offsetAt(at.start), document.offsetAt(at.end));
      })
      .sort();
  }

  /** The files that an edit changes, as they are after it. */
  edited(edit: WorkspaceEdit): Readonly<Record<string, string>> {
    const texts: Record<string, string> = {};
    for (const change of (edit.documentChanges ?? []) as TextDocumentEdit[]) {
      const path = change.textDocument.uri.slice(this.#client.uri('').length);
      const document = this.#document(path);
      assert.equal(change.textDocument.version, document.version);
      texts[path] = TextDocument.applyEdits(document, change.edits as TextEdit[]);
    }
    return texts;
  }

  #setFile(path: string, text: string): void {
    const version = (this.#documents.get(path)?.version ?? 0) + 1;
    this.#documents.set(path, TextDocument.create(this.#client.uri(path), 'yaml', version, text));
    if (version === 1) this.#client.open(path, text);
    else
      void this.#client.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: this.#client.uri(path), version },
        contentChanges: [{ text }],
      });
  }

  #document(path: string): TextDocument {
    const document = this.#documents.get(path);
    assert.ok(document, path);
    return document;
  }
}
