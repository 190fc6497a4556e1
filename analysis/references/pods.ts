import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { containersOf, podTemplate } from '../pods';
import { isOptional, keyRefs, type Reference, type ReferencedKind } from './reference';

export function podReferences(resource: Resource): readonly Reference[] {
  const template = podTemplate(resource);
  if (!template) return [];
  const spec = template.at('spec');
  const found: Reference[] = [];
  const add = (
    kind: ReferencedKind,
    name: Value,
    consumer: string,
    options: { key?: Value; optional?: boolean; pull?: boolean } = {},
  ): void => {
    if (name.string) {
      found.push({
        kind,
        namespace: resource.namespace,
        name,
        key: options.key,
        isOptional: options.optional === true,
        consumer,
        ...(options.pull ? { isPullSecret: true } : {}),
      });
    }
  };
  for (const container of containersOf(resource)) {
    const consumer = `${container.isInit ? 'init container' : 'container'} ${container.name}`;
    for (const variable of container.value.at('env').items()) {
      for (const [field, kind] of keyRefs) {
        const reference = variable.at('valueFrom', field);
        if (reference.exists)
          add(kind, reference.at('name'), consumer, { key: reference.at('key'), optional: isOptional(reference) });
      }
    }
    for (const mount of container.value.at('volumeMounts').items()) {
      const file = mount.at('subPath');
      const volume = file.string
        ? spec
            .at('volumes')
            .items()
            .find(one => one.at('name').text === mount.at('name').text)
        : undefined;
      if (volume) addFile(volume, file, consumer, add);
    }
    for (const source of container.value.at('envFrom').items()) {
      for (const [field, kind] of wholeRefs) {
        const reference = source.at(field);
        if (reference.exists) add(kind, reference.at('name'), consumer, { optional: isOptional(reference) });
      }
    }
  }
  for (const volume of spec.at('volumes').items()) addVolume(volume, add);
  for (const secret of spec.at('imagePullSecrets').items()) add('Secret', secret.at('name'), 'the pod', { pull: true });
  for (const claim of resource.root.at('spec', 'volumeClaimTemplates').items())
    add('StorageClass', claim.at('spec', 'storageClassName'), `claim ${claim.at('metadata', 'name').text ?? ''}`);
  add('ServiceAccount', spec.at('serviceAccountName'), 'the pod');
  return found;
}

type Add = (
  kind: ReferencedKind,
  name: Value,
  consumer: string,
  options?: { key?: Value; optional?: boolean; pull?: boolean },
) => void;

/** A single file of a volume: without `items` it is a key. */
function addFile(volume: Value, file: Value, consumer: string, add: Add): void {
  for (const [field, kind, name] of [
    ['secret', 'Secret', 'secretName'],
    ['configMap', 'ConfigMap', 'name'],
  ] as const) {
    const source = volume.at(field);
    if (source.exists && !source.at('items').exists)
      add(kind, source.at(name), consumer, { key: file, optional: isOptional(source) });
  }
}

function addVolume(volume: Value, add: Add): void {
  const consumer = `volume ${volume.at('name').text ?? ''}`;
  const withItems = (kind: ReferencedKind, name: Value, source: Value): void => {
    const optional = isOptional(source);
    const items = source.at('items').items();
    if (items.length === 0) add(kind, name, consumer, { optional });
    for (const item of items) add(kind, name, consumer, { key: item.at('key'), optional });
  };
  if (volume.at('secret').exists) withItems('Secret', volume.at('secret', 'secretName'), volume.at('secret'));
  if (volume.at('configMap').exists) withItems('ConfigMap', volume.at('configMap', 'name'), volume.at('configMap'));
  for (const source of volume.at('projected', 'sources').items()) {
    if (source.at('secret').exists) withItems('Secret', source.at('secret', 'name'), source.at('secret'));
    if (source.at('configMap').exists) withItems('ConfigMap', source.at('configMap', 'name'), source.at('configMap'));
  }
  if (volume.at('persistentVolumeClaim').exists)
    add('PersistentVolumeClaim', volume.at('persistentVolumeClaim', 'claimName'), consumer);
  add('StorageClass', volume.at('ephemeral', 'volumeClaimTemplate', 'spec', 'storageClassName'), consumer);
}

const wholeRefs = [
  ['secretRef', 'Secret'],
  ['configMapRef', 'ConfigMap'],
] as const;
