import { absentClusters, clusterInName } from '../../analysis/absent-clusters';
import { isChartObject } from '../../analysis/charts';
import { followsChecklist } from '../../analysis/checklist-signs';
import {
  type Declaration,
  declarationsOf,
  declaredNames,
  knownKeys,
  mayBeEncrypted,
  mayBeMade,
  mayBePatched,
  mayHaveKey,
} from '../../analysis/declarations';
import { isFilledIn } from '../../analysis/filled-in';
import { chartSecretKeys } from '../../analysis/helm/chart-objects';
import { isMadeByProgram } from '../../analysis/made-by-programs';
import { nearest } from '../../analysis/nearest';
import {
  type Reference,
  type ReferencedKind,
  type Referrer,
  referencesIn,
  referrersOf,
} from '../../analysis/references';
import { familiesOf, redisMains } from '../../analysis/roles';
import type { ChecklistItemId } from '../../checklist/types';
import { perName } from '../../manifests/derived';
import { insertEntry, quoted, replaceScalar } from '../../manifests/edit';
import type { SourceFile } from '../../manifests/file';
import { groupedBy } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Related, Severity } from '../rule';
import { listAsProvided } from './provided';
import { skeletonOf } from './skeleton';

/** How the absence of an object is reported. */
export interface MissingOptions {
  /** Whether the rule is about a reference; all of the kinds by default. */
  readonly isMeant?: (reference: Reference) => boolean;
  /** Replaces the rule's severity. */
  readonly severity?: (reference: Reference) => Severity | undefined;
  /** The checklist items that stand against it, where the rule has none of its own. */
  readonly items?: (reference: Reference) => readonly ChecklistItemId[];
  /** What happens without it, as `so …`; said between what is missing and what to do. */
  readonly consequence?: string;
}

/** Problems for every reference from a resource to objects of some kinds that nothing declares. */
export function* missingObjects(
  resource: Resource,
  workspace: Workspace,
  kinds: readonly ReferencedKind[],
  options: MissingOptions = {},
): Iterable<Problem> {
  for (const references of byTarget(referencesIn(workspace, resource)).values()) {
    const required = references.filter(
      one => !one.isOptional && kinds.includes(one.kind) && (options.isMeant?.(one) ?? true),
    );
    const [reference] = required;
    if (!reference) continue;
    const name = reference.name.text ?? '';
    if (isFilledIn(workspace, name) || mayBeEncrypted(workspace, reference.kind)) continue;
    const found = declarationsOf(workspace, reference.kind, reference.namespace, name);
    if (found.some(one => one.origin !== 'promise') || isReportedElsewhere(workspace, resource, reference)) continue;
    if (isMadeByProgram(workspace, reference.kind, reference.namespace, name)) continue;
    const fromChart = isChartObject(workspace, reference.namespace, name, reference.kind);
    if (fromChart === 'yes') continue;
    const users = usersOf(workspace, reference);
    const severity = options.severity?.(reference);
    const isUser = ({ reference: other }: Referrer): boolean =>
      (options.isMeant?.(other) ?? true) && options.severity?.(other) === severity;
    const here = users.get(resource.document.file) ?? [];
    // Whoever opens a file sees once what it lacks.
    const first = here.find(isUser);
    if (first && first.resource !== resource) continue;
    const renamed = (): readonly Reference[] => [
      ...references,
      ...here.filter(one => one.resource !== resource && isUser(one)).map(one => one.reference),
    ];
    const alone = found[0]
      ? promised(reference, name, found[0])
      : missing(workspace, resource, renamed, reference, options.consequence);
    const others = placesOf(users, one => one.resource !== resource && isUser(one));
    const stated = { ...alone, related: [...(alone.related ?? []), ...others] };
    const items = required.flatMap(one => options.items?.(one) ?? []);
    const problem = items.length > 0 ? { ...stated, items: [...new Set(items)] } : stated;
    const mayBeThere =
      fromChart === 'maybe' ||
      isOfOperator(workspace, reference, name) ||
      // Which certificates come from elsewhere is decided by what the tree makes of them.
      (reference.consumer !== 'TLS' && mayBeMadeByHand(workspace, reference, name));
    if (mayBeThere && problem.severity === undefined) yield { ...problem, severity: 'warning' };
    else yield severity === undefined ? problem : { ...problem, severity };
  }
}

/** Problems for every reference to a key that the Secret or ConfigMap is known not to have. */
export function* missingKeys(
  resource: Resource,
  workspace: Workspace,
  kind: 'Secret' | 'ConfigMap',
): Iterable<Problem> {
  const said = new Set<string>();
  for (const { kind: referenced, namespace, name, key, isOptional, consumer } of referencesIn(workspace, resource)) {
    if (referenced !== kind || isOptional || !key?.text || said.has(`${consumer}/${name.text}/${key.text}`)) continue;
    const found = declarationsOf(workspace, kind, namespace, name.text ?? '').filter(one => one.origin !== 'promise');
    const ofChart =
      found.length === 0 && kind === 'Secret' ? chartSecretKeys(workspace, namespace, name.text ?? '') : undefined;
    if (ofChart ? ofChart.has(key.text) : found.length === 0) continue;
    if (found.some(one => mayHaveKey(one, key.text ?? '')) || mayBePatched(workspace, name.text ?? '')) continue;
    if (isRedisPassword(workspace, resource, referenced)) continue;
    said.add(`${consumer}/${name.text}/${key.text}`);
    const known = [...new Set([...(ofChart ?? []), ...knownKeys(found)])].sort();
    const has = known.length === 0 ? 'has no keys' : `has the keys ${known.join(', ')}`;
    const close = nearest(key.text, known);
    yield {
      at: key,
      message: `${kind} ${name.text} has no key ${key.text}, which ${consumer} needs; it ${has} — add the key or name one of these.`,
      related: found.slice(0, 3).map(one => ({ at: one.at, message: `${kind} ${name.text}` })),
      fixes: () => [...useKey(key, close), ...addKey(found, key.text ?? '')],
    };
  }
}

/**
 * Whether somebody may make an object without a manifest in the tree, as most do with Secrets: nothing of the tree is
 * called alike, and nothing in another namespace is called so, which would show what was meant. ConfigMaps and
 * ServiceAccounts are made with the rest where the tree makes any. The checklist wants all of them in the tree.
 */
export function mayBeMadeByHand(
  workspace: Workspace,
  { kind, namespace }: Pick<Reference, 'kind' | 'namespace'>,
  name: string,
): boolean {
  if (!(kind === 'Secret' || kind === 'ConfigMap' || kind === 'ServiceAccount') || followsChecklist(workspace))
    return false;
  const beside = declaredNames(workspace, kind, namespace);
  const anywhere = declaredNames(workspace, kind, undefined);
  if (nearest(name, beside) !== undefined || anywhere.includes(name)) return false;
  return kind === 'Secret' || (kind === 'ConfigMap' ? beside : anywhere).length === 0;
}

function isOfOperator(workspace: Workspace, { kind, namespace }: Reference, name: string): boolean {
  return madeByOperators.has(kind) && mayBeMade(workspace, namespace, name);
}

/** What the controllers of custom resources make, and call after them. */
const madeByOperators: ReadonlySet<ReferencedKind> = new Set([
  'Secret',
  'ConfigMap',
  'PersistentVolumeClaim',
  'ServiceAccount',
]);

/** Everything that needs the same object and is reported for that by one of the rules here, by its file. */
function usersOf(
  workspace: Workspace,
  { kind, namespace, name }: Reference,
): ReadonlyMap<SourceFile, readonly Referrer[]> {
  return usersByTarget(workspace, [kind, namespace ?? '', name.text ?? ''].join('\n'));
}

// Worked out once for all of them: of a thousand that need one object, each would otherwise look at all the others.
const usersByTarget = perName((workspace: Workspace, target: string): ReadonlyMap<SourceFile, readonly Referrer[]> => {
  const [kind, namespace, name = ''] = target.split('\n');
  const users = referrersOf(workspace, kind as ReferencedKind, namespace || undefined, name).filter(
    ({ resource, reference }) =>
      !reference.isOptional &&
      (reference.namespace ?? '') === namespace &&
      !isReportedElsewhere(workspace, resource, reference),
  );
  return groupedBy(users, ({ resource }) => resource.document.file);
});

/** The first users of an object that pass, each resource once. */
function placesOf(
  users: ReadonlyMap<SourceFile, readonly Referrer[]>,
  isMeant: (user: Referrer) => boolean,
): readonly Related[] {
  const named = new Set<Resource>();
  const places: Related[] = [];
  for (const here of users.values()) {
    for (const user of here) {
      if (places.length === mostPlaces) return places;
      if (named.has(user.resource) || !isMeant(user)) continue;
      named.add(user.resource);
      places.push({ at: user.reference.name, message: `${user.resource.title} needs it as well` });
    }
  }
  return places;
}

const mostPlaces = 12;

/** The references of a resource, those to the same object together. */
function byTarget(references: readonly Reference[]): ReadonlyMap<string, readonly Reference[]> {
  return groupedBy(references, ({ kind, name }) => `${kind}/${name.text}`);
}

function promised(reference: Reference, name: string, promise: Declaration): Problem {
  return {
    at: reference.name,
    severity: 'warning',
    message: `${describe(reference, name)}, which ${reference.consumer} needs, has to be created by hand before this is applied — see the command that describes it.`,
    related: [{ at: promise.at, message: 'The command that creates it' }],
  };
}

function missing(
  workspace: Workspace,
  resource: Resource,
  references: () => readonly Reference[],
  reference: Reference,
  consequence: string | undefined,
): Problem {
  const name = reference.name.text ?? '';
  const close = nearest(name, declaredNames(workspace, reference.kind, reference.namespace));
  return {
    at: reference.name,
    message: `Nothing creates the ${describe(reference, name)}, which ${reference.consumer} needs${consequence ? `, ${consequence}` : ''} — ${close ? `did you mean ${close}?` : 'create it, correct the name, or list it under provided.'}`,
    fixes: () => [
      ...renameTo(references(), close),
      ...skeletonOf(workspace, resource, reference),
      ...listAsProvided(workspace, reference),
    ],
  };
}

function describe({ kind, namespace }: Reference, name: string): string {
  return namespace === undefined || clusterScoped.has(kind)
    ? `${kind} ${name}`
    : `${kind} ${name} in namespace ${namespace}`;
}

const clusterScoped: ReadonlySet<ReferencedKind> = new Set(['ClusterIssuer', 'StorageClass']);

/**
 * The superuser Secret of a cluster is the business of pg-superuser-secret-undefined, which says what to switch on, and
 * the password of Redis that of redis-password-secret-missing.
 */
function isReportedElsewhere(
  workspace: Workspace,
  resource: Resource,
  { kind, namespace, name, key }: Reference,
): boolean {
  if (kind !== 'Secret') return false;
  if (absentClusters(workspace).has(clusterInName(name.text ?? '') ?? '')) return true;
  if (isSuperuserSecret(workspace, namespace, name.text ?? '')) return true;
  if (key === undefined) return false;
  // Whoever else takes the password of Redis from the same place misses it with Redis.
  return (
    isRedisPassword(workspace, resource, kind) ||
    redisMains(workspace).some(redis => takes(workspace, redis, name, key))
  );
}

/** Whether a Cluster keeps its superuser in a Secret of this name, which pg-superuser-secret-undefined looks at. */
function isSuperuserSecret(workspace: Workspace, namespace: string | undefined, name: string): boolean {
  return workspace.resources('Cluster.postgresql.cnpg.io').some(cluster => {
    const isHere = namespace === undefined || cluster.namespace === undefined || namespace === cluster.namespace;
    return (
      isHere && (cluster.root.at('spec', 'superuserSecret', 'name').string ?? `${cluster.name}-superuser`) === name
    );
  });
}

function takes(workspace: Workspace, redis: Resource, name: Value, key: Value): boolean {
  return referencesIn(workspace, redis).some(
    one => one.kind === 'Secret' && one.name.text === name.text && one.key?.text === key.text,
  );
}

function isRedisPassword(workspace: Workspace, resource: Resource, kind: string): boolean {
  return kind === 'Secret' && familiesOf(resource).has('redis') && redisMains(workspace).includes(resource);
}

function useKey(key: Value, close: string | undefined): readonly Fix[] {
  const edit = close === undefined ? undefined : replaceScalar(key, close);
  return edit ? [{ title: `Use the key ${close}`, safe: false, edits: [edit] }] : [];
}

/** Adds a key to the manifest of a Secret or ConfigMap, where there is one. */
function addKey(found: readonly Declaration[], key: string): readonly Fix[] {
  const resource = found.find(one => one.origin === 'manifest')?.resource;
  if (!resource || key.includes('/')) return [];
  const field = resource.kind === 'Secret' ? 'stringData' : 'data';
  const mapping = resource.root.at(field);
  const entry = `${quoted(key, 'plain')}: CHANGEME`;
  const edit =
    mapping.entries().length > 0
      ? insertEntry(mapping, entry)
      : mapping.exists
        ? undefined
        : insertEntry(resource.root, `${field}:\n  ${entry}`);
  return edit
    ? [{ title: `Add the key ${key} to the ${resource.kind} ${resource.name}`, safe: false, edits: [edit] }]
    : [];
}

function renameTo(references: readonly Reference[], close: string | undefined): readonly Fix[] {
  const [first] = references;
  if (close === undefined || !first) return [];
  const places = new Map(references.map(({ name }) => [name.span.start, name]));
  const edits = [...places.values()].flatMap(name => replaceScalar(name, close) ?? []);
  return edits.length === places.size ? [{ title: `Use the ${first.kind} ${close}`, safe: false, edits }] : [];
}
