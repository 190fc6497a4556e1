import { followsChecklist } from '../../analysis/checklist-signs';
import { isFilledByController } from '../../analysis/declarations';
import { isLeftOpen } from '../../analysis/examples';
import { secretEntries } from '../../analysis/secret-data';
import { isEmptySecret, isSecretKey } from '../../analysis/text/secret-strength';
import { generatedItemOf, itemOfKey } from '../credential-items';
import type { Rule } from '../rule';

export default {
  id: 'secret-empty-value',
  items: ['A.1.a', 'A.1.b', 'A.1.c', 'A.1.d', 'A.1.e', 'A.1.f', 'A.2.a', 'A.2.b', 'A.2.c'],
  severity: 'error',
  summary: 'A credential in a Secret is empty.',
  why: 'A program that is given an empty password, key or token either does not start or protects nothing.',
  remedy: 'Generate a value, or delete the key if nothing needs it.',
  traps: [
    'Only keys that name a credential are looked at; an empty `EXTRA_ARGS` is fine.',
    'Values that a controller puts in are not missing: of cert-manager, of generators and replicators of Secrets.',
    'A mail relay often takes mails without a password, and reports of errors are often switched off, so these are warnings. So is an empty password of a Redis where the tree does not follow the checklist.',
  ],
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
  *check(secret, workspace) {
    if (isLeftOpen(workspace, secret.document.file)) return;
    for (const { key, value, text } of secretEntries(secret)) {
      const isEmpty = value.isNull || (text !== undefined && isEmptySecret(text));
      if (!isEmpty || !isSecretKey(key) || isFilledByController(workspace, secret, key)) continue;
      const item = itemOfKey(secret.name, key);
      yield {
        at: value.isNull ? value.key : value,
        ...((mayBeLeftOut.test(key) || (mayAskForNone.test(key) && !followsChecklist(workspace))) && {
          severity: 'warning' as const,
        }),
        message: `${key} of Secret ${secret.name} is empty — generate a value.`,
        items: [item, generatedItemOf(item)],
      };
    }
  },
} satisfies Rule;

/** Servers that many run without a password, which the checklist does not. */
const mayAskForNone = /(?:^|[^a-z])(?:redis|valkey|memcached|mongo(?:db)?|elastic(?:search)?)(?:[^a-z]|$)/i;

/** Programs do without these, and many are run without them. */
const mayBeLeftOut = /(?:^|[^a-z])(?:smtp|mail|email|sentry|proxy|geoip|maxmind)(?:[^a-z]|$)/i;
