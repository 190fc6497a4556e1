import { renameKey, replaceScalar } from '../../manifests/edit';
import type { SourceFile } from '../../manifests/file';
import { groupedBy } from '../../manifests/grouped';
import type { Place, TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { builtTrees } from '../kustomization/built-trees';
import { podsOf } from '../pods';
import { makersOf } from './definitions';
import { occurrencesIn, occurrencesOf } from './find';
import { namedAfter } from './generated';
import { carriersOf } from './labels';
import { type Occurrence, objectSubject, type Subject } from './occurrence';

/** What a renaming would change, or why it cannot be done, in a sentence for the person who asked. */
export type Renaming =
  | {
      readonly subjects: readonly Subject[];
      readonly occurrences: readonly Occurrence[];
      /** What the edits cannot do and a person has to know. */
      readonly warning: string | undefined;
    }
  | { readonly refused: string };

/**
 * Everything that has to be renamed together with the names at one place: all their occurrences, and whatever shares a
 * name with one of them, such as a port that a Service asks of several workloads.
 */
export function renamingOf(workspace: Workspace, pointed: readonly Occurrence[]): Renaming {
  const named = pointed.filter(one => !one.isIndirect);
  if (named.length === 0) return { refused: 'Nothing here has a name that could be changed.' };
  const subjects = new Map<string, Subject>();
  const occurrences: Occurrence[] = [];
  const names = namesByPlace(workspace);
  const following = new Set<string>();
  const waiting = named.map(({ subject }) => subject);
  for (let subject = waiting.pop(); subject; subject = waiting.pop()) {
    const key = `${subject.id}\n${subject.namespace ?? ''}`;
    if (subjects.has(key)) continue;
    subjects.set(key, subject);
    for (const label of labelsAfter(workspace, subject)) {
      following.add(label.id);
      waiting.push(label);
    }
    for (const one of [...occurrencesOf(workspace, subject), ...builtNames(workspace, subject)]) {
      if (one.isIndirect) continue;
      occurrences.push(one);
      waiting.push(...names(one.at).map(other => other.subject));
    }
  }
  const all = [...subjects.values()];
  for (const subject of all) {
    if (following.has(subject.id)) continue;
    const refused = refusal(workspace, subject, occurrences);
    if (refused !== undefined) return { refused };
  }
  const built = occurrences.find(({ at, subject }) => textAt(workspace, at) !== subject.name);
  if (built)
    return {
      refused: `The name is put together at ${describe(workspace, built.at)}, so it has to be changed there by hand.`,
    };
  return { subjects: all, occurrences, warning: warningFor(workspace, all) };
}

/** Why a new name cannot be taken; undefined if it can. */
export function problemOfName(workspace: Workspace, subjects: readonly Subject[], newName: string): string | undefined {
  for (const subject of subjects) {
    const form = formOf(subject);
    if (!form.pattern.test(newName) || newName.length > form.length)
      return `“${newName}” cannot be the name of ${article(subject)}: ${form.says}.`;
    if (subject.kind === 'label' || newName === subject.name) continue;
    const renamed = { ...subject, id: `${subject.id.slice(0, -subject.name.length)}${newName}`, name: newName };
    const [taken] = occurrencesOf(workspace, renamed).filter(({ role }) => role === 'definition');
    const place = taken?.at ?? makersOf(workspace, renamed)[0];
    if (place) return `There is ${article(subject)} ${newName} already, at ${describe(workspace, place)}.`;
  }
  return undefined;
}

/** The edits that give every occurrence the new name, in the quotes that it stands in or needs. */
export function editsOf(occurrences: readonly Occurrence[], newName: string): readonly TextEdit[] {
  const edits = new Map<string, TextEdit>();
  for (const { at, whole } of occurrences) {
    const inYaml = whole && (whole.isKey ? renameKey(whole.value, newName) : replaceScalar(whole.value, newName));
    const edit = inYaml ?? { at, newText: newName };
    edits.set(`${at.uri}\n${at.span.start}`, edit);
  }
  return [...edits.values()];
}

/** The name as a part of another that kustomizations make of it with a prefix or suffix, where somebody refers to that. */
function builtNames(workspace: Workspace, subject: Subject): readonly Occurrence[] {
  const { kind, id, namespace, name } = subject;
  const qualified = id.slice(0, -name.length - 1);
  const owner = kind === 'object' ? workspace.find(qualified, namespace, name) : undefined;
  if (!owner) return [];
  const written = owner.root.at('metadata', 'name');
  const built = builtTrees(workspace).flatMap(tree =>
    tree.placesOf(written, written.span.start).flatMap(({ file, offset }) =>
      file.documents
        .flatMap(({ resources }) => resources)
        .filter(({ root }) => {
          const { start, end } = root.at('metadata', 'name').span;
          return start <= offset && offset <= end;
        }),
    ),
  );
  return built
    .filter(one => one.name !== name && one.name.includes(name))
    .flatMap(one => {
      const start = one.name.indexOf(name);
      return occurrencesOf(workspace, objectSubject(qualified, one.namespace, one.name))
        .filter(({ isIndirect, at }) => !isIndirect && textAt(workspace, at) === one.name)
        .map(({ at: { uri, span } }): Occurrence => {
          const from = span.start + start;
          return { subject, at: { uri, span: { start: from, end: from + name.length } }, role: 'reference' };
        });
    });
}

/** The labels that a controller puts on the pods of an object with the object's name as their value. */
function labelsAfter(workspace: Workspace, { kind, id, namespace, name }: Subject): readonly Subject[] {
  const owner = kind === 'object' ? workspace.find(id.slice(0, -name.length - 1), namespace, name) : undefined;
  return (owner ? podsOf(owner) : []).flatMap(({ labels, template }) =>
    [...labels]
      .filter(([key, value]) => value === name && template?.at('metadata', 'labels', key).exists !== true)
      .map(([key]) => ({ kind: 'label', id: `pod/${key}=${name}`, namespace, name }) as const),
  );
}

/** The names at a place, each file read once. */
function namesByPlace(workspace: Workspace): (place: Place) => readonly Occurrence[] {
  const files = new Map<string, ReadonlyMap<number, readonly Occurrence[]>>();
  return ({ uri, span }) => {
    const file = workspace.file(uri);
    if (!file) return [];
    let names = files.get(uri);
    if (!names) {
      names = byStart(workspace, file);
      files.set(uri, names);
    }
    return (names.get(span.start) ?? []).filter(one => !one.isIndirect && one.at.span.end === span.end);
  };
}

function byStart(workspace: Workspace, file: SourceFile): ReadonlyMap<number, readonly Occurrence[]> {
  return groupedBy(occurrencesIn(workspace, file), one => one.at.span.start);
}

function refusal(workspace: Workspace, subject: Subject, occurrences: readonly Occurrence[]): string | undefined {
  const { kind, id, name } = subject;
  const own = occurrences.filter(one => one.subject.id === id);
  if (kind === 'placeholder') return undefined;
  if (!own.some(one => one.role === 'definition')) {
    const makers = kind === 'label' ? own.flatMap(one => carriersOf(workspace, one)) : makersOf(workspace, subject);
    const [maker] = makers;
    if (!maker) return `Nothing in this tree defines ${name}, so it is not known what else would have to be renamed.`;
    if (kind === 'worker') return `The name ${name} is made of the name of a pod: see ${describe(workspace, maker)}.`;
    // The name of what a controller makes may be stated, as in the `tls` of an Ingress; there it can be changed.
    const isStated = makers.every(place => own.some(one => isSamePlace(one.at, place)));
    if (!isStated)
      return `${name} is not written anywhere: it is made from ${describe(workspace, maker)}, which decides its name.`;
  }
  if (kind !== 'object') return undefined;
  const owner = workspace.find(id.slice(0, -name.length - 1), subject.namespace, name);
  if (owner?.kind === 'CustomResourceDefinition')
    return 'The name of a CustomResourceDefinition is made of its plural and its group.';
  const made = owner && owner.kind !== 'StatefulSet' ? namedAfter(workspace, owner) : [];
  const used = made.find(one => occurrencesOf(workspace, one).length > 0);
  return (
    used &&
    `${used.id.replace('/', ' ')} is made from ${name} and named after it; it is used in this tree and would be missing.`
  );
}

function warningFor(workspace: Workspace, subjects: readonly Subject[]): string | undefined {
  for (const { kind, id, namespace, name } of subjects) {
    const owner = kind === 'object' ? workspace.find(id.slice(0, -name.length - 1), namespace, name) : undefined;
    if (owner?.kind === 'PersistentVolumeClaim')
      return 'A claim under a new name is a new volume: the data stays in the old one.';
    if (owner?.kind === 'StatefulSet' && owner.root.at('spec', 'volumeClaimTemplates').items().length > 0)
      return 'The claims of a StatefulSet have its name: under a new name it starts with empty volumes.';
    if (owner?.kind === 'Namespace')
      return 'Objects cannot move: everything is created anew in the new namespace, without its data.';
    if (owner?.qualifiedKind === 'Cluster.postgresql.cnpg.io')
      return 'A Cluster under a new name is a new database without data.';
    if (owner?.qualifiedKind === 'Tenant.minio.min.io')
      return 'A Tenant under a new name is a new store without objects.';
  }
  return undefined;
}

interface Form {
  readonly pattern: RegExp;
  readonly length: number;
  readonly says: string;
}

/** What names may look like: Kubernetes documentation, "Object Names and IDs", and the API reference of each field. */
function formOf({ kind, id }: Subject): Form {
  switch (kind) {
    case 'object':
      if (/^(?:Service|Namespace)\//.test(id))
        return {
          pattern: /^[a-z]([a-z0-9-]*[a-z0-9])?$|^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
          length: 63,
          says: 'it takes at most 63 lower case letters, digits and “-”',
        };
      return {
        pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
        length: 253,
        says: 'it takes lower case letters, digits, “-” and “.”',
      };
    case 'key':
      return { pattern: /^[-._a-zA-Z0-9]+$/, length: 253, says: 'it takes letters, digits, “-”, “_” and “.”' };
    case 'port':
      return {
        pattern: /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/,
        length: 15,
        says: 'it takes at most 15 lower case letters, digits and “-”',
      };
    case 'volume':
      return {
        pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
        length: 63,
        says: 'it takes at most 63 lower case letters, digits and “-”',
      };
    case 'label':
      return {
        pattern: /^([a-zA-Z0-9]([-._a-zA-Z0-9]*[a-zA-Z0-9])?)?$/,
        length: 63,
        says: 'it takes at most 63 letters, digits, “-”, “_” and “.”',
      };
    case 'variable':
      return { pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, length: 1000, says: 'it takes letters, digits and “_”' };
    case 'worker':
    case 'haproxy':
      return { pattern: /^[A-Za-z0-9_.:-]+$/, length: 1000, says: 'it takes letters, digits, “-”, “_”, “.” and “:”' };
    case 'placeholder':
      return { pattern: /^[A-Za-z0-9_@${}<>.-]+$/, length: 1000, says: 'it takes letters, digits and “_”' };
  }
}

function article({ kind, id }: Subject): string {
  const names = {
    object: `a ${id.split(/[./]/)[0]}`,
    key: 'a key',
    port: 'a port',
    volume: 'a volume',
    label: 'a label',
    variable: 'a variable',
    placeholder: 'a placeholder',
    worker: 'a worker',
    haproxy: 'a part of a HAProxy configuration',
  };
  return names[kind];
}

function isSamePlace(a: Place, b: Place): boolean {
  return a.uri === b.uri && a.span.start >= b.span.start && a.span.end <= b.span.end;
}

function textAt(workspace: Workspace, { uri, span }: Place): string | undefined {
  return workspace.file(uri)?.text.slice(span.start, span.end);
}

/** `path:line`. */
function describe(workspace: Workspace, { uri, span }: Place): string {
  const file = workspace.file(uri);
  return file ? `${file.path}:${file.lines.lineOf(span.start) + 1}` : uri;
}
