import type { WorkspaceEdit } from 'vscode-languageserver';
import { type CredentialGroup, credentialGroups } from '../../analysis/credentials/groups';
import type { CredentialPlace } from '../../analysis/credentials/places';
import { fillObstacle, planCredentials } from '../../analysis/credentials/plan';
import { storesInUse } from '../../analysis/credentials/stores';
import {
  type CredentialsParams,
  type CredentialsResult,
  credentialsRequest,
  externalSecretsRequest,
  type SecretStore,
  type WireCredential,
  type WireSecret,
} from '../../protocol/editing';
import type { WireLocation } from '../../protocol/messages';
import { externalSecrets } from '../../rules/secrets/external-secrets';
import type { Deployment } from '../deployment';
import type { Session } from '../session';
import { toRange } from '../to-lsp';
import { editOf } from './code-actions';
import type { Feature } from './feature';

/**
 * Tells the client where credentials go. The values themselves are made by the client: what is sent over this
 * connection may be written to a log by the setting `trace.server`.
 */
export const editingCredentials: Feature = { offer };

function offer(session: Session): void {
  const { connection } = session;
  connection.onRequest(credentialsRequest, ({ at }: CredentialsParams): CredentialsResult => {
    const deployments = session.deployments.filter(one => one.isScanned && (!at || one.holds(at.uri)));
    return {
      credentials: deployments.flatMap(one => credentialsOf(one, at)),
      secrets: deployments.flatMap(secretsOf),
      inUse: [...new Set(deployments.flatMap(inUse))],
    };
  });
  connection.onRequest(
    externalSecretsRequest,
    (): WorkspaceEdit => ({
      documentChanges: session.deployments
        .filter(one => one.isScanned)
        .flatMap(one => editOf(session, one, externalSecrets(one.workspace))?.documentChanges ?? []),
    }),
  );
}

function credentialsOf(deployment: Deployment, at: WireLocation | undefined): readonly WireCredential[] {
  const { workspace } = deployment;
  const file = at && workspace.file(at.uri);
  const asked = at && file && { uri: at.uri, offset: file.lines.offset(at.range.start) };
  return credentialGroups(workspace)
    .filter(group => !at || (asked && group.places.some(place => holds(place, asked))))
    .map(group => toWire(deployment, group));
}

function toWire({ workspace }: Deployment, group: CredentialGroup): WireCredential {
  const obstacle = fillObstacle(group);
  return {
    title: group.title,
    ...(group.kind === undefined ? {} : { kind: group.kind }),
    ...(obstacle === undefined ? {} : { obstacle }),
    places: group.places.flatMap(({ at, form, isOpen, label }) => {
      const file = workspace.file(at.uri);
      return file ? [{ uri: at.uri, range: toRange(file, at.span), label, form, isOpen }] : [];
    }),
  };
}

/** Whether the cursor is on the entry: from its key to the end of its value, or of the part that is the credential. */
function holds({ entry, at }: CredentialPlace, asked: { readonly uri: string; readonly offset: number }): boolean {
  const spans = [entry.key.span, at.span, entry.span];
  return at.uri === asked.uri && spans.some(({ start, end }) => start <= asked.offset && asked.offset <= end);
}

function secretsOf({ workspace }: Deployment): readonly WireSecret[] {
  const found = new Map<object, WireSecret>();
  for (const { resource, document } of planCredentials(workspace).credentials.flatMap(one => one.places)) {
    if (resource?.qualifiedKind !== 'Secret') continue;
    const { name, namespace } = resource;
    const { file, span } = document;
    found.set(document, {
      uri: file.uri,
      range: toRange(file, span),
      name,
      ...(namespace === undefined ? {} : { namespace }),
    });
  }
  return [...found.values()];
}

function inUse({ workspace }: Deployment): readonly SecretStore[] {
  const { usesSealedSecrets, usesSops, externalStore } = storesInUse(workspace);
  return [
    ...(usesSealedSecrets ? (['sealed-secret'] as const) : []),
    ...(externalStore ? (['external-secret'] as const) : []),
    ...(usesSops ? (['sops'] as const) : []),
  ];
}
