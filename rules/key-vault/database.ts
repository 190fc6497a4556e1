import { commandLine } from '../../analysis/configs';
import { environmentOf, textOfVariable } from '../../analysis/environment';
import { mountedTexts } from '../../analysis/mounts';
import { type Container, containersOf, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { workloads } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { postgresRunsOf, sqlRunsOf } from '../../analysis/sql-runs';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** The database that key_vault is told to use. */
export interface VaultDatabase {
  readonly name: string;
  readonly user: string | undefined;
  /** The entry of `env` or `envFrom` that says so. */
  readonly at: Value;
}

/** What the environment of a key_vault workload says; undefined without a name that is filled in. */
export function vaultDatabase(workspace: Workspace, vault: Resource): VaultDatabase | undefined {
  return workspace.derive(readVaultDatabase, vault);
}

function readVaultDatabase(vault: Resource, workspace: Workspace): VaultDatabase | undefined {
  for (const container of mainContainersOf(vault)) {
    const { variables } = environmentOf(workspace, vault, container);
    const variable = ['DB_NAME', 'DATABASE_NAME', 'POSTGRES_DB', 'PGDATABASE']
      .map(name => variables.get(name))
      .find(one => one);
    const name = textOfVariable(workspace, vault, variable);
    if (!variable || !name || findPlaceholders(name, 'value').length > 0) continue;
    const user = ['DB_USER', 'DATABASE_USER', 'POSTGRES_USER', 'PGUSER']
      .map(one => variables.get(one))
      .find(one => one);
    return { name, user: textOfVariable(workspace, vault, user), at: variable.at };
  }
  return undefined;
}

/** The database of the first key_vault of the tree. */
export function firstVaultDatabase(workspace: Workspace): VaultDatabase | undefined {
  return workspace.shared(findVaultDatabase);
}

function findVaultDatabase(workspace: Workspace): VaultDatabase | undefined {
  return workloads(workspace, 'key_vault')
    .map(vault => vaultDatabase(workspace, vault))
    .find(one => one !== undefined);
}

export interface CreatedDatabase {
  /** Undefined where it comes from a variable that the tree does not show. */
  readonly name: string | undefined;
  readonly at: Place;
  /** The name alone; where it comes from a variable, what uses that. */
  readonly nameAt: Place;
  readonly by: Resource;
}

/** The databases that a resource creates: by a script, by a Cluster's bootstrap, or as a Database object. */
export function databasesCreatedBy(workspace: Workspace, resource: Resource): readonly CreatedDatabase[] {
  return workspace.derive(findCreations, resource);
}

function findCreations(resource: Resource, workspace: Workspace): readonly CreatedDatabase[] {
  const { qualifiedKind, root } = resource;
  if (qualifiedKind === 'Database.postgresql.cnpg.io') {
    const name = root.at('spec', 'name');
    return [{ name: name.text, at: name, nameAt: name, by: resource }];
  }
  if (qualifiedKind === 'Cluster.postgresql.cnpg.io') {
    const initdb = root.at('spec', 'bootstrap', 'initdb');
    const own = initdb.at('database');
    return [
      ...(own.exists ? [{ name: own.text, at: own, nameAt: own, by: resource }] : []),
      ...['postInitSQL', 'postInitApplicationSQL', 'postInitTemplateSQL'].flatMap(field =>
        initdb
          .at(field)
          .items()
          .flatMap(statement => {
            const match = /\bCREATE\s+DATABASE\s+"?([\w-]+)"?/i.exec(statement.text ?? '');
            if (!match) return [];
            const end = match.index + match[0].replace(/"$/, '').length;
            const at = statement.part(end - (match[1] ?? '').length, end);
            return [{ name: match[1], at, nameAt: at, by: resource }];
          }),
      ),
      // A file of statements that the tree does not show in the Cluster may create any.
      ...(initdb.at('postInitSQLRefs').exists ? [{ name: undefined, at: initdb, nameAt: initdb, by: resource }] : []),
    ];
  }
  const nameOf = (container: Container, text: string, isVariable: boolean): string | undefined => {
    const variable = /^\$\{?(\w+)\}?$|^:["']?(\w+)["']?$/.exec(text);
    const { variables } = environmentOf(workspace, resource, container);
    return variable || isVariable ? textOfVariable(workspace, resource, variables.get(variable?.[1] ?? '')) : text;
  };
  return [
    ...sqlRunsOf(workspace, resource).flatMap(({ statement, at, part, container }) => {
      if (statement.kind !== 'database' || statement.action !== 'create') return [];
      const { text, isVariable, span } = statement.name;
      return [{ name: nameOf(container, text, isVariable), at, nameAt: part(span), by: resource }];
    }),
    ...postgresRunsOf(workspace, resource).flatMap(({ call, container, place }) =>
      call.program === 'createdb' && call.operand
        ? [
            {
              name: nameOf(container, call.operand.value, call.operand.value.includes('$')),
              at: place(call.span),
              nameAt: place(call.operand.span),
              by: resource,
            },
          ]
        : [],
    ),
    ...otherwiseCreated(workspace, resource),
  ];
}

/** What a program in another language creates, such as psycopg2 in Python; a name that is put together is not known. */
function otherwiseCreated(workspace: Workspace, resource: Resource): readonly CreatedDatabase[] {
  const programs = [
    ...containersOf(resource).flatMap(container =>
      scriptOf(workspace, resource, container) || /\bpsql$/.test(commandLine(container)[0]?.text ?? '')
        ? []
        : commandLine(container),
    ),
    ...mountedTexts(workspace, resource).flatMap(({ key, value }) => (/\.(?:py|rb|js|pl)$/.test(key) ? [value] : [])),
  ];
  return programs.flatMap(program => {
    const match = /\bCREATE\s+DATABASE\s+["'\\]*([\w-]*)/i.exec(program.text ?? '');
    return match ? [{ name: match[1] === '' ? undefined : match[1], at: program, nameAt: program, by: resource }] : [];
  });
}

export const creatingKinds: readonly string[] = [
  ...workloadKinds,
  'Cluster.postgresql.cnpg.io',
  'Database.postgresql.cnpg.io',
];

export function databasesCreated(workspace: Workspace): readonly CreatedDatabase[] {
  return workspace.shared(findAllCreations);
}

function findAllCreations(workspace: Workspace): readonly CreatedDatabase[] {
  return creatingKinds.flatMap(kind =>
    workspace.resources(kind).flatMap(resource => databasesCreatedBy(workspace, resource)),
  );
}
