import { decodeBase64 } from '../manifests/base64';
import { decodedValue } from '../manifests/decoded-value';
import { ofText } from '../manifests/derived';
import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';

/** One key of a Secret manifest with what a container gets from it. */
export interface SecretEntry {
  readonly key: string;
  /** The scalar as written, base64 text under `data`. */
  readonly value: Value;
  /** Whether the entry stands under `data`, where values are base64. */
  readonly isEncoded: boolean;
  /** The decoded text; undefined where `data` holds no base64 or no text, for null, and for what {@link isKeptElsewhere} tells. */
  readonly text: string | undefined;
}

/** A key of a Secret. `stringData` wins over `data`, as in the API server. Undefined if the manifest has no such key. */
export function secretEntry(secret: Resource, key: string): SecretEntry | undefined {
  const plain = secret.root.at('stringData', key);
  if (plain.exists)
    return { key, value: plain, isEncoded: false, text: isKeptElsewhere(secret, plain.text) ? undefined : plain.text };
  const encoded = secret.root.at('data', key);
  if (!encoded.exists) return undefined;
  const text = encoded.text === undefined ? undefined : decodeBase64(encoded.text);
  const isElsewhere = isKeptElsewhere(secret, encoded.text) || isKeptElsewhere(secret, text);
  return { key, value: encoded, isEncoded: true, text: isElsewhere ? undefined : text };
}

/**
 * Whether a text of an object stands for a value that is kept elsewhere: one of those that {@link isStandIn} tells, or one
 * with words in angle brackets in an object that the Vault plugin of Argo CD fills in.
 */
export function isKeptElsewhere(resource: Resource, text: string | undefined): boolean {
  return isStandIn(text) || (text !== undefined && /<[^<>\n]+>/.test(text) && isFilledByVaultPlugin(resource));
}

/**
 * Whether the Vault plugin of Argo CD puts values in place of the words in angle brackets of an object, from the path
 * that an annotation names (argocd-vault-plugin documentation, How it works).
 */
export function isFilledByVaultPlugin({ root }: Resource): boolean {
  const annotations = root.at('metadata', 'annotations');
  return annotations.at('avp.kubernetes.io/path').exists && annotations.at('avp.kubernetes.io/ignore').text !== 'true';
}

/**
 * Whether a text stands for a value that is kept elsewhere, encrypted or in a vault, and is put in before the object is
 * used: SOPS' `ENC[…]` (getsops.io/docs, "Encrypting only parts of a file"), `<path:…#key>` of the Argo CD Vault Plugin,
 * `<secret:…~key>` and `<vault:…~key>` of argocd-vault-replacer (its README), `ref+vault://…` of vals, `vault:…#key` of the
 * Bank-Vaults webhook, `op://…` of 1Password.
 */
export function isStandIn(text: string | undefined): boolean {
  return text !== undefined && standIn.test(text);
}

/** The same of a scalar; whoever asks depends on no more of its text. */
export function holdsStandIn(value: Value): boolean {
  return [...value.scalars(isStandIn)].length > 0;
}

const standIn =
  /^\s*(?:ENC\[AES256_GCM,data:|<(?:path|secret|vault):[^>]+>\s*$|ref\+[a-z]\w*:\/\/|(?:>>)?vault:\S+#\S+\s*$|op:\/\/\S+\s*$)/;

/** All keys of a Secret, those of `stringData` last. */
export function secretEntries(secret: Resource): readonly SecretEntry[] {
  const keys = new Set([...secret.root.at('data').keys(), ...secret.root.at('stringData').keys()]);
  return [...keys].flatMap(key => secretEntry(secret, key) ?? []);
}

/**
 * The texts under the keys of a Secret or ConfigMap as a container gets them. What stands in base64 is decoded, and all
 * of it stands where the base64 text does; bytes that are no text are left out.
 */
export function keyTexts(source: Resource): readonly (readonly [key: string, text: Value])[] {
  const isSecret = source.kind === 'Secret';
  const plain = source.root.at(isSecret ? 'stringData' : 'data').entries();
  const encoded = source.root.at(isSecret ? 'data' : 'binaryData').entries();
  const own = new Set(plain.map(([key]) => key));
  return [
    ...encoded.flatMap(([key, value]) => {
      const text = own.has(key) ? undefined : decodedText(value);
      return text ? [[key, text] as const] : [];
    }),
    ...plain,
  ];
}

/** What a base64 scalar stands for; undefined if it is no base64 or no text. */
export function decodedText(value: Value): Value | undefined {
  return value.text !== undefined && decoded(value.text) !== undefined ? decodedValue(value, decoded) : undefined;
}

/** A Secret is asked for by every container that mounts it. */
const decoded = ofText(decodeBase64);
