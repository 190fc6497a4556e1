import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { configurationOf, parsed } from '../configs';
import { programOf } from '../images';
import { kubectlCalls } from '../kubectl-calls';
import { mountedTexts } from '../mounts';
import { internet } from '../network/addresses';
import { containerRunning, containersOf, mainContainersOf, type Pods, podsOf, podTemplate } from '../pods';
import { databases, familiesOf, isSyncSystem, workloads } from '../roles';
import { hasUnreadRoutes, isRoutedTo } from '../routes';
import { scriptOf } from '../scripts';
import { podsBehind, servicesIn } from '../services';
import { synapseProcess } from '../synapse';
import { maskComments } from '../text/comments';
import { addressesOf } from './addresses';
import { podPorts, resolveHost } from './destinations';
import { apiServer, homeservers, ingressController, minioOperator, outside, postgresOperator } from './externals';
import type { RequiredFlow } from './flow';

/*
 * Connections that no configuration spells out, because a program or an operator makes them by itself.
 */

/** The connections that come with a workload. */
export function impliedByWorkload(workspace: Workspace, resource: Resource): readonly RequiredFlow[] {
  const families = familiesOf(resource);
  const [pods] = podsOf(resource);
  if (!pods) return [];
  return [
    ...installs(workspace, resource, pods),
    ...(families.has('sentinel') ? betweenSentinels(resource, pods) : []),
    ...(families.has('livekit') ? behindSentinels(workspace, resource, pods) : []),
    ...(families.has('livekit') ? ownAddress(workspace, resource, pods) : []),
    ...(families.has('livekit') ? media(workspace, resource, pods) : []),
    ...asksHomeservers(workspace, resource, pods),
    ...asksApiServer(workspace, resource, pods),
    ...(families.has('sygnal') ? pushes(workspace, resource, pods) : []),
    ...(families.has('sygnal') ? pushedTo(workspace, resource, pods) : []),
    ...(families.has('synapse') ? federation(workspace, resource, pods) : []),
    ...(families.has('synapse') ? mail(workspace, resource, pods) : []),
    ...(families.has('clamav') ? signatures(workspace, resource, pods) : []),
    ...(isSyncSystem(workspace, resource) ? subscriptions(workspace, resource) : []),
  ];
}

/**
 * The connections of a CloudNativePG cluster: its instances replicate from each other, the operator asks every instance
 * for its state, and the instances ask the API server (cloudnative-pg docs/src/networking.md: "ensure the operator can
 * reach every cluster pod on ports 8000 and 5432, and that pods can connect to each other"; docs/src/instance_manager.md).
 */
export function impliedByCluster(workspace: Workspace, cluster: Resource): readonly RequiredFlow[] {
  const at = cluster.root.at('metadata', 'name');
  return podsOf(cluster).flatMap(pods => [
    ...(pods.replicas > 1 ? [flow(cluster, pods, pods, 5432, at, 'replication between its instances')] : []),
    flow(cluster, postgresOperator(workspace), pods, 8000, at, 'the operator watches every instance'),
    flow(cluster, postgresOperator(workspace), pods, 5432, at, 'the operator manages every instance'),
    flow(
      cluster,
      apiServer,
      postgresOperator(workspace),
      9443,
      at,
      'the API server asks the webhook of the operator about every change of a Cluster',
    ),
    {
      ...flow(
        cluster,
        pods,
        apiServer,
        6443,
        at,
        'the instances keep in touch with the operator through the API server',
      ),
      alternativePorts: [443],
    },
  ]);
}

/**
 * The servers of a MinIO Tenant store parts of each object on each other (MinIO documentation, Erasure Coding). Before a
 * server starts, the operator's container beside it reads the Tenant and the Secret of its configuration from the API
 * server (minio/operator, sidecar/pkg/validator); older operators, whose Tenants have no `configuration`, did without.
 * The operator makes the users and buckets of a Tenant through its Service (pkg/controller, `createUsers` and
 * `createBuckets`); until it has, the Tenant stays in "Provisioning initial users".
 */
export function impliedByTenant(workspace: Workspace, tenant: Resource): readonly RequiredFlow[] {
  const at = tenant.root.at('metadata', 'name');
  const pools = podsOf(tenant);
  const servers = pools.reduce((sum, pods) => sum + pods.replicas, 0);
  const configuration = tenant.root.at('spec', 'configuration');
  const made = (['users', 'buckets'] as const).find(field => tenant.root.at('spec', field).items().length > 0);
  return [
    ...(servers < 2 ? [] : pools).flatMap(from =>
      pools.map(to => flow(tenant, from, to, 9000, at, 'the servers store parts of every object on each other')),
    ),
    ...(made ? pools : []).map(to =>
      flow(
        tenant,
        minioOperator(workspace),
        to,
        9000,
        tenant.root.at('spec', made ?? '').key,
        `it makes the Tenant's ${made}`,
      ),
    ),
    ...(configuration.at('name').text ? pools : []).map(from => ({
      ...flow(
        tenant,
        from,
        apiServer,
        6443,
        configuration.key,
        'the sidecar reads the configuration from the API server',
      ),
      alternativePorts: [443],
    })),
  ];
}

/** Sentinels find each other through the master and vote (Redis documentation, High availability with Redis Sentinel). */
function betweenSentinels(resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const port = pods.ports.find(one => one.name?.includes('sentinel'))?.port ?? 26379;
  if (pods.replicas < 2) return [];
  return [
    flow(resource, pods, pods, port, resource.root.at('metadata', 'name'), 'the Sentinels vote about the master'),
  ];
}

/** A client of Sentinel learns the master's address there and connects to it. */
function behindSentinels(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const file = configurationOf(workspace, resource, 'livekit')?.files[0];
  const sentinels = file ? parsed(file).root.at('redis', 'sentinel_addresses') : undefined;
  if (!sentinels?.exists) return [];
  const seen = new Set<Pods>();
  return addressesOf(workspace, resource)
    .filter(address => address.port === 26379)
    .flatMap(address => podPorts(resolveHost(workspace, resource.namespace, address.host), 26379))
    .flatMap(({ pods: target }) => {
      const redis = target.ports.find(port => port.name === 'redis' || port.port === 6379);
      if (seen.has(target) || !redis) return [];
      seen.add(target);
      return [flow(resource, pods, target, redis.port, sentinels.key, 'the master that the Sentinels name')];
    });
}

/**
 * With `use_external_ip` LiveKit asks a STUN server for its own address and does not start without an answer (livekit
 * pkg/config, "could not resolve external IP"; livekit/mediatransportutil pkg/rtcconfig, the default servers and ports).
 */
function ownAddress(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const file = configurationOf(workspace, resource, 'livekit')?.files[0];
  const rtc = file && !file.isOpaque ? parsed(file).root.at('rtc') : undefined;
  const asks = rtc?.at('use_external_ip');
  // Servers of one's own may be anywhere.
  if (asks?.boolean !== true || rtc?.at('stun_servers').exists || rtc?.at('node_ip').exists) return [];
  return [
    {
      ...flow(resource, pods, internet, 19302, asks, 'rtc.use_external_ip asks a STUN server at the start'),
      alternativePorts: [3478],
      protocol: 'UDP',
    },
  ];
}

/**
 * Clients send sound and pictures straight to LiveKit's media ports (livekit config-sample.yaml, rtc). Only host ports
 * are judged: there the packets arrive with the addresses of the clients.
 */
function media(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const file = configurationOf(workspace, resource, 'livekit')?.files[0];
  const rtc = file && !file.isOpaque ? parsed(file).root.at('rtc') : undefined;
  if (!rtc) return [];
  const opened = containersOf(resource)
    .flatMap(({ value }) => value.at('ports').items())
    .filter(port => port.at('hostPort').exists);
  return (['udp_port', 'tcp_port'] as const).flatMap(name => {
    const port = rtc.at(name).number;
    const protocol = name === 'udp_port' ? 'UDP' : 'TCP';
    const isOpened = opened.some(
      one => one.at('containerPort').number === port && (one.at('protocol').text ?? 'TCP') === protocol,
    );
    if (port === undefined || !isOpened) return [];
    const why = `clients send media to rtc.${name} in livekit.yaml`;
    return [{ ...flow(resource, outside, pods, port, rtc.at(name), why), protocol }];
  });
}

/**
 * lk-jwt-service asks the homeserver of a caller who that is, at the address under which the whole world finds it
 * (element-hq/lk-jwt-service, `exchangeOpenIdUserInfo`). That may be the ingress controller of the cluster.
 */
function asksHomeservers(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const container = containerRunning(resource, 'lk-jwt-service');
  if (!container || podTemplate(resource)?.at('spec', 'hostAliases').exists) return [];
  const at = container.value.at('name');
  return [
    {
      ...flow(resource, pods, homeservers, 443, at, 'lk-jwt-service asks the homeserver who a caller is'),
      alternativePorts: [8448, 8443],
      alternativeEnds: [ingressController(workspace, undefined)],
    },
  ];
}

/** kubectl in a script of a pod, or as its command, opens connections to the API server. */
function asksApiServer(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const [call] = kubectlCalls(workspace, resource);
  if (!call) return [];
  return [
    {
      ...flow(resource, pods, apiServer, 6443, call.at, `kubectl in ${call.container.name} asks the API server`),
      alternativePorts: [443],
    },
  ];
}

/** Apple and Google are asked to push over HTTPS (sygnal, apnspushkin.py and gcmpushkin.py). */
function pushes(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const texts = mountedTexts(workspace, resource).flatMap(({ value }) => value.string ?? []);
  if (texts.some(text => /^\s*proxy:[ \t]*\S/m.test(text))) return [];
  const hasProxy = mainContainersOf(resource).some(({ value }) =>
    value
      .at('env')
      .items()
      .some(one => /^https_proxy$/i.test(one.at('name').text ?? '')),
  );
  const kind = texts.flatMap(text => /^\s*(?:type|class):[ \t]*["']?(?:\S*\.)?(apns|gcm)\b/im.exec(text)?.[1] ?? [])[0];
  if (hasProxy || kind === undefined) return [];
  const at = mainContainersOf(resource)[0]?.value.at('name') ?? resource.root.at('metadata', 'name');
  return [flow(resource, pods, internet, 443, at, 'sygnal hands notifications to Apple and Google')];
}

/**
 * Synapse hands notifications to the address of a push gateway that clients give it (Matrix push gateway API). One that
 * nothing leads to from outside the cluster can only be meant for the Synapse inside.
 */
function pushedTo(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const services = servicesIn(workspace, resource.namespace).filter(service =>
    podsBehind(workspace, service).some(one => one.owner === resource),
  );
  const port = pods.ports.find(one => /^http/.test(one.name ?? '')) ?? pods.ports.find(one => one.port === 5000);
  const isOutside =
    services.some(service => /^(?:NodePort|LoadBalancer)$/.test(service.type)) ||
    hasUnreadRoutes(workspace) ||
    isRoutedTo(workspace, resource);
  if (services.length === 0 || !port || isOutside) return [];
  const senders = workloads(workspace, 'synapse').flatMap(synapse => {
    const process = synapseProcess(workspace, synapse);
    const homeserver = process?.homeserver;
    if (!homeserver || homeserver.isPartial || process.isWorker || process.isLi) return [];
    const isOff =
      homeserver.at('push', 'enabled').boolean === false ||
      homeserver.at('start_pushers').boolean === false ||
      homeserver.at('pusher_instances').items().length > 0;
    return isOff ? [] : podsOf(synapse);
  });
  return senders.map(from => ({
    ...flow(resource, from, pods, port.port, resource.root.at('metadata', 'name'), 'Synapse hands notifications to it'),
    importance: 'push' as const,
  }));
}

/** Sending events to other homeservers, and fetching keys and state from them (Matrix server-server API). */
function federation(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const process = synapseProcess(workspace, resource);
  const homeserver = process?.homeserver;
  if (!process || !homeserver || process.isLi || homeserver.isPartial) return [];
  const allowed = homeserver.at('federation_domain_whitelist');
  if (allowed.kind === 'sequence' && allowed.items().length === 0) return [];
  const senders = homeserver
    .at('federation_sender_instances')
    .items()
    .flatMap(name => name.text ?? []);
  const isOff = homeserver.at('send_federation').boolean === false;
  const sends = process.isWorker ? senders.some(name => process.names.matches(name)) : senders.length === 0 && !isOff;
  // Workers hand joins of remote rooms to the main process (synapse/handlers/room_member_worker.py).
  if (!sends && process.isWorker) return [];
  if (!sends)
    return [443, 8448].map(port => ({
      ...flow(resource, pods, internet, port, homeserver.at('server_name').key, 'joining rooms of other homeservers'),
      importance: 'federation' as const,
    }));
  const at = senders.length > 0 ? homeserver.at('federation_sender_instances').key : homeserver.at('server_name').key;
  return [443, 8448].map(port => ({
    ...flow(resource, pods, internet, port, at, 'sending events to other homeservers'),
    importance: 'federation' as const,
  }));
}

/**
 * The main process sends mail, such as links for a new password, by a server in the internet
 * (element-hq/synapse usage configuration manual, `email`: port 465 with `force_tls`, else 25).
 */
function mail(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const process = synapseProcess(workspace, resource);
  if (!process?.homeserver || process.isWorker || process.isLi) return [];
  const email = process.homeserver.at('email');
  const [host, port] = [email.at('smtp_host'), email.at('smtp_port')];
  const name = host.string ?? '';
  const { file } = process.homeserver.layer('email');
  // Names of other kinds are those of the cluster, or of a network of one's own.
  const isPublic =
    /^[\w-]+(?:\.[\w-]+)+$/.test(name) && !/\.(?:\d+|svc|local|internal|lan|intranet|home|corp)$/i.test(name);
  const number = port.exists ? port.number : email.at('force_tls').boolean === true ? 465 : 25;
  if (!isPublic || number === undefined || file.isOpaque || file.resolve(host).kind !== 'left') return [];
  if (resolveHost(workspace, resource.namespace, name).kind !== 'outside') return [];
  return [{ ...flow(resource, pods, internet, number, host, `Synapse sends mail by ${name}`), importance: 'push' }];
}

/** The image's own entrypoint starts freshclam, which fetches signatures over HTTPS (docs.clamav.net, Docker). */
function signatures(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  const updater = containersOf(resource).find(container => {
    const words = [...container.value.at('command').scalars(), ...container.value.at('args').scalars()];
    const script = scriptOf(workspace, resource, container)?.text.text ?? '';
    const isOff = container.value
      .at('env')
      .items()
      .some(one => one.at('name').text === 'CLAMAV_NO_FRESHCLAMD' && one.at('value').text === 'true');
    return (
      words.some(word => /(?:^|\/)freshclam$/.test(word.text ?? '')) ||
      /\bfreshclam\b/.test(script) ||
      (words.length === 0 && !isOff && !container.isInit && programOf(container.image) === 'clamav')
    );
  });
  // A mirror of one's own may be anywhere.
  const hasMirror = mountedTexts(workspace, resource).some(({ value }) =>
    /^\s*(?:PrivateMirror|DatabaseMirror\s+(?!\S*clamav\.net)|HTTPProxyServer)/m.test(value.string ?? ''),
  );
  if (!updater || hasMirror) return [];
  return [flow(resource, pods, internet, 443, updater.value.at('name'), 'freshclam fetches virus signatures')];
}

/** pip fetches packages from the index over HTTPS unless it is told to take others (pip documentation, `pip install`). */
function installs(workspace: Workspace, resource: Resource, pods: Pods): readonly RequiredFlow[] {
  for (const container of containersOf(resource)) {
    const script = scriptOf(workspace, resource, container)?.text;
    if (!script) continue;
    const masked = maskComments(script.text, 'shell');
    const call = /\bpip3?[ \t]+(?:install|download|wheel)\b((?:[^\n;&|]*\\\n)*[^\n;&|]*)/.exec(masked);
    if (
      !call ||
      /--no-index|--index-url|(?:^|\s)-i\s/.test(call[1] ?? '') ||
      /\bPIP_(?:NO_INDEX|INDEX_URL|PROXY)\b|_proxy\b/i.test(masked)
    )
      continue;
    const hasIndex = container.value
      .at('env')
      .items()
      .some(one => /^(?:PIP_|https?_proxy$)/i.test(one.at('name').text ?? ''));
    if (hasIndex) continue;
    const at = script.place(call.index, call.index + (/^\S+\s+\S+/.exec(call[0])?.[0].length ?? 3));
    return [flow(resource, pods, internet, 443, at, `pip in ${container.name} fetches packages`)];
  }
  return [];
}

/**
 * A subscription is served by the subscriber's own instances: their apply worker connects to the publisher, not the Job
 * that creates it (PostgreSQL documentation, Logical Replication, Architecture).
 */
function subscriptions(workspace: Workspace, resource: Resource): readonly RequiredFlow[] {
  const { main, li } = databases(workspace);
  if (!main || !li) return [];
  const texts = [
    ...mainContainersOf(resource).flatMap(container => scriptOf(workspace, resource, container)?.text ?? []),
    ...mountedTexts(workspace, resource).flatMap(({ value, key }) => (/\.(?:sql|sh)$/.test(key) ? value.mapped : [])),
  ];
  for (const text of texts) {
    const masked = maskComments(text.text, 'sql');
    const statement = /\bCREATE\s+SUBSCRIPTION\b/i.exec(masked);
    if (!statement) continue;
    const host = /\bhost=([a-z0-9][\w.-]*)/i.exec(masked.slice(statement.index, statement.index + 500));
    const publisher = host ? resolveHost(workspace, resource.namespace, host[1] ?? '') : undefined;
    const isOther = publisher?.kind === 'service' && publisher.service.resource !== main;
    if (isOther) continue;
    const at: Place = text.place(statement.index, statement.index + statement[0].length);
    return podsOf(li).flatMap(from =>
      podsOf(main).map(to =>
        flow(resource, from, to, 5432, at, `the subscription of ${li.name} reads from ${main.name}`),
      ),
    );
  }
  return [];
}

function flow(
  source: Resource,
  from: RequiredFlow['from'],
  to: RequiredFlow['to'],
  port: number,
  at: Place,
  why: string,
): RequiredFlow {
  return { from, to, port, protocol: 'TCP', alternativePorts: [], why, at, importance: 'required', source };
}
