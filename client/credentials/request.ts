import { Position, type TextDocument, Uri, workspace } from 'vscode';
import type { FillCredential, FillPlace } from '../../credentials/fill';
import {
  type CredentialsParams,
  type CredentialsResult,
  credentialsRequest,
  type WireCredential,
  type WireCredentialPlace,
} from '../../protocol/editing';
import type { WireRange } from '../../protocol/messages';
import type { Server } from '../server';

/** What the server knows of credentials, with the texts of the files that it speaks of. */
export interface KnownCredentials extends CredentialsResult {
  readonly documents: ReadonlyMap<string, TextDocument>;
}

/**
 * Asks the server where credentials go and opens the files. Throws when one of them was edited meanwhile: the places
 * would be others, and what is written there is nothing to be wrong about.
 */
export async function requestCredentials(server: Server, params: CredentialsParams): Promise<KnownCredentials> {
  await server.ready();
  const before = new Map(workspace.textDocuments.map(document => [document.uri.toString(), document.version]));
  const result = await server.client.sendRequest<CredentialsResult>(credentialsRequest, params);
  const documents = new Map<string, TextDocument>();
  const uris = new Set([
    ...result.credentials.flatMap(({ places }) => places.map(({ uri }) => uri)),
    ...result.secrets.map(({ uri }) => uri),
  ]);
  for (const uri of uris) {
    const document = await workspace.openTextDocument(Uri.parse(uri));
    const version = before.get(document.uri.toString());
    if (version !== undefined && version !== document.version)
      throw new Error('a file has been edited meanwhile. Run the command again.');
    documents.set(uri, document);
  }
  return { ...result, documents };
}

/** A credential with the places that are to be written, for the generator. */
export function toFill(
  { kind, places }: WireCredential,
  documents: ReadonlyMap<string, TextDocument>,
  options: { readonly replaceReal: boolean },
): FillCredential {
  const source = options.replaceReal ? undefined : places.find(place => !place.isOpen);
  return {
    kind,
    places: places.filter(place => options.replaceReal || place.isOpen).flatMap(place => toPlace(place, documents)),
    source: source && toPlace(source, documents)[0],
  };
}

/** The offsets of a range in the document that it is about. */
export function offsets(document: TextDocument, { start, end }: WireRange): { start: number; end: number } {
  return {
    start: document.offsetAt(document.validatePosition(toPosition(start))),
    end: document.offsetAt(document.validatePosition(toPosition(end))),
  };
}

function toPlace(place: WireCredentialPlace, documents: ReadonlyMap<string, TextDocument>): readonly FillPlace[] {
  const document = documents.get(place.uri);
  if (!document) return [];
  return [{ uri: place.uri, ...offsets(document, place.range), form: place.form, label: place.label }];
}

function toPosition({ line, character }: WireRange['start']): Position {
  return new Position(line, character);
}
