import { nearest } from '../../analysis/nearest';
import type { Container } from '../../analysis/pods';
import { instanceOf, isStockSynapse, processKinds, type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Problem, Rule } from '../rule';
import { reportedLayers } from './instances';

export default {
  id: 'synapse-worker-app-unknown',
  items: [],
  severity: 'error',
  summary: 'A worker is to run a program that Synapse does not have, or one that its configuration is not for.',
  why: 'A worker compares `worker_app` with the names that it knows and stops with an AssertionError at any other; Python finds no module of another name. A worker without `worker_app` stops the same way, and the main process refuses a configuration that has one.',
  remedy:
    'Write `synapse.app.generic_worker`, or `synapse.app.media_repository` for a worker with the media repository, both in the command and in the file that the worker is given.',
  traps: [
    'The names that workers had before there was a generic one, such as `synapse.app.federation_sender`, are still taken.',
    'What a script fills in is not judged, nor the configuration of a container that starts a program of its own.',
    'A module in the command is reported only where it comes very near to one of Synapse’s: an image may add others.',
  ],
  sources: ['element-hq/synapse, synapse/app/generic_worker.py, create_homeserver; docker/start.py: SYNAPSE_WORKER'],
  examples: {
    bad: `
      #- /worker.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-worker
      data:
        worker.yaml: |
          worker_app: synapse.apps.generic_worker
      #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: No worker of Synapse is called synapse.apps.generic_worker, so StatefulSet/synapse-generic does not start — did you mean synapse.app.generic_worker?
          worker_name: generic
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.genric_worker, --config-path=/config/worker.yaml]
      #                               ^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Synapse has no module synapse.app.genric_worker
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-worker
    `,
    good: `
      #- /worker.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-worker
      data:
        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: generic
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker, --config-path=/config/worker.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-worker
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process) return;
    yield* unknownModules(process);
    yield* otherProgram(process);
    yield* startedByImage(process);
    if (!process.isWorker || !process.homeserver || startsAnother(process)) return;
    const layer = process.homeserver.layer('worker_app');
    const at = layer.root.at('worker_app');
    const app = at.string;
    if (app === undefined || !isName(app) || apps.has(app)) return;
    if (layer.file.isOpaque || layer.file.resolve(at).kind !== 'left') return;
    if (!reportedLayers(instanceOf(workspace, resource), process).includes(layer)) return;
    const meant = meantBy(app, apps);
    yield {
      at,
      message: `No worker of Synapse is called ${app}, so ${resource.title} does not start — ${meant ? `did you mean ${meant}?` : 'write synapse.app.generic_worker.'}`,
      fixes: () => use(at, meant ?? 'synapse.app.generic_worker'),
    };
  },
} satisfies Rule;

/** What generic_worker.py takes for `worker_app`. */
const apps: ReadonlySet<string> = new Set(
  [
    ...['appservice', 'client_reader', 'event_creator', 'federation_reader', 'federation_sender', 'frontend_proxy'],
    ...['generic_worker', 'media_repository', 'pusher', 'synchrotron', 'user_dir'],
  ].map(name => `synapse.app.${name}`),
);

/** What `python -m` can start of synapse/app. */
const modules: ReadonlySet<string> = new Set([
  ...apps,
  'synapse.app.homeserver',
  'synapse.app.admin_cmd',
  'synapse.app.phone_stats_home',
  'synapse.app.complement_fork_starter',
]);

/**
 * A program that is started with the configuration of the other kind: a worker looks for `worker_app`, and the main
 * process refuses it (synapse/app/generic_worker.py and homeserver.py).
 */
function* otherProgram({ resource, container, homeserver }: SynapseProcess): Iterable<Problem> {
  const started = startedModules(container);
  const [module] = started;
  if (started.length !== 1 || !module?.string || !modules.has(module.string)) return;
  if (!homeserver || homeserver.isPartial) return;
  const app = homeserver.at('worker_app');
  if (apps.has(module.string) && !app.exists) {
    yield {
      at: module,
      message: `${resource.title} starts a worker, but its configuration has no worker_app, so it stops with an AssertionError — give it the file that says worker_app: ${module.string}.`,
    };
  }
  if (module.string === 'synapse.app.homeserver' && app.string && apps.has(app.string)) {
    yield {
      at: module,
      message: `${resource.title} starts the main process with a worker_app in its configuration, which it refuses — start synapse.app.generic_worker, or leave worker_app out.`,
      related: [{ at: app, message: 'worker_app' }],
      fixes: () => use(module, 'synapse.app.generic_worker'),
    };
  }
}

/** The image's start.py takes the first argument for what it is to do: run, generate or migrate_config. */
function* startedByImage({ resource, container }: SynapseProcess): Iterable<Problem> {
  const first = container.value.at('args', 0);
  if (container.value.at('command').exists || !isStockSynapse(container.image)) return;
  const text = first.text ?? '';
  if (text === '' || /^(?:run|generate|migrate_config)$|[${}<]/.test(text)) return;
  const args = container.value.at('args');
  const isOption = text.startsWith('-');
  yield {
    at: first,
    message: `The image of ${resource.title} starts its own script with these arguments, which takes the first for what it is to do and knows no ${text.split('=', 1)[0]}, so the container ends — ${isOption ? 'write run before it' : 'write them under command'}.`,
    fixes: () =>
      isOption
        ? []
        : [{ title: 'Write command instead of args', safe: true, edits: [{ at: args.key, newText: 'command' }] }],
  };
}

/** The modules that the command, or the variable of the official image, starts. */
function startedModules(container: Container): readonly Value[] {
  const variable = container.value
    .at('env')
    .items()
    .find(one => one.at('name').text === 'SYNAPSE_WORKER')
    ?.at('value');
  const words = [...container.value.at('command').items(), ...container.value.at('args').items()];
  const started = words.filter((_, index) => words[index - 1]?.text === '-m');
  return [...started, ...(variable?.exists ? [variable] : [])];
}

/** Misspelt modules that a command, or the variable of the official image, starts. */
function* unknownModules({ resource, container }: SynapseProcess): Iterable<Problem> {
  for (const at of startedModules(container)) {
    const name = at.string;
    if (name === undefined || !isName(name) || modules.has(name)) continue;
    const meant = meantBy(name, modules);
    if (meant === undefined) continue;
    yield {
      at,
      message: `Synapse has no module ${name}, so ${resource.title} does not start — did you mean ${meant}?`,
      fixes: () => use(at, meant),
    };
  }
}

/** Whether a container runs a Python module that is not Synapse's, which may know other workers. */
function startsAnother({ container }: SynapseProcess): boolean {
  const words = [...container.value.at('command').scalars(), ...container.value.at('args').scalars()];
  const line = words.map(word => word.text ?? '').join(' ');
  return [...line.matchAll(/(?:^|\s)-m\s+["']?([\w.]+)/g)].some(
    ([, name = '']) => !name.startsWith('synapse.') && meantBy(name, modules) === undefined,
  );
}

function isName(text: string): boolean {
  return /^[\w.-]+$/.test(text) && findPlaceholders(text, 'value').length === 0;
}

/** The name that another misspells, or of which it has the last part only. */
function meantBy(name: string, known: ReadonlySet<string>): string | undefined {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return nearest(name, known) ?? [...known].find(one => one === `synapse.app.${last}`);
}

function use(at: Value, name: string): ReturnType<NonNullable<Problem['fixes']>> {
  const edit = replaceScalar(at, name);
  return edit ? [{ title: `Write ${name}`, safe: false, edits: [edit] }] : [];
}
