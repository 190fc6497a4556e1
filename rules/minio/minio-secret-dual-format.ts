import { isAboutMatrix } from '../../analysis/anchor';
import { askedByChecklist } from '../../analysis/checklist-signs';
import { declarationsOf } from '../../analysis/declarations';
import { settingsNamed, settingsOf } from '../../analysis/minio-settings';
import { tenantKind } from '../../analysis/roles';
import { secretEntry } from '../../analysis/secret-data';
import { listed } from '../../analysis/wording';
import { insertEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place, TextEdit } from '../../manifests/span';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule, Severity } from '../rule';
import {
  asYaml,
  type BackupCredentials,
  backupsIn,
  backupsReading,
  consoleKeys,
  counterpart,
  hasConsoleKey,
  plainKeys,
  plainSecrets,
  usersNaming,
} from './s3-credentials';

export default {
  id: 'minio-secret-dual-format',
  items: ['1.3.b.1', '1.3.b.2'],
  severity: 'error',
  summary: 'The Secret of the S3 user lacks one of the two formats in which it is read.',
  why: 'The MinIO Operator makes the user from `CONSOLE_ACCESS_KEY` and `CONSOLE_SECRET_KEY`; CloudNativePG and the applications read `access-key` and `secret-key`. With one format missing, either the user is never made or nobody can sign in as it.',
  remedy: 'Keep the same pair of values in the Secret under all four keys.',
  traps: [
    'Only the checklist asks for both formats: that the one of the applications is missing is an error in a tree that follows it, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning.',
    'Two Secrets, one per format, are accepted and only mentioned.',
    'Where the Tenant has no users at all, a script may make them with `mc admin user`.',
    'Where CloudNativePG names other keys that the Secret has, the backups work; that the checklist names `access-key` and `secret-key` is then a warning.',
    'The Secret of an old operator console, recognised by `CONSOLE_PBKDF_PASSPHRASE`, is not a user.',
    'Secrets whose keys the tree does not show, such as those of an ExternalSecret with `dataFrom`, are left alone.',
    'A store in a tree in which nothing is called after Matrix or its programs is somebody else’s.',
  ],
  sources: [
    'MinIO Operator, pkg/apis/minio.min.io/v2/types.go: the Secrets of spec.users hold CONSOLE_ACCESS_KEY and CONSOLE_SECRET_KEY.',
    'CloudNativePG documentation, Backup on object stores: s3Credentials.accessKeyId and secretAccessKey name a Secret and its key.',
  ],
  examples: {
    bad: `
      #- /minio.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-credentials
        namespace: matrix
      type: Opaque
      stringData:
      #^^^^^^^^^ 💡 warning: lacks access-key and secret-key
        CONSOLE_ACCESS_KEY: synapse-media
        CONSOLE_SECRET_KEY: "correct-horse-battery"
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        users:
          - name: minio-credentials
    `,
    good: `
      #- /minio.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-credentials
        namespace: matrix
      type: Opaque
      stringData:
        CONSOLE_ACCESS_KEY: synapse-media
        CONSOLE_SECRET_KEY: "correct-horse-battery"
        access-key: synapse-media
        secret-key: "correct-horse-battery"
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        users:
          - name: minio-credentials
    `,
  },
  kinds: ['Secret', tenantKind],
  check: (resource, workspace) =>
    !isAboutMatrix(workspace)
      ? []
      : resource.kind === 'Tenant'
        ? checkTenant(resource, workspace)
        : checkSecret(resource, workspace),
} satisfies Rule;

function* checkSecret(secret: Resource, workspace: Workspace): Iterable<Problem> {
  if (!isUserSecret(secret, workspace)) return;
  const isMissing = (key: string): boolean => secretEntry(secret, key) === undefined;
  const noConsole = consoleKeys.filter(isMissing);
  const noPlain = plainKeys.filter(isMissing);
  if (noConsole.length === 0 && noPlain.length === 0) {
    yield* notNamed(secret, workspace);
    return;
  }
  const stands = noPlain.length === 0 ? undefined : plainElsewhere(secret, workspace);
  if (noConsole.length === 0 && stands === 'same format') return;
  const missing = [...noConsole, ...(stands ? [] : noPlain)];
  if (missing.length === 0) {
    yield {
      at: holder(secret),
      severity: stands === 'two Secrets' ? 'info' : 'warning',
      message:
        stands === 'two Secrets'
          ? `Secret ${secret.name} has only the keys that the MinIO Operator reads, and another Secret holds access-key and secret-key — keep the two equal, or merge them.`
          : `Secret ${secret.name} lacks ${listed(noPlain)}, the names the checklist asks for, although the backups read other keys — add them with the same values.`,
      fixes: () => copies(secret, noPlain),
    };
    return;
  }
  yield {
    at: holder(secret),
    ...(noConsole.length > 0 || backupsReading(workspace, secret.namespace, secret.name).length > 0
      ? {}
      : askedByChecklist(workspace)),
    message: `Secret ${secret.name} lacks ${listed(missing)}, which ${readers(noConsole.length > 0, missing.length > noConsole.length)} — add ${missing.length === 1 ? 'it with the value' : 'them with the values'} of the other format.`,
    fixes: () => copies(secret, missing),
  };
}

/** A Secret that is meant for the operator, while no Tenant takes a user from anywhere and no script makes one. */
function* notNamed(secret: Resource, workspace: Workspace): Iterable<Problem> {
  const [tenant, ...others] = workspace.resources(tenantKind);
  if (!tenant || others.length > 0 || tenant.root.at('spec', 'users').items().length > 0) return;
  const root = settingsNamed(settingsOf(workspace, tenant), 'MINIO_ROOT_USER').at(-1)?.value;
  if (root === undefined || root === secretEntry(secret, 'CONSOLE_ACCESS_KEY')?.text) return;
  if (workspace.lookup(makesUsers, '').length > 0) return;
  yield {
    at: secret.root.at('metadata', 'name'),
    severity: 'warning',
    message: `Nothing makes the S3 user of Secret ${secret.name}, because Tenant ${tenant.name} has no users — name the Secret in spec.users.`,
    related: [{ at: tenant.root.at('metadata', 'name'), message: tenant.title }],
    fixes: () => {
      const edit = tenant.root.at('spec', 'users').exists
        ? undefined
        : insertEntry(tenant.root.at('spec'), `users:\n  - name: ${secret.name}`);
      return edit ? [{ title: `Name it in spec.users of ${tenant.name}`, safe: false, edits: [edit] }] : [];
    },
  };
}

/** `mc admin user add`, `mc admin user svcacct add` and `mc admin accesskey create`, in whatever text. */
const makesUsers: Index<true> = {
  name: 'what makes users of MinIO',
  *document({ text }) {
    if (makesUser.test(text)) yield ['', true];
  },
  *textFile({ text }) {
    if (makesUser.test(text)) yield ['', true];
  },
};
const makesUser = /\badmin\s+(?:user|accesskey)\b/;

function* checkTenant(tenant: Resource, workspace: Workspace): Iterable<Problem> {
  const users = tenant.root.at('spec', 'users').items();
  for (const user of users) {
    const name = user.at('name').text;
    if (!name || workspace.find('Secret', tenant.namespace, name)) continue;
    const declared = declarationsOf(workspace, 'Secret', tenant.namespace, name).filter(
      one => one.origin !== 'promise',
    );
    // A Secret that nothing declares is the business of reference-missing-secret.
    if (declared.length === 0) continue;
    const lacks = (key: string): boolean => declared.every(one => one.keys !== 'any' && !one.keys.has(key));
    const missing = [...consoleKeys.filter(lacks), ...plainKeys.filter(lacks)];
    if (missing.length === 0) continue;
    const isSplit = missing.every(key => plainKeys.some(one => one === key)) && hasPlain(tenant, workspace, name);
    yield {
      at: user.at('name'),
      ...(isSplit
        ? { severity: 'info' as Severity }
        : missing.some(key => consoleKeys.some(one => one === key))
          ? {}
          : askedByChecklist(workspace)),
      message: `Secret ${name} lacks ${listed(missing)}, and the S3 user is read in both formats — add ${missing.length === 1 ? 'it' : 'them'} where the Secret is made.`,
      related: declared.slice(0, 1).map(one => ({ at: one.at, message: `Where Secret ${name} is made` })),
    };
  }
  if (users.length > 0 || hasAnyCredentials(tenant, workspace)) return;
  yield {
    at: tenant.root.at('metadata', 'name'),
    ...askedByChecklist(workspace),
    message: `Tenant ${tenant.name} has no users, and no Secret holds S3 credentials with ${listed([...consoleKeys, ...plainKeys])} — add such a Secret and name it in spec.users.`,
  };
}

/** Secrets that a Tenant takes users from, that look so by their keys, or, without any of these, that backups read. */
function isUserSecret(secret: Resource, workspace: Workspace): boolean {
  if (hasConsoleKey(secret) || usersNaming(workspace, secret.namespace, secret.name).length > 0) return true;
  const tenants = workspace.resources(tenantKind);
  return (
    tenants.length > 0 &&
    tenants.every(tenant => tenant.root.at('spec', 'users').items().length === 0) &&
    backupsReading(workspace, secret.namespace, secret.name).some(backup => isInCluster(backup))
  );
}

/**
 * Where the plain pair stands if not in this Secret: in another Secret, under other names that the backups use, or in
 * another user of the same Tenant that has both formats.
 */
function plainElsewhere(
  secret: Resource,
  workspace: Workspace,
): 'two Secrets' | 'other names' | 'same format' | undefined {
  const own = backupsReading(workspace, secret.namespace, secret.name);
  if (own.length > 0) {
    const worksOut = own.every(({ references }) =>
      references.every(
        reference =>
          reference.at('name').text !== secret.name ||
          secretEntry(secret, reference.at('key').text ?? '') !== undefined,
      ),
    );
    return worksOut ? 'other names' : undefined;
  }
  const others = plainSecrets(workspace, secret.namespace).filter(one => one !== secret && one.name !== secret.name);
  if (others.some(one => usersNaming(workspace, one.namespace, one.name).length > 0)) return 'same format';
  if (others.length > 0) return 'two Secrets';
  return backupsIn(workspace, secret.namespace).length > 0 ? 'other names' : undefined;
}

function hasPlain(tenant: Resource, workspace: Workspace, except: string): boolean {
  return plainSecrets(workspace, tenant.namespace).some(secret => secret.name !== except);
}

function hasAnyCredentials(tenant: Resource, workspace: Workspace): boolean {
  return (
    backupsIn(workspace, tenant.namespace).length > 0 ||
    plainSecrets(workspace, tenant.namespace).length > 0 ||
    workspace.resources('Secret').some(hasConsoleKey)
  );
}

function isInCluster({ endpoint, cluster }: BackupCredentials): boolean {
  const [, name, rest] = /^https?:\/\/([^.:/]+)\.?([^:/]*)/.exec(endpoint ?? '') ?? [];
  return name !== undefined && (rest === '' || rest === cluster.namespace || /(?:^|\.)svc(?:\.|$)/.test(rest ?? ''));
}

function readers(console: boolean, plain: boolean): string {
  if (console && plain) return 'the MinIO Operator, CloudNativePG and the applications read';
  return console ? 'the MinIO Operator makes the user from' : 'CloudNativePG and the applications read';
}

/** The key of the mapping that should hold what is missing. */
function holder(secret: Resource): Place {
  const field = ['stringData', 'data'].map(name => secret.root.at(name)).find(value => value.kind === 'mapping');
  return field ? field.key : secret.root.at('metadata', 'name');
}

/** Copies each missing key from its counterpart, next to it, written the same way. */
function copies(secret: Resource, missing: readonly string[]): readonly Fix[] {
  const edits: TextEdit[] = [];
  for (const field of ['stringData', 'data']) {
    const mapping = secret.root.at(field);
    const found = missing.flatMap(key => {
      const source = secretEntry(secret, counterpart(key) ?? '');
      return source && source.isEncoded === (field === 'data') && source.value.text !== undefined
        ? [{ key, source }]
        : [];
    });
    if (found.length === 0) continue;
    const last = found.reduce((a, b) => (b.source.value.sourceSpan.end > a.source.value.sourceSpan.end ? b : a));
    const edit = insertEntry(mapping, found.map(({ key, source }) => `${key}: ${asYaml(source)}`).join('\n'), {
      after: last.source.key,
    });
    if (!edit) return [];
    edits.push(edit);
  }
  const isWhole = missing.every(key => secretEntry(secret, counterpart(key) ?? '')?.value.text !== undefined);
  return isWhole && edits.length > 0
    ? [{ title: `Add ${listed(missing)} with the same values`, safe: true, edits }]
    : [];
}
