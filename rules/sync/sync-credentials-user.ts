import { environmentOf } from '../../analysis/environment';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { databases, isSyncSystem, workloads } from '../../analysis/roles';
import { type SecretEntry, secretEntry } from '../../analysis/secret-data';
import { type SqlPart, sqlRunsOf } from '../../analysis/sql-runs';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { declaredSubscription, subscriptionKind } from './declared-replication';

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
    'The user is the one that the subscription connects as, whatever its variable is called; a variable `MAIN_DB_USER` counts in any case.',
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
  kinds: ['Secret', 'ConfigMap', subscriptionKind, ...workloadKinds],
  *check(resource, workspace) {
    const owner = databases(workspace).main?.root.at('spec', 'bootstrap', 'initdb', 'owner').string ?? 'synapse';
    if (resource.qualifiedKind === subscriptionKind) {
      yield* checkDeclared(resource, workspace, owner);
      return;
    }
    if (resource.kind !== 'Secret' && resource.kind !== 'ConfigMap') {
      yield* checkWritten(resource, workspace, owner);
      return;
    }
    for (const entry of userEntries(workspace, resource)) {
      if (!entry.text || findPlaceholders(entry.text, 'value').length > 0 || entry.text === owner) continue;
      yield {
        at: entry.value,
        ...(entry.text === 'postgres' ? { severity: 'warning' as const } : {}),
        message: `${entry.key} is not ${owner}, the user that owns the main database — set it to ${owner}, with REPLICATION under managed.roles.`,
        fixes: () => {
          const edit = entry.isEncoded ? undefined : replaceScalar(entry.value, owner);
          return edit ? [{ title: `Set ${entry.key} to ${owner}`, safe: true, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

/** The entries that the user of the replication comes from: by where they go to, and by the checklist's name. */
function userEntries(workspace: Workspace, holder: Resource): readonly SecretEntry[] {
  const keys = new Set(
    workloads(workspace, 'sync')
      .filter(job => (job.namespace ?? '') === (holder.namespace ?? ''))
      .flatMap(job => [
        ...containersOf(job).map(
          container => environmentOf(workspace, job, container).variables.get('MAIN_DB_USER')?.source,
        ),
        ...subscribers(workspace, job).map(({ part }) => part.variable?.source),
      ])
      .flatMap(source => (source?.kind === holder.kind && source.name === holder.name ? source.key : [])),
  );
  return [...keys].flatMap(key => {
    if (holder.kind === 'Secret') return secretEntry(holder, key) ?? [];
    const value = holder.root.at('data', key);
    return value.exists ? { key, value, isEncoded: false, text: value.text } : [];
  });
}

/** The user that a Subscription of CloudNativePG connects as. */
function* checkDeclared(resource: Resource, workspace: Workspace, owner: string): Iterable<Problem> {
  const { main } = databases(workspace);
  const connection = declaredSubscription(workspace, resource)?.external?.at('connectionParameters');
  const user = connection?.at('user');
  if (!main || !user?.text || user.text === owner || findPlaceholders(user.text, 'value').length > 0) return;
  if (!connection?.at('host').text?.startsWith(`${main.name}-r`)) return;
  yield {
    at: user,
    ...(user.text === 'postgres' ? { severity: 'warning' as const } : {}),
    message: `${resource.title} connects as ${user.text} and not as ${owner}, the user that owns the main database — use ${owner}, with REPLICATION under managed.roles.`,
    related: [{ at: resource.root.at('metadata', 'name'), message: resource.title }],
  };
}

/** A user that the workload itself names: in the statement, or as the value of a variable. */
function* checkWritten(job: Resource, workspace: Workspace, owner: string): Iterable<Problem> {
  if (!isSyncSystem(workspace, job)) return;
  for (const { part, at } of subscribers(workspace, job)) {
    if (part.text === undefined || part.variable?.source || part.text === owner) continue;
    if (findPlaceholders(part.text, 'value').length > 0) continue;
    yield {
      at: part.variable?.value ?? at,
      ...(part.text === 'postgres' ? { severity: 'warning' as const } : {}),
      message: `The subscription connects as ${part.text} and not as ${owner}, the user that owns the main database — use ${owner}, with REPLICATION under managed.roles.`,
    };
  }
}

/** The users that the subscriptions of a workload connect to the main database as. */
function subscribers(workspace: Workspace, job: Resource): readonly { readonly part: SqlPart; readonly at: Place }[] {
  return sqlRunsOf(workspace, job).flatMap(({ statement, part, partOf }) => {
    const user = statement.kind === 'create-subscription' ? statement.connection?.user : undefined;
    return user ? [{ part: partOf(user), at: part(user.span) }] : [];
  });
}
