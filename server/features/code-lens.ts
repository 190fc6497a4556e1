import { type CodeLens, CodeLensRefreshRequest, type Command } from 'vscode-languageserver';
import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import { showReferencesCommand } from '../../protocol/client-facts';
import type { Deployment } from '../deployment';
import type { Session } from '../session';
import { toLocation, toRange } from '../to-lsp';
import { type LensText, lensKinds, lensText } from './code-lens/texts';
import type { Feature } from './feature';
import { refreshAfterChanges } from './refresh';

/**
 * Lenses above manifests: who uses an object, what isolates a workload, and which step applies a file. Listing them only
 * looks at kinds; what they say is worked out for those that come into view.
 */
export const codeLens: Feature = {
  capabilities: () => ({ codeLensProvider: { resolveProvider: true } }),
  offer,
};

/** What tells a lens until it is resolved: its object may have moved or be gone by then. */
interface LensData {
  readonly uri: string;
  readonly lens: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

function offer(session: Session): void {
  const { connection } = session;
  connection.onCodeLens(({ textDocument: { uri } }): CodeLens[] => {
    const deployment = session.isOn('codeLens.enable') ? session.deploymentOf(uri) : undefined;
    const file = deployment?.isScanned ? deployment.workspace.file(uri) : undefined;
    return file ? lensesOf(session, file) : [];
  });
  connection.onCodeLensResolve((lens): CodeLens => {
    const data = lens.data as LensData;
    const deployment = session.deploymentOf(data.uri);
    const resource = deployment && findResource(deployment, data);
    const text = deployment && resource && lensText(session, deployment, resource, data.lens);
    return {
      ...lens,
      command: text ? toCommand(session, deployment, data.uri, lens, text) : { title: '', command: '' },
    };
  });
  refreshAfterChanges(
    session,
    () => session.capabilities.workspace?.codeLens?.refreshSupport === true,
    () => connection.sendRequest(CodeLensRefreshRequest.type),
  );
}

function lensesOf(session: Session, file: SourceFile): CodeLens[] {
  const resources = file.documents.flatMap(document => document.resources);
  return resources.flatMap((resource, index) =>
    lensKinds
      .filter(({ id, isFor }) => session.isOn(`codeLens.${id}`) && isFor(resource, index === 0))
      .map(({ id }) => ({
        range: toRange(file, resource.root.key.span),
        data: {
          uri: file.uri,
          lens: id,
          kind: resource.qualifiedKind,
          ...(resource.namespace === undefined ? {} : { namespace: resource.namespace }),
          name: resource.name,
        } satisfies LensData,
      })),
  );
}

function findResource({ workspace }: Deployment, { uri, kind, namespace, name }: LensData): Resource | undefined {
  return workspace
    .file(uri)
    ?.documents.flatMap(({ resources }) => resources)
    .find(one => one.qualifiedKind === kind && one.name === name && one.namespace === namespace);
}

/** A command that shows the places, if there are any and the client can; a lens must have one to be shown at all. */
function toCommand(session: Session, { workspace }: Deployment, uri: string, lens: CodeLens, text: LensText): Command {
  const { title, places, command } = text;
  if (command !== undefined && session.canRun(command)) return { title, command };
  const locations = places.flatMap(place => toLocation(workspace, place) ?? []);
  return locations.length > 0 && session.canRun(showReferencesCommand)
    ? { title, command: showReferencesCommand, arguments: [uri, lens.range.start, locations] }
    : { title, command: '' };
}
