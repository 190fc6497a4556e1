import { perName } from '../manifests/derived';
import { escapeRegExp } from '../manifests/escape-reg-exp';
import type { Resource } from '../manifests/resource';
import type { Span } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { autoscalersOf } from './autoscalers';
import { configurationOf } from './configs';
import type { ResolvedVariable } from './effective';
import { type HomeserverLayer, type HomeserverReader, homeserverOf } from './homeserver';
import { imageTag, publishedProgramOf } from './images';
import { type Container, podTemplate } from './pods';
import { replicasIn } from './replicas';
import { isLi, isSynapseWorker, workloads } from './roles';

/** One kind of Synapse process: a workload that runs Synapse, with what its configuration says. */
export interface SynapseProcess {
  readonly resource: Resource;
  readonly container: Container;
  /** Undefined if none of its configuration files is in the tree. */
  readonly homeserver: HomeserverReader | undefined;
  readonly isWorker: boolean;
  readonly isLi: boolean;
  /** The name that its pods call themselves in the other processes' configuration. */
  readonly names: ProcessNames;
  /** What it listens on: `listeners`, for a worker `worker_listeners`. Undefined if that cannot be known. */
  readonly listeners: readonly Listener[] | undefined;
  /** The minor version of Synapse 1.x as the tag of the image says; undefined for other tags. */
  readonly minor: number | undefined;
}

export interface Listener {
  readonly type: string;
  readonly port: number | undefined;
  /** The HTTP resources it serves, such as `client` or `replication`. */
  readonly names: readonly string[];
  readonly value: Value;
}

/**
 * What the pods of a process call themselves: `worker_name`, else `worker_app`, and `master` for the main process
 * (synapse/config/workers.py).
 */
export interface ProcessNames {
  /** One name for each pod, as far as they are known beforehand. */
  readonly known: readonly string[];
  /** Whether a name that is not among `known` may be that of a pod. */
  matches(name: string): boolean;
  /** Where the name is written, be it as `worker_app`; undefined where it is not. */
  readonly at: Value | undefined;
  /** Whether every pod has a name of its own. */
  readonly isUnique: boolean;
}

/** The processes of one homeserver: the main process and its workers. */
export interface SynapseInstance {
  /** Undefined if there is none, or if it cannot be told which of several is meant. */
  readonly main: SynapseProcess | undefined;
  readonly workers: readonly SynapseProcess[];
}

/** What a workload runs, if it runs Synapse for longer than a Job does. */
export function synapseProcess(workspace: Workspace, resource: Resource): SynapseProcess | undefined {
  return workspace.derive(readProcess, resource);
}

/** The homeserver that a Synapse workload belongs to. */
export function instanceOf(workspace: Workspace, synapse: Resource): SynapseInstance {
  return workspace.derive(findInstance, synapse);
}

/** The main processes of every instance, the LI instance included. */
export function mainProcesses(workspace: Workspace): readonly SynapseProcess[] {
  return workspace.shared(findMainProcesses);
}

function findMainProcesses(workspace: Workspace): readonly SynapseProcess[] {
  return processes(workspace).filter(one => !one.isWorker);
}

/** All long-running Synapse processes of the tree. */
export function processes(workspace: Workspace): readonly SynapseProcess[] {
  return workspace.shared(findProcesses);
}

function findProcesses(workspace: Workspace): readonly SynapseProcess[] {
  return workloads(workspace, 'synapse').flatMap(resource => synapseProcess(workspace, resource) ?? []);
}

/**
 * The long-running Synapse processes that may share files with a workload, in the order of the tree: those of its namespace,
 * and those that name none and go where the tree is applied to.
 */
export function processesBeside(workspace: Workspace, { namespace }: Resource): readonly SynapseProcess[] {
  return namespace === undefined ? processes(workspace) : processesIn(workspace, namespace);
}

const processesIn = perName((workspace: Workspace, namespace: string) =>
  processes(workspace).filter(({ resource }) => resource.namespace === undefined || resource.namespace === namespace),
);

/** Whether two scalars are the same one, although they were read at different times. */
export function isSameValue(a: Value, b: Value): boolean {
  return a.source === b.source && a.path.join('\n') === b.path.join('\n');
}

/** Whether a configuration file of one process is also read by another. */
export function readsLayer(process: SynapseProcess, layer: HomeserverLayer): boolean {
  return (
    process.homeserver?.layers.some(other =>
      other.file.sources.some(a => layer.file.sources.some(b => isSameValue(a, b))),
    ) ?? false
  );
}

/** The HTTP ports on which a process answers one of Synapse's resources, such as `replication`. */
export function portsServing(process: SynapseProcess, name: string): readonly number[] {
  return (process.listeners ?? []).flatMap(listener =>
    listener.port !== undefined && listener.names.includes(name) ? [listener.port] : [],
  );
}

/** Whether a process runs the media repository: `enable_media_repo` is on unless it is written as false. */
export function runsMediaRepository(process: SynapseProcess): boolean | undefined {
  const { homeserver } = process;
  if (!homeserver) return undefined;
  if (homeserver.at('worker_app').string === 'synapse.app.media_repository') return true;
  const written = homeserver.at('enable_media_repo');
  // synapse/config/repository.py asks `is False`, so that the text "false" switches nothing off.
  if (written.exists) return written.boolean !== false;
  return homeserver.isPartial ? undefined : true;
}

/** Whether an image is one that the Synapse project publishes, as far as its name tells. */
export function isStockSynapse(image: string): boolean {
  return publishedProgramOf(image) === 'synapse';
}

/** The minor version of Synapse 1.x that an image's tag names. */
export function synapseMinor(image: string): number | undefined {
  const minor = /^v?1\.(\d+)(?:\.|$|-)/.exec(imageTag(image) ?? '')?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/**
 * The Python version in a published Synapse image, such as `3.12`. Undefined for tags that do not say, and for versions
 * that are not known here (element-hq/synapse, docker/Dockerfile, PYTHON_VERSION).
 */
export function pythonOfSynapse(image: string): string | undefined {
  if (!isStockSynapse(image)) return undefined;
  const minor = synapseMinor(image);
  if (minor === undefined || minor < 80 || minor > 149) return undefined;
  return minor <= 118 ? '3.11' : minor <= 140 ? '3.12' : '3.13';
}

/** How many pods a workload may have: its replicas, or what a HorizontalPodAutoscaler may raise them to. */
export function mostReplicas(workspace: Workspace, resource: Resource): number {
  const scaled = autoscalersOf(workspace, resource).map(scaler => scaler.root.at('spec', 'maxReplicas').number ?? 0);
  return Math.max(replicasIn(workspace, resource), ...scaled);
}

/** Kinds of workloads that keep a Synapse process running; a Job with Synapse's image is some tool. */
export const processKinds = ['StatefulSet', 'Deployment', 'DaemonSet', 'ReplicaSet', 'Pod'] as const;

function readProcess(resource: Resource, workspace: Workspace): SynapseProcess | undefined {
  if (!processKinds.some(kind => kind === resource.kind)) return undefined;
  const configuration = configurationOf(workspace, resource, 'synapse');
  if (!configuration) return undefined;
  const homeserver = homeserverOf(workspace, resource);
  const app = homeserver?.at('worker_app').string;
  const isWorker = app === undefined ? isSynapseWorker(workspace, resource) : app !== 'synapse.app.homeserver';
  return {
    resource,
    container: configuration.container,
    homeserver,
    isWorker,
    isLi: isLi(workspace, resource),
    names: namesOf(workspace, resource, homeserver, isWorker),
    listeners: homeserver && listenersOf(homeserver, isWorker),
    minor: synapseMinor(configuration.container.image),
  };
}

function findInstance(synapse: Resource, workspace: Workspace): SynapseInstance {
  const own = synapseProcess(workspace, synapse);
  const all = processesBeside(workspace, synapse).filter(
    one => one.isLi === own?.isLi && one.resource.namespace === synapse.namespace,
  );
  const mains = all.filter(one => !one.isWorker);
  const workers = all.filter(one => one.isWorker);
  if (!own || mains.length <= 1) return { main: mains[0], workers };
  const main = own.isWorker ? mains.find(one => sharesLayer(one, own)) : own;
  return { main, workers: main ? workers.filter(one => sharesLayer(main, one)) : [] };
}

function sharesLayer(a: SynapseProcess, b: SynapseProcess): boolean {
  return b.homeserver?.layers.some(layer => readsLayer(a, layer)) ?? false;
}

function listenersOf(homeserver: HomeserverReader, isWorker: boolean): readonly Listener[] | undefined {
  const list = homeserver.at(isWorker ? 'worker_listeners' : 'listeners');
  if (!list.exists && homeserver.isPartial) return undefined;
  return list.items().map(value => ({
    type: value.at('type').text ?? 'http',
    port: value.at('port').number,
    names: value
      .at('resources')
      .items()
      .flatMap(resource => resource.at('names').items())
      .flatMap(name => name.text ?? []),
    value,
  }));
}

function namesOf(
  workspace: Workspace,
  resource: Resource,
  homeserver: HomeserverReader | undefined,
  isWorker: boolean,
): ProcessNames {
  const anything: ProcessNames = { known: [], matches: () => true, at: undefined, isUnique: true };
  if (!homeserver) return isWorker ? anything : fixed('master');
  const at = homeserver.at('worker_name');
  const replicas = mostReplicas(workspace, resource);
  if (!at.exists) {
    if (homeserver.isPartial) return isWorker ? anything : fixed('master');
    const app = homeserver.at('worker_app');
    return isWorker
      ? { ...fixed(app.string ?? 'master'), at: app.exists ? app : undefined, isUnique: replicas <= 1 }
      : fixed('master');
  }
  const pieces = piecesOfName(resource, homeserver.layer('worker_name'), at);
  const pattern = new RegExp(`^${pieces.map(piece => patternOfPiece(piece, resource)).join('')}$`);
  const pods = pieces.some(piece => piece.kind === 'pod' || piece.kind === 'ordinal') ? Math.min(replicas, 200) : 1;
  const first = resource.root.at('spec', 'ordinals', 'start').number ?? 0;
  const known = isForeseeable(resource, pieces)
    ? Array.from({ length: pods }, (_, index) =>
        pieces.map(piece => nameOfPiece(piece, resource, first + index)).join(''),
      )
    : undefined;
  return {
    known: known ?? [],
    matches: name => (known ? known.includes(name) : pattern.test(name)),
    at,
    isUnique: pieces.some(piece => piece.kind !== 'text') || replicas <= 1,
  };
}

function fixed(name: string): ProcessNames {
  return { known: [name], matches: other => other === name, at: undefined, isUnique: true };
}

/** A part of a name: written, the pod's name, its ordinal, or something that the tree does not tell. */
type NamePiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pod' }
  | { readonly kind: 'ordinal' }
  | { readonly kind: 'unknown' };

function piecesOfName(resource: Resource, { file }: HomeserverLayer, name: Value): readonly NamePiece[] {
  const { start, end } = name.sourceSpan;
  const written = name.source.tree.text.slice(start, end);
  if (file.isOpaque) return [{ kind: 'unknown' }];
  const pieces: NamePiece[] = [];
  let from = 0;
  const addText = (to: number): void => {
    const text = written.slice(from, to).replace(/^["']|["']$/g, '');
    if (text === '') return;
    const isLeft = file.resolve(name, { start: from, end: to }).kind === 'left';
    pieces.push(isLeft ? { kind: 'text', text } : { kind: 'unknown' });
  };
  for (const token of written.matchAll(
    /\$\{\w+[^}]*\}|\$\w+|\$\([^)]*\)|`[^`]*`|[A-Z][A-Z0-9_]*_PLACEHOLDER|__\w+?__|\{\{[^{}]*\}\}|@@?[A-Z]\w*@@?/g,
  )) {
    addText(token.index);
    from = token.index + token[0].length;
    pieces.push(...piecesOfToken(resource, file, name, { start: token.index, end: from }));
  }
  addText(written.length);
  return pieces;
}

/** What a token or a variable in a name becomes. */
function piecesOfToken(
  resource: Resource,
  file: HomeserverLayer['file'],
  name: Value,
  token: Span,
): readonly NamePiece[] {
  const resolution = file.resolve(name, token);
  if (resolution.kind !== 'replaced') return [{ kind: 'unknown' }];
  const { replacement, variables } = resolution;
  if (replacement && replacement.length > 0)
    return replacement.map(piece =>
      typeof piece === 'string' ? { kind: 'text', text: piece } : pieceOf(resource, piece),
    );
  const [only, ...others] = variables;
  return [only && others.length === 0 && !replacement ? pieceOf(resource, only) : { kind: 'unknown' }];
}

function pieceOf(resource: Resource, variable: ResolvedVariable): NamePiece {
  if (variable.transformed) return { kind: 'unknown' };
  const { definition } = variable;
  const literal = definition?.value?.text;
  if (literal !== undefined) return literal.includes('$(') ? { kind: 'unknown' } : { kind: 'text', text: literal };
  const path = definition?.at.at('valueFrom', 'fieldRef', 'fieldPath').text;
  if (path === 'metadata.name' || path === "metadata.labels['statefulset.kubernetes.io/pod-name']")
    return { kind: 'pod' };
  if (path === "metadata.labels['apps.kubernetes.io/pod-index']") return { kind: 'ordinal' };
  if (path === 'metadata.namespace' && resource.namespace !== undefined)
    return { kind: 'text', text: resource.namespace };
  // A container's HOSTNAME is the name of its pod unless the pod says otherwise.
  const spec = podTemplate(resource)?.at('spec');
  const isPodName =
    variable.name === 'HOSTNAME' &&
    definition === undefined &&
    !spec?.at('hostname').exists &&
    spec?.at('hostNetwork').boolean !== true;
  return { kind: isPodName ? 'pod' : 'unknown' };
}

function nameOfPiece(piece: NamePiece, resource: Resource, ordinal: number): string {
  switch (piece.kind) {
    case 'text':
      return piece.text;
    case 'pod':
      return resource.kind === 'Pod' ? resource.name : `${resource.name}-${ordinal}`;
    case 'ordinal':
      return String(ordinal);
    case 'unknown':
      return '';
  }
}

/** Whether names can be told before the pods run: StatefulSets number their pods, other kinds make names up. */
function isForeseeable(resource: Resource, pieces: readonly NamePiece[]): boolean {
  const isNumbered = resource.kind === 'StatefulSet' || resource.kind === 'Pod';
  return pieces.every(piece => piece.kind !== 'unknown' && (piece.kind !== 'pod' || isNumbered));
}

function patternOfPiece(piece: NamePiece, resource: Resource): string {
  if (piece.kind === 'text') return escapeRegExp(piece.text);
  if (piece.kind !== 'pod') return '.*';
  // A Deployment's pods are called after their ReplicaSet, `<name>-<hash>`, and five letters more.
  const suffix = resource.kind === 'Deployment' ? '-[a-z0-9]+-[a-z0-9]{5}' : '-[a-z0-9]+';
  return escapeRegExp(resource.name) + suffix;
}
