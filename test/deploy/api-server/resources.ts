/** One kind the server knows. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
}

/** The kinds a Matrix deployment uses, of Kubernetes itself and of its operators. */
export const resourceTypes: readonly ResourceType[] = [
  ...group(
    '',
    'v1',
    'namespaces:Namespace:ns!cluster nodes:Node:no!cluster persistentvolumes:PersistentVolume:pv!cluster',
  ),
  ...group(
    '',
    'v1',
    'pods:Pod:po services:Service:svc secrets:Secret configmaps:ConfigMap:cm events:Event:ev ' +
      'persistentvolumeclaims:PersistentVolumeClaim:pvc serviceaccounts:ServiceAccount:sa endpoints:Endpoints:ep',
  ),
  ...group('apps', 'v1', 'deployments:Deployment:deploy statefulsets:StatefulSet:sts daemonsets:DaemonSet:ds'),
  ...group('batch', 'v1', 'jobs:Job cronjobs:CronJob:cj'),
  ...group(
    'networking.k8s.io',
    'v1',
    'networkpolicies:NetworkPolicy:netpol ingresses:Ingress:ing ingressclasses:IngressClass!cluster',
  ),
  ...group('policy', 'v1', 'poddisruptionbudgets:PodDisruptionBudget:pdb'),
  ...group('autoscaling', 'v2', 'horizontalpodautoscalers:HorizontalPodAutoscaler:hpa'),
  ...group('coordination.k8s.io', 'v1', 'leases:Lease'),
  ...group('discovery.k8s.io', 'v1', 'endpointslices:EndpointSlice'),
  ...group('storage.k8s.io', 'v1', 'storageclasses:StorageClass:sc!cluster'),
  ...group('authorization.k8s.io', 'v1', 'selfsubjectaccessreviews:SelfSubjectAccessReview!cluster'),
  ...group('postgresql.cnpg.io', 'v1', 'clusters:Cluster scheduledbackups:ScheduledBackup'),
  ...group('minio.min.io', 'v2', 'tenants:Tenant'),
  ...group('cert-manager.io', 'v1', 'certificates:Certificate issuers:Issuer clusterissuers:ClusterIssuer!cluster'),
  ...group(
    'monitoring.coreos.com',
    'v1',
    'servicemonitors:ServiceMonitor podmonitors:PodMonitor prometheusrules:PrometheusRule',
  ),
];

export function groupVersion(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** Where a group version is served: `/api/v1` or `/apis/apps/v1`. */
export function root(type: ResourceType): string {
  return type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
}

function group(name: string, version: string, list: string): ResourceType[] {
  return list.split(' ').map(entry => {
    const [names, scope] = entry.split('!');
    const [plural = '', kind = '', ...shortNames] = (names ?? '').split(':');
    return { group: name, version, plural, kind, namespaced: scope !== 'cluster', shortNames };
  });
}
