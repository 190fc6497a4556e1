import { isPatch } from '../../analysis/kustomization';
import { containersOf, isInjected, podTemplate, workloadKinds } from '../../analysis/pods';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'volume-unmounted',
  items: [],
  severity: 'warning',
  summary: 'A pod has a volume that none of its containers mounts.',
  why: 'The kubelet makes the volume, and nobody sees it: a configuration is not read, a key is not found, or data goes into the container’s own file system and is lost when it restarts.',
  remedy: 'Mount the volume in the container that needs it, or delete it.',
  traps: [
    'Volumes that containers use as block devices, under `volumeDevices`, are used.',
    'Where something adds containers to the pod, as annotations of service meshes and of Vault tell, they may use it.',
    'A container that mounts a volume which the pod does not have is reported by reference-missing-volume, and nothing more is said.',
  ],
  sources: [
    'Kubernetes documentation, Volumes: spec.volumes provides them, and volumeMounts declares where each container has them',
  ],
  examples: {
    bad: `
      #- /element.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: element-web
                image: vectorim/element-web:v1.11.94
            volumes:
              - name: config
      #               ^^^^^^ warning: No container of Deployment element-web mounts the volume config
                configMap:
                  name: element-config
    `,
    good: `
      #- /element.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: element-web
                image: vectorim/element-web:v1.11.94
                volumeMounts:
                  - name: config
                    mountPath: /app/config.json
                    subPath: config.json
            volumes:
              - name: config
                configMap:
                  name: element-config
    `,
  },
  kinds: [...workloadKinds],
  *check(workload, workspace) {
    const volumes = volumesOf(workload);
    if (volumes.length === 0 || isPatch(workspace, workload.document.file) || isInjected(workload)) return;
    const containers = containersOf(workload);
    if (containers.length === 0) return;
    const used = new Set(
      containers.flatMap(({ value }) =>
        ['volumeMounts', 'volumeDevices'].flatMap(field =>
          value
            .at(field)
            .items()
            .flatMap(mount => mount.at('name').text ?? []),
        ),
      ),
    );
    const names = volumes.flatMap(name => name.text ?? []);
    if ([...used].some(name => !names.includes(name))) return;
    for (const name of volumes) {
      if (name.text === undefined || used.has(name.text)) continue;
      yield {
        at: name,
        message: `No container of ${workload.kind} ${workload.name} mounts the volume ${name.text} — mount it where it is needed, or delete it.`,
      };
    }
  },
} satisfies Rule;

/** The names of the volumes of a pod; in a StatefulSet those of its claims too. */
function volumesOf(workload: Resource): readonly Value[] {
  const volumes = podTemplate(workload)?.at('spec', 'volumes').items() ?? [];
  const claims = workload.kind === 'StatefulSet' ? workload.root.at('spec', 'volumeClaimTemplates').items() : [];
  return [...volumes.map(volume => volume.at('name')), ...claims.map(claim => claim.at('metadata', 'name'))];
}
