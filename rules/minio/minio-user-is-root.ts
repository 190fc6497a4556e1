import { settingsNamed, settingsOf } from '../../analysis/minio-settings';
import { tenantKind } from '../../analysis/roles';
import { secretEntry } from '../../analysis/secret-data';
import type { Rule } from '../rule';
import { consoleKeys, isPlaceholder } from './s3-credentials';

export default {
  id: 'minio-user-is-root',
  items: [],
  severity: 'warning',
  summary: 'The S3 user of the applications is the root user of MinIO.',
  why: 'Every pod that uploads media could then delete all buckets, the backups of the databases included, and change the users.',
  remedy:
    'Give the applications a user of their own, with another name and another secret than `MINIO_ROOT_USER` and `MINIO_ROOT_PASSWORD`.',
  traps: [
    'The values are compared decoded and never shown.',
    'Placeholders are still to be filled in and say nothing yet.',
  ],
  sources: [
    'MinIO documentation, Identity and Access Management: the root user can do everything and should not be used by applications.',
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
          export MINIO_ROOT_USER="storage-root"
          export MINIO_ROOT_PASSWORD="correct-horse-battery"
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-credentials
        namespace: matrix
      stringData:
        CONSOLE_ACCESS_KEY: storage-root
      #                     ^^^^^^^^^^^^ warning: CONSOLE_ACCESS_KEY of Secret minio-credentials is the same as MINIO_ROOT_USER
        CONSOLE_SECRET_KEY: battery-staple
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        configuration:
          name: minio-config
        users:
          - name: minio-credentials
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
          export MINIO_ROOT_PASSWORD="correct-horse-battery"
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: minio-credentials
        namespace: matrix
      stringData:
        CONSOLE_ACCESS_KEY: synapse-media
        CONSOLE_SECRET_KEY: battery-staple
      ---
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        configuration:
          name: minio-config
        users:
          - name: minio-credentials
    `,
  },
  kinds: [tenantKind],
  *check(tenant, workspace) {
    const settings = settingsOf(workspace, tenant);
    for (const user of tenant.root.at('spec', 'users').items()) {
      const name = user.at('name').text;
      const secret = name === undefined ? undefined : workspace.find('Secret', tenant.namespace, name);
      if (!secret) continue;
      for (const [key, root] of [
        [consoleKeys[0], 'MINIO_ROOT_USER'],
        [consoleKeys[1], 'MINIO_ROOT_PASSWORD'],
      ] as const) {
        const entry = key === undefined ? undefined : secretEntry(secret, key);
        const setting = settingsNamed(settings, root).at(-1);
        if (!entry?.text || entry.text !== setting?.value || isPlaceholder(entry.text)) continue;
        yield {
          at: entry.value,
          message: `${entry.key} of Secret ${secret.name} is the same as ${root}, so the applications are root in MinIO — give them a user of their own.`,
          related: [{ at: setting.at, message: root }],
        };
      }
    }
  },
} satisfies Rule;
