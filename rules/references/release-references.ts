import { isChartObject } from '../../analysis/charts';
import {
  type Declaration,
  declarationsOf,
  declaredNames,
  knownKeys,
  mayBeEncrypted,
} from '../../analysis/declarations';
import { isFilledIn } from '../../analysis/filled-in';
import { isTreeNamespace } from '../../analysis/flows/destinations';
import type { ChartReference, ReferencedKey } from '../../analysis/helm/chart-facts';
import { holds, type KnownRelease, knownReleases, valuesAt, verdictsOn } from '../../analysis/helm/chart-objects';
import { extraObjects, isOpen, type Release, releasesIn, settingOf, shownValues } from '../../analysis/helm/releases';
import { isMadeByProgram } from '../../analysis/made-by-programs';
import { nearest } from '../../analysis/nearest';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import { ownEntry } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem } from '../rule';
import { listAsProvided } from './provided';

/** A problem of a value, or of the key beside it. */
export interface ValueProblem extends Problem {
  readonly at: Value;
}

/** Objects that releases of charts are told to use and that nothing makes, and keys they do not have; each value once. */
export function missingForReleases(workspace: Workspace): readonly ValueProblem[] {
  const known = knownReleases(workspace);
  const listed = new Set(known.map(({ release }) => release));
  const all = [
    ...known.flatMap(one =>
      (one.facts.references ?? []).flatMap(reference => [...ofReference(workspace, one, reference)]),
    ),
    ...releasesIn(workspace).flatMap(release => (listed.has(release) ? [] : [...ofUnknown(workspace, release)])),
  ];
  // Values in a file may be those of several releases.
  return all.filter((problem, index) => !all.slice(0, index).some(({ at }) => at.isAt(problem.at)));
}

function* ofReference(workspace: Workspace, known: KnownRelease, reference: ChartReference): Iterable<ValueProblem> {
  const { release } = known;
  if (holds(known, reference.when) !== true) return;
  if (reference.unless?.some(path => settingOf(release, path) !== 'unset')) return;
  for (const value of valuesAt(release, reference.path)) {
    const found = declared(workspace, release, reference.kind, value);
    if (found === undefined) continue;
    const made = found.filter(one => one.origin !== 'promise');
    if (made.length > 0) yield* missingKeys(known, reference, value, made);
    else yield* missing(workspace, release, reference.kind, value, found[0]);
  }
}

/** Of other charts, the Secrets that they do not make by the name of the value. */
function* ofUnknown(workspace: Workspace, release: Release): Iterable<ValueProblem> {
  for (const root of shownValues(release))
    for (const value of root.scalars()) {
      if (!/^existing\w*Secret$/.test(String(value.name ?? '')) || isOff(value)) continue;
      const found = declared(workspace, release, 'Secret', value);
      if (found && !found.some(one => one.origin !== 'promise'))
        yield* missing(workspace, release, 'Secret', value, found[0]);
    }
}

/** Who declares what a value names; undefined where the value is none that can be looked for. */
function declared(
  workspace: Workspace,
  { namespace }: Release,
  kind: string,
  value: Value,
): readonly Declaration[] | undefined {
  const name = value.string;
  if (name === undefined || namespace === undefined || !/^[a-z0-9][a-z0-9.-]*$/.test(name)) return undefined;
  if (isOpen(name) || isFilledIn(workspace, name) || findPlaceholders(name, 'value').length > 0) return undefined;
  return declarationsOf(workspace, kind, namespace, name);
}

function* missing(
  workspace: Workspace,
  release: Release,
  kind: ChartReference['kind'],
  value: Value,
  promise: Declaration | undefined,
): Iterable<ValueProblem> {
  const { namespace } = release;
  const name = value.string ?? '';
  if (mayBeEncrypted(workspace, kind) || isMadeByProgram(workspace, kind, namespace, name)) return;
  if (!name.startsWith(release.name) && isChartObject(workspace, namespace, name, kind) !== 'no') return;
  if (verdictsOn(workspace, kind, namespace, name).some(({ verdict }) => verdict !== 'no')) return;
  if (isExtra(workspace, namespace, name)) return;
  const there = declaredNames(workspace, kind, namespace);
  const close = nearest(name, there);
  // Of a part of a deployment, what is created elsewhere is not missing.
  const isWhole =
    kind === 'Secret'
      ? there.some(one => isHandedOver(workspace, namespace, one))
      : isTreeNamespace(workspace, namespace);
  if (!close && !isWhole) return;
  const edit = close === undefined ? undefined : replaceScalar(value, close);
  const isClaim = kind === 'PersistentVolumeClaim';
  yield {
    at: value,
    ...((isClaim || promise) && { severity: 'warning' }),
    message: promise
      ? `The ${kind} ${name} in namespace ${namespace}, which the chart does not make, has to be created by hand before it is installed — see the command that describes it.`
      : `Nothing creates the ${kind} ${name} in namespace ${namespace}, which the chart is told to use — ${close ? `did you mean ${close}?` : 'create it before the chart is installed, correct the name, or list it under provided.'}`,
    ...(promise && { related: [{ at: promise.at, message: 'The command that creates it' }] }),
    fixes: () => [
      ...(edit ? [{ title: `Use the ${kind} ${close}`, safe: false, edits: [edit] }] : []),
      ...listAsProvided(workspace, { kind, namespace, name: value }),
    ],
  };
}

/** Whether a Secret is one that somebody has written down for others, not one that a program keeps for itself. */
function isHandedOver(workspace: Workspace, namespace: string | undefined, name: string): boolean {
  return declarationsOf(workspace, 'Secret', namespace, name).some(
    ({ origin, resource }) =>
      origin === 'manifest' || origin === 'script' || (origin === 'operator' && /Secret/.test(resource?.kind ?? '')),
  );
}

/** Whether the values of a release make the object beside those of its chart. */
function isExtra(workspace: Workspace, namespace: string | undefined, name: string): boolean {
  return releasesIn(workspace).some(
    release => release.namespace === namespace && extraObjects(release).some(text => text.includes(name)),
  );
}

function* missingKeys(
  known: KnownRelease,
  reference: ChartReference,
  value: Value,
  made: readonly Declaration[],
): Iterable<ValueProblem> {
  if (made.some(one => one.keys === 'any')) return;
  const keys = knownKeys(made);
  const said = new Set<string>();
  for (const wanted of reference.keys ?? []) {
    if (holds(known, wanted.when) !== true) continue;
    const { name, at } = keyOf(known, reference, wanted, value);
    if (name === undefined || name === '' || isOpen(name) || keys.has(name) || said.has(name)) continue;
    said.add(name);
    const has = [...keys].sort().join(', ') || 'none';
    yield {
      at: at ?? value,
      message: `${reference.kind} ${value.string} has no key ${name}, which the chart ${at ? 'is told to use' : 'reads'}; it has ${has} — name one of these, or add the key.`,
      related: made.slice(0, 3).map(one => ({ at: one.at, message: `${reference.kind} ${value.string}` })),
    };
  }
}

/** The key that is read, and where it is written. */
function keyOf(
  { release, facts }: KnownRelease,
  reference: ChartReference,
  { path, fallback }: ReferencedKey,
  value: Value,
): { readonly name: string | undefined; readonly at?: Value } {
  if (path === undefined) return { name: fallback };
  // Of an item of a list, the key stands in the same item.
  if (reference.path.includes('*')) {
    const written = value.parent?.at(path);
    return written?.text ? { name: written.text, at: written } : { name: fallback };
  }
  const parent = reference.path.slice(0, Math.max(0, reference.path.lastIndexOf('.')));
  const whole = parent === '' ? path : `${parent}.${path}`;
  const setting = settingOf(release, whole);
  if (setting === 'unknown') return { name: undefined };
  if (setting === 'unset') return { name: ownEntry(facts.defaults, whole) ?? fallback };
  return setting.text ? { name: setting.text, at: setting } : { name: fallback };
}

/** Whether a part of the values that this one is in is switched off. */
export function isOff(value: Value): boolean {
  for (let part = value.parent; part; part = part.parent) if (part.at('enabled').boolean === false) return true;
  return false;
}
