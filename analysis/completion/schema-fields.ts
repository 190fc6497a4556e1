import { baseName } from '../../manifests/paths';
import type { PathKey } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { apiVersionsOf, kindsOf, kindsWithSchema, schemaFor, type Type } from '../schema';
import { type FieldDocs, typeAt, typeName } from '../schema/field-docs';
import { operatorSchemaOfKind } from '../schema/operators';
import { kubernetesKinds, schemaOfKind } from '../schema/schemas.generated';
import { type Candidate, distinct, type Rank } from './candidate';
import { knownValues } from './known-values';
import { endsWith, type Place, valueAt } from './places';

/** The fields that the mapping at a path may have and has not yet. `typed` is the key under the cursor. */
export function fieldsAt(place: Place, docs: FieldDocs, path: readonly PathKey[], typed: string): readonly Candidate[] {
  const type = typeHere(place, path);
  if (type?.kind === 'map' && endsWith(path, 'resources', 'limits|requests')) return quantities(place, path, typed);
  if (type?.kind !== 'object') return path.length === 0 && !type ? start(place) : [];
  const present = new Set(valueAt(place, path).keys());
  present.delete(typed);
  return fields(type, docs).filter(one => !present.has(one.label));
}

/** What a new item of the list at a path may begin with: a field of its objects, or one of its values. */
export function itemsAt(place: Place, docs: FieldDocs, path: readonly PathKey[]): readonly Candidate[] {
  const type = typeHere(place, path);
  if (type?.kind !== 'list') return [];
  if (type.items.kind !== 'object') return valuesOf(place, type.items, [...path, valueAt(place, path).items().length]);
  const all = fields(type.items, docs);
  const best = all.filter(one => one.rank === 0 || one.label === 'name');
  return best.length > 0 ? best : all;
}

/** The words that a value may be: those of its schema, and booleans. */
export function wordsAt(place: Place, path: readonly PathKey[]): readonly Candidate[] {
  if (path.length === 1 && path[0] === 'apiVersion') return apiVersions(place);
  if (path.length === 1 && path[0] === 'kind') return kinds(place);
  const type = typeHere(place, path);
  return type ? valuesOf(place, type, path) : [];
}

function typeHere({ workspace, resource }: Place, path: readonly PathKey[]): Type | undefined {
  return typeAt(schemaFor(workspace, resource) ?? schemaOfKindAlone(workspace, resource.kind), path);
}

/** The schema of a kind whose API version is not written yet, if there is one kind of that name. */
function schemaOfKindAlone(workspace: Workspace, kind: string): Type | undefined {
  if (kind === '') return undefined;
  const known = [...Object.keys(schemaOfKind), ...Object.keys(operatorSchemaOfKind)].filter(key =>
    key.endsWith(`/${kind}`),
  );
  const [only] = known;
  return only !== undefined && known.length === 1
    ? schemaFor(workspace, { apiVersion: only.slice(0, -kind.length - 1), kind })
    : undefined;
}

function fields(type: Type, docs: FieldDocs): readonly Candidate[] {
  if (type.kind !== 'object') return [];
  const { definition } = type;
  // A name identifies what the other fields describe, so it is written first.
  const named = [...type.fields].sort(([a], [b]) => Number(b === 'name') - Number(a === 'name'));
  return named.flatMap(([label, field]): readonly Candidate[] => {
    if (label === 'status' || label === 'managedFields') return [];
    const isRequired = definition !== undefined && docs.isRequired(definition, label);
    return [
      {
        label,
        kind: 'field',
        detail: `${typeName(field)}${isRequired ? ', required' : ''}`,
        opens: opens(field),
        rank: rankOf(label, isRequired, definition),
        ...(definition === undefined ? {} : { field: { definition, name: label } }),
      },
    ];
  });
}

function opens(type: Type): 'scalar' | 'mapping' | 'list' {
  return type.kind === 'list' ? 'list' : type.kind === 'object' || type.kind === 'map' ? 'mapping' : 'scalar';
}

/** What an object cannot do without comes first, then what nearly every object has. */
function rankOf(label: string, isRequired: boolean, definition: string | undefined): Rank {
  if (isRequired || label === 'apiVersion' || label === 'kind' || label === 'metadata' || label === 'spec') return 0;
  if (definition === 'ObjectMeta')
    return /^(?:name|namespace)$/.test(label) ? 0 : /^(?:labels|annotations)$/.test(label) ? 1 : 3;
  return usual.has(label) ? 1 : 2;
}

/** Fields that the checklist's objects mostly have. */
const usual: ReadonlySet<string> = new Set(
  (
    'name key image env envFrom ports resources volumeMounts livenessProbe readinessProbe securityContext volumes initContainers ' +
    'serviceAccountName replicas template selector labels data stringData type port targetPort matchLabels podSelector ' +
    'namespaceSelector mountPath subPath readOnly value valueFrom secretKeyRef configMapKeyRef limits requests path'
  ).split(' '),
);

function valuesOf(place: Place, type: Type, path: readonly PathKey[]): readonly Candidate[] {
  if (type.kind === 'boolean') return ['true', 'false'].map(label => ({ label, kind: 'enum', isBare: true, rank: 0 }));
  const allowed = type.kind === 'string' ? type.values : undefined;
  const usual = knownValues(place.resource.kind, path)?.filter(one => allowed?.includes(one) ?? true) ?? [];
  const known = [...new Set([...usual, ...(allowed ?? [])])];
  if (type.kind === 'object' || type.kind === 'map' || type.kind === 'list' || type.kind === 'number') return [];
  return known.map((label, index) => ({
    label: label === '' ? '""' : label,
    kind: 'enum',
    rank: index === 0 ? 0 : 1,
    ...(label === '' ? { isBare: true } : {}),
  }));
}

/** The resources that containers and claims ask for (Kubernetes: Resource Management for Pods and Containers). */
function quantities(place: Place, path: readonly PathKey[], typed: string): readonly Candidate[] {
  const present = new Set(valueAt(place, path).keys());
  present.delete(typed);
  const isClaim =
    endsWith(path, 'spec', 'resources', '*') && valueAt(place, [...path.slice(0, -2), 'accessModes']).exists;
  return (
    isClaim
      ? [['storage', 'How large the volume is, such as 50Gi.'] as const]
      : ([
          ['cpu', 'Processors, such as 500m or 2.'],
          ['memory', 'Memory, such as 512Mi or 4Gi.'],
          ['ephemeral-storage', 'Space on the disk of the node.'],
        ] as const)
  )
    .filter(([label]) => !present.has(label))
    .map(([label, documentation]) => ({ label, kind: 'field', opens: 'scalar', documentation, rank: 0 }));
}

/** What every object begins with. */
function start({ resource }: Place): readonly Candidate[] {
  const present = new Set(resource.root.keys());
  // Values of charts and other YAML are no objects.
  if ([...present].some(key => !/^(?:apiVersion|kind|metadata|spec|data|stringData|type|rules|subjects)$/.test(key)))
    return [];
  return (
    [
      ['apiVersion', 'scalar', 'The group and version of the API, such as apps/v1.'],
      ['kind', 'scalar', 'The kind of the object, such as Deployment.'],
      ['metadata', 'mapping', 'Name, namespace, labels and annotations.'],
      ['spec', 'mapping', 'What is wanted of the object.'],
    ] as const
  )
    .filter(([label]) => !present.has(label))
    .map(([label, opens, documentation]) => ({ label, kind: 'field', opens, documentation, rank: 0 }));
}

function apiVersions(place: Place): readonly Candidate[] {
  const kind = place.resource.kind;
  const versionsWithSchema = [
    ...Object.keys(schemaOfKind),
    ...Object.keys(operatorSchemaOfKind),
    ...definedInTree(place),
  ];
  const version = (key: string): string => key.slice(0, key.lastIndexOf('/'));
  const offer = (labels: readonly string[], rank: Rank): readonly Candidate[] =>
    labels.map(label => ({ label, kind: 'enum', rank }));
  const ofKind = versionsWithSchema.filter(key => baseName(key) === kind).map(version);
  const fitting = ofKind.length > 0 || kind === '' ? ofKind : apiVersionsOf(kind);
  if (fitting.length > 0) return distinct(offer(fitting, 0));
  return distinct([...offer(versionsWithSchema.map(version), 1), ...offer(Object.keys(kubernetesKinds), 2)]);
}

function kinds(place: Place): readonly Candidate[] {
  const { apiVersion } = place.resource;
  const inTree = definedInTree(place).map(key => [key.slice(0, key.lastIndexOf('/')), baseName(key)]);
  if (apiVersion !== '') {
    const found = [
      ...kindsWithSchema(apiVersion),
      ...inTree.flatMap(([version, kind]) => (version === apiVersion ? (kind ?? []) : [])),
    ];
    const others = kindsOf(apiVersion) ?? [];
    return distinct([
      ...found.map(label => ({ label, kind: 'enum' as const, detail: apiVersion, rank: 0 as const })),
      ...others.map(label => ({ label, kind: 'enum' as const, detail: apiVersion, rank: 2 as const })),
    ]);
  }
  return distinct(
    [...Object.keys(schemaOfKind), ...Object.keys(operatorSchemaOfKind)].map(key => ({
      label: baseName(key),
      kind: 'enum',
      detail: key.slice(0, key.lastIndexOf('/')),
      rank: 0,
    })),
  );
}

/** `group/version/Kind` of each kind that a CustomResourceDefinition of the tree defines. */
function definedInTree({ workspace }: Place): readonly string[] {
  return workspace.resources('CustomResourceDefinition').flatMap(({ root }) => {
    const spec = root.at('spec');
    return spec
      .at('versions')
      .items()
      .map(version => `${spec.at('group').text}/${version.at('name').text}/${spec.at('names', 'kind').text}`);
  });
}
