import { workloadKinds } from '../../analysis/pods';
import { clusterKind, databases, familiesOf } from '../../analysis/roles';
import { appendDocument, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { type CreatedDatabase, databasesCreated, type VaultDatabase, vaultDatabase } from './database';

export default {
  id: 'key-vault-database-not-created',
  items: ['2.3.b.1'],
  severity: 'error',
  summary: 'Nothing creates the database that key_vault uses.',
  why: 'key_vault ends at start, because its database does not exist. CloudNativePG creates one database for each Cluster, which is Synapse’s.',
  remedy:
    'Create the database in a Job with the superuser, or in `postInitSQL` of the Cluster, or as a `Database` object.',
  traps: [
    'Names that come from variables are followed as far as the tree shows them; one that it does not show may be the right one.',
    'The fix adds a Database object only where the Cluster itself says that the role exists which is to own it.',
  ],
  sources: ['cloudnative-pg documentation, Bootstrap and Database management: Database objects, since 1.25'],
  examples: {
    bad: `
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        instances: 1
        storage:
          size: 10Gi
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: registry.example.org/key-vault:1.0
                env:
                  - name: DB_USER
                    value: synapse
                  - name: DB_NAME
                    value: key_vault
      #                    ^^^^^^^^^ 💡 error: Nothing creates the database key_vault
    `,
    good: `
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        instances: 1
        storage:
          size: 10Gi
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Database
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        name: key_vault
        owner: synapse
        cluster:
          name: main
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: registry.example.org/key-vault:1.0
                env:
                  - name: DB_USER
                    value: synapse
                  - name: DB_NAME
                    value: key_vault
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const database = familiesOf(resource).has('key_vault') ? vaultDatabase(workspace, resource) : undefined;
    if (!database) return;
    const created = databasesCreated(workspace);
    yield* createdElsewhere(workspace, database.name, created);
    if (created.some(({ name }) => name === undefined || name === database.name)) return;
    // Under a name that only looks the same, it is key-vault-database-mismatch.
    if (created.some(({ name }) => /^key[-_]?vault/.test(name ?? ''))) return;
    const { main } = databases(workspace);
    const clusters = main ? [main] : workspace.resources(clusterKind);
    yield {
      at: database.at,
      message: `Nothing creates the database ${database.name}${clusters.length > 0 ? ` in ${clusters.map(one => one.name).join(' or ')}` : ''} — create it in a Job with the superuser.`,
      fixes: () => addDatabase(database, clusters),
    };
  },
} satisfies Rule;

/** A Database object that makes it in the LI cluster, and nothing that makes it in the main one. */
function* createdElsewhere(workspace: Workspace, name: string, created: readonly CreatedDatabase[]): Iterable<Problem> {
  const { main, li } = databases(workspace);
  const [only, ...others] = created.filter(one => one.name === undefined || one.name === name);
  const cluster = only?.by.root.at('spec', 'cluster', 'name');
  if (!main || !li || others.length > 0 || only?.by.kind !== 'Database' || cluster?.text !== li.name) return;
  if ((only.by.namespace ?? '') !== (li.namespace ?? '')) return;
  yield {
    at: cluster,
    message: `The database ${name} is created in ${li.title}, which is the LI instance’s — create it in ${main.name}.`,
    related: [{ at: main.root.at('metadata', 'name'), message: main.title }],
    fixes: () => {
      const edit = main.namespace === li.namespace ? replaceScalar(cluster, main.name) : undefined;
      return edit ? [{ title: `Write ${main.name}`, safe: false, edits: [edit] }] : [];
    },
  };
}

/** Has the operator create the database, where the Cluster makes the role that key_vault signs in as. */
function addDatabase({ name, user }: VaultDatabase, clusters: readonly Resource[]): readonly Fix[] {
  const owning = clusters.filter(cluster => user !== undefined && rolesOf(cluster).includes(user));
  const [cluster] = owning;
  const object = name.replaceAll('_', '-').toLowerCase();
  if (!cluster || owning.length > 1 || user === undefined || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(object)) return [];
  const lines = [
    'apiVersion: postgresql.cnpg.io/v1',
    'kind: Database',
    'metadata:',
    `  name: ${object}`,
    ...(cluster.namespace === undefined ? [] : [`  namespace: ${cluster.namespace}`]),
    'spec:',
    `  name: ${name}`,
    `  owner: ${user}`,
    '  cluster:',
    `    name: ${cluster.name}`,
  ];
  return [
    {
      title: `Add Database ${object} to Cluster ${cluster.name}`,
      safe: false,
      edits: [appendDocument(cluster.document.file, lines.join('\n'))],
    },
  ];
}

function rolesOf({ root }: Resource): readonly string[] {
  const spec = root.at('spec');
  const owner = spec.at('bootstrap', 'initdb', 'owner').string;
  const managed = spec
    .at('managed', 'roles')
    .items()
    .flatMap(role => (role.at('ensure').text === 'absent' ? [] : (role.at('name').string ?? [])));
  return owner === undefined ? managed : [owner, ...managed];
}
