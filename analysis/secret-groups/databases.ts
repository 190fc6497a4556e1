import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { databaseLogins, initdbOf } from '../database-logins';
import { homeserverOf } from '../homeserver';
import { clusterKind, familiesOf, synapseLis, synapseMains, synapseWorkers } from '../roles';
import { type GroupMember, memberOf, type SecretGroup, valueMembers } from './members';
import { valueVariables } from './variables';

/**
 * The password that a Cluster gives a user from a Secret, and what programs sign in with. One that the operator makes up
 * itself belongs to no group: nobody writes it.
 */
export function databaseGroups(workspace: Workspace): readonly SecretGroup[] {
  const logins = databaseLogins(workspace);
  return workspace.resources(clusterKind).flatMap(cluster => {
    const spec = cluster.root.at('spec');
    const given: readonly (readonly [string | undefined, Value])[] = [
      [initdbOf(cluster)?.owner, spec.at('bootstrap', 'initdb', 'secret', 'name')],
      ['postgres', spec.at('superuserSecret', 'name')],
      ...spec
        .at('managed', 'roles')
        .items()
        .map(role => [role.at('name').text, role.at('passwordSecret', 'name')] as const),
    ];
    const users = new Set(
      given.flatMap(([user, name]) => (user !== undefined && name.text !== undefined ? [user] : [])),
    );
    return [...users].map(user => ({
      id: `database-password ${cluster.name} ${user}`,
      title: `the password of ${user} on Cluster ${cluster.name}`,
      members: [
        ...given
          .filter(([owner]) => owner === user)
          .flatMap(([, name]) => memberOf(workspace, cluster.namespace, name.text, 'password', 'PostgreSQL')),
        ...logins
          .filter(login => login.cluster === cluster && login.user === user)
          // The database of key_vault has a group of its own.
          .filter(({ consumer }) => !familiesOf(consumer).has('key_vault'))
          .flatMap(({ secret, consumer }) =>
            memberOf(workspace, secret.namespace, secret.name, secret.key, consumer.title),
          ),
        ...writtenPasswords(workspace, cluster, user),
      ],
    }));
  });
}

/** What Synapse signs in to a cluster with, where a file in a Secret has the password itself. */
function writtenPasswords(workspace: Workspace, cluster: Resource, user: string): readonly GroupMember[] {
  return [...synapseMains(workspace), ...synapseWorkers(workspace), ...synapseLis(workspace)].flatMap(one => {
    const homeserver = homeserverOf(workspace, one);
    const database = homeserver?.at('database', 'args');
    if (!homeserver || !database || database.at('user').string !== user) return [];
    const [service, namespace = one.namespace] = database.at('host').string?.split('.') ?? [];
    if (service !== `${cluster.name}-rw` || namespace !== cluster.namespace) return [];
    const { file } = homeserver.layer('database');
    const password = database.at('password');
    return valueVariables(file, password).length > 0 ? [] : valueMembers(workspace, one, 'Synapse', file, password);
  });
}
