import type { Resource } from '../manifests/resource';
import type { Place, Span } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { commandLine } from './configs';
import { effectiveFile } from './effective';
import { type Environment, environmentOf } from './environment';
import { imageTag, programOf } from './images';
import { mountAt, mountsOf, volumeOf } from './mounts';
import { type Container, containersOf, podTemplate } from './pods';
import { type ContainerScript, pathInVolume, scriptOf } from './scripts';
import { pythonOfSynapse } from './synapse';
import type { FileCopy } from './text/file-steps';
import { fileWrites } from './text/file-writes';
import { readShell } from './text/shell';
import { readOptions } from './text/shell-options';
import { runShell } from './text/shell-run';
import { normalPath, plainWord, type RunWord } from './text/shell-values';

/** What the containers of a pod install with pip, and where the packages end up. */
export interface PodPackages {
  readonly installs: readonly PackageInstall[];
  /** Volumes that something fills of which the tree does not tell what it is. */
  readonly openVolumes: ReadonlySet<string>;
}

/** One `pip install`. */
export interface PackageInstall {
  readonly container: Container;
  /** The command. */
  readonly at: Place;
  /** The script that the command stands in, and where; undefined if the container runs pip itself. */
  readonly written: { readonly script: ContainerScript; readonly span: Span } | undefined;
  readonly requirements: readonly Requirement[];
  /** Whether it also installs what the command does not name: a requirements file, a path, a variable. */
  readonly isOpen: boolean;
  /** `target`: `--target` or `--prefix`; `user`: `--user`; `image`: into the container's own Python. */
  readonly how: 'target' | 'user' | 'image';
  /** The folder that gets the packages, as the container sees it; a `*` stands for a version that is not known. */
  readonly directory: string;
  /** The folders on volumes that have the packages in the end. Empty if they are lost with the container. */
  readonly reached: readonly VolumeDirectory[];
  /** The copies of files to volumes that come after it in the script. */
  readonly copies: readonly FileCopy[];
}

export interface Requirement {
  /** As PyPI compares names: lower case, `-` for `_` and `.`. */
  readonly name: string;
  /** The version of `==`; undefined without. */
  readonly version: string | undefined;
  readonly text: string;
  readonly at: Place;
}

/** A folder of a volume, without a slash at either end; the volume itself is the empty path. */
export interface VolumeDirectory {
  readonly volume: string;
  readonly path: string;
}

/** The folders in which a container's Python looks for modules beside its own ones. */
export interface SearchPath {
  readonly entries: readonly SearchEntry[];
  /** Whether there may be others that the tree does not show. */
  readonly isOpen: boolean;
  /** The entry of `env` that sets PYTHONPATH, if there is one. */
  readonly variable: Value | undefined;
}

export interface SearchEntry {
  readonly path: string;
  /** Offsets in the value of {@link SearchPath.variable}; undefined for those that it does not name. */
  readonly span: Span | undefined;
}

/** The packages that containers of a pod install. */
export function packagesOf(workspace: Workspace, resource: Resource): PodPackages {
  return workspace.derive(readPackages, resource);
}

/** Where a container's Python looks for modules. `python` is its version, where known. */
export function searchPathOf(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  python: string | undefined,
): SearchPath {
  const own = python === undefined ? undefined : `${imagePackages}/python${python}/site-packages`;
  const environment = environmentOf(workspace, resource, container);
  const variable = environment.variables.get('PYTHONPATH');
  const text = variable?.value?.text ?? '';
  const script = scriptOf(workspace, resource, container)?.text.text ?? '';
  const entries: SearchEntry[] = [];
  let at = 0;
  for (const part of text.split(':')) {
    if (part !== '') entries.push({ path: normalPath(part), span: { start: at, end: at + part.length } });
    at += part.length + 1;
  }
  for (const path of userPackages(environment, python)) entries.push({ path, span: undefined });
  return {
    entries: own === undefined ? entries : [...entries, { path: own, span: undefined }],
    isOpen:
      environment.isOpen ||
      (variable !== undefined && variable.value === undefined) ||
      text.includes('$') ||
      script.includes('PYTHONPATH') ||
      // A virtual environment has packages of its own (Python documentation, venv).
      ['PATH', 'VIRTUAL_ENV'].some(name => environment.variables.has(name)) ||
      [script, ...commandLine(container).map(word => word.text ?? '')].some(line => ofEnvironment.test(line)),
    variable: variable?.at,
  };
}

/** The folder of `pip install --user`, which Python searches too, where the environment says which that is. */
function userPackages({ variables }: Environment, python: string | undefined): readonly string[] {
  const home = variables.get('HOME')?.value?.text;
  const base = variables.get('PYTHONUSERBASE')?.value?.text ?? (home === undefined ? undefined : `${home}/.local`);
  if (base === undefined || python === undefined || variables.has('PYTHONNOUSERSITE')) return [];
  return [normalPath(`${base}/lib/python${python}/site-packages`)];
}

/** A Python that is not the image's own, or what makes a shell take one. */
const ofEnvironment = /(?<!\/usr|\/usr\/local)\/bin\/(?:python[\d.]*\b|activate\b)/;

/** The path of the site-packages folder of some Python version, with that version. */
export function sitePackages(path: string): { readonly python: string; readonly isWhole: boolean } | undefined {
  const found = /^\/usr\/(?:local\/)?lib\/python(\d+\.\d+)\/(?:site|dist)-packages(\/.*)?$/.exec(path);
  return found?.[1] === undefined ? undefined : { python: found[1], isWhole: found[2] === undefined };
}

/** The path under which a container sees a folder of a volume; undefined where it does not mount it. */
export function seenAs(container: Container, { volume, path }: VolumeDirectory): readonly string[] {
  return mountsOf(container).flatMap(mount => {
    if (mount.volume !== volume) return [];
    const below = mount.subPath?.replace(/^\/|\/$/g, '') ?? '';
    if (below === '') return [path === '' ? mount.mountPath : `${mount.mountPath}/${path}`];
    if (path === below) return [mount.mountPath];
    if (path.startsWith(`${below}/`)) return [mount.mountPath + path.slice(below.length)];
    // A single package of the folder is mounted: the folder around it counts.
    return below.startsWith(path === '' ? '' : `${path}/`) ? [mount.mountPath.replace(/\/[^/]*$/, '')] : [];
  });
}

/** Whether two paths are the same when each `*` may stand for a part of a name. */
export function isSamePath(a: string, b: string): boolean {
  if (a === b) return true;
  return pathPattern(a).test(b) || pathPattern(b).test(a);
}

/** The Python version of a container's image, as far as its tag tells. */
export function pythonOf(image: string): string | undefined {
  const own = pythonOfSynapse(image);
  if (own !== undefined) return own;
  if (programOf(image) !== 'python') return undefined;
  return /^(\d+\.\d+)/.exec(imageTag(image) ?? '')?.[1];
}

/** Where Debian's Python images, Synapse's among them, keep their packages. */
const imagePackages = '/usr/local/lib';

function readPackages(resource: Resource, workspace: Workspace): PodPackages {
  const installs: PackageInstall[] = [];
  const openVolumes = new Set<string>();
  for (const container of containersOf(resource)) {
    const environment = environmentOf(workspace, resource, container);
    const context: PipContext = { workspace, resource, container, environment };
    const script = scriptOf(workspace, resource, container);
    const own = script ? scriptedInstalls(script, context) : directInstall(context);
    installs.push(...own);
    const mounts = writableMounts(resource, container);
    if (script) for (const volume of filledOtherwise(script, own, context)) openVolumes.add(volume);
    else if (own.length === 0 && container.isInit) for (const { volume } of mounts) openVolumes.add(volume);
  }
  return { installs, openVolumes };
}

/** The installations of a script, each with the copies that follow it. */
function scriptedInstalls(script: ContainerScript, context: PipContext): readonly PackageInstall[] {
  const shell = readShell(script.text.text);
  const copies = fileWrites(shell).filter((write): write is FileCopy => write.kind === 'copy');
  const found: PackageInstall[] = [];
  let active: string | undefined;
  runShell(shell, step => {
    const { span, nameWord } = step.command;
    if (step.name === '.' || step.name === 'source')
      active = environmentFolder(step.args[0]?.value ?? '', 'activate') ?? active;
    const words = step.remote ? undefined : pipArguments(step.name, step.args);
    if (!words || found.some(one => one.written?.span.start === span.start)) return;
    const install: BareInstall = {
      ...readInstall(words, context, {
        place: word => script.text.place(word.use.start, word.use.end),
        path: word => step.path(word).path,
        variable: name => step.variable(name)?.value,
        virtual: environmentFolder(nameWord?.value ?? '', '(?:pip|python)[\\d.]*') ?? active,
      }),
      at: script.text.place(span.start, span.end),
      written: { script, span },
    };
    const later = copies.filter(copy => copy.span.start > span.start);
    const home = step.variable('HOME');
    const scope = home?.certainty === 'known' ? { ...context, home: home.value } : context;
    found.push({ ...install, copies: later, reached: reachedBy(install, later, scope) });
  });
  return found;
}

/** The installation of a container whose command is pip itself. */
function directInstall(context: PipContext): readonly PackageInstall[] {
  const values = commandLine(context.container);
  const [program, ...args] = values.map(value => plainWord(value.text ?? '', { start: 0, end: 0 }));
  const words = program && pipArguments(program.value.replace(/^.*\//, ''), args);
  if (!words) return [];
  const placeOf = (word: RunWord): Place => values[args.indexOf(word) + 1] ?? context.container.value.at('command');
  const install: BareInstall = {
    ...readInstall(words, context, {
      place: placeOf,
      path: word => word.value,
      variable: () => undefined,
      virtual: undefined,
    }),
    at: context.container.value.at(context.container.value.at('command').exists ? 'command' : 'args').key,
    written: undefined,
  };
  return [{ ...install, copies: [], reached: reachedBy(install, [], context) }];
}

/** The volumes that a script fills with files by other means than pip and the copies of what pip installed. */
function filledOtherwise(
  script: ContainerScript,
  installs: readonly PackageInstall[],
  context: PipContext,
): readonly string[] {
  const explained = new Set(
    installs.flatMap(one => [one.written?.span.start, ...one.copies.map(copy => copy.span.start)]),
  );
  return fileWrites(readShell(script.text.text)).flatMap(write => {
    const fills = write.kind === 'opaque' || (write.kind === 'copy' && (write.recursive || write.from.hasGlob));
    if (!fills || explained.has(write.span.start)) return [];
    return mountAt(context.container, expand(write.to.path, context))?.volume ?? [];
  });
}

interface PipContext {
  readonly workspace: Workspace;
  readonly resource: Resource;
  readonly container: Container;
  readonly environment: Environment;
  /** What the script sets HOME to. */
  readonly home?: string;
}

type BareInstall = Omit<PackageInstall, 'reached' | 'copies'>;

/** What surrounds the words of a command line. */
interface Surroundings {
  place(word: RunWord): Place;
  path(word: RunWord): string;
  variable(name: string): string | undefined;
  /** The folder of the virtual environment that pip belongs to. */
  readonly virtual: string | undefined;
}

/** `/venv` of `/venv/bin/pip`; undefined for the programs of the image. */
function environmentFolder(path: string, program: string): string | undefined {
  const folder = new RegExp(`^(/.+)/bin/${program}$`).exec(path)?.[1];
  return folder === undefined || /^\/usr(?:\/local)?$/.test(folder) ? undefined : folder;
}

function readInstall(
  words: readonly RunWord[],
  context: PipContext,
  { place, path, variable, virtual }: Surroundings,
): Omit<BareInstall, 'at' | 'written'> {
  const { container, environment } = context;
  const options = readOptions(words, pipOptions);
  const requirements: Requirement[] = [];
  let isOpen = options.has('e', 'editable');
  for (const word of options.values('r', 'requirement')) {
    const listed = requirementsOfFile(expand(path(word), context), context);
    if (listed) requirements.push(...listed);
    else isOpen = true;
  }
  for (const word of options.operands) {
    const requirement = word.certainty === 'known' ? readRequirement(word.value) : undefined;
    if (requirement) requirements.push({ ...requirement, at: place(word) });
    else isOpen = true;
  }
  const target = options.value('t', 'target');
  const prefix = options.value('prefix');
  // Each option of pip may come from a variable (https://pip.pypa.io/en/stable/topics/configuration/).
  const setting = (name: string): string | undefined => variable(name) ?? environment.variables.get(name)?.value?.text;
  const home = variable('HOME') ?? homeOf(context);
  const userBase = setting('PYTHONUSERBASE') ?? `${home}/.local`;
  const isUser = options.has('user') || /^(?:1|y|yes|t|true|on)$/i.test(setting('PIP_USER') ?? '');
  const into = target ? path(target) : setting('PIP_TARGET');
  const below = prefix ? path(prefix) : (setting('PIP_PREFIX') ?? virtual);
  const how = into !== undefined || below !== undefined ? 'target' : isUser ? 'user' : 'image';
  const base = below !== undefined ? expand(below, context) : how === 'user' ? normalPath(userBase) : '/usr/local';
  const directory =
    into !== undefined ? expand(into, context) : `${base}/lib/python${pythonOf(container.image) ?? '*'}/site-packages`;
  return { container, requirements, isOpen, how, directory };
}

/** The packages that a requirements file of the tree lists; undefined where it is not known, or lists something else too. */
function requirementsOfFile(
  path: string,
  { workspace, resource, container }: PipContext,
): readonly Requirement[] | undefined {
  const file = effectiveFile(workspace, resource, container, path);
  if (!file || file.isOpaque) return undefined;
  const found: Requirement[] = [];
  for (const match of file.content.text.matchAll(/^[ \t]*([^#\s][^#\n\r]*?)[ \t]*(?:#.*)?\r?$/gm)) {
    const text = match[1] ?? '';
    const requirement = text.startsWith('-') ? undefined : readRequirement(text.replace(/\s+--hash=.*$/, ''));
    const start = match.index + match[0].indexOf(text);
    if (requirement) found.push({ ...requirement, at: file.content.place(start, start + text.length) });
    else if (!/^--(?:hash|index-url|extra-index-url|find-links|no-index|prefer-binary)\b/.test(text)) return undefined;
  }
  return found;
}

/** The words after `pip install`, whatever way it is called. */
function pipArguments(name = '', args: readonly RunWord[]): readonly RunWord[] | undefined {
  const values = args.map(word => word.value);
  let at = 0;
  if (/^python[\d.]*$/.test(name)) {
    at = values.indexOf('-m');
    if (at === -1 || values[at + 1] !== 'pip') return undefined;
    at += 2;
  } else if (name === 'uv') {
    if (values[0] !== 'pip') return undefined;
    at = 1;
  } else if (!/^pip[\d.]*$/.test(name)) return undefined;
  while (values[at]?.startsWith('-')) at++;
  // A dry run installs nothing.
  return values[at] === 'install' && !values.includes('--dry-run') ? args.slice(at + 1) : undefined;
}

/** pip's options that take a value (`pip install --help`). */
const pipOptions: Parameters<typeof readOptions>[1] = {
  short: 'rcetif',
  long: [
    'requirement',
    'constraint',
    'editable',
    'target',
    'prefix',
    'root',
    'index-url',
    'extra-index-url',
    'find-links',
    'proxy',
    'timeout',
    'retries',
    'trusted-host',
    'cache-dir',
    'platform',
    'python-version',
    'python',
    'abi',
    'implementation',
    'only-binary',
    'no-binary',
    'upgrade-strategy',
    'progress-bar',
    'cert',
    'client-cert',
    'log',
    'src',
    'report',
    'config-settings',
    'exists-action',
  ],
} satisfies Parameters<typeof readOptions>[1];

/** A requirement as PEP 508 writes it, or the address of a package whose name it tells. */
function readRequirement(text: string): Omit<Requirement, 'at'> | undefined {
  const plain = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*((?:[=<>!~]=?=?|@)\s*.*)?$/.exec(text);
  if (plain?.[1] && !/^[./]|\//.test(plain[1])) {
    const version = /^={2,3}\s*([\w.!+*-]+)\s*(?:;.*)?$/.exec(plain[2] ?? '')?.[1];
    return { name: normalName(plain[1]), version: version?.includes('*') ? undefined : version, text };
  }
  const address = /\/([A-Za-z0-9._-]+?)(?:\.git)?(?:@v?([\w.-]+))?(?:#.*)?$/.exec(text);
  return address?.[1] && /^(?:git\+)?https?:/.test(text)
    ? { name: normalName(address[1]), version: address[2], text }
    : undefined;
}

/** A package's name as PyPI compares it. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/**
 * The home folder of a container's processes: HOME, else that of root, else `/`, which is what container runtimes set for
 * a user that the image does not have.
 */
function homeOf({ resource, container, environment, home }: PipContext): string {
  if (home !== undefined) return home;
  const given = environment.variables.get('HOME')?.value?.text;
  if (given !== undefined) return given;
  const own = container.value.at('securityContext');
  const pod = podTemplate(resource)?.at('spec', 'securityContext');
  const user = own.at('runAsUser').number ?? pod?.at('runAsUser').number;
  const isNonRoot = own.at('runAsNonRoot').boolean ?? pod?.at('runAsNonRoot').boolean;
  return (user ?? (isNonRoot ? 1 : 0)) === 0 ? '/root' : '';
}

/** A path with the values of variables that the container's environment tells, and the home folder for `~`. */
function expand(path: string, context: PipContext): string {
  const home = homeOf(context);
  return normalPath(
    path
      .replace(/^~(?=\/|$)/, home)
      .replace(/\$\{(\w+)\}/g, (whole, name: string) =>
        name === 'HOME' ? home : (context.environment.variables.get(name)?.value?.text ?? whole),
      ),
  );
}

/** Where an installation's folder, or copies of it, lie on volumes. */
function reachedBy(
  { container, directory, how }: BareInstall,
  copies: readonly FileCopy[],
  context: PipContext,
): readonly VolumeDirectory[] {
  const found: VolumeDirectory[] = [];
  const writable = new Set(writableMounts(context.resource, container).map(mount => mount.volume));
  const add = (path: string): void => {
    const mount = mountAt(container, path);
    if (mount && writable.has(mount.volume))
      found.push({ volume: mount.volume, path: pathInVolume(mount.mountPath, mount.subPath, path) });
  };
  add(directory);
  for (const copy of copies) {
    const from = expand(copy.from.path, context);
    const to = expand(copy.to.path, context).replace(/\/\*$/, '');
    const into = copy.toInFolder ? expand(copy.toInFolder.path, context) : to;
    const isContent = from.endsWith('/*');
    const source = from.replace(/\/\*$/, '');
    const landing = isContent ? to : into;
    if (/\$\(.*\bsite\b.*--user-site.*\)/.test(from)) {
      if (how === 'user') add(landing);
    } else if (isSamePath(source, directory)) add(landing);
    else if (isBelowPattern(directory, source)) add(landing + directory.slice(prefixLength(directory, source)));
    else if (isBelowPattern(source, directory)) add(to);
  }
  return found;
}

/** Whether a path lies below a folder; either may hold `*`. */
function isBelowPattern(path: string, folder: string): boolean {
  const parts = path.split('/');
  const above = folder.split('/').length;
  return above < parts.length && isSamePath(parts.slice(0, above).join('/'), folder);
}

function prefixLength(path: string, folder: string): number {
  return path.split('/').slice(0, folder.split('/').length).join('/').length;
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`);
}

function writableMounts(resource: Resource, container: Container): readonly { volume: string; mountPath: string }[] {
  return mountsOf(container).filter(mount => {
    const volume = volumeOf(resource, mount.volume);
    return (
      !mount.isReadOnly &&
      volume !== undefined &&
      !['configMap', 'secret', 'projected', 'downwardAPI'].some(kind => volume.at(kind).exists)
    );
  });
}
