import { workloadKinds } from '../../analysis/pods';
import { mainProcesses, type SynapseProcess } from '../../analysis/synapse';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { mediaStores, storeKey } from '../li/media-stores';
import { transfersOf } from '../minio/transfers';
import type { Fix, Rule } from '../rule';
import { replaceWritten } from './written';

export default {
  id: 'sync-media-reversed',
  items: [],
  severity: 'error',
  summary: 'The media of the LI instance are copied into the bucket of the main instance, or a bucket onto itself.',
  why: 'The LI instance never gets the media of the main one. `rclone sync` and `mc mirror --remove` also delete from the live bucket whatever the other one lacks.',
  remedy: 'Copy from the bucket of the main instance into that of the LI instance.',
  traps: [
    'Only rclone and mc are read, and only buckets and endpoints that the tree shows.',
    'A copy of the media into another bucket is reported only if nothing copies into that of the LI instance.',
    'Folders count: a copy into a folder beside the media is not reported.',
  ],
  sources: ['rclone.org/commands/rclone_sync; min.io documentation, mc mirror'],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse-config, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_storage_providers:
            - module: s3_storage_provider.S3StorageProviderBackend
              store_local: true
              config:
                bucket: synapse-media
                endpoint_url: http://minio.matrix.svc.cluster.local
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse-main, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse-config}}]
      #- /synapse-li.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse-li-config, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_storage_providers:
            - module: s3_storage_provider.S3StorageProviderBackend
              store_local: true
              config:
                bucket: synapse-media-li
                endpoint_url: http://minio.matrix.svc.cluster.local
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse-li, namespace: matrix}
      spec:
        template:
          metadata:
            labels: {matrix.instance: li}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse-li-config}}]
      #- /media.yaml
      apiVersion: batch/v1
      kind: CronJob
      metadata: {name: sync-media, namespace: matrix}
      spec:
        schedule: "0 * * * *"
        jobTemplate:
          spec:
            template:
              spec:
                restartPolicy: Never
                containers:
                  - name: copy
                    image: rclone/rclone:1.68.2
                    args:
                      - sync
                      - store:synapse-media-li
                      - store:synapse-media
      #                       ^^^^^^^^^^^^^ 💡 error: This copies from the bucket of the LI instance into synapse-media, where StatefulSet/synapse-main keeps the live media — swap the two.
                    env:
                      - name: RCLONE_CONFIG_STORE_ENDPOINT
                        value: http://minio.matrix.svc.cluster.local
    `,
    good: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse-config, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_storage_providers:
            - module: s3_storage_provider.S3StorageProviderBackend
              store_local: true
              config:
                bucket: synapse-media
                endpoint_url: http://minio.matrix.svc.cluster.local
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse-main, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse-config}}]
      #- /synapse-li.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse-li-config, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_storage_providers:
            - module: s3_storage_provider.S3StorageProviderBackend
              store_local: true
              config:
                bucket: synapse-media-li
                endpoint_url: http://minio.matrix.svc.cluster.local
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse-li, namespace: matrix}
      spec:
        template:
          metadata:
            labels: {matrix.instance: li}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse-li-config}}]
      #- /media.yaml
      apiVersion: batch/v1
      kind: CronJob
      metadata: {name: sync-media, namespace: matrix}
      spec:
        schedule: "0 * * * *"
        jobTemplate:
          spec:
            template:
              spec:
                restartPolicy: Never
                containers:
                  - name: copy
                    image: rclone/rclone:1.68.2
                    args:
                      - sync
                      - store:synapse-media
                      - store:synapse-media-li
                    env:
                      - name: RCLONE_CONFIG_STORE_ENDPOINT
                        value: http://minio.matrix.svc.cluster.local
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const { program, from, to } of transfersOf(workspace, resource)) {
      if (!from || !to) continue;
      const [source, target] = [from, to].map(side =>
        storeKey(side.endpoint, resource.namespace, side.bucket, side.folder),
      );
      if (source === undefined || target === undefined) continue;
      const processes = mainProcesses(workspace);
      const main = processes.find(one => !one.isLi && keepsMediaIn(one, target));
      const isOfLi = processes.some(one => one.isLi && keepsMediaIn(one, source));
      // mc copies a bucket onto itself to encrypt it anew or to change its tags.
      if (source === target) {
        if (program !== 'rclone') continue;
        yield {
          at: to.at,
          message: `This copies the bucket ${to.bucket} onto itself — copy from the bucket of the main instance into that of the LI instance.`,
          related: [{ at: from.at, message: 'The source' }],
        };
      } else if (main && isOfLi) {
        yield {
          at: to.at,
          message: `This copies from the bucket of the LI instance into ${to.bucket}, where ${main.resource.title} keeps the live media — swap the two.`,
          related: [{ at: from.at, message: 'The source' }],
          fixes: () => swap(workspace, from, to),
        };
      } else if (processes.some(one => !one.isLi && keepsMediaIn(one, source))) {
        const li = processes.find(one => one.isLi && one.homeserver);
        const stores = li?.homeserver ? mediaStores(li.homeserver, li.resource.namespace) : [];
        // An LI instance on the live bucket is the business of li-media-bucket-shared.
        if (stores.some(({ store }) => store === source)) continue;
        // Another copy may be a backup, as long as one of them goes where the LI instance looks.
        if (
          !li ||
          stores.length === 0 ||
          workspace.shared(copyTargets).some(one => stores.some(({ store }) => store === one))
        )
          continue;
        yield {
          at: to.at,
          message: `This copies the media into ${to.bucket}, but ${li.resource.title} reads ${stores.map(one => one.bucket.text).join(' and ')}, which nothing copies into — name that bucket.`,
          related: [{ at: li.resource.root.at('metadata', 'name'), message: 'The LI instance' }],
        };
      }
    }
  },
} satisfies Rule;

/** The stores that something copies into; undefined where it does not tell. */
function copyTargets(workspace: Workspace): readonly (string | undefined)[] {
  return workloadKinds
    .flatMap(kind => workspace.resources(kind))
    .flatMap(resource =>
      transfersOf(workspace, resource).map(
        ({ to }) => to && storeKey(to.endpoint, resource.namespace, to.bucket, to.folder),
      ),
    );
}

function keepsMediaIn({ homeserver, resource }: SynapseProcess, store: string): boolean {
  return homeserver !== undefined && mediaStores(homeserver, resource.namespace).some(one => one.store === store);
}

interface Side {
  readonly bucket: string;
  readonly at: Place;
  readonly folder: string;
}

function swap(workspace: Workspace, from: Side, to: Side): readonly Fix[] {
  if (from.folder !== to.folder) return [];
  const edits = [
    replaceWritten(workspace, from.at, from.bucket, to.bucket),
    replaceWritten(workspace, to.at, to.bucket, from.bucket),
  ].flatMap(edit => edit ?? []);
  return edits.length === 2 ? [{ title: 'Swap the buckets', safe: false, edits }] : [];
}
