import { databaseLogins } from '../../analysis/database-logins';
import { type EnvironmentVariable, environmentOf, textOfVariable } from '../../analysis/environment';
import { type Container, containersOf, workloadKinds } from '../../analysis/pods';
import { clusterKind, databases, isSyncSystem, synapseMains } from '../../analysis/roles';
import { secretEntry } from '../../analysis/secret-data';
import { sqlRunsOf } from '../../analysis/sql-runs';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { declaredSubscription, subscriptionKind } from './declared-replication';

export default {
  id: 'sync-credentials-password',
  items: ['3.1.b'],
  severity: 'error',
  summary: 'Replication signs in to the main database with a password that is not its user’s.',
  why: 'PostgreSQL refuses the sign-in, so the subscription receives nothing and the LI database stays empty. It also breaks later, when only one of two copies of a password is changed.',
  remedy:
    'Read `MAIN_DB_PASSWORD` from the same Secret and key that Synapse’s password comes from: `<cluster>-app`, key `password`, unless the Cluster names another.',
  traps: [
    'A second Secret is accepted as long as it holds the same value.',
    'For the user `postgres` the password of the superuser is the right one.',
    'A copy of a password that CloudNativePG makes up is reported by pg-literal-copy-of-generated-password.',
    'Secrets that the tree does not show are left out.',
  ],
  sources: [
    'cloudnative-pg documentation, "Connecting from an application": the Secrets <cluster>-app and <cluster>-superuser',
  ],
  examples: {
    bad: `
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        enableSuperuserAccess: true
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /sync.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                env:
                  - name: MAIN_DB_USER
                    value: synapse
                  - name: MAIN_DB_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: main-superuser
      #                       ^^^^^^^^^^^^^^ 💡 error: MAIN_DB_PASSWORD comes from Secret main-superuser
                        key: password
    `,
    good: `
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        enableSuperuserAccess: true
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /sync.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                env:
                  - name: MAIN_DB_USER
                    value: synapse
                  - name: MAIN_DB_PASSWORD
                    valueFrom:
                      secretKeyRef:
                        name: main-app
                        key: password
    `,
  },
  kinds: [...workloadKinds, subscriptionKind],
  *check(resource, workspace) {
    if (resource.qualifiedKind === subscriptionKind) {
      yield* checkDeclared(resource, workspace);
      return;
    }
    if (!isSyncSystem(workspace, resource)) return;
    const { main } = databases(workspace);
    if (!main || (main.namespace ?? '') !== (resource.namespace ?? '')) return;
    for (const login of mainLogins(workspace, resource, main)) {
      const { source } = login.password;
      const expected = passwordOf(workspace, main, login.user);
      if (expected && source?.kind !== 'Secret' && isAnother(workspace, resource, login.password, expected)) {
        yield {
          at: login.password.value ?? login.password.at,
          message: `${login.password.name} is written out, but the password of ${login.user} on Cluster ${main.name} is ${expected.key} of Secret ${expected.name} — read it from there.`,
          related: [{ at: main.root.at('metadata', 'name'), message: main.title }],
          fixes: () => readInstead(login.password, expected),
        };
      }
      if (source?.kind !== 'Secret' || !expected || isSame(workspace, resource, source, expected)) continue;
      const field = login.password.at.at('valueFrom', 'secretKeyRef');
      const name = field.at('name');
      const isOtherKey = source.name === expected.name;
      yield {
        at: !name.exists ? login.password.at : isOtherKey ? field.at('key') : name,
        message: `${login.password.name} comes from ${isOtherKey ? `the key ${source.key} of ` : ''}Secret ${source.name}, but the password of ${login.user} on Cluster ${main.name} is ${expected.key} of Secret ${expected.name} — read it from there.`,
        related: [{ at: main.root.at('metadata', 'name'), message: main.title }],
        fixes: () => readFrom(login.password, expected),
      };
    }
  },
} satisfies Rule;

interface SecretKey {
  readonly name: string;
  readonly key: string;
}

interface MainLogin {
  readonly user: string;
  readonly password: EnvironmentVariable;
}

/**
 * What a workload signs in to the main database with: what its scripts and subscriptions connect with, and variables
 * that have the names which the checklist gives them.
 */
function mainLogins(workspace: Workspace, resource: Resource, main: Resource): readonly MainLogin[] {
  const publishes = new Set(
    sqlRunsOf(workspace, resource).flatMap(({ statement, passwordVariable }) =>
      statement.kind === 'create-publication' && typeof passwordVariable === 'object' ? passwordVariable.at : [],
    ),
  );
  const followed = databaseLogins(workspace)
    .filter(({ consumer, cluster }) => consumer === resource && cluster === main)
    // Who creates the publication, and with what, is sync-publication-not-superuser's.
    .filter(({ variable }) => !publishes.has(variable.at))
    .map(({ user, variable }) => ({ user, password: variable }));
  const named = containersOf(resource).flatMap(container => namedLogin(workspace, resource, container) ?? []);
  const all = [...followed, ...named];
  return all.filter((one, index) => all.findIndex(other => other.password.at === one.password.at) === index);
}

/** The user and the password that a container has for the main database, by the names that the checklist gives them. */
function namedLogin(workspace: Workspace, resource: Resource, container: Container): MainLogin | undefined {
  const { variables } = environmentOf(workspace, resource, container);
  for (const [name, password] of variables) {
    const prefix = /^(MAIN_(?:(?:DB|PG|POSTGRES(?:QL)?|DATABASE)_)?)(?:PASSWORD|PASS)$/.exec(name)?.[1];
    if (prefix === undefined) continue;
    const user = textOfVariable(
      workspace,
      resource,
      variables.get(`${prefix}USER`) ?? variables.get(`${prefix}USERNAME`),
    );
    if (user !== undefined && findPlaceholders(user, 'value').length === 0) return { user, password };
  }
  return undefined;
}

/** Where the password of a user of the main cluster is; undefined for users that the Cluster says nothing of. */
function passwordOf(workspace: Workspace, main: Resource, user: string): SecretKey | undefined {
  const spec = main.root.at('spec');
  const managed = spec
    .at('managed', 'roles')
    .items()
    .find(role => role.at('name').text === user)
    ?.at('passwordSecret', 'name').string;
  if (managed !== undefined) return { name: managed, key: 'password' };
  if (user === 'postgres')
    return { name: spec.at('superuserSecret', 'name').string ?? `${main.name}-superuser`, key: 'password' };
  const owner = spec.at('bootstrap', 'initdb', 'owner').string ?? spec.at('bootstrap', 'initdb', 'database').string;
  if (owner !== user) return undefined;
  const own = spec.at('bootstrap', 'initdb', 'secret', 'name').string;
  if (own === undefined) return { name: `${main.name}-app`, key: 'password' };
  // Synapse may read the same password under another name.
  const used = databaseLogins(workspace).find(
    one => one.isCertain && one.cluster === main && one.user === user && synapseMains(workspace).includes(one.consumer),
  );
  return used?.secret.name === own ? used.secret : { name: own, key: 'password' };
}

/** The password of the external cluster that a Subscription of CloudNativePG names. */
function* checkDeclared(resource: Resource, workspace: Workspace): Iterable<Problem> {
  const { main } = databases(workspace);
  const external = declaredSubscription(workspace, resource)?.external;
  const user = external?.at('connectionParameters', 'user').text;
  const host = external?.at('connectionParameters', 'host').text;
  const name = external?.at('password', 'name');
  if (!main || !external || user === undefined || !name?.text || !host?.startsWith(`${main.name}-r`)) return;
  if ((main.namespace ?? '') !== (resource.namespace ?? '')) return;
  const expected = passwordOf(workspace, main, user);
  const given = { name: name.text, key: external.at('password', 'key').text ?? 'password' };
  if (!expected || (isSame(workspace, resource, given, expected) && !isOfOtherCluster(workspace, main, given.name)))
    return;
  yield {
    at: name,
    message: `${resource.title} signs in with Secret ${given.name}, but the password of ${user} on Cluster ${main.name} is ${expected.key} of Secret ${expected.name} — read it from there.`,
    related: [{ at: main.root.at('metadata', 'name'), message: main.title }],
    fixes: () => {
      const edit = given.key === expected.key ? replaceScalar(name, expected.name) : undefined;
      return edit ? [{ title: `Read it from ${expected.name}`, safe: false, edits: [edit] }] : [];
    },
  };
}

/** Whether a Secret holds the password of a role of another cluster, and of none of this one. */
function isOfOtherCluster(workspace: Workspace, main: Resource, secret: string): boolean {
  const holds = (cluster: Resource): boolean => {
    const spec = cluster.root.at('spec');
    const roles = spec.at('managed', 'roles').items();
    return [
      spec.at('bootstrap', 'initdb', 'secret', 'name').text,
      spec.at('superuserSecret', 'name').text,
      ...roles.map(role => role.at('passwordSecret', 'name').text),
    ].includes(secret);
  };
  return !holds(main) && workspace.resources(clusterKind).some(one => one.namespace === main.namespace && holds(one));
}

/** Whether two keys are the same, hold the same, or cannot be compared. */
function isSame(workspace: Workspace, resource: Resource, one: SecretKey, other: SecretKey): boolean {
  if (one.name === other.name && one.key === other.key) return true;
  const secret = workspace.find('Secret', resource.namespace, one.name);
  const own = secret && secretEntry(secret, one.key);
  if (!secret) return !/-(?:app|superuser)$/.test(one.name);
  if (!own || own.text === undefined) return true;
  // A placeholder is reported as one; a copy of what the operator makes up by its own rule.
  if (findPlaceholders(own.text, 'value').length > 0) return true;
  if (databaseLogins(workspace).some(login => login.secret.name === one.name && login.secret.key === one.key)) {
    if (!workspace.find('Secret', resource.namespace, other.name)) return true;
  }
  const wanted = workspace.find('Secret', resource.namespace, other.name);
  const entry = wanted && secretEntry(wanted, other.key);
  if (!wanted) return false;
  return entry?.text === undefined || findPlaceholders(entry.text, 'value').length > 0 || entry.text === own.text;
}

/** Whether a password that is written out cannot be the one of a Secret: an operator makes that up, or it is another. */
function isAnother(
  workspace: Workspace,
  resource: Resource,
  password: EnvironmentVariable,
  expected: SecretKey,
): boolean {
  const text = textOfVariable(workspace, resource, password);
  if (!text || text.includes('$(') || findPlaceholders(text, 'value').length > 0) return false;
  const secret = workspace.find('Secret', resource.namespace, expected.name);
  if (!secret) return /-(?:app|superuser)$/.test(expected.name);
  const wanted = secretEntry(secret, expected.key)?.text;
  return wanted !== undefined && findPlaceholders(wanted, 'value').length === 0 && wanted !== text;
}

function readInstead({ at }: EnvironmentVariable, { name, key }: SecretKey): readonly Fix[] {
  const value = at.at('value');
  const yaml = `valueFrom:\n  secretKeyRef:\n    name: ${name}\n    key: ${key}`;
  const edit = value.exists ? replaceEntry(value, yaml) : undefined;
  return edit ? [{ title: `Read the password from Secret ${name}`, safe: true, edits: [edit] }] : [];
}

function readFrom({ at }: EnvironmentVariable, expected: SecretKey): readonly Fix[] {
  const field = at.at('valueFrom', 'secretKeyRef');
  const edits = [
    ...(field.at('name').text === expected.name ? [] : [replaceScalar(field.at('name'), expected.name)]),
    ...(field.at('key').text === expected.key ? [] : [replaceScalar(field.at('key'), expected.key)]),
  ].flatMap(edit => edit ?? []);
  return edits.length > 0 && field.exists
    ? [{ title: `Read the password from Secret ${expected.name}`, safe: true, edits }]
    : [];
}
