import { isBelow, type Mount, mountsOf, volumeOf } from '../../analysis/mounts';
import { containersOf, workloadKinds } from '../../analysis/pods';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'volume-mount-nested',
  items: [],
  severity: 'error',
  summary: 'A single file is mounted into the folder of another ConfigMap or Secret volume.',
  why: 'The kubelet makes a mount point in the outer volume, and it always makes a folder. The container runtime then has to put a file on a folder and gives up with "not a directory": the container never starts.',
  remedy:
    'Make one `projected` volume of both sources, or mount the file at a path outside of the other volume’s folder and let scripts read it there.',
  traps: [
    'A whole volume, without `subPath`, may be mounted below another one.',
    'Below an emptyDir or a claim a file may be mounted; the runtime makes its mount point there.',
    'Files below a folder of the image are what `subPath` is for.',
  ],
  sources: [
    'kubernetes/kubernetes, pkg/volume/util/nested_volumes.go: MakeNestedMountpoints; issue 61545 "not a directory. When mounting Configmaps and a subpath in the same directory"',
  ],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        log.yaml: "version: 1"
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-key
        namespace: matrix
      stringData:
        signing.key: ed25519 a_kT4d 0f3l1hJq2c9mXw7sVbN5zR8yGpKe6uTaLdOiQxYhSjM
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: registry.tessera.test/synapse:1
            volumeMounts:
              - name: config
                mountPath: /templates
              - name: key
                mountPath: /templates/signing.key
      #                    ^^^^^^^^^^^^^^^^^^^^^^ error: Container synapse does not start, because the file signing.key is mounted into the folder of volume config
                subPath: signing.key
        volumes:
          - name: config
            configMap:
              name: synapse-config
          - name: key
            secret:
              secretName: synapse-key
    `,
    good: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        log.yaml: "version: 1"
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse-key
        namespace: matrix
      stringData:
        signing.key: ed25519 a_kT4d 0f3l1hJq2c9mXw7sVbN5zR8yGpKe6uTaLdOiQxYhSjM
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: registry.tessera.test/synapse:1
            volumeMounts:
              - name: templates
                mountPath: /templates
        volumes:
          - name: templates
            projected:
              sources:
                - configMap:
                    name: synapse-config
                - secret:
                    name: synapse-key
                    items:
                      - key: signing.key
                        path: signing.key
    `,
  },
  kinds: [...workloadKinds],
  *check(resource) {
    for (const container of containersOf(resource)) {
      const mounts = mountsOf(container);
      for (const inner of mounts) {
        const { subPath, mountPath } = inner;
        if (subPath === undefined || subPath === '' || !isFile(resource, inner.volume, subPath)) continue;
        const outer = closestAbove(mounts, inner);
        if (!outer || !isWrittenByKubelet(volumeOf(resource, outer.volume))) continue;
        yield {
          at: inner.value.at('mountPath'),
          message: `Container ${container.name} does not start, because the file ${subPath} is mounted into the folder of volume ${outer.volume}, where the kubelet makes a folder for it — put both into one projected volume, or mount ${mountPath.slice(mountPath.lastIndexOf('/') + 1)} outside of ${outer.mountPath}.`,
          related: [{ at: outer.value.at('mountPath'), message: `Volume ${outer.volume} is mounted here` }],
        };
      }
    }
  },
} satisfies Rule;

/** The mount that a mount lies in; what is mounted on a single file of it is no folder. */
function closestAbove(mounts: readonly Mount[], inner: Mount): Mount | undefined {
  const above = mounts.filter(
    one => one !== inner && one.mountPath !== inner.mountPath && isBelow(inner.mountPath, one.mountPath),
  );
  const [closest] = above.sort((one, other) => other.mountPath.length - one.mountPath.length);
  return closest?.subPath === undefined ? closest : undefined;
}

/** The kinds of volumes whose files the kubelet writes anew at every change, and whose mount points it makes. */
function isWrittenByKubelet(volume: Value | undefined): boolean {
  return (
    volume !== undefined && ['configMap', 'secret', 'projected', 'downwardAPI'].some(kind => volume.at(kind).exists)
  );
}

/** Whether a path of a volume is a file for sure: one of the keys, not a folder that `items` makes. */
function isFile(resource: Resource, name: string, path: string): boolean {
  const volume = volumeOf(resource, name);
  if (!volume || !isWrittenByKubelet(volume)) return false;
  const sources = volume.at('projected').exists ? volume.at('projected', 'sources').items() : [volume];
  const paths = sources.flatMap(source =>
    ['configMap', 'secret', 'downwardAPI'].flatMap(kind =>
      source
        .at(kind, 'items')
        .items()
        .flatMap(item => item.at('path').text ?? []),
    ),
  );
  return !paths.some(one => one.startsWith(`${path}/`));
}
