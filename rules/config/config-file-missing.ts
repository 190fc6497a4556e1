import { type ConfiguredProgram, commandLine, configurationOf, parsed } from '../../analysis/configs';
import { podWrites } from '../../analysis/effective';
import { type ImageProgram, programOf, publishedProgramOf } from '../../analysis/images';
import { isPatch } from '../../analysis/kustomization';
import { type Mount, mountAt, mountsOf, mountsVolume, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { nearest } from '../../analysis/nearest';
import { type Container, containersOf, isInjected, podTemplate, workloadKinds } from '../../analysis/pods';
import { scriptCalls, startScriptOf } from '../../analysis/scripts';
import { maskComments } from '../../analysis/text/comments';
import { baseName } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { filesInstead, filesThere } from './files-there';
import { scriptInputs } from './script-inputs';

export default {
  id: 'config-file-missing',
  items: [],
  severity: 'error',
  summary: 'A program or script reads a file, or starts with a script, that nothing puts there.',
  why: 'The volume at the path holds no such file: the ConfigMap has another key, or the init container writes another path. The program stops with "no such file", and the pod restarts for ever.',
  remedy: 'Give the program the path under which the file is written, or write it there.',
  traps: [
    'Only volumes whose files the tree shows are looked at: ConfigMaps and Secrets of the tree, and an `emptyDir` that only scripts fill which can be followed.',
    'A claim may have a file from before: one that nothing puts there is a warning, and only where the tree writes a file of its name elsewhere in the container.',
    'The keys and certificates in the configuration of Sygnal are files that it reads, too.',
    'A path on no volume is a finding only if the image is known to hold none: those of Synapse, Redis, HAProxy, LiveKit, coturn and the content scanner, started without a script that may write it.',
  ],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yml: |
          port: 7880
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yaml]
      #                          ^^^^^^^^^^^^^^^^^^^^^^^^^ error: There is no /etc/livekit/livekit.yaml in container livekit, but /etc/livekit/livekit.yml
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: config
                configMap:
                  name: livekit
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yml: |
          port: 7880
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.4
                args: [--config, /etc/livekit/livekit.yml]
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit
            volumes:
              - name: config
                configMap:
                  name: livekit
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const told = new Set<Container>();
    for (const program of programs) {
      const configuration = configurationOf(workspace, resource, program);
      if (!configuration || (program === 'coturn' && configuration.paths.length > 1)) continue;
      const { container, paths } = configuration;
      for (const path of paths) {
        const mount = mountAt(container, path);
        if (mount) {
          const at = placeOf(container, path) ?? mount.value.at('mountPath');
          yield* missing(workspace, resource, { container, mount, path, at });
        } else if (!told.has(container)) {
          const problem = unmounted(workspace, resource, container, program, path);
          if (problem) told.add(container);
          if (problem) yield problem;
        }
      }
    }
    yield* pushFiles(workspace, resource);
    for (const container of containersOf(resource)) {
      yield* ofImage(workspace, resource, container);
      yield* missingScript(workspace, resource, container);
      yield* missingCalls(workspace, resource, container);
      yield* missingInputs(workspace, resource, container);
    }
  },
} satisfies Rule;

interface Wanted {
  readonly container: Container;
  readonly mount: Mount;
  readonly path: string;
  readonly at: Place;
}

/** A file that the volume at its path does not have. */
function* missing(workspace: Workspace, resource: Resource, { container, mount, path, at }: Wanted): Iterable<Problem> {
  const others = filesInstead(workspace, resource, container, mount, path);
  if (!others) {
    yield* missingOnClaim(workspace, resource, { container, mount, path, at });
    return;
  }
  const name = nearest(path, others) ?? (others.length === 1 ? others[0] : undefined);
  yield {
    at,
    message:
      name === undefined
        ? `There is no ${path} in container ${container.name}: nothing puts it into the volume ${mount.volume} — write it there, or name another file.`
        : `There is no ${path} in container ${container.name}, but ${name} — name that, or write the file there.`,
    related: [{ at: mount.value.at('mountPath'), message: `Volume ${mount.volume}` }],
  };
}

/** A file on a claim, which may have it from before, while what the tree writes for the container lies elsewhere. */
function* missingOnClaim(
  workspace: Workspace,
  resource: Resource,
  { container, mount, path, at }: Wanted,
): Iterable<Problem> {
  const volume = volumeOf(resource, mount.volume);
  const isClaim = volume?.at('persistentVolumeClaim').exists || volume?.at('metadata').exists;
  if (!isClaim || podWrites(workspace, resource).mayExist(container, path)) return;
  const same = sameName(workspace, resource, container, path);
  if (same === undefined) return;
  yield {
    at,
    severity: 'warning',
    message: `Nothing of the tree puts ${path} into the claim ${mount.volume}, but there is ${same} in container ${container.name} — name that, or write the file to the claim.`,
    related: [{ at: mount.value.at('mountPath'), message: `Volume ${mount.volume}` }],
  };
}

/** The keys and certificates with which Sygnal sends to Apple and Google; it ends without them (sygnal/apnspushkin.py, gcmpushkin.py). */
function* pushFiles(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const configuration = configurationOf(workspace, resource, 'sygnal');
  const [file] = configuration?.files ?? [];
  if (!configuration || !file || file.isOpaque) return;
  const { container } = configuration;
  for (const [, app] of parsed(file).root.at('apps').entries())
    for (const name of ['certfile', 'keyfile', 'service_account_file']) {
      const at = app.at(name);
      const path = at.text ?? '';
      if (!/^\/[\w./-]+$/.test(path) || file.resolve(at).kind !== 'left') continue;
      const mount = mountAt(container, path);
      const others = mount && filesInstead(workspace, resource, container, mount, path);
      const close = others && nearest(path, others);
      if (mount && others)
        yield {
          at,
          message: `There is no ${path} in container ${container.name}: nothing puts it into the volume ${mount.volume} — ${close === undefined ? 'mount the Secret that holds it' : `did you mean ${close}?`}`,
          related: [{ at: mount.value.at('mountPath'), message: `Volume ${mount.volume}` }],
        };
      else if (!mount && isBareSygnal(workspace, resource, container, path))
        yield {
          at,
          message: `There is no ${path} in container ${container.name}, because no volume is mounted there — mount the Secret that holds it.`,
          related: [{ at: container.value.at('name'), message: `Container ${container.name}` }],
        };
    }
}

/** Whether a file that is on no volume is not there: the image of the project has none, and no script makes it. */
function isBareSygnal(workspace: Workspace, resource: Resource, container: Container, path: string): boolean {
  if (publishedProgramOf(container.image) !== 'sygnal') return false;
  if (isPatch(workspace, resource.document.file) || isInjected(resource)) return false;
  return !startScriptOf(workspace, resource, container) && !podWrites(workspace, resource).mayExist(container, path);
}

/** A script that a container is started with, on a volume that does not have it or that the container does not mount. */
function* missingScript(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  const words = commandLine(container);
  const [first] = words;
  const isInterpreter = /(?:^|\/)(?:(?:ba|da|a)?sh|python3?|perl|node)$/.test(first?.text ?? '');
  const script = isInterpreter ? words.slice(1).find(word => !word.text?.startsWith('-')) : first;
  const path = script?.text;
  // What follows `-c` is a command, which may be a path and nothing else.
  if (!script || path === undefined || !/^\/[\w./-]+\.(?:sh|bash|py|pl|js)$/.test(path)) return;
  const at = script.mapped.place(0, path.length);
  const mount = mountAt(container, path);
  if (mount) {
    yield* missing(workspace, resource, { container, mount, path, at });
    return;
  }
  const file = baseName(path);
  const volume = (podTemplate(resource)?.at('spec', 'volumes').items() ?? []).find(
    one =>
      !mountsVolume(container, one.at('name').text ?? '') &&
      textsOfVolume(workspace, resource, one).some(text => text.path === file),
  );
  if (!volume || isPatch(workspace, resource.document.file) || podWrites(workspace, resource).mayExist(container, path))
    return;
  yield {
    at,
    message: `There is no ${path} in container ${container.name}, because the volume ${volume.at('name').text} that holds ${file} is not mounted there — mount it.`,
    related: [{ at: volume, message: `Volume ${volume.at('name').text}` }],
  };
}

/** The scripts that the command of a container calls, where its volumes have them at another path or not at all. */
function* missingCalls(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  const script = startScriptOf(workspace, resource, container)?.text;
  if (!script || !/\.(?:ba)?sh\b/.test(script.text)) return;
  const told = new Set<string>();
  for (const { path, start } of scriptCalls(maskComments(script.text, 'shell'))) {
    // A script that looks whether the file is there can do without it.
    if (told.has(path) || new RegExp(`-[efrsx]\\s+["']?${path}`).test(script.text)) continue;
    told.add(path);
    const at = script.place(start, start + path.length);
    const mount = mountAt(container, path);
    if (mount) {
      yield* missing(workspace, resource, { container, mount, path, at });
      continue;
    }
    if (ofImages.test(path) || podWrites(workspace, resource).mayExist(container, path)) continue;
    const same = sameName(workspace, resource, container, path);
    if (same === undefined) continue;
    yield {
      at,
      message: `There is no ${path} in container ${container.name}, but ${same} — name that, or mount the volume there.`,
    };
  }
}

/** A file of the same name on a volume that the container mounts at another path. */
function sameName(workspace: Workspace, resource: Resource, container: Container, path: string): string | undefined {
  const name = baseName(path);
  return mountsOf(container)
    .filter(({ subPath }) => subPath === undefined)
    .flatMap(one => filesThere(workspace, resource, container, one) ?? [])
    .find(file => file.endsWith(`/${name}`));
}

/** The files that the script of a container reads, where a volume without them is mounted or nothing at all. */
function* missingInputs(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  const { written } = podWrites(workspace, resource);
  for (const { path, at } of scriptInputs(workspace, resource, container)) {
    // What a script moves away was there all the same.
    if (written.some(one => one.path === path && one.container.name === container.name)) continue;
    const mount = mountAt(container, path);
    if (mount) {
      yield* missing(workspace, resource, { container, mount, path, at });
      continue;
    }
    if (isInjected(resource) || isPatch(workspace, resource.document.file)) continue;
    const isEmpty = withoutFolders.has(publishedProgramOf(container.image)) && !usualFolders.test(path);
    const other = isEmpty || !ofImages.test(path) ? sameName(workspace, resource, container, path) : undefined;
    if (!(isEmpty || other !== undefined) || podWrites(workspace, resource).mayExist(container, path)) continue;
    yield {
      at,
      message:
        other === undefined
          ? `There is no ${path} in container ${container.name}: the image does not have it, and no volume is mounted there — mount one, or name another file.`
          : `There is no ${path} in container ${container.name}, but ${other} — name that, or mount the volume there.`,
    };
  }
}

/** Images that have no folders of their own beside those that every system has. */
const withoutFolders: ReadonlySet<ImageProgram | undefined> = new Set<ImageProgram>([
  'synapse',
  'redis',
  'postgres',
  'busybox',
  'alpine',
  'rclone',
]);
const usualFolders =
  /^\/(?:[^/]+$|(?:bin|boot|conf|config|data|dev|docker\w*|etc|home|lib\w*|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)\/)/;

/** Where images have scripts of their own. */
const ofImages = /^\/(?:[^/]+$|(?:usr|opt|bin|sbin|etc|app|home|root|lib)\/)/;

const programs: readonly ConfiguredProgram[] = [
  'synapse',
  'redis',
  'sentinel',
  'haproxy',
  'livekit',
  'coturn',
  'scanner',
  'sygnal',
];

/**
 * An option that names a file which only the image can have, while the tree mounts one of that name for the container at
 * a path that nothing names: the program then runs with the defaults of its image.
 */
function* ofImage(workspace: Workspace, resource: Resource, container: Container): Iterable<Problem> {
  if (isInjected(resource) || isPatch(workspace, resource.document.file)) return;
  const words = commandLine(container);
  const texts = [
    ...words,
    ...container.value
      .at('env')
      .items()
      .map(one => one.at('value')),
  ].map(one => one.text ?? '');
  for (const word of words) {
    const [, path] =
      /^(?:--?[\w-]+=)?(\/(?:[\w.-]+\/)+[\w-]+\.(?:conf|cfg|ya?ml|toml|ini|json))$/.exec(word.text ?? '') ?? [];
    if (path === undefined || mountAt(container, path)) continue;
    if (podWrites(workspace, resource).mayExist(container, path)) continue;
    for (const { mountPath, subPath, value } of mountsOf(container)) {
      const isSame = subPath !== undefined && baseName(subPath) === baseName(path) && mountPath !== path;
      if (!isSame || texts.some(text => text.includes(mountPath))) continue;
      yield {
        at: word.part((word.text ?? '').length - path.length, (word.text ?? '').length),
        severity: 'warning',
        message: `Container ${container.name} is told to read ${path}, and ${subPath} is mounted at ${mountPath}, so it reads what its image has there — write the same path in both.`,
        related: [{ at: value.at('mountPath'), message: mountPath }],
      };
    }
  }
}

/**
 * A file on no volume, which the image that makes the program has not either. What a script of the container, an injected
 * one or an image of somebody's own brings is not known.
 */
function unmounted(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  program: ConfiguredProgram,
  path: string,
): Problem | undefined {
  const at = placeOf(container, path) ?? (isNeeded(container, path) ? container.value.at('name') : undefined);
  const script = startScriptOf(workspace, resource, container)?.text.text.trim() ?? '';
  if (
    !at ||
    !bare[program]?.some(one => one === publishedProgramOf(container.image)) ||
    inImages.has(path) ||
    /[$*]/.test(path)
  )
    return undefined;
  if (script !== '' && !/^exec\s[^;&|<>\n]*$/.test(script)) return undefined;
  if (isPatch(workspace, resource.document.file) || isInjected(resource)) return undefined;
  if (podWrites(workspace, resource).mayExist(container, path)) return undefined;
  const holder = containersOf(resource)
    .filter(one => one.name !== container.name)
    .find(one => mountAt(one, path) && podWrites(workspace, resource).mayExist(one, path));
  const volume = holder && mountAt(holder, path)?.volume;
  return {
    at,
    message: `There is no ${path} in container ${container.name}, because no volume is mounted there — mount ${volume === undefined ? 'the one that holds it' : `${volume}, as ${holder?.name} does`}.`,
    related: [{ at: container.value.at('name'), message: `Container ${container.name}` }],
  };
}

/** The images that hold a program and no configuration of a deployment. */
const bare: Partial<Record<ConfiguredProgram, readonly ImageProgram[]>> = {
  synapse: ['synapse'],
  redis: ['redis', 'valkey'],
  sentinel: ['redis', 'valkey'],
  haproxy: ['haproxy'],
  livekit: ['livekit-server'],
  coturn: ['coturn'],
  scanner: ['matrix-content-scanner'],
};

/** Files that those images do have. */
const inImages: ReadonlySet<string> = new Set(['/etc/coturn/turnserver.conf', '/etc/turnserver.conf']);

/** Whether an image starts its program with a file that it does not bring (docker-library docs, haproxy). */
function isNeeded({ image }: Container, path: string): boolean {
  return path === '/usr/local/etc/haproxy/haproxy.cfg' && programOf(image) === 'haproxy';
}

/** Where the command line names the path. */
function placeOf(container: Container, path: string): Place | undefined {
  for (const word of commandLine(container)) {
    const at = word.mapped.text.indexOf(path);
    if (at !== -1 && word.text !== undefined) return word.mapped.place(at, at + path.length);
  }
  return undefined;
}
