import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { type ConfiguredProgram, commandLine, configurationOf } from './configs';
import { type EffectiveFile, effectiveFile, podWrites } from './effective';
import { isBelow, mountAt, mountsOf, textsOfVolume, volumeOf } from './mounts';
import { type Container, mainContainersOf } from './pods';

/** A configuration file that a container of a workload really has, and the program that reads it where that is known. */
export interface ConfigFile {
  readonly file: EffectiveFile;
  readonly program: ConfiguredProgram | 'rclone' | undefined;
  /** It is only on the way to another file, or no container but the one that writes it can see it. */
  readonly isIntermediate: boolean;
}

/**
 * The configuration files of a workload: what its scripts wrote where a main container sees it, and the ConfigMap and
 * Secret texts that a main container mounts as they stand. A text that only serves as a template for a written file is
 * not one of them.
 */
export function configFilesOf(workspace: Workspace, resource: Resource): readonly ConfigFile[] {
  return workspace.derive(readConfigFiles, resource);
}

function readConfigFiles(resource: Resource, workspace: Workspace): readonly ConfigFile[] {
  const found: ConfigFile[] = [];
  const templates = new Set<string>();
  const seen = new Set<string>();
  const programs = programPaths(workspace, resource);
  const writes = podWrites(workspace, resource);
  const main = mainContainersOf(resource);
  for (const { container, path } of writes.written) {
    const file = effectiveFile(workspace, resource, container, path);
    if (!file || seen.has(`${container.name}\n${path}`)) continue;
    seen.add(`${container.name}\n${path}`);
    for (const source of file.sources) templates.add(identity(source));
    const program = programs.get(path);
    const volume = mountAt(container, path)?.volume;
    const isSeen = !container.isInit || main.some(one => mountsOf(one).some(mount => mount.volume === volume));
    found.push({
      file,
      program,
      isIntermediate: program === undefined && (!isSeen || writes.isIntermediate(container, path)),
    });
  }
  for (const container of main) {
    for (const mount of mountsOf(container)) {
      const volume = volumeOf(resource, mount.volume);
      if (!volume) continue;
      for (const text of textsOfVolume(workspace, resource, volume)) {
        const path =
          mount.subPath === undefined
            ? `${mount.mountPath}/${text.path}`
            : mount.subPath === text.path
              ? mount.mountPath
              : undefined;
        if (path === undefined || templates.has(identity(text.value)) || seen.has(`mounted\n${path}`)) continue;
        seen.add(`mounted\n${path}`);
        const file = effectiveFile(workspace, resource, container, path);
        if (!file?.isVerbatim) continue;
        const program = programs.get(path) ?? rcloneOf(container, path);
        found.push({ file, program, isIntermediate: program === undefined && writes.isIntermediate(container, path) });
      }
    }
  }
  return found;
}

/** Which program reads which path. */
function programPaths(workspace: Workspace, resource: Resource): ReadonlyMap<string, ConfiguredProgram> {
  const paths = new Map<string, ConfiguredProgram>();
  for (const program of [
    'synapse',
    'redis',
    'sentinel',
    'haproxy',
    'livekit',
    'coturn',
    'element',
    'scanner',
  ] as const) {
    for (const path of configurationOf(workspace, resource, program)?.paths ?? []) paths.set(path, program);
  }
  return paths;
}

function rcloneOf(container: Container, path: string): 'rclone' | undefined {
  const runsRclone =
    /rclone/.test(container.image) || commandLine(container).some(word => /\brclone\b/.test(word.text ?? ''));
  return runsRclone && (path.endsWith('rclone.conf') || isBelow(path, '/config/rclone')) ? 'rclone' : undefined;
}

function identity(value: Value): string {
  return `${value.uri}\n${value.span.start}`;
}
