import { configurationOf, parsed } from '../../analysis/configs';
import { podsOf, workloadKinds } from '../../analysis/pods';
import { isLi, workloads } from '../../analysis/roles';
import { servicesFor, servicesIn } from '../../analysis/services';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { appendLines } from '../config/append-line';
import type { Fix, Problem, Related, Rule } from '../rule';
import { numberOf, optionOf, placeOf, type Turnserver, turnserverOf } from './turnserver';

export default {
  id: 'turn-port-range',
  items: ['4.3.a.2'],
  severity: 'error',
  summary: 'The range of coturn’s relay ports is not written down, is wrong, or cannot be reached.',
  why: 'Every call through TURN uses ports of this range. A port that something else has, or that nobody can reach, makes single calls fail without any message.',
  remedy:
    'Write `min-port` and `max-port`, keep listening ports, NodePorts and LiveKit’s range out of them, open the range in the firewall, and run coturn in the host network.',
  traps: [
    'Without the options coturn uses 49152 to 65535. That works, so it is a warning: the checklist wants the range written.',
    'A range that meets the NodePorts 30000 to 32767 is a warning, and an error where a Service of the tree has a port of it.',
    'Without host network every relay port needs a hostPort or a port of a Service.',
  ],
  sources: ['coturn README.turnserver: --min-port (default 49152), --max-port (default 65535)'],
  examples: {
    bad: `
      #- /coturn.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: coturn
        namespace: matrix
      data:
        turnserver.conf: |
      # ^^^^^^^^^^^^^^^ 💡 warning: coturn's relay ports are not written down
          realm=turn.example.org
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: coturn
        namespace: matrix
      spec:
        hostNetwork: true
        containers:
          - name: coturn
            image: coturn/coturn:4.6.2
            volumeMounts:
              - {name: config, mountPath: /etc/coturn}
        volumes:
          - name: config
            configMap: {name: coturn}
    `,
    good: `
      #- /coturn.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: coturn
        namespace: matrix
      data:
        turnserver.conf: |
          realm=turn.example.org
          min-port=49152
          max-port=65535
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: coturn
        namespace: matrix
      spec:
        hostNetwork: true
        containers:
          - name: coturn
            image: coturn/coturn:4.6.2
            volumeMounts:
              - {name: config, mountPath: /etc/coturn}
        volumes:
          - name: config
            configMap: {name: coturn}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const server = turnserverOf(workspace, resource);
    if (!server || isLi(workspace, resource)) return;
    const missing = (['min-port', 'max-port'] as const).filter(name => !optionOf(server, name));
    if (missing.length > 0 && !server.isPartial) yield notWritten(server, missing);
    yield* notNumbers(server);
    const min = numberOf(server, 'min-port', 49152);
    const max = numberOf(server, 'max-port', 65535);
    const at = optionOf(server, 'min-port')?.at ?? optionOf(server, 'max-port')?.at;
    if (min === undefined || max === undefined || !at) return;
    if (min > max || max > 65535) {
      yield {
        at,
        message: `coturn's relay ports ${min} to ${max} are no range — set min-port below max-port, up to 65535.`,
      };
      return;
    }
    yield* overlaps(workspace, server, { min, max, at });
    yield* unreachable(workspace, server, { min, max, at });
  },
} satisfies Rule;

interface Range {
  readonly min: number;
  readonly max: number;
  readonly at: Place;
}

/** The default of `--service-node-port-range` of the API server. */
const nodePortRange = { min: 30000, max: 32767 } as const;

/** coturn reads what is no number as 0. */
function* notNumbers(server: Turnserver): Iterable<Problem> {
  for (const name of ['min-port', 'max-port', 'listening-port', 'tls-listening-port']) {
    const option = optionOf(server, name);
    if (option?.value === undefined || /^\d+$/.test(option.value)) continue;
    if (option.resolution?.kind !== 'left' && option.from === 'file') continue;
    if (/[$`]/.test(option.value) || findPlaceholders(option.value, 'value').length > 0) continue;
    yield {
      at: option.at,
      message: `${option.value} is no port number, and coturn takes ${name} for 0 — write a number.`,
    };
  }
}

const defaults = { 'min-port': 49152, 'max-port': 65535 } as const;

function notWritten(server: Turnserver, missing: readonly (keyof typeof defaults)[]): Problem {
  return {
    at: placeOf(server),
    severity: 'warning',
    message: `coturn's relay ports are not written down, so they are ${numberOf(server, 'min-port', 49152)} to ${numberOf(server, 'max-port', 65535)} — set ${missing.join(' and ')}.`,
    fixes: () => writeDefaults(server, missing),
  };
}

function writeDefaults({ file }: Turnserver, missing: readonly (keyof typeof defaults)[]): readonly Fix[] {
  const lines = missing.map(name => `${name}=${defaults[name]}`);
  const edit = file?.isVerbatim ? appendLines(file.content, lines) : undefined;
  return edit ? [{ title: `Write ${lines.join(' and ')}`, safe: true, edits: [edit] }] : [];
}

function* overlaps(workspace: Workspace, server: Turnserver, { min, max, at }: Range): Iterable<Problem> {
  const isInside = (port: number | undefined): port is number => port !== undefined && port >= min && port <= max;
  for (const [name, byDefault] of [
    ['listening-port', 3478],
    ['tls-listening-port', 5349],
  ] as const) {
    const port = numberOf(server, name, byDefault);
    if (isInside(port)) {
      yield {
        at: optionOf(server, name)?.at ?? at,
        message: `coturn's ${name} ${port} lies among its relay ports ${min} to ${max} — move one of them.`,
      };
    }
  }
  if (!podsOf(server.resource).some(pods => pods.hostNetwork)) return;
  const nodePorts = servicesIn(workspace).flatMap(service =>
    service.ports.flatMap(({ nodePort, at: place }): readonly (Related & { readonly port: number })[] =>
      isInside(nodePort) && place
        ? [{ at: place.at('nodePort'), message: `Service ${service.name}`, port: nodePort }]
        : [],
    ),
  );
  if (nodePorts.length > 0) {
    yield {
      at,
      message: `coturn's relay ports ${min} to ${max} include the NodePort ${nodePorts.map(({ port }) => port).join(', ')}, which every node already uses — choose ports above 32767.`,
      related: nodePorts.map(({ at: place, message }) => ({ at: place, message })),
    };
  }
  if (nodePorts.length === 0 && min <= nodePortRange.max && max >= nodePortRange.min) {
    yield {
      at,
      severity: 'warning',
      message: `coturn's relay ports ${min} to ${max} meet the NodePorts ${nodePortRange.min} to ${nodePortRange.max}, which the cluster gives to Services of type NodePort and LoadBalancer — choose ports above ${nodePortRange.max}.`,
    };
  }
  for (const range of livekitRanges(workspace)) {
    const start = range.start.number;
    const end = range.end.number;
    if (start === undefined || end === undefined || start > max || end < min) continue;
    yield {
      at,
      severity: 'warning',
      items: [],
      message: `coturn's relay ports ${min} to ${max} meet LiveKit's ports ${start} to ${end}, and both use the node's network — keep the ranges apart, or the pods on different nodes.`,
      related: [{ at: range.start, message: 'LiveKit’s range' }],
    };
  }
}

/** The ranges of those LiveKit servers that share the nodes' network. */
function livekitRanges(workspace: Workspace): readonly { readonly start: Value; readonly end: Value }[] {
  return workloads(workspace, 'livekit').flatMap(livekit => {
    if (!podsOf(livekit).some(pods => pods.hostNetwork)) return [];
    return (configurationOf(workspace, livekit, 'livekit')?.files ?? []).flatMap(file => {
      const rtc = file.isOpaque ? undefined : parsed(file).root.at('rtc');
      return rtc ? [{ start: rtc.at('port_range_start'), end: rtc.at('port_range_end') }] : [];
    });
  });
}

function* unreachable(
  workspace: Workspace,
  { resource, container }: Turnserver,
  { min, max, at }: Range,
): Iterable<Problem> {
  for (const pods of podsOf(resource)) {
    if (pods.hostNetwork) continue;
    const services = servicesFor(workspace, pods).filter(({ type }) => type === 'LoadBalancer' || type === 'NodePort');
    const served = services.flatMap(({ ports }) => ports).filter(({ protocol }) => protocol === 'UDP').length;
    const onHost = container.value
      .at('ports')
      .items()
      .filter(port => port.at('hostPort').exists && port.at('protocol').text === 'UDP').length;
    if (Math.max(served, onHost) >= max - min + 1) continue;
    yield {
      at,
      severity: 'warning',
      items: [],
      message: `${max - min + 1} relay ports are configured, but ${Math.max(served, onHost)} UDP ports lead to ${resource.title} from outside — set hostNetwork: true.`,
      related: [{ at: resource.root.at('metadata', 'name'), message: resource.title }],
    };
  }
}
