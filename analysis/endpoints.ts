import type { Place } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { allGeneratedConfig } from './generated-texts';
import { languageOf, maskComments } from './text/comments';
import { type ClusterHost, findHosts, type HostReference, parseClusterHost } from './text/hosts';

/** A host inside the cluster that some text of an object names, in a URL or with a port. */
export interface Endpoint {
  readonly host: ClusterHost;
  readonly reference: HostReference;
  /** Scheme, host and port as written, without the path. */
  readonly at: Place;
  /** The object, or the file that a ConfigMap is made of: where it is, and what it is called. */
  readonly owner: { readonly uri: string; readonly title: string };
  /** Whether every letter stands at its place, so that a part can be replaced there. */
  readonly isWritten: boolean;
}

/**
 * Every mention of a Service by name in the objects of the tree, and in files that ConfigMaps are made of. Comments inside configuration files do not count. A
 * host without a namespace is one of the object's own.
 */
export function endpointsNaming(workspace: Workspace, service: string): readonly Endpoint[] {
  return [
    ...workspace.lookup(endpoints, service),
    ...workspace.shared(generatedEndpoints).filter(one => one.host.service === service),
  ];
}

function generatedEndpoints(workspace: Workspace): readonly Endpoint[] {
  return allGeneratedConfig(workspace).flatMap(({ namespace, text: { key, value } }) => {
    const text = maskComments(value.text ?? '', languageOf(key, value.text ?? ''));
    return [...endpointsIn(value, text, namespace, { uri: value.uri, title: key })];
  });
}

const endpoints: Index<Endpoint> = {
  name: 'endpoints inside the cluster',
  *resource(resource) {
    if (ignored.has(resource.kind)) return;
    for (const value of resource.root.scalars(mayNameHost)) {
      const text = value.text ?? '';
      const isBlock = value.style === 'literal' || value.style === 'folded';
      const searched = isBlock ? maskComments(text, languageOf(String(value.name ?? ''), text)) : text;
      for (const endpoint of endpointsIn(value, searched, resource.namespace, resource))
        yield [endpoint.host.service, endpoint];
    }
  },
};

function* endpointsIn(
  value: Value,
  searched: string,
  namespace: string | undefined,
  owner: Endpoint['owner'],
): Iterable<Endpoint> {
  for (const reference of findHosts(searched)) {
    const host = parseClusterHost(reference.host.value, namespace);
    if (!host) continue;
    const start = reference.scheme?.span.start ?? reference.host.span.start;
    const end = reference.port?.span.end ?? reference.host.span.end;
    const at = value.part(start, end);
    const { span } = at;
    yield { host, reference, at, owner, isWritten: span.end - span.start === end - start };
  }
}

/** Most texts name no host; telling so at once keeps the search cheap. */
const mayNameHost = (text: string) => /:\/\/|[a-z0-9]:\d{2}/.test(text);

/** Kinds whose texts are no configuration of anything that runs. */
const ignored: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'PrometheusRule']);
