import type { HomeserverLayer } from '../../analysis/homeserver';
import { instanceOf, processKinds, readsLayer, type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import { deleteEntry, entryPlace } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'synapse-worker-legacy-replication',
  items: [],
  severity: 'error',
  summary: 'A worker’s configuration still uses worker_replication_host or worker_replication_http_port.',
  why: 'Synapse 1.88 removed these settings: a worker that finds them stops with "\'worker_replication_host\' is no longer a supported worker setting".',
  remedy: 'Delete them. Workers take the address of the main process from `instance_map`, where its key is `main`.',
  traps: [
    'In a homeserver.yaml that only the main process reads, the settings have no effect and are not reported.',
    '`worker_replication_http_tls: false` is still accepted and is deleted together with the others.',
    'Images with a tag before 1.88 still read the settings.',
  ],
  sources: ['element-hq/synapse, synapse/config/workers.py; docs/upgrade.md, "Upgrading to v1.88.0"'],
  examples: {
    bad: `
      #- /worker.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
      spec:
        template:
          spec:
            initContainers:
              - name: worker-config
                image: busybox:1.36.1
                command:
                  - sh
                  - -c
                  - |
                    cat > /config/worker.yaml <<EOF
                    worker_app: synapse.app.generic_worker
                    worker_name: \${HOSTNAME}
                    worker_replication_host: synapse-main
      #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: worker_replication_host was removed from Synapse
                    worker_replication_http_port: 9093
                    worker_log_config: /config/log.yaml
                    EOF
                volumeMounts:
                  - name: config
                    mountPath: /config
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker, --config-path=/config/worker.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                emptyDir: {}
    `,
    good: `
      #- /worker.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
      spec:
        template:
          spec:
            initContainers:
              - name: worker-config
                image: busybox:1.36.1
                command:
                  - sh
                  - -c
                  - |
                    cat > /config/worker.yaml <<EOF
                    worker_app: synapse.app.generic_worker
                    worker_name: \${HOSTNAME}
                    worker_log_config: /config/log.yaml
                    EOF
                volumeMounts:
                  - name: config
                    mountPath: /config
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker, --config-path=/config/worker.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                emptyDir: {}
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process?.homeserver) return;
    const { main, workers } = instanceOf(workspace, resource);
    const refusing = workers.filter(one => (one.minor ?? firstWithout) >= firstWithout);
    for (const layer of process.homeserver.layers) {
      // A file that the main process reads too is reported once, there.
      const readers = process.isWorker
        ? refusing.filter(one => one.resource === resource && !(main && readsLayer(main, layer)))
        : refusing.filter(one => readsLayer(one, layer));
      const [first] = readers;
      const [entry, ...others] = removedSettings(layer);
      if (!first || !entry) continue;
      yield {
        at: entryPlace(entry),
        message: `${entry.name} was removed from Synapse, so ${readersSaid(readers)} it — delete it, instance_map names the main process.`,
        related: others.map(at => ({ at: entryPlace(at), message: 'Removed as well' })),
        fixes: () => {
          const all = settings.map(name => layer.root.at(name)).filter(value => value.exists);
          const edits = all.flatMap(value => deleteEntry(value) ?? []);
          return edits.length === all.length
            ? [{ title: 'Delete the removed replication settings', safe: true, edits }]
            : [];
        },
      };
    }
  },
} satisfies Rule;

/** The first minor version of Synapse that stops at the settings (docs/upgrade.md). */
const firstWithout = 88;

const settings = ['worker_replication_host', 'worker_replication_http_port', 'worker_replication_http_tls'];

/** The settings that stop a worker: Synapse asks whether they are set to something that counts as true. */
function removedSettings({ root }: HomeserverLayer): readonly Value[] {
  return settings.map(name => root.at(name)).filter(value => value.exists && !isFalsy(value));
}

function isFalsy(value: Value): boolean {
  return value.isNull || value.boolean === false || value.number === 0 || value.text === '';
}

function readersSaid(readers: readonly SynapseProcess[]): string {
  const [first] = readers;
  return readers.length === 1
    ? `${first?.resource.title ?? 'the worker'} does not start with`
    : `the ${readers.length} workers that read this do not start with`;
}
