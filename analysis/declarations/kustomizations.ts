import type { ManifestDocument } from '../../manifests/document';
import { baseName } from '../../manifests/paths';
import { type Declaration, declaration } from './declaration';

/** Names from kustomize generators get a hash appended, so they are matched as prefixes. */
export function* kustomizeGenerated(document: ManifestDocument): Iterable<Declaration> {
  if (!document.file.isKustomization) return;
  for (const [field, kind] of [
    ['secretGenerator', 'Secret'],
    ['configMapGenerator', 'ConfigMap'],
  ] as const) {
    for (const item of document.root.at(field).items()) {
      const name = item.at('name').string;
      const literals = item
        .at('literals')
        .items()
        .flatMap(one => one.text?.split('=', 1)[0] ?? []);
      const files = item
        .at('files')
        .items()
        .flatMap(one => fileKey(one.text ?? ''));
      const keys = item.at('envs').exists || item.at('env').exists ? 'any' : [...literals, ...files];
      if (name)
        yield declaration({
          kind,
          namespace: item.at('namespace').string ?? document.root.at('namespace').string,
          name,
          origin: 'operator',
          at: item.at('name'),
          keys,
          by: 'kustomize',
        });
    }
  }
}

function fileKey(source: string): string {
  const [name] = source.split('=', 1);
  return source.includes('=') ? (name ?? '') : baseName(source);
}
