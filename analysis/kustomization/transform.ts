import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { BuiltObject } from './build';
import { groupOf, kindOf, nameOf, namespaceOf } from './build';
import {
  entriesOf,
  itemsOf,
  type ListNode,
  type MapNode,
  mapNode,
  mappingAt,
  type Node,
  nodeAt,
  nodeOf,
  numberNode,
  type Origin,
  set,
  setItems,
  textNode,
  textOf,
  wholeOf,
} from './node';

/** Gives its namespace to every object that can have one (api/internal/builtins, NamespaceTransformer). */
export function changeNamespace(objects: readonly BuiltObject[], namespace: Value): void {
  if (namespace.string === undefined) return;
  const accounts = new Set(objects.filter(isAccount).map(one => `${namespaceOf(one) ?? ''}/${nameOf(one)}`));
  for (const object of objects) {
    const kind = kindOf(object) ?? '';
    const metadata = mappingAt(object.root, 'metadata');
    if (!metadata) continue;
    if (kind === 'Namespace') set(metadata, 'name', nodeOf(namespace));
    else if (!clusterScoped.has(kind) && textOf(nodeAt(metadata, 'namespace')) !== namespace.string)
      set(metadata, 'namespace', nodeOf(namespace), namespace.key);
    if (/^(?:Cluster)?RoleBinding$/.test(kind))
      for (const subject of listItems(object.root, 'subjects')) {
        const name = textOf(nodeAt(subject, 'name'));
        if (subject.kind !== 'mapping' || textOf(nodeAt(subject, 'kind')) !== 'ServiceAccount') continue;
        const known = accounts.has(`${textOf(nodeAt(subject, 'namespace')) ?? ''}/${name}`);
        if (name === 'default' || known) set(subject, 'namespace', nodeOf(namespace));
      }
  }
}

function isAccount(object: BuiltObject): boolean {
  return kindOf(object) === 'ServiceAccount';
}

const clusterScoped: ReadonlySet<string> = new Set([
  'APIService',
  'CSIDriver',
  'ClusterExternalSecret',
  'ClusterIssuer',
  'ClusterRole',
  'ClusterRoleBinding',
  'ClusterSecretStore',
  'CustomResourceDefinition',
  'GatewayClass',
  'IngressClass',
  'MutatingWebhookConfiguration',
  'Node',
  'PersistentVolume',
  'PriorityClass',
  'RuntimeClass',
  'StorageClass',
  'ValidatingWebhookConfiguration',
  'VolumeSnapshotClass',
]);

/** Puts a prefix and a suffix around the names of objects, also where objects of Kubernetes' own kinds refer to them. */
export function changeNames(objects: readonly BuiltObject[], prefix: Value, suffix: Value): void {
  const [before, after] = [prefix.text ?? '', suffix.text ?? ''];
  if (before === '' && after === '') return;
  const renamed = new Map<string, string>();
  const spaces = new Set(objects.filter(isAccount).map(namespaceOf));
  for (const object of objects) {
    const kind = kindOf(object) ?? '';
    const metadata = nodeAt(object.root, 'metadata');
    const name = nodeAt(metadata, 'name');
    if (unprefixed.has(kind) || metadata?.kind !== 'mapping' || name?.kind !== 'scalar') continue;
    const text = before + name.text + after;
    renamed.set(`${kind}/${name.text}`, text);
    set(metadata, 'name', textNode(text, name.base && wholeOf(name.base)));
    object.names.push(text);
  }
  for (const object of objects) {
    const group = groupOf(object);
    const isCustom = group.includes('.') && !group.endsWith('.k8s.io');
    if (!isCustom && referring.test(kindOf(object) ?? ''))
      changeReferences(object.root, '', { names: renamed, spaces });
  }
}

const unprefixed: ReadonlySet<string> = new Set(['Namespace', 'CustomResourceDefinition', 'APIService']);
const referring =
  /^(?:Pod|Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob|Ingress|ServiceAccount|(?:Cluster)?RoleBinding|HorizontalPodAutoscaler|PersistentVolumeClaim)$/;

interface Renamed {
  /** New names by kind and old name. */
  readonly names: ReadonlyMap<string, string>;
  /** The namespaces of the ServiceAccounts. */
  readonly spaces: ReadonlySet<string | undefined>;
}

/** The fields that kustomize knows to hold names (api/konfig/builtinpluginconsts/namereference.go). */
function changeReferences(node: Node, field: string, renamed: Renamed): void {
  if (node.kind === 'sequence') for (const item of itemsOf(node)) changeReferences(item, field, renamed);
  if (node.kind !== 'mapping') return;
  const space = textOf(nodeAt(node, 'namespace'));
  if (field === 'subjects' && space !== undefined && !renamed.spaces.has(space)) return;
  const rename = (key: string, kind: string | undefined): void => {
    const name = nodeAt(node, key);
    const text = kind === undefined || name?.kind !== 'scalar' ? undefined : renamed.names.get(`${kind}/${name.text}`);
    if (text !== undefined && name?.kind === 'scalar') set(node, key, textNode(text, name.base && wholeOf(name.base)));
  };
  rename('secretName', 'Secret');
  rename('serviceAccountName', 'ServiceAccount');
  rename('claimName', 'PersistentVolumeClaim');
  rename('serviceName', 'Service');
  rename('storageClassName', 'StorageClass');
  rename('name', namedBy[field] ?? (byKind.has(field) ? textOf(nodeAt(node, 'kind')) : undefined));
  for (const [key, { node: child }] of entriesOf(node)) changeReferences(child, key, renamed);
}

const namedBy = table<string>({
  configMap: 'ConfigMap',
  configMapRef: 'ConfigMap',
  configMapKeyRef: 'ConfigMap',
  secret: 'Secret',
  secretRef: 'Secret',
  secretKeyRef: 'Secret',
  imagePullSecrets: 'Secret',
  service: 'Service',
});
const byKind: ReadonlySet<string> = new Set(['roleRef', 'subjects', 'scaleTargetRef']);

/** `commonLabels` and `labels` (api/konfig/builtinpluginconsts/commonlabels.go). */
export function changeLabels(objects: readonly BuiltObject[], root: Value): void {
  const given = [
    { pairs: root.at('commonLabels'), selectors: true, templates: true },
    ...root
      .at('labels')
      .items()
      .map(one => ({
        pairs: one.at('pairs'),
        selectors: one.at('includeSelectors').boolean === true,
        templates: one.at('includeTemplates').boolean === true || one.at('includeSelectors').boolean === true,
      })),
  ];
  for (const { pairs, selectors, templates } of given) {
    const labels = pairs.entries();
    if (labels.length === 0) continue;
    for (const object of objects) {
      const add = (...path: readonly string[]): void => {
        const target = mappingAt(object.root, ...path);
        if (target) for (const [key, value] of labels) set(target, key, nodeOf(value), value.key);
      };
      const addIfThere = (...path: readonly string[]): void => {
        if (nodeAt(object.root, ...path)) add(...path);
      };
      const kind = kindOf(object) ?? '';
      add('metadata', 'labels');
      const isWorkload = /^(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|Job)$/.test(kind);
      if (templates && isWorkload) add('spec', 'template', 'metadata', 'labels');
      if (templates && kind === 'CronJob') add('spec', 'jobTemplate', 'metadata', 'labels');
      if (templates && kind === 'CronJob') add('spec', 'jobTemplate', 'spec', 'template', 'metadata', 'labels');
      if (!selectors) continue;
      if (kind === 'Service') add('spec', 'selector');
      else if (isWorkload && kind !== 'Job') add('spec', 'selector', 'matchLabels');
      else if (kind === 'PodDisruptionBudget') addIfThere('spec', 'selector', 'matchLabels');
      else if (kind === 'NetworkPolicy') changePolicy(object.root, addIfThere, labels);
    }
  }
}

function changePolicy(
  root: MapNode,
  addIfThere: (...path: readonly string[]) => void,
  labels: readonly (readonly [string, Value])[],
): void {
  addIfThere('spec', 'podSelector', 'matchLabels');
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const)
    for (const rule of listItems(root, 'spec', direction))
      for (const peer of listItems(rule, peers)) {
        const own = nodeAt(peer, 'podSelector', 'matchLabels');
        if (own?.kind === 'mapping') for (const [key, value] of labels) set(own, key, nodeOf(value), value.key);
      }
}

/** An entry of `replicas`. Says whether there is something that it is for. */
export function changeReplicas(objects: readonly BuiltObject[], item: Value): boolean {
  const count = item.at('count');
  const found = objects.filter(
    object =>
      object.names.includes(item.at('name').text ?? '') &&
      /^(?:Deployment|StatefulSet|ReplicaSet|ReplicationController)$/.test(kindOf(object) ?? ''),
  );
  for (const object of found) {
    const spec = count.number === undefined ? undefined : mappingAt(object.root, 'spec');
    if (spec && count.number !== undefined) set(spec, 'replicas', numberNode(count.number, count), count.key);
  }
  return found.length > 0;
}

/** An entry of `images`, for the containers of pods (api/filters/imagetag). Says whether it is for any. */
export function changeImage(objects: readonly BuiltObject[], change: Value): boolean {
  const name = change.at('name').text ?? '';
  let isUsed = false;
  for (const object of objects) {
    for (const container of containersIn(object.root)) {
      const image = textOf(nodeAt(container, 'image'));
      if (image === undefined || name === '' || !isImage(image, name)) continue;
      isUsed = true;
      const [, tag = '', digest = ''] = /^(?:[^@]*?)(:[^:/@]+)?(@.*)?$/.exec(image) ?? [];
      const [newName, newTag, newDigest] = ['newName', 'newTag', 'digest'].map(key => change.at(key));
      const ending = newDigest?.text
        ? `@${newDigest.text}`
        : newTag?.text !== undefined
          ? `:${newTag.text}`
          : tag + digest;
      const origin = [newName, newTag, newDigest].find(value => value?.text !== undefined);
      if (origin) set(container, 'image', textNode((newName?.text ?? name) + ending, wholeOf(origin)));
    }
  }
  return isUsed;
}

function isImage(image: string, name: string): boolean {
  return (
    image === name ||
    (image.startsWith(name) && /^[:@]/.test(image.slice(name.length)) && !/^:.*\//.test(image.slice(name.length)))
  );
}

/** The containers of a pod or of what makes pods. */
function containersIn(root: MapNode): readonly MapNode[] {
  return podPaths.flatMap(path =>
    ['initContainers', 'containers'].flatMap(field =>
      listItems(root, ...path, field).flatMap(item => (item.kind === 'mapping' ? [item] : [])),
    ),
  );
}

const podPaths = [['spec', 'template', 'spec'], ['spec', 'jobTemplate', 'spec', 'template', 'spec'], ['spec']];

/** `replacements`: a field of one object is written to fields of others (api/filters/replacement). */
export function replaceFields(
  objects: readonly BuiltObject[],
  replacements: Value,
  select: (target: Value) => readonly BuiltObject[],
): void {
  for (const replacement of replacements.items()) {
    const source = replacement.at('source');
    const [from] = select(source);
    const value = from && nodeAt(from.root, ...fieldPath(source.at('fieldPath').text ?? 'metadata.name'));
    const text = value?.kind === 'scalar' ? part(value.text, source.at('options')) : undefined;
    if (value?.kind !== 'scalar' || text === undefined) continue;
    for (const target of replacement.at('targets').items()) {
      const rejected = new Set(target.at('reject').items().flatMap(select));
      for (const object of select(target.at('select'))) {
        if (rejected.has(object) || !objects.includes(object)) continue;
        const paths = target.at('fieldPaths').items();
        for (const path of paths.length > 0 ? paths.map(one => one.text ?? '') : ['metadata.name'])
          write(object.root, fieldPath(path), target.at('options'), text, value);
      }
    }
  }
}

function write(root: Node, path: readonly string[], options: Value, text: string, source: Node): void {
  const [step = '', ...rest] = path;
  if (root.kind === 'sequence') {
    const items = itemsOf(root);
    const [, key = '', wanted] = /^\[([^=]+)=(.*)\]$/.exec(step) ?? [];
    const chosen =
      step === '*'
        ? items
        : wanted !== undefined
          ? items.filter(one => textOf(key === '' ? one : nodeAt(one, key)) === wanted)
          : items.slice(Number(step), Number(step) + 1);
    if (rest.length > 0) for (const item of chosen) write(item, rest, options, text, source);
    else
      setItems(
        root as ListNode,
        items.map(one => (chosen.includes(one) ? made(one, options, text, source) : one)),
      );
    return;
  }
  if (root.kind !== 'mapping') return;
  const keys = step === '*' ? [...entriesOf(root).keys()] : [step];
  for (const key of keys) {
    const child = nodeAt(root, key);
    if (rest.length === 0) {
      if (child || options.at('create').boolean === true) set(root, key, made(child, options, text, source));
    } else if (child) write(child, rest, options, text, source);
    else if (options.at('create').boolean === true) {
      const next = mapNode();
      set(root, key, next);
      write(next, rest, options, text, source);
    }
  }
}

function made(before: Node | undefined, options: Value, text: string, source: Node): Node {
  const origin = source.kind === 'scalar' ? wholeOnly(source.origin) : undefined;
  const delimiter = options.at('delimiter').text;
  if (delimiter === undefined || before?.kind !== 'scalar') return textNode(text, origin);
  const parts = before.text.split(delimiter);
  parts[options.at('index').number ?? 0] = text;
  return textNode(parts.join(delimiter), before.base && wholeOf(before.base));
}

/** What is copied to several places is written at none of them. */
function wholeOnly(origin: Origin | undefined): Origin | undefined {
  return origin && { whole: origin.whole, part: (start, end) => origin.part(start, end), scalar: undefined };
}

function part(text: string, options: Value): string | undefined {
  const delimiter = options.at('delimiter').text;
  return delimiter === undefined ? text : text.split(delimiter)[options.at('index').number ?? 0];
}

/** `spec.template.spec.containers.[name=hello].image`; a dot inside a key is written `\.`. */
function fieldPath(path: string): readonly string[] {
  return (path.match(/\[[^\]]*\]|(?:\\.|[^.\\])+/g) ?? []).map(step => step.replaceAll('\\.', '.'));
}

function listItems(node: Node, ...path: readonly string[]): readonly Node[] {
  const list = nodeAt(node, ...path);
  return list?.kind === 'sequence' ? itemsOf(list) : [];
}
