import { environmentOf, textOfVariable } from '../../analysis/environment';
import { mountAt, mountsVolume, volumeOf } from '../../analysis/mounts';
import { type Container, containersOf } from '../../analysis/pods';
import { commandAsScript, scriptOf } from '../../analysis/scripts';
import { readShell } from '../../analysis/text/shell';
import { readOptions } from '../../analysis/text/shell-options';
import { type RunStep, runShell } from '../../analysis/text/shell-run';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'backup-lost',
  items: [],
  severity: 'warning',
  summary: 'A Job writes a dump or a copy to where it is gone when the Job ends.',
  why: 'What a container writes beside its volumes, and what is in an emptyDir, goes with the pod. The Job is complete, and whoever needs the backup finds none.',
  remedy:
    'Mount a PersistentVolumeClaim there, write into one that is mounted, or upload the file before the script ends.',
  traps: [
    'Only Jobs and CronJobs are judged, and only scripts of which every command is known to take the file nowhere.',
    'An emptyDir that another container of the pod mounts as well is left alone: it may upload what is there.',
  ],
  sources: [
    'Kubernetes documentation, Volumes: emptyDir is deleted with the pod; Images, Containers: files of a container are lost when it ends',
  ],
  examples: { bad: example('/backup', true), good: example('/dumps', false) },
  kinds: ['Job', 'CronJob'],
  *check(job, workspace) {
    for (const container of containersOf(job))
      for (const { path, at, what } of writtenBackups(workspace, job, container)) {
        const volume = mountAt(container, path)?.volume;
        if (volume === undefined ? container.isInit : !isLost(job, container, volume)) continue;
        yield {
          at,
          message: `${what} goes to ${path}, which is ${volume === undefined ? 'on no volume' : `in the emptyDir ${volume}`}, so it is gone when the pod of ${job.kind} ${job.name} ends — mount a PersistentVolumeClaim there, or upload it.`,
        };
      }
  },
} satisfies Rule;

/** Whether a volume goes with the pod, and no other container can take away what is in it. */
function isLost(job: Resource, container: Container, volume: string): boolean {
  const others = containersOf(job).filter(one => one.name !== container.name && mountsVolume(one, volume));
  return volumeOf(job, volume)?.at('emptyDir').exists === true && others.length === 0;
}

interface WrittenBackup {
  readonly path: string;
  readonly at: Place;
  readonly what: string;
}

/** The backups that the script of a container writes to known paths; none where a command may take them elsewhere. */
function writtenBackups(workspace: Workspace, job: Resource, container: Container): readonly WrittenBackup[] {
  const script = scriptOf(workspace, job, container)?.text ?? commandAsScript(container);
  if (!script || !writers.test(script.text)) return [];
  const { variables } = environmentOf(workspace, job, container);
  let isKnown = true;
  const found: { readonly path: string; readonly span: Span; readonly what: string }[] = [];
  const dumps = new Map<number, string>();
  runShell(readShell(script.text), step => {
    if (!isHarmless(step)) isKnown = false;
    const what = dumpOf(step);
    if (what !== undefined) dumps.set(step.command.pipeline.index, what);
    const own = copiedTo(step);
    if (own) found.push(own);
    const piped = dumps.get(step.command.pipeline.index);
    if (piped !== undefined && step.name === 'tee')
      for (const word of readOptions(step.args, {}).operands) found.push({ ...step.path(word), what: piped });
    if (piped !== undefined && step.output && !step.remote)
      found.push({ path: step.output.to.path, span: step.output.to.span, what: piped });
  });
  if (!isKnown) return [];
  return found.flatMap(({ path, span, what }) => {
    const expanded = path.replace(
      /\$\{(\w+)\}/g,
      (all, name: string) => textOfVariable(workspace, job, variables.get(name)) ?? all,
    );
    // What a command puts into a name is a part of the last name, and not of the folder.
    const folder = expanded.replace(/\/[^/]*\$[^/]*$/, '');
    if (!folder.startsWith('/') || folder.includes('$') || /^\/(?:dev|proc)\b/.test(folder)) return [];
    return [{ path: folder, at: script.place(span.start, span.end), what }];
  });
}

const writers = /\b(?:pg_dump|pg_dumpall|pg_basebackup|redis-cli|valkey-cli|mc|mcli|rclone)\b/;

/** What a command prints or writes, if that is a dump of a database. */
function dumpOf({ name }: RunStep): string | undefined {
  return name === 'pg_dump' || name === 'pg_dumpall' ? 'The dump' : undefined;
}

function copiedTo(step: RunStep): { readonly path: string; readonly span: Span; readonly what: string } | undefined {
  const { name, args } = step;
  if (step.remote) return undefined;
  if (name === 'pg_dump' || name === 'pg_dumpall') {
    const file = readOptions(args, { short: 'dFfhjnNptTUZ', long: ['file', 'dbname', 'host', 'username'] }).value(
      'f',
      'file',
    );
    return file && { ...step.path(file), what: 'The dump' };
  }
  if (name === 'pg_basebackup') {
    const folder = readOptions(args, { short: 'DFrtTXZclhpsUd', long: ['pgdata', 'host', 'username'] }).value(
      'D',
      'pgdata',
    );
    return folder && folder.value !== '-' ? { ...step.path(folder), what: 'The base backup' } : undefined;
  }
  if (name === 'redis-cli' || name === 'valkey-cli') {
    const file = readOptions(args, { short: 'hpanu', long: ['rdb', 'user', 'pass'] }).value('rdb');
    return file && { ...step.path(file), what: 'The dump of Redis' };
  }
  if (name === 'mc' || name === 'mcli' || name === 'rclone') {
    const { operands } = readOptions(args, { long: ['config-dir', 'config', 'transfers', 'exclude'] });
    const [command, from, to] = operands;
    const isCopy = /^(?:mirror|cp|copy|sync|move|mv)$/.test(command?.value ?? '');
    return isCopy && operands.length === 3 && to?.value.startsWith('/') && from?.value.startsWith('/') === false
      ? { ...step.path(to), what: 'The copy' }
      : undefined;
  }
  return undefined;
}

/** Commands that take no file to another place. */
const harmless: ReadonlySet<string> = new Set(
  (
    'set echo printf tee date mkdir ls find rm rmdir gzip gunzip bzip2 xz zstd chmod chown cd exit test [ [[ sleep true ' +
    'false : export trap du df stat sha256sum md5sum touch wait local return pg_dump pg_dumpall pg_isready ' +
    'pg_basebackup redis-cli valkey-cli umask hostname id wc head tail sort until while'
  ).split(' '),
);

function isHarmless(step: RunStep): boolean {
  const { name } = step;
  if (name === undefined) return step.command.nameWord === undefined;
  if (name === 'mc' || name === 'mcli' || name === 'rclone')
    return copiedTo(step) !== undefined || step.args.some(word => word.value === 'alias');
  return harmless.has(name);
}

function example(folder: string, isBad: boolean): string {
  return `
      #- /dump.yaml
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: dump
        namespace: matrix
      spec:
        schedule: "30 1 * * *"
        jobTemplate:
          spec:
            template:
              spec:
                containers:
                  - name: dump
                    image: postgres:16.4
                    command:
                      - sh
                      - -c
                      - |
                        set -e
                        pg_dump -h postgres -U synapse -d synapse -Fc -f ${folder}/synapse.dump
${isBad ? '      #                                                                  ^^^^^^^^^^^^^^^^^^^^ warning: The dump goes to /backup/synapse.dump, which is on no volume, so it is gone when the pod of CronJob dump ends\n' : ''}                    volumeMounts:
                      - name: dumps
                        mountPath: /dumps
                volumes:
                  - name: dumps
                    persistentVolumeClaim:
                      claimName: dumps
    `;
}
