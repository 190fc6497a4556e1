import type { PathKey } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { schemaFor, type Type } from '../schema';

/**
 * What each field of the built-in schemas is: the text of `schemas/field-docs.txt`, which is read once and only where
 * somebody asks for help. It comes from the descriptions in Kubernetes' OpenAPI document and the operators' Go types.
 */
export interface FieldDocs {
  /** One sentence about a field of a definition; undefined where nothing is known. */
  describe(definition: string, field: string): string | undefined;
  isRequired(definition: string, field: string): boolean;
}

/** Reads the table: a line without a tab or `*` begins a definition, the others are its fields. */
export function readFieldDocs(text: string): FieldDocs {
  const definitions = new Map<string, Map<string, { readonly isRequired: boolean; readonly sentence: string }>>();
  let fields = new Map<string, { readonly isRequired: boolean; readonly sentence: string }>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const tab = line.indexOf('\t');
    const name = tab === -1 ? line : line.slice(0, tab);
    const isRequired = name.endsWith('*');
    if (tab === -1 && !isRequired) {
      fields = new Map();
      definitions.set(name, fields);
    } else
      fields.set(isRequired ? name.slice(0, -1) : name, {
        isRequired,
        sentence: tab === -1 ? '' : line.slice(tab + 1),
      });
  }
  return {
    describe: (definition, field) => definitions.get(definition)?.get(field)?.sentence || undefined,
    isRequired: (definition, field) => definitions.get(definition)?.get(field)?.isRequired === true,
  };
}

export const noFieldDocs: FieldDocs = { describe: () => undefined, isRequired: () => false };

/** What a field of an object is and may hold. */
export interface FieldDocumentation {
  readonly type: Type;
  readonly sentence: string | undefined;
  readonly isRequired: boolean;
}

/**
 * What is known of the field at a path of an object, such as `['spec', 'template', 'spec', 'containers', 0, 'image']`.
 * Undefined if the kind has no schema or the schema no such field.
 */
export function fieldDocumentation(
  workspace: Workspace,
  docs: FieldDocs,
  object: { readonly apiVersion: string; readonly kind: string },
  path: readonly PathKey[],
): FieldDocumentation | undefined {
  const field = path.at(-1);
  const parent = typeAt(schemaFor(workspace, object), path.slice(0, -1));
  const type = typeAt(parent, path.slice(-1));
  if (!type || field === undefined) return undefined;
  const definition = parent?.kind === 'object' ? parent.definition : undefined;
  return {
    type,
    sentence: definition === undefined ? undefined : docs.describe(definition, String(field)),
    isRequired: definition !== undefined && docs.isRequired(definition, String(field)),
  };
}

/** The type of what stands at a path below a value of a type; undefined where the type has no such thing. */
export function typeAt(type: Type | undefined, path: readonly PathKey[]): Type | undefined {
  let at = type;
  for (const key of path) {
    if (at?.kind === 'list') at = typeof key === 'number' ? at.items : undefined;
    else if (at?.kind === 'map') at = at.values;
    else if (at?.kind === 'object') at = at.fields.get(String(key));
    else return at?.kind === 'any' ? at : undefined;
  }
  return at;
}

/** A type in a few words, as the side of a list shows it. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case 'string':
      return type.values ? type.values.join(' | ') : 'string';
    case 'int-or-string':
      return 'number or string';
    case 'list':
      return `list of ${type.items.kind === 'object' ? 'objects' : `${typeName(type.items)}s`}`;
    case 'map':
      return 'map';
    default:
      return type.kind;
  }
}
