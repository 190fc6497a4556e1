import type { CredentialKind } from '../analysis/credentials/kinds';
import { pemOf, pkcs1Of } from './pem';

/*
 * One new credential of each kind, from the platform's cryptographic random numbers (Web Crypto, which Node and
 * browsers share). The alphabets hold nothing that a consumer reads in its own way: sed replacements, URLs, YAML, JSON,
 * here-documents, .pgpass and redis.conf.
 */
export const generators: Readonly<Record<CredentialKind, () => Promise<string>>> = {
  /** 43 characters of base62 are 256 bits, as of `openssl rand -base64 32`, of which half would hold a slash. */
  password: async () => characters(43, base62),
  /** 256 bits as `openssl rand -hex 32` writes them. */
  hex: async () => hexadecimal(randomBytes(32)),
  /**
   * Django's `get_random_secret_key` (django/core/management/utils.py): 50 of its characters, without `$`, `&`, `#` and
   * `%`, which shells, env files and YAML read. It begins with a letter, as `!`, `*`, `@` and `-` mean something to YAML
   * at the start of a value.
   */
  django: async () => characters(1, lowerCase) + characters(49, djangoCharacters),
  /** 32 bytes in the alphabet of URLs with padding, as `Fernet.generate_key` of cryptography writes them. */
  fernet: async () => base64(randomBytes(32)).replaceAll('+', '-').replaceAll('/', '_'),
  /** 2048 bits in the form that `BEGIN RSA PRIVATE KEY` announces. */
  'rsa-pkcs1': async () => pemOf('RSA PRIVATE KEY', pkcs1Of(await rsaKey())),
  'rsa-pkcs8': async () => pemOf('PRIVATE KEY', await rsaKey()),
  /** One line of a Synapse signing key file (signedjson/key.py): algorithm, version, unpadded base64 of the seed. */
  'signing-key': async () => `ed25519 a_${characters(4, base62)} ${base64(randomBytes(32)).replace(/=+$/, '')}`,
  /** The form in which LiveKit's own tools name their keys. */
  'livekit-api-key': async () => `API${characters(12, base62)}`,
  /** MinIO takes 3 to 20 characters for an access key (minio/minio internal/auth/credentials.go). */
  's3-access-key': async () => characters(20, upperCase + digits),
  /** And up to 40 for a secret key; 40 of base62 are 238 bits. */
  's3-secret-key': async () => characters(40, base62),
};

const lowerCase = 'abcdefghijklmnopqrstuvwxyz';
const upperCase = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const digits = '0123456789';
const base62 = upperCase + lowerCase + digits;
const djangoCharacters = `${lowerCase}${digits}!@^*(-_=+)`;

/** Random characters of an alphabet of at most 256. What does not divide evenly is drawn again: none is likelier. */
function characters(count: number, alphabet: string): string {
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < count) {
    for (const byte of randomBytes(count)) {
      if (byte < limit && text.length < count) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** A new RSA key of 2048 bits as PKCS#8. */
async function rsaKey(): Promise<Uint8Array> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  };
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey));
}
