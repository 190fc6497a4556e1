import { commandLine } from '../../analysis/configs';
import { declarationsOf, knownKeys } from '../../analysis/declarations';
import { podWrites } from '../../analysis/effective';
import { isBelow, type Mount, mountAt, mountsOf, mountsVolume, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { type Container, containersOf } from '../../analysis/pods';
import { startScriptOf } from '../../analysis/scripts';
import { escapeRegExp } from '../../manifests/escape-reg-exp';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/**
 * The files of the mounted volume that a path lies on, if the tree shows all that fills it and the path is none of them.
 * Undefined where the file is there, or where something that the tree does not show may make it.
 */
export function filesInstead(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  mount: Mount,
  path: string,
): readonly string[] | undefined {
  if (/[$*]/.test(path) || podWrites(workspace, resource).mayExist(container, path)) return undefined;
  const files = filesThere(workspace, resource, container, mount);
  return files?.some(file => isBelow(file, path)) ? undefined : files;
}

/** The files of a mounted volume, if the tree shows all that fills it. */
export function filesThere(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  mount: Mount,
): readonly string[] | undefined {
  const volume = volumeOf(resource, mount.volume);
  if (!volume || !isFilledByTree(workspace, resource, mount, container)) return undefined;
  return [
    ...new Set([
      ...filesBeside(workspace, resource, mount, container),
      ...namedByKeys(workspace, resource, volume, mount),
    ]),
  ];
}

/** Whether all that may fill a volume stands in the tree. */
function isFilledByTree(workspace: Workspace, resource: Resource, mount: Mount, reader: Container): boolean {
  const volume = volumeOf(resource, mount.volume);
  if (!volume) return false;
  if (volume.at('emptyDir').exists) {
    const others = containersOf(resource).filter(one => !one.isInit && one.name !== reader.name);
    const fillers = containersOf(resource).filter(one => one.isInit);
    // What starts as its image says may write anything.
    const isUnknown = fillers.some(
      one =>
        commandLine(one).length === 0 &&
        mountsOf(one).some(({ volume, isReadOnly }) => volume === mount.volume && !isReadOnly),
    );
    return (
      !isUnknown &&
      (fillers.some(one => mountsVolume(one, mount.volume)) || isReadOnly(mount)) &&
      !fillers.some(one => mountsVolume(one, mount.volume) && takesUnknownFiles(workspace, resource, one)) &&
      !others.some(one => mountsVolume(one, mount.volume) && !onlyReadsConfigurations(one))
    );
  }
  return isShown(workspace, resource, volume);
}

/** Whether the tree has all ConfigMaps and Secrets of a volume. */
function isShown(workspace: Workspace, resource: Resource, volume: Value): boolean {
  return sourcesOf(volume).every(source => {
    const map = source.at('configMap');
    if (map.exists) return isKnown(workspace, resource, map.at('name'));
    return source.at('secret').exists && secretKeys(workspace, resource, source.at('secret')) !== undefined;
  });
}

/** Whether the script of a container goes through all files of a volume of which the tree does not show what it holds. */
function takesUnknownFiles(workspace: Workspace, resource: Resource, container: Container): boolean {
  const script = startScriptOf(workspace, resource, container)?.text.text ?? '';
  return mountsOf(container).some(mount => {
    const folder = escapeRegExp(mount.mountPath.replace(/\/$/, ''));
    const asWhole = new RegExp(`${folder}/[^\\s;]*[*?]|\\bcp\\s+-\\S*[rRa]\\S*\\s[^\\n;|&]*${folder}(?![\\w-])`);
    const volume = asWhole.test(script) ? volumeOf(resource, mount.volume) : undefined;
    return volume !== undefined && !volume.at('emptyDir').exists && !isShown(workspace, resource, volume);
  });
}

/** Redis and Sentinel, when they are started without a shell, write no files beside their own configuration. */
function onlyReadsConfigurations(container: Container): boolean {
  return /(?:^|\/)(?:redis|valkey)-(?:server|sentinel)$/.test(commandLine(container)[0]?.text ?? '');
}

/** A container that sees a volume as read-only cannot fill it itself. */
function isReadOnly(mount: Mount): boolean {
  return mount.value.at('readOnly').boolean === true;
}

/** Whether the tree shows all keys of a ConfigMap: a generator may have some of files that are not in the tree. */
function isKnown(workspace: Workspace, resource: Resource, name: Value): boolean {
  const map = name.string === undefined ? undefined : workspace.find('ConfigMap', resource.namespace, name.string);
  if (!map || map.root.at('binaryData').exists) return false;
  return declarationsOf(workspace, 'ConfigMap', resource.namespace, map.name).every(({ keys }) => keys !== 'any');
}

function sourcesOf(volume: Value): readonly Value[] {
  return volume.at('projected').exists ? volume.at('projected', 'sources').items() : [volume];
}

/** The keys of a Secret that a volume shows, if all who make it are known and say them. */
function secretKeys(workspace: Workspace, resource: Resource, secret: Value): ReadonlySet<string> | undefined {
  const name = secret.at(secret.at('secretName').exists ? 'secretName' : 'name').string;
  if (name === undefined) return undefined;
  const makers = declarationsOf(workspace, 'Secret', resource.namespace, name);
  const isCertain = makers.every(
    ({ keys, origin }) => keys !== 'any' && (origin === 'manifest' || origin === 'operator' || origin === 'script'),
  );
  // One that may be missing is there all the same where the tree makes it.
  if (makers.length === 0 || !isCertain) return undefined;
  return knownKeys(makers);
}

/** The files that a volume has of Secrets, and those that it names itself, as a mount shows them. */
function namedByKeys(workspace: Workspace, resource: Resource, volume: Value, mount: Mount): readonly string[] {
  if (mount.subPath !== undefined) return [mount.mountPath];
  return sourcesOf(volume).flatMap(source => {
    const secret = source.at('secret');
    const items = [...secret.at('items').items(), ...source.at('configMap', 'items').items()];
    // A key that is not there is reported where it is named.
    const files = items.length
      ? items.flatMap(item => item.at('path').text ?? [])
      : secret.exists
        ? [...(secretKeys(workspace, resource, secret) ?? [])]
        : [];
    return files.map(file => `${mount.mountPath}/${file}`);
  });
}

/** The files of the volume, as the container sees them. */
function filesBeside(workspace: Workspace, resource: Resource, mount: Mount, container: Container): readonly string[] {
  const volume = volumeOf(resource, mount.volume);
  const written = podWrites(workspace, resource).written.flatMap(one => {
    const from = mountAt(one.container, one.path);
    if (from?.volume !== mount.volume || from.subPath !== mount.subPath || !isBelow(one.path, from.mountPath))
      return [];
    return [`${mount.mountPath}${one.path.slice(from.mountPath.length)}`];
  });
  const mounted =
    mount.subPath === undefined && volume
      ? textsOfVolume(workspace, resource, volume).map(text => `${mount.mountPath}/${text.path}`)
      : [];
  return [...new Set([...mounted, ...written])].filter(path =>
    podWrites(workspace, resource).mayExist(container, path),
  );
}
