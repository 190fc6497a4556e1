import { familiesOf } from '../../analysis/roles';
import { instanceOf, runsMediaRepository, synapseProcess } from '../../analysis/synapse';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { type NamedInstance, namedInstances } from '../synapse/instances';

export default {
  id: 'hpa-on-named-workers',
  items: [],
  severity: 'warning',
  summary: 'A HorizontalPodAutoscaler scales Synapse workers that the configuration names one by one.',
  why: 'Work is divided among the names in `stream_writers`, `federation_sender_instances` and their like. A pod that the autoscaler adds gets no work, and one that it removes leaves its share undone: events are not persisted, servers are not sent to.',
  remedy: 'Delete the autoscaler and set `replicas` to the number of names. Change both together to scale.',
  traps: [
    'The main process cannot be scaled at all: that is an error.',
    'Workers that nothing names, such as synchrotrons and generic workers, may be scaled.',
    'Media workers may be scaled if `media_instance_running_background_jobs` names one of them that always runs; without it every one of them runs the clean-up jobs.',
    'Redis and its Sentinels are configured by name as well, and only the master takes writes.',
    'An autoscaler with equal bounds scales nothing and is accepted.',
  ],
  sources: [
    'Synapse documentation, Workers: the lists of stream writers and federation senders have to be the same in every process; "media_instance_running_background_jobs" with several media workers.',
  ],
  examples: {
    bad: `
      #- /persister.yaml
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata:
        name: persister
        namespace: matrix
      spec:
        scaleTargetRef:
          apiVersion: apps/v1
          kind: StatefulSet
          name: persister
      #         ^^^^^^^^^ warning: HorizontalPodAutoscaler persister scales StatefulSet/persister, whose pods stream_writers.events names one by one
        minReplicas: 2
        maxReplicas: 4
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: persister
        namespace: matrix
      spec:
        replicas: 2
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.119.0
                command: [sh, -c]
                args:
                  - |
                    printf 'worker_app: synapse.app.generic_worker\\nworker_name: %s\\n' "$HOSTNAME" > /tmp/worker.yaml
                    exec python -m synapse.app.generic_worker -c /config/homeserver.yaml -c /tmp/worker.yaml
                volumeMounts:
                  - { name: config, mountPath: /config }
            volumes:
              - name: config
                configMap: { name: synapse }
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: matrix.test
          stream_writers:
            events: [persister-0, persister-1]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.119.0
                command: [python, -m, synapse.app.homeserver, -c, /config/homeserver.yaml]
                volumeMounts:
                  - { name: config, mountPath: /config }
            volumes:
              - name: config
                configMap: { name: synapse }
    `,
    good: `
      #- /sync.yaml
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata:
        name: sync
        namespace: matrix
      spec:
        scaleTargetRef:
          apiVersion: apps/v1
          kind: Deployment
          name: sync
        minReplicas: 2
        maxReplicas: 4
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: sync
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.119.0
                command: [python, -m, synapse.app.generic_worker, -c, /config/homeserver.yaml]
    `,
  },
  kinds: ['HorizontalPodAutoscaler'],
  *check(scaler, workspace) {
    const spec = scaler.root.at('spec');
    const most = spec.at('maxReplicas').number ?? 0;
    const target = spec.at('scaleTargetRef');
    if (most <= (spec.at('minReplicas').number ?? 1)) return;
    const worker = workspace.find(target.at('kind').text ?? '', scaler.namespace, target.at('name').text ?? '');
    const process = worker && synapseProcess(workspace, worker);
    if (worker && (familiesOf(worker).has('redis') || familiesOf(worker).has('sentinel')))
      yield {
        at: target.at('name'),
        message: `HorizontalPodAutoscaler ${scaler.name} scales ${worker.title}, of which only one pod is the master and takes writes, so added pods carry no load, and removed ones may be the master or the majority of the Sentinels — use a fixed number of replicas.`,
      };
    if (!worker || !process) return;
    if (!process.isWorker) {
      yield {
        at: target.at('name'),
        severity: 'error',
        message: `HorizontalPodAutoscaler ${scaler.name} scales ${worker.title}, the main process of Synapse, of which there may be only one — delete the autoscaler, and scale workers instead.`,
        related: [{ at: worker.root.at('metadata', 'name'), message: worker.title }],
      };
      return;
    }
    const named = namesOf(workspace, worker).filter(
      ({ name }) => process.names.known.includes(name) || isPodName(name, worker),
    );
    const dividing = named.find(({ option }) => /^stream_writers\.|_instances$/.test(option));
    if (dividing) {
      yield {
        at: target.at('name'),
        message: `HorizontalPodAutoscaler ${scaler.name} scales ${worker.title}, whose pods ${dividing.option} names one by one, so added pods get no work and removed ones leave theirs undone — use a fixed number of replicas.`,
        related: [{ at: dividing.at, message: `${dividing.option} names ${dividing.name}` }],
      };
      return;
    }
    const isMedia = /media/.test(worker.name) && runsMediaRepository(process) === true;
    if (!isMedia || process.homeserver?.isPartial) return;
    if (process.homeserver?.at('media_instance_running_background_jobs').exists) return;
    yield {
      at: target.at('name'),
      message: `HorizontalPodAutoscaler ${scaler.name} scales ${worker.title} to ${most}, and without media_instance_running_background_jobs every media worker runs the clean-up jobs — name one of them.`,
    };
  },
} satisfies Rule;

/** The processes that the configuration of the main process, else of the worker, names. */
function namesOf(workspace: Workspace, worker: Resource): readonly NamedInstance[] {
  const { main } = instanceOf(workspace, worker);
  const homeserver = main?.homeserver ?? synapseProcess(workspace, worker)?.homeserver;
  return homeserver ? namedInstances(homeserver) : [];
}

function isPodName(name: string, { kind, name: workload }: Resource): boolean {
  return kind === 'StatefulSet' && name.startsWith(`${workload}-`) && /^\d+$/.test(name.slice(workload.length + 1));
}
