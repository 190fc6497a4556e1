import { databaseLogins } from '../../analysis/database-logins';
import { homeserverOf } from '../../analysis/homeserver';
import { clusterKind, familiesOf } from '../../analysis/roles';
import { processes } from '../../analysis/synapse';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { clusterOfHost } from './clusters';

export default {
  id: 'pg-role-cannot-login',
  items: [],
  severity: 'error',
  summary: 'A role that a program signs in with is managed as one that may not log in, or as one that is dropped.',
  why: 'CloudNativePG gives each role under `managed.roles` exactly what is written there, also the owner that the cluster was bootstrapped with. `login` is false by default: the operator takes LOGIN away, and Synapse stops with "role is not permitted to log in".',
  remedy: 'Write `login: true` for each role that something signs in with, and `ensure: present`.',
  traps: [
    'Roles that nothing in the tree signs in with may be groups, and are left alone.',
    'For `postgres` the operator takes no entry at all.',
  ],
  sources: [
    'cloudnative-pg, api/v1/cluster_types.go, RoleConfiguration: `login`, "Default is `false`"; docs/src/declarative_role_management.md',
  ],
  examples: { bad: example(false), good: example(true) },
  kinds: [clusterKind],
  *check(cluster, workspace) {
    for (const role of cluster.root.at('spec', 'managed', 'roles').items()) {
      const name = role.at('name').text;
      const isAbsent = role.at('ensure').text === 'absent';
      const login = role.at('login');
      if (name === undefined || (!isAbsent && login.boolean === true)) continue;
      if (!isAbsent && login.exists && login.boolean === undefined) continue;
      const users = usersOf(workspace, cluster, name);
      const [first] = users;
      if (!first) continue;
      const at = isAbsent ? role.at('ensure') : login.exists ? login : role.at('name');
      yield {
        at,
        message: `CloudNativePG ${isAbsent ? `drops the role ${name}` : `lets the role ${name} not log in${login.exists ? '' : ', because login is false by default'}`}, with which ${first.user.title} signs in — write ${isAbsent ? 'ensure: present' : 'login: true'}.`,
        related: users
          .slice(0, 12)
          .map(({ user, at: used }) => ({ at: used, message: `${user.title} signs in with it` })),
        fixes: () => {
          const edit = isAbsent
            ? replaceValue(at, 'present')
            : login.exists
              ? replaceValue(login, 'true')
              : insertEntry(role, 'login: true');
          return edit ? [{ title: isAbsent ? 'Keep the role' : 'Let the role log in', safe: true, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

interface User {
  readonly user: Resource;
  readonly at: Value;
}

/** Who signs in to a cluster as a role. */
function usersOf(workspace: Workspace, cluster: Resource, role: string): readonly User[] {
  const synapses = processes(workspace).flatMap(({ resource }): readonly User[] => {
    const args = homeserverOf(workspace, resource)?.at('database', 'args');
    const user = args?.at('user');
    const host = args?.at('host').text;
    if (user?.text !== role || host === undefined) return [];
    return clusterOfHost(workspace, resource.namespace, host)?.cluster === cluster
      ? [{ user: resource, at: user }]
      : [];
  });
  const others = databaseLogins(workspace)
    .filter(one => one.cluster === cluster && one.user === role && !familiesOf(one.consumer).has('synapse'))
    .map(({ consumer, at }) => ({ user: consumer, at }));
  return [...synapses, ...others];
}

function example(canLogin: boolean): string {
  return `
      #- /tree.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        managed:
          roles:
            - name: synapse
${canLogin ? '' : '      #             ^^^^^^^ 💡 error: CloudNativePG lets the role synapse not log in, because login is false by default, with which StatefulSet/synapse-main signs in\n'}              replication: true
${canLogin ? '              login: true\n' : ''}      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          database:
            name: psycopg2
            args:
              host: matrix-postgresql-rw
              user: synapse
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `;
}
