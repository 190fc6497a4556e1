import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { settingsFileName } from './settings';

/** The documents that look like Helm values: YAML mappings that are neither manifests nor known configuration files. */
export function valuesDocuments(workspace: Workspace): readonly ManifestDocument[] {
  return workspace.lookup(values, '');
}

/** All Helm values of the tree: those of files, and those that Flux, Argo CD and k3s keep in the release itself. */
export function chartValues(workspace: Workspace): readonly Value[] {
  return [...valuesDocuments(workspace).map(({ root }) => root), ...workspace.lookup(releaseValues, '')];
}

/**
 * The values in a custom resource that installs a chart: `HelmRelease.spec.values` (Flux), `HelmChart.spec.valuesContent`
 * (k3s), `Application.spec.source.helm.valuesObject` or `.values` (Argo CD). Those kept in other objects are not followed.
 */
export function valuesOfRelease({ qualifiedKind, root }: Resource): Value | undefined {
  const spec = root.at('spec');
  const read = (value: Value): Value | undefined =>
    value.kind === 'mapping' ? value : value.string === undefined ? undefined : value.embedded().root;
  switch (qualifiedKind) {
    case 'HelmRelease.helm.toolkit.fluxcd.io':
      return read(spec.at('values'));
    case 'HelmChart.helm.cattle.io':
      return read(spec.at('valuesContent'));
    case 'Application.argoproj.io': {
      const sources = spec.at('sources').items();
      const helm = (sources.find(one => one.at('chart').exists) ?? spec.at('source')).at('helm');
      return read(helm.at('valuesObject')) ?? read(helm.at('values'));
    }
    default:
      return undefined;
  }
}

/** Whether a script passes a file of values to Helm, judged by the file's name. */
export function isUsedByScript(workspace: Workspace, file: SourceFile): boolean {
  return workspace.lookup(usedValues, file.name).length > 0;
}

const values: Index<ManifestDocument> = {
  name: 'Helm values',
  *document(document) {
    const { file, root } = document;
    if (document.problems.length > 0 || document.isTemplate || root.kind !== 'mapping') return;
    if (document.resources.length > 0 || root.at('apiVersion').exists) return;
    if (
      file.path === settingsFileName ||
      /^(?:kustomization|Chart)\.ya?ml$/.test(file.name) ||
      /\.json$/i.test(file.name)
    )
      return;
    yield ['', document];
  },
};

const releaseValues: Index<Value> = {
  name: 'Helm values in releases',
  *resource(resource) {
    const found = valuesOfRelease(resource);
    if (found) yield ['', found];
  },
};

const usedValues: Index<true> = {
  name: 'values that scripts use',
  *textFile(file: SourceFile) {
    if (!/\.sh$/i.test(file.path) || !file.text.includes('helm')) return;
    for (const [, name = ''] of file.text.matchAll(/(?:-f|--values)[= \t]+["']?(?:[^\s"']*\/)?([\w.-]+\.ya?ml)/g))
      yield [name, true];
  },
};
