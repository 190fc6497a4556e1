import { declarationsOf } from '../../analysis/declarations';
import { nearest } from '../../analysis/nearest';
import { clusterKind } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'pg-object-undefined',
  items: [],
  severity: 'error',
  summary: 'An object of CloudNativePG names a cluster, object store, image catalog or plugin that is not there.',
  why: 'The operator waits for what is named: a pooler has nobody to connect to, a database is never made, and a ScheduledBackup or an archive of write-ahead logs fails each time, which is noticed when somebody needs the backup.',
  remedy: 'Correct the name. All of these have to be in the same namespace.',
  traps: [
    'A cluster is looked for only where the tree has some, because a chart may make it.',
    'An ObjectStore that nothing in the tree creates is information where the tree has none at all.',
  ],
  sources: [
    'CloudNativePG documentation, Connection Pooling, Database Management, Backup; Barman Cloud CNPG-I plugin, "Usage"',
  ],
  examples: { bad: example('matrix-postgres', true), good: example('matrix-postgresql', false) },
  kinds: [
    clusterKind,
    ...['ScheduledBackup', 'Backup', 'Pooler', 'Database', 'Publication', 'Subscription'].map(
      kind => `${kind}.postgresql.cnpg.io`,
    ),
  ],
  *check(resource, workspace) {
    const spec = resource.root.at('spec');
    if (resource.qualifiedKind !== clusterKind) {
      const known = workspace.resources(clusterKind);
      if (known.length > 0) yield* named(workspace, resource, clusterKind, spec.at('cluster', 'name'), known);
      const cluster = workspace.find(clusterKind, resource.namespace, spec.at('cluster', 'name').text ?? '');
      if (cluster && /Backup$/.test(resource.kind)) yield* method(resource, cluster);
      if (cluster && resource.kind === 'Database') yield* owner(resource, cluster, workspace);
      return;
    }
    yield* catalog(workspace, resource, spec.at('imageCatalogRef'));
    const stores = workspace.resources(storeKind);
    for (const plugin of [
      ...spec.at('plugins').items(),
      ...spec
        .at('externalClusters')
        .items()
        .map(one => one.at('plugin')),
    ]) {
      const name = plugin.at('name');
      if (name.string === undefined) continue;
      if (name.string !== barman && nearest(name.string, [barman]) !== undefined)
        yield {
          at: name,
          message: `No plugin calls itself ${name.string} — did you mean ${barman}?`,
          fixes: () => {
            const edit = replaceScalar(name, barman);
            return edit ? [{ title: `Write ${barman}`, safe: false, edits: [edit] }] : [];
          },
        };
      else if (name.string === barman)
        yield* named(workspace, resource, storeKind, plugin.at('parameters', 'barmanObjectName'), stores);
    }
  },
} satisfies Rule;

const storeKind = 'ObjectStore.barmancloud.cnpg.io';
const barman = 'barman-cloud.cloudnative-pg.io';

/** The operator takes the image of a major version from a catalog (docs/src/image_catalog.md). */
function* catalog(workspace: Workspace, cluster: Resource, reference: Value): Iterable<Problem> {
  const [kind, name, major] = [reference.at('kind').text, reference.at('name'), reference.at('major')];
  if (kind !== 'ImageCatalog' && kind !== 'ClusterImageCatalog') return;
  const known = workspace.resources(`${kind}.postgresql.cnpg.io`);
  const own = known.find(one => one.name === name.text && (kind !== 'ImageCatalog' || isInReach(one, cluster)));
  const images = own?.root.at('spec', 'images').items() ?? [];
  const majors = images.flatMap(image => image.at('major').number ?? []);
  if (own && major.number !== undefined && images.length > 0 && majors.length === images.length) {
    if (majors.includes(major.number)) return;
    yield {
      at: major,
      message: `${own.title} has no image of PostgreSQL ${major.number}, only of ${majors.join(' and ')}, so Cluster ${cluster.name} is not made — add one, or take a version that it has.`,
      related: [{ at: own.root.at('spec', 'images').key, message: own.title }],
    };
  } else if (!own && known.length > 0) yield* named(workspace, cluster, `${kind}.postgresql.cnpg.io`, name, known);
}

function isInReach(one: Resource, from: Resource): boolean {
  return one.namespace === from.namespace || !one.namespace || !from.namespace;
}

/** A backup is made by a method that the cluster is configured for (docs/src/backup.md). */
function* method(backup: Resource, cluster: Resource): Iterable<Problem> {
  const written = backup.root.at('spec', 'method');
  const name = written.text ?? 'barmanObjectStore';
  if (name === 'plugin' || cluster.root.at('spec', 'backup', name).exists) return;
  const plugins = cluster.root.at('spec', 'plugins').items();
  if (!written.exists && plugins.length === 0) return;
  yield {
    at: written.exists ? written : backup.root.at('spec', 'cluster', 'name'),
    message: `${backup.title} backs up by ${name}, and Cluster ${cluster.name} has no backup.${name}, so every backup fails — ${plugins.length > 0 ? 'write method: plugin with its pluginConfiguration' : 'add it there, or take the method that it has'}.`,
    related: [{ at: cluster.root.at('metadata', 'name'), message: cluster.title }],
  };
}

/** The owner of a Database has to be there before it, and the operator makes none for it (docs/src/declarative_database_management.md). */
function* owner(database: Resource, cluster: Resource, workspace: Workspace): Iterable<Problem> {
  const name = database.root.at('spec', 'owner');
  const spec = cluster.root.at('spec');
  if (!name.string || !/^[\w-]+$/.test(name.string) || workspace.lookup(madeByScripts, '').length > 0) return;
  const bootstrap = ['initdb', 'recovery', 'pg_basebackup'].map(way => spec.at('bootstrap', way));
  if (bootstrap.some((way, index) => index > 0 && way.exists)) return;
  const roles = [
    'postgres',
    bootstrap[0]?.at('owner').text ?? 'app',
    ...spec
      .at('managed', 'roles')
      .items()
      .map(role => role.at('name').text),
  ];
  if (roles.includes(name.string) || spec.at('bootstrap', 'initdb', 'import').exists) return;
  yield {
    at: name,
    severity: 'warning',
    message: `Nothing makes the role ${name.string} in Cluster ${cluster.name}, so the database is not created — add it to managed.roles.`,
    related: [{ at: cluster.root.at('metadata', 'name'), message: cluster.title }],
  };
}

/** Scripts that make roles by names which are not written there. */
const madeByScripts: Index<true> = {
  name: 'scripts that make roles of any name',
  *resource(resource) {
    for (const _ of resource.root.scalars(makesAnyRole)) {
      yield ['', true];
      return;
    }
  },
};

const makesAnyRole = (text: string): boolean => /CREATE\s+(?:ROLE|USER)\s+(?:[$:%"'{]|\\)/i.test(text);

function* named(
  workspace: Workspace,
  resource: Resource,
  kind: string,
  name: Value,
  known: readonly Resource[],
): Iterable<Problem> {
  const text = name.string;
  if (!text || !/^[a-z0-9.-]+$/.test(text)) return;
  const inReach = known.filter(one => isInReach(one, resource));
  if (inReach.some(one => one.name === text)) return;
  if (declarationsOf(workspace, kind, resource.namespace, text).some(one => one.origin !== 'promise')) return;
  const elsewhere = known.find(one => one.name === text);
  const names = inReach.map(one => one.name);
  const close = nearest(text, names) ?? (names.length === 1 ? names[0] : undefined);
  const title = kind.slice(0, kind.indexOf('.'));
  yield {
    at: name,
    ...(known.length === 0 && { severity: 'info' as const }),
    message: elsewhere
      ? `The ${title} ${text} is in namespace ${elsewhere.namespace}, and ${resource.title} finds only those of its own — move one of the two.`
      : `Nothing creates the ${title} ${text}, which ${resource.title} names — ${close ? `did you mean ${close}?` : 'create it, or correct the name.'}`,
    fixes: () => {
      const edit = close === undefined || elsewhere ? undefined : replaceScalar(name, close);
      return edit ? [{ title: `Write ${close}`, safe: false, edits: [edit] }] : [];
    },
  };
}

function example(cluster: string, isBad: boolean): string {
  return `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Pooler
      metadata:
        name: pooler
        namespace: matrix
      spec:
        cluster:
          name: ${cluster}${isBad ? '\n      #         ^^^^^^^^^^^^^^^ 💡 error: Nothing creates the Cluster matrix-postgres, which Pooler/pooler names — did you mean matrix-postgresql?' : ''}
        type: rw
        pgbouncer:
          poolMode: session
    `;
}
