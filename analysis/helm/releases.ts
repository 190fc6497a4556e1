import type { ManifestDocument } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import { resolvePath } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import { foundCommands } from '../commands';
import { filesMeant } from '../script-paths';

/*
 * The installations of charts that Flux, Argo CD, k3s, helmfile and scripts are asked for, with the values that they give them. Helm merges
 * values in layers, and the last one that says something wins; what the tree does not show is a layer, too, under which
 * nothing is known.
 */

/** One installation of a chart: by a custom resource, by a script that runs helm, or by a helmfile. */
export interface Release {
  readonly name: string;
  readonly namespace: string | undefined;
  /** The chart's name without its repository. */
  readonly chart: string;
  /** The URL of the repository, else the name by which it is referred to; undefined where nothing says it. */
  readonly repository: string | undefined;
  /** As written, which may be a range; undefined where nothing does. */
  readonly version: string | undefined;
  /** The values from the strongest to the weakest; undefined stands for values that the tree does not show. */
  readonly layers: readonly (Value | undefined)[];
  /** Values that are set one by one and win over all others, by their paths. */
  readonly single: ReadonlySet<string>;
  /** What asks for it, for messages: `HelmRelease/redis`, `install.sh`. */
  readonly title: string;
  readonly at: Place;
  /** The custom resource that asks for it; undefined for a script and a helmfile. */
  readonly resource?: Resource;
}

/** What a release gives a value of its chart: the value as written, nothing, or something that is not known. */
export type Setting = Value | 'unset' | 'unknown';

/** The releases of the tree, in the order of the kinds. */
export function releasesIn(workspace: Workspace): readonly Release[] {
  return workspace.shared(readReleases);
}

/** The releases that a custom resource asks for: one, or those of the sources of an Application. */
export function releasesOf(workspace: Workspace, resource: Resource): readonly Release[] {
  return workspace.derive(readRelease, resource);
}

/** What a release gives the value at a path: keys with dots between them, and numbers for the items of lists. */
export function settingOf(release: Release, path: string): Setting {
  if (isSingle(release, path)) return 'unknown';
  const keys = path.split('.').map(key => (/^\d+$/.test(key) ? Number(key) : key));
  for (const layer of release.layers) {
    if (!layer) return 'unknown';
    const value = layer.at(...keys);
    // A null takes the chart's default away, which leaves nothing.
    if (value.exists) return isOpen(value.text) ? 'unknown' : value;
  }
  return 'unset';
}

/** The values that are written for a release, from the strongest to the weakest. */
export function shownValues(release: Release): readonly Value[] {
  return release.layers.flatMap(layer => layer ?? []);
}

/** The texts of the objects that a release makes beside those of its chart, as most charts let it. */
export function extraObjects(release: Release): readonly string[] {
  return shownValues(release).flatMap(root =>
    ['extraDeploy', 'extraObjects', 'extraManifests', 'extraResources'].flatMap(field =>
      [...root.at(field).scalars()].flatMap(({ string }) => string ?? []),
    ),
  );
}

/** Whether something is still to be put into a text: by Flux, by Helm, or by a generator of Argo CD. */
export function isOpen(text: string | undefined): boolean {
  return text !== undefined && /\$\{|\{\{|\$\(|<[a-z]|^ENC\[|^<.*>$/i.test(text);
}

function isSingle({ single }: Release, path: string): boolean {
  if (single.size === 0) return false;
  return [...single].some(one => one === path || one.startsWith(`${path}.`) || path.startsWith(`${one}.`));
}

const kinds = ['HelmRelease.helm.toolkit.fluxcd.io', 'HelmChart.helm.cattle.io', 'Application.argoproj.io'];

/** The kinds of {@link releasesOf}. */
export const releaseKinds: readonly string[] = kinds;

function readReleases(workspace: Workspace): readonly Release[] {
  return [
    ...kinds.flatMap(kind => workspace.resources(kind).flatMap(resource => releasesOf(workspace, resource))),
    ...scriptedReleases(workspace),
    ...helmfilesIn(workspace).flatMap(document => ofHelmfile(workspace, document)),
  ];
}

/** The releases that no custom resource asks for. */
export function releasesWithoutResource(workspace: Workspace): readonly Release[] {
  return releasesIn(workspace).filter(({ resource }) => !resource);
}

function asked(resource: Resource): Pick<Release, 'title' | 'at' | 'resource'> {
  return { title: resource.title, at: resource.root.at('metadata', 'name'), resource };
}

/** Those of `helm install` and `helm upgrade` in scripts: `--set` wins over the files, of which the later win. */
function scriptedReleases(workspace: Workspace): readonly Release[] {
  const commands = foundCommands(workspace);
  const repositories = new Map(
    commands.flatMap(({ command }) =>
      command.kind === 'helm-repository' && command.url ? [[command.name.value, command.url.value] as const] : [],
    ),
  );
  return commands.flatMap(({ command, file, isShown, place }): readonly Release[] => {
    if (command.kind !== 'helm' || isShown || command.verb === 'template') return [];
    const [name, chart] = [sure(command.release), sure(command.chart)];
    if (name === undefined || chart === undefined) return [];
    const [prefix = ''] = chart.split('/');
    const files = command.values.map(path => filesMeant(workspace, file, path));
    return [
      {
        name,
        namespace: sure(command.namespace),
        chart: lastPart(chart),
        repository: sure(command.repository) ?? repositories.get(prefix) ?? (chart.includes('/') ? chart : undefined),
        version: sure(command.version),
        layers: [...files].reverse().map(found => (found?.length === 1 ? valuesIn(found[0]) : undefined)),
        single: new Set(command.sets.map(({ key }) => key)),
        title: file.name,
        at: place(command.span),
      },
    ];
  });
}

/** A text that stands for itself. */
function literal(text: string | undefined): string | undefined {
  return isOpen(text) ? undefined : text;
}

function sure(word: { readonly value: string; readonly certainty: string } | undefined): string | undefined {
  return word?.certainty === 'known' && !isOpen(word.value) ? word.value : undefined;
}

/** helmfile: the later values win, `set` over all, and what is decrypted or rendered first is not shown (helmfile docs). */
function ofHelmfile(workspace: Workspace, document: ManifestDocument): readonly Release[] {
  const { root, file } = document;
  const repositories = new Map(
    root
      .at('repositories')
      .items()
      .map(one => [one.at('name').text ?? '', one.at('url').text] as const),
  );
  const files = workspace.shared(filesByPath);
  return root
    .at('releases')
    .items()
    .flatMap((item): readonly Release[] => {
      const [name, chart] = [item.at('name').text, item.at('chart').text];
      if (!name || !chart || isOpen(name) || isOpen(chart) || item.at('installed').boolean === false) return [];
      const [prefix = ''] = chart.split('/');
      const values = item.at('values').items();
      const layer = (value: Value): Value | undefined =>
        value.kind === 'mapping' ? value : valuesIn(files.get(resolvePath(file.directory, value.string ?? '')));
      const isMore = ['secrets', 'inherit', 'strategicMergePatches', 'jsonPatches', 'transformers'].some(
        field => item.at(field).exists,
      );
      return [
        {
          name,
          namespace: literal(item.at('namespace').text),
          chart: lastPart(chart),
          repository: repositories.get(prefix) ?? (chart.includes('/') ? chart : undefined),
          version: item.at('version').text,
          layers: [...(isMore ? [undefined] : []), ...[...values].reverse().map(layer)],
          single: new Set(
            item
              .at('set')
              .items()
              .flatMap(one => one.at('name').text ?? []),
          ),
          title: file.name,
          at: item.at('name'),
        },
      ];
    });
}

/** The helmfiles of the tree. */
export function helmfilesIn(workspace: Workspace): readonly ManifestDocument[] {
  return workspace.lookup(helmfiles, '');
}

/** Whether a document is a helmfile, which is no manifest (helmfile docs/index.md). */
export function isHelmfile({ file, problems, root }: ManifestDocument): boolean {
  if (!/^helmfile.*\.ya?ml$/.test(file.name) && !/(?:^|\/)helmfile\.d$/.test(file.directory)) return false;
  return problems.length === 0 && root.at('releases').kind === 'sequence';
}

const helmfiles: Index<ManifestDocument> = {
  name: 'helmfiles',
  *document(document) {
    if (!/^helmfile.*\.ya?ml$/.test(document.file.name) && !/(?:^|\/)helmfile\.d$/.test(document.file.directory))
      return;
    if (document.problems.length === 0 && document.root.at('releases').kind === 'sequence') yield ['', document];
  },
};

/** The values that a file holds, as the tree shows it. */
function valuesIn(file: SourceFile | undefined): Value | undefined {
  const [document, ...others] = file?.documents ?? [];
  return document && others.length === 0 && document.problems.length === 0 && document.root.kind === 'mapping'
    ? document.root
    : undefined;
}

function readRelease(resource: Resource, workspace: Workspace): readonly Release[] {
  switch (resource.qualifiedKind) {
    case 'HelmRelease.helm.toolkit.fluxcd.io':
      return ofFlux(resource, workspace);
    case 'HelmChart.helm.cattle.io':
      return ofK3s(resource);
    default:
      return ofArgo(resource, workspace);
  }
}

/** Flux: `values` win over `valuesFrom`, of which the later win (fluxcd.io, HelmRelease API, "Values"). */
function ofFlux(resource: Resource, workspace: Workspace): readonly Release[] {
  const spec = resource.root.at('spec');
  const chart = spec.at('chart', 'spec');
  const reference = chart.exists ? chart.at('sourceRef') : spec.at('chartRef');
  const source = sourceOf(workspace, resource, reference);
  const url = source?.root.at('spec', 'url').text;
  const name = chart.exists ? chart.at('chart').text : reference.at('kind').text === 'OCIRepository' ? url : undefined;
  if (name === undefined || isOpen(name)) return [];
  const target = spec.at('targetNamespace').text;
  return [
    {
      // Where only the target is given, Flux names the release after both (HelmRelease API, "Release name").
      name: spec.at('releaseName').text ?? (target === undefined ? resource.name : `${target}-${resource.name}`),
      namespace: literal(target ?? resource.namespace),
      chart: lastPart(name),
      repository: url ?? reference.at('name').text,
      version: chart.exists ? chart.at('version').text : source?.root.at('spec', 'ref', 'tag').text,
      layers: [
        ...(spec.at('values').exists ? [spec.at('values')] : []),
        ...[...spec.at('valuesFrom').items()].reverse().map(item => valuesFrom(workspace, resource, item)),
        ...(chart.at('valuesFiles').exists || chart.at('valuesFile').exists ? [undefined] : []),
      ],
      single: none,
      ...asked(resource),
    },
  ];
}

function sourceOf(workspace: Workspace, resource: Resource, reference: Value): Resource | undefined {
  const kind = reference.at('kind').text ?? '';
  const namespace = reference.at('namespace').text ?? resource.namespace;
  return workspace.find(`${kind}.source.toolkit.fluxcd.io`, namespace, reference.at('name').text ?? '');
}

/** The values in a ConfigMap; those of a Secret are not looked at. */
function valuesFrom(workspace: Workspace, { namespace }: Resource, item: Value): Value | undefined {
  if (item.at('kind').text !== 'ConfigMap' || item.at('targetPath').exists) return undefined;
  const map = workspace.find('ConfigMap', namespace, item.at('name').text ?? '');
  const text = map?.root.at('data', item.at('valuesKey').text ?? 'values.yaml');
  return text?.string === undefined ? undefined : rootOf(text);
}

/** k3s: `set` wins over `valuesContent`; a HelmChartConfig of the same name over both (k3s docs, Helm, "HelmChart"). */
function ofK3s(resource: Resource): readonly Release[] {
  const spec = resource.root.at('spec');
  const chart = spec.at('chart').text;
  if (chart === undefined || isOpen(chart)) return [];
  const content = spec.at('valuesContent');
  return [
    {
      name: resource.name,
      namespace: literal(spec.at('targetNamespace').text ?? resource.namespace),
      chart: lastPart(chart),
      repository: spec.at('repo').text ?? (chart.includes('/') ? chart : undefined),
      version: spec.at('version').text,
      layers: [
        ...(content.string === undefined ? [] : [rootOf(content)]),
        ...(spec.at('valuesSecrets').exists ? [undefined] : []),
      ],
      single: new Set(spec.at('set').keys()),
      ...asked(resource),
    },
  ];
}

/**
 * Argo CD: `parameters` win over `valuesObject`, that over `values`, and these over `valueFiles`, of which the later win
 * (argo-cd docs/user-guide/helm.md, "Helm Value Precedence").
 */
function ofArgo(resource: Resource, workspace: Workspace): readonly Release[] {
  const spec = resource.root.at('spec');
  const sources = spec.at('sources').items();
  const references = new Set(sources.flatMap(source => source.at('ref').text ?? []));
  return (sources.length > 0 ? sources : [spec.at('source')]).flatMap((source): readonly Release[] => {
    const chart = source.at('chart').text;
    if (chart === undefined || isOpen(chart) || isOpen(resource.name)) return [];
    const helm = source.at('helm');
    const text = helm.at('values');
    const parameters = [...helm.at('parameters').items(), ...helm.at('fileParameters').items()];
    return [
      {
        name: helm.at('releaseName').text ?? resource.name,
        namespace: literal(helm.at('namespace').text ?? spec.at('destination', 'namespace').text),
        chart: lastPart(chart),
        repository: source.at('repoURL').text,
        version: source.at('targetRevision').text,
        layers: [
          ...(helm.at('valuesObject').exists ? [helm.at('valuesObject')] : []),
          ...(text.string === undefined ? [] : [rootOf(text)]),
          ...[...helm.at('valueFiles').items()].reverse().map(file => valueFile(workspace, file, references)),
        ],
        single: new Set(parameters.flatMap(one => one.at('name').text ?? [])),
        ...asked(resource),
      },
    ];
  });
}

/** A file of values from another source: `$ref/path`, taken for one of the tree where the tree has it. */
function valueFile(workspace: Workspace, file: Value, references: ReadonlySet<string>): Value | undefined {
  const path = pathOfValueFile(file, references);
  return path === undefined ? undefined : valuesIn(workspace.shared(filesByPath).get(path));
}

/** The path that `$ref/path` has in the tree, if the reference is one of the Application's. */
export function pathOfValueFile(file: Value, references: ReadonlySet<string>): string | undefined {
  const [, reference = '', path] = /^\$([\w-]+)\/(.+)$/.exec(file.string ?? '') ?? [];
  return path === undefined || !references.has(reference) || isOpen(path) ? undefined : resolvePath('', path);
}

function filesByPath(workspace: Workspace): ReadonlyMap<string, SourceFile> {
  return new Map(workspace.files.map(file => [file.path, file]));
}

function rootOf(text: Value): Value | undefined {
  const { root } = text.embedded();
  return root.kind === 'mapping' ? root : undefined;
}

function lastPart(chart: string): string {
  return chart.slice(chart.lastIndexOf('/') + 1);
}

const none: ReadonlySet<string> = new Set();
