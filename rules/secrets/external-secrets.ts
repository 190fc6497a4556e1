import { planCredentials } from '../../analysis/credentials/plan';
import { type ExternalStore, storesInUse } from '../../analysis/credentials/stores';
import { secretEntries } from '../../analysis/secret-data';
import { deleteEntry, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/**
 * For every Secret with placeholders an ExternalSecret that fetches those keys. A Secret of which nothing else is left
 * makes room for it; one that holds more keeps the rest, and the operator merges the fetched keys into it. The names
 * in the store are a proposal: `<namespace>/<secret>` with a property for each key.
 */
export function externalSecrets(workspace: Workspace): readonly Fix[] {
  const { externalStore } = storesInUse(workspace);
  const open = new Map<Resource, Set<string>>();
  for (const { resource, entry } of planCredentials(workspace).credentials.flatMap(one => one.places)) {
    if (resource?.qualifiedKind !== 'Secret') continue;
    const keys = open.get(resource) ?? new Set();
    open.set(resource, keys.add(String(entry.name)));
  }
  return [...open].flatMap(([secret, keys]) => {
    const edits = fetched(secret, [...keys], externalStore);
    return edits ? [{ title: `Fetch the keys of Secret ${secret.name}`, safe: false, edits }] : [];
  });
}

function fetched(
  secret: Resource,
  keys: readonly string[],
  store: ExternalStore | undefined,
): readonly TextEdit[] | undefined {
  const entries = secretEntries(secret);
  const { document } = secret;
  const { file, span } = document;
  const eol = file.text.includes('\r\n') ? '\r\n' : '\n';
  if (entries.every(entry => keys.includes(entry.key))) {
    const yaml = skeleton(secret, keys, store, 'Owner').replaceAll('\n', eol);
    const start = secret.root.span.start;
    const rest = file.text.slice(start, span.end);
    const newText = yaml + (rest.endsWith('\n') ? eol : '');
    return [{ at: { uri: file.uri, span: { start, end: span.end } }, newText }];
  }
  const field = (name: string) => entries.filter(entry => entry.value.parent?.name === name);
  const edits: TextEdit[] = [];
  for (const name of ['data', 'stringData']) {
    const own = field(name);
    const gone = own.filter(entry => keys.includes(entry.key));
    const mapping = secret.root.at(name);
    const dropped =
      gone.length > 0 && gone.length === own.length
        ? [deleteEntry(mapping)]
        : gone.map(entry => deleteEntry(entry.value));
    for (const edit of dropped) {
      if (!edit) return undefined;
      edits.push(edit);
    }
  }
  const yaml = skeleton(secret, keys, store, 'Merge').replaceAll('\n', eol);
  const gap = file.text.slice(0, span.end).endsWith('\n') ? '' : eol;
  edits.push({
    at: { uri: file.uri, span: { start: span.end, end: span.end } },
    newText: `${gap}---${eol}${yaml}${eol}`,
  });
  return edits;
}

/** External Secrets Operator, API reference: ExternalSecret; `Merge` adds keys to a Secret that is already there. */
function skeleton(
  { name, namespace }: Resource,
  keys: readonly string[],
  store: ExternalStore | undefined,
  creationPolicy: 'Owner' | 'Merge',
): string {
  const version = store?.apiVersion ?? 'external-secrets.io/v1';
  const remote = namespace === undefined ? name : `${namespace}/${name}`;
  return [
    `apiVersion: ${version}`,
    'kind: ExternalSecret',
    'metadata:',
    `  name: ${quoted(name, 'plain')}`,
    ...(namespace === undefined ? [] : [`  namespace: ${quoted(namespace, 'plain')}`]),
    'spec:',
    '  refreshInterval: 1h',
    '  secretStoreRef:',
    `    kind: ${store?.kind ?? 'ClusterSecretStore'}`,
    `    name: ${quoted(store?.name ?? 'CHANGEME_SECRET_STORE', 'plain')}`,
    '  target:',
    `    name: ${quoted(name, 'plain')}`,
    `    creationPolicy: ${creationPolicy}`,
    '  data:',
    ...keys.flatMap(key => [
      `    - secretKey: ${quoted(key, 'plain')}`,
      '      remoteRef:',
      `        key: ${quoted(remote, 'plain')}`,
      `        property: ${quoted(key, 'plain')}`,
    ]),
  ].join('\n');
}
