import type { ManifestDocument } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import type { Place, Span } from '../../manifests/span';
import { commandsNaming } from './commands';
import { haproxyNames, isHaproxy } from './haproxy';
import { hostsOfText, hostsOfValues, qualifiedHosts } from './hosts';
import { namesInKustomization, namesInVariables } from './kustomizations';
import { queriedIn } from './metrics';
import { keySubject, type Occurrence, objectSubject, ofScalar } from './occurrence';

/** The names in a file that is no YAML: commands of scripts and runbooks, and configuration that lies beside. */
export function* namesInText(file: SourceFile): Iterable<Occurrence> {
  yield* commandsNaming(file);
  const place = (span: Span): Place => ({ uri: file.uri, span });
  if (/\.(?:sh|md)$/i.test(file.path)) yield* qualifiedHosts(file.text, place);
  if (/\.env(?:\.\w+)?$/i.test(file.path)) yield* namesInVariables(file.text, place);
  if (!/\.(?:cfg|conf|ini|properties)(?:\.\w+)?$/i.test(file.path)) return;
  if (isHaproxy(file.name, file.text)) yield* haproxyNames(file.text, `file/${file.path}`, undefined, place);
  yield* hostsOfText(file.text, undefined, place);
}

/** The names in a YAML document that is no object: a kustomization, Helm values, a configuration that lies beside. */
export function* namesInValues(document: ManifestDocument): Iterable<Occurrence> {
  const { root, file } = document;
  if (file.isKustomization) {
    yield* namesInKustomization(root);
    return;
  }
  yield* hostsOfValues(root, undefined);
  yield* queriedIn(root);
  for (const value of root.scalars()) {
    const key = String(value.name ?? '');
    // The usual names of such values: Bitnami and Grafana charts, and kube-prometheus-stack.
    if (/^(?:existing\w*Secret|existingSecret|secretName|secretRef)$/.test(key) && value.string)
      yield* ofScalar(objectSubject('Secret', undefined, value.string), value, 'reference');
    else if (/^(?:existing\w*ConfigMap|existingConfigmap|configMapName)$/.test(key) && value.string)
      yield* ofScalar(objectSubject('ConfigMap', undefined, value.string), value, 'reference');
    else if (/^storageClass(?:Name)?$/.test(key) && value.string)
      yield* ofScalar(objectSubject('StorageClass', undefined, value.string), value, 'reference');
    else if (/^existingSecret\w+Key$/.test(key) && value.string) {
      const secret = value.parent?.at('existingSecret').string;
      if (secret) yield* ofScalar(keySubject('Secret', undefined, secret, value.string), value, 'reference');
    }
  }
}
