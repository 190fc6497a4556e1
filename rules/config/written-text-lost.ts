import { type Mount, mountAt } from '../../analysis/mounts';
import { type Container, containersOf, workloadKinds } from '../../analysis/pods';
import { pathInVolume, scriptOf } from '../../analysis/scripts';
import type { FileWrite } from '../../analysis/text/file-steps';
import { fileSteps } from '../../analysis/text/file-writes';
import { readShell } from '../../analysis/text/shell';
import type { ShellPath } from '../../analysis/text/shell-values';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'written-text-lost',
  items: [],
  severity: 'error',
  summary: 'A script writes into a file that a later step replaces as a whole.',
  why: 'A step that is moved, or `>` where `>>` is meant, throws away what was written before, and nothing complains: Redis starts without the line that makes it a follower, or without its configuration.',
  remedy: 'Let the step that makes the file come first, and add to it with `>>`.',
  traps: [
    'A file that is copied and then copied again is taken for a default and its replacement, and what is read in between was of use.',
    'A later step that may not run, that moves a file into place or that writes nothing is left alone, and so are files below /tmp.',
  ],
  sources: ['Kubernetes documentation, Init Containers: they run one after the other, as they are listed'],
  examples: { bad: example('>', true), good: example('>>', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const before = new Map<string, Written>();
    for (const container of containersOf(resource)) {
      // What is no init container runs at the same time as the others.
      const own = container.isInit ? before : new Map(before);
      yield* replaced(workspace, resource, container, own);
    }
  },
} satisfies Rule;

interface Written {
  readonly at: Place;
  readonly by: Container;
  readonly isCopy: boolean;
  readonly path: string;
  /** The script, and where in it the step ends. */
  readonly script: string;
  readonly end: number;
}

function* replaced(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  before: Map<string, Written>,
): Iterable<Problem> {
  const script = scriptOf(workspace, resource, container)?.text;
  if (!script || !/[>]|\b(?:cp|install|sed|tee)\b/.test(script.text)) return;
  const { writes, reads, runsUnknown, rendersUnknown } = fileSteps(readShell(script.text));
  const read = new Set(reads.flatMap(path => keyOf(container, path) ?? []));
  for (const write of writes) {
    const key = keyOf(container, write.to);
    // A program that is not understood may have read all that was written until then.
    if (write.kind === 'run' || write.kind === 'opaque' || !key) {
      before.clear();
      continue;
    }
    for (const source of sourcesOf(write)) before.delete(keyOf(container, source) ?? '');
    const earlier = before.get(key);
    const isWhole = replacesAll(write) && !write.conditional && !write.errorsIgnored && !write.looped;
    // A program that is not known may have used the file in between.
    const isUnused =
      earlier !== undefined &&
      !read.has(key) &&
      !(runsUnknown && earlier.by === container) &&
      !isUsed(earlier, container, script.text.slice(0, write.span.start), write.to.path);
    if (isUnused && isWhole && !(earlier.isCopy && write.kind === 'copy')) {
      before.delete(key);
      const path = write.to.path;
      yield {
        at: script.place(write.span.start, write.span.end),
        message: `This replaces ${path}, so what ${earlier.by === container ? 'the script' : `container ${earlier.by.name}`} has written there before is lost — ${write.kind === 'write' ? 'add to it with >>' : 'let this come first'}.`,
        related: [{ at: earlier.at, message: 'What is lost' }],
      };
    }
    if (write.kind === 'remove' || !saysSomething(write)) before.delete(key);
    else if (!earlier || isWhole || earlier.isCopy)
      before.set(key, {
        at: script.place(write.span.start, write.span.end),
        by: container,
        isCopy: write.kind === 'copy',
        path: write.to.path,
        script: script.text,
        end: write.span.end,
      });
  }
  for (const key of read) before.delete(key);
  if (runsUnknown || rendersUnknown) before.clear();
}

/** Whether a line between two steps names the file, other than to write it or to say whose it is. */
function isUsed({ by, script, end, path }: Written, container: Container, before: string, later: string): boolean {
  const uses = (text: string, file: string): boolean =>
    text
      .split('\n')
      .some(line => line.includes(file) && !/^\s*(?:#|chmod\b|chown\b|ls\b)/.test(line) && !isTarget(line, file));
  return by === container ? uses(before.slice(end), path) : uses(script.slice(end), path) || uses(before, later);
}

function isTarget(line: string, file: string): boolean {
  const [first = '', ...others] = line.split(file);
  return others.length === 1 && /(?:>\s*["']?|\b(?:cp|tee|install|sed)\b.*\s["']?)$/.test(first);
}

/** The volume and the path in it, or the container and the path, of a file that is named outright. */
function keyOf(container: Container, { path, certainty, hasGlob }: ShellPath): string | undefined {
  if (certainty !== 'known' || hasGlob || !/^\/(?!dev\/|proc\/|tmp\/)/.test(path)) return undefined;
  const mount: Mount | undefined = mountAt(container, path);
  return mount
    ? `volume ${mount.volume} ${pathInVolume(mount.mountPath, mount.subPath, path)}`
    : `container ${container.name} ${path}`;
}

function sourcesOf(write: FileWrite): readonly ShellPath[] {
  switch (write.kind) {
    case 'copy':
    case 'substitute':
    case 'envsubst':
      return write.from.path === write.to.path ? [] : [write.from];
    case 'write':
    case 'append':
      return write.content.flatMap(piece => (piece.kind === 'file' ? [piece.path] : []));
    default:
      return [];
  }
}

/** Whether nothing of what was in the file stays. A file that is moved into place was mostly made of the one before. */
function replacesAll(write: FileWrite): boolean {
  if (write.kind === 'copy') {
    const isFile = write.toInFolder === undefined || /\.\w+$/.test(write.to.path);
    return isFile && !write.moves && !write.links && !write.recursive;
  }
  return write.kind === 'write' && saysSomething(write) && write.content.every(({ kind }) => kind !== 'output');
}

function saysSomething(write: FileWrite): boolean {
  if (write.kind !== 'write' && write.kind !== 'append') return write.kind !== 'remove' && write.kind !== 'run';
  return write.content.some(piece => piece.kind !== 'text' || piece.text.trim() !== '');
}

function example(operator: string, isMarked: boolean): string {
  return `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis
        namespace: matrix
      data:
        redis.conf: |
          port 6379
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        template:
          spec:
            initContainers:
              - name: config
                image: redis:7.4
                command: [sh, -c]
                args:
                  - |
                    cp /template/redis.conf /data/redis.conf
                    echo "requirepass $PASSWORD" ${operator} /data/redis.conf
${isMarked ? `      #             ${'^'.repeat(47)} error: This replaces /data/redis.conf, so what the script has written there before is lost\n` : ''}                volumeMounts:
                  - {name: template, mountPath: /template}
                  - {name: data, mountPath: /data}
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /data/redis.conf]
                volumeMounts:
                  - {name: data, mountPath: /data}
            volumes:
              - name: template
                configMap: {name: redis}
              - name: data
                emptyDir: {}
    `;
}
