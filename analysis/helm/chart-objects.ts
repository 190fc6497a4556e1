import type { Resource } from '../../manifests/resource';
import { ownEntry } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Service } from '../services';
import { type ChartFacts, type ChartObject, type Condition, chartFacts } from './chart-facts';
import { isOpen, type Release, releasesIn, releasesOf, releasesWithoutResource, settingOf } from './releases';

/** A release of a chart that the table knows, with the name that the chart derives from the release's. */
export interface KnownRelease {
  readonly release: Release;
  readonly facts: ChartFacts;
  /** Undefined where something that is not known decides it. */
  readonly fullName: string | undefined;
}

/** What a known chart says of an object: that it makes it, may make it, or makes others of that kind but not this. */
export type Verdict = 'yes' | 'maybe' | 'no';

/** What a release says of an object of some name. */
export interface Answer {
  readonly known: KnownRelease;
  readonly verdict: Verdict;
  /** With `yes`. */
  readonly object?: ChartObject;
  /** Whether not even the chart's name for its objects is known. */
  readonly isHidden?: boolean;
}

/** The releases whose charts the table knows. */
export function knownReleases(workspace: Workspace): readonly KnownRelease[] {
  return workspace.shared(readKnown);
}

/** As {@link knownReleases}, of one custom resource. */
export function knownReleasesOf(workspace: Workspace, resource: Resource): readonly KnownRelease[] {
  return workspace.derive(readKnownOf, resource);
}

/** What the table knows of the chart of a release. */
export function factsOf(release: Release): ChartFacts | undefined {
  const { chart, repository, version } = release;
  if (repository === undefined) return undefined;
  const major = Number(/(\d+)/.exec(version ?? '')?.[1] ?? NaN);
  return chartFacts.find(
    facts =>
      facts.chart === chart &&
      facts.repository.test(repository) &&
      // Without a version it is the latest.
      (Number.isNaN(major) || (major >= facts.versions[0] && major <= facts.versions[1])),
  );
}

/** The text of a value, the chart's own where nothing sets it; undefined where it is not known. */
export function textOf({ release, facts }: KnownRelease, path: string): string | undefined {
  const setting = settingOf(release, path);
  if (setting === 'unknown') return undefined;
  if (setting === 'unset') return ownEntry(facts.defaults, path) ?? '';
  return setting.isNull ? '' : setting.text;
}

/** Whether all conditions hold; undefined where that is not known. */
export function holds(known: KnownRelease, conditions: readonly Condition[] | undefined): boolean | undefined {
  let isUnknown = false;
  for (const [path, wanted] of conditions ?? []) {
    const text = textOf(known, path);
    if (text === undefined) isUnknown = true;
    else if (wanted.startsWith('!') ? text === wanted.slice(1) : text !== wanted) return false;
  }
  return isUnknown ? undefined : true;
}

/** The releases that name an object as their own, each with what its chart says of it. */
export function verdictsOn(
  workspace: Workspace,
  kind: string,
  namespace: string | undefined,
  name: string,
): readonly Answer[] {
  return knownReleases(workspace).flatMap((known): readonly Answer[] => {
    const { release, facts, fullName } = known;
    if (release.namespace !== undefined && namespace !== undefined && release.namespace !== namespace) return [];
    if (fullName === undefined) return isLike(known, kind, name) ? [{ known, verdict: 'maybe', isHidden: true }] : [];
    if (isOpaque(known)) return [];
    const objects = (facts.objects ?? []).filter(one => one.kind === kind && nameOf(known, one) === name);
    for (const object of objects) if (holds(known, object.when) === true) return [{ known, verdict: 'yes', object }];
    if (objects.some(object => holds(known, object.when) === undefined)) return [{ known, verdict: 'maybe' }];
    const isComplete = facts.complete?.some(one => one === kind) || objects.length > 0;
    const isOwn = [fullName, release.name].some(own => name === own || name.startsWith(`${own}-`));
    if (isOwn && facts.possible?.test(name)) return [{ known, verdict: 'maybe' }];
    return isComplete && isOwn ? [{ known, verdict: 'no' }] : [];
  });
}

/** Whether a name looks like one that a chart gives, whatever it calls itself. */
function isLike({ release, facts }: KnownRelease, kind: string, name: string): boolean {
  if (name.startsWith(release.name) || name.includes(facts.chart)) return true;
  return (facts.objects ?? []).some(one => {
    const ending = one.name.replace(/\{\w*\}/, '');
    return one.kind === kind && ending !== '' && name.endsWith(ending);
  });
}

/** The name of an object of a release; undefined where something that is not known decides it. */
function nameOf({ release, facts, fullName }: KnownRelease, { name, part }: ChartObject): string | undefined {
  const own = part === undefined ? fullName : fullNameOf(release, part, facts, `${part}.`);
  return own === undefined ? undefined : name.replace('{}', own).replace('{release}', release.name);
}

/** A Service that a known chart makes, with its ports. */
export interface MadeService {
  readonly known: KnownRelease;
  readonly ports: readonly number[];
  readonly isHeadless: boolean;
}

/** The Service that a known chart makes under a name, whatever installs the chart; undefined where its ports are not known. */
export function madeService(
  workspace: Workspace,
  namespace: string | undefined,
  name: string,
): MadeService | undefined {
  for (const { known, verdict, object } of verdictsOn(workspace, 'Service', namespace, name)) {
    const ports = verdict === 'yes' && object ? portsOf(known, object) : undefined;
    if (ports) return { known, ports, isHeadless: object?.isHeadless === true };
  }
  return undefined;
}

function portsOf(known: KnownRelease, { ports = [] }: ChartObject): readonly number[] | undefined {
  const texts = ports.map(port => (typeof port === 'number' ? String(port) : textOf(known, port)));
  const numbers = texts.filter(text => text !== '').map(Number);
  return numbers.length === 0 || numbers.some(port => !Number.isInteger(port) || port === 0) ? undefined : numbers;
}

/** The Service that a known chart makes under a name. */
export function chartService(workspace: Workspace, namespace: string | undefined, name: string): Service | undefined {
  const made = madeService(workspace, namespace, name);
  return made && serviceOf(made, name);
}

/** The keys of a Secret that a known chart makes; undefined where none does, or not all are known. */
export function chartSecretKeys(
  workspace: Workspace,
  namespace: string | undefined,
  name: string,
): ReadonlySet<string> | undefined {
  const answers = verdictsOn(workspace, 'Secret', namespace, name).filter(({ verdict }) => verdict !== 'no');
  const [answer] = answers;
  return answers.length === 1 && answer?.verdict === 'yes' && answer.object?.keys
    ? new Set(answer.object.keys)
    : undefined;
}

/** The names of the Services that known charts make in a namespace. */
export function chartServiceNames(workspace: Workspace, namespace: string | undefined): readonly string[] {
  return knownReleases(workspace)
    .filter(one => namespace === undefined || one.release.namespace === namespace)
    .flatMap(known =>
      known.fullName === undefined || isOpaque(known)
        ? []
        : (known.facts.objects ?? [])
            .filter(one => one.kind === 'Service' && holds(known, one.when) === true)
            .flatMap(one => nameOf(known, one) ?? []),
    );
}

/** The values at a path of a release, with those of all items where `*` stands for them. */
export function valuesAt(release: Release, path: string): readonly Value[] {
  const star = path.indexOf('*');
  if (star === -1) {
    const setting = settingOf(release, path);
    return typeof setting === 'string' ? [] : [setting];
  }
  const list = settingOf(release, path.slice(0, star - 1));
  if (typeof list === 'string') return [];
  const rest = path.slice(star + 2);
  const items = list.kind === 'sequence' ? list.items() : list.entries().map(([, value]) => value);
  return items.flatMap(item => (rest === '' ? [item] : below(item, rest)));
}

function below(value: Value, path: string): readonly Value[] {
  const star = path.indexOf('*');
  if (star === -1) {
    const found = value.at(...path.split('.'));
    return found.exists && !isOpen(found.text) ? [found] : [];
  }
  const list = star === 0 ? value : value.at(...path.slice(0, star - 1).split('.'));
  const items = list.kind === 'sequence' ? list.items() : list.entries().map(([, item]) => item);
  return items.flatMap(item => (path.slice(star + 2) === '' ? [item] : below(item, path.slice(star + 2))));
}

function serviceOf({ known, ports, isHeadless }: MadeService, name: string): Service | undefined {
  // Of what scripts install there is no object that the Service is made from.
  const { resource } = known.release;
  if (!resource) return undefined;
  return {
    name,
    namespace: known.release.namespace,
    labels: noLabels,
    ports: ports.map(port => ({
      name: undefined,
      port,
      targetPort: port,
      protocol: 'TCP',
      nodePort: undefined,
      at: undefined,
    })),
    selector: undefined,
    selectorLabels: noLabels,
    isHeadless,
    type: 'ClusterIP',
    externalName: undefined,
    resource,
    isGenerated: true,
  };
}

const noLabels: ReadonlyMap<string, string> = new Map();

/** Whether values are set with which the chart makes more than is known, or calls it otherwise. */
function isOpaque({ release, facts }: KnownRelease): boolean {
  if (release.resource?.root.at('spec', 'postRenderers').exists) return true;
  return (facts.opaque ?? []).some(path => settingOf(release, path) !== 'unset');
}

function readKnown(workspace: Workspace): readonly KnownRelease[] {
  const resources = new Set(releasesIn(workspace).flatMap(({ resource }) => resource ?? []));
  return [
    ...[...resources].flatMap(resource => knownReleasesOf(workspace, resource)),
    ...known(releasesWithoutResource(workspace)),
  ];
}

function readKnownOf(resource: Resource, workspace: Workspace): readonly KnownRelease[] {
  return known(releasesOf(workspace, resource));
}

function known(releases: readonly Release[]): readonly KnownRelease[] {
  return releases.flatMap(release => {
    const facts = factsOf(release);
    return facts ? [{ release, facts, fullName: fullNameOf(release, facts.chart, facts) }] : [];
  });
}

/** The template `fullname` that `helm create` writes and Bitnami's library `common.names.fullname` takes over. */
function fullNameOf(release: Release, chart: string, { nameLength = 63 }: ChartFacts, prefix = ''): string | undefined {
  const whole = settingOf(release, `${prefix}fullnameOverride`);
  const part = settingOf(release, `${prefix}nameOverride`);
  if (whole === 'unknown' || part === 'unknown' || isOpen(release.name)) return undefined;
  const length = prefix === '' ? nameLength : 63;
  const override = typeof whole === 'string' ? undefined : whole.text;
  if (override) return shortened(override, length);
  const name = (typeof part === 'string' ? undefined : part.text) || chart;
  return shortened(release.name.includes(name) ? release.name : `${release.name}-${name}`, length);
}

function shortened(name: string, length: number): string {
  return name.slice(0, length).replace(/-$/, '');
}
