import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';

/**
 * Makes one credential of a kind from the operating system's random numbers. Every character is drawn by `randomInt`,
 * which rejects what does not divide evenly, so that no character is likelier than another.
 */
export const credentials = {
  /** 43 characters are 256 bits, as of `openssl rand -base64 32`, without characters that sed, URLs or YAML read. */
  password: () => characters(43, base62),
  /** 256 bits as `openssl rand -hex 32` writes them. */
  hex: () => randomBytes(32).toString('hex'),
  /**
   * Django's `get_random_secret_key` (django/core/management/utils.py): 50 of its characters, without `$`, `&`, `#` and
   * `%`, which shells, env files and YAML read. It begins with a letter, as `!`, `*`, `@` and `-` mean something to YAML
   * at the start of a value.
   */
  django: () => characters(1, lowerCase) + characters(49, djangoCharacters),
  /** PKCS#1, the form that `BEGIN RSA PRIVATE KEY` announces. */
  rsa: () =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    }).privateKey.trimEnd(),
  /** One line of a Synapse signing key file (signedjson/key.py): algorithm, version, unpadded base64 of the seed. */
  'signing-key': () => `ed25519 a_${characters(4, base62)} ${randomBytes(32).toString('base64').replace(/=+$/, '')}`,
  /** An entry of `keys` in LiveKit's configuration; its server refuses secrets of fewer than 32 characters. */
  'livekit-key': () => `API${characters(12, base62)}: ${characters(43, base62)}`,
} satisfies Readonly<Record<string, () => string>>;

export type CredentialKind = keyof typeof credentials;

export const credentialKinds = Object.keys(credentials) as readonly CredentialKind[];

const lowerCase = 'abcdefghijklmnopqrstuvwxyz';
const base62 = `ABCDEFGHIJKLMNOPQRSTUVWXYZ${lowerCase}0123456789`;
const djangoCharacters = `${lowerCase}0123456789!@^*(-_=+)`;

function characters(count: number, alphabet: string): string {
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join('');
}
