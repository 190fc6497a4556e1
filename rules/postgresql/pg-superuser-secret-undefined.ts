import { askedByChecklist } from '../../analysis/checklist-signs';
import { declarationsOf } from '../../analysis/declarations';
import { referrersOf } from '../../analysis/references';
import { clusterKind, databases } from '../../analysis/roles';
import { secretEntry } from '../../analysis/secret-data';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { insertEntry, replaceScalar, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { mayBeMadeByHand } from '../references/missing';
import type { Fix, Related, Rule } from '../rule';
import { itemFor } from './clusters';

export default {
  id: 'pg-superuser-secret-undefined',
  items: ['1.1.b.1', '1.1.b.2'],
  severity: 'error',
  summary: 'A PostgreSQL cluster will have no superuser Secret.',
  why: 'Since CloudNativePG 1.21 the operator makes the Secret `<cluster>-superuser` only when superuser access is switched on. Jobs that create databases or publications with it never start.',
  remedy:
    'Set `enableSuperuserAccess: true` on the Cluster. If you keep the password yourself, name your Secret under `superuserSecret` as well.',
  traps: [
    'Only the checklist asks for it: this is an error in a tree that follows it, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning.',
    'No Secret manifest is asked for: the operator makes it.',
    'A Secret written by hand without the switch is still a finding, because the operator blanks the password of `postgres` while access is off.',
    'Where nothing of the tree uses the superuser, and there is neither key_vault nor an LI instance that could, it is a warning; clusters of bridges and of other programs need none.',
    'A Secret under `superuserSecret` has to be there, with the username `postgres`: the operator refuses any other.',
  ],
  sources: [
    'CloudNativePG API reference, ClusterSpec.enableSuperuserAccess',
    'CloudNativePG documentation, Security, "Superuser access"',
    'cloudnative-pg internal/management/controller: reconcileUser compares the username',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      #       ^^^^^^^^^^^^^^^^^ 💡 warning: Secret matrix-postgresql-superuser will not exist
        namespace: matrix
      spec:
        instances: 3
        storage:
          size: 50Gi
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
        enableSuperuserAccess: true
        storage:
          size: 50Gi
    `,
  },
  kinds: [clusterKind],
  *check(cluster, workspace) {
    const access = cluster.root.at('spec', 'enableSuperuserAccess');
    const own = cluster.root.at('spec', 'superuserSecret', 'name');
    if (access.boolean === true) {
      if (!own.string) return;
      const secrets = declarationsOf(workspace, 'Secret', cluster.namespace, own.string);
      if (!secrets.some(one => one.origin !== 'promise')) {
        yield {
          at: own,
          items: itemFor(workspace, cluster, '1.1.b.1', '1.1.b.2'),
          ...((secrets.length > 0 ||
            mayBeMadeByHand(workspace, { kind: 'Secret', namespace: cluster.namespace }, own.string)) && {
            severity: 'warning' as const,
          }),
          message:
            secrets.length > 0
              ? `Secret ${own.string}, which CloudNativePG reads the superuser from, has to be created by hand before this is applied — see the command that describes it.`
              : `Nothing creates the Secret ${own.string}, which CloudNativePG reads the superuser from — create it with username postgres and a password, or leave superuserSecret out and let the operator make one.`,
          related: [
            ...secrets.slice(0, 1).map(one => ({ at: one.at, message: 'The command that creates it' })),
            ...neededBy(workspace, cluster, own.string),
          ],
        };
        return;
      }
      const lacks = secrets.find(
        one => one.keys !== 'any' && !['username', 'password'].every(key => one.keys !== 'any' && one.keys.has(key)),
      );
      if (lacks) {
        yield {
          at: own,
          items: itemFor(workspace, cluster, '1.1.b.1', '1.1.b.2'),
          message: `Secret ${own.string} lacks username or password, which CloudNativePG reads the superuser from — add both keys.`,
          related: [{ at: lacks.at, message: `Secret ${own.string}` }],
        };
        return;
      }
      const secret = workspace.find('Secret', cluster.namespace, own.string);
      const user = secret && secretEntry(secret, 'username');
      if (!secret || !user?.text || user.text.trim() === 'postgres') return;
      if (findPlaceholders(user.text, 'value').length > 0) return;
      yield {
        at: user.value,
        items: itemFor(workspace, cluster, '1.1.b.1', '1.1.b.2'),
        message: `The username in Secret ${secret.name} is not postgres, so CloudNativePG sets no password for the superuser of ${cluster.name} — write postgres.`,
        related: [{ at: own, message: cluster.title }],
        fixes: () => {
          const edit = user.isEncoded ? undefined : replaceScalar(user.value, 'postgres');
          return edit ? [{ title: 'Write postgres', safe: true, edits: [edit] }] : [];
        },
      };
      return;
    }
    const name = own.string ?? `${cluster.name}-superuser`;
    const [byHand] = declarationsOf(workspace, 'Secret', cluster.namespace, name).filter(
      one => one.origin === 'manifest' || own.string !== undefined,
    );
    const users = neededBy(workspace, cluster, name);
    const { main, li } = databases(workspace);
    // The checklist asks for the superuser of its own two clusters, and of no other that somebody runs beside them.
    if (users.length === 0 && !own.exists && cluster !== main && cluster !== li) return;
    yield {
      at: access.exists ? access : cluster.root.at('metadata', 'name'),
      items: itemFor(workspace, cluster, '1.1.b.1', '1.1.b.2'),
      // key_vault makes its database as the superuser, and the LI instance its replication, in ways that are not seen.
      ...(users.length > 0 ? {} : askedByChecklist(workspace)),
      message:
        byHand || own.string !== undefined
          ? `Secret ${name} has no effect, because CloudNativePG blanks the password of postgres while superuser access is off — set enableSuperuserAccess: true.`
          : `Secret ${name} will not exist, because CloudNativePG leaves superuser access off by default — set enableSuperuserAccess: true.`,
      related: [...(byHand ? [{ at: byHand.at, message: `Secret ${name}` }] : []), ...users],
      fixes: () => switchOn(cluster),
    };
  },
} satisfies Rule;

function neededBy(workspace: Workspace, cluster: Resource, secret: string): readonly Related[] {
  return referrersOf(workspace, 'Secret', cluster.namespace, secret)
    .filter(({ resource }) => resource !== cluster)
    .map(({ resource, reference }) => ({ at: reference.name, message: `${resource.title} needs it` }));
}

function switchOn(cluster: Resource): readonly Fix[] {
  const access = cluster.root.at('spec', 'enableSuperuserAccess');
  const edit = access.exists
    ? replaceValue(access, 'true')
    : insertEntry(cluster.root.at('spec'), 'enableSuperuserAccess: true', { after: 'instances' });
  return edit ? [{ title: 'Set enableSuperuserAccess: true', safe: true, edits: [edit] }] : [];
}
