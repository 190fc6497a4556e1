import { nearest } from '../../analysis/nearest';
import { containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { insertEntry, insertItem, quoted, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Fix, Rule } from '../rule';

export default {
  id: 'reference-missing-volume',
  items: [],
  severity: 'error',
  summary: 'A container mounts a volume that its pod does not have.',
  why: 'The API server refuses the manifest: `volumeMounts[0].name: Not found`.',
  remedy: 'Add the volume to `spec.volumes` of the pod, or name one that is there.',
  traps: [
    'In a StatefulSet the names of its volumeClaimTemplates are volumes too.',
    'Volumes that an admission webhook adds, as those of service meshes, are mounted by containers that the webhook adds and stand in no manifest.',
  ],
  sources: [
    'Kubernetes API reference, Container: volumeMounts.name "must match the Name of a Volume"; the check is in pkg/apis/core/validation.',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            volumeMounts:
              - name: confg
      #               ^^^^^ 💡 error: Container app mounts the volume confg, which the pod does not have — did you mean config?
                mountPath: /etc/app
        volumes:
          - name: config
            emptyDir: {}
          - name: data
            emptyDir: {}
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            volumeMounts:
              - name: config
                mountPath: /etc/app
        volumes:
          - name: config
            emptyDir: {}
          - name: data
            emptyDir: {}
    `,
  },
  kinds: [...workloadKinds],
  *check(workload) {
    const names = volumeNames(workload);
    for (const container of containersOf(workload)) {
      for (const field of ['volumeMounts', 'volumeDevices']) {
        for (const mount of container.value.at(field).items()) {
          const name = mount.at('name');
          if (!name.text || names.includes(name.text)) continue;
          const close = nearest(name.text, names);
          yield {
            at: name,
            message: `${container.isInit ? 'Init container' : 'Container'} ${container.name} mounts the volume ${name.text}, which the pod does not have — ${close ? `did you mean ${close}?` : 'add it to volumes, or name one that is there.'}`,
            fixes: () => [...renameTo(name, close), ...addVolume(workload, name.text ?? '')],
          };
        }
      }
    }
  },
} satisfies Rule;

function volumeNames(workload: Resource): readonly string[] {
  const volumes = podTemplate(workload)?.at('spec', 'volumes').items() ?? [];
  const claims = workload.kind === 'StatefulSet' ? workload.root.at('spec', 'volumeClaimTemplates').items() : [];
  return [
    ...volumes.flatMap(volume => volume.at('name').text ?? []),
    ...claims.flatMap(claim => claim.at('metadata', 'name').text ?? []),
  ];
}

function renameTo(name: Value, close: string | undefined): readonly Fix[] {
  const edit = close === undefined ? undefined : replaceScalar(name, close);
  return edit ? [{ title: `Mount the volume ${close}`, safe: false, edits: [edit] }] : [];
}

function addVolume(workload: Resource, name: string): readonly Fix[] {
  const spec = podTemplate(workload)?.at('spec');
  if (!spec) return [];
  const volumes = spec.at('volumes');
  const item = `name: ${quoted(name, 'plain')}\nemptyDir: {}`;
  const edit = volumes.exists
    ? insertItem(volumes, item)
    : insertEntry(spec, `volumes:\n  - ${item.replaceAll('\n', '\n    ')}`);
  return edit ? [{ title: `Add an emptyDir volume ${name}`, safe: false, edits: [edit] }] : [];
}
