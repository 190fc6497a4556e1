import { workloadKinds } from '../../analysis/pods';
import { maskComments } from '../../analysis/text/comments';
import type { Place } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Problem, Rule } from '../rule';
import { sqlTextsOf } from './server-sql';

export default {
  id: 'sql-catalog-column-unknown',
  items: [],
  severity: 'warning',
  summary: 'A query asks a system catalog of replication for a column that it does not have.',
  why: 'PostgreSQL refuses the whole query: "column … does not exist". What it was to show, mostly how far the LI database lags, is never seen, and with `ON_ERROR_STOP` the Job fails.',
  remedy:
    'Ask the view that has the column: `pg_stat_subscription` says what a subscriber has received, `pg_stat_replication` and `pg_replication_slots` what the publisher has sent, `pg_subscription` what was created.',
  traps: [
    'Looked at are queries whose tables are all catalogs and views of replication, without a query inside.',
    'Only columns that another of these catalogs has, or nearly has, are reported; names of outputs and functions are not.',
  ],
  sources: [
    'PostgreSQL documentation, System Catalogs: pg_subscription, pg_subscription_rel, pg_publication; System Views: pg_replication_slots; Monitoring: pg_stat_subscription, pg_stat_replication, pg_stat_wal_receiver',
  ],
  examples: { bad: example('pg_subscription', true), good: example('pg_stat_subscription', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const { origin, place } of sqlTextsOf(workspace, resource))
      yield* problemsIn(origin.text, (start, end) => place(origin.span(start, end)));
  },
} satisfies Rule;

function* problemsIn(sql: string, place: (start: number, end: number) => Place): Iterable<Problem> {
  if (!anyCatalog.test(sql)) return;
  // Strings and comments keep their length.
  const text = maskComments(sql, 'sql').replace(/'(?:[^']|'')*'/g, quoted => ' '.repeat(quoted.length));
  for (const { index, 0: statement } of text.matchAll(/\bSELECT\b[^;]*/gi)) {
    const tables = tablesOf(statement);
    if (!tables) continue;
    const known = new Set(tables.flatMap(table => catalogs[table] ?? []));
    const wrong = [...statement.matchAll(/(?<![\w:$"])(?:\w+\.)?([a-z]\w*)\b(?!\s*\(|\.)/g)].filter(match => {
      const name = match[1] ?? '';
      const isOutput = /\bAS\s+$/i.test(statement.slice(0, match.index));
      return (allColumns.has(name) || likeColumns.test(name)) && !known.has(name) && !isOutput && !catalogs[name];
    });
    const [first] = wrong;
    if (!first) continue;
    const names = [...new Set(wrong.map(match => match[1] ?? ''))];
    const end = index + first.index + first[0].length;
    const better = Object.keys(catalogs).filter(table => names.every(name => catalogs[table]?.includes(name)));
    yield {
      at: place(end - (first[1] ?? '').length, end),
      message: `${tables.join(' and ')} ${tables.length > 1 ? 'have' : 'has'} no column ${names[0]}, so PostgreSQL refuses the query — ${adviceFor(tables, better)}.`,
      related: names.slice(1).flatMap(name => {
        const other = wrong.find(match => match[1] === name);
        const at = other && index + other.index + other[0].length;
        return at === undefined ? [] : [{ at: place(at - name.length, at), message: `Nor a column ${name}` }];
      }),
    };
  }
}

function adviceFor(tables: readonly string[], better: readonly string[]): string {
  const [only] = better;
  if (only !== undefined && better.length === 1) return `ask ${only}`;
  const received = tables.some(table => table.startsWith('pg_subscription'));
  return received ? 'ask pg_stat_subscription for what was received' : 'ask the view that has it';
}

/** The tables of a query if all of them are known here, and no query stands in it. */
function tablesOf(statement: string): readonly string[] | undefined {
  if ((statement.match(/\bSELECT\b/gi) ?? []).length > 1) return undefined;
  const from = /\bFROM\b([\s\S]*?)(?=\bWHERE\b|\bGROUP\b|\bORDER\b|\bLIMIT\b|\bHAVING\b|\\|$)/i.exec(statement)?.[1];
  if (from === undefined || /\(\s*SELECT|\bLATERAL\b/i.test(from)) return undefined;
  const names = from
    .split(/\b(?:(?:LEFT|RIGHT|FULL|INNER|CROSS)\s+(?:OUTER\s+)?)?JOIN\b|,/i)
    .map(part => /^\s*(?:pg_catalog\.)?(\w+)/.exec(part)?.[1]?.toLowerCase());
  const tables = names.flatMap(name => (name !== undefined && catalogs[name] ? [name] : []));
  return tables.length === names.length ? [...new Set(tables)] : undefined;
}

/** The columns of the catalogs and views of replication in PostgreSQL 14 to 18. */
const catalogs = table<readonly string[]>({
  pg_subscription: words(
    'oid subdbid subskiplsn subname subowner subenabled subbinary substream subtwophasestate subdisableonerr subpasswordrequired subrunasowner subfailover subconninfo subslotname subsynccommit subpublications suborigin',
  ),
  pg_subscription_rel: words('srsubid srrelid srsubstate srsublsn'),
  pg_stat_subscription: words(
    'subid subname worker_type pid leader_pid relid received_lsn last_msg_send_time last_msg_receipt_time latest_end_lsn latest_end_time',
  ),
  pg_stat_subscription_stats: words(
    'subid subname apply_error_count sync_error_count stats_reset confl_insert_exists confl_update_origin_differs confl_update_exists confl_update_missing confl_delete_origin_differs confl_delete_missing confl_multiple_unique_conflicts',
  ),
  pg_publication: words(
    'oid pubname pubowner puballtables pubinsert pubupdate pubdelete pubtruncate pubviaroot pubgencols',
  ),
  pg_publication_rel: words('oid prpubid prrelid prqual prattrs'),
  pg_publication_tables: words('pubname schemaname tablename attnames rowfilter'),
  pg_replication_slots: words(
    'slot_name plugin slot_type datoid database temporary active active_pid xmin catalog_xmin restart_lsn confirmed_flush_lsn wal_status safe_wal_size two_phase two_phase_at inactive_since conflicting invalidation_reason failover synced',
  ),
  pg_stat_replication: words(
    'pid usesysid usename application_name client_addr client_hostname client_port backend_start backend_xmin state sent_lsn write_lsn flush_lsn replay_lsn write_lag flush_lag replay_lag sync_priority sync_state reply_time',
  ),
  pg_stat_wal_receiver: words(
    'pid status receive_start_lsn receive_start_tli written_lsn flushed_lsn received_tli last_msg_send_time last_msg_receipt_time latest_end_lsn latest_end_time slot_name sender_host sender_port conninfo',
  ),
});

function words(text: string): readonly string[] {
  return text.split(' ');
}

const allColumns: ReadonlySet<string> = new Set(Object.values(catalogs).flat());

/** Names that columns of these catalogs begin like, and that no catalog has. */
const likeColumns =
  /^(?:subrelid|subrel|subsrelid|srsubname|srname|subpublication|pubtables|received_lag|replication_lag)$/;

const anyCatalog = new RegExp(`\\b(?:${Object.keys(catalogs).join('|')})\\b`, 'i');

function example(table: string, isMarked: boolean): string {
  return `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: lag
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: lag
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h li-rw -c "SELECT subname, received_lsn FROM ${table};"
${isMarked ? '      #                                               ^^^^^^^^^^^^ warning: pg_subscription has no column received_lsn, so PostgreSQL refuses the query — ask pg_stat_subscription\n' : ''}    `;
}
