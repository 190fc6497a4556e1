import { commandLine } from '../../analysis/configs';
import { type Environment, environmentOf, textOfVariable } from '../../analysis/environment';
import { publishedProgramOf } from '../../analysis/images';
import { isPatch } from '../../analysis/kustomization';
import { mountAt, mountedTexts, mountsOf, volumeOf } from '../../analysis/mounts';
import { type Container, mainContainersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { commandAsScript, startScriptOf } from '../../analysis/scripts';
import { isStockSynapse, synapseProcess } from '../../analysis/synapse';
import { maskComments } from '../../analysis/text/comments';
import { insertEntry, insertItem } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'program-write-refused',
  items: [],
  severity: 'error',
  summary: 'A program has to write to a folder of its image, and the root file system is read-only.',
  why: 'With `readOnlyRootFilesystem: true` nothing but volumes can be written, not even `/tmp`. nginx, PostgreSQL and gunicorn do not start without their folders. Synapse starts and looks well: it keeps what is longer than 100 kB of a request in a temporary file, so only uploads and large requests of other servers fail.',
  remedy: 'Mount an `emptyDir` at the folder.',
  traps: [
    'Python takes the first folder that it can write of `TMPDIR`, `TEMP`, `TMP`, `/tmp`, `/var/tmp`, `/usr/tmp` and its working folder.',
    '`/dev/shm` is a file system of its own and can always be written: `--worker-tmp-dir /dev/shm` is right for gunicorn.',
    'nginx and PostgreSQL with a configuration of their own, which may name other folders, are not judged, and neither are images of others.',
    'A Synapse worker that answers neither clients nor other servers gets no large requests.',
    'What Element Web writes is told by element-config-not-mounted.',
  ],
  sources: [
    'twisted/twisted, src/twisted/web/http.py, Request.gotLength: 100,000 bytes and more go to tempfile.TemporaryFile(); element-hq/ess-helm issue 1565',
    'Python documentation, tempfile, gettempdir; benoitc/gunicorn, gunicorn/workers/workertmp.py and issue 2859',
    'docker-library/docs, nginx, "Running nginx in read-only mode"; nginx/docker-nginx-unprivileged, Dockerfile-debian.template: the temporary folders and nginx.pid are in /tmp',
    'docker-library/docs, postgres, and postgresql.org, unix_socket_directories: a lock file is made beside the socket',
  ],
  examples: { bad: example(''), good: example('\n                  - {name: tmp, mountPath: /tmp}') },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const container of mainContainersOf(resource)) {
      const readOnly = container.value.at('securityContext', 'readOnlyRootFilesystem');
      if (readOnly.boolean !== true || isPatch(workspace, resource.document.file)) continue;
      for (const need of needsOf(workspace, resource, container)) {
        if (need.folders.some(folder => canWrite(resource, container, folder))) continue;
        yield {
          at: readOnly,
          message: `${need.what}, which it cannot here, so ${need.consequence} — mount an emptyDir at ${need.folder}.`,
          fixes: () => mountEmptyDir(resource, container, need.folder),
        };
      }
    }
  },
} satisfies Rule;

/** What a program writes; one of the folders has to take it. */
interface Need {
  readonly what: string;
  readonly folders: readonly string[];
  /** The folder that is best given to it. */
  readonly folder: string;
  readonly consequence: string;
}

function needsOf(workspace: Workspace, resource: Resource, container: Container): readonly Need[] {
  const program = publishedProgramOf(container.image);
  if (program === 'nginx') return ofNginx(workspace, resource, container, false);
  if (program === 'nginx-unprivileged') return ofNginx(workspace, resource, container, true);
  if (program === 'postgres') return ofPostgres(container);
  return [...ofSynapse(workspace, resource, container), ...ofGunicorn(workspace, resource, container)];
}

/** Twisted writes long bodies of requests to files; those of replication are rarely long. */
function ofSynapse(workspace: Workspace, resource: Resource, container: Container): readonly Need[] {
  const process = synapseProcess(workspace, resource);
  if (process?.container.name !== container.name) return [];
  const serves = process.listeners?.some(({ names }) => names.some(one => /^(?:client|federation|media)$/.test(one)));
  if (!(serves ?? !process.isWorker)) return [];
  const folders = temporaryFolders(workspace, resource, container, isStockSynapse(container.image));
  return folders
    ? [
        {
          what: 'Synapse writes requests of more than 100 kB to a temporary file',
          folders,
          folder: '/tmp',
          consequence: `uploads to container ${container.name} fail`,
        },
      ]
    : [];
}

/** Each worker of gunicorn makes a file by which it tells that it lives. */
function ofGunicorn(workspace: Workspace, resource: Resource, container: Container): readonly Need[] {
  const script = startScriptOf(workspace, resource, container)?.text ?? commandAsScript(container);
  if (!script?.text.includes('gunicorn')) return [];
  const calls = [...maskComments(script.text, 'shell').matchAll(gunicorn)];
  const words = calls[0]?.[0].replaceAll(/['"\\]/g, ' ');
  // A file of settings may name the folder.
  if (words === undefined || calls.length > 1 || /\s(?:-c|--config)[=\s]/.test(words)) return [];
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  if (isOpen || variables.has('GUNICORN_CMD_ARGS')) return [];
  const own = /\s--worker-tmp-dir(?:=|\s+)(\S+)/.exec(words)?.[1];
  if (own?.includes('$')) return [];
  const isStock = publishedProgramOf(container.image) === 'python';
  const folders = own === undefined ? temporaryFolders(workspace, resource, container, isStock) : [own];
  return folders
    ? [
        {
          what: `gunicorn makes a temporary file for each worker${own === undefined ? '' : ` in ${own}`}`,
          folders,
          folder: own ?? '/tmp',
          consequence: `container ${container.name} does not start`,
        },
      ]
    : [];
}

/** A call of gunicorn, to its end. */
const gunicorn = /(?:^|[\s/'"])gunicorn(?=['"\s])(?:\\\n|[^\n;&|])*/g;

function ofNginx(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  isUnprivileged: boolean,
): readonly Need[] {
  const words = commandLine(container).map(word => word.text ?? '');
  if (container.value.at('command').exists && !/(?:^|\/)nginx$/.test(words[0] ?? '')) return [];
  if (words.some(word => /\bpid\b|^-c|\.conf$/.test(word))) return [];
  const own = mountsOf(container).filter(({ mountPath }) => /^\/etc(?:\/nginx(?:\/|$)|$)/.test(mountPath));
  if (own.some(({ mountPath }) => /^\/etc(?:\/nginx(?:\/nginx\.conf)?)?$/.test(mountPath))) return [];
  const texts = mountedTexts(workspace, resource);
  const isShown = own.every(({ volume }) => texts.some(text => text.volume === volume));
  if (!isShown || texts.some(({ value }) => value.text?.includes('_temp_path'))) return [];
  const consequence = `container ${container.name} does not start`;
  if (isUnprivileged)
    return [{ what: 'nginx writes to folders in /tmp', folders: ['/tmp'], folder: '/tmp', consequence }];
  return [
    {
      what: 'nginx makes folders in /var/cache/nginx',
      folders: ['/var/cache/nginx'],
      folder: '/var/cache/nginx',
      consequence,
    },
    { what: 'nginx writes /var/run/nginx.pid', folders: ['/var/run', '/run'], folder: '/var/run', consequence },
  ];
}

function ofPostgres(container: Container): readonly Need[] {
  const words = commandLine(container).map(word => word.text ?? '');
  if (container.value.at('command').exists || words.some(word => /unix_socket_directories|config_file/.test(word)))
    return [];
  return [
    {
      what: 'PostgreSQL makes a lock file in /var/run/postgresql',
      folders: ['/var/run/postgresql', '/run/postgresql'],
      folder: '/var/run/postgresql',
      consequence: `container ${container.name} does not start`,
    },
  ];
}

/**
 * Where Python looks for a folder to write to; undefined where that cannot be known. The images of Python and Synapse
 * have `/` as their working folder, of others a volume may be mounted at theirs.
 */
function temporaryFolders(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  isStock: boolean,
): readonly string[] | undefined {
  const environment = environmentOf(workspace, resource, container);
  if (environment.isOpen) return undefined;
  const named = ['TMPDIR', 'TEMP', 'TMP'].filter(name => environment.variables.has(name));
  const told = named.map(name => folderIn(workspace, resource, environment, name));
  const working = container.value.at('workingDir');
  if (told.includes(undefined) || (working.exists && working.text === undefined)) return undefined;
  const mounted = isStock || working.exists ? [] : mountsOf(container).map(({ mountPath }) => mountPath);
  return [
    ...told.flatMap(folder => folder ?? []),
    ...['/tmp', '/var/tmp', '/usr/tmp'],
    ...(working.text === undefined ? mounted : [working.text]),
  ];
}

function folderIn(workspace: Workspace, resource: Resource, { variables }: Environment, name: string) {
  return textOfVariable(workspace, resource, variables.get(name));
}

/** Whether a volume at a folder takes files; of a volume that is not known to refuse them that is assumed. */
function canWrite(resource: Resource, container: Container, folder: string): boolean {
  if (/^\/dev\/shm(?:\/|$)/.test(folder)) return true;
  const mount = mountAt(container, folder);
  if (!mount || mount.isReadOnly) return false;
  const volume = volumeOf(resource, mount.volume);
  return !['configMap', 'secret', 'projected', 'downwardAPI'].some(kind => volume?.at(kind).exists);
}

function mountEmptyDir(resource: Resource, container: Container, folder: string): readonly Fix[] {
  const spec = podTemplate(resource)?.at('spec');
  const name = folder.slice(1).replaceAll(/[^a-z0-9]+/g, '-');
  const volumes = spec?.at('volumes');
  const mounts = container.value.at('volumeMounts');
  if (!spec || !volumes || volumeOf(resource, name) || mountAt(container, folder)) return [];
  const mount = mounts.exists
    ? insertItem(mounts, `name: ${name}\nmountPath: ${folder}`)
    : insertEntry(container.value, `volumeMounts:\n  - name: ${name}\n    mountPath: ${folder}`);
  const volume = volumes.exists
    ? insertItem(volumes, `name: ${name}\nemptyDir: {}`)
    : insertEntry(spec, `volumes:\n  - name: ${name}\n    emptyDir: {}`);
  return mount && volume ? [{ title: `Mount an emptyDir at ${folder}`, safe: true, edits: [mount, volume] }] : [];
}

function example(mount: string): string {
  return `
      #- /key-vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: key-vault
                image: python:3.12.8-slim-bookworm
                command: [gunicorn, --bind=0.0.0.0:8000, key_vault.wsgi]
                securityContext:
                  readOnlyRootFilesystem: true
${mount === '' ? '      #                                   ^^^^ 💡 error: gunicorn makes a temporary file for each worker, which it cannot here, so container key-vault does not start — mount an emptyDir at /tmp.\n' : ''}                volumeMounts:
                  - {name: app, mountPath: /app, readOnly: true}${mount.replace('{name: tmp, mountPath: /tmp}', 'name: tmp\n                    mountPath: /tmp')}
            volumes:
              - name: app
                configMap:
                  name: key-vault${mount === '' ? '' : '\n              - name: tmp\n                emptyDir: {}'}
    `;
}
