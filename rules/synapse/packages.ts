import { writtenPaths } from '../../analysis/effective';
import { mountsOf, textsOfVolume, volumeOf } from '../../analysis/mounts';
import {
  type PackageInstall,
  packagesOf,
  pythonOf,
  type SearchPath,
  searchPathOf,
} from '../../analysis/python-packages';
import type { SynapseProcess } from '../../analysis/synapse';
import { insertEntry, insertItem, replaceScalar } from '../../manifests/edit';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** The package on PyPI that stores media in S3, and the version that the checklist asks for. */
export const s3Package = 'synapse-s3-storage-provider';
export const s3Version = '1.4.0';

/** Where a fix mounts packages: a folder of their own hides nothing that the image has. */
export const packagesFolder = '/python-packages';

/** The installations of the S3 storage provider in a pod. */
export function s3Installs(workspace: Workspace, { resource }: SynapseProcess): readonly PackageInstall[] {
  return packagesOf(workspace, resource).installs.filter(({ requirements }) =>
    requirements.some(({ name }) => name === s3Package),
  );
}

/** The first provider of S3 storage that a homeserver configures: its `module`. */
export function s3Provider({ homeserver }: SynapseProcess): Value | undefined {
  return homeserver
    ?.at('media_storage_providers')
    .items()
    .map(provider => provider.at('module'))
    .find(module => /^s3_storage_provider(?:\.|$)/.test(module.string ?? ''));
}

/** Where the Python of a Synapse process looks for modules. */
export function searchPath(workspace: Workspace, { resource, container }: SynapseProcess): SearchPath {
  return searchPathOf(workspace, resource, container, pythonOf(container.image));
}

/**
 * Whether a process can, or may, import a Python module: its pod installs it, has its files where Python looks, or gets
 * files there in a way that the tree does not show. `isInstalledBy` tells a package on PyPI that brings the module.
 */
export function mayImport(
  workspace: Workspace,
  process: SynapseProcess,
  module: string,
  isInstalledBy: (name: string) => boolean,
): boolean {
  const { resource, container } = process;
  const packages = packagesOf(workspace, resource);
  if (packages.installs.some(one => one.isOpen || one.requirements.some(({ name }) => isInstalledBy(name))))
    return true;
  const path = searchPath(workspace, process);
  const isFile = (file: string): boolean =>
    file.endsWith(`/${module}.py`) || file === `${module}.py` || `/${file}`.includes(`/${module}/`);
  if (path.isOpen || writtenPaths(workspace, resource).some(written => isFile(written.path))) return true;
  return mountsOf(container).some(mount => {
    const isSearched =
      path.entries.some(entry => overlap(entry.path, mount.mountPath)) || /-packages\b/.test(mount.mountPath);
    if (!isSearched) return false;
    const volume = volumeOf(resource, mount.volume);
    if (!volume || packages.openVolumes.has(mount.volume)) return true;
    if (volume.at('emptyDir').exists) return false;
    if (!volume.at('configMap').exists && !volume.at('projected').exists) return true;
    return textsOfVolume(workspace, resource, volume).some(text => isFile(text.path)) || isFile(mount.mountPath);
  });
}

/** Adds a folder to PYTHONPATH of a container. Undefined where it is set in a way that a text edit cannot extend. */
export function addToPythonPath(container: Value, path: SearchPath, folder: string): TextEdit | undefined {
  const { variable } = path;
  if (variable) {
    const value = variable.at('value');
    const text = value.text;
    return text === undefined ? undefined : replaceScalar(value, text === '' ? folder : `${folder}:${text}`);
  }
  return addToList(container, 'env', `name: PYTHONPATH\nvalue: ${folder}`, 'image');
}

/** Adds an item to a list of a mapping, or the list with this item. `yaml` is the item at column 0, without a dash. */
export function addToList(mapping: Value, key: string, yaml: string, after?: string): TextEdit | undefined {
  const list = mapping.at(key);
  if (list.kind === 'sequence' && list.items().length > 0) return insertItem(list, yaml);
  if (list.exists) return undefined;
  const item = `${key}:\n  - ${yaml.replaceAll('\n', '\n    ')}`;
  return insertEntry(mapping, item, after === undefined ? {} : { after });
}

function overlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}
