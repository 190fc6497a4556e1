import { at, entries, items, type Json, type PlanDocument, type PlanSource, text } from '../plan/source';

/**
 * The values of the manifests that must never be shown: all values of Secrets with their parts, and values that
 * other objects keep under the name of a credential. A value that the manifests also use openly as a name is left
 * out, because hiding the word "matrix" everywhere would protect nothing.
 */
export function secretValues(sources: readonly PlanSource[]): ReadonlySet<string> {
  const documents = sources.flatMap(source => source.documents).filter(document => !document.broken);
  const found = new Set<string>();
  for (const document of documents) {
    if (document.kind === 'Secret') for (const value of valuesOfSecret(document)) addWithParts(found, value);
    else collectCredentials(document.raw, found);
  }
  const open = openNames(documents);
  return new Set([...found].filter(value => !open.has(value) && isWorthHiding(value)));
}

const credentialName =
  /pass(word|wd|phrase)?$|secret|token|private_?key|api_?key|access_?key|credential|macaroon|pepper|requirepass|masterauth|auth-pass/i;

function valuesOfSecret(document: PlanDocument): string[] {
  const written = entries(at(document.raw, 'stringData')).flatMap(([, value]) => text(value) ?? []);
  const encoded = entries(at(document.raw, 'data')).flatMap(([, value]) => text(value) ?? []);
  return [...written, ...encoded.flatMap(value => [value, ...fromBase64(value)])];
}

/** A value as a whole, its lines, what stands in quotes or after `=` and `:` in it, and the password of an address. */
function addWithParts(found: Set<string>, value: string): void {
  found.add(value);
  found.add(value.trim());
  for (const line of value.split(/\r?\n/)) {
    found.add(line.trim());
    for (const [, quoted] of line.matchAll(/["']([^"']+)["']/g)) if (quoted !== undefined) found.add(quoted);
    const assigned = /^[\w.\s-]*?[=:]\s*(\S.*)$/.exec(line)?.[1];
    if (assigned !== undefined) found.add(assigned.replace(/^["']|["']$/g, '').trim());
    const address = /:\/\/[^:/\s]*:([^@\s]+)@/.exec(line)?.[1];
    if (address !== undefined) found.add(address);
  }
}

/** Credentials that stand in the open: `env` values, keys of a mapping, and lines of embedded files. */
function collectCredentials(value: Json | undefined, found: Set<string>): void {
  for (const item of items(value)) {
    const name = text(at(item, 'name'));
    const plain = text(at(item, 'value'));
    if (name !== undefined && plain !== undefined && credentialName.test(name)) addWithParts(found, plain);
    collectCredentials(item, found);
  }
  for (const [key, entry] of entries(value)) {
    if (typeof entry !== 'string') collectCredentials(entry, found);
    else if (entry.includes('\n')) collectFromLines(entry, found);
    else if (credentialName.test(key) && !/name$|key$|ref$/i.test(key)) addWithParts(found, entry);
  }
}

function collectFromLines(file: string, found: Set<string>): void {
  for (const line of file.split(/\r?\n/)) {
    const [, key, value] =
      /^\s*(?:export\s+|-\s+)?["']?([\w.-]+)["']?\s*(?:[:=]|\s)\s*["']?([^"'\s#,]+)["']?/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && credentialName.test(key)) found.add(value);
    const address = /:\/\/[^:/\s]*:([^@\s]+)@/.exec(line)?.[1];
    if (address !== undefined) found.add(address);
  }
}

function openNames(documents: readonly PlanDocument[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const document of documents) {
    names.add(document.name).add(document.kind);
    if (document.namespace !== undefined) {
      names.add(document.namespace);
      for (const suffix of ['', '.svc', '.svc.cluster.local'])
        names.add(`${document.name}.${document.namespace}${suffix}`);
    }
    for (const labels of [document.labels, document.podLabels]) for (const value of labels.values()) names.add(value);
    for (const image of document.images) names.add(image);
    for (const [key] of [...entries(at(document.raw, 'data')), ...entries(at(document.raw, 'stringData'))])
      names.add(key);
    if (document.kind !== 'Secret') collectIdentifiers(document.raw, names);
  }
  return names;
}

/** Names of databases, owners, hosts and the like that an object other than a Secret shows under just such a key. */
function collectIdentifiers(value: Json | undefined, names: Set<string>): void {
  for (const item of items(value)) collectIdentifiers(item, names);
  for (const [key, entry] of entries(value)) {
    if (typeof entry !== 'string') collectIdentifiers(entry, names);
    else if (identifierKey.test(key) && /^[a-z][a-z0-9_.-]{0,40}$/.test(entry)) names.add(entry);
  }
}

const identifierKey = /^(name|database|owner|host|dbname|bucket|namespace|serviceName|secretName|key)$/;

/** Short words and small numbers would turn every output into asterisks and are no secrets worth the name. */
function isWorthHiding(value: string): boolean {
  return value.length >= 5 && !/^\d{1,5}$/.test(value) && !/^(true|false|null|admin|postgres)$/i.test(value);
}

function fromBase64(value: string): string[] {
  try {
    const binary = atob(value.replace(/\s+/g, ''));
    return [new TextDecoder().decode(Uint8Array.from(binary, character => character.charCodeAt(0)))];
  } catch {
    return [];
  }
}
