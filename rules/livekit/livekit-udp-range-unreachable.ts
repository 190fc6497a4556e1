import { configurationOf, parsed } from '../../analysis/configs';
import { mainContainersOf, podsOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { servicesFor } from '../../analysis/services';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'livekit-udp-range-unreachable',
  items: [],
  severity: 'warning',
  summary: 'LiveKit offers more media ports than can be reached.',
  why: 'Each participant is given a port of the range. One that no Service and no host port leads to carries nothing, so calls connect and stay silent.',
  remedy: 'Set `hostNetwork: true`, or send all media over one port with `rtc.udp_port` and open that.',
  traps: [
    '`udp_port` takes the place of the range.',
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

/** How many UDP ports of a range lead to the pods: as host ports, or through Services that are open to the outside. */
function openPorts(workspace: Workspace, resource: Resource, start: number, end: number): number {
  const open = new Set<number>();
  const add = (port: number | undefined): void => {
    if (port !== undefined && port >= start && port <= end) open.add(port);
  };
  for (const container of mainContainersOf(resource))
    for (const port of container.value.at('ports').items())
      if (port.at('protocol').text === 'UDP' && port.at('hostPort').exists) add(port.at('containerPort').number);
  for (const pods of podsOf(resource))
    for (const service of servicesFor(workspace, pods))
      for (const port of service.ports)
        if (port.protocol === 'UDP') add(typeof port.targetPort === 'number' ? port.targetPort : port.port);
  return open.size;
}
