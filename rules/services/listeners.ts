import { commandLine, configurationOf, parsed } from '../../analysis/configs';
import { type EffectiveFile, effectiveFile, podWrites } from '../../analysis/effective';
import { environmentOf, textOfVariable } from '../../analysis/environment';
import { frontendsOf, haproxyOf } from '../../analysis/haproxy-config';
import { programOf, publishedProgramOf } from '../../analysis/images';
import { mountsOf } from '../../analysis/mounts';
import { type Container, containerRunning, mainContainersOf } from '../../analysis/pods';
import { nginxServers, readNginx } from '../../analysis/text/nginx-conf';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { isStockElement } from '../element/config';
import { isCluster, placeIn, redisConf } from '../redis/conf';
import { isOn, numberOf, optionOf, turnserverOf } from '../turn/turnserver';

/** A program of a container with all that it listens on by TCP. */
export interface Server {
  readonly container: Container;
  readonly title: string;
  readonly sockets: readonly Socket[];
  /** Where it is said what it listens on. */
  readonly at: Place;
  /** What is to be judged, where another rule judges the rest; both where nothing is said. */
  readonly only?: 'port' | 'address';
}

export interface Socket {
  readonly port: number;
  readonly isLoopback: boolean;
  readonly at: Place;
  /** The program speaks TLS there, or passes on bytes that may be TLS. */
  readonly isTls?: boolean;
  /** Something that the configuration does not show may make the program listen there, or not. */
  readonly isGuess?: true;
}

/** Addresses that only the pod itself reaches. */
export const loopback = /^(?:127(?:\.\d+){3}|localhost|::1|\[::1\])$/;

/** The programs of a workload that are told by a configuration file or a variable what to listen on. */
export function configuredServers(workspace: Workspace, resource: Resource): readonly Server[] {
  return [
    livekit(workspace, resource),
    scanner(workspace, resource),
    sygnal(workspace, resource),
    clamd(workspace, resource),
    coturn(workspace, resource),
    haproxy(workspace, resource),
    redis(workspace, resource, 'redis', 6379),
    redis(workspace, resource, 'sentinel', 26379),
    ...mainContainersOf(resource).flatMap(container => [
      jwtService(workspace, resource, container),
      elementWeb(workspace, resource, container),
      nginx(workspace, resource, container),
      minio(workspace, resource, container),
    ]),
  ].filter(server => server !== undefined);
}

/** livekit/livekit config-sample.yaml: `port` (7880), `bind_addresses` (all), `prometheus_port` or `prometheus.port`. */
function livekit(workspace: Workspace, resource: Resource): Server | undefined {
  const configuration = configurationOf(workspace, resource, 'livekit');
  const [file, ...others] = configuration?.files ?? [];
  if (!configuration || !file || file.isOpaque || others.length > 0) return undefined;
  const { container, words } = configuration;
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  const isToldElsewhere =
    ['LIVEKIT_PORT', 'LIVEKIT_PROMETHEUS_PORT'].some(name => variables.has(name)) ||
    // The variable holds a configuration; that a path there is none is told by a rule of its own.
    (variables.has('LIVEKIT_CONFIG') &&
      file.path !== 'LIVEKIT_CONFIG' &&
      !textOfVariable(workspace, resource, variables.get('LIVEKIT_CONFIG'))?.startsWith('/')) ||
    words.some(word => /^--(?:port|config-body|dev|prometheus)/.test(word));
  const { root, problem } = parsed(file);
  if (isOpen || isToldElsewhere || problem || root.kind !== 'mapping') return undefined;
  const addresses = root.at('bind_addresses').items();
  // What `--bind` says goes before the file (livekit-server, getConfig).
  const isLoopback =
    !words.some(word => word.startsWith('--bind')) &&
    addresses.length > 0 &&
    addresses.every(one => isWritten(file, one) && loopback.test(one.text ?? ''));
  const ports = [root.at('port'), root.at('prometheus_port'), root.at('prometheus', 'port')].filter(one => one.exists);
  const rtc = [root.at('rtc', 'tcp_port'), root.at('turn', 'tls_port')].filter(one => one.exists);
  if ([...ports, ...rtc].some(one => numberIn(file, one) === undefined)) return undefined;
  const sockets = ports.map(at => ({ port: at.number ?? 0, isLoopback, at: addresses[0] ?? at }));
  const named = (one: Value): Socket => ({ port: one.number ?? 0, isLoopback: false, at: one });
  return {
    container,
    title: 'LiveKit',
    sockets: [
      ...sockets,
      ...(root.at('port').exists ? [] : [{ port: 7880, isLoopback, at: addresses[0] ?? container.value.at('name') }]),
      ...rtc.map(named),
      ...(root.at('rtc', 'tcp_port').exists ? [] : [{ port: 7881, isLoopback: false, at: container.value.at('name') }]),
    ],
    at: root.at('port').exists ? root.at('port') : (file.sources[0]?.key ?? container.value.at('name')),
  };
}

/** redis.conf and sentinel.conf: `port`, `tls-port`. That Redis listens for others is asked where Redis is. */
function redis(
  workspace: Workspace,
  resource: Resource,
  program: 'redis' | 'sentinel',
  usual: number,
): Server | undefined {
  const configuration = configurationOf(workspace, resource, program);
  const conf = redisConf(workspace, resource, program);
  if (!configuration || !conf) return undefined;
  const words = commandLine(configuration.container);
  const options = words.filter(word => /^--(?:tls-)?port$/.test(word.text ?? ''));
  if (options.length > 0) {
    // What the command says goes before the file.
    const [port, ...others] = options.map(option => words[words.indexOf(option) + 1]);
    if (!port || others.length > 0 || options[0]?.text !== '--port' || !/^\d+$/.test(port.text ?? '')) return undefined;
    return {
      container: configuration.container,
      title: program === 'redis' ? 'Redis' : 'Sentinel',
      sockets: [{ port: Number(port.text), isLoopback: false, at: port }],
      at: port,
      only: 'port',
    };
  }
  if (conf.directives.some(({ name }) => name === 'include')) return undefined;
  const said = conf.directives.filter(({ name }) => name === 'port' || name === 'tls-port');
  const sockets = said.flatMap(({ args: [port] }) =>
    port && /^\d+$/.test(port.value) && port.value !== '0'
      ? [{ port: Number(port.value), isLoopback: false, at: placeIn(conf, port.span) }]
      : [],
  );
  if (said.some(({ args: [port] }) => !/^\d+$/.test(port?.value ?? ''))) return undefined;
  const at = sockets[0]?.at ?? configuration.container.value.at('name');
  const isPort = said.some(({ name }) => name === 'port');
  const all = isPort ? sockets : [...sockets, { port: usual, isLoopback: false, at }];
  // The nodes of a Redis Cluster talk to each other on a port of their own (redis.conf: cluster-port).
  const bus =
    program === 'redis' && isCluster(workspace, resource) ? all.map(one => ({ ...one, port: one.port + 10000 })) : [];
  return {
    container: configuration.container,
    title: program === 'redis' ? 'Redis' : 'Sentinel',
    sockets: [...all, ...bus],
    at,
    only: 'port',
  };
}

/** matrix-content-scanner-python, docs/configuration: `web.host`, `web.port`, both required. */
function scanner(workspace: Workspace, resource: Resource): Server | undefined {
  const configuration = configurationOf(workspace, resource, 'scanner');
  const [file, ...others] = configuration?.files ?? [];
  if (!configuration || !file || file.isOpaque || others.length > 0) return undefined;
  const web = parsed(file).root.at('web');
  const port = numberIn(file, web.at('port'));
  if (port === undefined) return undefined;
  const host = web.at('host');
  const isLoopback = isWritten(file, host) && loopback.test(host.text ?? '');
  return {
    container: configuration.container,
    title: 'The content scanner',
    sockets: [{ port, isLoopback, at: isLoopback ? host : web.at('port') }],
    at: web.at('port'),
  };
}

/** sygnal/sygnal.py, CONFIG_DEFAULTS: what is not written listens on 127.0.0.1, and metrics are off. */
function sygnal(workspace: Workspace, resource: Resource): Server | undefined {
  const configuration = configurationOf(workspace, resource, 'sygnal');
  const [file] = configuration?.files ?? [];
  if (!configuration || !file || file.isOpaque) return undefined;
  const { root, problem } = parsed(file);
  const metrics = root.at('metrics', 'prometheus');
  const [http, port] = [root.at('http'), root.at('http', 'port')];
  const written = [port, metrics.at('port'), metrics.at('address'), ...http.at('bind_addresses').items()];
  if (problem || root.kind !== 'mapping' || written.some(one => one.exists && !isWritten(file, one))) return undefined;
  const home = file.sources[0]?.key ?? configuration.container.value.at('name');
  const addresses = http.at('bind_addresses').items();
  const at = port.exists ? port : http.exists ? http.key : home;
  const isOpen = addresses.some(one => !loopback.test(one.text ?? ''));
  const address = metrics.at('address');
  // An empty address is all of them (prometheus_client.start_http_server).
  const isOpenMetrics = address.exists && !loopback.test(address.text ?? '');
  return {
    container: configuration.container,
    title: 'Sygnal',
    sockets: [
      { port: port.number ?? 5000, isLoopback: !isOpen, at: addresses[0] ?? at },
      ...(metrics.at('enabled').boolean === true
        ? [
            {
              port: metrics.at('port').number ?? 8000,
              isLoopback: !isOpenMetrics,
              at: address.exists ? address : metrics.at('enabled'),
            },
          ]
        : []),
    ],
    at,
  };
}

/** man 5 clamd.conf: `TCPSocket`. That it listens at all, and for others, is asked where the scanner is. */
function clamd(workspace: Workspace, resource: Resource): Server | undefined {
  const container = containerRunning(resource, 'clamav');
  const file = container && effectiveFile(workspace, resource, container, '/etc/clamav/clamd.conf');
  if (!container || !file || file.isOpaque) return undefined;
  const lines = [...file.content.text.matchAll(/^[ \t]*TCPSocket[ \t]+(\d+)[ \t]*$/gm)];
  const sockets = lines.map(match => {
    const start = match.index + match[0].lastIndexOf(match[1] ?? '');
    const span = { start, end: start + (match[1]?.length ?? 0) };
    return { port: Number(match[1]), isLoopback: false, at: file.content.place(span.start, span.end) };
  });
  const [first] = sockets;
  return first && { container, title: 'clamd', sockets, at: first.at, only: 'port' };
}

/** coturn README.turnserver: `--listening-port`, `--tls-listening-port`, `--listening-ip`; the next port may be its alternative. */
function coturn(workspace: Workspace, resource: Resource): Server | undefined {
  const server = turnserverOf(workspace, resource);
  if (!server || server.isPartial) return undefined;
  const ports = (
    [
      ['listening-port', 3478, isOn(server, 'no-tcp')],
      ['tls-listening-port', 5349, isOn(server, 'no-tls')],
    ] as const
  ).map(([name, byDefault, isOff]) => ({
    port: numberOf(server, name, byDefault),
    at: optionOf(server, name)?.at,
    isOff,
  }));
  const others = ['alt-listening-port', 'alt-tls-listening-port', 'prometheus-port', 'cli-port'].map(name =>
    numberOf(server, name, { 'prometheus-port': 9641, 'cli-port': 5766 }[name] ?? 0),
  );
  if (ports.some(({ port }) => port === undefined) || others.some(port => port === undefined)) return undefined;
  const addresses = server.options.filter(({ name }) => name === 'listening-ip' || name === 'L');
  const isLoopback =
    addresses.length > 0 &&
    addresses.every(({ value, resolution }) => (resolution?.kind ?? 'left') === 'left' && loopback.test(value ?? ''));
  const at = optionOf(server, 'listening-port')?.at ?? server.container.value.at('name');
  const socket = (port: number): Socket => ({ port, isLoopback, at: addresses[0]?.at ?? at });
  return {
    container: server.container,
    title: 'coturn',
    sockets: [
      ...ports.flatMap(({ port = 0, isOff }) =>
        isOff ? [] : [socket(port), { ...socket(port + 1), isGuess: true as const }],
      ),
      ...others.flatMap(port => (port ? [{ port, isLoopback: false, at, isGuess: true as const }] : [])),
    ],
    at,
  };
}

/** HAProxy configuration manual, "bind". Ports without a `bind` are found where the configuration is judged. */
function haproxy(workspace: Workspace, resource: Resource): Server | undefined {
  const found = haproxyOf(workspace, resource);
  if (!found || found.isPartial) return undefined;
  const sockets = frontendsOf(found).flatMap(part =>
    part.section.binds.flatMap(({ addresses, span }) =>
      addresses.flatMap(({ host, port, lastPort }) =>
        port === undefined || lastPort !== undefined
          ? []
          : [{ port, isLoopback: loopback.test(host), at: part.place(span) }],
      ),
    ),
  );
  const [first] = sockets;
  return first && { container: found.container, title: 'HAProxy', sockets, at: first.at, only: 'address' };
}

/** element-hq/lk-jwt-service README: `LIVEKIT_JWT_BIND` (`:8080`), before it `LIVEKIT_JWT_PORT`. */
function jwtService(workspace: Workspace, resource: Resource, container: Container): Server | undefined {
  if (!isJwtService(container) || commandLine(container).length > 0) return undefined;
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  if (isOpen || variables.has('LK_JWT_PORT')) return undefined;
  const bind = variables.get('LIVEKIT_JWT_BIND');
  const port = variables.get('LIVEKIT_JWT_PORT');
  const given = bind ?? port;
  const text = textOfVariable(workspace, resource, given);
  if (given && text === undefined) return undefined;
  const [, address = '', number] = /^(?:(.*):)?(\d+)$/.exec(text ?? ':8080') ?? [];
  if (number === undefined) return undefined;
  const at = given?.value ?? given?.at ?? container.value.at('name');
  return {
    container,
    title: 'lk-jwt-service',
    sockets: [{ port: Number(number), isLoopback: loopback.test(address), at }],
    at,
  };
}

/** Whether a container runs the service that hands out tokens for LiveKit. */
export function isJwtService(container: Container): boolean {
  return programOf(container.image) === 'lk-jwt-service';
}

/** element-web docker/Dockerfile: `ENV ELEMENT_WEB_PORT=80`, the port in the template of nginx’s configuration. */
function elementWeb(workspace: Workspace, resource: Resource, container: Container): Server | undefined {
  if (!isStockElement(container.image) || commandLine(container).length > 0) return undefined;
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  const own = nginxSockets(workspace, resource, container, undefined);
  if (own !== undefined && own.length > 0)
    return { container, title: 'Element Web', sockets: own, at: own[0]?.at ?? container.value.at('name') };
  const given = variables.get('ELEMENT_WEB_PORT');
  const text = given ? textOfVariable(workspace, resource, given) : '80';
  if (isOpen || own === undefined || text === undefined || !/^\d+$/.test(text)) return undefined;
  const at = given?.value ?? given?.at ?? container.value.at('name');
  return { container, title: 'Element Web', sockets: [{ port: Number(text), isLoopback: false, at }], at };
}

/** nginx, `listen`; the official images listen on 80 and 8080 unless `/etc/nginx/conf.d/default.conf` is replaced. */
function nginx(workspace: Workspace, resource: Resource, container: Container): Server | undefined {
  const program = publishedProgramOf(container.image);
  const [command] = commandLine(container);
  if (
    (program !== 'nginx' && program !== 'nginx-unprivileged') ||
    (command && !/(?:^|\/)nginx$/.test(command.text ?? ''))
  )
    return undefined;
  if (commandLine(container).some(word => word.text === '-c')) return undefined;
  const sockets = nginxSockets(workspace, resource, container, program === 'nginx' ? 80 : 8080);
  const [first] = sockets ?? [];
  return sockets && first && { container, title: 'nginx', sockets, at: first.at };
}

/**
 * What nginx listens on by the files that are mounted, and on a port of the image's own file as long as that is there;
 * undefined where some of it cannot be known.
 */
function nginxSockets(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  port: number | undefined,
): readonly Socket[] | undefined {
  const isOwn = (path: string): boolean => /^\/etc(?:\/nginx(?:\/|$)|$)/.test(path);
  const mounts = mountsOf(container).filter(({ mountPath }) => isOwn(mountPath));
  const folder = '/etc/nginx/conf.d';
  const isKnown = mounts.every(
    ({ mountPath }) =>
      mountPath === folder || /^\/etc\/nginx\/(?:conf\.d\/[^/]+\.conf|nginx\.conf|mime\.types)$/.test(mountPath),
  );
  if (!isKnown) return undefined;
  const hasMain = mounts.some(({ mountPath }) => mountPath === '/etc/nginx/nginx.conf');
  const isHidden = mounts.some(({ mountPath }) => mountPath === folder || mountPath === `${folder}/default.conf`);
  const names = podWrites(workspace, resource)
    .filesIn(container, folder)
    .filter(path => path.endsWith('.conf'));
  if (isHidden && names.length === 0) return undefined;
  const paths = [...(hasMain ? ['/etc/nginx/nginx.conf'] : []), ...names];
  const files = paths.map(path => effectiveFile(workspace, resource, container, path));
  const sockets: Socket[] = [];
  let includes = !hasMain;
  for (const file of files) {
    if (!file || file.isOpaque) return undefined;
    const config = readNginx(file.content.text);
    includes ||= config.all.some(
      ({ name, args }) => name.value === 'include' && args[0]?.value.includes('conf.d') === true,
    );
    const isTls = config.all.some(({ name, args }) => name.value === 'ssl' && args[0]?.value === 'on');
    for (const server of nginxServers(config)) {
      if (server.listens.length === 0) return undefined;
      for (const { address, port: number, ssl, directive } of server.listens) {
        if (address.value.startsWith('unix:') || directive.args.some(({ value }) => value === 'udp')) continue;
        if (number === undefined || file.resolve(address.span).kind !== 'left') return undefined;
        const at = file.content.place(address.span.start, address.span.end);
        sockets.push({
          port: number,
          isLoopback: loopback.test(address.value.replace(/:\d+$/, '')),
          at,
          isTls: ssl || isTls || server.directive.parent?.name.value === 'stream',
        });
      }
    }
  }
  if (hasMain && !includes && names.length > 0) return undefined;
  const isStock = port !== undefined && !isHidden && includes;
  return isStock
    ? [...sockets, { port, isLoopback: false, at: sockets[0]?.at ?? container.value.at('image') }]
    : sockets;
}

/**
 * `minio server`: the API at 9000 or `--address`, and the console at `--console-address`, without which it is at a port
 * that changes with each start (minio/minio cmd/server-main.go).
 */
function minio(workspace: Workspace, resource: Resource, container: Container): Server | undefined {
  if (programOf(container.image) !== 'minio') return undefined;
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  const line = commandLine(container);
  const words = line.flatMap(value => (value.text ?? '').split(/\s+/).map(text => ({ text, value })));
  const told = (name: string, variable: string): { readonly text: string; readonly at: Value } | undefined => {
    const index = words.findIndex(({ text }) => text === name || text.startsWith(`${name}=`));
    const found = words[index];
    if (found)
      return found.text === name
        ? { text: words[index + 1]?.text ?? '', at: words[index + 1]?.value ?? found.value }
        : { text: found.text.slice(name.length + 1), at: found.value };
    const set = variables.get(variable);
    return set && { text: textOfVariable(workspace, resource, set) ?? '', at: set.value ?? set.at };
  };
  if (isOpen || variables.has('MINIO_CONFIG_ENV_FILE') || !words.some(({ text }) => text === 'server'))
    return undefined;
  if (words.some(({ text }) => /^(?:--opts|--config|--s?ftp)/.test(text))) return undefined;
  const [api, console] = [told('--address', 'MINIO_ADDRESS'), told('--console-address', 'MINIO_CONSOLE_ADDRESS')];
  const sockets = [api ?? { text: ':9000', at: container.value.at('name') }, console].flatMap(one => one ?? []);
  const ports = sockets.map(({ text }) => /^["']?(.*):(\d+)["']?$/.exec(text));
  if (ports.some(one => one === null)) return undefined;
  return {
    container,
    title: 'MinIO',
    at: console?.at ?? words.find(({ text }) => text === 'server')?.value ?? container.value.at('name'),
    sockets: sockets.map(({ at }, index) => ({
      port: Number(ports[index]?.[2]),
      isLoopback: loopback.test(ports[index]?.[1] ?? ''),
      at,
    })),
  };
}

/** A number that stands in the text as the program reads it. */
function numberIn(file: EffectiveFile, value: Value): number | undefined {
  return isWritten(file, value) ? value.number : undefined;
}

function isWritten(file: EffectiveFile, value: Value): boolean {
  return value.exists && file.resolve(value).kind === 'left';
}
