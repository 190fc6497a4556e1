import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { type Declaration, declaration } from './declaration';
import { madeBy } from './operators';
import { isFilledByController, madeFrom } from './secret-operators';

/** What a manifest declares: itself and what operators make from it. */
export function* declaredBy(resource: Resource): Iterable<Declaration> {
  const { kind, namespace, name, root } = resource;
  const at = root.at('metadata', 'name');
  if (
    resource.group === '' ||
    !resource.group.includes('.') ||
    resource.group.endsWith('.k8s.io') ||
    customKinds.has(kind)
  ) {
    yield declaration({
      kind,
      namespace,
      name,
      origin: 'manifest',
      at,
      keys: (kind === 'Secret' || kind === 'ConfigMap') && !isFilledByController(resource) ? dataKeys(root) : 'any',
      resource,
    });
  }
  yield* madeBy[resource.qualifiedKind]?.(resource) ?? [];
  for (const made of madeFrom(resource))
    yield declaration({
      kind: made.kind,
      namespace: made.namespace,
      name: made.name,
      origin: 'operator',
      at: made.at,
      keys: made.keys,
      resource,
      by: made.by,
    });
  if (kind === 'StatefulSet') {
    for (const template of root.at('spec', 'volumeClaimTemplates').items()) {
      const claim = template.at('metadata', 'name').text;
      const count = root.at('spec', 'replicas').number ?? 1;
      const first = root.at('spec', 'ordinals', 'start').number ?? 0;
      for (let ordinal = first; claim && ordinal < first + Math.min(count, 100); ordinal++) {
        yield declaration({
          kind: 'PersistentVolumeClaim',
          namespace,
          name: `${claim}-${name}-${ordinal}`,
          origin: 'operator',
          at,
          resource,
          by: 'the StatefulSet',
        });
      }
    }
  }
}

/** Kinds of operators to which other objects refer by name. */
const customKinds = new Set(['Issuer', 'ClusterIssuer', 'SecretStore', 'ClusterSecretStore']);

/** The keys of a Secret or ConfigMap. */
export function dataKeys(root: Value): readonly string[] {
  return ['data', 'stringData', 'binaryData'].flatMap(field => root.at(field).keys());
}
