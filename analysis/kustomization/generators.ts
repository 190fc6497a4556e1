import type { ManifestDocument } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import { baseName, resolvePath } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { unknownKeys } from '../declarations/secret-operators';
import {
  entriesOf,
  type MapNode,
  mapNode,
  mappingAt,
  type Node,
  nodeAt,
  nodeOf,
  type Origin,
  set,
  textNode,
} from './node';

/** A ConfigMap or Secret that a generator of a kustomization makes. */
export interface GeneratedObject {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly root: MapNode;
  readonly behavior: string;
  /** Paths of the files that it is made of. */
  readonly used: readonly string[];
}

/**
 * What `configMapGenerator` and `secretGenerator` make, with each value where it is written: in the kustomization, in a
 * file of variables, or in a file of its own (sigs.k8s.io/kustomize, api/kv/kv.go). A Secret has its values as
 * `stringData`, because that is what a container gets. Where a file is not in the tree, its keys are not known.
 */
export function generate(
  kustomization: ManifestDocument,
  files: { file(path: string): SourceFile | undefined },
): readonly GeneratedObject[] {
  const { root } = kustomization;
  const { directory } = kustomization.file;
  return generators.flatMap(([field, kind]) =>
    root
      .at(field)
      .items()
      .flatMap(item => {
        const name = item.at('name').string;
        if (name === undefined) return [];
        const used: string[] = [];
        let isComplete = true;
        const data = mapNode();
        const fileAt = (path: string): SourceFile | undefined => {
          const file = files.file(resolvePath(directory, path));
          if (file) used.push(file.path);
          if (!file || file.unread !== undefined) isComplete = false;
          return file?.unread === undefined ? file : undefined;
        };
        for (const value of item.at('files').items()) {
          const { key, path } = fileSource(value.text ?? '');
          const file = fileAt(path);
          if (file) set(data, key, textNode(file.text, fileOrigin(file, 0, file.text.length)), value);
        }
        for (const value of [item.at('env'), ...item.at('envs').items()]) {
          if (value.text === undefined) continue;
          const file = fileAt(value.text);
          if (!file) continue;
          for (const { key, start, text } of variablesIn(file.text))
            set(data, key, textNode(text, fileOrigin(file, start, text.length)), {
              uri: file.uri,
              span: { start: start - key.length - 1, end: start - 1 },
            });
        }
        for (const value of item.at('literals').items()) {
          const literal = literalIn(value);
          if (literal) set(data, literal.key, literal.node, literal.place);
        }
        const metadata = mapNode([['name', nodeOf(item.at('name'))]]);
        const namespace = item.at('namespace');
        if (namespace.string !== undefined) set(metadata, 'namespace', nodeOf(namespace), namespace.key);
        const labels = [...root.at('generatorOptions', 'labels').entries(), ...item.at('options', 'labels').entries()];
        if (labels.length > 0) set(metadata, 'labels', mapNode(labels.map(([key, value]) => [key, nodeOf(value)])));
        const object: (readonly [string, Node])[] = [
          ['apiVersion', textNode('v1', undefined)],
          ['kind', textNode(kind, undefined)],
          ['metadata', metadata],
        ];
        if (kind === 'Secret' && item.at('type').string !== undefined) object.push(['type', nodeOf(item.at('type'))]);
        object.push([kind === 'Secret' ? 'stringData' : 'data', data]);
        const made = mapNode(object);
        if (!isComplete) mark(made, unknownKeys);
        if (isHashed(root, item)) mark(made, hashedName);
        return [{ kind, name, root: made, behavior: item.at('behavior').text ?? 'create', used }];
      }),
  );
}

/** Adds what a generator of the same name says to an object that one has made before. */
export function mergeGenerated(known: MapNode, made: MapNode): void {
  for (const field of ['data', 'stringData']) {
    const added = nodeAt(made, field);
    const target = added && mappingAt(known, field);
    if (added?.kind !== 'mapping' || !target) continue;
    for (const [key, { node, key: place }] of entriesOf(added)) set(target, key, node, place);
  }
  if (isMarked(made, unknownKeys)) mark(known, unknownKeys);
  const annotations = nodeAt(known, 'metadata', 'annotations');
  if (!isMarked(made, hashedName) && annotations?.kind === 'mapping') entriesOf(annotations).delete(hashedName);
}

function mark(root: MapNode, name: string): void {
  const annotations = mappingAt(root, 'metadata', 'annotations');
  if (annotations) set(annotations, name, textNode('true', undefined));
}

function isMarked(root: MapNode, name: string): boolean {
  return nodeAt(root, 'metadata', 'annotations', name) !== undefined;
}

/** Whether kustomize appends a hash to the name and does not know of all the places that have the name. */
function isHashed(root: Value, item: Value): boolean {
  const options = [root.at('generatorOptions'), item.at('options')];
  return !root.at('configurations').exists && !options.some(one => one.at('disableNameSuffixHash').boolean === true);
}

/** Whether the object is one of a generator, to whose name kustomize appends a hash. */
export function isNameHashed({ root }: Resource): boolean {
  return root.at('metadata', 'annotations', hashedName).exists;
}

const hashedName = 'matrix-preflight/hashed-name';

const generators = [
  ['configMapGenerator', 'ConfigMap'],
  ['secretGenerator', 'Secret'],
] as const;

/** `key=path`, or a path whose last part is the key. */
function fileSource(written: string): { readonly key: string; readonly path: string } {
  const equals = written.indexOf('=');
  const path = written.slice(equals + 1);
  return { key: equals === -1 ? baseName(path) : written.slice(0, equals), path };
}

/** `KEY=value`, the value with or without quotes of its own, which kustomize takes away. */
function literalIn(value: Value) {
  const written = value.text ?? '';
  const equals = written.indexOf('=');
  if (equals <= 0) return undefined;
  const raw = written.slice(equals + 1);
  const isQuoted = raw.length > 1 && /^(["']).*\1$/s.test(raw);
  const start = equals + 1 + (isQuoted ? 1 : 0);
  const text = isQuoted ? raw.slice(1, -1) : raw;
  const part = (from: number, to: number) => value.part(start + from, start + to);
  const origin: Origin = { whole: part(0, text.length), part, scalar: undefined };
  return { key: written.slice(0, equals), node: textNode(text, origin), place: value.part(0, equals) };
}

/** The lines of a file of variables: no quotes, `#` at the start of a line for a comment. */
function* variablesIn(text: string): Iterable<{ readonly key: string; readonly start: number; readonly text: string }> {
  for (const match of text.matchAll(/^[ \t]*([^#=\s][^=\r\n]*)=([^\r\n]*)/gm)) {
    const [whole, key = '', value = ''] = match;
    yield { key, start: match.index + whole.length - value.length, text: value };
  }
}

function fileOrigin(file: SourceFile, offset: number, length: number): Origin {
  const part = (start: number, end: number) => ({
    uri: file.uri,
    span: { start: offset + start, end: offset + end },
  });
  return { whole: part(0, length), part, scalar: undefined };
}
