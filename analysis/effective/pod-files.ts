import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { environmentOf } from '../environment';
import { isBelow, mountAt, mountsOf } from '../mounts';
import type { Container } from '../pods';
import { pathInVolume } from '../scripts';
import type { FileWrite } from '../text/file-steps';
import { opaque, type Rendered } from './content';
import { filesOfMount, isFolder, isReadOnly, mounted } from './mounted';
import { matching, outcomes } from './outcomes';
import { calledScript, type PodScript, podScripts } from './pod-scripts';
import { argumentOf, type Context, pathOf } from './step';

export interface PodWrites {
  /** Every file that is written, each once for each container that writes it. */
  readonly written: readonly WrittenPath[];
  /** What cannot be written, because the volume is read-only there. */
  readonly refused: readonly WrittenPath[];
  /** Whether a path is only on the way to another file: a step reads it, or removes it later. */
  isIntermediate(container: Container, path: string): boolean;
  /** The files in a folder and in those in it, as the tree shows them. */
  filesIn(container: Container, folder: string): readonly string[];
  /** Whether there may be a file: the tree shows it, or something that is not understood may make it. */
  mayExist(container: Container, path: string): boolean;
}

export interface WrittenPath {
  readonly container: Container;
  readonly path: string;
  readonly at: Place;
  /** It may not be written, or nobody minds when it is not. */
  readonly isUncertain: boolean;
}

/** Runs the scripts of a pod in the order in which the kubelet would, and keeps what they wrote. */
export function podFiles(resource: Resource, workspace: Workspace): PodFiles {
  const files = new PodFiles(resource, workspace);
  for (const script of workspace.derive(podScripts, resource)) files.run(script);
  return files;
}

/** The files of a pod's containers after the scripts that have run so far. */
class PodFiles implements PodWrites {
  readonly written: WrittenPath[] = [];
  readonly refused: WrittenPath[] = [];
  readonly #resource: Resource;
  readonly #workspace: Workspace;
  /** What was written, by {@link keyOf}. */
  readonly #state = new Map<string, Rendered>();
  readonly #intermediate = new Set<string>();
  /** The volumes on which a program that is not understood may have changed any file. */
  readonly #unknownVolumes = new Set<string>();
  /** The volumes on which a program that is not known may have made files. */
  readonly #openVolumes = new Set<string>();
  readonly #openFolders: string[] = [];

  constructor(resource: Resource, workspace: Workspace) {
    this.#resource = resource;
    this.#workspace = workspace;
  }

  /** The file that a container sees at a path; undefined if neither a script nor a volume of the tree puts one there. */
  read(container: Container, path: string): Rendered | undefined {
    const known = this.#state.get(keyOf(container, path)) ?? mounted(this.#workspace, this.#resource, container, path);
    return known ?? (this.#unknownVolumes.has(locate(container, path).space) ? opaque : undefined);
  }

  isIntermediate(container: Container, path: string): boolean {
    return this.#intermediate.has(keyOf(container, path));
  }

  filesIn(container: Container, folder: string): readonly string[] {
    const found = new Set<string>();
    for (const mount of mountsOf(container)) {
      if (!isBelow(mount.mountPath, folder) && !isBelow(folder, mount.mountPath)) continue;
      for (const path of filesOfMount(this.#workspace, this.#resource, mount)) found.add(path);
      for (const key of this.#state.keys()) {
        const [space, inner = ''] = key.split('\n');
        const within = mount.subPath?.replace(/^\/|\/$/g, '') ?? '';
        if (space !== `volume ${mount.volume}` || (within !== '' && !isBelow(inner, within))) continue;
        const rest = within === '' ? inner : inner.slice(within.length + 1);
        found.add(rest === '' ? mount.mountPath : `${mount.mountPath}/${rest}`);
      }
    }
    const own = `container ${container.name}\n`;
    for (const key of this.#state.keys()) if (key.startsWith(own)) found.add(key.slice(own.length));
    return [...found].filter(path => isBelow(path, folder) && path !== folder);
  }

  mayExist(container: Container, path: string): boolean {
    const key = keyOf(container, path);
    const isOpen =
      this.#openVolumes.has(locate(container, path).space) || this.#openFolders.some(folder => isBelow(key, folder));
    return isOpen || this.read(container, path) !== undefined || this.filesIn(container, path).length > 0;
  }

  /** Does to the files what the script of one container does. */
  run(script: PodScript): void {
    const { container, steps } = script;
    const context = this.#contextOf(script);
    this.#runWrites(steps.writes, context, 0);
    for (const path of steps.reads) {
      for (const one of path.hasGlob ? matching(path, context) : [pathOf(path, context.step)])
        this.#intermediate.add(keyOf(container, one));
    }
    if (steps.runsUnknown) this.#openAll(container);
    if (!steps.rendersUnknown) return;
    for (const mount of mountsOf(container)) {
      if (isReadOnly(this.#resource, container, mount.mountPath)) continue;
      this.#unknownVolumes.add(`volume ${mount.volume}`);
      for (const path of this.filesIn(container, mount.mountPath)) this.#state.set(keyOf(container, path), opaque);
    }
  }

  #contextOf({ container, text, hasShell, assigned, isOpen, args }: PodScript): Context {
    const workspace = this.#workspace;
    const resource = this.#resource;
    const environment = environmentOf(workspace, resource, container);
    return {
      step: {
        workspace,
        resource,
        container,
        script: text,
        hasShell,
        assigned,
        isOpen,
        args: args.map(arg => argumentOf(arg, environment)),
      },
      read: path => this.read(container, path),
      isFolder: path => isFolder(container, path) || this.filesIn(container, path).length > 0,
      filesIn: folder => this.filesIn(container, folder),
    };
  }

  #runWrites(writes: readonly FileWrite[], context: Context, depth: number): void {
    const { container } = context.step;
    for (const write of writes) {
      if (write.kind === 'run') {
        const called = depth < deepestCall ? calledScript(write, context) : undefined;
        for (const path of called?.reads ?? [])
          this.#intermediate.add(keyOf(container, pathOf(path, called?.context.step)));
        if (called) this.#runWrites(called.writes, called.context, depth + 1);
        else this.#openAll(container);
        continue;
      }
      const to = pathOf(write.to, context.step);
      if (!/^(?:\/[^$`]*|pipe:\d+)$/.test(to)) this.#openAll(container);
      if (write.kind === 'remove') {
        for (const path of write.to.hasGlob || write.recursive ? matching(write.to, context) : [to]) {
          this.#intermediate.add(keyOf(container, path));
          this.#state.delete(keyOf(container, path));
        }
        continue;
      }
      if (write.kind === 'opaque' && write.isFolder) this.#openFolders.push(keyOf(container, to));
      this.#write(write, context);
    }
  }

  #write(write: Exclude<FileWrite, { kind: 'run' | 'remove' }>, context: Context): void {
    const { container, script } = context.step;
    const at = script.place(write.span.start, write.span.end);
    const target = script.place(write.to.span.start, write.to.span.end);
    const isUncertain = write.conditional || write.errorsIgnored;
    for (const { path, rendered, from } of outcomes(write, context)) {
      const key = keyOf(container, path);
      for (const source of from) if (keyOf(container, source) !== key) this.#intermediate.add(keyOf(container, source));
      if (path.startsWith('/') && isReadOnly(this.#resource, container, path)) {
        this.refused.push({ container, path, at: target, isUncertain });
        continue;
      }
      this.#intermediate.delete(key);
      this.#state.set(key, rendered);
      if (path.startsWith('/')) this.written.push({ container, path, at, isUncertain });
    }
  }

  /** Something that is not known runs, and may make files wherever it can write. */
  #openAll(container: Container): void {
    for (const mount of mountsOf(container))
      if (!isReadOnly(this.#resource, container, mount.mountPath)) this.#openVolumes.add(`volume ${mount.volume}`);
  }
}

/** Scripts that call scripts are followed so far, because one may call itself. */
const deepestCall = 4;

/** Where a file really is: on a volume, by its path there, or in the container alone. */
function locate(container: Container, path: string): { readonly space: string; readonly inner: string } {
  const mount = mountAt(container, path);
  return mount
    ? { space: `volume ${mount.volume}`, inner: pathInVolume(mount.mountPath, mount.subPath, path) }
    : { space: `container ${container.name}`, inner: path };
}

function keyOf(container: Container, path: string): string {
  const { space, inner } = locate(container, path);
  return `${space}\n${inner}`;
}
