import { declarationsOf } from '../../analysis/declarations';
import { referrersOf } from '../../analysis/references';
import { clusterKind } from '../../analysis/roles';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Fix, Rule } from '../rule';
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
    'No Secret manifest is asked for: the operator makes it.',
    'A Secret written by hand without the switch is still a finding, because the operator blanks the password of `postgres` while access is off.',
  ],
  sources: [
    'CloudNativePG API reference, ClusterSpec.enableSuperuserAccess',
    'CloudNativePG documentation, Security, "Superuser access"',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      #       ^^^^^^^^^^^^^^^^^ 💡 error: Secret matrix-postgresql-superuser will not exist
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
      const lacks = secrets.find(
        one => one.keys !== 'any' && !['username', 'password'].every(key => one.keys !== 'any' && one.keys.has(key)),
      );
      // A Secret that is not there at all is the business of reference-missing-secret.
      if (lacks) {
        yield {
          at: own,
          items: itemFor(workspace, cluster, '1.1.b.1', '1.1.b.2'),
          message: `Secret ${own.string} lacks username or password, which CloudNativePG reads the superuser from — add both keys.`,
          related: [{ at: lacks.at, message: `Secret ${own.string}` }],
        };
      }
      return;
    }
    const name = own.string ?? `${cluster.name}-superuser`;
    const byHand = workspace.find('Secret', cluster.namespace, name);
    yield {
      at: access.exists ? access : cluster.root.at('metadata', 'name'),
      items: itemFor(workspace, cluster, '1.1.b.1', '1.1.b.2'),
      message: byHand
        ? `Secret ${name} has no effect, because CloudNativePG blanks the password of postgres while superuser access is off — set enableSuperuserAccess: true.`
        : `Secret ${name} will not exist, because CloudNativePG leaves superuser access off by default — set enableSuperuserAccess: true.`,
      related: [
        ...(byHand ? [{ at: byHand.root.at('metadata', 'name'), message: byHand.title }] : []),
        ...referrersOf(workspace, 'Secret', cluster.namespace, name).map(({ resource, reference }) => ({
          at: reference.name,
          message: `${resource.title} needs it`,
        })),
      ],
      fixes: () => switchOn(cluster),
    };
  },
} satisfies Rule;

function switchOn(cluster: Resource): readonly Fix[] {
  const access = cluster.root.at('spec', 'enableSuperuserAccess');
  const edit = access.exists
    ? replaceValue(access, 'true')
    : insertEntry(cluster.root.at('spec'), 'enableSuperuserAccess: true', { after: 'instances' });
  return edit ? [{ title: 'Set enableSuperuserAccess: true', safe: true, edits: [edit] }] : [];
}
