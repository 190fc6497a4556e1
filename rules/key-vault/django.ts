import { configFilesOf } from '../../analysis/config-files';
import { commandLine } from '../../analysis/configs';
import { environmentOf } from '../../analysis/environment';
import { publicName } from '../../analysis/images';
import { mountAt, mountsOf, volumeOf } from '../../analysis/mounts';
import { type Container, containersOf, mainContainersOf } from '../../analysis/pods';
import { scriptOf } from '../../analysis/scripts';
import { maskComments } from '../../analysis/text/comments';
import { type PythonProgram, readPython } from '../../analysis/text/python';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';

/** A Django project that the scripts and ConfigMaps of a pod put together, all of it. */
export interface DjangoProject {
  /** The Python files by their path below the folder that holds `manage.py`. */
  readonly files: ReadonlyMap<string, DjangoFile>;
  /** The container that writes the project, or that mounts it. */
  readonly writer: Container;
  /** The folder of `settings.py`, as a module name: `key_vault`. Undefined if nothing tells. */
  readonly packageName: string | undefined;
  /** What the pod starts: `key_vault.wsgi` of `gunicorn key_vault.wsgi:application`. */
  readonly served: readonly NamedModule[];
  /** What `DJANGO_SETTINGS_MODULE` is set to. */
  readonly settings: readonly NamedModule[];
  /** Whether the server has an image of its own, which may bring packages of which the tree does not tell. */
  readonly hasOwnImage: boolean;
  /** What `pip install` gets, in lower case. */
  readonly packages: string;
}

export interface DjangoFile {
  readonly path: string;
  readonly program: PythonProgram;
  readonly text: string;
  place(span: Span): Place;
}

export interface NamedModule {
  readonly name: string;
  readonly at: Place;
}

/** The project of a key_vault pod; undefined if there is none, or if something may add files that the tree does not show. */
export function djangoProject(workspace: Workspace, vault: Resource): DjangoProject | undefined {
  const written = configFilesOf(workspace, vault)
    .map(({ file }) => file)
    .filter(({ path }) => path.endsWith('.py'));
  if (!written.some(file => !file.isVerbatim || file.path.endsWith('/manage.py'))) return undefined;
  const root = rootOf(written.map(({ path }) => path));
  const first = written.find(({ path }) => path.startsWith(`${root}/`));
  if (root === undefined || !first) return undefined;
  // An image of one's own holds the project, to which ConfigMaps only add settings, unless the pod works in a volume.
  if (mainContainersOf(vault).some(one => !isPlainImage(one) && !worksInVolume(vault, one, root))) return undefined;
  const scripts = containersOf(vault).map(container => {
    const script = scriptOf(workspace, vault, container)?.text.text;
    // Without a shell the words of the command are all there is.
    const said =
      script ??
      commandLine(container)
        .flatMap(word => word.text ?? [])
        .join(' ');
    return { container, text: maskComments(said, 'shell') };
  });
  const isOpen = scripts.some(
    ({ container, text }) => addsUnknownFiles.test(text) || copiesUnknownFolder(vault, container, text),
  );
  if (isOpen || keepsOtherFiles(vault, first.container, root)) return undefined;
  const files = new Map<string, DjangoFile>();
  for (const file of written) {
    if (!file.path.startsWith(`${root}/`)) continue;
    // What a tool wrote that is not understood may define anything.
    if (file.isOpaque) return undefined;
    const path = file.path.slice(root.length + 1);
    files.set(path, {
      path,
      text: file.content.text,
      program: readPython(file.content.text),
      place: span => file.content.place(span.start, span.end),
    });
  }
  return {
    files,
    writer: first.container,
    hasOwnImage: mainContainersOf(vault).some(container => !isPlainImage(container)),
    packageName: packageOf(files),
    served: mainContainersOf(vault).flatMap(container => servedBy(workspace, vault, container)),
    settings: [...settingsIn(files), ...settingsOfPod(workspace, vault)],
    packages: scripts
      .flatMap(({ text }) => text.match(/\bpip3?\s+install\b(?:\\\n|[^\n;&|])*/g) ?? [])
      .join(' ')
      .toLowerCase(),
  };
}

/** Whether an image has no application in it: the official one of Python, or of a distribution. */
export function isPlainImage({ image }: Container): boolean {
  return plainImages.has(publicName(image));
}

const plainImages: ReadonlySet<string> = new Set(['python', 'busybox', 'alpine', 'debian', 'ubuntu']);

/** Whether a container is started in a folder that is empty until the pod's own scripts write the project into it. */
function worksInVolume(vault: Resource, container: Container, root: string): boolean {
  const mount = mountAt(container, root);
  const volume = mount && volumeOf(vault, mount.volume);
  if (container.value.at('workingDir').text !== root || volume?.at('emptyDir').exists !== true) return false;
  // What starts with the entrypoint of its image may write into the volume, too.
  return containersOf(vault).every(
    one => commandLine(one).length > 0 || !mountsOf(one).some(({ volume: name }) => name === mount?.volume),
  );
}

/** Whether a module such as `key_vault.urls` is one of the project's files or folders. */
export function hasModule({ files }: DjangoProject, name: string): boolean {
  const path = name.replaceAll('.', '/');
  return files.has(`${path}.py`) || files.has(`${path}/__init__.py`);
}

const addsUnknownFiles =
  /\bstart(?:project|app)\b|\bgit\s+clone\b|\b(?:curl|wget|tar|unzip|rsync|rclone|mc)\b|\bpip3?\s+install\b[^\n]*(?:git\+|\s\.(?:\s|$))/;

/** Whether a script copies a folder, other than a ConfigMap's, whose files the tree shows. */
function copiesUnknownFolder(vault: Resource, container: Container, script: string): boolean {
  for (const [, line = ''] of script.matchAll(/\bcp\s+((?:--\S+\s+)*-\w*[rRa](?:\\\n|[^\n;&|])*)/g)) {
    const words = line.split(/[\s\\]+/).filter(word => word !== '' && !word.startsWith('-'));
    for (const source of words.slice(0, -1)) {
      const folder = source.replace(/^["']|["']$/g, '').replace(/(?!^)\/(?:\.|\*)?$/, '');
      const mount = mountAt(container, folder);
      const volume = mount?.mountPath === folder ? volumeOf(vault, mount.volume) : undefined;
      if (!volume?.at('configMap').exists && !volume?.at('projected').exists) return true;
    }
  }
  return false;
}

/** The folder of `manage.py`; without it the one that holds the folder of `settings.py`, `wsgi.py` or `urls.py`. */
function rootOf(paths: readonly string[]): string | undefined {
  for (const [name, levels] of [
    ['manage.py', 1],
    ['settings.py', 2],
    ['wsgi.py', 2],
    ['asgi.py', 2],
    ['urls.py', 2],
  ] as const) {
    const path = paths.find(one => one.endsWith(`/${name}`));
    if (path !== undefined) return path.split('/').slice(0, -levels).join('/');
  }
  return undefined;
}

/** A claim or an image may already hold the rest of the project. */
function keepsOtherFiles(vault: Resource, writer: Container, root: string): boolean {
  const mount = mountAt(writer, root);
  const volume = mount && volumeOf(vault, mount.volume);
  return volume !== undefined && !volume.keys().some(key => /^(?:emptyDir|configMap|projected|secret)$/.test(key));
}

function packageOf(files: ReadonlyMap<string, DjangoFile>): string | undefined {
  for (const name of ['settings.py', 'wsgi.py', 'asgi.py']) {
    const path = [...files.keys()].find(one => one.endsWith(`/${name}`));
    if (path !== undefined) return path.slice(0, -name.length - 1).replaceAll('/', '.');
  }
  return settingsIn(files)[0]?.name.split('.')[0];
}

function settingsIn(files: ReadonlyMap<string, DjangoFile>): readonly NamedModule[] {
  return [...files.values()].flatMap(file =>
    file.program.environment.flatMap(({ name, sets, span }) =>
      name === 'DJANGO_SETTINGS_MODULE' && sets ? [{ name: sets, at: file.place(span) }] : [],
    ),
  );
}

function settingsOfPod(workspace: Workspace, vault: Resource): readonly NamedModule[] {
  return mainContainersOf(vault).flatMap(container => {
    const value = environmentOf(workspace, vault, container).variables.get('DJANGO_SETTINGS_MODULE')?.value;
    return value?.text ? [{ name: value.text, at: value }] : [];
  });
}

const server =
  /(?:^|[\s/])(?:gunicorn|uvicorn|hypercorn|daphne|granian)\b(?:\\\n|[^\n;&|])*?\s([A-Za-z_]\w*(?:\.\w+)+):?\w*/;

/** The module that the server of a container is started with, such as `key_vault.wsgi`. */
export function servedBy(workspace: Workspace, vault: Resource, container: Container): readonly NamedModule[] {
  const script = scriptOf(workspace, vault, container);
  if (script) {
    const match = server.exec(maskComments(script.text.text, 'shell'));
    const name = match?.[1];
    if (!match || name === undefined) return [];
    const start = match.index + match[0].indexOf(name);
    return [{ name, at: script.text.place(start, start + name.length) }];
  }
  const words = commandLine(container);
  if (!words.some(word => /(?:^|\/)(?:gunicorn|uvicorn|hypercorn|daphne|granian)$/.test(word.text ?? ''))) return [];
  return words.flatMap(word => {
    const name =
      /^([A-Za-z_]\w*(?:\.\w+)+):\w+$/.exec(word.text ?? '')?.[1] ?? /^(\w+\.[aw]sgi)$/.exec(word.text ?? '')?.[1];
    return name === undefined ? [] : [{ name, at: word }];
  });
}

/**
 * The settings module of a key_vault pod, also where the rest of the project is in an image of one's own. Undefined if
 * the tree has none or several, or if a part of it is written elsewhere.
 */
export function djangoSettings(workspace: Workspace, vault: Resource): DjangoFile | undefined {
  const found = configFilesOf(workspace, vault)
    .map(({ file }) => file)
    .filter(({ path }) => isSettingsFile(path));
  const [file] = found;
  const isOne = new Set(found.map(({ path }) => path)).size === 1;
  if (!file || !isOne || file.isOpaque || importsAll.test(file.content.text)) return undefined;
  return {
    path: file.path,
    text: file.content.text,
    program: readPython(file.content.text),
    place: span => file.content.place(span.start, span.end),
  };
}

/** `from .base import *` and the like, by which settings come from files that the tree may not show. */
const importsAll = /^\s*from\s+\S+\s+import\s+\*|^\s*(?:include|exec)\(/m;

/** Whether a module is one of Django's settings, by its path: `project/settings.py`, or one in `settings/`. */
export function isSettingsFile(path: string): boolean {
  return /(?:^|\/)settings(?:\/\w+)?\.py$/.test(path);
}
