import { baseName } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { EffectiveFile } from '../effective';
import type { HomeserverReader } from '../homeserver';
import { runsMediaRepository, type SynapseProcess, synapseProcess } from '../synapse';
import { findHosts } from '../text/hosts';
import { type Address, defaultPort, isTlsScheme, textPlace } from './address';

/**
 * The hosts in the configuration of a Synapse process (element-hq/synapse docs/usage/configuration/config_documentation.md
 * and workers.md). A host counts as one that the process connects to only if its part in the deployment needs it.
 */
export function fromSynapse(workspace: Workspace, resource: Resource): readonly Address[] {
  const process = synapseProcess(workspace, resource);
  const homeserver = process?.homeserver;
  if (!process || !homeserver) return [];
  return [
    ...ofDatabase(homeserver),
    ...ofRedis(homeserver),
    ...ofInstances(process, homeserver),
    ...ofMediaStorage(process, homeserver),
    ...ofModules(process, homeserver),
    ...ofMail(homeserver),
    ...ofTurn(homeserver),
  ];
}

function ofDatabase(homeserver: HomeserverReader): readonly Address[] {
  const databases = homeserver.at('databases');
  const all = databases.exists ? databases.entries().map(([, one]) => one) : [homeserver.at('database')];
  return all.flatMap(one => hostField(homeserver, one.at('args', 'host'), one.at('args', 'port'), 5432));
}

function ofRedis(homeserver: HomeserverReader): readonly Address[] {
  const redis = homeserver.at('redis');
  if (redis.at('enabled').boolean !== true) return [];
  return hostField(homeserver, redis.at('host'), redis.at('port'), 6379, { tls: redis.at('use_tls') });
}

/**
 * Processes call the main process and the writers of streams over HTTP (workers.md, "Stream writers"); the others in
 * `instance_map` wait for work from Redis.
 */
function ofInstances(process: SynapseProcess, homeserver: HomeserverReader): readonly Address[] {
  const writers = new Set(
    homeserver
      .at('stream_writers')
      .entries()
      .flatMap(([, names]) => [names, ...names.items()])
      .flatMap(name => name.text ?? []),
  );
  const found = homeserver
    .at('instance_map')
    .entries()
    .flatMap(([name, instance]) => {
      const isAsked = name === 'main' || name === 'master' || writers.has(name);
      const isSelf = process.names.isUnique && process.names.known.length === 1 && process.names.known[0] === name;
      return hostField(homeserver, instance.at('host'), instance.at('port'), undefined, {
        tls: instance.at('tls'),
        connects: isAsked && !isSelf && !(name === 'main' && !process.isWorker),
      });
    });
  // The names before Synapse 1.84; later versions refuse them in a worker's file and ignore them elsewhere.
  const old = hostField(
    homeserver,
    homeserver.at('worker_replication_host'),
    homeserver.at('worker_replication_http_port'),
    undefined,
    { connects: process.isWorker },
  );
  return [...found, ...old];
}

function ofMediaStorage(process: SynapseProcess, homeserver: HomeserverReader): readonly Address[] {
  const stores = homeserver.at('media_storage_providers').items();
  const serves = process.listeners?.some(listener => listener.names.includes('media')) ?? false;
  const connects = runsMediaRepository(process) === true && (!process.isWorker || serves);
  return stores.flatMap(store => urls(homeserver, store.at('config', 'endpoint_url'), { connects }));
}

/** Only the main process is taken to call what modules name: all processes load them, few use them. */
function ofModules(process: SynapseProcess, homeserver: HomeserverReader): readonly Address[] {
  return homeserver
    .at('modules')
    .items()
    .flatMap(module => [...module.at('config').scalars()])
    .flatMap(value => urls(homeserver, value, { connects: !process.isWorker && !process.isLi }));
}

function ofMail(homeserver: HomeserverReader): readonly Address[] {
  const mail = homeserver.at('email');
  return hostField(homeserver, mail.at('smtp_host'), mail.at('smtp_port'), 25);
}

/** Clients connect to TURN servers, Synapse only tells them. */
function ofTurn(homeserver: HomeserverReader): readonly Address[] {
  return homeserver
    .at('turn_uris')
    .items()
    .flatMap(uri => urls(homeserver, uri, { connects: false }));
}

interface Options {
  readonly connects?: boolean;
  /** Says true if the connection begins with TLS. */
  readonly tls?: Value;
}

function hostField(
  homeserver: HomeserverReader,
  host: Value,
  port: Value,
  standard: number | undefined,
  { connects = true, tls }: Options = {},
): readonly Address[] {
  const text = host.string;
  // PostgreSQL takes a list of hosts, and a path for a socket.
  if (text === undefined || !isLeft(homeserver, host) || /[/,\s$]/.test(text)) return [];
  return [
    {
      host: text,
      port: port.number ?? (port.exists ? numberOf(port.text) : standard),
      protocol: 'TCP',
      tls: tls?.boolean === true ? tls : undefined,
      name: nameOf(homeserver, host),
      at: textPlace(host),
      portAt: port.exists ? textPlace(port) : undefined,
      isLiteral: true,
      isHostField: true,
      connects,
      importance: 'required',
    },
  ];
}

function urls(homeserver: HomeserverReader, value: Value, { connects = true }: Options): readonly Address[] {
  const text = value.string;
  if (text === undefined || !isLeft(homeserver, value)) return [];
  return findHosts(text).map(({ host, port, scheme }) => ({
    host: host.value,
    port: port?.number ?? defaultPort(scheme?.value),
    protocol: 'TCP',
    tls: isTlsScheme(scheme) ? value.part(scheme.span.start, scheme.span.end) : undefined,
    name: nameOf(homeserver, value),
    at: value.part(host.span.start, host.span.end),
    portAt: port && value.part(port.span.start, port.span.end),
    isLiteral: true,
    isHostField: true,
    connects,
    importance: 'required',
  }));
}

/** Whether no script replaces the value on its way to the process. */
function isLeft(homeserver: HomeserverReader, value: Value): boolean {
  const file = fileOf(homeserver, value);
  return file === undefined || file.resolve(value).kind === 'left';
}

function nameOf(homeserver: HomeserverReader, value: Value): string {
  const file = fileOf(homeserver, value);
  const path = value.path.filter(key => typeof key === 'string').join('.');
  return `${path} in ${file ? baseName(file.path) : 'homeserver.yaml'}`;
}

function fileOf(homeserver: HomeserverReader, value: Value): EffectiveFile | undefined {
  return homeserver.layers.find(({ root }) => root.source === value.source)?.file;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}
