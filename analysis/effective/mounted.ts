import type { MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { namesFilledIn } from '../filled-in';
import { type Mount, mountAt, textsOfVolume, volumeOf } from '../mounts';
import type { Container } from '../pods';
import { pathInVolume } from '../scripts';
import { holdsStandIn } from '../secret-data';
import { opaque, type Rendered, type TemplateStep } from './content';

/** What a volume of ConfigMaps and Secrets puts at a path, before any script runs; undefined if the tree does not show it. */
export function mounted(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  path: string,
): Rendered | undefined {
  const mount = mountAt(container, path);
  const volume = mount && volumeOf(resource, mount.volume);
  if (!mount || !volume) return undefined;
  const inVolume = pathInVolume(mount.mountPath, mount.subPath, path);
  const text = textsOfVolume(workspace, resource, volume).find(one => one.path === inVolume);
  if (!text) return undefined;
  if (holdsStandIn(text.value)) return opaque;
  const filled = text.isTemplate ? templateText(text.value.mapped) : undefined;
  if (text.isTemplate && !filled) return opaque;
  const filters: TemplateStep[] = filled ? [{ kind: 'template', by: 'braces' }] : [];
  const names = namesFilledIn(workspace, text.value, () => text.value.mapped.text);
  if (names) filters.push({ kind: 'template', by: 'variables', ...(names === 'all' ? {} : { names }) });
  return {
    pieces: [{ text: filled ?? text.value.mapped, origin: [text.value, filled?.text], filters, expanded: undefined }],
    isOpaque: false,
    isVerbatim: filled === undefined,
    sources: [text.value],
  };
}

/**
 * A template as a text that can be read as what it becomes: where `{{ … }}` is a value without quotes, YAML would take
 * it for mappings, so its outer braces are read as quotes. Undefined where it decides about lines, or is all there is.
 */
function templateText(mapped: MappedText): MappedText | undefined {
  const { text } = mapped;
  if (/\{\{-?\s*(?:if|else|end|range|with|define|block|template|include)\b/.test(text)) return undefined;
  if (/^\s*\{\{[^{}]*\}\}\s*$/.test(text)) return undefined;
  const quoted = text.replace(/((?:^|[\s:-])[ \t]*)\{\{([^"\n{}]*)\}\}(?=[ \t]*(?:#.*)?$)/gm, '$1"{$2}"');
  return { text: quoted, place: mapped.place, linePrefix: mapped.linePrefix, eol: mapped.eol };
}

/** The files of ConfigMaps and Secrets at a mount. */
export function filesOfMount(workspace: Workspace, resource: Resource, mount: Mount): readonly string[] {
  const volume = volumeOf(resource, mount.volume);
  if (!volume) return [];
  const texts = textsOfVolume(workspace, resource, volume);
  if (mount.subPath === undefined) return texts.map(text => `${mount.mountPath}/${text.path}`);
  // Of a Secret or ConfigMap that the tree does not show, it is one file all the same.
  const isElsewhere = texts.length === 0 && (volume.at('secret').exists || volume.at('configMap').exists);
  return isElsewhere || texts.some(text => text.path === mount.subPath) ? [mount.mountPath] : [];
}

/** Whether a file cannot be written: volumes of ConfigMaps, Secrets and the like are always read-only (CVE-2017-1002102). */
export function isReadOnly(resource: Resource, container: Container, path: string): boolean {
  const mount = mountAt(container, path);
  // The kubelet mounts the file for the last message itself (Kubernetes documentation, "Customizing the termination message").
  if (!mount)
    return (
      isRootReadOnly(container) &&
      !/^\/(?:dev|proc|sys)\//.test(path) &&
      container.value.at('terminationMessagePath').text !== path
    );
  const volume = volumeOf(resource, mount.volume);
  if (!volume) return false;
  return (
    mount.isReadOnly || ['configMap', 'secret', 'projected', 'downwardAPI'].some(source => volume.at(source).exists)
  );
}

function isRootReadOnly({ value }: Container): boolean {
  return value.at('securityContext', 'readOnlyRootFilesystem').boolean === true;
}

/** Whether a whole volume is mounted at a path. */
export function isFolder(container: Container, path: string): boolean {
  const mount = mountAt(container, path);
  return mount !== undefined && mount.mountPath === path && mount.subPath === undefined;
}
