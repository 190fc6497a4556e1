import { parsed } from '../../analysis/configs';
import { effectiveFile } from '../../analysis/effective';
import { mountAt, volumeOf } from '../../analysis/mounts';
import { type Container, podTemplate } from '../../analysis/pods';
import {
  isSameValue,
  processesBeside,
  processKinds,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'synapse-log-file-unwritable',
  items: [],
  severity: 'error',
  summary: 'The logging configuration opens a file that the container cannot write.',
  why: 'Python opens the files of all handlers when it reads the configuration, also of those that no logger uses. Where that fails, Synapse stops before it has begun: "Unable to configure handler".',
  remedy:
    'Delete the handler and log to the console, where Kubernetes looks for logs, or mount a volume where the file is to be.',
  traps: [
    'Only containers with `readOnlyRootFilesystem: true` are judged, and paths below no volume or below a read-only one.',
    'The images declare `/data` as a volume, which some runtimes make writable for root; it is judged for other users only.',
    'A handler with `delay: true` opens its file with the first message only.',
  ],
  sources: [
    'Python documentation, logging.config, "Configuration order"; CPython Lib/logging/config.py: every handler is configured',
    'element-hq/synapse, docker/Dockerfile: VOLUME ["/data"]',
  ],
  examples: {
    bad: example('{class: logging.handlers.RotatingFileHandler, filename: /data/homeserver.log}', true),
    good: example('{class: logging.handlers.RotatingFileHandler, filename: /tmp/homeserver.log}', false),
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    for (const found of process ? lost(workspace, process) : []) {
      const { name, target } = found;
      // All processes read the file of one ConfigMap; it is one mistake, told of the first that it stops.
      const stopped = processesBeside(workspace, resource).filter(one =>
        lost(workspace, one).some(other => isSameFile(other, found)),
      );
      if (stopped[0] !== process) continue;
      const others = stopped.length === 1 ? '' : ` and ${stopped.length - 1} more`;
      yield {
        at: target,
        message: `Handler ${name} opens ${target.text}, which ${resource.title}${others} cannot write, so Synapse does not start — delete the handler, or mount a volume there.`,
        related: stopped.map(({ container }) => ({
          at: container.value.at('name'),
          message: 'This container has a read-only root and no volume there',
        })),
      };
    }
  },
} satisfies Rule;

interface LostFile {
  /** The name of the handler. */
  readonly name: string;
  /** The path it opens. */
  readonly target: Value;
  /** The ConfigMap's key that it stands in. */
  readonly source: Value | undefined;
}

/** Whether two processes would open one file because of one line: each has a copy of its own of what was written. */
function isSameFile(a: LostFile, b: LostFile): boolean {
  return a.name === b.name && a.source !== undefined && b.source !== undefined && isSameValue(a.source, b.source);
}

/** The files that the handlers of a process open and its container cannot write. */
function lost(
  workspace: Workspace,
  { resource, container, homeserver, isWorker }: SynapseProcess,
): readonly LostFile[] {
  if (!homeserver || !isReadOnly(container)) return [];
  const worker = homeserver.at('worker_log_config');
  const path = (isWorker && worker.exists ? worker : homeserver.at('log_config')).text;
  const file = path === undefined ? undefined : effectiveFile(workspace, resource, container, path);
  if (!file || file.isOpaque) return [];
  return parsed(file)
    .root.at('handlers')
    .entries()
    .flatMap(([name, handler]) => {
      const target = handler.at('filename');
      if (!target.text?.startsWith('/') || handler.at('delay').boolean === true) return [];
      return isWritable(resource, container, target.text) ? [] : [{ name, target, source: file.sources[0] }];
    });
}

function isReadOnly(container: Container): boolean {
  return container.value.at('securityContext', 'readOnlyRootFilesystem').boolean === true;
}

function isWritable(resource: Resource, container: Container, path: string): boolean {
  const mount = mountAt(container, path);
  if (mount) {
    const volume = volumeOf(resource, mount.volume);
    const isFiles = ['configMap', 'secret', 'projected', 'downwardAPI'].some(kind => volume?.at(kind).exists);
    return !mount.isReadOnly && !isFiles;
  }
  // The runtime mounts these, and brings the streams of the process there (OCI runtime specification, "Default Devices").
  return /^\/(?:dev|proc)\//.test(path) || (path.startsWith('/data/') && mayBeRoot(resource, container));
}

function mayBeRoot(resource: Resource, container: Container): boolean {
  const contexts = [container.value.at('securityContext'), podTemplate(resource)?.at('spec', 'securityContext')];
  const first = <T>(read: (context: Value) => T | undefined): T | undefined =>
    contexts.map(context => context && read(context)).find(value => value !== undefined);
  const user = first(context => context.at('runAsUser').number);
  if (user !== undefined) return user === 0;
  return first(context => context.at('runAsNonRoot').boolean) !== true;
}

function example(handler: string, isMarked: boolean): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          log_config: /config/log.yaml
        log.yaml: |
          version: 1
          handlers:
            console: {class: logging.StreamHandler}
            file: ${handler}
${isMarked ? '      #                                                                   ^^^^^^^^^^^^^^^^^^^^ error: Handler file opens /data/homeserver.log, which StatefulSet/synapse-main cannot write\n' : ''}          root: {handlers: [console]}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        serviceName: synapse-main
        selector:
          matchLabels: {app: synapse}
        template:
          metadata:
            labels: {app: synapse}
          spec:
            securityContext:
              runAsUser: 991
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                securityContext:
                  readOnlyRootFilesystem: true
                volumeMounts:
                  - {name: config, mountPath: /config}
                  - {name: tmp, mountPath: /tmp}
            volumes:
              - name: config
                configMap: {name: synapse-config}
              - name: tmp
                emptyDir: {}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        clusterIP: None
        selector: {app: synapse}
        ports:
          - port: 8008
    `;
}
