import type { HomeserverReader } from '../../analysis/homeserver';
import { workerType } from '../../analysis/roles';
import {
  instanceOf,
  mostReplicas,
  portsServing,
  processKinds,
  readsLayer,
  runsMediaRepository,
  type SynapseInstance,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import { deleteEntry, insertEntry, replaceValue } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { mayBeNamed, namedInstances } from './instances';

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
    'Without such workers an instance is judged only where all its processes are in the tree, and the LI instance and one that may talk to nobody (`federation_domain_whitelist: []`) not at all.',
    'Pushers are the same with `pusher_instances` and `start_pushers`; `notify_appservices` and `update_user_directory` with the option that names the worker.',
    'A worker that has the resource `media` in its listener but no media repository is no media worker.',
  ],
  sources: [
    'element-hq/synapse, docs/workers.md; synapse/config/repository.py; synapse/config/workers.py: _worker_names_performing_this_duty, _should_this_worker_perform_duty',
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
    const instance = instanceOf(workspace, resource);
    const { workers } = instance;
    for (const duty of duties) yield* listed(instance, main, main.homeserver, duty);
    for (const duty of singleDuties) yield* single(instance, main, main.homeserver, duty);
    yield* media(workspace, main, main.homeserver, workers.filter(isMediaWorker));
  },
} satisfies Rule;

/** A duty of one or several processes that a list names, or an older switch gives to workers of an older kind. */
interface Duty {
  readonly list: string;
  readonly older: string;
  readonly app: string;
  /** How workers are called that are made for it. */
  readonly type: RegExp;
  readonly worker: string;
  /** What the process does, for one and for several: `sends federation traffic`. */
  readonly does: string;
  readonly fix: string;
}

const duties: readonly Duty[] = [
  {
    list: 'federation_sender_instances',
    older: 'send_federation',
    app: 'synapse.app.federation_sender',
    type: /^(?:federation|fed)[-_]?senders?(?:-\d+)?$/,
    worker: 'A federation sender',
    does: 'sends all federation traffic',
    fix: 'Name the federation senders',
  },
  {
    list: 'pusher_instances',
    older: 'start_pushers',
    app: 'synapse.app.pusher',
    type: /^pushers?(?:-\d+)?$/,
    worker: 'A pusher',
    does: 'sends all push notifications',
    fix: 'Name the pushers',
  },
];

function* listed(
  instance: SynapseInstance,
  { isLi }: SynapseProcess,
  homeserver: HomeserverReader,
  duty: Duty,
): Iterable<Problem> {
  const { workers } = instance;
  const doers = workers.filter(worker => isMadeFor(worker, duty));
  const [doer] = doers;
  const switched = homeserver.at(duty.older);
  const written = homeserver.at(duty.list);
  // A list without a value is none (config.get).
  const list = written.isNull ? homeserver.at(duty.list, '') : written;
  const isOff = list.exists ? list.kind === 'sequence' && list.items().length === 0 : switched.boolean === false;
  const isNobody = isOff && workers.every(worker => !isDoneBy(worker, duty));
  if (!doer) {
    if (!isNobody || isLi || !areAllThere(instance, homeserver)) return;
    if (duty.app.endsWith('sender') && !federates(instance, homeserver)) return;
    yield {
      at: list.exists ? list : switched,
      message: `Nobody ${duty.does.replace(' all', '')}: ${list.exists ? `${duty.list} is empty` : `${duty.older} is false, and nothing names a worker in ${duty.list}`} — name one there, or take the option away.`,
    };
    return;
  }
  if (list.exists && !isOff) return;
  const isLegacy = appOf(doer) === duty.app;
  if (isLegacy && !list.exists && switched.boolean === false) return;
  // A worker of this older kind refuses a configuration that leaves the duty with the main process.
  const refuses = isLegacy && !list.exists && doer.homeserver?.at(duty.older).boolean !== false;
  if (isOff && !isNobody) return;
  yield {
    at: list.exists ? list : switched.exists ? switched : placeFor(homeserver),
    ...(refuses && { severity: 'error' as const }),
    message: refuses
      ? `${doer.resource.title} does not start, because its worker_app is ${duty.app} and ${duty.older} is not false — list its worker_name in ${duty.list}.`
      : isOff
        ? `Nobody ${duty.does.replace(' all', '')}: ${list.exists ? `${duty.list} is empty` : `${duty.older} is false`}, and ${doer.resource.title} is not named in ${list.exists ? 'it' : duty.list} — list its worker_name there.`
        : `The main process ${duty.does}, although ${doer.resource.title} is deployed for it — list its worker_name in ${duty.list}.`,
    related: doers.map(one => ({ at: one.resource.root.at('metadata', 'name'), message: duty.worker })),
    fixes: () => (list.exists ? [] : nameThem(homeserver, doers, duty)),
  };
}

/** A duty of one process that an option names, or an older switch gives to a worker of an older kind. */
interface SingleDuty {
  readonly option: string;
  readonly older: string;
  readonly app: string;
  readonly does: string;
}

const singleDuties: readonly SingleDuty[] = [
  {
    option: 'notify_appservices_from_worker',
    older: 'notify_appservices',
    app: 'synapse.app.appservice',
    does: 'tells application services of anything',
  },
  {
    option: 'update_user_directory_from_worker',
    older: 'update_user_directory',
    app: 'synapse.app.user_dir',
    does: 'keeps the user directory up to date',
  },
];

function* single(
  instance: SynapseInstance,
  { isLi }: SynapseProcess,
  homeserver: HomeserverReader,
  { option, older, app, does }: SingleDuty,
): Iterable<Problem> {
  const { workers } = instance;
  const switched = homeserver.at(older);
  const chosen = homeserver.at(option);
  const legacy = workers.find(worker => appOf(worker) === app);
  if (legacy && legacy.homeserver?.isPartial === false && legacy.homeserver.at(older).boolean !== false) {
    yield {
      at: switched.exists ? switched : placeFor(homeserver),
      severity: 'error',
      message: `${legacy.resource.title} does not start, because its worker_app is ${app} and ${older} is not false — write ${older}: false, or make it a generic worker and name it in ${option}.`,
      related: [{ at: legacy.resource.root.at('metadata', 'name'), message: 'The worker' }],
    };
    return;
  }
  if (switched.boolean !== false) return;
  const named = workers.find(worker => chosen.string !== undefined && worker.names.known.includes(chosen.string));
  if (named && appOf(named) !== app && named.homeserver?.at(older).boolean === false)
    yield {
      at: switched,
      severity: 'error',
      message: `${chosen.string} does not start: ${option} gives it the duty, and ${older}: false gives it to workers of the kind ${app} — delete ${older}.`,
      related: [{ at: chosen, message: option }],
      fixes: () => {
        const edit = deleteEntry(switched);
        return edit ? [{ title: `Delete ${older}`, safe: true, edits: [edit] }] : [];
      },
    };
  const isNeeded =
    !isLi && (older !== 'notify_appservices' || homeserver.at('app_service_config_files').items().length > 0);
  if (chosen.exists || legacy || !isNeeded || !areAllThere(instance, homeserver)) return;
  if (workers.some(({ homeserver: own }) => !own || own.isPartial || own.at(option).exists)) return;
  yield {
    at: switched,
    message: `Nobody ${does}: ${older} is false, and ${option} names no worker — name one there, or take the option away.`,
  };
}

/**
 * Whether the tree has all processes of an instance, as far as can be told: no name in the configuration is one that
 * nobody has, and where there are no workers, there can be none, because they need Redis.
 */
function areAllThere(instance: SynapseInstance, homeserver: HomeserverReader): boolean {
  const names = [
    ...namedInstances(homeserver).map(({ name }) => name),
    ...homeserver
      .at('instance_map')
      .keys()
      .filter(name => name !== 'main'),
  ];
  if (names.some(name => !mayBeNamed(instance, name))) return false;
  return instance.workers.length > 0 || homeserver.at('redis', 'enabled').boolean !== true;
}

/** Whether other servers may talk to an instance. */
function federates({ main, workers }: SynapseInstance, homeserver: HomeserverReader): boolean {
  const whitelist = homeserver.at('federation_domain_whitelist');
  if (whitelist.kind === 'sequence' && whitelist.items().length === 0) return false;
  return [...(main ? [main] : []), ...workers].some(one => portsServing(one, 'federation').length > 0);
}

function isMadeFor(worker: SynapseProcess, { app, type }: Duty): boolean {
  return appOf(worker) === app || type.test(workerType(worker.resource));
}

/** Whether a worker may have the duty by what only its own configuration says. */
function isDoneBy({ homeserver }: SynapseProcess, { app, list }: Duty): boolean {
  if (!homeserver || homeserver.isPartial) return true;
  const own = homeserver.at(list);
  return (own.exists && own.items().length > 0) || (!own.exists && homeserver.at('worker_app').string === app);
}

function appOf({ homeserver }: SynapseProcess): string | undefined {
  return homeserver?.at('worker_app').string;
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

function isMediaWorker(worker: SynapseProcess): boolean {
  const isMade =
    worker.homeserver?.at('worker_app').string === 'synapse.app.media_repository' ||
    portsServing(worker, 'media').length > 0;
  return isMade && runsMediaRepository(worker) === true;
}

function nameThem(homeserver: HomeserverReader, doers: readonly SynapseProcess[], duty: Duty): readonly Fix[] {
  const names = doers.flatMap(one => one.names.known);
  const areKnown = doers.every(one => one.names.known.length > 0 && one.names.isUnique);
  const isAfter = homeserver.at(duty.older).exists;
  const { root } = homeserver.layer(isAfter ? duty.older : 'server_name');
  const yaml = [`${duty.list}:`, ...names.map(name => `  - ${name}`)].join('\n');
  const edit = areKnown ? insertEntry(root, yaml, isAfter ? { after: duty.older } : {}) : undefined;
  return edit ? [{ title: duty.fix, safe: true, edits: [edit] }] : [];
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
