import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';
import { type EnvironmentVariable, environmentOf, textOfVariable } from './environment';
import { resolveHost } from './flows/destinations';
import { publishedProgramOf } from './images';
import { type Container, mainContainersOf, workloadKinds } from './pods';

/** A container that runs the official image of PostgreSQL as a server, with what its entrypoint is told. */
export interface PostgresImage {
  readonly resource: Resource;
  readonly container: Container;
  /** The variables that the entrypoint reads, by name; undefined values where the tree does not show the text. */
  readonly variable: (name: string) => { readonly text: string | undefined; readonly at: Value } | undefined;
  /** Whether there may be variables that the tree does not show. */
  readonly isOpen: boolean;
}

/** Whether an image is the one of docker-library/postgres. */
export function isPostgresImage(image: string): boolean {
  return publishedProgramOf(image) === 'postgres';
}

/** The server of a workload; undefined where a command of its own replaces the entrypoint. */
export function postgresImageOf(workspace: Workspace, resource: Resource): PostgresImage | undefined {
  if (resource.kind !== 'StatefulSet' && resource.kind !== 'Deployment') return undefined;
  const container = mainContainersOf(resource).find(
    one => isPostgresImage(one.image) && !one.value.at('command').exists && isServer(one),
  );
  if (!container) return undefined;
  const { variables, isOpen } = environmentOf(workspace, resource, container);
  return {
    resource,
    container,
    isOpen,
    variable: name => {
      const found: EnvironmentVariable | undefined = variables.get(name);
      return found && { text: textOfVariable(workspace, resource, found), at: found.value ?? found.at };
    },
  };
}

/** The server that a host of the cluster leads to, if it leads to nothing else. */
export function postgresImageAt(
  workspace: Workspace,
  namespace: string | undefined,
  host: string,
): PostgresImage | undefined {
  if (workspace.lookup(postgresImages, '').length === 0) return undefined;
  const destination = resolveHost(workspace, namespace, host);
  const pods = destination.kind === 'service' ? destination.pods : destination.kind === 'pod' ? [destination.pods] : [];
  const owners = new Set(pods.map(one => one.owner));
  const [owner] = owners;
  return owner && owners.size === 1 ? postgresImageOf(workspace, owner) : undefined;
}

/** The user, and the database, that the entrypoint makes (docker-library/postgres README); undefined if not known. */
export function madeBy(server: PostgresImage): { readonly user: string; readonly database: string } | undefined {
  if (server.isOpen || ['POSTGRES_USER_FILE', 'POSTGRES_DB_FILE'].some(name => server.variable(name))) return undefined;
  const [user, database] = [server.variable('POSTGRES_USER'), server.variable('POSTGRES_DB')];
  const own = user ? user.text : 'postgres';
  const made = database ? database.text : own;
  if (own === undefined || made === undefined || /[$<>{}]|CHANGE|PLACEHOLDER/i.test(own + made)) return undefined;
  return { user: own || 'postgres', database: made || own || 'postgres' };
}

/** The locale with which a server makes its first databases, and those that are copied from them. */
export type FirstLocale = 'C' | 'other' | 'unknown';

/** The image initialises with a locale of its own, en_US.utf8, unless POSTGRES_INITDB_ARGS says another (docker-library/postgres, Dockerfile). */
export function firstLocaleOf(server: PostgresImage): FirstLocale {
  const args = server.variable('POSTGRES_INITDB_ARGS');
  const text = args ? args.text : '';
  if (text === undefined || server.isOpen) return 'unknown';
  if (isC(text)) return 'C';
  return ['LANG', 'LC_ALL', 'LC_COLLATE', 'LC_CTYPE'].some(name => server.variable(name)) ? 'unknown' : 'other';
}

/** Whether options of initdb make collation and character classes those of C. */
function isC(args: string): boolean {
  const locale = /--no-locale\b/.test(args) ? 'C' : initdbOption(args, 'locale');
  const of = (name: string): boolean => /^(?:C|POSIX)$/.test(initdbOption(args, name) ?? locale ?? '');
  return of('lc-collate') && of('lc-ctype');
}

export function initdbOption(args: string, name: string): string | undefined {
  return new RegExp(`--${name}[=\\s]["']?([\\w.-]+)`).exec(args)?.[1];
}

/** `args` begin with an option or with the server's name (docker-entrypoint.sh). */
function isServer(container: Container): boolean {
  const first = container.value.at('args').items()[0]?.text;
  return !container.value.at('args').exists || (first !== undefined && /^(?:-|postgres$)/.test(first));
}

const postgresImages: Index<true> = {
  name: 'workloads with the official image of PostgreSQL',
  *resource(resource) {
    if (!workloadKinds.some(kind => kind === resource.qualifiedKind)) return;
    if (mainContainersOf(resource).some(one => isPostgresImage(one.image))) yield ['', true];
  },
  equal: () => true,
};
