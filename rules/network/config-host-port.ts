import type { Address } from '../../analysis/flows/address';
import { addressesOf } from '../../analysis/flows/addresses';
import { type Destination, resolveHost, servicePort } from '../../analysis/flows/destinations';
import { madeService } from '../../analysis/helm/chart-objects';
import { releaseKinds } from '../../analysis/helm/releases';
import { type Pods, workloadKinds } from '../../analysis/pods';
import { clusterKind, tenantKind } from '../../analysis/roles';
import { type Service, targetOf } from '../../analysis/services';
import { synapseProcess } from '../../analysis/synapse';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'config-host-port',
  items: [],
  severity: 'error',
  summary: 'A configuration connects to a port that the Service does not have.',
  why: 'A Service forwards only the ports that it lists; others are refused or time out, although the pods behind it may listen there.',
  remedy:
    'Write the `port` of the Service, not its `targetPort` and not the port of the container. At a headless Service, whose name leads to the pods themselves, write the port of the pods.',
  traps: [
    'At a headless Service, and at the name of a single pod, the ports of the pods count. Declaring them is optional, so there this is a warning.',
    'A URL without a port means that of its scheme.',
    'The Services of a MinIO Tenant are left to `minio-endpoint-mismatch`, because TLS decides there.',
  ],
  sources: ['Kubernetes documentation, Service, "Port definitions" and "Headless Services".'],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          backend element
            server web element-web.matrix.svc.cluster.local:8080 check
      #                                                     ^^^^ 💡 error: Service element-web has no port 8080, only 80
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6-alpine
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: element-web
        namespace: matrix
      spec:
        selector:
          app: element-web
        ports:
          - port: 80
            targetPort: 8080
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          backend element
            server web element-web.matrix.svc.cluster.local:80 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6-alpine
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: element-web
        namespace: matrix
      spec:
        selector:
          app: element-web
        ports:
          - port: 80
            targetPort: 8080
    `,
  },
  kinds: [...workloadKinds, clusterKind, ...releaseKinds],
  *check(resource, workspace) {
    for (const address of addressesOf(workspace, resource)) {
      if (address.port === undefined) continue;
      const destination = resolveHost(workspace, address.namespace ?? resource.namespace, address.host);
      const problem = judge(workspace, address, address.port, destination);
      if (problem) yield problem;
    }
  },
} satisfies Rule;

function judge(workspace: Workspace, address: Address, port: number, destination: Destination): Problem | undefined {
  if (destination.kind === 'no-service') return judgeMade(workspace, address, port, destination);
  if (destination.kind !== 'service' && destination.kind !== 'pod') return undefined;
  const { service } = destination;
  if (service.resource.qualifiedKind === tenantKind || servicePort(service, port)) return undefined;
  const pods = destination.kind === 'pod' ? [destination.pods] : destination.pods;
  const isDirect = service.isHeadless || destination.kind === 'pod';
  if (isDirect && (mayListen(pods, port) || pods.some(one => listensOn(workspace, one, port)))) return undefined;
  const ports = isDirect
    ? [...portsOf(service), ...pods.flatMap(one => one.ports.map(own => own.port))]
    : portsOf(service);
  const known = [...new Set(ports)].sort((a, b) => a - b);
  const subject =
    destination.kind === 'pod'
      ? `Pod ${address.host.split('.', 1)[0]} of Service ${service.name}`
      : `Service ${service.name}`;
  const isDefault = address.portAt === undefined;
  return {
    at: address.portAt ?? address.at,
    ...(isDirect && { severity: 'warning' }),
    message: `${subject} has no port ${port}${isDefault ? ', which is meant where none is written' : ''}${known.length > 0 ? `, only ${listOf(known)}` : ''} (${address.name}) — write a port that it has.`,
    related: [{ at: service.resource.root.at('metadata', 'name'), message: `Service ${service.name}` }],
    fixes: () => (isDefault ? [] : usePort(address, service, pods, port, known)),
  };
}

/** The same for the Service of a chart that a script installs. */
function judgeMade(
  workspace: Workspace,
  address: Address,
  port: number,
  { namespace, name }: Extract<Destination, { kind: 'no-service' }>,
): Problem | undefined {
  const made = madeService(workspace, namespace, name);
  if (!made || made.isHeadless || made.ports.includes(port)) return undefined;
  const { chart, version, title, at } = made.known.release;
  return {
    at: address.portAt ?? address.at,
    // Another version may have other ports.
    ...(!/\d/.test(version ?? '') && { severity: 'warning' as const }),
    message: `Service ${name}, which the chart ${chart} makes, has no port ${port}${address.portAt ? '' : ', which is meant where none is written'}, only ${listOf(made.ports)} (${address.name}) — write a port that it has.`,
    related: [{ at, message: title }],
  };
}

/** Whether Synapse in the pods may be told to listen on a port, which need not be declared. */
function listensOn(workspace: Workspace, { owner }: Pods, port: number): boolean {
  const process = synapseProcess(workspace, owner);
  return process !== undefined && (process.listeners?.some(listener => listener.port === port) ?? true);
}

/** Whether pods may listen on a port: one of them declares it, or some declare nothing. */
function mayListen(pods: readonly Pods[], port: number): boolean {
  return pods.length === 0 || pods.some(({ ports }) => ports.length === 0 || ports.some(own => own.port === port));
}

function portsOf(service: Service): readonly number[] {
  return service.ports.map(({ port }) => port);
}

/** The port that leads to the one that was written, else the only one there is. */
function usePort(
  address: Address,
  service: Service,
  pods: readonly Pods[],
  port: number,
  known: readonly number[],
): readonly Fix[] {
  const translated = service.ports.filter(
    own => own.targetPort === port || pods.some(one => targetOf(own, one)?.port === port),
  );
  const [only] = known;
  const meant = translated.length === 1 ? translated[0]?.port : known.length === 1 ? only : undefined;
  if (meant === undefined || !address.portAt) return [];
  return [
    {
      title: `Use port ${meant}`,
      safe: translated.length === 1 && !service.isHeadless,
      edits: [{ at: address.portAt, newText: String(meant) }],
    },
  ];
}

function listOf(ports: readonly number[]): string {
  return ports.length > 5 ? `${ports.slice(0, 5).join(', ')} and others` : ports.join(' and ');
}
