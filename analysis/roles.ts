import { ofText, perName, perResource } from '../manifests/derived';
import { escapeRegExp } from '../manifests/escape-reg-exp';
import type { Resource } from '../manifests/resource';
import type { Index, Workspace } from '../manifests/workspace';
import { homeserverOf } from './homeserver';
import { imageName, programOf } from './images';
import { isPatch } from './kustomization';
import { mountedTexts } from './mounts';
import { type Container, containersOf, isExporter, mainContainersOf, podsOf, podTemplate, workloadKinds } from './pods';
import { scriptOf } from './scripts';
import { isSynapseImage, showsSynapse } from './synapse-signs';
import { runsSentinel } from './text/redis-conf';

/**
 * What a workload is, judged by what it runs and never by where its file lies. A workload may be several things: a
 * Redis pod often has a Sentinel beside it.
 */
export type Family =
  | 'synapse'
  | 'redis'
  | 'sentinel'
  | 'minio.plain'
  | 'haproxy'
  | 'livekit'
  | 'coturn'
  | 'clamav'
  | 'scanner'
  | 'element'
  | 'synapse-admin'
  | 'sygnal'
  | 'key_vault'
  | 'sync'
  | 'nginx';

/** All workloads of a family, LI instances included. A patch of a kustomization changes a workload and is none. */
export function workloads(workspace: Workspace, family: Family): readonly Resource[] {
  let read = readers.get(family);
  if (!read) {
    read = whole => {
      const found = whole.lookup(workloadsByFamily, family);
      const all = family === 'sync' ? [...found, ...whole.shared(replicatingByMountedScript)] : found;
      return all.filter(one => !isPatch(whole, one.document.file));
    };
    readers.set(family, read);
  }
  return workspace.shared(read);
}

/** One function for each family, because the workspace keeps what a function found by the function itself. */
const readers = new Map<Family, (workspace: Workspace) => readonly Resource[]>();

export const familiesOf: (resource: Resource) => ReadonlySet<Family> = perResource(resource => {
  const families = new Set<Family>();
  if (!podTemplate(resource)) return families;
  for (const container of mainContainersOf(resource)) {
    const family = familyOfContainer(container);
    if (family) families.add(family);
    if (isSentinel(container)) families.add('sentinel');
  }
  if (isKeyVault(resource)) families.add('key_vault');
  if (isSync(resource)) families.add('sync');
  // What runs to an end is no server, whatever it is called after.
  if (families.size === 0 && resource.kind !== 'Job' && resource.kind !== 'CronJob') {
    const named = familyOfName(podLabel(resource, 'app.kubernetes.io/name') ?? resource.name);
    if (named && (named !== 'synapse' || mainContainersOf(resource).some(showsSynapse))) families.add(named);
  }
  return families;
});

/** The Synapse main processes: no workers, not the lawful-intercept instance. */
export function synapseMains(workspace: Workspace): readonly Resource[] {
  return workspace.shared(sortSynapses).mains;
}

export function synapseWorkers(workspace: Workspace): readonly Resource[] {
  return workspace.shared(sortSynapses).workers;
}

export function synapseLis(workspace: Workspace): readonly Resource[] {
  return workspace.shared(sortSynapses).lis;
}

/** What keeps running, by what it is; a Job with Synapse's image is some tool. */
function sortSynapses(workspace: Workspace): Readonly<Record<'mains' | 'workers' | 'lis', readonly Resource[]>> {
  const running = workloads(workspace, 'synapse').filter(one => one.kind !== 'Job' && one.kind !== 'CronJob');
  const lis = running.filter(one => isLi(workspace, one));
  const others = running.filter(one => !lis.includes(one));
  return {
    mains: others.filter(one => !isSynapseWorker(workspace, one)),
    workers: others.filter(one => isSynapseWorker(workspace, one)),
    lis,
  };
}

/**
 * Whether a Synapse workload runs a worker: its command, a script of its pod, its environment (`SYNAPSE_WORKER` of the
 * official image, docker/start.py) or its configuration names a worker application.
 */
export function isSynapseWorker(workspace: Workspace, resource: Resource): boolean {
  return workspace.derive(decideWorker, resource);
}

function decideWorker(resource: Resource, workspace: Workspace): boolean {
  const isNamed = containersOf(resource).some(
    ({ value }) =>
      [...value.at('command').scalars(), ...value.at('args').scalars()].some(word =>
        /\bworker_app\b|\bsynapse\.app\.(?!homeserver\b)\w+/.test(word.text ?? ''),
      ) ||
      value
        .at('env')
        .items()
        .some(
          variable =>
            variable.at('name').text === 'SYNAPSE_WORKER' &&
            /^synapse\.app\.(?!homeserver$)/.test(variable.at('value').text ?? ''),
        ),
  );
  if (isNamed) return true;
  const app = homeserverOf(workspace, resource)?.at('worker_app').text;
  return app !== undefined && app !== 'synapse.app.homeserver';
}

/** The kind of a worker, such as `synchrotron`: its component label, else its name without `synapse` and `worker`. */
export function workerType(resource: Resource): string {
  return (
    podLabel(resource, 'app.kubernetes.io/component') ?? resource.name.replace(/^synapse-/, '').replace(/-worker$/, '')
  );
}

/** Whether a workload belongs to the lawful-intercept instance. */
export function isLi(workspace: Workspace, resource: Resource): boolean {
  return workspace.derive(decideLi, resource);
}

/** The CloudNativePG clusters by what they hold; undefined where none fills the part. */
export function databases(workspace: Workspace): Databases {
  return workspace.shared(decideDatabases);
}

export interface Databases {
  readonly main: Resource | undefined;
  readonly li: Resource | undefined;
  readonly all: readonly Resource[];
}

export const clusterKind = 'Cluster.postgresql.cnpg.io';
export const tenantKind = 'Tenant.minio.min.io';

/** The Redis workloads of the main instance. */
export function redisMains(workspace: Workspace): readonly Resource[] {
  return workspace.shared(findRedisMains);
}

function findRedisMains(workspace: Workspace): readonly Resource[] {
  return usedByMatrix(
    workspace,
    workloads(workspace, 'redis').filter(one => !isLi(workspace, one)),
    'redis',
  );
}

/**
 * Those of several programs of one family that Matrix uses. A tree may hold other applications, with a Redis or a store of
 * their own: where Matrix has one beside it, one in a namespace without a program of Matrix is theirs, unless something
 * in the namespaces of Matrix names that namespace.
 */
export function usedByMatrix(workspace: Workspace, all: readonly Resource[], family: Family): readonly Resource[] {
  if (new Set(all.map(one => one.namespace)).size < 2) return all;
  const home = namespacesOfOthers(workspace, family);
  if (!all.some(({ namespace }) => namespace !== undefined && home.has(namespace))) return all;
  return all.filter(
    ({ namespace }) =>
      namespace === undefined || home.has(namespace) || isNamedByOthers(workspace, `${family}\n${namespace}`),
  );
}

/** The namespaces with programs of Matrix of other families than one. */
const namespacesOfOthers = perName(
  (workspace: Workspace, family: string): ReadonlySet<string> =>
    new Set(
      matrixFamilies
        .filter(one => one !== family)
        .flatMap(one => workloads(workspace, one).flatMap(({ namespace }) => namespace ?? [])),
    ),
);

/** The PostgreSQL clusters that Matrix uses, those of bridges and the LI instance among them. */
export function databasesOfMatrix(workspace: Workspace): ReadonlySet<Resource> {
  return workspace.shared(usedDatabases);
}

function usedDatabases(workspace: Workspace): ReadonlySet<Resource> {
  const { main, li, all } = databases(workspace);
  const used = new Set(usedByMatrix(workspace, all, 'haproxy'));
  // Wherever they are: what Synapse names is its database.
  for (const one of [main, li]) if (one) used.add(one);
  return used;
}

/** What a deployment of Matrix is known by, and not also other applications. */
const matrixFamilies: readonly Family[] = ['synapse', 'element', 'key_vault', 'scanner', 'sygnal', 'livekit'];

/**
 * Whether an object in the namespaces of other programs of Matrix writes a host of a namespace, `NAME.NAMESPACE`; for the
 * family whose own namespaces do not count and the namespace, each on a line.
 */
const isNamedByOthers = perName((workspace: Workspace, familyAndNamespace: string): boolean => {
  const [family = '', namespace = ''] = familyAndNamespace.split('\n');
  const home = namespacesOfOthers(workspace, family);
  const hasHost = hostTest(namespace);
  return ['ConfigMap', 'Secret', ...workloadKinds].some(kind =>
    workspace
      .resources(kind)
      .some(
        ({ namespace: where, root }) => where !== undefined && home.has(where) && [...root.scalars(hasHost)].length > 0,
      ),
  );
});

/** Tells a text with a host of a namespace, which while it is half typed may have any letters. */
const hostTest = ofText((namespace: string): ((text: string) => boolean) => {
  const host = new RegExp(`\\.${escapeRegExp(namespace)}(?![\\w-])`);
  return text => host.test(text);
});

/** A label of the pods of a workload, else of the workload itself. */
export function podLabel(resource: Resource, key: string): string | undefined {
  return podsOf(resource)[0]?.labels.get(key) ?? resource.labels.get(key);
}

const workloadsByFamily: Index<Resource> = {
  name: 'workloads by family',
  *resource(resource) {
    for (const family of familiesOf(resource)) yield [family, resource];
  },
};

function decideLi(resource: Resource, workspace: Workspace): boolean {
  if (resource.qualifiedKind === clusterKind) return databases(workspace).li === resource;
  if (isNamedLi(resource)) return true;
  if (podLabel(resource, 'matrix.instance') !== undefined || !familiesOf(resource).has('synapse')) return false;
  const host = homeserverOf(workspace, resource)?.at('database', 'args', 'host').string;
  return (
    host !== undefined &&
    workspace
      .resources(clusterKind)
      .some(cluster => isNamedLi(cluster) && host.split('.', 1)[0] === `${cluster.name}-rw`)
  );
}

/** Whether a label of an object or of its pods, or else its name, says that it is of the LI instance. */
export function isNamedLi(resource: Resource): boolean {
  const instance = podLabel(resource, 'matrix.instance') ?? resource.labels.get('matrix.instance');
  if (instance !== undefined) return instance === 'li';
  return podLabel(resource, 'app.kubernetes.io/instance') === 'li' || /(?:^|-)li(?:-|$)/.test(resource.name);
}

function decideDatabases(workspace: Workspace): Databases {
  const all = workspace.resources(clusterKind).filter(cluster => !isPatch(workspace, cluster.document.file));
  const mainHosts = hostsOf(workspace, false);
  const liHosts = hostsOf(workspace, true);
  const serves = (hosts: ReadonlySet<string>) => (cluster: Resource) =>
    ['rw', 'ro', 'r'].some(suffix => hosts.has(`${cluster.name}-${suffix}`));
  const looksLi = (cluster: Resource): boolean =>
    isNamedLi(cluster) ||
    ['database', 'owner'].some(field =>
      /_li$/.test(cluster.root.at('spec', 'bootstrap', 'initdb', field).string ?? ''),
    );
  // A name that says LI outweighs a homeserver that was pointed at the wrong cluster, which is a finding of its own.
  const isMatrix = all.some(looksLi) || isTreeOfMatrix(workspace);
  const main =
    all.find(cluster => serves(mainHosts)(cluster) && !looksLi(cluster)) ??
    (isMatrix
      ? (all.find(cluster => !looksLi(cluster) && !isForOthers(cluster)) ?? all.find(cluster => !looksLi(cluster)))
      : undefined) ??
    all.find(serves(mainHosts));
  const rest = all.filter(cluster => cluster !== main);
  const synapses = workloads(workspace, 'synapse');
  // A second cluster of a deployment without an LI instance is somebody else's.
  const mayBeLi = isMatrix && (synapses.length === 0 || synapses.some(isNamedLi));
  const [second, ...others] = rest.filter(cluster => !isForOthers(cluster));
  const li = rest.find(looksLi) ?? rest.find(serves(liHosts)) ?? (mayBeLi && others.length === 0 ? second : undefined);
  return { main, li, all };
}

/** Whether anything in the tree is of Matrix: a program of it, or something that is called after it. */
function isTreeOfMatrix(workspace: Workspace): boolean {
  return (
    workspace.lookup(signsOfMatrix, '').length > 0 || matrixFamilies.some(one => workloads(workspace, one).length > 0)
  );
}

const signsOfMatrix: Index<true> = {
  name: 'names of Matrix',
  *resource({ qualifiedKind, name, namespace, root }) {
    const initdb = qualifiedKind === clusterKind ? root.at('spec', 'bootstrap', 'initdb') : undefined;
    const names = [name, namespace, initdb?.at('database').text, initdb?.at('owner').text];
    if (names.some(one => /matrix|synapse|element/i.test(one ?? ''))) yield ['', true];
  },
};

/** Whether a cluster says of itself that it is the database of a bridge, of an identity provider or of another program. */
function isForOthers(cluster: Resource): boolean {
  const { name, root } = cluster;
  const initdb = root.at('spec', 'bootstrap', 'initdb');
  return [name, initdb.at('database').string, initdb.at('owner').string].some(
    one => one !== undefined && isNamedForOthers(one),
  );
}

/** Whether a database is called after a bridge, an identity provider or another program that is not Synapse. */
export function isNamedForOthers(name: string): boolean {
  return others.test(name);
}

const others =
  /(?:^|[-_])(?:mas|auth|authelia|authentik|keycloak|dex|bridges?|hookshot|syncv3|sliding|ma1sd|sygnal|grafana|nextcloud|gitea|forgejo)(?:[-_]|$)|mautrix|authentication|whatsapp|telegram|discord|slack|signal(?!ing)|facebook|instagram/i;

/** The first labels of the database hosts in the homeserver configurations of one instance. */
function hostsOf(workspace: Workspace, li: boolean): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const synapse of workloads(workspace, 'synapse')) {
    if (isNamedLi(synapse) !== li) continue;
    const host = homeserverOf(workspace, synapse)?.at('database', 'args', 'host').string;
    if (host) hosts.add(host.split('.', 1)[0] ?? host);
  }
  return hosts;
}

function familyOfContainer(container: Container): Family | undefined {
  const image = imageName(container.image);
  const program = programOf(container.image);
  const command = [...container.value.at('command').scalars(), ...container.value.at('args').scalars()]
    .map(value => value.text ?? '')
    .join(' ');
  if (isExporter(container)) return undefined;
  if (isSynapseImage(container, image) || /\bsynapse\.app\./.test(command)) return 'synapse';
  if (program === 'synapse-admin') return 'synapse-admin';
  if (/matrix-content-scanner/.test(image)) return 'scanner';
  if (program === 'element-web') return 'element';
  if (program === 'sygnal') return 'sygnal';
  if (program === 'livekit-server') return 'livekit';
  if (/coturn/.test(image) || /\bturnserver\b/.test(command)) return 'coturn';
  if (/(?:^|\/)clamav/.test(image) || /\bclamd\b/.test(command)) return 'clamav';
  // What makes others' configurations from objects is no proxy or store of this deployment.
  if (/(?:^|[/-])(?:operator|controller)$|(?:^|\/)[\w-]*ingress[\w-]*$/.test(image)) return undefined;
  if (/(?:^|\/)haproxy[^/]*$/.test(image)) return 'haproxy';
  if (program === 'nginx' || program === 'nginx-unprivileged') return 'nginx';
  if (/(?:^|\/)(?:redis|valkey)[^/]*$/.test(image)) return isSentinel(container) ? 'sentinel' : 'redis';
  if (/\b(?:redis|valkey)-server\b/.test(command) && !isSentinel(container)) return 'redis';
  if (program === 'minio') return 'minio.plain';
  return undefined;
}

/** By its command; where that is a script of another file, by what the container, its image or the script is called. */
function isSentinel(container: Container): boolean {
  const words = [...container.value.at('command').scalars(), ...container.value.at('args').scalars()]
    .map(value => value.text ?? '')
    .join(' ');
  if (runsSentinel(words)) return true;
  const image = imageName(container.image);
  if (!/(?:^|\/)(?:redis|valkey)[^/]*$/.test(image) || isExporter(container)) return false;
  return (
    /-sentinel$/.test(image) || /(?:^|-)sentinel$/.test(container.name) || /\bsentinel[\w-]*\.(?:sh|conf)\b/.test(words)
  );
}

function isKeyVault(resource: Resource): boolean {
  const names = [podLabel(resource, 'app.kubernetes.io/name'), podLabel(resource, 'app'), resource.name];
  if (resource.kind === 'Job' || resource.kind === 'CronJob') return false;
  if (names.some(name => /^key[-_]?vault/.test(name ?? ''))) return true;
  return mainContainersOf(resource).some(
    ({ value }) =>
      value
        .at('env')
        .items()
        .some(variable => variable.at('name').text === 'DJANGO_SECRET_KEY') &&
      value
        .at('ports')
        .items()
        .some(port => port.at('containerPort').number === 8000),
  );
}

function isSync(resource: Resource): boolean {
  if (podLabel(resource, 'app.kubernetes.io/name') === 'sync-system') return true;
  return containersOf(resource).some(({ value }) =>
    [...value.at('command').scalars(), ...value.at('args').scalars()].some(script =>
      /\b(?:PUBLICATION|SUBSCRIPTION)\b/.test(script.text ?? ''),
    ),
  );
}

/** Whether a workload sets up or keeps up the replication to the LI instance, by what it says or a script that it mounts. */
export function isSyncSystem(workspace: Workspace, resource: Resource): boolean {
  return familiesOf(resource).has('sync') || workspace.shared(replicatingByMountedScript).includes(resource);
}

/** The workloads whose mounted script or SQL replicates, which they themselves do not say. */
function replicatingByMountedScript(workspace: Workspace): readonly Resource[] {
  return ['Job', 'CronJob', 'Deployment']
    .flatMap(kind => workspace.resources(kind))
    .filter(one => !familiesOf(one).has('sync') && workspace.derive(runsReplication, one));
}

function runsReplication(resource: Resource, workspace: Workspace): boolean {
  // Replication carries no sequences, so a second script takes them over (PostgreSQL, "Logical Replication Restrictions").
  const makes = (text: string | undefined): boolean =>
    /\bCREATE\s+(?:PUBLICATION|SUBSCRIPTION)\b|\bsetval\b[\s\S]*\bpg_sequences\b/i.test(text ?? '');
  return (
    mountedTexts(workspace, resource).some(({ path, value }) => path.endsWith('.sql') && makes(value.string)) ||
    containersOf(resource).some(container => makes(scriptOf(workspace, resource, container)?.text.text))
  );
}

function familyOfName(name: string): Family | undefined {
  return companions.test(name) ? undefined : byName.find(([pattern]) => pattern.test(name))?.[1];
}

/** Programs that are called after what they watch, copy or show, and are not that. */
const companions =
  /(?:^|-)(?:exporter|metrics|backup|restore|dump|commander|insight|ui|dashboard|benchmark|ingress|controller)(?:-|$)|operator/;

const byName: readonly (readonly [RegExp, Family])[] = [
  [/^content-scanner/, 'scanner'],
  [/^synapse-admin/, 'synapse-admin'],
  [/^synapse/, 'synapse'],
  [/^element(?!.*(?:call|admin))/, 'element'],
  [/^livekit(?!.*(?:jwt|token|egress|sip|agent))/, 'livekit'],
  [/^coturn/, 'coturn'],
  [/^clamav/, 'clamav'],
  [/^haproxy/, 'haproxy'],
  [/^sygnal/, 'sygnal'],
  [/^(?:redis|valkey)-?sentinel/, 'sentinel'],
  [/^redis/, 'redis'],
];
