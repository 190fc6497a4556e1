import { podWrites } from '../../analysis/effective';
import type { HomeserverLayer, HomeserverReader } from '../../analysis/homeserver';
import { isPatch } from '../../analysis/kustomization';
import { mountAt } from '../../analysis/mounts';
import { isInjected } from '../../analysis/pods';
import { startScriptOf } from '../../analysis/scripts';
import {
  instanceOf,
  isStockSynapse,
  processKinds,
  readsLayer,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'synapse-file-missing',
  items: [],
  severity: 'error',
  summary: 'homeserver.yaml names a file where no volume is mounted.',
  why: 'Synapse reads the file when it starts, and stops with "No such file or directory": the registration of a bridge, the configuration of the logs, a secret.',
  remedy:
    'Mount the ConfigMap or Secret that holds the file at that path, or write the path under which it is mounted.',
  traps: [
    'Looked at are `app_service_config_files`, `log_config` and `worker_log_config`, and the secrets that are given as files, such as `macaroon_secret_key_path`. The signing key has a rule of its own.',
    '`registration_shared_secret_path` is left out: Synapse makes that file if it is not there.',
    'Only images that the Synapse project publishes are judged, started without a script. A file that a mounted volume does not have is reported by `config-path-missing`.',
    'Several processes that miss the same file are one finding.',
  ],
  sources: [
    'element-hq/synapse, synapse/config/appservice.py, load_appservices; logger.py; _base.py, read_file; workers.py',
  ],
  examples: {
    bad: example('/appservices/bridge.yaml', true),
    good: example('/config/bridge.yaml', false),
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process?.homeserver) return;
    const { main, workers } = instanceOf(workspace, resource);
    const all = [...(main ? [main] : []), ...workers];
    const place = all.findIndex(one => one.resource === resource);
    for (const file of missingFiles(workspace, process)) {
      const others = all
        .map((one, index) => ({ one, index }))
        .filter(({ one }) => one.resource !== resource && readsLayer(one, file.layer))
        .filter(({ one }) => missingFiles(workspace, one).some(({ path }) => path === file.path));
      // All processes read the same homeserver.yaml, and the first of them speaks for all.
      if (others.some(({ index }) => index < place)) continue;
      yield {
        at: file.at,
        message: `There is no ${file.path} in container ${process.container.name} of ${resource.title}, because no volume is mounted there, so Synapse does not start — mount what holds the file.`,
        related: [process, ...others.map(({ one }) => one)].map(one => ({
          at: one.container.value.at('name'),
          message: `Container ${one.container.name} of ${one.resource.title}`,
        })),
      };
    }
  },
} satisfies Rule;

interface MissingFile {
  readonly at: Value;
  readonly path: string;
  /** The configuration file that names it. */
  readonly layer: HomeserverLayer;
}

/** The files that a process names and surely does not find. */
function missingFiles(workspace: Workspace, process: SynapseProcess): readonly MissingFile[] {
  const { resource, container, homeserver } = process;
  if (!homeserver || isPatch(workspace, resource.document.file)) return [];
  return namedFiles(homeserver, process.isWorker).flatMap(({ at, layer }) => {
    const path = at.string ?? '';
    if (!/^\/[^$*{}<>]*[^/$*{}<>]$/.test(path)) return [];
    // What a volume lacks is the business of config-path-missing.
    return mountAt(container, path) || !isNowhere(workspace, process, path) ? [] : [{ at, path, layer }];
  });
}

/** What a process reads when it starts, as it is written. */
function namedFiles(homeserver: HomeserverReader, isWorker: boolean): readonly Omit<MissingFile, 'path'>[] {
  // A worker takes worker_log_config alone (synapse/config/logger.py, setup_logging).
  const options = [isWorker ? 'worker_log_config' : 'log_config', 'app_service_config_files', ...secretFiles];
  return [
    ...options.map(option => homeserver.at(option)),
    ...(homeserver.at('redis', 'enabled').boolean === true ? [homeserver.at('redis', 'password_path')] : []),
  ].flatMap(value => {
    if (!value.exists) return [];
    const layer = homeserver.layer(String(value.path[0]));
    const values = value.kind === 'sequence' ? value.items() : [value];
    return values
      .filter(one => one.string !== undefined && !layer.file.isOpaque && layer.file.resolve(one).kind === 'left')
      .map(at => ({ at, layer }));
  });
}

/** Secrets that Synapse reads from files and does not make itself. */
const secretFiles = [
  'macaroon_secret_key_path',
  'form_secret_path',
  'turn_shared_secret_path',
  'worker_replication_secret_path',
  'recaptcha_private_key_path',
  'recaptcha_public_key_path',
];

/** Whether a path on no volume is not there: the image has no such file, and no script runs before the program. */
function isNowhere(workspace: Workspace, { resource, container }: SynapseProcess, path: string): boolean {
  const script = startScriptOf(workspace, resource, container)?.text.text.trim() ?? '';
  if (!isStockSynapse(container.image) || !(script === '' || /^exec\s[^;&|<>\n]*$/.test(script))) return false;
  if (isInjected(resource)) return false;
  // The image has these of its own.
  if (/^\/(?:usr|etc|lib|proc|dev|conf)\//.test(path)) return false;
  return !podWrites(workspace, resource).mayExist(container, path);
}

function example(path: string, isMarked: boolean): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          app_service_config_files:
            - ${path}
${isMarked ? `      #       ${'^'.repeat(path.length)} error: There is no /appservices/bridge.yaml in container synapse of StatefulSet/synapse-main\n` : ''}        bridge.yaml: |
          id: bridge
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
                command: [python, -m, synapse.app.homeserver, --config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `;
}
