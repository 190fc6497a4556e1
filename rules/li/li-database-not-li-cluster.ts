import { flowsFrom } from '../../analysis/flows';
import { isExternal } from '../../analysis/flows/flow';
import { clusterKind, databases } from '../../analysis/roles';
import { processKinds } from '../../analysis/synapse';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { isDecided, type LiMain, liMain } from './instance';

export default {
  id: 'li-database-not-li-cluster',
  items: ['3.2.a.3'],
  severity: 'error',
  summary: 'The LI instance uses another database than the LI cluster’s.',
  why: 'Pointed at the main cluster, the LI instance writes into the live database: two homeservers that do not know of each other corrupt each other’s streams, and the isolation is gone.',
  remedy: 'Set `database.args.host` to the Service `<LI cluster>-rw`, and take the password from `<LI cluster>-app`.',
  traps: [
    'The read-only Services `-ro` and `-r` belong to the right cluster, but Synapse writes at every login: a warning.',
    'A Pooler of the LI cluster is accepted.',
    'A host that is no Service of a CloudNativePG cluster in the tree is a warning only: it may lead to the cluster from outside.',
  ],
  sources: ['cloudnative-pg, docs/src/service_management.md; element-hq/synapse, docs/postgres.md'],
  examples: {
    bad: `
      #- /synapse-li.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-li-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          database:
            name: psycopg2
            args:
              host: matrix-postgresql-rw.matrix.svc.cluster.local
      #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: The LI instance uses the main database
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-li
      spec:
        template:
          metadata:
            labels:
              matrix.instance: li
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-li-config
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql-li
    `,
    good: `
      #- /synapse-li.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-li-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          database:
            name: psycopg2
            args:
              host: matrix-postgresql-li-rw.matrix.svc.cluster.local
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-li
      spec:
        template:
          metadata:
            labels:
              matrix.instance: li
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-li-config
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql-li
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const li = liMain(workspace, resource);
    const { main, li: cluster } = databases(workspace);
    if (!li || !cluster || !isDecided(li, 'database')) return;
    yield* hostProblems(workspace, li, cluster, main);
    yield* passwordProblems(li, cluster, main);
    if (main) yield* otherUses(workspace, resource, cluster, main);
  },
} satisfies Rule;

/** What else in the pod goes to the main database, such as the init container that waits for one. */
function* otherUses(workspace: Workspace, resource: Resource, cluster: Resource, main: Resource): Iterable<Problem> {
  for (const { to, why, at } of flowsFrom(workspace, resource)) {
    // The configuration of Synapse itself is judged above.
    if (isExternal(to) || to.owner !== main || !why.includes(' in the script of ')) continue;
    yield {
      at,
      message: `The pod of the LI instance goes to the main database here (${why}), which it must not reach — name ${cluster.name}-rw.`,
      related: [{ at: cluster.root.at('metadata', 'name'), message: 'The LI cluster' }],
    };
  }
}

function* hostProblems(
  workspace: Workspace,
  { homeserver }: LiMain,
  cluster: Resource,
  main: Resource | undefined,
): Iterable<Problem> {
  const host = homeserver.at('database', 'args', 'host');
  const text = host.string;
  if (text === undefined || homeserver.layer('database').file.resolve(host).kind !== 'left') return;
  const [service = ''] = text.split('.', 1);
  const belongsTo = (owner: Resource | undefined, suffixes: readonly string[]): boolean =>
    owner !== undefined && suffixes.some(suffix => service === `${owner.name}${suffix}`);
  const pooler = workspace.find('Pooler.postgresql.cnpg.io', cluster.namespace, service);
  const pooled = pooler?.root.at('spec', 'cluster', 'name').string;
  if (belongsTo(cluster, ['-rw']) || pooled === cluster.name) return;
  const isMain = belongsTo(main, ['-rw', '-ro', '-r']) || (main !== undefined && pooled === main.name);
  const isReadOnly = belongsTo(cluster, ['-ro', '-r']);
  const wanted = `${cluster.name}-rw`;
  const isKnown = isMain || isReadOnly;
  const other = isKnown
    ? undefined
    : workspace.resources(clusterKind).find(one => belongsTo(one, ['-rw', '-ro', '-r']));
  yield {
    at: host,
    ...(isMain || other ? {} : { severity: 'warning' as const }),
    message: isMain
      ? `The LI instance uses the main database: ${service} belongs to Cluster/${main?.name} — use ${wanted}.`
      : isReadOnly
        ? `${service} is for reading only, but Synapse writes at every login — use ${wanted}.`
        : `The LI instance uses the database host ${service}, which is no Service of Cluster/${cluster.name} — use ${wanted}.`,
    related: [{ at: cluster.root.at('metadata', 'name'), message: 'The LI cluster' }],
    fixes: () => {
      const edit = replaceScalar(host, wanted + text.slice(service.length));
      return edit ? [{ title: `Use ${wanted}`, safe: isKnown, edits: [edit] }] : [];
    },
  };
}

/** A password that the operator made for the main cluster. */
function* passwordProblems({ homeserver }: LiMain, cluster: Resource, main: Resource | undefined): Iterable<Problem> {
  const password = homeserver.at('database', 'args', 'password');
  if (!password.exists || !main) return;
  const resolution = homeserver.layer('database').file.resolve(password);
  if (resolution.kind !== 'replaced') return;
  for (const { definition } of resolution.variables) {
    const source = definition?.source;
    if (source?.kind !== 'Secret' || ![`${main.name}-app`, `${main.name}-superuser`].includes(source.name)) continue;
    const reference = definition?.at.at('valueFrom', 'secretKeyRef', 'name');
    if (!reference?.exists) continue;
    yield {
      at: reference,
      message: `The LI instance gets the database password from ${source.name}, which belongs to the main cluster — take it from ${cluster.name}-app.`,
      fixes: () => {
        const edit = replaceScalar(reference, `${cluster.name}-app`);
        return edit ? [{ title: `Use ${cluster.name}-app`, safe: true, edits: [edit] }] : [];
      },
    };
  }
}
