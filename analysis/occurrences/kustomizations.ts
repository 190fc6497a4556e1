import type { SourceFile } from '../../manifests/file';
import { resolvePath } from '../../manifests/paths';
import { qualifiedKind } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import { maskComments } from '../text/comments';
import { readEnvFile } from '../text/env-file';
import { hostsOfText, qualifiedHosts } from './hosts';
import { keySubject, type Occurrence, objectSubject, ofScalar, type Subject } from './occurrence';

/** The names in a kustomization: what its generators make, what its patches are for, and what its literals name. */
export function* namesInKustomization(root: Value): Iterable<Occurrence> {
  const namespace = root.at('namespace');
  if (namespace.string)
    yield* ofScalar(objectSubject('Namespace', undefined, namespace.string), namespace, 'reference');
  for (const { item, kind, name, namespace: own } of generatorsIn(root)) {
    yield* ofScalar(objectSubject(kind, own, name), item.at('name'), 'definition');
    for (const literal of item.at('literals').items()) yield* namesInLiteral(literal, kind, own, name);
    for (const source of item.at('files').items()) yield* keyOfFile(source, kind, own, name);
  }
  for (const field of ['patches', 'patchesJson6902'])
    for (const item of root.at(field).items()) {
      yield* namedBeside(item.at('target'));
      yield* namesInPatch(item.at('patch'));
    }
  for (const item of root.at('patchesStrategicMerge').items()) yield* namesInPatch(item);
  for (const item of root.at('replacements').items()) {
    yield* namedBeside(item.at('source'));
    for (const target of item.at('targets').items()) yield* namedBeside(target.at('select'));
  }
}

/**
 * What kustomizations name and does not stand in them, or not with all that tells what it is: of a file of variables only
 * the kustomization tells which object it is part of, and of a count of replicas only the tree tells the kind.
 */
export function kustomizedNamesOf(workspace: Workspace, subject: Subject): readonly Occurrence[] {
  const { kind, id, namespace, name } = subject;
  if (kind !== 'key' && kind !== 'object') return [];
  const generated = workspace.lookup(envFiles, '');
  const byPath = new Map(generated.length > 0 ? workspace.files.map(file => [file.path, file]) : []);
  const inFiles = generated.flatMap(one => {
    const file = byPath.get(one.path);
    return file ? [...namesInGenerated(file, one)].filter(found => found.subject.id === id) : [];
  });
  const isScaled = scaledKinds.some(scaled => id === `${scaled}/${name}`);
  const counted = isScaled && workspace.find(id.slice(0, -name.length - 1), namespace, name) !== undefined;
  return [
    ...inFiles,
    ...(counted ? workspace.lookup(replicaNames, name).flatMap(value => ofScalar(subject, value, 'reference')) : []),
  ];
}

/** The same of one file. */
export function kustomizedNamesIn(workspace: Workspace, file: SourceFile): readonly Occurrence[] {
  if (!file.isKustomization)
    return workspace.lookup(envFiles, file.path).flatMap(one => [...namesInGenerated(file, one)]);
  return file.documents
    .flatMap(({ root }) => root.at('replicas').items())
    .flatMap(item => {
      const value = item.at('name');
      const objects = scaledKinds.flatMap(kind => workspace.findAll(kind, undefined, value.string ?? ''));
      return objects.flatMap(one => ofScalar(objectSubject(one.kind, one.namespace, one.name), value, 'reference'));
    });
}

/** Whether an offset is in what a generator makes the value of a Secret, a literal or a line of a file of variables. */
export function isGeneratedSecretValue(workspace: Workspace, file: SourceFile, offset: number): boolean {
  if (file.isKustomization)
    return file.documents
      .flatMap(({ root }) => generatorsIn(root))
      .filter(({ kind }) => kind === 'Secret')
      .flatMap(({ item }) => item.at('literals').items())
      .some(literal => {
        const text = literal.text ?? '';
        const { start, end } = literal.part(text.indexOf('=') + 1, text.length).span;
        return start <= offset && offset <= end;
      });
  return (
    workspace.lookup(envFiles, file.path).some(({ kind }) => kind === 'Secret') &&
    readEnvFile(file.text).entries.some(({ value: { span } }) => span.start <= offset && offset <= span.end)
  );
}

/** What `replicas` of a kustomization counts (sigs.k8s.io/kustomize, api/internal/konfig/builtinpluginconsts/replicas.go). */
const scaledKinds = ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'];

const replicaNames: Index<Value> = {
  name: 'names in replicas of kustomizations',
  *document({ root, file }) {
    if (!file.isKustomization) return;
    for (const item of root.at('replicas').items()) {
      const name = item.at('name');
      if (name.string) yield [name.string, name];
    }
  },
};

/**
 * The names in a file of variables that may be anybody's, such as a script's: those that mean the same wherever it is
 * read. The name of an object does so only beside the namespace.
 */
export function* namesInVariables(text: string, place: (span: Span) => Place): Iterable<Occurrence> {
  yield* qualifiedHosts(maskComments(text, 'conf'), place);
  const { entries } = readEnvFile(text);
  const namespace = entries.findLast(({ name }) => namespaceVariable.test(name.value))?.value.value;
  for (const { name, value, contentSpan } of entries)
    yield* namedBy(name.value, value.value, namespace, place(contentSpan));
}

/** An object that a variable names, where the variable's own name leaves no doubt. */
function namedBy(variable: string, value: string, namespace: string | undefined, at: Place): readonly Occurrence[] {
  const kind = namespaceVariable.test(variable)
    ? 'Namespace'
    : namespace === undefined
      ? undefined
      : kindNamed(variable);
  return kind !== undefined && objectName.test(value)
    ? [{ subject: objectSubject(kind, namespace, value), at, role: 'reference' }]
    : [];
}

interface Generator {
  readonly item: Value;
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  readonly namespace: string | undefined;
}

function generatorsIn(root: Value): readonly Generator[] {
  const namespace = root.at('namespace').string;
  return generatorFields.flatMap(([field, kind]) =>
    root
      .at(field)
      .items()
      .flatMap(item => {
        const name = item.at('name').string;
        return name ? [{ item, kind, name, namespace: item.at('namespace').string ?? namespace }] : [];
      }),
  );
}

const generatorFields = [
  ['secretGenerator', 'Secret'],
  ['configMapGenerator', 'ConfigMap'],
] as const;

/** A file of variables, and the object that a generator makes of it. */
interface GeneratedFrom extends Omit<Generator, 'item'> {
  readonly path: string;
}

/** By the path of the file, and all of them under the empty key. */
const envFiles: Index<GeneratedFrom> = {
  name: 'files of variables of generators',
  *document({ root, file }) {
    if (!file.isKustomization) return;
    for (const { item, kind, name, namespace } of generatorsIn(root))
      for (const { text } of [item.at('env'), ...item.at('envs').items()]) {
        if (!text) continue;
        const path = resolvePath(file.directory, text);
        const made = { path, kind, name, namespace };
        yield ['', made];
        yield [path, made];
      }
  },
};

function* namesInGenerated(file: SourceFile, { kind, name, namespace }: GeneratedFrom): Iterable<Occurrence> {
  const place = (span: Span): Place => ({ uri: file.uri, span });
  for (const { name: variable, value, contentSpan } of readEnvFile(file.text).entries) {
    yield {
      subject: keySubject(kind, namespace, name, variable.value),
      at: place(variable.span),
      role: 'definition',
    };
    yield* namedBy(variable.value, value.value, namespace, place(contentSpan));
  }
  yield* hostsOfText(maskComments(file.text, 'conf'), namespace, place);
}

/** `KEY=value` of a generator: the key, and the hosts in the value. */
function* namesInLiteral(
  literal: Value,
  kind: Generator['kind'],
  namespace: string | undefined,
  name: string,
): Iterable<Occurrence> {
  const text = literal.text ?? '';
  const key = text.split('=', 1)[0] ?? '';
  yield { subject: keySubject(kind, namespace, name, key), at: literal.part(0, key.length), role: 'definition' };
  yield* namedBy(key, text.slice(key.length + 1), namespace, literal.part(key.length + 1, text.length));
  yield* hostsOfText(text, namespace, ({ start, end }) => literal.part(start, end));
}

/** `key=path`, or a path whose last part is the key, which cannot become another without the file. */
function* keyOfFile(
  source: Value,
  kind: Generator['kind'],
  namespace: string | undefined,
  name: string,
): Iterable<Occurrence> {
  const text = source.string ?? '';
  const equals = text.indexOf('=');
  const [start, end] = equals === -1 ? [text.lastIndexOf('/') + 1, text.length] : [0, equals];
  if (end <= start) return;
  const subject = keySubject(kind, namespace, name, text.slice(start, end));
  yield {
    subject,
    at: source.part(start, end),
    role: 'definition',
    ...(equals === -1 ? { isIndirect: true as const } : {}),
  };
}

/** `kind` and `name` side by side; a pattern, which `target` may be as well, is no name. */
function* namedBeside(target: Value): Iterable<Occurrence> {
  const kind = target.at('kind').string;
  const name = target.at('name');
  if (!kind || !name.string || !objectName.test(name.string)) return;
  const group = target.at('group').string ?? '';
  yield* ofScalar(
    objectSubject(qualifiedKind(group, kind), target.at('namespace').string, name.string),
    name,
    'reference',
  );
}

/** The object that a patch written in the kustomization itself is for. */
function* namesInPatch(patch: Value): Iterable<Occurrence> {
  if (!patch.text?.includes('metadata')) return;
  const { root } = patch.embedded();
  const kind = root.at('kind').string;
  const name = root.at('metadata', 'name');
  if (!kind || !name.string) return;
  const group = root.at('apiVersion').string?.split('/').slice(0, -1)[0] ?? '';
  const namespace = root.at('metadata', 'namespace').string;
  yield* ofScalar(objectSubject(qualifiedKind(group, kind), namespace, name.string), name, 'reference');
}

/** The kind of the object that a variable names, where its name leaves no doubt. */
function kindNamed(variable: string): string | undefined {
  if (/^(?:(?:K8S|KUBE|KUBERNETES|TLS|PULL|IMAGE_PULL|EXISTING)_SECRET(?:_NAME)?|SECRET_NAME)$/.test(variable))
    return 'Secret';
  return /^(?:\w+_)?CONFIG_?MAP(?:_NAME)?$/.test(variable) ? 'ConfigMap' : undefined;
}

/** Not every `…_NAMESPACE`: that of metrics, caches and logs is another thing. */
const namespaceVariable = /^(?:(?:K8S|KUBE|KUBERNETES|POD|TARGET|DEPLOY|DEPLOYMENT|RELEASE|HELM|APP)_)?NAMESPACE$/;

const objectName = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
