import { environmentOf } from '../../analysis/environment';
import { containersOf } from '../../analysis/pods';
import { referrersOf } from '../../analysis/references';
import { secretEntries } from '../../analysis/secret-data';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'secret-trailing-newline',
  items: [],
  severity: 'warning',
  summary: 'A value of a Secret ends with a line break.',
  why: '`echo secret | base64` encodes the line break as well. The program gets a password that ends in one, and no login with it succeeds.',
  remedy: 'Encode without the line break: `printf %s "$SECRET" | base64`.',
  traps: [
    'Values of several lines, such as keys and configuration files, end in a line break on purpose.',
    'Under `stringData` a block scalar (`|`) keeps its line break, which matters only where a container reads the value as a variable.',
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
  *check(secret, workspace) {
    for (const { key, value, text, isEncoded } of secretEntries(secret)) {
      // A key that has lost its line breaks is more than one line, and has a rule of its own.
      if (text === undefined || !/^[^\n]+\r?\n$/.test(text) || text.startsWith('-----BEGIN')) continue;
      // A signing key is a file of one line, and Synapse writes it with its line break (signedjson.key).
      if (/^ed25519 \w+ \S+\s*$/.test(text) && !isReadAsVariable(workspace, secret, key)) continue;
      if (!isEncoded) {
        if (isReadAsVariable(workspace, secret, key)) yield inBlock(secret, key, value, text);
        continue;
      }
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

/** A block scalar keeps its last line break, which is a part of a variable's value as much as of a file. */
function inBlock(secret: Resource, key: string, value: Value, text: string): Problem {
  return {
    at: value,
    message: `${key} of Secret ${secret.name} ends with the line break of its block, and containers read it as a variable — write the value on the line of its key.`,
    fixes: () => {
      const edit = stripEnd(value) ?? replaceScalar(value, text.replace(/\r?\n$/, ''));
      return edit ? [{ title: 'Write it without the line break', safe: true, edits: [edit] }] : [];
    },
  };
}

/** The indicator with which a block scalar has no line break at its end (YAML 1.2.2, 8.1.1.2). */
function stripEnd(value: Value): TextEdit | undefined {
  const { start } = value.sourceSpan;
  const header = /^[|>](?:[+]?[1-9]?|[1-9][+]?)(?=[ \t\r\n])/.exec(value.source.tree.text.slice(start, start + 8))?.[0];
  if (header === undefined) return undefined;
  return { at: value.source.place(start + 1, start + header.length), newText: `${header.slice(1).replace('+', '')}-` };
}

/** Whether a container takes the key as a variable. In a file a line break at the end is usual. */
function isReadAsVariable(workspace: Workspace, secret: Resource, key: string): boolean {
  return referrersOf(workspace, 'Secret', secret.namespace, secret.name).some(({ resource }) =>
    containersOf(resource).some(container =>
      [...environmentOf(workspace, resource, container).variables.values()].some(
        ({ source }) => source?.kind === 'Secret' && source.name === secret.name && source.key === key,
      ),
    ),
  );
}
