import { table } from '../../manifests/table';
import { readJson } from '../cluster/read';
import { statusOf } from '../cluster/status';
import { at, entries, items, type Json, text } from '../plan/source';
import { type Check, type CheckContext, type CheckOutcome, fail, pass, unknown, warn } from './check';

/** The oldest minor version of Kubernetes 1 the checklist allows. */
const oldestMinor = 27;

/** What must be there before the first step. */
export const prerequisiteCheckFunctions = table<Check>({
  'kubernetes-version': async context => {
    const version = await readJson(context.kubectl, ['get', '--raw', '/version']);
    if (!version.ok) return unknown(version.message);
    const gitVersion = text(at(version.value, 'gitVersion')) ?? '';
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
    if (major === undefined || minor === undefined) return unknown(`The server says ${JSON.stringify(gitVersion)}.`);
    const enough = Number(major) > 1 || Number(minor) >= oldestMinor;
    const words = `The server is Kubernetes ${gitVersion}`;
    return enough ? pass(`${words}.`) : fail(`${words}; the checklist asks for 1.${oldestMinor} or newer.`);
  },
  'cert-manager': operator('cert-manager', 'cert-manager.io/v1', /cert-manager/),
  'prometheus-operator': operator(
    'The Prometheus Operator',
    'monitoring.coreos.com/v1',
    /prometheus.*operator|operator.*prometheus/,
  ),
  'minio-operator': operator('The MinIO Operator', 'minio.min.io/v2', /minio.*operator/),
  'cloudnative-pg': operator('CloudNativePG', 'postgresql.cnpg.io/v1', /cnpg|cloudnative-?pg/),
  'ingress-nginx': async context => {
    const classes = await readJson(context.kubectl, ['get', 'IngressClass.v1.networking.k8s.io', '--output=json']);
    if (!classes.ok) return unknown(classes.message);
    const isNginx = (entry: Json) =>
      text(at(entry, 'metadata', 'name')) === 'nginx' ||
      text(at(entry, 'spec', 'controller')) === 'k8s.io/ingress-nginx';
    if (!items(at(classes.value, 'items')).some(isNginx)) return fail('There is no IngressClass nginx.');
    return controllers(context, 'The NGINX Ingress Controller', /ingress-nginx/);
  },
  'storage-class': async context => {
    const classes = await readJson(context.kubectl, ['get', 'StorageClass.v1.storage.k8s.io', '--output=json']);
    if (!classes.ok) return unknown(classes.message);
    const defaults = items(at(classes.value, 'items')).filter(entry =>
      entries(at(entry, 'metadata', 'annotations')).some(
        ([key, value]) => key === 'storageclass.kubernetes.io/is-default-class' && value === 'true',
      ),
    );
    if (defaults.length === 1) return pass(`The default StorageClass is ${text(at(defaults[0], 'metadata', 'name'))}.`);
    return defaults.length === 0
      ? warn('No StorageClass is the default; every claim must name one.')
      : warn('Several StorageClasses claim to be the default.');
  },
});

function operator(title: string, groupVersion: string, deployments: RegExp): Check {
  return async context => {
    const served = await readJson(context.kubectl, ['get', '--raw', `/apis/${groupVersion}`]);
    if (!served.ok) {
      return served.class === 'not-found' || served.class === 'kind-missing'
        ? fail(`${title} is not installed: the API server does not serve ${groupVersion}.`)
        : unknown(served.message);
    }
    return controllers(context, title, deployments);
  };
}

/** Whether the deployments of an operator are available; that its API is served only shows that its CRDs are there. */
async function controllers(context: CheckContext, title: string, name: RegExp): Promise<CheckOutcome> {
  const found: Json[] = [];
  for (const kind of ['Deployment.v1.apps', 'DaemonSet.v1.apps']) {
    const answer = await readJson(context.kubectl, ['get', kind, '--all-namespaces', '--output=json']);
    if (!answer.ok) return unknown(answer.message);
    found.push(
      ...items(at(answer.value, 'items')).filter(entry => name.test(text(at(entry, 'metadata', 'name')) ?? '')),
    );
  }
  if (found.length === 0) return warn(`${title}: its API is served, but no workload of it was found.`);
  const down = found.filter(entry => statusOf(entry).status !== 'current');
  const names = (list: readonly Json[]) =>
    list.map(
      entry =>
        `${text(at(entry, 'metadata', 'namespace'))}/${text(at(entry, 'metadata', 'name'))}: ${statusOf(entry).text}`,
    );
  return down.length === 0
    ? pass(`${title} is available.`, names(found))
    : fail(`${title} is not available.`, names(down));
}
