import type { HomeserverReader } from '../../analysis/homeserver';
import { parseClusterHost } from '../../analysis/text/hosts';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Value } from '../../manifests/value';

interface MediaStore {
  /** The endpoint, the bucket and the folder in it, for comparison. */
  readonly store: string;
  readonly bucket: Value;
  readonly writes: boolean;
}

/** Where a homeserver keeps its media in S3, as far as that is written. */
export function mediaStores(homeserver: HomeserverReader, namespace: string | undefined): readonly MediaStore[] {
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
    const store = storeKey(endpoint, namespace, name, prefix);
    const writes = ['store_local', 'store_remote'].some(option => provider.at(option).boolean === true);
    return [{ store, bucket, writes }];
  });
}

/** A folder of a bucket, for comparison with others. */
export function storeKey(endpoint: string, namespace: string | undefined, bucket: string, folder: string): string {
  return [endpointKey(endpoint, namespace), bucket, folder.replace(/^\/+|\/+$/g, '')].join('\n');
}

/** An endpoint so that the ways to write the same Service are equal. */
function endpointKey(endpoint: string, namespace: string | undefined): string {
  const [, authority = '', port = ''] = /^https?:\/\/([^/:]+)(:\d+)?/i.exec(endpoint) ?? [];
  const host = parseClusterHost(authority, namespace);
  return host ? `${host.pod ?? ''}/${host.service}/${host.namespace ?? ''}` : `${authority.toLowerCase()}${port}`;
}
