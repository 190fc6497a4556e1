import { imageName } from '../../analysis/images';
import type { StepRole } from '../../checklist/steps';
import { baseName } from '../../manifests/paths';
import { groupOf, type PlanDocument, podTemplate } from './source';

/**
 * Whether an object is what a step deploys, decided by what the object is and never by where it lies.
 * Helper objects (ConfigMap, Secret, Service …) have no role; they follow the directory or the name of one that has.
 */
export function hasRole(document: PlanDocument, role: StepRole): boolean {
  return predicates[role](document);
}

/** Whether objects of a kind make pods. */
export function isWorkload(kind: string): boolean {
  return workloadKinds.has(kind);
}

/** Whether an object belongs to the lawful-intercept instance. */
export function isLawfulIntercept(document: PlanDocument): boolean {
  for (const labels of [document.labels, document.podLabels]) {
    const instance = labels.get('matrix.instance') ?? labels.get('app.kubernetes.io/instance');
    if (instance === 'li') return true;
    if (instance === 'main') return false;
  }
  return /(^|-)li($|-)/.test(document.name);
}

const workloadKinds: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod']);

const predicates: { readonly [role in StepRole]: (document: PlanDocument) => boolean } = {
  namespace: document => document.kind === 'Namespace' && groupOf(document) === '',
  postgresql: document => document.kind === 'Cluster' && groupOf(document) === 'postgresql.cnpg.io',
  redis: document =>
    isService(document) &&
    !isLawfulIntercept(document) &&
    (/^(redis|valkey)\b/.test(app(document)) || runsOnly(document, /^(redis|valkey)$/)),
  minio: document =>
    (document.kind === 'Tenant' && groupOf(document) === 'minio.min.io') ||
    (isService(document) && runs(document, /^minio$/)),
  'network-policy': document => /NetworkPolicy$/.test(document.kind),
  'synapse-main': document => isSynapse(document) && !isWorker(document) && !isLawfulIntercept(document),
  haproxy: document => isService(document) && (app(document) === 'haproxy' || runs(document, /^haproxy/)),
  'synapse-worker': document => isSynapse(document) && isWorker(document) && !isLawfulIntercept(document),
  'key-vault': document =>
    isWorkload(document.kind) && /key[-_]?vault/.test(`${app(document)} ${document.name.toLowerCase()}`),
  clamav: document => isService(document) && (app(document) === 'clamav' || runs(document, /^clamav/)),
  'content-scanner': document =>
    isService(document) && (/content-scanner/.test(document.name) || runs(document, /content-scanner/)),
  livekit: document =>
    isService(document) &&
    (app(document) === 'livekit' || /^livekit$/.test(document.name) || runs(document, /^livekit-server$/)),
  'element-web': document =>
    isService(document) &&
    !isLawfulIntercept(document) &&
    (/^element(-web)?$/.test(app(document)) || runs(document, /^element-web$/)),
  coturn: document => isService(document) && (app(document) === 'coturn' || runs(document, /^coturn$/)),
  'synapse-li': document => isSynapse(document) && !isWorker(document) && isLawfulIntercept(document),
  'sync-system': document =>
    (document.kind === 'Job' || document.kind === 'CronJob') &&
    /(^|[^a-z])sync([^a-z]|$)/.test(`${app(document)} ${document.name}`),
  'synapse-li-worker': document => isSynapse(document) && isWorker(document) && isLawfulIntercept(document),
  monitors: document => groupOf(document) === 'monitoring.coreos.com',
  dashboards: document =>
    document.kind === 'ConfigMap' &&
    (document.labels.has('grafana_dashboard') || /^grafana.*dashboard|dashboard.*grafana/.test(document.name)),
};

/** Runs for as long as the deployment does, unlike a Job. */
function isService(document: PlanDocument): boolean {
  return isWorkload(document.kind) && document.kind !== 'Job' && document.kind !== 'CronJob';
}

function isSynapse(document: PlanDocument): boolean {
  return isService(document) && (app(document) === 'synapse' || runs(document, /^synapse$/));
}

/**
 * Synapse's workers run `synapse.app.generic_worker` (or one of its older, narrower names); the main process runs
 * `synapse.app.homeserver`. See "Scaling synapse via workers" of the Synapse documentation.
 */
function isWorker(document: PlanDocument): boolean {
  const component =
    document.podLabels.get('app.kubernetes.io/component') ?? document.labels.get('app.kubernetes.io/component');
  if (component !== undefined && /^(main|homeserver|master)$/.test(component)) return false;
  if (
    /worker|synchrotron|media-repo|federation-(sender|reader)|event-persister|pusher|appservice/.test(
      `${component} ${document.name}`,
    )
  )
    return true;
  const program = JSON.stringify(podTemplate(document.raw) ?? '');
  return /synapse\.app\.(?!homeserver)[a-z_]+|worker_app/.test(program);
}

function app(document: PlanDocument): string {
  for (const labels of [document.labels, document.podLabels]) {
    const name = labels.get('app.kubernetes.io/name') ?? labels.get('app');
    if (name !== undefined) return name;
  }
  return document.name;
}

function runs(document: PlanDocument, image: RegExp): boolean {
  return document.images.some(reference => image.test(baseName(imageName(reference))));
}

function runsOnly(document: PlanDocument, image: RegExp): boolean {
  return document.images.length > 0 && document.images.every(reference => image.test(baseName(imageName(reference))));
}
