import {
  type KnownRelease,
  knownReleases,
  knownReleasesOf,
  valuesAt,
  verdictsOn,
} from '../../analysis/helm/chart-objects';
import { isOpen, releaseKinds, settingOf } from '../../analysis/helm/releases';
import { homeserverOf } from '../../analysis/homeserver';
import { nearest } from '../../analysis/nearest';
import { processKinds } from '../../analysis/synapse';
import { parseClusterHost } from '../../analysis/text/hosts';
import { replaceScalar } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'chart-bucket-missing',
  items: [],
  severity: 'error',
  kinds: [...processKinds, ...releaseKinds],
  summary: 'Synapse keeps its media in a bucket that the MinIO of a chart does not make.',
  why: 'The storage provider makes no buckets: whatever it is given to store fails with `NoSuchBucket`, and media that are gone from the local disk cannot be read again.',
  remedy: 'Write the name of a bucket that the chart makes, or add it to `buckets` or `defaultBuckets` of the chart.',
  traps: ['A chart that is told of no buckets at all leaves them to somebody else, and is not judged.'],
  sources: [
    'minio/minio helm/minio/values.yaml: `buckets`; bitnami/charts, bitnami/minio/values.yaml: `defaultBuckets`, `provisioning.buckets`',
    'matrix-org/synapse-s3-storage-provider, s3_storage_provider.py',
  ],
  examples: { bad: example('media', true), good: example('synapse-media', false) },
  *check(resource, workspace) {
    if (knownReleases(workspace).every(({ facts }) => facts.chart !== 'minio')) return;
    for (const { config, namespace } of providersOf()) yield* problemsOf(workspace, config, namespace);

    function* providersOf(): Iterable<{ readonly config: Value; readonly namespace: string | undefined }> {
      for (const { release, facts } of knownReleasesOf(workspace, resource))
        if (facts.chart === 'matrix-synapse')
          for (const config of valuesAt(release, 'extraConfig.media_storage_providers.*.config'))
            yield { config, namespace: release.namespace };
      const providers = homeserverOf(workspace, resource)?.at('media_storage_providers').items() ?? [];
      for (const provider of providers) yield { config: provider.at('config'), namespace: resource.namespace };
    }
  },
} satisfies Rule;

function* problemsOf(workspace: Workspace, config: Value, namespace: string | undefined): Iterable<Problem> {
  const bucket = config.at('bucket');
  const name = bucket.string;
  const authority = /^https?:\/\/([\w.-]+)/.exec(config.at('endpoint_url').string ?? '')?.[1];
  const host = authority === undefined ? undefined : parseClusterHost(authority, namespace, () => true);
  if (!host || name === undefined || isOpen(name)) return;
  const server = verdictsOn(workspace, 'Service', host.namespace, host.service).find(
    one => one.verdict === 'yes',
  )?.known;
  const made = server && bucketsOf(server);
  if (!server || !made || made.includes(name)) return;
  const close = nearest(name, made);
  const edit = close === undefined ? undefined : replaceScalar(bucket, close);
  yield {
    at: bucket,
    message: `The chart minio (${server.release.name}) makes no bucket ${name}, only ${made.join(', ')} — ${close ? `did you mean ${close}?` : 'add it there, or correct the name.'}`,
    related: [{ at: server.release.at, message: server.release.title }],
    fixes: () => (edit ? [{ title: `Use ${close}`, safe: false, edits: [edit] }] : []),
  };
}

/** The buckets that a chart makes; undefined where it is told of none, or not all are shown. */
function bucketsOf({ release }: KnownRelease): readonly string[] | undefined {
  const more = ['provisioning', 'customCommands', 'tenant'];
  if (more.some(field => settingOf(release, field) !== 'unset')) return undefined;
  const [list, text] = [settingOf(release, 'buckets'), settingOf(release, 'defaultBuckets')];
  if (list === 'unknown' || text === 'unknown') return undefined;
  const names = [
    ...(list === 'unset' ? [] : list.items().map(item => item.at('name').text)),
    // Bitnami separates them by commas, semicolons or spaces, each with a policy behind a colon.
    ...(text === 'unset' ? [] : (text.text ?? '').split(/[,;\s]+/).map(one => one.replace(/:.*$/, ''))),
  ].filter(name => name !== '');
  if (names.length === 0 || names.some(name => name === undefined || isOpen(name))) return undefined;
  return names.flatMap(name => name ?? []);
}

function example(bucket: string, isBad: boolean): string {
  const mark = isBad
    ? `
      #                   ^^^^^ error: The chart minio (minio) makes no bucket media, only synapse-media — add it there, or correct the name.`
    : '';
  return `
      #- /charts.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata:
        name: minio
        namespace: kube-system
      spec:
        repo: https://charts.min.io/
        chart: minio
        version: 5.3.0
        targetNamespace: matrix
        valuesContent: |-
          buckets:
            - name: synapse-media
              policy: none
      ---
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata:
        name: synapse
        namespace: kube-system
      spec:
        repo: https://ananace.gitlab.io/charts
        chart: matrix-synapse
        version: 3.12.0
        targetNamespace: matrix
        valuesContent: |-
          extraConfig:
            media_storage_providers:
              - module: s3_storage_provider.S3StorageProviderBackend
                config:
                  bucket: ${bucket}${mark}
                  endpoint_url: http://minio:9000
    `;
}
