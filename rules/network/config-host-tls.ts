import { configurationOf, parsed } from '../../analysis/configs';
import type { Address } from '../../analysis/flows/address';
import { addressesOf } from '../../analysis/flows/addresses';
import { podPorts, resolveHost } from '../../analysis/flows/destinations';
import { backendNamed, haproxyOf, listeningOn, podPortsOf, usesOf } from '../../analysis/haproxy-config';
import { workloadKinds } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { effectiveDirectives, type HaproxyDirective, type HaproxySection, modeOf } from '../../analysis/text/haproxy';
import { findHosts } from '../../analysis/text/hosts';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { redisConf, redisOption } from '../redis/conf';
import type { Rule } from '../rule';
import { plainHttpAt } from '../services/plain-http';

export default {
  id: 'config-host-tls',
  items: [],
  severity: 'error',
  summary: 'A program begins a connection with TLS, and the other end does not speak it.',
  why: 'The other end takes the greeting of TLS for a broken request and answers with an error, or not at all: "wrong version number". Not one connection works.',
  remedy:
    'Write `http://` or `redis://`, or leave `use_tls` out. A NetworkPolicy keeps others away from connections inside the cluster.',
  traps: [
    'Known is what Synapse, HAProxy, LiveKit, lk-jwt-service, Element Web, the content scanner, Redis, gunicorn, uvicorn and hypercorn of the tree are told to listen on; others are not judged.',
    'A port that another container of the pod listens on, which may speak TLS for the program, is not judged.',
    'Behind a proxy that passes bytes on as they are, the program behind it counts.',
    'The Services of a MinIO Tenant are left to `minio-endpoint-mismatch`.',
  ],
  sources: [
    'element-hq/synapse, configuration manual, `redis` (`use_tls`) and `instance_map` (`tls`)',
    'livekit/livekit, pkg/config and livekit/protocol, redis/redis.go: `use_tls`',
    'redis.io, "TLS": without `tls-port` Redis speaks no TLS; redis-py and others: `rediss://`',
  ],
  examples: { bad: example('https', true), good: example('http', false) },
  kinds: [...workloadKinds, clusterKind],
  *check(resource, workspace) {
    const said = new Set<Place>();
    for (const { host, port, tls, connects } of [
      ...addressesOf(workspace, resource),
      ...ofLivekit(workspace, resource),
    ]) {
      if (!tls || !connects || port === undefined || said.has(tls)) continue;
      const ends = podPorts(resolveHost(workspace, resource.namespace, host), port);
      const found = ends.flatMap(end => plainAt(workspace, end.pods.owner, end.port) ?? []);
      const [first] = found;
      if (!first || found.length < ends.length) continue;
      said.add(tls);
      yield {
        at: tls,
        message: `${first.program} speaks no TLS on port ${first.port}, so no connection to ${host} works — ${
          first.program === 'Redis' ? 'connect without TLS' : 'write http, or its like without TLS'
        }.`,
        related: [{ at: first.owner.root.at('metadata', 'name'), message: first.owner.title }],
      };
    }
  },
} satisfies Rule;

interface Plain {
  readonly program: string;
  readonly owner: Resource;
  readonly port: number;
}

/** The program that answers on a port of a workload and is known to speak no TLS there. */
function plainAt(workspace: Workspace, owner: Resource, port: number, isBehind = false): Plain | undefined {
  const haproxy = haproxyOf(workspace, owner);
  const passing = (haproxy ? listeningOn(haproxy, port) : []).filter(({ section }) => modeOf(section) !== 'http');
  const [tcp] = passing;
  if (haproxy && tcp) {
    // The bytes go on as they are, unless HAProxy itself begins or ends TLS.
    if (isBehind || haproxy.isPartial || plainHttpAt(workspace, owner, port) === undefined) return undefined;
    const uses = usesOf(tcp.section);
    const backends = uses.map(({ backend }) => backendNamed(haproxy, backend.value));
    const sections = [tcp, ...backends.flatMap(one => one ?? [])].map(part => part.section);
    if (uses.some(use => use.isDynamic) || sections.some(speaksTls)) return undefined;
    const servers = sections.flatMap(section => section.servers);
    const ends = servers.flatMap(server => podPortsOf(workspace, haproxy, server) ?? []);
    const found = ends.map(end => plainAt(workspace, end.pods.owner, end.port, true));
    return found.every(one => one !== undefined) ? found[0] : undefined;
  }
  const program = plainHttpAt(workspace, owner, port) ?? (isPlainRedis(workspace, owner, port) ? 'Redis' : undefined);
  return program === undefined ? undefined : { program, owner, port };
}

/** Whether a section begins or ends TLS. */
function speaksTls(section: HaproxySection): boolean {
  return [...section.directives, ...effectiveDirectives(section, 'default-server')].some(hasTls);
}

function hasTls({ args }: HaproxyDirective): boolean {
  return args.some(({ value }) => value === 'ssl');
}

function isPlainRedis(workspace: Workspace, owner: Resource, port: number): boolean {
  return (['redis', 'sentinel'] as const).some(program => {
    const conf = redisConf(workspace, owner, program);
    if (!conf || conf.directives.some(({ name }) => name === 'include' || name === 'tls-port')) return false;
    if (program === 'redis' && redisOption(workspace, owner, 'tls-port')) return false;
    const said = conf.directives.findLast(({ name }) => name === 'port')?.args[0]?.value;
    return Number(said ?? (program === 'redis' ? 6379 : 26379)) === port;
  });
}

/** The Redis of LiveKit, whose TLS is a setting of its own. */
function ofLivekit(
  workspace: Workspace,
  resource: Resource,
): readonly Pick<Address, 'host' | 'port' | 'tls' | 'connects'>[] {
  return (configurationOf(workspace, resource, 'livekit')?.files ?? []).flatMap(file => {
    if (file.isOpaque) return [];
    const redis = parsed(file).root.at('redis');
    const tls: Place | undefined = [redis.at('use_tls'), redis.at('tls', 'enabled')].find(one => one.boolean === true);
    if (!tls) return [];
    return [redis.at('address'), ...redis.at('sentinel_addresses').items()]
      .filter(one => file.resolve(one).kind === 'left')
      .flatMap(one => findHosts(one.string ?? ''))
      .map(({ host, port }) => ({ host: host.value, port: port?.number, tls, connects: true }));
  });
}

function example(scheme: string, isMarked: boolean): string {
  return `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
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
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yaml]
                volumeMounts:
                  - {name: config, mountPath: /etc/livekit}
            volumes:
              - name: config
                configMap: {name: livekit}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector: {app: livekit}
        ports:
          - port: 7880
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: egress
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: egress}
        template:
          metadata:
            labels: {app: egress}
          spec:
            containers:
              - name: egress
                image: registry.test/recorder:1.2
                env:
                  - name: LIVEKIT_API
                    value: ${scheme}://livekit:7880
${isMarked ? '      #                    ^^^^^ error: LiveKit speaks no TLS on port 7880, so no connection to livekit works\n' : ''}    `;
}
