import { commandLine, commandText } from '../../analysis/configs';
import { effectiveFile } from '../../analysis/effective';
import { publishedProgramOf } from '../../analysis/images';
import { isBelow, mountAt, mountsOf, volumeOf } from '../../analysis/mounts';
import { nearest } from '../../analysis/nearest';
import { type Container, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { replicasIn } from '../../analysis/replicas';
import { familiesOf } from '../../analysis/roles';
import { startScriptOf } from '../../analysis/scripts';
import { maskComments } from '../../analysis/text/comments';
import {
  type RedisDirective,
  readRedisConf,
  redisMemory,
  runsSentinel,
  sentinelSettings,
} from '../../analysis/text/redis-conf';
import { listed } from '../../analysis/wording';
import { replaceScalar } from '../../manifests/edit';
import { baseName } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { placeIn, type RedisConf, redisConf, redisOption, replacePart } from './conf';

export default {
  id: 'redis-config-invalid',
  items: [],
  severity: 'error',
  summary: 'Redis or Sentinel cannot run with its configuration.',
  why: 'Redis reads its whole configuration before it starts, and ends at the first line that it does not know or whose value it does not take ("FATAL CONFIG FILE ERROR"). Sentinel moreover writes what it learns into its own file, and does not start where it cannot ("Sentinel config file … is not writable").',
  remedy:
    'Correct the line. Let an init container copy the file of Sentinel to an `emptyDir`, and mount that without `readOnly`.',
  traps: [
    'An unknown name is reported where it resembles a known one, because modules and newer versions bring names of their own. What `sentinel` is followed by is known completely.',
    'Values that an init container puts in are not judged.',
    'A ConfigMap or Secret is read-only, whatever its mount says; so is a single file of it, mounted by `subPath`.',
    '`min-replicas-to-write` counts replicas, of which there is one less than pods.',
    'A file with settings of Sentinel needs `redis-sentinel`, or `redis-server` with `--sentinel`.',
    '`daemonize yes` ends the process that the container waits for.',
  ],
  sources: [
    'redis/redis src/config.c, `loadServerConfigFromString`; src/sentinel.c, `sentinelHandleConfiguration`, `sentinelCheckConfigFile`',
    'redis/redis redis.conf; Redis documentation, High availability with Redis Sentinel',
  ],
  examples: { bad: example('max-memory 2gb', true), good: example('maxmemory 2gb', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const families = familiesOf(resource);
    if (families.has('redis')) {
      yield* redisProblems(workspace, resource, families.has('sentinel'));
    }
    if (families.has('redis') || families.has('sentinel')) yield* sentinelAsServer(workspace, resource);
    if (families.has('sentinel')) {
      const conf = redisConf(workspace, resource, 'sentinel');
      if (conf) {
        yield* sentinelNames(workspace, conf);
        yield* lines(workspace, conf);
      }
      yield* sentinelFile(resource);
    }
  },
} satisfies Rule;

function* redisProblems(workspace: Workspace, resource: Resource, hasSentinel: boolean): Iterable<Problem> {
  const conf = redisConf(workspace, resource, 'redis');
  if (conf) yield* lines(workspace, conf);
  yield* wrongWords(workspace, resource);
  yield* wrongSizes(workspace, resource);
  if (conf) yield* wrongSaves(conf);
  yield* missingFolders(workspace, resource);
  yield* background(workspace, resource);
  yield* unmetReplicas(workspace, resource);
  if (conf && hasSentinel) yield* renamedForSentinel(workspace, resource, conf);
}

/** Settings that take one of a few words, and have another. */
function* wrongWords(workspace: Workspace, resource: Resource): Iterable<Problem> {
  for (const [name, values] of Object.entries(valuesOf)) {
    const option = redisOption(workspace, resource, name);
    if (!option || isPutIn(option.text) || values.includes(option.text.toLowerCase())) continue;
    const close = nearest(option.text, values);
    yield {
      at: option.at,
      message: `${name} cannot be ${option.text}, so Redis does not start — ${close ? `did you mean ${close}?` : `write ${listed(values, 'or')}.`}`,
      fixes: () => {
        const edit = close === undefined ? undefined : option.replace(close);
        return edit ? [{ title: `Write ${close}`, safe: false, edits: [edit] }] : [];
      },
    };
  }
}

/** Amounts of memory that Redis cannot read. */
function* wrongSizes(workspace: Workspace, resource: Resource): Iterable<Problem> {
  for (const name of ['maxmemory', 'repl-backlog-size', 'auto-aof-rewrite-min-size', 'proto-max-bulk-len']) {
    const size = redisOption(workspace, resource, name);
    if (!size || isPutIn(size.text) || redisMemory(size.text) !== undefined || /%$/.test(size.text)) continue;
    const meant = /^(\d+)([kmg])i?b?$/i.exec(size.text);
    yield {
      at: size.at,
      message: `${name} cannot be ${size.text}, so Redis does not start — write ${meant ? `${meant[1]}${meant[2]?.toLowerCase()}b` : 'bytes, or a number with kb, mb or gb'}.`,
    };
  }
}

/** `save` without pairs of numbers. */
function* wrongSaves(conf: RedisConf): Iterable<Problem> {
  for (const directive of conf.directives) {
    const values = directive.args.map(({ value }) => value);
    if (directive.name !== 'save' || (values.length === 1 && values[0] === '')) continue;
    // A word for each number, or all of them in one pair of quotes.
    const numbers = values.join(' ').trim().split(/\s+/);
    if (numbers.every(one => /^\d+$/.test(one)) && numbers.length % 2 === 0) continue;
    if (numbers.some(one => /[${}%_A-Z]/.test(one))) continue;
    yield {
      at: placeIn(conf, directive.span),
      message:
        'save takes seconds and a number of changes, in pairs, so Redis does not start — write save 900 1, or save "".',
    };
  }
}

/** Folders for the data and the log that neither the image nor a volume has. */
function* missingFolders(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const dir = redisOption(workspace, resource, 'dir');
  if (dir && isFolderMissing(dir.container, dir.text))
    yield {
      at: dir.at,
      message: `There is no folder ${dir.text} in container ${dir.container.name}, so Redis does not start — write the path of a volume.`,
    };
  const log = redisOption(workspace, resource, 'logfile');
  const folder = /^(\/.+)\/[^/]+$/.exec(log?.text ?? '')?.[1];
  if (log && folder !== undefined && isFolderMissing(log.container, folder))
    yield {
      at: log.at,
      message: `There is no folder ${folder} in container ${log.container.name}, so Redis cannot open its log and does not start — leave logfile out, then Redis writes to the standard output.`,
    };
}

/** A server that leaves the foreground, in which the container waits for it. */
function* background(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const daemonize = redisOption(workspace, resource, 'daemonize');
  if (daemonize?.text === 'yes' && isStartedDirectly(resource))
    yield {
      at: daemonize.at,
      message:
        'With daemonize yes Redis goes to the background and the container ends, so it is restarted for ever — remove it.',
    };
}

/** More replicas asked for before a write than there are. */
function* unmetReplicas(workspace: Workspace, resource: Resource): Iterable<Problem> {
  for (const name of ['min-replicas-to-write', 'min-slaves-to-write']) {
    const least = redisOption(workspace, resource, name);
    const pods = replicasIn(workspace, resource);
    if (!least || !/^\d+$/.test(least.text) || Number(least.text) < Math.max(1, pods)) continue;
    yield {
      at: least.at,
      message: `${name} ${least.text} is never met, because ${pods} ${pods === 1 ? 'pod is a master without replicas' : `pods are a master and ${pods - 1} ${pods === 2 ? 'replica' : 'replicas'}`}, so every write is refused — set ${Math.max(0, pods - 2)}.`,
    };
  }
}

/** Commands of a failover that Sentinel does not find under their names. */
function* renamedForSentinel(workspace: Workspace, resource: Resource, conf: RedisConf): Iterable<Problem> {
  for (const directive of conf.directives)
    if (directive.name === 'rename-command' && neededBySentinel.has(directive.args[0]?.value.toUpperCase() ?? '')) {
      const command = directive.args[0]?.value.toUpperCase();
      const sentinel = redisConf(workspace, resource, 'sentinel');
      // Sentinel can be told the other name, but not that there is none.
      if (directive.args[1]?.value && (!sentinel || sentinelSettings(sentinel.directives, 'rename-command').length > 0))
        continue;
      yield {
        at: placeIn(conf, directive.span),
        message: `Sentinel needs ${command} to make another Redis the master, and here it has ${directive.args[1]?.value ? 'another name' : 'none'} — leave it as it is.`,
      };
    }
}

/**
 * Whether the official image has no such folder, and no volume brings it. Of those below /var and /run it lacks what the
 * packages of distributions make (docker-library/redis, Dockerfile: nothing but /data is made).
 */
function isFolderMissing(container: Container, path: string): boolean {
  if (publishedProgramOf(container.image) !== 'redis' || !/^\/[\w./-]*$/.test(path)) return false;
  const folder = path.replace(/(?!^)\/$/, '');
  const mounts = mountsOf(container).map(mount => mount.mountPath);
  if (mounts.some(mount => isBelow(folder, mount) || isBelow(mount, folder))) return false;
  if (/^\/(?:(?:var\/)?run|var\/(?:lib|log))\/redis(?:\/|$)/.test(folder)) return true;
  return !/^\/(?:(?:data|tmp|var|home|run|srv|mnt)?$|(?:etc|usr|opt|run|proc|dev|sys|home|var\/(?:lib|tmp|log|run|cache))(?:\/|$))/.test(
    folder,
  );
}

/** What Sentinel sends in a failover (src/sentinel.c, `sentinelSendSlaveOf`). */
const neededBySentinel: ReadonlySet<string> = new Set(['CONFIG', 'SLAVEOF', 'REPLICAOF', 'MULTI', 'EXEC', 'CLIENT']);

/** Lines whose name is a known one misspelt. */
function* lines(workspace: Workspace, conf: RedisConf): Iterable<Problem> {
  for (const directive of conf.directives) {
    if (isKnown(directive) || /[^a-z0-9_-]/.test(directive.name)) continue;
    const bare = directive.name.replace(/[-_]/g, '');
    const close = names.find(name => name.replaceAll('-', '') === bare) ?? nearest(directive.name, names);
    if (close === undefined) continue;
    yield {
      at: placeIn(conf, directive.nameSpan),
      message: `Redis knows no ${directive.name} and does not start with it — did you mean ${close}?`,
      fixes: () => rename(workspace, conf, directive, close),
    };
  }
}

function isKnown({ name }: RedisDirective): boolean {
  return known.has(name) || known.has(name.replace(/replica/g, 'slave')) || name.includes('.');
}

function rename(workspace: Workspace, conf: RedisConf, { nameSpan }: RedisDirective, to: string): readonly Fix[] {
  const edit = replacePart(workspace, conf, nameSpan, to);
  return edit ? [{ title: `Write ${to}`, safe: false, edits: [edit] }] : [];
}

function* sentinelNames(workspace: Workspace, conf: RedisConf): Iterable<Problem> {
  for (const { option } of sentinelSettings(conf.directives)) {
    const name = option.value.toLowerCase();
    if (sentinelOptions.includes(name) || isPutIn(option.value) || name.includes('primary')) continue;
    const close = nearest(name, sentinelOptions) ?? sentinelOptions.find(one => one.startsWith(name));
    yield {
      at: placeIn(conf, option.span),
      message: `Sentinel knows no setting ${option.value} and does not start with it — ${close ? `did you mean ${close}?` : 'remove it.'}`,
      fixes: () => {
        const edit = close === undefined ? undefined : replacePart(workspace, conf, option.span, close);
        return edit ? [{ title: `Write ${close}`, safe: false, edits: [edit] }] : [];
      },
    };
  }
}

/** Redis ends at a setting of Sentinel unless it is started as one (src/config.c, `loadServerConfigFromString`). */
function* sentinelAsServer(workspace: Workspace, resource: Resource): Iterable<Problem> {
  for (const container of mainContainersOf(resource)) {
    const started = serverOf(workspace, resource, container);
    const file = started && effectiveFile(workspace, resource, container, started.path);
    if (!started || !file || file.isOpaque) continue;
    const directive = readRedisConf(file.content.text).find(({ name, args }) => name === 'sentinel' && args.length > 0);
    if (!directive) continue;
    const another = mainContainersOf(resource).find(one => one !== container && runsSentinel(commandText(one)));
    yield {
      at: started.at,
      message: `Container ${container.name} starts ${baseName(started.path)} as a plain Redis, which ends at "${directive.name} ${directive.args[0]?.value}" — ${another ? `give it the file of Redis; container ${another.name} is the Sentinel` : 'start it with redis-sentinel'}.`,
      related: [{ at: placeIn({ container, file, directives: [] }, directive.span), message: 'A setting of Sentinel' }],
      fixes: () => {
        const { server } = started;
        const edit = server && !another && replaceScalar(server, (server.text ?? '').replace(/-server$/, '-sentinel'));
        return edit ? [{ title: 'Start redis-sentinel', safe: true, edits: [edit] }] : [];
      },
    };
  }
}

/** The file that a container starts a plain Redis with, and where its command says so. */
function serverOf(
  workspace: Workspace,
  resource: Resource,
  container: Container,
): { readonly path: string; readonly at: Value | Place; readonly server?: Value } | undefined {
  const words = commandLine(container);
  if (words.some(word => word.text === '--sentinel')) return undefined;
  const at = words.findIndex(word => /(?:^|\/)(?:redis|valkey)-server$/.test(word.text ?? ''));
  const [first] = words;
  // The entry point of the image starts the server with a file that comes first (docker-library/redis, docker-entrypoint.sh).
  const isOfImage = !container.value.at('command').exists && /\.conf$/.test(first?.text ?? '');
  const file = isOfImage ? first : at === -1 ? undefined : words[at + 1];
  const server = words[at];
  if (file?.text !== undefined && /^\/\S+$/.test(file.text))
    return { path: file.text, at: file, ...(!isOfImage && server && { server }) };
  const script = startScriptOf(workspace, resource, container);
  const text = script ? maskComments(script.text.text, 'shell') : '';
  const calls = [...text.matchAll(/(?:redis|valkey)-server[ \t]+["']?(\/[^\s"';&|$]+)["']?([^\n]*)/g)];
  const [call] = calls;
  if (!script || !call || calls.length > 1 || /--sentinel/.test(text)) return undefined;
  const path = call[1] ?? '';
  const start = call.index + call[0].indexOf(path);
  return { path, at: script.text.place(start, start + path.length) };
}

/** Sentinel opens its file for writing before anything else, and makes a new one beside it for each change. */
function* sentinelFile(resource: Resource): Iterable<Problem> {
  for (const container of mainContainersOf(resource)) {
    const words = commandLine(container);
    const at = words.findIndex(word => /(?:^|\/)(?:redis|valkey)-sentinel$/.test(word.text ?? ''));
    const server = words.findIndex(word => /(?:^|\/)(?:redis|valkey)-server$/.test(word.text ?? ''));
    const isServer = at === -1 && server !== -1 && words.some(word => word.text === '--sentinel');
    const file = words[(isServer ? server : at) + 1];
    if ((at === -1 && !isServer) || !file?.text?.startsWith('/') || /[$\s]/.test(file.text)) continue;
    const mount = mountAt(container, file.text);
    if (!mount) {
      if (container.value.at('securityContext', 'readOnlyRootFilesystem').boolean !== true) continue;
      yield {
        at: file,
        message: `Sentinel writes what it learns into ${file.text}, and the root file system of container ${container.name} is read-only — put the file on an emptyDir.`,
      };
      continue;
    }
    const volume = volumeOf(resource, mount.volume);
    const source = ['configMap', 'secret', 'projected'].find(type => volume?.at(type).exists);
    if (!mount.isReadOnly && source === undefined) continue;
    yield {
      at: mount.isReadOnly ? mount.value.at('readOnly') : mount.value.at('name'),
      message: `Sentinel writes what it learns into ${file.text}, and does not start because ${source ? `the volume ${mount.volume} is a ${source === 'configMap' ? 'ConfigMap' : source === 'secret' ? 'Secret' : 'projection'}` : `the volume ${mount.volume} is mounted with readOnly: true`} — ${source ? 'let an init container copy the file to an emptyDir' : 'take readOnly away'}.`,
      related: [{ at: file, message: 'The file that Sentinel is started with' }],
    };
  }
}

/** Whether Redis is the process that the container waits for; the images of others have start scripts of their own. */
function isStartedDirectly(resource: Resource): boolean {
  return mainContainersOf(resource).some(container => {
    const [first] = commandLine(container);
    const isServer = /(?:^|\/)(?:redis|valkey)-server$/.test(first?.text ?? '');
    return isServer || (!first && publishedProgramOf(container.image) === 'redis');
  });
}

/** Whether a text is one that something puts another in the place of. */
function isPutIn(text: string): boolean {
  return text === '' || /[^a-zA-Z0-9-]|[A-Z]{4}/.test(text);
}

const truth = ['yes', 'no'];

/** Settings with few values (src/config.c, the enumerations and booleans). */
const valuesOf = table<readonly string[]>({
  'maxmemory-policy': [
    'noeviction',
    'allkeys-lru',
    'allkeys-lfu',
    'allkeys-lrm',
    'allkeys-random',
    'volatile-lru',
    'volatile-lfu',
    'volatile-lrm',
    'volatile-random',
    'volatile-ttl',
  ],
  appendfsync: ['always', 'everysec', 'no'],
  loglevel: ['debug', 'verbose', 'notice', 'warning', 'nothing'],
  appendonly: truth,
  'protected-mode': truth,
  daemonize: truth,
  'replica-read-only': truth,
  'replica-serve-stale-data': truth,
  'stop-writes-on-bgsave-error': truth,
  rdbcompression: truth,
  rdbchecksum: truth,
  'no-appendfsync-on-rewrite': truth,
  'aof-use-rdb-preamble': truth,
});

/** src/sentinel.c, `sentinelHandleConfiguration`. */
const sentinelOptions = `
  monitor down-after-milliseconds failover-timeout parallel-syncs notification-script client-reconfig-script auth-pass
  auth-user current-epoch myid config-epoch leader-epoch known-slave known-replica known-sentinel rename-command
  announce-ip announce-port deny-scripts-reconfig sentinel-user sentinel-pass resolve-hostnames announce-hostnames
  master-reboot-down-after-period
`
  .trim()
  .split(/\s+/);

/** The names of settings that people write; redis.conf of Redis 5 to 8. */
const names = `
  include loadmodule bind bind-source-addr protected-mode port tcp-backlog unixsocket unixsocketperm timeout
  tcp-keepalive tls-port tls-cert-file tls-key-file tls-key-file-pass tls-client-cert-file tls-client-key-file
  tls-client-key-file-pass tls-dh-params-file tls-ca-cert-file tls-ca-cert-dir tls-auth-clients tls-replication
  tls-cluster tls-protocols tls-ciphers tls-ciphersuites tls-prefer-server-ciphers tls-session-caching
  tls-session-cache-size tls-session-cache-timeout daemonize supervised pidfile loglevel logfile syslog-enabled
  syslog-ident syslog-facility crash-log-enabled crash-memcheck-enabled databases always-show-logo set-proc-title
  proc-title-template locale-collate save stop-writes-on-bgsave-error rdbcompression rdbchecksum sanitize-dump-payload
  dbfilename rdb-del-sync-files dir replicaof slaveof masterauth masteruser replica-serve-stale-data replica-read-only
  repl-diskless-sync repl-diskless-sync-delay repl-diskless-sync-max-replicas repl-diskless-load
  repl-ping-replica-period repl-timeout repl-disable-tcp-nodelay repl-backlog-size repl-backlog-ttl replica-priority
  replica-announced replica-ignore-maxmemory replica-ignore-disk-write-errors propagation-error-behavior
  min-replicas-to-write min-replicas-max-lag replica-announce-ip replica-announce-port tracking-table-max-keys user
  acllog-max-len aclfile requirepass acl-pubsub-default rename-command maxclients maxmemory maxmemory-policy
  maxmemory-samples maxmemory-eviction-tenacity maxmemory-clients active-expire-effort lazyfree-lazy-eviction
  lazyfree-lazy-expire lazyfree-lazy-server-del replica-lazy-flush lazyfree-lazy-user-del lazyfree-lazy-user-flush
  io-threads io-threads-do-reads oom-score-adj oom-score-adj-values disable-thp appendonly appendfilename appenddirname
  appendfsync no-appendfsync-on-rewrite auto-aof-rewrite-percentage auto-aof-rewrite-min-size aof-load-truncated
  aof-load-corrupt-tail-max-size aof-use-rdb-preamble aof-timestamp-enabled aof-rewrite-incremental-fsync
  shutdown-timeout shutdown-on-sigint shutdown-on-sigterm lua-time-limit busy-reply-threshold cluster-enabled
  cluster-config-file cluster-node-timeout cluster-port cluster-replica-validity-factor cluster-migration-barrier
  cluster-allow-replica-migration cluster-require-full-coverage cluster-replica-no-failover
  cluster-allow-reads-when-down cluster-allow-pubsubshard-when-down cluster-link-sendbuf-limit cluster-announce-hostname
  cluster-announce-human-nodename cluster-preferred-endpoint-type cluster-announce-ip cluster-announce-port
  cluster-announce-tls-port cluster-announce-bus-port slowlog-log-slower-than slowlog-max-len latency-tracking
  latency-tracking-info-percentiles latency-monitor-threshold notify-keyspace-events hash-max-listpack-entries
  hash-max-listpack-value hash-max-ziplist-entries hash-max-ziplist-value list-max-listpack-size list-max-ziplist-size
  list-compress-depth set-max-intset-entries set-max-listpack-entries set-max-listpack-value zset-max-listpack-entries
  zset-max-listpack-value zset-max-ziplist-entries zset-max-ziplist-value hll-sparse-max-bytes stream-node-max-bytes
  stream-node-max-entries activerehashing client-output-buffer-limit client-query-buffer-limit proto-max-bulk-len hz
  dynamic-hz rdb-save-incremental-fsync lfu-log-factor lfu-decay-time activedefrag active-defrag-ignore-bytes
  active-defrag-threshold-lower active-defrag-threshold-upper active-defrag-cycle-min active-defrag-cycle-max
  active-defrag-max-scan-fields jemalloc-bg-thread server-cpulist bio-cpulist aof-rewrite-cpulist bgsave-cpulist
  ignore-warnings enable-protected-configs enable-debug-command enable-module-command socket-mark-id sentinel
  max-new-connections-per-cycle max-new-tls-connections-per-cycle req-res-logfile gopher-enabled
`
  .trim()
  .split(/\s+/);

const known: ReadonlySet<string> = new Set([...names, ...names.map(name => name.replace(/replica/g, 'slave'))]);

function example(line: string, isBad: boolean): string {
  return `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis
        namespace: matrix
      data:
        redis.conf: |
          port 6379
          ${line}${isBad ? '\n      #   ^^^^^^^^^^ 💡 error: Redis knows no max-memory and does not start with it — did you mean maxmemory?' : ''}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        replicas: 3
        template:
          spec:
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /conf/redis.conf]
                volumeMounts:
                  - {name: config, mountPath: /conf}
            volumes:
              - name: config
                configMap: {name: redis}
    `;
}
