import { configurationOf, optionValues, parsed } from '../../analysis/configs';
import { mountAt, volumeOf } from '../../analysis/mounts';
import { type Container, containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { insertEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { scanScriptOf } from '../antivirus/scan-script';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'mounted-file-mode',
  items: [],
  severity: 'error',
  summary: 'A mounted file may not be executed or read by the container that needs it, or may be read by too many.',
  why: 'Files of a ConfigMap or Secret have the mode 0644 unless the volume says otherwise, and belong to root. A script that is started by its path then ends with "permission denied"; a file with the mode 0400 can be read by root alone. LiveKit refuses a file of keys that others may read.',
  remedy:
    'Set `defaultMode: 0555` for scripts, or start them through a shell. For files that only some may read set `fsGroup`, which gives them to the group of the pod.',
  traps: [
    'Scripts that a shell or an interpreter is given are read and not executed.',
    'Whether a file can be read is only judged where the numbers of user and group are known.',
  ],
  sources: [
    'kubernetes API, ConfigMapVolumeSource and SecretVolumeSource: defaultMode, 0644 by default',
    'kubernetes, pkg/volume/volume_linux.go: with fsGroup the group may read what the owner may',
  ],
  examples: { bad: example('', true), good: example('                defaultMode: 0555\n', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const container of containersOf(resource)) {
      const told = new Set<string>();
      for (const { path, at } of startedFiles(workspace, resource, container)) {
        const file = mountedFile(resource, container, path);
        if (!file || (file.mode & 0o111) !== 0 || told.has(path)) continue;
        told.add(path);
        yield {
          at,
          message: `${path} is started as a program, but is mounted with the mode ${octal(file.mode)}, so nobody may execute it — set defaultMode: 0555.`,
          related: [{ at: file.volume.at('name'), message: 'The volume that brings it' }],
          fixes: () => withMode(file, '0555'),
        };
      }
      yield* keyFile(workspace, resource, container);
      const reader = readerOf(resource, container);
      if (!reader) continue;
      for (const mount of container.value.at('volumeMounts').items()) {
        const volume = volumeOf(resource, mount.at('name').text ?? '');
        const source = volume && sourceOf(volume);
        const readable = reader.mayBeRootGroup ? 0o044 : 0o004;
        const items =
          source
            ?.at('items')
            .items()
            .map(item => item.at('mode')) ?? [];
        // Items may have modes of their own, which go before that of the volume.
        const mode = items.some(one => one.exists)
          ? items.find(one => one.exists && ((modeOf(one) ?? readable) & readable) === 0)
          : source?.at('defaultMode');
        const bits = mode?.exists ? modeOf(mode) : undefined;
        if (!volume || !mode || bits === undefined || (bits & readable) !== 0) continue;
        yield {
          at: mode,
          message: `Container ${container.name} runs as user ${reader.user} and cannot read what volume ${volume.at('name').text} brings: the files belong to root and have the mode ${octal(bits)} — set fsGroup, or defaultMode: 0444.`,
          fixes: (): readonly Fix[] => {
            const context = podTemplate(resource)?.at('spec', 'securityContext');
            const edit = context?.exists ? insertEntry(context, `fsGroup: ${reader.user}`) : undefined;
            return edit ? [{ title: `Set fsGroup to ${reader.user}`, safe: false, edits: [edit] }] : [];
          },
        };
      }
    }
  },
} satisfies Rule;

/** LiveKit ends with "key file others permissions must be set to 0" (livekit pkg/config/config.go, ValidateKeys). */
function* keyFile(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  const configuration = familiesOf(resource).has('livekit')
    ? configurationOf(workspace, resource, 'livekit')
    : undefined;
  if (!configuration || configuration.container.name !== container.name) return;
  const option = optionValues(configuration.words, ['--key-file'])[0];
  const written = configuration.files.flatMap(file => (file.isOpaque ? [] : [parsed(file).root.at('key_file')]));
  const value = written.find(one => one.text !== undefined);
  const path = option ?? value?.text;
  const file = path?.startsWith('/') ? mountedFile(resource, container, path) : undefined;
  if (!path || !file || (file.mode & 0o007) === 0) return;
  const hasGroup = podTemplate(resource)?.at('spec', 'securityContext', 'fsGroup').exists;
  yield {
    at: file.written ?? file.volume.at('name'),
    message: `${path} is mounted with the mode ${octal(file.mode)}, and LiveKit does not start with a file of keys that others may read — set defaultMode: ${hasGroup ? '0440' : '0400, and fsGroup for a user that is not root'}.`,
    related: option === undefined && value ? [{ at: value, message: 'The file of keys' }] : [],
    fixes: () => withMode(file, hasGroup ? '0440' : '0400'),
  };
}

interface StartedFile {
  readonly path: string;
  readonly at: Place;
}

/** The files that a container executes by their path: its command, what probes and hooks run, and the scanner's script. */
function startedFiles(workspace: Workspace, resource: Resource, container: Container): readonly StartedFile[] {
  const { value } = container;
  const commands = [
    value.at('command'),
    ...['startupProbe', 'readinessProbe', 'livenessProbe'].map(probe => value.at(probe, 'exec', 'command')),
    ...['postStart', 'preStop'].map(hook => value.at('lifecycle', hook, 'exec', 'command')),
  ];
  const scan = scanScriptOf(workspace, resource);
  return [
    ...commands.flatMap(command => {
      const program = command.at(0);
      return program.text?.startsWith('/') ? [{ path: program.text, at: program }] : [];
    }),
    ...(scan && scan.container === container ? scannerFile(resource, container, scan.file.path) : []),
  ];
}

function scannerFile(resource: Resource, container: Container, path: string): readonly StartedFile[] {
  const file = mountedFile(resource, container, path);
  return file ? [{ path, at: file.volume.at('name') }] : [];
}

interface MountedFile {
  readonly volume: Value;
  readonly source: Value;
  readonly mode: number;
  /** Where the mode of this file is written. */
  readonly written: Value | undefined;
}

/** The file of a ConfigMap or Secret at a path, with its mode. */
function mountedFile(resource: Resource, container: Container, path: string): MountedFile | undefined {
  const mount = mountAt(container, path);
  const volume = mount && volumeOf(resource, mount.volume);
  const source = volume && sourceOf(volume);
  if (!mount || !volume || !source) return undefined;
  const inVolume = mount.subPath ?? path.slice(mount.mountPath === '/' ? 1 : mount.mountPath.length + 1);
  const item = source
    .at('items')
    .items()
    .find(one => one.at('path').text === inVolume);
  const written = [item?.at('mode'), source.at('defaultMode')].find(one => one?.exists);
  const mode = written ? modeOf(written) : 0o644;
  return mode === undefined ? undefined : { volume, source, mode, written };
}

function sourceOf(volume: Value): Value | undefined {
  return ['configMap', 'secret'].map(kind => volume.at(kind)).find(one => one.exists);
}

/** A mode as the API server reads it: YAML 1.1 takes a number with a zero in front for octal, JSON none. */
function modeOf(value: Value): number | undefined {
  const text = value.text ?? '';
  if (value.string !== undefined && value.style !== 'plain') return undefined;
  if (/^0o?[0-7]+$/.test(text)) return Number.parseInt(text.replace(/^0o?/, ''), 8);
  return /^\d+$/.test(text) && Number(text) <= 0o777 ? Number(text) : undefined;
}

function octal(mode: number): string {
  return `0${mode.toString(8).padStart(3, '0')}`;
}

/** The user of a container that is not root and has no group that files are given to. */
function readerOf(
  resource: Resource,
  { value }: Container,
): { readonly user: number; readonly mayBeRootGroup: boolean } | undefined {
  const pod = podTemplate(resource)?.at('spec', 'securityContext');
  const own = value.at('securityContext');
  const user = own.at('runAsUser').number ?? pod?.at('runAsUser').number;
  const group = own.at('runAsGroup').number ?? pod?.at('runAsGroup').number;
  if (user === undefined || user === 0 || pod?.at('fsGroup').exists) return undefined;
  // Without a group of its own the image decides, and a user that it does not know is in root's.
  const mayBeRootGroup = group === undefined || group === 0 || pod?.at('supplementalGroups').exists === true;
  return { user, mayBeRootGroup };
}

function withMode({ source, written }: MountedFile, mode: string): readonly Fix[] {
  const edit = written ? replaceScalar(written, mode) : insertEntry(source, `defaultMode: ${mode}`);
  return edit ? [{ title: `Set the mode to ${mode}`, safe: false, edits: [edit] }] : [];
}

function example(mode: string, isMarked: boolean): string {
  return `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: init
      spec:
        template:
          spec:
            containers:
              - name: init
                image: postgres:16
                command: [/scripts/init.sh]
${isMarked ? '      #                   ^^^^^^^^^^^^^^^^ 💡 error: /scripts/init.sh is started as a program, but is mounted with the mode 0644\n' : ''}                volumeMounts:
                  - name: scripts
                    mountPath: /scripts
            volumes:
              - name: scripts
                configMap:
                  name: scripts
${mode === '' ? '' : mode.replace(/^ {16}/, '                  ')}    `;
}
