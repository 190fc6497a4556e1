import { perName } from '../manifests/derived';
import { groupedBy } from '../manifests/grouped';
import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { type EnvironmentVariable, environmentOf, textOfVariable } from './environment';
import { homeserverOf } from './homeserver';
import { type Container, containersOf, workloadKinds } from './pods';
import { clusterKind, familiesOf } from './roles';
import { postgresRunsOf, sqlRunsOf } from './sql-runs';

/** A workload that signs in to a CloudNativePG Cluster with a password from a Secret. */
export interface DatabaseLogin {
  readonly cluster: Resource;
  readonly user: string;
  /** The Secret key that the password comes from. */
  readonly secret: { readonly namespace: string | undefined; readonly name: string; readonly key: string };
  readonly consumer: Resource;
  /** The environment variable that holds the password. */
  readonly variable: EnvironmentVariable;
  readonly at: Value;
  /** Whether the configuration says so, and not only the names of the environment variables. */
  readonly isCertain: boolean;
}

/** Every sign-in to a cluster whose user, host and password the tree shows. */
export function databaseLogins(workspace: Workspace): readonly DatabaseLogin[] {
  return workspace.shared(readLogins);
}

/** The sign-ins of one workload. */
export function loginsOf(workspace: Workspace, consumer: Resource): readonly DatabaseLogin[] {
  return workspace.derive(readLoginsOf, consumer);
}

/** The sign-ins with a password from a Secret of this name, in any namespace. */
export const loginsWith = perName(
  (workspace: Workspace, secret): readonly DatabaseLogin[] => workspace.shared(loginsBySecret).get(secret) ?? [],
);

function loginsBySecret(workspace: Workspace): ReadonlyMap<string, readonly DatabaseLogin[]> {
  return groupedBy(databaseLogins(workspace), ({ secret }) => secret.name);
}

/** The Secret that the operator keeps the password of a user in; undefined if it does not make that up. */
export function generatedPasswordSecret(cluster: Resource, user: string): string | undefined {
  const spec = cluster.root.at('spec');
  const hasOwn = spec
    .at('managed', 'roles')
    .items()
    .some(role => role.at('name').text === user && role.at('passwordSecret', 'name').exists);
  if (hasOwn) return undefined;
  if (user === 'postgres') {
    const isGenerated = spec.at('enableSuperuserAccess').boolean === true && !spec.at('superuserSecret', 'name').exists;
    return isGenerated ? `${cluster.name}-superuser` : undefined;
  }
  if (initdbOf(cluster)?.owner !== user || spec.at('bootstrap', 'initdb', 'secret', 'name').exists) return undefined;
  return `${cluster.name}-app`;
}

/** The database and its owner that a cluster is bootstrapped with; undefined where it is made in another way. */
export function initdbOf(cluster: Resource): { readonly database: string; readonly owner: string } | undefined {
  const bootstrap = cluster.root.at('spec', 'bootstrap');
  if (bootstrap.exists && bootstrap.kind === 'mapping' && !bootstrap.at('initdb').exists) return undefined;
  const database = bootstrap.at('initdb', 'database').text ?? 'app';
  return { database, owner: bootstrap.at('initdb', 'owner').text ?? database };
}

function readLogins(workspace: Workspace): readonly DatabaseLogin[] {
  return workloadKinds.flatMap(kind => workspace.resources(kind)).flatMap(resource => loginsOf(workspace, resource));
}

function readLoginsOf(resource: Resource, workspace: Workspace): readonly DatabaseLogin[] {
  const configured = familiesOf(resource).has('synapse') ? fromHomeserver(resource, workspace) : [];
  const scripted = fromScripts(resource, workspace);
  const known = [...configured, ...scripted];
  const named = containersOf(resource).flatMap(container => fromEnvironment(resource, container, workspace));
  return [
    ...known,
    ...named.filter(
      one => !known.some(other => other.secret.name === one.secret.name && other.secret.key === one.secret.key),
    ),
  ];
}

/** The password that a script puts into `database.args` of homeserver.yaml. */
function fromHomeserver(resource: Resource, workspace: Workspace): readonly DatabaseLogin[] {
  const homeserver = homeserverOf(workspace, resource);
  const args = homeserver?.at('database', 'args');
  const password = args?.at('password');
  const cluster = clusterOf(workspace, resource, args?.at('host').text);
  const user = args?.at('user').text;
  if (!homeserver || !password?.exists || !cluster || user === undefined) return [];
  const resolved = homeserver.layer('database').file.resolve(password);
  if (resolved.kind !== 'replaced') return [];
  return resolved.variables.flatMap(({ definition, transformed }) =>
    definition?.source?.kind === 'Secret' && !transformed
      ? [login(resource, cluster, user, definition, true)].flatMap(one => one ?? [])
      : [],
  );
}

/** What psql and its kin sign in with, and what a subscription that is created connects with. */
function fromScripts(resource: Resource, workspace: Workspace): readonly DatabaseLogin[] {
  const found: DatabaseLogin[] = [];
  const add = (host: string | undefined, user: string | undefined, password: EnvironmentVariable | undefined): void => {
    const cluster = clusterOf(workspace, resource, host);
    const one = cluster && user !== undefined && password && login(resource, cluster, user, password, true);
    const isKnown = (other: DatabaseLogin): boolean =>
      one !== undefined && other.cluster === cluster && other.user === user && other.variable === password;
    if (one && !found.some(isKnown)) found.push(one);
  };
  for (const { host, user, passwordVariable } of postgresRunsOf(workspace, resource))
    add(host?.text, user?.text, typeof passwordVariable === 'object' ? passwordVariable : undefined);
  for (const { statement, partOf } of sqlRunsOf(workspace, resource)) {
    const connection = statement.kind === 'create-subscription' ? statement.connection : undefined;
    if (connection?.host && connection.user && connection.password)
      add(partOf(connection.host).text, partOf(connection.user).text, partOf(connection.password).variable);
  }
  return found;
}

/** Variables that belong together by their names: `MAIN_DB_HOST`, `MAIN_DB_USER`, `MAIN_DB_PASSWORD`. */
function fromEnvironment(resource: Resource, container: Container, workspace: Workspace): readonly DatabaseLogin[] {
  const { variables } = environmentOf(workspace, resource, container);
  const logins: DatabaseLogin[] = [];
  for (const [name, host] of variables) {
    const prefix = /^(.*?)(?:HOST|HOSTNAME|SERVER)$/.exec(name)?.[1];
    if (prefix === undefined) continue;
    const cluster = clusterOf(workspace, resource, textOfVariable(workspace, resource, host));
    if (!cluster) continue;
    const find = (...suffixes: readonly string[]): EnvironmentVariable | undefined =>
      suffixes.map(suffix => variables.get(prefix + suffix)).find(one => one !== undefined);
    const user = textOfVariable(workspace, resource, find('USER', 'USERNAME'));
    const password = find('PASSWORD', 'PASS');
    const found = user !== undefined && password && login(resource, cluster, user, password, false);
    if (found) logins.push(found);
  }
  return logins;
}

function login(
  consumer: Resource,
  cluster: Resource,
  user: string,
  password: EnvironmentVariable,
  isCertain: boolean,
): DatabaseLogin | undefined {
  if (password.source?.kind !== 'Secret') return undefined;
  const { name, key } = password.source;
  const secret = { namespace: consumer.namespace, name, key };
  return { cluster, user, secret, consumer, variable: password, at: password.at, isCertain };
}

/** The Cluster behind a host: one of its own Services, or that of a Pooler in front of it. */
function clusterOf(workspace: Workspace, resource: Resource, host: string | undefined): Resource | undefined {
  const [, name, inNamespace] = /^([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.[a-z.]+)?)?)?$/.exec(host ?? '') ?? [];
  if (name === undefined) return undefined;
  const namespace = inNamespace ?? resource.namespace;
  const pooled = workspace.find(poolerKind, namespace, name)?.root.at('spec', 'cluster', 'name').text;
  const own = pooled ?? /^(.+)-r[wo]?$/.exec(name)?.[1];
  return own === undefined ? undefined : workspace.find(clusterKind, namespace, own);
}

const poolerKind = 'Pooler.postgresql.cnpg.io';
