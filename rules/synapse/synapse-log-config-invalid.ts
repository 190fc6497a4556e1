import { parsed } from '../../analysis/configs';
import { effectiveFile } from '../../analysis/effective';
import { nearest } from '../../analysis/nearest';
import { processesBeside, processKinds, type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import { replaceScalar } from '../../manifests/edit';
import { isSamePlace } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'synapse-log-config-invalid',
  items: [],
  severity: 'error',
  summary: 'The logging configuration names a handler, a formatter or a filter that it does not define.',
  why: 'Python checks the whole configuration before anything is logged. A name that is not there, or a missing `version: 1`, ends Synapse at start with a ValueError.',
  remedy:
    'Define what is named under `handlers`, `formatters` or `filters`, or correct the name; and write `version: 1`.',
  traps: ['Names that a script puts in are not judged.', 'With `incremental: true` nothing has to be defined.'],
  sources: [
    'Python documentation, logging.config, "Dictionary Schema Details"; CPython Lib/logging/config.py: DictConfigurator.configure',
  ],
  examples: { bad: example('[consol]', true), good: example('[console]', false) },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    for (const { at, text, meant } of process ? wrongNames(workspace, process) : []) {
      // All processes read one file; what is wrong in it is told of the first.
      const first = processesBeside(workspace, resource).find(one =>
        wrongNames(workspace, one).some(other => isSamePlace(other.at, at)),
      );
      if (first !== process) continue;
      yield {
        at,
        message: text,
        fixes: () => {
          const edit = meant === undefined ? undefined : replaceScalar(at, meant);
          return edit ? [{ title: `Write ${meant}`, safe: false, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

interface WrongName {
  readonly at: Value;
  readonly text: string;
  readonly meant: string | undefined;
}

function wrongNames(workspace: Workspace, process: SynapseProcess): readonly WrongName[] {
  const { homeserver, resource, container, isWorker } = process;
  if (!homeserver || homeserver.isPartial) return [];
  const worker = homeserver.at('worker_log_config');
  const path = (isWorker && worker.exists ? worker : homeserver.at('log_config')).text;
  const file = path === undefined ? undefined : effectiveFile(workspace, resource, container, path);
  if (!file || file.isOpaque) return [];
  const { root } = parsed(file);
  if (root.kind !== 'mapping' || root.at('incremental').boolean === true) return [];
  const found: WrongName[] = [];
  const version = root.at('version');
  if (!version.exists || (version.number !== 1 && file.resolve(version).kind === 'left')) {
    const at = version.exists ? version : root.entries()[0]?.[1];
    if (at)
      found.push({
        at,
        text: 'The logging configuration has no version: 1, so Synapse does not start — add it.',
        meant: undefined,
      });
  }
  const check = (kind: 'handlers' | 'formatters' | 'filters', name: Value): void => {
    const text = name.text;
    const names = root.at(kind).keys();
    if (text === undefined || names.includes(text) || file.resolve(name).kind !== 'left') return;
    const meant = nearest(text, names) ?? (names.length === 1 ? names[0] : undefined);
    found.push({
      at: name,
      text: `The logging configuration defines no ${kind.slice(0, -1)} ${text}, so Synapse does not start — ${meant ? `write ${meant}, or define it.` : 'define it.'}`,
      meant,
    });
  };
  const loggers = [
    root.at('root'),
    ...root
      .at('loggers')
      .entries()
      .map(([, logger]) => logger),
  ];
  for (const logger of loggers) {
    for (const handler of logger.at('handlers').items()) check('handlers', handler);
    for (const filter of logger.at('filters').items()) check('filters', filter);
  }
  for (const [, handler] of root.at('handlers').entries()) {
    if (handler.at('formatter').exists) check('formatters', handler.at('formatter'));
    for (const filter of handler.at('filters').items()) check('filters', filter);
    // synapse's documentation wraps the file's handler in a buffer.
    if (handler.at('target').exists && /MemoryHandler|Buffered|Buffering/.test(handler.at('class').text ?? ''))
      check('handlers', handler.at('target'));
  }
  return found;
}

function example(handlers: string, isMarked: boolean): string {
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
          log_config: /config/log.yaml
        log.yaml: |
          version: 1
          handlers:
            console: {class: logging.StreamHandler}
          root:
            handlers: ${handlers}
${isMarked ? '      #                ^^^^^^ 💡 error: The logging configuration defines no handler consol, so Synapse does not start\n' : ''}      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: synapse-config}
    `;
}
