import { autoscalersOf, fewestPods } from '../../analysis/autoscalers';
import { isPatch } from '../../analysis/kustomization';
import { podsOf, podTemplate } from '../../analysis/pods';
import { referrersOf } from '../../analysis/references';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'claim-shared-by-replicas',
  items: [],
  severity: 'warning',
  summary: 'Several pods mount one PersistentVolumeClaim that is for a single node or pod.',
  why: 'A volume that is `ReadWriteOnce` is attached to one node. Pods that are scheduled to other nodes wait for it in `ContainerCreating` with a Multi-Attach error, and a rolling update can wait for ever. With `ReadWriteOncePod` the second pod is never scheduled.',
  remedy:
    'Use a StatefulSet with `volumeClaimTemplates`, which gives each pod a claim of its own, a claim with `ReadWriteMany`, or one replica.',
  traps: [
    'If a HorizontalPodAutoscaler scales the workload, its `minReplicas` is what counts.',
    'Two workloads that mount the same claim count as well, but a Job does not: it may be done before the other begins.',
    'Pods that are bound to one node by `nodeName`, a node selector or an affinity share a `ReadWriteOnce` volume, and so do pods whose storage is local to a node: they all go there.',
    'Network file systems take several nodes whatever the claim says, so classes that are called so are left alone.',
  ],
  sources: [
    'Kubernetes documentation, Persistent Volumes, "Access Modes"; StatefulSets, "Stable Storage"',
    'Kubernetes documentation, Deployments: all pods are made from one template',
  ],
  examples: {
    bad: example('ReadWriteOnce', 2),
    good: example('ReadWriteMany', 2, false),
  },
  kinds: ['Deployment', 'StatefulSet', 'ReplicaSet', 'Pod', 'CronJob'],
  *check(workload, workspace) {
    yield* sharedWithOthers(workload, workspace);
    if (workload.kind === 'Pod' || workload.kind === 'CronJob') return;
    if (isPatch(workspace, workload.document.file)) return;
    // A claim template takes the place of a volume with its name.
    const templates = workload.root.at('spec', 'volumeClaimTemplates').items();
    const isTemplate = (name: string | undefined): boolean =>
      templates.some(template => template.at('metadata', 'name').text === name);
    for (const volume of podTemplate(workload)?.at('spec', 'volumes').items() ?? []) {
      if (isTemplate(volume.at('name').text)) continue;
      const name = volume.at('persistentVolumeClaim', 'claimName');
      const claim = name.text && workspace.find('PersistentVolumeClaim', workload.namespace, name.text);
      const mode = claim && modeOf(claim);
      if (!claim || !mode) continue;
      const [pods] = podsOf(workload);
      const count = pods ? fewestPods(workspace, pods) : 1;
      if (count < 2) return;
      if (mode === 'ReadWriteOnce' && (isBoundToNode(workload) || !isForOneNode(workspace, claim))) continue;
      const [scaler] = autoscalersOf(workspace, workload);
      yield {
        at: name,
        severity: mode === 'ReadWriteOncePod' ? 'error' : 'warning',
        message: `All ${count} pods of ${workload.kind} ${workload.name} mount PersistentVolumeClaim ${claim.name}, which is ${mode}, so ${
          mode === 'ReadWriteOncePod' ? 'only one of them starts' : 'none starts on another node than the first'
        } — use ReadWriteMany, ${workload.kind === 'StatefulSet' ? 'volumeClaimTemplates' : 'a StatefulSet with volumeClaimTemplates'}, or one pod.`,
        related: [
          { at: claim.root.at('spec', 'accessModes'), message: 'The claim' },
          ...(scaler ? [{ at: scaler.root.at('spec', 'minReplicas'), message: 'The least number of pods' }] : []),
        ],
      };
    }
  },
} satisfies Rule;

/** Claims that a workload before this one mounts as well. */
function* sharedWithOthers(workload: Resource, workspace: Workspace): Iterable<Problem> {
  if (isPatch(workspace, workload.document.file) || !runs(workspace, workload)) return;
  for (const volume of podTemplate(workload)?.at('spec', 'volumes').items() ?? []) {
    const name = volume.at('persistentVolumeClaim', 'claimName');
    const claim = name.text && workspace.find('PersistentVolumeClaim', workload.namespace, name.text);
    const mode = claim && modeOf(claim);
    if (!claim || !mode) continue;
    if (mode === 'ReadWriteOnce' && !isForOneNode(workspace, claim)) continue;
    const users = [
      ...new Map(
        referrersOf(workspace, 'PersistentVolumeClaim', claim.namespace, claim.name)
          .filter(({ resource }) => lasting.has(resource.kind) && runs(workspace, resource))
          .filter(({ resource }) => !isPatch(workspace, resource.document.file))
          .map(({ resource, reference }) => [resource, reference.name] as const),
      ),
    ].sort(([one], [other]) => Number(one.kind === 'CronJob') - Number(other.kind === 'CronJob'));
    const [first] = users;
    if (!first || first[0] === workload || !users.some(([one]) => one === workload)) continue;
    if (mode === 'ReadWriteOnce' && [workload, first[0]].some(isBoundToNode)) continue;
    yield {
      at: name,
      severity: mode === 'ReadWriteOncePod' ? 'error' : 'warning',
      message: `${workload.kind} ${workload.name} mounts PersistentVolumeClaim ${claim.name}, which is ${mode} and which ${first[0].kind} ${first[0].name} mounts as well, so ${
        mode === 'ReadWriteOncePod' ? 'only one of them starts' : 'it waits for ever on another node'
      } — give each a claim of its own, or use ReadWriteMany.`,
      related: [
        { at: first[1], message: `${first[0].kind} ${first[0].name}` },
        { at: claim.root.at('spec', 'accessModes'), message: 'The claim' },
      ],
    };
  }
}

/** Kinds whose pods are there at the same time as others; a Job may be done before the next one begins. */
const lasting: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'ReplicaSet', 'Pod', 'CronJob']);

/** Whether a workload has pods: it is neither scaled to nothing nor suspended. */
function runs(workspace: Workspace, workload: Resource): boolean {
  const [pods] = podsOf(workload);
  if (workload.kind === 'CronJob') return workload.root.at('spec', 'suspend').boolean !== true;
  return !pods || fewestPods(workspace, pods) > 0;
}

/** The mode of a claim that has only modes for one node or pod. */
function modeOf(claim: Resource): 'ReadWriteOnce' | 'ReadWriteOncePod' | undefined {
  const modes = claim.root
    .at('spec', 'accessModes')
    .items()
    .map(mode => mode.text);
  if (modes.length === 0 || !modes.every(mode => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod'))
    return undefined;
  // ReadWriteOncePod has to stand alone.
  return modes[0] === 'ReadWriteOncePod' ? 'ReadWriteOncePod' : 'ReadWriteOnce';
}

/** Whether something of the pod may keep all of them on one node. */
function isBoundToNode(workload: Resource): boolean {
  const spec = podTemplate(workload)?.at('spec');
  if (!spec) return false;
  const selectsNode = spec.at('nodeSelector').exists || spec.at('nodeName').exists;
  return selectsNode || spec.at('affinity', 'nodeAffinity').exists || spec.at('affinity', 'podAffinity').exists;
}

/** Whether the storage behind a claim is a disk that is attached to nodes: no network file system, none inside a node. */
function isForOneNode(workspace: Workspace, claim: Resource): boolean {
  const spec = claim.root.at('spec');
  if (spec.at('volumeName').exists || spec.at('selector').exists || spec.at('storageClassName').text === '')
    return false;
  const name = spec.at('storageClassName').text;
  const storageClass = name === undefined ? undefined : workspace.find('StorageClass.storage.k8s.io', undefined, name);
  return ![name, storageClass?.root.at('provisioner').text].some(one => isSharedOrLocal.test(one ?? ''));
}

const isSharedOrLocal =
  /local|host-?path|no-provisioner|nfs|cephfs|efs|azure-?file|file|smb|cifs|gluster|lustre|rwx|shared/i;

function example(mode: string, replicas: number, isMarked = true): string {
  return `
      #- /pushgateway.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: sygnal
        namespace: matrix
      spec:
        replicas: ${replicas}
        template:
          spec:
            containers:
              - name: sygnal
                image: matrixdotorg/sygnal:v0.15.1
                volumeMounts:
                  - {name: data, mountPath: /data}
            volumes:
              - name: data
                persistentVolumeClaim:
                  claimName: sygnal-data
${isMarked ? `      #                      ^^^^^^^^^^^ warning: All 2 pods of Deployment sygnal mount PersistentVolumeClaim sygnal-data, which is ReadWriteOnce\n` : ''}      ---
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: sygnal-data
        namespace: matrix
      spec:
        accessModes: [${mode}]
        resources:
          requests:
            storage: 1Gi
    `;
}
