import { table } from '../../manifests/table';
import { hasLabels, isPodHealthy, podSelector } from '../cluster/pods';
import { type Answer, readObjects, readText } from '../cluster/read';
import { condition, statusOf } from '../cluster/status';
import { isObjectName } from '../kubectl/kubectl';
import { isLawfulIntercept } from '../plan/roles';
import { at, items, type Json, number, type PlanDocument, podTemplate, stringMap, text } from '../plan/source';
import {
  type Check,
  type CheckContext,
  type CheckOutcome,
  fail,
  judge,
  pass,
  plannedWithRole,
  skipped,
  unknown,
  withRoleAnywhere,
} from './check';

type Planned = PlanDocument & { readonly namespace: string };

/** Checks that ask the services themselves. */
export const serviceChecks = table<Check>({
  postgresql: async context => {
    const clusters = plannedWithRole(context, 'postgresql');
    if (clusters.length === 0) return skipped('The plan has no PostgreSQL cluster.');
    const complaints: string[] = [];
    for (const cluster of clusters) {
      const live = await readObjects(context.kubectl, cluster, cluster.namespace, [cluster.name]);
      if (!live.ok) return unknown(live.message);
      const status = statusOf(live.value[0]);
      if (status.status !== 'current') {
        complaints.push(`Cluster/${cluster.name} ${status.text}`);
        continue;
      }
      const databases = await query(context, cluster, 'postgres', 'select datname from pg_database');
      if (!databases.ok) return unknown(`Cluster/${cluster.name} cannot be asked: ${databases.message}`);
      const expected = text(at(cluster.raw, 'spec', 'bootstrap', 'initdb', 'database')) ?? 'postgres';
      if (!lines(databases.value).includes(expected))
        complaints.push(`Cluster/${cluster.name} has no database ${expected}`);
    }
    return judge(complaints, `${clusters.length} PostgreSQL clusters are ready.`, 'PostgreSQL is not as wanted.');
  },

  redis: async context => {
    const workloads = plannedWithRole(context, 'redis');
    // Sentinels may also stand in a workload of their own, which holds no data.
    const workload = workloads.find(candidate => containersOf(candidate.raw).some(one => !isSentinel(one)));
    if (workload === undefined) return skipped('The plan has no Redis.');
    const pods = await podsOfWorkload(context, workload);
    if (!pods.ok) return unknown(pods.message);
    if (pods.value.length === 0) return fail('There are no Redis pods.');
    const complaints: string[] = [];
    const roles: string[] = [];
    for (const pod of pods.value) {
      const name = nameOf(pod);
      const pong = await redis(context, pod, 'ping');
      if (!pong.ok) return unknown(`${name} cannot be asked: ${pong.message}`);
      if (!lines(pong.value).includes('PONG')) complaints.push(`${name} does not answer PONG`);
      const replication = await redis(context, pod, 'info replication');
      if (!replication.ok) return unknown(`${name} cannot be asked: ${replication.message}`);
      roles.push(/^role:(\w+)/m.exec(replication.value)?.[1] ?? 'unknown');
      const slaves = Number(/^connected_slaves:(\d+)/m.exec(replication.value)?.[1] ?? 0);
      if (roles.at(-1) === 'master' && slaves < pods.value.length - 1)
        complaints.push(`${name} is the master and has ${slaves} of ${pods.value.length - 1} replicas`);
    }
    const masters = roles.filter(role => role === 'master').length;
    if (masters !== 1) complaints.push(`${masters} pods are masters`);
    const quorum = await sentinelQuorum(context, workloads);
    if (typeof quorum === 'string') return unknown(quorum);
    complaints.push(...quorum.complaints);
    const sentinels = quorum.asked === 0 ? '' : `, and ${quorum.asked} sentinels can agree on another`;
    return judge(
      complaints,
      `${pods.value.length} Redis pods answer, one of them is the master${sentinels}.`,
      'Redis is not as wanted.',
    );
  },

  minio: async context => {
    const [tenant] = plannedWithRole(context, 'minio');
    if (tenant === undefined) return skipped('The plan has no MinIO.');
    const live = await readObjects(context.kubectl, tenant, tenant.namespace, [tenant.name]);
    if (!live.ok) return unknown(live.message);
    const status = statusOf(live.value[0]);
    if (status.status !== 'current') return fail(`${tenant.kind}/${tenant.name} ${status.text}.`);
    const services = await readObjects(context.kubectl, { apiVersion: 'v1', kind: 'Service' }, tenant.namespace, [
      'minio',
    ]);
    if (!services.ok) return unknown(services.message);
    const port = items(at(services.value[0], 'spec', 'ports'))[0];
    if (port === undefined) return fail('There is no Service minio.');
    const scheme = /https/.test(text(at(port, 'name')) ?? '') || at(port, 'port') === 443 ? 'https' : 'http';
    const path = `/api/v1/namespaces/${tenant.namespace}/services/${scheme}:minio:${number(at(port, 'port'))}/proxy/minio/health/live`;
    const health = await readText(context.kubectl, ['get', '--raw', path]);
    return health.ok ? pass('MinIO is initialized, green and alive.') : unreachable('MinIO', health.message);
  },

  'synapse-main': context => synapseHealth(context, plannedWithRole(context, 'synapse-main'), 'Synapse'),
  'synapse-workers': context => synapseHealth(context, plannedWithRole(context, 'synapse-worker'), 'Synapse workers'),
  'synapse-li': context => synapseHealth(context, plannedWithRole(context, 'synapse-li'), 'The LI Synapse'),

  'federation-version': async context => {
    if (context.fetch === undefined || context.domain === undefined) return skipped('Was not asked for.');
    try {
      const { status, body } = await context.fetch(`https://${context.domain}/_matrix/federation/v1/version`);
      const server: unknown = (JSON.parse(body) as { server?: { name?: unknown } }).server?.name;
      return status === 200 && server === 'Synapse'
        ? pass(`${context.domain} answers as Synapse.`)
        : fail(`${context.domain} answers with status ${status} and names ${JSON.stringify(server)}.`);
    } catch (error) {
      return fail(`${context.domain} cannot be reached: ${(error as Error).message}.`);
    }
  },

  'key-vault-database': async context => {
    const cluster = withRoleAnywhere(context, 'postgresql').find(candidate => !isLawfulIntercept(candidate));
    if (cluster === undefined) return skipped('The tree has no main PostgreSQL cluster.');
    const sql =
      "select 'database' from pg_database where datname = 'key_vault' union all select 'role' from pg_roles where rolname = 'key_vault'";
    const found = await query(context, cluster, 'postgres', sql);
    if (!found.ok) return unknown(`Cluster/${cluster.name} cannot be asked: ${found.message}`);
    const missing = ['database', 'role'].filter(thing => !lines(found.value).includes(thing));
    return judge(
      missing.map(thing => `the ${thing} key_vault does not exist`),
      'The database and the role key_vault exist.',
      'The database of key_vault is not ready.',
    );
  },

  replication: async context => {
    const clusters = withRoleAnywhere(context, 'postgresql');
    const main = clusters.find(candidate => !isLawfulIntercept(candidate));
    const li = clusters.find(isLawfulIntercept);
    if (main === undefined || li === undefined) return skipped('The tree has no pair of PostgreSQL clusters.');
    const liDatabase = text(at(li.raw, 'spec', 'bootstrap', 'initdb', 'database')) ?? 'postgres';
    const subscriptions = await query(
      context,
      li,
      liDatabase,
      'select s.subname, s.subenabled, t.pid is not null from pg_subscription s left join pg_stat_subscription t on t.subid = s.oid and t.relid is null',
    );
    if (!subscriptions.ok) return unknown(`Cluster/${li.name} cannot be asked: ${subscriptions.message}`);
    const rows = lines(subscriptions.value).map(line => line.split('|'));
    if (rows.length === 0) return fail(`The database ${liDatabase} of ${li.name} has no subscription.`);
    const complaints = rows.flatMap(([name, enabled, working]) => [
      ...(enabled === 't' ? [] : [`the subscription ${name} is disabled`]),
      ...(working === 't' ? [] : [`the subscription ${name} has no worker`]),
    ]);
    const lag = await replicationLag(context, main);
    if (typeof lag !== 'object') return unknown(lag);
    if (!lag.active) complaints.push('no logical replication slot of the main cluster is active');
    if (lag.bytes >= largestLag) {
      await context.sleep(lagSampleMilliseconds);
      const later = await replicationLag(context, main);
      if (typeof later !== 'object') return unknown(later);
      if (later.bytes >= lag.bytes) complaints.push(`the lag is ${later.bytes} bytes and does not fall`);
    }
    return judge(complaints, `${rows.length} subscriptions are active.`, 'Replication does not work.');
  },
});

const largestLag = 16 * 1024 * 1024;
const lagSampleMilliseconds = 5000;

async function replicationLag(
  context: CheckContext,
  main: Planned,
): Promise<{ readonly active: boolean; readonly bytes: number } | string> {
  const slots = await query(
    context,
    main,
    'postgres',
    "select slot_name, active, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) from pg_replication_slots where slot_type = 'logical'",
  );
  if (!slots.ok) return `Cluster/${main.name} cannot be asked: ${slots.message}`;
  const rows = lines(slots.value).map(line => line.split('|'));
  const active = rows.filter(([, isActive]) => isActive === 't');
  return { active: active.length > 0, bytes: Math.max(0, ...active.map(([, , bytes]) => Number(bytes ?? 0))) };
}

/** Runs a fixed statement on the primary of a cluster, as the local superuser of its pod. */
async function query(context: CheckContext, cluster: Planned, database: string, sql: string): Promise<Answer<string>> {
  const pods = await readObjects(context.kubectl, { apiVersion: 'v1', kind: 'Pod' }, cluster.namespace);
  if (!pods.ok) return pods;
  const primary = pods.value.find(pod => {
    const labels = stringMap(at(pod, 'metadata', 'labels'));
    const role = labels.get('cnpg.io/instanceRole') ?? labels.get('role');
    return labels.get('cnpg.io/cluster') === cluster.name && role === 'primary';
  });
  if (primary === undefined) return { ok: false, class: 'not-found', message: 'it has no primary', code: undefined };
  if (!/^[A-Za-z_][\w-]*$/.test(database))
    return { ok: false, class: 'invalid', message: 'odd database name', code: undefined };
  return exec(context, primary, 'postgres', ['psql', '-U', 'postgres', '-d', database, '-XAtc', sql]);
}

/** The password stays in the pod: its own shell puts it from the container's environment into redis-cli's. */
async function redis(context: CheckContext, pod: Json, command: 'ping' | 'info replication'): Promise<Answer<string>> {
  const containers = items(at(pod, 'spec', 'containers'));
  const container = containers.find(candidate => at(candidate, 'name') === 'redis') ?? containers[0];
  const variable = items(at(container, 'env'))
    .flatMap(entry => text(at(entry, 'name')) ?? [])
    .find(name => /PASSWORD|PASS$|AUTH/.test(name) && /^[A-Z_][A-Z0-9_]*$/.test(name));
  const script = variable === undefined ? `redis-cli ${command}` : `REDISCLI_AUTH="$${variable}" redis-cli ${command}`;
  return exec(context, pod, text(at(container, 'name')) ?? 'redis', ['sh', '-c', script]);
}

/**
 * Asks each sentinel whether enough of them see each other to choose another master. `SENTINEL CKQUORUM` answers
 * "OK 3 usable Sentinels. …" or NOQUORUM: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
 *
 * @returns how many were asked and what is wrong, or why they cannot be asked
 */
async function sentinelQuorum(
  context: CheckContext,
  workloads: readonly Planned[],
): Promise<{ readonly asked: number; readonly complaints: readonly string[] } | string> {
  const complaints: string[] = [];
  let asked = 0;
  for (const workload of workloads) {
    const container = containersOf(workload.raw).find(isSentinel);
    if (container === undefined) continue;
    const masters = watchedMasters(context);
    if (masters.length === 0) return 'No configuration in the tree names the master that the sentinels watch.';
    const pods = await podsOfWorkload(context, workload);
    if (!pods.ok) return pods.message;
    if (pods.value.length === 0) complaints.push(`${workload.name} has no pods`);
    const port = number(at(items(at(container, 'ports'))[0], 'containerPort')) ?? 26379;
    for (const pod of pods.value)
      for (const master of masters) {
        const command = ['redis-cli', '-p', String(port), 'sentinel', 'ckquorum', master];
        const answer = await exec(context, pod, text(at(container, 'name')) ?? 'sentinel', command);
        // A sentinel without a quorum may also make redis-cli fail; then its words are in the message.
        const said = answer.ok ? answer.value : answer.message;
        if (/NOQUORUM/.test(said)) complaints.push(`the sentinel of ${nameOf(pod)} has no quorum for ${master}`);
        else if (!answer.ok) return `The sentinel of ${nameOf(pod)} cannot be asked: ${answer.message}`;
        else if (!/^OK \d+ usable/m.test(said))
          complaints.push(`the sentinel of ${nameOf(pod)} does not know ${master}`);
      }
    asked += pods.value.length;
  }
  return { asked, complaints };
}

/** The names in `sentinel monitor NAME HOST PORT QUORUM` of any configuration of the tree. */
function watchedMasters(context: CheckContext): readonly string[] {
  const names = context.sources
    .flatMap(source => source.documents)
    .filter(document => document.kind === 'ConfigMap' || document.kind === 'Secret')
    .flatMap(document => ['data', 'stringData'].flatMap(field => [...stringMap(at(document.raw, field)).values()]))
    .flatMap(content => [...content.matchAll(/^\s*sentinel\s+monitor\s+([A-Za-z0-9][\w.-]*)\s/gm)])
    .map(([, name = '']) => name);
  return [...new Set(names)];
}

function containersOf(workload: Json): readonly Json[] {
  return items(at(podTemplate(workload), 'spec', 'containers'));
}

function isSentinel(container: Json): boolean {
  const words = ['command', 'args'].flatMap(list => items(at(container, list)));
  return /(^|-)sentinel$/.test(text(at(container, 'name')) ?? '') || words.some(isSentinelWord);
}

function isSentinelWord(word: Json): boolean {
  return typeof word === 'string' && /(^|\/)redis-sentinel$|^--sentinel$/.test(word);
}

/**
 * Runs a command in a container. kubectl sometimes ends before it has printed what the command wrote, so whoever says
 * nothing is asked again, twice.
 */
async function exec(
  context: CheckContext,
  pod: Json,
  container: string,
  command: readonly string[],
): Promise<Answer<string>> {
  const namespace = text(at(pod, 'metadata', 'namespace')) ?? '';
  if (!isObjectName(nameOf(pod)) || !isObjectName(container))
    return { ok: false, class: 'invalid', message: 'odd pod name', code: undefined };
  for (let left = 2; ; left--) {
    const answer = await readText(context.kubectl, [
      'exec',
      nameOf(pod),
      `--namespace=${namespace}`,
      `--container=${container}`,
      '--',
      ...command,
    ]);
    if (!answer.ok || answer.value.trim() !== '' || left === 0) return answer;
  }
}

async function synapseHealth(
  context: CheckContext,
  workloads: readonly Planned[],
  title: string,
): Promise<CheckOutcome> {
  if (workloads.length === 0) return skipped(`The plan has no such workload: ${title}.`);
  const complaints: string[] = [];
  let asked = 0;
  for (const workload of workloads) {
    const pods = await podsOfWorkload(context, workload);
    if (!pods.ok) return unknown(pods.message);
    const wanted = number(at(workload.raw, 'spec', 'replicas')) ?? 1;
    if (pods.value.length < wanted) complaints.push(`${workload.name}: ${pods.value.length} of ${wanted} pods`);
    for (const pod of pods.value) {
      if (!isPodHealthy(pod)) {
        complaints.push(`${nameOf(pod)} is not ready`);
        continue;
      }
      const path = `/api/v1/namespaces/${workload.namespace}/pods/http:${nameOf(pod)}:${healthPort(workload.raw)}/proxy/health`;
      const health = await readText(context.kubectl, ['get', '--raw', path]);
      if (!health.ok) return unreachable(nameOf(pod), health.message);
      asked++;
      if (health.value.trim() !== 'OK') complaints.push(`${nameOf(pod)} does not answer OK`);
    }
  }
  return judge(complaints, `${title}: ${asked} pods answer OK.`, `${title}: not all pods are healthy.`);
}

/** The port of the probe of the container, else Synapse's usual one; the probe knows best where /health is. */
function healthPort(workload: Json): number {
  for (const container of items(at(workload, 'spec', 'template', 'spec', 'containers'))) {
    for (const probe of ['readinessProbe', 'livenessProbe']) {
      const port = at(container, probe, 'httpGet', 'port');
      if (typeof port === 'number') return port;
      const named = items(at(container, 'ports')).find(
        candidate => at(candidate, 'name') === port && port !== undefined,
      );
      const resolved = number(at(named, 'containerPort'));
      if (resolved !== undefined) return resolved;
    }
  }
  return 8008;
}

async function podsOfWorkload(context: CheckContext, workload: Planned): Promise<Answer<readonly Json[]>> {
  const pods = await readObjects(context.kubectl, { apiVersion: 'v1', kind: 'Pod' }, workload.namespace);
  if (!pods.ok) return pods;
  const selector = podSelector(workload.raw) ?? new Map();
  const own = pods.value.filter(
    pod => hasLabels(pod, selector) && at(pod, 'metadata', 'deletionTimestamp') === undefined,
  );
  return { ok: true, value: own.filter(pod => condition(pod, 'PodScheduled')?.status !== 'False') };
}

/** The API server reaches pods from outside their namespace, so a policy may block it while users are served. */
function unreachable(what: string, message: string): CheckOutcome {
  return unknown(`${what} cannot be reached through the API server; a NetworkPolicy may block that way.`, [message]);
}

function lines(output: string): string[] {
  return output
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
}

function nameOf(pod: Json): string {
  return text(at(pod, 'metadata', 'name')) ?? '';
}
