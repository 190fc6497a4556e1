import { nearest } from '../../analysis/nearest';
import { clusterKind, tenantKind } from '../../analysis/roles';
import type { Workspace } from '../../manifests/workspace';

/**
 * Why no exporter has a metric of this name, and which one may be meant. Undefined for names that are known, and for all
 * whose exporter is not known well enough.
 */
export function unknownMetric(
  workspace: Workspace,
  name: string,
): { readonly why: string; readonly meant: string | undefined } | undefined {
  for (const { pattern, why, meant } of renamed) {
    const match = pattern.exec(name);
    const newName = match && meant(match, workspace);
    if (newName) return { why, meant: newName };
  }
  const family = families.find(({ prefix }) => prefix.test(name));
  const known = family && namesOf(family);
  if (!family || !known || known.has(name) || !family.isComplete(workspace)) return undefined;
  const meant = suffixes.flatMap(suffix => {
    const other = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name + suffix;
    return known.has(other) ? [other] : [];
  })[0];
  const best = meant ?? nearest(name, known);
  return best === undefined && family.isOpen ? undefined : { why: family.why, meant: best };
}

/** What {@link unknownMetric} may have something to say about. */
export const judgedMetrics =
  /\b(?:cnpg_(?:backends|pg)_|synapse_(?:http_server|storage_events_persisted|replication_tcp_command)_|kube_|minio_(?:cluster|node)_disk_|node_(?:cpu|memory|filesystem|network)_?)/;

interface Renamed {
  readonly pattern: RegExp;
  readonly why: string;
  meant(match: RegExpExecArray, workspace: Workspace): string | undefined;
}

const renamed: readonly Renamed[] = [
  {
    pattern: /^kube_hpa_(\w+)$/,
    why: 'kube-state-metrics renamed it in version 2',
    meant: ([, rest = '']) => `kube_horizontalpodautoscaler_${rest}`,
  },
  {
    pattern:
      /^(kube_(?:pod_container_resource_(?:requests|limits)|node_status_(?:capacity|allocatable)))_(?:cpu_cores|memory_bytes|pods)$/,
    why: 'since version 2 of kube-state-metrics the resource is a label',
    meant: ([, name]) => name,
  },
  {
    pattern: /^(minio_(?:cluster|node))_disk_(\w+)$/,
    why: 'MinIO renamed it in 2023',
    meant: ([, start = '', rest = ''], workspace) => (isOfYear(workspace, 2024) ? `${start}_drive_${rest}` : undefined),
  },
  {
    pattern: /^(node_memory_[A-Z][A-Za-z]+|node_filesystem_(?:size|free|avail))$/,
    why: 'node_exporter renamed it in version 0.16',
    meant: ([name]) => `${name}_bytes`,
  },
  {
    pattern: /^(node_network_(?:receive|transmit)_(?:bytes|packets|errs|drop))$/,
    why: 'node_exporter renamed it in version 0.16',
    meant: ([name]) => `${name}_total`,
  },
  { pattern: /^node_cpu$/, why: 'node_exporter renamed it in version 0.16', meant: () => 'node_cpu_seconds_total' },
];

/** Whether every MinIO Tenant runs a release of this year or later. */
function isOfYear(workspace: Workspace, year: number): boolean {
  const releases = workspace
    .resources(tenantKind)
    .map(({ root }) => Number(/RELEASE\.(\d{4})-/.exec(root.at('spec', 'image').text ?? '')?.[1]));
  return releases.length > 0 && releases.every(release => release >= year);
}

interface Family {
  readonly prefix: RegExp;
  readonly why: string;
  /** The names after {@link start}, in groups of a common beginning. */
  readonly start: string;
  readonly names: string;
  /** Other versions have other names, so that only what is misspelt is reported. */
  readonly isOpen: boolean;
  isComplete(workspace: Workspace): boolean;
}

const suffixes: readonly string[] = ['_total', '_bytes', '_seconds', '_seconds_total', '_count', '_info'];

const families: readonly Family[] = [
  {
    prefix:
      /^cnpg_(?:backends|pg_(?:database|postmaster|replication|roles|settings|stat_archiver|stat_bgwriter|stat_checkpointer|stat_database))_/,
    why: 'CloudNativePG’s default queries have none of that name',
    start: 'cnpg_',
    names: `backends_total backends_max_tx_duration_seconds backends_waiting_total pg_database_size_bytes
      pg_database_xid_age pg_database_mxid_age pg_postmaster_start_time pg_replication_lag pg_replication_in_recovery
      pg_replication_is_wal_receiver_up pg_replication_streaming_replicas pg_replication_slots_active
      pg_replication_slots_pg_wal_lsn_diff pg_roles_password_valid_until_seconds pg_settings_setting
      pg_stat_archiver_archived_count pg_stat_archiver_failed_count pg_stat_archiver_seconds_since_last_archival
      pg_stat_archiver_seconds_since_last_failure pg_stat_archiver_last_archived_time
      pg_stat_archiver_last_failed_time pg_stat_archiver_last_archived_wal_start_lsn
      pg_stat_archiver_last_failed_wal_start_lsn pg_stat_archiver_stats_reset_time pg_stat_bgwriter_checkpoints_timed
      pg_stat_bgwriter_checkpoints_req pg_stat_bgwriter_checkpoint_write_time pg_stat_bgwriter_checkpoint_sync_time
      pg_stat_bgwriter_buffers_checkpoint pg_stat_bgwriter_buffers_clean pg_stat_bgwriter_maxwritten_clean
      pg_stat_bgwriter_buffers_backend pg_stat_bgwriter_buffers_backend_fsync pg_stat_bgwriter_buffers_alloc
      pg_stat_bgwriter_stats_reset_time pg_stat_checkpointer_checkpoints_timed pg_stat_checkpointer_checkpoints_req
      pg_stat_checkpointer_restartpoints_timed pg_stat_checkpointer_restartpoints_req
      pg_stat_checkpointer_restartpoints_done pg_stat_checkpointer_write_time pg_stat_checkpointer_sync_time
      pg_stat_checkpointer_buffers_written pg_stat_checkpointer_stats_reset_time pg_stat_database_xact_commit
      pg_stat_database_xact_rollback pg_stat_database_blks_read pg_stat_database_blks_hit
      pg_stat_database_tup_returned pg_stat_database_tup_fetched pg_stat_database_tup_inserted
      pg_stat_database_tup_updated pg_stat_database_tup_deleted pg_stat_database_conflicts pg_stat_database_temp_files
      pg_stat_database_temp_bytes pg_stat_database_deadlocks pg_stat_database_blk_read_time
      pg_stat_database_blk_write_time`,
    isOpen: false,
    // Queries of one's own make metrics of any name.
    isComplete: workspace => {
      const clusters = workspace.resources(clusterKind);
      return (
        clusters.length > 0 &&
        clusters.every(({ root }) =>
          ['customQueriesConfigMap', 'customQueriesSecret'].every(
            field => !root.at('spec', 'monitoring', field).exists,
          ),
        )
      );
    },
  },
  {
    prefix: /^synapse_http_server_/,
    why: 'Synapse has none of that name',
    start: 'synapse_http_server_',
    names: withCounters(
      'response_count requests_received responses response_ru_utime_seconds response_ru_stime_seconds response_db_txn_count response_db_txn_duration_seconds response_db_sched_duration_seconds response_size in_flight_requests_ru_utime_seconds in_flight_requests_ru_stime_seconds in_flight_requests_db_txn_count in_flight_requests_db_txn_duration_seconds in_flight_requests_db_sched_duration_seconds',
      'in_flight_requests_count response_time_seconds response_time_seconds_bucket response_time_seconds_count response_time_seconds_sum',
    ),
    isOpen: false,
    isComplete: () => true,
  },
  {
    prefix: /^synapse_storage_events_persisted_/,
    why: 'Synapse has none of that name, and its sample recording rules, which make some, are not in the tree',
    start: 'synapse_storage_events_persisted_',
    names: withCounters('events events_sep', ''),
    isOpen: false,
    isComplete: () => true,
  },
  {
    prefix: /^synapse_replication_tcp_command_/,
    why: 'Synapse has none of that name',
    start: 'synapse_replication_tcp_command_',
    names: 'queue',
    isOpen: false,
    isComplete: () => true,
  },
  {
    prefix:
      /^kube_(?:pod|job|cronjob|deployment|statefulset|daemonset|persistentvolumeclaim|horizontalpodautoscaler|node|poddisruptionbudget)_/,
    why: 'kube-state-metrics has none of that name',
    start: 'kube_',
    names: `pod_annotations pod_info pod_ips pod_start_time pod_completion_time pod_created pod_deletion_timestamp
      pod_owner pod_labels pod_nodeselectors pod_overhead_cpu_cores pod_overhead_memory_bytes pod_restart_policy
      pod_runtimeclass_name_info pod_scheduler pod_service_account pod_status_container_ready_time
      pod_status_initialized_time pod_status_phase pod_status_qos_class pod_status_ready pod_status_ready_time
      pod_status_reason pod_status_scheduled pod_status_scheduled_time pod_status_unscheduled_time
      pod_status_unschedulable pod_tolerations pod_spec_volumes_persistentvolumeclaims_info
      pod_spec_volumes_persistentvolumeclaims_readonly pod_container_info pod_container_resource_limits
      pod_container_resource_requests pod_container_state_started pod_container_status_ready
      pod_container_status_restarts_total pod_container_status_running pod_container_status_terminated
      pod_container_status_terminated_reason pod_container_status_waiting pod_container_status_waiting_reason
      pod_container_status_last_terminated_reason pod_container_status_last_terminated_exitcode
      pod_container_status_last_terminated_timestamp pod_init_container_info pod_init_container_resource_limits
      pod_init_container_resource_requests pod_init_container_status_ready pod_init_container_status_restarts_total
      pod_init_container_status_running pod_init_container_status_terminated
      pod_init_container_status_terminated_reason pod_init_container_status_last_terminated_reason
      pod_init_container_status_waiting pod_init_container_status_waiting_reason job_annotations job_info job_labels
      job_owner job_spec_parallelism job_spec_completions job_spec_active_deadline_seconds job_status_active
      job_status_succeeded job_status_failed job_status_start_time job_status_completion_time job_status_suspended
      job_complete job_failed job_created cronjob_annotations cronjob_info cronjob_labels cronjob_created
      cronjob_next_schedule_time cronjob_status_active cronjob_status_last_schedule_time
      cronjob_status_last_successful_time cronjob_spec_suspend cronjob_spec_starting_deadline_seconds
      cronjob_spec_successful_job_history_limit cronjob_spec_failed_job_history_limit
      cronjob_metadata_resource_version deployment_annotations deployment_created deployment_labels deployment_owner
      deployment_metadata_generation deployment_spec_paused deployment_spec_replicas
      deployment_spec_strategy_rollingupdate_max_surge deployment_spec_strategy_rollingupdate_max_unavailable
      deployment_status_condition deployment_status_observed_generation deployment_status_replicas
      deployment_status_replicas_available deployment_status_replicas_ready deployment_status_replicas_unavailable
      deployment_status_replicas_updated statefulset_annotations statefulset_created statefulset_labels
      statefulset_metadata_generation statefulset_ordinals_start statefulset_persistentvolumeclaim_retention_policy
      statefulset_replicas statefulset_status_current_revision statefulset_status_observed_generation
      statefulset_status_replicas statefulset_status_replicas_available statefulset_status_replicas_current
      statefulset_status_replicas_ready statefulset_status_replicas_updated statefulset_status_update_revision
      daemonset_annotations daemonset_created daemonset_labels daemonset_metadata_generation
      daemonset_status_current_number_scheduled daemonset_status_desired_number_scheduled
      daemonset_status_number_available daemonset_status_number_misscheduled daemonset_status_number_ready
      daemonset_status_number_unavailable daemonset_status_observed_generation
      daemonset_status_updated_number_scheduled persistentvolumeclaim_access_mode persistentvolumeclaim_annotations
      persistentvolumeclaim_created persistentvolumeclaim_deletion_timestamp persistentvolumeclaim_info
      persistentvolumeclaim_labels persistentvolumeclaim_resource_requests_storage_bytes
      persistentvolumeclaim_status_condition persistentvolumeclaim_status_phase horizontalpodautoscaler_annotations
      horizontalpodautoscaler_info horizontalpodautoscaler_labels horizontalpodautoscaler_metadata_generation
      horizontalpodautoscaler_spec_max_replicas horizontalpodautoscaler_spec_min_replicas
      horizontalpodautoscaler_spec_target_metric horizontalpodautoscaler_status_condition
      horizontalpodautoscaler_status_current_replicas horizontalpodautoscaler_status_desired_replicas
      horizontalpodautoscaler_status_target_metric node_annotations node_created node_deletion_timestamp node_info
      node_labels node_role node_spec_taint node_spec_unschedulable node_status_addresses node_status_allocatable
      node_status_capacity node_status_condition poddisruptionbudget_annotations poddisruptionbudget_created
      poddisruptionbudget_labels poddisruptionbudget_status_current_healthy
      poddisruptionbudget_status_desired_healthy poddisruptionbudget_status_pod_disruptions_allowed
      poddisruptionbudget_status_expected_pods poddisruptionbudget_status_observed_generation`,
    isOpen: true,
    isComplete: () => true,
  },
];

/** Counters have `_total` at their end, and in older versions of Synapse have not. */
function withCounters(counters: string, others: string): string {
  return `${counters} ${counters.replace(/\S+/g, '$&_total')} ${counters.replace(/\S+/g, '$&_created')} ${others}`;
}

const readNames = new Map<Family, ReadonlySet<string>>();

function namesOf(family: Family): ReadonlySet<string> {
  let names = readNames.get(family);
  if (!names) {
    names = new Set(
      family.names
        .trim()
        .split(/\s+/)
        .map(name => family.start + name),
    );
    readNames.set(family, names);
  }
  return names;
}
