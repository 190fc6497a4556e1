import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { nearest } from '../nearest';
import { quantity, resources } from './pods';
import { isUnfinished, type Refusal } from './refusal';

/* What CloudNativePG's own admission refuses (cloudnative-pg internal/webhook/v1, and the patterns of its CRDs). */

/** What is wrong with a Cluster. */
export function* refusedCluster(cluster: Resource): Iterable<Refusal> {
  const spec = cluster.root.at('spec');
  const instances = spec.at('instances');
  if (instances.number !== undefined && instances.number < 1)
    yield { at: instances, what: `A Cluster of ${instances.number} instances is none`, advice: 'write at least 1' };
  yield* synchronousReplicas(spec, instances.number ?? 1);
  yield* bootstrap(spec);
  yield* imageSource(spec);
  for (const field of ['storage', 'walStorage']) {
    const storage = spec.at(field);
    yield* quantity('storage', storage.at('size'));
    const hasSize = storage.at('size').exists || storage.at('pvcTemplate').exists;
    if (field === 'walStorage' && storage.kind === 'mapping' && !hasSize)
      yield { at: storage, what: 'walStorage has no size', advice: 'add one, or remove walStorage' };
  }
  yield* resources(spec, `Cluster ${cluster.name}`);
  const retention = spec.at('backup', 'retentionPolicy');
  if (retention.text !== undefined && !isUnfinished(retention.text) && !/^[1-9]\d*[dwm]$/.test(retention.text))
    yield {
      at: retention,
      what: `${retention.text} is no time to keep backups for`,
      advice: 'write a number and d, w or m, such as 30d',
    };
  const image = spec.at('imageName');
  const major = /:(\d+)(?:[.-]|$)/.exec(image.text ?? '')?.[1];
  if (major !== undefined && Number(major) < 12)
    yield {
      at: image,
      what: `CloudNativePG runs no PostgreSQL ${major}`,
      advice: 'take one that is supported, such as 16',
    };
  yield* parameters(spec.at('postgresql', 'parameters'));
  const destination = spec.at('backup', 'barmanObjectStore', 'destinationPath');
  if (destination.text && !isUnfinished(destination.text) && !/^[a-z0-9]+:\/\/./i.test(destination.text))
    yield {
      at: destination,
      what: `${destination.text} is no place for backups`,
      advice: 'write it as s3://bucket/folder',
    };
  yield* roles(spec.at('managed', 'roles').items());
  for (const service of spec.at('managed', 'services', 'disabledDefaultServices').items())
    if (service.text === 'rw')
      yield { at: service, what: 'The Service rw of a Cluster cannot be left out', advice: 'remove it from the list' };
}

/** What is wrong with a Database. */
export function* refusedDatabase(database: Resource): Iterable<Refusal> {
  const name = database.root.at('spec', 'name');
  if (/^(?:postgres|template[01])$/.test(name.text ?? ''))
    yield { at: name, what: `${name.text} is a database of PostgreSQL itself`, advice: 'choose another name' };
}

/** What is wrong with a ScheduledBackup or Backup. */
export function* refusedBackup(backup: Resource): Iterable<Refusal> {
  const method = backup.root.at('spec', 'method');
  if (method.text === 'plugin' && !backup.root.at('spec', 'pluginConfiguration', 'name').exists)
    yield {
      at: method,
      what: 'The method plugin says no plugin',
      advice: 'name it under pluginConfiguration, such as barman-cloud.cloudnative-pg.io',
    };
}

function* synchronousReplicas(spec: Value, instances: number): Iterable<Refusal> {
  const [least, most] = [spec.at('minSyncReplicas'), spec.at('maxSyncReplicas')];
  if (least.number !== undefined && least.number > (most.number ?? 0))
    yield {
      at: least,
      what: `minSyncReplicas ${least.number} is more than maxSyncReplicas ${most.number ?? 0}`,
      advice: 'lower the one or raise the other',
    };
  if (most.number !== undefined && most.number > 0 && most.number >= instances)
    yield {
      at: most,
      what: `maxSyncReplicas ${most.number} has to be less than the ${instances} instances`,
      advice: 'lower it, or add instances',
    };
  const synchronous = spec.at('postgresql', 'synchronous');
  const number = synchronous.at('number');
  const named = ['standbyNamesPre', 'standbyNamesPost'].flatMap(field => synchronous.at(field).items()).length;
  if (number.number !== undefined && number.number >= instances + named)
    yield {
      at: number,
      what: `${number.number} synchronous standbys are as many as there are instances, and one of these is the primary`,
      advice: 'lower it, or add instances',
    };
}

/** A Cluster takes its image from one place (cloudnative-pg, api/v1: XValidation of ClusterSpec). */
function* imageSource(spec: Value): Iterable<Refusal> {
  const [name, catalog] = [spec.at('imageName'), spec.at('imageCatalogRef')];
  if (name.string && catalog.exists && !catalog.isNull)
    yield {
      at: catalog,
      what: 'A Cluster takes its image from imageName or from imageCatalogRef, and not from both',
      advice: 'keep one',
    };
}

const bootstraps = ['initdb', 'recovery', 'pg_basebackup'] as const;

function* bootstrap(spec: Value): Iterable<Refusal> {
  const written = spec.at('bootstrap');
  const methods = bootstraps.filter(method => written.at(method).exists && !written.at(method).isNull);
  if (methods.length > 1)
    yield {
      at: written.at(methods[1] ?? ''),
      what: `A Cluster begins in one way, and not by ${methods.join(' and ')}`,
      advice: 'keep one',
    };
  for (const method of methods) {
    const [database, owner] = [written.at(method, 'database'), written.at(method, 'owner')];
    if (database.string && !owner.string)
      yield { at: database, what: `The database ${database.string} has no owner`, advice: 'write owner beside it' };
    else if (owner.string && !database.string)
      yield { at: owner, what: `The owner ${owner.string} has no database`, advice: 'write database beside it' };
  }
  const external = spec
    .at('externalClusters')
    .items()
    .map(one => one.at('name').text);
  for (const source of [
    written.at('recovery', 'source'),
    written.at('pg_basebackup', 'source'),
    spec.at('replica', 'source'),
  ])
    if (source.string && !isUnfinished(source.string) && !external.includes(source.string))
      yield {
        at: source,
        what: `There is no ${source.string} among the externalClusters`,
        advice: 'name one that is there, or add it',
      };
}

/** Values and names that PostgreSQL refuses to start with (PostgreSQL documentation, "Parameter Names and Values"). */
function* parameters(written: Value): Iterable<Refusal> {
  for (const [name, value] of written.entries()) {
    const { text } = value;
    if (text === undefined || isUnfinished(text) || name.includes('.')) continue;
    const units = sizes.has(name) ? 'B, kB, MB, GB or TB' : times.has(name) ? 'us, ms, s, min, h or d' : undefined;
    const form = sizes.has(name)
      ? /^-?\d+(?:\.\d+)?\s*(?:B|kB|MB|GB|TB)?$/
      : /^-?\d+(?:\.\d+)?\s*(?:us|ms|s|min|h|d)?$/;
    if (units !== undefined && !form.test(text.trim())) {
      const meant = /^(\d+)\s*([KMGT])i?B?$/i.exec(text.trim());
      const instead = sizes.has(name) && meant ? `${meant[1]}${meant[2]?.toUpperCase().replace('K', 'k')}B` : undefined;
      yield {
        at: value,
        what: `PostgreSQL knows no ${text} as a value of ${name}`,
        advice: instead !== undefined ? `write ${instead}` : `write a number with ${units}`,
        ...(instead !== undefined && { instead }),
      };
    }
    const close = known.has(name) ? undefined : nearest(name, known);
    if (close !== undefined)
      yield { at: value, what: `PostgreSQL knows no parameter ${name}`, advice: `did you mean ${close}?` };
  }
}

const sizes: ReadonlySet<string> = new Set(
  `
  shared_buffers effective_cache_size work_mem maintenance_work_mem autovacuum_work_mem logical_decoding_work_mem
  temp_buffers wal_buffers min_wal_size max_wal_size wal_keep_size max_slot_wal_keep_size min_dynamic_shared_memory
  log_temp_files temp_file_limit backend_flush_after
`
    .trim()
    .split(/\s+/),
);
const times: ReadonlySet<string> = new Set(
  `
  checkpoint_timeout statement_timeout lock_timeout idle_in_transaction_session_timeout idle_session_timeout
  wal_sender_timeout wal_receiver_timeout archive_timeout deadlock_timeout authentication_timeout autovacuum_naptime
  log_autovacuum_min_duration log_min_duration_statement max_standby_streaming_delay max_standby_archive_delay
  tcp_keepalives_idle tcp_keepalives_interval wal_writer_delay bgwriter_delay autovacuum_vacuum_cost_delay
  vacuum_cost_delay
`
    .trim()
    .split(/\s+/),
);

/** Parameters that people set; names that resemble none of these are those of other versions and of extensions. */
const known: ReadonlySet<string> = new Set([
  ...sizes,
  ...times,
  ...`
  max_connections superuser_reserved_connections reserved_connections random_page_cost seq_page_cost cpu_tuple_cost
  cpu_index_tuple_cost cpu_operator_cost effective_io_concurrency maintenance_io_concurrency max_worker_processes
  max_parallel_workers max_parallel_workers_per_gather max_parallel_maintenance_workers max_replication_slots
  max_wal_senders max_logical_replication_workers max_sync_workers_per_subscription max_prepared_transactions
  max_locks_per_transaction max_pred_locks_per_transaction max_files_per_process max_stack_depth wal_level
  wal_compression wal_log_hints wal_init_zero wal_recycle full_page_writes fsync synchronous_commit
  synchronous_standby_names checkpoint_completion_target checkpoint_flush_after commit_delay commit_siblings
  default_statistics_target huge_pages hot_standby hot_standby_feedback autovacuum autovacuum_max_workers
  autovacuum_vacuum_threshold autovacuum_vacuum_scale_factor autovacuum_vacuum_insert_threshold
  autovacuum_vacuum_insert_scale_factor autovacuum_analyze_threshold autovacuum_analyze_scale_factor
  autovacuum_vacuum_cost_limit autovacuum_freeze_max_age autovacuum_multixact_freeze_max_age vacuum_cost_limit
  vacuum_freeze_min_age vacuum_freeze_table_age bgwriter_lru_maxpages bgwriter_lru_multiplier jit jit_above_cost
  log_checkpoints log_connections log_disconnections log_duration log_error_verbosity log_line_prefix log_lock_waits
  log_min_messages log_min_error_statement log_statement log_timezone log_destination log_directory log_filename
  log_rotation_age log_rotation_size log_truncate_on_rotation logging_collector log_replication_commands log_hostname
  log_parameter_max_length timezone datestyle intervalstyle lc_messages lc_monetary lc_numeric lc_time
  default_text_search_config default_transaction_isolation default_transaction_read_only default_tablespace
  temp_tablespaces track_activities track_activity_query_size track_counts track_functions track_io_timing
  track_wal_io_timing track_commit_timestamp compute_query_id password_encryption row_security search_path
  session_replication_role shared_preload_libraries shared_memory_type dynamic_shared_memory_type ssl ssl_ciphers
  ssl_min_protocol_version ssl_max_protocol_version tcp_keepalives_count tcp_user_timeout client_min_messages
  client_encoding bytea_output enable_seqscan enable_partitionwise_join enable_partitionwise_aggregate enable_hashagg
  hash_mem_multiplier plan_cache_mode geqo from_collapse_limit join_collapse_limit archive_mode archive_command
  listen_addresses port restore_command recovery_target_timeline promote_trigger_file io_method io_workers summarize_wal
  sync_replication_slots old_snapshot_threshold vacuum_buffer_usage_limit gin_fuzzy_search_limit gin_pending_list_limit
  event_source cluster_name update_process_title data_checksums wal_skip_threshold wal_writer_flush_after
  wal_decode_buffer_size wal_sync_method wal_receiver_status_interval wal_retrieve_retry_interval primary_conninfo
  primary_slot_name parallel_setup_cost parallel_tuple_cost parallel_leader_participation min_parallel_table_scan_size
  min_parallel_index_scan_size exit_on_error restart_after_crash
`
    .trim()
    .split(/\s+/),
]);

function* roles(items: readonly Value[]): Iterable<Refusal> {
  const seen = new Set<string>();
  for (const item of items) {
    const name = item.at('name');
    if (name.string === undefined) continue;
    if (name.string === 'postgres' || name.string === 'streaming_replica')
      yield { at: name, what: `The role ${name.string} is the operator's own`, advice: 'remove it from managed.roles' };
    else if (seen.has(name.string))
      yield { at: name, what: `The role ${name.string} is managed twice`, advice: 'keep one' };
    seen.add(name.string);
  }
}
