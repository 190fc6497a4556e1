import { configurationOf, parsed } from '../../analysis/configs';
import { resolveHost } from '../../analysis/flows/destinations';
import { homeserverOf } from '../../analysis/homeserver';
import { nearest } from '../../analysis/nearest';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { synapseMains } from '../../analysis/roles';
import type { Service } from '../../analysis/services';
import { type RedisDirective, redisSetting, sentinelMonitors, sentinelSettings } from '../../analysis/text/redis-conf';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { placeIn, redisConf, sentinels } from './conf';

export default {
  id: 'sentinel-master-unknown',
  items: ['1.2.b.2'],
  severity: 'error',
  summary: 'A setting or a client names a master that no Sentinel watches, or a client takes Sentinel for Redis.',
  why: 'A Sentinel that is told something about a master it does not know refuses to start. LiveKit gets no answer for such a name, or from a port on which no Sentinel listens, and does not start either. Sentinel itself keeps no data and refuses `SUBSCRIBE` from Synapse’s workers and everything that LiveKit stores.',
  remedy:
    'Write the name that stands after `sentinel monitor` everywhere, and ask the Sentinels on their own port. Synapse has no way to ask a Sentinel: give it the port of Redis.',
  traps: [
    'A missing password for a master is reported by redis-sentinel-auth-missing.',
    'Clients are judged only where the addresses they ask are pods of the tree’s Sentinels, or all Sentinels are in the tree.',
  ],
  sources: [
    'Redis, src/sentinel.c: "No such master with specified name."; redis.io, High availability with Redis Sentinel',
    'livekit/livekit, config-sample.yaml: redis.sentinel_master_name, sentinel_addresses',
  ],
  examples: {
    bad: example(
      'redis-main',
      '\n      #                           ^^^^^^^^^^ 💡 error: No Sentinel watches a master redis-main, only mymaster',
    ),
    good: example('mymaster', ''),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    yield* ofSentinel(workspace, resource);
    yield* ofLivekit(workspace, resource);
    yield* takenForRedis(workspace, resource);
  },
} satisfies Rule;

/** Settings of a master that no line before them tells to monitor. */
function* ofSentinel(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const conf = sentinels(workspace).includes(resource) ? redisConf(workspace, resource, 'sentinel') : undefined;
  if (!conf) return;
  const masters = new Set(sentinelMonitors(conf.directives).map(({ master }) => master.value));
  if (masters.size === 0) return;
  for (const { option, master } of sentinelSettings(conf.directives)) {
    const name = option.value.toLowerCase();
    if (!master || !ofOneMaster.has(name) || masters.has(master.value) || /[$_%{]/.test(master.value)) continue;
    yield {
      at: placeIn(conf, master.span),
      message: `Sentinel watches no master ${master.value}, only ${[...masters].join(' and ')}, so it refuses ${name} and does not start — write that name.`,
    };
  }
}

const ofOneMaster: ReadonlySet<string> = new Set([
  'down-after-milliseconds',
  'failover-timeout',
  'parallel-syncs',
  'notification-script',
  'client-reconfig-script',
  'auth-user',
  'master-reboot-down-after-period',
]);

function* ofLivekit(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const files = configurationOf(workspace, resource, 'livekit')?.files ?? [];
  const watched = files.length === 0 ? undefined : workspace.shared(readWatched);
  if (!watched) return;
  const { masters, ports } = watched;
  for (const file of files) {
    if (file.isOpaque) continue;
    const redis = parsed(file).root.at('redis');
    const name = redis.at('sentinel_master_name');
    const addresses = redis.at('sentinel_addresses').items();
    if (!addresses.some(one => sentinelHost(workspace, one.text ?? ''))) continue;
    if (name.string && masters.size > 0 && !masters.has(name.string) && file.resolve(name).kind === 'left') {
      const close = nearest(name.string, masters) ?? (masters.size === 1 ? [...masters][0] : undefined);
      const edit = close === undefined ? undefined : replaceScalar(name, close);
      yield {
        at: name,
        message: `No Sentinel watches a master ${name.string}, only ${[...masters].join(' and ')} — write that name.`,
        fixes: () => (edit ? [{ title: `Write ${close}`, safe: false, edits: [edit] }] : []),
      };
    }
    for (const address of addresses) {
      const port = /:(\d+)$/.exec(address.string ?? '')?.[1];
      const host = sentinelHost(workspace, address.text ?? '');
      // A Service may have another port than its pods; whether it leads somewhere is not asked here.
      const isMapped = host?.service?.ports.some(one => `${one.port}` === port && one.targetPort !== one.port);
      if (port === undefined || ports.has(port) || !host || isMapped) continue;
      yield {
        at: address,
        message: `No Sentinel listens on port ${port}, only on ${[...ports].join(' and ')} — write that port.`,
      };
    }
  }
}

/** What the Sentinels of the tree watch and where they listen; undefined if there is none, or one that cannot be read. */
interface Watched {
  readonly masters: ReadonlySet<string>;
  readonly ports: ReadonlySet<string>;
}

function readWatched(workspace: Workspace): Watched | undefined {
  const confs = sentinels(workspace).map(one => redisConf(workspace, one, 'sentinel'));
  if (confs.length === 0 || confs.includes(undefined)) return undefined;
  const known = confs.flatMap(conf => conf ?? []);
  return {
    masters: new Set(known.flatMap(conf => sentinelMonitors(conf.directives).map(({ master }) => master.value))),
    ports: new Set(known.flatMap(conf => portsOf(conf.directives))),
  };
}

/** The port of a Sentinel where Synapse or LiveKit expects Redis. */
function* takenForRedis(workspace: Workspace, resource: Resource): Iterable<Problem> {
  for (const { host, port, at } of redisAddresses(workspace, resource)) {
    const leads = sentinelHost(workspace, host, resource.namespace);
    if (!leads) continue;
    const target = leads.service?.ports.find(one => one.port === port)?.targetPort ?? port;
    const listening = sentinels(workspace).flatMap(one => {
      const conf = redisConf(workspace, one, 'sentinel');
      return conf ? portsOf(conf.directives) : [];
    });
    const named = sentinels(workspace).flatMap(one =>
      containersOf(one).flatMap(({ value }) =>
        value
          .at('ports')
          .items()
          .filter(item => item.at('name').text === String(target))
          .flatMap(item => item.at('containerPort').text ?? []),
      ),
    );
    if (![String(target), ...named].some(one => listening.includes(one))) continue;
    yield {
      at,
      message: `${resource.title} expects Redis here, but port ${port} of ${host} is that of Sentinel, which keeps no data — write the port of Redis.`,
    };
  }
}

interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly at: Value;
}

/** Where a program speaks to Redis itself. */
function* redisAddresses(workspace: Workspace, resource: Resource): Iterable<RedisAddress> {
  const redis = synapseMains(workspace).includes(resource) ? homeserverOf(workspace, resource)?.at('redis') : undefined;
  const port = redis?.at('port');
  if (redis && port?.number !== undefined) yield { host: redis.at('host').text ?? '', port: port.number, at: port };
  for (const file of configurationOf(workspace, resource, 'livekit')?.files ?? []) {
    const address = file.isOpaque ? undefined : parsed(file).root.at('redis', 'address');
    const [, host, number] = /^([\w.-]+):(\d+)$/.exec(address?.string ?? '') ?? [];
    if (address && host !== undefined) yield { host, port: Number(number), at: address };
  }
}

/** Where the host of an address leads, if the tree's Sentinels run there. */
function sentinelHost(
  workspace: Workspace,
  address: string,
  namespace?: string,
): { readonly service?: Service } | undefined {
  const destination = resolveHost(workspace, namespace, address.replace(/:\d+$/, ''));
  const pods = destination.kind === 'service' ? destination.pods : destination.kind === 'pod' ? [destination.pods] : [];
  if (!pods.some(({ owner }) => sentinels(workspace).includes(owner))) return undefined;
  return destination.kind === 'service' ? { service: destination.service } : {};
}

/** The ports that a Sentinel listens on, in plain text and with TLS; 0 closes one. */
function portsOf(directives: readonly RedisDirective[]): readonly string[] {
  const plain = redisSetting(directives, 'port')?.args[0]?.value ?? '26379';
  const tls = redisSetting(directives, 'tls-port')?.args[0]?.value ?? '0';
  return [plain, tls].filter(port => port !== '0');
}

function example(master: string, mark: string): string {
  return `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: sentinel
        namespace: matrix
      data:
        sentinel.conf: |
          port 26379
          sentinel monitor mymaster redis.matrix.svc.cluster.local 6379 2
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: sentinel
        namespace: matrix
      spec:
        selector: {app: sentinel}
        ports: [{port: 26379}]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: sentinel
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: sentinel}
          spec:
            containers:
              - name: sentinel
                image: redis:7.4
                command: [redis-sentinel, /conf/sentinel.conf]
                ports: [{containerPort: 26379}]
                volumeMounts: [{name: conf, mountPath: /conf}]
            volumes: [{name: conf, configMap: {name: sentinel}}]
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          redis:
            sentinel_master_name: ${master}${mark}
            sentinel_addresses:
              - sentinel.matrix.svc.cluster.local:26379
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yaml]
                volumeMounts: [{name: config, mountPath: /etc/livekit}]
            volumes: [{name: config, configMap: {name: livekit}}]
    `;
}
