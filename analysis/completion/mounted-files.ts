import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { dataKeys, declarationsOf, knownKeys } from '../declarations';
import { writtenPaths } from '../effective';
import { mountsOf, volumeOf } from '../mounts';
import { type Container, containersOf } from '../pods';
import { type Family, workloads } from '../roles';
import { type Candidate, distinct } from './candidate';

/** The files of Secrets and ConfigMaps that a container has, with the objects that they come from. */
export function mountedFiles(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  kinds: readonly ('Secret' | 'ConfigMap')[] = ['Secret', 'ConfigMap'],
): readonly Candidate[] {
  return mountsOf(container).flatMap(mount => {
    const volume = volumeOf(resource, mount.volume);
    if (!volume) return [];
    const sources = volume.at('projected').exists ? volume.at('projected', 'sources').items() : [volume];
    return sources.flatMap(source =>
      kinds.flatMap(kind => {
        const from = source.at(kind === 'Secret' ? 'secret' : 'configMap');
        const name = from.at('secretName').string ?? from.at('name').string;
        if (name === undefined) return [];
        const keys = keysIn(workspace, resource, kind, name, from.at('items').items());
        const paths = mount.subPath === undefined ? keys.map(key => `${mount.mountPath}/${key}`) : [mount.mountPath];
        return paths.map(label => ({
          label,
          kind: 'path' as const,
          detail: `${kind}/${name} in ${resource.title}`,
          rank: 0 as const,
        }));
      }),
    );
  });
}

/** The files that the scripts of a workload write, as far as their paths are known. */
export function writtenFiles(workspace: Workspace, resource: Resource): readonly Candidate[] {
  return distinct(
    writtenPaths(workspace, resource)
      .filter(({ path }) => /^\/[\w./-]+$/.test(path))
      .map(({ path, container }) => ({
        label: path,
        kind: 'path',
        detail: `written by ${container.name} of ${resource.title}`,
        rank: 1,
      })),
  );
}

/**
 * The files for an option of the configuration of a family: those of Secrets that its workloads mount, and those that
 * their scripts write. In one namespace where one is given.
 */
export function optionFiles(workspace: Workspace, namespace: string | undefined, family: Family): readonly Candidate[] {
  const own = workloads(workspace, family).filter(
    one => namespace === undefined || (one.namespace ?? namespace) === namespace,
  );
  return distinct([
    ...own.flatMap(one => containersOf(one).flatMap(container => mountedFiles(workspace, one, container, ['Secret']))),
    ...own.flatMap(one => writtenFiles(workspace, one)),
  ]);
}

function keysIn(
  workspace: Workspace,
  resource: Resource,
  kind: 'Secret' | 'ConfigMap',
  name: string,
  items: readonly Value[],
): readonly string[] {
  if (items.length > 0) return items.flatMap(item => item.at('path').text ?? []);
  const own = workspace.find(kind, resource.namespace, name);
  return own ? dataKeys(own.root) : [...knownKeys(declarationsOf(workspace, kind, resource.namespace, name))];
}
