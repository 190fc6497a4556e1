import { configurationOf, parsed } from '../../analysis/configs';
import type { EffectiveFile } from '../../analysis/effective';
import { mainContainersOf, podsOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { servicesFor, targetOf } from '../../analysis/services';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'livekit-udp-range-unreachable',
  items: [],
  severity: 'warning',
  summary: 'LiveKit offers media ports that cannot be reached.',
  why: 'Each participant is given a port of the range. One that no Service and no host port leads to carries nothing, so calls connect and stay silent.',
  remedy: 'Set `hostNetwork: true`, or send all media over one port with `rtc.udp_port` and open that.',
  traps: [
    '`udp_port` takes the place of the range. It needs a host port or a Service port of the same number and of UDP; so does `tcp_port`, of TCP, where the pod has host ports at all.',
    'Without a range in the configuration LiveKit takes 50000 to 60000; that is left to netpol rules and to a person.',
  ],
  sources: ['livekit/livekit config-sample.yaml: rtc.port_range_start, rtc.port_range_end, rtc.udp_port'],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          rtc:
            port_range_start: 50000
      #                       ^^^^^ warning: 101 media ports are configured, but 0 of them lead to Deployment/livekit from outside
            port_range_end: 50100
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: livekit}
        template:
          metadata:
            labels: {app: livekit}
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                args: [--config, /config/livekit.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: livekit}
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          rtc:
            port_range_start: 50000
            port_range_end: 50100
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: livekit}
        template:
          metadata:
            labels: {app: livekit}
          spec:
            hostNetwork: true
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                args: [--config, /config/livekit.yaml]
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: livekit}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('livekit') || podsOf(resource).some(pods => pods.hostNetwork)) return;
    for (const file of configurationOf(workspace, resource, 'livekit')?.files ?? []) {
      if (file.isOpaque) continue;
      const rtc = parsed(file).root.at('rtc');
      yield* singlePorts(workspace, resource, file, rtc);
      const start = rtc.at('port_range_start');
      const end = rtc.at('port_range_end').number;
      if (start.number === undefined || end === undefined || rtc.at('udp_port').exists || end < start.number) continue;
      const wanted = end - start.number + 1;
      const open = openPorts(workspace, resource, start.number, end);
      if (open >= wanted) continue;
      yield {
        at: start,
        message: `${wanted} media ports are configured, but ${open} of them lead to ${resource.title} from outside — set hostNetwork: true, or use one port with udp_port.`,
      };
    }
  },
} satisfies Rule;

/** The one port that carries all media, and the one for clients that may not send UDP. */
function* singlePorts(workspace: Workspace, resource: Resource, file: EffectiveFile, rtc: Value): Iterable<Problem> {
  const ports = mainContainersOf(resource).flatMap(({ value }) => value.at('ports').items());
  const hasHostPorts = ports.some(port => port.at('hostPort').exists);
  for (const [name, protocol] of [
    ['udp_port', 'UDP'],
    ['tcp_port', 'TCP'],
  ] as const) {
    const value = rtc.at(name);
    const port = value.number;
    if (!port || file.resolve(value).kind !== 'left') continue;
    // Without host ports something that the tree does not show may lead there, and TCP is the second choice only.
    if (protocol === 'TCP' && !hasHostPorts) continue;
    if (openPorts(workspace, resource, port, port, protocol) > 0) continue;
    const same = ports.find(one => one.at('containerPort').number === port);
    yield {
      at: same && (same.at('protocol').text ?? 'TCP') !== protocol ? same.at('containerPort') : value,
      message:
        same && (same.at('protocol').text ?? 'TCP') !== protocol
          ? `LiveKit takes ${protocol} on port ${port}, but the container declares ${same.at('protocol').text ?? 'TCP'}, so no media arrives — write protocol: ${protocol}.`
          : `LiveKit tells clients to send media to ${protocol} port ${port}, but neither a host port nor a Service leads there — open that port.`,
    };
  }
}

/** How many ports of a range lead to the pods: as host ports, or through Services that are open to the outside. */
function openPorts(
  workspace: Workspace,
  resource: Resource,
  start: number,
  end: number,
  protocol: 'UDP' | 'TCP' = 'UDP',
): number {
  const open = new Set<number>();
  const add = (port: number | undefined): void => {
    if (port !== undefined && port >= start && port <= end) open.add(port);
  };
  for (const container of mainContainersOf(resource))
    for (const port of container.value.at('ports').items())
      if ((port.at('protocol').text ?? 'TCP') === protocol && port.at('hostPort').exists)
        add(port.at('containerPort').number);
  for (const pods of podsOf(resource))
    for (const service of servicesFor(workspace, pods))
      for (const port of service.ports) if (port.protocol === protocol) add(targetOf(port, pods)?.port ?? port.port);
  return open.size;
}
