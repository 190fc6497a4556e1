import { declarationsOf, mayHaveKey } from '../../analysis/declarations';
import { appendLine, type ConfigEnv, settingsOf } from '../../analysis/minio-settings';
import { tenantKind } from '../../analysis/roles';
import { secretEntry } from '../../analysis/secret-data';
import { insertEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { isPlaceholder } from './s3-credentials';

export default {
  id: 'minio-config-secret-missing',
  items: [],
  severity: 'error',
  summary: 'The MinIO Tenant has no root user that MinIO would accept.',
  why: 'The operator reads the root user and its password from `config.env` and stops at the Tenant without them; MinIO refuses names below 3 and passwords below 8 characters.',
  remedy:
    'Name a Secret under `spec.configuration` whose key `config.env` exports `MINIO_ROOT_USER` and `MINIO_ROOT_PASSWORD`.',
  traps: [
    'A Secret that nothing creates is reported by reference-missing-secret.',
    'The older field `credsSecret` is accepted.',
    'A password that is still a placeholder is not measured.',
  ],
  sources: [
    'MinIO Operator, pkg/apis/minio.min.io/v2/types.go: configuration names a Secret with the key config.env.',
    'MinIO, internal/auth/credentials.go: access keys have at least 3 characters, secret keys at least 8.',
  ],
  examples: {
    bad: `
      #- /minio.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-config
        namespace: matrix
      stringData:
        config.env: |
      # ^^^^^^^^^^ 💡 error: exports no MINIO_ROOT_PASSWORD
          export MINIO_ROOT_USER="storage-root"
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        configuration:
          name: minio-config
    `,
    good: `
      #- /minio.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-config
        namespace: matrix
      stringData:
        config.env: |
          export MINIO_ROOT_USER="storage-root"
          export MINIO_ROOT_PASSWORD="CHANGEME_ROOT_PASSWORD"
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        configuration:
          name: minio-config
    `,
  },
  kinds: [tenantKind],
  *check(tenant, workspace) {
    const reference = tenant.root.at('spec', 'configuration', 'name');
    if (reference.text === undefined) {
      if (tenant.root.at('spec', 'credsSecret', 'name').text === undefined) yield unnamed(tenant, workspace);
      return;
    }
    const { file } = settingsOf(workspace, tenant);
    if (file) yield* checkFile(file);
    else yield* checkKey(tenant, workspace, reference.text);
  },
} satisfies Rule;

function unnamed(tenant: Resource, workspace: Workspace): Problem {
  const configuration = tenant.root.at('spec', 'configuration');
  return {
    at: configuration.exists ? configuration.key : tenant.root.at('metadata', 'name'),
    message: `Tenant ${tenant.name} names no configuration Secret, so it has no root user — set spec.configuration.name to a Secret with the key config.env.`,
    fixes: () => {
      const [found, ...others] = workspace
        .resources('Secret')
        .filter(one => one.namespace === tenant.namespace && secretEntry(one, 'config.env') !== undefined);
      const name = found && others.length === 0 ? found.name : `${tenant.name}-config`;
      const edit = configuration.exists
        ? undefined
        : insertEntry(tenant.root.at('spec'), `configuration:\n  name: ${name}`);
      return edit ? [{ title: `Name Secret ${name}`, safe: false, edits: [edit] }] : [];
    },
  };
}

function* checkKey(tenant: Resource, workspace: Workspace, name: string): Iterable<Problem> {
  const secret = workspace.find('Secret', tenant.namespace, name);
  const declared = declarationsOf(workspace, 'Secret', tenant.namespace, name).filter(one => one.origin !== 'promise');
  if (declared.length === 0 || declared.some(one => mayHaveKey(one, 'config.env'))) return;
  const holder = ['stringData', 'data'].map(field => secret?.root.at(field)).find(value => value?.kind === 'mapping');
  yield {
    at: holder ? holder.key : tenant.root.at('spec', 'configuration', 'name'),
    message: `Secret ${name} has no key config.env, from which Tenant ${tenant.name} takes its root user — add it.`,
    related: [{ at: tenant.root.at('spec', 'configuration', 'name'), message: tenant.title }],
    fixes: () => {
      const edit =
        holder?.name === 'stringData'
          ? insertEntry(
              holder,
              'config.env: |\n  export MINIO_ROOT_USER="CHANGEME_ROOT_USER"\n  export MINIO_ROOT_PASSWORD="CHANGEME_ROOT_PASSWORD"',
            )
          : undefined;
      return edit ? [{ title: 'Add config.env', safe: false, edits: [edit] }] : [];
    },
  };
}

function* checkFile(file: ConfigEnv): Iterable<Problem> {
  for (const [name, least] of [
    ['MINIO_ROOT_USER', 3],
    ['MINIO_ROOT_PASSWORD', 8],
  ] as const) {
    const setting = file.settings.findLast(one => one.name === name);
    if (!setting) {
      yield {
        at: file.value.key,
        message: `config.env of Secret ${file.secret.name} exports no ${name}, so MinIO has no root user — add it.`,
        fixes: () => {
          const edit = appendLine(file, `export ${name}="CHANGEME_${name.slice('MINIO_'.length)}"`);
          return edit ? [{ title: `Add ${name} to fill in`, safe: false, edits: [edit] }] : [];
        },
      };
    } else if ((setting.value?.length ?? 0) < least && !isPlaceholder(setting.value ?? '')) {
      yield {
        at: setting.at,
        message: `${name} in config.env of Secret ${file.secret.name} has fewer than ${least} characters, which MinIO refuses — choose a longer one.`,
      };
    }
  }
}
