import type { ChecklistItemId } from '../checklist/types';

/**
 * The line of the checklist's *Replace All Placeholder Values* that asks for a credential, by the names people give
 * Secrets and their keys.
 */
export function itemOfKey(secret: string, key: string): ChecklistItemId {
  const name = `${secret} ${key}`;
  // Synapse signs events with an Ed25519 key, which is no RSA key although its file is called signing.key.
  if (/signing/i.test(key)) return 'A.1.f';
  if (/private[-_.]?key|rsa|\.pem|\.key$/i.test(key)) return 'A.1.d';
  if (/django/i.test(name) || (/key[-_]?vault/i.test(secret) && /secret[-_]key/i.test(key))) return 'A.1.c';
  if (/s3|minio|access[-_]key|secret[-_]key|console_/i.test(name)) return 'A.1.b';
  if (/jwt|macaroon|form|registration|replication|turn/i.test(key)) return 'A.1.f';
  if (/api[-_]?(?:key|secret)|apns|fcm/i.test(key)) return 'A.1.e';
  return 'A.1.a';
}

/** Whether the key was to be generated, by the checklist's *Generate Secure Credentials*: the line for its kind. */
export function generatedItemOf(item: ChecklistItemId): ChecklistItemId {
  if (item === 'A.1.c') return 'A.2.b';
  return item === 'A.1.d' ? 'A.2.c' : 'A.2.a';
}
