import { isFilledIn } from '../../analysis/filled-in';
import { nearest } from '../../analysis/nearest';
import { apiVersionsOf, isDefinedInTree, kindsOf, schemaFor, type Type } from '../../analysis/schema';
import { nodeAt, type SchemaProblem, schemaProblems } from '../../analysis/schema/check';
import { isStandIn } from '../../analysis/secret-data';
import { listed } from '../../analysis/wording';
import { deleteEntry, quoted, renameKey, replaceEntry, replaceScalar, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { PathKey, Value } from '../../manifests/value';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'crd-unknown-field',
  items: [],
  severity: 'error',
  summary: 'An object has a field that its kind does not have, or a value of the wrong type.',
  why: 'kubectl validates strictly since 1.25 and refuses the object. Tools that do not, such as some GitOps controllers, drop the field, and what it was meant to do silently does not happen.',
  remedy: 'Correct the name of the field, put it where it belongs, or write the value in the type that the field has.',
  traps: [
    "Kubernetes' own kinds, CloudNativePG, the MinIO Operator, cert-manager and the monitors of the Prometheus Operator are checked offline with built-in schemas. A CustomResourceDefinition in the tree comes first.",
    'The field `sops`, which SOPS adds and takes out again, and the texts that it has encrypted are left alone.',
    'Kinds without a schema are not checked; schema-unknown-kind names each of them once.',
    'Null values are allowed, as in `annotations:` with nothing but comments below. Fields that begin with `x-` are left alone.',
    'Labels, annotations, environment variables and the data of ConfigMaps and Secrets are strings: `value: 8080` and `enabled: yes` need quotes.',
    'The built-in schemas are those of recent versions, so a field that an older cluster lacks is not reported.',
    "A field of an operator's object that resembles none of the known ones is a warning, because a later version of the operator may have it.",
  ],
  sources: [
    'Kubernetes documentation, API concepts, "Field validation": kubectl asks for strict validation by default.',
    'Fields: kubernetes-models (generated from the OpenAPI document of Kubernetes), CloudNativePG API reference, MinIO Operator types.go.',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        instances: "3"
      #            ^^^ 💡 error: spec.instances has to be a number, not a string
        monitoring:
          podMonitorEnabled: true
      #   ^^^^^^^^^^^^^^^^^ 💡 error: Cluster has no field spec.monitoring.podMonitorEnabled — did you mean enablePodMonitor?
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        instances: 3
        monitoring:
          enablePodMonitor: true
    `,
  },
  kinds: ['*'],
  *check(resource, workspace) {
    const schema = schemaFor(workspace, resource);
    if (!schema) {
      yield* unknownKind(resource);
      return;
    }
    const tree = resource.document.wholeTree;
    const root = nodeAt(tree, resource.root.path);
    if (root === undefined) return;
    for (const problem of schemaProblems(tree, root, schema)) {
      const value = resource.root.at(...problem.path);
      // Of a key that stands twice, only the last value counts, and duplicate-yaml-key tells of the other.
      if (!value.exists || isEncrypted(resource, problem) || isFilledIn(workspace, value.text)) continue;
      // An operator's next version may have what this one lacks; what is a near miss of a known name is not that.
      const isSure = kindsOf(resource.apiVersion) !== undefined || isDefinedInTree(workspace, resource);
      yield asProblem(resource, problem, schema, isSure);
    }
  },
} satisfies Rule;

/**
 * What SOPS leaves in an object that it has encrypted, and takes out before the object is applied: its own field `sops`,
 * which always has a version, and encrypted texts in place of values of any type.
 */
function isEncrypted(resource: Resource, { kind, path }: SchemaProblem): boolean {
  return kind === 'field'
    ? path.length === 1 && path[0] === 'sops' && resource.root.at('sops', 'version').exists
    : isStandIn(resource.root.at(...path).text);
}

function asProblem(resource: Resource, problem: SchemaProblem, schema: Type, isSure: boolean): Problem {
  const value = resource.root.at(...problem.path);
  const where = dotted(problem.path);
  if (problem.kind === 'field') {
    const { name, isCertain } = meant(resource, problem) ?? { name: undefined, isCertain: false };
    const elsewhere = name === undefined ? belongsTo(problem.path, schema, value) : undefined;
    const mayBeNew = !isSure && name === undefined && elsewhere === undefined;
    return {
      at: value.key,
      ...(mayBeNew && { severity: 'warning' }),
      message: `${resource.kind} has no field ${where}${mayBeNew ? ' in the versions known here' : ''} — ${
        name !== undefined
          ? `did you mean ${name}?`
          : elsewhere !== undefined
            ? `it belongs to ${elsewhere}.`
            : mayBeNew
              ? "correct it, or keep the operator's CustomResourceDefinition in the tree."
              : 'remove it, or correct its name.'
      }`,
      fixes: () => fieldFixes(resource, value, name, isCertain),
    };
  }
  if (problem.kind === 'value' && problem.type.kind === 'string') {
    const values = problem.type.values ?? [];
    const text = value.text ?? '';
    const same = values.find(one => one.toLowerCase() === text.toLowerCase());
    const close = same ?? nearest(text, values);
    return {
      at: value,
      ...(!isSure && close === undefined && { severity: 'warning' }),
      message: `${where} cannot be ${text} — it has to be ${listed(values, 'or')}.`,
      fixes: () => {
        const edit = close === undefined ? undefined : replaceScalar(value, close);
        return edit ? [{ title: `Write ${close}`, safe: same !== undefined, edits: [edit] }] : [];
      },
    };
  }
  return {
    at: value.kind === 'scalar' ? value : value.key,
    message: `${where} has to be ${aOrAn(problem.type)}, not ${typeOf(value)}${hintFor(value, problem.type)}`,
    fixes: () => typeFixes(value, problem.type),
  };
}

/** A kind that Kubernetes would have to have itself, because its API group has no dot or is one of its own. */
function* unknownKind(resource: Resource): Iterable<Problem> {
  const { apiVersion, kind, group, root } = resource;
  const kinds = kindsOf(apiVersion);
  if (kinds?.includes(kind)) return;
  if (kinds) {
    const close = kinds.find(one => one.toLowerCase() === kind.toLowerCase()) ?? nearest(kind, kinds);
    const right = apiVersionsOf(kind).find(one => !/\d(?:alpha|beta)\d/.test(one));
    yield {
      at: root.at(close === undefined && right !== undefined ? 'apiVersion' : 'kind'),
      message:
        close === undefined && right !== undefined
          ? `Kubernetes has no ${kind} in ${apiVersion} — its API version is ${right}.`
          : `Kubernetes has no kind ${kind} in ${apiVersion} — ${close ? `did you mean ${close}?` : 'correct the kind or the API version.'}`,
      fixes: () => {
        const edit =
          close !== undefined
            ? replaceScalar(root.at('kind'), close)
            : right !== undefined
              ? replaceScalar(root.at('apiVersion'), right)
              : undefined;
        return edit ? [{ title: `Write ${close ?? right}`, safe: false, edits: [edit] }] : [];
      },
    };
    return;
  }
  // The names of custom API groups have a dot; everything else is Kubernetes' own.
  if (group.includes('.')) return;
  const right = apiVersionsOf(kind).find(one => !/\d(?:alpha|beta)\d/.test(one));
  // Beta and alpha versions that are gone are the business of removed-api-version.
  if (/\d(?:alpha|beta)\d/.test(apiVersion)) return;
  yield {
    at: root.at('apiVersion'),
    message: `Kubernetes has no API version ${apiVersion} — ${right ? `${kind} is in ${right}.` : 'correct it.'}`,
    fixes: () => {
      const edit = right === undefined ? undefined : replaceScalar(root.at('apiVersion'), right);
      return edit ? [{ title: `Write ${right}`, safe: false, edits: [edit] }] : [];
    },
  };
}

/** Fields that older or other versions had, or that are often taken for each other, by kind and path. */
const renames = table({
  'Cluster.postgresql.cnpg.io': table({
    'spec.monitoring.podMonitorEnabled': 'enablePodMonitor',
    'spec.monitoring.enabled': 'enablePodMonitor',
    'spec.affinity.podAntiAffinity': 'additionalPodAntiAffinity',
    'spec.affinity.podAffinity': 'additionalPodAffinity',
  }),
});

/** The field that an unknown one was meant to be. */
function meant(
  resource: Resource,
  { path, type }: SchemaProblem,
): { readonly name: string; readonly isCertain: boolean } | undefined {
  if (type.kind !== 'object') return undefined;
  const written = String(path.at(-1));
  const renamed = renames[resource.qualifiedKind]?.[path.join('.')];
  if (renamed !== undefined) return { name: renamed, isCertain: true };
  const names = [...type.fields.keys()];
  const same = names.find(name => name.toLowerCase() === written.toLowerCase());
  if (same !== undefined) return { name: same, isCertain: true };
  const close = nearest(written, names);
  return close === undefined ? undefined : { name: close, isCertain: false };
}

function fieldFixes(resource: Resource, value: Value, name: string | undefined, isCertain: boolean): readonly Fix[] {
  const fixes: Fix[] = [];
  const { parent } = value;
  if (name !== undefined && parent) {
    // Two fields that mean the same may both be there: the one that comes first in the table stays.
    const isTaken = parent.at(name).exists || takesPrecedence(resource, value, name);
    const edit = isTaken ? deleteEntry(value) : renameKey(value, name);
    if (edit)
      fixes.push({
        title: isTaken ? `Remove it, ${name} says the same` : `Rename to ${name}`,
        safe: isCertain,
        edits: [edit],
      });
  }
  const removal = name === undefined ? deleteEntry(value) : undefined;
  if (removal) fixes.push({ title: 'Remove the field', safe: false, edits: [removal] });
  return fixes;
}

function takesPrecedence(resource: Resource, value: Value, name: string): boolean {
  const ofKind = renames[resource.qualifiedKind];
  if (!ofKind || !value.parent) return false;
  const prefix = value.parent.path.slice(resource.root.path.length).join('.');
  for (const [path, target] of Object.entries(ofKind)) {
    if (target !== name || !path.startsWith(`${prefix}.`)) continue;
    const field = path.slice(prefix.length + 1);
    if (field === value.name) return false;
    if (value.parent.at(field).exists) return true;
  }
  return false;
}

/** Where a field would be known: one level up, or in one of its neighbours. */
function belongsTo(path: readonly PathKey[], schema: Type, value: Value): string | undefined {
  const field = String(path.at(-1));
  for (let length = path.length - 2; length >= Math.max(0, path.length - 4); length--) {
    const above = path.slice(0, length);
    const type = typeAt(schema, above);
    if (type?.kind !== 'object') continue;
    if (mayHold(type.fields.get(field), value)) return above.length === 0 ? 'the top level' : dotted(above);
  }
  const parent = typeAt(schema, path.slice(0, -1));
  if (parent?.kind !== 'object') return undefined;
  const homes = [...parent.fields].filter(([, type]) => {
    const inner = type.kind === 'list' ? type.items : type;
    return inner.kind === 'object' && mayHold(inner.fields.get(field), value);
  });
  if (homes.length === 0 || homes.length > 3) return undefined;
  return homes.map(([home]) => dotted([...path.slice(0, -1), home])).join(' or ');
}

/** Whether a field is there and takes a mapping, a list or a scalar as the value is: another thing may have the same name. */
function mayHold(type: Type | undefined, { kind }: Value): boolean {
  if (!type || type.kind === 'any') return type !== undefined;
  if (kind === 'mapping') return type.kind === 'object' || type.kind === 'map';
  if (kind === 'sequence') return type.kind === 'list';
  return type.kind !== 'object' && type.kind !== 'map' && type.kind !== 'list';
}

function typeAt(schema: Type, path: readonly PathKey[]): Type | undefined {
  let type: Type | undefined = schema;
  for (const step of path) {
    if (type?.kind === 'object') type = type.fields.get(String(step));
    else if (type?.kind === 'list') type = type.items;
    else if (type?.kind === 'map') type = type.values;
    else return undefined;
  }
  return type;
}

function typeFixes(value: Value, wanted: Type): readonly Fix[] {
  if (value.isAlias || value.kind !== 'scalar') {
    // The label form of prometheusOperator is gone since version 5 of the operator.
    const edit =
      wanted.kind === 'boolean' && typeof value.name === 'string'
        ? replaceEntry(value, `${value.name}: true`)
        : undefined;
    return edit ? [{ title: `Write ${value.name}: true`, safe: false, edits: [edit] }] : [];
  }
  const text = value.text ?? '';
  if (wanted.kind === 'string' || wanted.kind === 'int-or-string') {
    const edit = value.style === 'plain' ? replaceValue(value, quoted(text, 'double')) : undefined;
    return edit ? [{ title: 'Put it in quotes', safe: true, edits: [edit] }] : [];
  }
  const isNumber = wanted.kind === 'number' && /^-?(?:0|[1-9]\d*)$/.test(text);
  const isBoolean = wanted.kind === 'boolean' && /^(?:true|false)$/i.test(text);
  const edit = isNumber || isBoolean ? replaceValue(value, text.toLowerCase()) : undefined;
  return edit ? [{ title: 'Take away the quotes', safe: true, edits: [edit] }] : [];
}

function hintFor(value: Value, wanted: Type): string {
  if (wanted.kind === 'string' && value.kind === 'scalar') return ' — put it in quotes.';
  if ((wanted.kind === 'number' || wanted.kind === 'boolean') && value.kind === 'scalar')
    return ` — write a plain ${wanted.kind}.`;
  return wanted.kind === 'boolean' ? ' — write true or false.' : ' — correct it.';
}

function aOrAn(type: Type): string {
  switch (type.kind) {
    case 'list':
      return 'a list';
    case 'map':
    case 'object':
      return 'a mapping';
    case 'int-or-string':
      return 'a number or a string';
    default:
      return `a ${type.kind}`;
  }
}

function typeOf(value: Value): string {
  if (value.kind === 'sequence') return 'a list';
  return value.kind === 'mapping' ? 'a mapping' : `a ${typeof value.scalar}`;
}

/** A path as people write it: `spec.template.spec.containers[0].image`. */
function dotted(path: readonly PathKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number'
        ? `[${step}]`
        : /^[\w-]+$/.test(step)
          ? `${index === 0 ? '' : '.'}${step}`
          : `["${step}"]`,
    )
    .join('');
}
