import { type KnownRelease, textOf, valuesAt } from '../../analysis/helm/chart-objects';
import { type ChartClient, chartClients } from '../../analysis/helm/clients';
import { isOpen, releaseKinds, type Setting, settingOf } from '../../analysis/helm/releases';
import { workloadKinds } from '../../analysis/pods';
import { createsDatabase, createsRole } from '../../analysis/sql-names';
import { replaceScalar } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'chart-database-mismatch',
  items: [],
  severity: 'error',
  kinds: [...workloadKinds, ...releaseKinds],
  summary:
    'A program asks for a database or a role that the PostgreSQL of a chart does not make, or one of the wrong locale.',
  why: 'The chart makes the database and the role that its values name, and no others: the program is told that its database does not exist, or that its password is wrong. Synapse refuses a database whose collation is not `C`.',
  remedy:
    'Write the same names on both sides, or create the others by a script of the chart. For Synapse, initialise the database with the collation and character type `C`.',
  traps: [
    'Judged for Bitnami’s chart postgresql and for CloudNativePG’s chart cluster, in the versions whose values are known.',
    'With scripts, or with roles and databases in the values beside the first, others may be made: then the names are left alone.',
  ],
  sources: [
    'bitnami/charts, bitnami/postgresql/values.yaml: `auth.username`, `auth.database`, `primary.initdb.args`',
    'cloudnative-pg/charts, charts/cluster/values.yaml: `cluster.initdb`; cloudnative-pg docs/src/bootstrap.md: app by default',
    'element-hq/synapse, docs/postgres.md, "Set up database": LC_COLLATE and LC_CTYPE',
  ],
  examples: { bad: example('matrix', true), good: example('synapse', false) },
  *check(resource, workspace) {
    for (const client of chartClients(workspace, resource)) {
      const made = madeBy(workspace, client.server);
      if (made) yield* problemsOf(workspace, client, made);
      if (client.program === 'Synapse') yield* localesOf(client);
    }
  },
} satisfies Rule;

interface Made {
  readonly database: string | undefined;
  readonly user: string | undefined;
}

/** What a chart makes, undefined where it may be more. */
function madeBy(workspace: Workspace, server: KnownRelease): Made | undefined {
  const { release, facts } = server;
  const isSet = (path: string): boolean => settingOf(release, path) !== 'unset';
  if (facts.chart === 'postgresql') {
    if (
      ['scripts', 'scriptsSecret'].some(field => isSet(`primary.initdb.${field}`)) ||
      isSet('primary.extraEnvVars') ||
      isSet('global.postgresql')
    )
      return undefined;
    // A script that the tree shows is read for what it makes.
    const scripts = settingOf(release, 'primary.initdb.scriptsConfigMap');
    if (scripts !== 'unset' && !isShown(workspace, server, scripts)) return undefined;
    const database = textOf(server, 'auth.database');
    const user = textOf(server, 'auth.username');
    // Without names there are those of the image alone, which has everything by hand.
    return { database: database || undefined, user: user || undefined };
  }
  if (facts.chart === 'cluster') {
    if (textOf(server, 'mode') !== 'standalone') return undefined;
    const fields = [
      'postInitSQL',
      'postInitApplicationSQL',
      'postInitTemplateSQL',
      'postInitApplicationSQLRefs',
      'import',
    ];
    if (fields.some(field => isSet(`cluster.initdb.${field}`)) || isSet('cluster.roles') || isSet('databases'))
      return undefined;
    const database = textOf(server, 'cluster.initdb.database');
    const user = textOf(server, 'cluster.initdb.owner');
    if (database === undefined || user === undefined) return undefined;
    return { database: database || 'app', user: user || database || 'app' };
  }
  return undefined;
}

function isShown(workspace: Workspace, { release }: KnownRelease, name: Setting): boolean {
  return typeof name !== 'string' && workspace.find('ConfigMap', release.namespace, name.text ?? '') !== undefined;
}

function* problemsOf(
  workspace: Workspace,
  { server, program, user, database }: ChartClient,
  made: Made,
): Iterable<Problem> {
  const { release, facts } = server;
  const title = `the chart ${facts.chart} (${release.name})`;
  const fields =
    facts.chart === 'cluster'
      ? ['cluster.initdb.database', 'cluster.initdb.owner']
      : ['auth.database', 'auth.username'];
  const pairs = [
    ['database', database, made.database, fields[0]],
    ['role', user, made.user, fields[1]],
  ] as const;
  for (const [what, value, right, field] of pairs) {
    if (!value?.string || right === undefined || value.string === right || isOpen(value.string)) continue;
    // The administrator is there as well, and may make what is asked for.
    if (value.string === 'postgres') continue;
    if (what === 'database' ? createsDatabase(workspace, value.string) : createsRole(workspace, value.string)) continue;
    if (isDeclared(workspace, what, value.string)) continue;
    const [written] = valuesAt(release, field ?? '');
    yield {
      at: value,
      message: `${program} asks for the ${what} ${value.string}, but ${title} makes ${right} — write the same on both sides.`,
      related: [{ at: written ?? release.at, message: `What ${title} makes` }],
      fixes: () => {
        const edit = replaceScalar(value, right);
        return edit ? [{ title: `Use ${right}`, safe: false, edits: [edit] }] : [];
      },
    };
  }
}

/** Whether an object of CloudNativePG makes it besides (cloudnative-pg docs/src/declarative_database_management.md). */
function isDeclared(workspace: Workspace, what: 'database' | 'role', name: string): boolean {
  const kind = what === 'database' ? 'Database' : 'DatabaseRole';
  return workspace.resources(`${kind}.postgresql.cnpg.io`).some(one => one.root.at('spec', 'name').text === name);
}

/** Settings of the locale that Synapse refuses, where they are written. */
function* localesOf({ server, database }: ChartClient): Iterable<Problem> {
  const { release, facts } = server;
  const wrong: { readonly at: Value; readonly text: string }[] = [];
  if (facts.chart === 'postgresql')
    for (const args of valuesAt(release, 'primary.initdb.args'))
      for (const [, , text = ''] of (args.string ?? '').matchAll(/--(?:lc-(collate|ctype)|locale)[= ]["']?([\w.@-]+)/g))
        if (!/^(?:C|POSIX)$/.test(text)) wrong.push({ at: args, text });
  if (facts.chart === 'cluster' && (textOf(server, 'cluster.initdb.database') || 'app') === (database?.text ?? 'app'))
    for (const field of ['localeCollate', 'localeCType', 'locale'])
      for (const at of valuesAt(release, `cluster.initdb.${field}`))
        if (at.text !== undefined && !/^(?:C|POSIX)$/.test(at.text)) wrong.push({ at, text: at.text });
  const [first] = wrong;
  if (first)
    yield {
      at: first.at,
      message: `Synapse refuses a database with the locale ${first.text} — initialise it with the collation and character type C.`,
    };
}

function example(database: string, isBad: boolean): string {
  const mark = isBad
    ? `
      #               ^^^^^^ 💡 error: Synapse asks for the database matrix, but the chart postgresql (db) makes synapse — write the same on both sides.`
    : '';
  return `
      #- /charts.yaml
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata:
        name: db
        namespace: kube-system
      spec:
        repo: https://charts.bitnami.com/bitnami
        chart: postgresql
        version: 16.4.1
        targetNamespace: matrix
        valuesContent: |-
          auth:
            username: synapse
            database: synapse
      ---
      apiVersion: helm.cattle.io/v1
      kind: HelmChart
      metadata:
        name: synapse
        namespace: kube-system
      spec:
        repo: https://ananace.gitlab.io/charts
        chart: matrix-synapse
        version: 3.12.0
        targetNamespace: matrix
        valuesContent: |-
          postgresql:
            enabled: false
          externalPostgresql:
            host: db-postgresql
            username: synapse
            database: ${database}${mark}
    `;
}
