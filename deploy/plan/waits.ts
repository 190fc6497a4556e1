import { isClusterScoped } from './order';
import type { PlannedWait } from './plan';
import type { WaitSettings } from './settings';
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

/** A wait for something that no manifest of the step declares, such as what a Helm chart makes. */
export function ownWait(own: WaitSettings, namespace: string): PlannedWait {
  const known = [...rules.keys()].find(key => key.startsWith(`${own.kind}.`));
  const apiVersion = own.apiVersion ?? apiVersions.get(known ?? '') ?? 'v1';
  const rule = waitRule({ apiVersion, kind: own.kind });
  return {
    apiVersion,
    kind: own.kind,
    name: own.name,
    ...(isClusterScoped(own.kind) ? {} : { namespace: own.namespace ?? namespace }),
    until: rule?.until ?? 'there',
    timeoutSeconds: own.timeoutSeconds ?? rule?.timeoutSeconds ?? 300,
  };
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

const apiVersions: ReadonlyMap<string, string> = new Map([
  ['Deployment.apps', 'apps/v1'],
  ['StatefulSet.apps', 'apps/v1'],
  ['DaemonSet.apps', 'apps/v1'],
  ['Job.batch', 'batch/v1'],
  ['Cluster.postgresql.cnpg.io', 'postgresql.cnpg.io/v1'],
  ['Tenant.minio.min.io', 'minio.min.io/v2'],
  ['Certificate.cert-manager.io', 'cert-manager.io/v1'],
  ['Issuer.cert-manager.io', 'cert-manager.io/v1'],
  ['ClusterIssuer.cert-manager.io', 'cert-manager.io/v1'],
]);
