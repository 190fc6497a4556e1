import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { generatedTexts } from './generated-texts';
import { type Container, containersOf, podTemplate } from './pods';
import { keyTexts } from './secret-data';

/** A volume of a pod as one container sees it. */
export interface Mount {
  readonly volume: string;
  readonly mountPath: string;
  readonly subPath: string | undefined;
  readonly isReadOnly: boolean;
  readonly value: Value;
}

/** A text from a ConfigMap or Secret that a pod has as a file. */
export interface MountedText {
  readonly volume: string;
  /** The key in the ConfigMap or Secret. */
  readonly key: string;
  /** The file's path inside the volume. */
  readonly path: string;
  readonly value: Value;
  /** Undefined for a text that a ConfigMap or Secret is made of when it is deployed. */
  readonly source: Resource | undefined;
  /** Whether a controller fills values into it, where `{{ … }}` stands. */
  readonly isTemplate: boolean;
}

/** The `volumeMounts` of a container, without slashes at the end of their paths. */
export function mountsOf(container: Container): readonly Mount[] {
  return container.value
    .at('volumeMounts')
    .items()
    .map(value => ({
      volume: value.at('name').text ?? '',
      mountPath: trimSlash(value.at('mountPath').text ?? ''),
      subPath: value.at('subPath').text,
      isReadOnly: value.at('readOnly').boolean === true,
      value,
    }));
}

/** Whether a container mounts a volume, wherever that is. */
export function mountsVolume(container: Container, volume: string): boolean {
  return container.value
    .at('volumeMounts')
    .items()
    .some(mount => mount.at('name').text === volume);
}

/** The mount that holds a path: the one with the longest matching mount path. */
export function mountAt(container: Container, path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mountsOf(container)) {
    if (isBelow(path, mount.mountPath) && mount.mountPath.length > (best?.mountPath.length ?? -1)) best = mount;
  }
  return best;
}

/** The volume of a pod by name. Missing if there is none. */
export function volumeOf(resource: Resource, name: string): Value | undefined {
  const volume = podTemplate(resource)
    ?.at('spec', 'volumes')
    .items()
    .find(one => one.at('name').text === name);
  return (
    volume ??
    resource.root
      .at('spec', 'volumeClaimTemplates')
      .items()
      .find(one => one.at('metadata', 'name').text === name)
  );
}

/** The texts that a volume takes from ConfigMaps and Secrets of the tree. */
export function textsOfVolume(workspace: Workspace, resource: Resource, volume: Value): readonly MountedText[] {
  const sources = volume.at('projected').exists ? volume.at('projected', 'sources').items() : [volume];
  return sources.flatMap(source => [
    ...textsOf(
      workspace,
      resource,
      volume,
      'ConfigMap',
      source.at('configMap', 'name'),
      source.at('configMap', 'items'),
    ),
    ...textsOf(
      workspace,
      resource,
      volume,
      'Secret',
      source.at('secret', source.at('secret', 'secretName').exists ? 'secretName' : 'name'),
      source.at('secret', 'items'),
    ),
  ]);
}

/** The texts of all volumes that some container of the workload mounts. */
export function mountedTexts(workspace: Workspace, resource: Resource): readonly MountedText[] {
  return workspace.derive(readMountedTexts, resource);
}

function readMountedTexts(resource: Resource, workspace: Workspace): readonly MountedText[] {
  const names = new Set(containersOf(resource).flatMap(container => mountsOf(container).map(mount => mount.volume)));
  return [...names].flatMap(name => {
    const volume = volumeOf(resource, name);
    return volume ? textsOfVolume(workspace, resource, volume) : [];
  });
}

/** Whether a path is a directory's path or lies below it. */
export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function textsOf(
  workspace: Workspace,
  resource: Resource,
  volume: Value,
  kind: 'ConfigMap' | 'Secret',
  name: Value,
  items: Value,
): readonly MountedText[] {
  if (name.string === undefined) return [];
  const source = workspace.find(kind, resource.namespace, name.string);
  const data = source
    ? keyTexts(source).map(([key, value]) => ({ key, value, isTemplate: false }))
    : generatedTexts(workspace, kind, resource.namespace, name.string);
  // One key may be put at several paths.
  const chosen = items.items().map(item => ({ key: item.at('key').text, path: item.at('path').text ?? '' }));
  return data.flatMap(({ key, value, isTemplate = false }) => {
    const paths = chosen.length > 0 ? chosen.flatMap(one => (one.key === key ? one.path : [])) : [key];
    return paths.map(path => ({ volume: volume.at('name').text ?? '', key, path, value, source, isTemplate }));
  });
}

function trimSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}
