import { mountAt, volumeOf } from '../../analysis/mounts';
import { type Container, podTemplate } from '../../analysis/pods';
import {
  processesBeside,
  processKinds,
  runsMediaRepository,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import { deleteEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import { isSamePlace } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'synapse-media-store-unwritable',
  items: [],
  severity: 'error',
  summary: 'A process with the media repository cannot write the folder of `media_store_path`.',
  why: 'Synapse makes the folder when it starts, and writes every upload and every picture of another server there first, also where an S3 provider takes them on. If it may not, it stops at the start, or answers each upload with 500.',
  remedy:
    'Mount a volume that can be written at or above `media_store_path`: an emptyDir where S3 keeps the media, else a claim.',
  traps: [
    'Processes with `enable_media_repo: false` never use the folder.',
    'Outside of volumes root may write. Judged are read-only root file systems and, for other users, `/data` and other folders that are not usual ones such as `/var`.',
  ],
  sources: [
    'element-hq/synapse, synapse/config/repository.py: ensure_directory(media_store_path); docker/Dockerfile: VOLUME ["/data"]',
  ],
  examples: { bad: example('/media_store', true), good: example('/data/media_store', false) },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const found = process && unwritable(process);
    if (!process || !found) return;
    // Where the path is to blame and not a mount, it is told of the first process that it stops.
    const stopped = processesBeside(workspace, resource).filter(one => {
      const other = unwritable(one);
      return other !== undefined && isSamePlace(other.at, found.at);
    });
    if (stopped[0] !== process) return;
    const others = stopped.length === 1 ? '' : ` and ${stopped.length - 1} more`;
    const { at, path, mount } = found;
    yield {
      at,
      message: mount
        ? `${resource.title} keeps media in ${path}, but mounts the volume there with readOnly: true — take readOnly away.`
        : `media_store_path is ${path}, where ${resource.title}${others} cannot write, so Synapse does not start — name a folder of a volume.`,
      fixes: () => {
        const edit = mount && deleteEntry(mount.at('readOnly'));
        return edit ? [{ title: 'Take readOnly away', safe: true, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

interface Unwritable {
  readonly at: Value;
  readonly path: string;
  /** The mount that is read-only; undefined where there is no volume. */
  readonly mount: Value | undefined;
}

function unwritable(process: SynapseProcess): Unwritable | undefined {
  const { homeserver, container, resource } = process;
  if (!homeserver || homeserver.isPartial || runsMediaRepository(process) !== true) return undefined;
  const written = homeserver.at('media_store_path');
  const path = written.text;
  if (!path?.startsWith('/') || homeserver.layer('media_store_path').file.resolve(written).kind !== 'left')
    return undefined;
  const mount = mountAt(container, path);
  if (mount) {
    const volume = volumeOf(resource, mount.volume);
    if (['configMap', 'secret', 'projected', 'downwardAPI'].some(kind => volume?.at(kind).exists))
      return { at: written, path, mount: undefined };
    return mount.isReadOnly ? { at: mount.value.at('readOnly'), path, mount: mount.value } : undefined;
  }
  const isReadOnlyRoot = container.value.at('securityContext', 'readOnlyRootFilesystem').boolean === true;
  const isLost = /^\/data(?:\/|$)/.test(path)
    ? // The image declares /data as a volume, which some runtimes make, and make writable for root alone.
      isNotRoot(resource, container)
    : isReadOnlyRoot || (!usualFolders.test(path) && isNotRoot(resource, container));
  return isLost ? { at: written, path, mount: undefined } : undefined;
}

/** Folders that a user other than root may be able to write, or that images may have made for one. */
const usualFolders = /^\/(?:tmp|dev\/shm|run|home|opt|srv|mnt|usr|var)(?:\/|$)/;

function isNotRoot(resource: Resource, container: Container): boolean {
  const contexts = [container.value.at('securityContext'), podTemplate(resource)?.at('spec', 'securityContext')];
  const user = contexts.map(context => context?.at('runAsUser').number).find(one => one !== undefined);
  return user !== undefined && user !== 0;
}

function example(path: string, isMarked: boolean): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_store_path: ${path}
${isMarked ? '      #                     ^^^^^^^^^^^^ error: media_store_path is /media_store, where StatefulSet/synapse-main cannot write\n' : ''}      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            securityContext:
              runAsUser: 991
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
                  - {name: data, mountPath: /data}
            volumes:
              - name: config
                configMap: {name: synapse-config}
              - name: data
                emptyDir: {}
    `;
}
