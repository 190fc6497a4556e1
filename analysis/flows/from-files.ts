import { cached } from '../../manifests/derived';
import { readEmbedded } from '../../manifests/embedded';
import { startOfLine } from '../../manifests/lines';
import type { MappedText } from '../../manifests/mapped-text';
import { baseName } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { type ConfiguredProgram, configurationOf } from '../configs';
import { effectiveFile, writtenPaths } from '../effective';
import { environmentOf } from '../environment';
import { type MountedText, mountedTexts, mountsOf } from '../mounts';
import { containersOf } from '../pods';
import { familiesOf } from '../roles';
import { scriptOf } from '../scripts';
import { isSameValue } from '../synapse';
import { commentsIn, type Language, languageOf, maskComments } from '../text/comments';
import { findHosts } from '../text/hosts';
import { nginxUpstreams, readNginx } from '../text/nginx-conf';
import type { Word } from '../text/words';
import { type Address, defaultPort, isTlsScheme, textPlace } from './address';
import { fromScript } from './from-scripts';

/**
 * The hosts in the files that a workload's programs read: mounted ones, and those that its scripts write. Files of
 * programs that have a reader of their own are left out, and so are those that a browser reads.
 */
export function fromFiles(workspace: Workspace, resource: Resource): readonly Address[] {
  const families = familiesOf(resource);
  if (families.has('element') || families.has('synapse-admin')) return [];
  const known = [
    ...ownReaders
      .flatMap(program => configurationOf(workspace, resource, program)?.files ?? [])
      .flatMap(file => file.sources),
    ...containersOf(resource).flatMap(container => scriptOf(workspace, resource, container)?.value ?? []),
  ];
  const isKnown = (value: Value): boolean => known.some(one => isSameValue(one, value));
  const found: Address[] = [];
  const said = new Set<string>();
  const read = (name: string, text: MappedText): void => {
    for (const address of fromText(workspace, resource, name, text)) {
      const { uri, span } = address.at;
      const key = `${uri} ${span.start} ${address.port}`;
      if (!said.has(key)) found.push(address);
      said.add(key);
    }
  };
  const texts = mountedTexts(workspace, resource);
  const isUsed = usedFiles(workspace, resource, texts);
  for (const text of texts) {
    const isTemplate = families.has('synapse') && isSynapseTemplate(text);
    if (isTemplate || !isUsed(text) || isKnown(text.value)) continue;
    if (text.value.string !== undefined) read(text.key, text.value.mapped);
  }
  for (const { container, path } of writtenPaths(workspace, resource)) {
    const file = effectiveFile(workspace, resource, container, path);
    const name = baseName(path);
    if (!file || file.isOpaque || file.sources.some(isKnown)) continue;
    if (families.has('synapse') && /\.ya?ml$/.test(name)) continue;
    if (file.content.text.length <= longestFile) read(name, file.content);
  }
  return found;
}

/**
 * Which mounted files are read. Several workloads may mount one ConfigMap and each use a part of it: where all that a
 * container runs is a script, the script or a file that it uses names what it reads.
 */
function usedFiles(
  workspace: Workspace,
  resource: Resource,
  texts: readonly MountedText[],
): (text: MountedText) => boolean {
  const used = new Set<MountedText>();
  const named = workspace.derive(namedFiles, resource);
  for (const container of containersOf(resource)) {
    const volumes = new Set(mountsOf(container).map(mount => mount.volume));
    const mounted = texts.filter(text => volumes.has(text.volume));
    const script = scriptOf(workspace, resource, container);
    if (!script || startsServer.test(script.text.text)) {
      for (const text of mounted) used.add(text);
      continue;
    }
    const words = [...container.value.at('command').scalars(), ...container.value.at('args').scalars()];
    const said = [script.text.text, ...words.map(word => word.text ?? '')];
    const read = mounted.filter(text => said.some(one => one.includes(baseName(text.path))));
    for (let next = read.pop(); next !== undefined; next = read.pop()) {
      if (used.has(next)) continue;
      used.add(next);
      const names = named.get(next)?.() ?? [];
      read.push(...mounted.filter(text => names.includes(baseName(text.path))));
    }
  }
  return text => used.has(text);
}

/** The mounted files that each mounted text names; that mostly stays, whatever is written there. */
function namedFiles(resource: Resource, workspace: Workspace): ReadonlyMap<MountedText, () => readonly string[]> {
  const texts = mountedTexts(workspace, resource);
  const names = [...new Set(texts.map(({ path }) => baseName(path)))];
  return new Map(
    texts.map(text => [
      text,
      cached(() => {
        const said = text.value.string ?? '';
        return names.filter(name => said.includes(name));
      }),
    ]),
  );
}

/**
 * Whether a mounted text is a part of Synapse's configuration, which Synapse's own reader reads where a process has it.
 * All processes mount it, and not all of them render and read each part.
 */
function isSynapseTemplate({ key, value }: MountedText): boolean {
  if (/^(?:homeserver|worker|modules?)[\w.-]*\.ya?ml/.test(key)) return true;
  return (
    /\.(?:ya?ml|tmpl|tpl|in)\b/.test(key) &&
    /^(?:modules|database|redis|listeners|instance_map|stream_writers|media_storage_providers|worker_app|worker_listeners):/m.test(
      value.string ?? '',
    )
  );
}

/** Programs that find their configuration without being told where it is. */
const startsServer = /\b(?:python\d?|gunicorn|uvicorn|celery|node|npm|java|ruby|php|nginx|exec)\b/;

/** Programs whose configuration is read by its own rules. */
const ownReaders: readonly ConfiguredProgram[] = ['synapse', 'haproxy', 'redis', 'sentinel', 'coturn'];

/** Certificates, keys and dumps need no search. */
const longestFile = 500_000;

function fromText(workspace: Workspace, resource: Resource, name: string, text: MappedText): readonly Address[] {
  const language = languageOf(name, text.text);
  if (!mayNameHost.test(text.text) || language === 'sql') return [];
  if (language === 'yaml' || language === 'json') {
    const { root, problem } = readEmbedded(text, text.place(0, 0))();
    if (!problem && root.kind !== 'scalar') return [...root.scalars()].flatMap(value => fromScalar(name, value));
  }
  const scanned = fromLines(name, text, language);
  if (language !== 'shell') return scanned;
  const [container] = containersOf(resource);
  if (!container) return scanned;
  const environment = environmentOf(workspace, resource, container);
  return [...fromScript(workspace, resource, environment, { text, name }), ...scanned];
}

/** What a text that names a host has somewhere in it. `ext://` is how Python's logging names its own objects. */
const mayNameHost = /[a-z0-9]\.svc\b|\b(?!ext:)[a-z][a-z0-9+.-]*:\/\/|[a-z0-9]:\d{2}|host["']?[ \t]*[:=]/i;

/** The hosts in a scalar of a structured file: URLs, `host:port`, and a host whose port is the key beside it. */
function fromScalar(name: string, value: Value): readonly Address[] {
  const text = value.text ?? '';
  const path = value.path.filter(key => typeof key === 'string').join('.');
  const key = String(value.path.findLast(one => typeof one === 'string') ?? '');
  const where = path === '' ? name : `${path} in ${name}`;
  const connects = !isOwnAddress(key);
  const found = findHosts(text).map(
    ({ host, port, scheme, form }): Address => ({
      host: host.value,
      port: port?.number ?? defaultPort(scheme?.value),
      protocol: 'TCP',
      tls: isTlsScheme(scheme) ? value.part(scheme.span.start, scheme.span.end) : undefined,
      name: where,
      at: value.part(host.span.start, host.span.end),
      portAt: port && value.part(port.span.start, port.span.end),
      isLiteral: true,
      isHostField: form === 'url' || isHostKey(key) || isServerAddress(path),
      connects: connects && !/^(?:turns?|stuns?)$/.test(scheme?.value ?? ''),
      importance: 'required',
    }),
  );
  if (found.length > 0 || !isHostName(text) || !(isHostKey(key) || /\.svc(?:\.|$)/.test(text))) return found;
  const port = siblingPort(value);
  return [
    {
      host: text,
      port: port?.number,
      protocol: 'TCP',
      name: where,
      at: textPlace(value),
      portAt: port && textPlace(port),
      isLiteral: true,
      isHostField: isHostKey(key),
      connects,
      importance: 'required',
    },
  ];
}

/** The number beside a host in the same mapping: `port`, or `x_port` for `x_host`. */
function siblingPort(value: Value): Value | undefined {
  const stem = String(value.name).replace(/(?:host(?:name)?|address|server)$/i, '');
  const port = value.parent?.at(`${stem}port`);
  return port?.number === undefined ? undefined : port;
}

function isHostKey(key: string): boolean {
  return /(?:^|[_.-])(?:host|hostname)$/i.test(key);
}

/** Where LiveKit, its Egress and its like write a server as `host:port` (livekit config-sample.yaml, redis). */
function isServerAddress(path: string): boolean {
  return /(?:^|\.)(?:redis|database|postgres(?:ql)?)\.(?:addr(?:ess)?|sentinel_addresses)$/i.test(path);
}

/** Keys under which a program says where it is itself, or who may ask it. */
function isOwnAddress(key: string): boolean {
  return /public|external|advertise|announce|listen|bind|allow|origin|^server_?name$|^issuer$|redirect/i.test(key);
}

/** The hosts in a text without structure, each with the port that follows it. */
function fromLines(name: string, text: MappedText, language: Language): readonly Address[] {
  const masked = language === 'shell' ? withoutOutput(text.text) : maskComments(text.text, language);
  const found: Address[] = [];
  const covered: { start: number; end: number }[] = [];
  const keyOf = (offset: number): string => {
    const line = masked.slice(startOfLine(masked, offset), offset);
    return /^\s*["']?([\w.-]+)["']?\s*[:= ]/.exec(line)?.[1] ?? '';
  };
  const add = (host: { start: number; end: number }, port: Port | undefined, form: string, scheme?: Word): void => {
    const key = keyOf(host.start);
    found.push({
      host: text.text.slice(host.start, host.end),
      port: port?.number ?? defaultPort(scheme?.value),
      protocol: 'TCP',
      tls: isTlsScheme(scheme) ? text.place(scheme.span.start, scheme.span.end) : undefined,
      name: key === '' ? name : `${key} in ${name}`,
      at: text.place(host.start, host.end),
      portAt: port && text.place(port.start, port.end),
      isLiteral: true,
      isHostField: form === 'url',
      connects: !isOwnAddress(key) && !/^(?:turns?|stuns?)$/.test(scheme?.value ?? ''),
      importance: 'required',
    });
  };
  const upstreams = language === 'nginx' ? upstreamNames(text.text) : new Set<string>();
  for (const { host, port, scheme, form, span } of findHosts(masked)) {
    covered.push(span);
    if (!port && upstreams.has(text.text.slice(host.span.start, host.span.end))) continue;
    add(host.span, port && { number: port.number, ...port.span }, form, scheme);
  }
  for (const match of masked.matchAll(
    /(?<![\w.$%{}/@-])[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*){1,2}\.svc(?:\.[a-z0-9-]+)*/gi,
  )) {
    const [start, end] = [match.index, match.index + match[0].length];
    if (covered.some(span => span.start <= start && end <= span.end)) continue;
    add({ start, end }, portAfter(masked, end) ?? portBelow(masked, start), 'name');
  }
  return found;
}

/** `upstream NAME { server … }`: `proxy_pass http://NAME` leads to its servers (ngx_http_upstream_module). */
function upstreamNames(text: string): ReadonlySet<string> {
  return new Set(nginxUpstreams(readNginx(text)).map(({ name }) => name.value));
}

interface Port {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** `HOST", 3310`, `HOST port=5432`, `HOST 6379`. */
function portAfter(text: string, end: number): Port | undefined {
  const match = /^(["']?[ \t]*(?:,|;|[ \t])[ \t]*(?:port[ \t]*[=:][ \t]*)?["']?)(\d{2,5})\b(?![.\w])/.exec(
    text.slice(end, end + 60),
  );
  return portIn(match, end);
}

/** `port = 5432` in the line below or above `host = HOST`. */
function portBelow(text: string, start: number): Port | undefined {
  const lineStart = startOfLine(text, start);
  const key = /^[ \t]*["']?([\w.-]*?)host(?:name)?["']?[ \t]*[:=]/i.exec(text.slice(lineStart, start))?.[1];
  if (key === undefined) return undefined;
  const from = Math.max(0, lineStart - 300);
  const pattern = new RegExp(
    `^([ \\t]*["']?${key.replace(/[.]/g, '\\.')}port["']?[ \\t]*[:=][ \\t]*["']?)(\\d{2,5})\\b`,
    'im',
  );
  const around = text.slice(from, start + 300);
  const match = pattern.exec(around);
  return match ? portIn(match, from + match.index) : undefined;
}

function portIn(match: RegExpExecArray | null, from: number): Port | undefined {
  const number = Number(match?.[2]);
  if (!match || !(number > 0 && number < 65_536)) return undefined;
  const start = from + (match[1] ?? '').length;
  return { number, start, end: start + (match[2] ?? '').length };
}

/** A script without its comments and without what it only prints. */
function withoutOutput(text: string): string {
  const blank = (part: string): string => part.replace(/[^\r\n]/g, ' ');
  let masked = text;
  for (const { start, end } of commentsIn(text, 'shell'))
    masked = masked.slice(0, start) + blank(masked.slice(start, end)) + masked.slice(end);
  return masked.replace(/^[ \t]*(?:echo|printf|log|info|warn)\b[^\n>|]*$/gm, blank);
}

function isHostName(text: string): boolean {
  return (
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.?$/i.test(text) && /[a-z]/i.test(text)
  );
}
