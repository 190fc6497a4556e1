import { commands, type Disposable } from 'vscode';
import type { Location, Position } from 'vscode-languageclient';
import { showReferencesCommand } from '../protocol/client-facts';
import type { Server } from './server';

/** The command of the server's code lenses: shows places in the editor's own peek view. */
export function registerReferencesPeek(server: Server): Disposable {
  const { protocol2CodeConverter: convert } = server.client;
  // The editor's own command takes its classes only, which cannot be sent over the wire.
  return commands.registerCommand(
    showReferencesCommand,
    (uri: string, position: Position, locations: readonly Location[]) =>
      commands.executeCommand(
        'editor.action.showReferences',
        convert.asUri(uri),
        convert.asPosition(position),
        locations.map(location => convert.asLocation(location)),
      ),
  );
}
