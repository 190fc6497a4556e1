import { podTemplate, workloadKinds } from '../../analysis/pods';
import { settingsOf } from '../../analysis/settings';
import type { Place } from '../../manifests/span';
import type { Problem, Rule } from '../rule';

export default {
  id: 'removed-volume-type',
  items: [],
  severity: 'error',
  summary: 'A volume is of a type that Kubernetes has taken out.',
  why: 'The API server still takes the object, but no plugin for the volume is left: the pod waits in ContainerCreating with "no volume plugin matched", or the claim stays Pending.',
  remedy: 'Use a CSI driver for the storage, or an init container that clones the repository.',
  traps: [
    'The Kubernetes version is that of `target.kubernetes` in `matrix-preflight.yaml`, 1.27 by default.',
    'A type that goes in a later version than the target is a warning, and so is `gitRepo` up to 1.35, which whoever runs the cluster may have turned on.',
    'Types that a CSI driver has taken over under the old name, such as `awsElasticBlockStore`, are left alone.',
  ],
  sources: [
    'kubernetes/kubernetes pkg/api/pod/warnings.go: the versions from which each type is "non-functional"',
    'kubernetes/enhancements KEP-5040: gitRepo is turned off with 1.33 and locked with 1.36',
  ],
  examples: {
    bad: `
      #- /media.yaml
      apiVersion: v1
      kind: PersistentVolume
      metadata:
        name: media
      spec:
        capacity:
          storage: 100Gi
        accessModes: [ReadWriteMany]
        glusterfs:
      # ^^^^^^^^^ error: Volumes of the type glusterfs are gone since Kubernetes 1.26
          endpoints: gluster
          path: media
    `,
    good: `
      #- /media.yaml
      apiVersion: v1
      kind: PersistentVolume
      metadata:
        name: media
      spec:
        capacity:
          storage: 100Gi
        accessModes: [ReadWriteMany]
        nfs:
          server: 10.0.0.5
          path: /media
    `,
  },
  kinds: [...workloadKinds, 'PersistentVolume', 'StorageClass'],
  *check(resource, workspace) {
    const target = settingsOf(workspace).kubernetes;
    const minor = Number(/^v?1\.(\d+)/.exec(target)?.[1] ?? '27');
    if (resource.kind === 'StorageClass') {
      const provisioner = resource.root.at('provisioner');
      const type = provisioners.get(provisioner.text ?? '');
      if (type) yield problem(provisioner, provisioner.text ?? '', type, target, minor);
      return;
    }
    const sources =
      resource.kind === 'PersistentVolume'
        ? [resource.root.at('spec')]
        : (podTemplate(resource)?.at('spec', 'volumes').items() ?? []);
    for (const source of sources)
      for (const [name, value] of source.entries()) {
        const type = types.get(name);
        if (type) yield problem(value.key, name, type, target, minor);
      }
  },
} satisfies Rule;

interface VolumeType {
  /** The minor version of Kubernetes 1.x from which no volume of the type is mounted. */
  readonly goneIn: number;
  /** The one from which it can no longer be turned on, where that is later. */
  readonly lockedIn?: number;
}

const types: ReadonlyMap<string, VolumeType> = new Map([
  ['photonPersistentDisk', { goneIn: 16 }],
  ['scaleIO', { goneIn: 22 }],
  ['flocker', { goneIn: 25 }],
  ['quobyte', { goneIn: 25 }],
  ['storageos', { goneIn: 25 }],
  ['glusterfs', { goneIn: 26 }],
  ['cephfs', { goneIn: 31 }],
  ['rbd', { goneIn: 31 }],
  ['gitRepo', { goneIn: 33, lockedIn: 36 }],
]);

/** What the plugins called themselves in a StorageClass. */
const provisioners: ReadonlyMap<string, VolumeType> = new Map([
  ['kubernetes.io/quobyte', { goneIn: 25 }],
  ['kubernetes.io/storageos', { goneIn: 25 }],
  ['kubernetes.io/glusterfs', { goneIn: 26 }],
  ['kubernetes.io/rbd', { goneIn: 31 }],
]);

function problem(at: Place, name: string, { goneIn, lockedIn }: VolumeType, target: string, minor: number): Problem {
  const isGone = minor >= (lockedIn ?? goneIn);
  return {
    at,
    severity: isGone ? 'error' : 'warning',
    message: isGone
      ? `Volumes of the type ${name} are gone since Kubernetes 1.${lockedIn ?? goneIn}, and the target is ${target} — use a CSI driver, or another type.`
      : minor >= goneIn
        ? `Volumes of the type ${name} are turned off since Kubernetes 1.${goneIn} — use an init container, or another type.`
        : `Volumes of the type ${name} go away with Kubernetes 1.${goneIn} — use a CSI driver, or another type.`,
  };
}
