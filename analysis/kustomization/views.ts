import type { ManifestDocument } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import { groupedBy } from '../../manifests/grouped';
import { compareTexts } from '../../manifests/order';
import { directoryOf, resolvePath } from '../../manifests/paths';
import type { Value } from '../../manifests/value';
import { type Alternative, isInAlternative } from '../alternatives';
import { type Build, type BuildFiles, type BuiltObject, build, kindOf, nameOf, namespaceOf } from './build';
import { isAsWritten } from './node';
import { type PrintedText, Printer } from './print';

/**
 * A tree as one deployment of it will be: what its kustomizations build stands in the place of what they are built from,
 * and everything else is as it is.
 */
export interface View {
  /** The directories of the kustomizations that it builds, which tell it from others. */
  readonly key: string;
  /** The directories of the kustomizations that this one builds and another does not; empty where there is no choice. */
  readonly title: string;
  /** Whether its name says that it is another than production. */
  readonly isTrial: boolean;
  /** Whether there are objects in it that the tree does not show. */
  readonly isOpen: boolean;
  /** Whether a kustomization of the tree cannot be read, so that nobody knows what is built. */
  readonly isUnread: boolean;
  readonly files: readonly ViewFile[];
  /** Directories of the kustomizations that take part in it. */
  readonly directories: ReadonlySet<string>;
  /** Paths of the patches that change an object of it. */
  readonly applied: ReadonlySet<string>;
  /** Paths of the files that its generators read, which are no manifests whatever their names. */
  readonly inputs: ReadonlySet<string>;
  /** Paths of all files that a kustomization of the tree takes in, in this view or another. */
  readonly used: ReadonlySet<string>;
  /** Entries of its kustomizations that change nothing; see `Build`. */
  readonly idle: readonly Value[];
  /** The kustomization to name where something stands nowhere else; of plain directories the first document in them. */
  readonly kustomization: ManifestDocument;
  /** Whether nothing is built: there is a choice between plain directories. */
  readonly isPlain: boolean;
}

export interface ViewFile {
  readonly uri: string;
  readonly path: string;
  readonly text: string;
  readonly unread: string | undefined;
  /** What the text is put together from; undefined for a file that is as it is. */
  readonly printed: PrintedText | undefined;
}

/**
 * The deployments that a tree describes by kustomizations; none if it has none that build anything. Kustomizations that
 * no other takes in are built. Those that build the same objects, as overlays of one base do, are alternatives, and each
 * has a view of its own together with all that does not contradict it.
 */
export function viewsOf(files: readonly SourceFile[]): readonly View[] {
  const kustomizations = new Map<string, ManifestDocument>();
  for (const file of files)
    if (isKustomization(file) && file.documents[0]) kustomizations.set(file.directory, file.documents[0]);
  if (kustomizations.size === 0) return [];
  const byPath = new Map(files.map(file => [file.path, file]));
  const source: BuildFiles = {
    file: path => byPath.get(path),
    kustomization: directory => kustomizations.get(directory),
  };
  const taken = new Set([...kustomizations.values()].flatMap(directoriesTakenIn));
  const builds = [...kustomizations.values()]
    .filter(one => one.root.at('kind').text !== 'Component' && !taken.has(one.file.directory))
    .map(one => build(source, one))
    .sort(productionFirst);
  const sets = combinations(
    builds.filter(one => one.objects.length > 0),
    areAlternatives,
  );
  const used = new Set(builds.flatMap(one => [...one.used]));
  return sets.map(set => viewOf(set, sets.length > 1, builds, used, files, kustomizations));
}

/**
 * The deployments of a tree without kustomizations whose directories are alternatives: what is in such a directory is
 * deployed with what is in none, as a directory of monitors that they share.
 */
export function plainViewsOf(files: readonly SourceFile[], alternatives: readonly Alternative[]): readonly View[] {
  const sets = combinations([...alternatives].sort(productionFirst), (one, other) => one.others.has(other.directory));
  return sets.flatMap(set => {
    const directories = new Set(set.map(one => one.directory));
    const out = alternatives.filter(one => !directories.has(one.directory));
    const isIn = (file: SourceFile, one: Alternative): boolean => isInAlternative(file.path, one.directory);
    const [first] = files.flatMap(file => (set.some(one => isIn(file, one)) ? file.documents.slice(0, 1) : []));
    if (!first) return [];
    return {
      key: [...directories].join('\n'),
      title: [...directories].join(', '),
      isTrial: set.some(one => isTrial(one.directory)),
      isOpen: false,
      isUnread: false,
      files: files.map(file =>
        asIs(
          file,
          out.some(one => isIn(file, one)),
        ),
      ),
      directories,
      applied: none,
      inputs: none,
      used: none,
      idle: [],
      kustomization: first,
      isPlain: true,
    };
  });
}

const none: ReadonlySet<string> = new Set();

function directoriesTakenIn({ root, file }: ManifestDocument): readonly string[] {
  return ['resources', 'bases', 'components']
    .flatMap(field => root.at(field).items())
    .map(item => resolvePath(file.directory, item.text ?? ''))
    .filter(directory => directory !== file.directory);
}

function isKustomization(file: SourceFile): boolean {
  if (!file.isKustomization || file.isChartPart) return false;
  return /^(?:kustomize\.config\.k8s\.io\/|$)/.test(file.documents[0]?.root.at('apiVersion').text ?? '');
}

/** Sets of deployments of which no two are alternatives, such that each is in one of them. */
function combinations<T extends InDirectory>(
  deployments: readonly T[],
  isAlternative: (one: T, other: T) => boolean,
): readonly (readonly T[])[] {
  const sets: T[][] = [];
  const covered = new Set<T>();
  for (const first of deployments) {
    if (covered.has(first)) continue;
    const set = [first];
    const others = deployments
      .filter(one => one !== first)
      .sort((a, b) => likeness(b, first) - likeness(a, first) || rank(a.directory) - rank(b.directory));
    for (const one of others) if (!set.some(other => isAlternative(one, other))) set.push(one);
    for (const one of set) covered.add(one);
    sets.push(set.sort((a, b) => compareTexts(a.directory, b.directory)));
  }
  return sets;
}

interface InDirectory {
  readonly directory: string;
}

/** Whether two builds deploy the same thing in two ways. */
function areAlternatives(a: Build, b: Build): boolean {
  for (const path of a.resourceFiles) if (b.resourceFiles.has(path)) return true;
  const names = new Set(a.objects.map(identityOf));
  return b.objects.some(one => kindOf(one) !== 'Namespace' && names.has(identityOf(one)));
}

function identityOf(object: BuiltObject): string {
  return `${kindOf(object)}/${namespaceOf(object) ?? ''}/${nameOf(object)}`;
}

/** How many parts of their paths two builds share: `apps/a/production` goes with `apps/b/production`. */
function likeness(one: InDirectory, other: InDirectory): number {
  const parts = new Set(one.directory.split('/'));
  return other.directory.split('/').filter(part => parts.has(part)).length;
}

function productionFirst(a: InDirectory, b: InDirectory): number {
  return rank(a.directory) - rank(b.directory) || compareTexts(a.directory, b.directory);
}

function rank(directory: string): number {
  return /prod|live/i.test(directory) ? 0 : isTrial(directory) ? 2 : 1;
}

function isTrial(directory: string): boolean {
  return /(?:^|[/_-])(?:staging|stage|dev|devel|development|test|testing|qa|uat|local|kind|minikube|ci|review|preview|sandbox|demo)(?:$|[/_-])/i.test(
    directory,
  );
}

function viewOf(
  set: readonly Build[],
  hasAlternatives: boolean,
  builds: readonly Build[],
  used: ReadonlySet<string>,
  files: readonly SourceFile[],
  kustomizations: ReadonlyMap<string, ManifestDocument>,
): View {
  const [first] = set as [Build];
  const built = groupedBy(
    set.flatMap(({ objects }) => objects),
    one => one.document,
  );
  const resourceFiles = new Set(set.flatMap(one => [...one.resourceFiles]));
  const directories = new Set(set.flatMap(one => [...one.directories]));
  const elsewhere = new Set(builds.flatMap(one => [...one.directories]).filter(one => !directories.has(one)));
  const own = set.filter(one => builds.some(other => other !== one && areAlternatives(one, other)));
  const shown = files.flatMap(file => {
    if (resourceFiles.has(file.path)) return printedFiles(file, built);
    const isOut =
      used.has(file.path) ||
      (kustomizations.has(file.directory) && isKustomization(file)) ||
      elsewhere.has(nearest(file.directory, kustomizations));
    return [asIs(file, isOut), ...(isKustomization(file) ? generatedFile(file, built) : [])];
  });
  return {
    key: set.map(one => one.directory).join('\n'),
    title: hasAlternatives ? (own.length > 0 ? own : set).map(one => one.directory || '.').join(', ') : '',
    isTrial: hasAlternatives && set.some(one => isTrial(one.directory)),
    isOpen: set.some(one => one.isOpen),
    isUnread: [...kustomizations.values()].some(one => one.isUnread),
    files: shown,
    directories,
    applied: new Set(set.flatMap(one => [...one.applied])),
    inputs: new Set(set.flatMap(one => [...one.inputs])),
    used,
    idle: set.flatMap(one => one.idle),
    kustomization: first.kustomization,
    isPlain: false,
  };
}

/** The nearest directory above that has a kustomization. */
function nearest(directory: string, kustomizations: ReadonlyMap<string, ManifestDocument>): string {
  for (let at = directory; ; at = directoryOf(at)) if (at === '' || kustomizations.has(at)) return at;
}

/** A file that is not deployed as it stands is there, as scripts may name it, and says nothing. */
function asIs({ uri, path, text, unread }: SourceFile, isOut: boolean): ViewFile {
  return isOut
    ? { uri, path, text: '', unread: undefined, printed: { text: '', segments: [] } }
    : { uri, path, text, unread, printed: undefined };
}

/** A file as it is built; once more for each further time that a kustomization takes it in. */
function printedFiles(
  file: SourceFile,
  built: ReadonlyMap<ManifestDocument, readonly BuiltObject[]>,
): readonly ViewFile[] {
  const times = Math.max(
    1,
    ...file.documents.flatMap(document =>
      document.resources.map(resource => (built.get(document) ?? []).filter(one => one.source === resource).length),
    ),
  );
  return Array.from({ length: times }, (_, nth) => {
    const printer = new Printer();
    for (const document of file.documents) {
      const objects = document.resources.flatMap(
        resource => (built.get(document) ?? []).filter(one => one.source === resource)[nth] ?? [],
      );
      if (document.resources.length === 0) {
        if (nth === 0) printer.document(document);
      } else if (objects.length === document.resources.length && objects.every(one => isAsWritten(one.root)))
        printer.document(document);
      else if (document.resources.length === 1) for (const { root } of objects) printer.changed(document, root);
      else for (const { root } of objects) printer.made(root);
    }
    return madeFile(file, printer.printed, nth === 0 ? '' : `~${nth}`);
  });
}

function generatedFile(
  file: SourceFile,
  built: ReadonlyMap<ManifestDocument, readonly BuiltObject[]>,
): readonly ViewFile[] {
  const made = file.documents.flatMap(document => (built.get(document) ?? []).filter(one => !one.source));
  if (made.length === 0) return [];
  const printer = new Printer();
  for (const { root } of made) printer.made(root);
  return [madeFile(file, printer.printed, '~generated')];
}

function madeFile(file: SourceFile, printed: PrintedText, ending: string): ViewFile {
  const path = ending === '' ? file.path : file.path.replace(/(?:kustomization)?(\.\w+)$/, `${ending.slice(1)}$1`);
  return {
    uri: ending === '' ? file.uri : `${file.uri}${ending}`,
    path,
    text: printed.text,
    unread: undefined,
    printed,
  };
}
