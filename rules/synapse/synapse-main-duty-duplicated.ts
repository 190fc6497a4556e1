import type { HomeserverReader } from '../../analysis/homeserver';
import { workerType } from '../../analysis/roles';
import {
  instanceOf,
  mostReplicas,
  portsServing,
  processKinds,
  readsLayer,
  runsMediaRepository,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'synapse-main-duty-duplicated',
  items: [],
  severity: 'warning',
  summary: 'Workers are deployed for a duty that the main process still has, or that nobody has.',
  why: 'The workers idle while the main process does their work, or both do it: two processes delete the same media and send the same transactions.',
  remedy:
    'Name the federation senders in `federation_sender_instances`. Write `enable_media_repo: false` in the shared homeserver.yaml and `true` in the media workers’ own file, and name one of them in `media_instance_running_background_jobs`.',
  traps: [
    'With `federation_sender_instances` the older `send_federation: false` makes no difference; it may be written or left out.',
    'A worker of the older `worker_app: synapse.app.federation_sender` stops while the main process has the duty, which is an error.',
    'An instance without such workers is not judged: it may switch federation off altogether.',
    'A worker that has the resource `media` in its listener but no media repository is no media worker.',
  ],
  sources: ['element-hq/synapse, docs/workers.md; synapse/config/workers.py; synapse/config/repository.py'],
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
          enable_media_repo: true # media is served by a worker
      #                      ^^^^ 💡 warning: The main process runs the media repository as well as StatefulSet/synapse-media
        media.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: media
          enable_media_repo: true
          worker_listeners:
            - type: http
              port: 8008
              resources:
                - names: [media]
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
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-media
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker]
                args: [--config-path=/config/homeserver.yaml, --config-path=/config/media.yaml]
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
          enable_media_repo: false # media is served by a worker
        media.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: media
          enable_media_repo: true
          worker_listeners:
            - type: http
              port: 8008
              resources:
                - names: [media]
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
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-media
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker]
                args: [--config-path=/config/homeserver.yaml, --config-path=/config/media.yaml]
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
    const main = synapseProcess(workspace, resource);
    if (!main?.homeserver || main.isWorker || main.homeserver.isPartial) return;
    const { workers } = instanceOf(workspace, resource);
    yield* federation(main.homeserver, workers.filter(isFederationSender));
    yield* media(workspace, main, main.homeserver, workers.filter(isMediaWorker));
  },
} satisfies Rule;

function* federation(homeserver: HomeserverReader, senders: readonly SynapseProcess[]): Iterable<Problem> {
  const [sender] = senders;
  const switched = homeserver.at('send_federation');
  if (!sender || homeserver.at('federation_sender_instances').exists) return;
  const isLegacy = sender.homeserver?.at('worker_app').string === 'synapse.app.federation_sender';
  if (isLegacy && switched.boolean === false) return;
  const nobody = switched.boolean === false;
  // A worker of this older kind refuses a configuration that leaves the duty with the main process.
  const refuses = isLegacy && sender.homeserver?.at('send_federation').boolean !== false;
  yield {
    at: switched.exists ? switched : placeFor(homeserver),
    ...(refuses && { severity: 'error' as const }),
    message: refuses
      ? `${sender.resource.title} does not start, because its worker_app is synapse.app.federation_sender and send_federation is not false — list its worker_name in federation_sender_instances.`
      : nobody
        ? `Nobody sends federation traffic: send_federation is false, and ${sender.resource.title} is not named in federation_sender_instances — list its worker_name there.`
        : `The main process sends all federation traffic, although ${sender.resource.title} is deployed for it — list its worker_name in federation_sender_instances.`,
    related: senders.map(one => ({ at: one.resource.root.at('metadata', 'name'), message: 'A federation sender' })),
    fixes: () => nameSenders(homeserver, senders, switched.exists),
  };
}

function* media(
  workspace: Workspace,
  main: SynapseProcess,
  homeserver: HomeserverReader,
  workers: readonly SynapseProcess[],
): Iterable<Problem> {
  const [worker] = workers;
  if (!worker) return;
  const related = workers.map(one => ({ at: one.resource.root.at('metadata', 'name'), message: 'A media worker' }));
  const enabled = homeserver.at('enable_media_repo');
  if (runsMediaRepository(main)) {
    yield {
      at: enabled.exists ? enabled : placeFor(homeserver),
      message: `The main process runs the media repository as well as ${worker.resource.title} — write enable_media_repo: false here, and true in the workers’ own file.`,
      related,
      fixes: () => switchOff(main, homeserver, workers),
    };
  }
  const pods = workers.reduce((sum, one) => sum + mostReplicas(workspace, one.resource), 0);
  if (pods > 1 && !homeserver.at('media_instance_running_background_jobs').exists) {
    yield {
      at: enabled.exists ? enabled.key : placeFor(homeserver),
      message: `${pods} media workers all run the media repository’s background jobs — name one of them in media_instance_running_background_jobs.`,
      related,
      fixes: () => {
        const [name] = worker.names.known;
        const root = homeserver.layer('enable_media_repo').root;
        const edit =
          name === undefined
            ? undefined
            : insertEntry(root, `media_instance_running_background_jobs: ${name}`, { after: 'enable_media_repo' });
        return edit ? [{ title: `Let ${name} run them`, safe: true, edits: [edit] }] : [];
      },
    };
  }
}

function isFederationSender(worker: SynapseProcess): boolean {
  return (
    worker.homeserver?.at('worker_app').string === 'synapse.app.federation_sender' ||
    /^(?:federation|fed)[-_]?senders?(?:-\d+)?$/.test(workerType(worker.resource))
  );
}

function isMediaWorker(worker: SynapseProcess): boolean {
  const isMade =
    worker.homeserver?.at('worker_app').string === 'synapse.app.media_repository' ||
    portsServing(worker, 'media').length > 0;
  return isMade && runsMediaRepository(worker) === true;
}

function nameSenders(
  homeserver: HomeserverReader,
  senders: readonly SynapseProcess[],
  isAfter: boolean,
): readonly Fix[] {
  const names = senders.flatMap(one => one.names.known);
  const areKnown = senders.every(one => one.names.known.length > 0 && one.names.isUnique);
  const { root } = homeserver.layer(isAfter ? 'send_federation' : 'server_name');
  const yaml = ['federation_sender_instances:', ...names.map(name => `  - ${name}`)].join('\n');
  const edit = areKnown ? insertEntry(root, yaml, isAfter ? { after: 'send_federation' } : {}) : undefined;
  return edit ? [{ title: 'Name the federation senders', safe: true, edits: [edit] }] : [];
}

function switchOff(
  main: SynapseProcess,
  homeserver: HomeserverReader,
  workers: readonly SynapseProcess[],
): readonly Fix[] {
  // A worker that takes the option from the shared file would lose its media repository, too.
  const isSafe = workers.every(worker => {
    const layer = worker.homeserver?.layer('enable_media_repo');
    const isLegacy = worker.homeserver?.at('worker_app').string === 'synapse.app.media_repository';
    return isLegacy || (layer?.root.at('enable_media_repo').exists && !readsLayer(main, layer));
  });
  const enabled = homeserver.at('enable_media_repo');
  const edit = enabled.exists
    ? replaceValue(enabled, 'false')
    : insertEntry(homeserver.layer('server_name').root, 'enable_media_repo: false');
  return edit && isSafe
    ? [{ title: 'Switch the media repository of the main process off', safe: true, edits: [edit] }]
    : [];
}

/** Where an option of the shared file that is missing would stand. */
function placeFor(homeserver: HomeserverReader): Place {
  const option = ['stream_writers', 'instance_map', 'redis', 'server_name'].find(name => homeserver.at(name).exists);
  return homeserver.at(option ?? 'server_name').key;
}
