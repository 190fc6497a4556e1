import { processKinds, synapseProcess } from '../../analysis/synapse';
import { deleteEntry } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Fix, Rule } from '../rule';
import { writtenStreams } from './instances';

export default {
  id: 'synapse-stream-writer-count',
  items: [],
  severity: 'error',
  summary: 'A stream that only one process may write has several writers, or none.',
  why: 'Synapse refuses to start: "Must only specify one instance to handle `typing` messages". All processes share the configuration, so none of them comes up.',
  remedy:
    'Give each of `typing`, `to_device`, `account_data`, `presence` and `push_rules` exactly one writer. `events`, `receipts` and `device_lists` may have several.',
  traps: [
    'One name and a list of one name mean the same.',
    'A stream that is not listed is written by the main process.',
  ],
  sources: ['element-hq/synapse, synapse/config/workers.py; docs/workers.md, "Stream writers"'],
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
          stream_writers:
            events: [synapse-writer-0, synapse-writer-1]
            typing:
              - synapse-writer-0
              - synapse-writer-1
      #         ^^^^^^^^^^^^^^^^ 💡 error: The stream typing may have one writer only, but 2 are listed
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
          stream_writers:
            events: [synapse-writer-0, synapse-writer-1]
            typing:
              - synapse-writer-0
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
    if (!process?.homeserver || process.isWorker) return;
    for (const [stream, value] of writtenStreams(process.homeserver)) {
      if (value.kind !== 'sequence') continue;
      const writers = value.items();
      const [, second] = writers;
      if (second && singleWriter.has(stream)) {
        yield {
          at: second,
          message: `The stream ${stream} may have one writer only, but ${writers.length} are listed, so no Synapse process starts — keep one of them.`,
          related: writers.filter(one => one !== second).map(at => ({ at, message: `Also a writer of ${stream}` })),
          fixes: () => keepFirst(value, writers),
        };
      } else if (writers.length === 0 && (singleWriter.has(stream) || someWriter.has(stream))) {
        yield {
          at: value.key,
          message: `The stream ${stream} has no writer, so no Synapse process starts — name one, or delete the line so that the main process writes it.`,
          fixes: () => {
            const edit = deleteEntry(value);
            return edit ? [{ title: `Let the main process write ${stream}`, safe: false, edits: [edit] }] : [];
          },
        };
      }
    }
  },
} satisfies Rule;

/** Streams whose writer Synapse demands to be one (synapse/config/workers.py). */
const singleWriter = new Set(['typing', 'to_device', 'account_data', 'presence', 'push_rules']);
/** Streams that may have several writers, but not none. */
const someWriter = new Set(['events', 'receipts', 'device_lists']);

function keepFirst(list: Value, writers: readonly Value[]): readonly Fix[] {
  const [first] = writers;
  if (list.style === 'flow') {
    const edit = first?.string === undefined ? undefined : { at: list, newText: `[${first.string}]` };
    return edit && first ? [{ title: `Keep ${first.string} only`, safe: false, edits: [edit] }] : [];
  }
  const edits = writers.slice(1).flatMap(writer => deleteEntry(writer) ?? []);
  return first && edits.length === writers.length - 1
    ? [{ title: `Keep ${first.string ?? 'the first'} only`, safe: false, edits }]
    : [];
}
