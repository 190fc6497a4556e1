import type { HomeserverReader } from '../../analysis/homeserver';
import { secretEntry } from '../../analysis/secret-data';
import { processKinds, synapseProcess } from '../../analysis/synapse';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'synapse-secret-reused',
  items: [],
  severity: 'warning',
  summary: 'Two of Synapse’s secrets are the same.',
  why: 'Each protects something else: whoever learns the one for TURN, which another server has as well, can then register administrators, or sign tokens.',
  remedy: 'Give each a random value of its own; _Generate Credential_ makes one.',
  traps: [
    'Values are compared that are written out or come from Secrets of the tree; placeholders are reported as such.',
    'The LI instance may have secrets of the main one; only those of one process are compared.',
  ],
  sources: [
    'element-hq/synapse, configuration manual: macaroon_secret_key, form_secret, registration_shared_secret, worker_replication_secret, turn_shared_secret',
  ],
  examples: { bad: example('FORM', true), good: example('MACAROON', false) },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const homeserver = process?.homeserver;
    if (!process || !homeserver || process.isWorker) return;
    const known = new Map<string, { readonly option: string; readonly at: Value }>();
    for (const option of options) {
      const at = homeserver.at(option);
      const text = textOf(workspace, resource, homeserver, at, option);
      if (text === undefined || text.length < 8 || findPlaceholders(text, 'value').length > 0) continue;
      const other = known.get(text);
      if (!other) known.set(text, { option, at });
      else {
        yield {
          at,
          message: `${option} is the same secret as ${other.option} — generate a value of its own.`,
          related: [{ at: other.at, message: other.option }],
        };
      }
    }
  },
} satisfies Rule;

const options = [
  'macaroon_secret_key',
  'registration_shared_secret',
  'form_secret',
  'worker_replication_secret',
  'turn_shared_secret',
];

/** What an option is in the end, if it is written out or is one key of a Secret. */
function textOf(
  workspace: Workspace,
  resource: Resource,
  homeserver: HomeserverReader,
  at: Value,
  option: string,
): string | undefined {
  const { file } = homeserver.layer(option);
  if (!at.exists || file.isOpaque) return undefined;
  const resolution = file.resolve(at);
  if (resolution.kind === 'left') return at.text;
  const [only, ...others] = resolution.kind === 'replaced' ? resolution.variables : [];
  const source = others.length === 0 && !only?.transformed ? only?.definition?.source : undefined;
  const secret = source?.kind === 'Secret' ? workspace.find('Secret', resource.namespace, source.name) : undefined;
  return secret && source ? secretEntry(secret, source.key)?.text : undefined;
}

function example(key: string, isMarked: boolean): string {
  const other = key === 'FORM' ? 'xK3tq0ZpWmR7vB9sYd2u' : 'pL8nT4wQeJ6hC1gFy5aM';
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          macaroon_secret_key: MACAROON_PLACEHOLDER
          form_secret: FORM_PLACEHOLDER
${isMarked ? '      #                ^^^^^^^^^^^^^^^^ warning: form_secret is the same secret as macaroon_secret_key\n' : ''}      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-secrets
        namespace: matrix
      stringData:
        MACAROON: xK3tq0ZpWmR7vB9sYd2u
        FORM: ${other}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            initContainers:
              - name: render
                image: busybox:1.36.1
                command:
                  - sh
                  - -c
                  - sed "s|MACAROON_PLACEHOLDER|$MACAROON|; s|FORM_PLACEHOLDER|$FORM|" /in/homeserver.yaml > /config/homeserver.yaml
                envFrom:
                  - secretRef: {name: synapse-secrets}
                volumeMounts:
                  - {name: in, mountPath: /in}
                  - {name: config, mountPath: /config}
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: in
                configMap: {name: synapse-config}
              - name: config
                emptyDir: {}
    `;
}
