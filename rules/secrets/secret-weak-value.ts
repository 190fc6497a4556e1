import { isLeftOpen } from '../../analysis/examples';
import {
  isOpen,
  type Release,
  releaseKinds,
  releasesOf,
  releasesWithoutResource,
  shownValues,
} from '../../analysis/helm/releases';
import { type SecretEntry, secretEntries } from '../../analysis/secret-data';
import { readEnvFile } from '../../analysis/text/env-file';
import { type Weakness, weaknessOf } from '../../analysis/text/secret-strength';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { isOff } from '../references/release-references';
import type { Problem, Rule } from '../rule';

export default {
  id: 'secret-weak-value',
  items: ['A.2.a', 'A.2.b'],
  severity: 'warning',
  summary: 'A credential is easy to guess.',
  why: 'Whoever reaches the Service can try passwords at leisure; a short or well-known one does not last.',
  remedy: 'Generate a new value with *Generate Credential*, and write it to every Secret that has to agree.',
  traps: [
    'User names, access key ids, LiveKit’s API key, hosts and paths are no secrets, and placeholders have a rule of their own.',
    'In the values of charts that Flux, Argo CD and k3s install, the passwords that are written out are looked at, too.',
    'Django asks for 50 characters, LiveKit for 32; everything else for 16 characters and 64 bits.',
  ],
  sources: ['Django system check security.W009', 'livekit/livekit pkg/config/config.go, ValidateKeys'],
  examples: {
    bad: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      stringData:
        password: admin
      #           ^^^^^ warning: password of Secret redis-password is well known
    `,
    good: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      stringData:
        password: b2Jk7sYtq0VgXw4nLr9cHfUzEaMd5PiT
    `,
  },
  kinds: ['Secret', ...releaseKinds],
  *check(secret, workspace) {
    if (releaseKinds.includes(secret.qualifiedKind)) {
      yield* inValues(releasesOf(workspace, secret));
      return;
    }
    if (isLeftOpen(workspace, secret.document.file)) return;
    for (const { key, value, text, isEncoded } of secretEntries(secret)) {
      if (text === undefined) continue;
      if (text.trim().includes('\n')) {
        if (!isEncoded && /\.ya?ml$/.test(key)) yield* inFile(secret, value);
        if (/\.env$/.test(key)) yield* inVariables(secret, { key, value, text, isEncoded });
        continue;
      }
      // LiveKit's variable has the name of the key before its secret.
      const [, part = text] =
        (/livekit[-_.]?keys?$/i.test(`${secret.name}_${key}`) && /^[\w-]+: *(\S+)$/.exec(text.trim())) || [];
      const weakness = part === text ? weaknessOf(text, useOf(secret.name, key)) : weaknessOf(part, 'LIVEKIT_SECRET');
      if (!weakness || (isLivekitKey(secret.name, key) && weakness.reason !== 'well-known')) continue;
      yield {
        at: value,
        message: `${key} of Secret ${secret.name} is ${describe(weakness)} — generate a new value.`,
        items: [/django/i.test(key) ? 'A.2.b' : 'A.2.a'],
      };
    }
  },
  *checkWorkspace(workspace) {
    yield* inValues(releasesWithoutResource(workspace));
  },
} satisfies Rule;

/** The passwords in the values of a chart, in the release itself or in the files that it takes them from. */
function* inValues(releases: readonly Release[]): Iterable<Problem> {
  const seen: Value[] = [];
  for (const release of releases)
    for (const value of shownValues(release).flatMap(root => [...root.scalars()])) {
      // `value` is what Element’s chart calls a secret that is written out.
      const name = String((value.name === 'value' ? value.parent?.name : value.name) ?? '');
      const text = value.string;
      if (!passwordValue.test(name) || text === undefined || isOpen(text) || elsewhere.test(text)) continue;
      if (seen.some(one => one.isAt(value))) continue;
      seen.push(value);
      const weakness = weaknessOf(text, /password/i.test(name) ? 'password' : 'secret');
      if (!weakness || isOff(value)) continue;
      yield {
        at: value,
        message: `${name} in the values of the chart ${release.chart} is ${describe(weakness)} — generate a new value, and keep it in a Secret.`,
        items: ['A.2.a'],
      };
    }
}

/** Values that hold a secret, and not the name or the key of an object with one. */
const passwordValue =
  /^(?!existing)(?:\w*[pP]assword|macaroon(?:SecretKey)?|registrationSharedSecret|turnSecret|encryptionSecret|synapseSharedSecret)$/;

/** What says whether there is a password, or where another program fetches it from: vals, Vault, 1Password. */
const elsewhere = /^(?:true|false|yes|no|on|off|none|optional|required)$|^[\w+-]+:\/\/|^(?:vault|ssm|arn|secret):/i;

/** The key with the program that the name of the Secret tells, which may ask for more. */
function useOf(secret: string, key: string): string {
  if (/django/i.test(secret)) return `DJANGO_${key}`;
  return /livekit/i.test(secret) && /secret/i.test(key) ? `LIVEKIT_${key}` : key;
}

/** LiveKit's API key names the secret beside it; `generate-keys` makes one of 15 characters (livekit/protocol utils/guid). */
function isLivekitKey(secret: string, key: string): boolean {
  return /livekit/i.test(`${secret} ${key}`) && /api[-_.]?key$/i.test(key);
}

/** The credentials of a configuration file that is kept in a Secret, such as a whole homeserver.yaml. */
function* inFile(secret: Resource, file: Value): Iterable<Problem> {
  for (const scalar of file.embedded().root.scalars()) {
    const text = scalar.string;
    if (typeof scalar.name !== 'string' || text === undefined || /[$%{<]|PLACEHOLDER/.test(text)) continue;
    const weakness = weaknessOf(text, scalar.name);
    if (!weakness) continue;
    yield {
      at: scalar,
      message: `${scalar.name} in ${file.name} of Secret ${secret.name} is ${describe(weakness)} — generate a new value.`,
      items: ['A.2.a'],
    };
  }
}

/** The credentials among the lines `export NAME="value"` of a file such as MinIO's config.env. */
function* inVariables(secret: Resource, { key, value, text = '', isEncoded }: SecretEntry): Iterable<Problem> {
  // Only in a block scalar does every part of the text stand in the file as it is.
  const isWritten = !isEncoded && value.style === 'literal';
  for (const { name, value: word, contentSpan } of readEnvFile(text).entries) {
    // A root password that MinIO refuses is reported as that.
    const isRefused = name.value === 'MINIO_ROOT_PASSWORD' && word.value.length < 8;
    if (isRefused || /[$%{<]|PLACEHOLDER/.test(word.value)) continue;
    const weakness = weaknessOf(word.value, name.value);
    if (!weakness) continue;
    yield {
      at: isWritten ? value.part(contentSpan.start, contentSpan.end) : value,
      message: `${name.value} in ${key} of Secret ${secret.name} is ${describe(weakness)} — generate a new value.`,
      items: ['A.2.a'],
    };
  }
}

function describe({ reason, length, minimumLength }: Weakness): string {
  switch (reason) {
    case 'well-known':
      return 'well known';
    case 'same-as-key':
      return 'its own name';
    case 'too-short':
      return `only ${length} characters long, of ${minimumLength}`;
    case 'guessable':
      return 'easy to guess';
  }
}
