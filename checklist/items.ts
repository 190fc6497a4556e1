import type { ChecklistItem } from './types';

/** Every line of the checklist that can be decided, in checklist order: 93 static, 21 live, 9 manual. */
export const checklistItems: readonly ChecklistItem[] = [
  ...section('1', '1.1', [
    ['1.1.a.1', 'Main PostgreSQL cluster configuration exists'],
    ['1.1.a.2', 'LI PostgreSQL cluster configuration exists'],
    ['1.1.b.1', 'Superuser secret of the main cluster is defined'],
    ['1.1.b.2', 'Superuser secret of the LI cluster is defined'],
    ['1.1.c.1', '100 CCU: 2Gi memory, 1 CPU, 50Gi storage'],
    ['1.1.c.2', 'Scaling increments properly defined'],
  ]),
  ...section('1', '1.2', [
    ['1.2.a', 'Redis password secret exists'],
    ['1.2.b.1', 'Init container properly substitutes the password'],
    ['1.2.b.2', 'Sentinel configuration uses the secret reference'],
    ['1.2.b.3', 'All 3 sentinel replicas configured'],
  ]),
  ...section('1', '1.3', [
    ['1.3.a.1', 'EC:4 properly configured (4 data + 4 parity)'],
    ['1.3.a.2', '8 total drives (2 per server × 4 servers)'],
    ['1.3.a.3', 'Storage calculations: 50% efficiency confirmed'],
    ['1.3.b.1', 'Dual-format secret for CloudNativePG compatibility'],
    ['1.3.b.2', 'Both access-key/secret-key and CONSOLE_ACCESS_KEY/CONSOLE_SECRET_KEY'],
  ]),
  ...section('1', '1.4', [
    ['1.4.a', 'NetworkPolicy namespace selectors use kubernetes.io/metadata.name'],
    ['1.4.b', 'All 13 NetworkPolicies present'],
    ['1.4.b.1', 'DNS access (allow-dns)'],
    ['1.4.b.2', 'Database access policies'],
    ['1.4.b.3', 'key_vault isolation'],
    ['1.4.b.4', 'LI instance isolation'],
    ['1.4.b.5', 'Ingress access'],
  ]),
  ...section('2', '2.1', [
    ['2.1.a', 'S3 storage provider installation verified'],
    ['2.1.b', 'Volume mounts include Python packages'],
  ]),
  ...section('2', '2.2', [
    ['2.2.a', 'HAProxy ServiceMonitor metrics path corrected'],
    ['2.2.b.1', 'All worker types properly mapped'],
    ['2.2.b.2', 'Health check endpoints configured'],
  ]),
  ...section('2', '2.3', [
    ['2.3.a.1', 'Init container generates the complete app structure'],
    ['2.3.a.2', 'manage.py, wsgi.py, urls.py created at runtime'],
    ['2.3.a.3', 'Models and views properly defined'],
    ['2.3.b.1', 'Job creates the dedicated key_vault database'],
    ['2.3.b.2', 'Job uses PostgreSQL superuser credentials'],
    ['2.3.c.1', 'key_vault only accessible from Synapse main (not LI)'],
  ]),
  ...section('2', '2.4', [
    ['2.4.a', 'LiveKit configuration substitution implemented'],
    ['2.4.b.1', 'Redis password properly injected'],
    ['2.4.b.2', 'Using a separate Redis database (db: 1)'],
  ]),
  ...section('3', '3.1', [
    ['3.1.a.1', 'Replication uses the existing synapse user'],
    ['3.1.a.2', 'Publication created with superuser privileges'],
    ['3.1.a.3', 'Subscription properly configured'],
    ['3.1.b', 'Replication credentials properly set'],
  ]),
  ...section('3', '3.2', [
    ['3.2.a.1', 'enable_registration: false'],
    ['3.2.a.2', 'enable_room_list_search: false'],
    ['3.2.a.3', 'Database configured for the LI cluster'],
  ]),
  ...section('4', '4.1', [
    ['4.1.a', 'Content scanner uses a TCP connection instead of clamdscan'],
    ['4.1.b.1', 'Init container checks port 3310 availability'],
    ['4.1.b.2', 'Init container properly handles the connection'],
  ]),
  ...section('4', '4.2', [
    ['4.2.a.1', 'config.json with the correct homeserver URL is mounted'],
    ['4.2.a.2', 'PodDisruptionBudget configured'],
  ]),
  ...section('4', '4.3', [
    ['4.3.a.1', 'Shared secret consistent with Synapse'],
    ['4.3.a.2', 'Port ranges configured'],
  ]),
  ...section('5', '5.1', [
    ['5.1.a.1', 'Monitor for Synapse workers'],
    ['5.1.a.2', 'PodMonitors for PostgreSQL'],
    ['5.1.a.3', 'Monitor for MinIO'],
    ['5.1.a.4', 'Monitor for HAProxy (correct path)'],
    ['5.1.a.5', 'Monitor for LiveKit'],
    ['5.1.a.6', 'Monitor for NGINX Ingress'],
  ]),
  ...section('5', '5.2', [
    ['5.2.a.1', 'Dashboard: Synapse metrics'],
    ['5.2.a.2', 'Dashboard: PostgreSQL metrics'],
    ['5.2.a.3', 'Dashboard: system overview'],
  ]),
  ...section('A', 'A.1', [
    ['A.1.a', 'Database passwords (PostgreSQL, Redis) replaced'],
    ['A.1.b', 'S3/MinIO credentials replaced'],
    ['A.1.c', 'Django secret key for key_vault replaced'],
    ['A.1.d', 'RSA private key for key_vault replaced'],
    ['A.1.e', 'API keys (LiveKit, key_vault) replaced'],
    ['A.1.f', 'JWT secrets replaced'],
    ['A.1.g', 'Domain names (matrix.example.com) replaced'],
  ]),
  ...section('A', 'A.2', [
    ['A.2.a', 'Secure passwords generated'],
    ['A.2.b', 'Django secret key generated'],
    ['A.2.c', 'RSA key for key_vault generated'],
  ]),
  ...section('A', 'A.3', [
    ['A.3.a', 'Domain updated in Ingress resources'],
    ['A.3.b', 'Domain updated in the Synapse configuration'],
    ['A.3.c', 'Domain updated in the Element Web configuration'],
    ['A.3.d', 'Domain updated in certificate configurations'],
  ]),
  ...live('A', 'A.4', [
    ['A.4.a', 'Kubernetes cluster version ≥ 1.27', 'kubectl version: the server must report 1.27 or newer.'],
    [
      'A.4.b',
      'cert-manager installed',
      'The API group cert-manager.io/v1 is served and its controllers are available.',
    ],
    ['A.4.c', 'NGINX Ingress Controller installed', 'An IngressClass nginx exists and its controller is available.'],
    [
      'A.4.d',
      'Prometheus Operator installed (if using monitoring)',
      'The API group monitoring.coreos.com/v1 is served and the operator is available.',
    ],
    ['A.4.e', 'MinIO Operator installed', 'The API group minio.min.io/v2 is served and the operator is available.'],
  ]),
  ...section('B', 'B.infrastructure', [
    ['B.1', 'PostgreSQL clusters: kubectl apply -f infrastructure/01-postgresql/'],
    ['B.2', 'Redis Sentinel: kubectl apply -f infrastructure/02-redis/'],
    ['B.3', 'MinIO storage: kubectl apply -f infrastructure/03-minio/'],
    ['B.4', 'Networking policies: kubectl apply -f infrastructure/04-networking/networkpolicies.yaml'],
  ]),
  ...section('B', 'B.core', [
    ['B.5', 'Main Synapse instance: kubectl apply -f main-instance/01-synapse/'],
    ['B.6', 'HAProxy load balancer: kubectl apply -f main-instance/02-haproxy/'],
    ['B.7', 'Synapse workers: kubectl apply -f main-instance/03-workers/'],
    ['B.8', 'key_vault: kubectl apply -f main-instance/08-key-vault/'],
    ['B.8w', 'Wait for the database initialization: job/key-vault-init-db'],
  ]),
  ...section('B', 'B.auxiliary', [
    ['B.9', 'ClamAV antivirus: kubectl apply -f antivirus/01-clamav/'],
    ['B.10', 'Content scanner (after ClamAV is ready): kubectl apply -f antivirus/02-scan-workers/'],
    ['B.11', 'LiveKit SFU: kubectl apply -f main-instance/04-livekit/'],
    ['B.12', 'Element Web: kubectl apply -f main-instance/07-element-web/'],
    ['B.13', 'TURN server: kubectl apply -f main-instance/05-coturn/'],
  ]),
  ...section('B', 'B.li', [
    ['B.14', 'LI Synapse instance: kubectl apply -f li-instance/01-synapse/'],
    ['B.15', 'Setup replication (run once): kubectl apply -f li-instance/04-sync-system/'],
    ['B.15w', 'Wait for the replication setup: job/sync-system-setup-replication'],
    ['B.16', 'LI workers: kubectl apply -f li-instance/02-workers/'],
  ]),
  ...section('B', 'B.monitoring', [
    ['B.17', 'Prometheus configuration: kubectl apply -f monitoring/01-prometheus/'],
    ['B.18', 'Grafana dashboards: kubectl apply -f monitoring/02-grafana/'],
  ]),
  ...live('C', 'C.1', [
    ['C.1.a', 'All pods are running', 'Every planned pod is Running and Ready, or Succeeded if a Job owns it.'],
    ['C.1.b', 'No CrashLoopBackOff', 'No container waits in CrashLoopBackOff or on its image or configuration.'],
    ['C.1.c', 'Services exist', 'Every planned Service exists; one with a selector has at least one ready endpoint.'],
  ]),
  ...live('C', 'C.2', [
    ['C.2.a', 'PostgreSQL connectivity', 'The primary lists its databases and every expected one is among them.'],
    ['C.2.b', 'Redis connectivity', 'Each Redis pod answers PONG; the password stays inside the pod.'],
    ['C.2.c', 'MinIO connectivity', 'The tenant is initialized and green, and /minio/health/live answers.'],
  ]),
  ...live('C', 'C.3', [
    ['C.3.a', 'Main Synapse answers', '/_matrix/federation/v1/version of the public domain names Synapse.'],
    ['C.3.b', 'Worker health', '/health of every Synapse worker pod answers OK.'],
  ]),
  ...live('C', 'C.4', [
    [
      'C.4.a',
      'LI replication lag',
      'The subscription is enabled, its slot is active, and the lag is small or falling.',
    ],
  ]),
  ...live('F', 'F', [
    ['F.1', 'All pods running and healthy', 'As C.1, once more after the last step.'],
    ['F.2', 'No errors in pod logs', 'kubectl logs of each workload: read the last ten minutes for errors.'],
    ['F.3', 'Synapse federation tester passes', 'Run the federation tester against the public domain.'],
    ['F.4', 'Element Web accessible and functional', 'Open Element Web and log in.'],
    ['F.5', 'Media upload/download working', 'Send an image in a room and open it from another account.'],
    ['F.6', 'PostgreSQL replication active (if using LI)', 'As C.4: subscription enabled, slot active.'],
    ['F.7', 'Monitoring dashboards showing metrics', 'Open the dashboards: every panel has recent data.'],
  ]),
  ...manual('F', 'F', [
    ['F.8', 'Backup procedures tested', 'Restore a backup into a scratch cluster and note when and from which backup.'],
    ['F.9', 'Security scan completed', 'Scan images and cluster; note the tool and where the report is kept.'],
    ['F.10', 'Load testing performed (optional)', 'Note the load, the tool and the result.'],
    ['F.11', 'Documentation updated with actual values', 'Note which documents were updated.'],
  ]),
  ...manual('R', 'R', [
    ['R.1', 'Document all customizations', 'Note where the customizations are written down.'],
    ['R.2', 'Set up regular backup schedules', 'Note the schedules and their retention.'],
    ['R.3', 'Configure alerting rules', 'Note who receives the alerts and that a test alert arrived.'],
    ['R.4', 'Plan maintenance windows', 'Note the agreed windows.'],
    ['R.5', 'Monitor resource usage trends', 'Note who looks at the trends and how often.'],
  ]),
];

/** Looks an item up by its id. */
export function checklistItem(id: string): ChecklistItem | undefined {
  return itemsById.get(id);
}

const itemsById: ReadonlyMap<string, ChecklistItem> = new Map(checklistItems.map(item => [item.id, item]));

function section(phase: string, id: string, leaves: readonly (readonly [string, string])[]): ChecklistItem[] {
  return leaves.map(([leaf, title]) => ({ id: leaf, phase, section: id, title, kind: 'static' }));
}

function live(phase: string, id: string, leaves: readonly (readonly [string, string, string])[]): ChecklistItem[] {
  return leaves.map(([leaf, title, hint]) => ({ id: leaf, phase, section: id, title, kind: 'live', hint }));
}

function manual(phase: string, id: string, leaves: readonly (readonly [string, string, string])[]): ChecklistItem[] {
  return leaves.map(([leaf, title, hint]) => ({ id: leaf, phase, section: id, title, kind: 'manual', hint }));
}
