import { type DatabaseLogin, generatedPasswordSecret, loginsOf } from '../../analysis/database-logins';
import { environmentOf } from '../../analysis/environment';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { clusterKind, databases, isSyncSystem } from '../../analysis/roles';
import { mountedFile } from '../../analysis/scripts';
import { synapseProcess } from '../../analysis/synapse';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { clusterOfHost } from './clusters';

export default {
  id: 'pg-password-of-another-role',
  items: [],
  severity: 'error',
  summary: 'A program signs in to PostgreSQL with the password of another role, or of a role of another cluster.',
  why: 'CloudNativePG makes a password for each cluster’s owner and superuser. PostgreSQL refuses any other: "password authentication failed for user".',
  remedy:
    'Read the password from the Secret of the role: `<cluster>-app` for the owner of the database, `<cluster>-superuser` for `postgres`.',
  traps: [
    'Judged are Secrets that CloudNativePG makes and no manifest writes. A copy in a Secret of the tree is reported by `pg-literal-copy-of-generated-password`.',
    'Password files count like variables: what a script writes into one, and one that is mounted as `PGPASSFILE`.',
    'What the sync system signs in to the main cluster with has a rule of its own, and so has the main process of the LI instance.',
  ],
  sources: [
    'cloudnative-pg documentation, Connecting from an application: the Secrets <cluster>-app and <cluster>-superuser',
  ],
  examples: { bad: example('superuser', true), good: example('app', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    yield* passwordFiles(resource, workspace);
    const said = new Set<unknown>();
    for (const login of loginsOf(workspace, resource)) {
      if (said.has(login.variable.at) || isReportedElsewhere(workspace, login)) continue;
      const expected = generatedPasswordSecret(login.cluster, login.user);
      const owner = ownerOf(workspace, login);
      if (expected === undefined || !owner || (login.secret.name === expected && login.secret.key === 'password'))
        continue;
      // Two sign-ins may share a variable by its name only; then the one that is certain decides.
      const isShared = isRightElsewhere(workspace, login);
      if (!login.isCertain && isShared) continue;
      const field = login.at.at('valueFrom', 'secretKeyRef');
      if (!field.exists) continue;
      said.add(login.variable.at);
      const isOtherKey = login.secret.name === expected;
      yield {
        at: isOtherKey ? field.at('key') : field.at('name'),
        message: isOtherKey
          ? `${login.variable.name} is the key ${login.secret.key} of Secret ${expected}, but the password of ${login.user} on Cluster ${login.cluster.name} is its key password — read that.`
          : `${login.variable.name} comes from Secret ${login.secret.name}, which is of Cluster ${owner.name}${owner === login.cluster ? ' for another role' : ''}, but ${resource.title} signs in as ${login.user} on Cluster ${login.cluster.name} — read it from ${expected}.`,
        related: [{ at: login.cluster.root.at('metadata', 'name'), message: login.cluster.title }],
        fixes: () => {
          // Another sign-in of the same container needs the variable as it is.
          if (isShared) return [];
          const edits = [
            ...(isOtherKey ? [] : [replaceScalar(field.at('name'), expected)]),
            ...(field.at('key').text === 'password' ? [] : [replaceScalar(field.at('key'), 'password')]),
          ].flatMap(edit => edit ?? []);
          return edits.length > 0
            ? [{ title: `Read the password from Secret ${expected}`, safe: login.isCertain, edits }]
            : [];
        },
      };
    }
  },
} satisfies Rule;

/** Lines of a mounted password file for roles whose passwords CloudNativePG makes up. */
function* passwordFiles(resource: Resource, workspace: Workspace): Iterable<Problem> {
  for (const container of containersOf(resource)) {
    const path = environmentOf(workspace, resource, container).variables.get('PGPASSFILE')?.value?.text;
    const file = path === undefined ? undefined : mountedFile(workspace, resource, container, path);
    for (const line of file?.text?.split('\n') ?? []) {
      const [host = '', , , user = '', password = ''] = line.split(':');
      const cluster = clusterOfHost(workspace, resource.namespace, host)?.cluster;
      const generated = cluster && generatedPasswordSecret(cluster, user);
      if (!file || !generated || password === '' || findPlaceholders(password, 'value').length > 0) continue;
      yield {
        at: file.key,
        message: `The password file has a password for ${user} on Cluster ${cluster.name}, but CloudNativePG generates that one into Secret ${generated} — read it from there.`,
        related: [{ at: cluster.root.at('metadata', 'name'), message: cluster.title }],
      };
    }
  }
}

/** The cluster whose operator-made Secret a login reads; undefined if a manifest of the tree writes the Secret. */
function ownerOf(workspace: Workspace, { secret }: DatabaseLogin): Resource | undefined {
  if (workspace.find('Secret', secret.namespace, secret.name)) return undefined;
  return workspace
    .resources(clusterKind)
    .find(
      one =>
        [`${one.name}-app`, `${one.name}-superuser`].includes(secret.name) &&
        (one.namespace === undefined || secret.namespace === undefined || one.namespace === secret.namespace),
    );
}

function isRightElsewhere(workspace: Workspace, login: DatabaseLogin): boolean {
  return loginsOf(workspace, login.consumer).some(
    one => one.secret.name === login.secret.name && generatedPasswordSecret(one.cluster, one.user) === one.secret.name,
  );
}

/** Sign-ins that sync-credentials-password, key-vault-initdb-not-superuser or li-database-not-li-cluster look at. */
function isReportedElsewhere(workspace: Workspace, { consumer, cluster, secret }: DatabaseLogin): boolean {
  const { main } = databases(workspace);
  if (isSyncSystem(workspace, consumer)) return cluster === main;
  const process = synapseProcess(workspace, consumer);
  if (process) return process.isLi && !process.isWorker && secret.name.startsWith(`${main?.name}-`);
  return /key[-_]?vault/.test(consumer.name) && consumer.kind === 'Job';
}

function example(secret: string, isMarked: boolean): string {
  return `
      #- /tree.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        enableSuperuserAccess: true
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      ---
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: purge
        namespace: matrix
      spec:
        jobTemplate:
          spec:
            template:
              spec:
                containers:
                  - name: purge
                    image: postgres:16
                    command: [psql, -h, matrix-postgresql-rw, -U, synapse, -d, matrix, -c, SELECT 1]
                    env:
                      - name: PGPASSWORD
                        valueFrom:
                          secretKeyRef:
                            name: matrix-postgresql-${secret}
${isMarked ? '      #                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: PGPASSWORD comes from Secret matrix-postgresql-superuser, which is of Cluster matrix-postgresql for another role\n' : ''}                            key: password
    `;
}
