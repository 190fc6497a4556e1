import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { dashboardsOf } from '../dashboards';
import { type Declaration, dataKeys, declarationsOf, knownKeys, mayHaveKey } from '../declarations';
import { isSecretMentioned } from '../mentions';
import { nearest } from '../nearest';
import { secretEntry } from '../secret-data';
import { secretGroups } from '../secret-groups';
import { few } from '../wording';
import { bullets, code, headline, linkTo, paragraphs, plain, titleOf } from './markdown';
import { decodedSize, sizeText, writtenSize } from './size';
import { describeUses, usesOf } from './uses';

/*
 * Secrets and ConfigMaps. A value never gets into any of these texts: not as it is written, not decoded, not in part.
 */

/** A Secret or ConfigMap: who makes it, its keys, and who uses it. */
export function describeDataObject(
  workspace: Workspace,
  kind: 'Secret' | 'ConfigMap',
  namespace: string | undefined,
  name: string,
): string {
  const declared = declarationsOf(workspace, kind, namespace, name);
  const resource = workspace.find(kind, namespace, name);
  const keys = resource ? dataKeys(resource.root) : [...knownKeys(declared)];
  return paragraphs(
    headline(kind, name, resource?.namespace ?? namespace),
    declaredText(workspace, declared),
    keys.length > 0 ? `Keys: ${few(keys.map(code), 8)}` : undefined,
    usesText(workspace, kind, namespace, name, resource),
  );
}

/** What reads an object without a reference is told from what nothing reads. */
function usesText(
  workspace: Workspace,
  kind: 'Secret' | 'ConfigMap',
  namespace: string | undefined,
  name: string,
  resource: Resource | undefined,
  key?: string,
): string {
  const uses = usesOf(workspace, kind, namespace, name, key);
  if (uses.length > 0) return describeUses(uses);
  if (resource && dashboardsOf(resource).length > 0) return 'Grafana loads its dashboards by its labels.';
  return kind === 'Secret' && isSecretMentioned(workspace, name)
    ? 'No object refers to it; scripts or values name it.'
    : describeUses(uses);
}

/** One key of a Secret: who makes it, its decoded size, who uses it, and which other keys must hold the same value. */
export function describeSecretKey(
  workspace: Workspace,
  namespace: string | undefined,
  name: string,
  key: string,
): string {
  const declared = declarationsOf(workspace, 'Secret', namespace, name);
  const secret = workspace.find('Secret', namespace, name);
  const entry = secret && secretEntry(secret, key);
  const size = entry && (entry.isEncoded ? decodedSize(entry.value) : writtenSize(entry.value));
  const place =
    entry && `Written in ${linkTo(workspace, entry.value.key)}${size === undefined ? '' : `, ${sizeText(size)}`}.`;
  return paragraphs(
    `**Secret** ${code(name)}, key ${code(key)}`,
    place ?? keyDeclaredText(workspace, declared, key),
    usesText(workspace, 'Secret', namespace, name, secret, key),
    sameValues(workspace, name, namespace, key),
  );
}

/** One key of a ConfigMap: where it is written, its size, and who gets it. */
export function describeConfigMapKey(
  workspace: Workspace,
  namespace: string | undefined,
  name: string,
  key: string,
): string {
  const resource = workspace.find('ConfigMap', namespace, name);
  const value = resource?.root.at('data', key);
  const size = value?.exists ? writtenSize(value) : undefined;
  return paragraphs(
    `**ConfigMap** ${code(name)}, key ${code(key)}`,
    value?.exists
      ? `Written in ${linkTo(workspace, value.key)}${size === undefined ? '' : `, ${sizeText(size)}`}.`
      : keyDeclaredText(workspace, declarationsOf(workspace, 'ConfigMap', namespace, name), key),
    usesText(workspace, 'ConfigMap', namespace, name, resource, key),
  );
}

/** Who makes an object, in one sentence for each. */
export function declaredText(workspace: Workspace, declared: readonly Declaration[]): string {
  if (declared.length === 0) return 'Nothing in the tree makes it.';
  const origins = [...new Set(declared.map(one => originText(workspace, one)))];
  const more = origins.length > 3 ? [`${origins.length - 3} more declare it`] : [];
  return [...origins.slice(0, 3), ...more].map(origin => `${origin}.`).join(' ');
}

function originText(workspace: Workspace, { origin, at, by, resource }: Declaration): string {
  const place = linkTo(workspace, at);
  switch (origin) {
    case 'manifest':
      return `Written in ${place}`;
    case 'operator':
      return `Made by ${plain(by ?? 'a controller')}${resource ? ` from ${titleOf(resource)}` : ''} in ${place}`;
    case 'script':
      return `Made by the script ${place}`;
    case 'promise':
      return `Only mentioned in ${place}: somebody has to make it by hand`;
    case 'settings':
      return `Provided from elsewhere, says ${place}`;
    case 'broken':
      return `In ${place}, a document that cannot be read`;
  }
}

function keyDeclaredText(workspace: Workspace, declared: readonly Declaration[], key: string): string {
  const having = declared.filter(one => mayHaveKey(one, key));
  if (declared.length === 0 || having.length > 0) return declaredText(workspace, having);
  const keys = [...knownKeys(declared)];
  const meant = nearest(key, keys);
  return `It has no such key${meant === undefined ? '.' : `; is ${code(meant)} meant?`}${keys.length > 0 ? ` Its keys: ${few(keys.map(code), 8)}.` : ''}`;
}

function sameValues(
  workspace: Workspace,
  name: string,
  namespace: string | undefined,
  key: string,
): string | undefined {
  for (const { title, members } of secretGroups(workspace)) {
    const isMember = (one: (typeof members)[number]): boolean =>
      one.secret.name === name && one.entry.key === key && (namespace ?? one.secret.namespace) === one.secret.namespace;
    if (!members.some(isMember)) continue;
    const others = members.filter(one => !isMember(one));
    return `It is ${plain(title)} and has to be the same as\n\n${bullets(
      others.map(({ secret, entry, user }) => `${code(`${secret.name}/${entry.key}`)}, which ${plain(user)} uses`),
    )}`;
  }
  return undefined;
}
