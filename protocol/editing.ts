/**
 * What the commands ask the server for that change many files at once. The server answers with places and with edits
 * that hold no credential: values are made in the client, so that neither the connection nor its trace has them.
 */
import type { CredentialKind } from '../analysis/credentials/kinds';
import type { CredentialForm } from '../analysis/credentials/places';
import type { WireLocation } from './messages';

export type { CredentialKind } from '../analysis/credentials/kinds';

/** Request, {@link CredentialsParams} → {@link CredentialsResult}. No value of a Secret is in the answer. */
export const credentialsRequest = 'matrixPreflight/credentials';

export interface CredentialsParams {
  /** Only the credential at a place; absent for all of them. */
  readonly at?: WireLocation;
}
export interface CredentialsResult {
  readonly credentials: readonly WireCredential[];
  /** The Secrets that have an open place, for those who keep values elsewhere than in them. */
  readonly secrets: readonly WireSecret[];
  /** How the tree keeps secrets already; empty if in no way but plain Secrets. */
  readonly inUse: readonly SecretStore[];
}
/** One value and all places that have to hold it. */
export interface WireCredential {
  readonly title: string;
  /** Absent where nobody but an issuer can make the value. */
  readonly kind?: CredentialKind;
  readonly places: readonly WireCredentialPlace[];
  /** Why its placeholders are not to be filled, as a sentence; absent where they may be. */
  readonly obstacle?: string;
}
export interface WireCredentialPlace extends WireLocation {
  /** Without the value: `REDIS_PASSWORD of Secret synapse-secrets`. */
  readonly label: string;
  readonly form: CredentialForm;
  /** Whether a placeholder or nothing stands there; anything else is real and is replaced on request only. */
  readonly isOpen: boolean;
}
export interface WireSecret extends WireLocation {
  readonly name: string;
  readonly namespace?: string;
}
/** Where values can be kept: a file that git ignores, the manifests themselves, or what keeps them encrypted. */
export type SecretStore = 'plain' | 'local' | 'external-secret' | 'sealed-secret' | 'sops';

/**
 * Request, no parameters → LSP WorkspaceEdit: an ExternalSecret for every Secret with placeholders, and those
 * placeholders taken out of it.
 */
export const externalSecretsRequest = 'matrixPreflight/externalSecrets';

/** Request, no parameters → {@link DomainSummary}[], the likeliest to be replaced first. */
export const domainsRequest = 'matrixPreflight/domains';
export interface DomainSummary {
  readonly domain: string;
  readonly places: number;
  /** Whether nobody can own it, as with `example.com`. */
  readonly isPlaceholder: boolean;
}
/** Request, {@link ReplaceDomainParams} → LSP WorkspaceEdit with an annotation for each kind of place. */
export const replaceDomainRequest = 'matrixPreflight/replaceDomain';
export interface ReplaceDomainParams {
  readonly from: string;
  readonly to: string;
}

/** Request, no parameters → {@link MissingResource}[]. */
export const missingResourcesRequest = 'matrixPreflight/missingResources';
export interface MissingResource {
  /** What is made: the title of the fix. */
  readonly title: string;
  /** Why it is missed: the message of the finding. */
  readonly reason: string;
  readonly rule: string;
  readonly at: WireLocation;
  /** LSP WorkspaceEdit. */
  readonly edit: unknown;
}
