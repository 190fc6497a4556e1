import type { ManifestDocument } from '../../manifests/document';
import { linesAround, startOfLine } from '../../manifests/lines';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import { isLeftOpen } from '../examples';
import { builtTrees } from '../kustomization/built-trees';
import { isKeptElsewhere, secretEntries } from '../secret-data';
import { type Language, languageOf, maskComments } from '../text/comments';
import { findPlaceholders } from '../text/placeholders';
import { isEmptySecret, isSecretKey } from '../text/secret-strength';
import { locationOf, placeInFiles } from './built';
import { type CredentialKind, credentialKind, userPassword } from './kinds';

/**
 * How a text is written at a place: as a whole scalar in its quotes, or `inside` one, where it stands as it is, with
 * `indent` before each further line.
 */
export interface CredentialForm {
  readonly style: 'plain' | 'single' | 'double' | 'inside';
  /** What the file has at the start of further lines; undefined where a text of several lines cannot stand. */
  readonly indent: string | undefined;
  /** Whether the scalar is base64, as under `data` of a Secret. */
  readonly isEncoded: boolean;
  /** The part of the decoded text that is replaced; without it all of it is. Only for base64. */
  readonly part?: Span;
  /** Whether nothing stands there yet, so that a space has to come before. */
  readonly isAbsent?: true;
}

/** How a value is written in a text around it: as it is, inside double or single quotes, or as base64. */
export type WrittenAs = 'plain' | 'double' | 'single' | 'base64';

/** One place that holds a credential, or is to hold one. */
export interface CredentialPlace {
  readonly at: Place;
  readonly form: CredentialForm;
  readonly document: ManifestDocument;
  /** The object it belongs to; undefined for Helm values and other files. */
  readonly resource: Resource | undefined;
  /** The key of the object's data, or of the value; for an embedded file that of the object. */
  readonly entry: Value;
  /** The name nearest to the value: a key, or a variable of an embedded file. */
  readonly key: string;
  /** For people: `REDIS_PASSWORD of Secret synapse-secrets`. Never a value. */
  readonly label: string;
  /** What kind of value belongs here; undefined where only a person can say. */
  readonly kind: CredentialKind | undefined;
  /** Whether nothing real stands here: a placeholder or nothing at all. */
  readonly isOpen: boolean;
  /** The text at the place. It may be a real credential: never shown, logged or sent. */
  readonly text: string;
}

/**
 * Every place of the tree where a credential stands as text, or is still to be filled in; of what kustomizations build,
 * in the files that it is built from.
 */
export function credentialPlaces(workspace: Workspace): readonly CredentialPlace[] {
  const trees = builtTrees(workspace);
  if (trees.length === 0) return workspace.shared(readPlaces);
  const places = new Map<string, CredentialPlace>();
  for (const tree of trees)
    for (const place of tree.workspace.shared(readPlaces)) {
      const own = placeInFiles(place, tree, workspace);
      if (own) places.set(locationOf(own), own);
    }
  return [...places.values()];
}

function readPlaces(workspace: Workspace): readonly CredentialPlace[] {
  return workspace
    .lookup(allDocuments, '')
    .filter(({ problems, isTemplate, file }) => problems.length === 0 && !isTemplate && !isLeftOpen(workspace, file))
    .flatMap(document => workspace.derive(placesIn, document));
}

/** Every document, so that one that is added to a file is seen: which files there are does not change by that. */
const allDocuments: Index<ManifestDocument> = {
  name: 'documents with credentials',
  *document(document) {
    yield ['', document];
  },
};

function placesIn(document: ManifestDocument): readonly CredentialPlace[] {
  if (document.resources.length === 0) return placesInScalars(document, undefined, document.root);
  return document.resources.flatMap(resource =>
    resource.qualifiedKind === 'Secret'
      ? placesInSecret(document, resource)
      : unsearchedKinds.has(resource.kind)
        ? []
        : placesInScalars(document, resource, resource.root),
  );
}

function placesInSecret(document: ManifestDocument, secret: Resource): readonly CredentialPlace[] {
  return secretEntries(secret).flatMap(({ key, value, isEncoded, text }) => {
    if (isKeptElsewhere(secret, value.text)) return [];
    const owner = { document, resource: secret, entry: value };
    if (isEncoded && text === undefined && value.text !== undefined) {
      // Not base64, so it is a placeholder for an encoded value, or damaged.
      const asks = findPlaceholders(value.text, 'value').some(isOpenClass);
      return asks
        ? [whole({ owner, key, kind: credentialKind(key, secret.name, ''), isOpen: true, text: '', isEncoded: true })]
        : [];
    }
    return placesInText(owner, key, text ?? '', secret.name, isEncoded);
  });
}

/** Outside Secrets only what is still open counts: a name alone does not make a text a credential. */
function placesInScalars(
  document: ManifestDocument,
  resource: Resource | undefined,
  root: Value,
): readonly CredentialPlace[] {
  const found: CredentialPlace[] = [];
  const holder = resource?.name ?? document.file.name;
  for (const value of root.scalars()) {
    const { text } = value;
    if (text === undefined || !suspicious.test(text)) continue;
    if (resource && isKeptElsewhere(resource, text)) continue;
    const key = value.name === 'value' ? (value.parent?.at('name').text ?? 'value') : String(value.name ?? '');
    const language = text.includes('\n') ? languageOf(key, text) : undefined;
    if (language === 'shell' || language === 'python' || language === 'sql') continue;
    found.push(
      ...placesInText({ document, resource, entry: value }, key, text, holder, false).filter(
        place => place.isOpen && isSecretKey(place.key),
      ),
    );
  }
  return found;
}

interface Owner {
  readonly document: ManifestDocument;
  readonly resource: Resource | undefined;
  readonly entry: Value;
}

function placesInText(
  owner: Owner,
  key: string,
  text: string,
  holder: string,
  isEncoded: boolean,
): readonly CredentialPlace[] {
  const language: Language | undefined = text.trimEnd().includes('\n') ? languageOf(key, text) : undefined;
  const searched = language === undefined ? text : maskComments(text, language);
  const found = findPlaceholders(searched, 'value').filter(isOpenClass);
  const [first] = found;
  const kind = credentialKind(key, holder, text);
  // Keys that stand on lines of their own are one value: what a README says between their lines goes with them.
  if (kind === 'signing-key') return [whole({ owner, key, kind, isOpen: first !== undefined, text, isEncoded })];
  const pem = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/.exec(text);
  if (pem) {
    const span = { start: pem.index, end: pem.index + pem[0].length };
    const isWhole = text.trim() === pem[0];
    return isWhole && owner.entry.style !== 'literal'
      ? [whole({ owner, key, kind, isOpen: first !== undefined, text, isEncoded })]
      : [part({ owner, key, kind, isOpen: first !== undefined, text, isEncoded }, span)];
  }
  if (isEmptySecret(text))
    return isSecretKey(key) ? [whole({ owner, key, kind, isOpen: true, text: '', isEncoded })] : [];
  if (first && !text.includes('\n') && text.trim() === first.text)
    return [whole({ owner, key, kind, isOpen: true, text, isEncoded })];
  if (found.length === 0) return language === undefined ? [realPlace(owner, key, kind, text, isEncoded)] : [];
  return found.map(({ span }) => {
    const own = language === undefined ? key : (nameBefore(text, span.start) ?? key);
    const ownKind = credentialKind(own, holder, linesAround(text, span.start));
    return part({ owner, key: own, kind: ownKind, isOpen: true, text, isEncoded }, span);
  });
}

/** A value that is not open: all of it, or the password in a URL. */
function realPlace(
  owner: Owner,
  key: string,
  kind: CredentialKind | undefined,
  text: string,
  isEncoded: boolean,
): CredentialPlace {
  const url = userPassword.exec(text);
  if (url?.[3] === undefined) return whole({ owner, key, kind, isOpen: false, text, isEncoded });
  const start = text.indexOf(`:${url[3]}@`, url.index) + 1;
  const password: Written = { owner, key, kind: 'password', isOpen: false, text, isEncoded };
  return part(password, { start, end: start + url[3].length });
}

/** A text that is a credential or holds one. */
interface Written {
  readonly owner: Owner;
  readonly key: string;
  readonly kind: CredentialKind | undefined;
  /** Whether it is still to be filled in. */
  readonly isOpen: boolean;
  readonly text: string;
  /** Whether the file has it in base64. */
  readonly isEncoded: boolean;
}

function whole(written: Written): CredentialPlace {
  const { owner, isEncoded } = written;
  const { entry } = owner;
  const { style } = entry;
  if (style === 'literal') {
    const { text: literal = '' } = entry;
    return {
      ...described(written),
      at: entry.part(0, literal.trimEnd().length),
      form: { style: 'inside', indent: entry.mapped.linePrefix, isEncoded },
    };
  }
  const isAbsent = entry.sourceSpan.start === entry.sourceSpan.end;
  return {
    ...described(written),
    at: entry,
    form: {
      style: style === 'single' || style === 'double' ? style : 'plain',
      indent: undefined,
      isEncoded,
      ...(isAbsent ? { isAbsent: true as const } : {}),
    },
  };
}

function part(written: Written, span: Span): CredentialPlace {
  const own: Written = { ...written, text: written.text.slice(span.start, span.end) };
  if (written.isEncoded) {
    const place = whole(own);
    return { ...place, form: { ...place.form, part: span } };
  }
  const { entry } = written.owner;
  const at = entry.part(span.start, span.end);
  // Between quotes with escapes, and in folded text, a part cannot be pointed at.
  const isExact = entry.style === 'literal' || at.span.end - at.span.start === span.end - span.start;
  return {
    ...described(isExact ? own : { ...own, kind: undefined }),
    at,
    form: { style: 'inside', indent: entry.mapped.linePrefix, isEncoded: false },
  };
}

function described({ owner, key, kind, isOpen, text }: Written) {
  const { resource, document } = owner;
  const holder = resource ? `${resource.kind} ${resource.name}` : document.file.path;
  return { ...owner, key, label: `${key} of ${holder}`, kind, isOpen, text };
}

/** The key or variable that a value on the same line belongs to: `export X="…"`, `x: …`, `"x": …`. */
function nameBefore(text: string, offset: number): string | undefined {
  const line = text.slice(startOfLine(text, offset), offset);
  return /([\w.-]+)["']?\s*[:=]\s*["']?[^"'\s]*$/.exec(line)?.[1] ?? /^\s*([\w.-]+)\s+["']?$/.exec(line)?.[1];
}

function isOpenClass({ class: kind }: { readonly class: string }): boolean {
  return kind === 'change-me' || kind === 'angle' || kind === 'token';
}

const unsearchedKinds = new Set(['PrometheusRule', 'CustomResourceDefinition', 'GrafanaDashboard', 'SealedSecret']);
const suspicious = /change|replace|insert|your|xxx|</i;
