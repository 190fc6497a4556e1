import { initdbOf } from '../../analysis/database-logins';
import { homeserverOf } from '../../analysis/homeserver';
import {
  type FirstLocale,
  firstLocaleOf,
  initdbOption,
  madeBy,
  type PostgresImage,
  postgresImageOf,
} from '../../analysis/postgres-image';
import { clusterKind, databases, workloads } from '../../analysis/roles';
import { createsDatabase, createsUnknown } from '../../analysis/sql-names';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { byServer, databasesMade, type MadeDatabase, type ServerPart, serverAt } from './server-sql';

export default {
  id: 'pg-locale-not-c',
  items: [],
  severity: 'error',
  summary: "Synapse's database is not UTF8 with the locale C.",
  why: 'Synapse refuses to start on a database with another collation or character type, because an update of the system library may silently change the order of its indexes and corrupt them. Neither can be changed later without a dump and restore.',
  remedy:
    'Set `encoding: UTF8`, `localeCollate: C` and `localeCType: C` before the cluster is first created, or leave all three out: these are the defaults of CloudNativePG.',
  traps: [
    'Absent fields are right for CloudNativePG. The official image of PostgreSQL takes en_US.utf8 unless `POSTGRES_INITDB_ARGS` or a script that creates the database says C.',
    'A database that SQL makes has the locale of the server unless it says another, and PostgreSQL takes another with `TEMPLATE template0` alone.',
    'With `allow_unsafe_locale: true` in the homeserver configuration Synapse starts all the same.',
    'Databases of which Synapse is known not to use the one that initdb makes are left alone.',
  ],
  sources: [
    'Synapse documentation, Using Postgres, "Fixing incorrect COLLATE or CTYPE"; synapse/storage/engines/postgres.py, check_database',
    'PostgreSQL documentation, CREATE DATABASE, "Notes"',
    'docker-library/postgres, Dockerfile: LANG en_US.utf8; README, POSTGRES_INITDB_ARGS',
    'CloudNativePG API reference, BootstrapInitDB: encoding defaults to UTF8, localeCollate and localeCType to C.',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        bootstrap:
          initdb:
            database: matrix
            encoding: UTF8
            localeCollate: en_US.UTF-8
      #                    ^^^^^^^^^^^ 💡 error: localeCollate of Cluster matrix-postgresql is en_US.UTF-8
            localeCType: C
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        bootstrap:
          initdb:
            database: matrix
            encoding: UTF8
            localeCollate: C
            localeCType: C
    `,
  },
  kinds: [clusterKind, 'StatefulSet', 'Deployment'],
  *check(server, workspace) {
    const image = server.qualifiedKind === clusterKind ? undefined : postgresImageOf(workspace, server);
    if (server.qualifiedKind !== clusterKind && !image) return;
    const names = new Set(workspace.shared(databasesOfSynapse).get(server));
    const first = image ? yield* ofImage(workspace, image, names) : yield* ofCluster(server, workspace);
    for (const made of databasesMade(workspace, server))
      if (made.name.text !== undefined && names.has(made.name.text)) yield* ofDatabase(made, first);
    if (image) return;
    for (const database of workspace.resources('Database.postgresql.cnpg.io')) {
      const spec = database.root.at('spec');
      const isHere = spec.at('cluster', 'name').text === server.name && database.namespace === server.namespace;
      if (!isHere || !names.has(spec.at('name').text ?? '')) continue;
      const option = (name: string): ServerPart | undefined => {
        const field = spec.at(fields[name] ?? name);
        return field.exists ? { text: field.text, at: field } : undefined;
      };
      yield* ofDatabase({ name: { text: spec.at('name').text, at: spec.at('name') }, option }, first);
    }
  },
} satisfies Rule;

/** The fields of a Database that are options of CREATE DATABASE by another name. */
const fields = table<string>({ lc_collate: 'localeCollate', lc_ctype: 'localeCType' });

function* ofCluster(cluster: Resource, workspace: Workspace): Generator<Problem, FirstLocale> {
  const initdb = cluster.root.at('spec', 'bootstrap', 'initdb');
  const wrong = [
    wrongValue(initdb.at('encoding'), /^(?:UTF-?8|unicode)$/i, 'UTF8'),
    wrongValue(initdb.at('localeCollate'), /^C$/, 'C'),
    wrongValue(initdb.at('localeCType'), /^C$/, 'C'),
    // What is not said by itself is as the locale is.
    ...(initdb.at('localeCollate').exists && initdb.at('localeCType').exists
      ? []
      : [wrongValue(initdb.at('locale'), /^(?:C|POSIX)$/, 'C')]),
  ].flatMap(one => one ?? []);
  if (wrong.length > 0 && isForSynapse(cluster, workspace))
    for (const { value, right } of wrong) yield problem(cluster, value, right);
  const isOther = cluster.root.at('spec', 'bootstrap').exists && !initdb.exists;
  return isOther ? 'unknown' : wrong.length > 0 ? 'other' : 'C';
}

function* ofImage(
  workspace: Workspace,
  server: PostgresImage,
  names: ReadonlySet<string>,
): Generator<Problem, FirstLocale> {
  const first = firstLocaleOf(server);
  if (first !== 'other') return first;
  const args = server.variable('POSTGRES_INITDB_ARGS');
  const text = args?.text ?? '';
  const made = madeBy(server);
  // A script may make the database anew, with another locale.
  if (
    made &&
    names.has(made.database) &&
    !createsDatabase(workspace, made.database) &&
    !createsUnknown(workspace, 'database')
  )
    yield {
      at: args ? args.at : server.container.value.at('image'),
      message: `${server.resource.title} makes the database ${made.database} with the locale ${localeIn(text) ?? 'en_US.utf8 of its image'}, and Synapse refuses such a database — set POSTGRES_INITDB_ARGS to --encoding=UTF8 --lc-collate=C --lc-ctype=C before the first start.`,
    };
  return 'other';
}

/** The databases that Synapse uses and whose locale it insists on, by their servers. */
function databasesOfSynapse(workspace: Workspace): ReadonlyMap<Resource, readonly string[]> {
  return byServer(
    workloads(workspace, 'synapse').flatMap((synapse): readonly (readonly [Resource | undefined, string])[] => {
      const homeserver = homeserverOf(workspace, synapse);
      const args = homeserver?.at('database', 'args');
      const name = args?.at('dbname').text ?? args?.at('database').text;
      if (name === undefined || homeserver?.at('database', 'allow_unsafe_locale').boolean === true) return [];
      return [[serverAt(workspace, synapse, args?.at('host').text), name]];
    }),
  );
}

/**
 * A database of Synapse that SQL makes: what it does not say is as in the template, which is template1 and has the
 * locale of the server. Another locale is taken with template0 alone (PostgreSQL documentation, CREATE DATABASE, Notes).
 */
function* ofDatabase({ name, option }: MadeDatabase, first: FirstLocale): Iterable<Problem> {
  const template = option('template');
  const isFromFirst = !template || /^template[01]$/.test(template.text ?? '');
  const encoding = option('encoding');
  if (encoding?.text !== undefined && !/^(?:utf-?8|unicode|6|default)$/i.test(encoding.text))
    yield refused(encoding, `The encoding of the database ${name.text} is ${encoding.text}`, 'set UTF8');
  let isChanged = false;
  let isInherited = false;
  for (const field of ['lc_collate', 'lc_ctype']) {
    const said = option(field) ?? option('locale');
    if (!said || /^default$/i.test(said.text ?? '')) isInherited = true;
    else if (said.text === undefined) return;
    else if (/^(?:C|POSIX)$/.test(said.text)) isChanged = true;
    else {
      const title = option(field) ? field.toUpperCase() : 'LOCALE';
      yield refused(said, `${title} of the database ${name.text} is ${said.text}`, 'set C');
      if (!option(field)) return;
    }
  }
  if (first !== 'other' || !isFromFirst) return;
  if (isInherited)
    yield refused(
      name,
      `The database ${name.text} takes ${isChanged ? 'a part of its' : 'its'} locale from the server, which is not C`,
      "write LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    );
  else if (isChanged && template?.text !== 'template0')
    yield {
      at: name.at,
      message: `The database ${name.text} is to have the locale C, and ${template?.text ?? 'template1'}, which it is copied from, has another, so PostgreSQL refuses to make it — add TEMPLATE template0.`,
    };
}

function refused({ at }: ServerPart, what: string, cure: string): Problem {
  return {
    at,
    message: `${what}, and Synapse refuses such a database — ${cure} before it is made.`,
  };
}

/** The first locale that options of initdb name and that is not C. */
function localeIn(args: string): string | undefined {
  return ['lc-collate', 'lc-ctype', 'locale']
    .map(name => initdbOption(args, name))
    .find(locale => locale !== undefined && !/^(?:C|POSIX)$/.test(locale));
}

function problem(cluster: Resource, value: Value, right: string): Problem {
  return {
    at: value,
    message: `${String(value.name)} of Cluster ${cluster.name} is ${value.text}, and Synapse refuses such a database — set ${right} before the cluster is first created.`,
    fixes: () => {
      const edit = replaceScalar(value, right);
      return edit ? [{ title: `Set ${right} (before the first deployment)`, safe: true, edits: [edit] }] : [];
    },
  };
}

function wrongValue(
  value: Value,
  allowed: RegExp,
  right: string,
): { readonly value: Value; readonly right: string } | undefined {
  return value.text === undefined || value.text === '' || allowed.test(value.text) ? undefined : { value, right };
}

/** Whether Synapse uses the database that initdb makes, and insists on its locale. */
function isForSynapse(cluster: Resource, workspace: Workspace): boolean {
  const { main, li } = databases(workspace);
  if (cluster !== main && cluster !== li) return false;
  const made = initdbOf(cluster)?.database;
  const users = workloads(workspace, 'synapse').flatMap(synapse => {
    const homeserver = homeserverOf(workspace, synapse);
    const host = homeserver?.at('database', 'args', 'host').text;
    return homeserver && serverAt(workspace, synapse, host) === cluster ? [homeserver] : [];
  });
  return (
    users.length === 0 ||
    users.some(homeserver => {
      const args = homeserver.at('database', 'args');
      const name = args.at('database').text ?? args.at('dbname').text;
      return (name === undefined || name === made) && homeserver.at('database', 'allow_unsafe_locale').boolean !== true;
    })
  );
}
