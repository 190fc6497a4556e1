import type { MappedText } from '../manifests/mapped-text';
import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { isBelow, mountAt, textsOfVolume, volumeOf } from './mounts';
import type { Container } from './pods';

/** A shell script that a container runs, and the scalar it stands in. */
export interface ContainerScript {
  readonly text: MappedText;
  readonly value: Value;
}

/**
 * The shell script that a container runs: the text after `sh -c`, or the mounted file that its command names.
 * Undefined if it runs a program directly, or a script of its image.
 */
export function scriptOf(workspace: Workspace, resource: Resource, container: Container): ContainerScript | undefined {
  const words = [...container.value.at('command').items(), ...container.value.at('args').items()];
  const at = words.findIndex((word, index) => /^-\w*c$/.test(word.text ?? '') && words.slice(0, index).some(isShell));
  const inline = at === -1 ? undefined : words[at + 1];
  if (inline?.text !== undefined) return { text: inline.mapped, value: inline };
  for (const word of words) {
    const path = word.text;
    const file = path?.startsWith('/') ? mountedFile(workspace, resource, container, path) : undefined;
    if (file && (words.some(isShell) || /^#!.*\bsh\b|^#!.*bash/.test(file.string ?? '') || /\.sh$/.test(path ?? '')))
      return { text: file.mapped, value: file };
  }
  return undefined;
}

/** The text of a ConfigMap or Secret key that a container sees at a path. */
export function mountedFile(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  path: string,
): Value | undefined {
  const mount = mountAt(container, path);
  const volume = mount && volumeOf(resource, mount.volume);
  if (!mount || !volume) return undefined;
  const inVolume = pathInVolume(mount.mountPath, mount.subPath, path);
  return textsOfVolume(workspace, resource, volume).find(text => text.path === inVolume)?.value;
}

/** Where a container's path lies inside the volume that is mounted there. */
export function pathInVolume(mountPath: string, subPath: string | undefined, path: string): string {
  if (!isBelow(path, mountPath)) return path;
  const rest = path.slice(mountPath === '/' ? 1 : mountPath.length + 1);
  return [subPath?.replace(/^\/|\/$/g, ''), rest].filter(part => part).join('/');
}

function isShell(word: Value): boolean {
  return /(?:^|\/)(?:ba|da|a|z)?sh$/.test(word.text ?? '');
}
