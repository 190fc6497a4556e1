import { baseName } from '../manifests/paths';
import type { Resource } from '../manifests/resource';
import { table } from '../manifests/table';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { operatorDefinitions, operatorSchemaOfKind } from './schema/operators';
import { definitions, kubernetesKinds, schemaOfKind } from './schema/schemas.generated';

/*
 * What fields an object may have, and what may be in them.
 *
 * Schemas are written in a short notation, one definition a line, and read when they are first needed: `s` string,
 * `n` number, `b` boolean, `i` number or string, `*` anything, `<a|b>` one of these strings, `[T]` a list, `{T}` a map
 * with any keys, `(f:T,g:T)` an object with these fields, and a name for another definition.
 */

/** What a value may be. */
export type Type =
  | { readonly kind: 'any' | 'number' | 'boolean' | 'int-or-string' }
  | { readonly kind: 'string'; readonly values: readonly string[] | undefined }
  | { readonly kind: 'list'; readonly items: Type }
  | { readonly kind: 'map'; readonly values: Type }
  | ObjectType;

export interface ObjectType {
  readonly kind: 'object';
  /** The definition that describes it; undefined for objects that are described in place. */
  readonly definition?: string;
  readonly fields: ReadonlyMap<string, Type>;
  /** Whether fields that are not listed are kept (`x-kubernetes-preserve-unknown-fields`). */
  readonly isOpen: boolean;
}

/** The schema of an object: that of a CustomResourceDefinition in the tree, else a built-in one. */
export function schemaFor(workspace: Workspace, resource: Pick<Resource, 'apiVersion' | 'kind'>): Type | undefined {
  const key = `${resource.apiVersion}/${resource.kind}`;
  const [definition] = workspace.lookup(customDefinitions, key);
  if (definition) return workspace.derive(readDefinition, definition).get(key);
  const name = schemaOfKind[key] ?? operatorSchemaOfKind[key];
  return name === undefined ? undefined : defined(name);
}

/** Whether a CustomResourceDefinition of the tree defines the kind of an object, with or without a schema. */
export function isDefinedInTree(workspace: Workspace, resource: Resource): boolean {
  return workspace.lookup(customDefinitions, `${resource.apiVersion}/${resource.kind}`).length > 0;
}

/** The kinds that Kubernetes itself has in an API version; undefined if the version is none of its own. */
export function kindsOf(apiVersion: string): readonly string[] | undefined {
  return Object.hasOwn(kubernetesKinds, apiVersion) ? kubernetesKinds[apiVersion]?.split(' ') : undefined;
}

/** The API versions in which Kubernetes has a kind. */
export function apiVersionsOf(kind: string): readonly string[] {
  return Object.keys(kubernetesKinds).filter(apiVersion => kindsOf(apiVersion)?.includes(kind));
}

/** The kinds of an API version that have a built-in schema. */
export function kindsWithSchema(apiVersion: string): readonly string[] {
  return [...Object.keys(schemaOfKind), ...Object.keys(operatorSchemaOfKind)]
    .filter(key => key.slice(0, key.lastIndexOf('/')) === apiVersion)
    .map(key => baseName(key));
}

/** Reads a type in the notation above; exported for tests. */
export function readType(notation: string): Type {
  return new NotationReader(notation).type();
}

const sources = new Map(
  [definitions, operatorDefinitions]
    .flatMap(text => text.trim().split('\n'))
    .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
);
const known = new Map<string, Type>();

function defined(name: string): Type {
  let type = known.get(name);
  if (!type) {
    const source = sources.get(name);
    type = source?.startsWith('(') ? new NotedObject(source, name) : source === undefined ? any : readType(source);
    known.set(name, type);
  }
  return type;
}

/** An object whose fields are read from their notation when they are first asked for, so that definitions may recur. */
class NotedObject implements ObjectType {
  readonly kind = 'object';
  readonly isOpen = false;
  readonly definition?: string;
  readonly #notation: string;
  #fields: ReadonlyMap<string, Type> | undefined;

  constructor(notation: string, definition?: string) {
    this.#notation = notation;
    if (definition !== undefined) this.definition = definition;
  }

  get fields(): ReadonlyMap<string, Type> {
    this.#fields ??= new NotationReader(this.#notation).fields();
    return this.#fields;
  }
}

class NotationReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  type(): Type {
    const first = this.#text[this.#at];
    if (first === '(') return new NotedObject(this.#enclosed('(', ')'));
    if (first === '<') {
      const values = this.#enclosed('<', '>').slice(1, -1).split('|');
      return { kind: 'string', values };
    }
    if (first === '[' || first === '{') {
      this.#at++;
      const inner = this.type();
      this.#at++;
      return first === '[' ? { kind: 'list', items: inner } : { kind: 'map', values: inner };
    }
    const word = /[*\w]+/y;
    word.lastIndex = this.#at;
    const name = word.exec(this.#text)?.[0] ?? '';
    this.#at += Math.max(name.length, 1);
    return plain[name] ?? defined(name);
  }

  fields(): ReadonlyMap<string, Type> {
    const fields = new Map<string, Type>();
    this.#at = 1;
    while (this.#at < this.#text.length - 1) {
      const colon = this.#text.indexOf(':', this.#at);
      const name = this.#text.slice(this.#at, colon);
      this.#at = colon + 1;
      fields.set(name, this.type());
      this.#at++;
    }
    return fields;
  }

  /** The text of a bracket and everything in it, and a step behind it. */
  #enclosed(open: string, close: string): string {
    const start = this.#at;
    let depth = 0;
    do {
      const char = this.#text[this.#at++];
      if (char === open) depth++;
      else if (char === close) depth--;
    } while (depth > 0 && this.#at < this.#text.length);
    return this.#text.slice(start, this.#at);
  }
}

const any: Type = { kind: 'any' };
const plain = table<Type>({
  s: { kind: 'string', values: undefined },
  n: { kind: 'number' },
  b: { kind: 'boolean' },
  i: { kind: 'int-or-string' },
  '*': any,
});

/** CustomResourceDefinitions by the API version and kind that they define. */
const customDefinitions: Index<Resource> = {
  name: 'custom resource definitions',
  *resource(resource) {
    if (resource.kind !== 'CustomResourceDefinition') return;
    const spec = resource.root.at('spec');
    for (const version of spec.at('versions').items())
      yield [`${spec.at('group').text}/${version.at('name').text}/${spec.at('names', 'kind').text}`, resource];
  },
};

/** The schemas of all versions that a CustomResourceDefinition has; versions without a schema are left out. */
function readDefinition(definition: Resource): ReadonlyMap<string, Type> {
  const spec = definition.root.at('spec');
  const found = new Map<string, Type>();
  for (const version of spec.at('versions').items()) {
    const schema = version.at('schema', 'openAPIV3Schema');
    if (!schema.exists) continue;
    const type = fromOpenApi(schema, 0);
    const fields = new Map(type.kind === 'object' ? type.fields : []);
    // Kubernetes checks these of every object, whatever the definition says of them.
    fields.set('apiVersion', any).set('kind', any).set('metadata', defined('ObjectMeta')).set('status', any);
    found.set(`${spec.at('group').text}/${version.at('name').text}/${spec.at('names', 'kind').text}`, {
      kind: 'object',
      fields,
      isOpen: type.kind !== 'object' || type.isOpen,
    });
  }
  return found;
}

function fromOpenApi(schema: Value, depth: number): Type {
  if (depth > 40) return any;
  if (schema.at('x-kubernetes-int-or-string').boolean === true) return { kind: 'int-or-string' };
  if (schema.at('x-kubernetes-embedded-resource').boolean === true) return any;
  switch (schema.at('type').text) {
    case 'string': {
      const values = schema.at('enum').items();
      return { kind: 'string', values: values.length > 0 ? values.flatMap(value => value.text ?? []) : undefined };
    }
    case 'integer':
    case 'number':
      return { kind: 'number' };
    case 'boolean':
      return { kind: 'boolean' };
    case 'array':
      return { kind: 'list', items: fromOpenApi(schema.at('items'), depth + 1) };
    case 'object': {
      const properties = schema.at('properties');
      const additional = schema.at('additionalProperties');
      if (!properties.exists && additional.kind === 'mapping')
        return { kind: 'map', values: fromOpenApi(additional, depth + 1) };
      const isOpen =
        schema.at('x-kubernetes-preserve-unknown-fields').boolean === true || additional.exists || !properties.exists;
      return {
        kind: 'object',
        fields: new Map(properties.entries().map(([name, property]) => [name, fromOpenApi(property, depth + 1)])),
        isOpen,
      };
    }
    default:
      return any;
  }
}
