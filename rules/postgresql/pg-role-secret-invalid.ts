import { declarationsOf } from '../../analysis/declarations';
import { clusterKind } from '../../analysis/roles';
import { secretEntry } from '../../analysis/secret-data';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'pg-role-secret-invalid',
  items: [],
  severity: 'error',
  summary: 'The Secret with the password of a PostgreSQL role is not for that role.',
  why: 'CloudNativePG compares the username in the Secret with the role that it is for, and refuses any other. The role then has no password or an old one, and Synapse cannot sign in.',
  remedy:
    'Give the Secret the keys `username` and `password`, the username being the owner of the database or the role itself.',
  traps: [
    "The superuser's Secret is `pg-superuser-secret-undefined`'s, and a Secret that is not there `reference-missing-secret`'s.",
    'A username that is still a placeholder, or that the tree does not show, is left alone.',
  ],
  sources: [
    'cloudnative-pg internal/management/controller/instance_controller.go: reconcileUser; roles/runnable.go: getPassword',
    'CloudNativePG documentation, Bootstrap: the secret is of type basic-auth and its username must match the owner',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
        storage:
          size: 50Gi
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
            secret:
              name: synapse-database
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-database
        namespace: matrix
      type: kubernetes.io/basic-auth
      stringData:
        username: matrix
      #           ^^^^^^ 💡 error: The username in Secret synapse-database is not synapse
        password: tR4vKq8ZsYx1LcWb6RmJd3KgHf7EuAo0
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
        storage:
          size: 50Gi
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
            secret:
              name: synapse-database
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-database
        namespace: matrix
      type: kubernetes.io/basic-auth
      stringData:
        username: synapse
        password: tR4vKq8ZsYx1LcWb6RmJd3KgHf7EuAo0
    `,
  },
  kinds: [clusterKind],
  *check(cluster, workspace) {
    const spec = cluster.root.at('spec');
    const initdb = spec.at('bootstrap', 'initdb');
    const owner = initdb.at('owner').text ?? initdb.at('database').text;
    if (owner !== undefined) yield* checkSecret(workspace, cluster, owner, initdb.at('secret', 'name'));
    for (const role of spec.at('managed', 'roles').items()) {
      const name = role.at('name').text;
      if (name !== undefined) yield* checkSecret(workspace, cluster, name, role.at('passwordSecret', 'name'));
    }
  },
} satisfies Rule;

function* checkSecret(workspace: Workspace, cluster: Resource, role: string, reference: Value): Iterable<Problem> {
  const name = reference.text;
  if (name === undefined) return;
  const declared = declarationsOf(workspace, 'Secret', cluster.namespace, name).filter(one => one.origin !== 'promise');
  const missing = ['username', 'password'].filter(key =>
    declared.every(({ keys }) => keys !== 'any' && !keys.has(key)),
  );
  if (declared.length > 0 && missing.length > 0) {
    yield {
      at: reference,
      message: `Secret ${name} lacks ${missing.join(' and ')}, from which CloudNativePG takes the password of ${role} — add ${missing.length === 1 ? 'it' : 'them'}.`,
      related: declared.slice(0, 1).map(one => ({ at: one.at, message: `Secret ${name}` })),
    };
    return;
  }
  const secret = workspace.find('Secret', cluster.namespace, name);
  const username = secret && secretEntry(secret, 'username');
  if (!username?.text || username.text.trim() === role || findPlaceholders(username.text, 'value').length > 0) return;
  yield {
    at: username.value,
    message: `The username in Secret ${name} is not ${role}, so CloudNativePG does not give ${role} the password — write ${role}.`,
    related: [{ at: reference, message: `${cluster.title} takes the password of ${role} from it` }],
    fixes: () => {
      const edit = username.isEncoded ? undefined : replaceScalar(username.value, role);
      return edit ? [{ title: `Write ${role}`, safe: true, edits: [edit] }] : [];
    },
  };
}
