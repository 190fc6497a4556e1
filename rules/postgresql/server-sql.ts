import { effectiveFile } from '../../analysis/effective';
import { mountsOf, textsOfVolume, volumeOf } from '../../analysis/mounts';
import { workloadKinds } from '../../analysis/pods';
import { type PostgresImage, postgresImageAt, postgresImageOf } from '../../analysis/postgres-image';
import { clusterKind } from '../../analysis/roles';
import { postgresRunsOf, sqlRunsOf } from '../../analysis/sql-runs';
import { type Origin, wholeText } from '../../analysis/text/origin';
import { type PsqlCall, psqlCalls } from '../../analysis/text/psql-calls';
import { readShell } from '../../analysis/text/shell';
import { type RunWord, textOfPieces } from '../../analysis/text/shell-values';
import { readSql, readSqlFrom, type SqlName, type SqlStatement } from '../../analysis/text/sql';
import { grouped } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Value } from '../../manifests/value';
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

/** SQL as one text, with the places of its characters. */
export interface SqlText {
  readonly origin: Origin;
  /** The place of a part of what the text was read from. */
  place(span: Span): Place;
}

/** All SQL that the tree has an object run: psql in the pods of a workload, the official image, or a Cluster's bootstrap. */
export function sqlTextsOf(workspace: Workspace, resource: Resource): readonly SqlText[] {
  if (resource.qualifiedKind === clusterKind)
    return bootstrapItems(resource).map(item => ({
      origin: wholeText(item.text ?? ''),
      place: ({ start, end }) => item.part(start, end),
    }));
  const run = postgresRunsOf(workspace, resource).flatMap(({ call, container, place }) =>
    call.sql.flatMap((input): readonly SqlText[] => {
      if (input.kind === 'text') return [{ origin: textOfPieces(input.content, input.span), place }];
      const file = effectiveFile(workspace, resource, container, input.path.path);
      if (!file || file.isOpaque) return [];
      const { content } = file;
      return [{ origin: wholeText(content.text), place: ({ start, end }) => content.place(start, end) }];
    }),
  );
  return [...run, ...initTexts(workspace, resource)];
}

/** docker-library/postgres, docker-entrypoint.sh: what is in /docker-entrypoint-initdb.d runs when there are no data yet. */
function initTexts(workspace: Workspace, server: Resource): readonly SqlText[] {
  return initFiles(workspace, server).flatMap(({ path, value }): readonly SqlText[] => {
    const text = value.text ?? '';
    const place = ({ start, end }: Span): Place => value.part(start, end);
    if (path.endsWith('.sql')) return [{ origin: wholeText(text), place }];
    if (!path.endsWith('.sh')) return [];
    return psqlCalls(readShell(text)).flatMap(({ sql }) =>
      sql.flatMap(input => (input.kind === 'text' ? [{ origin: textOfPieces(input.content, input.span), place }] : [])),
    );
  });
}

/** What the official image's entrypoint finds. */
function initFiles(workspace: Workspace, server: Resource): ReturnType<typeof textsOfVolume> {
  const image = server.qualifiedKind === clusterKind ? undefined : postgresImageOf(workspace, server);
  const mount = image && mountsOf(image.container).find(one => one.mountPath === '/docker-entrypoint-initdb.d');
  const volume = mount && volumeOf(server, mount.volume);
  return image && volume ? textsOfVolume(workspace, server, volume) : [];
}

/**
 * What a server is told by scripts of pods that psql runs, by the scripts of the official image's entrypoint, and by the
 * lists of a Cluster's bootstrap. A server is a CloudNativePG Cluster, or a workload with the official image.
 */
export function statementsFor(workspace: Workspace, server: Resource): readonly ServerStatement[] {
  return [
    ...(workspace.shared(runStatements).get(server) ?? []),
    ...initScripts(workspace, server).statements,
    ...bootstrapOf(server),
  ];
}

/** What psql runs in pods, by the server that it is connected to. */
function runStatements(workspace: Workspace): ReadonlyMap<Resource, readonly ServerStatement[]> {
  return byServer(
    everyWorkload(workspace).flatMap(workload =>
      sqlRunsOf(workspace, workload).map((one): readonly [Resource | undefined, ServerStatement] => [
        serverAt(workspace, workload, one.host?.text),
        { statement: one.statement, part: name => ({ text: one.partOf(name).text, at: one.part(name.span) }) },
      ]),
    ),
  );
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
  return [...stated, ...(workspace.shared(madeByCommands).get(server) ?? []), ...initScripts(workspace, server).made];
}

/** What createdb makes from pods, by the server that it is connected to. */
function madeByCommands(workspace: Workspace): ReadonlyMap<Resource, readonly MadeDatabase[]> {
  return byServer(
    everyWorkload(workspace).flatMap(workload =>
      postgresRunsOf(workspace, workload).flatMap(one => {
        const made = madeByCall(one.call, one.place);
        const server = made.length > 0 ? serverAt(workspace, workload, one.host?.text) : undefined;
        return made.map((database): readonly [Resource | undefined, MadeDatabase] => [server, database]);
      }),
    ),
  );
}

function everyWorkload(workspace: Workspace): readonly Resource[] {
  return workloadKinds.flatMap(kind => workspace.resources(kind));
}

/** Things by the server that they are about, without those of unknown servers. */
export function byServer<T>(
  pairs: readonly (readonly [Resource | undefined, T])[],
): ReadonlyMap<Resource, readonly T[]> {
  return grouped(pairs.flatMap(([server, one]) => (server ? [[server, one] as const] : [])));
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

/** The server of the tree behind a host that a workload names: a Cluster, or a workload with the official image. */
export function serverAt(workspace: Workspace, from: Resource, host: string | undefined): Resource | undefined {
  if (host === undefined) return undefined;
  return (
    clusterOfHost(workspace, from.namespace, host)?.cluster ??
    postgresImageAt(workspace, from.namespace, host)?.resource
  );
}

/** What they do, and which databases they make with `createdb`. */
function initScripts(
  workspace: Workspace,
  server: Resource,
): { readonly statements: readonly ServerStatement[]; readonly made: readonly MadeDatabase[] } {
  const files = initFiles(workspace, server);
  const image = files.length > 0 ? postgresImageOf(workspace, server) : undefined;
  return {
    statements: initTexts(workspace, server).flatMap(({ origin, place }) => {
      const part = (name: SqlName): ServerPart => ({ text: spoken(image, name), at: place(name.span) });
      return readSqlFrom(origin).statements.map(statement => ({ statement, part }));
    }),
    made: files.flatMap(({ path, value }) =>
      path.endsWith('.sh')
        ? psqlCalls(readShell(value.text ?? '')).flatMap(call =>
            madeByCall(call, ({ start, end }) => value.part(start, end)),
          )
        : [],
    ),
  };
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
  return bootstrapItems(server).flatMap(item =>
    readSql(item.text ?? '').statements.map(statement => ({
      statement,
      part: (name: SqlName) => ({
        text: name.isVariable ? undefined : name.text,
        at: item.part(name.span.start, name.span.end),
      }),
    })),
  );
}

function bootstrapItems(cluster: Resource): readonly Value[] {
  const initdb = cluster.root.at('spec', 'bootstrap', 'initdb');
  return ['postInitSQL', 'postInitTemplateSQL', 'postInitApplicationSQL'].flatMap(list => initdb.at(list).items());
}
