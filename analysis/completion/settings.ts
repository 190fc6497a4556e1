import { ownEntry } from '../../manifests/table';
import type { PathKey } from '../../manifests/value';
import { type Candidate, distinct } from './candidate';
import { namespaceCandidates, objectsOfKind } from './objects';
import { isPath, type Place, valueAt } from './places';
import type { RuleFacts } from './suppressions';

/** The part of a JSON Schema that describes `matrix-preflight.yaml`. */
export interface SettingsShape {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | false)[];
  readonly default?: string | number;
  readonly properties?: Readonly<Record<string, SettingsShape>>;
  readonly additionalProperties?: false | SettingsShape;
  readonly propertyNames?: { readonly enum: readonly string[]; readonly doNotSuggest?: boolean };
  readonly required?: readonly string[];
  readonly items?: SettingsShape;
  readonly anyOf?: readonly SettingsShape[];
}

/** Keys of `matrix-preflight.yaml` for the mapping at a path. */
export function settingKeysAt(
  place: Place,
  shape: SettingsShape,
  rules: readonly RuleFacts[],
  path: readonly PathKey[],
  typed: string,
): readonly Candidate[] {
  const here = objectShape(shapeAt(shape, path));
  if (!here) return [];
  const present = new Set(valueAt(place, path).keys());
  present.delete(typed);
  const summaries = new Map(rules.map(({ id, summary }) => [id, summary]));
  return [
    ...Object.entries(here.properties ?? {}).map(
      ([label, field]): Candidate => ({
        label,
        kind: 'field',
        detail: said(field),
        ...(field.description === undefined ? {} : { documentation: field.description }),
        opens: opens(field),
        rank: here.required?.includes(label) ? 0 : 1,
      }),
    ),
    ...(here.propertyNames?.enum ?? []).map((label): Candidate => {
      const summary = summaries.get(label);
      return {
        label,
        kind: 'rule',
        opens: 'scalar',
        rank: 1,
        ...(summary === undefined ? {} : { documentation: summary }),
      };
    }),
  ].filter(one => !present.has(one.label));
}

/** Values of `matrix-preflight.yaml` at a path. */
export function settingValuesAt(place: Place, shape: SettingsShape, path: readonly PathKey[]): readonly Candidate[] {
  const { workspace } = place;
  if (isPath(path, 'provided', '#', 'kind'))
    return [
      'Secret',
      'ConfigMap',
      'StorageClass',
      'ClusterIssuer',
      'Namespace',
      'ServiceAccount',
      'PersistentVolumeClaim',
      'IngressClass',
    ].map(label => ({ label, kind: 'enum' }));
  if (isPath(path, 'provided', '#', 'namespace')) return namespaceCandidates(workspace);
  if (isPath(path, 'provided', '#', 'name')) {
    const beside = valueAt(place, path.slice(0, -1));
    return objectsOfKind(workspace, beside.at('kind').string ?? 'Secret', beside.at('namespace').string);
  }
  const here = shapeAt(shape, path);
  const choices = [here, ...(here?.anyOf ?? [])].flatMap(one => one?.enum ?? []);
  return distinct([
    ...choices.flatMap((one): readonly Candidate[] =>
      one === false
        ? []
        : [
            {
              label: one,
              kind: 'enum',
              isBare: true,
              rank: one === here?.default ? 0 : 1,
              ...(one === here?.default ? { detail: 'the default' } : {}),
            },
          ],
    ),
    ...(here?.default !== undefined && choices.length === 0
      ? [
          {
            label: String(here.default),
            kind: 'value' as const,
            detail: 'the default',
            isBare: typeof here.default === 'number',
            rank: 0 as const,
          },
        ]
      : []),
  ]);
}

/** What a new item of a list of `matrix-preflight.yaml` begins with. */
export function settingItemsAt(shape: SettingsShape, path: readonly PathKey[]): readonly Candidate[] {
  const items = shapeAt(shape, path)?.items;
  return (items?.required ?? []).map(label => ({
    label,
    kind: 'field',
    opens: 'scalar',
    rank: 0,
    ...(items?.properties?.[label]?.description === undefined
      ? {}
      : { documentation: items.properties[label].description }),
  }));
}

function shapeAt(shape: SettingsShape, path: readonly PathKey[]): SettingsShape | undefined {
  let at: SettingsShape | undefined = shape;
  for (const key of path) {
    if (typeof key === 'number') at = at?.items;
    else {
      const within: SettingsShape | undefined = objectShape(at);
      at = ownEntry(within?.properties, key) ?? (within?.additionalProperties || undefined);
    }
  }
  return at;
}

function objectShape(shape: SettingsShape | undefined): SettingsShape | undefined {
  return shape?.type === 'object' ? shape : shape?.anyOf?.find(one => one.type === 'object');
}

function opens(shape: SettingsShape): 'scalar' | 'mapping' | 'list' {
  return shape.type === 'object' ? 'mapping' : shape.type === 'array' ? 'list' : 'scalar';
}

function said(shape: SettingsShape): string {
  if (shape.enum) return shape.enum.filter(one => one !== false).join(' | ');
  return typeof shape.type === 'string' ? shape.type : (shape.type ?? []).join(' or ');
}
