import { mainProcesses, processKinds } from '../../analysis/synapse';
import type { Rule } from '../rule';
import { liMain } from './instance';
import { mediaStores } from './media-stores';

export default {
  id: 'li-media-bucket-shared',
  items: [],
  severity: 'error',
  summary: 'The LI instance writes its media into the bucket of the main instance.',
  why: 'The two homeservers do not know of each other: what the LI instance stores lies among the live media, and whoever may write there may overwrite them.',
  remedy: 'Give the LI instance a bucket of its own, into which the sync system copies, or a `prefix` of its own.',
  traps: [
    'A LI instance that only reads is accepted: `store_local` and `store_remote` are off unless they are written.',
    'Values that a script fills in, and endpoints of which it is not known that they lead to the same store, are not compared.',
  ],
  sources: [
    'matrix-org/synapse-s3-storage-provider README: bucket, prefix',
    'element-hq/synapse, synapse/media/storage_provider.py: store_local, store_remote',
  ],
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
                bucket: synapse-media
      #                 ^^^^^^^^^^^^^ error: The LI instance writes into the bucket synapse-media, where StatefulSet/synapse-main keeps the live media — give it a bucket or a prefix of its own.
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
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const li = liMain(workspace, resource);
    if (!li) return;
    const mains = mainProcesses(workspace).filter(one => !one.isLi);
    for (const { store, bucket, writes } of mediaStores(li.homeserver, resource.namespace)) {
      if (!writes) continue;
      for (const main of mains) {
        const same = main.homeserver && mediaStores(main.homeserver, main.resource.namespace);
        const other = same?.find(one => one.store === store);
        if (!other) continue;
        yield {
          at: bucket,
          message: `The LI instance writes into the bucket ${bucket.text}, where ${main.resource.title} keeps the live media — give it a bucket or a prefix of its own.`,
          related: [{ at: other.bucket, message: `The bucket of ${main.resource.title}` }],
        };
        break;
      }
    }
  },
} satisfies Rule;
