import { isolation } from '../../analysis/network/policy-index';
import { podsOf, workloadKinds } from '../../analysis/pods';
import { anyNamespace, endpointOf, policiesOf, policyResources } from '../../analysis/policies';
import { familiesOf, tenantKind } from '../../analysis/roles';
import { servicesFor } from '../../analysis/services';
import { settingsOf } from '../../analysis/settings';
import type { Rule } from '../rule';

export default {
  id: 'netpol-pod-unprotected',
  items: ['1.4.b'],
  severity: 'warning',
  summary: 'No NetworkPolicy restricts who may connect to a workload.',
  why: 'A pod that no policy selects for ingress accepts connections from every pod of the cluster, however strict the policies for the others are.',
  remedy: 'Add a default deny for the whole namespace, then allow what is needed; or add a policy for these pods.',
  traps: [
    'Where the namespace has no NetworkPolicy at all, `netpol-set-incomplete` says so once.',
    'Databases and key_vault have rules of their own that report this as an error.',
    'Pods on the host network and Jobs that nobody connects to are not judged.',
  ],
  sources: [
    'Kubernetes documentation, Network Policies: "By default, a pod is non-isolated for ingress; all inbound connections are allowed".',
  ],
  examples: {
    bad: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: redis
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: redis
        policyTypes: [Ingress]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: sygnal
      #       ^^^^^^ warning: Every pod of the cluster may connect to sygnal
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: sygnal
          spec:
            containers:
              - name: sygnal
                image: matrixdotorg/sygnal:v0.15.1
                ports:
                  - containerPort: 5000
    `,
    good: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: default-deny
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Ingress]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: sygnal
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: sygnal
          spec:
            containers:
              - name: sygnal
                image: matrixdotorg/sygnal:v0.15.1
                ports:
                  - containerPort: 5000
    `,
  },
  kinds: [...workloadKinds.filter(kind => kind !== 'Job' && kind !== 'CronJob'), tenantKind],
  *check(workload, workspace) {
    if (settingsOf(workspace).components.networkPolicies === 'off') return;
    const namespace = workload.namespace ?? anyNamespace;
    const [pods] = podsOf(workload);
    if (!pods || pods.hostNetwork || familiesOf(workload).has('key_vault')) return;
    if (policyResources(workspace, namespace).length === 0) return;
    if (pods.ports.length === 0 && servicesFor(workspace, pods).length === 0) return;
    const policies = policiesOf(workspace, namespace);
    if (policies.otherPolicies.length > 0 || isolation(endpointOf(pods), 'Ingress', policies).isolated !== 'no') return;
    yield {
      at: workload.root.at('metadata', 'name'),
      message: `Every pod of the cluster may connect to ${workload.name}, because no NetworkPolicy selects it for Ingress — add a default deny for the namespace, or a policy for these pods.`,
    };
  },
} satisfies Rule;
