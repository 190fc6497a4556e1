import type { PathKey } from '../../manifests/value';
import { endsWith } from './places';

/**
 * Words that fields take although their schema only says "string" (Kubernetes API reference, 1.33; Prometheus Operator
 * and cert-manager API references). The first is the default or the usual one.
 */
export function knownValues(kind: string, path: readonly PathKey[]): readonly string[] | undefined {
  const last = path.at(-1);
  if (typeof last === 'number') {
    for (const [field, words] of listWords) if (endsWith(path, field, '#')) return words;
    return undefined;
  }
  if (last === 'type') return types(kind, path);
  if (last === 'operator') {
    if (endsWith(path, 'tolerations', '#', 'operator')) return ['Equal', 'Exists'];
    return endsWith(path, 'nodeSelectorTerms|preference', '*', '*', 'operator')
      ? ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']
      : ['In', 'NotIn', 'Exists', 'DoesNotExist'];
  }
  if (last === 'protocol') return ['TCP', 'UDP', 'SCTP'];
  if (last === 'scheme') return /Monitor$/.test(kind) ? ['http', 'https'] : ['HTTP', 'HTTPS'];
  return last === undefined ? undefined : words.get(last);
}

const words: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    imagePullPolicy: 'IfNotPresent Always Never',
    restartPolicy: 'Always OnFailure Never',
    dnsPolicy: 'ClusterFirst ClusterFirstWithHostNet Default None',
    terminationMessagePolicy: 'File FallbackToLogsOnError',
    sessionAffinity: 'None ClientIP',
    externalTrafficPolicy: 'Cluster Local',
    internalTrafficPolicy: 'Cluster Local',
    ipFamilyPolicy: 'SingleStack PreferDualStack RequireDualStack',
    concurrencyPolicy: 'Allow Forbid Replace',
    completionMode: 'NonIndexed Indexed',
    podManagementPolicy: 'OrderedReady Parallel',
    whenUnsatisfiable: 'DoNotSchedule ScheduleAnyway',
    effect: 'NoSchedule PreferNoSchedule NoExecute',
    pathType: 'Prefix Exact ImplementationSpecific',
    volumeMode: 'Filesystem Block',
    reclaimPolicy: 'Delete Retain',
    persistentVolumeReclaimPolicy: 'Retain Delete',
    volumeBindingMode: 'WaitForFirstConsumer Immediate',
    mountPropagation: 'None HostToContainer Bidirectional',
    unhealthyPodEvictionPolicy: 'IfHealthyBudget AlwaysAllow',
    topologyKey: 'kubernetes.io/hostname topology.kubernetes.io/zone topology.kubernetes.io/region',
    fsGroupChangePolicy: 'Always OnRootMismatch',
    selectPolicy: 'Max Min Disabled',
    medium: 'Memory',
    clusterIP: 'None',
  }).map(([field, text]) => [field, text.split(' ')]),
);

const listWords: readonly (readonly [string, readonly string[]])[] = [
  ['accessModes', ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod']],
  ['policyTypes', ['Ingress', 'Egress']],
  ['drop', ['ALL']],
  ['add', ['NET_BIND_SERVICE', 'NET_RAW', 'SYS_PTRACE', 'IPC_LOCK', 'CHOWN']],
  ['verbs', ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', '*']],
  ['apiGroups', ['', 'apps', 'batch', 'networking.k8s.io', 'policy', 'rbac.authorization.k8s.io']],
  [
    'resources',
    [
      'pods',
      'pods/log',
      'pods/exec',
      'services',
      'configmaps',
      'secrets',
      'deployments',
      'statefulsets',
      'jobs',
      'cronjobs',
    ],
  ],
  ['usages', ['server auth', 'client auth', 'digital signature', 'key encipherment']],
];

function types(kind: string, path: readonly PathKey[]): readonly string[] | undefined {
  if (kind === 'Secret' && path.length === 1)
    return [
      'Opaque',
      'kubernetes.io/basic-auth',
      'kubernetes.io/tls',
      'kubernetes.io/dockerconfigjson',
      'kubernetes.io/ssh-auth',
    ];
  if (kind === 'Service' && path.length === 2) return ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'];
  if (endsWith(path, 'seccompProfile', 'type')) return ['RuntimeDefault', 'Localhost', 'Unconfined'];
  if (endsWith(path, 'updateStrategy', 'type'))
    return kind === 'DaemonSet' ? ['RollingUpdate', 'OnDelete'] : ['RollingUpdate', 'OnDelete'];
  if (endsWith(path, 'strategy', 'type')) return ['RollingUpdate', 'Recreate'];
  if (endsWith(path, 'hostPath', 'type'))
    return ['DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'];
  if (kind === 'HorizontalPodAutoscaler' && endsWith(path, 'metrics', '#', 'type'))
    return ['Resource', 'ContainerResource', 'Pods', 'Object', 'External'];
  if (endsWith(path, 'target', 'type')) return ['Utilization', 'AverageValue', 'Value'];
  if (endsWith(path, 'policies', '#', 'type')) return ['Pods', 'Percent'];
  return undefined;
}
