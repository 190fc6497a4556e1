/** An API version that Kubernetes no longer serves. */
export interface RemovedApi {
  readonly kinds: readonly string[];
  readonly apiVersion: string;
  /** The minor version of Kubernetes 1.x that stopped serving it. */
  readonly removedIn: number;
  /** What to use instead; undefined where nothing took its place. */
  readonly replacement: string | undefined;
  /** Whether the fields are the same in the replacement, so that only the version has to be changed. */
  readonly isSameSchema: boolean;
}

/**
 * What has been removed from the API, newest first (Kubernetes documentation, Deprecated API Migration Guide). Kinds
 * that nobody writes into a manifest, such as TokenReview, are left out.
 */
export const removedApis: readonly RemovedApi[] = [
  removed(
    32,
    'flowcontrol.apiserver.k8s.io/v1beta3',
    'flowcontrol.apiserver.k8s.io/v1',
    ['FlowSchema', 'PriorityLevelConfiguration'],
    true,
  ),
  removed(
    29,
    'flowcontrol.apiserver.k8s.io/v1beta2',
    'flowcontrol.apiserver.k8s.io/v1',
    ['FlowSchema', 'PriorityLevelConfiguration'],
    false,
  ),
  removed(27, 'storage.k8s.io/v1beta1', 'storage.k8s.io/v1', ['CSIStorageCapacity'], true),
  removed(
    26,
    'flowcontrol.apiserver.k8s.io/v1beta1',
    'flowcontrol.apiserver.k8s.io/v1',
    ['FlowSchema', 'PriorityLevelConfiguration'],
    false,
  ),
  removed(26, 'autoscaling/v2beta2', 'autoscaling/v2', ['HorizontalPodAutoscaler'], true),
  removed(25, 'autoscaling/v2beta1', 'autoscaling/v2', ['HorizontalPodAutoscaler'], false),
  removed(25, 'batch/v1beta1', 'batch/v1', ['CronJob'], true),
  removed(25, 'policy/v1beta1', 'policy/v1', ['PodDisruptionBudget'], true),
  removed(25, 'policy/v1beta1', undefined, ['PodSecurityPolicy'], false),
  removed(25, 'discovery.k8s.io/v1beta1', 'discovery.k8s.io/v1', ['EndpointSlice'], false),
  removed(25, 'events.k8s.io/v1beta1', 'events.k8s.io/v1', ['Event'], false),
  removed(25, 'node.k8s.io/v1beta1', 'node.k8s.io/v1', ['RuntimeClass'], true),
  removed(
    22,
    'admissionregistration.k8s.io/v1beta1',
    'admissionregistration.k8s.io/v1',
    ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
    false,
  ),
  removed(22, 'apiextensions.k8s.io/v1beta1', 'apiextensions.k8s.io/v1', ['CustomResourceDefinition'], false),
  removed(22, 'apiregistration.k8s.io/v1beta1', 'apiregistration.k8s.io/v1', ['APIService'], true),
  removed(22, 'certificates.k8s.io/v1beta1', 'certificates.k8s.io/v1', ['CertificateSigningRequest'], false),
  removed(22, 'coordination.k8s.io/v1beta1', 'coordination.k8s.io/v1', ['Lease'], true),
  removed(22, 'extensions/v1beta1', 'networking.k8s.io/v1', ['Ingress'], false),
  removed(22, 'networking.k8s.io/v1beta1', 'networking.k8s.io/v1', ['Ingress'], false),
  removed(22, 'networking.k8s.io/v1beta1', 'networking.k8s.io/v1', ['IngressClass'], true),
  removed(
    22,
    'rbac.authorization.k8s.io/v1beta1',
    'rbac.authorization.k8s.io/v1',
    ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
    true,
  ),
  removed(22, 'scheduling.k8s.io/v1beta1', 'scheduling.k8s.io/v1', ['PriorityClass'], true),
  removed(
    22,
    'storage.k8s.io/v1beta1',
    'storage.k8s.io/v1',
    ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment'],
    true,
  ),
  removed(16, 'extensions/v1beta1', 'networking.k8s.io/v1', ['NetworkPolicy'], true),
  removed(16, 'extensions/v1beta1', 'apps/v1', ['DaemonSet', 'Deployment', 'ReplicaSet'], false),
  removed(16, 'apps/v1beta1', 'apps/v1', ['Deployment', 'StatefulSet', 'ReplicaSet'], false),
  removed(16, 'apps/v1beta2', 'apps/v1', ['DaemonSet', 'Deployment', 'StatefulSet', 'ReplicaSet'], true),
];

/** What became of a kind in a version of an API that is gone; undefined for those that are served. */
export function removedApi(apiVersion: string, kind: string): RemovedApi | undefined {
  return removedApis.find(one => one.apiVersion === apiVersion && one.kinds.includes(kind));
}

function removed(
  removedIn: number,
  apiVersion: string,
  replacement: string | undefined,
  kinds: readonly string[],
  isSameSchema: boolean,
): RemovedApi {
  return { kinds, apiVersion, removedIn, replacement, isSameSchema };
}
