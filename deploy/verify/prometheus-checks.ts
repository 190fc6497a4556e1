import { table } from '../../manifests/table';
import { hasLabels } from '../cluster/pods';
import { readJson } from '../cluster/read';
import { isObjectName } from '../kubectl/kubectl';
import { at, items, type Json, number, stringMap, text } from '../plan/source';
import { type Check, type CheckContext, judge, plannedDocuments, skipped, unknown } from './check';

/** Checks that ask Prometheus itself, through the API server. */
export const prometheusChecks = table<Check>({
  'prometheus-targets': async context => {
    const monitors = plannedDocuments(context).filter(({ kind }) => kind === 'ServiceMonitor' || kind === 'PodMonitor');
    if (monitors.length === 0) return skipped('The plan has no monitors.');
    const address = await findPrometheus(context);
    if (typeof address === 'string') return unknown(address);
    const answer = await readJson(context.kubectl, ['get', '--raw', `${address.path}/api/v1/targets?state=active`]);
    if (!answer.ok) return unknown('Prometheus cannot be asked through the API server.', [answer.message]);
    if (text(at(answer.value, 'status')) !== 'success' || !Array.isArray(at(answer.value, 'data', 'activeTargets')))
      return unknown('Prometheus answers something that is no list of targets.');
    const targets = items(at(answer.value, 'data', 'activeTargets'));
    const complaints: string[] = [];
    let up = 0;
    for (const { kind, namespace, name } of monitors) {
      // The operator names a scrape pool after the monitor and the number of its endpoint.
      const pool = `${kind === 'ServiceMonitor' ? 'serviceMonitor' : 'podMonitor'}/${namespace}/${name}/`;
      const own = targets.filter(target => text(at(target, 'scrapePool'))?.startsWith(pool));
      if (own.length === 0) complaints.push(`${kind}/${name} has no target`);
      for (const target of own)
        if (text(at(target, 'health')) === 'up') up++;
        else complaints.push(describe(target, `${kind}/${name}`));
    }
    return judge(
      complaints,
      `Prometheus reaches all ${up} targets of ${monitors.length} monitors.`,
      'Targets are down.',
    );
  },
});

/**
 * Where Prometheus is reached by the service proxy: the Service that the operator makes for every Prometheus, else one
 * with the usual label. Several would give several answers, so then nothing is said.
 */
async function findPrometheus(context: CheckContext): Promise<{ readonly path: string } | string> {
  const services = await readJson(context.kubectl, ['get', 'Service', '--all-namespaces', '--output=json']);
  if (!services.ok) return services.message;
  const all = items(at(services.value, 'items')).filter(service => portOf(service) !== undefined);
  const operated = all.filter(service => hasLabels(service, new Map([['operated-prometheus', 'true']])));
  const labelled = all.filter(service => hasLabels(service, new Map([['app.kubernetes.io/name', 'prometheus']])));
  const found = operated.length > 0 ? operated : labelled;
  if (found.length === 0) return 'No Service of Prometheus was found.';
  if (found.length > 1)
    return `Several Services could be Prometheus: ${found.map(service => `${metadata(service, 'namespace')}/${metadata(service, 'name')}`).join(', ')}.`;
  const [service] = found;
  const [namespace, name] = [metadata(service, 'namespace'), metadata(service, 'name')];
  if (!isObjectName(namespace) || !isObjectName(name)) return 'The Service of Prometheus has an odd name.';
  return { path: `/api/v1/namespaces/${namespace}/services/http:${name}:${portOf(service!)}/proxy` };
}

/** The port of Prometheus' web page, which the operator calls `web` or `http-web`. */
function portOf(service: Json): number | undefined {
  const ports = items(at(service, 'spec', 'ports'));
  const web = ports.find(port => /^(http-)?web$/.test(text(at(port, 'name')) ?? '')) ?? ports.find(is9090);
  return number(at(web, 'port'));
}

function is9090(port: Json): boolean {
  return at(port, 'port') === 9090;
}

function describe(target: Json, monitor: string): string {
  const labels = stringMap(at(target, 'labels'));
  const error = text(at(target, 'lastError')) ?? '';
  const who = labels.get('pod') ?? labels.get('instance') ?? 'a target';
  return `${monitor}: ${who} is ${text(at(target, 'health')) ?? 'unknown'}${error === '' ? '' : ` (${error})`}`;
}

function metadata(service: Json | undefined, field: string): string {
  return text(at(service, 'metadata', field)) ?? '';
}
