import { anchorFor, nameOf } from '../../analysis/anchor';
import { chartReleases } from '../../analysis/charts';
import { declaredNames } from '../../analysis/declarations';
import { homeserverOf } from '../../analysis/homeserver';
import { containerRunning, podsIn, workloadKinds } from '../../analysis/pods';
import { databases, isNamedForOthers, synapseMains } from '../../analysis/roles';
import { servicesIn } from '../../analysis/services';
import { settingsOf } from '../../analysis/settings';
import { parseClusterHost } from '../../analysis/text/hosts';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { newCluster } from './new-cluster';

export default {
  id: 'pg-main-cluster-missing',
  items: ['1.1.a.1'],
  severity: 'error',
  summary: 'There is no PostgreSQL cluster for the main database.',
  why: 'Synapse, its workers and key_vault keep everything in it; without it none of them starts.',
  remedy: 'Add a CloudNativePG Cluster whose name is what the database host of Synapse begins with.',
  traps: [
    'The file may be called anything; the checklist names `infrastructure/01-postgresql/cluster.yaml`.',
    'A database that another operator, a plain StatefulSet or somebody outside the cluster runs is a warning: it works, but the checklist cannot be checked on it.',
    'Where the tree does not show which database Synapse uses, or that one is in a namespace of which the tree shows nothing, it is a warning, and so is SQLite.',
    'A Cluster in a document that is broken, or that a template engine has to fill in, counts as being there.',
    'With `components.main: auto` or `off` in `matrix-preflight.yaml` nothing is said.',
  ],
  sources: ['CloudNativePG documentation, Bootstrap and Service Management'],
  examples: {
    bad: `
      #- /matrix-preflight.yaml
      components:
        li: off
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
      #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: no CloudNativePG Cluster for the main database
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
    good: `
      #- /infrastructure/01-postgresql/cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
        enableSuperuserAccess: true
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
            encoding: UTF8
            localeCollate: C
            localeCType: C
        resources:
          requests:
            memory: 2Gi
            cpu: "1"
        storage:
          size: 50Gi
        monitoring:
          enablePodMonitor: true
      #- /matrix-preflight.yaml
      components:
        li: off
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
  *checkWorkspace(workspace) {
    if (settingsOf(workspace).components.main !== 'required' || databases(workspace).main) return;
    if (mayBeElsewhere(workspace)) return;
    const found = workspace.lookup(otherDatabases, '');
    const other = found.find(one => !isNamedForOthers(one.name));
    // Where no Synapse is shown, the database of a bridge says nothing of the main one.
    if (!other && found.length > 0 && synapseMains(workspace).length === 0) return;
    if (other) {
      // Databases alone, or those of something else, are none of Matrix.
      if (!anchorFor(workspace) && !/matrix|synapse/.test(`${other.namespace} ${other.name}`)) return;
      yield {
        at: other.root.at('metadata', 'name'),
        severity: 'warning',
        message: `${other.title} is no CloudNativePG Cluster, so its superuser Secret, its sizes and its backups are not checked — run the database with CloudNativePG, or check these by hand.`,
      };
      return;
    }
    const [main] = synapseMains(workspace);
    const database = main && homeserverOf(workspace, main)?.at('database');
    const host = database?.at('args', 'host');
    const engine = database?.at('name');
    if (engine?.text === 'sqlite3') {
      yield {
        at: engine,
        severity: 'warning',
        message:
          'Synapse keeps its data in one SQLite file, which is meant for tests — run the database with CloudNativePG.',
      };
      return;
    }
    const at = anchorFor(workspace, host?.text ? host : undefined, nameOf(main));
    if (!at) return;
    if (host?.text && isOutside(host.text)) {
      yield {
        at,
        severity: 'warning',
        message: `The main database is ${host.text}, outside the cluster, so its superuser Secret, its sizes and its backups are not checked — run the database with CloudNativePG, or check these by hand.`,
      };
      return;
    }
    const willBeMissed = host?.text !== undefined && isOfCluster(workspace, main, host.text);
    yield {
      at,
      // Synapse's configuration, or the database, may be kept elsewhere.
      ...(!willBeMissed && { severity: 'warning' as const }),
      message: `There is no CloudNativePG Cluster for the main database${
        willBeMissed
          ? `, so the host ${host.text} will not exist`
          : host?.text
            ? `, which Synapse reaches at ${host.text}`
            : ''
      } — add one.`,
      fixes: () => create(workspace, main),
    };
  },
} satisfies Rule;

/** Whether a host is a Service that CloudNativePG would make, in a namespace that the tree shows. */
function isOfCluster(workspace: Workspace, main: Resource | undefined, host: string): boolean {
  if (!/^[a-z0-9-]+-r[wo]?(?:\.|$)/.test(host)) return false;
  const namespace = parseClusterHost(host, main?.namespace)?.namespace;
  return (
    namespace === undefined ||
    namespace === main?.namespace ||
    podsIn(workspace, namespace).length > 0 ||
    servicesIn(workspace, namespace).length > 0 ||
    workspace.find('Namespace', undefined, namespace) !== undefined
  );
}

/** Whether a host is a public name or an address, and no Service. */
function isOutside(host: string): boolean {
  return (
    /^\d+(?:\.\d+){3}$|:/.test(host) ||
    (/\.[a-z]{2,}$/i.test(host) && host.split('.').length > 2 && !/\.svc(?:\.|$)|\.local$/.test(host))
  );
}

function create(workspace: Workspace, main: Resource | undefined): readonly Fix[] {
  const args = main && homeserverOf(workspace, main)?.at('database', 'args');
  const [name, namespace] = clusterNamed(args?.at('host').text);
  return newCluster(workspace, {
    name: name ?? 'matrix-postgresql',
    namespace: namespace ?? main?.namespace ?? workspace.resources('Namespace')[0]?.name,
    database: textOr(args?.at('database').text, 'matrix'),
    owner: textOr(args?.at('user').text, 'synapse'),
    directory: 'infrastructure/01-postgresql',
    fileName: 'cluster.yaml',
  });
}

/** Name and namespace of the cluster that a host names: `name-rw.namespace.svc`. */
function clusterNamed(host: string | undefined): readonly [string | undefined, string | undefined] {
  const [, name, namespace] = /^([a-z0-9-]+)-r[wo]?(?:\.([a-z0-9-]+)(?:\.svc(?:\..*)?)?)?$/.exec(host ?? '') ?? [];
  return [name, namespace];
}

/** A text of the configuration, unless a script has to fill it in. */
function textOr(text: string | undefined, instead: string): string {
  return text !== undefined && /^[a-z_][a-z0-9_-]*$/.test(text) ? text : instead;
}

/** Whether a Cluster may come from where the tree cannot be read: a broken document, a template, a chart. */
function mayBeElsewhere(workspace: Workspace): boolean {
  return (
    declaredNames(workspace, 'Cluster', undefined).length > 0 ||
    workspace.lookup(templatedClusters, '').length > 0 ||
    chartReleases(workspace).some(({ chart, name }) => chart === 'cluster' && /postgres|pg|cnpg/.test(name)) ||
    // Charts of Synapse bring a database along, or name one in their values.
    (synapseMains(workspace).length === 0 &&
      chartReleases(workspace).some(({ chart }) => /matrix|synapse/.test(chart ?? '')))
  );
}

const templatedClusters: Index<true> = {
  name: 'templates of clusters',
  *document(document) {
    if (document.isTemplate && /postgresql\.cnpg\.io/.test(document.text)) yield ['', true];
  },
};

/** PostgreSQL that is run in another way. */
const otherDatabases: Index<Resource> = {
  name: 'other databases',
  *resource(resource) {
    if (
      /^(?:postgresql\.acid\.zalan\.do|PostgresCluster\.postgres-operator\.crunchydata\.com|SGCluster\.stackgres\.io)$/.test(
        resource.qualifiedKind,
      )
    )
      yield ['', resource];
    const isServer = containerRunning(resource, 'postgres') !== undefined;
    // A Job with the image is a client.
    if (isServer && workloadKinds.some(kind => kind === resource.kind) && !/Job$/.test(resource.kind))
      yield ['', resource];
  },
};
