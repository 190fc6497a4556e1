import type { PlanDocument } from './source';

/**
 * Where an object stands among the objects of its step, so that what others refer to exists first. The order is the
 * one kapp and Argo CD use for the built-in kinds, with monitoring after the workloads and Jobs last.
 */
function kindRank(kind: string): number {
  const rank = kindOrder.indexOf(kind);
  if (rank !== -1) return rank;
  return /(Monitor|Rule)$/.test(kind) ? monitoringRank : customRank;
}

/** Kinds that live outside namespaces, of Kubernetes and of the operators the checklist uses. */
export function isClusterScoped(kind: string): boolean {
  return clusterScoped.has(kind);
}

/** Stable order by kind; objects of the same kind stay in the order of their files. */
export function byKind<T extends Pick<PlanDocument, 'kind'>>(objects: readonly T[]): T[] {
  return [...objects].sort((a, b) => kindRank(a.kind) - kindRank(b.kind));
}

const kindOrder: readonly string[] = [
  'Namespace',
  'ResourceQuota',
  'LimitRange',
  'PriorityClass',
  'StorageClass',
  'IngressClass',
  'CustomResourceDefinition',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'ClusterIssuer',
  'Issuer',
  'NetworkPolicy',
  'Secret',
  'ConfigMap',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Certificate',
  'Service',
  'PodDisruptionBudget',
  'Cluster',
  'Tenant',
  'DaemonSet',
  'StatefulSet',
  'Deployment',
  'Pod',
  'ScheduledBackup',
  'Ingress',
  'HorizontalPodAutoscaler',
  'ServiceMonitor',
  'PodMonitor',
  'PrometheusRule',
  'CronJob',
  'Job',
];
const customRank = kindOrder.indexOf('DaemonSet') - 0.5;
const monitoringRank = kindOrder.indexOf('ServiceMonitor');

const clusterScoped: ReadonlySet<string> = new Set([
  'Namespace',
  'PriorityClass',
  'StorageClass',
  'IngressClass',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'ClusterIssuer',
  'PersistentVolume',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'APIService',
  'Node',
  'ClusterImageCatalog',
]);
