import type { DeployStepDefinition } from '../../checklist/steps';
import { directoryOf } from '../../manifests/paths';
import { canonical } from './canonical';
import type { PlannedObject } from './deploy-plan';
import { isClusterScoped } from './order';
import { liesIn, type ResolvedStep } from './resolve';
import { hasRole } from './roles';
import { groupOf, type PlanBlocker, type PlanDocument, type PlanSource } from './source';

export interface Claimed {
  readonly file: string;
  readonly document: PlanDocument;
}

export type Claims = Map<string, Claimed[]>;

/** A step with the paths that were named for it, if it has any. */
export type Definition = DeployStepDefinition & { readonly extraPath?: readonly string[] };

/** Gives every object to at most one step, also where several steps share a directory. */
export function claim(
  sources: readonly PlanSource[],
  steps: readonly Definition[],
  resolved: ReadonlyMap<string, ResolvedStep>,
  refused: (id: string) => boolean,
): Claims {
  const claims: Claims = new Map(steps.map(step => [step.id, []]));
  const namespaces = refused('namespaces-first') ? undefined : claims.get('namespaces');
  for (const source of sources) {
    const takers = steps.filter(
      step => step.id !== 'namespaces' && resolved.get(step.id)!.paths.some(path => liesIn(source.path, path)),
    );
    // A path that was named for a step belongs to that step alone.
    const named = takers.filter(step => step.extraPath !== undefined);
    const sharing = named.length > 0 ? named : takers;
    for (const document of source.documents) {
      const claimed = { file: source.path, document };
      if (namespaces !== undefined && hasRole(document, 'namespace')) namespaces.push(claimed);
      else if (sharing.length > 0) claims.get(ownerAmong(sharing, document, sources).id)!.push(claimed);
    }
  }
  return claims;
}

/**
 * Which of the steps that share a directory an object belongs to: the one whose role it has, else the one with a
 * workload of the same app label or name, else the first.
 */
function ownerAmong(
  sharing: readonly Definition[],
  document: PlanDocument,
  sources: readonly PlanSource[],
): Definition {
  if (sharing.length === 1) return sharing[0]!;
  const byRole = sharing.find(step => hasRole(document, step.role));
  if (byRole !== undefined) return byRole;
  const app = document.labels.get('app.kubernetes.io/name') ?? document.labels.get('app');
  const component = document.labels.get('app.kubernetes.io/component');
  let best: { step: Definition; likeness: number } | undefined;
  for (const step of sharing) {
    for (const other of sources.flatMap(source => source.documents).filter(other => hasRole(other, step.role))) {
      const sameApp =
        app !== undefined && app === (other.labels.get('app.kubernetes.io/name') ?? other.labels.get('app'));
      const sameComponent = component !== undefined && component === other.labels.get('app.kubernetes.io/component');
      const sameName = document.name.startsWith(other.name) || other.name.startsWith(document.name);
      const likeness = (sameApp ? 2 : 0) + (sameApp && sameComponent ? 1 : 0) + (sameName ? 2 : 0);
      if (likeness > (best?.likeness ?? 0)) best = { step, likeness };
    }
  }
  return best?.step ?? sharing[0]!;
}

/** Moves the monitors that lie beside their component to the monitoring phase. */
export function deferMonitors(claims: Claims): void {
  const monitoring = claims.get('prometheus');
  if (monitoring === undefined) return;
  for (const [step, claimed] of claims) {
    if (step === 'prometheus') continue;
    const isMonitor = (entry: Claimed) => hasRole(entry.document, 'monitors');
    monitoring.push(...claimed.filter(isMonitor));
    claims.set(
      step,
      claimed.filter(entry => !isMonitor(entry)),
    );
  }
}

/** The documents of a step that cannot be read. */
export function unreadable(claimed: readonly Claimed[]): PlanBlocker[] {
  // A document that cannot be read may hold several objects; it is still one problem.
  const broken = claimed.filter(
    (entry, index) =>
      entry.document.broken &&
      claimed.findIndex(other => other.file === entry.file && other.document.line === entry.document.line) === index,
  );
  const nameless = claimed.filter(entry => !entry.document.broken && entry.document.name === '');
  return [
    ...broken.map(({ file, document }) => ({
      rule: 'yaml-syntax',
      file,
      line: document.line,
      message: 'This document cannot be read, so nothing of it can be applied.',
    })),
    ...nameless.map(({ file, document }) => ({
      rule: 'object-without-name',
      file,
      line: document.line,
      message: `This ${document.kind} has no metadata.name, and server-side apply needs one.`,
    })),
  ];
}

/** The objects of a step that are declared differently elsewhere. */
export function conflicts(
  claimed: readonly Claimed[],
  duplicates: ReadonlyMap<Claimed, 'same' | PlanBlocker>,
): PlanBlocker[] {
  return claimed.flatMap(entry => {
    const duplicate = duplicates.get(entry);
    return duplicate === undefined || duplicate === 'same' ? [] : duplicate;
  });
}

/** The second and later appearances of an object: harmless if the same, else nobody can say which one is meant. */
export function findDuplicates(claims: Claims, namespace: string): ReadonlyMap<Claimed, 'same' | PlanBlocker> {
  const first = new Map<string, Claimed>();
  const duplicates = new Map<Claimed, 'same' | PlanBlocker>();
  for (const entry of [...claims.values()].flat()) {
    if (entry.document.broken || entry.document.name === '') continue;
    const object = plannedObject(entry.file, entry.document, namespace);
    const key = `${groupOf(entry.document)} ${object.kind} ${object.namespace ?? ''} ${object.name}`;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, entry);
    else if (canonical(earlier.document.raw) === canonical(entry.document.raw)) duplicates.set(entry, 'same');
    else
      duplicates.set(entry, {
        rule: 'duplicate-resource',
        file: entry.file,
        line: entry.document.line,
        message: `${object.kind}/${object.name} is also at ${earlier.file}:${earlier.document.line}, and the two differ.`,
      });
  }
  return duplicates;
}

/** What no step takes: files, and directories from which no step takes anything. */
export function unclaimed(sources: readonly PlanSource[], claims: Claims): string[] {
  const claimed = new Set([...claims.values()].flat().map(entry => entry.document));
  const isRest = (source: PlanSource) => source.documents.some(document => !claimed.has(document));
  const used = new Set(
    sources.filter(source => source.documents.some(d => claimed.has(d))).map(s => directoryOf(s.path)),
  );
  const rest = sources.filter(isRest).map(source => {
    const directory = directoryOf(source.path);
    return directory === '' || used.has(directory) ? source.path : directory;
  });
  return [...new Set(rest)];
}

/** The object of a document as a plan names it. `namespace` is that of the plan, for objects that name none. */
export function plannedObject(file: string, document: PlanDocument, namespace: string): PlannedObject {
  const { apiVersion, kind, name, line } = document;
  return {
    apiVersion,
    kind,
    name,
    ...(isClusterScoped(kind) ? {} : { namespace: document.namespace ?? namespace }),
    file,
    line,
    ...(kind === 'Job' ? { runOnce: true as const } : {}),
  };
}
