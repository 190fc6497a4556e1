import { configurationOf, optionValues } from '../../analysis/configs';
import { declarationsOf, mayHaveKey } from '../../analysis/declarations';
import { effectiveFile } from '../../analysis/effective';
import { mountAt, volumeOf } from '../../analysis/mounts';
import { containersOf, podTemplate } from '../../analysis/pods';
import { packagesOf } from '../../analysis/python-packages';
import { pathInVolume, scriptOf } from '../../analysis/scripts';
import { processKinds, type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import { insertEntry, insertItem } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { filesInstead } from '../config/files-there';
import type { Fix, Rule } from '../rule';

export default {
  id: 'synapse-signing-key-missing',
  items: [],
  severity: 'error',
  summary: 'A Synapse process has no signing key at the path where it looks for one.',
  why: 'The main process then makes a new key each time its pod starts: other servers no longer believe what it signs, and the LI instance has another one. A worker makes none; it stops.',
  remedy: 'Keep the key in a Secret and mount it, or copy it, to `signing_key_path` in the pod of every process.',
  traps: [
    'On a persistent volume the main process makes the key once and keeps it; that is accepted.',
    'A key that an init container copies or generates, or that a Secret from outside the tree brings, is accepted.',
    '`signing_key` written into the configuration itself is accepted.',
  ],
  sources: [
    'element-hq/synapse, synapse/config/key.py; configuration manual, `signing_key_path`; release notes of 1.67.0',
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
          signing_key_path: /keys/signing.key
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
      #         ^^^^^^^^^^^^ 💡 error: No volume brings /keys/signing.key into container synapse
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-keys
      stringData:
        signing.key: ed25519 a_CHANGEME CHANGEME_SIGNING_KEY
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
          signing_key_path: /keys/signing.key
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
                  - name: signing-key
                    mountPath: /keys/signing.key
                    subPath: signing.key
                    readOnly: true
            volumes:
              - name: config
                configMap:
                  name: synapse-config
              - name: signing-key
                secret:
                  secretName: synapse-keys
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-keys
      stringData:
        signing.key: ed25519 a_CHANGEME CHANGEME_SIGNING_KEY
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const path = workspace.derive(signingKeyPath, resource);
    if (!process || !path || mayExist(workspace, process, path)) return;
    const { container, homeserver, isWorker } = process;
    const written = homeserver?.at('signing_key_path');
    const mounts = container.value.at('volumeMounts');
    const mount = mountAt(container, path);
    yield {
      at: mount ? mount.value.at('mountPath') : mounts.exists ? mounts.key : container.value.at('name'),
      message: isWorker
        ? `No volume brings ${path} into container ${container.name}, and a worker does not start without the signing key — mount the Secret that holds it.`
        : `No volume brings ${path} into container ${container.name}, so Synapse makes a new signing key at every start and other servers refuse it — mount a Secret that holds the key.`,
      fixes: () => mountKey(workspace, process, path),
      related: written?.exists ? [{ at: written, message: 'Where Synapse looks for the key' }] : [],
    };
  },
} satisfies Rule;

/** Mounts the only Secret of the namespace that has a signing key, as one file. */
function mountKey(workspace: Workspace, { resource, container }: SynapseProcess, path: string): readonly Fix[] {
  const found = workspace
    .resources('Secret')
    .flatMap(secret =>
      secret.namespace === resource.namespace
        ? declarationsOf(workspace, 'Secret', secret.namespace, secret.name).flatMap(({ keys }) =>
            keys === 'any'
              ? []
              : [...keys].flatMap(key =>
                  /(?:^|[._-])signing[._-]?key$/i.test(key) ? [{ name: secret.name, key }] : [],
                ),
          )
        : [],
    );
  const [key] = found;
  if (!key || found.some(one => one.name !== key.name || one.key !== key.key)) return [];
  const volume = 'signing-key';
  if (volumeOf(resource, volume)) return [];
  const mount = addItem(
    container.value,
    'volumeMounts',
    `name: ${volume}\nmountPath: ${path}\nsubPath: ${key.key}\nreadOnly: true`,
  );
  const spec = podTemplate(resource)?.at('spec');
  const source = spec && addItem(spec, 'volumes', `name: ${volume}\nsecret:\n  secretName: ${key.name}`);
  return mount && source && mount.at.span.start !== source.at.span.start
    ? [{ title: `Mount ${key.key} of Secret ${key.name}`, safe: false, edits: [mount, source] }]
    : [];
}

function addItem(parent: Value, name: string, yaml: string): TextEdit | undefined {
  const list = parent.at(name);
  if (list.kind === 'sequence' && list.items().length > 0) return insertItem(list, yaml);
  return list.exists ? undefined : insertEntry(parent, `${name}:\n  - ${yaml.replaceAll('\n', '\n    ')}`);
}

/**
 * The path of the signing key: as written, else in the folder that an option names, else beside the last configuration
 * file (synapse/config/key.py, _base.py: load_or_generate_config).
 */
function signingKeyPath(resource: Resource, workspace: Workspace): string | undefined {
  const homeserver = synapseProcess(workspace, resource)?.homeserver;
  if (!homeserver || homeserver.isPartial || homeserver.at('signing_key').exists) return undefined;
  const value = homeserver.at('signing_key_path');
  const isPlain = (one: Value): boolean =>
    one.string !== undefined && homeserver.layer(String(one.name)).file.resolve(one).kind === 'left';
  if (value.exists) return isPlain(value) && value.string?.startsWith('/') ? value.string : undefined;
  const configuration = configurationOf(workspace, resource, 'synapse');
  const [told] = optionValues(configuration?.words ?? [], ['--keys-directory', '--config-directory']);
  const folder = told?.replace(/\/+$/, '') ?? configuration?.paths.at(-1)?.replace(/\/[^/]*$/, '');
  const name = homeserver.at('server_name');
  return folder && isPlain(name) ? `${folder}/${name.string}.signing.key` : undefined;
}

/** Whether a file is there when the process starts, or is kept once it is made. */
function mayExist(workspace: Workspace, process: SynapseProcess, path: string): boolean {
  const { resource, container } = process;
  const mount = mountAt(container, path);
  if (!mount) return effectiveFile(workspace, resource, container, path) !== undefined;
  const volume = volumeOf(resource, mount.volume);
  if (!volume) return true;
  const file = pathInVolume(mount.mountPath, mount.subPath, path);
  for (const [field, kind, name] of [
    ['secret', 'Secret', 'secretName'],
    ['configMap', 'ConfigMap', 'name'],
  ] as const) {
    const source = volume.at(field);
    if (!source.exists) continue;
    const items = source.at('items').items();
    if (items.length > 0) return items.some(item => item.at('path').text === file);
    const declared = declarationsOf(workspace, kind, resource.namespace, source.at(name).string ?? '');
    return declared.length === 0 || declared.some(one => mayHaveKey(one, file));
  }
  if (!volume.at('emptyDir').exists) return true;
  // Where all that scripts put there is known, the key is one of those files or none.
  if ((filesInstead(workspace, resource, container, mount, path) ?? []).length > 0) return false;
  return (
    effectiveFile(workspace, resource, container, path) !== undefined ||
    packagesOf(workspace, resource).openVolumes.has(mount.volume) ||
    containersOf(resource).some(one => {
      const script = scriptOf(workspace, resource, one)?.text.text;
      return script !== undefined && (script.includes(file.replace(/^.*\//, '')) || /generate[-_]/.test(script));
    })
  );
}
