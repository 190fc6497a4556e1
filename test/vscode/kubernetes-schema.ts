import { readFileSync } from 'node:fs';
import { kindsOf, schemaFor, type Type } from '../../analysis/schema';
import { type FieldDocs, readFieldDocs } from '../../analysis/schema/field-docs';
import { Workspace } from '../../manifests/workspace';

/** The kinds of the tests, by API version. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  v1: ['ConfigMap', 'Namespace', 'Secret', 'Service'],
  'apps/v1': ['Deployment', 'StatefulSet'],
  'networking.k8s.io/v1': ['Ingress', 'NetworkPolicy'],
  'cert-manager.io/v1': ['Certificate'],
  'postgresql.cnpg.io/v1': ['Cluster'],
};

/** A schema of the kinds of the tests, as JSON Schema with one definition a kind and object. */
export interface KubernetesSchema {
  readonly definitions: Readonly<Record<string, object>>;
  /** The definition of each kind, by API version and kind, such as `apps/v1/Deployment`. */
  readonly kinds: Readonly<Record<string, string>>;
}

/**
 * Makes the schema that other extensions are given from our own table of fields, so that no test downloads one. Built-in
 * kinds are named as in the OpenAPI document of Kubernetes, because yaml-language-server looks them up by these names.
 */
export function kubernetesSchema(): KubernetesSchema {
  const workspace = new Workspace();
  const docs = readFieldDocs(readFileSync('schemas/field-docs.txt', 'utf8'));
  const definitions: Record<string, object> = {};
  const names: Record<string, string> = {};
  for (const [apiVersion, ofVersion] of Object.entries(kinds)) {
    for (const kind of ofVersion) {
      const type = schemaFor(workspace, { apiVersion, kind });
      if (type?.kind !== 'object') throw new Error(`there is no schema of ${apiVersion}/${kind}`);
      const name = nameOf(apiVersion, kind);
      names[`${apiVersion}/${kind}`] = name;
      const properties = propertiesOf(type, docs, definitions);
      definitions[name] = {
        type: 'object',
        description: `${kind} as the test's schema has it.`,
        required: ['apiVersion', 'kind'],
        properties: {
          ...properties,
          apiVersion: { type: 'string', enum: [apiVersion] },
          kind: { type: 'string', enum: [kind] },
        },
        additionalProperties: false,
      };
    }
  }
  return { definitions, kinds: names };
}

/** The name of a built-in kind: `io.k8s.api.apps.v1.Deployment`; of any other kind, a free one. */
function nameOf(apiVersion: string, kind: string): string {
  const [version = '', group = 'core'] = apiVersion.split('/').reverse();
  return kindsOf(apiVersion)
    ? `io.k8s.api.${group.replace('.k8s.io', '')}.${version}.${kind}`
    : `${group}.${version}.${kind}`;
}

function propertiesOf(
  type: Extract<Type, { readonly kind: 'object' }>,
  docs: FieldDocs,
  definitions: Record<string, object>,
): Record<string, object> {
  return Object.fromEntries(
    [...type.fields].map(([field, of]) => {
      const sentence = type.definition === undefined ? undefined : docs.describe(type.definition, field);
      const inner = schemaOf(of, docs, definitions);
      // What stands beside a reference is ignored by the draft that Kubernetes' schemas use.
      return [field, sentence === undefined ? inner : { ...inner, description: `${sentence}.` }];
    }),
  );
}

function schemaOf(type: Type, docs: FieldDocs, definitions: Record<string, object>): object {
  switch (type.kind) {
    case 'any':
      return {};
    case 'int-or-string':
      return { type: ['string', 'integer'] };
    case 'string':
      return type.values ? { type: 'string', enum: type.values } : { type: 'string' };
    case 'list':
      return { type: 'array', items: schemaOf(type.items, docs, definitions) };
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(type.values, docs, definitions) };
    case 'object': {
      const own = (): object => ({
        type: 'object',
        properties: propertiesOf(type, docs, definitions),
        ...(type.isOpen ? {} : { additionalProperties: false }),
      });
      if (type.definition === undefined) return own();
      const name = type.definition;
      if (!definitions[name]) {
        definitions[name] = {};
        definitions[name] = own();
      }
      return { $ref: `#/definitions/${name}` };
    }
    default:
      return { type: type.kind };
  }
}
