import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { checklistItems } from '../../checklist/items';
import type { Workspace } from '../../manifests/workspace';
import { rules } from '../../rules/catalogue';
import { checkWorkspace } from '../../rules/findings';
import { workspaceOf } from '../fixture';

const snippets: Readonly<Record<string, Snippet>> = JSON.parse(
  readFileSync('snippets/matrix-preflight.code-snippets', 'utf8'),
);

describe('snippets', () => {
  it('are for YAML, each with a prefix of its own', () => {
    const all = Object.values(snippets);
    assert.deepEqual([...new Set(all.map(({ scope }) => scope))], ['yaml']);
    assert.deepEqual(
      all.map(({ prefix }) => prefix).filter((prefix, index, prefixes) => prefixes.indexOf(prefix) !== index),
      [],
    );
    for (const { prefix } of all) assert.match(prefix, /^mx-[a-z0-9-]+$/);
  });

  it('cover the items of the checklist that ask for an object', () => {
    const named = new Set(Object.values(snippets).flatMap(itemsOf));
    const known = new Set<string>(checklistItems.map(({ id }) => id));
    assert.deepEqual(
      [...named].filter(id => !known.has(id)),
      [],
    );
    // What is left asks for a document, for a value in a file that is there already, or for a whole application.
    assert.deepEqual(
      [...known].filter(id => /^[1-5]\./.test(id) && !named.has(id)),
      ['1.1.c.2', '2.3.a.1', '2.3.a.2', '2.3.a.3', '2.4.b.2', '3.2.a.1', '3.2.a.2', '3.2.a.3', '4.1.a', '4.2.a.1'],
    );
  });

  for (const [name, snippet] of Object.entries(snippets)) {
    describe(`${snippet.prefix}: ${name}`, () => {
      const text = expand(snippet.body.join('\n'));

      it('is YAML', () => {
        assert.deepEqual(
          parseAllDocuments(text).flatMap(({ errors }) => errors.map(({ message }) => message)),
          [],
        );
      });

      it('has fields that the resource knows and selects namespaces by the label they have', () => {
        const workspace = workspaceOf(new Map([['snippet.yaml', inManifest(text)]]));
        assert.notEqual(
          workspace.files.flatMap(file => file.documents.flatMap(({ resources }) => resources)).length,
          0,
        );
        assert.deepEqual(found(workspace), []);
      });
    });
  }

  it('would be found to be wrong', () => {
    const plant = (prefix: string, from: string, to: string): readonly string[] => {
      const snippet = Object.values(snippets).find(one => one.prefix === prefix);
      assert.ok(snippet);
      const text = inManifest(expand(snippet.body.join('\n')));
      assert.ok(text.includes(from));
      return found(workspaceOf(new Map([['snippet.yaml', text.replace(from, to)]]))).map(
        one => one.split(' ')[0] ?? '',
      );
    };
    assert.deepEqual(plant('mx-postgresql-cluster', 'enableSuperuserAccess', 'enableSuperUserAccess'), [
      'crd-unknown-field',
    ]);
    assert.deepEqual(plant('mx-clamav-wait', 'command:', 'comand:'), ['crd-unknown-field']);
    assert.deepEqual(plant('mx-netpol-dns', 'kubernetes.io/metadata.name', 'name'), [
      'netpol-namespace-selector-label',
    ]);
    assert.deepEqual(plant('mx-netpol-namespace-selector', 'kubernetes.io/metadata.name', 'name'), [
      'netpol-namespace-selector-label',
    ]);
    assert.deepEqual(plant('mx-redis-password', 'type: Opaque', 'type: [Opaque'), ['yaml-syntax']);
  });

  it('are expanded as VS Code does', () => {
    assert.equal(expand('a ${1:b} ${2|c,d|} ${1} \\$x \\\\n ${3:\\}\\$}'), 'a b c b $x \\n }$');
    assert.throws(() => expand('cost: $5'), /\$5/);
    assert.throws(() => expand('${VARIABLE}'), /VARIABLE/);
    assert.throws(() => expand('${1}'), /no default/);
  });
});

interface Snippet {
  readonly scope: string;
  readonly prefix: string;
  readonly description: string;
  readonly body: readonly string[];
}

/** The ids of checklist items that a description begins with: `1.2.a, 1.2.b.1: …`. */
function itemsOf({ description }: Snippet): readonly string[] {
  return /^([\w.]+(?:, [\w.]+)*): /.exec(description)?.[1]?.split(', ') ?? [];
}

/**
 * The text of a snippet whose tab stops were left as they are; a choice has its first option. Only what the snippets
 * use is read, so a variable or a dollar sign that was not escaped throws.
 */
function expand(body: string): string {
  const defaults = new Map<string, string>();
  const unescaped = (text: string): string => text.replace(/\\([\\$}])/g, '$1');
  return body.replace(
    /\\([\\$}])|\$\{(\d)\}|\$\{(\d):((?:[^\\}]|\\.)*)\}|\$\{(\d)\|([^|]*)\|\}|\$.{0,12}/g,
    (all, escaped, mirror, stop, text, choice, options) => {
      if (escaped) return escaped;
      if (mirror) {
        const value = defaults.get(mirror);
        if (value === undefined) throw new Error(`the tab stop ${mirror} has no default`);
        return value;
      }
      if (!stop && !choice) throw new Error(`not a tab stop: ${all}`);
      const value: string = stop ? unescaped(text) : options.split(',')[0];
      if (defaults.has(stop ?? choice)) throw new Error(`the tab stop ${stop ?? choice} has two defaults`);
      defaults.set(stop ?? choice, value);
      return value;
    },
  );
}

/** Puts a snippet that is a part of a manifest to where it belongs. */
function inManifest(text: string): string {
  const indented = (by: number): string => text.replace(/^(?=.)/gm, ' '.repeat(by));
  if (text.startsWith('- namespaceSelector:')) return peerOf + indented(8);
  if (text.startsWith('- name:')) return containersOf + indented(8);
  if (text.startsWith('#')) return `${text}\n${peerOf}        - podSelector: {}\n`;
  return text;
}

const peerOf = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: snippet
  namespace: matrix
spec:
  podSelector: {}
  policyTypes:
    - Ingress
  ingress:
    - from:
`;

const containersOf = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: snippet
  namespace: matrix
spec:
  selector:
    matchLabels:
      app: snippet
  template:
    metadata:
      labels:
        app: snippet
    spec:
      containers:
`;

function found(workspace: Workspace): readonly string[] {
  const wanted = ['yaml-syntax', 'crd-unknown-field', 'netpol-namespace-selector-label'];
  const chosen = rules.filter(({ id }) => wanted.includes(id));
  assert.equal(chosen.length, wanted.length);
  return checkWorkspace(workspace, chosen, { profile: 'strict' }).map(
    ({ rule, problem }) => `${rule.id} ${problem.message}`,
  );
}
