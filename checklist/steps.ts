/**
 * What the directory of a step contains; the plan finds directories by this and never by their numbers,
 * because real trees renumber them.
 */
export type StepRole =
  | 'namespace'
  | 'postgresql'
  | 'redis'
  | 'minio'
  | 'network-policy'
  | 'synapse-main'
  | 'haproxy'
  | 'synapse-worker'
  | 'key-vault'
  | 'clamav'
  | 'content-scanner'
  | 'livekit'
  | 'element-web'
  | 'coturn'
  | 'synapse-li'
  | 'sync-system'
  | 'synapse-li-worker'
  | 'monitors'
  | 'dashboards';

export interface DeployPhaseDefinition {
  readonly id: string;
  readonly title: string;
}

/** A Job of which a second run may do harm; `condition=complete` does not prove that it worked. */
export interface RunOnceJob {
  readonly name: string;
  readonly namespace: string;
  /** Which {@link PostDeploymentCheck} shows that the Job had its effect. */
  readonly effectCheck: string;
}

export interface DeployStepDefinition {
  /** A slug; never a number, because the checklist's numbers differ between its versions. */
  readonly id: string;
  readonly title: string;
  /** Id of a {@link DeployPhaseDefinition}. */
  readonly phase: string;
  /** The lines of the checklist that this step carries out; empty for a proposed step. */
  readonly items: readonly string[];
  /** What the checklist applies, relative to the tree's root; empty for a proposed step. */
  readonly checklistPath: string;
  readonly role: StepRole;
  readonly runOnceJobs: readonly RunOnceJob[];
  /** Steps that must be healthy before this one starts. */
  readonly after: readonly string[];
  /** Post-deployment checks to run as soon as the step is ready. */
  readonly checks: readonly string[];
  /** Which troubleshooting hints fit this step best. */
  readonly hints: readonly string[];
  /** Says why the step exists although the checklist has no such step. */
  readonly proposed?: string;
}

/** The checklist's five phases of the deployment order. */
export const deployPhases: readonly DeployPhaseDefinition[] = [
  { id: 'infrastructure', title: 'Infrastructure' },
  { id: 'core', title: 'Core Services' },
  { id: 'auxiliary', title: 'Auxiliary Services' },
  { id: 'li', title: 'LI Instance' },
  { id: 'monitoring', title: 'Monitoring' },
];

/** The 18 steps in the checklist's own order. */
export const checklistSteps: readonly DeployStepDefinition[] = [
  step('postgresql', 'PostgreSQL clusters', 'infrastructure', ['B.1'], 'infrastructure/01-postgresql/', 'postgresql', {
    checks: ['postgresql'],
    hints: ['T.3'],
  }),
  step('redis', 'Redis Sentinel', 'infrastructure', ['B.2'], 'infrastructure/02-redis/', 'redis', {
    checks: ['redis'],
    hints: ['T.1'],
  }),
  step('minio', 'MinIO storage', 'infrastructure', ['B.3'], 'infrastructure/03-minio/', 'minio', {
    checks: ['minio'],
    hints: ['T.4'],
  }),
  step(
    'network-policies',
    'Networking policies',
    'infrastructure',
    ['B.4'],
    'infrastructure/04-networking/networkpolicies.yaml',
    'network-policy',
    { checks: ['network-policies'], hints: ['T.2'] },
  ),
  step('synapse-main', 'Main Synapse instance', 'core', ['B.5'], 'main-instance/01-synapse/', 'synapse-main', {
    after: ['postgresql', 'redis', 'minio'],
    checks: ['synapse-main'],
    hints: ['T.3', 'T.4'],
  }),
  step('haproxy', 'HAProxy load balancer', 'core', ['B.6'], 'main-instance/02-haproxy/', 'haproxy', {
    after: ['synapse-main'],
    hints: ['T.1', 'T.2'],
  }),
  step('synapse-workers', 'Synapse workers', 'core', ['B.7'], 'main-instance/03-workers/', 'synapse-worker', {
    after: ['synapse-main'],
    checks: ['synapse-workers'],
    hints: ['T.1', 'T.2'],
  }),
  step('key-vault', 'key_vault', 'core', ['B.8', 'B.8w'], 'main-instance/08-key-vault/', 'key-vault', {
    after: ['postgresql'],
    runOnceJobs: [{ name: 'key-vault-init-db', namespace: 'matrix', effectCheck: 'key-vault-database' }],
    checks: ['key-vault-database'],
    hints: ['T.3', 'T.2'],
  }),
  step('clamav', 'ClamAV antivirus', 'auxiliary', ['B.9'], 'antivirus/01-clamav/', 'clamav', { hints: ['T.1'] }),
  step('content-scanner', 'Content scanner', 'auxiliary', ['B.10'], 'antivirus/02-scan-workers/', 'content-scanner', {
    after: ['clamav'],
    hints: ['T.1', 'T.2'],
  }),
  step('livekit', 'LiveKit SFU', 'auxiliary', ['B.11'], 'main-instance/04-livekit/', 'livekit', {
    after: ['redis'],
    hints: ['T.1', 'T.2'],
  }),
  step('element-web', 'Element Web', 'auxiliary', ['B.12'], 'main-instance/07-element-web/', 'element-web', {
    hints: ['T.1'],
  }),
  step('coturn', 'TURN server', 'auxiliary', ['B.13'], 'main-instance/05-coturn/', 'coturn', { hints: ['T.1', 'T.2'] }),
  step('synapse-li', 'LI Synapse instance', 'li', ['B.14'], 'li-instance/01-synapse/', 'synapse-li', {
    after: ['postgresql'],
    checks: ['synapse-li'],
    hints: ['T.3', 'T.5'],
  }),
  step('sync-system', 'Setup replication', 'li', ['B.15', 'B.15w'], 'li-instance/04-sync-system/', 'sync-system', {
    after: ['postgresql', 'synapse-main'],
    runOnceJobs: [{ name: 'sync-system-setup-replication', namespace: 'matrix', effectCheck: 'replication' }],
    checks: ['replication'],
    hints: ['T.5', 'T.3', 'T.2'],
  }),
  step('synapse-li-workers', 'LI workers', 'li', ['B.16'], 'li-instance/02-workers/', 'synapse-li-worker', {
    after: ['synapse-li'],
    hints: ['T.1', 'T.2'],
  }),
  step('prometheus', 'Prometheus configuration', 'monitoring', ['B.17'], 'monitoring/01-prometheus/', 'monitors', {
    checks: ['monitoring'],
    hints: [],
  }),
  step('grafana', 'Grafana dashboards', 'monitoring', ['B.18'], 'monitoring/02-grafana/', 'dashboards', { hints: [] }),
];

/** Steps the checklist forgets and the tool proposes; the user may refuse each of them. */
export const proposedSteps: readonly DeployStepDefinition[] = [
  {
    ...step('namespaces', 'Namespaces', 'infrastructure', [], '', 'namespace', { hints: ['T.2'] }),
    proposed: 'No step of the checklist creates the namespaces, and every object of a missing namespace is refused.',
  },
];

/** Changes to the checklist's order that the tool proposes; the user may refuse each of them by its id. */
export interface OrderProposal {
  readonly id: string;
  readonly title: string;
  readonly why: string;
}
export const orderProposals: readonly OrderProposal[] = [
  {
    id: 'namespaces-first',
    title: 'Create the namespaces before anything else',
    why: 'No step of the checklist creates the namespaces, and every object of a missing namespace is refused.',
  },
  {
    id: 'workers-before-haproxy',
    title: 'Deploy the Synapse workers before HAProxy',
    why: 'HAProxy resolves its backends when it starts and exits if a name has no address yet.',
  },
  {
    id: 'init-job-before-workload',
    title: 'Run the database Job of key_vault before its Deployment',
    why: 'The Deployment cannot start without the database that the Job creates.',
  },
  {
    id: 'sync-before-li-synapse',
    title: 'Set up replication before the LI Synapse starts',
    why: 'A Synapse that starts first creates rows that the initial copy of the subscription then conflicts with.',
  },
  {
    id: 'monitors-last',
    title: 'Apply monitors with the monitoring phase if the Prometheus Operator is not there yet',
    why: 'Without the operator the API server does not know ServiceMonitor, and the step would fail half way.',
  },
];

/** The checklist's five troubleshooting hints. */
export interface TroubleshootingHint {
  readonly id: string;
  readonly title: string;
  readonly advice: readonly string[];
}
export const troubleshootingHints: readonly TroubleshootingHint[] = [
  {
    id: 'T.1',
    title: 'Pods in CrashLoopBackOff',
    advice: [
      'Read the logs of the previous run: kubectl logs POD --previous.',
      'Verify that the Secrets it needs exist with the keys it needs.',
      'Check that its init containers completed.',
    ],
  },
  {
    id: 'T.2',
    title: 'NetworkPolicy blocking traffic',
    advice: [
      'Verify the namespace labels: kubectl get namespace --show-labels.',
      'Check which policies select the pods on both sides: kubectl describe networkpolicy.',
    ],
  },
  {
    id: 'T.3',
    title: 'Database connection failures',
    advice: [
      'Verify that the PostgreSQL clusters are ready.',
      'Check the credentials in the Secrets.',
      'Test the connection from a pod.',
    ],
  },
  {
    id: 'T.4',
    title: 'S3/MinIO errors',
    advice: [
      'Verify that the MinIO tenant is healthy.',
      'Check that the buckets exist.',
      'Validate the credentials format.',
    ],
  },
  {
    id: 'T.5',
    title: 'LI replication not working',
    advice: [
      'Check that the publication exists on the main cluster.',
      'Verify the subscription on the LI cluster.',
      'Check the network between the clusters.',
    ],
  },
];

function step(
  id: string,
  title: string,
  phase: string,
  items: readonly string[],
  checklistPath: string,
  role: StepRole,
  rest: Partial<Pick<DeployStepDefinition, 'runOnceJobs' | 'after' | 'checks' | 'hints'>>,
): DeployStepDefinition {
  return { id, title, phase, items, checklistPath, role, runOnceJobs: [], after: [], checks: [], hints: [], ...rest };
}
