import { declarationsOf } from '../../analysis/declarations';
import { referencesIn, referrersOf, referringKinds } from '../../analysis/references';
import type { Rule } from '../rule';

export default {
  id: 'reference-missing-storageclass',
  items: [],
  severity: 'info',
  summary: 'A volume asks for a StorageClass that the tree does not declare.',
  why: 'If the cluster has no such class, the claims stay `Pending`, and with them the databases and everything that waits for them.',
  remedy:
    'Look at `kubectl get storageclass`. If the class is there, list it under `provided` in `matrix-preflight.yaml`; otherwise name one that is.',
  traps: [
    'Information and no more, because most clusters bring their storage classes along.',
    'Each class is mentioned once, at its first use, with the other uses as related places.',
    'No class at all means the default class of the cluster; an empty name means that no volume is to be provisioned. Both are left alone.',
  ],
  sources: ['Kubernetes documentation, Persistent Volumes, "Class"'],
  examples: {
    bad: `
      #- /claims.yaml
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: media
        namespace: matrix
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: fast-ssd
      #                   ^^^^^^^^ info: StorageClass fast-ssd is not declared in the tree
        resources:
          requests:
            storage: 10Gi
      ---
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: cache
        namespace: matrix
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: fast-ssd
        resources:
          requests:
            storage: 1Gi
    `,
    good: `
      #- /claims.yaml
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: media
        namespace: matrix
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: fast-ssd
        resources:
          requests:
            storage: 10Gi
      #- /matrix-preflight.yaml
      provided:
        - kind: StorageClass
          name: fast-ssd
    `,
  },
  kinds: [...referringKinds],
  *check(resource, workspace) {
    const said = new Set<string>();
    for (const { kind, name } of referencesIn(workspace, resource)) {
      const text = name.text ?? '';
      if (kind !== 'StorageClass' || said.has(text) || !isClassName(text)) continue;
      said.add(text);
      const [first, ...others] = referrersOf(workspace, kind, undefined, text);
      if (first?.resource !== resource) continue;
      if (declarationsOf(workspace, kind, undefined, text).some(one => one.origin !== 'promise')) continue;
      yield {
        at: name,
        message: `StorageClass ${text} is not declared in the tree — check that the cluster has it, or every claim of this class stays Pending.`,
        related: others.map(({ resource: other, reference }) => ({
          at: reference.name,
          message: `${other.kind} ${other.name} uses it too`,
        })),
      };
    }
  },
} satisfies Rule;

/** Whether a text can be the name of a class; placeholders are reported as placeholders. */
function isClassName(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text);
}
