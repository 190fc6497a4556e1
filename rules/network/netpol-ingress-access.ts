import { endpointOfEnd, type FlowEnd, flowsFrom, isExternal, type RequiredFlow } from '../../analysis/flows';
import { admits } from '../../analysis/network/evaluate';
import { affects } from '../../analysis/network/policy-index';
import { type Pods, podTemplate } from '../../analysis/pods';
import { anyNamespace, policiesOf, policyResource } from '../../analysis/policies';
import { routeSourceKinds } from '../../analysis/routes';
import { settingsOf } from '../../analysis/settings';
import { insertEntry, stringScalar } from '../../manifests/edit';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { coversPort } from './admission';
import { type BlockedFlow, blockedFlow, isolatingPolicies, namesOf, reasonOf } from './blocked';
import { letThrough } from './grants';

export default {
  id: 'netpol-ingress-access',
  items: ['1.4.b.5'],
  severity: 'error',
  summary: 'The ingress controller or a proxy may not connect to the pods behind an Ingress or another route.',
  why: 'The controller connects to the pods itself, past the Service. If no policy admits it, every request ends with a gateway timeout.',
  remedy:
    'Admit the pods of the ingress controller by the namespace they run in, on the port of the pods: the `targetPort` of the Service, not its `port`.',
  traps: [
    'Policies select pods of their own namespace, and ports are those of the pods after the Service has translated its own.',
    'Traefik, Contour and the proxies of Gateways of Envoy Gateway and Istio are held to the same; those of other implementations are not known.',
    'Where the controller runs is taken from the Helm commands of the tree; if nothing says it, only what is blocked wherever it runs is reported.',
  ],
  sources: [
    'ingress-nginx documentation, "Why endpoints and not services": the controller uses the addresses of the pods.',
    'Kubernetes documentation, Network Policies.',
  ],
  examples: {
    bad: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-from-ingress
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            ingress-accessible: "true"
        policyTypes: [Ingress]
        ingress:
          - from:
              - namespaceSelector:
                  matchLabels:
                    kubernetes.io/metadata.name: ingress-nginx
            ports:
              - port: 8008 # Synapse
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: livekit
              ingress-accessible: "true"
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          app: livekit
        ports:
          - port: 80
            targetPort: 7880
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: livekit
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: livekit.tessera.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: livekit
                      port:
                        number: 80
      #                         ^^ 💡 error: The ingress controller has to reach livekit:7880 for Ingress livekit, but ingress of matrix/livekit blocks it
      #- /install.sh
      helm install ingress-nginx ingress-nginx/ingress-nginx --namespace ingress-nginx
    `,
    good: `
      #- /policies.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: allow-from-ingress
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            ingress-accessible: "true"
        policyTypes: [Ingress]
        ingress:
          - from:
              - namespaceSelector:
                  matchLabels:
                    kubernetes.io/metadata.name: ingress-nginx
            ports:
              - port: 8008 # Synapse
              - port: 7880
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: livekit
              ingress-accessible: "true"
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          app: livekit
        ports:
          - port: 80
            targetPort: 7880
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: livekit
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: livekit.tessera.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: livekit
                      port:
                        number: 80
      #- /install.sh
      helm install ingress-nginx ingress-nginx/ingress-nginx --namespace ingress-nginx
    `,
  },
  kinds: routeSourceKinds,
  *check(source, workspace) {
    if (settingsOf(workspace).components.networkPolicies === 'off') return;
    const blocked = flowsFrom(workspace, source).flatMap(flow => blockedFlow(workspace, flow) ?? []);
    for (const flows of byPort(blocked)) {
      const [first] = flows;
      if (!first) continue;
      const pods = namesOf(
        'the pods',
        flows.map(({ flow }) => flow.to),
      );
      yield {
        at: first.flow.at,
        message: `${nameOf(first.flow.from).replace(/^the /, 'The ')} has to reach ${pods}:${first.flow.port} for ${source.kind} ${source.name}, but ${reasonOf(first.verdict)} — admit it on that port of the pods.`,
        related: isolatingPolicies(workspace, first.verdict),
        fixes: () =>
          [...labelPods(workspace, flows), ...letThrough(workspace, flows)].sort(
            (a, b) => Number(b.safe) - Number(a.safe),
          ),
      };
    }
  },
} satisfies Rule;

/** Backends with the same port and the same pods are one finding, however many paths lead to them. */
function byPort(flows: readonly BlockedFlow[]): readonly (readonly BlockedFlow[])[] {
  const groups = new Map<string, BlockedFlow[]>();
  for (const one of flows) {
    const { why, port, to } = one.flow;
    const key = `${why} ${port}`;
    const known = groups.get(key) ?? [];
    if (!known.some(({ flow }) => flow.to === to)) known.push(one);
    groups.set(key, known);
  }
  return [...groups.values()];
}

function nameOf(end: FlowEnd): string {
  return isExternal(end) ? end.name : end.owner.name;
}

/**
 * Gives the pods the labels by which an existing policy admits the controller on that port. A choice, because the label
 * may open further ports.
 */
function labelPods(workspace: Workspace, flows: readonly BlockedFlow[]): readonly Fix[] {
  const [first] = flows;
  if (!first || flows.some(({ flow }) => isExternal(flow.to))) return [];
  const { namespace } = first.flow.to as Pods;
  const index = policiesOf(workspace, namespace ?? anyNamespace);
  for (const policy of index.policies) {
    const labels = policy.podSelector?.matchLabels ?? [];
    if (!affects(policy, 'Ingress') || labels.length === 0 || policy.podSelector?.matchExpressions?.length) continue;
    const opens = policy.ingress?.some(
      rule =>
        (rule.peers?.length ?? 0) > 0 &&
        admits(rule, policy, endpointOfEnd(first.flow.from), index) === 'yes' &&
        flows.every(({ flow }) => coversPort(rule, flow.to as Pods, flow.port)),
    );
    if (!opens || !policyResource(workspace, policy)) continue;
    const edits = flows.map(({ flow }) => labelled(flow, labels));
    if (edits.some(edit => edit === undefined)) continue;
    const names = [...new Set(flows.map(({ flow }) => (flow.to as Pods).owner.title))];
    return [
      {
        title: `Give ${names.join(' and ')} the labels that NetworkPolicy ${policy.name} selects`,
        safe: false,
        edits: edits.flatMap(edit => edit ?? []),
      },
    ];
  }
  return [];
}

function labelled({ to }: RequiredFlow, wanted: readonly { readonly key: string; readonly value: string }[]) {
  if (isExternal(to)) return undefined;
  const labels = podTemplate(to.owner)?.at('metadata', 'labels');
  const missing = wanted.filter(({ key }) => !to.labels.has(key));
  if (
    !labels ||
    missing.length === 0 ||
    wanted.some(({ key, value }) => to.labels.has(key) && to.labels.get(key) !== value)
  )
    return undefined;
  const text = missing.map(({ key, value }) => `${key}: ${stringScalar(value)}`).join('\n');
  return insertEntry(labels, text);
}
