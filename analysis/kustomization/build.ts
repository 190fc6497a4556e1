import type { ManifestDocument } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import { resolvePath } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { type GeneratedObject, generate, mergeGenerated } from './generators';
import { applyOperations, mergePatch } from './merge';
import { type MapNode, nodeAt, nodeOf, set, textOf } from './node';
import { changeImage, changeLabels, changeNames, changeNamespace, changeReplicas, replaceFields } from './transform';

/** An object as a kustomization builds it. */
export interface BuiltObject {
  /** The object as written; undefined for one that a generator makes. */
  readonly source: Resource | undefined;
  /** Where it is written, or the kustomization whose generator makes it. */
  readonly document: ManifestDocument;
  readonly root: MapNode;
  /** The names it has had, the first one first: patches and generators know it by any. */
  readonly names: string[];
}

/** What `kustomize build` makes of a directory. */
export interface Build {
  readonly directory: string;
  readonly kustomization: ManifestDocument;
  readonly objects: readonly BuiltObject[];
  /** Paths of all files that take part. */
  readonly used: ReadonlySet<string>;
  /** Paths of the patches that change an object. */
  readonly applied: ReadonlySet<string>;
  /** Paths of the files that generators read. */
  readonly inputs: ReadonlySet<string>;
  /** Files whose documents are objects, in the order in which they are named. */
  readonly resourceFiles: ReadonlySet<string>;
  /** Directories of the kustomizations that take part. */
  readonly directories: ReadonlySet<string>;
  /** Whether there are objects that the tree does not show: remote resources, charts, plug-ins, files that are missing. */
  readonly isOpen: boolean;
  /** Entries of `patches`, `replicas` and `images` for objects of which there is none. */
  readonly idle: readonly Value[];
}

/** The files of a tree as kustomizations name them. */
export interface BuildFiles {
  file(path: string): SourceFile | undefined;
  kustomization(directory: string): ManifestDocument | undefined;
}

/**
 * Builds a kustomization as `kustomize build` does, as far as a check needs it: resources, components, generators,
 * patches, namespace, names, labels, images, replicas and replacements, in kustomize's order (sigs.k8s.io/kustomize,
 * api/internal/target/kusttarget.go and kusttarget_configplugin.go). Hashes are not appended to generated names, so that
 * references and names are the same as they are written.
 */
export function build(files: BuildFiles, kustomization: ManifestDocument): Build {
  const { directory } = kustomization.file;
  const state: State = {
    files,
    used: new Set(),
    applied: new Set(),
    inputs: new Set(),
    resourceFiles: new Set(),
    directories: new Set(),
    isOpen: false,
    idle: [],
  };
  const objects: BuiltObject[] = [];
  accumulate(state, kustomization, objects);
  return {
    directory,
    kustomization,
    objects,
    used: state.used,
    applied: state.applied,
    inputs: state.inputs,
    resourceFiles: state.resourceFiles,
    directories: state.directories,
    isOpen: state.isOpen,
    idle: state.idle,
  };
}

interface State {
  readonly files: BuildFiles;
  readonly used: Set<string>;
  readonly applied: Set<string>;
  readonly inputs: Set<string>;
  readonly resourceFiles: Set<string>;
  readonly directories: Set<string>;
  isOpen: boolean;
  readonly idle: Value[];
}

/** Adds what a kustomization builds to `objects`; a component changes those that are there already. */
function accumulate(
  state: State,
  kustomization: ManifestDocument,
  objects: BuiltObject[],
  path: readonly string[] = [],
): void {
  const { root, file } = kustomization;
  const { directory } = file;
  if (path.includes(directory)) return;
  state.used.add(file.path);
  state.directories.add(directory);
  const isComponent = root.at('kind').text === 'Component';
  const own: BuiltObject[] = isComponent ? objects : [];
  const below = [...path, directory];
  for (const value of [...root.at('resources').items(), ...root.at('bases').items()]) {
    const written = value.text ?? '';
    const target = resolvePath(directory, written);
    const other = isRemote(written) ? undefined : state.files.kustomization(target);
    if (other) accumulate(state, other, own, below);
    else {
      const resource = isRemote(written) ? undefined : state.files.file(target);
      if (!resource || resource.unread !== undefined) {
        if (!isRemote(written) || !operators.test(written)) state.isOpen = true;
        continue;
      }
      state.used.add(resource.path);
      state.resourceFiles.add(resource.path);
      for (const document of resource.documents)
        for (const one of document.resources) own.push(asWritten(document, one));
    }
  }
  for (const value of root.at('components').items()) {
    const other = state.files.kustomization(resolvePath(directory, value.text ?? ''));
    if (other) accumulate(state, other, own, below);
    else state.isOpen = true;
  }
  for (const field of ['helmCharts', 'helmChartInflationGenerator', 'generators', 'transformers'])
    if (root.at(field).exists) state.isOpen = true;
  for (const made of generate(kustomization, state.files)) addGenerated(state, own, made, kustomization);
  transform(state, kustomization, own);
  if (!isComponent) objects.push(...own);
}

function asWritten(document: ManifestDocument, source: Resource): BuiltObject {
  return { source, document, root: nodeOf(source.root) as MapNode, names: [source.name] };
}

/** A generator makes an object, or adds to one that a base has made. */
function addGenerated(
  state: State,
  objects: BuiltObject[],
  made: GeneratedObject,
  kustomization: ManifestDocument,
): void {
  for (const path of made.used) {
    state.used.add(path);
    state.inputs.add(path);
  }
  const known = objects.find(one => kindOf(one) === made.kind && one.names.includes(made.name));
  if (known && made.behavior === 'merge') {
    mergeGenerated(known.root, made.root);
    return;
  }
  if (known) objects.splice(objects.indexOf(known), 1);
  objects.push({ source: undefined, document: kustomization, root: made.root, names: [made.name] });
}

function transform(state: State, kustomization: ManifestDocument, objects: BuiltObject[]): void {
  const { root, file } = kustomization;
  const note = (entry: Value, isIdle: boolean): void => {
    if (isIdle && !state.isOpen) state.idle.push(entry);
  };
  const patch = (entry: Value, text: Value, targets: (root: Value) => readonly BuiltObject[]): void => {
    for (const { value, path } of patchRoots(state, file.directory, text)) {
      const chosen = targets(value);
      note(entry, chosen.length === 0 && value.kind !== 'missing');
      if (chosen.length > 0 && path !== undefined) state.applied.add(path);
      for (const target of chosen) {
        if (value.kind === 'sequence') applyOperations(target.root, value);
        else if (value.at('$patch').text === 'delete') objects.splice(objects.indexOf(target), 1);
        else merge(target, value);
      }
    }
  };
  for (const value of root.at('patchesStrategicMerge').items()) patch(value, value, one => named(objects, one));
  for (const value of root.at('patches').items()) {
    const target = value.at('target');
    const text = value.at('path').exists ? value.at('path') : value.at('patch');
    patch(value, text, one => (target.exists ? selected(objects, target) : named(objects, one)));
  }
  changeNamespace(objects, root.at('namespace'));
  changeNames(objects, root.at('namePrefix'), root.at('nameSuffix'));
  changeLabels(objects, root);
  for (const value of root.at('patchesJson6902').items()) {
    const text = value.at('path').exists ? value.at('path') : value.at('patch');
    patch(value, text, () => selected(objects, value.at('target')));
  }
  for (const value of root.at('replicas').items()) note(value, !changeReplicas(objects, value));
  for (const value of root.at('images').items()) note(value, !changeImage(objects, value));
  replaceFields(objects, root.at('replacements'), target => selected(objects, target));
}

function merge(target: BuiltObject, patch: Value): void {
  const kept = (['apiVersion', 'kind'] as const).map(key => [key, nodeAt(target.root, key)] as const);
  const names = (['name', 'namespace'] as const).map(key => [key, nodeAt(target.root, 'metadata', key)] as const);
  mergePatch(target.root, patch, isBuiltIn(target));
  for (const [key, node] of kept) if (node) set(target.root, key, node);
  const metadata = nodeAt(target.root, 'metadata');
  if (metadata?.kind !== 'mapping') return;
  for (const [key, node] of names) {
    if (node) set(metadata, key, node);
    else metadata.entries?.delete(key);
  }
}

/** The documents of a patch, which is a path or stands in the kustomization itself. */
function patchRoots(
  state: State,
  directory: string,
  text: Value,
): readonly { readonly value: Value; readonly path: string | undefined }[] {
  const written = text.string ?? '';
  if (/\n|^\s*[[{]|^\s*-\s/.test(written)) return [{ value: text.embedded().root, path: undefined }];
  const file = state.files.file(resolvePath(directory, written));
  if (!file) return [];
  state.used.add(file.path);
  return file.documents.filter(one => !one.isUnread).map(one => ({ value: one.root, path: file.path }));
}

/** The objects that a strategic merge patch names. */
function named(objects: readonly BuiltObject[], patch: Value): readonly BuiltObject[] {
  const name = patch.at('metadata', 'name').text;
  const kind = patch.at('kind').text;
  const group = groupIn(patch.at('apiVersion').text);
  const namespace = patch.at('metadata', 'namespace').text;
  return objects.filter(
    one =>
      kindOf(one) === kind &&
      name !== undefined &&
      one.names.includes(name) &&
      groupOf(one) === group &&
      (namespace === undefined || (one.source?.namespace ?? namespaceOf(one) ?? namespace) === namespace),
  );
}

/** The objects that a `target` selects, whose kind, name and namespace are regular expressions for the whole of them. */
function selected(objects: readonly BuiltObject[], target: Value): readonly BuiltObject[] {
  const [group, kind, name, namespace] = ['group', 'kind', 'name', 'namespace'].map(key => target.at(key).text);
  const labels = target.at('labelSelector').text;
  return objects.filter(
    one =>
      (group === undefined || groupOf(one) === group) &&
      isNamed(kindOf(one) ?? '', kind) &&
      (name === undefined || one.names.some(own => isNamed(own, name))) &&
      (namespace === undefined || isNamed(namespaceOf(one) ?? '', namespace)) &&
      (labels === undefined || hasLabels(one, labels)) &&
      !target.at('annotationSelector').exists,
  );
}

/** Selectors of equality, which are what kustomizations have. */
function hasLabels(object: BuiltObject, selector: string): boolean {
  return selector.split(',').every(part => {
    const [, key = '', operator, value = ''] = /^\s*([^=!\s]+)\s*(?:(==?|!=)\s*(\S*))?\s*$/.exec(part) ?? [];
    const own = textOf(nodeAt(object.root, 'metadata', 'labels', key));
    return operator === undefined ? own !== undefined : operator === '!=' ? own !== value : own === value;
  });
}

/** Whether a name is what a target asks for, which is a regular expression for the whole of it. */
export function isNamed(name: string, asked: string | undefined): boolean {
  if (asked === undefined || asked === name) return true;
  try {
    return new RegExp(`^(?:${asked})$`).test(name);
  } catch {
    return false;
  }
}

/** What `kind` says; undefined where it is no text. */
export function kindOf(object: BuiltObject): string | undefined {
  return textOf(nodeAt(object.root, 'kind'));
}

/** What `metadata.name` says; undefined where it is no text. */
export function nameOf(object: BuiltObject): string | undefined {
  return textOf(nodeAt(object.root, 'metadata', 'name'));
}

/** What `metadata.namespace` says; undefined where it is no text. */
export function namespaceOf(object: BuiltObject): string | undefined {
  return textOf(nodeAt(object.root, 'metadata', 'namespace'));
}

/** The API group, empty for that of the core. */
export function groupOf(object: BuiltObject): string {
  return groupIn(textOf(nodeAt(object.root, 'apiVersion')));
}

function groupIn(apiVersion: string | undefined): string {
  return apiVersion?.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/** Whether an object is of a kind of Kubernetes itself, whose lists have known keys. */
function isBuiltIn(object: BuiltObject): boolean {
  const group = groupOf(object);
  return !group.includes('.') || group.endsWith('.k8s.io');
}

/** What brings controllers and their kinds to a cluster, and nothing that the objects of a deployment refer to by name. */
const operators =
  /cert-manager|cloudnative-pg|cnpg|ingress-nginx|prometheus|minio\/operator|metallb|metrics-server|external-secrets|sealed-secrets|gateway-api|longhorn|rook|reloader/i;

/** https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md */
function isRemote(path: string): boolean {
  return /^[\w+.-]+:\/\/|^git@|^git::|\?ref=|^github\.com\//.test(path);
}
