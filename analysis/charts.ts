import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import { groupedBy } from '../manifests/grouped';
import { baseName } from '../manifests/paths';
import type { Resource } from '../manifests/resource';
import type { Place } from '../manifests/span';
import type { Index, Workspace } from '../manifests/workspace';
import { commandsIn } from './commands';
import { verdictsOn } from './helm/chart-objects';
import { isHelmfile, isOpen } from './helm/releases';
import type { Labels } from './labels';

/*
 * What Helm charts put into the cluster beside the manifests of the tree. Their objects are not in the tree, so a
 * reference to one of them cannot be called wrong; how sure that is depends on what says that the chart is installed.
 */

/** One installation of a Helm chart that the tree tells of. */
export interface ChartRelease {
  readonly name: string;
  /** The chart's name without its repository; undefined where only a values file is known. */
  readonly chart: string | undefined;
  /** As a custom resource says it, which may be a range; undefined where nothing does. */
  readonly version?: string | undefined;
  /** Undefined where nothing says it. */
  readonly namespace: string | undefined;
  /**
   * `command`: a script or a custom resource installs it. `mention`: a README or a comment shows the command.
   * `values`: there is a file of values by that name.
   */
  readonly evidence: 'command' | 'mention' | 'values';
  readonly at: Place;
}

/** Whether an object may be made by a chart: surely, possibly, or not as far as the tree tells. */
export type Likelihood = 'yes' | 'maybe' | 'no';

/** Every chart that the tree tells of, in the order of the files. */
export function chartReleases(workspace: Workspace): readonly ChartRelease[] {
  return workspace.lookup(releases, '');
}

/**
 * Whether a chart makes an object of this name. Charts name their objects after the release, or after release and
 * chart (Helm documentation, `helm create`: the template `fullname`).
 */
export function isChartObject(
  workspace: Workspace,
  namespace: string | undefined,
  name: string,
  kind?: string,
): Likelihood {
  // Of some charts it is known what they make of their values.
  const answers = kind === undefined ? [] : verdictsOn(workspace, kind, namespace, name);
  // What the values say that the tree does not show is not judged.
  if (answers.some(({ verdict, isHidden }) => verdict === 'yes' || isHidden)) return 'yes';
  if (answers.some(({ verdict }) => verdict === 'maybe')) return 'maybe';
  const others = new Set(answers.map(({ known }) => known.release.name));
  return likelihood(workspace, namespace, release => !others.has(release.name) && makesName(release, name));
}

/** Whether labels are those that a chart puts on its pods. */
export function isChartSelector(workspace: Workspace, namespace: string | undefined, labels: Labels): Likelihood {
  if ([...labels].some(([key, value]) => key === 'helm.sh/chart' || (key === managedBy && value === 'Helm')))
    return 'yes';
  const instance = labels.get('app.kubernetes.io/instance') ?? labels.get('release');
  const name = labels.get('app.kubernetes.io/name') ?? labels.get('app') ?? labels.get('k8s-app');
  return likelihood(
    workspace,
    namespace,
    release =>
      instance === release.name ||
      (instance === undefined && name !== undefined && [release.chart, release.name].includes(name)),
  );
}

const managedBy = 'app.kubernetes.io/managed-by';

function likelihood(
  workspace: Workspace,
  namespace: string | undefined,
  fits: (release: ChartRelease) => boolean,
): Likelihood {
  const { all, anywhere, byNamespace } = workspace.shared(readPlacements);
  const fitting =
    namespace === undefined ? all.filter(fits) : [...(byNamespace.get(namespace) ?? []), ...anywhere].filter(fits);
  // What names no namespace goes where the release does that names none either.
  const isPlacedThere = (where: string | undefined): boolean => where !== undefined || namespace === undefined;
  if (fitting.some(one => one.evidence === 'command' && isPlacedThere(one.namespace))) return 'yes';
  return fitting.length > 0 ? 'maybe' : 'no';
}

/** Releases by where they put their objects; those that say the same are there once. */
interface Placements {
  readonly all: readonly ChartRelease[];
  /** Those that name no namespace. */
  readonly anywhere: readonly ChartRelease[];
  readonly byNamespace: ReadonlyMap<string, readonly ChartRelease[]>;
}

function readPlacements(workspace: Workspace): Placements {
  const releases = new Map<string, ChartRelease>();
  for (const release of chartReleases(workspace)) {
    const { name, chart, namespace, evidence } = release;
    releases.set(JSON.stringify([name, chart, namespace, evidence]), release);
  }
  // A file of values goes with the command that installs the same release, and that says where.
  const placed = new Set<string>();
  for (const { name, namespace, evidence } of releases.values()) {
    if (evidence === 'command' && namespace !== undefined) placed.add(name);
  }
  const all = [...releases.values()].filter(
    ({ name, namespace, evidence }) => !(evidence === 'values' && namespace === undefined && placed.has(name)),
  );
  const byNamespace = groupedBy(all, release => release.namespace ?? '');
  return { all, anywhere: byNamespace.get('') ?? [], byNamespace };
}

/** Whether a chart gives an object this name. */
function makesName({ name: release, chart, evidence }: ChartRelease, name: string): boolean {
  if (name === release) return true;
  if (chart === undefined) {
    // What is surely installed makes objects; of a file of values it is not even known that it is one.
    return (
      name.startsWith(`${release}-`) && (evidence === 'command' || usualSuffixes.has(name.slice(release.length + 1)))
    );
  }
  // Charts of charts name the parts after the release alone.
  const prefix = release.includes(chart) || chart.endsWith('-stack') ? release : `${release}-${chart}`;
  return name === prefix || name.startsWith(`${prefix}-`);
}

/** What charts append to names, for those of which no more than a values file is known. */
const usualSuffixes = new Set([
  'headless',
  'master',
  'replicas',
  'controller',
  'controller-metrics',
  'metrics',
  'server',
]);

const releases: Index<ChartRelease> = {
  name: 'chart releases',
  *resource(resource) {
    for (const release of fromResource(resource)) yield ['', release];
  },
  *document(document) {
    for (const release of [...fromValues(document), ...fromComments(document), ...fromHelmfile(document)])
      yield ['', release];
  },
  *textFile(file) {
    for (const release of fromText(file)) yield ['', release];
  },
  equal: (a, b) =>
    a.name === b.name &&
    a.chart === b.chart &&
    a.version === b.version &&
    a.namespace === b.namespace &&
    a.evidence === b.evidence,
};

/** Releases as Flux, Argo CD and k3s declare them. */
function fromResource(resource: Resource): readonly ChartRelease[] {
  const spec = resource.root.at('spec');
  const release = (
    name: string | undefined,
    chart: string | undefined,
    version: string | undefined,
    namespace: string | undefined,
  ): ChartRelease => ({
    name: name ?? resource.name,
    chart: chart?.slice(chart.lastIndexOf('/') + 1),
    version,
    namespace: namespace ?? resource.namespace,
    evidence: 'command',
    at: resource.root.at('metadata', 'name'),
  });
  switch (resource.qualifiedKind) {
    case 'HelmRelease.helm.toolkit.fluxcd.io': {
      const target = spec.at('targetNamespace').text;
      return [
        release(
          spec.at('releaseName').text ?? (target === undefined ? undefined : `${target}-${resource.name}`),
          spec.at('chart', 'spec', 'chart').text,
          spec.at('chart', 'spec', 'version').text,
          target,
        ),
      ];
    }
    case 'HelmChart.helm.cattle.io':
      return [release(undefined, spec.at('chart').text, spec.at('version').text, spec.at('targetNamespace').text)];
    case 'Application.argoproj.io':
      return [spec.at('source'), ...spec.at('sources').items()].flatMap(source =>
        source.at('chart').exists
          ? [
              release(
                source.at('helm', 'releaseName').text,
                source.at('chart').text,
                source.at('targetRevision').text,
                spec.at('destination', 'namespace').text,
              ),
            ]
          : [],
      );
    default:
      return [];
  }
}

function* fromHelmfile(document: ManifestDocument): Iterable<ChartRelease> {
  if (!isHelmfile(document)) return;
  for (const item of document.root.at('releases').items()) {
    const [name, chart, namespace] = ['name', 'chart', 'namespace'].map(field => item.at(field).text);
    if (!name || !chart || isOpen(name) || isOpen(chart) || item.at('installed').boolean === false) continue;
    yield {
      name,
      chart: baseName(chart),
      version: item.at('version').text,
      namespace: isOpen(namespace) ? undefined : namespace,
      evidence: 'command',
      at: item.at('name'),
    };
  }
}

/** A file that is named as values of a release: `redis-values.yaml`, `values-redis.yaml`, `values/redis.yaml`. */
function* fromValues(document: ManifestDocument): Iterable<ChartRelease> {
  const { file } = document;
  if (document.index !== 0 || file.role === 'manifest') return;
  const stem = file.name.replace(/\.(?:ya?ml|json)$/i, '');
  const named = /^(.+)[-._]values$|^values[-._](.+)$/i.exec(stem);
  const inDirectory = /(?:^|\/)(?:helm-)?values$/i.test(file.directory) ? stem : undefined;
  const name = named?.[1] ?? named?.[2] ?? inDirectory;
  // An empty file says nothing, as one of another deployment.
  if (name && name !== 'values' && !(document.root.kind === 'missing' && document.span.end === 0))
    yield { name, chart: undefined, namespace: undefined, evidence: 'values', at: document.place(0, 0) };
}

const helm = /helm /;

function* fromComments(document: ManifestDocument): Iterable<ChartRelease> {
  const text = document.textWith(helm) ?? '';
  for (const line of text.matchAll(/^[ \t]*#[# \t]*((?:\$ )?helm[ \t](?:[^\n]*\\\r?\n[ \t]*#)*[^\n]*)/gm)) {
    const command = (line[1] ?? '').replace(/\\\r?\n[ \t]*#/g, ' ').replace(/^\$ /, '');
    const release = fromWords(command.split(/[ \t\r\n]+/));
    if (release) yield { ...release, evidence: 'mention', at: document.place(line.index, line.index + line[0].length) };
  }
}

function* fromText(file: SourceFile): Iterable<ChartRelease> {
  if (!file.text.includes('helm')) return;
  if (/\.md$/i.test(file.path)) {
    // In a README commands stand in fenced blocks, in indented ones and between the lines.
    for (const line of file.text.matchAll(/^[ \t]*(?:\$ )?(helm[ \t](?:[^\n]*\\\r?\n)*[^\n]*)/gm)) {
      const release = fromWords((line[1] ?? '').replace(/\\\r?\n/g, ' ').split(/[ \t\r\n]+/));
      const span = { start: line.index, end: line.index + line[0].length };
      if (release) yield { ...release, evidence: 'mention', at: { uri: file.uri, span } };
    }
    return;
  }
  for (const { command, place } of commandsIn(file)) {
    if (command.kind !== 'helm') continue;
    const name = known(command.release);
    const chart = known(command.chart);
    if (name === undefined) continue;
    yield {
      name,
      chart: chart?.slice(chart.lastIndexOf('/') + 1),
      namespace: known(command.namespace),
      evidence: 'command',
      at: place(command.span),
    };
  }
}

/** The text of a word that can be the name of an object, unless the shell has to work it out. */
function known(word: { readonly value: string; readonly certainty: string } | undefined): string | undefined {
  return word && word.certainty !== 'unknown' && /^[a-z0-9][a-z0-9./:-]*$/.test(word.value) ? word.value : undefined;
}

/** The release that `helm install NAME CHART` and `helm upgrade --install NAME CHART` make. */
function fromWords(words: readonly string[]): Pick<ChartRelease, 'name' | 'chart' | 'namespace'> | undefined {
  const positional: string[] = [];
  let namespace: string | undefined;
  for (let at = 1; at < words.length; at++) {
    const word = words[at] ?? '';
    const long = /^(--?[\w-]+)=(.*)$/.exec(word);
    const option = long?.[1] ?? (word.startsWith('-') ? word : undefined);
    if (option === undefined) {
      if (word !== '' && word !== '\\') positional.push(word);
      continue;
    }
    const value = long ? long[2] : takesValue.has(option) ? words[++at] : undefined;
    if (option === '-n' || option === '--namespace') namespace = value;
  }
  const [verb, name, chart] = positional;
  if ((verb !== 'install' && verb !== 'upgrade') || !name || !chart || !isName(name)) return undefined;
  const last = baseName(chart);
  return {
    name,
    chart: isName(last) ? last : undefined,
    namespace: namespace !== undefined && isName(namespace) ? namespace : undefined,
  };
}

function isName(text: string): boolean {
  return /^[a-z0-9][a-z0-9.-]*$/.test(text);
}

/** The options of `helm install` and `helm upgrade` that are followed by a value (helm.sh/docs/helm/helm_upgrade). */
const takesValue: ReadonlySet<string> = new Set([
  '-n',
  '--namespace',
  '-f',
  '--values',
  '--set',
  '--set-string',
  '--set-file',
  '--set-json',
  '--set-literal',
  '--version',
  '--timeout',
  '--repo',
  '--username',
  '--password',
  '--kube-context',
  '--kubeconfig',
  '--history-max',
  '--description',
  '--post-renderer',
  '-o',
  '--output',
  '--ca-file',
  '--cert-file',
  '--key-file',
  '--keyring',
  '-l',
  '--labels',
]);
