import { bytesText, postgresMemory, quantityOf } from '../../analysis/quantity';
import { clusterKind } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'pg-shared-buffers-too-large',
  items: ['1.1.c.1'],
  severity: 'warning',
  summary: "PostgreSQL's shared_buffers takes more of the memory than the pod can spare.",
  why: 'With `shared_buffers` at or above the memory limit the server cannot start, or the kernel kills it as soon as the buffers fill up. Far above a quarter of the memory, nothing is left for connections and the file cache.',
  remedy: 'Set `shared_buffers` to about a quarter of the requested memory, or request more memory.',
  traps: [
    'PostgreSQL has units of its own: `4GB` is 4 · 2³⁰ bytes, and a bare number counts blocks of 8 kB.',
    'Up to 40 % of the requested memory is accepted. More than that is only mentioned where it is at most 40 % of the limit.',
    'Lowering the memory to the floor of the checklist without lowering `shared_buffers` as well is how this usually comes about.',
  ],
  sources: [
    'PostgreSQL documentation, Resource Consumption: a reasonable starting value for shared_buffers is 25 % of the memory.',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        postgresql:
          parameters:
            shared_buffers: "4GB" # a quarter of 16GB
      #                     ^^^^^ 💡 error: shared_buffers is 4GB, but the pods of Cluster matrix-postgresql may use 2Gi
        resources:
          limits:
            memory: 2Gi
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        postgresql:
          parameters:
            shared_buffers: "512MB" # a quarter of 16GB
        resources:
          limits:
            memory: 2Gi
    `,
  },
  kinds: [clusterKind],
  *check(cluster) {
    const spec = cluster.root.at('spec');
    const parameter = spec.at('postgresql', 'parameters', 'shared_buffers');
    const buffers = postgresMemory(parameter.text);
    if (buffers === undefined) return;
    const limit = quantityOf(spec.at('resources', 'limits', 'memory').text);
    const request = quantityOf(spec.at('resources', 'requests', 'memory').text) ?? limit;
    const memory = spec.at('resources', limit !== undefined && buffers >= limit ? 'limits' : 'requests', 'memory');
    const isOver = limit !== undefined && buffers >= limit;
    if (!isOver && (request === undefined || buffers <= request * 0.4)) return;
    const quarter = megabytes(Math.floor((request ?? 0) / 4 / 2 ** 20));
    // Pods that may use more than they request have that much most of the time, but not when the node is full.
    const isBurst = limit !== undefined && buffers <= limit * 0.4;
    yield {
      at: parameter,
      severity: isOver ? 'error' : isBurst ? 'info' : 'warning',
      message: isOver
        ? `shared_buffers is ${parameter.text}, but the pods of Cluster ${cluster.name} may use ${bytesText(limit)} memory in all — set about ${quarter}.`
        : `shared_buffers is ${parameter.text}, ${Math.round((100 * buffers) / (request ?? 1))} % of the ${bytesText(request ?? 0)} memory that Cluster ${cluster.name} requests — set about ${quarter}, a quarter.`,
      related: memory.exists ? [{ at: memory, message: 'The memory of the pods' }] : [],
      fixes: () => {
        const edit = replaceScalar(parameter, quarter);
        return edit && request !== undefined && request >= 2 ** 27
          ? [{ title: `Set shared_buffers to ${quarter}`, safe: false, edits: [edit] }]
          : [];
      },
    };
  },
} satisfies Rule;

function megabytes(count: number): string {
  return count >= 1024 && count % 1024 === 0 ? `${count / 1024}GB` : `${count}MB`;
}
