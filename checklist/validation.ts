/** A check of the running deployment; `deploy/verify/` carries it out, and the answer decides live items. */
export interface PostDeploymentCheck {
  readonly id: string;
  readonly title: string;
  /** The live items it speaks for. */
  readonly items: readonly string[];
  /** What makes it pass, in one sentence. */
  readonly passes: string;
  /** True if it never decides an item by itself, only informs. */
  readonly advisory?: true;
  /** True if it is run only when the user asks, because it leaves the cluster or is costly. */
  readonly optIn?: true;
}

/** Asked before the first step: does the cluster have what the checklist's prerequisites list? */
export const prerequisiteChecks: readonly PostDeploymentCheck[] = [
  check('kubernetes-version', 'Kubernetes version', ['A.4.a'], 'The server reports version 1.27 or newer.'),
  check('cert-manager', 'cert-manager', ['A.4.b'], 'cert-manager.io/v1 is served and its controllers are available.'),
  check(
    'ingress-nginx',
    'NGINX Ingress Controller',
    ['A.4.c'],
    'An IngressClass nginx exists and its controller is available.',
  ),
  check(
    'prometheus-operator',
    'Prometheus Operator',
    ['A.4.d'],
    'monitoring.coreos.com/v1 is served and the operator is available.',
  ),
  check('minio-operator', 'MinIO Operator', ['A.4.e'], 'minio.min.io/v2 is served and the operator is available.'),
  check(
    'cloudnative-pg',
    'CloudNativePG operator',
    [],
    'postgresql.cnpg.io/v1 is served and the operator is available; the checklist forgets to list it.',
  ),
  check('storage-class', 'Default StorageClass', [], 'Exactly one StorageClass is marked as the default.'),
];

/** Asked after the deployment, in the order in which they help most. */
export const postDeploymentChecks: readonly PostDeploymentCheck[] = [
  check(
    'pods-running',
    'All pods are running',
    ['C.1.a', 'F.1'],
    'Every planned pod is ready, or succeeded for a Job.',
  ),
  check('no-crash-loop', 'No CrashLoopBackOff', ['C.1.b', 'F.1'], 'No container waits in an error state or restarts.'),
  check('workloads', 'Workloads are current', ['F.1'], 'Every planned object has reached its wanted state.'),
  check('services', 'Services have endpoints', ['C.1.c'], 'Every planned Service exists and has a ready endpoint.'),
  check('postgresql', 'PostgreSQL', ['C.2.a'], 'Each cluster is ready and lists the expected databases.'),
  check(
    'redis',
    'Redis',
    ['C.2.b'],
    'Each Redis pod answers PONG, one master has its replicas, sentinels have quorum.',
  ),
  check('minio', 'MinIO', ['C.2.c'], 'The tenant is initialized and green, and /minio/health/live answers.'),
  check('synapse-main', 'Synapse main process', [], '/health of the main process answers OK.'),
  check('synapse-workers', 'Synapse workers', ['C.3.b'], '/health of each worker pod answers OK.'),
  check('synapse-li', 'LI Synapse', [], '/health of the LI instance answers OK.'),
  {
    ...check('federation-version', 'Public federation endpoint', ['C.3.a'], 'The public domain names Synapse.'),
    optIn: true,
  },
  check('key-vault-database', 'key_vault database', [], 'The database and the role key_vault exist.'),
  check(
    'replication',
    'LI replication',
    ['C.4.a', 'F.6'],
    'A subscription is enabled with a live worker, its slot is active, and the lag is below 16 MiB or falling.',
  ),
  check(
    'run-once-jobs',
    'Run-once Jobs',
    [],
    'Each Job is complete, its log is free of errors, and its effect is there.',
  ),
  check(
    'network-policies',
    'NetworkPolicies',
    [],
    'Every planned policy exists and namespaces carry their name label.',
  ),
  check('certificates', 'Certificates', [], 'Every planned Certificate is ready and valid for 14 more days.'),
  {
    ...check('pod-logs', 'Pod logs free of errors', ['F.2'], 'No errors in the last ten minutes of logs.'),
    advisory: true,
  },
  {
    ...check('monitoring', 'Monitors', ['F.7'], 'Every planned monitor exists and selects a Service with its port.'),
    advisory: true,
  },
  {
    ...check(
      'prometheus-targets',
      'Prometheus targets',
      ['F.7'],
      'Prometheus has active targets for every planned monitor, and all of them are up.',
    ),
    optIn: true,
  },
];

function check(id: string, title: string, items: readonly string[], passes: string): PostDeploymentCheck {
  return { id, title, items, passes };
}
