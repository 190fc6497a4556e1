import { type Haproxy, haproxyOf, listeningOn } from '../../analysis/haproxy-config';
import { type ImageProgram, imageTag, programOf } from '../../analysis/images';
import { nearest } from '../../analysis/nearest';
import { containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { synapseProcess } from '../../analysis/synapse';
import type { HaproxySection } from '../../analysis/text/haproxy';
import { deleteEntry, replaceScalar, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { plainHttpAt } from '../services/plain-http';

export default {
  id: 'probe-port-missing',
  items: [],
  severity: 'error',
  summary: 'A probe asks for a port that the container does not have, or for a path that its program does not answer.',
  why: 'A probe by name fails if the container has no port of that name: the pod never becomes ready, or is restarted again and again. A number that no container of the pod declares may be a slip. A path that the program answers with 404 fails as well.',
  remedy:
    'Name a port of the container, or declare the port that the program listens on. Ask Synapse for `/health`, HAProxy for its `monitor-uri`, and the content scanner for `/_matrix/media_proxy/unstable/public_key`.',
  traps: [
    'A port name is looked up in the same container; a number may belong to any container of the pod, as they share the network.',
    'An undeclared number is a warning where it is one letter away from a declared one, and else only mentioned, because declaring ports is only information for Kubernetes. Where the pod declares no ports at all it is accepted.',
    'A probe with a `host` asks another machine and is left alone, unless it is `localhost`, which is the node.',
    'Paths are judged for Synapse, whose HTTP listeners answer `/health` and the paths of its APIs, while its metrics listener answers any, and for HAProxy where the port has a `monitor-uri`: another path goes to a backend, which is a warning.',
    'The content scanner answers nothing but its API below `/_matrix/media_proxy/unstable/` (matrix-content-scanner-python, httpserver.py).',
  ],
  sources: [
    'Kubernetes API reference, HTTPGetAction: port is a number or a name of a port of the container; pkg/kubelet/prober.',
    'Synapse documentation, Reverse proxy, "Health check endpoint"; HAProxy configuration manual, monitor-uri.',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            ports:
              - name: http
                containerPort: 8008
            readinessProbe:
              httpGet:
                path: /health
                port: htpp
      #               ^^^^ 💡 error: The readinessProbe of container app asks for the port htpp, which the container does not have — did you mean http?
            livenessProbe:
              tcpSocket:
                port: 8009
      #               ^^^^ 💡 warning: The livenessProbe of container app asks for the port 8009, which no container of the pod declares
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            ports:
              - name: http
                containerPort: 8008
            readinessProbe:
              httpGet:
                path: /health
                port: http
            livenessProbe:
              tcpSocket:
                port: 8008
    `,
  },
  kinds: [...workloadKinds],
  *check(workload, workspace) {
    yield* paths(workload, workspace);
    yield* own(workload);
    yield* schemes(workload, workspace);
    const containers = containersOf(workload);
    const numbers = new Set(
      containers.flatMap(({ value }) => portsOf(value).map(port => port.at('containerPort').number)),
    );
    for (const { value, name } of containers) {
      const names = portsOf(value).flatMap(port => port.at('name').text ?? []);
      for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const port = probedPort(value.at(kind));
        if (!port?.exists) continue;
        if (port.string !== undefined && !/^\d+$/.test(port.string)) {
          if (names.includes(port.string)) continue;
          const close = nearest(port.string, names) ?? (names.length === 1 ? names[0] : undefined);
          yield {
            at: port,
            message: `The ${kind} of container ${name} asks for the port ${port.string}, which the container does not have — ${close ? `did you mean ${close}?` : 'name one of its ports.'}`,
            fixes: () => {
              const edit = close === undefined ? undefined : replaceScalar(port, close);
              return edit ? [{ title: `Ask for the port ${close}`, safe: false, edits: [edit] }] : [];
            },
          };
        } else if (numbers.size > 0 && !numbers.has(Number(port.text))) {
          yield {
            at: port,
            severity: isSlip(port.text ?? '', numbers) ? 'warning' : 'info',
            message: `The ${kind} of container ${name} asks for the port ${port.text}, which no container of the pod declares — correct it, or declare the port.`,
            fixes: () => {
              const [only] = numbers.size === 1 ? numbers : [];
              const edit = only === undefined ? undefined : replaceValue(port, `${only}`);
              return edit ? [{ title: `Ask for the port ${only}`, safe: false, edits: [edit] }] : [];
            },
          };
        }
      }
    }
  },
} satisfies Rule;

/**
 * Whether a number was evidently meant to be one that is declared, from which one letter differs. Many programs have a
 * port for their health that nobody declares, because only the kubelet asks it.
 */
function isSlip(text: string, declared: ReadonlySet<number | undefined>): boolean {
  return [...declared].some(number => {
    const other = `${number}`;
    if (other.length === text.length) return [...text].filter((letter, at) => letter !== other[at]).length === 1;
    const [short, long] = other.length < text.length ? [other, text] : [text, other];
    return [...long].some((_, at) => long.slice(0, at) + long.slice(at + 1) === short);
  });
}

/** Probes that speak TLS with a program that does not. */
function* schemes(workload: Resource, workspace: Workspace): Iterable<Problem> {
  for (const { value, name } of containersOf(workload))
    for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const probe = value.at(kind, 'httpGet');
      const scheme = probe.at('scheme');
      const port = scheme.text === 'HTTPS' ? numberOf(value, probe.at('port')) : undefined;
      const program = port === undefined ? undefined : plainHttpAt(workspace, workload, port);
      if (program === undefined) continue;
      yield {
        at: scheme,
        message: `The ${kind} of container ${name} asks by HTTPS, and ${program} speaks plain HTTP on port ${port} — write HTTP.`,
        fixes: () => {
          const edit = replaceScalar(scheme, 'HTTP');
          return edit ? [{ title: 'Ask by HTTP', safe: false, edits: [edit] }] : [];
        },
      };
    }
}

/** Probes that never get to the program: of the node itself, by a protocol that the port has not, or of nobody's port. */
function* own(workload: Resource): Iterable<Problem> {
  const isOnHost = podTemplate(workload)?.at('spec', 'hostNetwork').boolean === true;
  const all = containersOf(workload).flatMap(({ value }) => portsOf(value));
  const numbers = new Set(all.map(port => port.at('containerPort').number));
  for (const { value, name } of containersOf(workload))
    for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe'])
      for (const way of ['httpGet', 'tcpSocket']) {
        const [host, port] = [value.at(kind, way, 'host'), value.at(kind, way, 'port')];
        if (!isOnHost && /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(host.text ?? ''))
          yield {
            at: host,
            message: `The kubelet runs on the node, so the ${kind} of container ${name} asks the node’s own ${host.text} and not the pod — remove host.`,
            fixes: () => {
              const edit = deleteEntry(host);
              return edit ? [{ title: 'Remove host', safe: true, edits: [edit] }] : [];
            },
          };
        const asked = portsOf(value).filter(
          one => one.at('name').text === port.text || one.at('containerPort').number === port.number,
        );
        if (port.exists && asked.length > 0 && asked.every(one => one.at('protocol').text === 'UDP'))
          yield {
            at: port,
            message: `The ${kind} of container ${name} connects by TCP, and its port ${port.text} is for UDP — ask for another.`,
          };
      }
  for (const { value, name } of containersOf(workload))
    for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const words = value.at(kind, 'exec', 'command').items();
      for (const word of words) {
        const line =
          word === words[0] && !/\s/.test(word.text ?? '') ? words.map(one => one.text).join(' ') : word.text;
        const found = /\b(?:redis|valkey)-cli\b(?![^|;&\n]*\s-h\s)[^|;&\n]*?\s-p\s+(\d+)/.exec(line ?? '')?.[1];
        if (found === undefined || numbers.size === 0 || numbers.has(Number(found))) continue;
        yield {
          at: word,
          severity: 'warning',
          message: `The ${kind} of container ${name} asks for the port ${found}, which no container of the pod declares — correct it, or declare the port.`,
        };
        break;
      }
    }
}

/** Probes for a path that the program of a container is known not to answer. */
function* paths(workload: Resource, workspace: Workspace): Iterable<Problem> {
  const synapse = synapseProcess(workspace, workload);
  const haproxy = haproxyOf(workspace, workload);
  for (const { value, name, image } of containersOf(workload)) {
    const isSynapse = synapse?.container.value.source === value.source && synapse.container.name === name;
    const isScanner = programOf(image) === 'matrix-content-scanner';
    const other = otherPaths.find(one => one.program === programOf(image) && one.isKnown(imageTag(image) ?? ''));
    if (!isSynapse && !isScanner && !other && haproxy?.container.name !== name) continue;
    for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const probe = value.at(kind, 'httpGet');
      const path = probe.at('path');
      const port = numberOf(value, probe.at('port'));
      if (path.string === undefined || port === undefined || probe.at('host').exists) continue;
      const wrong = isSynapse
        ? unansweredBySynapse(path.string, synapse.listeners?.find(one => one.port === port)?.type)
        : isScanner
          ? unansweredByScanner(path.string)
          : other
            ? unansweredBy(other, path.string, value, port)
            : passedOn(path.string, haproxy ? listeningOn(haproxy, port).map(({ section }) => section) : [], haproxy);
      if (!wrong) continue;
      yield {
        at: path,
        ...(!isSynapse && !isScanner && !other && { severity: 'warning' }),
        message: `The ${kind} of container ${name} asks for ${path.string}, which ${wrong.what} — ask for ${wrong.instead}.`,
        fixes: () => {
          const edit = replaceScalar(path, wrong.instead);
          return edit ? [{ title: `Ask for ${wrong.instead}`, safe: false, edits: [edit] }] : [];
        },
      };
    }
  }
}

interface WrongPath {
  readonly what: string;
  readonly instead: string;
}

interface OtherPaths {
  readonly program: ImageProgram;
  /** Whether the version of the image answers these paths only. */
  isKnown(tag: string): boolean;
  readonly title: string;
  readonly paths: RegExp;
  readonly instead: string;
  /** The port on which it answers others; undefined if there is one alone. */
  readonly port: number | undefined;
}

/** Programs that answer few paths without a login. */
const otherPaths: readonly OtherPaths[] = [
  // element-hq/lk-jwt-service handler.go, prepareMux: /healthz, and POST to what gives tokens.
  {
    program: 'lk-jwt-service',
    isKnown: () => true,
    title: 'lk-jwt-service',
    paths: /^\/healthz(?:\?|$)/,
    instead: '/healthz',
    port: undefined,
  },
  // livekit/livekit pkg/service/server.go, defaultHandler: 404 for all but /; later versions have paths for probes.
  {
    program: 'livekit-server',
    isKnown: tag => /^v?1\.[0-8](?:\.|$)/.test(tag),
    title: 'LiveKit',
    paths: /^\/(?:\?|$|rtc\/validate|twirp\/)/,
    instead: '/',
    port: 7880,
  },
];

function unansweredBy(program: OtherPaths, path: string, container: Value, port: number): WrongPath | undefined {
  const isOwn = program.port === undefined || port === program.port || portsOf(container).length === 1;
  return !isOwn || program.paths.test(path)
    ? undefined
    : { what: `${program.title} answers with 404`, instead: program.instead };
}

/** Synapse redirects `/` where it serves clients, and answers what is below its APIs. */
function unansweredBySynapse(path: string, type: string | undefined): WrongPath | undefined {
  // Health is asked at one path, and nothing of that name is below the others.
  const isMisplaced = /^\/_(?:matrix|synapse)\/(?:health|healthz|live|livez|ready|readyz|ping)\/?$/.test(path);
  const isKnown = path === '/' || /^\/(?:health(?:\?|$)|_matrix\/|_synapse\/|\.well-known\/)/.test(path);
  if (type !== 'http' || (isKnown && !isMisplaced)) return undefined;
  return { what: 'Synapse answers with 404', instead: '/health' };
}

/** The scanner has no path for its health; its public key is what can be asked for without a file. */
function unansweredByScanner(path: string): WrongPath | undefined {
  const api = '/_matrix/media_proxy/unstable/';
  return path.startsWith(api)
    ? undefined
    : { what: 'the content scanner answers with 404', instead: `${api}public_key` };
}

function passedOn(
  path: string,
  sections: readonly HaproxySection[],
  haproxy: Haproxy | undefined,
): WrongPath | undefined {
  const directives = sections.flatMap(section => [...section.directives, ...(section.defaults?.directives ?? [])]);
  const monitor =
    directives.find(({ keyword }) => keyword === 'monitor-uri')?.args[0]?.value ?? answeredItself(directives, haproxy);
  if (monitor === undefined || monitor === path) return undefined;
  // Whatever else the section says of this path may answer it.
  if (directives.some(({ words: all }) => all.some(({ value }) => value !== '/' && mentions(path, value))))
    return undefined;
  return { what: 'HAProxy passes on to a backend', instead: monitor };
}

/** A path that a frontend sends to a backend which answers without a server. */
function answeredItself(directives: HaproxySection['directives'], haproxy: Haproxy | undefined): string | undefined {
  for (const { keyword, args } of directives) {
    const [acl, fetch, path, ...others] = args.map(({ value }) => value);
    if (keyword !== 'acl' || fetch !== 'path' || path === undefined || others.length > 0) continue;
    const sent = directives.find(
      one => one.keyword === 'use_backend' && one.words.at(-2)?.value === 'if' && one.words.at(-1)?.value === acl,
    );
    const backend = haproxy?.parts.find(
      ({ section }) => section.kind === 'backend' && section.name?.value === sent?.args[0]?.value,
    )?.section;
    if (backend?.directives.some(one => one.keyword === 'http-request return')) return path;
  }
  return undefined;
}

function mentions(path: string, word: string): boolean {
  return word.startsWith('/') && (path === word || path.startsWith(word.endsWith('/') ? word : `${word}/`));
}

/** The port that a probe asks, by its number or by its name in the container. */
function numberOf(container: Value, port: Value): number | undefined {
  if (port.number !== undefined) return port.number;
  return portsOf(container)
    .find(one => one.at('name').text === port.text)
    ?.at('containerPort').number;
}

function portsOf(container: Value): readonly Value[] {
  return container.at('ports').items();
}

function probedPort(probe: Value): Value | undefined {
  for (const kind of ['httpGet', 'tcpSocket', 'grpc']) {
    const action = probe.at(kind);
    if (action.exists) return action.at('host').exists ? undefined : action.at('port');
  }
  return undefined;
}
