import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';

/** One key of a Secret manifest with what a container gets from it. */
export interface SecretEntry {
  readonly key: string;
  /** The scalar as written, base64 text under `data`. */
  readonly value: Value;
  /** Whether the entry stands under `data`, where values are base64. */
  readonly isEncoded: boolean;
  /** The decoded text; undefined where `data` holds no base64 or no text, and for null. */
  readonly text: string | undefined;
}

/** A key of a Secret. `stringData` wins over `data`, as in the API server. Undefined if the manifest has no such key. */
export function secretEntry(secret: Resource, key: string): SecretEntry | undefined {
  const plain = secret.root.at('stringData', key);
  if (plain.exists) return { key, value: plain, isEncoded: false, text: plain.text };
  const encoded = secret.root.at('data', key);
  if (!encoded.exists) return undefined;
  return {
    key,
    value: encoded,
    isEncoded: true,
    text: encoded.text === undefined ? undefined : decodeBase64(encoded.text),
  };
}

/** All keys of a Secret, those of `stringData` last. */
export function secretEntries(secret: Resource): readonly SecretEntry[] {
  const keys = new Set([...secret.root.at('data').keys(), ...secret.root.at('stringData').keys()]);
  return [...keys].flatMap(key => secretEntry(secret, key) ?? []);
}

/** Base64 to text, read as UTF-8. Line breaks are skipped, as Go does. Undefined if it is no base64 or no text. */
export function decodeBase64(text: string): string | undefined {
  try {
    const binary = atob(text.replace(/[\r\n]/g, ''));
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, char => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
