import { instanceOf, processKinds, synapseProcess } from '../../analysis/synapse';
import { entryPlace } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'synapse-secret-unset',
  items: [],
  severity: 'error',
  summary: 'One of Synapse’s own secrets is empty or missing.',
  why: 'Without `worker_replication_secret` any pod that reaches the replication port may write events. Without `macaroon_secret_key` and `registration_shared_secret` login tokens are signed with a key that is derived from the signing key. An empty value is taken as none.',
  remedy:
    'Put a long random value into a Secret, for which _Generate Credential_ makes one, and let the script that writes homeserver.yaml fill it in. How that script puts values in differs from tree to tree, so there is no quick fix.',
  traps: [
    'Each of the options may be given as a file instead: `macaroon_secret_key_path` and so on.',
    '`macaroon_secret_key` alone may be missing: Synapse takes `registration_shared_secret` then.',
    '`form_secret` and `registration_shared_secret` may be left out, which switches off what they are for. So does `null`; an empty text is a warning.',
    '`worker_replication_secret` is asked for only where there are workers.',
  ],
  sources: ['element-hq/synapse, synapse/config/key.py, registration.py and workers.py; configuration manual'],
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
          macaroon_secret_key: ""
      #   ^^^^^^^^^^^^^^^^^^^^^^^ error: macaroon_secret_key is empty
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
          macaroon_secret_key_path: /secrets/macaroon
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
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const homeserver = process?.homeserver;
    if (!process || !homeserver || process.isWorker) return;
    const written = (name: string): boolean => homeserver.at(name).exists || homeserver.at(`${name}_path`).exists;
    for (const name of [
      'macaroon_secret_key',
      'registration_shared_secret',
      'form_secret',
      'worker_replication_secret',
    ]) {
      const value = homeserver.at(name);
      if (!isEmpty(value) || homeserver.at(`${name}_path`).exists) continue;
      const { file } = homeserver.layer(name);
      if (file.isOpaque || file.resolve(value).kind !== 'left') continue;
      const isSwitch = switchesOff.has(name);
      // Who writes null switches it off on purpose.
      if (isSwitch && value.isNull && value.span.end > value.span.start) continue;
      yield {
        at: entryPlace(value),
        ...(isSwitch && { severity: 'warning' as const }),
        message: `${name} is empty, which Synapse takes as none — let a script fill in a random value from a Secret.`,
      };
    }
    if (homeserver.isPartial) return;
    const { workers } = instanceOf(workspace, resource);
    const [worker] = workers;
    if (worker && !written('worker_replication_secret')) {
      yield {
        at: homeserver.at(homeserver.at('instance_map').exists ? 'instance_map' : 'server_name').key,
        severity: 'warning',
        message:
          'There is no worker_replication_secret, so every pod that reaches the replication port may act as a worker — set one.',
        related: [{ at: worker.resource.root.at('metadata', 'name'), message: 'A worker' }],
      };
    }
    if (!written('macaroon_secret_key') && !written('registration_shared_secret')) {
      yield {
        at: homeserver.at('server_name').key,
        severity: 'warning',
        message:
          'There is no macaroon_secret_key, so Synapse derives one from its signing key — set a random value of its own.',
      };
    }
  },
} satisfies Rule;

/** Options that only switch something off where they have no value. */
const switchesOff: ReadonlySet<string> = new Set(['registration_shared_secret', 'form_secret']);

/** Written, but with nothing in it. */
function isEmpty(value: Value): boolean {
  return value.exists && (value.isNull || value.text?.trim() === '');
}
