import { cloudNativePgVersion, isAtMost, type Version } from '../../analysis/operator-versions';
import { clusterKind } from '../../analysis/roles';
import { deleteEntry } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'pg-parameter-managed-by-operator',
  items: [],
  severity: 'error',
  summary: 'A PostgreSQL parameter is set that CloudNativePG manages itself.',
  why: "The operator's webhook rejects the whole Cluster: `Can't set fixed configuration parameter`. No database is created.",
  remedy: 'Remove the parameter. The operator sets logging, TLS, archiving and replication as it needs them.',
  traps: [
    '`wal_level` and `wal_log_hints` were fixed up to operator 1.22.1, `full_page_writes` up to 1.22.5, 1.23.4 and 1.24.0. They are an error only if a script installs such a version, by its release manifest or its chart, and a warning if no version is known.',
    '`ssl_ciphers`, `ssl_min_protocol_version` and `ssl_max_protocol_version` may be set.',
  ],
  sources: [
    'CloudNativePG, pkg/postgres/configuration.go (FixedConfigurationParameters), and its documentation, PostgreSQL Configuration, "Fixed parameters"',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        postgresql:
          parameters:
            max_connections: "200"
            logging_collector: "on" # to files
      #     ^^^^^^^^^^^^^^^^^ 💡 error: CloudNativePG manages logging_collector itself
            log_checkpoints: "on"
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        postgresql:
          parameters:
            max_connections: "200"
            log_checkpoints: "on"
    `,
  },
  kinds: [clusterKind],
  *check(cluster, workspace) {
    for (const [name, value] of cluster.root.at('spec', 'postgresql', 'parameters').entries()) {
      if (isFixed(name)) {
        yield {
          at: value.key,
          message: `CloudNativePG manages ${name} itself and rejects Cluster ${cluster.name} while it is set — remove it.`,
          fixes: () => removal(value),
        };
        continue;
      }
      const until = fixedOnce.get(name);
      if (until) yield* fixedInSome(name, value, until, decisive(until, cloudNativePgVersion(workspace)));
    }
  },
} satisfies Rule;

function* fixedInSome(
  name: string,
  value: Value,
  until: (version: Version) => boolean,
  version: Version | undefined,
): Iterable<Problem> {
  if (version && !until(version)) return;
  yield {
    at: value.key,
    severity: version ? 'error' : 'warning',
    message: version
      ? `CloudNativePG ${version.join('.')}, which the tree installs, manages ${name} itself and rejects the Cluster while it is set — remove it, or install a newer operator.`
      : `CloudNativePG ${lastToFix.get(name)} and older manage ${name} themselves and reject the Cluster while it is set — remove it unless the operator is newer.`,
    // Without the version it is a choice.
    fixes: () => removal(value).map(fix => ({ ...fix, safe: version !== undefined })),
  };
}

/** A version of which the whole line answers alike, if only its line is known. */
function decisive(until: (version: Version) => boolean, version: Version | undefined): Version | undefined {
  if (!version || version.length > 2) return version;
  return until([...version, 0]) === until([...version, Number.MAX_SAFE_INTEGER]) ? version : undefined;
}

function removal(value: Value): readonly Fix[] {
  const edit = deleteEntry(value);
  return edit ? [{ title: `Remove ${String(value.name)}`, safe: true, edits: [edit] }] : [];
}

function isFixed(name: string): boolean {
  return fixed.has(name) || (fixedPrefix.test(name) && !free.has(name));
}

const fixed: ReadonlySet<string> = new Set([
  'allow_system_table_mods',
  'archive_cleanup_command',
  'archive_command',
  'archive_mode',
  'bonjour',
  'bonjour_name',
  'cluster_name',
  'config_file',
  'data_directory',
  'data_sync_retry',
  'event_source',
  'external_pid_file',
  'hba_file',
  'hot_standby',
  'ident_file',
  'jit_provider',
  'listen_addresses',
  'log_destination',
  'log_directory',
  'log_file_mode',
  'log_filename',
  'log_rotation_age',
  'log_rotation_size',
  'log_truncate_on_rotation',
  'logging_collector',
  'port',
  'primary_conninfo',
  'primary_slot_name',
  'promote_trigger_file',
  'recovery_end_command',
  'recovery_min_apply_delay',
  'restart_after_crash',
  'restore_command',
  'shared_preload_libraries',
  'ssl',
  'stats_temp_directory',
  'synchronized_standby_slots',
  'synchronous_standby_names',
  'temp_tablespaces',
]);
const fixedPrefix = /^(?:recovery_target|unix_socket_|ssl_|syslog_|pg_failover_slots\.)/;
const free: ReadonlySet<string> = new Set([
  'ssl_ciphers',
  'ssl_ecdh_curve',
  'ssl_max_protocol_version',
  'ssl_min_protocol_version',
]);

const walUntil = (version: Version): boolean => isAtMost(version, [1, 22, 1]);
const pageWritesUntil = (version: Version): boolean =>
  isAtMost(version, [1, 22, 5]) ||
  (!isAtMost(version, [1, 22, 99]) && isAtMost(version, [1, 23, 4])) ||
  version.join('.') === '1.24.0';
/** Parameters that were fixed in some versions. */
const fixedOnce: ReadonlyMap<string, (version: Version) => boolean> = new Map([
  ['wal_level', walUntil],
  ['wal_log_hints', walUntil],
  ['full_page_writes', pageWritesUntil],
]);
const lastToFix: ReadonlyMap<string, string> = new Map([
  ['wal_level', '1.22.1'],
  ['wal_log_hints', '1.22.1'],
  ['full_page_writes', '1.24.0'],
]);
