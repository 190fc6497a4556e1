import { type SecretEntry, secretEntry } from '../../analysis/secret-data';
import { secretGroups } from '../../analysis/secret-groups';
import { encodeBase64 } from '../../manifests/base64';
import { quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import {
  asYaml,
  consoleKeys,
  credentialKeys,
  hasConsoleKey,
  isPlaceholder,
  plainSecrets,
  usersNaming,
} from './s3-credentials';

export default {
  id: 'minio-secret-pairs-differ',
  items: ['1.3.b.2'],
  severity: 'error',
  summary: 'The two formats of the S3 user hold different values.',
  why: 'The MinIO Operator makes the user with one pair, and CloudNativePG and the applications sign in with the other: every upload and every backup is refused with `SignatureDoesNotMatch` or `InvalidAccessKeyId`.',
  remedy: 'Write the same access key and the same secret key in both formats.',
  traps: [
    'Values under `data` are compared after base64 decoding, so a copy under `stringData` is equal.',
    'A line break at the end of one value counts: `echo secret | base64` encodes one, `echo -n` does not.',
    'As long as both sides are placeholders, nothing is said here.',
  ],
  sources: [
    'MinIO Operator, pkg/apis/minio.min.io/v2/types.go: the Secrets of spec.users hold CONSOLE_ACCESS_KEY and CONSOLE_SECRET_KEY.',
  ],
  examples: {
    bad: `
      #- /credentials.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-credentials
        namespace: matrix
      stringData:
        CONSOLE_ACCESS_KEY: synapse-media
        CONSOLE_SECRET_KEY: CHANGE_ME
        access-key: synapse-media
        secret-key: correct-horse-battery
      #             ^^^^^^^^^^^^^^^^^^^^^ 💡 error: secret-key and CONSOLE_SECRET_KEY of Secret minio-credentials differ
    `,
    good: `
      #- /credentials.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-credentials
        namespace: matrix
      stringData:
        CONSOLE_ACCESS_KEY: synapse-media
        CONSOLE_SECRET_KEY: correct-horse-battery
        access-key: synapse-media
        secret-key: correct-horse-battery
    `,
  },
  kinds: ['Secret'],
  *check(secret, workspace) {
    for (const [console, plain] of credentialKeys) {
      const mine = secretEntry(secret, plain);
      if (!mine) continue;
      const own = secretEntry(secret, console);
      if (own) yield* compare(workspace, secret, mine, secret, own);
      else
        for (const other of splitFrom(secret, workspace)) {
          const theirs = secretEntry(other, console);
          if (theirs) yield* compare(workspace, secret, mine, other, theirs);
        }
    }
  },
} satisfies Rule;

/** The Secret that holds the operator's format when this one holds the plain format, if there is exactly one. */
function splitFrom(secret: Resource, workspace: Workspace): readonly Resource[] {
  if (plainSecrets(workspace, secret.namespace).length !== 1) return [];
  const others = workspace
    .resources('Secret')
    .filter(
      other =>
        other.namespace === secret.namespace &&
        hasConsoleKey(other) &&
        usersNaming(workspace, other.namespace, other.name).length > 0 &&
        consoleKeys.every(key => secretEntry(other, key)),
    );
  return others.length === 1 ? others : [];
}

function* compare(
  workspace: Workspace,
  secret: Resource,
  plain: SecretEntry,
  other: Resource,
  console: SecretEntry,
): Iterable<Problem> {
  const [a, b] = [plain.text, console.text];
  // What is no base64 is a finding of its own, and two placeholders are still to be filled in.
  if (a === undefined || b === undefined || a === b || (isPlaceholder(a) && isPlaceholder(b))) return;
  const where =
    other === secret
      ? `${plain.key} and ${console.key} of Secret ${secret.name} differ`
      : `${plain.key} of Secret ${secret.name} and ${console.key} of Secret ${other.name} differ`;
  const newline = a.trimEnd() === b.trimEnd();
  const how = newline ? ` by the white space at the end of ${a.length > b.length ? plain.key : console.key}` : '';
  yield {
    at: plain.value,
    message: `${where}${how}, so MinIO makes the user with one value and its clients sign in with the other — give both the same value.`,
    related: [{ at: console.value, message: `${console.key} of Secret ${other.name}` }],
    fixes: () => {
      if (newline) return a.length > b.length ? copy(console, plain, true) : copy(plain, console, true);
      if (isPlaceholder(b)) return copy(plain, console, true);
      if (isPlaceholder(a)) return copy(console, plain, true);
      // What everybody else has is not to be changed.
      const others = sharedWith(workspace, secret, plain).map(entry => entry.text);
      const [keepsPlain, keepsConsole] = [others.includes(a), others.includes(b)];
      return [
        ...(keepsConsole && !keepsPlain ? [] : copy(plain, console, false)),
        ...(keepsPlain && !keepsConsole ? [] : copy(console, plain, false)),
      ];
    },
  };
}

/** The entries of other Secrets that have to hold the same value. */
function sharedWith(workspace: Workspace, secret: Resource, entry: SecretEntry): readonly SecretEntry[] {
  return secretGroups(workspace)
    .filter(({ members }) => members.some(one => one.secret === secret && one.entry.key === entry.key))
    .flatMap(({ members }) => members.filter(one => one.secret !== secret).map(one => one.entry));
}

function copy(from: SecretEntry, to: SecretEntry, safe: boolean): readonly Fix[] {
  const edit = replacement(from, to);
  return edit ? [{ title: `Copy the value of ${from.key} to ${to.key}`, safe, edits: [edit] }] : [];
}

function replacement(from: SecretEntry, to: SecretEntry): TextEdit | undefined {
  if (from.text === undefined || to.value.isAlias) return undefined;
  const style = to.value.style === 'single' ? 'single' : to.value.style === 'double' ? 'double' : 'plain';
  const isBlock = to.value.style === 'literal' || to.value.style === 'folded';
  if (from.isEncoded === to.isEncoded) {
    const newText =
      isBlock || from.value.style === to.value.style ? asYaml(from) : quoted(from.value.text ?? '', style);
    return isBlock ? undefined : { at: to.value, newText };
  }
  if (isBlock) return undefined;
  return {
    at: to.value,
    newText: to.isEncoded ? encodeBase64(from.text) : quoted(from.text, style === 'plain' ? 'double' : style),
  };
}
