import { isAboutMatrix } from '../../analysis/anchor';
import {
  holds,
  type KnownRelease,
  knownReleases,
  knownReleasesOf,
  textOf,
  valuesAt,
} from '../../analysis/helm/chart-objects';
import { releaseKinds, settingOf } from '../../analysis/helm/releases';
import { replaceScalar } from '../../manifests/edit';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'chart-value-unfit',
  items: [],
  severity: 'error',
  kinds: releaseKinds,
  summary: 'The values of a chart contradict each other, or let it lose or give away what it keeps.',
  why: 'A chart takes most values as they are. Some combinations it refuses, so that nothing is installed; with others it installs a database that forgets everything with its pod, a Sentinel that can never agree, or a bucket that everybody may read.',
  remedy: 'Change the value as the message says.',
  traps: [
    'Judged for charts of Bitnami, MinIO and CloudNativePG in the versions whose values are known, and only for values that the tree shows.',
    'A Redis without a volume is a cache, and accepted.',
    'In a tree that is not about Matrix, a database without a volume and a bucket that everybody may read are warnings: there they may be meant.',
  ],
  sources: [
    'bitnami/charts: bitnami/redis/templates/_helpers.tpl, `redis.validateValues.architecture`; values.yaml of redis, postgresql and minio',
    'minio/minio helm/minio/values.yaml: `buckets`, `persistence`',
    'cloudnative-pg/charts charts/cluster; cloudnative-pg docs/src/backup.md: six fields of a schedule',
  ],
  examples: { bad: example(true), good: example(false) },
  *check(resource, workspace) {
    for (const known of knownReleasesOf(workspace, resource))
      for (const read of checks[known.facts.chart] ?? []) yield* read(known, workspace);
  },
  *checkWorkspace(workspace) {
    for (const known of knownReleases(workspace))
      if (!known.release.resource) for (const read of checks[known.facts.chart] ?? []) yield* read(known, workspace);
  },
} satisfies Rule;

type Check = (known: KnownRelease, workspace: Workspace) => Iterable<Problem>;

const checks = table<readonly Check[]>({
  redis: [sentinelAlone, quorumTooLarge, monitorWithoutMetrics],
  postgresql: [
    (known, workspace) => withoutVolume(known, workspace, 'primary.persistence.enabled'),
    monitorWithoutMetrics,
  ],
  minio: [(known, workspace) => withoutVolume(known, workspace, 'persistence.enabled'), publicBuckets],
  cluster: [fiveFields],
  'matrix-synapse': [serverWithScheme],
  'matrix-stack': [withoutServerName, sharedDatabase],
});

function* sentinelAlone(known: KnownRelease): Iterable<Problem> {
  const [enabled] = valuesAt(known.release, 'sentinel.enabled');
  if (enabled?.text !== 'true' || textOf(known, 'architecture') !== 'standalone') return;
  yield {
    at: enabled,
    message:
      'The chart redis refuses Sentinel with architecture: standalone, so nothing is installed — set architecture: replication.',
  };
}

/** With Sentinel every node is one of `replica.replicaCount`, the master as well. */
function* quorumTooLarge(known: KnownRelease): Iterable<Problem> {
  if (textOf(known, 'sentinel.enabled') !== 'true' || settingOf(known.release, 'replica.autoscaling') !== 'unset')
    return;
  const [quorum, nodes] = ['sentinel.quorum', 'replica.replicaCount'].map(path =>
    Number(textOf(known, path) ?? Number.NaN),
  );
  if (quorum === undefined || nodes === undefined || !(quorum > nodes)) return;
  const [at] = [...valuesAt(known.release, 'replica.replicaCount'), ...valuesAt(known.release, 'sentinel.quorum')];
  if (!at) return;
  yield {
    at,
    message: `The chart redis starts ${nodes} ${nodes === 1 ? 'Sentinel' : 'Sentinels'}, but ${quorum} have to agree that the master is gone, so there is never a failover — set replica.replicaCount to at least ${Math.max(3, quorum)}.`,
  };
}

function* monitorWithoutMetrics(known: KnownRelease): Iterable<Problem> {
  const [enabled] = valuesAt(known.release, 'metrics.serviceMonitor.enabled');
  if (enabled?.text !== 'true' || textOf(known, 'metrics.enabled') !== 'false') return;
  yield {
    at: enabled,
    severity: 'warning',
    message: `The chart ${known.facts.chart} makes no ServiceMonitor without its exporter — set metrics.enabled: true.`,
  };
}

function* withoutVolume(known: KnownRelease, workspace: Workspace, path: string): Iterable<Problem> {
  const [enabled] = valuesAt(known.release, path);
  if (enabled?.text !== 'false') return;
  yield {
    at: enabled,
    // A preview or a test of something else forgets its data on purpose.
    ...(!isAboutMatrix(workspace) && { severity: 'warning' as const }),
    message: `Without a volume the chart ${known.facts.chart} keeps its data in the pod, and all of it is gone when the pod is replaced — set ${path}: true.`,
    fixes: () => edits(enabled, 'true', `Set ${path}: true`),
  };
}

function* publicBuckets({ release }: KnownRelease, workspace: Workspace): Iterable<Problem> {
  for (const bucket of valuesAt(release, 'buckets.*')) {
    const policy = bucket.at('policy');
    if (!/^(?:public|download|upload)$/.test(policy.text ?? '')) continue;
    const may = policy.text === 'public' ? 'read and write' : policy.text === 'download' ? 'read' : 'write';
    yield {
      at: policy,
      // What a website serves may be for everybody to read; nothing of Matrix is.
      ...(policy.text === 'download' && !isAboutMatrix(workspace) && { severity: 'warning' as const }),
      message: `With policy: ${policy.text} everybody who reaches MinIO may ${may} the bucket ${bucket.at('name').text ?? ''} without a login — set policy: none.`,
      fixes: () => edits(policy, 'none', 'Set policy: none'),
    };
  }
}

function* fiveFields(known: KnownRelease): Iterable<Problem> {
  if (holds(known, [['backups.enabled', 'true']]) !== true) return;
  for (const schedule of valuesAt(known.release, 'backups.scheduledBackups.*.schedule')) {
    const text = schedule.string?.trim() ?? '';
    if (text.startsWith('@') || text.split(/\s+/).length !== 5) continue;
    yield {
      at: schedule,
      message: `The schedule "${text}" has no seconds, which CloudNativePG reads first, so it runs at other times than meant — write "0 ${text}".`,
      fixes: () => edits(schedule, `0 ${text}`, 'Put the seconds in front'),
    };
  }
}

/** The name for other servers is a host with a port, and no URL (Matrix specification, `/.well-known/matrix/server`). */
function* serverWithScheme(known: KnownRelease): Iterable<Problem> {
  const server = settingOf(known.release, 'wellknown.server');
  const name = typeof server === 'string' ? undefined : server.at('m.server');
  const [, host = ''] = /^https?:\/\/([^/]+)/.exec(name?.string ?? '') ?? [];
  if (!name || host === '' || textOf(known, 'wellknown.enabled') !== 'true') return;
  const right = host.includes(':') ? host : `${host}:443`;
  yield {
    at: name,
    message: `m.server is a host with a port and no URL, so other servers do not find this one — write ${right}.`,
    fixes: () => edits(name, right, `Write ${right}`),
  };
}

function* withoutServerName(known: KnownRelease): Iterable<Problem> {
  const { release } = known;
  if (settingOf(release, 'serverName') !== 'unset' || textOf(known, 'synapse.enabled') !== 'true') return;
  const [values] = release.layers;
  if (!values || release.layers.length === 0) return;
  yield {
    at: release.at,
    message:
      'The chart matrix-stack refuses Synapse without serverName, so nothing is installed — set it, once and for all.',
  };
}

/** element-hq/ess-helm templates/postgres/_helpers.tpl: `element-io.postgres.validations`. */
function* sharedDatabase(known: KnownRelease): Iterable<Problem> {
  const [synapse, mas] = ['synapse', 'matrixAuthenticationService'].map(component => {
    if (textOf(known, `${component}.enabled`) !== 'true') return undefined;
    const [host, database] = ['host', 'database'].map(field =>
      settingOf(known.release, `${component}.postgres.${field}`),
    );
    return typeof host === 'object' && typeof database === 'object' ? { host, database } : undefined;
  });
  if (!synapse || !mas || synapse.host.text !== mas.host.text || synapse.database.text !== mas.database.text) return;
  yield {
    at: mas.database,
    message: `Synapse and the Matrix Authentication Service have the same database ${mas.database.text}, which the chart matrix-stack refuses — give each its own.`,
  };
}

function edits(value: Value, text: string, title: string) {
  const edit = replaceScalar(value, text);
  return edit ? [{ title, safe: false, edits: [edit] }] : [];
}

function example(isBad: boolean): string {
  const mark = isBad
    ? `
      #              ^^^^^ 💡 error: Without a volume the chart minio keeps its data in the pod, and all of it is gone when the pod is replaced — set persistence.enabled: true.`
    : '';
  return `
      #- /minio.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata:
        name: minio
        namespace: kube-system
      spec:
        repo: https://charts.min.io/
        chart: minio
        version: 5.3.0
        targetNamespace: matrix
        valuesContent: |-
          persistence:
            enabled: ${!isBad}${mark}
    `;
}
