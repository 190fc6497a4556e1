import type { Resource } from '../../manifests/resource';
import { mountsOf, volumeOf } from '../mounts';
import { containersOf } from '../pods';
import { code, fewBullets, paragraphs, titleOf } from './markdown';

/** A volume of a pod: what it holds, and where its containers mount it. */
export function describeVolume(resource: Resource, name: string): string | undefined {
  const volume = volumeOf(resource, name);
  if (!volume) return undefined;
  const mounts = containersOf(resource).flatMap(container =>
    mountsOf(container)
      .filter(mount => mount.volume === name)
      .map(({ mountPath, subPath, isReadOnly }) => {
        const part = subPath === undefined ? '' : `, only ${code(subPath)}`;
        return `${container.isInit ? 'init container' : 'container'} ${code(container.name)} at ${code(mountPath)}${part}${isReadOnly ? ', read only' : ''}`;
      }),
  );
  return paragraphs(
    `**Volume** ${code(name)} of ${titleOf(resource)}`,
    contentText(volume),
    mounts.length > 0 ? `Mounted by\n\n${fewBullets(mounts)}` : 'No container mounts it.',
  );
}

function contentText(volume: ReturnType<typeof volumeOf> & object): string {
  if (volume.at('spec').exists) {
    const size = volume.at('spec', 'resources', 'requests', 'storage').text;
    return `A claim of its own for each pod${size === undefined ? '' : `, ${code(size)}`}.`;
  }
  for (const [field, kind, nameField] of sources) {
    const name = volume.at(field, nameField).text;
    if (name !== undefined) return `Holds ${kind} ${code(name)}.`;
  }
  if (volume.at('emptyDir').exists) return 'Empty when the pod starts, gone when it ends.';
  const type = volume.keys().find(key => key !== 'name');
  return type === undefined ? 'It says not what it holds.' : `Of type ${code(type)}.`;
}

const sources = [
  ['configMap', 'ConfigMap', 'name'],
  ['secret', 'Secret', 'secretName'],
  ['persistentVolumeClaim', 'PersistentVolumeClaim', 'claimName'],
  ['hostPath', 'the node’s directory', 'path'],
] as const;
