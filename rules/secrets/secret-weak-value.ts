import { secretEntries } from '../../analysis/secret-data';
import { type Weakness, weaknessOf } from '../../analysis/text/secret-strength';
import type { Rule } from '../rule';

export default {
  id: 'secret-weak-value',
  items: ['A.2.a', 'A.2.b'],
  severity: 'warning',
  summary: 'A credential is easy to guess.',
  why: 'Whoever reaches the Service can try passwords at leisure; a short or well-known one does not last.',
  remedy: 'Generate a new value with *Generate Credential*, and write it to every Secret that has to agree.',
  traps: [
    'User names, access key ids, hosts and paths are no secrets, and placeholders have a rule of their own.',
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
  kinds: ['Secret'],
  *check(secret) {
    for (const { key, value, text } of secretEntries(secret)) {
      // Keys and configuration files of several lines are judged by other rules.
      if (text === undefined || text.trim().includes('\n')) continue;
      const weakness = weaknessOf(text, /django/i.test(secret.name) ? `DJANGO_${key}` : key);
      if (!weakness) continue;
      yield {
        at: value,
        message: `${key} of Secret ${secret.name} is ${describe(weakness)} — generate a new value.`,
        items: [/django/i.test(key) ? 'A.2.b' : 'A.2.a'],
      };
    }
  },
} satisfies Rule;

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
