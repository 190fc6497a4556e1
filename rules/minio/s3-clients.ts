import { configFilesOf } from '../../analysis/config-files';
import { parsed } from '../../analysis/configs';
import type { EffectiveFile } from '../../analysis/effective';
import { environmentOf, textOfVariable } from '../../analysis/environment';
import { homeserverOf } from '../../analysis/homeserver';
import { publishedProgramOf } from '../../analysis/images';
import { mainContainersOf, workloadKinds } from '../../analysis/pods';
import { clusterKind, synapseLis, synapseMains, tenantKind, workloads } from '../../analysis/roles';
import { secretEntry } from '../../analysis/secret-data';
import { findService, podsBehind } from '../../analysis/services';
import { parseClusterHost } from '../../analysis/text/hosts';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { transfersOf } from './transfers';

/** Something that uses a bucket of a store. */
export interface S3Client {
  readonly resource: Resource;
  /** As the subject of a sentence: `Synapse`, `The backup of Cluster matrix-postgresql`. */
  readonly title: string;
  /** The URL of the store. */
  readonly endpoint: string | undefined;
  readonly bucket: string;
  readonly at: Place;
  /** Whether it makes the bucket when it is not there. */
  readonly isMade: boolean;
  /** Undefined where the tree does not show it. Never to be shown. */
  readonly accessKey: Credential | undefined;
  readonly secretKey: Credential | undefined;
  /** The actions of S3 without which it does not do its work. */
  readonly needs: readonly string[];
}

export interface Credential {
  readonly text: string;
  readonly at: Place;
}

/**
 * What uses buckets of a store: Synapse for its media, clusters for their backups, LiveKit’s egress for recordings, and
 * scripts that copy from and into it.
 */
export function clientsOf(workspace: Workspace, store: Resource): readonly S3Client[] {
  return workspace
    .shared(clientsOfAny)
    .filter(({ resource, endpoint }) => isEndpointOf(workspace, resource, endpoint, store));
}

function clientsOfAny(workspace: Workspace): readonly S3Client[] {
  return [
    ...[...synapseMains(workspace), ...synapseLis(workspace)].flatMap(one => workspace.derive(mediaOf, one)),
    ...workspace.resources(clusterKind).flatMap(cluster => workspace.derive(backupsOf, cluster)),
    ...workloadKinds
      .flatMap(kind => workspace.resources(kind))
      .flatMap(workload => [...workspace.derive(recordingsOf, workload), ...workspace.derive(copiesOf, workload)]),
  ];
}

/** The Tenants and the workloads with MinIO’s image. */
export function storesOf(workspace: Workspace): readonly Resource[] {
  return [...workspace.resources(tenantKind), ...workloads(workspace, 'minio.plain')];
}

/** Whether an URL leads to a Tenant, or to the pods of a workload. */
export function isEndpointOf(
  workspace: Workspace,
  from: Resource,
  endpoint: string | undefined,
  store: Resource,
): boolean {
  const authority = /^https?:\/\/([^/:]+)/.exec(endpoint ?? '')?.[1];
  const host = authority === undefined ? undefined : parseClusterHost(authority, from.namespace);
  const service = host && findService(workspace, host.namespace ?? from.namespace, host.service);
  if (!service) return false;
  return service.resource === store || podsBehind(workspace, service).some(pods => pods.owner === store);
}

/** matrix-org/synapse-s3-storage-provider, s3_storage_provider.py: upload_file, get_object; boto3 for the variables. */
function mediaOf(synapse: Resource, workspace: Workspace): readonly S3Client[] {
  const homeserver = homeserverOf(workspace, synapse);
  if (!homeserver) return [];
  const { file } = homeserver.layer('media_storage_providers');
  const container = mainContainersOf(synapse)[0];
  const variables = container && environmentOf(workspace, synapse, container).variables;
  return homeserver
    .at('media_storage_providers')
    .items()
    .flatMap((provider): readonly S3Client[] => {
      const config = provider.at('config');
      const bucket = config.at('bucket');
      const name = bucket.text;
      if (!isName(name)) return [];
      const credential = (key: string, variable: string): Credential | undefined => {
        if (config.at(key).exists) return written(workspace, synapse, file, config.at(key));
        const text = textOfVariable(workspace, synapse, variables?.get(variable));
        return text === undefined ? undefined : { text, at: bucket };
      };
      const isWritten = ['store_local', 'store_remote'].some(key => provider.at(key).boolean === true);
      return [
        {
          resource: synapse,
          title: 'Synapse',
          endpoint: config.at('endpoint_url').text,
          bucket: name,
          at: bucket.part(0, name.length),
          isMade: false,
          accessKey: credential('access_key_id', 'AWS_ACCESS_KEY_ID'),
          secretKey: credential('secret_access_key', 'AWS_SECRET_ACCESS_KEY'),
          needs: isWritten ? ['s3:PutObject', 's3:GetObject'] : ['s3:GetObject'],
        },
      ];
    });
}

/** CloudNativePG documentation, Backup on object stores; barman-cloud looks for the bucket before it writes. */
function backupsOf(cluster: Resource, workspace: Workspace): readonly S3Client[] {
  const store = cluster.root.at('spec', 'backup', 'barmanObjectStore');
  const path = store.at('destinationPath');
  const name = /^s3:\/\/([^/]+)/.exec(path.text ?? '')?.[1];
  if (!isName(name)) return [];
  const credential = (field: string): Credential | undefined => {
    const reference = store.at('s3Credentials', field);
    const secret = workspace.find('Secret', cluster.namespace, reference.at('name').text ?? '');
    const text = secret && secretEntry(secret, reference.at('key').text ?? '')?.text;
    return text === undefined ? undefined : { text, at: reference.at('name') };
  };
  const deletes = cluster.root.at('spec', 'backup', 'retentionPolicy').exists;
  return [
    {
      resource: cluster,
      title: `The backup of Cluster ${cluster.name}`,
      endpoint: store.at('endpointURL').text,
      bucket: name,
      at: path.part('s3://'.length, 's3://'.length + name.length),
      isMade: false,
      accessKey: credential('accessKeyId'),
      secretKey: credential('secretAccessKey'),
      needs: ['s3:PutObject', 's3:GetObject', 's3:ListBucket', ...(deletes ? ['s3:DeleteObject'] : [])],
    },
  ];
}

/** livekit/egress README, Config: `storage.s3`, or `s3` in older ones, in a file or in EGRESS_CONFIG_BODY. */
function recordingsOf(workload: Resource, workspace: Workspace): readonly S3Client[] {
  const container = mainContainersOf(workload).find(one => publishedProgramOf(one.image) === 'livekit-egress');
  if (!container) return [];
  const body = environmentOf(workspace, workload, container).variables.get('EGRESS_CONFIG_BODY')?.value;
  const roots = [
    ...configFilesOf(workspace, workload).flatMap(({ file }) =>
      file.isOpaque ? [] : [{ root: parsed(file).root, file }],
    ),
    ...(body ? [{ root: body.embedded().root, file: undefined }] : []),
  ];
  return roots.flatMap(({ root, file }): readonly S3Client[] => {
    const s3 = root.at('storage', 's3').exists ? root.at('storage', 's3') : root.at('s3');
    const name = s3.at('bucket').text;
    if (!isName(name)) return [];
    const credential = (value: Value): Credential | undefined =>
      file ? written(workspace, workload, file, value) : literal(value);
    return [
      {
        resource: workload,
        title: 'LiveKit’s egress',
        endpoint: s3.at('endpoint').text,
        bucket: name,
        at: s3.at('bucket').part(0, name.length),
        isMade: false,
        accessKey: credential(s3.at('access_key')),
        secretKey: credential(s3.at('secret')),
        needs: ['s3:PutObject'],
      },
    ];
  });
}

function copiesOf(workload: Resource, workspace: Workspace): readonly S3Client[] {
  return transfersOf(workspace, workload).flatMap(({ program, from, to }) =>
    [from, to].flatMap((side): readonly S3Client[] =>
      side && isName(side.bucket)
        ? [
            {
              resource: workload,
              title: workload.title,
              endpoint: side.endpoint,
              bucket: side.bucket,
              at: side.at,
              isMade: side === to && program === 'rclone',
              accessKey: side.accessKey,
              secretKey: side.secretKey,
              needs: [side === to ? 's3:PutObject' : 's3:GetObject', ...(side.isListed ? ['s3:ListBucket'] : [])],
            },
          ]
        : [],
    ),
  );
}

/** What a value of a configuration is in the end: as it is written, or the variable that a script puts there. */
function written(workspace: Workspace, resource: Resource, file: EffectiveFile, value: Value): Credential | undefined {
  const resolution = value.exists ? file.resolve(value) : undefined;
  if (resolution?.kind === 'left') return literal(value);
  const [only, ...others] = resolution?.kind === 'replaced' ? resolution.variables : [];
  if (!only || others.length > 0 || only.transformed || !/^\W*\w+\W*$/.test(value.text ?? '')) return undefined;
  const text = textOfVariable(workspace, resource, only.definition);
  return text === undefined ? undefined : { text, at: value };
}

function literal(value: Value): Credential | undefined {
  const { text } = value;
  return text === undefined || text === '' || /[${}<>%]|PLACEHOLDER|CHANGE_?ME/i.test(text)
    ? undefined
    : { text, at: value };
}

/** A name as S3 has them, and nothing that is still to be filled in. */
function isName(name: string | undefined): name is string {
  return name !== undefined && /^[a-z0-9][a-z0-9.-]{2,62}$/.test(name);
}
