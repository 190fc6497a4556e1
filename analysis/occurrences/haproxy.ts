import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import { languageOf } from '../text/comments';
import { readHaproxy } from '../text/haproxy';
import { readMaps } from '../text/haproxy-directives';
import type { Occurrence, Subject } from './occurrence';

/** The names inside the HAProxy configurations that a ConfigMap holds. */
export function* haproxyIn(resource: Resource): Iterable<Occurrence> {
  if (resource.qualifiedKind !== 'ConfigMap') return;
  for (const [key, value] of resource.root.at('data').entries()) {
    const text = value.text;
    if (text === undefined || !isHaproxy(key, text)) continue;
    const scope = `${resource.qualifiedKind}/${resource.name}`;
    yield* haproxyNames(text, scope, resource.namespace, ({ start, end }) => value.part(start, end));
  }
}

/** Whether a file is a HAProxy configuration, by its name and what it says. */
export function isHaproxy(name: string, text: string): boolean {
  return /\.cfg(?:$|\.)|haproxy/i.test(name) && languageOf(name, text) === 'haproxy';
}

/**
 * The backends, acls, resolvers and other named parts of a configuration. Those of one `scope` mean each other; an acl
 * holds only in its section.
 */
export function* haproxyNames(
  text: string,
  scope: string,
  namespace: string | undefined,
  place: (span: Span) => Place,
): Iterable<Occurrence> {
  const named = (kind: string, name: string, span: Span, role: Occurrence['role']): Occurrence => ({
    subject: { kind: 'haproxy', id: `${scope}/${kind}/${name}`, namespace, name } satisfies Subject,
    at: place(span),
    role,
  });
  for (const section of readHaproxy(text).sections) {
    const kind = section.kind === 'listen' ? 'backend' : section.kind;
    const here = `${section.kind} ${section.name?.value ?? ''}`;
    if (section.name) yield named(kind, section.name.value, section.name.span, 'definition');
    for (const { backend, isDynamic } of [
      ...section.useBackends,
      ...(section.defaultBackend ? [section.defaultBackend] : []),
    ])
      if (!isDynamic) yield named('backend', backend.value, backend.span, 'reference');
    for (const directive of section.directives) {
      for (const word of directive.words) {
        for (const map of readMaps(word))
          if (map.default && map.defaultSpan && directive.keyword === 'use_backend')
            yield named('backend', map.default, map.defaultSpan, 'reference');
        // Sample fetches about a backend as a whole (HAProxy manual, 7.3.2).
        for (const match of word.value.matchAll(/\b(?:nbsrv|connslots|queue|avg_queue|be_\w+)\(([\w.-]+)\)/g)) {
          const start = match.index + match[0].length - 1 - (match[1] ?? '').length;
          const span = { start: word.offsets[start] ?? 0, end: word.offsets[start + (match[1] ?? '').length] ?? 0 };
          yield named('backend', match[1] ?? '', span, 'reference');
        }
      }
      for (const alternative of directive.condition?.alternatives ?? [])
        for (const term of alternative)
          if (term.name !== undefined) yield named(`${here}/acl`, term.name, term.span, 'reference');
    }
    for (const acl of section.acls) yield named(`${here}/acl`, acl.name.value, acl.name.span, 'definition');
    for (const server of section.servers) {
      yield named(`${here}/server`, server.name.value, server.name.span, 'definition');
      if (server.resolvers) yield named('resolvers', server.resolvers.value, server.resolvers.span, 'reference');
    }
  }
}
