import { commandLine } from '../../analysis/configs';
import { type EnvironmentVariable, environmentOf, textOfVariable } from '../../analysis/environment';
import { mountedTexts } from '../../analysis/mounts';
import { type Container, containersOf, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { workloads } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { postgresRunsOf, sqlRunsOf } from '../../analysis/sql-runs';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { type PythonValue, pythonSetting } from '../../analysis/text/python';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { djangoSettings } from './django';

/** The database that key_vault is told to use. */
export interface VaultDatabase {
  readonly name: string;
  readonly user: string | undefined;
  /** Where it is said: the name of a variable, or the text in settings.py. */
  readonly at: Place;
  /** The value of the variable, if it is written out in the pod. */
  readonly value: Value | undefined;
}

/** What the settings of a key_vault workload or its environment say; undefined without a name that is filled in. */
export function vaultDatabase(workspace: Workspace, vault: Resource): VaultDatabase | undefined {
  return workspace.derive(readVaultDatabase, vault);
}

function readVaultDatabase(vault: Resource, workspace: Workspace): VaultDatabase | undefined {
  const settings = djangoSettings(workspace, vault);
  const setting = (key: string): PythonValue | undefined =>
    settings && pythonSetting(settings.program, 'DATABASES', 'default', key);
  const said = setting('NAME');
  for (const container of mainContainersOf(vault)) {
    const { variables } = environmentOf(workspace, vault, container);
    const first = (value: PythonValue | undefined, usual: readonly string[]): EnvironmentVariable | undefined =>
      (value?.kind === 'environment' ? [value.name] : usual).map(one => variables.get(one)).find(one => one);
    const userSaid = setting('USER');
    const user =
      userSaid?.kind === 'string'
        ? userSaid.text
        : textOfVariable(workspace, vault, first(userSaid, ['DB_USER', 'DATABASE_USER', 'POSTGRES_USER', 'PGUSER']));
    // A path is a file of SQLite.
    if (settings && said?.kind === 'string' && /^[\w-]+$/.test(said.text) && !said.formatted)
      return { name: said.text, user, at: settings.place(said.span), value: undefined };
    const variable = first(said, ['DB_NAME', 'DATABASE_NAME', 'POSTGRES_DB', 'PGDATABASE']);
    const name = textOfVariable(workspace, vault, variable);
    if (!variable || !name || findPlaceholders(name, 'value').length > 0) continue;
    const value = variable.at.at('value');
    return { name, user, at: value.exists ? value : variable.at.at('name'), value: value.exists ? value : undefined };
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

/** The databases that scripts of the tree create. */
export function databasesCreated(workspace: Workspace): readonly CreatedDatabase[] {
  return workspace.shared(findAllCreations);
}

function findAllCreations(workspace: Workspace): readonly CreatedDatabase[] {
  return creatingKinds.flatMap(kind =>
    workspace.resources(kind).flatMap(resource => databasesCreatedBy(workspace, resource)),
  );
}
