import { secretEntries } from '../../analysis/secret-data';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'secret-trailing-newline',
  items: [],
  severity: 'warning',
  summary: 'An encoded value ends with a line break.',
  why: '`echo secret | base64` encodes the line break as well. The program gets a password that ends in one, and no login with it succeeds.',
  remedy: 'Encode without the line break: `printf %s "$SECRET" | base64`.',
  traps: [
    'Values of several lines, such as keys and configuration files, end in a line break on purpose.',
    'Values under `stringData` are not looked at.',
  ],
  examples: {
    bad: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      data:
        password: YjJKazdzWXRxMFZnWHc0bgo=
      #           ^^^^^^^^^^^^^^^^^^^^^^^^ 💡 warning: password of Secret redis-password ends with a line break
    `,
    good: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      data:
        password: YjJKazdzWXRxMFZnWHc0bg==
    `,
  },
  kinds: ['Secret'],
  *check(secret) {
    for (const { key, value, text, isEncoded } of secretEntries(secret)) {
      if (!isEncoded || text === undefined || !/^[^\n]+\r?\n$/.test(text)) continue;
      yield {
        at: value,
        message: `${key} of Secret ${secret.name} ends with a line break once decoded — encode it without.`,
        fixes: () => {
          const trimmed = text.replace(/\r?\n$/, '');
          const bytes = new TextEncoder().encode(trimmed);
          const edit = replaceScalar(value, btoa(String.fromCharCode(...bytes)));
          return edit ? [{ title: 'Encode without the line break', safe: true, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;
