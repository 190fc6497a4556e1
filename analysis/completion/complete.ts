import { rootOf } from '../../manifests/embedded';
import type { SourceFile } from '../../manifests/file';
import type { Span } from '../../manifests/span';
import type { PathKey } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { FieldDocs } from '../field-docs';
import { settingsFileName } from '../settings';
import { type Candidate, type Completion, distinct, type Writing } from './candidate';
import { type Current, currentAt, innerText, readableTree } from './current';
import { haproxyAt, isHaproxyConfig } from './haproxy';
import { labelKeysAt, labelValuesAt } from './labels';
import { objectsAt } from './objects';
import type { Place } from './places';
import { portsAt } from './ports';
import { type YamlCursor, yamlCursor } from './position';
import { fieldsAt, itemsAt, wordsAt } from './schema-fields';
import { type SettingsShape, settingItemsAt, settingKeysAt, settingValuesAt } from './settings';
import { type RuleFacts, suppressionAt } from './suppressions';
import { isSynapseConfig, synapseItemsAt, synapseKeysAt, synapseValuesAt } from './synapse';

/** What completion knows beside the tree. */
export interface Help {
  readonly docs: FieldDocs;
  /** Whether fields and words of schemas are offered, and not only what the tree itself has. */
  readonly offersSchema: boolean;
  /** The same of `matrix-preflight.yaml`, whose rules and objects are always offered. */
  readonly offersSettings: boolean;
  readonly settings: SettingsShape;
  readonly rules: readonly RuleFacts[];
  /** Rules that have findings near the cursor, asked for where a rule is typed. */
  likelyRules(): ReadonlySet<string>;
}

/** What can be written at an offset of a file; undefined where nothing is known. Never throws on broken text. */
export function complete(workspace: Workspace, file: SourceFile, offset: number, help: Help): Completion | undefined {
  const suppression = suppressionAt(file.text, offset, help);
  if (suppression) return suppression;
  if (file.documents.length === 0) return completeText(workspace, file, offset);
  const current = currentAt(file, offset);
  if (!current) return undefined;
  const shift = current.document.offset;
  if (current.cursor.kind === 'block') return completeBlock(workspace, current, offset);
  const { cursor } = current;
  const place: Place = { workspace, resource: current.resource };
  const span = moved(cursor.span, shift);
  if (file.path === settingsFileName) {
    if (current.document.index > 0) return undefined;
    return chosen(cursor, span, 0, settingsSource(place, current, help));
  }
  if (current.resource.kind === '' && isSynapseConfig(file.name, file.text)) {
    const config = { workspace, namespace: undefined, root: current.resource.root };
    return chosen(cursor, span, 0, synapseSource(config, current.path, current.list, cursor));
  }
  return chosen(cursor, span, 0, manifestSource(place, current, cursor, help));
}

/** The three things that may be typed at a cursor in YAML. */
interface Source {
  keys(): readonly Candidate[];
  values(): readonly Candidate[];
  items(): readonly Candidate[];
}

function chosen(cursor: YamlCursor, span: Span, margin: number, source: Source): Completion | undefined {
  const isKey = cursor.role === 'key' || cursor.role === 'either';
  const keys = isKey ? source.keys() : [];
  const values = cursor.role === 'value' || cursor.role === 'either' ? source.values() : [];
  const items = cursor.list && !cursor.isFlow ? source.items() : [];
  const writing: Writing = {
    language: 'yaml',
    isKey: keys.length > 0,
    isItem: keys.length === 0 && values.length === 0 && items.length > 0,
    quote: cursor.quote,
    hasColon: cursor.hasColon,
    needsSpace: cursor.needsSpace,
    isFlow: cursor.isFlow,
    column: margin + cursor.column,
  };
  // Where a list may begin and a mapping may not, an item is meant; a key beside the list stays possible.
  const candidates = writing.isItem
    ? items
    : [...keys, ...values.filter(value => !keys.some(key => key.label === value.label))];
  return candidates.length === 0 ? undefined : { candidates: distinct(candidates), span, writing };
}

function manifestSource(place: Place, current: Current, cursor: YamlCursor, help: Help): Source {
  const { path, list } = current;
  const typed = cursor.hasColon ? place.resource.root.source.tree.text.slice(cursor.span.start, cursor.span.end) : '';
  return {
    keys: () => [
      ...(labelKeysAt(place, path) ?? []),
      ...(help.offersSchema ? fieldsAt(place, help.docs, path, typed) : []),
    ],
    values: () => valuesAt(place, path, help),
    items: () => [
      ...(list ? valuesAt(place, [...list, nextIndex(place, list)], help) : []),
      ...(list && help.offersSchema ? itemsAt(place, help.docs, list) : []),
    ],
  };
}

/** Names of the tree for a value, and the words of its schema. */
function valuesAt(place: Place, path: readonly PathKey[], help: Help): readonly Candidate[] {
  const own = [
    ...(objectsAt(place, path) ?? []),
    ...(portsAt(place, path) ?? []),
    ...(labelValuesAt(place, path) ?? []),
  ];
  return help.offersSchema ? distinct([...own, ...wordsAt(place, path)]) : own;
}

function nextIndex(place: Place, list: readonly PathKey[]): number {
  return place.resource.root.at(...list).items().length;
}

function settingsSource(place: Place, { path, list }: Current, help: Help): Source {
  return {
    // The schema of this file comes with the extension, so the YAML extension completes what it says. It says of the rules
    // that they are not to be suggested, because here they come with what they are about.
    keys: () =>
      settingKeysAt(place, help.settings, help.rules, path, '').filter(
        one => help.offersSettings || one.kind === 'rule',
      ),
    values: () =>
      settingValuesAt(place, help.settings, path).filter(one => help.offersSettings || one.kind === 'object'),
    items: () => (list && help.offersSettings ? settingItemsAt(help.settings, list) : []),
  };
}

function synapseSource(
  config: Parameters<typeof synapseKeysAt>[0],
  path: readonly PathKey[],
  list: readonly PathKey[] | undefined,
  cursor: YamlCursor,
): Source {
  const typed = cursor.hasColon ? config.root.source.tree.text.slice(cursor.span.start, cursor.span.end) : '';
  return {
    keys: () => synapseKeysAt(config, path, typed),
    values: () => synapseValuesAt(config, path),
    items: () => (list ? synapseItemsAt(config, list) : []),
  };
}

/** The languages that are known inside block scalars: Synapse's YAML and haproxy.cfg. */
function completeBlock(workspace: Workspace, current: Current, offset: number): Completion | undefined {
  const { document, cursor, resource } = current;
  if (cursor.kind !== 'block') return undefined;
  const name = String(cursor.path.at(-1) ?? '');
  const inner = innerText(document.text, cursor, offset - document.offset);
  const { namespace } = resource;
  const toFile = (span: Span): Span => moved(inner.outer(span), document.offset);
  if (isHaproxyConfig(name, inner.text)) {
    const found = haproxyAt(workspace, namespace, inner.text, inner.offset);
    return found && { candidates: found.candidates, span: toFile(found.span), writing: line };
  }
  if (!isSynapseConfig(name, inner.text)) return undefined;
  const within = yamlCursor(inner.text, inner.offset);
  if (within?.kind !== 'yaml') return undefined;
  const tree = readableTree(inner.text, inner.offset);
  const root = rootOf({ tree, linePrefix: undefined, place: (start, end) => document.place(start, end) });
  return chosen(
    within,
    toFile(within.span),
    inner.indent,
    synapseSource({ workspace, namespace, root }, within.path, within.list, within),
  );
}

/** Files that are no YAML: haproxy.cfg as it is. */
function completeText(workspace: Workspace, file: SourceFile, offset: number): Completion | undefined {
  if (!isHaproxyConfig(file.name, file.text)) return undefined;
  const found = haproxyAt(workspace, undefined, file.text, offset);
  return found && { ...found, writing: line };
}

const line: Writing = {
  language: 'haproxy',
  isKey: false,
  isItem: false,
  quote: '',
  hasColon: false,
  needsSpace: false,
  isFlow: false,
  column: 0,
};

function moved({ start, end }: Span, by: number): Span {
  return { start: start + by, end: end + by };
}
