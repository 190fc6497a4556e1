import { nearest } from '../../analysis/nearest';
import { type ContainerPort, isInjected, type Pods } from '../../analysis/pods';
import { selectPods } from '../../analysis/selection';
import { type ServicePort, servicesOf } from '../../analysis/services';
import { few } from '../../analysis/wording';
import { insertEntry, replaceScalar, replaceValue } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { numberOf, turnserverOf } from '../turn/turnserver';

export default {
  id: 'service-target-port-unexposed',
  items: [],
  severity: 'warning',
  summary: 'A Service leads to a port that the selected pods do not have.',
  why: 'A `targetPort` that is a name leads nowhere if no container port has that name: the port has no endpoints. A number leads to whatever listens there; if no container declares it, usually nothing does.',
  remedy: 'Name a port of the container, or declare the port that the program listens on.',
  traps: [
    'A missing name is an error, because Kubernetes looks it up. A number that no container declares is a warning, because declaring ports is only information for Kubernetes.',
    'It is only mentioned if the pods declare no ports at all.',
    'The ports on which coturn relays need not be declared one by one.',
    'The protocol counts: a port declared as TCP is none for a UDP Service port.',
    'If several workloads are selected, one of them with the port is enough.',
    'Pods that nothing in the tree describes are not judged, nor are names of ports where a webhook adds containers to the pods.',
  ],
  sources: [
    'Kubernetes documentation, Service, "Port definitions": targetPort may be the name of a container port, which is looked up in each pod.',
    'Kubernetes API reference, Container: "Not specifying a port here DOES NOT prevent that port from being exposed."',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
          app: app
        ports:
          - name: http
            port: 80
            targetPort: htpp
      #                 ^^^^ 💡 error: Service app leads to the port htpp, which no selected pod has; they have http (8008) and metrics (9090)
          - name: metrics
            port: 9000
      #           ^^^^ 💡 warning: Service app leads to the port 9000/TCP, which no selected pod declares; they have http (8008) and metrics (9090)
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
        labels:
          app: app
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            ports:
              - name: http
                containerPort: 8008
              - name: metrics
                containerPort: 9090
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
          app: app
        ports:
          - name: http
            port: 80
            targetPort: http
          - name: metrics
            port: 9000
            targetPort: metrics
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
        labels:
          app: app
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            ports:
              - name: http
                containerPort: 8008
              - name: metrics
                containerPort: 9090
    `,
  },
  kinds: ['Service'],
  *check(resource, workspace) {
    const [service] = servicesOf(resource);
    if (!service?.selector) return;
    const { pods } = selectPods(workspace, resource.namespace, service.selector);
    if (pods.length === 0) return;
    for (const port of service.ports) {
      if (pods.some(one => has(one, port) || isRelay(workspace, one, port) || mayBeInjected(one, port))) continue;
      yield* problemOf(resource.name, port, pods);
    }
  },
} satisfies Rule;

function has(pods: Pods, port: ServicePort): boolean {
  // What an operator's pods listen on besides the ports it names is not known.
  if (typeof port.targetPort === 'number' && !pods.template) return true;
  return pods.ports.some(
    one => (one.port === port.targetPort || one.name === port.targetPort) && one.protocol === port.protocol,
  );
}

/** Whether a name may be that of a port of a container which a webhook adds, such as Istio's `http-envoy-prom`. */
function mayBeInjected({ owner }: Pods, { targetPort }: ServicePort): boolean {
  return typeof targetPort === 'string' && isInjected(owner);
}

/** Whether a port is one of those on which coturn relays: so many that nobody declares each of them. */
function isRelay(workspace: Workspace, { owner }: Pods, { targetPort, protocol }: ServicePort): boolean {
  const server = protocol === 'UDP' && typeof targetPort === 'number' ? turnserverOf(workspace, owner) : undefined;
  if (!server) return false;
  const [min, max] = [numberOf(server, 'min-port', 49152), numberOf(server, 'max-port', 65535)];
  return min !== undefined && max !== undefined && min <= Number(targetPort) && Number(targetPort) <= max;
}

function* problemOf(service: string, port: ServicePort, pods: readonly Pods[]): Iterable<Problem> {
  if (!port.at) return;
  const written = port.at.at('targetPort');
  const at: Place = written.exists ? written : port.at.at('port');
  const ports = distinct(pods.flatMap(one => one.ports));
  const has = ports.length === 0 ? 'they declare none' : `they have ${few(ports.map(say))}`;
  const related = pods.slice(0, 5).map(({ owner }) => ({
    at: owner.root.at('metadata', 'name'),
    message: `${owner.title} is selected`,
  }));
  if (typeof port.targetPort === 'string') {
    const otherProtocol = ports.find(one => one.name === port.targetPort);
    yield {
      at,
      severity: 'error',
      message: otherProtocol
        ? `Service ${service} leads to the port ${port.targetPort} over ${port.protocol}, but the pods declare it as ${otherProtocol.protocol} — let the protocols agree.`
        : `Service ${service} leads to the port ${port.targetPort}, which no selected pod has; ${has} — name one of them.`,
      related,
      fixes: () => (otherProtocol ? [] : fixesFor(port, ports)),
    };
    return;
  }
  const isJob = pods.every(({ owner }) => owner.kind === 'Job' || owner.kind === 'CronJob');
  yield {
    at,
    ...(ports.length === 0 && !isJob ? { severity: 'info' } : {}),
    message: isJob
      ? `Service ${service} leads to the port ${port.targetPort} of ${pods[0]?.owner.title}, where nothing listens between its runs — delete the Service or let it select pods that stay.`
      : `Service ${service} leads to the port ${port.targetPort}/${port.protocol}, which no selected pod declares; ${has} — declare the port or lead to one of them.`,
    related,
    fixes: () => fixesFor(port, ports),
  };
}

/** The port that is most likely meant: of nearly the same name, of the Service port's name, or of its number. */
function fixesFor(port: ServicePort, ports: readonly ContainerPort[]): readonly Fix[] {
  const named = ports.filter(one => one.name !== undefined && one.protocol === port.protocol);
  const names = named.flatMap(one => one.name ?? []);
  const close = typeof port.targetPort === 'string' ? nearest(port.targetPort, names) : undefined;
  const meant =
    close ??
    names.find(name => name === port.name) ??
    named.find(one => one.port === port.port)?.name ??
    (typeof port.targetPort === 'string' && names.length === 1 ? names[0] : undefined);
  if (meant === undefined || !port.at) return [];
  const written = port.at.at('targetPort');
  const edit = !written.exists
    ? insertEntry(port.at, `targetPort: ${meant}`, { after: 'port' })
    : written.string === undefined
      ? replaceValue(written, meant)
      : replaceScalar(written, meant);
  return edit ? [{ title: `Lead to the port ${meant}`, safe: false, edits: [edit] }] : [];
}

function distinct(ports: readonly ContainerPort[]): readonly ContainerPort[] {
  return [...new Map(ports.map(port => [`${port.name}/${port.port}/${port.protocol}`, port])).values()];
}

function say({ name, port, protocol }: ContainerPort): string {
  const number = protocol === 'TCP' ? `${port}` : `${port}/${protocol}`;
  return name === undefined ? number : `${name} (${number})`;
}
