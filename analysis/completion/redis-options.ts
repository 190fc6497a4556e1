import { type Directive, readDirectives } from './directive-table';

/** The directives of redis.conf that a replicated server in a cluster may need. */
export function redisDirectives(): readonly Directive[] {
  knownRedis ??= readDirectives(redis);
  return knownRedis;
}

/** What may follow `sentinel` in sentinel.conf. */
export function sentinelOptions(): readonly Directive[] {
  knownSentinel ??= readDirectives(sentinel);
  return knownSentinel;
}

/** The directives that sentinel.conf has beside `sentinel`. */
export const sentinelDirectives: ReadonlySet<string> = new Set(
  'bind port protected-mode daemonize pidfile logfile loglevel dir requirepass aclfile tls-port tls-cert-file tls-key-file tls-ca-cert-file tls-auth-clients tls-replication user'.split(
    ' ',
  ),
);

let knownRedis: readonly Directive[] | undefined;
let knownSentinel: readonly Directive[] | undefined;

/** Names and arguments by redis.conf of Redis 7.0 to 7.4 (https://redis.io/docs/latest/operate/oss_and_stack/management/config-file/); the sentences are our own. */
const redis = `
bind ADDRESS: The local addresses to listen on; the pod's own network decides who reaches them.
port NUMBER: The TCP port; 6379 unless given, and 0 for none.
protected-mode yes|no: Whether only this machine is answered while there is no password.
tcp-backlog NUMBER: How many connections may wait to be accepted.
tcp-keepalive SECONDS: How often a silent connection is probed.
timeout SECONDS: After how long an idle client is disconnected; 0 for never.
maxclients NUMBER: How many clients may be connected at once.
unixsocket PATH: A UNIX socket to listen on as well.
tls-port NUMBER: The port that speaks TLS.
tls-cert-file SECRETFILE: The certificate for TLS.
tls-key-file SECRETFILE: The private key of the certificate.
tls-ca-cert-file SECRETFILE: The certificates that clients and other servers are checked with.
tls-auth-clients yes|no|optional: Whether clients must show a certificate.
tls-replication yes|no: Whether the connection to the master speaks TLS.
daemonize yes|no: Whether Redis goes to the background; no in a container.
supervised no|auto|systemd|upstart: Whether a supervisor of the machine is told that Redis is ready.
pidfile PATH: Where the process id is written.
loglevel notice|warning|verbose|debug: How much is logged.
logfile PATH: Where the log goes; empty for the output of the container.
databases NUMBER: How many numbered databases there are; 16 unless given.
dir PATH: The folder for snapshots and the append-only file; it has to lie on a volume.
dbfilename NAME: The name of the snapshot.
save SECONDS CHANGES: After how many seconds and changes a snapshot is taken; "" for never.
stop-writes-on-bgsave-error yes|no: Whether writes are refused after a snapshot has failed.
rdbcompression yes|no: Whether snapshots are compressed.
rdbchecksum yes|no: Whether snapshots carry a checksum.
appendonly yes|no: Whether every write is logged to the append-only file, which loses at most a second.
appendfilename NAME: The base name of the append-only file.
appenddirname NAME: The folder of the append-only file, below dir.
appendfsync everysec|always|no: How often the append-only file is flushed to disk.
no-appendfsync-on-rewrite yes|no: Whether flushing waits while the file is rewritten.
auto-aof-rewrite-percentage NUMBER: By how many percent the append-only file grows before it is rewritten.
auto-aof-rewrite-min-size SIZE: The size below which it is not rewritten.
aof-load-truncated yes|no: Whether a file that ends too early is loaded as far as it goes.
aof-use-rdb-preamble yes|no: Whether a rewritten file begins with a snapshot, which loads faster.
replicaof HOST PORT: The master that this server copies; with Sentinel only the start, because it rewrites this.
slaveof HOST PORT: The older name of replicaof.
masterauth PASSWORD: The password that a replica signs in to its master with; every server needs it under Sentinel.
masteruser NAME: The user that a replica signs in as.
requirepass PASSWORD: The password that clients need.
aclfile PATH: A file with users and what each may do.
user NAME RULES: A user and what it may do.
replica-serve-stale-data yes|no: Whether a replica answers from old data while its master is away.
replica-read-only yes|no: Whether a replica refuses writes.
replica-priority NUMBER: Which replica Sentinel promotes first, the lowest; 0 for never.
replica-announce-ip HOST: The name or address under which a replica makes itself known; a stable host name in Kubernetes.
replica-announce-port PORT: The port that a replica makes known.
replica-announced yes|no: Whether Sentinel tells clients of this replica.
replica-lazy-flush yes|no: Whether a replica drops its old data in the background before it copies anew.
repl-diskless-sync yes|no: Whether a snapshot for replicas is sent without writing it to disk.
repl-diskless-sync-delay SECONDS: How long a transfer waits for further replicas.
repl-diskless-load disabled|on-empty-db|swapdb: Whether a replica loads the snapshot without writing it to disk.
repl-ping-replica-period SECONDS: How often a master pings its replicas.
repl-timeout SECONDS: After how long the other side counts as gone.
repl-disable-tcp-nodelay yes|no: Whether replication uses fewer packets and is slower.
repl-backlog-size SIZE: How much of the changes is kept, so that a replica can catch up after a break.
repl-backlog-ttl SECONDS: After how long without replicas that memory is freed.
min-replicas-to-write NUMBER: Below how many connected replicas the master refuses writes.
min-replicas-max-lag SECONDS: How late a replica may be to count.
maxmemory SIZE: The most memory for data; below the limit of the container, because replication needs more.
maxmemory-policy noeviction|allkeys-lru|allkeys-lfu|allkeys-random|volatile-lru|volatile-lfu|volatile-random|volatile-ttl: What is dropped when the memory is full; noeviction refuses writes.
maxmemory-samples NUMBER: How many keys are compared before one is dropped.
maxmemory-clients SIZE: The most memory that the connections of all clients take together.
lazyfree-lazy-eviction yes|no: Whether dropped keys are freed in the background.
lazyfree-lazy-expire yes|no: Whether expired keys are freed in the background.
lazyfree-lazy-server-del yes|no: Whether replaced keys are freed in the background.
lazyfree-lazy-user-del yes|no: Whether DEL frees in the background, as UNLINK does.
client-output-buffer-limit CLASS HARD SOFT SECONDS: When a client that reads too slowly is disconnected; one line for each of normal, replica and pubsub.
io-threads NUMBER: How many threads read and write connections.
rename-command COMMAND NAME: Another name for a command, or "" to switch it off.
notify-keyspace-events FLAGS: Which changes of keys are published.
slowlog-log-slower-than MICROSECONDS: From which time on a command is kept in the slow log.
slowlog-max-len NUMBER: How many slow commands are kept.
latency-monitor-threshold MILLISECONDS: From which time on delays are recorded; 0 for not at all.
activedefrag yes|no: Whether fragmented memory is put in order while Redis runs.
activerehashing yes|no: Whether the main table is rehashed in idle time.
hz NUMBER: How often background tasks run each second.
dynamic-hz yes|no: Whether they run more often with many clients.
lua-time-limit MILLISECONDS: After how long a running script is reported.
shutdown-timeout SECONDS: How long a shutdown waits for replicas that are behind.
include PATH: Another configuration file that is read here.
loadmodule PATH: A module to load.
`;

/** By sentinel.conf of Redis 7 and https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/. */
const sentinel = `
monitor MASTER HOST PORT QUORUM: A master to watch, and how many Sentinels must agree that it is down.
auth-pass MASTER PASSWORD: The password of the master and its replicas.
auth-user MASTER NAME: The user that Sentinel signs in as.
down-after-milliseconds MASTER MILLISECONDS: After how long without an answer a server counts as down.
failover-timeout MASTER MILLISECONDS: How long a failover may take before it is tried again.
parallel-syncs MASTER NUMBER: How many replicas copy from a new master at the same time.
resolve-hostnames yes|no: Whether names may stand for addresses; needed for host names of pods.
announce-hostnames yes|no: Whether Sentinel tells names and not addresses.
announce-ip HOST: The name or address under which this Sentinel makes itself known.
announce-port PORT: The port that it makes known.
sentinel-user NAME: The user that Sentinels sign in to each other as.
sentinel-pass PASSWORD: The password that they use for each other.
deny-scripts-reconfig yes|no: Whether scripts cannot be changed while Sentinel runs.
notification-script MASTER PATH: A program that is run for each warning.
client-reconfig-script MASTER PATH: A program that is run after a failover.
rename-command MASTER COMMAND NAME: What a command is called on the watched servers.
master-reboot-down-after-period MASTER MILLISECONDS: After how long a master that restarts counts as down.
`;
