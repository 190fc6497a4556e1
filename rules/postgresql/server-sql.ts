import { mountsOf, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { workloadKinds } from '../../analysis/pods';
import { type PostgresImage, postgresImageAt, postgresImageOf } from '../../analysis/postgres-image';
import { clusterKind } from '../../analysis/roles';
import { postgresRunsOf, sqlRunsOf } from '../../analysis/sql-runs';
import { type PsqlCall, psqlCalls } from '../../analysis/text/psql-calls';
import { readShell } from '../../analysis/text/shell';
import { type RunWord, textOfPieces } from '../../analysis/text/shell-values';
import { readSql, readSqlFrom, type SqlName, type SqlStatement } from '../../analysis/text/sql';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { clusterOfHost } from './clusters';

/** A part of a statement or of a command, as PostgreSQL gets it. */
export interface ServerPart {
  /** Undefined where the tree does not show it. */
  readonly text: string | undefined;
  readonly at: Place;
}

/** A statement that a PostgreSQL server is given by the tree. */
export interface ServerStatement {
  readonly statement: SqlStatement;
  part(name: SqlName): ServerPart;
}

/** A database that SQL or `createdb` makes, with what it says of it by the names that `CREATE DATABASE` has for it. */
export interface MadeDatabase {
  readonly name: ServerPart;
  option(name: string): ServerPart | undefined;
}

/**
 * What a server is told by scripts of pods that psql runs, by the scripts of the official image's entrypoint, and by the
 * lists of a Cluster's bootstrap. A server is a CloudNativePG Cluster, or a workload with the official image.
 */
export function statementsFor(workspace: Workspace, server: Resource): readonly ServerStatement[] {
  const run = workloadKinds
    .flatMap(kind => workspace.resources(kind))
    .flatMap(workload =>
      sqlRunsOf(workspace, workload).flatMap((one): readonly ServerStatement[] =>
        isAt(workspace, workload, one.host?.text, server)
          ? [
              {
                statement: one.statement,
                part: name => ({ text: one.partOf(name).text, at: one.part(name.span) }),
              },
            ]
          : [],
      ),
    );
  return [...run, ...initScripts(workspace, server).statements, ...bootstrapOf(server)];
}

/** The databases that a server is told to make. */
export function databasesMade(workspace: Workspace, server: Resource): readonly MadeDatabase[] {
  const stated = statementsFor(workspace, server).flatMap(({ statement, part }): readonly MadeDatabase[] => {
    if (statement.kind !== 'database' || statement.action !== 'create') return [];
    const { name, options } = statement;
    return [
      {
        name: part(name),
        option: key => {
          const option = options.get(key);
          return option && part(option);
        },
      },
    ];
  });
  const called = workloadKinds
    .flatMap(kind => workspace.resources(kind))
    .flatMap(workload =>
      postgresRunsOf(workspace, workload).flatMap(one =>
        isAt(workspace, workload, one.host?.text, server) ? madeByCall(one.call, one.place) : [],
      ),
    );
  return [...stated, ...called, ...initScripts(workspace, server).made];
}

function madeByCall({ program, operand, options }: PsqlCall, place: (span: Span) => Place): readonly MadeDatabase[] {
  if (program !== 'createdb' || !operand) return [];
  const part = (word: RunWord): ServerPart => ({
    text: word.certainty === 'known' ? word.value : undefined,
    at: place(word.use),
  });
  return [
    {
      name: part(operand),
      option: key => {
        const option = options.get(key);
        return option && part(option);
      },
    },
  ];
}

function isAt(workspace: Workspace, from: Resource, host: string | undefined, server: Resource): boolean {
  if (host === undefined) return false;
  return server.qualifiedKind === clusterKind
    ? clusterOfHost(workspace, from.namespace, host)?.cluster === server
    : postgresImageAt(workspace, from.namespace, host)?.resource === server;
}

/** docker-library/postgres, docker-entrypoint.sh: what is in /docker-entrypoint-initdb.d runs when there are no data yet. */
function initScripts(
  workspace: Workspace,
  server: Resource,
): { readonly statements: readonly ServerStatement[]; readonly made: readonly MadeDatabase[] } {
  const image = server.qualifiedKind === clusterKind ? undefined : postgresImageOf(workspace, server);
  const mount = image && mountsOf(image.container).find(one => one.mountPath === '/docker-entrypoint-initdb.d');
  const volume = mount && volumeOf(server, mount.volume);
  const statements: ServerStatement[] = [];
  const made: MadeDatabase[] = [];
  for (const { path, value } of image && volume ? textsOfVolume(workspace, server, volume) : []) {
    const place = ({ start, end }: Span): Place => value.part(start, end);
    const part = (name: SqlName): ServerPart => ({ text: spoken(image, name), at: place(name.span) });
    const text = value.text ?? '';
    if (path.endsWith('.sql')) statements.push(...readSql(text).statements.map(statement => ({ statement, part })));
    if (!path.endsWith('.sh')) continue;
    for (const call of psqlCalls(readShell(text))) {
      made.push(...madeByCall(call, place));
      for (const input of call.sql)
        if (input.kind === 'text')
          statements.push(
            ...readSqlFrom(textOfPieces(input.content, input.span)).statements.map(statement => ({ statement, part })),
          );
    }
  }
  return { statements, made };
}

/** What a name is in the end, where it is a variable that the image is started with. */
function spoken(image: PostgresImage | undefined, { text, isVariable }: SqlName): string | undefined {
  const name = /^\$\{?(\w+)\}?$/.exec(text)?.[1];
  if (name !== undefined) return image?.variable(name)?.text;
  return isVariable || /[$<>{}]/.test(text) ? undefined : text;
}

/** cloudnative-pg, pkg/management/postgres/initdb.go, ConfigureNewInstance. */
function bootstrapOf(server: Resource): readonly ServerStatement[] {
  if (server.qualifiedKind !== clusterKind) return [];
  const initdb = server.root.at('spec', 'bootstrap', 'initdb');
  return ['postInitSQL', 'postInitTemplateSQL', 'postInitApplicationSQL']
    .flatMap(list => initdb.at(list).items())
    .flatMap(item =>
      readSql(item.text ?? '').statements.map(statement => ({
        statement,
        part: (name: SqlName) => ({
          text: name.isVariable ? undefined : name.text,
          at: item.part(name.span.start, name.span.end),
        }),
      })),
    );
}
