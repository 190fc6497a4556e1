import { secretEntries } from '../../analysis/secret-data';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { decodeBase64 } from '../../manifests/base64';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'secret-double-encoded',
  items: [],
  severity: 'warning',
  summary: 'A value that is already base64 is stored where it is encoded once more.',
  why: 'Programs get `stringData` as it stands and `data` decoded once. A password encoded by hand before arrives as base64 text, and no login with it succeeds.',
  remedy: 'Write the plain value under `stringData`, or the base64 text under `data`.',
  traps: [
    'Random keys are often base64 on purpose. Only what decodes to readable text is reported, which random bytes do not.',
    'Keys whose name says that the value is encoded are accepted.',
  ],
  sources: ['Kubernetes API reference, Secret v1: stringData is plain and stored base64-encoded in data'],
  examples: {
    bad: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      stringData:
        password: YjJKazdzWXRxMFZnWHc0bg==
      #           ^^^^^^^^^^^^^^^^^^^^^^^^ 💡 warning: password of Secret redis-password is base64 of a readable text
    `,
    good: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      stringData:
        password: b2Jk7sYtq0VgXw4n
    `,
  },
  kinds: ['Secret'],
  *check(secret) {
    for (const { key, value, text, isEncoded } of secretEntries(secret)) {
      if (text === undefined || /base64|b64|encoded/i.test(key)) continue;
      const plain = readable(text);
      if (plain === undefined) continue;
      yield {
        at: value,
        message: `${key} of Secret ${secret.name} is base64 of a readable text, and ${isEncoded ? 'under data it is encoded twice' : 'stringData is not decoded'} — write the text itself.`,
        fixes: () => {
          const edit = replaceScalar(value, isEncoded ? text.trim() : plain);
          return edit ? [{ title: 'Write the decoded value', safe: false, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

/** The text that a base64 text stands for, if it is one line that a person could have typed. */
function readable(text: string): string | undefined {
  const compact = text.trim();
  // Of a random text of eleven characters one in ten thousand decodes to printable characters only.
  if (!/^(?:[A-Za-z0-9+/]{4}){2,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/.test(compact))
    return undefined;
  if (findPlaceholders(compact, 'value').length > 0) return undefined;
  const plain = decodeBase64(compact)?.replace(/\r?\n$/, '');
  return plain !== undefined && /^[\x20-\x7e]{8,}$/.test(plain) ? plain : undefined;
}
