import { groupedBy } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { databaseLogins, generatedPasswordSecret } from '../database-logins';
import { environmentOf } from '../environment';
import { builtTrees } from '../kustomization/built-trees';
import { containersOf, workloadKinds } from '../pods';
import { clusterKind, workloads } from '../roles';
import { secretGroups } from '../secret-groups';
import { findService, podsBehind } from '../services';
import { locationOf, placeInFiles } from './built';
import type { CredentialKind } from './kinds';
import { userPassword } from './kinds';
import { type CredentialPlace, credentialPlaces } from './places';

/** One credential with every place that has to hold it. */
export interface CredentialGroup {
  /** For people: `the password of Redis`, or the label of its only place. */
  readonly title: string;
  /** Undefined where only a person can supply the value. */
  readonly kind: CredentialKind | undefined;
  readonly places: readonly CredentialPlace[];
  /** Why the group must not be filled, as a sentence for people. */
  readonly obstacle: string | undefined;
}

/**
 * The credentials of a tree. Places belong together where one value goes to both: by the groups that
 * secret-group-mismatch judges, by sign-ins to the same database user, by the password inside a connection URL, by
 * names that only one thing has, and by a placeholder with a name of its own that stands in two Secrets. The last two
 * are guesses, good enough to choose one new value for both, and therefore never reported as a finding.
 */
export function credentialGroups(workspace: Workspace): readonly CredentialGroup[] {
  const trees = builtTrees(workspace);
  if (trees.length === 0) return groupsIn(workspace);
  const groups: CredentialGroup[] = [];
  for (const tree of trees) {
    for (const group of groupsIn(tree.workspace)) {
      const places = group.places.flatMap(place => placeInFiles(place, tree, workspace) ?? []);
      if (places.length > 0) unite(groups, { ...group, places });
    }
  }
  return groups;
}

/** What two deployments have in common, such as a Secret of their base, makes one group of theirs. */
function unite(groups: CredentialGroup[], group: CredentialGroup): void {
  const places = new Map(group.places.map(place => [locationOf(place), place]));
  const common = groups.filter(other => other.places.some(place => places.has(locationOf(place))));
  for (const other of common) {
    for (const place of other.places) places.set(locationOf(place), place);
    groups.splice(groups.indexOf(other), 1);
  }
  const [first = group] = common;
  groups.push({
    title: first.title,
    kind: first.kind ?? group.kind,
    places: [...places.values()],
    obstacle: first.obstacle ?? group.obstacle,
  });
}

function groupsIn(workspace: Workspace): readonly CredentialGroup[] {
  const places = credentialPlaces(workspace);
  const parent = new Map<string, string>();
  const titles = new Map<string, string>();
  const find = (id: string): string => {
    let at = id;
    for (let next = parent.get(at); next !== undefined; next = parent.get(at)) at = next;
    return at;
  };
  const join = (ids: readonly string[]): void => {
    const [first, ...others] = ids;
    for (const other of others) if (first && find(other) !== find(first)) parent.set(find(other), find(first));
  };
  const obstacles = new Map<string, string>();

  for (const { id, title, members } of secretGroups(workspace)) {
    const ids = [`group ${id}`, ...members.map(({ secret, entry }) => idOf(secret, entry.key))];
    join(ids);
    for (const one of ids) titles.set(one, title);
  }
  for (const link of databaseLinks(workspace)) {
    join([link.login, link.id]);
    titles.set(link.login, link.title);
    if (link.generated !== undefined)
      obstacles.set(
        link.login,
        `CloudNativePG makes this password up and keeps it in Secret ${link.generated}: read it from there.`,
      );
  }
  for (const place of places) for (const id of urlOwners(workspace, place)) join([id, placeId(place)]);
  for (const ids of namedAlike(workspace, places)) join(ids);
  const logins = databaseLinks(workspace).map(({ login }) => login);
  const loginOf = (id: string): string | undefined => logins.find(login => find(login) === find(id));
  joinByPlaceholder(places, join, (a, b) => {
    const [one, other] = [loginOf(a), loginOf(b)];
    return find(a) !== find(b) && (one === undefined || other === undefined);
  });
  joinEmbedded(places, find, join);

  return [...groupedBy(places, place => find(placeId(place)))].map(([root, members]) =>
    toGroup(root, members, titles, obstacles, find),
  );
}

function toGroup(
  root: string,
  places: readonly CredentialPlace[],
  titles: ReadonlyMap<string, string>,
  obstacles: ReadonlyMap<string, string>,
  find: (id: string) => string,
): CredentialGroup {
  const of = (map: ReadonlyMap<string, string>): string | undefined => [...map].find(([id]) => find(id) === root)?.[1];
  const [first] = places;
  const title = places.length === 1 ? undefined : of(titles);
  return {
    title: title ?? first?.label ?? '',
    // What a value is checked by, such as a database or Redis, decides over the name of a variable.
    kind: places.find(place => place.kind !== undefined)?.kind,
    places,
    obstacle: of(obstacles),
  };
}

interface DatabaseLink {
  readonly login: string;
  readonly id: string;
  readonly title: string;
  readonly generated: string | undefined;
}

/** Who signs in as whom, and the Secrets that the operator takes a role's password from. */
function databaseLinks(workspace: Workspace): readonly DatabaseLink[] {
  const links: DatabaseLink[] = [];
  const link = (cluster: Resource, user: string, namespace: string | undefined, name: string, key: string): void => {
    const secret = workspace.find('Secret', namespace, name);
    if (!secret) return;
    links.push({
      login: loginId(cluster, user),
      id: idOf(secret, key),
      title: `the password of ${user} on ${cluster.title}`,
      generated: generatedPasswordSecret(cluster, user),
    });
  };
  for (const { cluster, user, secret } of databaseLogins(workspace))
    link(cluster, user, secret.namespace, secret.name, secret.key);
  for (const cluster of workspace.resources(clusterKind)) {
    const spec = cluster.root.at('spec');
    const initdb = spec.at('bootstrap', 'initdb');
    const owner = initdb.at('owner').text ?? initdb.at('database').text ?? 'app';
    const own = [
      [owner, initdb.at('secret', 'name').text],
      ['postgres', spec.at('superuserSecret', 'name').text],
      ...spec
        .at('managed', 'roles')
        .items()
        .map(role => [role.at('name').text, role.at('passwordSecret', 'name').text] as const),
    ] as const;
    for (const [user, name] of own)
      if (user !== undefined && name !== undefined) link(cluster, user, cluster.namespace, name, 'password');
  }
  return links;
}

/** What the password inside a connection URL is checked by: a role of a cluster, or a Redis. */
function urlOwners(workspace: Workspace, place: CredentialPlace): readonly string[] {
  const text = place.entry.text ?? '';
  const [, scheme = '', user = '', password, host = ''] = userPassword.exec(text) ?? [];
  if (password === undefined || place.text !== password) return [];
  const [name = '', second] = host.split(':', 1)[0]?.split('.') ?? [];
  const namespace = second ?? place.resource?.namespace;
  if (/^postgres/.test(scheme)) {
    const cluster = workspace.find(clusterKind, namespace, name.replace(/-(?:rw|ro|r)$/, ''));
    return cluster ? [loginId(cluster, user)] : [];
  }
  const service = /^rediss?$/.test(scheme) ? findService(workspace, namespace, name) : undefined;
  const owners = service ? podsBehind(workspace, service).map(pods => pods.owner) : [];
  return workloads(workspace, 'redis')
    .filter(redis => owners.includes(redis))
    .map(redis => `group redis-password ${redis.name}`);
}

/** Keys of different Secrets whose names say that they are the same thing. */
function namedAlike(workspace: Workspace, places: readonly CredentialPlace[]): readonly (readonly string[])[] {
  const variables = new Map<string, string[]>();
  const add = (group: string, id: string): void => void variables.set(group, [...(variables.get(group) ?? []), id]);
  const services = new Set([...workloads(workspace, 'key_vault'), ...workloads(workspace, 'livekit')]);
  for (const kind of workloadKinds) {
    for (const resource of workspace.resources(kind)) {
      for (const container of containersOf(resource)) {
        for (const { name, source } of environmentOf(workspace, resource, container).variables.values()) {
          const group = sharedName(name, services.has(resource) ? resource.name : '');
          const secret =
            source?.kind === 'Secret' ? workspace.find('Secret', resource.namespace, source.name) : undefined;
          if (group && secret && source) add(group, idOf(secret, source.key));
        }
      }
    }
  }
  for (const place of places) {
    // The LI instance signs as the same server.
    if (place.kind === 'signing-key' && place.resource) add('signing key', placeId(place));
    const group = sharedName(place.key, place.resource?.name ?? '');
    if (group && place.resource) add(group, placeId(place));
  }
  return [...variables.values()];
}

/** What a variable or key is, if its name and that of its service leave no doubt. */
function sharedName(key: string, service: string): string | undefined {
  const name = `${/key-?vault|livekit/.exec(service)?.[0] ?? ''} ${key}`.replace(/[^A-Za-z]+/g, ' ').toLowerCase();
  if (/\bkey ?vault (?:.* )?api key$/.test(name)) return 'key vault api key';
  if (/\blivekit (?:api )?key$|\blivekit .*api key$/.test(name)) return 'livekit api key';
  if (/\blivekit (?:api )?secret$|\blivekit .*api secret$/.test(name)) return 'livekit api secret';
  return undefined;
}

/** The same placeholder in two Secrets asks for the same value, if it says of what. */
function joinByPlaceholder(
  places: readonly CredentialPlace[],
  join: (ids: readonly string[]) => void,
  mayJoin: (one: string, other: string) => boolean,
): void {
  const byText = new Map<string, CredentialPlace>();
  for (const place of places) {
    if (!place.isOpen || place.kind === undefined || !saysOfWhat(place.text)) continue;
    const key = `${place.kind}\n${place.text.trim()}`;
    const known = byText.get(key);
    if (!known) byText.set(key, place);
    else if (
      (known.resource !== place.resource || isInUrl(known) || isInUrl(place)) &&
      mayJoin(placeId(known), placeId(place))
    )
      join([placeId(known), placeId(place)]);
  }
}

/** Whether a place is the password of a connection URL, which repeats one that stands elsewhere. */
function isInUrl({ entry, text }: CredentialPlace): boolean {
  return userPassword.exec(entry.text ?? '')?.[3] === text;
}

/** Whether a placeholder names a thing, as CHANGEME_REDIS_PASSWORD does and CHANGE_ME_SECURE_PASSWORD does not. */
function saysOfWhat(placeholder: string): boolean {
  const rest = placeholder
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter(word => !fillers.has(word) && !/^\d*$/.test(word));
  return rest.length > 0;
}

const fillers = new Set(
  'change changeme changethis me this to replace replaceme with insert here your my the a an secure strong random generate generated new password passwd pass secret key token value string text bytes bit bits char chars characters base64 encoded hex long placeholder minimum min at least'.split(
    ' ',
  ),
);

/** A real password that also stands inside the connection URL of another entry. */
function joinEmbedded(
  places: readonly CredentialPlace[],
  find: (id: string) => string,
  join: (ids: readonly string[]) => void,
): void {
  const byText = new Map<string, string>();
  for (const place of places)
    if (!place.isOpen && place.text.length >= 12 && place.entry.text === place.text)
      byText.set(place.text, placeId(place));
  for (const place of places) {
    const url = place.entry.text;
    if (place.isOpen || url === place.text || url === undefined || !userPassword.test(url)) continue;
    const owner = byText.get(place.text);
    if (owner !== undefined && find(owner) !== find(placeId(place))) join([owner, placeId(place)]);
  }
}

function loginId({ namespace, name }: Resource, user: string): string {
  return `login ${namespace ?? ''}/${name} ${user}`;
}

function placeId(place: CredentialPlace): string {
  const { resource, key, entry, document } = place;
  if (resource?.qualifiedKind === 'Secret' && key === entry.name) return idOf(resource, key);
  return `place ${document.file.path} ${place.at.span.start} ${place.form.part?.start ?? ''}`;
}

function idOf(secret: Resource, key: string): string {
  return `entry ${secret.document.file.path} ${secret.namespace ?? ''}/${secret.name} ${key}`;
}
