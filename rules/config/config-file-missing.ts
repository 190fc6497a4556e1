import { type ConfiguredProgram, commandLine, configurationOf } from '../../analysis/configs';
import { podWrites } from '../../analysis/effective';
import { isBelow, type Mount, mountAt, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { nearest } from '../../analysis/nearest';
import { type Container, containersOf, workloadKinds } from '../../analysis/pods';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'config-file-missing',
  items: [],
  severity: 'error',
  summary: 'A program reads a configuration file that nothing puts there.',
  why: 'The volume at the path holds no such file: the ConfigMap has another key, or the init container writes another path. The program stops with "no such file", and the pod restarts for ever.',
  remedy: 'Give the program the path under which the file is written, or write it there.',
  traps: [
    'Only volumes whose files the tree shows are looked at: ConfigMaps and Secrets of the tree, and an `emptyDir` that only scripts fill which can be followed. A path of the image is no finding.',
  ],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yml: |
          port: 7880
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yaml]
      #                          ^^^^^^^^^^^^^^^^^^^^^^^^^ error: There is no /etc/livekit/livekit.yaml in container livekit, but /etc/livekit/livekit.yml
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: config
                configMap:
                  name: livekit
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yml: |
          port: 7880
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yml]
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: config
                configMap:
                  name: livekit
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const program of programs) {
      const configuration = configurationOf(workspace, resource, program);
      if (!configuration || (program === 'coturn' && configuration.paths.length > 1)) continue;
      const { container, paths } = configuration;
      for (const path of paths) {
        const mount = mountAt(container, path);
        if (!mount || !isFilledByTree(workspace, resource, mount, container)) continue;
        if (/[$*]/.test(path) || podWrites(workspace, resource).mayExist(container, path)) continue;
        const others = filesBeside(workspace, resource, mount, container);
        const name = nearest(path, others) ?? (others.length === 1 ? others[0] : undefined);
        yield {
          at: placeOf(container, path) ?? mount.value.at('mountPath'),
          message:
            name === undefined
              ? `There is no ${path} in container ${container.name}: nothing puts it into the volume ${mount.volume} — write it there, or name another file.`
              : `There is no ${path} in container ${container.name}, but ${name} — name that, or write the file there.`,
          related: [{ at: mount.value.at('mountPath'), message: `Volume ${mount.volume}` }],
        };
      }
    }
  },
} satisfies Rule;

const programs: readonly ConfiguredProgram[] = ['synapse', 'sentinel', 'haproxy', 'livekit', 'coturn', 'scanner'];

/** Whether all that may fill a volume stands in the tree. */
function isFilledByTree(workspace: Workspace, resource: Resource, mount: Mount, reader: Container): boolean {
  const volume = volumeOf(resource, mount.volume);
  if (!volume) return false;
  if (volume.at('emptyDir').exists) {
    const others = containersOf(resource).filter(one => !one.isInit && one.name !== reader.name);
    const fillers = containersOf(resource).filter(one => one.isInit);
    return fillers.some(one => mounts(one, mount.volume)) && !others.some(one => mounts(one, mount.volume));
  }
  const sources = volume.at('projected').exists ? volume.at('projected', 'sources').items() : [volume];
  return sources.every(source => {
    const map = source.at('configMap');
    return map.exists && map.at('optional').boolean !== true && isKnown(workspace, resource, map.at('name'));
  });
}

function isKnown(workspace: Workspace, resource: Resource, name: Value): boolean {
  const map = name.string === undefined ? undefined : workspace.find('ConfigMap', resource.namespace, name.string);
  return map !== undefined && !map.root.at('binaryData').exists;
}

function mounts(container: Container, volume: string): boolean {
  return container.value
    .at('volumeMounts')
    .items()
    .some(mount => mount.at('name').text === volume);
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

/** Where the command line names the path. */
function placeOf(container: Container, path: string): Place | undefined {
  for (const word of commandLine(container)) {
    const at = word.mapped.text.indexOf(path);
    if (at !== -1 && word.text !== undefined) return word.mapped.place(at, at + path.length);
  }
  return undefined;
}
