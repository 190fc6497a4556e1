import { replicasIn } from '../../analysis/replicas';
import { synapseProcess } from '../../analysis/synapse';
import { replaceValue } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'synapse-main-replicated',
  items: [],
  severity: 'error',
  summary: 'The main process of Synapse runs more than once.',
  why: 'The main process takes itself for the only one: it keeps caches that only its own replication stream clears, sends to the same servers and runs the same background jobs. Two of them on one database give contradictory answers and lose events.',
  remedy: 'Set `replicas: 1`, and scale by workers, which have names of their own.',
  traps: [
    'Workers may have several pods, as long as each has a name of its own: that is what `synapse-worker-name-mismatch` looks at.',
    'The LI instance is a homeserver of its own with a main process of its own, which is one as well.',
    'An autoscaler of the main process is reported by `hpa-on-named-workers`.',
  ],
  sources: [
    'Synapse documentation, Workers, "Architectural diagram": one main process, and any number of workers beside it.',
  ],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        replicas: 2
      #           ^ 💡 error: StatefulSet synapse-main runs the main process of Synapse 2 times — set replicas: 1, and scale by workers.
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
    `,
    good: `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        replicas: 1
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
    `,
  },
  kinds: ['StatefulSet', 'Deployment', 'ReplicaSet'],
  *check(workload, workspace) {
    const replicas = workload.root.at('spec', 'replicas');
    const count = replicasIn(workspace, workload);
    if (count < 2) return;
    const process = synapseProcess(workspace, workload);
    // Without its configuration a process by another command may be anything.
    if (!process || process.isWorker || !mayBeMain.test(workload.name)) return;
    yield {
      at: replicas.exists ? replicas : workload.root.at('metadata', 'name'),
      message: `${workload.kind} ${workload.name} runs the main process of Synapse ${count} times — set replicas: 1, and scale by workers.`,
      fixes: () => {
        const edit = (replicas.number ?? 1) > 1 ? replaceValue(replicas, '1') : undefined;
        return edit ? [{ title: 'Set replicas to 1', safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

/** A workload that calls itself a worker is one whose configuration is not known, rather than a main process. */
const mayBeMain =
  /^(?!.*(?:worker|generic|synchrotron|persister|sender|media|appservice|pusher|background|typing|receipts))/;
