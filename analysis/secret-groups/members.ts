import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { EffectiveFile } from '../effective';
import type { EnvironmentVariable } from '../environment';
import { mountedTexts } from '../mounts';
import { type SecretEntry, secretEntry } from '../secret-data';
import { findPlaceholders } from '../text/placeholders';
import { valueVariables } from './variables';

/** Keys of Secrets that must hold the same value, because one side checks what the other presents. */
export interface SecretGroup {
  /** `redis-password`, `s3-secret-key`, `turn-secret` … */
  readonly id: string;
  /** For messages: `the password of Redis`. */
  readonly title: string;
  readonly members: readonly GroupMember[];
}

export interface GroupMember {
  readonly secret: Resource;
  readonly entry: SecretEntry;
  /** Who uses it, for messages: `Synapse`, `LiveKit`. */
  readonly user: string;
}

/** The keys of Secrets that variables get their values from, as members for who uses them. */
export function members(
  workspace: Workspace,
  resource: Resource,
  user: string,
  variables: readonly EnvironmentVariable[],
): readonly GroupMember[] {
  return variables.flatMap(({ source }) =>
    source?.kind === 'Secret' ? memberOf(workspace, resource.namespace, source.name, source.key, user) : [],
  );
}

/** A key of a Secret as a member; none if the tree has no such Secret, or the Secret no such key. */
export function memberOf(
  workspace: Workspace,
  namespace: string | undefined,
  name: string | undefined,
  key: string | undefined,
  user: string,
): readonly GroupMember[] {
  const secret = name === undefined ? undefined : workspace.find('Secret', namespace, name);
  const entry = secret && key !== undefined ? secretEntry(secret, key) : undefined;
  return secret && entry ? [{ secret, entry, user }] : [];
}

/** Where a value of a configuration comes from: the variable that a step puts there, or the Secret that holds the file. */
export function valueMembers(
  workspace: Workspace,
  resource: Resource,
  user: string,
  file: EffectiveFile | undefined,
  value: Value | undefined,
): readonly GroupMember[] {
  const filled = members(workspace, resource, user, valueVariables(file, value));
  if (filled.length > 0 || !file?.isVerbatim || value?.string === undefined) return filled;
  if (findPlaceholders(value.string, 'value').length > 0) return [];
  const [source] = file.sources;
  const holder = mountedTexts(workspace, resource).find(
    one =>
      one.source?.kind === 'Secret' &&
      source !== undefined &&
      one.value.isAt(source) &&
      one.source.root.uri === one.value.uri,
  );
  if (!holder?.source) return [];
  const key = `${value.parent?.name ?? ''}.${value.name ?? ''} in ${holder.key}`;
  return [{ secret: holder.source, entry: { key, value, isEncoded: false, text: value.string }, user }];
}
