import type { Resource } from '../manifests/resource';
import type { Place, Span } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { configurationOf } from './configs';
import { type EffectiveFile, effectiveFile } from './effective';
import { type Destination, type PodPort, podPorts, resolveHost } from './flows/destinations';
import type { Container } from './pods';
import { workloads } from './roles';
import { targetOf } from './services';
import { type HaproxySection, type HaproxyUse, readHaproxy } from './text/haproxy';
import type { HaproxyMap, HaproxyServer } from './text/haproxy-directives';

/** A HAProxy workload with the configuration that it really reads. */
export interface Haproxy {
  readonly resource: Resource;
  readonly container: Container;
  /** The sections of all its files, in the order of reading. */
  readonly parts: readonly HaproxyPart[];
  /** Whether there is more that the tree does not show, or parts hang on a condition. */
  readonly isPartial: boolean;
}

/** A section and the file that it stands in. */
export interface HaproxyPart {
  readonly section: HaproxySection;
  readonly file: EffectiveFile;
  /** The place of a part of the file, where a person edits it. */
  place(span: Span): Place;
}

/** The key and the value of a line in a map file. */
export interface MapLine {
  readonly key: string;
  readonly value: string;
  /** The place of the value. */
  readonly at: Place;
}

/** The configuration of a HAProxy workload. Undefined for other workloads, and where nothing of it is in the tree. */
export function haproxyOf(workspace: Workspace, resource: Resource): Haproxy | undefined {
  return workspace.derive(readConfiguration, resource);
}

/** Every HAProxy of the tree whose configuration can be read. */
export function haproxies(workspace: Workspace): readonly Haproxy[] {
  return workloads(workspace, 'haproxy').flatMap(resource => haproxyOf(workspace, resource) ?? []);
}

/** The sections that take connections: `frontend` and `listen`. */
export function frontendsOf({ parts }: Haproxy): readonly HaproxyPart[] {
  return parts.filter(({ section }) => section.kind === 'frontend' || section.kind === 'listen');
}

/** The sections that requests can be sent to: `backend` and `listen`. */
export function backendsOf({ parts }: Haproxy): readonly HaproxyPart[] {
  return parts.filter(({ section }) => section.kind === 'backend' || section.kind === 'listen');
}

/** The `backend` or `listen` section of a name. */
export function backendNamed(haproxy: Haproxy, name: string): HaproxyPart | undefined {
  return backendsOf(haproxy).find(({ section }) => section.name?.value === name);
}

/** Every `use_backend` and `default_backend` of a section; the default may come from its `defaults`. */
export function usesOf(section: HaproxySection): readonly HaproxyUse[] {
  const fallback = section.defaultBackend ?? section.defaults?.defaultBackend;
  return [...section.useBackends, ...(fallback ? [fallback] : [])];
}

/** The backends that some frontend sends requests to. `isOpen` if there may be others, named by a computed value. */
export function usedBackends(
  workspace: Workspace,
  haproxy: Haproxy,
): { readonly names: ReadonlySet<string>; readonly isOpen: boolean } {
  const names = new Set<string>();
  let isOpen = false;
  for (const { section } of frontendsOf(haproxy)) {
    for (const use of usesOf(section)) {
      if (!use.isDynamic) {
        names.add(use.backend.value);
        continue;
      }
      if (use.maps.length === 0) isOpen = true;
      for (const map of use.maps) {
        if (map.default !== undefined) names.add(map.default);
        const lines = mapLines(workspace, haproxy, map);
        if (lines) for (const { value } of lines) names.add(value);
        else isOpen = true;
      }
    }
    // A listen section is its own backend.
    if (section.kind === 'listen' && section.name) names.add(section.name.value);
  }
  return { names, isOpen };
}

/** The lines of a map file, if the tree has it. */
export function mapLines(
  workspace: Workspace,
  { resource, container }: Haproxy,
  { file: path }: HaproxyMap,
): readonly MapLine[] | undefined {
  const file = path.startsWith('/') ? effectiveFile(workspace, resource, container, path) : undefined;
  if (!file || file.isOpaque) return undefined;
  const lines: MapLine[] = [];
  for (const match of file.content.text.matchAll(/^[ \t]*([^#\s]\S*)[ \t]+(\S+)/gm)) {
    const key = match[1] ?? '';
    const value = match[2] ?? '';
    const end = match.index + match[0].length;
    lines.push({ key, value, at: file.content.place(end - value.length, end) });
  }
  return lines;
}

/** Where a server's host leads; undefined if its name is computed or there is none. */
export function destinationOf(
  workspace: Workspace,
  { resource }: Haproxy,
  { host }: HaproxyServer,
): Destination | undefined {
  if (host === '' || /[$%{]/.test(host)) return undefined;
  return resolveHost(workspace, resource.namespace, host);
}

/** The pod ports that a server's connections end at; undefined if they cannot be known. */
export function podPortsOf(
  workspace: Workspace,
  haproxy: Haproxy,
  server: HaproxyServer,
): readonly PodPort[] | undefined {
  return workspace.derivePair(readPodPorts, haproxy, server);
}

function readPodPorts(haproxy: Haproxy, server: HaproxyServer, workspace: Workspace): readonly PodPort[] | undefined {
  const destination = destinationOf(workspace, haproxy, server);
  const port = server.port ?? (destination && namedPort(destination, server.portName));
  if (!destination || port === undefined) return undefined;
  return podPorts(destination, port);
}

/** The number of a Service's named port; of a headless one that of its pods, which its SRV records tell. */
function namedPort(destination: Destination, name: string | undefined): number | undefined {
  if (destination.kind !== 'service' || name === undefined) return undefined;
  const port = destination.service.ports.find(one => one.name === name);
  const [pods] = destination.pods;
  if (!port || !destination.service.isHeadless || !pods) return port?.port;
  return targetOf(port, pods)?.port;
}

/** The section that listens on a port, and the port as its `bind` has it. */
export function listeningOn(haproxy: Haproxy, port: number): readonly HaproxyPart[] {
  return frontendsOf(haproxy).filter(({ section }) =>
    section.binds.some(bind =>
      bind.addresses.some(
        address => address.port !== undefined && port >= address.port && port <= (address.lastPort ?? address.port),
      ),
    ),
  );
}

function readConfiguration(resource: Resource, workspace: Workspace): Haproxy | undefined {
  const configuration = configurationOf(workspace, resource, 'haproxy');
  if (!configuration) return undefined;
  const { container, paths, files } = configuration;
  if (files.length === 0) return undefined;
  const parts: HaproxyPart[] = [];
  let isPartial = files.some(file => file.isOpaque) || files.length < paths.length;
  for (const file of files) {
    const place = ({ start, end }: Span): Place => file.content.place(start, end);
    const before = parts.map(({ section }) => section);
    const { sections, isConditional } = readHaproxy(file.content.text, before);
    parts.push(...sections.map(section => ({ section, file, place })));
    isPartial ||= isConditional;
  }
  return { resource, container, parts, isPartial };
}
