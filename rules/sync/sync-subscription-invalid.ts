import { initdbOf } from '../../analysis/database-logins';
import { workloadKinds } from '../../analysis/pods';
import { clusterKind, databases, isSyncSystem, synapseLis, workloads } from '../../analysis/roles';
import { type SqlRun, sqlRunsOf } from '../../analysis/sql-runs';
import type { CreateSubscription } from '../../analysis/text/sql';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Index, Workspace } from '../../manifests/workspace';
import { isHinted } from '../references/hints';
import type { Fix, Problem, Rule } from '../rule';
import { declaredProblems, publicationKind, subscriptionKind } from './declared-replication';
import {
  giveReplication,
  leftVariables,
  liDatabases,
  mainDatabases,
  mayReplicate,
  mayRun,
  type SubscriptionRun,
} from './replication';
import { replaceWritten } from './written';

export default {
  id: 'sync-subscription-invalid',
  items: ['3.1.a.3'],
  severity: 'error',
  summary: 'The subscription is missing, cannot be created, or subscribes to something else.',
  why: 'The replication Job ends without an error, because psql goes on after one, and the LI database stays empty.',
  remedy:
    'Run CREATE SUBSCRIPTION as a statement of its own on the LI cluster, with the main cluster’s `-rw` Service and the name of the publication. Guard it with `SELECT … WHERE NOT EXISTS … \\gexec` instead of a DO block.',
  traps: [
    'With `create_slot = false` the statement may stand in a transaction.',
    'With `create_slot = false` some text of the tree has to make the slot. A publication that names its tables has to name those that Synapse cannot do without, unless an ALTER PUBLICATION adds more.',
    'The user has to have REPLICATION. The owner that CloudNativePG makes has it not; `managed.roles`, or an ALTER ROLE anywhere in the tree, gives it.',
    '`\\gexec` sends each row as a statement of its own, so it is accepted outside of `BEGIN` and `psql -1`.',
    'The Publication and Subscription of CloudNativePG are read as well, with the `externalClusters` that they name.',
    'An LI cluster is said to stay empty only where no name in the tree, no chart and no bootstrap of the Cluster hints at a copy.',
    'A connection that is put together from variables is judged by what the tree says of them.',
  ],
  sources: [
    'PostgreSQL documentation, CREATE SUBSCRIPTION: cannot run inside a transaction block when it creates a replication slot',
  ],
  examples: {
    bad: `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -U postgres <<'EOF'
                    DO $$ BEGIN
                      CREATE SUBSCRIPTION li CONNECTION 'host=main-rw dbname=matrix' PUBLICATION matrix;
      #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: CREATE SUBSCRIPTION li stands in a DO block
                    END $$;
                    EOF
                    psql -U postgres -c "CREATE PUBLICATION matrix FOR ALL TABLES"
    `,
    good: `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -U postgres -c "CREATE PUBLICATION matrix FOR ALL TABLES"
                    psql -U postgres -c "CREATE SUBSCRIPTION li CONNECTION 'host=main-rw dbname=matrix' PUBLICATION matrix"
    `,
  },
  kinds: [...workloadKinds, publicationKind, subscriptionKind, clusterKind],
  *check(resource, workspace) {
    if (resource.qualifiedKind === publicationKind || resource.qualifiedKind === subscriptionKind) {
      yield* declaredProblems(workspace, resource);
      return;
    }
    if (resource.qualifiedKind === clusterKind) {
      yield* emptyLi(workspace, resource);
      return;
    }
    if (!isSyncSystem(workspace, resource)) return;
    const runs = sqlRunsOf(workspace, resource);
    for (const run of runs) yield* problemsOf(run, runs, workspace);
    for (const run of runs) if (isSubscription(run)) yield* connectionProblems(workspace, resource, run);
    yield* missingSubscription(runs, workspace);
  },
} satisfies Rule;

function* problemsOf(run: SqlRun, runs: readonly SqlRun[], workspace: Workspace): Iterable<Problem> {
  if (run.statement.kind === 'create-publication') yield* missingTables(run, run.statement.tables, workspace);
  if (!isSubscription(run)) return;
  // The publication may be the work of another Job.
  const all = [...runs, ...workloads(workspace, 'sync').flatMap(job => sqlRunsOf(workspace, job))];
  yield* missingSlot(run, run.statement, workspace);
  yield* slotInTransaction(run);
  yield* wrongSource(run, workspace);
  yield* wrongTarget(run, workspace);
  yield* missingPublications(run, all, workspace);
  yield* publicationElsewhere(run, all, workspace);
}

/** A subscription that makes a slot in a transaction, where PostgreSQL makes none. */
function* slotInTransaction({ statement, call, at }: SubscriptionRun): Iterable<Problem> {
  const makesSlot = !statement.options.some(
    option => option.name === 'create_slot' && /^(?:false|off|no|0)$/i.test(option.value),
  );
  const inBlock = statement.inDo
    ? 'a DO block'
    : statement.inTransaction
      ? 'a transaction'
      : call.singleTransaction
        ? 'psql -1'
        : undefined;
  if (!makesSlot || !inBlock || (statement.dynamic === 'gexec' && statement.inDo)) return;
  yield {
    at,
    message: `CREATE SUBSCRIPTION ${statement.name.text} stands in ${inBlock}, where PostgreSQL refuses it — make it a statement of its own.`,
  };
}

/** A subscription that reads of another cluster than the main one. */
function* wrongSource(run: SubscriptionRun, workspace: Workspace): Iterable<Problem> {
  const { main } = databases(workspace);
  const host = run.statement.connection?.host;
  const cluster = host && clusterBehind(run.partOf(host).text);
  if (!host || !main || cluster === undefined || cluster === main.name) return;
  yield {
    at: run.part(host.span),
    message: `The subscription ${run.statement.name.text} connects to ${run.partOf(host).text}, which is not the main cluster — connect to ${main.name}-rw.`,
    fixes: () => writeHost(workspace, run.part(host.span), host.text, main),
  };
}

/** A subscription that is made on another cluster than LI's, on a standby, in another database or by somebody who may not. */
function* wrongTarget(run: SubscriptionRun, workspace: Workspace): Iterable<Problem> {
  const { li } = databases(workspace);
  const { host, database, user } = run;
  const cluster = clusterBehind(host?.text);
  if (!li || !host || cluster === undefined) return;
  const name = run.statement.name.text;
  const related = [{ at: run.at, message: 'CREATE SUBSCRIPTION' }];
  const fixes = (): readonly Fix[] => writeHost(workspace, host.at, host.text, li);
  if (cluster !== li.name) {
    yield {
      at: host.at,
      message: `The subscription ${name} is created on ${host.text}, which is not the LI cluster — create it on ${li.name}-rw.`,
      fixes,
    };
    return;
  }
  if (/-ro?$/.test(firstLabel(host.text))) {
    yield {
      at: host.at,
      message: `The subscription ${name} is created on ${host.text}, behind which standbys answer, and those take no changes — create it on ${li.name}-rw.`,
      fixes,
    };
  }
  const kept = liDatabases(workspace, li);
  if (database?.text && kept.length > 0 && !kept.includes(database.text)) {
    yield {
      at: database.at,
      message: `The subscription ${name} is created in the database ${database.text}, but the LI instance keeps its data in ${kept.join(', ')} — name that.`,
      related,
    };
  }
  if (user?.text !== undefined && !maySubscribe(workspace, li, user.text)) {
    yield {
      at: user.at,
      message: `The subscription ${name} is created by ${user.text}, which PostgreSQL does not let create any — sign in as postgres.`,
      related,
    };
  }
}

/** The cluster of CloudNativePG whose Service a host is, by the Service's name. */
function clusterBehind(host: string | undefined): string | undefined {
  return /^(.+)-r[wo]?$/.exec(firstLabel(host))?.[1];
}

function firstLabel(host: string | undefined): string {
  return host?.split('.', 1)[0] ?? '';
}

/** Publications that a subscription asks for and nobody makes, while others are made. */
function* missingPublications(run: SubscriptionRun, all: readonly SqlRun[], workspace: Workspace): Iterable<Problem> {
  const published = new Set(
    all.flatMap(({ statement }) =>
      statement.kind === 'create-publication' && !statement.name.isVariable ? [statement.name.text] : [],
    ),
  );
  if (published.size === 0) return;
  for (const { text, span, isVariable } of run.statement.publications) {
    if (isVariable || text.includes('$') || published.has(text)) continue;
    yield {
      at: run.part(span),
      message: `The subscription ${run.statement.name.text} asks for the publication ${text}, but ${[...published].join(', ')} is created — use the same name.`,
      fixes: () =>
        [...published].flatMap(name => {
          const edit = replaceWritten(workspace, run.part(span), text, name);
          return edit ? [{ title: `Subscribe to ${name}`, safe: false, edits: [edit] }] : [];
        }),
    };
  }
}

/** A publication that is made in another database than the one that the subscription reads: each has its own. */
function* publicationElsewhere(run: SubscriptionRun, all: readonly SqlRun[], workspace: Workspace): Iterable<Problem> {
  const { connection, publications, name } = run.statement;
  const { main } = databases(workspace);
  const source = connection?.database && run.partOf(connection.database).text;
  // A wrong database of the subscription itself is reported where it is named.
  if (!main || source === undefined || !mainDatabases(workspace, main).includes(source)) return;
  for (const other of all) {
    const { statement: made, call } = other;
    const isAsked = publications.some(one => made.kind === 'create-publication' && one.text === made.name.text);
    const database = call.database?.value.value;
    if (!isAsked || database === undefined || /[$:/=]/.test(database)) continue;
    if (database === source || all.some(one => isPublishedIn(one, source))) continue;
    yield {
      at: other.at,
      message: `This makes the publication in the database ${database}, but the subscription ${name.text} reads ${source}, which then has none — connect to ${source}.`,
      related: [{ at: run.at, message: 'CREATE SUBSCRIPTION' }],
    };
    return;
  }
}

/** A subscription that makes no slot for itself, and finds none. */
function* missingSlot(run: SqlRun, { name, options }: CreateSubscription, workspace: Workspace): Iterable<Problem> {
  const said = (option: string): string | undefined =>
    options.find(one => one.name === option)?.value.replace(/^'+|'+$/g, '');
  const isOff = (option: string): boolean => /^(?:false|off|no|0)$/i.test(said(option) ?? '');
  const slot = said('slot_name') ?? name.text;
  if (!isOff('create_slot') || isOff('connect') || isOff('enabled') || /^none$/i.test(slot)) return;
  if (workspace.lookup(slots, '').length > 0) return;
  yield {
    at: run.at,
    message: `The subscription ${name.text} makes no slot, and nothing in the tree makes ${slot} on the main cluster — leave create_slot out, or run pg_create_logical_replication_slot there before.`,
  };
}

const slots: Index<true> = {
  name: 'SQL that makes replication slots',
  *document(document) {
    if (document.textWith(makesSlot) !== undefined) yield ['', true];
  },
  *textFile({ text }) {
    if (makesSlot.test(text)) yield ['', true];
  },
};

const makesSlot = /pg_create_logical_replication_slot/i;

/** Tables without which the LI instance shows no messages, in a publication that names its tables. */
function* missingTables(run: SqlRun, tables: readonly string[] | undefined, workspace: Workspace): Iterable<Problem> {
  if (!tables || tables.length === 0 || tables.some(table => table.includes('$'))) return;
  const more = workspace.lookup(addedTables, '').length > 0;
  const missing = neededTables.filter(table => !tables.includes(table));
  // Publications of other applications have none of them.
  if (more || missing.length === 0 || missing.length === neededTables.length) return;
  yield {
    at: run.at,
    severity: 'warning',
    message: `This publication leaves out ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more tables that Synapse cannot do without` : ', and Synapse cannot do without'} — publish FOR ALL TABLES.`,
  };
}

/** Synapse, synapse/storage/schema: what a room with its messages consists of, and who may read it. */
const neededTables: readonly string[] = [
  'events',
  'event_json',
  'rooms',
  'users',
  'room_memberships',
  'current_state_events',
  'event_to_state_groups',
  'state_groups',
  'state_groups_state',
];

const addedTables: Index<true> = {
  name: 'SQL that adds tables to a publication',
  *document(document) {
    if (document.textWith(altersPublication) !== undefined) yield ['', true];
  },
};

const altersPublication = /\balter\s+publication\b/i;

/** Whether a publication may be made in a database: by its name, or by one that the tree does not show. */
function isPublishedIn({ statement, call }: SqlRun, database: string): boolean {
  if (statement.kind !== 'create-publication') return false;
  const value = call.database?.value.value;
  return value === undefined || value === database || /[$:/=]/.test(value);
}

/** Whether a role may be a superuser, or have been given pg_create_subscription (PostgreSQL 16, CREATE SUBSCRIPTION). */
function maySubscribe(workspace: Workspace, cluster: Resource, role: string): boolean {
  if (role === 'postgres' || initdbOf(cluster)?.owner !== role) return true;
  const managed = cluster.root
    .at('spec', 'managed', 'roles')
    .items()
    .find(one => one.at('name').text === role);
  const groups = managed?.at('inRoles').items() ?? [];
  return (
    managed?.at('superuser').boolean === true ||
    groups.some(one => one.text === 'pg_create_subscription') ||
    workspace.lookup(grants, '').length > 0
  );
}

const grants: Index<true> = {
  name: 'SQL that lets roles subscribe',
  *document(document) {
    if (document.textWith(letsSubscribe) !== undefined) yield ['', true];
  },
};

const letsSubscribe = /pg_create_subscription|\balter\s+(?:role|user)\b[^;\n]*\bsuperuser\b/i;

function isSubscription(run: SqlRun): run is SubscriptionRun {
  return run.statement.kind === 'create-subscription';
}

/** What is wrong with how a subscription signs in to the main database. */
function* connectionProblems(workspace: Workspace, resource: Resource, run: SubscriptionRun): Iterable<Problem> {
  const { connection, name } = run.statement;
  const { main } = databases(workspace);
  const left = leftVariables(workspace, resource, run);
  for (const { at, text, reason } of left) {
    yield {
      at,
      message:
        reason === 'text'
          ? `psql does not expand ${text}, and no shell does so here, so the subscription ${name.text} gets it as it stands — take the quotes off the delimiter of the here-document, or replace it before.`
          : `Container ${run.container.name} has no variable ${text}, so it is missing in the connection of the subscription ${name.text} — define it under env.`,
    };
  }
  const host = connection?.host && run.partOf(connection.host).text;
  const [, cluster, service] = /^(.+)-(rw|ro|r)$/.exec(host?.split('.', 1)[0] ?? '') ?? [];
  if (!connection?.host || !main || cluster !== main.name) return;
  const at = run.part(connection.host.span);
  if (service !== 'rw') {
    yield {
      at,
      message: `The subscription ${name.text} connects to ${host}, behind which the instances change, but its slot is on one of them — connect to ${main.name}-rw.`,
      fixes: () => writeHost(workspace, at, host, main),
    };
  }
  const database = connection.database && run.partOf(connection.database).text;
  const wanted = mainDatabases(workspace, main);
  if (connection.database && database !== undefined && wanted.length > 0 && !wanted.includes(database)) {
    yield {
      at: run.part(connection.database.span),
      message: `The subscription ${name.text} reads the database ${database}, but the main instance keeps its data in ${wanted.join(', ')} — name that.`,
    };
  }
  // Another user than the owner of the database is sync-credentials-user's.
  const user = connection.user && run.partOf(connection.user).text;
  if (connection.user && user && user === initdbOf(main)?.owner && !mayReplicate(workspace, main, user)) {
    yield {
      at: run.part(connection.user.span),
      message: `The subscription ${name.text} signs in to ${main.title} as ${user}, which has no REPLICATION, so PostgreSQL refuses it a slot — give it replication: true under managed.roles of the Cluster.`,
      related: [{ at: main.root.at('metadata', 'name'), message: main.title }],
      fixes: () => giveReplication(main, user),
    };
  }
}

/** A publication alone copies nothing. */
function* missingSubscription(runs: readonly SqlRun[], workspace: Workspace): Iterable<Problem> {
  const published = runs.find(({ statement }) => statement.kind === 'create-publication');
  const { li } = databases(workspace);
  if (!published || !li || mayRun(workspace, 'SUBSCRIPTION')) return;
  yield {
    at: published.at,
    message: `Nothing subscribes to this publication — run CREATE SUBSCRIPTION on ${li.title}.`,
    related: [{ at: li.root.at('metadata', 'name'), message: li.title }],
  };
}

/** An LI cluster of its own, into which nothing in the tree may bring what the main instance has. */
function* emptyLi(workspace: Workspace, cluster: Resource): Iterable<Problem> {
  const { main, li } = databases(workspace);
  if (cluster !== li || !main || synapseLis(workspace).length === 0) return;
  const spec = cluster.root.at('spec');
  const copies = ['recovery', 'pg_basebackup'].some(way => spec.at('bootstrap', way).exists);
  if (copies || spec.at('replica').exists || spec.at('bootstrap', 'initdb', 'import').exists) return;
  if (workloads(workspace, 'sync').length > 0 || mayRun(workspace, 'SUBSCRIPTION')) return;
  if (
    isHinted(
      workspace,
      /(?:^|[^a-z])sync(?!hro|v)|pg[-_]?dump|logical|subscri|mirror|pglogical|debezium|(?:li|db|setup|postgres\w*)[-_]?replicat/i,
    )
  )
    return;
  yield {
    at: cluster.root.at('metadata', 'name'),
    severity: 'warning',
    message: `Nothing in the tree brings the data of ${main.title} into ${cluster.title}, so the LI instance stays empty — add the Job that runs CREATE PUBLICATION and CREATE SUBSCRIPTION.`,
    related: [{ at: main.root.at('metadata', 'name'), message: main.title }],
  };
}

/** The primary of a cluster, with the namespace and domain that the host has. */
function writeHost(
  workspace: Workspace,
  at: Place | undefined,
  text: string | undefined,
  cluster: Resource,
): readonly Fix[] {
  if (!at || text === undefined) return [];
  const [, namespace, ...domain] = text.split('.');
  const host = [
    `${cluster.name}-rw`,
    ...(namespace === undefined ? [] : [cluster.namespace ?? namespace, ...domain]),
  ].join('.');
  const edit = replaceWritten(workspace, at, text, host);
  return edit ? [{ title: `Use ${host}`, safe: false, edits: [edit] }] : [];
}
