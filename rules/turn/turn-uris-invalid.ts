import { type HomeserverReader, homeserverOf } from '../../analysis/homeserver';
import { podsOf } from '../../analysis/pods';
import { isLi, synapseMains } from '../../analysis/roles';
import { servicesFor, targetOf } from '../../analysis/services';
import { processKinds } from '../../analysis/synapse';
import { classifyHost } from '../../analysis/text/hosts';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { deleteEntry, replaceValue } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { isOn, mayBeOf, numberOf, optionOf, type Turnserver, turnservers } from './turnserver';
import { repairedUri, type TurnUri, turnUri } from './uri';

export default {
  id: 'turn-uris-invalid',
  items: [],
  severity: 'error',
  summary: 'Synapse hands out TURN addresses that clients cannot use.',
  why: 'Synapse gives `turn_uris` to phones and browsers as they are. A name inside the cluster, a wrong port or no address at all means that calls between different networks do not connect.',
  remedy:
    'List the public name of the TURN server with the ports that it listens on: `turn:turn.example.org:3478?transport=udp`, and `turns:turn.example.org:5349?transport=tcp` if it has a certificate.',
  traps: [
    'coturn speaks TLS and plain text on each of its ports, so every listening port is right for either.',
    'The port after a listening one is the alternative of RFC 5780, which coturn has only with several addresses: a warning.',
    'A NodePort or another port of a Service in front of coturn is accepted.',
    'Missing addresses are reported only where coturn is part of the tree.',
    'The lawful-intercept instance needs none.',
  ],
  sources: [
    'RFC 7065: turn and turns URIs',
    'Synapse documentation, TURN server: turn_uris',
    'coturn README.turnserver: listening-port and tls-listening-port both take TLS and plain sessions',
  ],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          turn_uris:
            - turn:coturn.matrix.svc.cluster.local:3478?transport=udp
      #            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: coturn.matrix.svc.cluster.local is a name inside the cluster
            - turn:turn.tessera.test
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse
        namespace: matrix
      spec:
        serviceName: synapse
        selector:
          matchLabels: {app: synapse}
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: ghcr.io/element-hq/synapse:v1.119.0
                volumeMounts:
                  - {name: config, mountPath: /data}
            volumes:
              - name: config
                configMap: {name: synapse}
    `,
    good: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          turn_uris:
            - turn:turn.tessera.test:3478?transport=udp
            - turn:turn.tessera.test
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse
        namespace: matrix
      spec:
        serviceName: synapse
        selector:
          matchLabels: {app: synapse}
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: ghcr.io/element-hq/synapse:v1.119.0
                volumeMounts:
                  - {name: config, mountPath: /data}
            volumes:
              - name: config
                configMap: {name: synapse}
    `,
  },
  kinds: [...processKinds],
  *check(resource, workspace) {
    if (!synapseMains(workspace).includes(resource) || isLi(workspace, resource)) return;
    const homeserver = homeserverOf(workspace, resource);
    if (!homeserver) return;
    const servers = turnservers(workspace);
    yield* shortLifetime(homeserver.at('turn_user_lifetime'));
    const uris = homeserver.at('turn_uris');
    const entries = uris.kind === 'scalar' ? [uris] : uris.items();
    if (entries.length === 0) {
      if (servers.length > 0 && !homeserver.isPartial) yield missing(uris, servers);
      return;
    }
    for (const entry of entries) {
      const problem = problemWith(entry, homeserver, servers, workspace);
      if (problem) yield problem;
    }
  },
} satisfies Rule;

/** A number without a unit is in milliseconds (synapse/config/_base.py, parse_duration). */
function* shortLifetime(lifetime: Value): Iterable<Problem> {
  const text = lifetime.text ?? '';
  if (!/^\d+$/.test(text) || Number(text) >= 60_000) return;
  yield {
    at: lifetime,
    severity: 'warning',
    message: `turn_user_lifetime is ${Number(text) / 1000} seconds, because a number without a unit is in milliseconds, so credentials end before calls do — write 1h.`,
    fixes: () => {
      const edit = replaceValue(lifetime, '1h');
      return edit ? [{ title: 'Write 1h', safe: false, edits: [edit] }] : [];
    },
  };
}

function missing(uris: Value, servers: readonly Turnserver[]): Problem {
  return {
    at: uris.key,
    message: `Synapse names no TURN server although ${servers[0]?.resource.title ?? 'one'} runs — list its public addresses in turn_uris.`,
    related: servers.map(({ resource }) => ({ at: resource.root.at('metadata', 'name'), message: resource.title })),
  };
}

function problemWith(
  entry: Value,
  homeserver: HomeserverReader,
  all: readonly Turnserver[],
  workspace: Workspace,
): Problem | undefined {
  const text = entry.text;
  if (text === undefined || isOpenText(text)) return undefined;
  const uri = turnUri(text);
  if (!uri) {
    return {
      at: entry,
      message: `${text} is no TURN address — write turn:HOST:PORT?transport=udp, or turns: for TLS.`,
      fixes: () => write(entry.part(0, text.length), repairedUri(text)),
    };
  }
  const hostAt = text.indexOf(uri.host, uri.scheme.length + 1);
  const kind = classifyHost(uri.host.replace(/^\[|\]$/g, ''), name =>
    workspace.resources('Namespace').some(one => one.name === name),
  );
  if (kind === 'cluster' || kind === 'localhost') {
    const at = entry.part(hostAt, hostAt + uri.host.length);
    return {
      at,
      fixes: () => publicHosts(entry, all).flatMap(host => write(at, host)),
      message: `${uri.host} is a name inside the cluster, which no client can reach — use the public name of the TURN server.`,
    };
  }
  const servers = all.filter(server => mayBeOf(server, homeserver, uri.host));
  if (servers.length === 0 || servers.some(server => server.isPartial)) return undefined;
  const wanted = uri.port ?? (uri.scheme.endsWith('s') ? 5349 : 3478);
  const ports = servers.map(server => {
    const known = portsOf(server, workspace);
    // Without TLS and DTLS coturn does not open their port; that an address asks for TLS all the same is told below.
    const hasTls = uri.scheme.endsWith('s') || !isOn(server, 'no-tls') || !isOn(server, 'no-dtls');
    const tls = numberOf(server, 'tls-listening-port', 5349);
    const without = (all: ReadonlySet<number>): ReadonlySet<number> =>
      hasTls || tls === undefined ? all : new Set([...all].filter(port => port !== tls && port !== tls + 1));
    return known && { sure: without(known.sure), all: without(known.all) };
  });
  if (ports.every(known => known !== undefined && !known.all.has(wanted))) {
    const hostEnd = hostAt + uri.host.length;
    // As written: a number may begin with zeros.
    const portEnd = hostEnd + (/^:\d+/.exec(text.slice(hostEnd))?.[0].length ?? 0);
    return {
      at: uri.port === undefined ? entry : entry.part(hostEnd + 1, portEnd),
      fixes: () =>
        [...(ports[0]?.sure ?? [])].slice(0, 2).map(port => ({
          title: `Use port ${port}`,
          safe: false,
          edits: [{ at: entry.part(hostEnd, portEnd), newText: `:${port}` }],
        })),
      message: `coturn does not listen on port ${wanted} — use ${[...(ports[0]?.sure ?? [])].slice(0, 2).join(' or ')}.`,
    };
  }
  if (servers.every(server => !hasCertificate(server))) {
    const problem = withoutCertificate(entry, uri, servers, workspace);
    if (problem) return problem;
  }
  const off = switchedOff(uri);
  if (off.length > 0 && servers.every(server => off.some(name => isOn(server, name))))
    return {
      at: entry,
      message: `coturn does not take ${uri.scheme}: over ${uri.transport === 'tcp' ? 'TCP' : 'UDP'}, because it is told ${off.find(name => servers.some(server => isOn(server, name)))} — drop that, or this address.`,
      related: servers
        .flatMap(server => off.flatMap(name => optionOf(server, name) ?? []))
        .map(({ at }) => ({ at, message: 'What switches it off' })),
    };
  const guess = ports.every(known => known && !known.sure.has(wanted));
  return guess
    ? {
        at: entry,
        severity: 'warning',
        message: `coturn listens on port ${wanted} only where it has several addresses, as the alternative of the port before — use ${wanted - 1}.`,
      }
    : undefined;
}

/** What keeps coturn from taking sessions of an address (coturn README.turnserver: --no-udp, --no-tcp, --no-tls, --no-dtls). */
function switchedOff({ scheme, transport }: TurnUri): readonly string[] {
  if (!scheme.startsWith('turn')) return [];
  const isTcp = transport === 'tcp';
  // Without a transport a client tries UDP first; TLS goes over TCP.
  if (transport === undefined) return [];
  if (scheme === 'turns') return isTcp ? ['no-tls'] : ['no-dtls'];
  return isTcp ? ['no-tcp'] : ['no-udp'];
}

function withoutCertificate(
  entry: Value,
  uri: TurnUri,
  servers: readonly Turnserver[],
  workspace: Workspace,
): Problem | undefined {
  if (!uri.scheme.endsWith('s')) return undefined;
  // What stands in front of a pod, such as a load balancer or a route for TCP, may be what speaks TLS.
  const isDirect = servers.every(({ resource }) =>
    podsOf(resource).every(
      pods => pods.hostNetwork && servicesFor(workspace, pods).every(({ type }) => type !== 'LoadBalancer'),
    ),
  );
  return {
    at: entry.part(0, uri.scheme.length),
    ...(isDirect ? {} : { severity: 'warning' as const }),
    message: `coturn has no certificate, so ${uri.scheme}: cannot work — set cert and pkey, or drop this address.`,
    fixes: () => {
      const edit = deleteEntry(entry);
      return edit ? [{ title: 'Drop the address', safe: false, edits: [edit] }] : [];
    },
  };
}

function write(at: Place, newText: string | undefined): readonly Fix[] {
  return newText === undefined ? [] : [{ title: `Use ${newText}`, safe: false, edits: [{ at, newText }] }];
}

/** The names under which the tree lets clients reach its TURN server: in the other addresses, and as a realm. */
function publicHosts(entry: Value, servers: readonly Turnserver[]): readonly string[] {
  const others = (entry.parent?.items() ?? []).flatMap(one => turnUri(one.text ?? '')?.host ?? []);
  const realms = servers
    .flatMap(server => optionOf(server, 'realm')?.value ?? [])
    .filter(one => /^(?:co)?turn\./.test(one));
  return [...new Set([...others, ...realms])].filter(
    host => /^[\w-]+(?:\.[\w-]+)+$/.test(host) && classifyHost(host) === 'external' && !isOpenText(host),
  );
}

function hasCertificate(server: Turnserver): boolean {
  return optionOf(server, 'cert') !== undefined && !isOn(server, 'no-tls');
}

/** The ports under which a server can be reached; undefined if one of them is no number yet. */
function portsOf(
  server: Turnserver,
  workspace: Workspace,
): { readonly sure: ReadonlySet<number>; readonly all: ReadonlySet<number> } | undefined {
  const plain = numberOf(server, 'listening-port', 3478);
  const tls = numberOf(server, 'tls-listening-port', 5349);
  if (plain === undefined || tls === undefined) return undefined;
  const alternatives = ['alt-listening-port', 'alt-tls-listening-port'].map(name => numberOf(server, name, 0));
  const ports = new Set([plain, tls]);
  for (const port of alternatives) if (port) ports.add(port);
  const perhaps = [plain + 1, tls + 1];
  const listened = new Set([...ports, ...perhaps]);
  for (const pods of podsOf(server.resource)) {
    for (const service of servicesFor(workspace, pods)) {
      for (const port of service.ports) {
        const target = targetOf(port, pods);
        if (target && !listened.has(target.port)) continue;
        ports.add(port.port);
        if (port.nodePort !== undefined) ports.add(port.nodePort);
      }
    }
  }
  return { sure: ports, all: new Set([...ports, ...perhaps]) };
}

/** Whether a part of it is still to be filled in; then nothing can be said about it. */
function isOpenText(text: string): boolean {
  return findPlaceholders(text, 'value').some(one => one.class !== 'domain');
}
