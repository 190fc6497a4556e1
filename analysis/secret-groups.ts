import type { Workspace } from '../manifests/workspace';
import { databaseGroups } from './secret-groups/databases';
import { keyVaultGroups } from './secret-groups/key-vault';
import { livekitGroups } from './secret-groups/livekit';
import type { GroupMember, SecretGroup } from './secret-groups/members';
import { redisGroups } from './secret-groups/redis';
import { s3Groups } from './secret-groups/s3';
import { replicationGroups, signingKeyGroup, turnGroup } from './secret-groups/synapse';

export type { GroupMember, SecretGroup } from './secret-groups/members';

/** The groups of a tree, found by following each credential from where it is used to the Secret it comes from. */
export function secretGroups(workspace: Workspace): readonly SecretGroup[] {
  return workspace.shared(findGroups);
}

function findGroups(workspace: Workspace): readonly SecretGroup[] {
  return finders
    .flatMap(find => workspace.shared(find))
    .map(group => ({ ...group, members: unique(group.members) }))
    .filter(group => group.members.length > 1);
}

/** Each is followed on its own, so that an edit has only those followed again that read what changed. */
const finders: readonly ((workspace: Workspace) => readonly SecretGroup[])[] = [
  redisGroups,
  s3Groups,
  turnGroup,
  replicationGroups,
  databaseGroups,
  keyVaultGroups,
  livekitGroups,
  workspace => [signingKeyGroup(workspace)],
];

function unique(all: readonly GroupMember[]): readonly GroupMember[] {
  return all.filter(
    (one, index) => all.findIndex(other => other.secret === one.secret && other.entry.key === one.entry.key) === index,
  );
}
