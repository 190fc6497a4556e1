import { mountedTexts } from '../../analysis/mounts';
import { nearest } from '../../analysis/nearest';
import {
  instanceOf,
  isStockSynapse,
  processKinds,
  readsLayer,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import { readPython } from '../../analysis/text/python';
import { replaceScalar } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { reportedLayers } from './instances';
import { mayImport, s3Package } from './packages';

export default {
  id: 'synapse-module-unavailable',
  items: [],
  severity: 'warning',
  summary: 'homeserver.yaml lists a module that nothing installs, or a class that a module does not have.',
  why: 'Every process imports the modules when it reads its configuration. One that is missing stops it with "Failed to import module".',
  remedy:
    'Install the module’s package in an init container, or put its files into a folder on `PYTHONPATH`, in the pods of every process that reads the file; or take the module out.',
  traps: [
    'A module in a ConfigMap that is mounted or copied to a folder on `PYTHONPATH` is installed.',
    'A package on PyPI may bring a module of another name. Where an init container installs a package that is not known here, nothing is reported.',
    'Images that are not the published ones are taken to have their modules built in.',
  ],
  sources: ['element-hq/synapse, synapse/config/modules.py and synapse/util/module_loader.py; docs/modules/index.md'],
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
          modules:
            - module: key_vault_client.KeyVaultModule
      #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: Nothing installs the Python module key_vault_client in the pod of StatefulSet/synapse-main
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
          modules:
            - module: key_vault_client.KeyVaultModule
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-modules
      data:
        key_vault_client.py: |
          class KeyVaultModule:
              def __init__(self, config, api):
                  pass
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
                args: [--config-path=/config/homeserver.yaml]
                env:
                  - name: PYTHONPATH
                    value: /modules
                volumeMounts:
                  - name: config
                    mountPath: /config
                  - name: modules
                    mountPath: /modules
            volumes:
              - name: config
                configMap:
                  name: synapse-config
              - name: modules
                configMap:
                  name: synapse-modules
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process) return;
    const instance = instanceOf(workspace, resource);
    for (const layer of reportedLayers(instance, process)) {
      const readers = [...(instance.main ? [instance.main] : []), ...instance.workers].filter(
        one => one === process || readsLayer(one, layer),
      );
      for (const item of layer.root.at('media_storage_providers').items()) yield* otherProvider(item.at('module'));
      for (const item of layer.root.at('modules').items()) {
        const module = item.at('module');
        const top = module.string?.split('.', 1)[0] ?? '';
        if (!/^\w+$/.test(top) || inImage.has(top)) continue;
        const without = readers.filter(
          one =>
            isStockSynapse(one.container.image) && !mayImport(workspace, one, top, name => !knownPackages.has(name)),
        );
        if (without.length === 0) {
          yield* otherClass(workspace, readers, module);
          continue;
        }
        yield {
          at: module,
          message: `Nothing installs the Python module ${top} in the pod${without.length > 1 ? 's' : ''} of ${titles(without)}, so Synapse does not start — install its package, or put it on PYTHONPATH.`,
          related: without.map(one => ({
            at: one.container.value.at('name'),
            message: `${one.resource.title} reads this`,
          })),
        };
      }
    }
  },
} satisfies Rule;

/** A class that synapse-s3-storage-provider does not have; it has one alone. */
function* otherProvider(module: Value): Iterable<Problem> {
  const name = /^s3_storage_provider(?:\.(.*))?$/.exec(module.string ?? '');
  const right = 's3_storage_provider.S3StorageProviderBackend';
  if (!name || module.string === right) return;
  yield {
    at: module,
    severity: 'error',
    message: `synapse-s3-storage-provider has no class ${name[1] ?? 'of that name'}, so Synapse does not start — write ${right}.`,
    fixes: () => {
      const edit = replaceScalar(module, right);
      return edit ? [{ title: `Write ${right}`, safe: true, edits: [edit] }] : [];
    },
  };
}

/** A class that the file of the module does not have, where the tree shows that file. */
function* otherClass(workspace: Workspace, readers: readonly SynapseProcess[], module: Value): Iterable<Problem> {
  const [top = '', name, ...more] = module.string?.split('.') ?? [];
  if (name === undefined || more.length > 0) return;
  for (const { resource } of readers) {
    const source = mountedTexts(workspace, resource).find(
      ({ path }) => path === `${top}.py` || path.endsWith(`/${top}.py`),
    );
    if (source?.value.text === undefined) continue;
    const { classes } = readPython(source.value.text);
    // What is assigned or imported may have the name as well.
    if (classes.length === 0 || new RegExp(`\\b${name}\\b`).test(source.value.text)) return;
    const meant =
      nearest(
        name,
        classes.map(one => one.name),
      ) ?? (classes.length === 1 ? classes[0]?.name : undefined);
    yield {
      at: module,
      message: `${top}.py has no class ${name}, so Synapse does not start — ${meant ? `write ${top}.${meant}.` : 'name one that it has.'}`,
      related: [{ at: source.value.key, message: 'The file of the module' }],
      fixes: () => {
        const edit = meant === undefined ? undefined : replaceScalar(module, `${top}.${meant}`);
        return edit ? [{ title: `Write ${top}.${meant}`, safe: false, edits: [edit] }] : [];
      },
    };
    return;
  }
}

/** Modules that the published images have: Synapse's own, and the LDAP provider of `matrix-synapse[all]`. */
const inImage = new Set(['synapse', 'ldap_auth_provider']);

/** Packages that are known to bring no Synapse module: the S3 storage provider, with what it needs. */
const knownPackages = new Set([
  s3Package,
  'boto3',
  'botocore',
  's3transfer',
  'humanize',
  'tqdm',
  'psycopg2',
  'six',
  'pip',
]);

function titles(processes: readonly SynapseProcess[]): string {
  const [first] = processes;
  const others = processes.length - 1;
  return `${first?.resource.title ?? ''}${others > 0 ? ` and ${others} other${others > 1 ? 's' : ''}` : ''}`;
}
