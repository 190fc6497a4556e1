import type { ChangeAnnotation, TextDocumentEdit, WorkspaceEdit } from 'vscode-languageserver';
import {
  type DomainPlace,
  domainPlaceKinds,
  domainPlaces,
  isDomainName,
  replaceableDomains,
  replaceDomainAt,
} from '../../analysis/domain-places';
import {
  type DomainSummary,
  domainsRequest,
  type ReplaceDomainParams,
  replaceDomainRequest,
} from '../../protocol/editing';
import type { Deployment } from '../deployment';
import type { Session } from '../session';
import { toTextEdit } from '../to-lsp';
import type { Feature } from './feature';

/** The domain of the deployment: which ones its places name, and the edit that puts another there. */
export const editingDomain: Feature = { offer };

function offer(session: Session): void {
  const { connection } = session;
  connection.onRequest(domainsRequest, (): DomainSummary[] =>
    session.deployments.filter(one => one.isScanned).flatMap(one => replaceableDomains(one.workspace)),
  );
  connection.onRequest(replaceDomainRequest, ({ from, to }: ReplaceDomainParams): WorkspaceEdit => {
    // Anything else would be written into every configuration.
    if (!isDomainName(to) || from === '') return {};
    const found = session.deployments
      .filter(one => one.isScanned)
      .map(deployment => ({ deployment, places: domainPlaces(deployment.workspace, from) }));
    const edits = found.flatMap(({ deployment, places }) => editsOf(session, deployment, places, to));
    return {
      documentChanges: edits,
      ...(session.canAnnotateChanges ? { changeAnnotations: annotations(found.flatMap(one => one.places)) } : {}),
    };
  });
}

function editsOf(
  session: Session,
  { workspace }: Deployment,
  places: readonly DomainPlace[],
  domain: string,
): readonly TextDocumentEdit[] {
  const byUri = new Map<string, TextDocumentEdit>();
  for (const place of places) {
    const file = workspace.file(place.at.uri);
    if (!file) continue;
    const { at, newText } = replaceDomainAt(place, domain);
    const edit = {
      ...toTextEdit(file, at.span, newText),
      ...(session.canAnnotateChanges ? { annotationId: place.kind } : {}),
    };
    const known = byUri.get(at.uri);
    if (known) known.edits.push(edit);
    else byUri.set(at.uri, { textDocument: { uri: at.uri, version: session.versionOf(at.uri) }, edits: [edit] });
  }
  return [...byUri.values()];
}

/** One heading of the preview for each kind of place. */
function annotations(places: readonly DomainPlace[]): Readonly<Record<string, ChangeAnnotation>> {
  const counted = domainPlaceKinds.map(kind => [kind, places.filter(place => place.kind === kind)] as const);
  return Object.fromEntries(
    counted
      .filter(([, own]) => own.length > 0)
      .map(([kind, own]) => [
        kind,
        {
          label: kind,
          description: `${own.length} ${own.length === 1 ? 'place' : 'places'}`,
          needsConfirmation: true,
        },
      ]),
  );
}
