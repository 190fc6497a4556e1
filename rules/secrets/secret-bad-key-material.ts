import { isFilledByController } from '../../analysis/declarations';
import { isLeftOpen } from '../../analysis/examples';
import { basicAuthentication, referrersOf } from '../../analysis/references';
import { type SecretEntry, secretEntries } from '../../analysis/secret-data';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { decodeBase64 } from '../../manifests/base64';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { readPrivateKey } from './private-key';

export default {
  id: 'secret-bad-key-material',
  items: ['A.2.c', 'A.1.d', 'A.1.f', 'A.2.a'],
  severity: 'error',
  summary: 'A private key, a signing key or a list of hashed passwords in a Secret cannot be used as it is.',
  why: 'key_vault does not start with an RSA key that cannot be read, and Synapse not with a signing key of the wrong form. A key that was pasted without its line breaks looks right and is not.',
  remedy: 'Generate a new key: `openssl genrsa 2048`, or for Synapse `ed25519 a_<id> <43 characters of base64>`.',
  traps: [
    'Encrypted keys cannot be judged and are accepted.',
    'Placeholders have a rule of their own.',
    'A key that is called after RSA has to be one.',
    'A PEM text on one line with `\\\\n` in it, or all of it in base64 once more, is accepted: programs undo that.',
  ],
  sources: [
    'RFC 7468 (PEM), RFC 8017 and RFC 5208 (what stands in it)',
    'YAML 1.2.2, 8.1.3 Folded Style: the line breaks of `>` become blanks',
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
  *check(secret, workspace) {
    if (isLeftOpen(workspace, secret.document.file)) return;
    yield* unhashedPasswords(secret, workspace);
    for (const entry of secretEntries(secret)) {
      const complaint =
        entry.text === undefined || findPlaceholders(entry.text, 'value').length > 0
          ? undefined
          : complaintAbout(entry, entry.text);
      if (!complaint || (entry.text?.trim() === '' && isFilledByController(workspace, secret, entry.key))) continue;
      const isSigning = isSigningKey(entry.key, entry.text ?? '');
      yield {
        at: entry.value,
        message: `${entry.key} of Secret ${secret.name} ${complaint}.`,
        items: isSigning ? ['A.1.f', 'A.2.a'] : ['A.1.d', 'A.2.c'],
        fixes: () => (complaint === withoutLines ? keepLines(entry.value) : []),
      };
    }
  },
} satisfies Rule;

/**
 * Logins for basic authentication in front of an Ingress: nginx compares a password with its hash, and one that is
 * written out is taken for a hash that no password has (ngx_crypt.c).
 */
function* unhashedPasswords(secret: Resource, workspace: Workspace): Iterable<Problem> {
  const users = referrersOf(workspace, 'Secret', secret.namespace, secret.name).filter(
    ({ reference }) => reference.consumer === basicAuthentication,
  );
  const [user] = users;
  if (!user) return;
  const annotations = user.resource.root.at('metadata', 'annotations');
  const isMap = annotations.at('nginx.ingress.kubernetes.io/auth-secret-type').text === 'auth-map';
  for (const { key, text, value } of secretEntries(secret)) {
    if (text === undefined || (!isMap && key !== 'auth') || findPlaceholders(text, 'value').length > 0) continue;
    const lines = text.split(/\r?\n/).filter(line => line.trim() !== '' && !line.startsWith('#'));
    const hashes = isMap ? lines : lines.map(line => /^[^:]*:(.*)$/.exec(line)?.[1] ?? '');
    if (hashes.every(hash => hashed.test(hash))) continue;
    yield {
      at: value,
      message: `${key} of Secret ${secret.name} has a login whose password is not hashed, so nobody can sign in with it — write the line with htpasswd.`,
      items: ['A.2.a'],
      related: [{ at: user.reference.name, message: `${user.resource.title} asks for these logins` }],
    };
  }
}

/** What htpasswd and mkpasswd write, the schemes of RFC 2307 that nginx knows, and crypt's thirteen letters. */
const hashed = /^(?:\$(?:apr1|1|2[abxy]?|5|6|y)\$\S+|\{(?:SHA|SSHA|PLAIN)\}\S+|[./0-9A-Za-z]{13})(?::.*)?$/;

/** Names of Synapse's signing key, and not of those with which others sign tokens and cookies. */
const ofSigningKey =
  /(?<!(?:jwt|token|cookie|session|webhook|url|mas|oidc)[-_.]?)signing[-_.]?key(?:\.(?:key|txt|pem))?$/i;

/** Whether a key signs Synapse's events, which no RSA key does. */
function isSigningKey(key: string, text: string): boolean {
  return /^ed25519\b/.test(text.trim()) || (ofSigningKey.test(key) && !/-----BEGIN /.test(text));
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
  const written = trimmed.slice(begin.index + begin[0].length, end);
  // Programs that read the key from a variable often turn a written \n into a line break.
  if (!/^[ \t]*(?:[\r\n]|\\[rn])/.test(written)) return withoutLines;
  const body = written.replace(/\s|\\r|\\n/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body) || body.length % 4 !== 0)
    return 'is no readable PEM key — generate it again';
  // OpenSSH's own format is no DER.
  if (/^OPENSSH/.test(begin[1] ?? '')) return undefined;
  const read = readPrivateKey(body);
  if (!read) return 'is no readable PEM key — generate it again';
  if (read.isCutOff) return 'is cut off, it has fewer bytes than it says — paste the whole key';
  if (read.bits !== undefined && read.bits < 2048)
    return `is an RSA key of ${read.bits} bits, fewer than 2048 — generate a longer one`;
  return read.algorithm === 'other' && isCalledRsa.test(key)
    ? 'is no RSA key, which its name says it is — generate one with openssl genrsa'
    : undefined;
}

const isCalledRsa = /(?:^|[-_.])rsa(?:[-_.]|$)/i;
const withoutLines = 'has lost its line breaks, so no program can read it — write it as a block with |';

/** The text of a folded block, with its lines as they are written. */
function keepLines(value: Value): readonly Fix[] {
  const { start } = value.sourceSpan;
  if (value.style !== 'folded' || value.source.tree.text[start] !== '>') return [];
  return [
    { title: 'Keep its line breaks', safe: true, edits: [{ at: value.source.place(start, start + 1), newText: '|' }] },
  ];
}

/** A whole PEM text in base64, for programs that decode it once more. */
function isEncodedPem(text: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(decodeBase64(text) ?? '');
}
