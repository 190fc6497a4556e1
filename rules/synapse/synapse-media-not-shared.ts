import { mountAt, volumeOf } from '../../analysis/mounts';
import {
  instanceOf,
  mostReplicas,
  portsServing,
  processKinds,
  runsMediaRepository,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import { replaceValue } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'synapse-media-not-shared',
  items: [],
  severity: 'error',
  summary: 'Several pods serve media, and each keeps what users upload to itself.',
  why: 'Requests for a file come to any of the pods. One that has not taken the upload itself looks on its own volume and then asks the storage providers; without `store_local: true` they do not have it either, and the file is shown to some requests only.',
  remedy:
    'Set `store_local: true` on the S3 provider, with `store_synchronous: true`, or keep `media_store_path` on a volume that all pods share.',
  traps: [
    '`store_local` is off by default.',
    'A claim that all pods mount by its name is shared; a claim template or an emptyDir is not.',
  ],
  sources: [
    'element-hq/synapse, docs/workers.md, "synapse.app.media_repository": workers must share the media store; usage configuration, media_storage_providers',
  ],
  examples: { bad: example('false', true), good: example('true', false) },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process?.homeserver || process.homeserver.isPartial) return;
    const serving = servingMedia(workspace, process);
    if (serving[0] !== process || serving.some(one => !one.homeserver || one.homeserver.isPartial)) return;
    const pods = serving.reduce((sum, one) => sum + mostReplicas(workspace, one.resource), 0);
    if (pods < 2 || serving.some(one => isShared(one))) return;
    const { homeserver } = process;
    const providers = homeserver.at('media_storage_providers');
    const { file } = homeserver.layer('media_storage_providers');
    if (file.isOpaque) return;
    if (providers.items().some(one => one.at('store_local').boolean !== false && one.at('store_local').exists)) return;
    const [first] = providers.items();
    const written = first?.at('store_local');
    const path = homeserver.at('media_store_path');
    yield {
      at: written?.exists
        ? written
        : first
          ? first.at('module')
          : path.exists
            ? path
            : homeserver.at('server_name').key,
      message: `${pods} pods of ${serving.map(one => one.resource.title).join(' and ')} serve media, but each keeps uploads on a volume of its own — ${first ? 'set store_local: true' : 'add a storage provider with store_local: true, or a volume that they share'}.`,
      fixes: () => {
        const edit = written?.exists ? replaceValue(written, 'true') : undefined;
        return edit ? [{ title: 'Store uploads there', safe: true, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

/** The processes of an instance that requests for media come to: workers for it, else the main process. */
function servingMedia(workspace: Workspace, process: SynapseProcess): readonly SynapseProcess[] {
  const { main, workers } = instanceOf(workspace, process.resource);
  const media = workers.filter(one => runsMediaRepository(one) === true && portsServing(one, 'media').length > 0);
  return media.length > 0 ? media : main && runsMediaRepository(main) === true ? [main] : [];
}

/** Whether the media of a process may be on a volume that others mount as well. */
function isShared({ homeserver, container, resource }: SynapseProcess): boolean {
  const path = homeserver?.at('media_store_path').text;
  if (!path?.startsWith('/')) return path !== undefined || !homeserver;
  const mount = mountAt(container, path);
  const volume = mount && volumeOf(resource, mount.volume);
  // An item of volumeClaimTemplates has no name of its own outside of metadata.
  return volume?.at('name').exists === true && !volume.at('emptyDir').exists;
}

function example(local: string, isMarked: boolean): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_store_path: /data/media
          media_storage_providers:
            - module: s3_storage_provider.S3StorageProviderBackend
              store_local: ${local}
${isMarked ? '      #                    ^^^^^ 💡 error: 2 pods of StatefulSet/synapse-media serve media, but each keeps uploads on a volume of its own\n' : ''}        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_listeners:
            - type: http
              port: 8008
              resources:
                - names: [media]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-media
        namespace: matrix
      spec:
        replicas: 2
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml, --config-path=/config/worker.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
                  - {name: data, mountPath: /data}
            volumes:
              - name: config
                configMap: {name: synapse-config}
        volumeClaimTemplates:
          - metadata:
              name: data
    `;
}
