import { quoted } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** What is known of a Tenant that is still to be written. */
export interface WantedTenant {
  readonly name: string;
  readonly namespace: string | undefined;
  /** Whether its clients speak TLS. */
  readonly hasTls: boolean;
  /** The Secret with the keys of its user, in the operator's format. */
  readonly user: string | undefined;
  readonly buckets: readonly string[];
  /** The directory for the file, relative to the root of the tree; empty for the root. */
  readonly directory: string;
}

/**
 * A fix that writes a new file with a Tenant of four servers with two drives each, spread over the nodes, and the Secret of
 * its root user with placeholders for what nobody but the user can know.
 */
export function newTenant(workspace: Workspace, wanted: WantedTenant): readonly Fix[] {
  const path = `${wanted.directory === '' ? '' : `${wanted.directory}/`}minio-tenant.yaml`;
  if (workspace.files.some(file => file.path === path)) return [];
  const plain = (text: string): string => quoted(text, 'plain');
  const config = `${wanted.name}-config`;
  if (workspace.find('Secret', wanted.namespace, config)) return [];
  const namespace = wanted.namespace === undefined ? '' : `  namespace: ${plain(wanted.namespace)}\n`;
  const list = (field: string, names: readonly string[]): string =>
    names.length === 0 ? '' : `  ${field}:\n${names.map(name => `    - name: ${plain(name)}\n`).join('')}`;
  const text = `apiVersion: minio.min.io/v2
kind: Tenant
metadata:
  name: ${plain(wanted.name)}
${namespace}  labels:
    app.kubernetes.io/name: minio
spec:
  configuration:
    name: ${plain(config)}
  requestAutoCert: ${wanted.hasTls}
  pools:
    - name: pool-0
      servers: 4
      volumesPerServer: 2
      volumeClaimTemplate:
        metadata:
          name: data
        spec:
          accessModes:
            - ReadWriteOnce
          resources:
            requests:
              storage: 100Gi
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector:
                matchLabels:
                  v1.min.io/tenant: ${plain(wanted.name)}
${list('users', wanted.user === undefined ? [] : [wanted.user])}${list('buckets', wanted.buckets)}---
apiVersion: v1
kind: Secret
metadata:
  name: ${plain(config)}
${namespace}type: Opaque
stringData:
  config.env: |
    export MINIO_ROOT_USER="CHANGEME_ROOT_USER"
    export MINIO_ROOT_PASSWORD="CHANGEME_ROOT_PASSWORD"
    export MINIO_STORAGE_CLASS_STANDARD="EC:4"
`;
  return [{ title: `Create ${path}`, safe: false, edits: [], creates: [{ path, text }] }];
}
