import { isLeftOpen } from '../../analysis/examples';
import { isKeptElsewhere } from '../../analysis/secret-data';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { decodeBase64, encodeBase64 } from '../../manifests/base64';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'secret-data-not-base64',
  items: [],
  severity: 'error',
  summary: 'A value under `data` of a Secret is not base64.',
  why: 'The API server refuses the object: `illegal base64 data`. Nothing of the Secret is created.',
  remedy: 'Encode the value, or move the key to `stringData`, where values are written as they are.',
  traps: [
    'Bytes that are no text, such as a keystore, are base64 all the same and accepted.',
    'Without its padding (`=`) a value is refused like any other.',
    'What SOPS has encrypted (`ENC[…]`), and references that a plugin replaces, are no values yet.',
  ],
  sources: ['Kubernetes API reference, Secret v1: data is base64, stringData is plain'],
  examples: {
    bad: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      data:
        password: <base64-encoded-password>
      #           ^^^^^^^^^^^^^^^^^^^^^^^^^ error: password of Secret redis-password is not base64
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
  *check(secret, workspace) {
    if (isLeftOpen(workspace, secret.document.file)) return;
    for (const [key, value] of secret.root.at('data').entries()) {
      if (value.text === undefined || isBase64(value.text) || isKeptElsewhere(secret, value.text)) continue;
      yield {
        at: value,
        message: `${key} of Secret ${secret.name} is not base64, so the API server refuses the object — encode it, or move it to stringData.`,
        fixes: () => {
          const text = value.text ?? '';
          const padded = withPadding(text);
          if (padded === undefined && findPlaceholders(text, 'value').length > 0) return [];
          const edit = replaceScalar(value, padded ?? encodeBase64(text));
          if (!edit) return [];
          return padded === undefined
            ? [{ title: 'Encode the value', safe: false, edits: [edit] }]
            : [{ title: 'Add the padding', safe: true, edits: [edit] }];
        },
      };
    }
  },
} satisfies Rule;

/** Standard base64 with padding, as Go's encoding/json decodes it; line breaks are skipped, blanks and other alphabets are not. */
function isBase64(text: string): boolean {
  const compact = text.replace(/[\r\n]/g, '');
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact);
}

/** The text with the padding that it lacks; undefined if that is not all, or if it may well be a password in plain text. */
function withPadding(text: string): string | undefined {
  const padded = text + '='.repeat((4 - (text.length % 4)) % 4);
  const decoded = text.includes('=') || !isBase64(padded) ? undefined : decodeBase64(padded);
  return decoded !== undefined && decoded !== '' && /^[\x20-\x7e\r\n]*$/.test(decoded) ? padded : undefined;
}
