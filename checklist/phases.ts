import type { ChecklistPhase } from './types';

/**
 * The checklist's headings in its own order. The ids of the component phases are the numbers of the first half
 * ("Phase 1" to "Phase 5"); the deployment order of the second half numbers its phases again with other meanings
 * ("Phase 3" is the lawful-intercept instance above and the auxiliary services below), so its sections have slugs.
 */
export const checklistPhases: readonly ChecklistPhase[] = [
  {
    id: '1',
    title: 'Phase 1: Infrastructure Components',
    sections: [
      { id: '1.1', title: 'PostgreSQL (CloudNativePG)' },
      { id: '1.2', title: 'Redis Sentinel' },
      { id: '1.3', title: 'MinIO Storage' },
      { id: '1.4', title: 'Networking' },
    ],
  },
  {
    id: '2',
    title: 'Phase 2: Main Instance Components',
    sections: [
      { id: '2.1', title: 'Synapse Main Process' },
      { id: '2.2', title: 'HAProxy Load Balancer' },
      { id: '2.3', title: 'key_vault Application' },
      { id: '2.4', title: 'LiveKit SFU' },
    ],
  },
  {
    id: '3',
    title: 'Phase 3: LI Instance Components',
    sections: [
      { id: '3.1', title: 'Sync System' },
      { id: '3.2', title: 'LI Synapse Instance' },
    ],
  },
  {
    id: '4',
    title: 'Phase 4: Auxiliary Services',
    sections: [
      { id: '4.1', title: 'Antivirus (ClamAV)' },
      { id: '4.2', title: 'Element Web' },
      { id: '4.3', title: 'TURN Server (coturn)' },
    ],
  },
  {
    id: '5',
    title: 'Phase 5: Monitoring',
    sections: [
      { id: '5.1', title: 'ServiceMonitors' },
      { id: '5.2', title: 'Grafana Dashboards' },
    ],
  },
  {
    id: 'A',
    title: 'Pre-Deployment Actions',
    sections: [
      { id: 'A.1', title: 'Replace All Placeholder Values' },
      { id: 'A.2', title: 'Generate Secure Credentials' },
      { id: 'A.3', title: 'Update Domain Names' },
      { id: 'A.4', title: 'Verify Kubernetes Prerequisites' },
    ],
  },
  {
    id: 'B',
    title: 'Deployment Order',
    sections: [
      { id: 'B.infrastructure', title: 'Phase 1: Infrastructure' },
      { id: 'B.core', title: 'Phase 2: Core Services' },
      { id: 'B.auxiliary', title: 'Phase 3: Auxiliary Services' },
      { id: 'B.li', title: 'Phase 4: LI Instance' },
      { id: 'B.monitoring', title: 'Phase 5: Monitoring' },
    ],
  },
  {
    id: 'C',
    title: 'Post-Deployment Validation',
    sections: [
      { id: 'C.1', title: 'Component Health Checks' },
      { id: 'C.2', title: 'Connectivity Tests' },
      { id: 'C.3', title: 'Synapse Health' },
      { id: 'C.4', title: 'Replication Status' },
    ],
  },
  { id: 'F', title: 'Final Checklist', sections: [{ id: 'F', title: 'Before considering deployment complete' }] },
  { id: 'R', title: 'Remember', sections: [{ id: 'R', title: 'After the deployment' }] },
];
