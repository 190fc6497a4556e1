import { initdbOf } from '../../analysis/database-logins';
import { homeserverOf } from '../../analysis/homeserver';
import { mountsOf, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { madeBy, type PostgresImage, postgresImageAt, postgresImageOf } from '../../analysis/postgres-image';
import { clusterKind, databases, workloads } from '../../analysis/roles';
import { createsDatabase, createsUnknown } from '../../analysis/sql-names';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { clusterOfHost } from './clusters';

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
    'With `allow_unsafe_locale: true` in the homeserver configuration Synapse starts all the same.',
    'Databases of which Synapse is known not to use the one that initdb makes are left alone.',
  ],
  sources: [
    'Synapse documentation, Using Postgres, "Fixing incorrect COLLATE or CTYPE"',
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
  *check(cluster, workspace) {
    if (cluster.qualifiedKind !== clusterKind) {
      yield* imageProblems(cluster, workspace);
      return;
    }
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
    if (wrong.length === 0 || !isForSynapse(cluster, workspace)) return;
    for (const { value, right } of wrong) yield problem(cluster, value, right);
  },
} satisfies Rule;

/** The official image initialises with the locale of its own, en_US.utf8, unless POSTGRES_INITDB_ARGS says another. */
function* imageProblems(resource: Resource, workspace: Workspace): Iterable<Problem> {
  const server = postgresImageOf(workspace, resource);
  const made = server && madeBy(server);
  if (!server || !made) return;
  const names = new Set(namesOfSynapse(workspace, server));
  yield* scriptProblems(workspace, server, names);
  const args = server.variable('POSTGRES_INITDB_ARGS');
  const text = args ? args.text : '';
  if (text === undefined || isC(text) || ['LANG', 'LC_ALL', 'LC_COLLATE'].some(name => server.variable(name))) return;
  // A script may make the database anew, with another locale.
  if (!names.has(made.database) || createsDatabase(workspace, made.database) || createsUnknown(workspace, 'database'))
    return;
  yield {
    at: args ? args.at : server.container.value.at('image'),
    message: `${resource.title} makes the database ${made.database} with the locale en_US.utf8 of its image, and Synapse refuses such a database — set POSTGRES_INITDB_ARGS to --encoding=UTF8 --lc-collate=C --lc-ctype=C before the first start.`,
  };
}

/** The databases of a server that Synapse uses and whose locale it insists on. */
function namesOfSynapse(workspace: Workspace, { resource }: PostgresImage): readonly string[] {
  return workloads(workspace, 'synapse').flatMap(synapse => {
    const homeserver = homeserverOf(workspace, synapse);
    const args = homeserver?.at('database', 'args');
    const host = args?.at('host').text;
    const name = args?.at('dbname').text ?? args?.at('database').text;
    if (host === undefined || name === undefined) return [];
    if (homeserver?.at('database', 'allow_unsafe_locale').boolean === true) return [];
    return postgresImageAt(workspace, synapse.namespace, host)?.resource === resource ? [name] : [];
  });
}

/** What the scripts of the entrypoint say of the locale of a database that Synapse uses. */
function* scriptProblems(
  workspace: Workspace,
  { resource, container }: PostgresImage,
  names: ReadonlySet<string>,
): Iterable<Problem> {
  const mount = mountsOf(container).find(one => one.mountPath === '/docker-entrypoint-initdb.d');
  const volume = mount && volumeOf(resource, mount.volume);
  for (const { value } of volume ? textsOfVolume(workspace, resource, volume) : []) {
    const text = value.text ?? '';
    for (const made of text.matchAll(/\bcreate\s+database\s+"?([\w-]+)"?([^;]*)/gi)) {
      const [, name = '', options = ''] = made;
      const wrong = /\b(lc_collate|lc_ctype|locale)\s*=?\s*'([^']*)'/gi;
      for (const option of options.matchAll(wrong)) {
        const [whole, field = '', locale = ''] = option;
        if (!names.has(name) || /^(?:C|POSIX)$/.test(locale) || locale.includes('$')) continue;
        const end = made.index + made[0].length - options.length + option.index + whole.length - 1;
        yield {
          at: value.part(end - locale.length, end),
          message: `${field} of the database ${name} is ${locale}, and Synapse refuses such a database — set C before ${resource.title} is first started.`,
        };
      }
    }
  }
}

/** Whether options of initdb make collation and character classes those of C. */
function isC(args: string): boolean {
  const value = (name: string): string | undefined => new RegExp(`--${name}[=\\s]["']?([\\w.-]+)`).exec(args)?.[1];
  const locale = /--no-locale\b/.test(args) ? 'C' : value('locale');
  const of = (name: string): boolean => /^(?:C|POSIX)$/.test(value(name) ?? locale ?? '');
  return of('lc-collate') && of('lc-ctype');
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
    return homeserver && host && clusterOfHost(workspace, synapse.namespace, host)?.cluster === cluster
      ? [homeserver]
      : [];
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
