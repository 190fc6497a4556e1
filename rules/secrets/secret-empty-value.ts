import { secretEntries } from '../../analysis/secret-data';
import { isEmptySecret, isSecretKey } from '../../analysis/text/secret-strength';
import type { Rule } from '../rule';

export default {
  id: 'secret-empty-value',
  items: ['A.1.a', 'A.1.b', 'A.1.c', 'A.1.d', 'A.1.e', 'A.1.f'],
  severity: 'error',
  summary: 'A credential in a Secret is empty.',
  why: 'A program that is given an empty password, key or token either does not start or protects nothing.',
  remedy: 'Generate a value, or delete the key if nothing needs it.',
  traps: ['Only keys that name a credential are looked at; an empty `EXTRA_ARGS` is fine.'],
  examples: {
    bad: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-secrets
        namespace: matrix
      stringData:
        MACAROON_SECRET: ""
      #                  ^^ error: MACAROON_SECRET of Secret synapse-secrets is empty
        EXTRA_ARGS: ""
    `,
    good: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-secrets
        namespace: matrix
      stringData:
        MACAROON_SECRET: 4f1c9be07d2a86e35bc0471f98da2e6c
        EXTRA_ARGS: ""
    `,
  },
  kinds: ['Secret'],
  *check(secret) {
    for (const { key, value, text } of secretEntries(secret)) {
      const isEmpty = value.isNull || (text !== undefined && isEmptySecret(text));
      if (!isEmpty || !isSecretKey(key)) continue;
      yield {
        at: value.isNull ? value.key : value,
        message: `${key} of Secret ${secret.name} is empty — generate a value.`,
        items: [itemOf(key)],
      };
    }
  },
} satisfies Rule;

function itemOf(key: string): string {
  if (/django/i.test(key)) return 'A.1.c';
  if (/private[-_]?key/i.test(key)) return 'A.1.d';
  if (/s3|access[-_]?key|minio/i.test(key)) return 'A.1.b';
  if (/api[-_]?(?:key|secret)/i.test(key)) return 'A.1.e';
  return /pass/i.test(key) ? 'A.1.a' : 'A.1.f';
}
