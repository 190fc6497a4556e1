import { mountsOf, volumeOf } from '../../analysis/mounts';
import {
  isStockSynapse,
  processKinds,
  runsMediaRepository,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import { insertEntryBefore, insertItem } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import {
  addToList,
  addToPythonPath,
  mayImport,
  packagesFolder,
  s3Package,
  s3Provider,
  s3Version,
  searchPath,
} from './packages';

export default {
  id: 'synapse-s3-provider-not-installed',
  items: ['2.1.a', '2.1.b'],
  severity: 'error',
  summary: 'Synapse is configured to keep media in S3, but nothing installs the S3 storage provider.',
  why: 'The published Synapse images do not have the package. Every process that runs the media repository loads the provider when it starts, and stops with "No module named \'s3_storage_provider\'".',
  remedy: `Install \`${s3Package}==${s3Version}\` in an init container into a volume that Synapse’s container has on its PYTHONPATH.`,
  traps: [
    'A process with `enable_media_repo: false` does not load the provider. The checklist wants it on the main process nevertheless, which is a warning.',
    'Images that are not the published ones are taken to have the package built in.',
    'Its `config` without a `bucket` stops Synapse as well.',
    'A volume that the tree does not fill, such as a claim, is taken to hold the package if it is on the search path.',
  ],
  sources: [
    'element-hq/synapse, synapse/config/repository.py: providers are loaded unless enable_media_repo is false; docker/Dockerfile',
    'matrix-org/synapse-s3-storage-provider, README',
  ],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_storage_providers:
            - module: s3_storage_provider.S3StorageProviderBackend
              config:
                bucket: media
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
      #                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: nothing installs synapse-s3-storage-provider
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `,
    good: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_storage_providers:
            - module: s3_storage_provider.S3StorageProviderBackend
              config:
                bucket: media
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            initContainers:
              - name: install-s3-provider
                image: matrixdotorg/synapse:v1.139.2
                command:
                  - pip
                  - install
                  - --no-cache-dir
                  - --target=/python-packages
                  - synapse-s3-storage-provider==1.4.0
                volumeMounts:
                  - name: python-packages
                    mountPath: /python-packages
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                env:
                  - name: PYTHONPATH
                    value: /python-packages
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
                  - name: python-packages
                    mountPath: /python-packages
                    readOnly: true
            volumes:
              - name: config
                configMap:
                  name: synapse-config
              - name: python-packages
                emptyDir: {}
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const provider = process && s3Provider(process);
    if (provider) yield* withoutBucket(process);
    if (!provider || !isStockSynapse(process.container.image)) return;
    const isLoaded = runsMediaRepository(process);
    if (
      isLoaded === undefined ||
      (!isLoaded && process.isWorker) ||
      mayImport(workspace, process, 's3_storage_provider', name => name.includes('s3-storage'))
    )
      return;
    const image = process.container.value.at('image');
    const entries = searchPath(workspace, process).entries.map(({ path }) => path);
    yield {
      at: image,
      // Where no volume is mounted for packages either, the checklist's second line is not met.
      items: preparedMount(process, entries) ? ['2.1.a'] : ['2.1.a', '2.1.b'],
      ...(isLoaded ? {} : { severity: 'warning' as const }),
      message: isLoaded
        ? `${resource.title} keeps media in S3, but nothing installs ${s3Package} in its pod, so Synapse does not start — install it in an init container.`
        : `Nothing installs ${s3Package} in the pod of ${resource.title}; it does not run the media repository, but the checklist wants the package there — install it in an init container.`,
      related: [{ at: provider, message: 'The provider that is configured' }],
      fixes: () => install(workspace, process),
    };
  },
} satisfies Rule;

/** The provider reads the bucket without a default (synapse-s3-storage-provider, s3_storage_provider.py: parse_config). */
function* withoutBucket({ homeserver, resource }: SynapseProcess): Iterable<Problem> {
  if (!homeserver || homeserver.layer('media_storage_providers').file.isOpaque) return;
  for (const provider of homeserver.at('media_storage_providers').items()) {
    const config = provider.at('config');
    const isS3 = provider.at('module').text === 's3_storage_provider.S3StorageProviderBackend';
    // Without any of its settings it is no more than the beginning of a provider.
    if (!isS3 || config.entries().length === 0 || config.at('bucket').exists) continue;
    yield {
      at: config.key,
      items: ['2.1.a'],
      message: `The S3 storage provider of ${resource.title} is told no bucket, so Synapse does not start — add bucket under config.`,
    };
  }
}

/** An init container that installs the package, its volume, and the way for Synapse to find it. */
function install(workspace: Workspace, process: SynapseProcess): readonly Fix[] {
  const { container } = process;
  const spec = container.template.at('spec');
  const path = searchPath(workspace, process);
  // A volume that is mounted for the packages already only has to be filled.
  const prepared = preparedMount(
    process,
    path.entries.map(entry => entry.path),
  );
  const volume = prepared?.volume ?? freeName('python-packages', spec.at('volumes'));
  const folder = prepared?.folder ?? packagesFolder;
  const name = freeName('install-s3-provider', spec.at('initContainers'), spec.at('containers'));
  const init = initContainer(name, container.image, volume, folder);
  const isNew = { init: !spec.at('initContainers').exists, volumes: !prepared && !spec.at('volumes').exists };
  const listed = (key: string, item: string): string => `${key}:\n  - ${item.replaceAll('\n', '\n    ')}`;
  const emptyDir = `name: ${volume}\nemptyDir: {}`;
  const edits = [
    // New lists go above the containers in one piece: two insertions at one place have no order of their own.
    ...(isNew.init || isNew.volumes
      ? [
          insertEntryBefore(
            spec.at('containers'),
            [
              ...(isNew.volumes ? [listed('volumes', emptyDir)] : []),
              ...(isNew.init ? [listed('initContainers', init)] : []),
            ].join('\n'),
          ),
        ]
      : []),
    ...(isNew.init ? [] : [insertItem(spec.at('initContainers'), init)]),
    ...(prepared || isNew.volumes ? [] : [insertItem(spec.at('volumes'), emptyDir)]),
    ...(prepared
      ? []
      : [
          addToList(container.value, 'volumeMounts', `name: ${volume}\nmountPath: ${folder}\nreadOnly: true`),
          addToPythonPath(container.value, path, folder),
        ]),
  ];
  const all = edits.flatMap(edit => edit ?? []);
  return all.length === edits.length
    ? [{ title: `Install ${s3Package} in an init container`, safe: false, edits: all }]
    : [];
}

/** A mounted emptyDir that the search path leads into, and the folder in it. */
function preparedMount(
  { resource, container }: SynapseProcess,
  entries: readonly string[],
): { readonly volume: string; readonly folder: string } | undefined {
  for (const { volume, mountPath, subPath } of mountsOf(container)) {
    const folder = entries.find(entry => entry === mountPath || entry.startsWith(`${mountPath}/`));
    if (folder && subPath === undefined && volumeOf(resource, volume)?.at('emptyDir').exists) return { volume, folder };
  }
  return undefined;
}

function initContainer(name: string, image: string, volume: string, folder: string): string {
  const mountPath = folder.startsWith('/usr/') ? packagesFolder : `/${folder.split('/')[1] ?? ''}`;
  const target = folder.startsWith('/usr/') ? packagesFolder : folder;
  return [
    `name: ${name}`,
    `image: ${image}`,
    'command:',
    '  - pip',
    '  - install',
    '  - --no-cache-dir',
    `  - --target=${target}`,
    `  - ${s3Package}==${s3Version}`,
    'volumeMounts:',
    `  - name: ${volume}`,
    `    mountPath: ${mountPath}`,
  ].join('\n');
}

/** A name that no item of some lists has yet. */
function freeName(name: string, ...lists: readonly Value[]): string {
  const taken = new Set(lists.flatMap(list => list.items().map(item => item.at('name').text)));
  for (let index = 1; ; index++) {
    const candidate = index === 1 ? name : `${name}-${index}`;
    if (!taken.has(candidate)) return candidate;
  }
}
