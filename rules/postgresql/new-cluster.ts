import { postgresFloor } from '../../analysis/scale';
import { quoted } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** What is known of a cluster that is still to be written. */
export interface WantedCluster {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly database: string;
  readonly owner: string;
  /** The directory for the file, relative to the root of the tree; empty for the root. */
  readonly directory: string;
  readonly fileName: string;
}

/** A fix that writes a new file with a cluster of the size that the tree is made for. */
export function newCluster(workspace: Workspace, wanted: WantedCluster): readonly Fix[] {
  const path = wanted.directory === '' ? wanted.fileName : `${wanted.directory}/${wanted.fileName}`;
  if (workspace.files.some(file => file.path === path)) return [];
  const floor = postgresFloor(workspace);
  const plain = (text: string): string => quoted(text, 'plain');
  const text = `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: ${plain(wanted.name)}
${wanted.namespace === undefined ? '' : `  namespace: ${plain(wanted.namespace)}\n`}spec:
  instances: 3
  enableSuperuserAccess: true
  bootstrap:
    initdb:
      database: ${plain(wanted.database)}
      owner: ${plain(wanted.owner)}
      encoding: UTF8
      localeCollate: C
      localeCType: C
  resources:
    requests:
      memory: ${floor.memory}
      cpu: "${floor.cpu}"
  storage:
    size: ${floor.storage}
  monitoring:
    enablePodMonitor: true
`;
  return [{ title: `Create ${path}`, safe: false, edits: [], creates: [{ path, text }] }];
}
