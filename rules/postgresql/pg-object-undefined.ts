import { declarationsOf } from '../../analysis/declarations';
import { nearest } from '../../analysis/nearest';
import { clusterKind } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'pg-object-undefined',
  items: [],
  severity: 'error',
  summary: 'An object of CloudNativePG names a cluster, object store or plugin that is not there.',
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
      return;
    }
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

function* named(
  workspace: Workspace,
  resource: Resource,
  kind: string,
  name: Value,
  known: readonly Resource[],
): Iterable<Problem> {
  const text = name.string;
  if (!text || !/^[a-z0-9.-]+$/.test(text)) return;
  const inReach = known.filter(one => one.namespace === resource.namespace || !one.namespace || !resource.namespace);
  if (inReach.some(one => one.name === text)) return;
  if (declarationsOf(workspace, kind, resource.namespace, text).some(one => one.origin !== 'promise')) return;
  const elsewhere = known.find(one => one.name === text);
  const names = inReach.map(one => one.name);
  const close = nearest(text, names) ?? (names.length === 1 ? names[0] : undefined);
  const title = kind === storeKind ? 'ObjectStore' : 'Cluster';
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
