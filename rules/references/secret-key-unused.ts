import { isSecretMentioned } from '../../analysis/mentions';
import { referrersOf } from '../../analysis/references';
import { secretEntries } from '../../analysis/secret-data';
import { deleteEntry } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'secret-key-unused',
  items: [],
  severity: 'info',
  summary: 'Nothing reads a key of a Secret.',
  why: 'Somebody will fill it in and rotate it without effect; a password that looks like the one in use but is not costs hours when access fails.',
  remedy: 'Delete the key, or let its consumer read it.',
  traps: [
    'Said only where it is certain: every use of the Secret names single keys. A Secret that is mounted whole, read with `envFrom`, used by an operator or named in a script is left alone.',
    'Secrets of types with prescribed keys, such as `kubernetes.io/tls`, are left alone.',
    'A Secret that nothing uses at all is reported by `secret-unused`.',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: app
        namespace: matrix
      stringData:
        PASSWORD: correct-horse
        OLD_PASSWORD: battery-staple # from before the move
      # ^^^^^^^^^^^^ 💡 info: Nothing in the tree reads the key OLD_PASSWORD of the Secret app
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            env:
              - name: PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: app
                    key: PASSWORD
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: app
        namespace: matrix
      stringData:
        PASSWORD: correct-horse
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            env:
              - name: PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: app
                    key: PASSWORD
    `,
  },
  kinds: ['Secret'],
  *check(secret, workspace) {
    if ((secret.root.at('type').text ?? 'Opaque') !== 'Opaque') return;
    const referrers = referrersOf(workspace, 'Secret', secret.namespace, secret.name);
    if (referrers.length === 0 || referrers.some(({ reference }) => reference.key?.text === undefined)) return;
    if (isSecretMentioned(workspace, secret.name)) return;
    const used = new Set(referrers.map(({ reference }) => reference.key?.text));
    const entries = secretEntries(secret);
    // The MinIO Operator makes users from two of the keys and CloudNativePG reads the others: such a Secret has all four.
    const isDual = dualFormat.every(key => entries.some(entry => entry.key === key));
    for (const { key, value } of entries) {
      if (used.has(key) || (isDual && dualFormat.includes(key))) continue;
      yield {
        at: value.key,
        message: `Nothing in the tree reads the key ${key} of the Secret ${secret.name} — delete it, or let its consumer read it.`,
        fixes: () => {
          const edit = deleteEntry(value);
          return edit ? [{ title: `Delete the key ${key}`, safe: false, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

const dualFormat: readonly string[] = ['access-key', 'secret-key', 'CONSOLE_ACCESS_KEY', 'CONSOLE_SECRET_KEY'];
