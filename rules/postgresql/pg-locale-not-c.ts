import { initdbOf } from '../../analysis/database-logins';
import { homeserverOf } from '../../analysis/homeserver';
import { clusterKind, databases, workloads } from '../../analysis/roles';
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
    'Absent fields are right.',
    'With `allow_unsafe_locale: true` in the homeserver configuration Synapse starts all the same.',
    'Databases of which Synapse is known not to use the one that initdb makes are left alone.',
  ],
  sources: [
    'Synapse documentation, Using Postgres, "Fixing incorrect COLLATE or CTYPE"',
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
  kinds: [clusterKind],
  *check(cluster, workspace) {
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
