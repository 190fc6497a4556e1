import { isLeftOpen } from '../../analysis/examples';
import { isFilledIn, isReplacedByScript } from '../../analysis/filled-in';
import { referrersOf } from '../../analysis/references';
import { secretEntries } from '../../analysis/secret-data';
import { languageOf, maskComments } from '../../analysis/text/comments';
import { findPlaceholders, placeholderWords } from '../../analysis/text/placeholders';
import type { Index, Workspace } from '../../manifests/workspace';
import { generatedItemOf, itemOfKey } from '../credential-items';
import type { Rule } from '../rule';
import { isSwitchedOff } from './switched-off';

export default {
  id: 'placeholder-secret',
  items: ['A.1.a', 'A.1.b', 'A.1.c', 'A.1.d', 'A.1.e', 'A.1.f', 'A.2.a', 'A.2.b', 'A.2.c'],
  severity: 'error',
  summary: 'A Secret still holds a placeholder.',
  why: 'The deployment comes up with a password that everyone knows from the repository, or does not come up because two sides were given different placeholders.',
  remedy:
    'Generate a value and write it to every Secret that has to agree. *Fill all placeholders with generated secrets* does both.',
  traps: [
    'Values under `data` are decoded first. Comments in a `config.env` or another embedded file do not count.',
    'Tokens in a configuration file that is kept in a Secret, such as a whole homeserver.yaml, are the business of config-placeholder-unsubstituted: an init container may replace them.',
    'Files such as `secret.example.yaml` are there to be copied and filled in. What an embedded configuration switches off with `enabled: false` is not read.',
    'One finding per key, however many placeholders its value has.',
    'A value that is nothing but `${VARIABLE}` counts as well, unless a script or document of the tree speaks of a tool that fills it in, such as envsubst.',
  ],
  examples: {
    bad: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      stringData:
        password: "CHANGEME_REDIS_PASSWORD" # CHANGEME before use
      #            ^^^^^^^^^^^^^^^^^^^^^^^ error: password of Secret redis-password is still the placeholder CHANGEME_REDIS_PASSWORD
    `,
    good: `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: redis-password
        namespace: matrix
      stringData:
        password: "b2Jk7sYtq0VgXw4nLr9cHfUzEaMd5PiT" # no longer CHANGEME
    `,
  },
  kinds: ['Secret'],
  *check(secret, workspace) {
    if (isLeftOpen(workspace, secret.document.file)) return;
    for (const { key, value, text, isEncoded } of secretEntries(secret)) {
      if (text === undefined) continue;
      const language = text.includes('\n') ? languageOf(key, text) : undefined;
      const searched = language === undefined ? text : maskComments(text, language);
      // What has to be filled in in a configuration file is config-placeholder-unsubstituted's, which follows the file.
      const isTemplate =
        language !== undefined && referrersOf(workspace, 'Secret', secret.namespace, secret.name).length > 0;
      const found = findPlaceholders(searched, 'value').find(
        ({ class: kind, text: part, span }) =>
          kind !== 'domain' &&
          !(
            language === 'yaml' &&
            !isEncoded &&
            isSwitchedOff(value.embedded().root, value.part(span.start, span.end))
          ) &&
          !(
            kind === 'env' &&
            (part.length !== text.trim().length || isFilledIn(workspace, text) || isFilledInOnTheWay(workspace))
          ) &&
          !(isTemplate && kind === 'token'),
      );
      if (!found || isReplacedByScript(workspace, value, found.text)) continue;
      const item = itemOfKey(secret.name, key);
      yield {
        at: isEncoded ? value : value.part(found.span.start, found.span.end),
        message: `${key} of Secret ${secret.name} is still the placeholder ${placeholderWords(found.text)} — generate a value.`,
        // What is still a placeholder has not been generated either.
        items: [item, generatedItemOf(item)],
      };
    }
  },
} satisfies Rule;

/** Whether something fills in `${X}` before the manifests are applied; kubectl itself does not. */
function isFilledInOnTheWay(workspace: Workspace): boolean {
  return workspace.lookup(fillers, '').length > 0;
}

const fillers: Index<true> = {
  name: 'what fills in variables of manifests',
  *textFile({ text }) {
    if (/\benvsubst\b|\bgomplate\b|\bsops\b|\bytt\b|\bansible\b|\bterraform\b|\bargocd\b|\bflux\b/i.test(text))
      yield ['', true];
  },
};
