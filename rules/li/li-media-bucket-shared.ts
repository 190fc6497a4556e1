import type { HomeserverReader } from '../../analysis/homeserver';
import { mainProcesses, processKinds } from '../../analysis/synapse';
import { parseClusterHost } from '../../analysis/text/hosts';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';
import { liMain } from './instance';

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

interface MediaStore {
  /** The endpoint, the bucket and the folder in it, for comparison. */
  readonly store: string;
  readonly bucket: Value;
  readonly writes: boolean;
}

/** Where a homeserver keeps its media in S3, as far as that is written. */
function mediaStores(homeserver: HomeserverReader, namespace: string | undefined): readonly MediaStore[] {
  const providers = homeserver.at('media_storage_providers');
  const { file } = homeserver.layer('media_storage_providers');
  if (file.isOpaque) return [];
  const written = (value: Value): string | undefined => {
    if (!value.exists) return '';
    const text = value.string;
    if (text === undefined || /[$%{<]/.test(text) || findPlaceholders(text, 'value').length > 0) return undefined;
    return file.resolve(value).kind === 'left' ? text : undefined;
  };
  return providers.items().flatMap((provider): readonly MediaStore[] => {
    if (!provider.at('module').text?.startsWith('s3_storage_provider')) return [];
    const config = provider.at('config');
    const bucket = config.at('bucket');
    const [name, prefix, endpoint] = [bucket, config.at('prefix'), config.at('endpoint_url')].map(written);
    if (!name || prefix === undefined || endpoint === undefined) return [];
    const store = [endpointKey(endpoint, namespace), name, prefix.replace(/^\/+|\/+$/g, '')].join('\n');
    const writes = ['store_local', 'store_remote'].some(option => provider.at(option).boolean === true);
    return [{ store, bucket, writes }];
  });
}

/** An endpoint so that the ways to write the same Service are equal. */
function endpointKey(endpoint: string, namespace: string | undefined): string {
  const [, authority = '', port = ''] = /^https?:\/\/([^/:]+)(:\d+)?/i.exec(endpoint) ?? [];
  const host = parseClusterHost(authority, namespace);
  return host ? `${host.pod ?? ''}/${host.service}/${host.namespace ?? ''}` : `${authority.toLowerCase()}${port}`;
}
