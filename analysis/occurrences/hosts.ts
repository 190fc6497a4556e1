import { LazyPlace } from '../../manifests/lazy-place';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { addressesOf } from '../flows/addresses';
import { isTreeNamespace } from '../flows/destinations';
import { languageOf, maskComments } from '../text/comments';
import { type ClusterHost, findHosts, parseClusterHost } from '../text/hosts';
import { type Occurrence, objectSubject } from './occurrence';

/** The Services that an object names as hosts, in its own fields and in the configuration it holds. */
export function* hostsIn(resource: Resource): Iterable<Occurrence> {
  if (!ignored.has(resource.kind)) yield* hostsOfValues(resource.root, resource.namespace);
}

/** The Services that the values of a document name as hosts. */
export function* hostsOfValues(root: Value, namespace: string | undefined): Iterable<Occurrence> {
  for (const value of root.scalars()) {
    const text = value.text;
    // Most texts name no host; telling so at once keeps the search cheap.
    if (text === undefined) continue;
    const place = ({ start, end }: Span): Place => value.part(start, end);
    if (/host(?:name)?$/i.test(String(value.name ?? '')) && hostName.test(text)) {
      const host = parseClusterHost(text, namespace);
      if (host) yield* ofHost(host, text, (start, end) => place({ start, end }));
    } else if (/:\/\/|[a-z0-9]:\d{2}|host|HOST/.test(text)) {
      const isBlock = value.style === 'literal' || value.style === 'folded';
      const searched = isBlock ? maskComments(text, languageOf(String(value.name ?? ''), text)) : text;
      yield* hostsOfText(searched, namespace, place);
    }
  }
}

/** The Services that a configuration file names as hosts. */
export function* hostsOfText(
  text: string,
  namespace: string | undefined,
  place: (span: Span) => Place,
): Iterable<Occurrence> {
  const seen = new Set<number>();
  const hosts = [
    ...findHosts(text).map(({ host }) => host),
    ...[...text.matchAll(hostField)].map(match => {
      const value = match[2] ?? '';
      const start = match.index + (match[1] ?? '').length;
      return { value, span: { start, end: start + value.length } };
    }),
  ];
  for (const { value, span } of hosts) {
    const host = parseClusterHost(value, namespace);
    if (!host || seen.has(span.start)) continue;
    seen.add(span.start);
    yield* ofHost(host, value, (start, end) => place({ start: span.start + start, end: span.start + end }));
  }
}

/** The hosts of a script or a runbook. Who runs it may be anywhere, so only names with their namespace are of the cluster. */
export function* qualifiedHosts(text: string, place: (span: Span) => Place): Iterable<Occurrence> {
  for (const match of text.matchAll(/(?<![\w.-])[a-z0-9-]+(?:\.[a-z0-9-]+){1,2}\.svc(?:\.cluster\.local)?(?![\w-])/g)) {
    const host = parseClusterHost(match[0], undefined);
    if (host)
      yield* ofHost(host, match[0], (start, end) => place({ start: match.index + start, end: match.index + end }));
  }
}

/** The Services that a workload connects to, where its configuration names them in ways that only their readers know. */
export function* addressedBy(workspace: Workspace, resource: Resource): Iterable<Occurrence> {
  for (const { host, at, isLiteral } of addressesOf(workspace, resource)) {
    if (!isLiteral) continue;
    const parsed = parseClusterHost(host, resource.namespace, name => isTreeNamespace(workspace, name));
    if (!parsed) continue;
    yield* ofHost(
      parsed,
      host,
      (start, end) =>
        new LazyPlace(() => {
          const { uri, span } = at;
          // Where a host is not written letter by letter, all of it is meant.
          if (span.end - span.start !== host.length) return { uri, span };
          return { uri, span: { start: span.start + start, end: span.start + end } };
        }),
    );
  }
}

/** The StatefulSet of a pod, the Service and the namespace in a host name, each at its place. */
function* ofHost(
  { pod, service, namespace }: ClusterHost,
  written: string,
  place: (start: number, end: number) => Place,
): Iterable<Occurrence> {
  const start = pod === undefined ? 0 : pod.length + 1;
  const end = start + service.length;
  // Kubernetes documentation, "StatefulSets", Stable Network ID: a pod's name is that of its set and a number.
  const set = /^(.+)-\d+$/.exec(pod ?? '')?.[1];
  if (set !== undefined)
    yield { subject: objectSubject('StatefulSet', namespace, set), at: place(0, set.length), role: 'reference' };
  yield { subject: objectSubject('Service', namespace, service), at: place(start, end), role: 'reference' };
  if (namespace === undefined || written.slice(end + 1, end + 1 + namespace.length) !== namespace) return;
  yield {
    subject: objectSubject('Namespace', undefined, namespace),
    at: place(end + 1, end + 1 + namespace.length),
    role: 'reference',
  };
}

const hostName = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*$/;

/** `host: name`, `"host": "name",`, `db_host = name`: fields that can hold nothing but a host. */
const hostField =
  /^([ \t-]*["']?(?:[\w.-]*[_-])?(?:host|hostname|HOST|HOSTNAME)["']?[ \t]*[:=][ \t]*["']?)([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*)["']?[ \t]*,?[ \t]*(?:#.*)?\r?$/gm;

/** Kinds whose texts are no configuration of anything that runs. */
const ignored: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'PrometheusRule']);
