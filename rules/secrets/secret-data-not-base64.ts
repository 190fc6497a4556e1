import { decodeBase64 } from '../../analysis/secret-data';
import type { Rule } from '../rule';

export default {
  id: 'secret-data-not-base64',
  items: [],
  severity: 'error',
  summary: 'A value under `data` of a Secret is not base64.',
  why: 'The API server refuses the object: `illegal base64 data`. Nothing of the Secret is created.',
  remedy: 'Encode the value, or move the key to `stringData`, where values are written as they are.',
  traps: ['Bytes that are no text, such as a keystore, are base64 all the same and accepted.'],
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
  *check(secret) {
    for (const [key, value] of secret.root.at('data').entries()) {
      if (value.text === undefined || isBase64(value.text)) continue;
      yield {
        at: value,
        message: `${key} of Secret ${secret.name} is not base64, so the API server refuses the object — encode it, or move it to stringData.`,
      };
    }
  },
} satisfies Rule;

/** Standard base64 with padding, as Go's encoding/json decodes it; line breaks are skipped. */
function isBase64(text: string): boolean {
  const compact = text.replace(/[\r\n]/g, '');
  return (
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact) || decodeBase64(text) !== undefined
  );
}
