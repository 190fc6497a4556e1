import { imageTag } from '../../analysis/images';
import { mainProcesses, type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import { replaceScalar } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'image-version-skew',
  items: [],
  severity: 'warning',
  summary: 'Synapse runs in different versions.',
  why: 'Main process and workers of one homeserver speak an internal protocol and share a database schema that change from release to release; the LI instance reads a copy of that database.',
  remedy: 'Run the same tag everywhere, and upgrade all of them together.',
  traps: [
    'The main process is taken for right.',
    'Tags that only differ by a variant, or digests, are compared as they are written.',
  ],
  sources: ['Synapse documentation, Upgrading: all processes run the same version.'],
  examples: {
    bad: `
      #- /synapse.yaml
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
                image: matrixdotorg/synapse:v1.119.0
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: synapse-sync
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.118.0
      #                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 warning: Deployment synapse-sync runs Synapse v1.118.0, but the main process v1.119.0
                command: [python, -m, synapse.app.generic_worker]
    `,
    good: `
      #- /synapse.yaml
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
                image: matrixdotorg/synapse:v1.119.0
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: synapse-sync
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.119.0
                command: [python, -m, synapse.app.generic_worker]
    `,
  },
  kinds: ['Deployment', 'StatefulSet'],
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    const main = process && mainOf(workspace);
    if (!process || !main || main.resource === resource) return;
    const [tag, wanted] = [tagOf(process), tagOf(main)];
    if (tag === undefined || wanted === undefined || tag === wanted) return;
    const image = process.container.value.at('image');
    yield {
      at: image,
      ...(process.isLi && { severity: 'info' as const }),
      message: `${resource.kind} ${resource.name} runs Synapse ${tag}, but the main process ${wanted} — run the same version everywhere.`,
      related: [{ at: main.container.value.at('image'), message: 'The main process' }],
      fixes: () => {
        const text = image.string ?? '';
        const edit = replaceScalar(image, `${text.slice(0, text.lastIndexOf(tag))}${wanted}`);
        return edit && text.endsWith(tag) ? [{ title: `Run ${wanted}`, safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

/** The main process of the main instance, if there is exactly one. */
function mainOf(workspace: Workspace): SynapseProcess | undefined {
  const mains = mainProcesses(workspace).filter(one => !one.isLi);
  return mains.length === 1 ? mains[0] : undefined;
}

function tagOf({ container }: SynapseProcess): string | undefined {
  const tag = imageTag(container.image);
  return tag !== undefined && /\d/.test(tag) ? tag : undefined;
}
