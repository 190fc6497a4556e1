import { type SecretEntry, secretEntry } from '../../analysis/secret-data';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';

/*
 * The S3 user of the deployment is written in two formats: the MinIO Operator makes the user from CONSOLE_ACCESS_KEY
 * and CONSOLE_SECRET_KEY, CloudNativePG and the applications read access-key and secret-key.
 */

/** The keys of one credential in both formats, the operator's first. */
export const credentialKeys = [
  ['CONSOLE_ACCESS_KEY', 'access-key'],
  ['CONSOLE_SECRET_KEY', 'secret-key'],
] as const;
export const consoleKeys = credentialKeys.map(([key]) => key);
export const plainKeys = credentialKeys.map(([, key]) => key);

/** The key that holds the same value in the other format. */
export function counterpart(key: string): string | undefined {
  const pair = credentialKeys.find(keys => keys.some(one => one === key));
  return pair?.find(one => one !== key);
}

/** A place where a CloudNativePG Cluster reads the S3 credentials for its backups. */
export interface BackupCredentials {
  readonly cluster: Resource;
  /** The reference to the access key and to the secret key: `name` and `key`. */
  readonly references: readonly Value[];
  readonly endpoint: string | undefined;
}

/** The entries `spec.users[]` of Tenants that name a Secret of a namespace. */
export function usersNaming(workspace: Workspace, namespace: string | undefined, secret: string): readonly Value[] {
  return lookupIn(workspace, usersBySecret, namespace, secret);
}

/** The backups that read their credentials from a Secret. */
export function backupsReading(
  workspace: Workspace,
  namespace: string | undefined,
  secret: string,
): readonly BackupCredentials[] {
  return lookupIn(workspace, backupsBySecret, namespace, secret);
}

/** All backups of a namespace. */
export function backupsIn(workspace: Workspace, namespace: string | undefined): readonly BackupCredentials[] {
  return lookupIn(workspace, backupsBySecret, namespace, '');
}

/** The Secrets of a namespace that have access-key and secret-key. */
export function plainSecrets(workspace: Workspace, namespace: string | undefined): readonly Resource[] {
  return lookupIn(workspace, secretsWithPlainKeys, namespace, '');
}

/** Whether a Secret by its keys is meant for the MinIO Operator. The operator's own console Secret is not. */
export function hasConsoleKey(secret: Resource): boolean {
  return (
    consoleKeys.some(key => secretEntry(secret, key) !== undefined) && !secretEntry(secret, 'CONSOLE_PBKDF_PASSPHRASE')
  );
}

/** Whether a text stands for a value that is still to be filled in. */
export function isPlaceholder(text: string): boolean {
  return findPlaceholders(text, 'value').some(found => found.class !== 'domain');
}

/** The scalar of an entry as YAML on one line: as it is written, if that is one line. */
export function asYaml({ value, text }: SecretEntry): string {
  const { start, end } = value.sourceSpan;
  const written = value.source.tree.text.slice(start, end);
  const isOneLine = value.style !== 'literal' && value.style !== 'folded' && !written.includes('\n');
  return isOneLine && written !== '' ? written : quoted(text ?? '', 'double');
}

const usersBySecret: Index<Value> = {
  name: 'MinIO users by Secret',
  *resource(resource) {
    if (resource.qualifiedKind !== 'Tenant.minio.min.io') return;
    for (const user of resource.root.at('spec', 'users').items()) {
      const name = user.at('name').text;
      if (name) for (const namespace of namespacesOf(resource)) yield [`${namespace}/${name}`, user.at('name')];
    }
  },
};

const backupsBySecret: Index<BackupCredentials> = {
  name: 'S3 backups by Secret',
  *resource(resource) {
    if (resource.qualifiedKind !== 'Cluster.postgresql.cnpg.io') return;
    const store = resource.root.at('spec', 'backup', 'barmanObjectStore');
    const references = ['accessKeyId', 'secretAccessKey'].map(field => store.at('s3Credentials', field));
    const backup = { cluster: resource, references, endpoint: store.at('endpointURL').text };
    const names = new Set(references.flatMap(reference => reference.at('name').text ?? []));
    if (names.size === 0) return;
    for (const namespace of namespacesOf(resource)) {
      yield [`${namespace}/`, backup];
      for (const name of names) yield [`${namespace}/${name}`, backup];
    }
  },
};

const secretsWithPlainKeys: Index<Resource> = {
  name: 'Secrets with access-key and secret-key',
  *resource(resource) {
    if (resource.qualifiedKind !== 'Secret' || plainKeys.some(key => !secretEntry(resource, key))) return;
    for (const namespace of namespacesOf(resource)) yield [`${namespace}/`, resource];
  },
};

/** An object without a namespace goes where the tree is applied to, so it is found from any. */
function namespacesOf(resource: Resource): readonly string[] {
  return resource.namespace === undefined ? ['', '*'] : [resource.namespace, '*'];
}

function lookupIn<T>(workspace: Workspace, index: Index<T>, namespace: string | undefined, name: string): readonly T[] {
  if (namespace === undefined) return workspace.lookup(index, `*/${name}`);
  return [...workspace.lookup(index, `${namespace}/${name}`), ...workspace.lookup(index, `/${name}`)];
}
