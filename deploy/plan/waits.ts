import { groupOf, type PlanDocument } from './source';

/** What has to be true of an object before its step is ready, and how long that may take. */
export interface WaitRule {
  readonly until: string;
  readonly timeoutSeconds: number;
}

/** The rule for an object; undefined for kinds that are ready as soon as they exist. */
export function waitRule(document: Pick<PlanDocument, 'apiVersion' | 'kind'>): WaitRule | undefined {
  return rules.get(`${document.kind}.${groupOf(document)}`);
}

/**
 * The deadlines are meant for a cluster that still has to pull its images and provision its volumes; a step ends
 * earlier as soon as an object has failed for good.
 */
const rules: ReadonlyMap<string, WaitRule> = new Map([
  ['Deployment.apps', { until: 'all replicas updated and available', timeoutSeconds: 600 }],
  ['StatefulSet.apps', { until: 'all replicas updated and ready', timeoutSeconds: 900 }],
  ['DaemonSet.apps', { until: 'updated and available on every node', timeoutSeconds: 900 }],
  ['Job.batch', { until: 'complete, its log free of errors, its effect there', timeoutSeconds: 600 }],
  ['Pod.', { until: 'ready', timeoutSeconds: 300 }],
  ['PersistentVolumeClaim.', { until: 'bound', timeoutSeconds: 300 }],
  ['Cluster.postgresql.cnpg.io', { until: 'ready with all instances', timeoutSeconds: 1200 }],
  ['Tenant.minio.min.io', { until: 'initialized and green', timeoutSeconds: 1200 }],
  ['Certificate.cert-manager.io', { until: 'ready', timeoutSeconds: 600 }],
  ['Issuer.cert-manager.io', { until: 'ready', timeoutSeconds: 120 }],
  ['ClusterIssuer.cert-manager.io', { until: 'ready', timeoutSeconds: 120 }],
]);
