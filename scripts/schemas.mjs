// Writes analysis/schema/schemas.generated.ts: the fields of the Kubernetes kinds that deployments are made of, taken from the
// type declarations of `kubernetes-models` and its packages for cert-manager and the Prometheus Operator (MIT), which
// are generated from the projects' own OpenAPI documents and Go types.
// Beside it goes schemas/field-docs.txt: the first sentence of what these packages say of each field, for completion and hover.
// `node scripts/schemas.mjs` writes; `--check` only says whether the file is out of date, and fails if it is.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const modules = resolve('node_modules');
const target = 'analysis/schema/schemas.generated.ts';
const docsTarget = 'schemas/field-docs.txt';

/** Directories of declarations by API version, and which of their kinds are taken; `all` for every one. */
const sources = [
  [
    'kubernetes-models/v1',
    'v1',
    [
      'ConfigMap',
      'Endpoints',
      'LimitRange',
      'Namespace',
      'PersistentVolume',
      'PersistentVolumeClaim',
      'Pod',
      'ReplicationController',
      'ResourceQuota',
      'Secret',
      'Service',
      'ServiceAccount',
    ],
  ],
  ['kubernetes-models/apps/v1', 'apps/v1', ['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet']],
  ['kubernetes-models/batch/v1', 'batch/v1', ['CronJob', 'Job']],
  ['kubernetes-models/autoscaling/v1', 'autoscaling/v1', ['HorizontalPodAutoscaler']],
  ['kubernetes-models/autoscaling/v2', 'autoscaling/v2', ['HorizontalPodAutoscaler']],
  ['kubernetes-models/policy/v1', 'policy/v1', ['PodDisruptionBudget']],
  ['kubernetes-models/networking.k8s.io/v1', 'networking.k8s.io/v1', ['Ingress', 'IngressClass', 'NetworkPolicy']],
  [
    'kubernetes-models/rbac.authorization.k8s.io/v1',
    'rbac.authorization.k8s.io/v1',
    ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  ],
  ['kubernetes-models/storage.k8s.io/v1', 'storage.k8s.io/v1', ['CSIDriver', 'StorageClass', 'VolumeAttributesClass']],
  ['kubernetes-models/node.k8s.io/v1', 'node.k8s.io/v1', ['RuntimeClass']],
  ['kubernetes-models/discovery.k8s.io/v1', 'discovery.k8s.io/v1', ['EndpointSlice']],
  ['kubernetes-models/coordination.k8s.io/v1', 'coordination.k8s.io/v1', ['Lease']],
  ['kubernetes-models/apiregistration.k8s.io/v1', 'apiregistration.k8s.io/v1', ['APIService']],
  [
    'kubernetes-models/admissionregistration.k8s.io/v1',
    'admissionregistration.k8s.io/v1',
    ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  ],
  ['kubernetes-models/scheduling.k8s.io/v1', 'scheduling.k8s.io/v1', ['PriorityClass']],
  [
    '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
    'monitoring.coreos.com/v1',
    ['PodMonitor', 'Probe', 'PrometheusRule', 'ServiceMonitor'],
  ],
  [
    '@kubernetes-models/cert-manager/cert-manager.io/v1',
    'cert-manager.io/v1',
    ['Certificate', 'ClusterIssuer', 'Issuer'],
  ],
];
/** Definitions that the schemas of other operators refer to by these names. */
const also = ['kubernetes-models/v1/TopologySpreadConstraint', 'kubernetes-models/v1/PodTemplateSpec'];

/** Types that hold what their name does not say. */
const known = {
  IIoK8sApimachineryPkgApiResourceQuantity: 'i',
  IIoK8sApimachineryPkgUtilIntstrIntOrString: 'i',
  IIoK8sApimachineryPkgApisMetaV1Time: 's',
  IIoK8sApimachineryPkgApisMetaV1MicroTime: 's',
  IIoK8sApimachineryPkgApisMetaV1FieldsV1: '*',
  IIoK8sApiextensionsApiserverPkgApisApiextensionsV1JSON: '*',
};
const plain = {
  string: 's',
  number: 'n',
  boolean: 'b',
  any: '*',
  unknown: '*',
  object: '*',
  null: 'null',
  undefined: 'null',
};
/** Fields that users do not write or whose content is free. */
const opaque = new Set(['status', 'managedFields']);
/** What names an object's type: it chose the schema, and inside other objects it is not looked at when they are applied. */
const named = new Set(['apiVersion', 'kind']);

const definitions = new Map();
/** Definition → its fields as lines: the name, `*` if it is required, and after a tab what it is. */
const fieldDocs = new Map();
const names = new Map();
const kinds = [];
for (const [directory, apiVersion, wanted] of sources) {
  for (const kind of wanted)
    kinds.push([`${apiVersion}/${kind}`, define(join(modules, directory, `${kind}.d.ts`), kind)]);
}
for (const path of also) define(`${join(modules, path)}.d.ts`, path.slice(path.lastIndexOf('/') + 1));

const reached = new Set();
const reach = name => {
  if (reached.has(name)) return;
  reached.add(name);
  for (const [, reference] of definitions.get(name).matchAll(/(?<=[:[{])([A-Z]\w+)/g)) reach(reference);
};
for (const [, name] of kinds) reach(name);
for (const path of also) reach(names.get(`${join(modules, path)}.d.ts`));

const lines = [...definitions]
  .filter(([name]) => reached.has(name))
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, fields]) => `${name}=${fields}`);
const builtIn = builtInKinds();
const text = `// Generated by scripts/schemas.mjs from kubernetes-models ${version('kubernetes-models')}, its prometheus-operator ${version('@kubernetes-models/prometheus-operator')}
// and cert-manager ${version('@kubernetes-models/cert-manager')} packages (MIT licence); do not edit. The notation is explained in schema.ts.

export const definitions = \`
${lines.join('\n')}
\`;

/** API version and kind → definition. */
export const schemaOfKind: Readonly<Record<string, string>> = {
${kinds.map(([kind, name]) => `  '${kind}': '${name}',`).join('\n')}
};

/** API version → all kinds that Kubernetes itself has in it. */
export const kubernetesKinds: Readonly<Record<string, string>> = {
${builtIn.map(([apiVersion, all]) => `  '${apiVersion}': '${all.join(' ')}',`).join('\n')}
};
`;

const docs = `# What each field is, in the first sentence of its description, and * if it is required. Written by scripts/schemas.mjs
# from kubernetes-models and its packages (MIT licence), which have it from Kubernetes, the Prometheus Operator and
# cert-manager (Apache-2.0); those of CloudNativePG and MinIO are our own. A line without a tab begins a definition of analysis/schema/schemas.generated.ts.
${[...fieldDocs]
  .filter(([name, fields]) => reached.has(name) && fields.length > 0)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, fields]) => [name, ...fields].join('\n'))
  .join('\n')}
${readFileSync('scripts/operator-docs.txt', 'utf8')}`;

for (const [path, content] of [
  [target, text],
  [docsTarget, docs],
]) {
  if (!process.argv.includes('--check')) writeFileSync(path, content);
  else if (readFileSync(path, 'utf8') !== content) {
    console.error(`out of date, run "node scripts/schemas.mjs": ${path}`);
    process.exit(1);
  }
}

/** Reads one declaration and everything it refers to; returns the name of its definition. */
function define(path, typeName) {
  const known = names.get(path);
  if (known) return known;
  let name = typeName;
  for (let count = 2; definitions.has(name); count++) name = `${typeName}${count}`;
  names.set(path, name);
  definitions.set(name, '');
  const written = readFileSync(path, 'utf8');
  const source = written.replace(/\/\*[\s\S]*?\*\//g, '');
  const imports = new Map(
    [...source.matchAll(/import \{ ([^}]+) \} from "([^"]+)";/g)].flatMap(([, list, from]) =>
      list.split(', ').map(one => [one, from]),
    ),
  );
  const body = new RegExp(
    `export (?:interface I${typeName}(?: extends ([^{]+))? |type I${typeName} = )([\\s\\S]*?)(?:;\\n(?=export|$)|\\n(?=export declare))`,
  ).exec(source);
  if (!body) throw new Error(`no declaration of ${typeName} in ${path}`);
  fieldDocs.set(name, documented(written, typeName));
  const type = parse(body[2].trim(), reference => refer(reference, imports, path));
  const inherited = (body[1] ?? '')
    .split(',')
    .map(one => one.trim())
    .filter(one => one !== '' && one !== 'TypeMeta')
    .map(one => refer(one, imports, path))
    .map(parent => {
      fieldDocs.get(name).unshift(...(fieldDocs.get(parent) ?? []));
      return definitions.get(parent)?.slice(1, -1);
    });
  definitions.set(
    name,
    type.startsWith('(') && inherited.length > 0
      ? `(${[...inherited, type.slice(1, -1)].filter(Boolean).join(',')})`
      : type,
  );
  return name;
}

/** The fields of a declaration that are described or required, each a line of field-docs.txt. */
function documented(written, typeName) {
  const start = written.search(new RegExp(`export (?:interface|type) I${typeName}\\b`));
  const end = written.indexOf('\n}', start);
  const lines = [];
  for (const [, comment, field, optional] of written
    .slice(start, end)
    .matchAll(/^ {4}(?:\/\*\*\n((?: {5}\*[^\n]*\n)*?) {5}\*\/\n {4})?"(\w[^"]*)"(\?)?: /gm)) {
    if (opaque.has(field) || field === 'apiVersion' || field === 'kind') continue;
    const sentence = firstSentence(comment ?? '', field);
    if (sentence || !optional) lines.push(`${field}${optional ? '' : '*'}${sentence ? `\t${sentence}` : ''}`);
  }
  return lines;
}

/** Shortened so that it fits a line or two: what stands in brackets and behind the first sentence is left out. */
function firstSentence(comment, field) {
  const text = comment
    .replace(/^ {5}\* ?/gm, '')
    .split(/\n\n/)[0]
    .replace(/\s+/g, ' ')
    .replace(/\\([*_])/g, '$1')
    .replace(/ \([^()]*\)/g, '')
    .trim();
  const sentences = text.split(/(?<=[^.][.:!])(?<!e\.g\.|i\.e\.|etc\.) /);
  const sentence = sentences.find(one => !/^(?:is )?(?:optional|required|deprecated)\W*$/i.test(one)) ?? '';
  const named = new RegExp(
    `^(?:The )?\`?${field}\`? (?=is|are|defines|specifies|indicates|describes|configures|controls|represents)`,
    'i',
  );
  const plain = sentence
    .replace(/[.:]$/, '')
    .replace(named, '')
    .replace(/^(?:is|are) (?!(?:used|set|only|not|true)\b)/i, '');
  const short = plain.length > 150 ? `${plain.slice(0, 150).replace(/[ ,;]+\S*$/, '')} …` : plain;
  return short.charAt(0).toUpperCase() + short.slice(1);
}

/** The definition that a type name of a declaration means, or the type itself if it is a plain one. */
function refer(reference, imports, path) {
  if (known[reference]) return known[reference];
  const from = imports.get(reference);
  if (!from) throw new Error(`${reference} is not imported in ${path}`);
  const file = from.startsWith('.')
    ? join(dirname(path), from.replace(/\.js$/, '.d.ts'))
    : join(modules, `${from}.d.ts`);
  const name = define(file, file.slice(file.lastIndexOf('/') + 1, -'.d.ts'.length));
  const type = definitions.get(name);
  if (type === '' || type.startsWith('(')) return name;
  return type;
}

/** Turns a TypeScript type into the notation of schema.ts. */
function parse(text, refer) {
  let at = 0;
  const type = union();
  if (at < text.length) throw new Error(`cannot read ${text.slice(at, at + 40)}`);
  return type;

  function union() {
    const members = [single()];
    for (skip(); text[at] === '|'; skip()) {
      at++;
      members.push(single());
    }
    if (members.every(member => member.startsWith('"')))
      return `<${members.map(member => member.slice(1, -1)).join('|')}>`;
    const distinct = [
      ...new Set(members.map(member => (member.startsWith('"') ? 's' : member)).filter(member => member !== 'null')),
    ].sort();
    if (distinct.length === 1) return distinct[0];
    if (distinct.join() === 'n,s') return 'i';
    return '*';
  }

  function single() {
    skip();
    const literal = /^"[^"]*"/.exec(text.slice(at));
    if (literal) {
      at += literal[0].length;
      return literal[0];
    }
    if (text[at] === '{') return object();
    const word = /^[\w$.]+/.exec(text.slice(at))?.[0];
    if (!word) throw new Error(`cannot read ${text.slice(at, at + 60)}`);
    at += word.length;
    if (word === 'Array') {
      at++;
      const items = union();
      skip();
      at++;
      return `[${items}]`;
    }
    return plain[word] ?? refer(word);
  }

  function object() {
    at++;
    const fields = [];
    let map;
    for (;;) {
      skip();
      if (text[at] === '}') break;
      const key = /^(?:\[key: string\]|"((?:[^"\\]|\\.)*)"|(\w+))\??:/.exec(text.slice(at));
      if (!key) throw new Error(`cannot read ${text.slice(at, at + 60)}`);
      at += key[0].length;
      const field = key[1] ?? key[2];
      const value = union();
      skip();
      if (text[at] === ';') at++;
      if (field === undefined) map = value;
      else
        fields.push(`${field}:${opaque.has(field) ? '*' : named.has(field) ? value.replace(/^<[^|]*>$/, 's') : value}`);
    }
    at++;
    if (fields.length > 0) return `(${fields.join(',')})`;
    return map === undefined ? '()' : `{${map}}`;
  }

  function skip() {
    while (/\s/.test(text[at] ?? '')) at++;
  }
}

/** Every kind of Kubernetes' own API groups, so that a misspelt kind can be told from a custom one. */
function builtInKinds() {
  const found = new Map();
  const root = join(modules, 'kubernetes-models');
  const visit = directory => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory() && entry.name !== '_schemas') visit(path);
      else if (entry.name.endsWith('.d.ts')) {
        const source = readFileSync(path, 'utf8');
        const apiVersion = /"apiVersion": "([^"]+)";/.exec(source)?.[1];
        const kind = /"kind": "([^"]+)";/.exec(source)?.[1];
        if (apiVersion && kind && !kind.endsWith('List'))
          found.set(apiVersion, [...(found.get(apiVersion) ?? []), kind]);
      }
    }
  };
  visit(root);
  return [...found]
    .map(([apiVersion, all]) => [apiVersion, [...new Set(all)].sort()])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function version(name) {
  return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version;
}
