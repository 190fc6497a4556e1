import { decodeBase64, type SecretEntry, secretEntries } from '../../analysis/secret-data';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Rule } from '../rule';

export default {
  id: 'secret-bad-key-material',
  items: ['A.2.c', 'A.1.d', 'A.1.f', 'A.2.a'],
  severity: 'error',
  summary: 'A private or signing key in a Secret is damaged or too short.',
  why: 'key_vault does not start with an RSA key that cannot be read, and Synapse not with a signing key of the wrong form. A key that was pasted without its line breaks looks right and is not.',
  remedy: 'Generate a new key: `openssl genrsa 2048`, or for Synapse `ed25519 a_<id> <43 characters of base64>`.',
  traps: [
    'Encrypted keys cannot be judged and are accepted.',
    'Placeholders have a rule of their own.',
    'A PEM text on one line with `\\\\n` in it, or all of it in base64 once more, is accepted: programs undo that.',
  ],
  sources: [
    'RFC 7468 (PEM)',
    'element-hq/synapse: signedjson key format "ed25519 <version> <unpadded base64 of 32 bytes>"',
  ],
  examples: {
    bad: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-signing
        namespace: matrix
      stringData:
        signing.key: ed25519 a_Xy7q tooShort
      #              ^^^^^^^^^^^^^^^^^^^^^^^ error: signing.key of Secret synapse-signing is no Synapse signing key
    `,
    good: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-signing
        namespace: matrix
      stringData:
        signing.key: ed25519 a_Xy7q 0Vn3Zk8QmYt5RsJ1xWc7HdLpG2eUa9BiFoKqN6vTyCE
    `,
  },
  kinds: ['Secret'],
  *check(secret) {
    for (const entry of secretEntries(secret)) {
      const complaint =
        entry.text === undefined || findPlaceholders(entry.text, 'value').length > 0
          ? undefined
          : complaintAbout(entry, entry.text);
      if (!complaint) continue;
      const isSigning = isSigningKey(entry.key, entry.text ?? '');
      yield {
        at: entry.value,
        message: `${entry.key} of Secret ${secret.name} ${complaint}.`,
        items: isSigning ? ['A.1.f', 'A.2.a'] : ['A.1.d', 'A.2.c'],
      };
    }
  },
} satisfies Rule;

/** Whether a key signs Synapse's events, which no RSA key does. */
function isSigningKey(key: string, text: string): boolean {
  return /^ed25519\b/.test(text.trim()) || /signing[-_.]?key/i.test(key);
}

function complaintAbout({ key }: SecretEntry, text: string): string | undefined {
  const trimmed = text.trim();
  if (isSigningKey(key, text)) {
    // Several lines hold former keys as well.
    return trimmed.split(/\r?\n/).every(line => /^ed25519 \w+ [A-Za-z0-9+/]{43}=?$/.test(line.trim()))
      ? undefined
      : 'is no Synapse signing key — write "ed25519 a_<id> <43 characters of base64>"';
  }
  const begin = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----/.exec(trimmed);
  if (!begin && /(?:^|[-_.])rsa[-_.]?(?:private[-_.]?)?(?:key|pem)$|^tls\.key$/i.test(key) && !isEncodedPem(trimmed))
    return /-----BEGIN [A-Z ]*PUBLIC KEY-----/.test(trimmed)
      ? 'is the public key, where the private one is wanted — paste that one'
      : 'is no private key in PEM — generate one with openssl genrsa';
  if (!begin || begin[1]?.startsWith('ENCRYPTED') || /Proc-Type: 4,ENCRYPTED/.test(trimmed)) return undefined;
  const end = trimmed.indexOf(`-----END ${begin[1]}-----`);
  if (end === -1) return 'has no END line, so the key is cut off — paste the whole key';
  // Programs that read the key from a variable often turn a written \n into a line break.
  const body = trimmed.slice(begin.index + begin[0].length, end).replace(/\s|\\r|\\n/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body) || body.length % 4 !== 0)
    return 'is no readable PEM key — generate it again';
  // DER begins with a SEQUENCE, 0x30, which base64 writes as M; OpenSSH's own format is none.
  if (!body.startsWith('M') && !/^OPENSSH/.test(begin[1] ?? '')) return 'is no readable PEM key — generate it again';
  const bytes = (body.length / 4) * 3;
  // A 2048-bit RSA key has about 1190 bytes in PKCS#1 and 1217 in PKCS#8; a 1024-bit one about half of that.
  return begin[1] === 'RSA PRIVATE KEY' && bytes < 1100
    ? 'is an RSA key of fewer than 2048 bits — generate a longer one'
    : undefined;
}

/** A whole PEM text in base64, for programs that decode it once more. */
function isEncodedPem(text: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(decodeBase64(text) ?? '');
}
