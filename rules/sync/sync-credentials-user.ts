import { environmentOf } from '../../analysis/environment';
import { containersOf } from '../../analysis/pods';
import { databases, familiesOf, workloads } from '../../analysis/roles';
import { type SecretEntry, secretEntries } from '../../analysis/secret-data';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'sync-credentials-user',
  items: ['3.1.b', '3.1.a.1'],
  severity: 'error',
  summary: 'Replication signs in to the main database as another user than Synapse’s.',
  why: 'The checklist has one user own the tables and replicate them. Any other user has to be created, granted and rotated on its own, and usually is not.',
  remedy:
    'Set `MAIN_DB_USER` to the owner of the main database, `synapse` unless the Cluster says otherwise, and give it REPLICATION under `managed.roles`.',
  traps: [
    '`postgres` works but is broader than needed; it is a warning.',
    'The expected name is the owner under `bootstrap.initdb` of the main Cluster.',
  ],
  examples: {
    bad: `
      #- /sync.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: sync-secrets
        namespace: matrix
      stringData:
        MAIN_DB_USER: replicator
      #               ^^^^^^^^^^ 💡 error: MAIN_DB_USER is not synapse
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                envFrom:
                  - secretRef: {name: sync-secrets}
    `,
    good: `
      #- /sync.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: sync-secrets
        namespace: matrix
      stringData:
        MAIN_DB_USER: synapse
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                envFrom:
                  - secretRef: {name: sync-secrets}
    `,
  },
  kinds: ['Secret', 'ConfigMap'],
  *check(resource, workspace) {
    const entry = userEntry(resource);
    if (!entry?.text || findPlaceholders(entry.text, 'value').length > 0 || !isUsedBySync(workspace, resource)) return;
    const owner = databases(workspace).main?.root.at('spec', 'bootstrap', 'initdb', 'owner').string ?? 'synapse';
    if (entry.text === owner) return;
    yield {
      at: entry.value,
      ...(entry.text === 'postgres' ? { severity: 'warning' as const } : {}),
      message: `${entry.key} is not ${owner}, the user that owns the main database — set it to ${owner}, with REPLICATION under managed.roles.`,
      fixes: () => {
        const edit = entry.isEncoded ? undefined : replaceScalar(entry.value, owner);
        return edit ? [{ title: `Set ${entry.key} to ${owner}`, safe: true, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

function userEntry(resource: Resource): SecretEntry | undefined {
  if (resource.kind === 'Secret') return secretEntries(resource).find(({ key }) => key === 'MAIN_DB_USER');
  const value = resource.root.at('data', 'MAIN_DB_USER');
  return value.exists ? { key: 'MAIN_DB_USER', value, isEncoded: false, text: value.text } : undefined;
}

function isUsedBySync(workspace: Workspace, holder: Resource): boolean {
  return workloads(workspace, 'sync').some(
    job =>
      familiesOf(job).has('sync') &&
      containersOf(job).some(
        container =>
          environmentOf(workspace, job, container).variables.get('MAIN_DB_USER')?.source?.name === holder.name,
      ),
  );
}
