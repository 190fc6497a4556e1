import { readSelector } from '../../analysis/labels';
import { type Pods, podsSelectedBy } from '../../analysis/pods';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { selectedPods } from './admission';
import { rulesIn, type WrittenPolicyRule } from './peers';

export default {
  id: 'netpol-port-not-on-pod',
  items: [],
  severity: 'info',
  summary: 'A NetworkPolicy opens a port that none of the pods it is about has.',
  why: 'Ports of a policy are ports of the pods, after a Service has translated its own. A port that was taken from the Service, or from another component, opens nothing; the connection that was meant stays blocked.',
  remedy:
    'Write the `containerPort` of the pods. If something does listen there, declare the port in the pod template.',
  traps: [
    'Declaring ports is optional in Kubernetes, so for a number this is only mentioned. A name that no pod declares matches nothing and is a warning.',
    'Pods that declare no ports at all are not judged, and neither are peers whose pods are not in the tree.',
    'A port that any of the selected pods has is accepted: rules are often shared.',
  ],
  sources: [
    'Kubernetes documentation, Network Policies: rules are applied to the addresses and ports of pods; a named port is looked up in the destination pod.',
    'Kubernetes API reference, ContainerPort: "Not specifying a port here DOES NOT prevent that port from being exposed".',
  ],
  examples: {
    bad: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: clamav
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: clamav
        policyTypes: [Ingress]
        ingress:
          - ports:
              - port: 3310
              - port: 8080
      #               ^^^^ info: clamav declares no port 8080, only 3310
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: clamav
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: clamav
          spec:
            containers:
              - name: clamd
                image: clamav/clamav:1.4.1
                ports:
                  - name: clamd
                    containerPort: 3310
    `,
    good: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: clamav
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: clamav
        policyTypes: [Ingress]
        ingress:
          - ports:
              - port: 3310
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: clamav
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: clamav
          spec:
            containers:
              - name: clamd
                image: clamav/clamav:1.4.1
                ports:
                  - name: clamd
                    containerPort: 3310
    `,
  },
  kinds: ['NetworkPolicy'],
  *check(policy, workspace) {
    const own = selectedPods(workspace, policy, 'Ingress');
    for (const rule of rulesIn(policy)) {
      const pods = rule.direction === 'Ingress' ? own : namedPods(workspace, policy, rule);
      const declared = pods.flatMap(one => one.ports);
      if (declared.length === 0 || pods.some(one => one.ports.length === 0 || one.hostNetwork)) continue;
      for (const item of rule.ports.items()) {
        const port = item.at('port');
        const { number } = port;
        if (!port.exists || port.isNull || item.at('endPort').exists) continue;
        const name = port.string;
        // A number in quotes is no name at all, which field-value-refused reports.
        if (name !== undefined && /^\d+$/.test(name)) continue;
        if (declared.some(one => (number === undefined ? one.name === name : one.port === number))) continue;
        yield {
          at: port,
          ...(number === undefined && { severity: 'warning' }),
          message: `${ownersOf(pods)} no port ${port.text}, only ${portsOf(pods)} — write the port of the pods, not that of a Service.`,
          fixes: () => {
            const only = declared.every(one => one.port === declared[0]?.port) ? declared[0]?.port : undefined;
            const edit = only === undefined ? undefined : replaceScalar(port, String(only));
            const isThere = rule.ports.items().some(other => other.at('port').number === only);
            return edit && !isThere ? [{ title: `Open port ${only}`, safe: false, edits: [edit] }] : [];
          },
        };
      }
    }
  },
} satisfies Rule;

/** The pods that the peers of an egress rule name, if all of them are pods of the policy's namespace. */
function namedPods(workspace: Workspace, policy: Resource, { peers }: WrittenPolicyRule): readonly Pods[] {
  const found: Pods[] = [];
  for (const peer of peers.items()) {
    const selector = readSelector(peer.at('podSelector'));
    if (!selector || selector.requirements.length === 0 || isElsewhere(peer)) return [];
    const pods = podsSelectedBy(workspace, policy.namespace, selector);
    if (pods.length === 0) return [];
    found.push(...pods);
  }
  return found;
}

function isElsewhere(peer: Value): boolean {
  const namespaces = peer.at('namespaceSelector');
  return namespaces.exists && !namespaces.isNull;
}

function ownersOf(pods: readonly Pods[]): string {
  const names = [...new Set(pods.map(one => one.owner.name))];
  return names.length === 1 ? `${names[0]} declares` : `The ${names.length} workloads that are meant declare`;
}

function portsOf(pods: readonly Pods[]): string {
  const ports = [...new Set(pods.flatMap(one => one.ports.map(({ port }) => port)))].sort((a, b) => a - b);
  return ports.length > 6 ? `${ports.slice(0, 6).join(', ')} and others` : ports.join(', ');
}
