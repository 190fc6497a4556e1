import { SourceFile } from '../../manifests/file';
import type { Span } from '../../manifests/span';
import type { PathKey } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { FieldDocs } from '../schema/field-docs';
import { settingsFileName } from '../settings';
import { type Candidate, type Completion, distinct } from './candidate';
import { type Current, currentAt, currentBehindBlank } from './current';
import { completeText, type TextAt } from './embedded';
import { textAround } from './embedded-at';
import { labelKeysAt, labelValuesAt } from './labels';
import { objectsAt } from './objects';
import type { Place } from './places';
import { portsAt } from './ports';
import type { YamlCursor } from './position';
import { completeScalar } from './scalar';
import { fieldsAt, itemsAt, wordsAt } from './schema-fields';
import { type SettingsShape, settingItemsAt, settingKeysAt, settingValuesAt } from './settings';
import { chosen, type Source } from './source';
import { type RuleFacts, suppressionAt } from './suppressions';

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
  const current = currentAt(file, offset);
  if (!current && file.documents.length > 0) {
    const behind = currentBehindBlank(file, offset);
    return behind && completeScalar(workspace, behind, offset);
  }
  const text = file.path === settingsFileName ? undefined : textAround(workspace, file, current, offset);
  const completed = text && completeText(text, inner => completeManifest(workspace, inner, help));
  if (completed || !current || current.cursor.kind === 'block') return completed;
  const shift = current.document.offset;
  const { cursor } = current;
  const place: Place = { workspace, resource: current.resource };
  const span = moved(cursor.span, shift);
  if (file.path === settingsFileName) {
    if (current.document.index > 0) return undefined;
    return chosen(cursor, span, 0, settingsSource(place, current, help));
  }
  const found = chosen(cursor, span, 0, manifestSource(place, current, cursor, help));
  return found ?? completeScalar(workspace, current, offset);
}

/** Completes manifests that a script gives to kubectl, as those of a file. */
function completeManifest(workspace: Workspace, at: TextAt, help: Help): Completion | undefined {
  const file = new SourceFile('script:', 'here-document.yaml', at.text);
  const found = complete(workspace, file, at.offset, help);
  return (
    found && {
      ...found,
      span: at.outer(found.span),
      writing: { ...found.writing, column: found.writing.column + at.indent },
    }
  );
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

function moved({ start, end }: Span, by: number): Span {
  return { start: start + by, end: end + by };
}
