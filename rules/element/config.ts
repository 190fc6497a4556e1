import { configurationOf, parsed } from '../../analysis/configs';
import { type EffectiveFile, effectiveFile } from '../../analysis/effective';
import { publishedProgramOf } from '../../analysis/images';
import type { Container } from '../../analysis/pods';
import { mainContainersOf } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** Element Web's container with its configuration. */
export interface ElementConfig {
  readonly container: Container;
  /** What it reads as config.json; undefined if the tree does not show it. */
  readonly file: EffectiveFile | undefined;
}

/** Where the image serves its files from: the second is a link to the first (element-web, Dockerfile). */
export const elementFolders = ['/app', '/usr/share/nginx/html'] as const;

/** The container of a workload that serves Element Web. */
export function elementConfig(workspace: Workspace, resource: Resource): ElementConfig | undefined {
  if (!familiesOf(resource).has('element')) return undefined;
  const container =
    configurationOf(workspace, resource, 'element')?.container ??
    mainContainersOf(resource).find(one => isStockElement(one.image));
  if (!container) return undefined;
  const [file] = elementFolders.flatMap(
    folder => effectiveFile(workspace, resource, container, `${folder}/config.json`) ?? [],
  );
  return { container, file };
}

/** The settings in config.json; missing values if it cannot be read. */
export function settingsIn({ file }: ElementConfig): Value | undefined {
  if (!file || file.isOpaque) return undefined;
  const { root, problem } = parsed(file);
  return problem || root.kind !== 'mapping' ? undefined : root;
}

/** Whether an image is one that the Element project publishes; others may have a configuration of their own inside. */
export function isStockElement(image: string): boolean {
  return publishedProgramOf(image) === 'element-web';
}
