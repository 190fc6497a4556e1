import { initdbOf } from '../../analysis/database-logins';
import { type HomeserverReader, homeserverOf } from '../../analysis/homeserver';
import { nearest } from '../../analysis/nearest';
import { firstLocaleOf, madeBy, postgresImageAt } from '../../analysis/postgres-image';
import { clusterKind, databases, familiesOf, isLi } from '../../analysis/roles';
import { createsDatabase, createsRole, createsUnknown } from '../../analysis/sql-names';
import { instanceOf, isSameValue } from '../../analysis/synapse';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { clusterOfHost, poolerOfHost } from './clusters';

export default {
  id: 'synapse-database-mismatch',
  items: ['3.2.a.3'],
  severity: 'error',
  summary: 'Synapse is configured for a database, a user or a host that its PostgreSQL cluster does not have.',
  why: 'Synapse stops at start with `database does not exist`, `password authentication failed`, or `cannot execute … in a read-only transaction`.',
  remedy:
    'Use the host `<cluster>-rw`, the database and the owner that the cluster is bootstrapped with, or create the others.',
  traps: [
    'Databases that `postInitSQL`, a Job, a SQL file or a Database resource creates are known, and so are roles from `managed.roles` and `CREATE USER`.',
    'Clusters that are restored from a backup hold what the backup holds; nothing is said about their databases.',
    'Through a Pooler it is the cluster behind it that counts.',
    'A workload with the official image of PostgreSQL has what POSTGRES_DB, POSTGRES_USER and POSTGRES_PASSWORD say, and what scripts and SQL create. Where the image makes its database with a locale that Synapse refuses, another one has been made by hand if Synapse runs at all, and that it is not in the tree is a warning.',
    'Values that a script fills in are left alone.',
    'Which cluster the LI instance has to use is decided by li-database-not-li-cluster.',
  ],
  sources: [
    'PostgreSQL 15 release notes: PUBLIC may no longer create objects in the schema public.',
    'CloudNativePG documentation, Service Management: -rw leads to the primary, -ro and -r to instances that cannot write.',
    'Synapse documentation, Using Postgres',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          database:
            name: psycopg2
            args:
              host: matrix-postgresql-ro.matrix.svc.cluster.local
      #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: leads to instances that cannot write
              database: synapse
      #                 ^^^^^^^ 💡 error: Cluster matrix-postgresql has no database synapse
              user: synapse
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.119.0
                env:
                  - name: SYNAPSE_CONFIG_PATH
                    value: /config/homeserver.yaml
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          database:
            name: psycopg2
            args:
              host: matrix-postgresql-rw.matrix.svc.cluster.local
              database: matrix
              user: synapse
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.119.0
                env:
                  - name: SYNAPSE_CONFIG_PATH
                    value: /config/homeserver.yaml
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse
    `,
  },
  kinds: ['Deployment', 'StatefulSet'],
  *check(synapse, workspace) {
    if (!familiesOf(synapse).has('synapse')) return;
    // The checklist has an item about the database of the LI instance only.
    const ofNoItem = isLi(workspace, synapse) ? {} : { items: [] };
    for (const problem of problemsOf(synapse, workspace)) yield { ...problem, ...ofNoItem };
  },
} satisfies Rule;

function* problemsOf(synapse: Resource, workspace: Workspace): Iterable<Problem> {
  const homeserver = homeserverOf(workspace, synapse);
  if (!homeserver) return;
  yield* checkEngine(homeserver, synapse, workspace);
  const args = homeserver.at('database', 'args');
  if (homeserver.at('database', 'name').text === 'psycopg2') yield* checkKeys(args, synapse, workspace);
  const host = args.at('host');
  if (!isLiteral(host)) return;
  const found = clusterOfHost(workspace, synapse.namespace, host.text ?? '');
  // Hosts that lead nowhere are the business of config-host-unknown-service.
  if (!found) {
    yield* checkPooler(host, synapse, workspace);
    yield* checkImage(args, host.text ?? '', synapse, workspace);
    return;
  }
  const { cluster, service, pooler } = found;
  if (service !== 'rw') {
    yield {
      at: host,
      message: `The host ${host.text} leads to instances that cannot write, and Synapse has to — use ${cluster.name}-rw.`,
      fixes: () =>
        pooler
          ? []
          : replaced(host, (host.text ?? '').replace(`${cluster.name}-${service}`, `${cluster.name}-rw`), true),
    };
  }
  // That the LI instance is on another cluster is li-database-not-li-cluster's; the names follow from that.
  const { li } = databases(workspace);
  if (isLi(workspace, synapse) && li && cluster !== li) return;
  yield* checkNames(args, cluster, workspace);
}

/** Names of connection settings that libpq does not know, each once: by the first process that reads the file. */
function* checkKeys(args: Value, synapse: Resource, workspace: Workspace): Iterable<Problem> {
  const instance = instanceOf(workspace, synapse);
  const isShared = instance.workers.some(one => one.resource === synapse) && instance.main?.homeserver;
  if (isShared && isSameValue(isShared.at('database', 'args'), args)) return;
  for (const [name, value] of args.entries()) {
    if (libpq.has(name) || !/^[a-z_]+$/.test(name)) continue;
    const meant = spelled[name] ?? nearest(name, libpq);
    const edit = meant === undefined || args.at(meant).exists ? undefined : { at: value.key, newText: meant };
    yield {
      at: value.key,
      message: `PostgreSQL’s library knows no connection setting ${name}, so Synapse does not start — ${meant === undefined ? 'delete it.' : `did you mean ${meant}?`}`,
      fixes: () => (edit ? [{ title: `Write ${meant}`, safe: false, edits: [edit] }] : []),
    };
  }
}

/** What libpq takes (postgresql.org, 34.1.2, Parameter Key Words), and what psycopg2 and Twisted’s pool take beside. */
const libpq: ReadonlySet<string> = new Set(
  [
    'host hostaddr port dbname database user password passfile require_auth channel_binding connect_timeout',
    'client_encoding options application_name fallback_application_name keepalives keepalives_idle',
    'keepalives_interval keepalives_count tcp_user_timeout replication gssencmode sslmode requiressl sslnegotiation',
    'sslcompression sslcert sslkey sslpassword sslcertmode sslrootcert sslcrl sslcrldir sslsni requirepeer',
    'ssl_min_protocol_version ssl_max_protocol_version krbsrvname gsslib gssdelegation service servicefile',
    'target_session_attrs load_balance_hosts min_protocol_version max_protocol_version sslkeylogfile',
    'scram_client_key scram_server_key oauth_issuer oauth_client_id oauth_client_secret oauth_scope',
    'cp_min cp_max cp_name cp_noisy cp_reconnect cp_good_sql cp_openfun cp_reactor',
    'dsn connection_factory cursor_factory async async_',
  ].flatMap(line => line.split(' ')),
);

/** Names that other programs have for the same. */
const spelled = table<string>({
  db: 'dbname',
  db_name: 'dbname',
  name: 'dbname',
  username: 'user',
  db_user: 'user',
  hostname: 'host',
  db_host: 'host',
  pass: 'password',
  passwd: 'password',
  db_password: 'password',
  ssl_mode: 'sslmode',
});

/** A Pooler whose cluster is not there. Without any cluster in the tree, it is outside of it. */
function* checkPooler(host: Value, synapse: Resource, workspace: Workspace): Iterable<Problem> {
  const pooler = poolerOfHost(workspace, synapse.namespace, host.text ?? '');
  const name = pooler?.root.at('spec', 'cluster', 'name');
  const own = workspace.resources(clusterKind).filter(one => one.namespace === pooler?.namespace);
  if (!pooler || !name || own.length === 0 || !isLiteral(name)) return;
  const close = nearest(
    name.text ?? '',
    own.map(one => one.name),
  );
  yield {
    at: host,
    message: `The host ${host.text} is Pooler ${pooler.name}, which waits for a Cluster ${name.text} that is not there — ${close === undefined ? 'name one that is.' : `did you mean ${close}?`}`,
    related: [{ at: name, message: `The Cluster of ${pooler.title}` }],
    fixes: () => (close === undefined ? [] : replaced(name, close, false)),
  };
}

/** The names and the password that the official image of PostgreSQL makes a database with. */
function* checkImage(args: Value, host: string, synapse: Resource, workspace: Workspace): Iterable<Problem> {
  const server = postgresImageAt(workspace, synapse.namespace, host);
  const made = server && madeBy(server);
  if (!server || !made || isSaidByMain(args, synapse, workspace)) return;
  const at = (name: string): Place => server.variable(name)?.at ?? server.container.value.at('name');
  const database = args.at('dbname').exists ? args.at('dbname') : args.at('database');
  const name = database.text ?? '';
  // Synapse refuses what the image makes, so its database is made by hand, and its role with it (Synapse, Using Postgres).
  const isByHand = firstLocaleOf(server) === 'other';
  if (
    isLiteral(database) &&
    name !== made.database &&
    name !== 'postgres' &&
    !createsDatabase(workspace, name) &&
    !createsUnknown(workspace, 'database')
  )
    yield {
      at: database,
      ...(isByHand ? { severity: 'warning' } : {}),
      message: isByHand
        ? `${server.resource.title} has no database ${name} before somebody makes it by hand; its image makes ${made.database}, with a locale that Synapse refuses — set POSTGRES_DB and POSTGRES_INITDB_ARGS, or have a script make it.`
        : `${server.resource.title} has no database ${name}; its image makes ${made.database} — use that, or set POSTGRES_DB.`,
      related: [{ at: at('POSTGRES_DB'), message: server.resource.title }],
      fixes: () => (isByHand ? [] : replaced(database, made.database, false)),
    };
  const user = args.at('user');
  if (!isLiteral(user)) return;
  if (user.text !== made.user) {
    if (createsRole(workspace, user.text ?? '') || createsUnknown(workspace, 'role')) return;
    yield {
      at: user,
      ...(isByHand && name !== made.database ? { severity: 'warning' } : {}),
      message: `${server.resource.title} has no role ${user.text}; its image makes ${made.user} — use that, or set POSTGRES_USER.`,
      related: [{ at: at('POSTGRES_USER'), message: server.resource.title }],
      fixes: () => replaced(user, made.user, false),
    };
    return;
  }
  const [given, own] = [args.at('password'), server.variable('POSTGRES_PASSWORD')];
  if (!own?.text || !isLiteral(given) || own.text === given.text || /[${}<>]|CHANGE|PLACEHOLDER/i.test(own.text))
    return;
  yield {
    at: given,
    message: `The password of ${made.user} is not the one that ${server.resource.title} gets as POSTGRES_PASSWORD — write the same in both.`,
    related: [{ at: own.at, message: 'What the image is told' }],
  };
}

/** Whether a worker only repeats what the main process says: it is reported there. */
function isSaidByMain(args: Value, synapse: Resource, workspace: Workspace): boolean {
  const instance = instanceOf(workspace, synapse);
  const main = instance.workers.some(one => one.resource === synapse) && instance.main?.homeserver;
  return Boolean(main && isSameValue(main.at('database', 'args'), args));
}

function* checkEngine(homeserver: HomeserverReader, synapse: Resource, workspace: Workspace): Iterable<Problem> {
  const engine = homeserver.at('database', 'name');
  const { main, li } = databases(workspace);
  const cluster = isLi(workspace, synapse) ? li : main;
  const isNone = ['database', 'databases', 'database_path'].every(key => !homeserver.at(key).exists);
  if (isNone && cluster && !homeserver.isPartial) {
    yield {
      at: synapse.root.at('metadata', 'name'),
      message: `No configuration that ${synapse.title} reads says which database is its own — give it the file with the database of Cluster ${cluster.name}.`,
      related: homeserver.layers.map(({ root }) => ({
        at: root.at('server_name').exists ? root.at('server_name').key : root,
        message: 'A configuration that it reads',
      })),
    };
  }
  if (engine.text !== 'sqlite3' || !cluster) return;
  yield {
    at: engine,
    message: `Synapse is configured to keep its data in SQLite, although Cluster ${cluster.name} is there — set name: psycopg2 and the connection under args.`,
    related: [{ at: cluster.root.at('metadata', 'name'), message: cluster.title }],
  };
}

function* checkNames(args: Value, cluster: Resource, workspace: Workspace): Iterable<Problem> {
  const initdb = initdbOf(cluster);
  if (!initdb) return;
  const related = [{ at: madeAt(cluster), message: `What ${cluster.title} is bootstrapped with` }];
  const database = args.at('dbname').exists ? args.at('dbname') : args.at('database');
  if (isLiteral(database) && !hasDatabase(workspace, cluster, initdb.database, database.text ?? '')) {
    yield {
      at: database,
      message: `Cluster ${cluster.name} has no database ${database.text}; it is bootstrapped with ${initdb.database} — use that, or create the other.`,
      related,
      fixes: () => replaced(database, initdb.database, false),
    };
  }
  const user = args.at('user');
  const isOwn = database.text === undefined || database.text === initdb.database;
  if (isLiteral(user) && isOwn && user.text !== initdb.owner && managedRoles(cluster).includes(user.text ?? '')) {
    yield {
      at: user,
      severity: 'warning',
      message: `The role ${user.text} does not own the database ${initdb.database} of Cluster ${cluster.name}, ${initdb.owner} does, and since PostgreSQL 15 only the owner may create tables in it — use ${initdb.owner}, or grant the rights.`,
      related,
      fixes: () => replaced(user, initdb.owner, false),
    };
  } else if (isLiteral(user) && !hasRole(workspace, cluster, initdb.owner, user.text ?? '')) {
    const names = [initdb.owner, ...managedRoles(cluster)];
    const right = nearest(user.text ?? '', names) ?? initdb.owner;
    yield {
      at: user,
      message: `Cluster ${cluster.name} has no role ${user.text}; its database is owned by ${initdb.owner} — use that, or add the role under managed.roles.`,
      related,
      fixes: () => replaced(user, right, false),
    };
  }
}

function hasDatabase(workspace: Workspace, cluster: Resource, made: string, name: string): boolean {
  return (
    name === made ||
    createsDatabase(workspace, name) ||
    workspace
      .resources('Database.postgresql.cnpg.io')
      .some(
        one =>
          one.root.at('spec', 'name').text === name && one.root.at('spec', 'cluster', 'name').text === cluster.name,
      )
  );
}

function hasRole(workspace: Workspace, cluster: Resource, owner: string, name: string): boolean {
  return (
    name === owner ||
    (name === 'postgres' && cluster.root.at('spec', 'enableSuperuserAccess').boolean === true) ||
    managedRoles(cluster).includes(name) ||
    createsRole(workspace, name) ||
    workspace
      .resources('DatabaseRole.postgresql.cnpg.io')
      .some(one => one.root.at('spec', 'name').text === name || one.name === name)
  );
}

function managedRoles(cluster: Resource): readonly string[] {
  return cluster.root
    .at('spec', 'managed', 'roles')
    .items()
    .filter(role => role.at('ensure').text !== 'absent')
    .flatMap(role => role.at('name').text ?? []);
}

function madeAt(cluster: Resource): Value {
  const initdb = cluster.root.at('spec', 'bootstrap', 'initdb');
  return initdb.at('database').exists ? initdb.at('database') : cluster.root.at('metadata', 'name');
}

/** Whether a value stands for itself and nothing has to fill it in. */
function isLiteral(value: Value): boolean {
  return value.text !== undefined && /^[\w.-]+$/.test(value.text) && !/PLACEHOLDER|CHANGE_?ME|__/i.test(value.text);
}

function replaced(value: Value, text: string, safe: boolean): readonly Fix[] {
  const edit = replaceScalar(value, text);
  return edit ? [{ title: `Use ${text}`, safe, edits: [edit] }] : [];
}
