import type { MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { mountsOf, textsOfVolume, volumeOf } from '../mounts';
import { containersOf } from '../pods';
import { scriptOf } from '../scripts';
import { isSameValue } from '../synapse';
import { keySubject, type Occurrence } from './occurrence';

/** The keys of ConfigMaps and Secrets that a workload's commands name as files, by the path at which they are mounted. */
export function* pathsIn(workspace: Workspace, resource: Resource): Iterable<Occurrence> {
  for (const container of containersOf(resource)) {
    const files = mountsOf(container).flatMap(mount => {
      const volume = volumeOf(resource, mount.volume);
      if (!volume || mount.subPath !== undefined) return [];
      return textsOfVolume(workspace, resource, volume).map(text => ({
        text,
        path: `${mount.mountPath}/${text.path}`,
      }));
    });
    if (files.length === 0) continue;
    const script = scriptOf(workspace, resource, container);
    const words = ['command', 'args'].flatMap(field =>
      container.value
        .at(field)
        .items()
        .map(word => word.mapped),
    );
    const values = container.value
      .at('env')
      .items()
      .map(item => item.at('value').mapped);
    const isMounted = script && !script.value.path.includes('command') && !script.value.path.includes('args');
    const mounted = files.map(({ text }) => text.value.mapped);
    const scripts = isMounted && !files.some(({ text }) => isSameValue(text.value, script.value)) ? [script.text] : [];
    for (const searched of [...words, ...values, ...mounted, ...scripts]) {
      for (const { text, path } of files) {
        if (!text.source) continue;
        const isSameName = text.path === text.key;
        for (const end of endsOf(searched, path))
          yield {
            subject: keySubject(text.source.qualifiedKind, resource.namespace, text.source.name, text.key),
            at: searched.place(end - text.path.length, end),
            role: 'reference',
            ...(isSameName ? {} : { isIndirect: true }),
          };
      }
    }
  }
}

/** Where a path ends in a text, as a whole word. */
function* endsOf({ text }: MappedText, path: string): Iterable<number> {
  for (let at = text.indexOf(path); at !== -1; at = text.indexOf(path, at + 1)) {
    const end = at + path.length;
    if (
      !/[\w/.-]/.test(text.charAt(at - 1)) &&
      !/[\w/-]|\.\w/.test(text.slice(end, end + 2).replace(/^([^.]).$/, '$1'))
    )
      yield end;
  }
}
