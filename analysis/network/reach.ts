import { evaluate, type Result } from './evaluate';
import type { Direction, Endpoint, Protocol } from './model';
import { isolation, type PolicyIndex, rulesOf } from './policy-index';

/** An inclusive range of ports of one protocol with one answer. */
export interface PortRange {
  readonly protocol: Protocol;
  readonly port: number;
  readonly endPort: number;
  readonly result: Exclude<Result, 'denied'>;
}

export interface Reachable {
  readonly endpoint: Endpoint;
  readonly ports: readonly PortRange[];
}

export interface Reaching {
  readonly endpoint: Endpoint;
  readonly result: Exclude<Result, 'denied'>;
}

/** The endpoints that can, or perhaps can, open a connection to a port of `target`, in the given order. */
export function whoCanReach<T>(
  target: Endpoint,
  port: number,
  protocol: Protocol,
  endpoints: readonly Endpoint[],
  policies: PolicyIndex<T>,
): readonly Reaching[] {
  return endpoints.flatMap(endpoint => {
    const { result } = evaluate({ from: endpoint, to: target, port, protocol }, policies);
    return result === 'denied' ? [] : { endpoint, result };
  });
}

/** The endpoints to which `source` can, or perhaps can, open a connection, each with the ports, in the given order. */
export function reachableFrom<T>(
  source: Endpoint,
  endpoints: readonly Endpoint[],
  policies: PolicyIndex<T>,
): readonly Reachable[] {
  return endpoints.flatMap(endpoint => {
    const ports = openPorts(source, endpoint, policies);
    return ports.length === 0 ? [] : { endpoint, ports };
  });
}

/**
 * Every port to which `from` can, or perhaps can, connect at `to`: ascending and not overlapping within a protocol,
 * TCP before UDP before SCTP. A port is listed whether or not a container listens on it.
 */
export function openPorts<T>(from: Endpoint, to: Endpoint, policies: PolicyIndex<T>): readonly PortRange[] {
  const bounds = new Map<Protocol, Set<number>>(protocols.map(protocol => [protocol, new Set([1])]));
  addBounds(bounds, from, 'Egress', to, policies);
  addBounds(bounds, to, 'Ingress', to, policies);
  return [...bounds].flatMap(([protocol, starts]) => {
    const ranges: PortRange[] = [];
    const sorted = [...starts].filter(port => port >= 1 && port <= lastPort).sort((a, b) => a - b);
    for (const [position, port] of sorted.entries()) {
      const endPort = (sorted[position + 1] ?? lastPort + 1) - 1;
      const { result } = evaluate({ from, to, port, protocol }, policies);
      if (result === 'denied') continue;
      const previous = ranges.at(-1);
      if (previous && previous.result === result && previous.endPort === port - 1) {
        ranges[ranges.length - 1] = { ...previous, endPort };
      } else {
        ranges.push({ protocol, port, endPort, result });
      }
    }
    return ranges;
  });
}

const protocols: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
const lastPort = 65535;

/** Adds the ports where some applicable rule may change its answer: the starts of its ranges and what follows them. */
function addBounds<T>(
  bounds: ReadonlyMap<Protocol, Set<number>>,
  endpoint: Endpoint,
  direction: Direction,
  to: Endpoint,
  policies: PolicyIndex<T>,
): void {
  for (const { policy } of isolation(endpoint, direction, policies).policies) {
    for (const rule of rulesOf(policy, direction)) {
      for (const { port, endPort, protocol = 'TCP' } of rule.ports ?? []) {
        const numbers =
          typeof port === 'string'
            ? (to.namedPorts?.get(port) ?? []).map(named => [named.port, named.port + 1])
            : port === undefined
              ? []
              : [[port, (endPort ?? port) + 1]];
        for (const number of numbers.flat()) bounds.get(protocol as Protocol)?.add(number);
      }
    }
  }
}
