import { groupedBy } from '../manifests/grouped';
import type { Resource } from '../manifests/resource';
import type { Index, Workspace } from '../manifests/workspace';
import { familiesOf } from './roles';

/**
 * A directory that holds a deployment which others beside it hold in another way, as `staging` and `production` do. Files
 * that are named after a stage count as if they were in a directory of that name: `app/prod.yaml` and `app/values-prod.yaml`
 * are in `app/prod`, which need not exist.
 */
export interface Alternative {
  /** Relative to the root of the tree. */
  readonly directory: string;
  /** Those of which a cluster, or at least a deployment, gets one only. */
  readonly others: ReadonlySet<string>;
}

/**
 * The directories of a tree, and of the files named after stages, that are alternatives to one another: those side by side
 * of which each declares most objects of the other, and whose names say so or which are complete deployments. A copy of a
 * part, such as a directory of workers in which somebody forgot to change the names, is none: those objects collide.
 */
export function alternativesOf(workspace: Workspace): readonly Alternative[] {
  const declared = groupedBy(workspace.lookup(objects, ''), ({ qualifiedKind, name }) => `${qualifiedKind}/${name}`);
  const groups = [...declared.values()];
  const pairs = pairsOf(groups).flatMap(pair => {
    const common = commonOf(pair);
    return common === 0 ? [] : [{ ...pair, common }];
  });
  if (pairs.length === 0) return [];
  const sizes = sizesOf(new Set(pairs.flatMap(({ one, other }) => [one, other])), groups);
  const found = new Map<string, Set<string>>();
  for (const { one, other, common } of pairs.sort((a, b) => a.one.length - b.one.length)) {
    if (common * 2 < Math.max(sizes.get(one) ?? 0, sizes.get(other) ?? 0)) continue;
    // What is inside an alternative is a part of it.
    if ([...found.keys()].some(outer => one.startsWith(`${outer}/`))) continue;
    found.set(one, (found.get(one) ?? new Set()).add(other));
    found.set(other, (found.get(other) ?? new Set()).add(one));
  }
  return [...found].map(([directory, others]) => ({ directory, others }));
}

/** Whether a file is in the directory of an {@link Alternative}. */
export function isInAlternative(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`) || stepsTo(path).some(([, child]) => child === directory);
}

/** Whether two paths part ways in directories whose names say that they stand for one another, or in files named after stages. */
export function areAlternativePaths(path: string, other: string): boolean {
  const [one, two] = [stepsTo(path), stepsTo(other)];
  const at = one.findIndex(([, child], index) => child !== two[index]?.[1]);
  const [a, b] = [one[at]?.[1], two[at]?.[1]];
  return a !== undefined && b !== undefined && areNamedAsAlternatives(nameOf(a), nameOf(b));
}

function areNamedAsAlternatives(one: string, other: string): boolean {
  return alternative.test(one) && alternative.test(other);
}

const objects: Index<Resource> = {
  name: 'objects that directories have in common',
  *resource(resource) {
    // Each of several that are applied together may make sure of a namespace.
    if (resource.kind !== 'Namespace') yield ['', resource];
  },
};

/** Two directories side by side that declare objects of the same names. */
interface Pair {
  readonly one: string;
  readonly other: string;
  /** How many kinds and names stand in both. */
  common: number;
  /** How many of them in the same namespace, so that they are the same objects. */
  exact: number;
  hasSynapse: boolean;
}

function pairsOf(groups: readonly (readonly Resource[])[]): readonly Pair[] {
  const pairs = new Map<string, Pair>();
  for (const group of groups) {
    if (group.length < 2 || group.every(({ document }) => document.file === group[0]?.document.file)) continue;
    for (const children of childrenOf(group).values()) {
      const beside = [...children].slice(0, mostBeside);
      for (const [index, [one, those]] of beside.entries()) {
        for (const [other, others] of beside.slice(index + 1)) {
          const key = `${one}\n${other}`;
          const pair = pairs.get(key) ?? { one, other, common: 0, exact: 0, hasSynapse: false };
          pairs.set(key, pair);
          pair.common++;
          if (!those.some(({ namespace }) => others.some(each => each.namespace === namespace))) continue;
          pair.exact++;
          pair.hasSynapse ||= those.some(resource => familiesOf(resource).has('synapse'));
        }
      }
    }
  }
  return [...pairs.values()];
}

/** The directories right below each directory, with those resources that are somewhere in them. */
function childrenOf(resources: readonly Resource[]): ReadonlyMap<string, ReadonlyMap<string, readonly Resource[]>> {
  const found = new Map<string, Map<string, Resource[]>>();
  for (const resource of resources) {
    for (const [parent, child] of stepsTo(resource.document.file.path)) {
      const children = found.get(parent) ?? new Map<string, Resource[]>();
      found.set(parent, children);
      const known = children.get(child);
      if (known) known.push(resource);
      else children.set(child, [resource]);
    }
  }
  return found;
}

/** How many kinds and names directories declare. */
function sizesOf(
  directories: ReadonlySet<string>,
  groups: readonly (readonly Resource[])[],
): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const group of groups) {
    const holders = new Set<string>();
    for (const { document } of group)
      for (const [, child] of stepsTo(document.file.path)) if (directories.has(child)) holders.add(child);
    for (const holder of holders) sizes.set(holder, (sizes.get(holder) ?? 0) + 1);
  }
  return sizes;
}

/** The directories on the way from the root to a file, each with the one above; with that of the stage in its name. */
function stepsTo(path: string): readonly (readonly [parent: string, child: string])[] {
  const steps: (readonly [string, string])[] = [];
  let parent = '';
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const child = path.slice(0, slash);
    steps.push([parent, child]);
    parent = child;
  }
  const stage = stageOf(nameOf(path));
  if (stage !== undefined) steps.push([parent, parent === '' ? stage : `${parent}/${stage}`]);
  return steps;
}

/** The stage that a file is named after: `prod.yaml`, `synapse-prod.yaml`, `values.prod.yaml`, `prod-secrets.yaml`. */
function stageOf(file: string): string | undefined {
  const name = file.replace(/\.(?:ya?ml|json|sh|env|md|toml|conf|txt)$/i, '');
  return (stageLast.exec(name) ?? stageFirst.exec(name))?.[1];
}

/**
 * How much two directories have in common, as far as it tells that they are alternatives. Those called after stages may
 * have namespaces of their own. Others of the same names in other namespaces may just be called in the same simple way.
 */
function commonOf(pair: Pair): number {
  const { one, other, common, exact } = pair;
  const [a, b] = [nameOf(one), nameOf(other)];
  // `staging` and `production`; `matrix` or `matrix-production` and `matrix-staging`.
  if ((stage.test(a) && stage.test(b)) || withoutStage(a) === withoutStage(b)) return common;
  const parent = one.slice(0, Math.max(0, one.lastIndexOf('/')));
  if (collection.test(nameOf(parent)) || areNamedAsAlternatives(a, b)) return exact;
  return exact >= leastOfWhole && pair.hasSynapse && !isOfInterception(pair) ? exact : 0;
}

/** Whether one of the two is the instance for lawful interception, which is the same as the main one and deployed with it. */
function isOfInterception({ one, other }: Pair): boolean {
  return [one, other].some(directory => /(?:^|[-_.])(?:li|lawful|intercept\w*)(?:$|[-_.])/i.test(nameOf(directory)));
}

function nameOf(directory: string): string {
  return directory.slice(directory.lastIndexOf('/') + 1);
}

function withoutStage(name: string): string {
  return name.replace(stageBeside, '').toLowerCase();
}

/** More copies of one name are examples and no deployments. */
const mostBeside = 24;
const leastOfWhole = 10;
/** Stages, and the places that a deployment of its own is for. */
const stages =
  'dev|development|test|testing|qa|uat|stage|staging|preprod|prod|production|live|local|demo|sandbox|ci|minikube|k3d|aws|eks|gcp|gke|azure|aks|onprem';
const stage = new RegExp(`^(?:${stages})$`, 'i');
const stageBeside = new RegExp(`[-_.](?:${stages})$|^(?:${stages})[-_.]`, 'i');
const stageLast = new RegExp(`(?:^|[-_.])(${stages})$`, 'i');
/** What begins with other stages is mostly about something else: `test-connection`, `local-storage`, `live-check`. */
const stageFirst = /^(dev|development|qa|uat|stage|staging|preprod|prod|production)[-_.]/i;
const alternative = new RegExp(
  `^(?:${stages}|(?:option|variant|alternative|alt|env|environment|cluster|region)[-_]?\\w+)$`,
  'i',
);
const collection = /^(?:env|envs|environments?|clusters|stages|regions|sites|tenants|overlays|variants)$/i;
