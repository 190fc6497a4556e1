import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import type { Index, Workspace } from '../manifests/workspace';
import { settingsFileName } from './settings';

/** The documents that look like Helm values: YAML mappings that are neither manifests nor known configuration files. */
export function valuesDocuments(workspace: Workspace): readonly ManifestDocument[] {
  return workspace.lookup(values, '');
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

const usedValues: Index<true> = {
  name: 'values that scripts use',
  *textFile(file: SourceFile) {
    if (!/\.sh$/i.test(file.path) || !file.text.includes('helm')) return;
    for (const [, name = ''] of file.text.matchAll(/(?:-f|--values)[= \t]+["']?(?:[^\s"']*\/)?([\w.-]+\.ya?ml)/g))
      yield [name, true];
  },
};
