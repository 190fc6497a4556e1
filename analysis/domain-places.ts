import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import { linesAround } from '../manifests/lines';
import type { Resource } from '../manifests/resource';
import type { Place, Span, TextEdit } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { homeserverOf } from './homeserver';
import { familiesOf, synapseLis, synapseMains } from './roles';
import { type Language, languageOf, maskComments } from './text/comments';
import { findPlaceholders } from './text/placeholders';

/** What kind of place names a domain, in the order in which they are shown. */
export const domainPlaceKinds = ['Ingress', 'Synapse', 'Element', 'Certificates', 'TURN', 'HAProxy', 'Other'] as const;
export type DomainPlaceKind = (typeof domainPlaceKinds)[number];

/** One mention of a domain. `at` is the domain alone: labels before it stay when it is replaced. */
export interface DomainPlace {
  readonly kind: DomainPlaceKind;
  readonly at: Place;
  /** For people: `Ingress/element`, or the path of a file that is no manifest. */
  readonly holder: string;
  /** The host as written, with the labels before the domain. */
  readonly host: string;
  /** What stands between the labels: a dot, or a dot with backslashes in a regular expression. */
  readonly separator: string;
}

/**
 * Every place of the tree that names a domain or a host under it: in manifests, in the configurations inside them, in
 * Helm values and in configuration files and scripts of their own. Comments, Markdown, examples, descriptions
 * and encoded values are left out.
 */
export function domainPlaces(workspace: Workspace, domain: string): readonly DomainPlace[] {
  const mentions = mentionsOf(domain);
  return workspace.files.flatMap(file =>
    file.documents.length > 0
      ? file.documents.flatMap(document => placesInDocument(document, mentions))
      : placesInFile(file, mentions),
  );
}

/** The domains that a person may want to replace, with the number of their places; those with most places first. */
export function replaceableDomains(
  workspace: Workspace,
): readonly { readonly domain: string; readonly places: number; readonly isPlaceholder: boolean }[] {
  const candidates = new Map<string, boolean>();
  for (const file of workspace.files) {
    if (isDocumentation(file) || !/example|invalid|domain|your/i.test(file.text)) continue;
    for (const placeholder of findPlaceholders(file.text, 'value'))
      if (placeholder.domain !== undefined) candidates.set(placeholder.domain.toLowerCase(), true);
  }
  for (const synapse of [...synapseMains(workspace), ...synapseLis(workspace)]) {
    const name = homeserverOf(workspace, synapse)?.at('server_name').text?.toLowerCase();
    // With `matrix.tessera.org` for a server name, it is tessera.org that somebody owns.
    const parent = name?.split('.').slice(1).join('.');
    for (const one of [name, parent]) if (one && isDomainName(one) && !candidates.has(one)) candidates.set(one, false);
  }
  return [...candidates]
    .map(([domain, isPlaceholder]) => ({ domain, isPlaceholder, places: domainPlaces(workspace, domain).length }))
    .filter(one => one.places > 0)
    .sort((a, b) => Number(b.isPlaceholder) - Number(a.isPlaceholder) || b.places - a.places);
}

/** The edit that puts another domain in a place. */
export function replaceDomainAt({ at, separator }: DomainPlace, domain: string): TextEdit {
  return { at, newText: domain.split('.').join(separator) };
}

/**
 * Whether a text is a DNS name of two labels or more, as RFC 1123 has them, in lower case: Kubernetes takes no other
 * in the host of an Ingress.
 */
export function isDomainName(text: string): boolean {
  return (
    text.length <= 253 && /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/.test(text)
  );
}

type Mentions = (text: string) => readonly Mention[];

interface Mention {
  readonly host: string;
  readonly domain: Span;
  readonly separator: string;
}

function mentionsOf(domain: string): Mentions {
  const labels = domain.toLowerCase().split('.');
  const first = labels[0] ?? '';
  const escaped = labels.map(label => label.replace(/[^a-z0-9]/g, '\\$&'));
  const name = escaped.length === 1 ? escaped.join('') : escaped.join('(\\\\{0,2}\\.)');
  // Nothing that makes it another domain may stand before it or follow: `notexample.com`, `example.com.au`.
  const pattern = new RegExp(`(?<![\\w-])((?:[\\w*-]+\\\\{0,2}\\.)*)(${name})(?![\\w-]|\\\\{0,2}\\.[a-z0-9])`, 'gi');
  return text => {
    if (!text.toLowerCase().includes(first)) return [];
    return [...text.matchAll(pattern)].map(match => {
      const [whole, before = '', , separator = '.'] = match;
      const start = match.index + before.length;
      return { host: whole, domain: { start, end: match.index + whole.length }, separator };
    });
  };
}

function placesInDocument(document: ManifestDocument, mentions: Mentions): readonly DomainPlace[] {
  const { file, resources } = document;
  if (isDocumentation(file) || mentions(document.text).length === 0) return [];
  if (resources.length === 0) return placesInScalars(document.root, file, undefined, mentions);
  return resources.flatMap(resource => placesInScalars(resource.root, file, resource, mentions));
}

function placesInScalars(
  root: Value,
  file: SourceFile,
  resource: Resource | undefined,
  mentions: Mentions,
): readonly DomainPlace[] {
  const holder = resource?.title ?? file.path;
  return [...root.scalars()].flatMap(value => {
    if (descriptions.has(String(value.name))) return [];
    const text = value.text ?? '';
    return exactMentions(value, text, file, mentions).map(({ mention, at }) => ({
      kind: kindOf(resource, String(value.name ?? ''), linesAround(text, mention.domain.start), file.path),
      at,
      holder,
      host: mention.host,
      separator: mention.separator,
    }));
  });
}

/** The mentions in a scalar with their places. Where a part of it cannot be pointed at, its source text is searched. */
function exactMentions(
  value: Value,
  text: string,
  file: SourceFile,
  mentions: Mentions,
): readonly { readonly mention: Mention; readonly at: Place }[] {
  const found = mentions(masked(String(value.name ?? ''), text));
  const places = found.map(mention => ({ mention, at: value.part(mention.domain.start, mention.domain.end) }));
  const isExact = places.every(
    ({ mention, at }) => at.span.end - at.span.start === mention.domain.end - mention.domain.start,
  );
  if (isExact) return places;
  const { start, end } = value.span;
  return mentions(file.text.slice(start, end)).map(mention => ({
    mention,
    at: { uri: file.uri, span: { start: start + mention.domain.start, end: start + mention.domain.end } },
  }));
}

function placesInFile(file: SourceFile, mentions: Mentions): readonly DomainPlace[] {
  if (isDocumentation(file)) return [];
  return mentions(maskComments(file.text, languageOf(file.name, file.text))).map(mention => ({
    kind: kindOf(undefined, file.name, linesAround(file.text, mention.domain.start), file.path),
    at: { uri: file.uri, span: mention.domain },
    holder: file.path,
    host: mention.host,
    separator: mention.separator,
  }));
}

function masked(key: string, text: string): string {
  if (!text.includes('\n')) return text;
  const language: Language = languageOf(key, text);
  return maskComments(text, language);
}

/** What people call the place. A line about TURN counts as such wherever it stands. */
function kindOf(resource: Resource | undefined, key: string, line: string, path: string): DomainPlaceKind {
  if (resource?.kind === 'Ingress' || /^(?:Gateway|HTTPRoute|TLSRoute|IngressRoute)$/.test(resource?.kind ?? ''))
    return 'Ingress';
  if (resource?.group === 'cert-manager.io') return 'Certificates';
  const families = resource ? familiesOf(resource) : new Set();
  const name = `${resource?.name ?? ''} ${key} ${path}`;
  if (/\bturns?:|\brealm\b|turn_/.test(line) || families.has('coturn') || /coturn|turnserver/.test(name)) return 'TURN';
  if (families.has('element') || /element|config[^/ ]*\.json/.test(name)) return 'Element';
  if (families.has('haproxy') || /haproxy/.test(key) || /haproxy/.test(resource?.name ?? '')) return 'HAProxy';
  if (families.has('synapse') || /homeserver|synapse/.test(`${resource?.name ?? path} ${key}`)) return 'Synapse';
  return 'Other';
}

/** What tells people about the deployment, or about one like it. */
function isDocumentation({ path, isExample }: SourceFile): boolean {
  return /\.(?:md|example)$/i.test(path) || isExample || /(?:^|\/)docs?\//i.test(path);
}

const descriptions: ReadonlySet<string> = new Set(['description', 'summary', 'runbook_url']);
